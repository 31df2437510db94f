"""What the full-screen client shows: buffers, items, completion.

No Textual widgets.
"""
