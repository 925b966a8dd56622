"""What was tried: recognised in free words, judged for time, dose and outcome."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from crural.history import Attempt, attempts_of, treatments_named
from crural.knowledge.evidence import Evidence
from crural.knowledge.numbers import FromEvidence
from tests.ladder.small_ladder import KNOWLEDGE, record


def attempt(**tried: Any) -> Attempt:
    [found] = attempts_of(record(treatments=[tried]), KNOWLEDGE)
    return found


@pytest.mark.parametrize(
    ("words", "ids", "families"),
    [
        ("red pill", ("red-pill",), ("tablets",)),
        ("Redoxin 100 mg", ("red-pill",), ("tablets",)),
        ("red pills and blue pills", ("blue-pill", "red-pill"), ("tablets",)),
        ("wire implant", ("wire",), ("implants",)),
        ("physiotherapy", (), ("exercise",)),
        ("Conservative treatment for a year", (), ("everything", "tablets", "exercise")),
        ("leeches", (), ()),
        ("", (), ()),
    ],
)
def test_words_name_treatments_and_families(
    words: str, ids: tuple[str, ...], families: tuple[str, ...]
) -> None:
    found = treatments_named(words, KNOWLEDGE)

    assert set(found[0]) == set(ids)
    assert set(found[1]) == set(families)


def test_a_name_inside_a_longer_word_names_nothing() -> None:
    assert treatments_named("redoxinol restlessness", KNOWLEDGE) == ((), ())


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"response": "none"}, "failed"),
        ({"response": "partial"}, "failed"),
        ({"response": "good"}, "helped"),
        ({"relief_percent": 49}, "failed"),
        ({"relief_percent": 50}, "helped"),
        ({"relief_percent": 60, "response": "partial"}, "helped"),
        ({"start": "2026-02-01", "response": "good"}, "helps"),
        ({"start": "2026-02-01"}, "going-on"),
        ({"start": "2026-01-01", "stop": "2026-02-01"}, "unknown"),
        ({"days": 3, "stopped_because": "drowsiness"}, "not-tolerated"),
        ({"days": 30, "response": "none", "stopped_because": "no effect"}, "failed"),
    ],
)
def test_the_response_says_what_came_of_it(said: dict[str, Any], outcome: str) -> None:
    assert attempt(what="blue pill", **said).outcome == outcome


@pytest.mark.parametrize(
    ("said", "adequacy", "counts"),
    [
        ({"days": 60, "dose": "50 mg twice daily"}, "adequate", True),
        ({"days": 60, "dose": "a little"}, "adequate", True),
        ({"days": 60}, "adequate", True),
        ({"days": 10}, "too-short", False),
        ({"days": 60, "dose": "10 mg daily"}, "too-little", False),
        ({"dose": "10 mg daily"}, "too-little", False),
        ({}, "unknown", True),
        ({"dose": "50 mg twice daily"}, "unknown", True),
    ],
)
def test_time_and_dose_decide_whether_a_failure_counts(
    said: dict[str, Any], adequacy: str, counts: bool
) -> None:
    found = attempt(what="red pill", response="none", **said)

    assert (found.adequacy, found.counts_as_failed) == (adequacy, counts)


@pytest.mark.parametrize(
    ("figure", "days", "adequacy"),
    [
        ({"value": 28}, 27, "too-short"),
        ({"value": 28}, 28, "adequate"),
        ({"value": 28, "range": [21, 35]}, 21, "adequate"),
        ({"value": 28, "range": [21, 35]}, 20, "too-short"),
    ],
)
def test_a_published_time_is_asked_for_in_full_unless_its_range_was_published(
    figure: dict[str, Any], days: int, adequacy: str
) -> None:
    trial = Evidence.model_validate(
        {"id": "trial", "kind": "parameter", "source": {"title": "A trial", "year": 2000}, **figure}
    )
    pill = KNOWLEDGE.treatments["red-pill"]
    asked = pill.adequate
    assert asked is not None
    days_asked = FromEvidence(evidence="trial", of="value")
    published = pill.model_copy(update={"adequate": asked.model_copy(update={"days": days_asked})})
    knowledge = dataclasses.replace(
        KNOWLEDGE,
        evidence={"trial": trial},
        treatments={**KNOWLEDGE.treatments, "red-pill": published},
    )

    [found] = attempts_of(record(treatments=[{"what": "red pill", "days": days}]), knowledge)

    assert found.adequacy == adequacy


def test_a_drug_on_the_list_is_an_attempt_that_goes_on() -> None:
    [found] = attempts_of(record(drugs=[{"name": "redoxin", "dose": "100 mg daily"}]), KNOWLEDGE)

    assert (found.treatments, found.outcome, found.going_on) == (("red-pill",), "going-on", True)
    assert str(found.dose) == "100 mg/day"


def test_a_drug_that_is_also_among_the_treatments_counts_once() -> None:
    both = record(drugs=["redoxin"], treatments=[{"what": "red pill", "response": "good"}])

    [found] = attempts_of(both, KNOWLEDGE)

    assert found.outcome == "helps"


def test_what_goes_on_is_counted_up_to_the_date_of_the_record() -> None:
    assert attempt(what="red pill", start="2026-02-01").days == 28


def test_what_nobody_knows_keeps_its_words_and_names_nothing() -> None:
    found = attempt(what="leeches", response="none")

    assert (found.text, found.treatments, found.families, found.vague) == ("leeches", (), (), True)
