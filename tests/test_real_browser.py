"""Browsers that a page makes post commands to the chat: they are answered, and nothing happens."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real import LIMIT, Person, Service, needs

COMMANDS = (
    'eve\nspam\n/me spams\n{"do":"hello","name":"eve"}\n{"do":"say","text":"spam"}\n'
    "CAP LS 302\r\nPASS x\r\nNICK eve\r\nUSER eve 0 * :Eve\r\nCAP END\r\n"
    "JOIN #lobby\r\nPRIVMSG #lobby :spam\r\n/shutdown\n"
)
# A hostile page that does what it can: these requests need no permission (the Fetch standard
# calls it "no-cors"), or use methods that are named like commands.
# At the end it posts a form, so that the browser shows the answer.
PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>evil</title>
<img src="{where}/NICK%20eve"><img src="{where}/?%0D%0ANICK%20eve%0D%0Aspam">
<iframe src="{where}/eve"></iframe>
<form method="post" enctype="text/plain" action="{where}/{long}"><textarea name="eve&#10;spam&#10;">
{commands}</textarea></form>
<script>
const commands = document.querySelector("textarea").value;
const fetched = ["{where}/", "{where}/{long}"].map(url =>
    fetch(url, {{method: "POST", mode: "no-cors", body: commands}}));
const asked = ["PASS", "NICK", "eve"].map(method =>
    fetch("{where}/", {{method, body: commands}}).catch(() => "it may not"));
const socket = new Promise(done => {{
    new WebSocket("{where}/".replace("http", "ws")).onclose = done;
}});
Promise.all([...fetched, ...asked, socket]).then(
    () => document.forms[0].submit(),
    error => {{ document.body.textContent = error; }});
</script>
"""
CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--ignore-certificate-errors", "--disable-features=LocalNetworkAccessChecks",
    "--virtual-time-budget=10000", "--dump-dom",
)  # fmt: skip

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@pytest.fixture(scope="module")
def shared_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("chat"), "--archive", "memory:", "--arrivals", "off"
    ) as service:
        yield service


@pytest.fixture
def chat(shared_chat: Service) -> Iterator[Service]:
    """Return the service, in which nobody is left of the test before."""
    yield shared_chat
    shared_chat.everybody_leaves()


@pytest.fixture
def bob(chat: Service) -> Iterator[Person]:
    """Return a user in the room, who has heard of nobody at the end."""
    bob = chat.person("bob")
    yield bob
    assert bob.hears_nothing_but_answers()
    bob.send("/who")
    bob.until("* In #lobby: 1 person")
    assert "eve" not in chat.log.partition("SIGTERM.")[2]


def run(*command: str) -> bytes:
    """Return what a program prints."""
    done = subprocess.run([needs(command[0]), *command[1:]], capture_output=True, timeout=3 * LIMIT)
    return done.stdout


@SCHEMES
@pytest.mark.parametrize(
    "options",
    [
        "", "-X PASS", "-X NICK", "-X USER", "-X CAP", "-X eve", "-X M-SEARCH", "--http1.0",
        "-H Expect:100-continue", "-H Transfer-Encoding:chunked",
    ],
)  # fmt: skip
def test_a_post_is_answered_and_obeyed_in_nothing(
    chat: Service, bob: Person, tmp_path: Path, scheme: str, options: str
) -> None:
    body = tmp_path / "body"
    for size, path in [(1, ""), (1000, ""), (1, "x" * 9000), (1000, "x" * 20_000)]:
        body.write_text(COMMANDS * size)
        answer = run(
            "curl", "-sSik", *options.split(), "-H", "Content-Type: text/plain",
            "--data-binary", f"@{body}", f"{scheme}://127.0.0.1:{chat.port}/{path}",
        )  # fmt: skip
        assert answer.startswith(b"HTTP/1.1 4")
        assert answer.endswith(b"</html>\n")


@SCHEMES
def test_http_2_without_asking_is_obeyed_in_nothing(
    chat: Service, bob: Person, scheme: str
) -> None:
    where = f"{scheme}://127.0.0.1:{chat.port}/"
    assert run("curl", "-sk", "--http2-prior-knowledge", "--data-binary", COMMANDS, where) == b""
    preface = chat.peer(Person)
    preface.send_bytes(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + COMMANDS.encode())
    assert preface.rest()[0] == "HTTP/1.1 405 Method Not Allowed"


@SCHEMES
def test_chromium_on_a_page_that_attacks_shows_how_to_join_and_has_no_effect(
    chat: Service, bob: Person, tmp_path: Path, scheme: str
) -> None:
    where = f"{scheme}://127.0.0.1:{chat.port}"
    page = tmp_path / "evil.html"
    page.write_text(PAGE.format(where=where, long="x" * 9000, commands=COMMANDS))
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shown = run("chromium", *CHROMIUM, profile, page.as_uri()).decode()
    assert "<p>This server answers GET and HEAD only.</p>\n<p>This is a chat server." in shown
    assert f"\ntelnet 127.0.0.1 {chat.port}\n" in shown
