"""How bytes travel: connections, buffers, line ends.  No words, no rules of the chat."""
