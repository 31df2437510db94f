"""A conversation of real `telnet`, real `nc` and the bundled client with the real `twistd`."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import LIMIT, Person, Service, Terminal, beside_python, needs

NOON = r"\[\d\d:\d\d\] "  # a time of day


@pytest.fixture(scope="module")
def shared_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("chat"), "--show-history", "0") as service:
        yield service


@pytest.fixture
def chat(shared_chat: Service) -> Iterator[Service]:
    """Return the service, in which nobody is left of the test before."""
    yield shared_chat
    shared_chat.everybody_leaves()


def telnet(chat: Service) -> Terminal:
    return chat.terminal(needs("telnet"), "localhost", str(chat.port))


def ann_at_telnet(chat: Service) -> Terminal:
    ann = telnet(chat)
    ann.until("your name")
    ann.type("ann\r")
    ann.until("You are in #lobby")
    return ann


def nc(chat: Service) -> Terminal:
    return chat.terminal(needs("nc"), "localhost", str(chat.port))


def bundled(chat: Service, *options: str) -> Terminal:
    return chat.terminal(
        beside_python("chatsvc"), "join", "--plain", f"localhost:{chat.port}", *options
    )


def pipe(chat: Service, option: str, text: str) -> list[str]:
    """Return what `printf TEXT | nc OPTION localhost PORT` prints."""
    command = [needs("nc"), option, "localhost", str(chat.port)]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=LIMIT)
    assert done.stderr == b""
    return done.stdout.decode().splitlines()


def test_people_talk_over_telnet_netcat_and_the_bundled_client(tmp_path: Path) -> None:
    with Service(tmp_path) as chat:
        _talk(chat)


def _talk(chat: Service) -> None:
    bob = nc(chat)
    bob.until(r"^Welcome to chatsvc\. What is your name\?\n")
    bob.type("bob\r")
    bob.until(r"\* Welcome, bob\. You are in #lobby.*\n")
    carol = bundled(chat, "--name", "carol")
    carol.until("You are in #lobby")
    bob.until(r"\* carol joined\.\n")
    bob.type("are we still on for three?\r")
    carol.until(r"<bob> are we still on for three\?")

    ann = telnet(chat)
    ann.until(r"Welcome to chatsvc\. What is your name\?\n")
    ann.type("ann\r")
    ann.until(
        r"\* Welcome, ann\. You are in #lobby with bob and carol\."
        r" Type to talk, or /help for commands\.\n"
    )
    ann.until(NOON + r"<bob> are we still on for three\?\n")
    carol.until(r"\* ann joined\.")
    ann.type("yes, three it is\r")
    bob.until(NOON + r"<ann> yes, three it is\n")
    carol.until("<ann> yes, three it is")
    carol.type("fine with me\r")
    carol.until("You: .*fine with me")
    ann.until(NOON + r"<carol> fine with me\n")
    bob.until(NOON + r"<carol> fine with me\n")

    ann.type("/msg bob the code is 4711\r")
    ann.until(r"\* to bob: the code is 4711\n")
    bob.until(r"\* ann whispers: the code is 4711\n")
    bob.type("/reply thanks\r")
    bob.until(r"\* to ann: thanks\n")
    ann.until(r"\* bob whispers: thanks\n")
    dave = nc(chat)
    dave.type("dave\r")
    ann.until(r"\* dave joined\.\n")
    dave.until(NOON + r"<carol> fine with me\n")

    ann.type("/quit\r")
    ann.until(r"\* Goodbye, ann\.\n")
    ann.until("Connection closed by foreign host")
    ann.ended()
    bob.until(r"\* ann left\.\n")
    carol.until(r"\* ann left\.")
    carol.type("/quit until three\r")
    assert carol.ended() == 0
    bob.until(r"\* carol left: until three\n")
    for reader in (carol, dave):
        assert "4711" not in reader.text
    assert len(re.findall("<ann> yes, three it is", ann.text)) == 0


def test_ctrl_c_in_telnet_says_how_to_leave_and_the_talk_goes_on(chat: Service) -> None:
    bob = chat.person("bob")
    ann = ann_at_telnet(chat)
    for number in range(3):  # telnet shows nothing more unless each is answered (RFC 860)
        ann.type("\x03")
        ann.until(r"\* To leave, type /quit\n")
        ann.type(f"still here {number}\r")
        bob.until(f"<ann> still here {number}")
        bob.send(f"good {number}")
        ann.until(rf"<bob> good {number}\n")


def test_telnet_sends_what_is_typed_in_any_language(chat: Service) -> None:
    # GNU telnet takes the bytes 83, 8F, 9A and 9C of a character for Ctrl-C and its like, and sends
    # IAC IP, AO, SUSP or BRK instead.
    bob = chat.person("bob")
    ann = ann_at_telnet(chat)
    lines = ["Käse und ☕", "Über Ümläute", "до свидания, друзья", "日本", "Ãpril ☃", "done"]
    for line in lines:
        ann.type(f"{line}\r")
        ann.until(rf"{line}\n")
    heard = bob.lines_until("<ann> done")
    assert [text.partition("> ")[2] for text in heard if "<ann>" in text] == lines
    bob.send("and back")
    ann.until(r"<bob> and back\n")
    assert "To leave" not in ann.text


def test_a_command_after_ctrl_d_or_ctrl_l_in_telnet_is_a_command(chat: Service) -> None:
    # In telnet these keys are characters like any other, and nothing of them is visible.
    bob = chat.person("bob")
    ann = ann_at_telnet(chat)
    ann.type("\x0c/msg bob the code is 4711\r")
    assert "whispers" in bob.until("4711")
    ann.type("\x04/quit\r")
    ann.until("Goodbye, ann")
    ann.ended()


def test_the_end_of_telnets_input_is_the_end_of_the_visit(chat: Service) -> None:
    bob = chat.person("bob")
    ann = telnet(chat)
    ann.until("your name")
    ann.type("ann\r")
    bob.until("* ann joined.")
    ann.type("\x1d")
    ann.until("telnet> ")
    ann.type("quit\r")
    ann.ended()
    bob.until("* ann left.")


@pytest.mark.parametrize("option", ["-N", "-q0"])
def test_nothing_that_is_piped_through_netcat_is_lost(chat: Service, option: str) -> None:
    bob = chat.person("bob")
    lines = ["hello", *(f"line {number} " + "x" * 1000 for number in range(200)), "bye"]
    for end in ("\n", "\r\n", ""):
        pipe(chat, option, (end or "\n").join(["eve", *lines]) + end)
        heard = bob.lines_until("* eve left.")
        said = [line.partition("<eve> ")[2] for line in heard if "<eve> " in line]
        assert said == lines


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_pipe_that_closes_its_half_is_shown_the_answers(chat: Service, end: str) -> None:
    speaker = f"speaker{len(end)}"
    chat.person(speaker).send("hello", "/quit")
    answers = pipe(chat, "-N", f"eve\n/topic tea at five\n/time\n/stats{end}")
    assert answers[0] == "Welcome to chatsvc. What is your name?"
    assert "You are in #lobby" in answers[1]
    assert answers[-1] == "* Goodbye, eve."
    assert [line for line in answers if "set the topic" in line]
    assert [line for line in answers if f"{speaker} " in line and "1 message, 5 bytes" in line]


def test_netcat_is_shown_nothing_but_text(chat: Service) -> None:
    bob = chat.person("bob")
    eve = chat.person("eve")
    eve.send_bytes(b"\xff\xfd\x06\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0hello\r\n")
    heard = bob.until("<eve>")
    assert heard.endswith("<eve> hello")
    assert heard.isprintable()


def test_the_bundled_client_talks_through_a_pipe(chat: Service) -> None:
    bob = chat.person("bob")
    done = subprocess.run(
        [beside_python("chatsvc"), "join", "--plain", f"localhost:{chat.port}", "--name", "carol"],
        input=b"one\ntwo\n/msg bob three\nlast, without an end",
        capture_output=True,
        timeout=LIMIT,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    heard = [line for line in bob.lines_until("* carol left") if "carol" in line]
    words = [re.split("> |: ", line, maxsplit=1)[-1] for line in heard[1:-1]]
    assert words == ["one", "two", "three", "last, without an end"]


def test_a_person_at_ipv4_and_one_at_ipv6_are_in_one_room(chat: Service) -> None:
    ann = chat.peer(Person, "127.0.0.1")
    ann.come_in("ann")
    try:
        bob = chat.peer(Person, "::1")
    except OSError:
        assert not _has_ipv6(), "there is IPv6, and nobody listens"
        pytest.skip("this machine has no IPv6")
    assert "with ann" in bob.come_in("bob")


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
