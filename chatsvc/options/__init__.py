"""The options of the service: one table, and the sources of their values."""
