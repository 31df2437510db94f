"""Authentication in several steps, as programs do it."""

from __future__ import annotations

from typing import Any

from conftest import Chat, Person
from scramp import ScramClient
from staff import SECRET, refusal

from chatsvc.auth import scram
from chatsvc.model.records import Account


def account_of(chat: Chat, name: str) -> Account:
    account = chat.hub.accounts.find(name)
    assert account is not None
    return account


def client(name: str, password: str) -> Any:
    """Return the client's side of SCRAM, by a library."""
    return ScramClient([scram.MECHANISM], name, password)


def challenge(person: Person, **step: object) -> str:
    (event,) = person.ask(do="prove", **step)
    assert event["event"] == "challenge", event
    return str(event["data"])


def begun(person: Person, name: str, password: str = SECRET) -> Any:
    """Return a client that has received the server's first message."""
    side = client(name, password)
    first = challenge(person, mechanism=scram.MECHANISM, data=side.get_client_first())
    side.set_server_first(first)
    return side


def proved(person: Person, name: str, password: str = SECRET) -> list[dict[str, Any]]:
    side = begun(person, name, password)
    side.set_server_final(challenge(person, data=side.get_client_final()))
    return person.ask(do="prove", data="", tag="t")


def wrong(person: Person, name: str, password: str = "wrong-horse") -> tuple[str, str]:
    side = begun(person, name, password)
    return refusal(person, do="prove", data=side.get_client_final())
