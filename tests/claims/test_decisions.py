"""What the founding text asks for is decided on its small records, C1 to C17.

The records and their answers stand in `decisions.py`, and on the page "What the system decides".
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from crural.knowledge import Knowledge
from crural.knowledge.ladder import Rung
from tests.claims.decisions import (
    DECISIONS,
    Decision,
    answer,
    ask,
    assessed,
    decisions_for,
)


def titles(decision: Decision) -> str:
    return decision.title


def holds(decision: Decision, knowledge: Knowledge) -> None:
    """Every question is answered as the founding text asks, and with a reason."""
    assessment = assessed(decision, knowledge)
    for question in decision.asks:
        said = answer(question, assessment)
        assert said.decided == question.expected, (question, said.because)
        assert said.because or said.decided in {"later", "offer"}, question


def rung(knowledge: Knowledge, ladder: str, name: str) -> Rung:
    return next(r for r in knowledge.ladders[ladder].rungs if r.id == name)


def in_this_order(names: Iterable[str], ladder: str, knowledge: Knowledge) -> bool:
    """Do the rungs stand on the ladder in this order?"""
    places = [r.id for r in knowledge.ladders[ladder].rungs]
    at = [places.index(name) for name in names]
    return at == sorted(at)


@pytest.mark.parametrize("decision", decisions_for("C1"), ids=titles)
def test_c01_sciatica_is_found(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C2"), ids=titles)
def test_c02_sciatica_is_rested_first_and_treated_more_intensively_when_that_fails(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


def test_c02_beside_the_rest_stands_what_is_said_today_against_bed_rest(
    knowledge: Knowledge,
) -> None:
    rest = rung(knowledge, "sciatica", "rest")
    assert knowledge.ladders["sciatica"].rungs[0] is rest
    disputes = [one for one in rest.disputes if one.claim == "C2"]
    assert disputes
    assert all(source in knowledge.evidence for one in disputes for source in one.sources)
    bed_rest = knowledge.treatments["bed-rest"]
    against = [p for p in bed_rest.positions if p.stance == "against"]
    assert against
    assert all(position.source in knowledge.evidence for position in against)


@pytest.mark.parametrize("decision", decisions_for("C3"), ids=titles)
def test_c03_stenosis_is_found(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C4"), ids=titles)
def test_c04_the_cause_of_a_stenosis_is_treated_where_it_is_likely(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C5"), ids=titles)
def test_c05_each_failure_leads_to_the_next_step_of_the_stenosis_ladder(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


def test_c05_the_stenosis_ladder_keeps_the_order_of_the_founding_text(
    knowledge: Knowledge,
) -> None:
    order = ["rest", "anti-inflammatories", "painkillers", "injection", "brace", "light-exercise"]
    assert in_this_order(order, "stenosis", knowledge)
    for name in order:
        assert "C5" in rung(knowledge, "stenosis", name).claims, name


@pytest.mark.parametrize("name", ["rest", "painkillers", "injection", "brace", "light-exercise"])
def test_c05_where_guidelines_differ_from_a_step_they_are_shown_beside_it(
    knowledge: Knowledge, name: str
) -> None:
    disputes = [one for one in rung(knowledge, "stenosis", name).disputes if one.claim == "C5"]
    assert disputes
    assert all(source in knowledge.evidence for one in disputes for source in one.sources)


@pytest.mark.parametrize("decision", decisions_for("C6"), ids=titles)
def test_c06_wasting_has_a_ladder_of_its_own(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C7"), ids=titles)
def test_c07_burning_has_a_ladder_of_its_own(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C8"), ids=titles)
def test_c08_spasms_have_a_ladder_of_their_own(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C9"), ids=titles)
def test_c09_the_nerve_pain_of_multiple_sclerosis_is_treated_with_antidepressants(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


def test_c09_the_rung_holds_antidepressants_alone(knowledge: Knowledge) -> None:
    options = rung(knowledge, "ms-burning", "antidepressants").options
    assert {knowledge.treatments[name].family for name in options} == {"antidepressant"}


@pytest.mark.parametrize("decision", decisions_for("C10"), ids=titles)
def test_c10_carbamazepine_is_a_rung_of_the_spasm_ladder_with_its_checks(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("drug", ["apixaban", "warfarin", "simvastatin"])
def test_c10_carbamazepine_is_held_against_the_drugs_of_the_record(
    knowledge: Knowledge, drug: str
) -> None:
    spasms = decisions_for("C10")[0]
    taking = Decision("C10", drug, {**spasms.record, "drugs": [drug]}, ())
    question = ask("option", "ms-spasm", "carbamazepine", is_="")

    before = answer(question, assessed(spasms, knowledge))
    with_it = answer(question, assessed(taking, knowledge))

    assert set(with_it.because) - set(before.because)


@pytest.mark.parametrize("decision", decisions_for("C11"), ids=titles)
def test_c11_transient_osteoporosis_is_found(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C12"), ids=titles)
def test_c12_it_is_found_on_both_sides(decision: Decision, knowledge: Knowledge) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C13"), ids=titles)
def test_c13_transient_osteoporosis_is_treated_with_painkillers_and_physical_therapy(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C14"), ids=titles)
def test_c14_the_other_causes_are_found_and_treated(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


@pytest.mark.parametrize("decision", decisions_for("C15"), ids=titles)
def test_c15_pain_is_held_against_the_course_that_treating_the_cause_should_take(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


def test_c15_pain_that_does_not_lessen_opens_the_question_of_the_cause_again(
    knowledge: Knowledge,
) -> None:
    off = next(d for d in decisions_for("C15") if d.asks[0].expected == "off-course")
    followed = assessed(off, knowledge).course
    assert followed is not None
    assert followed.revised[followed.condition] < followed.before[followed.condition]
    assert followed.course.if_not


@pytest.mark.parametrize(
    "condition", ["primary-malignant-bone-tumour", "degenerative-scoliosis", "osteomalacia"]
)
def test_c15_each_of_these_causes_has_a_course_in_which_pain_lessens(
    knowledge: Knowledge, condition: str
) -> None:
    courses = [c for c in knowledge.courses.values() if condition in c.conditions]
    assert any("C15" in course.claims for course in courses)


@pytest.mark.parametrize("decision", decisions_for("C16"), ids=titles)
def test_c16_stimulation_follows_when_the_other_treatments_have_failed(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


def test_c16_stimulation_acts_on_the_cord_before_the_signals_reach_the_brain(
    knowledge: Knowledge,
) -> None:
    assert "cord" in knowledge.treatments["spinal-cord-stimulation"].acts_on


@pytest.mark.parametrize("decision", decisions_for("C17"), ids=titles)
def test_c17_intraspinal_morphine_follows_stimulation(
    decision: Decision, knowledge: Knowledge
) -> None:
    holds(decision, knowledge)


def test_c17_on_every_ladder_with_both_morphine_comes_after_stimulation(
    knowledge: Knowledge,
) -> None:
    with_both = 0
    for ladder in knowledge.ladders.values():
        places = {
            name: i
            for i, one in enumerate(ladder.rungs)
            for name in ("spinal-cord-stimulation", "intrathecal-morphine")
            if name in one.options
        }
        if len(places) == 2:
            with_both += 1
            assert places["spinal-cord-stimulation"] < places["intrathecal-morphine"], ladder.id
    assert with_both > 5


def test_c17_morphine_acts_on_the_cord(knowledge: Knowledge) -> None:
    assert "cord" in knowledge.treatments["intrathecal-morphine"].acts_on


def test_every_statement_has_its_records() -> None:
    assert {decision.claim for decision in DECISIONS} == {f"C{n}" for n in range(1, 18)}
    assert len({(d.claim, d.title) for d in DECISIONS}) == len(DECISIONS)
