"""The subcommands that have a parser of their own; most are for the server on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

# Imported when they are needed.
MODULES = {
    "serve": ("serve", "start a chat server on this machine"),
    "check": ("check", "check a chat server's options, files, ports and certificate"),
    "config": ("config", "print the options of a chat server as a TOML file"),
    "account": ("accounts", "manage the accounts of a chat server on this machine"),
    "backup": ("backup", "back up a chat server on this machine"),
    "restore": ("restore", "restore a backup of a chat server"),
    "archive": ("archives", "copy a chat to another archive"),
    "completion": ("completion", "print the script with which a shell completes commands"),
    "man": ("manual", "print this manual as a page for man"),
    "erase": ("erase", "on the server: delete everything that an account has said"),
}

SUMMARIES = {  # of the commands that manage a running service
    "status": "Show how the running service is doing.",
    "who": "List who is online.",
    "kick": "Remove a user, who can join again.",
    "ban": "Remove a user and block them from joining.",
    "unban": "Lift a ban.",
    "room": "List the rooms, rename one, or remove one with all its messages.",
    "announce": "Send a message to everybody online.",
    "lockdown": "Let only registered users join (on), or everybody (off).",
    "reload": "Read the configuration again, without disconnecting anybody.",
    "stop": "Stop the service as SIGTERM does, and wait until it has ended.",
    "log-level": "Leave out log entries below a level until the service is restarted.",
}

HELP = {name: help for name, (_, help) in MODULES.items()} | {
    name: f"on the server: {text[0].lower()}{text[1:-1]}" for name, text in SUMMARIES.items()
}


def run(words: Sequence[str]) -> int:
    """Run one of the commands in `HELP` with its arguments; return the exit code."""
    name, *arguments = words
    module, _ = MODULES.get(name, ("administration", ""))
    main = import_module(f"chatsvc.cli.{module}").main
    try:
        code = int(main(arguments if name in MODULES else words))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output needed no more
        _close_output()
        return 1
    except OSError as error:
        if name == "serve":  # which has much else that can fail
            raise
        _close_output()
        print(f"chatsvc: Cannot write the output: {error.strerror}.", file=sys.stderr)
        return 1
    return code


def _close_output() -> None:
    """Have what could not be written discarded, instead of tried again at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
