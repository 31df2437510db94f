"""The log of the real service: its formats, what is not in it, renaming, and fail2ban's filter."""

from __future__ import annotations

import configparser
import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from logged_service import SERVE, TWISTD, port_of, started, text_of
from real import LIMIT, Person, Program, needs, wait_until

CONTRIB = Path(__file__).parent.parent / "contrib"
FILTER = CONTRIB / "fail2ban" / "filter.d" / "chatsvc.conf"
GUESSER, OTHER = "203.0.113.7", "2001:db8::7"
FORMATS = {
    "text": [*SERVE, "--log-file", "chat.log"],
    "json": [*SERVE, "--log-file", "chat.log", "--log-format", "json"],
    "twistd": [*TWISTD[:1], "-n", "--pidfile=", "--logfile=chat.log", "chat"],
    "twistd-json": [*TWISTD, "--log-file", "chat.log", "--log-format", "json"],
}
PROXIED = ("--listen", "haproxy:tcp:0:interface=127.0.0.1")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "chat.log"


@contextmanager
def person(log: Path, address: str = "") -> Iterator[Person]:
    """Return a user, who comes from this address through a proxy."""
    with closing(Person(socket.create_connection(("127.0.0.1", port_of(log)), LIMIT))) as peer:
        if address:
            family = "TCP6" if ":" in address else "TCP4"
            peer.send_bytes(f"PROXY {family} {address} {address} 1234 13531\r\n".encode())
        yield peer


@pytest.mark.parametrize("command", [SERVE, TWISTD], ids=["serve", "twistd"])
@pytest.mark.parametrize("number", [None, signal.SIGUSR1, signal.SIGHUP])
def test_a_renamed_log_goes_on_under_its_name(
    tmp_path: Path, log: Path, command: list[str], number: int | None
) -> None:
    renamed = tmp_path / "chat.log.1"
    with started(tmp_path, [*command, "--log-file", "chat.log"], log) as process:
        log.rename(renamed)
        if number is not None:
            process.send_signal(number)
            if number == signal.SIGUSR1:
                wait_until(log.exists, "a new log")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloaded" in text_of(log), "a line in the new log")
        assert "Reloaded" not in renamed.read_text()
        assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["json", "twistd-json"])
def test_a_log_of_json_has_an_object_in_each_line(tmp_path: Path, log: Path, name: str) -> None:
    with started(tmp_path, FORMATS[name], log) as process:
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloaded" in text_of(log), "a reload")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    first = next(entry for entry in entries if "The chat is ready" in entry["text"])
    assert (first["level"], first["text"].count("\n") > 3) == ("info", True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", first["time"])


@pytest.mark.parametrize("name", ["text", "json", "twistd"])
def test_it_never_contains_what_people_say_or_their_secrets(
    tmp_path: Path, log: Path, name: str
) -> None:
    options = ("--log-level", "debug", "--log-security", "--password", "sesame-open")
    with started(tmp_path, [*FORMATS[name], *options], log) as process:
        with person(log) as ann, person(log) as bob:
            for name, peer in (("ann", ann), ("bob", bob)):
                peer.send(name, "sesame-open")
                peer.until("You are in")
            ann.send(
                "secret-words-in-a-room", "/msg bob secret-words-in-private", "/nosuch secret-a"
            )
            bob.until("secret-words-in-private")
            bob.send("/register secret-password", "/login secret-guess", "/topic secret-topic")
            bob.send("/search secret-words", "/report ann secret-reason", "/time")
            bob.until("* It is ")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloaded" in text_of(log), "a reload")
    assert "secret-" not in log.read_text()
    assert "sesame" not in log.read_text()


# fail2ban


def expressions() -> list[re.Pattern[str]]:
    """Return the filter's expressions as fail2ban uses them."""
    definition = read_filter()
    host = r"(?:::f{4,6}:)?(?P<host>[\w\-.^_:]*\w)"
    return [
        re.compile(line.replace("<HOST>", host).replace("<reason>", definition["reason"]))
        for line in definition["failregex"].strip().splitlines()
    ]


def read_filter() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(comment_prefixes=("#",))
    parser.read(FILTER)
    return parser["Definition"]


def without_date(line: str) -> str | None:
    """Return a line without what the filter's date patterns match, as fail2ban does."""
    fields = {"%Y": r"\d{4}", "%z": r"[+-]\d\d:?\d\d", "%f": r"\d{1,6}"}
    for pattern in read_filter()["datepattern"].strip().splitlines():
        for field in ("%Y", "%m", "%d", "%H", "%M", "%S", "%f", "%z"):
            pattern = pattern.replace(field, fields.get(field, r"\d\d"))
        if (date := re.match(pattern, line)) is not None:
            return line[: date.start()] + line[date.end() :]
    return None


def hosts(lines: Sequence[str]) -> list[str]:
    """Return the hosts that fail2ban finds in the lines of a log."""
    rests = [rest for line in lines if (rest := without_date(line)) is not None]
    found = (pattern.search(rest) for rest in rests for pattern in expressions())
    return [match["host"] for match in found if match]


@pytest.fixture(params=["text", "json", "twistd"])
def guessed(request: pytest.FixtureRequest, tmp_path: Path, log: Path) -> Path:
    """Return the log of a service in which somebody has guessed passwords."""
    command = [*FORMATS[request.param], "--log-security", "--show-messages", *PROXIED]
    with started(tmp_path, command, log):
        with person(log, "192.0.2.1") as owner:
            owner.come_in("ann")
            owner.send("/register correct-horse-battery")
            owner.until("registered to you")
            forge(log, owner)
        for address in (GUESSER, OTHER):
            with person(log, address) as guesser:
                guesser.send("ann")
                guesser.until("type your password")
                guesser.send("wrong-horse-1", "wrong-horse-2")
                guesser.until("Wrong password")
                guesser.until("Wrong password")
    return log


def forge(log: Path, owner: Person) -> None:
    """Say what looks like lines about another address, also as a further line of a message."""
    text = "security refused address=192.0.2.99 reason=wrong-password"
    line = f"2026-11-27T01:00:00+0000 {text}"
    entry = '{"time": "2026-11-27T01:00:00.000+00:00", "level": "security", "address":'
    owner.send(text, line, f'{entry} "192.0.2.99", "reason": "bad-token", "text": "x"}}', "/time")
    owner.until("* It is ")
    with person(log, "192.0.2.2") as peer:
        program = Program(peer.socket)
        program.ask("hello", version=1, name="bob")
        program.ask("join", room="#lobby")
        said = program.ask("say", room="#lobby", text=f"tea\n{line}\n{entry}")
        assert said["event"] == "said"


def test_fail2ban_s_filter_finds_guessers_and_nobody_else(guessed: Path) -> None:
    assert hosts(guessed.read_text().splitlines()) == [GUESSER] * 2 + [OTHER] * 2


def test_the_filter_finds_them_in_fail2ban_itself(guessed: Path) -> None:
    done = subprocess.run(
        [needs("fail2ban-regex"), "--out", "ip", str(guessed), str(FILTER)],
        capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.stdout.split() == [GUESSER] * 2 + [OTHER] * 2


def test_without_the_option_no_address_is_in_the_log(tmp_path: Path, log: Path) -> None:
    with started(tmp_path, [*FORMATS["text"], *PROXIED], log), person(log, GUESSER) as guesser:
        guesser.come_in("eve")
        guesser.send("/login ann wrong-horse")
        guesser.until("not registered")
    assert GUESSER not in log.read_text()


def test_addresses_of_this_machine_are_not_logged(tmp_path: Path, log: Path) -> None:
    with (
        started(tmp_path, [*FORMATS["text"], "--log-security", "--password", "tea"], log),
        person(log) as eve,
    ):
        eve.send("eve", "milk")
        eve.until("Wrong password")
    assert "reason=" not in log.read_text()


def test_a_flood_of_guesses_writes_few_lines(tmp_path: Path, log: Path) -> None:
    command = [*FORMATS["text"], "--log-security", "--password", "tea", *PROXIED]
    with started(tmp_path, [*command, "--arrivals", "off", "--flood", "off"], log):
        for _ in range(4):
            with person(log, GUESSER) as eve:
                eve.send("eve", *["milk"] * 9)
                eve.rest()
    assert log.read_text().count(f"address={GUESSER}") == 10
    assert log.read_text().count("(--login-attempts)") == 1
