"""The client's connection: it comes back by itself and loses nothing.  No screen."""
