"""Reading the options again while the service runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from twisted.python.usage import UsageError

from chatsvc.options.command_line import Options
from chatsvc.options.table import TABLE
from chatsvc.transports.certificate import CertificateFailed, Files
from chatsvc.transports.selfsigned import kept_beside
from chatsvc.transports.tls import TLS

_MADE_OF_THESE = ("limits", "certificate")  # besides the options themselves


class Reloaded(NamedTuple):
    """What reading the options again has changed, and what it could not change."""

    changed: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()  # changed too, but only a restart applies these
    problems: tuple[str, ...] = ()  # sentences
    notes: tuple[str, ...] = ()  # sentences about other nodes

    def __str__(self) -> str:
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.changed:
            yield f"Changed: {', '.join(self.changed)}."
        elif not self.problems:
            yield "Nothing has changed." if not self.restart else "Nothing was changed."
        if self.restart:
            yield f"Restart the service to change: {', '.join(self.restart)}."
        yield from self.problems
        yield from self.notes


class Reloader:
    """Applies what has changed in the file, and in the files that the options name."""

    def __init__(
        self,
        options: Options,
        apply: Callable[[Options], None],
        tls: Callable[[], TLS | None],
        archive: Path | None,
    ) -> None:
        self._options = options
        self._apply = apply
        self._tls = tls
        self._archive = archive

    def reload(self) -> Reloaded:
        """Read all of it again; if there is a mistake in it, change nothing."""
        try:
            new = self._options.again()
        except UsageError as error:
            return Reloaded(problems=(f"Nothing was changed: {error}",))
        differ = [name for name in TABLE if new[name] != self._options[name]]
        changed = [name for name in differ if TABLE[name].live]
        restart = [name for name in differ if not TABLE[name].live]
        renewed, problem = self._reload_certificate(new)
        if problem:  # so the next reload uses them
            changed = [name for name in changed if name not in ("cert", "key")]
        self._apply(new)
        for name in (*changed, *_MADE_OF_THESE):
            self._options[name] = new[name]
        return Reloaded((*changed, *renewed), tuple(restart), problem)

    def _reload_certificate(self, new: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Use the certificate's files as they are now; return what changed, or what is wrong."""
        tls = self._tls()
        if tls is None:
            return (), ()
        before = tls.fingerprint
        try:
            files = self._files(new)
            if files is not None:
                tls.use(files)
            elif self._options["certificate"] is not None:
                return (), ("Restart the service to use a certificate in memory.",)
        except CertificateFailed as failed:
            return (), (f"{failed} The previous certificate stays in use.",)
        return ("certificate",) if tls.fingerprint != before else (), ()

    def _files(self, options: Options) -> Files | None:
        """Return where the certificate is; one of an archive in memory is in no file."""
        paths = options["certificate"]
        if paths is None:
            return kept_beside(self._archive) if self._archive else None
        return Files(*paths)
