"""Positions in a conversation, as users write them; the tests' time zone is UTC."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from chatsvc.client.time_points import since, until
from chatsvc.dialects.jsonl import seconds
from chatsvc.model.requests import Refused

NOW = seconds("2026-11-21T14:02:00.000Z")
DAY = 86_400.0


@pytest.fixture
def berlin() -> Iterator[None]:
    """Use the time zone of Berlin."""
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ["TZ"] = "UTC"
    time.tzset()


@pytest.mark.parametrize("text", ["17", " 17 "])
def test_a_number_is_that_of_a_line(text: str) -> None:
    assert since(text, NOW) == until(text, NOW) == 17
    assert isinstance(since(text, NOW), int)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20 14:02", "2026-11-20T14:02:00.000Z"),
        ("2026-11-20T14:02:30", "2026-11-20T14:02:30.000Z"),
        ("2026-11-20T14:02:30.250Z", "2026-11-20T14:02:30.250Z"),
        ("2026-11-20 14:02+01:00", "2026-11-20T13:02:00.000Z"),
    ],
)
def test_a_time_is_a_moment(text: str, moment: str) -> None:
    assert since(text, NOW) == until(text, NOW) == seconds(moment)


def test_how_long_ago_is_counted_back_from_now() -> None:
    assert since("2d", NOW) == until("2d", NOW) == NOW - 2 * DAY
    assert since("1h30m", NOW) == NOW - 5400.0


def test_a_day_begins_at_its_midnight_and_is_taken_to_its_end() -> None:
    assert since("2026-11-20", NOW) == seconds("2026-11-20T00:00:00.000Z")
    assert until("2026-11-20", NOW) == seconds("2026-11-21T00:00:00.000Z")


@pytest.mark.usefixtures("berlin")
def test_times_are_those_of_this_machine_and_a_day_may_have_25_hours() -> None:
    assert since("2026-11-20 14:02", NOW) == seconds("2026-11-20T13:02:00.000Z")
    assert since("2026-10-25", NOW) == seconds("2026-10-24T22:00:00.000Z")
    assert until("2026-10-25", NOW) == seconds("2026-10-25T23:00:00.000Z")


@pytest.mark.parametrize(
    "text", ["", "soon", "-3", "2026-13-01", "2026-02-30", "2026-11-20 25:00", "d", "2d ago", "٣"]
)
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"is not a valid position\. Use a number \(17\), a day"):
        since(text, NOW)


def test_no_time_at_all_is_none_ago() -> None:
    with pytest.raises(Refused, match="longer than zero"):
        since("0d", NOW)
