"""Try real IRC clients with a fresh service: connect, talk, idle, and still be connected.

HexChat (under Xvfb), finch, eggdrop, irssi and WeeChat over TLS, with the service's self-signed
certificate; kirc, ii and sic without TLS. Run it yourself; it takes the idle time and a minute or
two. See README.md in `benchmarks`.
"""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.clients.bystander import Bystander
from benchmarks.clients.program import LIMIT, Client, Missing, until
from benchmarks.clients.programs import CLIENTS
from benchmarks.servers import Server, Trouble, chatsvc, progress, running_in, scratch_folder

COLUMNS = ("client", "version", "TLS", "connected", "said", "heard", "still connected", "result")


@dataclass
class Trial:
    """The result of one client."""

    name: str
    version: str = ""
    secure: str = ""
    marks: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    skipped: bool = False
    client: Client | None = None

    @property
    def failed(self) -> bool:
        return bool(self.reason) and not self.skipped

    def expect(self, mark: str, true: bool, reason: str) -> bool:
        """Note whether something succeeded; keep the first reason for a failure."""
        self.marks.setdefault(mark, "yes")
        if not true:
            self.marks[mark] = "NO"
            self.reason = self.reason or reason
        return true

    def row(self) -> list[str]:
        marks = [self.marks.get(mark, "-") for mark in COLUMNS[3:7]]
        result = "SKIPPED" if self.skipped else "FAIL" if self.reason else "PASS"
        return [self.name, self.version, self.secure, *marks, f"{result} {self.reason}".strip()]


def begin(kind: type[Client], folder: Path, port: int, bystander: Bystander) -> Trial:
    """Start a client and let it talk."""
    trial = Trial(kind.name, secure="yes" if kind.secure else "no")
    try:
        client = kind(folder / kind.nick, port)
    except Missing as missing:
        trial.skipped, trial.reason = True, f"({missing})"
        return trial
    trial.client, trial.version = client, client.version()
    client.connect()
    joined = bystander.sees_join(client.nick, LIMIT)
    if trial.expect("connected", joined, f"it never joined; {_last_words(client)}"):
        talk(trial, bystander, "at first")
    return trial


def talk(trial: Trial, bystander: Bystander, when: str) -> None:
    """Let the client say a line, and hear a line of one word."""
    assert trial.client is not None
    client = trial.client
    words, word = f"hello {when} from {client.nick}", f"{client.nick}-{when.replace(' ', '-')}"
    client.say(words)
    heard = bystander.hears(client.nick, words, LIMIT)
    trial.expect("said", heard, f"nobody heard it {when}; {_last_words(client)}")
    bystander.say(word)
    # After the name: sic takes a word without a colon for the channel, and shows it first.
    said = re.compile(rf"{bystander.name}\W+{word}\b")
    shown = until(lambda: said.search(client.shown()) is not None)
    trial.expect("heard", shown, f"it did not show a line of one word {when}")


def finish(trial: Trial, bystander: Bystander) -> None:
    """Check that the client is still connected, and let it talk again."""
    if trial.client is None or trial.marks.get("connected") != "yes":
        return
    nick = trial.client.nick
    left = bystander.left(nick)
    trial.expect("still connected", not left, f"it left: {', '.join(left)}")
    listed = nick in bystander.people()
    if trial.expect("still connected", listed, "it is not in the list of people any more"):
        talk(trial, bystander, "at last")


def _last_words(client: Client) -> str:
    rows = [row.strip() for row in client.complaint().splitlines() if row.strip()]
    return f"it shows: {' / '.join(rows[-3:])[:300]!r}"


def try_all(arguments: argparse.Namespace, folder: Path) -> list[Trial]:
    extra = shlex.split(arguments.chat_options)
    command = chatsvc(arguments.twistd, "sqlite:{folder}/chat.db", (), extra)
    trials: list[Trial] = []
    with running_in(Server("chatsvc", "irc", 0, 0, 0, command), folder) as chat:
        bystander = Bystander(chat.port)
        try:
            for kind in chosen(arguments.clients):
                progress(f"{kind.name} ...")
                trials.append(begin(kind, folder, chat.port, bystander))
            progress(f"idle for {arguments.idle} s ...")
            time.sleep(arguments.idle)
            for trial in trials:
                finish(trial, bystander)
        finally:
            bystander.close()
            for trial in trials:
                if trial.client is not None:
                    trial.client.stop()
    return trials


def chosen(names: list[str]) -> list[type[Client]]:
    wanted = [name.lower() for name in names]
    return [kind for kind in CLIENTS if not wanted or kind.name.lower() in wanted]


def table(trials: list[Trial]) -> str:
    rows = [list(COLUMNS), *(trial.row() for trial in trials)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def read_arguments(words: list[str] | None) -> argparse.Namespace:
    names = [kind.name.lower() for kind in CLIENTS]
    parser = argparse.ArgumentParser(
        prog="check.py",
        description="Connect real IRC clients to a chat service on this machine, let them talk "
        "and idle, and print what came of it. Exit 1 if one of them fails.",
    )
    add = parser.add_argument
    add("clients", nargs="*", metavar="CLIENT", help=f"among {', '.join(names)} (all)")
    add("--idle", type=int, default=600, metavar="S", help="seconds of silence (%(default)s)")
    beside = Path(sys.executable).with_name("twistd")
    add("--chat-options", default="", metavar="WORDS", help="more options for `twistd chat`")
    add("--twistd", default=str(beside), metavar="PATH", help="the twistd to run (beside python)")
    arguments = parser.parse_args(words)
    if unknown := {name.lower() for name in arguments.clients} - set(names):
        parser.error(f"unknown client: {', '.join(sorted(unknown))}")
    return arguments


def main(words: list[str] | None = None) -> int:
    arguments = read_arguments(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with scratch_folder() as folder:
            trials = try_all(arguments, folder)
    except Trouble as trouble:
        progress(f"check.py: {trouble}")
        return 1
    except KeyboardInterrupt:
        progress("check.py: interrupted; everything that was started has been stopped.")
        return 130
    print(table(trials))
    return 1 if any(trial.failed for trial in trials) else 0


if __name__ == "__main__":
    sys.exit(main())
