"""Links between nodes, over which the clients of one node take part in the chat of another."""
