"""What is kept comes back as it was."""

from __future__ import annotations

import datetime as dt
import pickle
import stat
from pathlib import Path

import pytest

from crural.knowledge import kept
from crural.knowledge.evidence import Evidence
from crural.knowledge.model import AgeFactors, Link
from crural.knowledge.rules import AgeLeaf, Bounds, Not

ENTRY = Evidence.model_validate(
    {
        "id": "a-b",
        "kind": "accuracy",
        "n": 3,
        "sensitivity": {"value": 0.1 + 0.2, "ci": [0.1, 0.9]},
        "value": 5,
        "dose": [1, (2, [3])],
        "data": {"by day": {1: "one", "": None}, "parts": [[1.5], True]},
        "source": {"title": "A tab\tand a line\nbreak\u2028", "year": 2001},
    }
)
AGES = AgeFactors.model_validate({"0-39": 0.5, "40+": 2, "because": "for the test"})
LINK = Link.model_validate(
    {
        "finding": "crp",
        "levels": {"high": {"estimate": 0.2, "range": [0.1, 0.3], "because": "for the test"}},
    }
)
RULE = Not.model_validate({"not": AgeLeaf(age=Bounds(min=50))})
HALVES = {"n": "1"}


@pytest.mark.parametrize("entry", [ENTRY, AGES, LINK, RULE])
def test_an_entry_comes_back_as_it_was(entry: object) -> None:
    line = kept.encoded(entry)
    back = kept.decoded(line)
    assert "\n" not in line
    assert back == entry
    assert repr(back) == repr(entry)
    assert kept.encoded(back) == line


def test_an_entry_that_comes_back_works_like_any_other() -> None:
    assert kept.decoded(kept.encoded(AGES)).at(80) == AGES.at(80)
    back = kept.decoded(kept.encoded(ENTRY))
    assert back.figure("sensitivity") == ENTRY.figure("sensitivity")
    assert back.model_copy(update={"n": 4}).n == 4
    assert back.model_dump(exclude_unset=True)["id"] == "a-b"


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold a date"):
        kept.encoded({"read on": dt.date(2026, 1, 1)})


def test_only_entries_of_the_knowledge_are_built() -> None:
    with pytest.raises(ValueError, match="no entry"):
        kept.decoded('{"": "loader.load_from_yaml"}')


def test_lines_come_back_while_they_fit(tmp_path: Path) -> None:
    path = tmp_path / "copy.jsonl"
    kept.write(path, HALVES, ["one", "two"])
    assert kept.read(path, HALVES) == ["one", "two"]
    assert kept.read(path, {"n": "2"}) is None
    assert kept.read(tmp_path / "none.jsonl", HALVES) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_change_of_a_module_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one")
    before = kept.digest_of_code(tmp_path)
    kept.digest_of_code.cache_clear()
    (tmp_path / "a.py").write_text("two")
    assert kept.digest_of_code(tmp_path) != before


def test_later_entries_are_those_that_were_written() -> None:
    written = {"a": kept.encoded(LINK), "b": kept.encoded(AGES)}
    later: kept.Later[object] = kept.Later(written)
    assert later == {"a": LINK, "b": AGES}
    assert later["a"] is later["a"]
    assert list(later) == ["a", "b"]
    assert "b" in later
    assert "c" not in later
    assert later.get("c") is None
    assert repr(later) == repr({"a": LINK, "b": AGES})
    assert pickle.loads(pickle.dumps(later)) == later
