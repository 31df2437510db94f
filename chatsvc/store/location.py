"""Where an archive is, if it is in a PostgreSQL database; passwords are never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

NAME = "chatsvc"  # of the files in the data directory that belong to an archive elsewhere
PASSWORD_SHOWN = (
    "{label} contains a password, and the command line is visible to other users of this machine."
    " Put the password into ~/.pgpass (mode 600), as HOST:PORT:DATABASE:USER:PASSWORD, or into the"
    " variable PGPASSWORD."
)
SCHEMES = ("postgresql://", "postgres://")
_SERVICE = re.compile(r"service=[\w.-]+")
_USER = re.compile(r"(://[^:@/?]*)[^?]*@")  # up to the last @: what is before it may be a password
_PARAMETER = re.compile(r"(password=)[^&\s]*")


@dataclass(frozen=True, slots=True, repr=False)
class Database:
    """A PostgreSQL database, by its libpq URI, or as `service=NAME` of a libpq service file."""

    address: str

    @property
    def shown(self) -> str:
        """The address without a password."""
        return without_password(self.address)

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Database({self.shown!r})"

    @property
    def has_password(self) -> bool:
        """Whether the address contains a password."""
        return self.shown != self.address

    def is_misread(self, read: dict[str, Any]) -> bool:
        """Return whether libpq has read the address otherwise than it is meant.

        It does if a password contains characters such as @ or / that are not escaped.  Then its
        messages would show parts of the password.
        """
        if not self.has_password:
            return False
        return "@" in str(read.get("host", "")) or not read.get("password")


def database(value: str) -> Database | None:
    """Return the database that an option names, or None if it names none."""
    return Database(value) if value.startswith(SCHEMES) or _SERVICE.fullmatch(value) else None


def without_password(value: str) -> str:
    """Return an address, even a wrong one, without its password."""
    return _PARAMETER.sub(r"\1***", _USER.sub(_without, value))


def _without(match: re.Match[str]) -> str:
    user, whole = match[1], match[0]
    return whole if whole == f"{user}@" else f"{user}:***@"
