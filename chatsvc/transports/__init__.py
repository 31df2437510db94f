"""How bytes travel: connections, buffers, ends of lines.  No words, no rules of the chat."""
