"""Times as texts: their order, and one that is later than another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regpress.times import format_time, later_time, time_key

MOMENTS = st.datetimes(max_value=datetime(9999, 12, 31, 23, 59, 58), timezones=st.just(UTC)).map(format_time)


@given(MOMENTS, MOMENTS)
@example("2026-05-01T06:00:00Z", "2026-05-01T06:00:00Z")
@example("2026-05-01T06:00:00Z", "2026-05-01T06:00:00.123456789Z")
def test_a_later_time_is_later_and_the_given_one_where_that_is(text: str, after: str) -> None:
    found = later_time(text, after)
    assert time_key(found) > time_key(after)
    assert found == text or time_key(text) <= time_key(after)


@pytest.mark.parametrize(("after", "found"), [("", "2026-01-01T00:00:00Z"), ("9999-12-31T23:59:59.999999Z",) * 2])
def test_without_an_earlier_time_or_beyond_the_last_the_time_is_what_it_can_be(after: str, found: str) -> None:
    assert later_time("2026-01-01T00:00:00Z", after) == found
