"""Attacks on the page in real Chromium: hostile messages, names, pages and names of hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import EVIL, Visit
from real import LIMIT, Deadline, Service

HOSTILE = (
    '<img src=x onerror="window.hit=1">',
    "<script>window.hit=1</script>",
    "javascript:window.hit=1 data:text/html,<script>window.hit=1</script>",
    'http://a.example/"onmouseover="window.hit=1',
    "http://a.example/<svg/onload=window.hit=1>",
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1}",
    "&lt;b&gt; &amp;",
)
BACKWARDS = "\u202emoc.live\u202c"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--archive", "memory:", "--arrivals", "off")
    with Service(tmp_path_factory.mktemp("chat"), *options) as service:
        yield service


def test_hostile_messages_are_text(visit: Visit, chat: Service) -> None:
    mallory = chat.program("mallory", room="#hostile")
    mallory.ask("topic", room="#hostile", text=HOSTILE[0])
    tab = visit("ann")
    tab.say("/join #hostile")
    tab.page.locator("h1", has_text="#hostile").wait_for()
    for text in HOSTILE:
        mallory.ask("say", room="#hostile", text=text)
    tab.sees(HOSTILE[-1])
    assert tab.texts == list(HOSTILE)
    assert tab.page.locator(".topic").inner_text() == HOSTILE[0]
    assert tab.page.locator(".row :is(img, script, svg, b)").count() == 0
    links = tab.log.locator("a")
    assert [link.get_attribute("href") for link in links.all()] == [
        "http://a.example/", "http://a.example/",
    ]  # fmt: skip
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}
    assert tab.page.evaluate("() => window.hit") is None


def test_text_that_turns_the_direction_around_stays_in_its_place(
    visit: Visit, chat: Service
) -> None:
    mallory = chat.program("mal", room="#turned")
    tab = visit("bea")
    tab.say("/join #turned")
    tab.page.locator("h1", has_text="#turned").wait_for()
    mallory.ask("say", room="#turned", text=f"look: {BACKWARDS}")
    text = tab.sees("look:")
    assert text.evaluate("element => getComputedStyle(element).unicodeBidi") == "isolate"
    name = tab.log.locator(".name").last
    assert name.evaluate("element => element.tagName") == "BDI"
    box, body = name.bounding_box(), text.bounding_box()
    assert box is not None
    assert body is not None
    assert box["x"] == pytest.approx(body["x"], abs=1)  # the name is still at the left


@pytest.mark.parametrize(
    "attack",
    [
        "document.body.innerHTML = '<img src=x onerror=window.hit=1>'",
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=window.hit=1>')",
        "document.createElement('script').text = 'window.hit = 1'",
        "document.body.setAttribute('onclick', 'window.hit = 1')",
        "setTimeout('window.hit = 1', 0)",
        "trustedTypes.createPolicy('mine', {createHTML: text => text})",
    ],
)
def test_the_policy_lets_no_text_become_code(visit: Visit, attack: str) -> None:
    tab = visit()
    refused = f"() => {{ try {{ {attack} }} catch (error) {{ return error.name }} }}"
    assert tab.page.evaluate(refused) in ("TypeError", "EvalError")
    assert tab.page.evaluate("() => window.hit") is None


def test_an_inline_script_in_the_page_does_not_run(visit: Visit) -> None:
    tab = visit()

    def injected(route: Any) -> None:
        answer = route.fetch()
        body = answer.text().replace("</body>", "<script>window.hit = 1</script></body>")
        route.fulfill(response=answer, body=body)

    tab.page.route(f"{tab.origin}/", injected)
    tab.page.reload()
    tab.page.locator("input[name=name]").wait_for()
    assert "window.hit" in tab.page.content()
    assert tab.page.evaluate("() => window.hit") is None


def test_the_page_reaches_no_other_origin(visit: Visit) -> None:
    tab = visit()
    away = "fetch('http://127.0.0.1:9/').then(() => 'reached', error => error.name)"
    assert tab.page.evaluate(f"() => {away}") == "TypeError"
    assert [one for one in tab.problems if "127.0.0.1:9" in one] == tab.problems
    tab.problems.clear()


def test_a_page_of_another_origin_can_neither_connect_nor_frame(
    visit: Visit, chat: Service
) -> None:
    tab = visit()
    tab.page.route("http://other.example/", lambda route: route.fulfill(body="<p>hello"))
    tab.page.goto("http://other.example/")
    connected = """url => new Promise(done => {
        const socket = new WebSocket(url);
        socket.onopen = () => done("opened");
        socket.onclose = () => done("closed");
    })"""
    where = f"localhost:{chat.port}/"
    assert tab.page.evaluate(connected, f"ws://{where}") == "closed"
    framed = """url => new Promise(done => {
        const frame = document.createElement("iframe");
        frame.onload = done;
        frame.src = url;
        document.body.append(frame);
    })"""
    tab.page.evaluate(framed, f"http://{where}")
    deadline = Deadline(LIMIT)  # the driver learns later than the page where the frame is
    while (urls := [frame.url for frame in tab.page.frames[1:]]) == [""]:
        deadline.left("the frame's address")
        tab.page.wait_for_timeout(20)
    assert urls == ["chrome-error://chromewebdata/"]
    tab.problems.clear()


def test_a_name_that_others_own_is_refused(visit: Visit, chat: Service) -> None:
    tab = visit()
    answer = tab.page.goto(f"http://{EVIL}:{chat.port}/")
    assert answer is not None
    assert answer.status == 421
    assert tab.page.locator("input").count() == 0
    tab.problems.clear()
