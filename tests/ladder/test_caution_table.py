"""One table of the cautions of drugs that are taken: each reason once, nothing lost."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.facts import facts_of
from crural.knowledge import load_knowledge
from crural.knowledge.treatment import Precaution
from crural.ladder import cautions_of_drugs
from crural.ladder.caution_table import Advice, CautionRow, caution_table
from crural.ladder.precautions import DrugCaution, Level, Warned
from crural.record import record_from_data
from crural.rules import Patient

KNOWLEDGE = load_knowledge()
SEDATIVES = ("oxycodone", "diazepam", "gabapentin", "amitriptyline")
DRUGS = (*SEDATIVES, "tramadol", "sertraline", "duloxetine", "warfarin", "clopidogrel", "ibuprofen")
ILLNESSES = ("sleep apnoea", "stomach ulcer", "CKD stage 4", "epilepsy")


def cautions(*drugs: str, illnesses: tuple[str, ...] = ()) -> tuple[DrugCaution, ...]:
    data = {
        "age": 59,
        "sex": "female",
        "side": "left",
        "drugs": list(drugs),
        "illnesses": list(illnesses),
    }
    record = record_from_data(data, KNOWLEDGE.vocabulary, "one")
    return cautions_of_drugs(Patient(facts_of(record, KNOWLEDGE), {}))


def told(advice: Advice) -> list[frozenset[str]]:
    return [
        frozenset({drug, other}) for drug, beside in advice.drugs for other in (beside or (drug,))
    ]


def caution(drug: str, *beside: str, **changes: object) -> DrugCaution:
    made: dict[str, object] = {
        "id": "x",
        "level": "caution",
        "kind": "interaction",
        "say": "Mind it.",
        "because": (f"takes {' and '.join(beside)}",),
        "ask": (),
        "sources": (),
        "harm": "breathing",
    }
    return DrugCaution(drug, drug, Warned(**{**made, **changes}), beside)  # type: ignore[arg-type]


def test_four_sedatives_make_one_row_and_each_pair_is_told_once() -> None:
    [row] = [r for r in caution_table(cautions(*SEDATIVES)) if r.harm == "breathing"]
    pairs = [pair for advice in row.advice for pair in told(advice)]
    assert sorted(map(sorted, pairs)) == sorted(map(sorted, combinations(SEDATIVES, 2)))
    assert set(row.drugs) == set(SEDATIVES)


def test_what_should_not_go_on_comes_first_and_says_how_to_stop() -> None:
    first = caution_table(cautions("sertraline", "tramadol", "warfarin", "ibuprofen"))[0]
    assert (first.level, first.harm) == ("barred", "bleeding")
    assert told(first.advice[0]) == [frozenset({"ibuprofen", "warfarin"})]
    assert first.advice[0].stopping == "Stop none without whoever prescribed it."


def test_a_fact_of_the_patient_is_told_once_for_all_drugs() -> None:
    rows = caution_table(cautions(*SEDATIVES, illnesses=("sleep apnoea",)))
    [row] = [r for r in rows if any("sleep apnoea" in fact for fact in r.because)]
    assert {"oxycodone", "diazepam", "gabapentin"} <= set(row.drugs)
    assert row.level == "barred"


def test_of_one_pair_the_strictest_advice_is_told_and_then_the_one_with_a_source() -> None:
    vague = caution("a", "b", "c", say="Vague.")
    sourced = caution("b", "a", say="Sourced.", sources=("s",))
    strict = caution("a", "c", say="Never.", level="barred")
    [row] = caution_table([vague, sourced, strict])
    assert [(a.say, told(a)) for a in row.advice] == [
        ("Never.", [frozenset("ac")]),
        ("Sourced.", [frozenset("ab")]),
    ]


def test_drugs_without_a_common_harm_are_told_by_the_pair_and_lose_nothing() -> None:
    one = caution("a", "b", harm=None, say="One.")
    other = caution("b", "a", harm=None, say="Other.")
    [row] = caution_table([one, other])
    assert [a.say for a in row.advice] == ["One.", "Other."]
    assert (row.harm, row.because) == (None, ())


def test_allergies_of_one_drug_stand_in_one_row() -> None:
    allergies = [
        caution("a", kind="allergy", harm=None, because=(fact,)) for fact in ("one", "two")
    ]
    [row] = caution_table(allergies)
    assert row.because == ("one", "two")


def test_without_cautions_there_is_no_table() -> None:
    assert caution_table([]) == ()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(DRUGS), unique=True, min_size=2, max_size=7),
    st.lists(st.sampled_from(ILLNESSES), unique=True),
)
def test_every_pair_and_every_fact_stays_told_at_its_level(
    drugs: list[str], illnesses: list[str]
) -> None:
    found = cautions(*drugs, illnesses=tuple(illnesses))
    table = caution_table(found)
    for c in found:
        for pair in [frozenset({c.drug, other}) for other in c.beside or (c.drug,)]:
            assert _level(pair, _row_of(c, table)) <= _WORST[c.warned.level]
    levels = [_WORST[row.level] for row in table]
    assert levels == sorted(levels)


_WORST: dict[Level, int] = {"barred": 0, "caution": 1, "check": 2}


def _row_of(c: DrugCaution, table: tuple[CautionRow, ...]) -> list[CautionRow]:
    if c.beside and c.warned.harm:
        return [row for row in table if row.harm == c.warned.harm]
    return [row for row in table if row.harm is None and c.drug in row.drugs]


def _level(pair: frozenset[str], rows: list[CautionRow]) -> int:
    """The strictest level at which a pair is told; too high where it is not told at all."""
    return min((_WORST[a.level] for row in rows for a in row.advice if pair in told(a)), default=9)


@pytest.mark.parametrize("kind", ["illness", "age"])
def test_only_an_interaction_has_a_harm(kind: str) -> None:
    with pytest.raises(ValueError, match="only an interaction"):
        Precaution.model_validate(
            {
                "id": "x",
                "level": "caution",
                "kind": kind,
                "harm": "bleeding",
                "when": {"finding": "y"},
                "say": "Mind.",
                "because": "so",
            }
        )


def test_every_interaction_of_a_class_with_itself_or_of_sedatives_names_its_harm() -> None:
    """A set that names a class among the sedatives without a harm would make rows of its own."""
    sedating = {"opioid", "benzodiazepine", "z-drug", "gabapentinoid", "sedative"}
    for name in ("opioid", "benzodiazepine-own", "gabapentinoid", "sedative", "antispasmodic"):
        for item in KNOWLEDGE.precautions[name].items:
            rule = item.when.model_dump_json()
            if item.kind == "interaction" and any(f'"{c}"' in rule for c in sedating):
                assert item.harm == "breathing", (name, item.id)
