"""Programs that watch the real service, and the dashboard that shows what they read."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real import LIMIT, Deadline, Person, Service, beside_python
from real_connections import OF_NODES, get, named_in_manual

ROOT = Path(__file__).parent.parent
TOKEN = "a-token-that-nobody-guesses"
MUCH = 4_000_000  # bytes, more than the system and the service buffer


def values(service: Service) -> dict[str, float]:
    """Return the samples of `/metrics` by name and labels."""
    status, body = get(service, "/metrics")
    assert status == 200
    pairs = (row.rpartition(" ") for row in body.splitlines() if not row.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "token").write_text(f"{TOKEN}\n")
    with Service(folder, "--metrics-token", "token") as service:
        yield service


def test_the_service_says_that_it_is_healthy_and_ready(service: Service) -> None:
    assert get(service, "/healthz") == (200, "Messages can be stored.\n")
    assert get(service, "/readyz") == (200, "Users can join.\n")


def test_what_a_proxy_forwards_needs_the_token(service: Service) -> None:
    assert get(service, "/metrics", X_Forwarded_For="192.0.2.7")[0] == 401
    fields = {"X_Forwarded_For": "192.0.2.7", "Authorization": f"Bearer {TOKEN}"}
    assert get(service, "/metrics", **fields)[0] == 200


def test_measurements_follow_what_happens(service: Service) -> None:
    before = values(service)
    ann, bob = service.program("ann"), service.program("bob")
    for number in range(10):
        ann.ask("say", text=f"message {number}")
    bob.until(lambda event: event.get("text") == "message 9", "the last message")
    assert ann.ask("join", room="nonsense #")["event"] == "refused"
    after = values(service)

    def more(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert more('chatsvc_people{kind="guest"}') == 2
    assert more('chatsvc_sessions{dialect="json",tls="no",websocket="no"}') == 2
    assert more("chatsvc_messages_total") == 10
    assert more("chatsvc_deliveries_total") == 20
    assert more("chatsvc_shown_seconds_count") == 10
    assert 1 <= more("chatsvc_commit_seconds_count") <= 10
    assert sum(more(name) for name in after if name.startswith("chatsvc_refusals")) == 1
    assert after['chatsvc_file_bytes{file="archive"}'] > 0
    assert after['chatsvc_file_bytes{file="log"}'] > 0
    service.everybody_leaves()


def test_slow_readers_and_their_bytes_are_counted(service: Service) -> None:
    slow = service.peer(Person)
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.come_in("slow")
    fast = service.program("fast")
    deadline = Deadline(LIMIT)
    while values(service)["chatsvc_slow_readers"] == 0:
        deadline.left("a slow reader")
        for _ in range(100):
            fast.ask("say", text="x" * 4000)
    assert values(service)["chatsvc_queued_bytes"] > 0
    service.everybody_leaves()


def test_the_dashboard_shows_only_what_is_measured(service: Service) -> None:
    service.person("eve").send("/nonsense")
    _, body = get(service, "/metrics")
    measured = set(re.findall(r"^([a-z_]+)", body, re.MULTILINE))
    measured |= set(re.findall(r"^# TYPE ([a-z_]+)", body, re.MULTILINE))
    dashboard = json.loads((ROOT / "contrib" / "grafana.json").read_text())
    named = set(re.findall(r"\b(?:chatsvc|process)_[a-z_]+", " ".join(expressions(dashboard))))
    assert len(named) > 15
    assert named - measured == OF_NODES
    unseen = {name for name in measured if name.startswith("chatsvc_")} - named
    assert {name for name in unseen if not name.endswith(("_bucket", "_sum", "_count"))} <= {
        "chatsvc_shown_seconds", "chatsvc_commit_seconds", "chatsvc_connections_max",
    }  # fmt: skip
    service.everybody_leaves()


def expressions(value: Any) -> Iterator[str]:
    """Yield the queries in a dashboard."""
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key in ("expr", "query"))
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from expressions(each)


def test_the_manual_names_only_what_is_measured(service: Service) -> None:
    _, body = get(service, "/metrics")
    named = named_in_manual()
    of_nodes = {name for name in named if f"# TYPE {name} " not in body}
    assert len(named) > len(of_nodes)
    assert of_nodes == OF_NODES


def test_a_service_that_cannot_store_messages_is_unhealthy(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ann = service.program("ann")
        ann.ask("say", text="hello")
        (tmp_path / "chat.db").rename(tmp_path / "moved.db")
        status, why = get(service, "/healthz")
        assert status == 503
        assert "deleted, moved or replaced" in why
        assert ann.ask("say", text="lost")["code"] == "not-kept"
        found = values(service)
        assert found["chatsvc_storing"] == 0
        assert found['chatsvc_refusals_total{code="not-kept"}'] == 1
        (tmp_path / "moved.db").rename(tmp_path / "chat.db")
        assert get(service, "/healthz")[0] == 200
        ann.ask("say", text="stored")
        assert values(service)["chatsvc_storing"] == 1


@pytest.mark.parametrize("content", ["", "short\n", "\nsecond-line-is-ignored\n"])
def test_a_weak_token_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    command = [beside_python("twistd"), "-n", "chat", "--metrics-token", "token"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
    assert ended.returncode == 1
    assert "must be a secret of at least 16 ASCII characters" in ended.stderr
