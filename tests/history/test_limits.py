"""Doses that can hardly be meant are said, and count for nothing until they are confirmed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.history import Attempt, DailyDose, attempts_of, dose_doubt
from crural.history.limits import LEAST_SHARE, MOST_TIMES
from crural.knowledge import load_knowledge, resolve
from crural.record import record_from_data

KNOWLEDGE = load_knowledge()
PATIENT = {"age": 38, "sex": "male", "side": "left"}


def attempt(**tried: Any) -> Attempt:
    data = {**PATIENT, "treatments": [{"days": 90, "response": "none", **tried}]}
    [found] = attempts_of(record_from_data(data, KNOWLEDGE.vocabulary, "one"), KNOWLEDGE)
    return found


def limits() -> dict[str, tuple[float, float]]:
    """Start and most in mg a day of every treatment that is one drug, not an opioid, and whose
    own name names it alone."""
    found = {}
    for one in KNOWLEDGE.treatments.values():
        if one.dosing is None or one.dosing.most.unit != "mg/day" or "opioid" in one.drug_classes:
            continue
        start, most = (
            resolve(amount.amount, KNOWLEDGE.evidence, "real").value
            for amount in (one.dosing.start, one.dosing.most)
        )
        if attempt(what=one.name, dose="1000000 mg daily").dose_doubt is not None:
            found[one.id] = (start, most)
    return found


LIMITS = limits()


def test_most_drugs_have_limits_to_be_held_against() -> None:
    assert {"gabapentin", "pregabalin", "duloxetine", "naproxen", "amitriptyline"} <= set(LIMITS)
    assert len(LIMITS) >= 20


@pytest.mark.parametrize(
    ("what", "dose", "usual", "slip"),
    [
        ("gabapentin", "3000 mg three times daily", "the most is 3600 mg a day", False),
        ("pregabalin", "75 mcg bd", "the usual start is 150 mg a day", True),
        ("pregabalin", "150 g daily", "the most is 600 mg a day", False),
        ("Neurontin", "0.3 mg daily", "the usual start is 300 mg a day", True),
    ],
)
def test_a_slip_of_the_pen_is_asked_about_and_is_no_failed_attempt(
    what: str, dose: str, usual: str, slip: bool
) -> None:
    found = attempt(what=what, dose=dose)

    assert (found.adequacy, found.counts_as_failed) == ("unknown", False)
    assert found.dose_doubt is not None
    assert usual in found.dose_doubt.says
    assert found.why_not_adequate == found.dose_doubt.says
    assert ("would fit in mg" in found.dose_doubt.says) == slip


@pytest.mark.parametrize(
    ("what", "dose"),
    [
        ("gabapentin", "600 mg three times daily"),
        ("gabapentin", "100 mg at night"),
        ("pregabalin", "300 mg bd"),
        ("amitriptyline", "10 mg at night"),
        ("diazepam", "10 mg daily"),
        ("prednisolone", "5 mg daily"),
        ("gabapentin", "300 mg as needed"),
        ("leeches", "9000 mg daily"),
    ],
)
def test_usual_doses_and_drugs_without_limits_of_their_own_raise_no_doubt(
    what: str, dose: str
) -> None:
    assert attempt(what=what, dose=dose).dose_doubt is None


def test_a_confirmed_dose_counts() -> None:
    said = attempt(what="amitriptyline", dose="150 mg at night (confirmed)")
    denied = attempt(what="amitriptyline", dose="150 mg at night (not confirmed)")

    assert (said.adequacy, said.counts_as_failed) == ("adequate", True)
    assert (denied.adequacy, denied.counts_as_failed) == ("unknown", False)


def test_much_of_an_opioid_is_said_and_counts_but_a_slip_does_not() -> None:
    much = attempt(what="oxycodone", dose="80 mg twice daily")
    slip = attempt(what="oxycodone", dose="800 mg twice daily")

    assert much.dose_doubt is not None
    assert slip.dose_doubt is not None
    assert (much.counts_as_failed, slip.counts_as_failed) == (True, False)


def test_what_was_not_borne_stays_not_borne_whatever_the_dose() -> None:
    found = attempt(what="gabapentin", dose="9000 mg daily", stopped_because="drowsiness")

    assert found.counts_as_failed


@given(st.sampled_from(sorted(LIMITS)), st.floats(0.00001, 1_000_000))
def test_no_dose_outside_the_limits_counts_without_a_word(name: str, milligrams: float) -> None:
    start, most = LIMITS[name]
    amount = Decimal(f"{milligrams:.5f}")
    found = attempt(what=KNOWLEDGE.treatments[name].name, dose=f"{amount:f} mg daily")
    outside = float(amount) < LEAST_SHARE * start or float(amount) > MOST_TIMES * most

    assert (found.dose_doubt is not None) == outside
    if outside:
        assert found.adequacy != "adequate"
        assert not found.counts_as_failed


def test_a_dose_that_fits_one_of_the_readings_is_not_doubted() -> None:
    dose = DailyDose(Decimal(150), "mg/day")

    assert dose_doubt(("gabapentin", "nortriptyline"), "gabapentin", dose, KNOWLEDGE) is None
    assert dose_doubt(("nortriptyline",), "nortriptyline", dose, KNOWLEDGE) is not None
    assert dose_doubt((), "leeches", dose, KNOWLEDGE) is None
    assert dose_doubt(("gabapentin",), "gabapentin", None, KNOWLEDGE) is None
