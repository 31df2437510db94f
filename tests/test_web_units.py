"""The browser client's logic, in Node: menus, lists, jumping, and its QR codes, which are read."""

from __future__ import annotations

import json
import os
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from real import needs

HERE = Path(__file__).parent
UNITS = sorted((HERE / "web" / "units").glob("*.test.mjs"))
SCALE, MARGIN = 4, 4
QR_CODES = """
const { qrCode } = await import(process.argv[1]);
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(qrCode)));
"""


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name.partition(".")[0])
def test_the_logic_of_the_page(path: Path) -> None:
    done = subprocess.run([needs("node"), "--test", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow  # it needs the extra [browser]
def test_qr_codes_of_all_sizes_are_read() -> None:
    zxing = zxing_or_skip()
    texts = [f"http://chat.example:13531/{'aB3~é' * length}" for length in range(31)]
    for text, code in zip(texts, qr_codes(*texts), strict=True):
        assert [found.text for found in zxing.read_barcodes(image(code))] == [text]


def test_a_text_that_is_too_long_has_no_qr_code() -> None:
    assert len(qr_codes("x" * 213)[0]) == 57
    assert qr_codes("x" * 214) == [None]


def zxing_or_skip() -> Any:
    """Return the module that reads codes; without it, skip the test, or fail in CI."""
    try:
        return import_module("zxingcpp")
    except ImportError:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("zxing-cpp is not installed")


def qr_codes(*texts: str) -> list[list[list[bool]]]:
    """Return the codes as rows of modules."""
    module = (HERE.parent / "chatsvc" / "web" / "model" / "qr.js").as_uri()
    command = [needs("node"), "--input-type=module", "-e", QR_CODES, module, json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[list[list[bool]]] = json.loads(done.stdout)
    return found


def image(code: list[list[bool]]) -> memoryview:
    """Return a picture of a code: bytes from black to white, by rows."""
    size = (len(code) + 2 * MARGIN) * SCALE
    rows = [bytearray(b"\xff" * size) for _ in range(size)]
    for y, row in enumerate(code):
        for x, dark in enumerate(row):
            left = (x + MARGIN) * SCALE
            for line in rows[(y + MARGIN) * SCALE :][:SCALE] if dark else []:
                line[left : left + SCALE] = bytes(SCALE)
    return memoryview(b"".join(rows)).cast("B", shape=[size, size])
