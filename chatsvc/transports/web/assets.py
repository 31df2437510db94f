"""The files of the browser client: read, shortened, hashed and compressed once."""

from __future__ import annotations

import gzip
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable

PAGE = "index.html"
START = "main.js"

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
_IMPORTS = re.compile(r"""\b(?:from|import)\s*["'](\.[^"']+)["']""")
# Comments that have their lines to themselves, and indentation, which means nothing in markup.
_SPARE = re.compile(rb"^[ ]*(?:/\*(?:(?!\*/).)*\*/\n|//[^\n]*\n)?", re.MULTILINE | re.DOTALL)
_FOR_READERS = (".md", ".py")  # files that no browser needs
_VENDORED = "vendor/"  # minified already


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
    found = {name: _shortened(name, body) for name, body in sorted(_files(folder))}
    page = found[PAGE].decode()
    base = f"/assets/{_digest(found)}/"
    del found[PAGE]
    files = {base + name: asset(_kind(name), body) for name, body in found.items()}
    return Assets(files, files.get(f"{base}icons/favicon.svg"), _linked(page, base, found))


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(entry, f"{path}{entry.name}/")
        elif entry.is_file() and not entry.name.endswith(_FOR_READERS):
            yield path + entry.name, entry.read_bytes()


def _digest(found: Mapping[str, bytes]) -> str:
    digests = (f"{name} {sha256(body).hexdigest()}\n" for name, body in found.items())
    return sha256("".join(digests).encode()).hexdigest()[:16]


def _shortened(name: str, body: bytes) -> bytes:
    """Return one of our scripts without comments and indentation, any other file as it is."""
    is_ours = _ending(name) == "js" and not name.startswith(_VENDORED)
    return _SPARE.sub(b"", body) if is_ours else body


def _linked(page: str, base: str, found: Mapping[str, bytes]) -> str:
    """Return the page with the paths on the server, and with links that load modules early."""
    names = _imported(START, found) if START in found else ()
    links = "".join(f'<link rel="modulepreload" href="{base}{name}">\n' for name in names)
    return _REFERENCE.sub(base, page).replace("</head>", f"{links}</head>", 1)


def _imported(start: str, found: Mapping[str, bytes]) -> list[str]:
    """Return a module and all that it imports, directly or not, except when it runs."""
    names = [start]
    for name in names:
        for path in _IMPORTS.findall(found[name].decode()):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if imported not in names:
                names.append(imported)
    return names


def _kind(name: str) -> str:
    return _TYPES.get(_ending(name), _OTHER)


def _ending(name: str) -> str:
    return name.rpartition(".")[2]
