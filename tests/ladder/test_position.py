"""Where a patient stands: passed, in progress, next, barred, skipped, later."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crural.knowledge.ladder import Ladder
from crural.ladder import LadderPosition, position_on

from .small_ladder import LADDER, patient

FAILED = {"response": "none"}


def standing(**parts: Any) -> LadderPosition:
    return position_on(LADDER, "stenosis", patient(**parts))


def states(**parts: Any) -> dict[str, str]:
    return {rung.rung.id: rung.state for rung in standing(**parts).rungs}


def tried(*what: str, **more: Any) -> list[dict[str, Any]]:
    return [{"what": one, **FAILED, **more} for one in what]


def test_with_nothing_tried_the_first_rung_is_next_and_the_others_are_later() -> None:
    assert states() == {
        "rest": "next",
        "pills": "later",
        "knife": "later",
        "wire": "later",
        "pump": "later",
    }


def test_a_rung_is_passed_when_its_treatment_failed() -> None:
    found = states(treatments=tried("resting"))

    assert found["rest"] == "passed"
    assert found["pills"] == "next"


def test_a_rung_that_asks_for_two_treatments_is_not_passed_by_one() -> None:
    one = standing(treatments=tried("rest", "red pill"))
    two = standing(treatments=tried("rest", "red pill", "blue pill"))

    assert one.next is not None
    assert one.next.rung.id == "pills"
    assert two.next is not None
    assert two.next.rung.id == "knife"


def test_a_word_for_many_treatments_stands_for_as_many_as_are_asked_for() -> None:
    found = states(treatments=tried("conservative treatment"))

    assert (found["rest"], found["pills"], found["knife"]) == ("passed", "passed", "next")


def test_too_short_an_attempt_does_not_pass_a_rung_and_says_so() -> None:
    found = standing(treatments=tried("rest") + tried("red pill", days=5) + tried("blue pill"))

    assert found.next is not None
    assert found.next.rung.id == "pills"
    assert any("5 days; 28 are asked for" in reason for reason in found.next.because)


def test_too_low_a_dose_does_not_pass_a_rung() -> None:
    low = tried("red pill", days=60, dose="10 mg twice daily")
    enough = tried("red pill", days=60, dose="50 mg twice daily")

    assert states(treatments=tried("rest", "blue pill") + low)["pills"] == "next"
    assert states(treatments=tried("rest", "blue pill") + enough)["pills"] == "passed"


def test_what_was_not_tolerated_passes_however_short() -> None:
    stopped = [{"what": "red pill", "days": 3, "stopped_because": "dizziness"}]

    assert states(treatments=tried("rest", "blue pill") + stopped)["pills"] == "passed"


def test_what_helps_and_goes_on_holds_the_ladder_there() -> None:
    found = standing(
        treatments=[*tried("rest"), {"what": "red pill", "start": "2026-01-01", "response": "good"}]
    )

    assert {r.rung.id: r.state for r in found.rungs}["pills"] == "in-progress"


def test_what_is_going_on_names_the_day_from_which_it_can_be_judged() -> None:
    found = standing(treatments=[*tried("rest"), {"what": "red pill", "start": "2026-02-20"}])
    pills = next(rung for rung in found.rungs if rung.rung.id == "pills")

    assert pills.state == "in-progress"
    assert pills.judge_on == dt.date(2026, 3, 20)


def test_what_went_on_long_enough_is_judged_now() -> None:
    found = standing(treatments=[*tried("rest"), {"what": "red pill", "start": "2026-01-01"}])

    assert found.next is not None
    assert found.next.rung.id == "pills"
    assert "red pill is going on and can be judged now" in found.next.because


def test_an_operation_is_told_by_how_long_ago_it_was_and_rest_by_how_long_it_was_kept() -> None:
    dates = {"start": "2026-01-01", "stop": "2026-01-31"}
    found = standing(treatments=[*tried("knife", **dates), *tried("resting", days=60)])

    told = {r.rung.id: r.because for r in found.rungs}
    assert told["knife"] == ("knife: not enough relief (59 days ago)",)
    assert told["rest"] == ("resting: not enough relief (60 days)",)


def test_an_open_rung_below_one_that_was_tried_is_skipped_with_a_question() -> None:
    found = standing(treatments=tried("knife"))

    by_id = {rung.rung.id: rung for rung in found.rungs}
    assert by_id["rest"].state == by_id["pills"].state == "skipped"
    assert "ask" in by_id["pills"].because[0]


def test_a_rung_that_does_not_apply_is_skipped() -> None:
    no_target = [{"finding": "target", "present": False}]

    assert (
        states(treatments=tried("rest", "red pill", "blue pill"), observations=no_target)["wire"]
        == "next"
    )


def waiting(probability: float, **said: bool) -> str:
    """Why the operation is left out where it is for a cause of this probability, and perhaps for a
    finding besides."""
    likely = {"probability": "stenosis", "min": 0.3, "because": "chosen for the test"}
    when = {"all": [likely, *({"finding": name} for name in said)]}
    rungs = [
        rung | ({"when": when} if rung["id"] == "knife" else {})
        for rung in LADDER.model_dump(by_alias=True, exclude_none=True)["rungs"]
    ]
    ladder = Ladder.model_validate(
        LADDER.model_dump(by_alias=True, exclude_none=True) | {"rungs": rungs}
    )
    observed = [{"finding": name, "present": there} for name, there in said.items()]
    man = patient(observations=observed, probabilities={"stenosis": probability})
    knife = next(r for r in position_on(ladder, "stenosis", man).rungs if r.rung.id == "knife")
    assert knife.state == "skipped"
    return knife.because[0]


def test_a_step_for_a_cause_that_is_suspected_waits_until_it_is_confirmed() -> None:
    assert waiting(0.28).startswith("waits until it is confirmed or excluded: Stenosis")
    assert waiting(0.04).startswith("does not apply: Stenosis")


def test_a_step_that_a_finding_rules_out_does_not_wait_for_the_diagnosis() -> None:
    assert waiting(0.28, target=False).startswith("does not apply")
    assert waiting(0.28, target=True).startswith("waits until")


def test_a_rung_that_may_apply_asks_for_what_decides_it() -> None:
    found = standing(treatments=tried("rest", "red pill", "blue pill"))

    assert found.next is not None
    assert (found.next.rung.id, found.next.ask) == ("knife", ("target",))


def test_an_urgent_reason_goes_straight_to_its_rung() -> None:
    found = standing(observations=[{"finding": "palsy", "present": True}])

    assert found.next is not None
    assert found.next.rung.id == "knife"
    assert found.next.because[0] == "the nerve is dying"
    assert found.rungs[0].state == "skipped"
    assert found.rungs[3].state == "later"


def test_long_pain_takes_rest_as_done() -> None:
    found = states(observations=[{"finding": "pain-duration", "value": 400, "unit": "d"}])

    assert (found["rest"], found["pills"]) == ("skipped", "next")


def test_nothing_is_left_out_on_the_way_to_an_implant() -> None:
    no_target = [{"finding": "target", "present": False}]
    short = tried("rest") + tried("red pill", days=2) + tried("knife")

    found = standing(treatments=short, observations=no_target)

    assert found.next is not None
    assert found.next.rung.id == "pills"


def test_an_allergy_bars_its_treatment() -> None:
    found = standing(allergies=["redoxin (rash)"])
    options = {o.treatment.id: o.verdict for o in found.rungs[1].options}

    assert options["red-pill"] == "barred"


def test_a_rung_whose_last_open_treatment_is_barred_is_passed_after_the_others_failed() -> None:
    found = states(
        treatments=tried("rest", "blue pill", "green pill"),
        drugs=["blue-pill"],
    )

    assert found["pills"] == "passed"


TREATMENTS = st.lists(
    st.sampled_from(["rest", "red pill", "blue pill", "green pill", "knife", "wire", "pump"]),
    unique=True,
)


@given(TREATMENTS)
def test_at_most_one_rung_is_next_and_nothing_passed_lies_above_it_untried(
    what: list[str],
) -> None:
    found = standing(treatments=tried(*what))

    following = [i for i, rung in enumerate(found.rungs) if rung.state == "next"]
    assert len(following) <= 1
    for i, rung in enumerate(found.rungs):
        if rung.state == "passed":
            assert rung.tried
            assert not following or i < following[0]
        if rung.state == "later":
            assert following
            assert i > following[0]


@given(TREATMENTS, st.sampled_from(["rest", "red pill", "blue pill", "green pill", "knife"]))
def test_one_more_failure_never_takes_the_patient_down_the_ladder(
    what: list[str], more: str
) -> None:
    def height(names: list[str]) -> int:
        found = standing(treatments=tried(*names))
        order = [rung.rung.id for rung in found.rungs]
        return len(order) if found.next is None else order.index(found.next.rung.id)

    assert height([*what, more]) >= height(what)


def test_a_trial_of_an_implant_that_helped_is_no_failure_but_the_reason_for_the_implant() -> None:
    found = standing(
        treatments=[
            *tried("rest", "red pill", "blue pill", "knife"),
            {"what": "wire implant, trial", "days": 7, "relief_percent": 70},
        ]
    )

    by_id = {rung.rung.id: rung for rung in found.rungs}
    assert (by_id["wire"].state, by_id["pump"].state) == ("in-progress", "later")
    assert "gave enough relief" in by_id["wire"].because[0]
    assert found.next is None


def test_a_trial_that_failed_leads_to_the_next_rung() -> None:
    found = standing(
        treatments=[
            *tried("rest", "red pill", "blue pill", "knife"),
            {"what": "wire implant, trial", "days": 7, "relief_percent": 20},
        ]
    )

    assert found.next is not None
    assert found.next.rung.id == "pump"


def test_nothing_is_next_while_something_begun_may_still_work() -> None:
    found = standing(treatments=[*tried("rest"), {"what": "red pill", "start": "2026-02-25"}])

    assert found.next is None
    assert {rung.rung.id: rung.state for rung in found.rungs}["knife"] == "later"


def test_an_urgent_reason_does_not_wait_for_what_may_still_work() -> None:
    found = standing(
        treatments=[*tried("rest"), {"what": "red pill", "start": "2026-02-25"}],
        observations=[{"finding": "palsy", "present": True}],
    )

    assert found.next is not None
    assert found.next.rung.id == "knife"


def test_a_drug_that_helped_for_a_time_can_be_begun_again() -> None:
    found = standing(
        treatments=[*tried("rest"), {"what": "blue pill", "days": 60, "response": "good"}]
    )

    assert found.next is not None
    assert found.next.rung.id == "pills"
    assert "blue pill helped for a time: it can be begun again" in found.next.because


def test_an_operation_whose_relief_wore_off_is_behind_the_patient() -> None:
    found = standing(
        treatments=[
            *tried("rest", "red pill", "blue pill"),
            {"what": "knife", "days": 900, "response": "good"},
        ]
    )

    assert found.next is not None
    assert found.next.rung.id == "wire"


def test_what_is_taken_but_barred_holds_no_rung() -> None:
    found = standing(treatments=tried("rest"), drugs=["red-pill"], allergies=["redoxin"])

    pills = next(rung for rung in found.rungs if rung.rung.id == "pills")
    assert pills.state == "next"
    assert pills.because == (
        "red-pill is taken but should not go on: change it, slowly where a sudden stop harms",
    )


def test_a_treatment_that_is_taken_is_no_interaction_with_itself() -> None:
    found = standing(treatments=tried("rest"), drugs=["red-pill"])

    pills = next(rung for rung in found.rungs if rung.rung.id == "pills")
    assert {o.treatment.id: o.verdict for o in pills.options}["red-pill"] == "going-on"


def test_an_operation_is_not_judged_by_its_length() -> None:
    after = [{"what": "knife", "days": 1, "response": "none"}]

    assert states(treatments=[*tried("rest", "red pill", "blue pill"), *after])["knife"] == "passed"


PALSY = [{"finding": "palsy", "present": True}]


def test_drugs_against_pain_go_on_beside_what_is_needed_at_once() -> None:
    found = standing(observations=PALSY)
    pills = next(rung for rung in found.rungs if rung.rung.id == "pills")

    assert (pills.state, pills.rung.beside) == ("next", True)
    assert pills.because == ("goes on beside what is needed at once",)
    assert found.next is not None
    assert found.next.rung.id == "knife"
    assert not next(rung for rung in LADDER.rungs if rung.id == "pills").beside


def test_what_an_urgent_step_passes_over_does_not_repeat_its_reason() -> None:
    told = [why for rung in standing(observations=PALSY).rungs for why in rung.because]

    assert told.count("the nerve is dying") == 1
    assert "not before Operation" in told


YEAR = {"finding": "pain-duration", "value": 365, "unit": "d"}


def test_an_operation_before_the_pain_began_passes_no_rung() -> None:
    before = [{"what": "knife", "start": "2024-01-01", "response": "none"}]
    since = [{"what": "knife", "start": "2025-06-01", "response": "none"}]

    assert states(observations=[YEAR], treatments=before)["knife"] != "passed"
    assert states(observations=[YEAR], treatments=since)["knife"] == "passed"


def test_an_operation_of_which_no_date_is_known_counts() -> None:
    assert states(observations=[YEAR], treatments=tried("knife"))["knife"] == "passed"


_RAW = LADDER.model_dump(by_alias=True)
SEARCHED = Ladder.model_validate(
    _RAW
    | {
        "id": "searched",
        "rungs": [
            rung | ({"looked_for_by": ["target", "heart"]} if rung["id"] == "knife" else {})
            for rung in _RAW["rungs"]
        ],
    }
)
PILLS = tried("rest", "red pill", "blue pill")


def searching(*observations: dict[str, Any], treatments: list[dict[str, Any]]) -> LadderPosition:
    one = patient(observations=list(observations), treatments=[*PILLS, *treatments])
    return position_on(SEARCHED, "stenosis", one)


def test_the_operation_that_the_pain_follows_is_no_search_for_its_cause() -> None:
    found = searching(treatments=tried("knife"))

    assert found.next is not None
    assert found.next.rung.id == "knife"
    assert found.next.because == (
        "knife came before this pain or began it, and shows nothing of it",
    )


def test_a_second_operation_is_a_search_for_the_cause() -> None:
    found = searching(treatments=tried("knife", start="2020-01-01") + tried("knife"))

    assert found.next is not None
    assert found.next.rung.id == "wire"


def test_imaging_that_is_recorded_is_a_search_for_the_cause() -> None:
    seen = {"finding": "heart", "present": False}

    for treatments in ([], tried("knife")):
        found = searching(seen, treatments=treatments)
        assert found.next is not None
        assert found.next.rung.id == "wire"


def test_imaging_before_the_pain_began_is_none() -> None:
    old = {"finding": "heart", "present": False, "date": "2020-01-01"}

    found = searching(YEAR, old, treatments=[])

    assert found.next is not None
    assert found.next.rung.id == "knife"


def test_no_implant_comes_before_the_search_after_an_operation_before_the_pain() -> None:
    before = [{"what": "knife", "start": "2024-01-01", "response": "none"}]
    found = searching(YEAR, treatments=[*before, *tried("wire")])
    rungs = {rung.rung.id: rung for rung in found.rungs}
    assert rungs["knife"].state == "next"
    assert rungs["knife"].because[-1].startswith("no imaging and no opinion")
    assert rungs["pump"].state == "later"


def test_a_trial_that_helped_does_not_spare_the_search_before_the_implant() -> None:
    before = [{"what": "knife", "start": "2024-01-01", "response": "none"}]
    trial = {"what": "wire", "start": "2026-02-01", "stop": "2026-02-10", "relief_percent": 70}

    found = searching(YEAR, treatments=[*before, trial])
    rungs = {rung.rung.id: rung.state for rung in found.rungs}

    assert (rungs["knife"], rungs["wire"]) == ("next", "in-progress")
