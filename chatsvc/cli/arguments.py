"""Parsers of command-line arguments; their errors are sentences for users."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from time import time

from chatsvc.client import time_points
from chatsvc.client.net import address
from chatsvc.client.net.address import Server
from chatsvc.client.time_points import Point
from chatsvc.model.confusables import RESERVED
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import key, likely_name

SECRET = "CHATSVC_ACCOUNT_PASSWORD"  # the environment variable


def server(text: str) -> Server:
    try:
        return address.server(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def room(text: str) -> str:
    return text if text.startswith("#") else f"#{text}"


def conversation(text: str) -> str:
    return text if text.startswith("@") else room(text)


def since(text: str) -> Point:
    return _point(time_points.since, text)


def until(text: str) -> Point:
    return _point(time_points.until, text)


def _point(point: Callable[[str, float], Point], text: str) -> Point:
    try:
        return point(text, time())
    except Refused as refused:
        raise ArgumentTypeError(refused.text) from None


def seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def line_number(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a message number")
    return int(text[:15])


def first_line(path: str) -> str:
    try:
        return (Path(path).read_text(encoding="utf-8-sig").splitlines() or [""])[0]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "invalid UTF-8"
        raise ArgumentTypeError(f"Cannot read {path}: {reason}") from None


def decoded(argument: str) -> str:
    """Return an argument that may contain bytes that are not UTF-8."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def own_name() -> str:
    """Return the login name of the user at this machine, without a Windows domain."""
    try:
        name = os.environ.get("USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = ""
    likely = likely_name(decoded(name).rpartition("\\")[2]) or ""
    return "" if key(likely) in RESERVED else likely  # the server chooses a guest name for root
