"""The formats of exported conversations: plain text, JSON, and a web page.

A format is given pages of lines, oldest first; the pieces that it yields make up the file.  No
input or output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from typing import Protocol
from zlib import crc32

from chatsvc.client.links import pieces
from chatsvc.dialects.jsonl import JSONL, timestamp
from chatsvc.dialects.sentences import spoken
from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import clean, clean_lines, key


class Format(Protocol):
    """A file format for conversations."""

    def begin(self) -> str:
        """Return what precedes the first line."""

    def page(self, lines: Iterable[Said]) -> Iterator[str]:
        """Return some lines in this format."""

    def end(self) -> str:
        """Return what follows the last line."""


class Days:
    """Finds where a new day begins, in local time."""

    def __init__(self) -> None:
        self._day = ""

    def new(self, moment: datetime) -> str:
        """Return the day of a line, unless it is the same as that of the previous line."""
        day = f"{moment:%A}, {moment.day} {moment:%B %Y}"
        if day == self._day:
            return ""
        self._day = day
        return day


class AsText:
    """For people: a heading for each day, and no message can imitate another one."""

    def __init__(self, room: str) -> None:
        self._days = Days()
        self._gap = ""

    def begin(self) -> str:
        return ""

    def page(self, lines: Iterable[Said]) -> Iterator[str]:
        for line in lines:
            moment = local(line.time)
            if day := self._days.new(moment):
                yield f"{self._gap}=== {day} ===\n"
                self._gap = "\n"
            text, *following = map(clean_lines, spoken(line).split("\r\n"))
            yield f"[{moment:%H:%M}] {text}\n"
            yield from (f"{text}\n" for text in following)

    def end(self) -> str:
        return ""


class AsJSON:
    """The protocol's `said` events, one JSON object per line, as `read_event` reads them."""

    def __init__(self, room: str) -> None:
        pass

    def begin(self) -> str:
        return ""

    def page(self, lines: Iterable[Said]) -> Iterator[str]:
        return (JSONL.write(line).decode("utf-8", "replace") for line in lines)

    def end(self) -> str:
        return ""


class AsPage:
    """One self-contained page for a browser, without scripts."""

    def __init__(self, room: str) -> None:
        self._room = clean(room)
        self._days = Days()

    def begin(self) -> str:
        title = f"Private messages with {self._room[1:]}" if self._room[:1] == "@" else self._room
        return _HEAD.replace("TITLE", escape(title))

    def page(self, lines: Iterable[Said]) -> Iterator[str]:
        for line in lines:
            moment = local(line.time)
            if day := self._days.new(moment):
                yield f"<h2>{escape(day)}</h2>\n"
            yield self._line(line, moment)

    def _line(self, line: Said, moment: datetime) -> str:
        kind = "action" if line.action else "notice" if line.notice else "said"
        number = int(line.number)
        return (
            f'<p class="{kind}" id="n{number}"><a class="at" href="#n{number}">'
            f'<time datetime="{timestamp(line.time)}" title="{moment:%Y-%m-%d %H:%M:%S}">'
            f"{moment:%H:%M}</time></a> "
            f'<b style="--hue:{hue(line.sender)}">{_shown(line.sender)}</b> '
            f"<span>{_words(line)}</span></p>\n"
        )

    def end(self) -> str:
        return "</main>\n</body>\n</html>\n"


FORMATS: dict[str, Callable[[str], Format]] = {"txt": AsText, "json": AsJSON, "html": AsPage}


def local(time: float) -> datetime:
    """Return a time in the local time zone."""
    return datetime.fromtimestamp(time, UTC).astimezone()


def hue(name: str) -> int:
    """Return the hue of a name on the colour wheel; it never changes."""
    return crc32(key(name).encode("utf-8", "replace")) % 360


def _shown(text: str) -> str:
    return escape(clean(text))


def _words(line: Said) -> str:
    if line.deleted:
        return f"<i>deleted by {_shown(line.deleted)}</i>"
    return "\n".join(map(_linked, clean_lines(line.text).split("\n")))


def _linked(text: str) -> str:
    """Return the text of a line as HTML, with links."""
    return "".join(
        f'<a href="{escape(piece)}" rel="noopener noreferrer nofollow">{escape(piece)}</a>'
        if is_link
        else escape(piece)
        for piece, is_link in pieces(text)
    )


_HEAD = """\
<!DOCTYPE html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>TITLE</title>
<style>
:root { --paper: #fff; --ink: #1d2126; --faint: #5d6670; --line: #dfe3e8; --link: #0b57c2;
  --light: 27%; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ink: #e4e7eb; --faint: #98a1ab; --line: #30363d; --link: #7db5ff;
    --light: 74%; }
}
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { position: sticky; top: 0; margin: 1.5rem 0 .5rem; padding: .3rem 0; font-size: .95rem;
  color: var(--faint); background: var(--paper); border-bottom: 1px solid var(--line); }
p { display: grid; grid-template-columns: 3.2rem minmax(4rem, 9rem) minmax(0, 1fr);
  column-gap: .6rem; margin: 0; padding: .1rem 0; scroll-margin-top: 3rem; }
p:target { background: color-mix(in srgb, var(--link) 15%, transparent); }
a { color: var(--link); }
.at { color: var(--faint); text-decoration: none; font-variant-numeric: tabular-nums; }
b { color: hsl(var(--hue) 65% var(--light)); font-weight: 600; text-align: right;
  overflow-wrap: anywhere; unicode-bidi: isolate; }
.action b::before { content: "* "; }
.notice b::before, .notice b::after { content: "-"; }
.action span { font-style: italic; }
span { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
i { color: var(--faint); }
@media (max-width: 36rem) {
  p { display: block; padding: .25rem 0; }
  span { display: block; padding-inline-start: .8rem; border-inline-start: 2px solid var(--line); }
}
</style>
</head>
<body>
<main>
<h1>TITLE</h1>
"""
