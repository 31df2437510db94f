"""Failures that explain themselves to users."""

from __future__ import annotations


class Explained(Exception):
    """Something cannot be done; the message is a sentence for users."""
