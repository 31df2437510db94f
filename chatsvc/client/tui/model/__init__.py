"""What the full-screen client shows, without a screen: buffers, items, completion.

No Textual widgets.
"""
