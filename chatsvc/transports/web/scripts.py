"""The scripts of the browser client as they are served: without comments and needless spaces, and
those that every visit needs in one file.

The bundle makes an object of what each module in it exports, so that their other names may clash.
Names that begin with _ or are in capitals are used by our scripts only, and become shorter.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import ascii_letters

START = "main.js"  # the bundle, of this module and all that it imports
VENDORED = "vendor/"  # shortened already

_PIECE = re.compile(
    r"""
    (?P<gap>\s*)(?:
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<regex>(?:(?<=[=>(,:!&|?;\[])|(?<=[=>(,:!&|?;\[][ ])|(?<=return[ ]))
        /(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\]|\\.)*\])+/)
    |(?P<comment>/\*.*?\*/|//[^\n]*)
    |(?P<code>(?:[\w$]+[ ](?=[\w$])|[^\s"'`/{}])+|\S)
    )""",
    re.VERBOSE | re.DOTALL,
)
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(`|\$\{)", re.DOTALL)  # from ` or } on
_OPEN = ";{}([,=:?&|"  # no statement ends here by a line end: after an expression in braces is a ;
_NEEDLESS = (";", ",")  # before }: no script has an empty statement there
_LINES = ("import", "export")  # which begin a line, to be found
_INDENTED = re.compile(r"\n\s+")
_STATIC = re.compile(r'^import(\{[^}]*\}|\*as \w+| \w+) ?from"(\.[^"]+)";\n*', re.MULTILINE)
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
_EXPORTED = re.compile(r"^export (?=(?:async )?(?:function|class|const) ([\w$]+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b(?!\()", re.MULTILINE)
_OURS = re.compile(
    r"""
    (?<![\w$])(?:_[a-zA-Z]\w*
    |(?<!(?<!\.\.)\.)(?!JSON\b)[A-Z][A-Z_]{3,}\b  # no property, but perhaps after ...
    )""",
    re.VERBOSE,
)


def served(sources: Mapping[str, str]) -> dict[str, str]:
    """Return the scripts to serve by their paths: the bundle, and what is loaded on demand."""
    vendored = {path: text for path, text in sources.items() if path.startswith(VENDORED)}
    names = dict[str, str]()
    ours = {path: shortened(sources[path], names) for path in sources if path not in vendored}
    needed = imported(START, {**ours, **vendored}) if START in ours else []
    return vendored | _Bundler(ours, [path for path in needed if path in ours]).files()


def shortened(script: str, names: dict[str, str]) -> str:
    """Return a script without comments, and without spaces and line ends that mean nothing.

    `names` has the short names so far; others are added.
    """
    written, last, gap = list[str](), ";", ""
    for space, kind, piece in _pieces(script):
        gap += space
        if kind != "comment":
            ends = last not in _OPEN and piece[0] != "}"
            if "\n" in gap and (ends or piece.startswith(_LINES)):
                written.append("\n")
            elif "\n" not in gap and gap and _would_merge(last, piece[0]):
                written.append(" ")
            if piece == "}" and kind == "code" and written and written[-1].endswith(_NEEDLESS):
                written[-1] = written[-1][:-1]
            written.append(_renamed(piece, names) if kind == "code" else piece)
            last, gap = piece[-1], ""
    return "".join(written).lstrip("\n") + "\n"


def _renamed(piece: str, names: dict[str, str]) -> str:
    return _OURS.sub(lambda name: names.setdefault(name[0], f"_{_letters(len(names))}"), piece)


def imported(start: str, scripts: Mapping[str, str]) -> list[str]:
    """Return a module after all that it imports, directly or not, except when it runs."""
    begun, done = {start}, list[str]()

    def add(path: str) -> None:
        for _, name in _STATIC.findall(scripts[path]):
            if (found := _resolved(path, name)) not in begun:
                begun.add(found)
                add(found)
        done.append(path)

    add(start)
    return done


def _pieces(script: str) -> Iterator[tuple[str, str | None, str]]:
    """Yield pieces, each after the spaces before it and with its kind; of templates, the texts."""
    at, depths = 0, list[int]()  # of braces in each template that is open
    while found := _PIECE.match(script, at):
        kind, at = found.lastgroup, found.end()
        piece = found[kind or 0]
        if piece == "`" or (piece == "}" and depths and depths[-1] == 0):
            part = _TEMPLATE.match(script, at)
            assert part is not None, f"a template does not end: {script[at : at + 40]}"
            del depths[len(depths) - (piece == "}") :]
            depths += [0] * (part[1] == "${")
            kind, piece, at = "text", piece + _INDENTED.sub("\n", part[0]), part.end()
        elif depths:
            depths[-1] += (piece == "{") - (piece == "}")
        yield found["gap"], kind, piece


def _would_merge(last: str, first: str) -> bool:
    word = (last.isalnum() or last in "_$") and (first.isalnum() or first in "_$")
    return word or (last == first and last in "+-")


def _resolved(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


class _Bundler:
    """Puts modules together."""

    def __init__(self, scripts: Mapping[str, str], inside: Sequence[str]) -> None:
        self._scripts = scripts
        self._inside = {path: f"${_letters(at)}" for at, path in enumerate(inside)}  # their objects
        self._shared = dict[str, None]()  # modules of the bundle that others import

    def files(self) -> dict[str, str]:
        """Return all files."""
        rest = (path for path in self._scripts if path not in self._inside)
        files = {path: "".join(self._linked(path, path)) for path in rest}
        if self._inside:
            files[START] = self._bundle()
        return files

    def _bundle(self) -> str:
        parts = [self._linked(path, START) for path in self._inside]
        imports = "".join(head for head, _ in parts)
        bodies = (body for _, body in parts)
        modules = "".join(map(_wrapped, self._inside.items(), bodies))
        return f"{imports}{modules}export{{{self._objects(self._shared)}}};\n"

    def _objects(self, paths: Iterable[str]) -> str:
        return ",".join(self._inside[path] for path in paths)

    def _linked(self, path: str, file: str) -> tuple[str, str]:
        """Return the imports of a module that becomes a part of a file, and the rest of it."""
        imports, used = list[str](), list[str]()

        def static(found: re.Match[str]) -> str:
            target = _resolved(path, found[2])
            if target not in self._inside:
                imports.append(f'import{found[1]} from"{_path(file, target)}";\n')
                return ""
            used.append(target)
            names = found[1].replace("*as ", " ").replace(" as ", ":")
            return f"const{names}={self._inside[target]};\n"

        def dynamic(found: re.Match[str]) -> str:
            return f'import("{_path(file, _resolved(path, found[1]))}")'

        body = _DYNAMIC.sub(dynamic, _STATIC.sub(static, self._scripts[path]))
        if used and file != START:
            self._shared.update(dict.fromkeys(used))
            imports.append(f'import{{{self._objects(used)}}}from"{_path(file, START)}";\n')
        return "".join(imports), body


def _path(file: str, target: str) -> str:
    path = posixpath.relpath(target, posixpath.dirname(file) or ".")
    return path if path.startswith(".") else f"./{path}"


def _wrapped(module: tuple[str, str], body: str) -> str:
    """Return a module, given its path and variable, as an object of what it exports."""
    path, variable = module
    names = ",".join(_EXPORTED.findall(body))
    body = _EXPORTED.sub("", body)
    assert not _OTHER.search(body), f"{path} imports or exports in a way that is not known here"
    return f"const {variable}=(()=>{{{body.strip()}return{{{names}}}}})();\n"


def _letters(number: int) -> str:
    more, last = divmod(number, len(ascii_letters))
    return (_letters(more - 1) if more else "") + ascii_letters[last]
