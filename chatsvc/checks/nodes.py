"""Problems of a node among others, and what it would find."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from chatsvc.checks.ports import port
from chatsvc.checks.problem import Problem
from chatsvc.options.combining import Values
from chatsvc.store.leading import LEASE, Leader

_WITHIN = 3.0  # seconds to connect to it


def about_leader(leader: Leader | None, name: str) -> str:
    """Return a sentence about the node that leads, or an empty text if none does."""
    if leader is None or not leader.present:
        return ""
    if not leader.node:
        return "A program that lets no other node join uses the archive."
    known = f"at {leader.address}, heartbeat {leader.age:.1f} s ago, epoch {leader.epoch}"
    if leader.node == name:
        return f"The node {name} leads the chat ({known})."
    return f"The node {leader.node} leads the chat ({known}). The node {name} relays to it."


def node(values: Values, leader: Leader | None, runs: bool) -> Iterator[Problem]:
    """Yield why a node could not take part; `runs` means that it does already."""
    _, number = values["node-address"]
    yield from port("tcp", [str(number)], runs)
    if leader is None or not leader.present or leader.age > LEASE:
        return
    if leader.node == values["node"]:
        if not runs:
            what = "the node that leads the chat has this name, too."
            yield Problem(f"node {leader.node}", what, "Choose another name with --node.")
    elif leader.address:
        yield from _reached(leader)


def _reached(leader: Leader) -> Iterator[Problem]:
    """Yield why the leading node cannot be reached from here."""
    host, _, number = leader.address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(number)), _WITHIN).close()
    except OSError as error:
        what = f"the leading node {leader.node} cannot be reached there: {_reason(error)}."
        fix = (
            f"Open this port of {leader.node} for this machine, or start {leader.node} with a"
            " --node-address that this machine reaches."
        )
        yield Problem(leader.address, what, fix)


def _reason(error: OSError) -> str:
    return "no answer" if isinstance(error, TimeoutError) else str(error.strerror or error)
