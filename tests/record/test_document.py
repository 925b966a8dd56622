"""From YAML and JSON text to plain data with lines."""

from __future__ import annotations

import datetime as dt
import math

import pytest
import yaml

from crural.record import document
from crural.record.document import DocumentError, parse, read_plain


def test_every_part_knows_its_line() -> None:
    parsed = parse("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n")
    assert parsed.data == {"a": 1, "b": ["x", {"c": 2, "d": 3}]}
    assert [parsed.line_of(p) for p in [("a",), ("b",), ("b", 0), ("b", 1, "d")]] == [1, 2, 3, 5]


def test_a_place_without_a_line_has_the_line_around_it() -> None:
    parsed = parse("a: 1\nb: [x]\n")
    assert parsed.line_of(("b", 0, "missing")) == 2
    assert document.Document({}).line_of(("b",)) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("yes", True),
        ("false", False),
        ("46", 46),
        ("-3", -3),
        ("4.5", 4.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("2026-03-01", dt.date(2026, 3, 1)),
        ("2026-02-30", "2026-02-30"),
        # YAML 1.1 would make numbers of these: octal, base 60, with separators.
        ("010", 10),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        # And true or false of these.
        ("on", "on"),
        ("n", "n"),
        ("9" * 60, "9" * 60),
        ("slr-positive", "slr-positive"),
    ],
)
def test_scalars_are_read_as_they_look(text: str, value: object) -> None:
    read = read_plain(text)
    assert read == value
    assert type(read) is type(value)


def test_not_a_number_is_seen() -> None:
    assert math.isnan(float(str(read_plain(".nan"))))
    assert read_plain("-.inf") == -math.inf


def test_quoted_text_stays_text() -> None:
    assert parse("a: '46'\nb: \"true\"\nc: |\n  12\n").data == {"a": "46", "b": "true", "c": "12\n"}


def test_keys_are_always_text() -> None:
    assert parse("no: 1\n12: 2\n").data == {"no": 1, "12": 2}


def test_json_is_read_with_tabs_and_escapes() -> None:
    text = '{\n\t"a": "x\\/y \\ud83e\\uddb5",\n\t"b":[1,null,true]\n}'
    parsed = parse(text, is_json=True)
    assert parsed.data == {"a": "x/y \U0001f9b5", "b": [1, None, True]}
    assert parsed.line_of(("b",)) == 3


def test_escaped_backslash_before_u_is_no_escape() -> None:
    assert parse(r'{"a": "\\ud83e\\uddb5"}', is_json=True).data == {"a": r"\ud83e\uddb5"}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: c: d\n", 2, "not readable as YAML"),
        ('a: "x\n', None, "not readable as YAML"),
        ("a: 1\na: 2\n", 2, "given twice (first on line 1)"),
        ("a:\n  b: 1\n  b: 2\n", 3, "given twice"),
        ("a: &x 1\n", 1, "anchor"),
        ("a: *x\n", 1, "anchor"),
        ("a: &x [1]\nb: [*x, *x]\n", 1, "anchor"),
        ("a: !!python/object:os.system x\n", 1, "tag"),
        ("a: !!str 1\n", 1, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "more than one document"),
        ("? [a]\n: 1\n", 1, "where a key belongs"),
        ("? {a: 1}\n: 1\n", 1, "where a key belongs"),
        ("'': 1\n", 1, "empty key"),
        ("a: 1\nb: \x07\n", 2, "control character U+0007"),
        ("a: \ud800\n", 1, "control character U+D800"),
        ("[" * 50, 1, "nested too deeply"),
        ("a: {" * 50, 1, "nested too deeply"),
        ("- " * 50, 1, "nested too deeply"),
        ('a: "\\ud800"\n', 1, "not readable as YAML"),
        ("%YAML 9.9\n---\na: 1\n", 1, "not readable as YAML"),
    ],
)
def test_other_documents_are_refused(text: str, line: int | None, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert caught.value.remedy
    if line is not None:
        assert caught.value.line == line


def test_too_many_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_MOST_PARTS", 100)
    parse("a: [" + "1," * 90 + "]")
    with pytest.raises(DocumentError, match="more than 100 parts"):
        parse("a: [" + "1," * 101 + "]")


def test_the_parser_without_c_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: 1\nb: [x, {c: '2'}]\nd: \"\\/\"\n"
    fast = parse(text)
    monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    assert parse(text) == fast
    with pytest.raises(DocumentError, match="given twice"):
        parse("a: 1\na: 2")
