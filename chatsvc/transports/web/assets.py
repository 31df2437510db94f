"""The files of the browser client: read, shortened, hashed and compressed once."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable

from chatsvc.transports.web.scripts import START, imported
from chatsvc.transports.web.scripts import served as scripts_of

PAGE = "index.html"

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml; charset=utf-8",
    "webmanifest": "application/manifest+json",
}
_OTHER = "text/plain; charset=utf-8"  # such as a licence
_REFERENCE = re.compile(r"""(?<=["'])assets/""")
_FOR_READERS = (".md", ".py")  # files that no browser needs


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    kind: str  # for Content-Type
    body: bytes
    gzipped: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Assets:
    """The files by their paths on the server, and the page that refers to them."""

    files: Mapping[str, Asset]
    icon: Asset | None
    page: str  # its markers are not replaced yet


def asset(kind: str, body: bytes) -> Asset:
    """Return the file with its compressed form."""
    return Asset(kind, body, gzip.compress(body, mtime=0), sha256(body).hexdigest()[:32])


def load(folder: Traversable) -> Assets:
    """Return all files in a folder, each under a path that changes when any of them changes."""
    found = dict(sorted(_files(folder)))
    sources = {name: found.pop(name).decode() for name in list(found) if _ending(name) == "js"}
    scripts = scripts_of(sources)
    found |= {name: text.encode() for name, text in scripts.items()}
    page = found[PAGE].decode()
    base = f"/assets/{_digest(found)}/"
    del found[PAGE]
    files = {base + name: asset(_kind(name), body) for name, body in found.items()}
    early = imported(START, scripts) if START in scripts else []
    return Assets(files, files.get(f"{base}icons/favicon.svg"), _linked(page, base, early))


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(entry, f"{path}{entry.name}/")
        elif entry.is_file() and not entry.name.endswith(_FOR_READERS):
            yield path + entry.name, entry.read_bytes()


def _digest(found: Mapping[str, bytes]) -> str:
    digests = (f"{name} {sha256(body).hexdigest()}\n" for name, body in sorted(found.items()))
    return sha256("".join(digests).encode()).hexdigest()[:16]


def _linked(page: str, base: str, early: list[str]) -> str:
    """Return the page with the paths on the server, and with links that load modules early."""
    links = "".join(f'<link rel="modulepreload" href="{base}{name}">\n' for name in early)
    return _REFERENCE.sub(base, page).replace("</head>", f"{links}</head>", 1)


def _kind(name: str) -> str:
    return _TYPES.get(_ending(name), _OTHER)


def _ending(name: str) -> str:
    return name.rpartition(".")[2]
