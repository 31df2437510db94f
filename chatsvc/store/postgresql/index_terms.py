"""What the index stores of a line: its words, and terms for its room and its sender.

They are written as a `tsvector`, and queries as a `tsquery`, with words as `model.words` splits and
spells them, and never as PostgreSQL's own parsers do.  A `tsvector` has limits, so a query may
match too many lines, but never too few: each line that it finds is compared with the query again.
"""

from __future__ import annotations

from chatsvc.model.message_events import Said
from chatsvc.model.text_rules import key
from chatsvc.model.words import words_of
from chatsvc.store.search_query import Seeker, Sought, Term, names_in

LONGEST = 200  # letters of a word that are stored; a tsvector has at most 2,046 bytes
MOST_PLACES = 250  # of one word in a line; PostgreSQL forgets those beyond 256
_MANY = "'=many'"  # marks a line in which some places of a word are forgotten


def vector(line: Said, room: int) -> str:
    """Return what is stored of a line in the room with this id."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words_of(line.text), 1):
        places.setdefault(word[:LONGEST], []).append(str(place))
    words = [f"{_quoted(word)}:{','.join(some[:MOST_PLACES])}" for word, some in places.items()]
    if any(len(some) > MOST_PLACES for some in places.values()):
        words.append(_MANY)
    return " ".join([*words, *_who(line, room)])


def _who(line: Said, room: int) -> list[str]:
    """Return the terms for a line's room and sender; no word begins like these."""
    terms = [_room(room, line.quiet), *map(_name, sorted(names_in(line)))]
    return [*terms, _client(line.client)] if line.quiet else terms


def query(sought: Sought, seeker: Seeker, rooms: list[int]) -> str:
    """Return the `tsquery` for lines in some rooms."""
    own = f"({_client(seeker.client)} | {_name(key(seeker.account))})"
    loud, quiet = (" | ".join(_room(room, kind) for room in rooms) for kind in (False, True))
    wanted = [f"({loud} | (({quiet}) & {own}))"]
    wanted += [_phrase(term) for term in sought.terms if not term.without]
    if sought.sender:
        wanted.append(_name(sought.sender))
    wanted += [f"!{_name(hidden)}" for hidden in sorted(seeker.hidden)]
    wanted += [f"!({_adjacent(term)})" for term in sought.terms if term.without and _fits(term)]
    return " & ".join(wanted)


def _fits(term: Term) -> bool:
    return all(len(word) <= LONGEST for word in term.words.split())


def _phrase(term: Term) -> str:
    words = _words(term)
    if len(words) == 1:
        return words[0]
    return f"(({_adjacent(term)}) | ({' & '.join([_MANY, *words])}))"


def _adjacent(term: Term) -> str:
    return " <-> ".join(_words(term))


def _words(term: Term) -> list[str]:
    words = [_quoted(word[:LONGEST]) for word in term.words.split()]
    if term.begins and len(term.words.split()[-1]) <= LONGEST:
        words[-1] += ":*"
    return words


def _quoted(word: str) -> str:
    return f"'{word}'"  # of letters and digits only


def _room(room: int, quiet: bool) -> str:
    return f"'={'q' if quiet else 'r'}{room}'"


def _name(called: str) -> str:
    return f"'=n{called.encode().hex()}'"


def _client(secret: str) -> str:
    return f"'=c{secret.encode().hex()}'"
