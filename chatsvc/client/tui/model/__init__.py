"""What the full-screen client shows: buffers, items, completion.  No screen.

No Textual widgets.
"""
