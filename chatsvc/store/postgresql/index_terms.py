"""What the index stores of a line: its words, and terms for its sender.

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
_QUIET = "'=quiet'"


def vector(line: Said) -> str:
    """Return what is stored of a line."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words_of(line.text), 1):
        places.setdefault(word[:LONGEST], []).append(str(place))
    terms = [f"{_quoted(word)}:{','.join(some[:MOST_PLACES])}" for word, some in places.items()]
    if any(len(some) > MOST_PLACES for some in places.values()):
        terms.append(_MANY)
    return " ".join([*terms, *_who(line)])


def _who(line: Said) -> list[str]:
    """Return the terms for a line's sender; no word begins like these."""
    names = list(map(_name, sorted(names_in(line))))
    return [_QUIET, *names, _client(line.client)] if line.quiet else names


def words(sought: Sought) -> str:
    """Return the `tsquery` for lines with all words and the sender, wherever the words are.

    The index does not know where in a line a word is, so it answers this soonest: each word is
    looked up once.  If there is neither a word nor a sender, the result is empty.
    """
    every = [word for term in sought.terms if not term.without for word in _words(term)]
    wanted = [*every, *_sender(sought)]
    if wanted:
        wanted += [f"!{_words(term)[0]}" for term in sought.terms if _excludes_word(term)]
    return " & ".join(dict.fromkeys(wanted))


def _excludes_word(term: Term) -> bool:
    return term.without and not term.begins and " " not in term.words and _fits(term)


def query(sought: Sought, seeker: Seeker) -> str:
    """Return the `tsquery` that lines must match which the index has found."""
    own = f"{_client(seeker.client)} | {_name(key(seeker.account))}"
    wanted = [*map(_phrase, sought.terms), *_sender(sought)]
    wanted += [f"!{_name(hidden)}" for hidden in sorted(seeker.hidden)]
    return " & ".join([*filter(None, wanted), f"(!{_QUIET} | {own})"])


def _sender(sought: Sought) -> list[str]:
    return [_name(sought.sender)] if sought.sender else []


def _fits(term: Term) -> bool:
    return all(len(word) <= LONGEST for word in term.words.split())


def _phrase(term: Term) -> str:
    """Return the `tsquery` for a term; nothing if the index cannot tell which lines to exclude."""
    if term.without:
        return f"!({_adjacent(term)})" if _fits(term) else ""
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


def _name(called: str) -> str:
    return f"'=n{called.encode().hex()}'"


def _client(secret: str) -> str:
    return f"'=c{secret.encode().hex()}'"
