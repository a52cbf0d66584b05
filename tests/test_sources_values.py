"""JSON values of any type where one type is due."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.sources.values import (
    as_day,
    as_list,
    as_number,
    as_object,
    as_objects,
    as_text,
    as_texts,
    first_day,
)

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def test_a_value_of_the_type_is_itself_and_any_other_is_nothing() -> None:
    assert (as_object({"a": 1}), as_object([])) == ({"a": 1}, {})
    assert (as_list([1]), as_list("ab")) == ([1], [])
    assert (as_text("a"), as_text(1), as_text(None)) == ("a", "", "")
    assert as_objects([{"a": 1}, None, "b"]) == [{"a": 1}]
    assert (as_texts(["a", 1, None]), as_texts("a"), as_texts(3)) == (["a"], ["a"], [])


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), ("12", 12), (-1, None), (True, None), (1.0, None), ("²", None), ("9" * 5_000, None)],
)
def test_a_number_is_whole_and_not_negative(value: object, number: int | None) -> None:
    assert as_number(value) == number


def test_a_day_is_what_a_text_begins_with() -> None:
    assert as_day(" 2025-11-26T08:00:00Z") == date(2025, 11, 26)
    assert [as_day("2025-13-01"), as_day("2025"), as_day(20251126)] == [None] * 3


def test_a_year_alone_is_its_first_day() -> None:
    assert (first_day(2017), first_day("2017")) == (date(2017, 1, 1), date(2017, 1, 1))
    assert [first_day(0), first_day(10_000), first_day(None), first_day(-5)] == [None] * 4


@given(ANYTHING)
def test_no_value_raises(value: Any) -> None:
    for read in (as_object, as_list, as_text, as_objects, as_texts, as_number, as_day, first_day):
        read(value)
