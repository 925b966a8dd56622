"""Every line of the published lists, every rung and every limit of dose can be met and not met.

The records are made from the rules themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import pytest

from crural.candidacy import candidacy_for
from crural.candidacy.candidacy import KNOWN_BY
from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.knowledge.ladder import CriteriaItem, CriteriaSet, Ladder, Rung, Therapy
from crural.knowledge.rules import Rule
from crural.ladder import position_on
from crural.ladder.options import options_of
from crural.ladder.precautions import THERAPY_OF
from crural.record import Record, record_from_data
from crural.rules import Patient, Truth, truth_of
from tests.safety.satisfying import records_that_do_not_meet, records_that_meet

# A contradiction in a rule shows in its first ways already; some rules have thousands.
WAYS_TO_TRY = 200

KNOWLEDGE = load_knowledge()
LINES: dict[str, tuple[CriteriaSet, CriteriaItem]] = {
    f"{one.id}/{item.id}": (one, item) for one in KNOWLEDGE.criteria.values() for item in one.items
}
RUNGS: dict[str, tuple[Ladder, Rung]] = {
    f"{ladder.id}/{rung.id}": (ladder, rung)
    for ladder in KNOWLEDGE.ladders.values()
    for rung in ladder.rungs
}


def patients_from(
    records: Iterator[tuple[Record, Mapping[str, float]]],
) -> Iterator[Patient]:
    for record, probability in itertools.islice(records, WAYS_TO_TRY):
        yield Patient(facts_of(record, KNOWLEDGE), probability)


def meeting(rule: Rule) -> Patient:
    """The first patient made from the rule in whom it is met."""
    for patient in patients_from(records_that_meet(rule, KNOWLEDGE)):
        if truth_of(rule, patient) is Truth.MET:
            return patient
    pytest.fail(f"no record meets {rule}")


def not_meeting(rule: Rule) -> Patient:
    """The first patient made from the rule in whom it is not met, or else is unknown."""
    patients = list(patients_from(records_that_do_not_meet(rule, KNOWLEDGE)))
    by_truth = {truth_of(rule, patient): patient for patient in reversed(patients)}
    for truth in (Truth.NOT_MET, Truth.UNKNOWN):
        if truth in by_truth:
            return by_truth[truth]
    pytest.fail(f"every record meets {rule}")


def truth_of_line(criteria: CriteriaSet, item: CriteriaItem, patient: Patient) -> Truth:
    """What the candidacy says of a line; the list must speak of the patient."""
    found = candidacy_for(criteria.therapy, patient)
    results = [result for result in found.sets if result.set.id == criteria.id]
    if not results:
        return truth_of(item.when, patient)
    return next(line.truth for line in results[0].criteria if line.item.id == item.id)


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_met_in_a_patient_made_from_it(name: str) -> None:
    criteria, item = LINES[name]

    assert truth_of_line(criteria, item, meeting(item.when)) is Truth.MET


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_not_met_in_a_patient_made_against_it(name: str) -> None:
    criteria, item = LINES[name]

    assert truth_of_line(criteria, item, not_meeting(item.when)) is not Truth.MET


@pytest.mark.parametrize("name", LINES)
def test_an_unknown_line_says_what_to_ask(name: str) -> None:
    criteria, item = LINES[name]
    nobody = Patient(facts_of(Record(age=50, sex="female", side="left"), KNOWLEDGE))
    lines = (
        line
        for result in candidacy_for(criteria.therapy, nobody).sets
        if result.set.id == criteria.id
        for line in result.criteria
    )

    for line in lines:
        if line.item.id == item.id and line.truth is Truth.UNKNOWN:
            assert line.ask or "probability" in str(item.when)


@pytest.mark.parametrize("name", [c.id for c in KNOWLEDGE.criteria.values() if c.when is not None])
def test_a_list_for_some_patients_has_such_patients_and_others(name: str) -> None:
    rule = KNOWLEDGE.criteria[name].when
    assert rule is not None

    assert truth_of(rule, meeting(rule)) is Truth.MET
    assert truth_of(rule, not_meeting(rule)) is not Truth.MET


@pytest.mark.parametrize("therapy", ["stimulation", "intrathecal"])
def test_of_a_patient_of_whom_nothing_is_known_nothing_is_due(therapy: str) -> None:
    nobody = Patient(facts_of(Record(age=50, sex="female", side="left"), KNOWLEDGE))

    assert candidacy_for(therapy, nobody).status == "unknown"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", [name for name, (_, rung) in RUNGS.items() if rung.when is not None]
)
def test_a_rung_for_some_patients_applies_to_one_made_from_its_rule(name: str) -> None:
    ladder, rung = RUNGS[name]
    assert rung.when is not None
    patient = meeting(rung.when)

    position = position_on(ladder, None, patient)

    found = next(one for one in position.rungs if one.rung.id == rung.id)
    assert not any(why.startswith("does not apply") for why in found.because)
    assert truth_of(rung.when, not_meeting(rung.when)) is not Truth.MET


@pytest.mark.parametrize(
    "name", [name for name, (_, rung) in RUNGS.items() if rung.straight_if is not None]
)
def test_a_rung_that_may_come_at_once_comes_next_in_a_patient_made_from_its_rule(name: str) -> None:
    ladder, rung = RUNGS[name]
    assert rung.straight_if is not None
    patient = meeting(rung.straight_if)

    position = position_on(ladder, None, patient)

    # Another rung may come at once for the same reason, further down the ladder.
    assert position.next is not None
    assert position.next.rung.straight_if is not None
    assert truth_of(position.next.rung.straight_if, patient) is Truth.MET


@pytest.mark.parametrize(
    "name", [ladder.id for ladder in KNOWLEDGE.ladders.values() if ladder.when is not None]
)
def test_a_ladder_for_some_patients_has_such_patients_and_others(name: str) -> None:
    rule = KNOWLEDGE.ladders[name].when
    assert rule is not None

    assert truth_of(rule, meeting(rule)) is Truth.MET
    assert truth_of(rule, not_meeting(rule)) is not Truth.MET


RENAL = [
    (treatment.id, i)
    for treatment in KNOWLEDGE.treatments.values()
    if treatment.dosing is not None
    for i in range(len(treatment.dosing.renal))
]


@pytest.mark.parametrize(("name", "i"), RENAL)
def test_a_limit_of_dose_for_weak_kidneys_can_be_met(name: str, i: int) -> None:
    dosing = KNOWLEDGE.treatments[name].dosing
    assert dosing is not None
    rule = dosing.renal[i].when

    assert truth_of(rule, meeting(rule)) is Truth.MET


BARRING = {
    **{
        name: (one.therapy, item.when)
        for name, (one, item) in LINES.items()
        if one.kind == "contraindications" and item.essential
    },
    **{
        f"{treatment}/{name}/{item.id}": (therapy, item.when)
        for treatment, therapy in THERAPY_OF.items()
        for name in KNOWLEDGE.treatments[treatment].precautions
        for item in KNOWLEDGE.precautions[name].items
        if item.level == "barred" and treatment in KNOWN_BY.values()
    },
}


@pytest.mark.parametrize("name", BARRING)
def test_what_bars_a_therapy_bars_it_in_its_lists_and_on_the_ladder(name: str) -> None:
    therapy, rule = BARRING[name]
    patient = meeting(rule)
    own = KNOWLEDGE.treatments[KNOWN_BY[therapy]]
    (option,) = options_of([own.id], patient, own.precautions, patient.attempts)

    assert candidacy_for(therapy, patient).status == "barred"
    assert option.verdict == "barred"


@pytest.mark.parametrize("drug", ["warfarin", "apixaban", "clopidogrel", "enoxaparin"])
@pytest.mark.parametrize("therapy", ["stimulation", "intrathecal"])
def test_what_hinders_clotting_asks_for_a_plan_and_bars_no_implant(
    drug: str, therapy: Therapy
) -> None:
    record = record_from_data(
        {"age": 59, "sex": "male", "side": "left", "drugs": [{"name": drug}]},
        KNOWLEDGE.vocabulary,
        "test",
    )
    patient = Patient(facts_of(record, KNOWLEDGE), {})
    (option,) = options_of([KNOWN_BY[therapy]], patient, (), patient.attempts)
    found = candidacy_for(therapy, patient)
    lines = {
        line.item.id: line.truth
        for one in found.sets
        if one.set.kind == "precautions"
        for line in one.criteria
    }

    assert found.status != "barred"
    assert option.verdict == "offer-with-care"
    assert Truth.MET in {lines.get(i) for i in ("anticoagulant", "antiplatelet", "blood-thinned")}
