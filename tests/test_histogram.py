"""Histograms count as a list of all values would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatsvc.model.histogram import SECONDS, Histogram


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 5))))
def test_each_bound_has_the_number_of_values_up_to_it(values: list[tuple[float, int]]) -> None:
    histogram = Histogram()
    for value, times in values:
        histogram.add(value, times)
    every = [value for value, times in values for _ in range(times)]
    expected = [(bound, sum(value <= bound for value in every)) for bound in SECONDS]
    assert list(histogram.cumulative()) == [*expected, (float("inf"), len(every))]
    assert histogram.count == len(every)
