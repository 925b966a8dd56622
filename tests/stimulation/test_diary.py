"""Reading a diary: what is accepted, and how every mistake is told."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.stimulation.diary import (
    Diary,
    DiaryError,
    diary_from_record,
    diary_from_text,
    read_diary,
)

from .diaries import written

EXAMPLE = Path(__file__).parents[2] / "examples" / "stimulation-diary.csv"


def test_the_example_is_read_whole() -> None:
    read = read_diary(EXAMPLE)
    assert read.origin == dt.date(2026, 3, 2)
    assert [len(read.of(p)) for p in ("baseline", "trial", "after")] == [14, 7, 4]
    assert len(read.scored("trial")) == 6
    assert read.of("trial")[0].settings == "programme 1"
    assert read.of("trial")[-1].odi == 34
    assert read.of("trial")[0].opioid == 40


def test_semicolons_decimal_commas_and_other_words_for_phases_are_understood() -> None:
    read = diary_from_text("Day;Pain score;Period\n-1;6,5;Before\n0;3;ON\n1;4;washout\n", "d.csv")
    assert [(e.time, e.nrs, e.phase) for e in read.entries] == [
        (-1.0, 6.5, "baseline"),
        (0.0, 3.0, "trial"),
        (1.0, 4.0, "after"),
    ]


def test_the_hour_counts_as_part_of_the_day() -> None:
    read = written("2026-03-02 06:00,7,baseline", "2026-03-03T18:00,3,trial")
    assert [e.time for e in read.entries] == [0.25, 1.75]


def test_an_empty_score_is_missing_and_not_zero() -> None:
    read = written("1,7,baseline", "2,,trial", "3,n/a,trial", "4,3,trial")
    assert [e.nrs for e in read.of("trial")] == [None, None, 3.0]


def test_a_byte_order_mark_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "diary.csv"
    path.write_bytes("\ufefftime,nrs,phase\r\n\r\n1,7,baseline\r\n".encode())
    [entry] = read_diary(path).entries
    assert entry.line == 3


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("", None, "", "is empty"),
        ("time,nrs,phase\n", 1, "", "no entries"),
        ("time,nrs\n1,2", 1, "phase", "missing"),
        ("time,nrs,phase,nrs\n1,2,trial,2", 1, "nrs", "twice"),
        ("time,pian,phase\n1,2,trial", 1, "pian", "no column"),
        ("time,nrs,phase,left knee\n1,2,trial,x", 1, "left knee", "no column"),
        ("time,nrs,phase\n1,2,trial\n2,12,trial", 3, "nrs", "'12' is not a pain score"),
        ("time,nrs,phase\n1,-1,trial", 2, "nrs", "'-1' is not"),
        ("time,nrs,phase\n1,six,trial", 2, "nrs", "'six' is not"),
        ("time,nrs,phase\n1,1e9,trial", 2, "nrs", "'1e9' is not"),
        ("time,nrs,phase\n1,6,sleeping", 2, "phase", "'sleeping' is no phase"),
        ("time,nrs,phase\n1,6,", 2, "phase", "the phase is missing"),
        ("time,nrs,phase\nMonday,6,trial", 2, "time", "'Monday' is no time"),
        ("time,nrs,phase\n,6,trial", 2, "time", "the time is missing"),
        ("time,nrs,phase\n20260301,6,trial", 2, "time", "'20260301' is no time"),
        ("time,nrs,phase\n2026-02-30,6,trial", 2, "time", "'2026-02-30' is no time"),
        ("time,nrs,phase\n2026-03-01,6,trial\n2,6,trial", 3, "time", "some entries have a date"),
        ("time,nrs,phase\n1,6", 2, "", "2 cells under 3 columns"),
        ("time,nrs,phase\n1,6,trial,x", 2, "", "4 cells under 3 columns"),
        ('time,nrs,phase\n"1,6,trial\n', 2, "", "is no CSV"),
        ("time,nrs,phase,odi\n1,6,trial,120", 2, "odi", "'120' is not an Oswestry"),
        ("time,nrs,phase,sleep\n1,6,trial,25", 2, "sleep", "'25' is not hours"),
        ("time,nrs,phase,opioid\n1,6,trial,-5", 2, "opioid", "'-5' is not milligrams"),
        ("time,nrs,phase\n1,6,trial\0", 2, "", "no text has"),
    ],
)
def test_a_mistake_is_one_error_with_line_and_column(
    text: str, line: int | None, field: str, says: str
) -> None:
    with pytest.raises(DiaryError) as caught:
        diary_from_text(text, "diary.csv")
    error = caught.value
    assert (error.line, error.field) == (line, field)
    assert says in error.problem
    assert error.remedy
    assert "\n" not in str(error)


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "diary.csv"
    path.write_bytes(b"time,nrs,phase\n1,6,tri\xe4l\n")
    with pytest.raises(DiaryError, match="UTF-8") as caught:
        read_diary(path)
    assert caught.value.line == 2
    with pytest.raises(DiaryError, match="cannot be read"):
        read_diary(tmp_path / "none.csv")


def test_too_long_a_diary_is_refused(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},5,trial" for i in range(5_001))
    with pytest.raises(DiaryError, match="5001 entries"):
        diary_from_text(f"time,nrs,phase\n{rows}", "diary.csv")
    path = tmp_path / "diary.csv"
    path.write_bytes(b"x" * 5_000_001)
    with pytest.raises(DiaryError, match="bytes"):
        read_diary(path)


@given(st.text(max_size=200))
def test_no_text_brings_anything_but_a_diary_or_one_error(text: str) -> None:
    with contextlib.suppress(DiaryError):
        assert diary_from_text("time,nrs,phase\n" + text, "diary.csv").entries


@given(st.permutations(["1,7,baseline", "2,6,baseline", "3,3,trial", "4,2,trial", "5,6,after"]))
def test_the_order_of_rows_does_not_matter(rows: list[str]) -> None:
    told = [(e.time, e.phase, e.nrs) for e in written(*rows).entries]
    assert told == [
        (1.0, "baseline", 7.0),
        (2.0, "baseline", 6.0),
        (3.0, "trial", 3.0),
        (4.0, "trial", 2.0),
        (5.0, "after", 6.0),
    ]


def from_record(knowledge: Knowledge, **parts: Any) -> Diary:
    data = {"age": 50, "sex": "female", "side": "left", "as_of": "2026-04-01", **parts}
    record = record_from_data(data, knowledge.vocabulary, "record.yaml")
    return diary_from_record(record, knowledge, "record.yaml")


SCORES = [
    {"date": "2026-03-01", "nrs": 8},
    {"date": "2026-03-08", "nrs": 7},
    {"date": "2026-03-10", "nrs": 3},
    {"date": "2026-03-17", "nrs": 2},
    {"date": "2026-03-20", "nrs": 6},
]


def test_a_record_gives_its_scores_around_the_last_trial(knowledge: Knowledge) -> None:
    tried = [
        {"what": "spinal cord stimulation", "start": "2026-03-10", "stop": "2026-03-17"},
        {"what": "spinal cord stimulation", "start": "2020-01-10", "stop": "2020-01-17"},
    ]
    read = from_record(knowledge, treatments=tried, pain_scores=SCORES)
    assert [e.phase for e in read.entries] == ["baseline", "baseline", "trial", "trial", "after"]
    assert read.origin == dt.date(2026, 3, 10)
    assert read.date_of(read.entries[0].time) == dt.date(2026, 3, 1)


def test_a_trial_that_goes_on_has_no_scores_after_it(knowledge: Knowledge) -> None:
    tried = [{"what": "spinal cord stimulation", "start": "2026-03-10"}]
    read = from_record(knowledge, treatments=tried, pain_scores=SCORES)
    assert [e.phase for e in read.entries] == ["baseline", "baseline", "trial", "trial", "trial"]


def test_a_stimulator_in_the_list_of_drugs_is_one_that_goes_on(knowledge: Knowledge) -> None:
    scores = [{"day": day, "nrs": 5} for day in (-1, 0, 90)]
    read = from_record(knowledge, drugs=["spinal cord stimulation"], pain_scores=scores)
    assert [e.phase for e in read.entries] == ["baseline", "trial", "trial"]


def test_scores_by_day_count_from_the_start_of_the_trial(knowledge: Knowledge) -> None:
    tried = [{"what": "spinal cord stimulation", "days": 7}]
    scores = [{"day": day, "nrs": 5} for day in (-7, -1, 0, 6, 7)]
    read = from_record(knowledge, treatments=tried, pain_scores=scores)
    assert [e.phase for e in read.entries] == ["baseline", "baseline", "trial", "trial", "after"]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"pain_scores": SCORES}, "no trial of stimulation"),
        ({"treatments": [{"what": "spinal cord stimulation"}]}, "no pain scores"),
        (
            {"treatments": [{"what": "spinal cord stimulation"}], "pain_scores": SCORES},
            "has no start",
        ),
        (
            {
                "treatments": [{"what": "spinal cord stimulation", "start": "2026-03-10"}],
                "pain_scores": [*SCORES, {"day": 3, "nrs": 2}],
            },
            "some scores have a date",
        ),
    ],
)
def test_what_a_record_lacks_is_told(knowledge: Knowledge, parts: Any, says: str) -> None:
    with pytest.raises(DiaryError, match=says):
        from_record(knowledge, **parts)
