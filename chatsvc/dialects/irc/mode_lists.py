"""The lists of a channel: bans and mutes (+b), exemptions (+e), standing invitations (+I).

The Modern IRC Client Protocol, "Type A" channel modes; a mute is an extended ban, `$m:mask`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from chatsvc.dialects.irc.ban_masks import MUTED, masks
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.refusal import refuse
from chatsvc.dialects.irc.registry import in_words, part_in_words, refused, told, told_part
from chatsvc.model.ban_masks import MASK, label
from chatsvc.model.history_events import Part
from chatsvc.model.moderation_events import Banned, Bans, Listed, Unbanned
from chatsvc.model.requests import Refusal, Refused


class _List(NamedTuple):
    """The commands that add and remove entries, and the numerics of an entry and the end."""

    add: str
    remove: str
    entry: str
    end: str


LISTS = {
    "b": _List("ban", "unban", "BANLIST", "ENDOFBANLIST"),
    "e": _List("exempt", "unexempt", "EXCEPTLIST", "ENDOFEXCEPTLIST"),
    "I": _List("admit", "unadmit", "INVITELIST", "ENDOFINVITELIST"),
}
_BARE = re.compile(r"[^!@$.:/=]+")  # a nickname, or a pattern of nicknames
_LETTERS = {"ban": "b", "mute": "b", "exempt": "e", "admit": "I"}


def ask_list(client: Client, room: str, letter: str) -> Callable[[], None]:
    """Return the request for a list."""
    return lambda: client.ask("bans", Pending(f"LIST {letter}", (room,)), room=room, here=True)


def change_list(
    client: Client, room: str, letter: str, plus: bool, pattern: str
) -> Callable[[], None]:
    """Return the request that adds a mask to a list, or removes it; nobody is removed by it."""
    mute = pattern.startswith(MUTED) and letter in "be"
    if pattern == MUTED:
        text = f"A mask follows {MUTED}"
        return lambda: client.reply_later("INVALIDMODEPARAM", room, letter, pattern, text)
    mask = _whole(pattern.removeprefix(MUTED if mute else ""))
    pattern = f"{MUTED}{mask}" if mute else mask
    do = LISTS[letter].add if plus else LISTS[letter].remove
    who = mask if _may_match(mask) else f"{MASK}={mask}"
    args: dict[str, object] = {"room": room, "who": who}
    if mute and letter == "b":
        do = "mute" if plus else "unmute"
    if letter == "b":
        args["here"] = True
    if plus and do == "ban":
        args["stay"] = True
    elif plus and mute:
        args["mutes" if do == "exempt" else "once"] = True
    about = Pending(f"LISTED {'+' if plus else '-'}{letter}", (room, letter, pattern))
    return lambda: client.ask(do, about, **args)


def _whole(mask: str) -> str:
    """Return a mask with all its parts, as other servers complete them."""
    if _BARE.fullmatch(mask):
        return f"{mask}!*@*"
    return f"*!{mask}" if "@" in mask and "!" not in mask and "$" not in mask else mask


def _may_match(mask: str) -> bool:
    """Return whether a user here may be shown like this, or the chat explains why none can be."""
    try:
        label(mask)
    except Refused as refused:
        return refused.code != "bad-mask" or "!" not in mask
    return True


def refuse_mode(event: Refusal, client: Client, about: Pending) -> None:
    """Answer the refusal of a mode: outside a channel, nobody has the privilege to change it."""
    if event.code == "not-in-room":
        client.reply("CHANOPRIVSNEEDED", about.first, event.text)
    else:
        refuse(event, client, about._replace(command="MODE"))


def _refuse_entry(event: Refusal, client: Client, about: Pending) -> None:
    """Ignore a mask that is on the list already, or was not on it, as other servers do."""
    removing = about.command.startswith("LISTED -")
    if event.code == "too-many":
        client.reply("BANLISTFULL", *about.params[:2])
    elif event.code != ("no-such-person" if removing else "known"):
        refuse_mode(event, client, about)


for _sign in "+-":
    for _letter in LISTS:
        refused(f"LISTED {_sign}{_letter}")(_refuse_entry)


def end_of_list(client: Client, about: Pending) -> bool:
    """Send an empty list: clients request lists unasked, also of channels they are not in."""
    if not about.command.startswith("LIST "):
        return False
    client.reply(LISTS[about.command[-1]].end, *about.params)
    return True


@told_part.register
def _(event: Bans, client: Client, about: Pending, part: Part) -> None:
    if not about.command.startswith("LIST "):
        part_in_words(client, event, about, part)
        return
    letter = about.command[-1]
    for ban in event.bans:
        if _letter_of(ban) == letter:
            for each in masks(ban.who, ban.mute):
                client.reply(LISTS[letter].entry, event.room, each, ban.by, str(int(ban.time)))
    if part.ends:
        client.reply(LISTS[letter].end, event.room)


def _letter_of(entry: Banned | Unbanned) -> str:
    if entry.exempt:
        return "e"
    return "I" if entry.admits else "b"


@told_part.register
def _(event: Banned, client: Client, about: Pending, part: Part) -> None:
    if not _asked(about):
        part_in_words(client, event, about, part)
    elif part.begins and not _may_match(event.who):
        client.notice(f"{event.who} can match nobody here. Users are shown as {client.mask('eve')}")
    if part.begins and event.room and not (event.own or event.quietly):
        _tell_mode(client, event, f"+{_letter_of(event)}", event.who)
    if event.room and not event.mute:
        for name in event.hit:
            client.send("KICK", event.room, name, event.reason or event.by, by=client.nick)


@told.register
def _(event: Unbanned, client: Client, about: Pending) -> None:
    if not _asked(about):
        in_words(client, event)
    for who in event.lifted if event.room else ():
        _tell_mode(client, event, f"-{_letter_of(event)}", who)


def _asked(about: Pending) -> bool:
    """Return whether a MODE is the answer, instead of words."""
    return about.command.startswith("LISTED ")


def _tell_mode(client: Client, event: Banned | Unbanned | Listed, change: str, who: str) -> None:
    """Show the masks as they are listed, so that clients know each once."""
    for each in masks(who, event.mute):
        client.send("MODE", event.room, change, each, by=event.by)


@told.register
def _(event: Listed, client: Client, about: Pending) -> None:
    """Announce a change of a list, in whatever dialect it was made."""
    change = f"{'-' if event.removed else '+'}{_LETTERS[event.kind]}"
    _tell_mode(client, event, change, event.who)
