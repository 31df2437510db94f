"""MODE: a room's rules and roles under their names in IRC, and one's own few modes."""

from __future__ import annotations

from chatsvc.dialects.irc.client import Asked, Client
from chatsvc.dialects.irc.lines import mask
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.table import in_words, on, told
from chatsvc.governance import Bans, Role, Rules

_RULES = {"i": "invite-only", "m": "moderated", "s": "hidden", "t": "topic-locked"}
_ROLES = {"o": ("op", "deop"), "v": ("voice", "devoice"), "q": ("transfer", "deop")}
_LETTERS = {"founder": "+q", "moderator": "+o", "voiced": "+v", "member": "-o"}


@on("MODE", 1)
def _(client: Client, message: Message) -> None:
    target, *words = message.params
    if target.startswith("#"):
        if words:
            _change(client, target, words[0], words[1:])
        else:
            client.ask("room", room=target)
    elif target.lower() != client.nick.lower():
        client.reply("USERSDONTMATCH")
    else:
        client.reply("UMODEIS", "+")


def _change(client: Client, room: str, letters: str, words: list[str]) -> None:
    on = True
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
        elif letter in _RULES:
            client.ask("set", room=room, rule=_RULES[letter], value="on" if on else "off")
        elif letter in _ROLES and words:
            client.ask(_ROLES[letter][not on], room=room, name=words.pop(0))
        elif letter == "b" and words:
            who = _banned(words.pop(0))
            client.ask("ban" if on else "unban", room=room, who=who)
        elif letter == "b":
            client.ask("bans", Asked("BANS", (room,)), room=room)
        elif letter in "kl":
            value = words.pop(0) if words else ""
            rule = "password" if letter == "k" else "limit"
            client.ask("set", room=room, rule=rule, value=value if on else "off")
        else:
            client.reply("UNKNOWNMODE", letter)


def _banned(pattern: str) -> str:
    """Whom a ban mask means: somebody's name, or the address after the @."""
    name, exclaims, rest = pattern.partition("!")
    host = rest.partition("@")[2]
    if exclaims and name.strip("*") == "" and host.strip("*"):
        return f"ip={host}"
    return f"name={name}" if exclaims else pattern


@told.register
def _(event: Role, client: Client, about: Asked) -> None:
    letters = _LETTERS.get(event.role, "-o")
    client.send("MODE", event.room, letters, event.name, source=mask(event.by))


@told.register
def _(event: Rules, client: Client, about: Asked) -> None:
    values = {rule.name: rule.value for rule in event.rules}
    modes = "n" + "".join(letter for letter, name in _RULES.items() if values.get(name) == "on")
    modes += "k" if values.get("password", "off") != "off" else ""
    limit = values.get("limit", "off")
    params = [limit] if limit != "off" else []
    client.reply("CHANNELMODEIS", event.room, f"+{modes}{'l' if params else ''}", *params)


@told.register
def _(event: Bans, client: Client, about: Asked) -> None:
    if about.command != "BANS":
        in_words(client, event)
        return
    for ban in event.bans:
        client.reply("BANLIST", event.room, ban.who.replace(" ", ","), ban.by, str(int(ban.time)))
    client.reply("ENDOFBANLIST", event.room)
