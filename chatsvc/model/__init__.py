"""Values and rules about them: events, records, what names and texts may be.

No state, no input or output.
"""
