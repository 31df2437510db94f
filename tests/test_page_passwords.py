"""Passwords in real Chromium: those of the chat and of a registered name, and registering one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import Visit
from real import Service

CHAT = "open-sesame-now"
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--password", CHAT, "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


def test_a_name_is_registered_and_then_needs_its_password(visit: Visit, chat: Service) -> None:
    owner = visit()
    owner.log_in("ann", password=CHAT)
    owner.say(f"/register {SECRET}")
    owner.sees("ann is now registered to you.")
    owner.page.locator(".me", has_text="guest").wait_for(state="detached")
    assert SECRET not in owner.page.content()
    owner.input.focus()
    owner.press("ArrowUp")
    assert owner.input.input_value() == ""  # a password is not in the input history
    owner.say("/quit")
    owner.page.locator("input[name=name]").wait_for()

    tab = visit()
    tab.try_to_log_in("ann", password=CHAT)
    password = tab.page.locator("input[name=account_password]")
    password.wait_for()
    tab.try_to_log_in("ann", password=CHAT, account_password="wrong-horse-battery")
    tab.page.get_by_role("alert").get_by_text("Wrong password").wait_for()
    tab.log_in("ann", password=CHAT, account_password=SECRET)
    assert "guest" not in tab.page.locator(".me").inner_text()


def test_a_stranger_is_offered_another_name(visit: Visit, chat: Service) -> None:
    person = chat.person()
    person.send("bea", CHAT, f"/register {SECRET}")
    person.until("bea is now registered")
    person.close()
    tab = visit()
    tab.try_to_log_in("bea", password=CHAT)
    tab.page.get_by_role("button", name="Join as bea2").click()
    tab.input.wait_for()


def test_a_wrong_password_of_the_chat_can_be_corrected(visit: Visit) -> None:
    tab = visit()
    tab.try_to_log_in("cid", password="close-sesame-now")
    tab.page.get_by_role("alert").wait_for()
    tab.log_in("cid", password=CHAT)
