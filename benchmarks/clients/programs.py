"""The clients: how to configure and use each of them, and how to read their screens."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from benchmarks.clients.program import LIMIT, AtATerminal, Client, until, version
from benchmarks.servers import HOST


class Irssi(AtATerminal):
    name, nick, programs = "irssi", "ida", ("irssi", "tmux")

    def connect(self) -> None:
        config = self.home / ".irssi" / "config"
        config.parent.mkdir()
        login = (
            f'sasl_mechanism = "PLAIN"; sasl_username = "ida"; sasl_password = "{self.secret}";'
            if self.secret
            else ""
        )
        config.write_text(
            f"""
settings = {{
    core = {{ real_name = "Ida"; user_name = "ida"; nick = "ida"; }};
    "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "100"; }};
    "fe-text" = {{ show_server_time = "yes"; paste_verify_line_count = "0"; }};
    "fe-common/core" = {{ autolog = "yes"; autolog_path = "{self.home}/logs/$0.log"; }};
}};
chatnets = {{ chat = {{ type = "IRC"; {login} }}; }};
servers = ( {{ address = "{HOST}"; port = "{self.port}"; chatnet = "chat"; autoconnect = "yes";
    use_tls = "yes"; tls_verify = "no"; }} );
channels = ( {{ name = "#lobby"; chatnet = "chat"; autojoin = "yes"; }} );
"""
        )
        self.start("irssi")
        until(lambda: "Act: " in self.shown())
        self.say("/window 2")

    def record(self) -> str:
        return self.logs(self.home / "logs")


class WeeChat(AtATerminal):
    name, nick, programs = "WeeChat", "wes", ("weechat", "tmux")

    def connect(self) -> None:
        (self.home / "logger.conf").write_text("[file]\nflush_delay = 0\n")
        # Lines that it reads together are those of a paste, about which it would ask.
        (self.home / "weechat.conf").write_text("[look]\npaste_max_lines = -1\n")
        login = (
            f"chat.sasl_mechanism = scram-sha-256\nchat.sasl_username = wes\n"
            f'chat.sasl_password = "{self.secret}"\n'
            if self.secret
            else ""
        )
        (self.home / "irc.conf").write_text(
            f"""
[server]
chat.anti_flood_prio_high = 0
chat.anti_flood_prio_low = 0
chat.addresses = "{HOST}/{self.port}"
chat.autoconnect = on
chat.autojoin = "#lobby"
chat.nicks = "wes"
chat.ssl = on
chat.ssl_verify = off
{login}"""
        )
        self.start("weechat", "-d", str(self.home))
        until(lambda: ":#lobby(" in self.shown())  # earlier input would go to the server

    def record(self) -> str:
        return self.logs(self.home / "logs")


class Finch(AtATerminal):
    """Pidgin without windows: libpurple, with NSS for TLS."""

    name, nick, programs = "finch", "finn", ("finch", "tmux")

    def connect(self) -> None:
        folder = self.home / ".purple"
        folder.mkdir()
        (folder / "accounts.xml").write_text(
            f"""<?xml version='1.0' encoding='UTF-8' ?>
<account version='1.0'><account>
 <protocol>prpl-irc</protocol><name>{self.nick}@localhost</name>
 <settings>
  <setting name='port' type='int'>{self.port}</setting>
  <setting name='ssl' type='bool'>1</setting>
 </settings>
 <settings ui='gnt-purple'><setting name='auto-login' type='bool'>1</setting></settings>
</account></account>
"""
        )
        (folder / "blist.xml").write_text(
            f"""<?xml version='1.0' encoding='UTF-8' ?>
<purple version='1.0'><blist><group name='Chats'>
 <chat proto='prpl-irc' account='{self.nick}@localhost'>
  <component name='channel'>#lobby</component>
  <setting name='gnt-autojoin' type='bool'>1</setting>
 </chat></group></blist><privacy/></purple>
"""
        )
        self.start("finch")
        if until(lambda: "SSL Certificate" in self.shown()):
            self._accept()
        until(lambda: "#lobby" in self.shown())

    def _accept(self) -> None:
        """Press Accept, as a user does when asked about the certificate."""
        self._second_window()
        if "Accept" in self.shown():
            self.press("Enter")

    def say(self, words: str) -> None:
        self._second_window()
        self.type(words)
        time.sleep(0.5)  # text that arrives together with Enter is taken for a paste
        self.press("Enter")

    def _second_window(self) -> None:
        """Switch to the window behind the buddy list."""
        self.press("M-2")
        time.sleep(0.5)


class Sic(AtATerminal):
    name, nick, programs, secure = "sic", "siccy", ("sic", "tmux"), False

    def version(self) -> str:
        return version("sic", "-v")

    def connect(self) -> None:
        self.start("sic", "-h", HOST, "-p", str(self.port), "-n", self.nick)
        until(lambda: "422" in self.shown() or "376" in self.shown() or "Welcome" in self.shown())
        self.say(":j #lobby")


class Kirc(AtATerminal):
    name, nick, programs, secure = "kirc", "kira", ("kirc", "tmux"), False

    def version(self) -> str:
        return version("kirc", "-v")

    def connect(self) -> None:
        self.start("kirc", "-s", HOST, "-p", str(self.port), "-c", "lobby", self.nick)


class Ii(Client):
    """Files instead of a screen."""

    name, nick, programs, secure = "ii", "iiva", ("ii",), False

    def version(self) -> str:
        return version("dpkg-query", "-W", "ii")

    def connect(self) -> None:
        where = ("-i", str(self.home), "-s", HOST, "-p", str(self.port), "-n", self.nick)
        self.run("ii", *where)
        until((self.home / HOST / "in").exists)
        self._write(self.home / HOST / "in", "/j #lobby")
        until((self.home / HOST / "#lobby" / "in").exists)

    def say(self, words: str) -> None:
        self._write(self.home / HOST / "#lobby" / "in", words)

    def shown(self) -> str:
        out = self.home / HOST / "#lobby" / "out"
        return out.read_text(errors="replace") if out.exists() else self.printed()

    def _write(self, pipe: Path, words: str) -> None:
        try:
            handle = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return  # it has left: the bystander will not hear it
        with os.fdopen(handle, "w") as file:
            file.write(f"{words}\n")


class Eggdrop(Client):
    """A bot: a short script says what is in a file, and records what it hears."""

    name, nick, programs = "eggdrop", "eggy", ("eggdrop", "setpriv")

    def version(self) -> str:
        return version("eggdrop", "-v")

    def connect(self) -> None:
        config = self.home / "egg.conf"
        config.write_text(
            f"""
set mod-path "/usr/lib/eggdrop/modules/"
set help-path "/usr/share/eggdrop/help/"
set text-path "/usr/share/eggdrop/text/"
set username "egg"
set nick "{self.nick}"
set altnick "{self.nick}?"
set realname "Egg"
set userfile "egg.user"
set chanfile "egg.chan"
set pidfile "egg.pid"
set ssl-verify-server 0
loadmodule blowfish
loadmodule dns
loadmodule channels
loadmodule server
loadmodule irc
set net-type 5
set servers {{ {HOST}:+{self.port}:{self.nick}:{self.secret} }}
logfile mcosv * "egg.log"
channel add #lobby {{ -autoop -protectops }}
bind pubm - "*" heard
proc heard {{nick host hand chan text}} {{
    set file [open heard a]
    puts $file "<$nick> $text"
    close $file
}}
proc look {{}} {{
    if {{[file exists say]}} {{
        set file [open say]
        puthelp "PRIVMSG #lobby :[gets $file]"
        close $file
        file delete say
    }}
    if {{[file exists do]}} {{
        set file [open do]
        set script [gets $file]
        close $file
        file delete do
        set failed [catch $script result]
        putlog "result $failed: $result"
    }}
    utimer 1 look
}}
utimer 1 look
"""
        )
        self.run(*self.unprivileged(), "eggdrop", "-n", "-m", "egg.conf")

    def say(self, words: str) -> None:
        self._hand_over("say", words)

    def do(self, script: str) -> None:
        """Let it run one line of Tcl."""
        self._hand_over("do", script)

    def record(self) -> str:
        return self.shown() + self.printed()

    def _hand_over(self, name: str, words: str) -> None:
        written = self.home / f"{name}.new"
        written.write_text(f"{words}\n")
        written.rename(self.home / name)

    def shown(self) -> str:
        heard = self.home / "heard"
        return heard.read_text(errors="replace") if heard.exists() else ""

    def complaint(self) -> str:
        return self.printed()


class HexChat(Client):
    """A window on an X server without a screen."""

    name, nick, programs = "HexChat", "hexa", ("hexchat", "Xvfb", "xdotool", "setpriv")

    def connect(self) -> None:
        (self.home / "hexchat.conf").write_text(
            f"irc_nick1 = {self.nick}\nirc_nick2 = {self.nick}_\nirc_user_name = hexa\n"
            "gui_slist_skip = 1\nirc_logging = 1\ngui_autoopen_dialog = 0\n"
        )
        # F: cycle, global nick, TLS, connect at start, accept invalid certificates
        login = f"P={self.secret}\nL=6\n" if self.secret else ""
        (self.home / "servlist.conf").write_text(
            f"v=2.16.1\n\nN=chat\n{login}E=UTF-8\nF={1 + 2 + 4 + 8 + 32}\nD=0\n"
            f"S={HOST}/{self.port}\nJ=#lobby\n\n"
        )
        self.display = self._x_server()
        self.run(*self.unprivileged(), "hexchat", "-d", str(self.home), DISPLAY=self.display)
        until(lambda: bool(self._window()))
        until(lambda: "Now talking on #lobby" in self.record())  # its joins are slow

    def say(self, words: str) -> None:
        window = self._window()
        if window:
            self._xdotool("windowfocus", window)
            self._xdotool("type", "--window", window, "--delay", "20", words)
            self._xdotool("key", "--window", window, "Return")

    def shown(self) -> str:
        logs = (self.home / "logs").rglob("*#lobby.log")
        return "".join(log.read_text(errors="replace") for log in logs)

    def complaint(self) -> str:
        return self.record() or self.printed()

    def record(self) -> str:
        return self.logs(self.home / "logs")

    def picture(self, to: Path) -> None:
        """Save what is on the screen."""
        command = ["import", "-display", self.display, "-window", "root", str(to)]
        subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)

    def _x_server(self) -> str:
        with (self.home / "display").open("wb") as file:
            screen = ("-screen", "0", "1000x700x24")
            command = ["Xvfb", "-displayfd", "1", *screen, "-nolisten", "tcp", "-ac"]
            self._processes.append(
                subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
            )
        until(lambda: (self.home / "display").read_text().endswith("\n"))
        return ":" + (self.home / "display").read_text().strip()

    def _window(self) -> str:
        # The main window; the others are its invisible helpers.
        found = self._xdotool("search", "--onlyvisible", "--name", "HexChat").split()
        return found[-1] if found else ""

    def _xdotool(self, *words: str) -> str:
        environment = {**self.environment(), "DISPLAY": self.display}
        command = ["xdotool", *words]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=LIMIT)
        return done.stdout.decode()


CLIENTS: tuple[type[Client], ...] = (HexChat, Finch, Kirc, Eggdrop, Ii, Sic, Irssi, WeeChat)
