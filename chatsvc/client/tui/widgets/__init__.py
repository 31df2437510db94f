"""The parts of the screen, and how they draw themselves.  No requests to the server."""
