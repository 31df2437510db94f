"""Metadata and subscriptions, for programs and people."""

from __future__ import annotations

import pytest
from conftest import Chat
from staff import founder, program, refusal


def test_programs_set_read_and_follow_metadata(chat: Chat) -> None:
    bob = program(chat, "bob")
    cleo = program(chat, "cleo")
    bob.read()
    assert cleo.ask(do="subscribe", keys="url status", tag="s") == [
        {"event": "subscribed", "keys": ["url", "status"], "new": ["url", "status"], "tag": "s"}
    ]
    item = {"target": "bob", "key": "url", "value": "x"}
    assert bob.ask(do="metadata", values={"url": "x", "status": None}, tag="m") == [
        {
            "event": "metadata",
            "target": "bob",
            "items": [item, {"target": "bob", "key": "status"}],
            "tag": "m",
        }
    ]
    changed = {"event": "metadata", "target": "bob", "items": [item], "changed": True}
    assert cleo.events() == [changed]
    assert cleo.ask(do="metadata", target="bob") == [
        {"event": "metadata", "target": "bob", "items": [item]}
    ]
    (synced,) = cleo.ask(do="metadata", target="#tea", sync=True)
    assert synced["items"] == [item]
    assert cleo.ask(do="unsubscribe", keys="url") == [{"event": "subscribed", "keys": ["status"]}]
    assert cleo.ask(do="unsubscribe") == [{"event": "subscribed"}]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Url": "x"}, "bad-key"),
        ({"url": "x" * 301}, "bad-value"),
        ({"url": 7}, "bad-argument"),
        ({f"k{n}": "x" for n in range(21)}, "bad-argument"),
    ],
)
def test_refused_values(chat: Chat, values: dict[str, object], code: str) -> None:
    assert refusal(program(chat, "bob"), do="metadata", values=values)[0] == code


def test_people_read_what_programs_set(chat: Chat) -> None:
    ann = founder(chat)
    assert ann.send("/metadata #tea") == ["* #tea has no metadata."]
    assert refusal(program(chat, "bob"), do="metadata", target="#tea", values={"url": "x"}) == (
        "not-allowed",
        "Only moderators of #tea can do that.",
    )
