"""The stages of a registration, in every possible order."""

from __future__ import annotations

import pytest

from chatsvc.dialects.irc.registration_state import Registration, RegistrationEvent, Stage

CAP, CAP_END, HELLO = RegistrationEvent.CAP, RegistrationEvent.CAP_END, RegistrationEvent.HELLO
REFUSED, WELCOME = RegistrationEvent.REFUSED, RegistrationEvent.WELCOME


@pytest.mark.parametrize(
    ("happenings", "stage"),
    [
        ((), Stage.OPEN),
        ((CAP, CAP), Stage.NEGOTIATING),
        ((CAP, CAP_END, CAP_END), Stage.OPEN),
        ((HELLO,), Stage.ASKING),
        ((HELLO, REFUSED), Stage.OPEN),
        ((HELLO, CAP, REFUSED), Stage.NEGOTIATING),
        ((HELLO, REFUSED, CAP, HELLO, CAP_END), Stage.ASKING),
        ((HELLO, CAP, WELCOME), Stage.REGISTERED),
        ((HELLO, WELCOME, CAP, CAP_END, HELLO, REFUSED), Stage.REGISTERED),
    ],
)
def test_what_happens_leads_to_a_stage(
    happenings: tuple[RegistrationEvent, ...], stage: Stage
) -> None:
    registration = Registration()
    registration.name, registration.user = "ann", "ann"
    for happening in happenings:
        registration.note(happening)
    assert registration.stage is stage
    assert registration.is_complete == (stage is Stage.OPEN)


@pytest.mark.parametrize(("name", "user"), [("", "ann"), ("ann", "")])
def test_it_takes_a_nick_and_a_user(name: str, user: str) -> None:
    registration = Registration()
    registration.name, registration.user = name, user
    assert not registration.is_complete
