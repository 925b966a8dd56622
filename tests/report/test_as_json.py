from __future__ import annotations

from dataclasses import replace
from typing import Any

from crural import Assessment
from crural.diagnosis.diagnose import CauseFound, Explanation, Why
from crural.diagnosis.explain import Reason
from crural.diagnosis.network import OTHER
from crural.diagnosis.next_check import Check
from crural.diagnosis.uncertainty import Pivot
from crural.ladder.precautions import DrugCaution, Warned
from crural.report import as_data
from crural.safety import OpenAlert, RaisedAlert


def test_a_finding_is_told_with_its_state(example: Assessment) -> None:
    facts = {fact["finding"]: fact for fact in as_data(example)["facts"]}
    assert facts["weakness-great-toe"]["words"] == "weak great toe extension"
    assert facts["slr-crossed"]["words"] == "crossed straight leg raise positive: absent"
    assert facts["crp"]["words"] == "C-reactive protein: normal"
    assert (facts["crp"]["value"], facts["crp"]["present"]) == (4, False)


def test_what_is_stated_comes_before_what_follows(example: Assessment) -> None:
    stated = [fact["stated"] for fact in as_data(example)["facts"]]
    assert stated == sorted(stated, reverse=True)
    assert len(stated) == len(example.facts.table)


def test_only_findings_of_a_leg_have_a_side(example: Assessment) -> None:
    sides = {fact["finding"]: fact["side"] for fact in as_data(example)["facts"]}
    assert sides["pain-buttock"] == "here"
    assert sides["fever-symptom"] is None


def test_a_field_of_the_record_can_be_asked_for(example: Assessment) -> None:
    alert = OpenAlert(
        id="some-alert",
        title="Some alert",
        urgency="same-day",
        because=("a reason",),
        rationale="It matters.",
        ask=("pregnancy_weeks",),
        action="Do something.",
        sources=(),
        about=(),
        verdict=example.open_alerts[0].verdict,
    )
    told = as_data(replace(example, open_alerts=(alert,)))["ask_now"][0]["unknown"][0]
    assert told["name"] == "pregnancy weeks"
    assert told["question"] == "Are you pregnant and, if so, in which week?"


def test_an_alert_is_told_with_its_rationale_and_sources(example: Assessment) -> None:
    entry = next(e for e in example.knowledge.evidence.values() if e.source is not None)
    alert = RaisedAlert(
        id="some-alert",
        title="Some alert",
        urgency="same-day",
        because=("a reason",),
        rationale="It matters.",
        unknown=("fever-symptom",),
        action="Do something.",
        sources=(entry.id,),
        about=(),
        verdict=example.open_alerts[0].verdict,
    )
    told = as_data(replace(example, alerts=(alert,)))["alerts"][0]
    assert told["rationale"] == "It matters."
    assert [source["id"] for source in told["sources"]] == [entry.id]
    assert told["unknown"][0]["finding"] == "fever-symptom"


def because(cause: CauseFound, **reasons: Any) -> CauseFound:
    """A cause with other reasons."""
    why = cause.why
    told = {"for_": why.for_, "against": why.against, "pivot": why.pivot, **reasons}
    made = Why(lambda: (told["for_"], told["against"]), lambda: why.missing, lambda: told["pivot"])
    return replace(cause, why=made)


def test_the_number_an_answer_hangs_on_has_names_in_place_of_ids(example: Assessment) -> None:
    first = example.diagnosis.causes[0]
    pivot = Pivot("pain-buttock in knee-osteoarthritis", 0.1, 0.2, "estimate", ())
    diagnosis = replace(example.diagnosis, causes=(because(first, pivot=pivot),))
    told = as_data(replace(example, diagnosis=diagnosis))["causes"][0]["hangs_on"]
    assert told["number"] == "pain-buttock in knee-osteoarthritis"
    assert told["words"] == "buttock pain in Osteoarthritis of the knee"


def test_a_probability_rests_on_estimates_only_when_no_ratio_that_moved_it_has_a_source(
    example: Assessment,
) -> None:
    first = example.diagnosis.causes[0]
    sourced = [r for r in first.why.for_ if r.sources]
    estimated = [r for r in (*first.why.for_, *first.why.against) if not r.sources]

    def told(for_: list[Reason], against: list[Reason]) -> bool:
        cause = because(first, for_=tuple(for_), against=tuple(against))
        diagnosis = replace(example.diagnosis, causes=(cause,))
        only: bool = as_data(replace(example, diagnosis=diagnosis))["causes"][0]["estimates_only"]
        return only

    assert told(estimated, [])
    assert told([], estimated)
    assert not told(estimated, sourced)
    assert not told([], [])


def test_a_graded_check_names_its_results(example: Assessment) -> None:
    graded = Check("crp", "blood", 0.3, 0.2, 0.0, if_present=(), if_absent=())
    plain = Check("pain-knee", "ask", 0.3, 0.2, 0.0, (("knee-osteoarthritis", 0.1, 0.4),), ())
    diagnosis = replace(example.diagnosis, checks=(graded, plain))
    told = as_data(replace(example, diagnosis=diagnosis))["next"]
    assert told[0]["results"] == {"present": "not normal", "absent": "normal"}
    assert told[1]["results"] == {"present": "yes", "absent": "no"}
    assert told[1]["because"] == "if yes: Osteoarthritis of the knee from 10% to 40%"


def test_an_unlisted_cause_has_a_name(example: Assessment) -> None:
    diagnosis = replace(
        example.diagnosis, explanations=(Explanation(("knee-osteoarthritis", OTHER), 0.2),)
    )
    told = as_data(replace(example, diagnosis=diagnosis))["explanations"][0]
    assert told["names"] == ["Osteoarthritis of the knee", "a cause not listed"]


def test_a_cause_says_in_plain_words_what_it_is_and_where_it_acts(example: Assessment) -> None:
    first = as_data(example)["causes"][0]
    assert first["plain"] == example.knowledge.conditions[first["id"]].plain
    assert set(first["acts_at"]) <= {"leg", "nerve", "spine", "root", "cord", "brain"}
    assert first["acts_at"]


def test_what_was_tried_has_its_dates_and_where_it_acts(example: Assessment) -> None:
    tried = {attempt["what"]: attempt for attempt in as_data(example)["tried"]}
    ibuprofen = tried["ibuprofen"]
    assert (ibuprofen["start"], ibuprofen["stop"]) == ("2026-01-20", "2026-02-03")
    paracetamol = tried["paracetamol"]
    assert (paracetamol["start"], paracetamol["stop"]) == (None, None)
    for attempt in tried.values():
        read_as = [example.knowledge.treatments[t] for t in attempt["treatments"]]
        assert set(attempt["acts_on"]) == {site for t in read_as for site in t.acts_on}


def test_what_is_to_be_asked_says_of_which_kind_it_is(example: Assessment) -> None:
    asked = [u for alert in as_data(example)["ask_now"] for u in alert["unknown"]]
    kinds = {u["finding"]: (u["kind"], u["burden"]) for u in asked}
    assert kinds["bilateral-leg-neuro-symptoms"] == ("symptom", "ask")


def test_a_drug_that_needs_care_is_told_with_its_reason(example: Assessment) -> None:
    warned = Warned("ulcer", "barred", "illness", "Stop it.", ("an ulcer",), (), (), "It bleeds.")
    caution = DrugCaution("naproxen", "naproxen", warned)
    [told] = as_data(replace(example, cautions=(caution,)))["cautions"]
    assert (told["drug"], told["level"], told["say"]) == ("naproxen", "barred", "Stop it.")
    assert (told["because"], told["reason"]) == (["an ulcer"], "It bleeds.")


def test_a_course_is_told_with_the_limits_of_eight_in_ten(example: Assessment) -> None:
    course = as_data(example)["course"]
    assert course is not None
    for point in course["curve"]:
        assert 0 <= point["low"] <= point["left"] <= point["high"] <= 1
