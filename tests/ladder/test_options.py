"""The treatments of a rung: what bars them, what they promise, what guidelines say, how much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.knowledge import Quantity
from crural.knowledge.treatment import Effect
from crural.ladder import Option, cautions_of_drugs, precautions_of
from crural.ladder.options import Choice, benefit_of, options_of, positions_in

from .small_ladder import KNOWLEDGE, number, patient, treatment

PAINS = ("stenosis", "neuropathic-pain")
PILLS = ("green-pill", "red-pill", "blue-pill")


def options(**parts: Any) -> dict[str, Option]:
    one = patient(**parts)
    return {o.treatment.id: o for o in options_of(PILLS, one, PAINS, one.attempts)}


def test_the_larger_benefit_comes_first_and_what_guidelines_advise_against_last() -> None:
    healthy = [{"finding": "kidney", "state": "good"}]

    assert list(options(observations=healthy)) == ["blue-pill", "red-pill", "green-pill"]
    assert options()["green-pill"].verdict == "advised-against"
    assert options()["green-pill"].against == ("A body (2016): not this one",)


@pytest.mark.parametrize(
    ("parts", "verdict", "level"),
    [
        ({}, "check-first", "check"),
        ({"observations": [{"finding": "kidney", "state": "good"}]}, "offer", None),
        ({"observations": [{"finding": "kidney", "state": "weak"}]}, "offer-with-care", "caution"),
        (
            {
                "observations": [
                    {"finding": "kidney", "state": "good"},
                    {"finding": "heart", "present": True},
                ]
            },
            "offer-with-care",
            "caution",
        ),
        ({"drugs": ["blue-pill"]}, "barred", "barred"),
        ({"allergies": ["redoxin"]}, "barred", "barred"),
        ({"allergies": ["no allergy to redoxin"]}, "check-first", "check"),
    ],
)
def test_precautions_decide_the_verdict(
    parts: dict[str, Any], verdict: str, level: str | None
) -> None:
    red = options(**parts)["red-pill"]

    assert red.verdict == verdict
    assert (red.cautions[0].level if red.cautions else None) == level


@pytest.mark.parametrize(
    ("names", "drugs", "barred"),
    [
        (("red-pill",), ["blue-pill"], True),
        (PILLS, ["blue-pill"], False),
        (("red-pill",), [], False),
    ],
)
def test_a_choice_of_which_all_is_barred_is_told_without_weighing_it(
    names: tuple[str, ...], drugs: list[str], barred: bool
) -> None:
    one = patient(drugs=[{"name": drug} for drug in drugs])
    choice = Choice(names, one, PAINS, one.attempts)

    assert choice.is_barred is barred
    assert "options" not in vars(choice)
    assert all(option.verdict == "barred" for option in choice.options) is barred
    assert choice.options == options_of(names, one, PAINS, one.attempts)


def test_what_must_be_known_first_is_asked_for() -> None:
    [check] = options()["red-pill"].cautions

    assert (check.level, check.ask) == ("check", ("kidney",))


def test_weak_kidneys_lower_the_limit_and_say_why() -> None:
    good, weak = (
        options(observations=[{"finding": "kidney", "state": state}])["red-pill"].dose
        for state in ("good", "weak")
    )

    assert good is not None
    assert weak is not None
    assert (good.most.value, good.adjusted) == (300, None)
    assert (weak.most.value, weak.adjusted) == (100, "weak kidneys")


def test_a_drug_taken_already_is_held_against_the_others_but_not_against_itself() -> None:
    both = patient(drugs=["red-pill", "blue-pill"])
    alone = patient(drugs=["red-pill"])

    [caution] = cautions_of_drugs(both)
    assert (caution.drug, caution.warned.id) == ("red-pill", "red-and-blue")
    assert cautions_of_drugs(alone) == ()


def test_precautions_that_are_not_known_are_no_cautions_on_drugs_taken() -> None:
    assert cautions_of_drugs(patient(drugs=["redoxin"])) == ()


def test_of_one_body_the_newest_word_counts() -> None:
    said = [
        {
            "in": ["stenosis"],
            "body": "A body",
            "year": year,
            "stance": stance,
            "strength": "x",
            "says": stance,
            "source": "none",
        }
        for year, stance in ((2010, "for"), (2020, "against"))
    ]

    [position] = positions_in(treatment("pill", positions=said), PAINS)

    assert position.year == 2020


def effect(measure: str, value: float | None) -> tuple[Effect, Quantity | None]:
    raw: dict[str, Any] = {"in": ["stenosis"], "measure": measure, "says": "x"}
    if value is None:
        return Effect.model_validate(raw), None
    figure = Quantity(
        value=value,
        low=value - 1,
        high=value + 1,
        spread=0.1,
        origin="estimate",
        interval_from="judged",
    )
    return Effect.model_validate(raw | {"value": number(value)}), figure


@pytest.mark.parametrize(
    ("measure", "value", "benefit"),
    [
        ("nnt", 4.0, 0.25),
        ("responder-difference", 0.2, 0.2),
        ("no-difference", None, 0.0),
        ("responders", 0.5, None),
        # d of 0.5 with 20 % answering in the control group: a number needed to treat of 6.
        ("standardised-difference", -0.5, 0.1663),
        ("mean-difference-nrs", -1.25, 0.1663),
        ("mean-difference-nrs", 1.0, 0.0),
    ],
)
def test_published_effects_become_the_share_that_gains(
    measure: str, value: float | None, benefit: float | None
) -> None:
    assert benefit_of(*effect(measure, value)) == (
        None if benefit is None else pytest.approx(benefit, abs=5e-4)
    )


@given(
    st.sampled_from(["nnt", "standardised-difference", "mean-difference-nrs"]),
    st.floats(0.5, 10),
)
def test_the_share_that_gains_is_a_share(measure: str, size: float) -> None:
    value = size if measure == "nnt" else -size

    benefit = benefit_of(*effect(measure, value))

    assert benefit is not None
    assert 0 <= benefit <= 1


def test_precautions_come_with_their_reason() -> None:
    [barred, _] = precautions_of(KNOWLEDGE.treatments["red-pill"], patient(drugs=["blue-pill"]))

    assert barred.say == "Never together."
    assert barred.because == ("takes blue-pill",)
