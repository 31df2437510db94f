"""Values and rules about them: events, records, valid names and texts.

No state, no input or output.
"""
