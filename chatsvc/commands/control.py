"""The table of commands for the control socket: functions, each of which answers.

A caller may add rows for what only the process can do.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import TypeAlias

from chatsvc.core.chat import Room, Session
from chatsvc.core.shell import shell_session
from chatsvc.model.administration_events import OF_NODES
from chatsvc.model.control import Answer, Arguments
from chatsvc.model.requests import Refused
from chatsvc.model.text_rules import counted, duration, room_name, span
from chatsvc.services.hub import Hub
from chatsvc.store.erasing import Erasure, outcome

Command: TypeAlias = Callable[[Arguments], Awaitable[Answer]]


class Control:
    """The commands that act on the chat, in the name of the administrator."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def _shell(self) -> Session:
        return shell_session(self._hub.now())

    def _room(self, arguments: Arguments) -> Room | None:
        """Return the room that is named, or None for the whole server."""
        name = arguments.text("room", "")
        if not name:
            return None
        room = self._hub.directory.room(room_name(name))
        if room is None:
            raise Refused("no-such-room", f"There is no room {name}. To list them: room list")
        return room

    async def status(self, arguments: Arguments) -> Answer:
        """Return the figures of the service."""
        figures = asdict(self._hub.status.summary())
        if not figures["nodes"]:
            figures = {name: figures[name] for name in figures if name not in OF_NODES}
        return {"pid": os.getpid(), **figures}

    async def who(self, arguments: Arguments) -> Answer:
        """Return everybody online."""
        return {"people": self._hub.status.people()}

    async def rooms(self, arguments: Arguments) -> Answer:
        """Return every room."""
        return {"rooms": self._hub.status.rooms()}

    async def remove_room(self, arguments: Arguments) -> Answer:
        """Remove a room with everything in it."""
        room = self._room(arguments)
        if room is None:
            raise Refused("bad-argument", "The argument room is missing.")
        removed = await self._hub.room_removal.remove(self._shell(), room)
        return {"room": room.name, "messages": room.last, "text": removed.text}

    async def rename_room(self, arguments: Arguments) -> Answer:
        """Give a room another name."""
        room = self._room(arguments)
        if room is None:
            raise Refused("bad-argument", "The argument room is missing.")
        name, reason = arguments.text("name"), arguments.text("reason", "")
        renamed = await self._hub.renaming.rename(self._shell(), room, name, reason=reason)
        text = f"Renamed {renamed.room} to {renamed.to}."
        return {"room": renamed.room, "name": renamed.to, "text": text}

    async def reread(self, arguments: Arguments) -> Answer:
        """Load the accounts at once, as another process has changed them in the archive."""
        await self._hub.accounts.refresh()
        return {"text": "Loaded the accounts."}

    async def kick(self, arguments: Arguments) -> Answer:
        """Remove a user from a room or from the server."""
        room, user = self._room(arguments), self._hub.directory.find(arguments.text("name"))
        removed = await self._hub.moderation.kick(
            self._shell(), user, room, arguments.text("reason", "")
        )
        where = removed.room or "the server"
        return {"name": removed.name, "text": f"Removed {removed.name} from {where}."}

    async def ban(self, arguments: Arguments) -> Answer:
        """Ban a user or a mask, for a time or permanently."""
        lasting = arguments.text("for", "")
        seconds = duration(lasting) if lasting else 0.0
        banned = await self._hub.banning.ban(
            self._shell(),
            who=arguments.text("who"),
            seconds=seconds,
            reason=arguments.text("reason", ""),
            room=self._room(arguments),
        )
        period = f"for {span(seconds)}" if seconds else "permanently"
        removed = f"Removed: {', '.join(banned.hit)}." if banned.hit else "Nobody online matches."
        return {
            "who": banned.who,
            "removed": list(banned.hit),
            "text": f"Banned {banned.who} {period}. {removed}",
        }

    async def unban(self, arguments: Arguments) -> Answer:
        """Lift a ban."""
        room = self._room(arguments)
        lifted = await self._hub.banning.unban(self._shell(), arguments.text("who"), room)
        return {"who": lifted.who, "text": f"{lifted.who} is no longer banned."}

    async def announce(self, arguments: Arguments) -> Answer:
        """Send a message to everybody online."""
        text = arguments.text("text").strip()
        if not text:
            raise Refused("bad-argument", "Write what to announce.")
        await self._hub.moderation.announce(self._shell(), text)
        people = len(self._hub.directory.users)
        return {"people": people, "text": f"Announced to {counted(people, 'user')}."}

    async def lockdown(self, arguments: Arguments) -> Answer:
        """Turn lockdown on or off; without `on`, say which it is."""
        current = self._hub.lockdown.on
        on = arguments.flag("on", current)
        if on != current:
            await self._hub.moderation.lock_down(self._shell(), on)
        who = "only registered users can join" if on else "everybody can join"
        return {"on": on, "text": f"Lockdown is {'on' if on else 'off'}: {who}."}

    async def erase(self, arguments: Arguments) -> Answer:
        """Erase what an account or guests have said; report the progress."""

        def report(erasure: Erasure, looked: int, of: int) -> None:
            arguments.report({"looked": looked, "of": of, "erased": erasure.count})

        wanted = Erasure(
            arguments.text("name"),
            guest=arguments.flag("guest", False),
            since=arguments.number("since", 0.0),
            until=arguments.number("until", 0.0),
            only=arguments.text("room", ""),
        )
        return outcome(await self._hub.erasing.erase(wanted, report))


COMMANDS: dict[str, Callable[[Control, Arguments], Awaitable[Answer]]] = {
    "status": Control.status,
    "who": Control.who,
    "rooms": Control.rooms,
    "remove-room": Control.remove_room,
    "rename-room": Control.rename_room,
    "kick": Control.kick,
    "ban": Control.ban,
    "unban": Control.unban,
    "announce": Control.announce,
    "lockdown": Control.lockdown,
    "reread": Control.reread,
    "erase": Control.erase,
}


def commands(hub: Hub) -> dict[str, Command]:
    """Return the commands of a service, by name."""
    control = Control(hub)
    return {name: partial(command, control) for name, command in COMMANDS.items()}
