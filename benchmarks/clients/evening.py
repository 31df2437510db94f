"""Let real clients spend an evening together, and check what each of them shows.

irssi, WeeChat, HexChat (under Xvfb), The Lounge, Limnoria, eggdrop, telnet and the terminal client
join one service, talk, moderate, look things up, and reconnect. Run it yourself; it takes about two
minutes. See README.md in `benchmarks`.
"""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.clients.evening_programs import Joiner, Limnoria, Lounge, Telnet
from benchmarks.clients.program import Client, Missing, until
from benchmarks.clients.programs import Eggdrop, HexChat, Irssi, WeeChat
from benchmarks.servers import Server, Trouble, chatsvc, progress, running_in, scratch_folder

SECRET = "correct-horse-battery"
CAST: tuple[type[Client], ...] = (
    Irssi, WeeChat, HexChat, Lounge, Limnoria, Eggdrop, Telnet, Joiner,
)  # fmt: skip
GUESTS = (Joiner,)
PEOPLE = ("ida", "wes", "hexa", "lou", "tom", "cleo")  # the others are bots
LIMIT = 15.0  # seconds until a client must show something
# Until others must show what a bot does, which sends a line every few seconds, or what irssi
# answers by itself: it waits until its questions about new channels are answered, of which it asks
# one every half second.
SLOW_LIMIT = 30.0
BREAKS = {
    "wes": ("/disconnect -all", "/connect chat"),
    "hexa": ("/discon", "/reconnect"),
    "lou": ("/disconnect", "/connect"),
}


class Evening:
    """The clients that are there, and what went wrong so far.

    What clients show counts only if it is new: checks compare it with what was shown before the
    first action since the last check.
    """

    def __init__(self, clients: dict[str, Client]) -> None:
        self.clients = clients
        self.steps = 0
        self.faults: list[str] = []
        self._before: dict[str, str] = {}  # what each showed before the actions to be checked
        self._checked = True  # since the last action

    def does(self, nick: str, *lines: str) -> None:
        """Let a client's user type lines."""
        self._begin()
        for line in lines:
            if nick in self.clients:
                self.clients[nick].say(line)

    def lets(self, bot: Eggdrop, script: str) -> None:
        """Let a bot run a script."""
        self._begin()
        bot.do(script)

    def _begin(self) -> None:
        """Note what is shown before an action, unless an earlier one is still to be checked."""
        if self._checked:
            self._before = {nick: client.record() for nick, client in self.clients.items()}
            self._checked = False

    def see(
        self, what: str, pattern: str, nicks: Collection[str] = PEOPLE, limit: float = LIMIT
    ) -> None:
        """Check that these clients show something in time that they did not show before."""
        self.steps += 1
        self._checked = True
        for nick in self.there(*nicks):
            if re.search(pattern, self._before[nick]):
                self.fault(f"{what}: {self.clients[nick].name} ({nick}) showed /{pattern}/ before")
            else:
                self._await(what, pattern, nick, limit)

    def saw(self, what: str, pattern: str, nicks: Collection[str]) -> None:
        """Check that these clients show something, which may be from before."""
        self.steps += 1
        for nick in self.there(*nicks):
            self._await(what, pattern, nick, LIMIT)

    def _await(self, what: str, pattern: str, nick: str, limit: float) -> None:
        client = self.clients[nick]
        if not until(lambda: re.search(pattern, client.record()) is not None, limit):
            self.fault(f"{what}: {client.name} ({nick}) does not show /{pattern}/")

    def see_of_bot(self, what: str, pattern: str, nicks: Collection[str] = PEOPLE) -> None:
        """Check that these clients show what a bot does."""
        self.see(what, pattern, nicks, SLOW_LIMIT)

    def once(self, what: str, text: str, nicks: Collection[str]) -> None:
        """Check that these clients show a text exactly once."""
        self.see(what, re.escape(text), nicks)
        for nick in nicks:
            count = self.clients[nick].record().count(text) if nick in self.clients else 1
            if count != 1:
                self.fault(f"{what}: {nick} shows {text!r} {count} times")

    def fault(self, words: str) -> None:
        progress(words)
        self.faults.append(words)

    def there(self, *nicks: str) -> list[str]:
        return [nick for nick in nicks if nick in self.clients]


def join(evening: Evening) -> None:
    """Ida opens #tea; each who joins is seen by ida."""
    evening.does("ida", "/join #tea")
    evening.see("opening a room", "ida .*has joined #tea", ["ida"])
    evening.does("ida", "/topic tea at four")
    evening.see("a topic", "tea at four", ["ida"])
    for nick in evening.there("wes", "hexa", "lou", "tom", "cleo"):
        evening.does(nick, "/join #tea")
        evening.see("joining", rf"{nick} .*has joined #tea", ["ida"])
        evening.see("the topic, to those who join", "tea at four", [nick])
        if nick in ("hexa", "lou", "wes"):
            evening.see("who set the topic", r"[Ss]et by\W+ida", [nick])


def talk(evening: Evening) -> None:
    """Everybody says something, in one line and in many."""
    for nick in evening.there(*PEOPLE):
        evening.does(nick, f"hello from {nick}")
        others = [other for other in PEOPLE if other != nick]
        evening.see("a message", rf"{nick}\W+hello from {nick}", others)
    evening.does("wes", "/me waves to all")
    evening.see("an action", r"wes\W+waves to all")
    evening.does("wes", "y" * 600 + " the-end")
    evening.see("a long message", "the-end")
    evening.does("ida", "first pasted", "second pasted")
    evening.see("pasted lines", r"first pasted[\s\S]*second pasted")


def operate(evening: Evening) -> None:
    """Ops, voices, kicks, bans and modes."""
    evening.does("ida", "/op wes", "/voice hexa")
    evening.see("an operator", r"\+o wes|status to wes|made wes a moderator", ["ida", "wes", "tom"])
    evening.does("wes", "/mode #tea +tm", "/mode #tea -m")
    evening.see("modes", r"\+mt|\+tm", ["ida", "wes", "lou"])
    evening.does("wes", "/kick cleo behave, please")
    evening.see("a kick", "(kicked|removed).*behave, please")
    evening.does("cleo", "/join #tea", "cleo is back")
    evening.see("rejoining", r"cleo\W+cleo is back", ["ida", "wes", "hexa", "lou", "tom"])
    if evening.there("lou"):
        ban(evening)


def ban(evening: Evening) -> None:
    """Wes bans lou with a reason, and lifts the ban."""
    evening.does("wes", "/kickban lou too loud, sorry")
    evening.see("a ban with kick", "(kicked|removed).*too loud, sorry")
    evening.does("wes", "/mode #tea b")
    evening.see("the ban list", r"people-lou\S* (set by|banned by) wes", ["wes"])
    evening.does("lou", "/join #tea")
    evening.see("a banned user", "banned", ["lou"])
    evening.does("wes", "/unban *!*@people-lou")
    evening.see("lifting a ban", r"-b \*!\*@people-lou", ["ida"])
    evening.does("lou", "/join #tea", "lou is back")
    evening.see("after the ban", r"lou\W+lou is back")


def look_up(evening: Evening) -> None:
    """LIST, WHOIS, CTCP, and messages that no server knows."""
    evening.does("wes", "/list", "/whois tom", "/ctcp ida version", "/quote nonsense")
    evening.see("a list", r"#tea\(\d+\): tea at four", ["wes"])
    evening.see("whois", r"\[tom\] is an operator", ["wes"])
    evening.see("a CTCP reply", "VERSION irssi", ["wes"], SLOW_LIMIT)
    evening.see("an unknown message", "(?i)unknown command", ["wes"])
    evening.does("hexa", "/whois ida")
    evening.see("whois", r"\[ida\] #.*~@#tea", ["hexa"])


def whisper(evening: Evening) -> None:
    """Private messages, away, and another nickname."""
    evening.does("ida", "/msg wes a secret for wes", "/msg hexa a secret for hexa")
    evening.see("a private message", "a secret for wes", ["ida", "wes"])
    evening.see("a private message", "a secret for hexa", ["ida", "hexa"])
    evening.does("tom", "/msg ida a secret from telnet")
    evening.see("a private message", r"tom\W+a secret from telnet", ["ida"])
    evening.does("wes", "/away having lunch")
    evening.does("ida", "/whois wes", "/msg wes are you there")
    evening.see("away", "wes is away: having lunch", ["tom"])
    evening.does("wes", "/away", "/nick wesley")
    evening.see("another nickname", r"(wes\W+is now( known as)?|You are now known as)\W+wesley")
    evening.does("wes", "/nick wes")
    evening.see("the former nickname", r"wesley\W+is now( known as)?\W+wes\b", ["ida", "tom"])


def command_bots(evening: Evening) -> None:
    """Limnoria and eggdrop op, set the topic, and ban with their own modules."""
    if limn := evening.there("limn"):
        evening.does("ida", "/msg limn join #tea")
        evening.see_of_bot("a bot", "limn .*has joined #tea", ["ida"])
        evening.does("ida", "/op limn", "@op hexa")
        evening.see_of_bot("Limnoria's op", r"\+o hexa\] by limn", ["ida"])
        evening.does("ida", "@topic set tea with limn")
        evening.see_of_bot("Limnoria's topic", "limn.*tea with limn")
        evening.does("ida", "@kban cleo bye for now", "@unban cleo")
        evening.see_of_bot("Limnoria's ban", "(kicked|removed).*bye for now", ["ida", "wes", "tom"])
        evening.see_of_bot("Limnoria's unban", r"-b \S*cleo\S*\] by limn", ["ida"])
        evening.does("cleo", "/join #tea")
        evening.saw("Limnoria's log-in", "SASL authentication successful", limn)
    eggy = evening.clients.get("eggy")
    if isinstance(eggy, Eggdrop):
        evening.lets(eggy, "channel add #tea")
        evening.see_of_bot("a bot", "eggy .*has joined #tea", ["ida"])
        evening.does("ida", "/op eggy")
        evening.see_of_bot("eggdrop's op", r"\+o eggy", ["ida", "eggy"])
        evening.lets(eggy, 'putserv "TOPIC #tea :tea with eggy"')
        evening.see_of_bot("eggdrop's topic", "eggy.*tea with eggy")
        evening.lets(eggy, "pushmode #tea +v cleo; flushmode #tea")
        evening.see_of_bot("eggdrop's voice", r"\+v cleo\] by eggy", ["ida"])
        evening.lets(eggy, 'putkick #tea cleo "out with cleo"')
        evening.see_of_bot(
            "eggdrop's kick", "(kicked|removed).*out with cleo", ["ida", "wes", "tom"]
        )
        evening.does("cleo", "/join #tea")


def reconnect(evening: Evening) -> None:
    """Three leave; what is said meanwhile reaches each of them once."""
    away = evening.there(*BREAKS)
    for nick in away:
        evening.does(nick, BREAKS[nick][0])
        evening.see("leaving", rf"{nick} .*has quit", ["ida"])
    evening.does("ida", "said during the break")
    for nick in away:
        evening.does("ida", f"/msg {nick} waiting for {nick}")
    evening.see("waiting", "waiting for", ["ida"] if away else [])
    for nick in away:
        evening.does(nick, BREAKS[nick][1])
    evening.once("history", "said during the break", away)
    for nick in away:
        client = evening.clients[nick]
        if isinstance(client, Lounge):
            client.go("ida")
        evening.once("a message that waited", f"waiting for {nick}", [nick])
    evening.does("ida", "/window 3", "good night")
    for nick in evening.there("lou"):
        lou = evening.clients[nick]
        if isinstance(lou, Lounge):
            lou.go("#tea")
    evening.see("after the break", "good night", [*away, "tom"])


STEPS = (join, talk, operate, look_up, whisper, command_bots, reconnect)


def arrive(folder: Path, port: int, names: list[str]) -> dict[str, Client]:
    """Start the clients that are installed."""
    clients: dict[str, Client] = {}
    for kind in CAST:
        if names and kind.nick not in names:
            continue
        progress(f"{kind.name} ...")
        try:
            client = kind(folder / kind.nick, port, "" if kind in GUESTS else SECRET)
        except Missing as missing:
            progress(f"{kind.name}: skipped ({missing})")
            continue
        clients[kind.nick] = client
        client.connect()
    return clients


def register(folder: Path) -> None:
    """Create the accounts of the cast; tom is an operator."""
    (folder / "password").write_text(f"{SECRET}\n")
    chat = Path(sys.executable).with_name("chatsvc")
    where = ("--archive", f"sqlite:{folder}/chat.db", "--password-file", str(folder / "password"))
    for kind in CAST:
        if kind not in GUESTS:
            role = ("--operator",) if kind is Telnet else ()
            command = [str(chat), "account", "add", kind.nick, *where, *role]
            subprocess.run(command, check=True, capture_output=True)


def spend(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Spend the evening; return what went wrong."""
    register(folder)
    extra = shlex.split(arguments.chat_options)
    command = chatsvc(arguments.twistd, "sqlite:{folder}/chat.db", (), extra)
    with running_in(Server("chatsvc", "irc", 0, 0, 0, command), folder) as chat:
        clients: dict[str, Client] = {}
        try:
            clients = arrive(folder, chat.port, arguments.nicks)
            evening = Evening(clients)
            for step in STEPS:
                progress(f"{step.__name__} ...")
                step(evening)
            show(clients, arguments.pictures)
            progress(f"{evening.steps} checks, {len(evening.faults)} faults")
            return evening.faults
        finally:
            for client in clients.values():
                client.stop()


def show(clients: dict[str, Client], pictures: Path | None) -> None:
    """Print the screens, and save those that are pictures."""
    time.sleep(1)  # graphical clients draw later than they log
    for nick, client in clients.items():
        if isinstance(client, HexChat | Lounge) and pictures is not None:
            client.picture(pictures / f"{nick}.png")
        rows = [row.rstrip()[:140] for row in client.shown().splitlines() if row.strip()]
        print(f"\n=== {client.name} {client.version()} ({nick})", *rows[-45:], sep="\n")


def read_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="evening.py",
        description="Let real clients spend an evening in a chat service on this machine, print "
        "their screens, and exit 1 if one of them does not show what it should.",
    )
    add = parser.add_argument
    nicks = [kind.nick for kind in CAST]
    add("nicks", nargs="*", metavar="NICK", help=f"among {', '.join(nicks)} (all); ida is needed")
    add("--limit", type=int, default=600, metavar="S", help="seconds at most (%(default)s)")
    add("--pictures", type=Path, metavar="DIR", help="folder for screenshots")
    add("--chat-options", default="", metavar="WORDS", help="more options for `twistd chat`")
    beside = Path(sys.executable).with_name("twistd")
    add("--twistd", default=str(beside), metavar="PATH", help="the twistd to run (beside python)")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.nicks) - set(nicks):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments


def main(words: list[str] | None = None) -> int:
    arguments = read_arguments(words)
    for ends in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(ends, signal.default_int_handler)
    signal.alarm(arguments.limit)
    try:
        with scratch_folder() as folder:
            faults = spend(arguments, folder)
    except Trouble as trouble:
        progress(f"evening.py: {trouble}")
        return 1
    except KeyboardInterrupt:
        progress("evening.py: interrupted; everything that was started has been stopped.")
        return 130
    print("", *faults, "FAIL" if faults else "PASS", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
