"""A user in the lobby, over JSON lines, who listens to the clients and answers them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks.servers import HOST

ROOM = "#lobby"
Event = dict[str, Any]


class Bystander:
    """A user whose events are read continuously."""

    def __init__(self, port: int, name: str = "bea") -> None:
        self.name = name
        self._socket = socket.create_connection((HOST, port), 10)
        self._socket.settimeout(None)
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._asked = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.ask("hello", name=name)
        self.ask("join", room=ROOM)

    def close(self) -> None:
        self._socket.close()

    def ask(self, do: str, **arguments: object) -> Event:
        """Send a request and return the event that answers it."""
        self._asked += 1
        tag = f"q{self._asked}"
        line = json.dumps({"do": do, "tag": tag, **arguments}) + "\n"
        self._socket.sendall(line.encode())
        answer = self.wait_for(lambda event: event.get("tag") == tag, 20)
        return answer or {"event": "nothing"}

    def say(self, words: str) -> None:
        self.ask("say", room=ROOM, text=words)

    def hears(self, name: str, words: str, limit: float) -> bool:
        """Return whether this person is shown that line in time."""

        def said(event: Event) -> bool:
            about = event["event"] == "said" and event["from"] == name
            return about and words in event.get("text", "")

        return self.wait_for(said, limit) is not None

    def sees_join(self, name: str, limit: float) -> bool:
        return self.wait_for(lambda event: _is_about(event, "joined", name), limit) is not None

    def left(self, name: str) -> list[str]:
        """Return the words of each time this person has left."""
        with self._changed:
            gone = [event for event in self._events if _is_about(event, "left", name)]
        return [str(event.get("words", "without a word")) for event in gone]

    def people(self) -> set[str]:
        return {person["name"] for person in self.ask("who", room=ROOM).get("people", ())}

    def wait_for(self, wanted: Callable[[Event], bool], limit: float) -> Event | None:
        """Return the first event so far or in time that is `wanted`."""
        end = time.monotonic() + limit
        read = 0
        with self._changed:
            while True:
                for event in self._events[read:]:
                    if wanted(event):
                        return event
                read = len(self._events)
                if not self._changed.wait(max(0.0, end - time.monotonic())):
                    return None

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    with self._changed:
                        self._events.append(json.loads(line))
                        self._changed.notify_all()
            except (OSError, ValueError):
                pass


def _is_about(event: Event, kind: str, name: str) -> bool:
    return event["event"] == kind and name in event.get("names", ())
