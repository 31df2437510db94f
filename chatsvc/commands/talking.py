"""Messages to a room or to one person."""

from __future__ import annotations

from chatsvc.commands.registry import Answer, Signs, Text, Words, command
from chatsvc.core.chat import Room, Session, User
from chatsvc.core.directory import room_of
from chatsvc.model.characters import clean_formatted
from chatsvc.model.events import Event
from chatsvc.model.records import Account
from chatsvc.model.requests import Refused
from chatsvc.model.room_events import Talking
from chatsvc.model.server_events import Asked, Notice
from chatsvc.model.text_rules import key
from chatsvc.policy.permissions import check_outside
from chatsvc.services.hub import Hub
from chatsvc.services.messaging import PLAINLY, Manner

PEOPLE = 500  # listed at once


@command("say text")
def say(
    hub: Hub,
    session: Session,
    text: Text,
    room: str | None = None,
    notice: bool = False,
    signs: Signs | None = None,
    tag: str | None = None,
) -> Answer:
    """Send a message to a room."""
    manner = Manner(False, notice, signs) if notice or signs else PLAINLY
    return _say(hub, session, text=text, room=room, tag=tag, manner=manner)


@command("me text", help="describes an action", example="/me makes tea")
def me(
    hub: Hub,
    session: Session,
    text: Words,
    room: str | None = None,
    signs: Signs | None = None,
    tag: str | None = None,
) -> Answer:
    """Send an action to a room."""
    return _say(hub, session, text=text, room=room, tag=tag, manner=Manner(True, False, signs))


def _say(
    hub: Hub,
    session: Session,
    text: str,
    room: str | None,
    tag: str | None,
    manner: Manner,
) -> Event | None:
    if session.typed is not None:  # a call less for each message
        session.check_typed(text)
    if room is None and session.target is not None:
        to = _still_reached(hub, session, session.target)
        return hub.messaging.whisper(session, to=to, text=text, manner=manner, tag=tag)
    # A call less for most messages; a room in another spelling is found by its key.
    here = session.here if room is None else session.rooms.get(room)
    place = _place(hub, session, room) if here is None else here
    hub.messaging.say(session, room=place, text=text, manner=manner, tag=tag)
    return None


def _place(hub: Hub, session: Session, name: str | None) -> Room:
    """Return the room to talk in, which the user is in or may talk to from outside."""
    try:
        return room_of(session, name)
    except Refused as refused:
        return _place_outside(hub, session, name, refused)


def _place_outside(hub: Hub, session: Session, name: str | None, refused: Refused) -> Room:
    """Return a room to talk to from outside; if there is none, refuse as `room_of` did."""
    room = hub.directory.room(name or "")
    if room is None:
        raise refused
    check_outside(session.person, room)
    return room


def _still_reached(hub: Hub, session: Session, to: User | Account) -> User | Account:
    """Return the recipient, even after they have left if messages can wait for them."""
    account = to if isinstance(to, Account) else to.account
    if isinstance(to, User) and to.sessions:
        return to
    account = hub.accounts.get(account.id) if account else None
    if account is not None and session.person.account is not None:
        return hub.directory.by_account.get(account.id, account)
    raise Refused(
        "no-such-person",
        f"Not sent: {to.name} has left. To talk to the room again: /to all",
    )


@command(
    "msg name text",
    help="sends a private message",
    example="/msg bob the code is 4711",
)
def msg(
    hub: Hub,
    session: Session,
    name: str,
    text: Text,
    action: bool = False,
    notice: bool = False,
    signs: Signs | None = None,
    remind: bool = False,
    tag: str | None = None,
) -> Answer:
    """Send a private message, or (`#room`) a message to a room.

    With `remind`, tell each time that the recipient is away.
    """
    if name.startswith("#"):
        manner = Manner(action, notice, signs)
        return _say(hub, session, text=text, room=name, tag=tag, manner=manner)
    if remind:
        session.waited_for = ""
    text = clean_formatted(text) if action else text
    manner = Manner(action, notice, signs)
    return hub.messaging.whisper(
        session, to=hub.messaging.addressee(session, name), text=text, manner=manner, tag=tag
    )


@command(
    "mods text",
    help="sends a message to the room's moderators",
    example="/mods eve is back",
    settled=True,
)
def mods(
    hub: Hub,
    session: Session,
    text: Text,
    room: str | None = None,
    action: bool = False,
    notice: bool = False,
    signs: Signs | None = None,
) -> Answer:
    """Send a message to the moderators of a room."""
    here = room_of(session, room)
    text = clean_formatted(text) if action else text
    return hub.messaging.tell_moderators(session, here, text, Manner(action, notice, signs))


@command("signal signs", settled=True)
def signal(
    hub: Hub,
    session: Session,
    signs: Signs,
    room: str | None = None,
    name: str | None = None,
    mods: bool = False,
    persist: bool = False,
) -> Answer:
    """Send what programs show each other, such as typing notices; with `mods`, moderators.

    The history of IRC clients has it if it is to `persist`.
    """
    to = hub.directory.find(name) if name is not None else _place(hub, session, room)
    return hub.messaging.signal(session, to, signs, mods=mods, persist=persist)


@command("reply text", help="replies to the last private message", example="/reply thanks")
def reply(hub: Hub, session: Session, text: Text, tag: str | None = None) -> Answer:
    """Answer the last private message."""
    if session.whispered is None:
        raise Refused("nobody", "You have no private messages to reply to.")
    to = _still_reached(hub, session, session.whispered)
    return hub.messaging.whisper(session, to=to, text=text, manner=PLAINLY, tag=tag)


@command(
    "to [who]",
    help="sends your messages to one user, or to the room again",
    example="/to bob",
)
def to(hub: Hub, session: Session, who: str | None = None) -> Answer:
    """Choose who receives the following messages."""
    if who is None and session.asked != "to":
        return _ask_to_whom(hub, session)
    session.asked, choices = None, session.choices
    session.choices = ()
    if who is None:
        return talking(session)
    numbered = who.isdecimal() and len(who) < 9 and 0 < int(who) <= len(choices)
    if numbered and key(who) not in hub.directory.users:
        who = choices[int(who) - 1]
    if who.startswith("#"):
        session.here, session.target = room_of(session, who), None
        return talking(session)
    session.target = None if key(who) == "all" else hub.messaging.addressee(session, who)
    return talking(session)


def _ask_to_whom(hub: Hub, session: Session) -> Event:
    here = room_of(session, None)
    others = [user.name for user in here.seen_by(session.person) if user is not session.user]
    if not others:
        return Notice("Nobody else is online.")
    session.choices = tuple(others[:PEOPLE])
    session.asked = "to"
    return Asked("to", "To whom? (a number, a name, or all)", session.choices)


def talking(session: Session) -> Talking:
    """Return whom plain lines go to."""
    here = session.here.name if session.here else None
    return Talking(here, session.target.name if session.target else None)
