"""The use cases, one a module: each is given what it needs.  No wire formats, no sockets."""
