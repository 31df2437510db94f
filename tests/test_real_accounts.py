"""Accounts and moderation with the real `twistd`: after a power failure, in its log, under load."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from real import Deadline, Person, Program, Service, Stopwatch

from chatsvc.auth.accounts import new_account
from chatsvc.auth.passwords import kept_of
from chatsvc.model.records import Account
from chatsvc.store.sqlite.offline import Ledger

SECRET = "correct-horse-battery"
LIMITS = ("--login-attempts", "off")


def claim(service: Service, person: Person) -> None:
    """Make a registered user the first operator."""
    code = service.wait_for(r"/claim (\w+)").group(1)
    person.send(f"/claim {code}")
    person.until("You are now an operator.")


def register(service: Service, name: str) -> Person:
    person = service.person(name)
    person.send(f"/register {SECRET}")
    person.until(f"{name} is now registered to you.")
    return person


def come_back(service: Service, name: str) -> Person:
    person = service.person()
    person.send(name)
    person.until(f"{name} is a registered name.")
    person.send(SECRET)
    person.until("Welcome back")
    return person


def test_everything_holds_after_a_power_cut(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ann, bob, eve = register(service, "ann"), register(service, "bob"), service.person("eve")
        service.person("mallory")
        claim(service, ann)
        for command, answer in [
            ("/join #tea", "You are in #tea"),
            ("/set slow 1h", "set slow in #tea: 1 h"),
            ("/set mask damn", "set mask in #tea: damn"),
            ("/op bob", "made bob a moderator of #tea"),
            ("/ignore mallory", "You ignore mallory."),
            ("/ban eve 2d spam", "eve is banned"),
            ("/mute --here name=mallory 1h", "name=mallory is muted in #tea"),
            ("/lockdown on", "only registered users"),
        ]:
            ann.send(command)
            ann.until(answer)
        bob.send("/msg ann psst", "/report mallory sells things", "/away lunch")
        bob.until("You are away: lunch")
        assert eve.rest()
        service.kill()
    with Service(tmp_path) as service:
        guest = service.person()
        guest.send("carol")
        guest.until("Only registered users can join at the moment.")
        again = service.person()
        again.send("eve")
        again.until("You are banned: spam.")
        ann, bob = come_back(service, "ann"), come_back(service, "bob")
        for person, command, answer in [
            (ann, "/ignore", "You ignore mallory."),
            (ann, "/room #tea", "You are in #tea"),
            (ann, "/room", "Founder: ann. Moderators: bob."),
            (ann, "/set", "slow             1 h"),
            (ann, "/reports", "bob about mallory in #lobby: sells things"),
            (ann, "/audit", "made bob moderator"),
            (ann, "/history @bob", "<bob> psst"),
            (ann, "/whois bob", "away: lunch"),
            (ann, "/bans", "eve is banned"),
            (ann, "/bans --here", "name=mallory is muted in #tea"),
        ]:
            person.send(command)
            person.until(answer)
        bob.send("/join #tea", "/set mask off")
        bob.until("set mask in #tea: off")


def test_no_password_is_in_the_log_the_archive_or_what_others_see(tmp_path: Path) -> None:
    secrets = [f"secret-number-{n}-of-nobody" for n in range(9)]
    options = ("--show-messages", "--password", secrets[8], *LIMITS)
    with Service(tmp_path, *options) as service:
        observer = service.person()
        observer.send("observer", secrets[8])
        observer.until("You are in #lobby")
        ann = service.person()
        ann.send("ann", secrets[8], f"/register {secrets[0]} ann@example.org")
        ann.until("ann is now registered to you.")
        ann.send(f"/passwd {secrets[0]} {secrets[1]}", f"/passwd {secrets[2]} {secrets[1]}")
        ann.until("Password changed.")
        ann.until("Wrong password.")
        ann.send("/join #tea", f"/set password {secrets[3]}", "/room #lobby", "said")
        ann.until("set password in #tea: set")
        observer.send(f"/join #tea {secrets[4]}")
        observer.until("Wrong password for #tea.")
        observer.send(f"/join #tea {secrets[3]}", "/room #lobby")
        observer.until("You are in #lobby. Your messages")
        guest = service.person()
        guest.send(
            "ann", secrets[8], secrets[5], f"/login ann {secrets[6]}", f"/login {secrets[1]}"
        )
        guest.until("Welcome back, ann.")
        program = service.program()
        refused = program.ask("hello", name="ann", password=secrets[8], account_password=secrets[7])
        assert refused["code"] == "wrong-password"
        hello = program.ask("hello", name="ann", password=secrets[8], account_password=secrets[1])
        assert hello["account"] == "ann"
        program.send(json.dumps({"do": "unregister", "password": secrets[1], "tag": "bye"}))
        program.until(lambda event: event.get("tag") == "bye")
        observer.send("/quit")
        seen = "\n".join(observer.rest())
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert "chat.db" in files
    assert "<ann> said" in service.log
    for secret in secrets:
        assert secret not in seen
        assert secret not in service.log
        assert [name for name, data in files.items() if secret.encode() in data] == []


# Under load

LINES = 300
LOGINS = 50


@pytest.mark.load
def test_fifty_logins_at_once_do_not_delay_what_others_say(tmp_path: Path) -> None:
    with Service(tmp_path):
        pass  # it creates the archive
    kept = kept_of(SECRET)
    with Ledger(tmp_path / "chat.db") as ledger:
        ledger.put(*(new_account(f"person{n}", kept, "", 1.0) for n in range(LOGINS)))
        assert len(ledger.records(Account)) == LOGINS
    with Service(tmp_path, "--arrivals", "off", *LIMITS) as service:
        alone = percentile(delays(service, "alone"))
        crowd = [service.program() for _ in range(LOGINS)]
        logins = threading.Thread(target=log_in, args=(crowd,))
        logins.start()
        together = percentile(delays(service, "together"))
        logins.join()
    # One hash takes about 20 ms; if hashes blocked messages, the last one would wait for a second.
    assert together < alone + 0.1


def log_in(crowd: list[Program]) -> None:
    for n, program in enumerate(crowd):
        program.request("hello", name=f"person{n}", account_password=SECRET, tag="hello")
    for program in crowd:
        assert program.until(lambda event: event.get("tag") == "hello")["event"] == "welcome"


def delays(service: Service, name: str) -> list[float]:
    """Return how long messages take between two users, one after the other."""
    sender, reader = service.program(f"{name}-1"), service.program(f"{name}-2")
    found, deadline = [], Deadline(60.0)
    for n in range(LINES):
        watch = Stopwatch(service)
        sender.request("say", room="#lobby", text=f"{name} {n}")
        reader.until(lambda event, n=n: event.get("text") == f"{name} {n}")  # type: ignore[misc]
        found.append(watch.seconds())
        deadline.left("the lines")
    return found


def percentile(found: list[float], part: float = 0.99) -> float:
    return sorted(found)[int(len(found) * part)]
