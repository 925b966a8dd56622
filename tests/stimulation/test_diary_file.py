"""The file of a diary: every mistake told with its line, and what is written is read again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.stimulation.diary import diary_from_rows, diary_from_text
from crural.stimulation.diary_file import PHASES, DiaryError, Row, read_rows, write_rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "stimulation-diary.csv"
MINUTES = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda at: at.replace(second=0, microsecond=0)
)
# As the diary keeps text: without control characters, and without blanks around it.
WORDS = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)
    .map(str.strip)
    .map(lambda text: text or None)
)


def numbers(most: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(0, most).map(abs)


ROWS = st.builds(
    Row,
    time=MINUTES,
    phase=st.sampled_from([None, *PHASES]),
    nrs=numbers(10),
    settings=WORDS,
    odi=numbers(100),
    sleep=numbers(24),
    opioid=numbers(10_000),
    note=WORDS,
)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_what_is_written_is_read_again(rows: list[Row]) -> None:
    read, wrong = read_rows(write_rows(rows), "d.csv")
    assert wrong == ()
    assert [Row(**{**vars(row), "line": None}) for row in read] == rows


def test_the_example_goes_round() -> None:
    rows, wrong = read_rows(EXAMPLE.read_text(encoding="utf-8"), "example")
    assert wrong == ()
    again = diary_from_text(write_rows(rows), "example")
    assert [(e.time, e.nrs) for e in again.entries] == [
        (e.time, e.nrs) for e in diary_from_rows(rows, "example").entries
    ]


def test_no_cell_is_a_formula() -> None:
    row = Row(time=dt.datetime(2026, 3, 1), settings="=1+1", note="@SUM(A1)")
    text = write_rows([row])
    assert "'=1+1" in text
    assert "'@SUM(A1)" in text


def test_a_whole_day_is_written_as_a_date_and_a_number_without_exponent() -> None:
    text = write_rows([Row(time=dt.datetime(2026, 3, 1), nrs=7, opioid=0.00001), Row(time=-3.0)])
    assert text.splitlines()[1:] == ["2026-03-01,7,,,,,0.00001,", "-3,,,,,,,"]


def test_every_row_that_cannot_be_read_is_told() -> None:
    read, wrong = read_rows(
        "time,nrs,phase\n2026-03-01,7,baseline\n2026-03-02,17,trial\nMonday,3,trial\n1,2,sleep\n",
        "d.csv",
    )
    assert [row.line for row in read] == [2]
    assert [(error.line, error.field) for error in wrong] == [
        (3, "nrs"),
        (4, "time"),
        (5, "phase"),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("27/10/2026", dt.datetime(2026, 10, 27)),
        ("3.4.2026", dt.datetime(2026, 4, 3)),
        ("03/04/2026 08:30", dt.datetime(2026, 4, 3, 8, 30)),
        ("2026-04-03", dt.datetime(2026, 4, 3)),
    ],
)
def test_dates_with_the_day_first_are_read_when_that_is_said(
    written: str, read: dt.datetime
) -> None:
    text = f"time;nrs;phase\n{written};3,5;baseline\n"
    (row,), wrong = read_rows(text, "d.csv", day_first=True)
    assert (row.time, row.nrs, wrong) == (read, 3.5, ())


@pytest.mark.parametrize("written", ["27/10/2026", "10/27/2026", "31.2.2026"])
def test_a_date_that_does_not_fit_is_refused(written: str) -> None:
    text = f"time,nrs,phase\n{written},3,baseline\n"
    assert read_rows(text, "d.csv")[1]
    _, wrong = read_rows(text, "d.csv", day_first=True)
    assert bool(wrong) is (written != "27/10/2026")


def test_dates_and_days_do_not_mix() -> None:
    _, wrong = read_rows("time,nrs,phase\n2026-03-01,7,baseline\n2,7,baseline\n", "d.csv")
    assert [(error.line, error.field) for error in wrong] == [(3, "time")]


def test_a_row_of_no_trial_is_read_but_is_no_part_of_one() -> None:
    rows, wrong = read_rows("time,nrs,phase,note\n2026-03-01,7,,rain\n", "d.csv")
    assert (wrong, rows[0].phase, rows[0].note) == ((), None, "rain")
    with pytest.raises(DiaryError, match="phase is missing"):
        diary_from_rows(rows, "d.csv")
