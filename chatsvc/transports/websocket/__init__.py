"""WebSocket (RFC 6455): a connection that a browser can open, with one line in each message."""
