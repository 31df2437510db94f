"""The client's connection, which reconnects and loses nothing.  No screen."""
