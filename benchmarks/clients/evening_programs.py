"""More clients for an evening: The Lounge, Limnoria, telnet, and the chat's own terminal client."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks.clients.program import AtATerminal, Client, Missing, until, version
from benchmarks.servers import HOST, free_port

_SETTINGS = '{"statusMessages": "shown"}'  # each join, kick and mode in a row of its own


class Lounge(Client):
    """The Lounge, an IRC client in a browser, in its public mode."""

    name, nick, programs = "The Lounge", "lou", ("thelounge", "chromium")

    def __init__(self, home: Path, port: int, secret: str = "") -> None:
        super().__init__(home, port, secret)
        try:
            self._api: Any = importlib.import_module("playwright.sync_api")
        except ImportError:
            raise Missing("playwright is not installed: pip install '.[browser]'") from None
        self._seen = ""

    def connect(self) -> None:
        web = free_port()
        (self.home / "config.js").write_text(
            f"""module.exports = {{
    public: true, host: "{HOST}", port: {web}, theme: "default", prefetch: false,
    fileUpload: {{enable: false}}, messageStorage: [], identd: {{enable: false}},
    leaveMessage: "so long", transports: ["polling", "websocket"], maxHistory: 10000,
    defaults: {{name: "chat", host: "{HOST}", port: {self.port}, tls: true, join: "#lobby",
        rejectUnauthorized: false, nick: "{self.nick}", username: "{self.nick}",
        realname: "Lou", password: "", leaveMessage: ""}},
}};
"""
        )
        self.run("thelounge", "start", THELOUNGE_HOME=str(self.home))
        until(lambda: "Available at" in self.printed())
        self._open(f"http://{HOST}:{web}/")

    def _open(self, address: str) -> None:
        self._driver = self._api.sync_playwright().start()
        arguments = ("--no-sandbox", "--disable-gpu")
        chromium = shutil.which("chromium")
        self._browser = self._driver.chromium.launch(executable_path=chromium, args=arguments)
        size = {"width": 1200, "height": 800}
        self.page = self._browser.new_page(viewport=size)
        self.page.add_init_script(f"localStorage.setItem('settings', '{_SETTINGS}')")
        self.page.goto(address)
        if self.secret:
            self.page.fill("input[name=password]", f"{self.nick}:{self.secret}")
        self.page.click("button[type=submit]")
        until(lambda: "has joined the channel" in self.shown())

    def say(self, words: str) -> None:
        self.page.fill("#input", words)
        self.page.click("#submit")  # Enter would accept a completion

    def go(self, window: str) -> None:
        """Show another window of the list."""
        self._seen += self.shown()
        self.page.click(f".channel-list-item[data-name='{window}']")

    def shown(self) -> str:
        return str(self.page.inner_text("body"))

    def record(self) -> str:
        return self._seen + self.shown()

    def picture(self, to: Path) -> None:
        """Save what the page shows."""
        self.page.screenshot(path=str(to))

    def stop(self) -> None:
        if hasattr(self, "_browser"):
            self._browser.close()
            self._driver.stop()
        super().stop()


class Limnoria(Client):
    """A bot with the commands of its Channel and Topic plugins, for whom `ida` is the owner."""

    name, nick, programs = "Limnoria", "limn", ("limnoria", "setpriv")

    def connect(self) -> None:
        settings = {
            "nick": self.nick,
            "ident": self.nick,
            "networks": "chat",
            "networks.chat.servers": f"{HOST}:{self.port}",
            "networks.chat.ssl": "True",
            "networks.chat.channels": "#lobby",
            "networks.chat.sasl.username": self.nick if self.secret else "",
            "networks.chat.sasl.password": self.secret,
            "protocols.ssl.verifyCertificates": "False",
            "reply.whenAddressedBy.chars": "@",
            "defaultIgnore": "False",
            "log.stdout": "True",
            "log.level": "DEBUG",
            **{f"plugins.{name}": "True" for name in PLUGINS},
        }
        rows = (f"supybot.{name}: {value}\n" for name, value in settings.items())
        (self.home / "limn.conf").write_text("".join(rows))
        self._write_owner()
        self.run(*self.unprivileged(), "limnoria", str(self.home / "limn.conf"))

    def _write_owner(self) -> None:
        folder = self.home / "conf"
        folder.mkdir()
        (folder / "users.conf").write_text(
            "user 1\n  name ida\n  ignore False\n  secure False\n  hashed False\n"
            "  password x\n  capability owner\n  hostmask ida!*@*\n\n"
        )
        if os.geteuid() == 0:
            os.chown(folder / "users.conf", 65534, 65534)

    def version(self) -> str:
        return version("limnoria", "--version")

    def shown(self) -> str:
        return self.printed()


PLUGINS = ("Admin", "Channel", "Config", "Misc", "Owner", "Topic", "User", "Seen", "Utilities")


class Telnet(AtATerminal):
    name, nick, programs, secure = "telnet", "tom", ("telnet", "tmux"), False

    def version(self) -> str:
        return "-"

    def connect(self) -> None:
        self.start("telnet", HOST, str(self.port))
        self.tmux("set", "-g", "history-limit", "5000")
        self.say(self.nick)
        if self.secret:
            until(lambda: "registered name" in self.shown())
            self.say(self.secret)
        until(lambda: "You are in #lobby" in self.shown())

    def record(self) -> str:
        return self.tmux("capture-pane", "-p", "-J", "-S", "-5000", "-t", "x")


class Joiner(AtATerminal):
    """The full-screen terminal client."""

    name, nick, programs, secure = "chatsvc join", "cleo", ("tmux",), False

    def version(self) -> str:
        return version(str(self._command()), "--version")

    def connect(self) -> None:
        self.start(str(self._command()), "join", f"{HOST}:{self.port}", "--name", self.nick)
        until(lambda: " here" in self.shown())  # earlier keys are lost

    def _command(self) -> Path:
        return Path(sys.executable).with_name("chatsvc")
