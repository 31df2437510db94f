"""A chat server that people join with whatever they have."""

__version__ = "0.1.0"
