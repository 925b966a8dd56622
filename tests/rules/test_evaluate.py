"""Rules on one patient: the algebra on random rules, and what each leaf means on records."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.knowledge.model import Drugs
from crural.knowledge.rules import Rule
from crural.record import Drug, Illness, Observation, Record
from crural.rules import (
    Patient,
    Truth,
    Verdict,
    compile_rule,
    evaluate,
    evaluate_table,
    leaves_in_favour,
    table_of,
    truth_column,
    truth_of,
)
from crural.rules.evaluate import Sum
from tests.rules.small_world import (
    KNOWLEDGE,
    SCORES,
    VALUES,
    Account,
    accounts,
    answers_to,
    finding,
    raw_rules,
    rule,
    rules,
    rules_of_distinct_facts,
)

# --- algebra -------------------------------------------------------------------------------------


@given(rules(), accounts(), st.sampled_from(sorted(VALUES)))
@settings(deadline=None)
def test_learning_a_fact_never_changes_a_settled_verdict(
    some_rule: Rule, account: Account, fact: str
) -> None:
    before = truth_of(some_rule, account)
    after = truth_of(some_rule, account.learning(fact))

    assert after is before or before is Truth.UNKNOWN


@given(rules(), accounts())
@settings(deadline=None)
def test_nothing_is_unknown_when_every_fact_is_known(some_rule: Rule, account: Account) -> None:
    verdict = evaluate(some_rule, account.learning(*VALUES))

    assert verdict.truth is not Truth.UNKNOWN
    assert verdict.unknown == verdict.questions == ()


@given(raw_rules(), accounts())
@settings(deadline=None)
def test_not_not_a_rule_is_the_rule(raw: Any, account: Account) -> None:
    assert evaluate(rule({"not": {"not": raw}}), account) == evaluate(rule(raw), account)


@given(raw_rules(), accounts())
@settings(deadline=None)
def test_unless_is_not_except_that_the_unknown_stands_in_nobodys_way(
    raw: Any, account: Account
) -> None:
    plain, unless = evaluate(rule({"not": raw}), account), evaluate(rule({"unless": raw}), account)
    assert unless.truth is (Truth.MET if plain.truth is Truth.UNKNOWN else plain.truth)
    assert plain.truth is Truth.UNKNOWN or unless == plain
    assert truth_of(rule({"unless": raw}), account) is unless.truth
    table = table_of([rule({"unless": raw})], [account], KNOWLEDGE)
    assert truth_column(rule({"unless": raw}), table).tolist() == [unless.truth.value]


@given(st.lists(raw_rules(), min_size=1, max_size=3), accounts())
@settings(deadline=None)
def test_de_morgan_on_rules(raw: list[Any], account: Account) -> None:
    negated = [{"not": part} for part in raw]

    assert evaluate(rule({"not": {"all": raw}}), account) == evaluate(
        rule({"any": negated}), account
    )
    assert evaluate(rule({"not": {"any": raw}}), account) == evaluate(
        rule({"all": negated}), account
    )


@given(st.lists(raw_rules(), min_size=1, max_size=4), accounts())
@settings(deadline=None)
def test_all_and_any_are_at_least_n_and_at_least_one(raw: list[Any], account: Account) -> None:
    every = rule({"at_least": {"n": len(raw), "of": raw}})
    one = rule({"at_least": {"n": 1, "of": raw}})

    assert evaluate(rule({"all": raw}), account) == evaluate(every, account)
    assert evaluate(rule({"any": raw}), account) == evaluate(one, account)


@given(rules_of_distinct_facts(), accounts())
@settings(deadline=None)
def test_an_unknown_verdict_could_still_go_either_way(some_rule: Rule, account: Account) -> None:
    verdict = evaluate(some_rule, account)
    asked = sorted({f for f in _facts_of(some_rule) if f not in account.known})

    reachable = {truth_of(some_rule, account.supposing(answers)) for answers in answers_to(asked)}

    if verdict.truth is Truth.UNKNOWN:
        assert reachable == {Truth.MET, Truth.NOT_MET}
    else:
        assert reachable == {verdict.truth}


@given(rules(), accounts())
@settings(deadline=None)
def test_only_unknown_facts_of_the_rule_are_asked_for(some_rule: Rule, account: Account) -> None:
    asked = set(evaluate(some_rule, account).questions)

    assert asked <= set(_facts_of(some_rule)) - account.known


@given(rules_of_distinct_facts(), accounts())
@settings(deadline=None)
def test_the_facts_named_can_settle_the_verdict_and_no_fewer_can(
    some_rule: Rule, account: Account
) -> None:
    verdict = evaluate(some_rule, account)
    asked = sorted({f for f in _facts_of(some_rule) if f not in account.known})

    for wanted, named in ((Truth.MET, verdict.to_met), (Truth.NOT_MET, verdict.to_not_met)):
        if verdict.truth is not Truth.UNKNOWN:
            assert named == ()
            continue
        assert _can_reach(some_rule, account, named, wanted)
        for fewer in itertools.combinations(asked, len(named) - 1):
            assert not _can_reach(some_rule, account, fewer, wanted)
    assert len(verdict.unknown) == min(len(verdict.to_met), len(verdict.to_not_met))


def _facts_of(some_rule: Rule) -> list[str]:
    """The facts that a rule asks for when nothing is known."""
    nothing = Account(dict.fromkeys(VALUES, 0), frozenset())
    compiled = compile_rule(some_rule, KNOWLEDGE)
    return [
        question for leaf in _every_leaf(compiled) for question in evaluate(leaf, nothing).unknown
    ]


def _every_leaf(compiled: Any) -> list[Any]:
    parts = [compiled.part] if hasattr(compiled, "part") else getattr(compiled, "parts", None)
    return [compiled] if parts is None else [leaf for part in parts for leaf in _every_leaf(part)]


def _can_reach(some_rule: Rule, account: Account, facts: tuple[str, ...], wanted: Truth) -> bool:
    return any(
        truth_of(some_rule, account.supposing(answers)) is wanted for answers in answers_to(facts)
    )


# --- what is remembered ---------------------------------------------------------------------------


@given(st.lists(rules(), min_size=1, max_size=5), accounts())
@settings(deadline=None)
def test_a_patient_of_whom_rules_were_decided_answers_as_a_new_one(
    several: list[Rule], account: Account
) -> None:
    for some_rule in several:
        truth_of(some_rule, account)
        evaluate(some_rule, account)

    for some_rule in several:
        assert evaluate(some_rule, account) == evaluate(some_rule, replace(account))
        assert truth_of(some_rule, account) is truth_of(some_rule, replace(account))


@given(rules(), accounts(), st.sampled_from(sorted(VALUES)))
@settings(deadline=None)
def test_what_is_remembered_of_a_patient_is_forgotten_when_a_fact_is_learnt(
    some_rule: Rule, account: Account, fact: str
) -> None:
    evaluate(some_rule, account)
    learning = account.learning(fact)

    fresh = Account(learning.true, learning.known)
    assert evaluate(some_rule, learning) == evaluate(some_rule, fresh)


def test_a_patient_that_differs_in_a_fact_or_a_probability_remembers_nothing() -> None:
    record = Record(age=60, sex="male", side="left")
    without = Patient(facts_of(record, KNOWLEDGE), {"sciatica": 0.9})
    likely = rule({"probability": "sciatica", "min": 0.5})
    fever = rule({"finding": "fever"})
    assert truth_of(likely, without) is MET
    assert truth_of(fever, without) is Truth.UNKNOWN

    feverish = record.model_copy(
        update={"observations": (Observation(finding="fever", present=True),)}
    )
    with_fever = replace(without, facts=facts_of(feverish, KNOWLEDGE))
    unlikely = replace(without, probabilities={"sciatica": 0.1})

    assert truth_of(fever, with_fever) is MET
    assert truth_of(likely, unlikely) is Truth.NOT_MET


@given(raw_rules())
@settings(deadline=None)
def test_rules_that_say_the_same_are_compiled_to_one_object(raw: Any) -> None:
    once = compile_rule(rule(raw), KNOWLEDGE)

    assert compile_rule(rule(raw), KNOWLEDGE) is once
    twice = compile_rule(rule({"any": [{"not": raw}, {"not": raw}]}), KNOWLEDGE)
    assert isinstance(twice, Sum)
    assert twice.parts[0] is twice.parts[1]


# --- many records --------------------------------------------------------------------------------


@given(rules(), st.lists(accounts(), max_size=4))
@settings(deadline=None)
def test_columns_rows_and_truth_alone_agree(some_rule: Rule, patients: list[Account]) -> None:
    verdicts = evaluate_table(some_rule, patients)

    column = truth_column(some_rule, table_of([some_rule], patients, KNOWLEDGE))

    assert column.tolist() == [verdict.truth.value for verdict in verdicts]
    assert [truth_of(some_rule, patient) for patient in patients] == [v.truth for v in verdicts]


def test_a_quantity_without_a_column_is_unknown_in_every_record() -> None:
    patients = [Account({"fever": 1}, frozenset({"fever"}))] * 2
    table = table_of([rule({"finding": "fever"})], patients, KNOWLEDGE)

    met = truth_column(rule({"any": [{"finding": "fever"}, {"finding": "numbness"}]}), table)
    unknown = truth_column(rule({"finding": "numbness"}), table)

    assert met.tolist() == [Truth.MET.value] * 2
    assert unknown.tolist() == [Truth.UNKNOWN.value] * 2


def test_what_is_no_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="no rule"):
        compile_rule("fever", KNOWLEDGE)  # type: ignore[arg-type]


# --- leaves on records ---------------------------------------------------------------------------

_DURATION_STATES = [
    {"id": "under-1-week", "name": "under a week", "min": 0, "max": 7},
    {"id": "1-6-weeks", "name": "1 to 6 weeks", "min": 7, "max": 42},
    {"id": "over-6-weeks", "name": "over 6 weeks", "min": 42},
]
_PREVALENCE = {"estimate": 0.1, "range": [0.05, 0.2], "because": "chosen for the test"}


def _duration() -> Any:
    plain = finding("pain-duration", [state["id"] for state in _DURATION_STATES])  # type: ignore[misc]
    raw = plain.model_dump(by_alias=True) | {
        "states": _DURATION_STATES,
        "unit": "d",
        "background": None,
    }
    return type(plain).model_validate(raw)


def _risk(name: str) -> Any:
    return finding(name, role="risk", background=None, prevalence=_PREVALENCE)


CLINIC = Knowledge(
    version="1",
    digest="clinic",
    evidence={},
    findings={
        entry.id: entry
        for entry in (
            finding("fever"),
            finding("calf-swollen", sided=True),
            finding("pulses", ("normal", "weak", "absent"), sided=True),
            finding("crp", ("normal", "raised", "high")),
            finding("weakness"),
            finding("numbness"),
            finding("night-pain"),
            finding("retention"),
            _duration(),
            _risk("anticoagulant-use"),
            _risk("pregnancy-any"),
            _risk("pregnancy-third-trimester"),
        )
    },
    mechanisms={},
    conditions={},
    alerts={},
    scores={score.id: score for score in SCORES},
    drugs=Drugs.model_validate(
        {
            "classes": {"nsaid": "anti-inflammatory drug", "anticoagulant": "blood thinner"},
            "findings_by_class": {"anticoagulant": "anticoagulant-use"},
            "drugs": [
                {"name": "ibuprofen", "classes": ["nsaid"]},
                {"name": "naproxen", "classes": ["nsaid"]},
                {"name": "warfarin", "classes": ["anticoagulant"]},
                {"name": "mixture", "classes": ["nsaid", "anticoagulant"]},
            ],
        }
    ),
)

MET, UNKNOWN, NOT_MET = Truth.MET, Truth.UNKNOWN, Truth.NOT_MET


def seen(name: str, present: bool = True, **more: Any) -> Observation:
    if "state" in more or "value" in more:
        return Observation(finding=name, **more)
    return Observation(finding=name, present=present, **more)


def verdict_on(raw: Any, *observations: Observation, **record: Any) -> Verdict:
    known = {"age": 40, "sex": "male", "side": "left"} | record
    facts = facts_of(Record(observations=observations, **known), CLINIC)
    return evaluate(rule(raw), Patient(facts, {"sciatica": 0.3}))


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        ([], UNKNOWN),
        ([seen("calf-swollen")], MET),
        ([seen("calf-swollen", False)], NOT_MET),
        ([seen("calf-swollen", side="right")], MET),
        ([seen("calf-swollen", False, side="right")], UNKNOWN),
        ([seen("calf-swollen", False), seen("calf-swollen", side="right")], MET),
    ],
)
def test_a_finding_is_met_on_either_side(observations: list[Observation], expected: Truth) -> None:
    assert verdict_on({"finding": "calf-swollen"}, *observations).truth is expected


@pytest.mark.parametrize(
    ("here", "other", "expected"),
    [
        ("absent", None, MET),
        ("weak", None, NOT_MET),
        (None, "absent", MET),
        (None, "weak", UNKNOWN),
        ("weak", "absent", MET),
        ("weak", "normal", NOT_MET),
    ],
)
def test_a_graded_finding_counts_from_its_state_on_the_worse_side(
    here: str | None, other: str | None, expected: Truth
) -> None:
    observations = [seen("pulses", state=here, side="left")] if here else []
    observations += [seen("pulses", state=other, side="right")] if other else []

    verdict = verdict_on({"finding": "pulses", "state_at_least": "absent"}, *observations)

    assert verdict.truth is expected


def test_without_a_grade_a_graded_finding_counts_from_its_second_state() -> None:
    assert verdict_on({"finding": "crp"}, seen("crp", state="raised")).truth is MET
    assert verdict_on({"finding": "crp"}, seen("crp", state="normal")).truth is NOT_MET


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"sex": "male"}, NOT_MET),
        ({"sex": "female", "age": 30}, UNKNOWN),
        ({"sex": "female", "age": 12}, UNKNOWN),
        ({"sex": "female", "age": 55}, UNKNOWN),
        ({"sex": "female", "age": 11}, NOT_MET),
        ({"sex": "female", "age": 56}, NOT_MET),
        ({"sex": "female", "age": 30, "pregnancy_weeks": 24}, MET),
        ({"sex": "female", "age": 30, "pregnancy_weeks": 23}, NOT_MET),
        ({"sex": "female", "age": 30, "pregnancy_weeks": 0}, NOT_MET),
    ],
)
def test_pregnancy_is_unknown_only_where_it_could_be(
    record: dict[str, Any], expected: Truth
) -> None:
    assert verdict_on({"pregnancy_weeks": {"min": 24}}, **record).truth is expected


@pytest.mark.parametrize(
    ("observation", "from_24", "before_20", "from_1"),
    [
        (seen("pregnancy-any", False), NOT_MET, MET, NOT_MET),
        (seen("pregnancy-any"), UNKNOWN, UNKNOWN, MET),
        (seen("pregnancy-third-trimester"), MET, NOT_MET, MET),
        (seen("pregnancy-third-trimester", False), UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_what_is_said_of_a_pregnancy_limits_its_weeks(
    observation: Observation, from_24: Truth, before_20: Truth, from_1: Truth
) -> None:
    for bounds, expected in (
        ({"min": 24}, from_24),
        ({"max": 20}, before_20),
        ({"min": 1}, from_1),
    ):
        verdict = verdict_on({"pregnancy_weeks": bounds}, observation, sex="female")
        assert verdict.truth is expected


@pytest.mark.parametrize(
    ("observations", "bounds", "expected"),
    [
        ([], {"max": 42}, UNKNOWN),
        ([seen("pain-duration", value=41.0, unit="d")], {"max": 42}, MET),
        ([seen("pain-duration", value=42.0, unit="d")], {"max": 42}, NOT_MET),
        ([seen("pain-duration", state="1-6-weeks")], {"max": 42}, MET),
        ([seen("pain-duration", state="1-6-weeks")], {"min": 7}, MET),
        ([seen("pain-duration", state="1-6-weeks")], {"max": 14}, UNKNOWN),
        ([seen("pain-duration", state="1-6-weeks")], {"min": 42}, NOT_MET),
        ([seen("pain-duration", state="1-6-weeks")], {"max": 7}, NOT_MET),
        ([seen("pain-duration", state="over-6-weeks")], {"min": 42}, MET),
        ([seen("pain-duration", state="over-6-weeks")], {"min": 90}, UNKNOWN),
    ],
)
def test_a_duration_known_as_a_span_is_compared_as_a_span(
    observations: list[Observation], bounds: dict[str, int], expected: Truth
) -> None:
    assert verdict_on({"duration_days": bounds}, *observations).truth is expected


@pytest.mark.parametrize(
    ("drugs", "expected"),
    [([], UNKNOWN), (["warfarin"], NOT_MET), (["ibuprofen 400 mg"], MET), (["tea"], NOT_MET)],
)
def test_an_empty_list_of_drugs_means_that_nobody_asked(drugs: list[str], expected: Truth) -> None:
    listed = tuple(Drug(name=name) for name in drugs)

    assert verdict_on({"drug_class": "nsaid"}, drugs=listed).truth is expected


@pytest.mark.parametrize(
    ("drugs", "expected"),
    [
        ([], UNKNOWN),
        (["ibuprofen", "warfarin"], MET),
        (["ibuprofen"], NOT_MET),
        (["mixture"], NOT_MET),
        (["mixture 5 mg", "mixture 10 mg"], NOT_MET),
        (["mixture", "ibuprofen"], MET),
        (["ibuprofen", "naproxen"], NOT_MET),
    ],
)
def test_drugs_together_are_two_different_drugs(drugs: list[str], expected: Truth) -> None:
    listed = tuple(Drug(name=name) for name in drugs)

    verdict = verdict_on({"drug_classes_together": ["nsaid", "anticoagulant"]}, drugs=listed)

    assert verdict.truth is expected


@pytest.mark.parametrize(
    ("drugs", "takes_one", "expected"),
    [
        ([], False, NOT_MET),
        ([], True, UNKNOWN),
        (["ibuprofen"], True, UNKNOWN),
        (["ibuprofen"], False, NOT_MET),
        (["warfarin"], True, MET),
    ],
)
def test_a_finding_that_a_class_implies_says_when_the_list_may_be_short(
    drugs: list[str], takes_one: bool, expected: Truth
) -> None:
    listed = tuple(Drug(name=name) for name in drugs)

    verdict = verdict_on(
        {"drug_class": "anticoagulant"}, seen("anticoagulant-use", takes_one), drugs=listed
    )

    assert verdict.truth is expected


def test_a_score_is_unknown_until_the_open_items_cannot_change_the_answer() -> None:
    leaf = {"score": "plain-score", "min": 2}

    assert verdict_on(leaf).truth is UNKNOWN
    assert verdict_on(leaf, seen("weakness")).truth is MET
    assert verdict_on(leaf, seen("weakness", False)).truth is NOT_MET
    assert verdict_on(leaf, seen("fever")).truth is UNKNOWN
    assert verdict_on(leaf, seen("fever")).unknown == ("weakness",)


def test_negative_points_count_at_their_worst_until_they_are_known() -> None:
    leaf = {"score": "mixed-score", "min": 1.5}

    assert verdict_on(leaf, seen("numbness"), age=60).truth is UNKNOWN
    assert verdict_on(leaf, seen("numbness"), age=60).unknown == ("night-pain",)
    assert verdict_on(leaf, seen("numbness"), seen("night-pain", False), age=60).truth is MET
    assert verdict_on(leaf, seen("numbness"), seen("night-pain"), age=60).truth is NOT_MET


def test_points_are_added_without_rounding_the_patient_away() -> None:
    tenth = {"points": 0.1, "when": {"sex": "male"}}
    score = SCORES[0].model_validate(
        {"id": "tenths", "name": "Tenths", "items": [tenth, tenth | {"points": 0.7}]}
    )
    world = Knowledge(
        **{name: getattr(CLINIC, name) for name in CLINIC.__dataclass_fields__}
        | {"scores": {"tenths": score}}
    )
    facts = facts_of(Record(age=40, sex="male", side="left"), world)

    assert evaluate(rule({"score": "tenths", "min": 0.8}), Patient(facts)).truth is MET


@pytest.mark.parametrize(
    ("raw", "observations", "record", "because"),
    [
        ({"finding": "fever"}, [seen("fever")], {}, "fever"),
        ({"finding": "fever"}, [seen("fever", False)], {}, "fever: absent"),
        (
            {"finding": "calf-swollen"},
            [seen("calf-swollen", False), seen("calf-swollen", side="right")],
            {},
            "calf swollen (other leg)",
        ),
        ({"finding": "crp"}, [seen("crp", state="high")], {}, "crp: high"),
        (
            {"finding": "pain-duration"},
            [seen("pain-duration", value=30.0, unit="d")],
            {},
            "pain duration: 1 to 6 weeks, 30 d",
        ),
        (
            {"finding": "anticoagulant-use"},
            [],
            {"drugs": (Drug(name="warfarin"),)},
            "anticoagulant use (takes warfarin)",
        ),
        ({"age": {"min": 30}}, [], {}, "aged 40"),
        ({"sex": "female"}, [], {}, "male"),
        ({"pregnancy_weeks": {"min": 1}}, [], {}, "not pregnant"),
        (
            {"pregnancy_weeks": {"min": 1}},
            [],
            {"sex": "female", "pregnancy_weeks": 30},
            "30 weeks pregnant",
        ),
        (
            {"pregnancy_weeks": {"min": 1}},
            [seen("pregnancy-any"), seen("pregnancy-third-trimester", False)],
            {"sex": "female"},
            "1 to 27 weeks pregnant",
        ),
        (
            {"duration_days": {"min": 42}},
            [seen("pain-duration", state="over-6-weeks")],
            {},
            "pain for 42 days or more",
        ),
        (
            {"duration_days": {"min": 7}},
            [seen("pain-duration", value=30.4375, unit="d")],
            {},
            "pain for 30 days",
        ),
        (
            {"drug_class": "nsaid"},
            [],
            {"drugs": (Drug(name="ibuprofen 400 mg"),)},
            "takes ibuprofen 400 mg",
        ),
        (
            {"drug_class": "nsaid"},
            [],
            {"drugs": (Drug(name="warfarin"),)},
            "takes nothing of the kind: anti-inflammatory drug",
        ),
        (
            {"drug_classes_together": ["nsaid", "anticoagulant"]},
            [],
            {"drugs": (Drug(name="ibuprofen"), Drug(name="warfarin"))},
            "takes ibuprofen; takes warfarin",
        ),
        (
            {"drug_classes_together": ["nsaid", "anticoagulant"]},
            [],
            {"drugs": (Drug(name="ibuprofen"),)},
            "takes nothing of the kind: blood thinner",
        ),
        ({"probability": "sciatica", "min": 0.2}, [], {}, "sciatica: probability 30 %"),
    ],
)
def test_a_verdict_says_why_in_words(
    raw: Any, observations: list[Observation], record: dict[str, Any], because: str
) -> None:
    verdict = verdict_on(raw, *observations, **record)

    assert verdict.truth is not UNKNOWN
    assert verdict.because == (because,)


def test_a_score_gives_its_points_as_the_first_reason() -> None:
    met = verdict_on({"score": "plain-score", "min": 2}, seen("fever"), seen("weakness"))
    still_open = verdict_on({"score": "plain-score", "min": 2}, seen("fever"))

    assert met.because == ("Plain score: 3 points, 2 needed", "fever", "weakness")
    assert still_open.because == ("Plain score: 1 to 3 points, 2 needed", "fever")


@pytest.mark.parametrize(
    ("raw", "question"),
    [
        ({"finding": "crp", "state_at_least": "high"}, "crp"),
        ({"drug_class": "anticoagulant"}, "drugs"),
        ({"drug_classes_together": ["nsaid", "anticoagulant"]}, "drugs"),
        ({"pregnancy_weeks": {"min": 1}}, "pregnancy_weeks"),
        ({"duration_days": {"min": 1}}, "pain-duration"),
        ({"probability": "gout", "min": 0.5}, "probability:gout"),
    ],
)
def test_an_unknown_leaf_names_its_question(raw: Any, question: str) -> None:
    assert verdict_on(raw, sex="female").unknown == (question,)


def test_an_unmentioned_finding_is_said_to_be_unknown() -> None:
    patient = Patient(facts_of(Record(age=40, sex="male", side="left"), CLINIC))

    assert patient.words("fever") == "fever: not known"
    assert patient.duration_days == (0, math.inf)


def test_known_illnesses_count_as_findings() -> None:
    raw = {"finding": "anticoagulant-use"}

    assert verdict_on(raw, illnesses=(Illness(name="anticoagulant use"),)).truth is MET


def test_what_speaks_for_a_rule_stands_under_no_negation() -> None:
    raw = {
        "any": [
            {"finding": "fever"},
            {"not": {"finding": "numbness"}},
            {"score": "mixed-score", "min": 1},
        ]
    }

    leaves = leaves_in_favour(compile_rule(rule(raw), KNOWLEDGE))

    assert [leaf.quantity.question for leaf in leaves] == ["fever", "numbness", "retention", "age"]
