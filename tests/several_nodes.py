"""Several real nodes of one chat, each in a directory of its own."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from administrator import fails, run, shell
from real import Service


class Nodes:
    """Nodes on one database; they are stopped at the end of its `with` block."""

    def __init__(self, home: Path, archive: str) -> None:
        self._home = home
        self.archive = archive
        self._stack = ExitStack()
        self.services: dict[str, Service] = {}

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def place(self, name: str) -> Path:
        """Return the data directory of a node, with a configuration."""
        place = self._home / name
        if not place.exists():
            place.mkdir(mode=0o700)
            (place / "chatsvc.toml").write_text(
                f'archive = "{self.archive}"\ndata = "."\nnode = "{name}"\n'
            )
        return place

    def start(self, name: str, *options: str) -> Service:
        """Start a node, which leads if it is the first one."""
        service = Service(self.place(name), "--config", "chatsvc.toml", *options)
        self.services[name] = self._stack.enter_context(service)
        service.wait_for(f"The node {name} (leads|relays)")
        return service

    def run(self, name: str, *words: str) -> str:
        """Run a command at a node, which must succeed; return what it prints."""
        return run(self.place(name), *words, "--config", "chatsvc.toml")

    def fails(self, name: str, *words: str) -> str:
        """Run a command at a node, which must fail; return its sentence."""
        return fails(self.place(name), *words, "--config", "chatsvc.toml")

    def shell(self, name: str, *words: str) -> str:
        """Run a command at a node; return what it prints, whatever the outcome is."""
        done = shell(self.place(name), *words, "--config", "chatsvc.toml")
        return f"{done.stdout}{done.stderr}[{done.returncode}]"
