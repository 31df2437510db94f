"""The use cases, one per module: each is given what it needs.  No wire formats, no sockets."""
