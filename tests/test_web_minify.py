"""Minified scripts do the same: only comments and whitespace without meaning go."""

from __future__ import annotations

import pytest

from chatsvc.transports.web.minify import minified


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("/** Says it. */\nconst a = 1; // once\nconst b = 2;\n", "const a=1;const b=2;"),
        ("a\n(b)\n[c]\n`d`", "a\n(b)\n[c]\n`d`"),  # a line that could go on, and must not
        ("a + +b - -c; a ++\n+ b", "a+ +b- -c;a++\n+b"),
        ("return /a \\/ [/ ] b/g.test(c) / d", "return/a \\/ [/ ] b/g.test(c)/d"),
        ("say(\"a  //  b\", 'it\\'s')", "say(\"a  //  b\",'it\\'s')"),
        ("`a  // ${ b + `c  ${ {d: 1}.d }  }` }  e`", "`a  // ${b+`c  ${{d:1}.d}  }`}  e`"),
        ("`one\n    two`", "`one\n    two`"),
        (
            'html`<p class="a" id="b">\n    ${ c && html`<i  title="d" lang="e" />` }\n    f</p>`',
            'html`<p class="a" id="b">\n${c&&html`<i  title="d" lang="e" />`}\nf</p>`',
        ),
    ],
)
def test_a_script_loses_only_what_has_no_meaning(script: str, expected: str) -> None:
    assert minified(script) == expected


def test_a_script_that_cannot_be_read_stops_the_start() -> None:
    with pytest.raises(ValueError, match="cannot read the script at '`never ended"):
        minified("a = `never ended")
