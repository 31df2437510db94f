"""`chatsvc config`: prints options as TOML."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from twisted.python.usage import UsageError

from chatsvc.options.command_line import Options
from chatsvc.options.example import example, settings


class ConfigOptions(Options):
    """The options of the service, and what to print."""

    program = "chatsvc config"
    synopsis = "Usage: chatsvc config [--example] [options]"
    longdesc = (
        "Print the options that are set, and where. With --example, print every option with an"
        " explanation, as the beginning of a file for --config."
    )
    optFlags = [["example", None, "Print every option with an explanation."]]


def main(words: Sequence[str]) -> int:
    """Print an example, or what the other words, the variables and the file set."""
    options = ConfigOptions()
    try:
        options.parseOptions(words)
    except UsageError as error:
        print(f"chatsvc config: {error}\nTry: chatsvc config --help", file=sys.stderr)
        return 2
    if options.get("example"):
        print(example(), end="")
    else:
        print("\n".join(settings(options.given)) or "Nothing is set: every option has its default.")
    return 0
