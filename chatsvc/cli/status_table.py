"""The answer to `chatsvc status` as a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from chatsvc.model.control import Answer
from chatsvc.model.text_rules import counted, in_bytes, span


def summary(answer: Answer) -> str:
    """Return the figures as a table."""
    rows = [*_process(answer), *(_chat(answer) if "people" in answer else _missing(answer))]
    return "\n".join(f"{name:14} {value}" for name, value in [*rows, *_nodes(answer)])


def _process(answer: Answer) -> Iterator[tuple[str, object]]:
    yield "version", answer["version"]
    yield "running since", f"{_ago(answer['since'])}, process {answer['pid']}"


def _chat(answer: Answer) -> Iterator[tuple[str, object]]:
    yield "people", f"{answer['people']} (peak: {answer['peak']})"
    for name in ("connections", "rooms", "accounts"):
        yield name, answer[name]
    yield "open reports", answer["reports"]
    yield "lockdown", "on" if answer["lockdown"] else "off"
    yield "messages", f"{answer['messages_per_second']:g} per second in the last minute"
    commits = f"{answer['commit_ms']:g} ms (longest: {answer['longest_commit_ms']:g} ms)"
    yield "commits", commits
    yield "archive", in_bytes(answer["archive_bytes"])
    yield "search index", in_bytes(answer["index_bytes"])


def _missing(answer: Answer) -> Iterator[tuple[str, object]]:
    """Yield since when this node has no leader, and why."""
    without = answer["without_leader"]
    yield "no leader", f"since {_ago(without['since'])}"
    if without["why"]:
        yield "reason", without["why"]


def _nodes(answer: Answer) -> Iterator[tuple[str, object]]:
    """Yield each node; the one that was asked is marked."""
    nodes = answer.get("nodes", [])
    width = max((len(node["name"]) for node in nodes), default=0)
    for node in nodes:
        this = "*" if node["name"] == answer["node"] else " "
        yield "node", f"{node['name']:{width}} {this} {', '.join(_facts(node))}"
    if answer.get("epoch"):
        yield "leadership", f"epoch {answer['epoch']}, heartbeat {answer['heartbeat']:.1f} s ago"


def _facts(node: Answer) -> Iterator[str]:
    yield "leads" if node["leads"] else "relays"
    yield counted(node["connections"], "connection")
    yield f"since {_ago(node['since'])}"
    if node["lag_ms"] is not None:
        yield f"lag {node['lag_ms']:.1f} ms"
    yield f"version {node['version']}"


def _ago(moment: float) -> str:
    """Return a time, and how long ago it was."""
    since = datetime.fromtimestamp(moment, UTC)
    return f"{since:%Y-%m-%d %H:%M} UTC ({span(datetime.now(UTC).timestamp() - moment)})"
