"""How the page's scripts are made smaller and fewer when the server starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from real import needs

from chatsvc.transports.web.scripts import served, shortened

SOURCES = {
    "main.js": 'import { twice as double } from "./model/numbers.js";\n'
    'import * as words from "./model/words.js";\n'
    "const LIMIT = 1;\n"
    "console.log(double(LIMIT) + words.end);\n"
    'import("./views/late.js").then(late => late.show());\n',
    "model/numbers.js": "const LIMIT = 2; // not the other one\n"
    "/** Return it twice. */\n"
    "export function twice(number) {\n    return number * LIMIT;\n}\n",
    "model/words.js": 'export const end = "!";\n',
    "views/late.js": 'import { end } from "../model/words.js";\n'
    'import { Note } from "./note.js";\n'
    "export const show = () => console.log(new Note(end).text());\n",
    "views/note.js": "export class Note {\n    constructor(end) { this._end = end; }\n"
    "    text() { return `late _end${this._end}`; }\n}\n",
}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("/**\n * Says it.\n */\nsay();\n    b(); // once\n", "say();b();\n"),
        ("/** @type {A} */ (b).c();\n/** D. */\nd();\n", "(b).c();d();\n"),
        ("f(a => {\n    g();\n})\nh()\n", "f(a=>{g()})\nh()\n"),
        ("a = {\n    b: [1],\n    c: `;${ d }`,\n};\n", "a={b:[1],c:`;${d}`};\n"),
        (
            "LIMIT = a.LIMIT + JSON.b(URL) + 'LIMIT' + c(...LIMIT);\n",
            "_a=a.LIMIT+JSON.b(URL)+'LIMIT'+c(..._a);\n",
        ),
        ('a = "http://b/*  c";\n', 'a="http://b/*  c";\n'),
        ("a = 'it\\'s  /* b */';\n", "a='it\\'s  /* b */';\n"),
        ("a = /[/\"'`] \\/ b/g.test(c) ? 1 : 2;\n", "a=/[/\"'`] \\/ b/g.test(c)?1:2;\n"),
        ("return /`/.test(a);\n", "return/`/.test(a);\n"),
        ("a = b / 2 / c; // d\n", "a=b/2/c;\n"),
        ("a = b + +c - -d;\n", "a=b+ +c- -d;\n"),
        ("void (typeof a in b);\n", "void(typeof a in b);\n"),
        ("this._a = _b + c_d + '_a';\n", "this._a=_b+c_d+'_a';\n"),
        (
            "this._second = this._first + `_second ${ this._second }`;\n",
            "this._a=this._b+`_second ${this._a}`;\n",
        ),
        (
            "html`<p>\n    // ${ b.map(c => `<${ C } d=${ { e: 1 } } />`) } \\` \\${ f }\n</p>`;\n",
            "html`<p>\n// ${b.map(c=>`<${C} d=${{e:1}} />`)} \\` \\${ f }\n</p>`;\n",
        ),
    ],
)
def test_scripts_lose_comments_and_needless_spaces(script: str, expected: str) -> None:
    assert shortened(script, {}) == expected


def test_modules_that_every_visit_needs_are_one_file() -> None:
    files = served(SOURCES)
    assert set(files) == {"main.js", "views/late.js", "views/note.js"}


def test_a_bundle_does_what_its_modules_did(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    said = set()
    for folder, files in (("sources", SOURCES), ("served", served(SOURCES))):
        for name, text in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = [needs("node"), str(tmp_path / folder / "main.js")]
        said.add(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert said == {"2!\nlate _end!\n"}


@pytest.mark.slow
def test_all_scripts_of_the_page_are_correct_when_they_are_served(tmp_path: Path) -> None:
    web = Path(__file__).parent.parent / "chatsvc" / "web"
    sources = {str(path.relative_to(web)): path.read_text() for path in web.rglob("*.js")}
    for name, text in served(sources).items():
        script = tmp_path / f"{name.replace('/', '-')}.mjs"
        script.write_text(text)
        subprocess.run([needs("node"), "--check", str(script)], check=True)


def test_an_unknown_way_to_export_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"main\.js imports or exports in a way"):
        served({"main.js": "const a = 1;\nexport { a };\n"})
