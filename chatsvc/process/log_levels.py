"""The names of the log's levels, for every command that reads the options."""

from __future__ import annotations

LEVELS = ("debug", "info", "warn", "error", "critical")  # from the lowest on, as Twisted's
