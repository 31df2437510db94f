"""Refusals as numerics; as standard replies (IRCv3) and notices where there is no numeric."""

from __future__ import annotations

from chatsvc.dialects.irc import sasl
from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.mode_lists import end_of_list
from chatsvc.dialects.irc.pending import Pending
from chatsvc.dialects.irc.refusal import refuse
from chatsvc.dialects.irc.registration import refuse_at_the_door
from chatsvc.dialects.irc.registry import REFUSED, told
from chatsvc.model.requests import Refusal


@told.register
def _(event: Refusal, client: Client, about: Pending) -> None:
    if about.command == "AUTHENTICATE":
        sasl.refuse(client, event)
    elif not client.registered and event.code != "not-utf8" and about.command not in REFUSED:
        refuse_at_the_door(event, client, about)
    elif about.command == "NOTICE" or (event.code != "no-such-room" and end_of_list(client, about)):
        pass  # notices get no answer, so that programs do not answer each other endlessly
    elif about.service:
        client.notice(event.text)
    elif about.command in REFUSED:
        REFUSED[about.command](event, client, about)
    elif event.code == "unknown":
        client.reply("UNKNOWNCOMMAND", about.command)
    else:
        refuse(event, client, about)
