"""Several plausible causes: which ladders, which steps serve all, which must wait."""

from __future__ import annotations

from dataclasses import replace

from crural.diagnosis.next_check import Check
from crural.knowledge.ladder import Ladder
from crural.ladder import TreatmentPlan, plan_of
from tests.safety.small_clinic import alert

from .small_ladder import BECAUSE, KNOWLEDGE, LADDER, patient

SCIATICA = Ladder.model_validate(
    {
        "id": "sciatica-ladder",
        "name": "Sciatica",
        "conditions": ["sciatica"],
        "why": BECAUSE,
        "rungs": [
            {
                "id": "green",
                "title": "Green",
                "stage": "simple-analgesic",
                "options": ["green-pill", "red-pill"],
                "why": BECAUSE,
            },
            {
                "id": "rest",
                "title": "Rest",
                "stage": "self-care",
                "options": ["rest"],
                "why": BECAUSE,
            },
        ],
    }
)
TWO = replace(
    KNOWLEDGE, ladders={**KNOWLEDGE.ladders, "sciatica-ladder": SCIATICA}, digest="two-ladders"
)
CHECK = Check(
    finding="target",
    burden="mri",
    probability=0.4,
    gain=0.3,
    urgent_gain=0.0,
    if_present=(("sciatica", 0.4, 0.9),),
    if_absent=(),
)


def plan(*ranked: tuple[str, float]) -> TreatmentPlan:
    found = plan_of(patient(knowledge=TWO), ranked, [CHECK])
    assert found is not None
    return found


def test_each_plausible_cause_brings_its_ladder_the_likeliest_first() -> None:
    found = plan(("sciatica", 0.6), ("stenosis", 0.4))

    assert [p.ladder.id for p in found.ladders] == ["sciatica-ladder", "stenosis-ladder"]
    assert found.leading.condition == "sciatica"


def test_an_improbable_cause_has_no_say() -> None:
    assert [p.condition for p in plan(("stenosis", 0.9), ("sciatica", 0.1)).ladders] == ["stenosis"]


def test_without_a_plausible_cause_the_general_ladder_holds() -> None:
    [only] = plan(("stenosis", 0.1), ("sciatica", 0.1)).ladders

    assert (only.ladder.id, only.condition) == ("general", None)


def test_steps_on_every_ladder_are_named_in_the_order_of_the_first() -> None:
    assert plan(("stenosis", 0.5), ("sciatica", 0.5)).shared == ("rest", "red-pill")


def test_a_step_of_one_unsure_cause_alone_waits_for_the_check_that_tells() -> None:
    pump = SCIATICA.rungs[1].model_copy(update={"options": ("pump",)})
    only = SCIATICA.model_copy(update={"rungs": (pump,)})
    world = replace(TWO, ladders={**TWO.ladders, "sciatica-ladder": only}, digest="waiting")
    stenosis = LADDER.model_copy(update={"rungs": LADDER.rungs[:2]})
    world = replace(world, ladders={**world.ladders, LADDER.id: stenosis})

    found = plan_of(patient(knowledge=world), [("stenosis", 0.5), ("sciatica", 0.4)], [CHECK])

    assert found is not None
    [waiting] = found.waiting
    assert (waiting.treatment, waiting.condition, waiting.checks) == (
        "pump",
        "sciatica",
        ("target",),
    )


def test_without_ladders_there_is_no_plan() -> None:
    bare = replace(KNOWLEDGE, ladders={}, digest="bare")

    assert plan_of(patient(knowledge=bare), [("stenosis", 0.9)], []) is None


def test_two_ladders_of_one_cause_share_nothing_worth_saying() -> None:
    twin = SCIATICA.model_copy(update={"id": "sciatica-spasm"})
    world = replace(TWO, ladders={**TWO.ladders, twin.id: twin}, digest="twins")

    found = plan_of(patient(knowledge=world), [("sciatica", 0.9)], [])

    assert found is not None
    assert len(found.ladders) == 2
    assert found.shared == ()


EMERGENCY = alert("dying-nerve", {"finding": "palsy"}, urgency="emergency")
PALSY = [{"finding": "palsy", "present": True}]


def in_emergency(*ranked: tuple[str, float]) -> TreatmentPlan:
    known = replace(TWO, alerts={EMERGENCY.id: EMERGENCY}, digest="two-ladders-and-an-alert")
    found = plan_of(patient(knowledge=known, observations=PALSY), ranked, [CHECK])
    assert found is not None
    return found


def test_with_an_emergency_nothing_is_next_that_can_wait() -> None:
    found = in_emergency(("sciatica", 0.6), ("stenosis", 0.4))
    states = {rung.rung.id: rung.state for p in found.ladders for rung in p.rungs}

    assert (states["green"], states["rest"], states["knife"]) == ("next", "skipped", "next")
    assert (found.shared, found.waiting) == ((), ())


def test_with_an_emergency_rest_is_later_and_says_what_comes_first() -> None:
    rested = replace(
        TWO,
        alerts={EMERGENCY.id: EMERGENCY},
        ladders={"general": KNOWLEDGE.ladders["general"]},
        digest="general-and-an-alert",
    )

    found = plan_of(patient(knowledge=rested, observations=PALSY), [], [])

    assert found is not None
    first = found.leading.rungs[0]
    assert (first.rung.id, first.state, first.because) == ("rest", "later", ("first: Dying nerve",))
    assert found.leading.next is None


def led_by(*ranked: tuple[str, float], about: tuple[str, ...] = ("sciatica",)) -> str | None:
    """The cause whose ladder is told in full where sciatica is an emergency."""
    feared = KNOWLEDGE.conditions["sciatica"].model_copy(update={"urgency": "emergency"})
    raised = EMERGENCY.model_copy(update={"about": about})
    known = replace(
        TWO,
        conditions={**KNOWLEDGE.conditions, "sciatica": feared},
        alerts={raised.id: raised},
        digest=f"an-emergency-about-{about}",
    )
    found = plan_of(patient(knowledge=known, observations=PALSY), ranked, [CHECK])
    assert found is not None
    return found.leading.condition


def test_the_ladder_of_an_emergency_that_is_likely_stands_before_that_of_a_surer_cause() -> None:
    assert led_by(("stenosis", 0.95), ("sciatica", 0.7)) == "sciatica"
    assert led_by(("stenosis", 0.95), ("sciatica", 0.4)) == "stenosis"
    assert led_by(("stenosis", 0.95), ("sciatica", 0.7), about=()) == "stenosis"
