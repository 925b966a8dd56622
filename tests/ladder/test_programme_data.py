"""When the ladders of the knowledge come to a pain management programme."""

from __future__ import annotations

import pytest

from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.ladder.position import RungState, position_on
from crural.rules import Patient
from tests.patients import patient

# Ladders of pain that is lasting by its nature, or whose programme begins at once.
AT_ONCE = {"crps", "persistent-spinal-pain", "widespread"}


def state_of_programme(
    knowledge: Knowledge, ladder: str, days: int | None, *present: str
) -> RungState | None:
    """Where the programme stands for a patient whose pain has lasted so many days."""
    said = [] if days is None else [{"finding": "pain-duration", "value": days, "unit": "d"}]
    facts = facts_of(patient(knowledge, *present, said=said), knowledge)
    on = knowledge.ladders[ladder]
    position = position_on(on, on.conditions[0] if on.conditions else None, Patient(facts, {}))
    rungs = [r for r in position.rungs if r.rung.id == "programme"]
    return rungs[0].state if rungs else None


def test_no_ladder_sends_a_patient_to_a_programme_in_the_first_weeks(knowledge: Knowledge) -> None:
    states = {
        ladder: state_of_programme(knowledge, ladder, 14)
        for ladder in knowledge.ladders
        if ladder not in AT_ONCE
    }
    with_programme = {ladder: state for ladder, state in states.items() if state is not None}
    assert len(with_programme) > 20
    assert set(with_programme.values()) == {"skipped"}


@pytest.mark.parametrize("why", ["depression-or-anxiety", "high-functional-impact"])
def test_distress_and_disability_do_not_wait_for_three_months(
    knowledge: Knowledge, why: str
) -> None:
    assert state_of_programme(knowledge, "stenosis", 14, why) in {"next", "later"}


def test_an_infection_is_treated_first_however_much_it_disables(knowledge: Knowledge) -> None:
    state = state_of_programme(knowledge, "infection", 14, "high-functional-impact")
    assert state == "skipped"


def test_pain_of_three_months_comes_to_a_programme(knowledge: Knowledge) -> None:
    assert state_of_programme(knowledge, "stenosis", 84) in {"next", "later"}
