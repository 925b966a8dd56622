"""Drafts, how they are kept, and what they can become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.record import Observation, Treatment, record_from_text
from crural.store import Store
from crural.web.assessment.draft import (
    Draft,
    checked,
    draft_of,
    from_text,
    mark_of,
    text_and_mark,
    to_record,
    to_text,
)
from crural.web.assessment.drafts import ChangedElsewhereError, Drafts, Seen, new_name

EXAMPLE = Path("examples/left-leg-sciatica.yaml")


def _aged(age: float) -> Draft:
    return Draft(age=age, sex="male")


def test_a_kept_draft_is_the_same_draft(knowledge: Knowledge) -> None:
    record = record_from_text(
        EXAMPLE.read_text(encoding="utf-8"), knowledge.vocabulary, "example", is_json=False
    )
    whole = replace(
        draft_of(record),
        painted=frozenset({"left-calf", "left-knee", "right-foot"}),
        nowhere_else=True,
        skipped=frozenset({"slr-crossed", "crp"}),
        as_of=dt.date(2026, 3, 1),
        side=None,
    )
    for draft in (Draft(), _aged(40), draft_of(record), whole):
        assert from_text(to_text(draft)) == draft
        assert to_text(from_text(to_text(draft))) == to_text(draft)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"age": "ten"}', '{"side": "up"}'])
def test_what_is_no_draft_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="does not fit the draft of today"):
        from_text(text)


def test_drafts_that_would_be_saved_alike_have_the_same_mark() -> None:
    asked = replace(_aged(40), skipped=frozenset({"crp"}))
    assert mark_of(asked) == mark_of(_aged(40))
    assert mark_of(_aged(41)) != mark_of(_aged(40))


def test_the_mark_of_a_draft_is_that_of_what_would_be_saved() -> None:
    for draft in (_aged(40), replace(_aged(40), skipped=frozenset({"crp"}))):
        assert text_and_mark(draft) == (to_text(draft), mark_of(_aged(40)))


def test_the_record_that_a_change_was_checked_by_is_the_one_shown(knowledge: Knowledge) -> None:
    draft = checked(_aged(40), knowledge)
    assert to_record(draft, knowledge) is to_record(replace(draft), knowledge)
    assert to_record(_aged(41), knowledge) != to_record(draft, knowledge)


def test_a_draft_without_age_or_sex_is_no_record_yet(knowledge: Knowledge) -> None:
    assert to_record(Draft(age=40), knowledge) is None
    assert to_record(Draft(sex="male"), knowledge) is None


def test_a_draft_of_a_record_becomes_that_record_again(knowledge: Knowledge) -> None:
    draft = replace(
        _aged(40), side="left", observations=(Observation(finding="slr-positive", present=True),)
    )
    record = to_record(draft, knowledge)
    assert record is not None
    assert to_record(draft_of(record), knowledge) == record


def test_a_draft_that_contradicts_itself_is_refused(knowledge: Knowledge) -> None:
    twice = tuple(Observation(finding="slr-positive", present=p) for p in (True, False))
    with pytest.raises(RecordError):
        checked(replace(_aged(40), observations=twice), knowledge)


def test_what_is_no_text_is_refused_in_words(knowledge: Knowledge) -> None:
    with pytest.raises(RecordError):
        checked(replace(_aged(40), allergies=("\ud800",)), knowledge)


def test_a_draft_beyond_all_measure_is_refused(knowledge: Knowledge) -> None:
    tried = tuple(
        Treatment(what=f"{i}{'x' * 290}", dose="x" * 300, stopped_because="x" * 300)
        for i in range(300)
    )
    with pytest.raises(RecordError, match="too large"):
        checked(replace(_aged(40), treatments=tried), knowledge)


def _turning(age: float) -> Callable[[Draft], Draft]:
    return lambda draft: replace(draft, age=age)


def test_what_another_process_changed_is_seen_by_the_next_change(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    file = tmp_path / "crural.sqlite3"
    with Store(file) as one_store, Store(file) as other_store:
        one, other = Drafts(one_store, knowledge), Drafts(other_store, knowledge)
        tab = new_name()
        desk = one.put("local", _aged(40))
        for process, age in ((one, 41), (other, 42), (one, 43), (one, 44), (other, 45)):
            before = process.of("local", desk)
            assert before.draft == _aged(age - 1)
            was, now = process.change("local", desk, Seen(tab, before.state), _turning(age))
            assert (was.draft, now.draft) == (_aged(age - 1), _aged(age))
        # Nor is a window overwritten that another process served.
        shown = one.of("local", desk).state
        other.change("local", desk, Seen(tab, shown), _turning(46))
        with pytest.raises(ChangedElsewhereError):
            one.change("local", desk, Seen(new_name(), shown), _turning(47))
        undone = one.undo("local", desk, Seen(tab, shown))
        assert undone.draft == other.of("local", desk).draft == _aged(45)
