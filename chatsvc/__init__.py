"""A chat server that people join with the programs they already have."""

__version__ = "0.2.0"
