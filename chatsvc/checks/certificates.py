"""Problems of the certificate and its key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatsvc.checks.problem import Problem, open_to_others
from chatsvc.options.combining import Values
from chatsvc.transports.certificate import CertificateFailed, Files, validity
from chatsvc.transports.selfsigned import SelfSigned

SOON = timedelta(days=14)
_RENEW = "Renew it, for example with certbot renew. The service notices new files by itself."


def certificates(values: Values, now: datetime | None = None) -> Iterator[Problem]:
    """Yield what is wrong with the files, the dates and the names of the certificate."""
    paths: tuple[Path, Path] | None = values["certificate"]
    own = values["beside"] and Path(f"{values['beside']}.pem")
    if paths is not None:
        yield from _given(Files(*paths), values["web-host"], now or datetime.now(UTC))
    elif own and own.exists() and "tls" in values["speaks"]:
        yield from _self_signed(SelfSigned(own))


def _self_signed(files: SelfSigned) -> Iterator[Problem]:
    """Yield what keeps the service's own certificate from use; the service renews it itself."""
    try:
        files.credentials()
    except CertificateFailed as failed:
        yield Problem(str(files), str(failed), f"To have a new one made: mv {files} {files}.old")


def _given(files: Files, hosts: list[str], now: datetime) -> Iterator[Problem]:
    place = str(files.certificate)
    if files.key.is_file() and files.key.stat().st_mode & 0o007:
        yield open_to_others(files.key, "the private key")
    unreadable = [path for path in {files.certificate, files.key} if _is_closed(path)]
    for path in unreadable:
        yield Problem(str(path), "this user cannot read it.", f"chown USER {path}")
    if unreadable:
        return
    try:
        names = files.credentials().names
    except CertificateFailed as failed:
        fix = "Give the chain with --cert and its unencrypted key with --key, both PEM."
        yield Problem(place, str(failed), fix)
        return
    yield from _dates(files, now)
    for host in hosts:
        if not any(_covers(name, host) for name in names):
            what = f"it is not valid for {host}, which --web-host names."
            yield Problem(place, what, f"Get a certificate for {host}, or remove the name.")


def _is_closed(path: Path) -> bool:
    return path.exists() and not os.access(path, os.R_OK)


def _dates(files: Files, now: datetime) -> Iterator[Problem]:
    place = str(files.certificate)
    begins, ends = validity(files)
    if now < begins:
        what = f"it is not valid before {begins:%Y-%m-%d}."
        yield Problem(place, what, "Check the clock of this machine (date), or wait.")
    elif ends <= now:
        yield Problem(place, f"it has expired on {ends:%Y-%m-%d}.", _RENEW)
    elif ends - now < SOON:
        yield Problem(place, f"it expires on {ends:%Y-%m-%d}.", _RENEW)


def _covers(name: str, host: str) -> bool:
    name, host = name.lower(), host.lower().rstrip(".")
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])
