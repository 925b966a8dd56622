"""Every mistake gives one error that names file, line, field and remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crural.errors import RecordError
from crural.record import read_record, record_from_data, record_from_text
from tests.record.conftest import HEAD, TODAY, VOCABULARY, error_of, observed

WHOLE: dict[str, object] = {"age": 46, "sex": "male", "side": "left"}

# What is written, then line, field, a part of the problem and a part of the remedy.
WHOLE_RECORDS = [
    ("", None, "", "is empty", "age, sex and side"),
    ("# nothing yet\n", None, "", "is empty", "age, sex and side"),
    ("- a\n- b\n", 1, "", "holds a list", "keys with values"),
    ("just words", 1, "", "holds 'just words'", "keys with values"),
    (HEAD + "note: a: b\n", 4, "", "not readable as YAML", "quotes"),
    (HEAD + "age: 47\n", 4, "age", "given twice (first on line 1)", "keep one"),
    (HEAD + "note: &a x\n", 4, "note", "anchor", "write the text out"),
    ("age: x\nsex: male\nside: left\n", 1, "age", "'x' is not a number", "0 to 120"),
    ("age: 146\nsex: male\nside: left\n", 1, "age", "146 is above 120", "0 to 120"),
    ("age: -1\nsex: male\nside: left\n", 1, "age", "-1 is below 0", "0 to 120"),
    ("age: .nan\nsex: male\nside: left\n", 1, "age", "nan is not a finite number", "0 to 120"),
    ("age: 1e999\nsex: male\nside: left\n", 1, "age", "inf is not a finite number", "0 to 120"),
    ("age: true\nsex: male\nside: left\n", 1, "age", "true is not a number", "0 to 120"),
    ("age: 46\nsex: mal\nside: left\n", 2, "sex", "'mal' is not one of", "did you mean male?"),
    ("age: 46\nsex: 1\nside: left\n", 2, "sex", "1 is not one of", "female or male"),
    ("age: 46\nsex: male\n", 1, "side", "is missing", "null when it was not recorded"),
    ("age: 46\nsex: male\nside: front\n", 3, "side", "'front'", "bilateral"),
    ("age: 46\nsex: male\nside: [left, right]\n", 3, "side", "a list is not one", "bilateral"),
    (HEAD + "schema: crural/record/9\n", 4, "schema", "crural/record/9", "crural/record/1"),
    ("schema: crural/case/1\nrecord: {}\n", 1, "schema", "known diagnosis", "crural validate"),
    (HEAD + "setting: hospital\n", 4, "setting", "'hospital'", "emergency"),
    (HEAD + "gender: male\n", 4, "gender", "not a known key", "did you mean sex?"),
    (HEAD + "obsevations: []\n", 4, "obsevations", "not a known key", "mean observations?"),
    (HEAD + "qqq: 1\n", 4, "qqq", "not a known key", "use one of schema, id"),
    (HEAD + "pregnancy_weeks: 30\n", 4, "pregnancy_weeks", "not pregnant", "correct sex"),
    (HEAD + "pregnancy_weeks: 60\n", 4, "pregnancy_weeks", "above 45", "0 to 45"),
    (HEAD + "pregnancy_weeks: 3.5\n", 4, "pregnancy_weeks", "not a whole number", "0 to 45"),
    (HEAD + "as_of: 2999-01-01\n", 4, "as_of", "in the future", "correct the date"),
    (HEAD + "as_of: 2026-02-30\n", 4, "as_of", "'2026-02-30' is not a date", "2026-03-01"),
    (HEAD + "as_of: 12\n", 4, "as_of", "12 is not a date", "year-month-day"),
    (HEAD + "note: ''\n", 4, "note", "is empty", "leave the whole key out"),
    (HEAD + 'note: "a\\eb"\n', 4, "note", "control character U+001B", "remove it"),
    (HEAD + "id: 12\n", 4, "id", "12 is not text", "does not identify the patient"),
    (HEAD + f"id: {'x' * 400}\n", 4, "id", "longer than 300 characters", "give as id"),
    (HEAD + "source: a book\n", 4, "source", "not a group of keys", "source: {"),
    (HEAD + "source:\n  a: [.inf]\n", 5, "source.a.0", "inf is not a number", "leave it out"),
    (HEAD + "source: {a: {b: {c: {d: {e: {f: g}}}}}}\n", 4, "source.a", "too deeply", "levels"),
    (HEAD + "drugs: metformin\n", 4, "drugs", "'metformin' is not a list", "drugs: [metformin]"),
    (HEAD + "drugs:\n  - metformin\n  - 5\n", 6, "drugs.1", "5 is not a group", "[metformin]"),
    (HEAD + "drugs: [{name: x, doze: y}]\n", 4, "drugs.0.doze", "not a known", "mean dose?"),
    (HEAD + "allergies: [[x]]\n", 4, "allergies.0", "a list is not text", "allergies: ["),
    (HEAD + "pain_scores: [{nrs: 12, day: 1}]\n", 4, "pain_scores.0.nrs", "12 is above 10", "10"),
    (HEAD + "pain_scores: [{nrs: 2}]\n", 4, "pain_scores.0", "neither date nor day", "give one"),
    (
        HEAD + "treatments:\n  - what: x\n    start: 2026-02-01\n    stop: 2026-01-01\n",
        7,
        "treatments.0.stop",
        "before it starts",
        "correct one",
    ),
    (
        HEAD + "treatments: [{what: x, response: god}]\n",
        4,
        "treatments.0.response",
        "'god' is not one of",
        "did you mean good?",
    ),
    (HEAD + "observations: {}\n", 4, "observations", "a group of keys is not a list", "finding:"),
    (HEAD + "observations: [crp]\n", 4, "observations.0", "'crp' is not a group", "finding:"),
    (HEAD + "present: slr-positive\n", 4, "present", "not a list", "[first-id, second-id]"),
    (HEAD + "present: [{finding: crp}]\n", 4, "present.0", "not the id", "under observations"),
    (HEAD + "absent:\n  - slr-positve\n", 5, "absent.0", "no finding", "mean slr-positive (str"),
    (HEAD + "present: [crp]\n", 4, "present.0", "crp is graded", "raised or high; or value"),
    (
        HEAD + "absent: [onset-speed]\n",
        4,
        "absent.0",
        "is graded",
        "subacute (over days) or sudden",
    ),
    (
        HEAD + "present: [slr-positive]\nabsent: [slr-positive]\n",
        5,
        "absent.0",
        "absent here and present elsewhere",
        "keep the one that holds",
    ),
    (
        HEAD + "illnesses: [endometriosis]\n",
        4,
        "illnesses.0",
        "of women only",
        "correct sex",
    ),
    (
        HEAD + "illnesses: [diabetes]\nabsent: [diabetes-known]\n",
        4,
        "illnesses.0",
        "present here and absent elsewhere",
        "keep the one that holds",
    ),
    (
        "as_of: 2026-03-01\n" + HEAD + "treatments: [{what: x, start: 2026-03-02}]\n",
        5,
        "treatments.0.start",
        "future (after as_of, 2026-03-01)",
        "or as_of",
    ),
    (
        "age: 46\nsex: female\nside: left\npresent: [psa-high]\n",
        4,
        "present.0",
        "of men only",
        "leave this finding out",
    ),
    (
        HEAD + "observations: [" + "{finding: crp, state: high}, " * 1001 + "]",
        4,
        "observations",
        "more than 1000 entries",
        "give as observations",
    ),
]


@pytest.mark.parametrize(("text", "line", "field", "problem", "remedy"), WHOLE_RECORDS)
def test_mistakes_in_a_record(
    text: str, line: int | None, field: str, problem: str, remedy: str
) -> None:
    error = error_of(text)
    assert error.file == "case.yaml"
    assert error.line == line
    assert error.field == field
    assert problem in error.problem
    assert remedy in error.remedy


# One observation, on line 5, then field, a part of the problem and a part of the remedy.
OBSERVATIONS = [
    ("{present: true}", "finding", "is missing", "slr-positive"),
    ("{finding: slr-positive}", "", "nothing is said", "never taken as absent"),
    ("{finding: slr-positive, present: null}", "", "nothing is said", "never taken as absent"),
    ("{finding: slr-positive, present: maybe}", "present", "neither true nor false", "looked for"),
    ("{finding: slr-positive, presnt: true}", "presnt", "not a known key", "mean present?"),
    ("{finding: slr-positive, present: true, state: x}", "state", "both given", "keep one"),
    ("{finding: slr-positve, present: true}", "finding", "no finding", "mean slr-positive"),
    ("{finding: zzzzzz, present: true}", "finding", "no finding 'zzzzzz'", "crural findings"),
    ("{finding: 5, present: true}", "finding", "5 is not text", "id of a finding"),
    ("{finding: crp, value: 4}", "unit", "has no unit", "write unit: mg/L"),
    ("{finding: alp, value: 110}", "unit", "has no unit", "write unit: xULN"),
    ("{finding: zzzzzz, value: 4}", "unit", "a value has no unit", "together"),
    ("{finding: crp, unit: mg/L}", "", "nothing is said", "value"),
    ("{finding: slr-positive, present: true, unit: m}", "unit", "unit without a value", "give"),
    ("{finding: crp, value: 4, unit: mmol/L}", "unit", "cannot be converted to mg/L", "in mg/L"),
    ("{finding: alp, value: 110, unit: U/L}", "unit", "upper limit", "divide the result"),
    ("{finding: slr-positive, value: 60}", "value", "not measured", "present: true"),
    ("{finding: slr-positive, value: 60, unit: deg}", "value", "not measured", "present: true"),
    (
        "{finding: onset-speed, value: 3}",
        "value",
        "not measured",
        "gradual (over weeks or more), subacute",
    ),
    ("{finding: slr-positive, state: bad}", "state", "has no grades", "present: true"),
    ("{finding: onset-speed, state: suden}", "state", "not a state", "did you mean sudden?"),
    ("{finding: onset-speed, state: zzz}", "state", "not a state", "Its states are gradual"),
    ("{finding: crp, value: -4, unit: mg/L}", "value", "-4 mg/L is outside", "high 50 or more"),
    ("{finding: crp, value: .inf, unit: mg/L}", "value", "not a finite number", "plain number"),
    ("{finding: temperature-raised, value: 1e40, unit: F}", "value", "outside", "its unit"),
    ("{finding: gap, value: 15, unit: mm}", "value", "outside", "low below 10, high 20 or more"),
    ("{finding: crp, value: 1e308, unit: mg/dL}", "value", "outside the possible", "its unit"),
    (
        "{finding: temperature-raised, value: 101, unit: C}",
        "value",
        "101 C is outside",
        "in Cel the grades are normal 30 to 37.8, fever 37.8 to 38.5",
    ),
    ("{finding: crp, state: high, side: left}", "side", "no left or right", "leave side out"),
    ("{finding: slr-positive, present: true, side: lft}", "side", "'lft'", "did you mean left?"),
    ("{finding: slr-positive, present: true, date: 2026-05-01}", "date", "after today", "correct"),
    ("{finding: slr-positive, present: true, date: 1926-05-01}", "date", "before the birth", "age"),
    (
        "{finding: slr-positive, present: true, onset: 2026-02-01, date: 2026-01-01}",
        "onset",
        "after it was observed",
        "one of the two dates",
    ),
    ("{finding: endometriosis-known, present: true}", "finding", "of women only", "correct sex"),
    ("{finding: pain-bilateral, present: true}", "present", "painful side is left", "leave this"),
    ("{finding: slr-positive, present: true, 3: x}", "3", "not a known key", "use one of finding"),
]


@pytest.mark.parametrize(("written", "field", "problem", "remedy"), OBSERVATIONS)
def test_mistakes_in_an_observation(written: str, field: str, problem: str, remedy: str) -> None:
    error = observed(written)
    assert (error.file, error.line) == ("case.yaml", 5)
    assert error.field == "observations.0" + (f".{field}" if field else "")
    assert problem in error.problem
    assert remedy in error.remedy


def test_pain_in_both_legs_cannot_be_denied_when_both_hurt() -> None:
    both = "age: 46\nsex: male\nside: bilateral\n"
    error = observed("{finding: pain-bilateral, present: false}", head=both)
    assert "painful side is bilateral" in error.problem


@pytest.mark.parametrize("side", ["bilateral", "null"])
def test_pain_in_both_legs_may_be_stated_where_it_fits(side: str) -> None:
    text = f"age: 46\nsex: male\nside: {side}\npresent: [pain-bilateral]\n"
    assert len(record_from_text(text, VOCABULARY, "x", today=TODAY).observations) == 1


def test_of_several_mistakes_the_first_in_the_file_is_named() -> None:
    error = error_of("setting: hospital\nage: 400\nsex: x\nside: left\n")
    assert (error.line, error.field) == (1, "setting")


@pytest.mark.parametrize("data", [{1: "x"}, {"observations": [{2: "x"}]}])
def test_keys_of_plain_data_must_be_text(data: dict[str, object]) -> None:
    with pytest.raises(RecordError, match="is not text"):
        record_from_data(data, VOCABULARY, "form")


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(RecordError, match=r"id: '.ud83d' does not fit here"):
        record_from_data({**WHOLE, "id": "\ud83d"}, VOCABULARY, "form")


def test_unprintable_numbers_do_not_break_the_message() -> None:
    with pytest.raises(RecordError, match="more than 40 digits"):
        record_from_data({**WHOLE, "age": 10**5000}, VOCABULARY, "form")


def file_error(path: Path) -> RecordError:
    with pytest.raises(RecordError) as caught:
        read_record(path, VOCABULARY, today=TODAY)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in file_error(tmp_path / "none.yaml").problem


def test_directory(tmp_path: Path) -> None:
    assert "is a directory" in file_error(tmp_path).problem


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "not an ordinary file" in file_error(pipe).problem


def test_impossible_file_names(tmp_path: Path) -> None:
    assert "cannot be read" in file_error(tmp_path / "a\x00b").problem
    assert "cannot be read" in file_error(tmp_path / ("x" * 5000)).problem


def test_file_of_fifty_megabytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    error = file_error(path)
    assert "50.0 million bytes" in error.problem


def test_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing.yaml"
    path.write_bytes(b" " * 1_000_001)
    now = path.stat()
    smaller = os.stat_result((*now[:6], 10, *now[7:10]))
    monkeypatch.setattr(Path, "stat", lambda _self, **_: smaller)
    assert "1.0 million bytes" in file_error(path).problem


def test_text_over_the_limit_is_refused() -> None:
    assert "million bytes" in error_of("#" * 1_000_001).problem


@pytest.mark.parametrize(
    ("raw", "line", "problem"),
    [
        (b"age: 46\nnote: caf\xe9\n", 2, "not text in UTF-8"),
        ("age: 46\n".encode("utf-16"), 1, "not text in UTF-8"),
        (b"age: 46\n\x00\x01\x02", 2, "control character U+0000"),
        (bytes(range(256)), 2, "not text in UTF-8"),
        (b"", None, "is empty"),
    ],
)
def test_files_that_are_not_text(
    tmp_path: Path, raw: bytes, line: int | None, problem: str
) -> None:
    path = tmp_path / "record.yaml"
    path.write_bytes(raw)
    error = file_error(path)
    assert error.line == line
    assert problem in error.problem


def test_broken_json_is_called_json(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text('{"age": 46,\n"sex" "male"}', encoding="utf-8")
    error = file_error(path)
    assert error.line == 2
    assert "not readable as JSON" in error.problem


def test_billion_laughs_are_refused_at_the_first(tmp_path: Path) -> None:
    path = tmp_path / "laughs.yaml"
    path.write_text(
        "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*a, *a]\n" for c in "bcdefgh"), encoding="utf-8"
    )
    error = file_error(path)
    assert (error.line, error.field) == (1, "a")
