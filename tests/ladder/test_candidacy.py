"""Is stimulation due and safe? Lists of criteria, line by line."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from crural.candidacy import Candidacy, candidacy_for
from crural.candidacy.candidacy import KNOWN_BY
from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.knowledge.ladder import CriteriaSet
from crural.rules import Patient, Truth, all_of, evaluate
from tests.patients import patient as record_of

from .small_ladder import KNOWLEDGE, criteria, patient

HEART = {"id": "heart", "text": "A weak heart", "when": {"finding": "heart"}}
TARGET = {"id": "target", "text": "A target is there", "when": {"finding": "target"}}
FAILED = {
    "id": "tried",
    "text": "Pills failed",
    "when": {"tried": ["tablets"], "outcome": "failed"},
}
WEIGHS = {"id": "old", "text": "Over 80", "when": {"age": {"min": 80}}, "essential": False}


def candidacy(*sets: CriteriaSet, **parts: Any) -> Candidacy:
    world = replace(KNOWLEDGE, criteria={s.id: s for s in sets}, digest=f"{len(sets)} sets")
    return candidacy_for("stimulation", patient(knowledge=world, **parts))


def yes(*names: str) -> list[dict[str, Any]]:
    return [{"finding": name, "present": True} for name in names]


def no(*names: str) -> list[dict[str, Any]]:
    return [{"finding": name, "present": False} for name in names]


PILLS_FAILED = [{"what": "blue pill", "response": "none"}]


def test_with_every_essential_line_met_it_is_due() -> None:
    found = candidacy(
        criteria("criteria", TARGET, FAILED, WEIGHS),
        observations=yes("target"),
        treatments=PILLS_FAILED,
    )

    assert found.status == "due"
    assert found.missing == ()


def test_a_line_that_only_weighs_decides_nothing() -> None:
    found = candidacy(criteria("criteria", TARGET, WEIGHS), observations=yes("target"))

    assert found.status == "due"
    assert [line.truth for line in found.sets[0].criteria] == [Truth.MET, Truth.NOT_MET]


def test_of_a_list_without_essential_lines_nothing_is_lacking() -> None:
    assert candidacy(criteria("criteria", WEIGHS)).status == "due"


def test_an_essential_line_that_is_not_met_makes_it_not_due_and_is_named() -> None:
    found = candidacy(criteria("criteria", TARGET, FAILED), observations=no("target"))

    assert found.status == "not-due"
    assert "A target is there" in found.because[0]


def test_an_open_line_leaves_it_unknown_and_is_asked_for() -> None:
    found = candidacy(criteria("criteria", TARGET, FAILED), observations=yes("target"))

    assert found.status == "unknown"
    assert found.missing == ("tried:tablets",)


def test_a_contraindication_bars_it_whatever_else_is_met() -> None:
    found = candidacy(
        criteria("criteria", TARGET),
        criteria("contraindications", HEART),
        observations=yes("target", "heart"),
    )

    assert found.status == "barred"
    assert "A weak heart" in found.because[0]


def test_a_contraindication_that_is_not_known_is_still_to_be_found_out() -> None:
    found = candidacy(
        criteria("criteria", TARGET),
        criteria("contraindications", HEART),
        observations=yes("target"),
    )

    assert (found.status, found.missing) == ("due", ("heart",))


def test_one_list_that_is_met_is_enough_though_another_is_not() -> None:
    found = candidacy(
        criteria("criteria", TARGET, id="one"),
        criteria("criteria", HEART, id="two"),
        observations=[*yes("target"), *no("heart")],
    )

    assert found.status == "due"


def test_a_list_for_other_patients_is_left_out() -> None:
    found = candidacy(
        criteria("criteria", TARGET, when={"finding": "palsy"}),
        criteria("criteria", HEART, id="two"),
        observations=[*no("palsy"), *yes("heart")],
    )

    assert [result.set.id for result in found.sets] == ["two"]


@pytest.mark.parametrize("kind", ["precautions", "preparation"])
def test_precautions_and_preparation_are_listed_but_bar_nothing(kind: str) -> None:
    found = candidacy(
        criteria("criteria", TARGET),
        criteria(kind, HEART),
        observations=yes("target", "heart"),
    )

    assert found.status == "due"
    assert found.sets[1].truth is Truth.MET


def test_the_nearest_list_says_what_is_missing() -> None:
    found = candidacy(
        criteria("criteria", TARGET, HEART, FAILED, id="far"),
        criteria("criteria", FAILED, id="near"),
    )

    assert found.missing == ("tried:tablets",)


UMBRELLA = {
    "id": "all-tried",
    "text": "Treatment failed",
    "when": {"tried": ["everything"], "outcome": "failed"},
}
LONG = {
    "id": "long",
    "text": "Treated for half a year",
    "when": {"tried": ["everything"], "days": {"min": 180}},
}


@pytest.mark.parametrize(
    ("tried", "truth"),
    [
        ([], Truth.UNKNOWN),
        (["conservative treatment"], Truth.MET),
        (["blue pill"], Truth.UNKNOWN),
        (["blue pill", "green pill"], Truth.UNKNOWN),
        (["blue pill", "physiotherapy"], Truth.MET),
    ],
)
def test_what_an_umbrella_covers_has_failed_when_two_kinds_of_it_have(
    tried: list[str], truth: Truth
) -> None:
    found = candidacy(
        criteria("criteria", UMBRELLA),
        treatments=[{"what": what, "response": "none"} for what in tried],
    )

    assert found.sets[0].truth is truth


def test_treatment_is_as_long_as_from_its_first_day_to_its_last() -> None:
    found = candidacy(
        criteria("criteria", LONG),
        treatments=[
            {"what": "blue pill", "start": "2025-06-01", "stop": "2025-07-01"},
            {"what": "green pill", "start": "2025-12-01", "stop": "2026-02-01"},
        ],
    )

    assert found.sets[0].truth is Truth.MET


def test_treatment_is_never_longer_than_the_pain() -> None:
    found = candidacy(
        criteria("criteria", LONG),
        observations=[{"finding": "pain-duration", "value": 40, "unit": "d"}],
        treatments=[{"what": "blue pill", "days": 20}],
    )

    assert found.status == "not-due"


def test_a_list_that_does_not_decide_makes_nothing_due() -> None:
    weighs = criteria("criteria", TARGET, decides=False)

    assert candidacy(weighs, observations=yes("target")).status == "unknown"


def test_the_truth_of_a_list_is_that_of_its_lines(knowledge: Knowledge) -> None:
    """The truth is decided before the lines are read; whoever reads them must find the same."""
    chance = random.Random(4)
    effects = [
        f.id
        for f in knowledge.findings.values()
        if f.role == "effect" and not f.sex and not f.graded
    ]
    for _ in range(20):
        said = [
            {"finding": f, "present": chance.random() < 0.4} for f in chance.sample(effects, 40)
        ]
        someone = Patient(facts_of(record_of(knowledge, said=said, side="left"), knowledge))
        for therapy in KNOWN_BY:
            for result in candidacy_for(therapy, someone).sets:
                lines = [line.truth.value for line in result.criteria]
                weighed = [
                    evaluate(line.item.when, someone)
                    for line in result.criteria
                    if line.item.essential
                ]
                by_lines = (
                    all_of(weighed).truth if result.set.kind == "criteria" else Truth(max(lines))
                )
                assert result.truth is by_lines, result.set.id
