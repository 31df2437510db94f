"""Metadata of users and channels: METADATA (IRCv3 "Metadata", draft/metadata-3).

Before registration is complete, values wait here; the chat already knows the subscriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.registry import in_words, on, part_in_words, refused, told, told_part
from chatsvc.dialects.irc.server import motd
from chatsvc.model.history_events import Part
from chatsvc.model.metadata_events import (
    CHANGES_WITHIN,
    LONGEST_KEY,
    LONGEST_VALUE,
    MOST_KEYS,
    MOST_SUBSCRIPTIONS,
    Metadata,
    MetadataItem,
    Subscribed,
    is_key,
)
from chatsvc.model.requests import Refusal
from chatsvc.model.text_rules import key as key_of

CAPABILITY = "draft/metadata-3"
ALL = "*ALL"
_GREETING = "METADATA on registration"  # what the client did not request: its own values,
_EARLY = "METADATA before registration"  # those that it set before,
_SYNC = "METADATA on joining"  # and those of others
_POSTPONED = "METADATA after joining"
_MOST_SYNCED = 200  # users in a channel, beyond which the client requests their values later
_LATER = "5"  # seconds after which it may
_IN_A_LINE = 8  # keys in one numeric


class _Verb(NamedTuple):
    handle: Callable[[Client, str, Sequence[str]], None]
    least: int = 0  # parameters
    most: int = 0
    own: bool = False  # only for the client itself


@on("METADATA", anybody=True)
def _(client: Client, message: Message) -> None:
    target, verb, *params = (*message.params, "", "")[: max(2, len(message.params))]
    row = _VERBS.get(verb.upper())
    own = target == "*" or (client.registered and key_of(target) == key_of(client.nick))
    if row is None:
        words = f"Unknown subcommand {verb}" if verb else "Not enough parameters"
        _fail(client, "INVALID_PARAMS", verb, words)
    elif not row.least <= len(params) <= row.most:
        many = "Too many" if len(params) > row.most else "Not enough"
        _fail(client, "INVALID_PARAMS", verb, f"{many} parameters")
    elif not own and (row.own or not client.registered):
        _fail(client, "INVALID_TARGET", target, "Use * for yourself")
    else:
        row.handle(client, "*" if own else target, params)


def _fail(client: Client, code: str, *params: str) -> None:
    client.fail("METADATA", code, *params)


def _warn(client: Client, key: str) -> None:
    client.send("WARN", "METADATA", "INVALID_KEY", key, "Invalid key: use a-z, 0-9 and _./-")


def _get(client: Client, target: str, keys: Sequence[str]) -> None:
    if client.registered:
        client.ask("metadata", target=target, keys=" ".join(filter(is_key, keys)))
    else:
        early = client.registration.metadata
        _tell_got(client, "*", keys, [MetadataItem("*", key, early.get(key)) for key in keys])


def _list(client: Client, target: str, params: Sequence[str]) -> None:
    if client.registered:
        client.ask("metadata", target=target)
    else:
        early = client.registration.metadata
        _tell(client, "*", [MetadataItem("*", key, value) for key, value in early.items()])


def _set(client: Client, target: str, params: Sequence[str]) -> None:
    name, value = (*params, "")[:2]
    early = client.registration.metadata
    if client.registered:
        client.ask("metadata", target=target, values={name: value})
    elif not is_key(name):
        _fail(client, "INVALID_KEY", name, "Invalid key: use a-z, 0-9 and _./-")
    elif len(value.encode()) > LONGEST_VALUE:
        _fail(client, "INVALID_VALUE", name, f"At most {LONGEST_VALUE} bytes")
    elif name not in early and len(early) >= MOST_KEYS:
        _fail(client, "LIMIT_REACHED", "SET", "*", str(MOST_KEYS), f"At most {MOST_KEYS} keys")
    else:
        early[name] = value
        if not value:
            del early[name]
        _tell_item(client, MetadataItem("*", name, value or None))


def _clear(client: Client, target: str, params: Sequence[str]) -> None:
    if client.registered:
        client.ask("metadata", target=target, clear=True)
    else:
        keys = list(client.registration.metadata)
        client.registration.metadata.clear()
        _tell(client, "*", [MetadataItem("*", key) for key in keys])


def _sync(client: Client, target: str, params: Sequence[str]) -> None:
    if client.registered:
        client.ask("metadata", target=target, sync=True)
    else:
        _tell(client, "*", ())


def _subscribe(client: Client, target: str, keys: Sequence[str]) -> None:
    _change_subscriptions(client, "subscribe", keys)


def _unsubscribe(client: Client, target: str, keys: Sequence[str]) -> None:
    _change_subscriptions(client, "unsubscribe", keys)


def _change_subscriptions(client: Client, do: str, keys: Sequence[str]) -> None:
    for key in keys:
        if not is_key(key):
            _warn(client, key)
    if any(map(is_key, keys)):
        client.ask(do, keys=" ".join(filter(is_key, keys)))


def _list_subscriptions(client: Client, target: str, params: Sequence[str]) -> None:
    client.ask("subscribe")


_MANY = 100  # parameters
_VERBS = {
    "GET": _Verb(_get, 1, _MANY),
    "LIST": _Verb(_list),
    "SET": _Verb(_set, 1, 2),
    "CLEAR": _Verb(_clear),
    "SUB": _Verb(_subscribe, 1, _MANY, own=True),
    "UNSUB": _Verb(_unsubscribe, 1, _MANY, own=True),
    "SUBS": _Verb(_list_subscriptions, own=True),
    "SYNC": _Verb(_sync),
}


def capability_value() -> str:
    """Return what clients learn of the limits before they request the capability."""
    limits = {
        "max-subs": MOST_SUBSCRIPTIONS, "max-keys": MOST_KEYS, "max-key-bytes": LONGEST_KEY,
        "max-value-bytes": LONGEST_VALUE,
    }  # fmt: skip
    return ",".join(["before-connect", *(f"{name}={most}" for name, most in limits.items())])


# What nobody requested


def greet(client: Client) -> None:
    """Send the client's own values, and then the message of the day."""
    early = client.registration.metadata
    if CAPABILITY not in client.capabilities and not early:
        motd(client)
        return
    if early:
        client.ask("metadata", Pending(_EARLY, ("*", "SET")), target="*", values=dict(early))
    client.ask("metadata", Pending(_GREETING), target="*")


def sync(client: Client, target: str, users: int = 1) -> None:
    """Send the values of a user, or of a channel and the users in it, if the client wants them."""
    if CAPABILITY not in client.capabilities:
        return
    if users > _MOST_SYNCED:
        client.ask("subscribe", Pending(_POSTPONED, (target,)))  # answered after NAMES
    else:
        client.ask("metadata", Pending(_SYNC, (target, "SYNC")), target=target, sync=True)


def end_subscriptions(client: Client) -> None:
    """Unsubscribe from everything: the client no longer has the capability."""
    client.ask("unsubscribe", Pending(_EARLY))


# Answers


@told.register
def _(event: Metadata, client: Client, about: Pending) -> None:
    verb = about.param(1).upper()
    if event.changed or (about.command == "METADATA" and verb == "SET"):
        for item in event.items:
            _tell_item(client, item)
    elif about.command == "METADATA" and verb == "GET":
        _tell_got(client, event.target, about.params[2:], event.items)
    elif about.command in ("METADATA", _GREETING, _SYNC):
        _tell(client, client.nick if event.target == "*" else event.target, event.items)
    elif about.command != _EARLY:
        in_words(client, event)
    if about.command == _GREETING:
        motd(client)


@told_part.register
def _(event: Metadata, client: Client, about: Pending, part: Part) -> None:
    if about.command not in ("METADATA", _SYNC):
        part_in_words(client, event, about, part)
        return
    for item in event.items:
        _tell_item(client, item)


def _tell(client: Client, target: str, items: Iterable[MetadataItem]) -> None:
    with client.batch("metadata", target):
        for item in items:
            _tell_item(client, item)


def _tell_got(
    client: Client, target: str, keys: Iterable[str], items: Iterable[MetadataItem]
) -> None:
    """Answer for each key in order, also for those that are invalid."""
    found = {item.key: item for item in items}
    with client.batch("metadata", target):
        for key in keys:
            if is_key(key):
                _tell_item(client, found[key])
            else:
                _warn(client, key)


def _tell_item(client: Client, item: MetadataItem) -> None:
    if item.value is None:
        client.reply("KEYNOTSET", item.target, item.key)
    else:
        client.reply("KEYVALUE", item.target, item.key, "*", item.value)


@told.register
def _(event: Subscribed, client: Client, about: Pending) -> None:
    verb = about.param(1).upper() if about.command == "METADATA" else about.command
    asked = [key for key in about.params[2:] if is_key(key)]
    if verb == _POSTPONED:
        client.reply("METADATASYNCLATER", about.first, _LATER)
    elif verb == "SUB":
        _tell_subscribed(client, event, asked)
    elif verb == "UNSUB":
        _tell_keys(client, "METADATAUNSUBOK", asked)
    elif verb == "SUBS":
        with client.batch("metadata-subs"):
            _tell_keys(client, "METADATASUBS", event.keys)
    elif verb != _EARLY:
        in_words(client, event)


def _tell_subscribed(client: Client, event: Subscribed, asked: Sequence[str]) -> None:
    _tell_keys(client, "METADATASUBOK", asked[: len(asked) - len(event.left_out)])
    if event.left_out:
        most = str(MOST_SUBSCRIPTIONS)
        _fail(client, "LIMIT_REACHED", "SUB", event.left_out[0], most, f"At most {most} keys")
    if event.new and client.registered:
        about, keys = Pending("METADATA", (ALL, "SYNC")), " ".join(event.new)
        client.ask("metadata", about, target=ALL, keys=keys, sync=True)


def _tell_keys(client: Client, name: str, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), _IN_A_LINE):
        client.reply(name, *keys[start : start + _IN_A_LINE])


# Refusals

_CODES = {
    "bad-key": "INVALID_KEY",
    "bad-value": "INVALID_VALUE",
    "too-many-keys": "LIMIT_REACHED",
    "no-such-person": "INVALID_TARGET",
    "no-such-room": "INVALID_TARGET",
    "bad-room": "INVALID_TARGET",
    "not-allowed": "KEY_NO_PERMISSION",
    "muted": "KEY_NO_PERMISSION",
}


@refused("METADATA")
@refused(_EARLY)
def _(event: Refusal, client: Client, about: Pending) -> None:
    target, verb, key = about.param(0), about.param(1).upper(), about.param(2)
    code = _CODES.get(event.code, "INTERNAL_ERROR")
    if event.code == "too-many-changes":
        retry = str(int(CHANGES_WITHIN))
        client.reply("METADATARATELIMIT", retry, target, verb, *about.params[2:])
    elif code == "LIMIT_REACHED":
        _fail(client, code, verb, target, str(MOST_KEYS), event.text)
    elif code == "INVALID_TARGET":
        _fail(client, code, target, event.text)
    elif code in ("INVALID_KEY", "INVALID_VALUE"):
        _fail(client, code, key, event.text)
    else:
        _fail(client, code, target, key, event.text)


@refused(_SYNC)
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Answer nothing: the client did not request it."""


@refused(_GREETING)
def _(event: Refusal, client: Client, about: Pending) -> None:
    motd(client)
