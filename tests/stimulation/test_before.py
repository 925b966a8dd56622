"""Before a lead or catheter: the longest pause, and nothing stopped without the prescriber."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.knowledge import Knowledge, load_knowledge
from crural.knowledge.devices import DrugTimes, load_stop_times
from crural.record import Record
from crural.stimulation.before import BeforeError, BeforePlan, DrugPlan, plan_before

DAY = dt.date(2027, 3, 15)
TIMES = load_stop_times()
KNOWLEDGE = load_knowledge()
NAMES = sorted({name for rule in TIMES.drugs for name in rule.names})
PROCEDURES = [procedure.id for procedure in TIMES.procedures]


def record(*drugs: str, **more: Any) -> Record:
    seen = [{"finding": f, "present": True} for f in more.pop("present", ())]
    seen += [{"finding": f, "present": False} for f in more.pop("absent", ())]
    seen += more.pop("observations", ())
    return Record.model_validate(
        {"age": 70, "sex": "male", "side": "left", "drugs": drugs, "observations": seen, **more}
    )


def plan(*drugs: str, **more: Any) -> BeforePlan:
    options = {
        k: more.pop(k) for k in ("procedure", "leads_out", "today", "start", "end") if k in more
    }
    options.setdefault("procedure", "implant")
    return plan_before(record(*drugs, **more), KNOWLEDGE, TIMES, date=DAY, **options)


def only(*drugs: str, **more: Any) -> DrugPlan:
    [found] = plan(*drugs, **more).drugs
    return found


def egfr(value: float, date: str | None = "2027-03-01") -> dict[str, object]:
    said = {"finding": "egfr", "value": value, "unit": "mL/min"}
    return said | ({"date": date} if date else {})


def free_days(drug: DrugPlan) -> int:
    """Whole days without the drug before the day of the procedure."""
    assert drug.last_dose is not None
    return (DAY - drug.last_dose.date()).days - 1


# The times -------------------------------------------------------------------------------------

# Drug, words of the record, whole days without it: the longest of the published times.
LONGEST = {
    "warfarin": 5,
    "Sintrom": 3,
    "apixaban 5 mg bd": 5,
    "Xarelto 20 mg": 3,
    "clopidogrel 75 mg": 7,
    "prasugrel": 10,
    "ticagrelor": 5,
    "aspirin 75 mg": 6,
    "cilostazol": 2,
    "dipyridamole": 2,
    "ibuprofen": 1,
    "indomethacin": 2,
    "naproxen": 4,
    "piroxicam": 10,
}


@pytest.mark.parametrize("drug", LONGEST)
def test_the_longest_published_pause_is_planned(drug: str) -> None:
    assert free_days(only(drug)) == LONGEST[drug]


def test_hours_count_back_from_the_start() -> None:
    found = only("edoxaban 60 mg", start=dt.time(9, 30))
    assert found.last_dose == dt.datetime(2027, 3, 12, 9, 30)
    assert found.pause == "72 hours since the last dose"


def test_without_an_hour_the_earliest_start_and_the_latest_end_are_taken() -> None:
    found = plan("edoxaban")
    assert found.start.time() == dt.time(7)
    assert found.end.time() == dt.time(18)
    assert len(found.assumptions) == 2
    assert found.drugs[0].restart == dt.datetime(2027, 3, 16, 18)


def test_sources_that_differ_are_all_shown_and_the_planned_one_is_marked() -> None:
    found = only("warfarin")
    assert found.differ
    assert {said.source for said in found.said} == {
        "crit-stop-nacc-warfarin", "stim-stop-intermediate-warfarin",
    }  # fmt: skip
    assert sum(said.planned for said in found.said) == 1
    assert found.restart_hours == 24


def test_an_intermediate_risk_has_its_own_times() -> None:
    assert only("heparin", procedure="epidural-injection", start=dt.time(8)).last_dose == (
        dt.datetime(2027, 3, 14, 8)
    )
    assert only("aspirin", procedure="epidural-injection").status == "not-stopped"


def test_a_low_risk_without_a_figure_has_no_date_and_says_so() -> None:
    found = plan("clopidogrel", procedure="generator-replacement")
    assert found.drugs[0].status == "no-time"
    assert any("clopidogrel" in alarm for alarm in found.alarms)


def test_stimulators_and_pumps_are_of_high_risk() -> None:
    for name in ("trial", "implant", "ganglion-implant", "pump-implant", "intrathecal-injection"):
        assert plan(procedure=name).procedure.risk == "high"


# Properties ------------------------------------------------------------------------------------

drugs = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)
kidneys = st.sampled_from([None, 12.0, 45.0, 59.0, 60.0, 95.0])
procedures = st.sampled_from(PROCEDURES)


@settings(deadline=None)
@given(taken=drugs, kidney=kidneys, procedure=procedures, hour=st.integers(0, 18))
def test_a_stop_is_before_and_a_restart_after(
    taken: list[str], kidney: float | None, procedure: str, hour: int
) -> None:
    seen = [] if kidney is None else [egfr(kidney)]
    found = plan(*taken, procedure=procedure, observations=seen, start=dt.time(hour))
    for drug in found.drugs:
        if drug.last_dose is not None:
            assert drug.last_dose < found.start
        if drug.restart is not None:
            assert drug.restart > found.end
    dates = [(event.date, event.time or dt.time()) for event in found.events]
    assert dates == sorted(dates)


@settings(deadline=None)
@given(taken=st.sampled_from(NAMES), kidney=kidneys, procedure=procedures)
def test_no_published_time_that_applies_is_longer_than_the_planned_one(
    taken: str, kidney: float | None, procedure: str
) -> None:
    seen = [] if kidney is None else [egfr(kidney)]
    found = plan(taken, procedure=procedure, observations=seen)
    risk = found.procedure.risk
    state = found.kidney.state
    for drug in found.drugs:
        if drug.last_dose is None:
            continue
        for time in rule(drug.rule).times:
            applies = risk in time.for_ and (
                state is None or time.kidney is None or time.kidney == state
            )
            if applies and time.stop is not None:
                hours = time.stop.hours or time.stop.days * 24  # type: ignore[operator]
                assert found.start - drug.last_dose >= dt.timedelta(hours=hours)
            if applies and time.restart is not None and drug.restart is not None:
                assert drug.restart - found.end >= dt.timedelta(hours=time.restart.hours)


@settings(deadline=None)
@given(taken=st.sampled_from(NAMES), kidney=kidneys)
def test_unknown_kidneys_never_give_a_shorter_pause(taken: str, kidney: float | None) -> None:
    seen = [] if kidney is None else [egfr(kidney)]
    told, untold = plan(taken, observations=seen), plan(taken)
    for known, unknown in zip(told.drugs, untold.drugs, strict=True):
        assert (known.last_dose is None) == (unknown.last_dose is None)
        if known.last_dose is not None and unknown.last_dose is not None:
            assert unknown.last_dose <= known.last_dose


@settings(deadline=None)
@given(one=st.sampled_from(NAMES), others=drugs)
def test_other_drugs_never_change_the_dates_of_one(one: str, others: list[str]) -> None:
    alone = {d.rule: d.last_dose for d in plan(one).drugs}
    among = {d.rule: d.last_dose for d in plan(one, *others).drugs}
    assert alone.items() <= among.items()


def rule(name: str) -> DrugTimes:
    return next(rule for rule in TIMES.drugs if rule.id == name)


# Kidneys ---------------------------------------------------------------------------------------


def test_dabigatran_waits_longer_with_weak_kidneys() -> None:
    assert free_days(only("dabigatran", observations=[egfr(85)])) == 5
    assert free_days(only("dabigatran", observations=[egfr(45)])) == 6
    assert free_days(only("dabigatran", present=["renal-impairment"])) == 6


def test_unknown_kidneys_take_the_longer_time_and_ask() -> None:
    found = plan("dabigatran")
    assert free_days(found.drugs[0]) == 6
    assert any(q.of == "laboratory" and "Kidney" in q.text for q in found.questions)


@pytest.mark.parametrize("when", [None, "2026-10-01"])
def test_an_undated_or_old_good_value_counts_as_unknown(when: str | None) -> None:
    found = plan("dabigatran", observations=[egfr(90, when)])
    assert found.kidney.state is None
    assert free_days(found.drugs[0]) == 6


def test_an_old_bad_value_still_counts_as_bad() -> None:
    assert plan("dabigatran", observations=[egfr(40, "2025-01-01")]).kidney.state == "impaired"


@pytest.mark.parametrize(
    "seen", [{"observations": [egfr(25)]}, {"present": ["dialysis-or-renal-failure"]}]
)
def test_failing_kidneys_with_dabigatran_raise_an_alarm(seen: dict[str, Any]) -> None:
    found = plan("dabigatran", **seen)
    assert any("FAILING KIDNEYS" in alarm for alarm in found.alarms)


# Recognition -----------------------------------------------------------------------------------


def test_a_drug_that_is_not_recognised_is_said_loudly_with_the_nearest_name() -> None:
    found = plan("apixabam 5 mg")
    assert found.unrecognised == ("apixabam 5 mg",)
    assert "NOT RECOGNISED" in found.alarms[0]
    assert "apixaban" in found.alarms[0]


@pytest.mark.parametrize("drug", ["phenprocoumon", "Marcumar 3 mg", "vorapaxar", "ticlopidine"])
def test_a_drug_without_a_published_time_has_no_date_and_an_alarm(drug: str) -> None:
    found = plan(drug)
    assert found.drugs[0].status == "no-time"
    assert any(drug in alarm and "NO DATE" in alarm for alarm in found.alarms)
    assert not any(event.kind == "stop" for event in found.events)


def test_every_drug_of_the_knowledge_that_hinders_clotting_is_planned_or_named(
    knowledge: Knowledge,
) -> None:
    for drug in knowledge.drugs.drugs:
        if {"anticoagulant", "antiplatelet", "nsaid"} & set(drug.classes):
            for name in (drug.name, *drug.synonyms):
                assert plan(name).drugs, name


def test_a_combined_tablet_is_planned_for_each_part() -> None:
    assert {d.rule for d in plan("Aggrenox").drugs} == {"dipyridamole", "aspirin"}
    assert {d.rule for d in plan("aspirin and clopidogrel").drugs} == {"aspirin", "clopidogrel"}


def test_a_gel_is_not_its_tablet_and_mesalazine_no_aspirin() -> None:
    assert plan("diclofenac gel").drugs == ()
    assert plan("5-ASA").drugs == ()
    assert plan("5-ASA").unrecognised == ("5-ASA",)


def test_low_molecular_weight_heparin_is_not_taken_for_heparin() -> None:
    [found] = plan("low molecular weight heparin 5000 units").drugs
    assert found.rule == "low-molecular-weight-heparin"


def test_an_empty_list_of_drugs_means_that_nobody_asked() -> None:
    assert any("nobody asked" in alarm for alarm in plan().alarms)


def test_a_new_drug_that_hinders_clotting_is_named_even_without_an_entry() -> None:
    listed = KNOWLEDGE.drugs.drugs
    newcomer = listed[0].model_copy(
        update={"name": "newcomerban", "synonyms": ("Newco",), "classes": ("anticoagulant",)}
    )
    drugs = KNOWLEDGE.drugs.model_copy(update={"drugs": (*listed, newcomer)})
    knowledge = replace(KNOWLEDGE, drugs=drugs)
    found = plan_before(record("Newco 5 mg"), knowledge, TIMES, date=DAY, procedure="implant")
    assert found.drugs[0].status == "no-time"
    assert any("Newco" in alarm for alarm in found.alarms)


def test_without_an_intermediate_time_the_one_for_high_risk_is_taken() -> None:
    found = only("Abciximab", procedure="epidural-injection")
    assert found.status == "stop"
    assert free_days(only("prasugrel", procedure="epidural-injection")) == 10
    ordinary = rule("warfarin")
    high = tuple(t.model_copy(update={"for_": ("high",)}) for t in ordinary.times)
    times = TIMES.model_copy(update={"drugs": (ordinary.model_copy(update={"times": high}),)})
    taken = record("warfarin")
    held = plan_before(taken, KNOWLEDGE, times, date=DAY, procedure="epidural-injection").drugs[0]
    assert free_days(held) == 5
    assert any("high risk is planned" in note for note in held.notes)


# The prescriber --------------------------------------------------------------------------------

THINNERS = [r.names[0] for r in TIMES.drugs if r.kind != "anti-inflammatory"]


@pytest.mark.parametrize("drug", THINNERS)
@pytest.mark.parametrize("procedure", ["trial", "epidural-injection", "generator-replacement"])
def test_nothing_for_heart_brain_or_clot_is_stopped_without_the_prescriber(
    drug: str, procedure: str
) -> None:
    found = plan(drug, procedure=procedure)
    assert any(q.of == "prescriber" and "stopped at all" in q.text for q in found.questions)
    for event in found.events:
        if event.kind == "stop":
            assert event.text.startswith("If the prescriber has agreed")
    first = next(event for event in found.events if event.kind == "ask")
    assert all(first.date < e.date for e in found.events if e.kind == "stop")


@pytest.mark.parametrize(
    "seen",
    [
        {"present": ["ischaemic-heart-disease-known"]},
        {"present": ["stroke-known"]},
        {"illnesses": ["stent in the left leg 2025"]},
    ],
)
def test_aspirin_for_known_artery_disease_gets_no_date(seen: dict[str, Any]) -> None:
    found = plan("aspirin 75 mg", **seen)
    assert found.drugs[0].status == "shared"
    assert found.drugs[0].last_dose is None
    assert any("PROTECTS" in alarm for alarm in found.alarms)


def test_the_reason_for_the_drug_is_asked_when_the_record_does_not_tell() -> None:
    assert any("The record does not say" in q.text for q in plan("warfarin").questions)
    told = plan("warfarin", present=["atrial-fibrillation-known"])
    assert any("atrial fibrillation" in q.text for q in told.questions)
    assert not any("The record does not say" in q.text for q in told.questions)


def test_a_special_reason_covers_the_general_one() -> None:
    texts = [q.text for q in plan("clopidogrel", present=["stroke-known"]).questions]
    assert any("stroke or mini-stroke" in text for text in texts)
    assert not any("of which artery" in text for text in texts)


def test_two_drugs_that_hinder_clotting_raise_an_alarm() -> None:
    assert any("2 DRUGS" in alarm for alarm in plan("warfarin", "clopidogrel").alarms)


def test_a_bleeding_disorder_raises_an_alarm() -> None:
    found = plan("naproxen", present=["coagulopathy-known"])
    assert any("BLEEDING DISORDER" in alarm for alarm in found.alarms)


# Trials, dates ---------------------------------------------------------------------------------


def test_nothing_is_begun_again_while_the_leads_are_in() -> None:
    open_end = plan("clopidogrel", procedure="trial")
    assert open_end.drugs[0].restart is None
    assert any("leads come out" in q.text for q in open_end.questions)
    fixed = plan("clopidogrel", procedure="trial", leads_out=dt.date(2027, 3, 22))
    assert fixed.drugs[0].restart == dt.datetime(2027, 3, 23, 18)
    assert fixed.drugs[0].days_between == 16


def test_a_plan_that_comes_too_late_names_the_earliest_day() -> None:
    found = plan("clopidogrel", today=dt.date(2027, 3, 10))
    assert found.earliest == dt.date(2027, 3, 18)
    assert any("TOO SOON" in alarm for alarm in found.alarms)
    assert plan("clopidogrel", today=dt.date(2027, 3, 7)).earliest is None


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown procedure": ({"procedure": "transplant"}, "procedure"),
    "date gone by": ({"today": dt.date(2027, 3, 16)}, "procedure-date"),
    "leads out before in": (
        {"procedure": "trial", "leads_out": dt.date(2027, 3, 1)}, "leads-out",
    ),
    "no leads to come out": (
        {"procedure": "implant", "leads_out": dt.date(2027, 3, 22)}, "leads-out",
    ),
    "end before start": ({"start": dt.time(12), "end": dt.time(9)}, "end"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_plan_that_cannot_be_made_names_the_field(mistake: str) -> None:
    options, field = MISTAKES[mistake]
    with pytest.raises(BeforeError) as error:
        plan("warfarin", **options)
    assert error.value.field == field


# Checks ----------------------------------------------------------------------------------------


def checked(found: BeforePlan) -> dict[str, str]:
    return {check.id: check.state for check in found.checks}


def test_a_swab_counts_for_less_than_four_weeks() -> None:
    def state(when: str) -> str:
        swab = {"finding": "mrsa-screen-done", "present": True, "date": when}
        return checked(plan("metformin", observations=[swab]))["mrsa"]

    assert state("2027-02-16") == "done"
    assert state("2027-02-15") == "to-do"
    assert checked(plan("metformin"))["mrsa"] == "to-do"


def test_what_the_record_does_not_say_is_asked_and_never_ticked() -> None:
    states = checked(plan("metformin"))
    assert states["infection"] == "ask"
    assert states["hba1c"] == "ask"
    assert checked(plan("metformin", absent=["infection-active"]))["infection"] == "done"
    assert checked(plan("metformin", present=["infection-active"]))["infection"] == "to-do"


def test_risks_bring_their_checks() -> None:
    seen = ["diabetes-known", "smoking-current", "immunosuppression", "mrsa-carrier"]
    states = checked(
        plan("metformin", present=[*seen, "pacemaker-or-defibrillator", "mri-needed-soon"])
    )
    for name in ("hba1c", "smoking", "defence", "decolonise", "cardiac-device", "mri-later"):
        assert states[name] == "to-do"


def test_low_platelets_go_to_the_haematologist() -> None:
    low = {"finding": "platelets", "value": 60.0, "unit": "10*9/L"}
    assert checked(plan("metformin", observations=[low]))["platelets"] == "to-do"


def test_a_known_hba1c_is_shown() -> None:
    measured = {"finding": "hba1c", "value": 64.0, "unit": "mmol/mol"}
    found = plan("insulin", present=["diabetes-known"], observations=[measured])
    assert "64 mmol/mol" in next(c.text for c in found.checks if c.id == "hba1c")


def test_an_inr_is_planned_for_the_day_before() -> None:
    [inr] = [e for e in plan("warfarin").events if e.text.startswith("INR")]
    assert inr.date == DAY - dt.timedelta(days=1)


def test_every_source_exists(knowledge: Knowledge) -> None:
    for procedure in PROCEDURES:
        found = plan(*NAMES, procedure=procedure)
        sources = {s for event in found.events for s in event.sources}
        sources |= {s for question in found.questions for s in question.sources}
        sources |= {s for check in found.checks for s in check.sources}
        sources |= {said.source for drug in found.drugs for said in drug.said}
        assert sources <= set(knowledge.evidence)


def test_figures_of_the_kidneys_are_exact() -> None:
    assert plan("dabigatran", observations=[egfr(60)]).kidney.state == "normal"
    assert plan("dabigatran", observations=[egfr(59.9)]).kidney.state == "impaired"
    assert TIMES.kidney.severe_below.quoted == Decimal(30)  # type: ignore[union-attr]
