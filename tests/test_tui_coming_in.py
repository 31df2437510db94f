"""Joining with the full-screen client: the connect page, names, and failures."""

from __future__ import annotations

import asyncio

import pytest
from conftest import Chat
from textual.widgets import Input
from tuipeople import Visitor, on_a_screen, visit
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.error import TimeoutError as NobodyAnswers

from chatsvc.client.login_prompts import Identity
from chatsvc.client.net.address import Server
from chatsvc.client.net.failures import NotConnected, NotTrusted
from chatsvc.client.tui.widgets.connect import ConnectPage
from chatsvc.client.tui.widgets.dialogs import Question
from chatsvc.model.requests import Refused

SECRET = "correct-horse-battery"


def register(chat: Chat, name: str = "ann") -> None:
    """Register a name, and leave."""
    somebody = chat.join(name)
    somebody.send(f"/register {SECRET}", "/quit")
    somebody.hang_up()


def field(visitor: Visitor, name: str) -> str:
    return visitor.app.screen.query_one(f"#{name}", Input).value


def said(visitor: Visitor) -> str:
    """Return what is on the screen, without line breaks."""
    return " ".join(visitor.screen.split())


@on_a_screen
async def test_without_a_host_one_is_asked_where_to_go(chat: Chat) -> None:
    async with visit(chat, ask_where=True) as ann:
        assert "which chat?" in ann.screen
        assert ann.network.reached == []
        await ann.press("enter")
        assert ann.network.reached == [Server()]
        assert ann.rows[0].startswith(" #lobby")
        assert ann.app.state.name == "ann"


@on_a_screen
async def test_the_fields_say_where_and_as_whom(chat: Chat) -> None:
    async with visit(chat, ask_where=True) as ann:
        await ann.type("192.0.2.7", "tab")
        await ann.type("7000", "tab")
        await ann.type("carol", "tab", "space", "enter")
        assert ann.network.reached == []  # Enter on the checkbox only toggles it, off here
        await ann.press("f5")
        assert ann.network.reached == [Server("192.0.2.7", 7000, False)]
        assert ann.app.state.name == "carol"


@on_a_screen
async def test_a_whole_address_may_stand_in_the_field_of_the_host(chat: Chat) -> None:
    async with visit(chat, ask_where=True) as ann:
        await ann.type("tls://chat.example.org:7000", "enter")
        assert ann.network.reached == [Server("chat.example.org", 7000, True)]


@on_a_screen
async def test_a_port_that_is_none_is_told_beside_it(chat: Chat) -> None:
    async with visit(chat, ask_where=True) as ann:
        await ann.press("tab")
        await ann.type("70000", "enter")
        assert "A port is a number from 1 to 65535, not '70000'." in said(ann)
        assert ann.network.reached == []
        await ann.type("7000", "enter")
        assert ann.network.reached == [Server("localhost", 7000)]


@on_a_screen
async def test_nothing_listens_there_and_it_is_tried_again(chat: Chat) -> None:
    async with visit(chat, settled=False) as ann:
        ann.network.up = False
        await ann.settle()
        assert "connection refused." in ann.screen
        assert ann.app.focused is ann.app.screen.query_one("#port")
        assert field(ann, "name") == "ann"
        ann.network.up = True
        await ann.press("enter")
        assert ann.rows[0].startswith(" #lobby")
        assert ann.app.porch.outcome is None


def test_each_reason_has_its_sentence_and_its_field(chat: Chat) -> None:
    handshake = NotConnected("the server does not support TLS")
    for why, sentence, place in (
        (DNSLookupError(), "host not found", "host"),
        (NobodyAnswers(), "server does not answer", "host"),
        (handshake, "does not support TLS", "tls"),
    ):
        asyncio.run(refuse(chat, why, sentence, place))


async def refuse(chat: Chat, why: Exception, sentence: str, place: str) -> None:
    async with visit(chat, settled=False) as ann:
        ann.network.up, ann.network.why = False, why
        await ann.settle()
        assert sentence in said(ann)
        assert ann.app.focused is ann.app.screen.query_one(f"#{place}")


@on_a_screen
async def test_another_certificate_stops_everything(chat: Chat) -> None:
    async with visit(chat, settled=False) as ann:
        ann.network.up = False
        ann.network.why = NotTrusted("THE CERTIFICATE OF x HAS CHANGED.\n  now: SHA-256 AB:CD")
        await ann.settle()
        assert "THE CERTIFICATE OF x HAS CHANGED." in ann.screen
        assert "now: SHA-256 AB:CD" in ann.screen
        assert ann.network.sent == []


@on_a_screen
async def test_a_first_certificate_is_told_in_the_room(chat: Chat) -> None:
    async with visit(chat, settled=False) as ann:
        while not ann.network.reached:
            await ann.pilot.pause()
        ann.network.tell("New: SHA-256 AB:CD.")
        await ann.settle()
        assert "SHA-256 AB:CD" in " ".join(ann.conversation)


@on_a_screen
async def test_a_registered_name_is_asked_for_its_password_until_it_is_right(chat: Chat) -> None:
    register(chat)
    async with visit(chat) as ann:
        assert isinstance(ann.app.screen, Question)
        assert "ann is a registered name." in ann.screen
        await ann.type("wrong-wrong-wrong", "enter")
        assert "wrong" not in ann.screen.replace("wrong-password", "")
        assert "Wrong password." in ann.screen
        await ann.type(SECRET)
        assert SECRET not in ann.screen
        await ann.press("enter")
        assert ann.app.state.account == "ann"
        assert ann.rows[0].startswith(" #lobby")


@on_a_screen
async def test_escape_comes_in_as_a_guest_under_the_suggested_name(chat: Chat) -> None:
    register(chat)
    async with visit(chat) as ann:
        assert "Esc: join as ann2" in ann.screen
        await ann.press("escape")
        assert (ann.app.state.name, ann.app.state.account) == ("ann2", None)


@on_a_screen
async def test_going_back_leads_to_the_fields_and_another_name(chat: Chat) -> None:
    register(chat)
    async with visit(chat) as ann:
        await ann.press("f2")
        assert isinstance(ann.app.screen, ConnectPage)
        assert "ann is a registered name." in ann.screen
        assert ann.app.focused is ann.app.screen.query_one("#name")
        await ann.type("carol", "enter")
        assert ann.app.state.name == "carol"


@on_a_screen
async def test_a_taken_name_is_asked_for_another(chat: Chat) -> None:
    chat.join("ann")
    async with visit(chat) as ann:
        assert "ann is already in use." in ann.screen
        await ann.type("carol", "enter")
        assert ann.app.state.name == "carol"


def test_the_password_of_the_chat_is_asked_for() -> None:
    asyncio.run(give_the_password(Chat(password="sesame")))


async def give_the_password(chat: Chat) -> None:
    async with visit(chat) as ann:
        assert "This chat requires a password." in ann.screen
        await ann.type("open", "enter")
        assert "Wrong password." in ann.screen
        await ann.press("escape")
        assert isinstance(ann.app.screen, ConnectPage)
        assert "Wrong password." in ann.screen
        await ann.press("enter")
        await ann.type("sesame", "enter")
        assert ann.rows[0].startswith(" #lobby")


@on_a_screen
async def test_a_lockdown_has_its_sentence_and_a_registered_name_comes_in(chat: Chat) -> None:
    register(chat)
    chat.hub.lockdown.on = True
    async with visit(chat, "carol") as carol:
        assert "Only registered users can join at the moment." in carol.screen
        await carol.press("tab", "tab")
        await carol.type("ann", "enter")
        await carol.type(SECRET, "enter")
        assert carol.app.state.account == "ann"


@on_a_screen
async def test_escape_gives_up_while_one_waits(chat: Chat) -> None:
    async with visit(chat, ask_where=True) as ann:
        ann.network.silent = True
        await ann.press("enter")
        assert "Connecting to localhost:13531" in ann.screen
        await ann.press("escape")
        assert "Enter: connect" in ann.screen
        ann.network.silent = False
        await ann.press("enter")
        assert ann.rows[0].startswith(" #lobby")


@on_a_screen
async def test_a_password_on_the_command_line_asks_nothing(chat: Chat) -> None:
    register(chat)
    async with visit(chat, identity=Identity("ann", None, SECRET)) as ann:
        assert ann.app.state.account == "ann"
        assert ann.rows[0].startswith(" #lobby")


@on_a_screen
async def test_who_is_put_out_is_told_why_and_may_go_elsewhere(chat: Chat) -> None:
    bob = chat.join("bob")
    chat.hub.login.claim_code = "4711"
    bob.send(f"/register {SECRET}", "/claim 4711")
    async with visit(chat) as ann:
        bob.send("/ban ann")
        await ann.settle()
        assert isinstance(ann.app.screen, ConnectPage)
        assert "bob removed you from the server." in ann.screen
        await ann.press("enter")
        assert ann.app.elsewhere is not None


async def asked_while_typing(ann: Visitor) -> Deferred[str | None]:
    """Ask for a password while the user types a message, and continue typing."""
    await ann.type("hello ")
    answer = ann.app.porch.ask(Refused("registered", "Registered ann.", "ann2"), "password", True)
    await ann.settle()
    assert isinstance(ann.app.screen, Question)
    return answer


@on_a_screen
async def test_what_is_typed_while_a_password_is_asked_for_stays_in_the_message(chat: Chat) -> None:
    async with visit(chat) as ann:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chatsvc.client.tui.widgets.dialogs.PAUSE", 60.0)
            answer = await asked_while_typing(ann)
        await ann.type("everybody", "enter", "escape", "f2", "tab")
        assert ann.app.screen.query_one(Input).value == ""
        assert not answer.called
        assert ann.app.entry.composer.text == "hello everybody"
        assert not any(b"everybody" in sent for sent in ann.network.sent)


@on_a_screen
async def test_after_a_pause_the_password_is_typed(chat: Chat) -> None:
    async with visit(chat) as ann:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chatsvc.client.tui.widgets.dialogs.PAUSE", 0.001)
            answer = await asked_while_typing(ann)
        while ann.app.focused is None:
            await ann.pilot.pause(0.01)
        await ann.type(SECRET, "enter")
        assert answer.result == SECRET
        assert ann.app.entry.composer.text == "hello "
