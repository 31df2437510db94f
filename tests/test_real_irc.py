"""Real irssi and real WeeChat, with SASL over TLS, together with users of other programs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real import Service, Terminal, beside_python, needs
from tmux import Screen, Tmux

from chatsvc.auth.accounts import new_account
from chatsvc.auth.passwords import kept_of
from chatsvc.store.sqlite.offline import Ledger

SECRET = "correct-horse-battery"
IN_UTC = {"TZ": "UTC"}

IRSSI = """
settings = {{
    core = {{ real_name = "Ida"; user_name = "ida"; nick = "ida"; }};
    "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "100"; }};
    "fe-text" = {{ show_server_time = "yes"; paste_verify_line_count = "0"; }};
}};
chatnets = {{ chat = {{
    type = "IRC"; nick = "ida";
    sasl_mechanism = "PLAIN"; sasl_username = "ida"; sasl_password = "{secret}";
}}; }};
servers = ( {{
    address = "localhost"; port = "{port}"; chatnet = "chat"; autoconnect = "yes";
    use_tls = "yes"; tls_verify = "no";
}} );
channels = ( {{ name = "#lobby"; chatnet = "chat"; autojoin = "yes"; }} );
"""
# WeeChat 4 calls "tls" what 3 called "ssl"; it reads files written by 3.
WEECHAT = """
[server]
chat.anti_flood_prio_high = 0
chat.anti_flood_prio_low = 0
chat.addresses = "localhost/{port}"
chat.autoconnect = on
chat.autojoin = "#lobby"
chat.nicks = "wes"
chat.sasl_mechanism = plain
chat.sasl_username = "wes"
chat.sasl_password = "{secret}"
chat.ssl = on
chat.ssl_verify = off
"""


@dataclass(frozen=True)
class Seat:
    """A user of a program, and how it shows what others say and do."""

    name: str
    at: Screen | Terminal
    said: str
    acted: str

    def types(self, line: str) -> None:
        self.at.type(f"{line}\r")

    def hears(self, who: str, words: str) -> None:
        self.at.until(self.said.format(who, words))

    def sees(self, who: str, does: str) -> None:
        self.at.until(self.acted.format(who, does))


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Service]:
    kept = kept_of(SECRET)
    with Ledger(tmp_path / "chat.db") as ledger:
        ledger.put(*(new_account(name, kept, "", 1.0) for name in ("ida", "wes", "tom")))
    with Service(tmp_path) as service:
        yield service


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    with Tmux(tmp_path, 140, 45) as tmux:
        yield tmux


def irssi(tmux: Tmux, chat: Service, home: Path, secret: str = SECRET) -> Seat:
    """Return ida, at irssi."""
    home.mkdir()
    (home / "config").write_text(IRSSI.format(port=chat.port, secret=secret))
    screen = tmux.start("irssi", needs("irssi"), "--home", str(home), env=IN_UTC)
    return Seat("ida", screen, "<.?{}> {}", r" \* {} {}")


def weechat(tmux: Tmux, chat: Service, home: Path, secret: str = SECRET) -> Seat:
    """Return wes, at WeeChat."""
    home.mkdir()
    (home / "irc.conf").write_text(WEECHAT.format(port=chat.port, secret=secret))
    screen = tmux.start("weechat", needs("weechat"), "-d", str(home), env=IN_UTC)
    return Seat("wes", screen, r" [~@]?{} \| {}", r" \* \| {} {}")


def in_the_lobby(tmux: Tmux, chat: Service, directory: Path) -> tuple[Seat, Seat]:
    """Return ida and wes, with their rooms on the screen."""
    ida, wes = irssi(tmux, chat, directory / "irssi"), weechat(tmux, chat, directory / "weechat")
    ida.at.until(r"\[Act: [\d,]*2")
    ida.types("/window 2")
    ida.at.until(r"\[2:chat/#lobby(\(\+n\))?\]")
    wes.at.until("Channel #lobby: ")
    return ida, wes


def telnet(chat: Service) -> Seat:
    """Return tom, at telnet, who has an account too."""
    terminal = chat.terminal(needs("telnet"), "localhost", str(chat.port))
    terminal.until(r"What is your name\?")
    terminal.type("tom\r")
    terminal.until("tom is a registered name.")
    terminal.type(f"{SECRET}\r")
    terminal.until("Welcome back, tom.")
    return Seat("tom", terminal, "<{}> {}", r"\* {} {}")


def bundled(chat: Service) -> Seat:
    """Return cleo, a guest at the bundled client."""
    where = f"localhost:{chat.port}"
    terminal = chat.terminal(beside_python("chatsvc"), "join", "--plain", where, "--name", "cleo")
    terminal.until("#lobby> ")
    return Seat("cleo", terminal, "<{}> {}", r"\* {} {}")


def make_older(archive: Path, when: datetime) -> None:
    """Change the time of everything that was said so far."""
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("UPDATE said SET time = ?", (int(when.timestamp() * 1000),))


def test_what_was_said_before_is_played_with_its_times(
    chat: Service, tmux: Tmux, tmp_path: Path
) -> None:
    bob = chat.program("bob")
    bob.ask("say", text="are we on for tea?")
    bob.ask("me", text="waits")
    bob.ask("topic", text="tea at four")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    make_older(tmp_path / "chat.db", yesterday.replace(hour=11, minute=22, second=33))
    ida, wes = in_the_lobby(tmux, chat, tmp_path)
    ida.at.until(r"11:22 < bob> are we on for tea\?\n.*11:22  \* bob waits$")
    ida.at.until(r"^\d\d:\d\d -!- Topic for #lobby: tea at four$")
    wes.at.until(r"11:22:33 +bob \| are we on for tea\? .*\n.*11:22:33 +\* \| bob waits ")
    wes.at.until(r'\| Topic for #lobby is "tea at four"')
    assert bob.ask("who")["count"] == 3


def test_everybody_sees_what_the_others_say_and_do(
    chat: Service, tmux: Tmux, tmp_path: Path
) -> None:
    ida, wes = in_the_lobby(tmux, chat, tmp_path)
    cleo, tom = bundled(chat), telnet(chat)
    everybody = {ida, wes, tom, cleo}
    until_all_are_here(tom)

    for who in everybody:
        who.types(f"hello from {who.name}")
        who.types(f"/me waves, {who.name}")
        for other in everybody - {who}:
            other.hears(who.name, f"hello from {who.name}")
            other.sees(who.name, f"waves, {who.name}")

    ida.types("/topic tea at four")
    wes.at.until(r'\| ida has changed topic for #lobby to "tea at four"')
    for who in (tom, cleo):
        who.sees("ida", "set the topic: tea at four")
    tom.types("/topic tea at five")
    ida.at.until("-!- tom changed the topic of #lobby to: tea at five$")

    wes.types("/nick wesley")
    ida.at.until("-!- wes is now known as wesley$")
    for who in (tom, cleo):
        who.sees("wes", r"is now wesley\.")
    cleo.types("/nick cleopatra")
    wes.at.until(r"\| cleo is now known as cleopatra")

    ida.types("/away having tea")
    for who in (tom, cleo):
        who.sees("ida", "is away: having tea")
    ida.at.until(r"\[ida.* \(zZzZ\)\]")
    tom.types("/away lunch")
    ida.types("/window 1")
    ida.types("/whois tom")
    ida.at.until(r"-!-  away     : lunch$")

    tom.types("/msg ida psst")
    ida.types("/query tom")
    ida.hears("tom", "psst")
    ida.types("yes, I hear you")
    tom.at.until(r"\* ida whispers: yes, I hear you")
    ida.types("/quit")
    tom.at.until(r"\* ida left: leaving")
    wes.types("/quit so long")
    tom.at.until(r"\* wesley left: so long")


def until_all_are_here(somebody: Seat) -> None:
    somebody.types("/who")
    while somebody.at.until(r"In #lobby: (\d) people")[1] != "4":
        somebody.types("/who")


def test_a_moderator_puts_people_out_and_their_screens_say_so(
    chat: Service, tmux: Tmux, tmp_path: Path
) -> None:
    tom = telnet(chat)
    tom.types("/join #games")
    ida, wes = in_the_lobby(tmux, chat, tmp_path)
    for who in (ida, wes):
        who.types("/join #games")
        tom.sees(who.name, r"joined\.")
    tom.types("/kick ida be nice")
    ida.at.until(r"-!- ida was kicked from #games by tom \[be nice\]$")
    wes.at.until(r"\| tom has kicked ida \(be nice\)")
    ida.types("/join #games")
    tom.sees("ida", r"joined\.")
    ida.at.until(r"\[~tom\] \[ ida\] \[ wes\]$")

    tom.types("/ban wes 1h spam")
    wes.at.until(r"\| tom has kicked wes \(spam\)")
    ida.at.until(r"-!- wes was kicked from #games by tom \[spam\]$")
    wes.types("/join #games")
    wes.at.until(r"\| #games: You are banned in #games: spam\. You can join again in (1 h|59 min)")
    tom.types("/ban ida 1h noise")
    ida.at.until(r"-!- ida was kicked from #games by tom \[noise\]$")
    ida.types("/join #games")
    ida.types("/window 1")
    ida.at.until(r"-!- Cannot join to channel #games \(You are banned\)$")

    tom.types("/who")
    tom.at.until("In #games: 1 person")
    tom.types("/unban wes")
    tom.at.until(r"\* wes is no longer banned in #games\.")
    wes.types("/join #games")
    tom.sees("wes", r"joined\.")


def test_a_wrong_password_is_seen_and_one_is_not_that_person(
    chat: Service, tmux: Tmux, tmp_path: Path
) -> None:
    ida = irssi(tmux, chat, tmp_path / "irssi", "battery-horse-correct")
    wes = weechat(tmux, chat, tmp_path / "weechat", "battery-horse-correct")
    ida.at.until(r"-!- Cannot authenticate via SASL \(Wrong password\.\)$")
    wes.at.until("#lobby")  # its buffer opens before it is joined, and is shown
    wes.types("/buffer 1")
    wes.at.until(r"\| Wrong password\.")
    assert "nobody else is here" in chat.person().come_in("bob")


def test_clients_ban_kick_and_mute_with_their_own_commands(
    chat: Service, tmux: Tmux, tmp_path: Path
) -> None:
    tom = telnet(chat)
    ida, wes = in_the_lobby(tmux, chat, tmp_path)
    for who in (ida, wes, tom):
        who.types("/join #games")
        ida.at.until(rf"-!- {who.name} .* has joined #games$")
    ida.types("/kickban wes too loud, sorry")
    ida.at.until(r"-!- mode/#games \[\+b \*!\*@people-wes\] by ida$")
    ida.at.until(r"-!- wes was kicked from #games by ida \[too loud, sorry\]$")
    wes.at.until(r"\| ida has kicked wes \(too loud, sorry\)")
    tom.at.until(r"\* ida removed wes from #games: too loud, sorry")
    ida.types("/ban")
    ida.at.until(r"-!- 1 - #games: ban \*!\*@people-wes \[by ida, \d+ secs? ago\]$")
    ida.types("/unban *!*@people-wes")
    ida.at.until(r"-!- mode/#games \[-b \*!\*@people-wes\] by ida$")
    wes.types("/join #games")
    ida.at.until(r"-!- wes .* has joined #games$")
    ida.types("/op wes")
    wes.at.until(r"Mode #games \[\+o wes\] by ida")
    wes.types("/kickban tom spam")
    tom.at.until(r"\* wes removed you from #games: spam")
    ida.at.until(r"-!- mode/#games \[\+b \*!\*@people-tom\] by wes$")
    wes.types("/mode #games +b $m:*!~x@*")
    ida.at.until(r"-!- mode/#games \[\+b \$m:\*!~x@\*\] by wes$")
    wes.types("/unban tom")
    wes.types("/mode #games -int+l 9")
    ida.at.until(r"-!- mode/#games \[-int\+l 9\] by wes$")
