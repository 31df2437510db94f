"""Draws the README's picture of the full-screen client: `python tests/picture.py docs/client.svg`.

It is the real client, in a chat in memory with users of telnet, an IRC client and a program.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from conftest import Chat
from ircpeople import irc
from tuipeople import visit

BEGIN = 1_795_269_720.0  # the clock, in seconds since 1970
SIZE = (100, 24)
FONT = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"


async def talk(chat: Chat) -> str:
    """Hold a conversation; return a picture of ann's screen."""
    chat.clock.advance(BEGIN)
    bob, carol, dora = chat.join("bob"), chat.join("carol"), irc(chat, "dora")
    dora.send("JOIN #lobby")
    bob.send("/topic Release 0.1 on Friday — notes in #docs")
    carol.send("morning! is the build green?")
    async with visit(chat, size=SIZE) as ann:
        await ann.type("/join #docs", "enter")
        carol.send("/join #docs", "/room #lobby")
        ann.app.look_at("#lobby")
        await ann.wait(60)
        dora.send("PRIVMSG #lobby :just turned green: https://ci.example.org/runs/4711")
        await ann.wait(30)
        bob.send("/me makes tea for everybody")
        await ann.wait(30)
        await ann.type("thanks! I have read the notes, one question:", "enter")
        await ann.type("do we name the people who tested it?", "enter")
        await ann.wait(60)
        carol.send("ann: yes please, in alphabetical order")
        erik, fay, _ = chat.join("erik"), chat.join("fay"), chat.join("gus")
        fay.send("/quit")
        await ann.wait(20)
        erik.send("hello, first time here")
        dora.send("AWAY :lunch", "PRIVMSG ann :lunch at one?")
        await ann.wait(40)
        dora.send("PRIVMSG #lobby :welcome erik, the notes are short, promised")
        carol.send("/room #docs", "the draft is up", "please have a look")
        await ann.type("hi erik, nice to have you he")
        ann.app.visit.pulse.latency = 0.012  # the chat's clock stops while the server answers
        await ann.wait(1)
        ann.app._tick()
        await ann.settle()
        return ann.app.export_screenshot(title="chatsvc join", simplify=True)


def without_web_fonts(svg: str) -> str:
    """Return the picture with any monospaced font: it loads nothing from the web."""
    svg = re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: ?(?:Fira Code|arial)[^;]*;", f"font-family: {FONT};", svg)


def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    Path(sys.argv[1]).write_text(without_web_fonts(asyncio.run(talk(Chat()))), encoding="utf-8")


if __name__ == "__main__":
    main()
