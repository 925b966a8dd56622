"""Moments as they are kept: one text for each, and no other is read."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.store.tables import moment_of, moment_text


def test_a_moment_is_kept_in_utc_to_the_microsecond() -> None:
    berlin = dt.timezone(dt.timedelta(hours=2))
    moment = dt.datetime(2026, 7, 1, 1, 30, tzinfo=berlin)
    assert moment_text(moment) == "2026-06-30T23:30:00.000000Z"


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_kept_moment_is_the_same_moment(moment: dt.datetime) -> None:
    kept = moment_text(moment)
    assert len(kept) == 27
    assert moment_of(kept) == moment
    assert moment_of(kept).tzinfo is dt.UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-07-01",
        "2026-7-1T01:30:00.000000Z",
        "2026-07-01T01:30:00Z",
        "2026-07-01 01:30:00.000000Z",
        "2026-07-01T01:30:00.000000",
        "2026-07-01T01:30:00.000000+02:00",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|as it is kept"):
        moment_of(text)
