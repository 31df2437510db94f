"""Metadata of users and rooms, and subscriptions to its changes; for programs."""

from __future__ import annotations

from functools import partial

from chatsvc.commands.long_answers import Listing
from chatsvc.commands.registry import Answer, Values, command
from chatsvc.core.chat import Session
from chatsvc.model.metadata_events import Metadata
from chatsvc.services.hub import Hub
from chatsvc.services.subscriptions import check_keys


@command("metadata [target]")
def metadata(
    hub: Hub,
    session: Session,
    target: str = "*",
    keys: str | None = None,
    values: Values | None = None,
    clear: bool = False,
    sync: bool = False,
) -> Answer:
    """Return the metadata of a user or room, or change it.

    With `sync`, also that of the room's members; then `keys` are by default those subscribed to.
    """
    wanted = None if keys is None else keys.split()
    check_keys(wanted or ())
    if sync:
        subscribed = hub.subscriptions.keys(session) if wanted is None else wanted
        places = hub.metadata.places(session, target, subscribed)
        return Listing(Metadata(target, ()), places, partial(hub.metadata.item, session))
    found = hub.metadata.target(session, target)
    if values is not None:
        return hub.metadata.change(session, found, values)
    if clear:
        return hub.metadata.clear(session, found)
    return hub.metadata.read(session, found, wanted)


@command("subscribe [keys]", anybody=True)
def subscribe(hub: Hub, session: Session, keys: str = "") -> Answer:
    """Subscribe to metadata keys, or list the subscriptions."""
    return hub.subscriptions.subscribe(session, keys.split())


@command("unsubscribe [keys]", anybody=True)
def unsubscribe(hub: Hub, session: Session, keys: str | None = None) -> Answer:
    """End subscriptions to metadata keys, or all of them."""
    if keys is None:
        hub.subscriptions.forget(session)
        return hub.subscriptions.subscribed(session)
    return hub.subscriptions.unsubscribe(session, keys.split())
