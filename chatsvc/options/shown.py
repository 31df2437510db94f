"""The options as operators see them in the chat: without secrets and paths of files."""

from __future__ import annotations

from collections.abc import Mapping

from chatsvc.model.room_events import Setting
from chatsvc.options.sources import Given
from chatsvc.options.table import TABLE, Option

SECRETS = {"password"}


def shown(given: Mapping[str, Given]) -> tuple[Setting, ...]:
    """Return the options that can change while the service runs, as they are set."""
    return tuple(
        Setting(option.name, _value(option, given), option.about)
        for option in TABLE.values()
        if option.live
    )


def _value(option: Option, given: Mapping[str, Given]) -> str:
    value = given[option.name].value if option.name in given else option.default
    if option.flag:
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(value)
    if value is not None and (option.name in SECRETS or option.is_path):
        return "set"
    return str(value or "")
