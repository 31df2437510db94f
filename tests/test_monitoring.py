"""`/healthz`, `/readyz` and `/metrics`: who gets them, and what they say."""

from __future__ import annotations

import pytest
from conftest import Chat
from links import Nodes
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from webpeople import Answer, Browser, ask, program, received

from chatsvc.store.archive import ArchiveFailed
from chatsvc.transports.web.monitoring import CHECKED_WITHIN, Monitoring

TOKEN = "a-token-that-nobody-guesses"
PATHS = ("/healthz", "/readyz", "/metrics")


@pytest.fixture
def watched(chat: Chat) -> Chat:
    """Return a chat that can be watched with a token."""
    chat.factory.monitor = Monitoring(chat.factory, TOKEN)
    return chat


def get(
    chat: Chat, path: str, address: str = "127.0.0.1", host: str = "localhost", **fields: str
) -> Answer:
    person = chat.connect(address=address)
    person.protocol.dataReceived(ask(f"GET {path}", host=host, **fields))
    chat.clock.advance(0)
    (answer,) = received(person)
    return answer


def values(chat: Chat) -> dict[str, float]:
    """Return the samples of `/metrics` by name and labels."""
    rows = get(chat, "/metrics").body.splitlines()
    pairs = (row.rpartition(" ") for row in rows if not row.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["localhost:13531", "127.0.0.1", "[::1]:13531", "a.localhost"])
def test_a_program_on_this_machine_needs_no_token(watched: Chat, path: str, host: str) -> None:
    answer = get(watched, path, host=host)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("address", "host", "fields"),
    [
        ("192.0.2.7", "localhost", {}),
        ("127.0.0.1", "box", {}),
        ("127.0.0.1", "192.0.2.1", {}),
        ("127.0.0.1", "localhost", {"X_Forwarded_For": "192.0.2.7"}),
        ("127.0.0.1", "localhost", {"Forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", "localhost", {"X_Real_IP": "192.0.2.7"}),
        ("127.0.0.1", "localhost", {"Via": "1.1 proxy"}),
    ],
)
def test_everybody_else_needs_the_token(
    watched: Chat, path: str, address: str, host: str, fields: dict[str, str]
) -> None:
    denied = get(watched, path, address, host, **fields)
    assert (denied.status, denied.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "chatsvc_" not in denied.body
    for wrong in ("", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}"):
        assert get(watched, path, address, host, **fields, Authorization=wrong).status == 401
    right = get(watched, path, address, host, **fields, Authorization=f"bearer {TOKEN}")
    assert right.status == 200


def test_without_a_token_only_this_machine_gets_them(chat: Chat) -> None:
    chat.factory.monitor = Monitoring(chat.factory)
    answer = get(chat, "/metrics", "192.0.2.7", Authorization="Bearer ")
    assert answer.status == 403
    assert "--metrics-token" in answer.body
    assert get(chat, "/metrics").status == 200


def test_the_token_does_not_make_up_for_an_unknown_name_of_the_server(watched: Chat) -> None:
    answer = get(watched, "/metrics", host="evil.example.org", Authorization=f"Bearer {TOKEN}")
    assert answer.status == 421


def test_a_node_that_leads_does_not_relay(watched: Chat) -> None:
    assert get(watched, "/readyz?relaying").status == 503
    assert get(watched, "/readyz?relaying", "192.0.2.7").status == 401
    assert get(watched, "/readyz?other").status == 200


def test_users_come_to_a_node_that_relays_while_nothing_can_be_stored(
    watched: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = Nodes(watched)

    def asked() -> int:
        check = nodes.connect("127.0.0.1")
        check.protocol.dataReceived(ask("GET /readyz?relaying", host="localhost"))
        nodes.carry()
        (answer,) = received(check)
        return answer.status

    monkeypatch.setattr(watched.archive, "check", lambda: _waiting(Deferred()))
    assert asked() == 200
    watched.factory.max_clients = watched.factory.nodes = 1
    watched.join("ann")
    assert asked() == 503


def test_other_methods_are_refused(watched: Chat) -> None:
    person = watched.connect(address="127.0.0.1")
    person.protocol.dataReceived(ask("POST /metrics", host="localhost"))
    (answer,) = received(person)
    assert answer.status == 405


def test_requests_in_one_piece_are_answered_in_order(watched: Chat) -> None:
    person = watched.connect(address="127.0.0.1")
    paths = ("/healthz", "/nothing", "/readyz")
    person.protocol.dataReceived(b"".join(ask(f"GET {path}", host="localhost") for path in paths))
    watched.clock.pump([0.0] * 9)
    bodies = [answer.body for answer in received(person)]
    assert [bodies[0], bodies[2]] == ["Messages can be stored.\n", "Users can join.\n"]


def test_a_slow_answer_reaches_nobody_who_has_left(
    watched: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking: Deferred[None] = Deferred()
    monkeypatch.setattr(watched.archive, "check", lambda: _waiting(checking))
    person = watched.connect(address="127.0.0.1")
    person.protocol.dataReceived(ask("GET /healthz", host="localhost"))
    person.protocol.connectionLost(connectionDone)
    checking.callback(None)
    assert received(person) == []


async def _waiting(checking: Deferred[None]) -> None:
    await checking


def test_health_says_why_messages_cannot_be_stored(
    watched: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full() -> None:
        raise ArchiveFailed("The disk is full.")

    monkeypatch.setattr(watched.archive, "check", full)
    for path in ("/healthz", "/readyz"):
        answer = get(watched, path)
        assert (answer.status, answer.body) == (503, "The disk is full.\n")


def test_health_does_not_wait_for_ever(watched: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched.archive, "check", lambda: _waiting(Deferred()))
    person = watched.connect(address="127.0.0.1")
    person.protocol.dataReceived(ask("GET /healthz", host="localhost"))
    watched.clock.advance(CHECKED_WITHIN)
    (answer,) = received(person)
    said = "The archive does not answer. Check the disk or PostgreSQL.\n"
    assert (answer.status, answer.body) == (503, said)


def test_a_server_that_stops_or_is_full_is_not_ready(watched: Chat) -> None:
    watched.factory.max_clients = 1
    watched.join("ann")
    assert get(watched, "/readyz").status == 503
    watched.factory.max_clients = 100
    watched.hub.messaging.stopping = True
    assert get(watched, "/readyz").status == 503
    assert get(watched, "/healthz").body == "The server is stopping.\n"


def test_people_sessions_and_messages_are_counted(watched: Chat) -> None:
    ann, _ = watched.join("ann"), watched.join("bob")
    program(watched, "eve", Browser)
    ann.send("hello", "world", "/nonsense")
    found = values(watched)
    assert found['chatsvc_people{kind="guest"}'] == 3
    assert found['chatsvc_sessions{dialect="text",tls="no",websocket="no"}'] == 2
    assert found['chatsvc_sessions{dialect="json",tls="no",websocket="yes"}'] == 1
    assert found["chatsvc_messages_total"] == 2
    assert found["chatsvc_deliveries_total"] == 6
    assert found["chatsvc_shown_seconds_count"] == 2
    assert found["chatsvc_commit_seconds_count"] >= 1
    assert found['chatsvc_refusals_total{code="unknown"}'] == 1
    assert found["chatsvc_rooms"] == 1
    assert found["chatsvc_storing"] == 1
    assert found["chatsvc_connections"] == 4


def test_metrics_name_nobody(watched: Chat) -> None:
    watched.join("zoe42").send("hello")
    body = get(watched, "/metrics").body
    assert "zoe42" not in body
    assert "hello" not in body
