"""What the index stores of a line: its words, and words for its room and its sender."""

from __future__ import annotations

from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import key
from chatsvc.model.words import words_of
from chatsvc.store.search_query import Seeker, Sought, Term, names_in


def spelled(text: str) -> str:
    """Return a text as FTS5 gets it, which splits only at spaces and ASCII punctuation."""
    return text.lower() if text.isascii() else " ".join(words_of(text))


def who(line: Said, room: int) -> str:
    """Return the words for a line's room and sender, besides its text."""
    names = " ".join(map(name, sorted(names_in(line))))
    return f"q{room} {names} c{line.client.encode().hex()}" if line.quiet else f"r{room} {names}"


def name(called: str) -> str:
    """Return the word in the index for a sender's name."""
    return f"n{called.encode().hex()}"


def match(sought: Sought, seeker: Seeker, rooms: list[int]) -> str:
    """Return the FTS5 expression for a query in some rooms."""
    own = f"c{seeker.client.encode().hex()} OR {name(key(seeker.account))}"
    loud, quiet = (" OR ".join(f"{kind}{room}" for room in rooms) for kind in "rq")
    wanted = [f"who:({loud} OR (({quiet}) AND ({own})))"]
    wanted += [f"text:{_phrase(term)}" for term in sought.terms if not term.without]
    if sought.sender:
        wanted.append(f"who:{name(sought.sender)}")
    unwanted = [f"text:{_phrase(term)}" for term in sought.terms if term.without]
    unwanted += [f"who:{name(hidden)}" for hidden in sorted(seeker.hidden)]
    without = f" NOT ({' OR '.join(unwanted)})" if unwanted else ""
    return f"({' AND '.join(wanted)}){without}"


def _phrase(term: Term) -> str:
    return f'"{term.words}"{" *" if term.begins else ""}'
