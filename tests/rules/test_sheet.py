"""All rules decided together: the same answers as rule by rule, on random rules and on ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.facts import Facts, facts_of
from crural.knowledge import Knowledge
from crural.rules import Patient, Truth, compile_rule, decide_all, evaluate, nobody_of, truth_of
from crural.rules.evaluate import Compiled, InRange, Negation
from crural.rules.quantities import Female, Grade
from crural.rules.sheet import Sheet, _subjects, _when_to_read, sheet_of, sheet_with
from crural.rules.subject import Nobody
from crural.validation.cases import read_cases
from tests.patients import patient

from .small_world import KNOWLEDGE, VALUES, Account, accounts, raw_rules, rule


def _with_unless() -> st.SearchStrategy[Any]:
    return raw_rules() | raw_rules().map(
        lambda raw: {"all": [{"unless": raw}, {"age": {"min": 1}}]}
    )


def _sheet_of(several: list[Any]) -> Sheet:
    return sheet_with([rule(raw) for raw in several], KNOWLEDGE)


@given(st.lists(_with_unless(), max_size=5), accounts())
def test_all_rules_together_are_decided_as_one_by_one(several: list[Any], account: Account) -> None:
    sheet = _sheet_of(several)
    together, alone = replace(account), replace(account)
    sheet.decide(together)

    assert set(together.memo.codes) == set(sheet.rules)
    for one in sheet.rules:
        assert truth_of(one, together) is truth_of(one, alone)
        assert evaluate(one, together) == evaluate(one, alone)


@given(st.lists(_with_unless(), min_size=1, max_size=5), accounts())
def test_silent_are_the_rules_of_which_no_leaf_is_known(
    several: list[Any], account: Account
) -> None:
    sheet = _sheet_of(several)
    together, alone = replace(account), replace(account)
    sheet.decide(together)

    assert together.memo.silent == {
        one
        for one in sheet.rules
        if all(truth_of(leaf, alone) is Truth.UNKNOWN for leaf in _leaves(one))
    }


def _leaves(one: Compiled) -> list[InRange]:
    if isinstance(one, InRange):
        return [one]
    parts = (one.part,) if isinstance(one, Negation) else one.parts
    return [leaf for part in parts for leaf in _leaves(part)]


@given(raw_rules())
def test_nobody_is_the_patient_of_whom_nothing_is_known(raw: Any) -> None:
    unknown = Account(dict.fromkeys(VALUES, 0), frozenset())

    assert evaluate(rule(raw), Nobody(KNOWLEDGE)) == evaluate(rule(raw), unknown)


def test_nobody_has_words_for_what_is_always_so() -> None:
    at_least_normal = rule({"finding": "crp", "state_at_least": "normal"})

    verdict = evaluate(at_least_normal, Nobody(KNOWLEDGE))

    assert (verdict.truth, verdict.because) == (Truth.MET, ("crp: not known",))


def test_of_a_silent_rule_the_verdict_is_made_once_for_all_patients() -> None:
    fever = rule({"any": [{"finding": "fever"}, {"finding": "numbness"}]})
    sheet = sheet_with([fever], KNOWLEDGE)
    one, other = (Account({"weakness": 1}, frozenset({"weakness"})) for _ in range(2))
    for account in (one, other):
        sheet.decide(account)

    assert evaluate(compile_rule(fever, KNOWLEDGE), one) is evaluate(fever, other)


def test_a_rule_that_is_not_on_the_sheet_is_decided_by_itself() -> None:
    account = Account({"fever": 1}, frozenset({"fever"}))
    decide_all(account)

    assert sheet_of(KNOWLEDGE).rules == ()
    assert truth_of(rule({"finding": "fever"}), account) is Truth.MET
    assert evaluate(rule({"finding": "numbness"}), account).unknown == ("numbness",)


@dataclass(frozen=True)
class Gait(Female):
    """A quantity of a kind that the sheet has never heard of."""


def test_a_quantity_of_a_new_kind_is_read_of_everybody() -> None:
    asked = Grade("fever"), Gait()

    assert _when_to_read(asked) == ((1,), {"fever": (0,)})


def test_the_first_subject_does_without_a_sheet() -> None:
    _subjects.cache_clear()
    first, second = (Account({"fever": 1}, frozenset({"fever"})) for _ in range(2))
    for _ in range(2):
        decide_all(first)
    decide_all(second)

    assert first.memo.nobody is None
    assert second.memo.nobody is nobody_of(KNOWLEDGE)
    assert truth_of(rule({"finding": "fever"}), first) is Truth.MET


def test_what_is_decided_stays() -> None:
    decide_all(Account({}, frozenset()))
    account = Account({"fever": 1}, frozenset({"fever"}))
    decide_all(account)
    codes = account.memo.codes
    decide_all(account)

    assert account.memo.codes is codes
    assert account.memo.nobody is nobody_of(KNOWLEDGE)


CASES = Path(__file__).parents[2] / "validation" / "cases"

# Records that each tell of something else; what a quantity rests on must be complete for all.
_RECORDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "drugs": {"drugs": ["warfarin", "ibuprofen", "morphine 10 mg twice daily"]},
    "allergies": {"allergies": ["gadolinium contrast", "no allergy to latex"]},
    "treatments": {
        "as_of": "2026-05-01",
        "treatments": [
            {
                "what": "gabapentin",
                "dose": "1800 mg/day",
                "start": "2026-01-01",
                "response": "none",
            },
            {"what": "conservative treatment", "response": "none"},
            {"what": "duloxetine", "stopped_because": "nausea"},
        ],
        "said": [{"finding": "pain-duration", "value": 400, "unit": "d"}],
    },
    "pregnancy": {"sex": "female", "age": 30, "pregnancy_weeks": 30},
    "scores": {"pain_scores": [{"day": 1, "nrs": 8}]},
    "duration": {"said": [{"finding": "pain-duration", "value": 10, "unit": "d"}]},
    "illness": {"illnesses": ["diabetes", "heart failure"]},
}


@pytest.mark.parametrize("told", _RECORDS)
@pytest.mark.parametrize("likely", [None, 0.0, 0.05, 0.9])
def test_our_rules_are_decided_together_as_one_by_one(
    knowledge: Knowledge, told: str, likely: float | None
) -> None:
    record = patient(knowledge, **_RECORDS[told])
    _check_all(facts_of(record, knowledge), likely)


def test_our_rules_are_decided_together_as_one_by_one_for_published_patients(
    knowledge: Knowledge,
) -> None:
    for case in read_cases([CASES], knowledge.vocabulary)[::20]:
        _check_all(facts_of(case.record, knowledge), 0.05)


def _check_all(facts: Facts, likely: float | None) -> None:
    knowledge = facts.knowledge
    probabilities = {} if likely is None else dict.fromkeys(knowledge.conditions, likely)
    together, alone = Patient(facts, probabilities), Patient(facts, probabilities)
    sheet_of(knowledge).decide(together)

    for one in sheet_of(knowledge).rules:
        assert truth_of(one, together) is truth_of(one, alone)
        assert evaluate(one, together) == evaluate(one, alone)


def test_a_patient_tells_of_findings_and_of_the_lists_that_hold_something(
    knowledge: Knowledge,
) -> None:
    quiet, telling = (
        Patient(facts_of(patient(knowledge, "fever-symptom", **record), knowledge)).told
        for record in (_RECORDS["nothing"], _RECORDS["drugs"])
    )

    assert "fever-symptom" in quiet
    assert quiet.isdisjoint({"drugs", "allergies", "treatments"})
    # What is taken now is an attempt too.
    assert {"drugs", "treatments"} <= telling
