"""RENAME: IRCv3 "channel-rename", section "Errors"."""

from __future__ import annotations

from conftest import Chat
from ircpeople import irc


def test_channels_keep_their_names(chat: Chat) -> None:
    ann = irc(chat, "ann")
    ann.send("JOIN #tea")
    (told,) = ann.send("RENAME #tea #coffee :better")
    assert told.startswith(":irc.chatsvc FAIL RENAME CANNOT_RENAME #tea #coffee :")


def test_existing_numerics_come_first(chat: Chat) -> None:
    ann = irc(chat, "ann")
    assert ann.send("RENAME #tea #pie") == [
        ":irc.chatsvc 442 ann #tea :You are not in that channel"
    ]
    assert ann.send("RENAME #tea") == [":irc.chatsvc 461 ann RENAME :Not enough parameters"]
