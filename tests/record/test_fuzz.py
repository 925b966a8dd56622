"""Whatever the input, only a RecordError ever comes out."""

from __future__ import annotations

import contextlib

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crural.errors import RecordError
from crural.record import Record, record_from_data, record_from_text
from crural.record.shorthand import SCHEMA
from tests.record.conftest import FINDINGS, TODAY, VOCABULARY
from tests.record.test_reader import EXAMPLE

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=4)
    | st.sampled_from([finding.id for finding in FINDINGS])
    | st.sampled_from(["left", "both", "mg/L", "%", "F", "sudden", "male", "2026-03-01", SCHEMA])
)
KEYS = (
    st.sampled_from([*Record.model_fields, "schema", "present", "absent"])
    | st.sampled_from(["finding", "present", "state", "value", "unit", "what", "nrs", "day"])
    | st.text(max_size=6)
    | st.integers()
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
# Characters that mean something to YAML, and fragments of records.
YAMLISH = st.lists(
    st.sampled_from(
        ["age: 46\n", "sex: male\n", "side: left\n", "observations:\n", "  - ", "{", "}", "[", "]",
         ": ", ",", "\n", "\t", "&a ", "*a", "!!x ", "|", ">", "'", '"', "#", "---\n", "...\n",
         "? ", "- ", "<<: ", "%", "finding: crp", "value: 4", "unit: mg/L", "present: ", "\\x",
         "1e9999", ".nan", "2026-99-99", "\u2028", "\ufeff", "\r", "\x85", "\x00", "\ud800"]
    )
    | st.text(max_size=3),
    max_size=25,
).map("".join)  # fmt: skip


def only_a_record_error(text: str, *, is_json: bool = False) -> None:
    with contextlib.suppress(RecordError):
        made = record_from_text(text, VOCABULARY, "fuzz", is_json=is_json, today=TODAY)
        assert isinstance(made, Record)


@settings(max_examples=120, deadline=None)
@given(st.text(), st.booleans())
@example("[" * 100_000, False)
@example("a: " * 100_000, False)
@example('"' + "\\ud83d" * 1000, True)
def test_any_text(text: str, is_json: bool) -> None:
    only_a_record_error(text, is_json=is_json)


@settings(max_examples=200, deadline=None)
@given(YAMLISH)
def test_text_that_is_nearly_yaml(text: str) -> None:
    only_a_record_error(text)


@settings(max_examples=120, deadline=None)
@given(DATA)
def test_any_data(data: object) -> None:
    with contextlib.suppress(RecordError):
        record_from_data(data, VOCABULARY, "fuzz", today=TODAY)  # type: ignore[arg-type]


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(KEYS, DATA, max_size=5))
def test_a_valid_record_with_other_data_in_its_fields(data: dict[object, object]) -> None:
    whole = {"age": 46, "sex": "male", "side": "left", **data}
    with contextlib.suppress(RecordError):
        record_from_data(whole, VOCABULARY, "fuzz", today=TODAY)  # type: ignore[arg-type]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_valid_file_with_slips(data: st.DataObject) -> None:
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(YAMLISH) + text[at + cut :]
    only_a_record_error(text)


def test_data_that_contains_itself() -> None:
    loop: dict[str, object] = {"age": 46, "sex": "male", "side": "left"}
    loop["source"] = loop
    with contextlib.suppress(RecordError):
        record_from_data(loop, VOCABULARY, "fuzz", today=TODAY)
    loop["observations"] = [loop]
    with contextlib.suppress(RecordError):
        record_from_data(loop, VOCABULARY, "fuzz", today=TODAY)
