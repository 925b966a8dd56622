"""Every precaution of the knowledge files warns where it should, and nowhere else.

The records are made from the rules themselves: one in which the rule is met, one in which it is not
met or cannot be told.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.knowledge.loader import leaves
from crural.knowledge.rules import (
    AgeLeaf,
    DrugLeaf,
    DrugsTogetherLeaf,
    ProbabilityAnyLeaf,
    ProbabilityLeaf,
)
from crural.knowledge.treatment import Precaution, Treatment
from crural.ladder import Warned, precautions_of
from crural.record import Drug, Record
from crural.rules import Patient, Truth, decide_all, truth_of
from tests.safety.satisfying import records_that_do_not_meet, records_that_meet

# A contradiction in a rule shows in its first ways already; some rules have thousands.
WAYS_TO_TRY = 200

KNOWLEDGE = load_knowledge()
ITEMS = {
    f"{one.id}/{item.id}": (one.id, item)
    for one in KNOWLEDGE.precautions.values()
    for item in one.items
}


def drug_classes(item: Precaution) -> tuple[str, ...]:
    """The classes of which a single drug meets the rule."""
    found = [leaf.drug_class for leaf in leaves(item.when) if isinstance(leaf, DrugLeaf)]
    return tuple(dict.fromkeys(found))


PAIRS = {
    f"{name}/{drug_class}": (set_id, item, drug_class)
    for name, (set_id, item) in ITEMS.items()
    for drug_class in drug_classes(item)
}


def treatments_with(set_id: str) -> list[Treatment]:
    return [t for t in KNOWLEDGE.treatments.values() if set_id in t.precautions]


def patient_of(record: Record, probability: Mapping[str, float]) -> Patient:
    return Patient(facts_of(record, KNOWLEDGE), probability)


def meeting(item: Precaution) -> Patient:
    """The first patient made from the rule in whom it is met."""
    records = itertools.islice(records_that_meet(item.when, KNOWLEDGE), WAYS_TO_TRY)
    for record, probability in records:
        patient = patient_of(record, probability)
        if truth_of(item.when, patient) is Truth.MET:
            return patient
    pytest.fail(f"no record meets {item.when}")


def not_meeting(item: Precaution) -> Patient:
    """The first patient made from the rule in whom it is not met, or else is unknown."""
    records = itertools.islice(records_that_do_not_meet(item.when, KNOWLEDGE), WAYS_TO_TRY)
    patients = [patient_of(record, probability) for record, probability in records]
    by_truth = {truth_of(item.when, p): p for p in reversed(patients)}
    for truth in (Truth.NOT_MET, Truth.UNKNOWN):
        if truth in by_truth:
            return by_truth[truth]
    pytest.fail(f"every record meets {item.when}")


def said_of(item: Precaution, warned: tuple[Warned, ...]) -> Iterator[Warned]:
    return (w for w in warned if w.id == item.id and w.say == item.say)


@pytest.mark.parametrize("name", ITEMS)
def test_a_patient_in_whom_the_rule_is_met_is_warned_of_with_the_reason(name: str) -> None:
    set_id, item = ITEMS[name]
    patient = meeting(item)

    for treatment in treatments_with(set_id):
        found = precautions_of(treatment, patient)
        same = [w for w in found if w.id == item.id]
        assert len(same) == 1, treatment.id
        assert same[0].because
        # Where two sets of a treatment share an item, the stricter of the two must be heard.
        assert same[0].level in {item.level, "barred"}, treatment.id


@pytest.mark.parametrize("name", ITEMS)
def test_a_patient_in_whom_the_rule_is_not_met_is_not_warned_of(name: str) -> None:
    set_id, item = ITEMS[name]
    patient = not_meeting(item)

    for treatment in treatments_with(set_id):
        found = list(said_of(item, precautions_of(treatment, patient)))
        assert [w for w in found if w.level != "check"] == [], treatment.id


def can_be_asked(item: Precaution) -> bool:
    """Does the rule hang on what a patient, an examination or a test can tell?"""
    told = (DrugLeaf, DrugsTogetherLeaf, ProbabilityLeaf, ProbabilityAnyLeaf)
    return any(not isinstance(leaf, told) for leaf in leaves(item.when))


@pytest.mark.parametrize(
    "name", [name for name, (_, item) in ITEMS.items() if item.check and can_be_asked(item)]
)
def test_what_must_be_known_first_is_asked_of_a_patient_of_whom_nothing_is_known(name: str) -> None:
    set_id, item = ITEMS[name]
    patients = (
        Patient(facts_of(Record(age=age, sex=sex, side="left"), KNOWLEDGE))
        for age in (40, 70)
        for sex in ("female", "male")
    )
    open_in = next((p for p in patients if truth_of(item.when, p) is Truth.UNKNOWN), None)
    assert open_in is not None, "the rule asks for nothing"

    for treatment in treatments_with(set_id):
        found = [w for w in precautions_of(treatment, open_in) if w.id == item.id]
        assert [w.level for w in found] == ["check"], treatment.id
        assert found[0].ask


@pytest.mark.parametrize("name", ITEMS)
def test_age_sex_and_side_alone_warn_of_nothing_but_of_age(name: str) -> None:
    _, item = ITEMS[name]
    if any(isinstance(leaf, AgeLeaf) for leaf in leaves(item.when)):
        return

    for age, sex in itertools.product((8, 30, 60, 85), ("female", "male")):
        patient = patient_of(Record(age=age, sex=sex, side="left"), {})
        assert truth_of(item.when, patient) is not Truth.MET, f"{sex} of {age}"


@pytest.mark.parametrize("name", PAIRS)
def test_every_drug_of_the_class_brings_the_interaction_and_another_drug_does_not(
    name: str,
) -> None:
    set_id, item, drug_class = PAIRS[name]
    assert treatments_with(set_id)
    taken = [drug.name for drug in KNOWLEDGE.drugs.drugs if drug_class in drug.classes]
    record, probability = without_drugs(item, drug_class)

    for drug in taken:
        record_with = record.model_copy(update={"drugs": (*record.drugs, Drug(name=drug))})
        assert truth_of(item.when, patient_of(record_with, probability)) is Truth.MET, drug
    other = record.model_copy(update={"drugs": (Drug(name="a drug of no class"),)})
    assert truth_of(item.when, patient_of(other, probability)) is not Truth.MET


def without_drugs(item: Precaution, drug_class: str) -> tuple[Record, Mapping[str, float]]:
    """A record in which only a drug of the class is missing for the rule to be met."""
    one_of_it = next(d.name for d in KNOWLEDGE.drugs.drugs if drug_class in d.classes)
    records = records_that_meet(item.when, KNOWLEDGE)
    for record, probability in itertools.islice(records, WAYS_TO_TRY):
        for kept in (record.drugs[:-1], (), record.drugs[1:]):
            bare = record.model_copy(update={"drugs": tuple(kept)})
            full = bare.model_copy(update={"drugs": (*kept, Drug(name=one_of_it))})
            before = truth_of(item.when, patient_of(bare, probability))
            after = truth_of(item.when, patient_of(full, probability))
            if before is not Truth.MET and after is Truth.MET:
                return bare, probability
    pytest.fail(f"a {drug_class} drug decides nothing in {item.when}")


def test_every_precaution_set_is_used_and_every_class_of_drugs_has_a_drug() -> None:
    for set_id in KNOWLEDGE.precautions:
        assert treatments_with(set_id), set_id
    asked = {
        name
        for _, item in ITEMS.values()
        for leaf in leaves(item.when)
        for name in (
            (leaf.drug_class,)
            if isinstance(leaf, DrugLeaf)
            else leaf.drug_classes_together
            if isinstance(leaf, DrugsTogetherLeaf)
            else ()
        )
    }
    assert asked <= {name for drug in KNOWLEDGE.drugs.drugs for name in drug.classes}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"drugs": (Drug(name="warfarin"), Drug(name="ibuprofen"))},
        {"allergies": ("codeine", "gadolinium")},
        {"sex": "female", "age": 30, "pregnancy_weeks": 30},
    ],
)
def test_precautions_are_the_same_whether_or_not_all_rules_were_decided_before(
    parts: Mapping[str, Any],
) -> None:
    record = Record.model_validate({"age": 70, "sex": "male", "side": "left"} | dict(parts))
    before, alone = (patient_of(record, {"diabetic-neuropathy": 0.3}) for _ in range(2))
    decide_all(before)

    for treatment in KNOWLEDGE.treatments.values():
        assert precautions_of(treatment, before) == precautions_of(treatment, alone)
