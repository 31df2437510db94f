"""The policy that IRC clients use only TLS: IRCv3 "Strict Transport Security"."""

from __future__ import annotations

import pytest
from conftest import Chat
from tlspeople import Secure, encrypted

from chatsvc.model.sts import STSPolicy


def offered(lines: list[str]) -> list[str]:
    """Return the capabilities of a CAP LS that are about STS."""
    words = " ".join(lines).replace(" :", " ").split()
    return [word for word in words if word.partition("=")[0] == "sts"]


@pytest.fixture
def chat() -> Chat:
    return encrypted(Chat(sts=STSPolicy(2_592_000, 6697)))


def test_over_tls_the_policy_has_a_duration_and_otherwise_a_port(chat: Chat) -> None:
    """ "Details": a `duration` on a secure connection persists; a `port` on others upgrades."""
    assert offered(chat.connect().send("CAP LS 302")) == ["sts=port=6697"]
    assert offered(Secure(chat).shake_hands().send("CAP LS 302")) == ["sts=duration=2592000"]


def test_the_value_is_required(chat: Chat) -> None:
    """Clients of version 301 receive no values, so they are not offered it."""
    assert offered(chat.connect().send("CAP LS")) == []
    assert offered(Chat().connect().send("CAP LS 302")) == []


def test_a_duration_of_zero_ends_the_policy() -> None:
    """ "The `duration` key": 0 removes a policy; nobody is sent to another port any more."""
    chat = encrypted(Chat(sts=STSPolicy(0, 6697)))
    assert offered(chat.connect().send("CAP LS 302")) == []
    assert offered(Secure(chat).shake_hands().send("CAP LS 302")) == ["sts=duration=0"]


def test_nobody_can_request_it(chat: Chat) -> None:
    """ "Mechanism": servers may answer CAP REQ with NAK."""
    for person in (chat.connect(), Secure(chat).shake_hands()):
        assert person.send("CAP REQ sts") == [":irc.chatsvc CAP * NAK :sts"]
