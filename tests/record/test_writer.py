"""A written record reads back as the same record."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.record import Record, record_from_data, record_from_text, write_record
from crural.record.document import parse
from crural.record.frozen import thaw
from crural.record.text import first_not_text
from crural.record.writer import flow
from tests.record.conftest import HEAD, TODAY, VOCABULARY, read

WORDS = st.text(min_size=1, max_size=40).filter(
    lambda text: text.strip() != "" and first_not_text(text) is None
)
TRICKY = st.sampled_from(
    ["no", "null", "~", "010", "1e5", ".inf", "2026-03-01", "12:30", "a: b", "a #b", "- a", "&a",
     "!x", "[x", "{", "'", '"', "\\", "a\nb", "\u2028", "a\u0085b", "\ufeffa", "%", "@", "`", "y",
     "=", "<<", "\r", "\t", "on", "-", "?", ",", "400 mg", "1 2", "0x1 f"]
).map(lambda text: f"{text}.x" if text.strip() == "" else text)  # fmt: skip
TEXTS = WORDS | TRICKY
DATES = st.dates(dt.date(2000, 1, 1), TODAY)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS | DATES
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def given_or_not(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Mappings with any of these fields left out."""
    return st.fixed_dictionaries({}, optional=fields)


SIDES = st.sampled_from(["left", "right", "both", "midline"])
WHEN = given_or_not(
    date=DATES, by=TEXTS, note=TEXTS, stage=st.sampled_from(["presentation", "work-up"])
)
SAID = st.one_of(
    given_or_not(side=SIDES, present=st.booleans()).map(
        lambda said: {"finding": "slr-positive", "present": True, **said}
    ),
    given_or_not(side=SIDES, value=st.floats(0, 2)).map(
        lambda said: {"finding": "abi", "value": 1, **said}
    ),
    st.builds(
        lambda value, unit: {"finding": "crp", "value": value, "unit": unit},
        st.floats(0, 1000),
        st.sampled_from(["mg/L", "mg/dL"]),
    ),
    st.just({"finding": "onset-speed", "state": "sudden"}),
)
OBSERVATIONS = st.builds(lambda said, when: {**said, **when}, SAID, WHEN)
TREATMENTS = given_or_not(
    dose=TEXTS,
    days=st.integers(1, 9999),
    response=st.sampled_from(["none", "partial", "good"]),
    relief_percent=st.floats(0, 100),
    stopped_because=TEXTS,
)
BASES: st.SearchStrategy[dict[str, object]] = st.builds(
    lambda age, sex, side: {"age": age, "sex": sex, "side": side, "as_of": TODAY},
    st.integers(30, 120) | st.floats(30, 120),
    st.sampled_from(["female", "male"]),
    st.sampled_from(["left", "right", "bilateral", None]),
)
MORE = given_or_not(
    id=TEXTS,
    setting=st.sampled_from(["primary-care", "spine-clinic", "emergency"]),
    observations=st.lists(OBSERVATIONS, max_size=4, unique_by=lambda one: str(one["finding"])),
    absent=st.lists(st.just("saddle-numbness"), max_size=2),
    treatments=st.lists(TREATMENTS.map(lambda run: {"what": "x", **run}), max_size=3),
    drugs=st.lists(TEXTS | given_or_not(dose=TEXTS).map(lambda d: {"name": "x", **d})),
    allergies=st.lists(TEXTS, max_size=3),
    illnesses=st.lists(
        TEXTS
        | st.just("diabetes")
        | given_or_not(since=TEXTS | DATES | st.integers(2000, 2025)).map(
            lambda one: {"name": "x", **one}
        ),
        max_size=3,
    ),
    pain_scores=st.lists(
        st.fixed_dictionaries({"nrs": st.floats(0, 10), "day": st.integers(-99, 99)})
    ),
    note=TEXTS,
    source=st.dictionaries(TEXTS, PLAIN, max_size=3),
)
RECORDS = st.builds(lambda base, more: {**base, **more}, BASES, MORE)


@settings(max_examples=150, deadline=None)
@given(RECORDS)
def test_writing_and_reading_gives_the_same_record(data: dict[str, object]) -> None:
    record = record_from_data(data, VOCABULARY, "form", today=TODAY)
    written = write_record(record)
    assert record_from_text(written, VOCABULARY, "written", today=TODAY) == record


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_plain_data_on_one_line_reads_back(value: object) -> None:
    line = flow(value)
    assert "\n" not in line
    assert parse(f"a: {line}").data == {"a": value}


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_any_yaml_reader_takes_written_text_for_text(text: str) -> None:
    assert yaml.safe_load(f"a: {flow(text)}") == {"a": text}


def test_what_was_not_said_is_not_written() -> None:
    assert write_record(read(HEAD)) == (
        "schema: crural/record/1\nage: 46\nsex: male\nside: left\nsetting: primary-care\n"
    )


def test_a_side_that_was_not_recorded_is_written_as_null() -> None:
    assert "side: null\n" in write_record(read("age: 46\nsex: male\nside:\n"))


def test_each_observation_is_one_line_a_clinician_can_read() -> None:
    record = read(
        HEAD + "present: [slr-positive]\nobservations: [{finding: crp, value: 4.1, unit: mg/dL}]\n"
    )
    assert write_record(record).splitlines()[5:] == [
        "observations:",
        "  - {finding: crp, value: 41, unit: mg/L}",
        "  - {finding: slr-positive, present: true}",
    ]


def test_record_made_in_code_is_written_too() -> None:
    record = Record(age=46.5, sex="female", side="right", pregnancy_weeks=30)
    assert read(write_record(record)) == record


def test_thaw_gives_plain_data_back() -> None:
    record = record_from_data(
        {"age": 1, "sex": "male", "side": None, "source": {"a": [1, {"b": None}]}},
        VOCABULARY,
        "form",
    )
    assert thaw(record.source) == {"a": [1, {"b": None}]}
    assert record.model_dump()["source"] == {"a": [1, {"b": None}]}


@pytest.mark.parametrize("number", [0.1, 1e-7, 1e22, 123456789.123, 0.0])
def test_numbers_are_written_exactly(number: float) -> None:
    assert parse(f"a: {flow(number)}").data == {"a": number}
