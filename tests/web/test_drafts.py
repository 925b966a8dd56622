"""Drafts in memory, and what they can become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.record import Observation
from crural.web import drafts
from crural.web.draft import Draft, checked, draft_of, to_record
from crural.web.drafts import MemoryDrafts


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _aged(age: float) -> Draft:
    return Draft(age=age, sex="male")


def test_changes_can_be_undone_one_by_one() -> None:
    kept = MemoryDrafts()
    for age in (40, 50, 60):
        kept.change("a", lambda _, age=age: _aged(age))  # type: ignore[misc]
    assert kept.undo("a").age == 50
    assert kept.undo("a").age == 40
    assert kept.undo("a") == Draft()
    assert not kept.can_undo("a")
    assert kept.undo("a") == Draft()


def test_only_so_many_steps_are_kept() -> None:
    kept = MemoryDrafts()
    for age in range(drafts.MOST_STEPS_BACK + 20):
        kept.change("a", lambda _, age=age: _aged(age))  # type: ignore[misc]
    steps = 0
    while kept.can_undo("a"):
        kept.undo("a")
        steps += 1
    assert steps == drafts.MOST_STEPS_BACK


def test_a_change_that_fails_changes_nothing() -> None:
    kept = MemoryDrafts()
    kept.change("a", lambda _: _aged(40))

    def fails(_: Draft) -> Draft:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        kept.change("a", fails)
    assert kept.of("a").age == 40


def test_a_draft_is_forgotten_when_it_is_left_alone() -> None:
    clock = Clock()
    kept = MemoryDrafts(clock)
    kept.change("a", lambda _: _aged(40))
    clock.now = drafts.IDLE_SECONDS + 1
    assert kept.of("a") == Draft()


def test_the_longest_unused_gives_way_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafts, "MOST_SESSIONS", 2)
    kept = MemoryDrafts()
    for session in ("a", "b"):
        kept.change(session, lambda _: _aged(40))
    kept.of("a")
    kept.change("c", lambda _: _aged(40))
    assert kept.of("b") == Draft()
    assert kept.of("a").age == 40


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


def test_a_draft_beyond_all_measure_is_refused(knowledge: Knowledge) -> None:
    allergies = tuple(f"{i}{'x' * 290}" for i in range(900))
    with pytest.raises(RecordError, match="too large"):
        checked(replace(_aged(40), allergies=allergies), knowledge)
