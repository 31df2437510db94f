"""Renaming channels: RENAME (IRCv3 "channel-rename", a draft), which is refused.

The name of a channel is part of the id of every message in it, which must never change.
"""

from __future__ import annotations

from chatsvc.dialects.irc.client import Client
from chatsvc.dialects.irc.message import Message
from chatsvc.dialects.irc.registry import on
from chatsvc.model.text_rules import key


@on("RENAME", 2)
def _(client: Client, message: Message) -> None:
    old, new = message.params[:2]
    if key(old) not in client.rooms:
        client.reply("NOTONCHANNEL", old, "You are not in that channel")
    else:
        words = "Channels keep their names here. Create another one, and set a topic"
        client.fail("RENAME", "CANNOT_RENAME", old, new, words)
