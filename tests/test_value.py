"""Values behave as frozen dataclasses with slots do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from chatsvc.model.value import value


@value
class Point:
    """A place."""

    WIRE: ClassVar[str] = "point"

    x: int
    y: int = 2
    label: str = field(default="", compare=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@value
class Nothing:
    """No fields."""


@dataclass(frozen=True, slots=True)
class Other:
    x: int
    y: int = 2
    label: str = field(default="", compare=False)


def test_values_are_made_by_position_and_by_name() -> None:
    assert (Point(1).x, Point(1).y, Point(1).label, Point(1).sum) == (1, 2, "", 3)
    assert Point(1, y=3, label="a") == Point(1, 3, "a")
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required .* 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=2)  # type: ignore[call-arg]


def test_values_are_equal_by_the_fields_that_are_compared() -> None:
    assert Point(1, label="a") == Point(1, label="b") != Point(2)
    assert hash(Point(1, label="a")) == hash(Point(1, label="b"))
    assert len({Point(1), Point(1), Point(2), Nothing(), Nothing()}) == 3
    different: list[Any] = [Other(1), (1, 2, ""), None]
    assert Point(1) not in different
    assert Nothing() == Nothing()


def test_values_can_be_extended() -> None:
    @value
    class Near(Point):
        z: int = 0

    assert Near(1, z=4) == Near(1, 2, "", 4) != Point(1)
    with pytest.raises(FrozenInstanceError):
        setattr(Near(1), "x", 2)  # noqa: B010


@pytest.mark.parametrize("name", ["x", "z"])
def test_values_cannot_change(name: str) -> None:
    point = Point(1)
    for change in (lambda: setattr(point, name, 3), lambda: delattr(point, name)):
        with pytest.raises(FrozenInstanceError, match=f"'{name}'"):
            change()
    assert (point.x, hasattr(point, "__dict__")) == (1, False)


def test_values_are_copied_and_described_as_dataclasses_are() -> None:
    point = Point(1, label="a")
    assert repr(point) == "Point(x=1, y=2, label='a')"
    assert repr(Nothing()) == "Nothing()"
    assert asdict(point) == asdict(Other(1, label="a")) == {"x": 1, "y": 2, "label": "a"}
    assert [one.name for one in fields(Point)] == ["x", "y", "label"]
    assert all(map(is_dataclass, (Point, Nothing)))
    for twin in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert repr(twin) == repr(point)
    assert repr(replace(point, y=5)) == "Point(x=1, y=5, label='a')"
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no match")
