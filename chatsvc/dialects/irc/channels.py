"""Rooms, which are called channels here: joining, leaving, topics and lists."""

from __future__ import annotations

from collections.abc import Iterator

from chatsvc.dialects.irc import metadata, read_marker, renaming
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.list_filter import wanted_of
from chatsvc.dialects.irc.message import Message, reason
from chatsvc.dialects.irc.modes import role_on_entering
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.refusal import refuse
from chatsvc.dialects.irc.registry import in_words, on, refused, told, told_part
from chatsvc.dialects.irc.who import EVERYBODY, tell_names
from chatsvc.model.batch import Shared
from chatsvc.model.history_events import Part
from chatsvc.model.moderation_events import Removed
from chatsvc.model.requests import Refusal
from chatsvc.model.room_events import (
    Entered,
    Exited,
    Invitations,
    Invited,
    Joined,
    Left,
    Rooms,
    Topic,
)
from chatsvc.model.stamps import Stamp
from chatsvc.model.text_rules import key

_REJOIN = "REJOIN"
_NO_CHANNEL = "A channel's name begins with #"
_MOST_KICKED = 10  # in one KICK
_MOST_NEW = 200  # missed lines shown after reconnecting


@on("JOIN", 1)
def _(client: Client, message: Message) -> None:
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    if not message.params[0].strip(","):
        client.reply("NEEDMOREPARAMS", "JOIN")
    for position, room in enumerate(message.params[0].split(",")):
        if room == "0":
            _leave_all(client)
        elif room and not room.startswith("#"):
            client.reply_later("NOSUCHCHANNEL", room, _NO_CHANNEL)
        elif room and key(room) not in client.rooms:
            more: dict[str, object] = {"password": keys[position]} if position < len(keys) else {}
            if renaming.CAPABILITY in client.capabilities:
                more["forward"] = False
            client.ask("join", Pending("JOIN", (room,)), room=room, **_after(client, room), **more)


def _after(client: Client, room: str) -> dict[str, object]:
    """Return which lines to show on joining: those the account missed, or else the last ones.

    Clients that would take old lines for new, or that request them, are shown none.
    """
    unread = client.unread.pop(key(room), None)
    if client.bot or "draft/chathistory" in client.capabilities:
        return {"last": 0}
    if unread:
        return {"after": max(unread.seen, unread.last - _MOST_NEW)}
    return {} if "server-time" in client.capabilities else {"last": 0}


def rejoin(client: Client) -> None:
    """Join the channels that the client's account is in, as users of other clients do."""
    for unread in list(client.unread.values()):
        about = Pending(_REJOIN, (unread.room,))
        client.ask("join", about, room=unread.room, **_after(client, unread.room))


@refused(_REJOIN)
def _(event: Refusal, client: Client, about: Pending) -> None:
    """Stay outside, without a word: the client has not asked."""


def _leave_all(client: Client) -> None:
    for room in client.rooms.values():
        client.ask("leave", Pending("PART", (room,)), room=room)


@on("PART", 1)
def _(client: Client, message: Message) -> None:
    words = reason(message.params[1]) if len(message.params) > 1 else ""
    if not message.params[0].strip(","):
        client.reply("NEEDMOREPARAMS", "PART")
    for room in filter(None, message.params[0].split(",")):
        if room.startswith("#"):
            client.ask("leave", Pending("PART", (room, words)), room=room, words=words)
        else:
            client.reply_later("NOSUCHCHANNEL", room, _NO_CHANNEL)


@told.register
def _(event: Entered, client: Client, about: Pending) -> None:
    if key(event.room) in client.rooms:  # it was requested in another spelling, or twice
        return
    renaming.note_former(client, event.room, event.former)
    if about.command == "JOIN":
        renaming.tell_forwarded(client, about.first, event.room)
    own = event.name, client.account or "", client.realname
    _join(client, event.room, *own, stamp=event.stamp)
    client.rooms[key(event.room)] = event.room
    client.earlier[event.room] = event.last
    if event.topic:
        client.reply("TOPIC", event.room, event.topic)
        client.reply("TOPICWHOTIME", event.room, event.topic_by, str(int(event.topic_time or 0)))
    if read_marker.CAPABILITY in client.capabilities:
        read_marker.tell_mark(client, event.room, event.read_time)
    if "no-implicit-names" not in client.capabilities:
        tell_names(client, event.room)
    metadata.sync(client, event.room, event.count)


@told.register
def _(event: Exited, client: Client, about: Pending) -> None:
    client.forget(event.room)
    words = about.params[1:2] if about.command == "PART" else ()
    client.send("PART", event.room, *filter(None, words), by=client.nick, stamp=event.stamp)


@told.register
def _(event: Joined, client: Client, about: Pending) -> None:
    client.quit = ""
    for newcomer in _newcomers(event):
        _tell_join(client, event, *newcomer)


def joins(client: Client, event: Joined, shared: Shared) -> bytes:
    """Return the JOINs of others, encoded once for all clients with the same capabilities."""
    client.quit, waiting = "", client.taken()
    each = shared.written(client.capabilities, lambda: dict(_each_join(client, event)))
    if client.nick in each:  # in a crowd, whose JOIN it was shown at once
        others = [written for name, written in each.items() if name != client.nick]
        return waiting + b"".join(others)
    whole = (client.capabilities, "all")
    return waiting + shared.written(whole, lambda: b"".join(each.values()))


def _each_join(client: Client, event: Joined) -> Iterator[tuple[str, bytes]]:
    """Yield the messages about each newcomer, which depend only on the capabilities."""
    with client.answering(None):
        for newcomer in _newcomers(event):
            _tell_join(client, event, *newcomer)
            yield newcomer[0], client.taken()


def _newcomers(event: Joined) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the name, account, real name, role and away message of each user."""
    nothing = ("",) * len(event.names)
    lists = (event.accounts, event.realnames, event.roles, event.aways)
    return zip(event.names, *(each or nothing for each in lists), strict=True)


def _tell_join(
    client: Client, event: Joined, name: str, account: str, realname: str, *more: str
) -> None:
    role, away = more
    _join(client, event.room, name, account, realname, stamp=event.stamp)
    role_on_entering(client, event.room, name, role)
    if away and "away-notify" in client.capabilities:
        client.send("AWAY", away, by=name)


def _join(
    client: Client, room: str, name: str, account: str, realname: str, *, stamp: Stamp | None
) -> None:
    """Send a JOIN; with IRCv3 "extended-join": the account, `*` for none, and the real name."""
    extended = "extended-join" in client.capabilities
    more = (account or "*", realname or name) if extended else ()
    client.send("JOIN", room, *more, by=name, stamp=stamp)


@told.register
def _(event: Left, client: Client, about: Pending) -> None:
    words = [event.words] if event.words else []
    for name in event.names:
        if not event.gone:
            client.send("PART", event.room, *words, by=name, stamp=event.stamp)
        elif name != client.quit:
            client.send("QUIT", _why(event), by=name, stamp=event.stamp)
            client.quit = name


def _why(event: Left) -> str:
    """Return why users have left the server (Modern IRC, "QUIT message" and "KILL message").

    Only what users write has a prefix, so that nobody can fake the rest.
    """
    if event.by:
        return _killed(event.by, event.reason)
    return f"Quit: {event.words}" if event.quit else event.words or "Connection closed"


def _killed(by: str, reason: str) -> str:
    return f"Killed ({by} ({reason or by}))"


@on("KICK", 2)
def _(client: Client, message: Message) -> None:
    rooms, names, *words = message.params
    pairs = _pairs(rooms.split(","), client.targets(names, _MOST_KICKED))
    if not pairs:
        client.reply("NEEDMOREPARAMS", "KICK")
    for room, name in pairs:
        about = Pending("KICK", (room, name))
        if room.startswith("#"):
            client.ask("kick", about, room=room, name=name, reason=reason(" ".join(words)))
        else:
            client.reply_later("NOSUCHCHANNEL", room, _NO_CHANNEL)


def _pairs(rooms: list[str], names: list[str]) -> list[tuple[str, str]]:
    """Return who is removed from where: all from one channel, or each from their own.

    The list is empty if there are other numbers of channels and users (RFC 2812, 3.2.8).
    """
    if len(rooms) == 1:
        return [(rooms[0], name) for name in names]
    return list(zip(rooms, names, strict=True)) if len(rooms) == len(names) else []


@told.register
def _(event: Removed, client: Client, about: Pending) -> None:
    why = event.reason or event.by
    if event.own and not event.room:
        client.closing = _killed(event.by, event.reason)
        client.send("KILL", event.name, why, by=event.by)
        return
    if not event.room:
        client.notice(f"{event.name} was removed.")
        return
    if event.own:
        client.forget(event.room)
    client.send("KICK", event.room, event.name, why, by=event.by, stamp=event.stamp)


@on("TOPIC", 1)
def _(client: Client, message: Message) -> None:
    room, *words = message.params
    text = {"text": reason(words[0])} if words else {}
    if room.startswith("#"):
        client.ask("topic", room=room, **text)
    else:
        client.reply("NOSUCHCHANNEL", room, _NO_CHANNEL)


@told.register
def _(event: Topic, client: Client, about: Pending) -> None:
    if event.changed:
        client.send("TOPIC", event.room, event.text, by=event.by, stamp=event.stamp)
    elif event.text:
        client.reply("TOPIC", event.room, event.text)
        client.reply("TOPICWHOTIME", event.room, event.by, str(int(event.time)))
    else:
        client.reply("NOTOPIC", event.room)


@on("LIST")
def _(client: Client, message: Message) -> None:
    client.ask("rooms", n=EVERYBODY)


@told_part.register
def _(event: Rooms, client: Client, about: Pending, part: Part) -> None:
    wanted = wanted_of("".join(about.params[:1]) if about.command == "LIST" else "", client.now())
    if part.begins:
        client.reply("LISTSTART", "Channel")
    for place in event.rooms:
        if wanted(place):
            client.reply("LIST", place.room, str(place.count), place.topic)
    if part.ends:
        client.reply("LISTEND")


@on("INVITE")
def _(client: Client, message: Message) -> None:
    """Invite a user, or without parameters list the invitations to the client."""
    if not message.params:
        client.ask("invitations")
        return
    if len(message.params) < 2:
        client.reply("NEEDMOREPARAMS", "INVITE")
        return
    name, room = message.params[:2]
    if room.startswith("#"):
        client.ask("invite", Pending("INVITE", (name, room)), name=name, room=room)
    else:
        client.reply("NOSUCHCHANNEL", room, _NO_CHANNEL)


@refused("INVITE")
def _(event: Refusal, client: Client, about: Pending) -> None:
    if event.code == "known":
        client.reply("USERONCHANNEL", *about.params[:2])
    elif event.code == "no-such-person":
        client.reply("NOSUCHNICK", about.first, event.text)
    else:
        refuse(event, client, about)


@told.register
def _(event: Invitations, client: Client, about: Pending) -> None:
    if about.command != "INVITE":
        in_words(client, event)
        return
    for room in event.rooms:
        client.reply("INVITATION", room)
    client.reply("ENDOFINVITATIONS")


@told.register
def _(event: Invited, client: Client, about: Pending) -> None:
    if event.own:
        client.reply("INVITING", event.name, event.room)
    elif not event.overheard:
        client.send("INVITE", client.nick, event.room, by=event.by)
    elif "invite-notify" in client.capabilities:
        client.send("INVITE", event.name, event.room, by=event.by)
