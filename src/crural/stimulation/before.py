"""Before a lead or a catheter is placed: what to stop, what to ask, what to check, and when.

The longest of all published times that may apply is planned; every other is shown beside it. What
the record does not say makes the time longer and a question: kidney function, dose, the reason for
the drug. No date is an order: a drug for the heart, the brain or a clot is stopped only when
whoever prescribes it has agreed. A drug that is not recognised is never passed over.

"n days" are n whole days without the drug before the day of the procedure, so the last dose is on
the day before these; "n hours" count back from the start. A restart counts from the end, or from
the removal of the leads when these stay in for a trial.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crural.errors import CruralError
from crural.facts import Facts, facts_of
from crural.knowledge import Knowledge
from crural.knowledge.devices import (
    DrugKind,
    DrugTimes,
    Figure,
    Kidney,
    Procedure,
    Reason,
    ReasonInWords,
    Risk,
    StopTime,
    StopTimes,
    known,
)
from crural.knowledge.model import Drugs
from crural.quantity import plain
from crural.record import Record

Status: TypeAlias = Literal["stop", "shared", "not-stopped", "no-time"]
EventKind: TypeAlias = Literal["ask", "stop", "check", "procedure", "leads-out", "restart"]
CheckState: TypeAlias = Literal["to-do", "done", "ask"]
_Names: TypeAlias = Mapping[str, tuple["DrugTimes | Unlisted | Harmless", ...]]
_ORDER: Mapping[EventKind, int] = {
    "ask": 0, "check": 1, "stop": 2, "procedure": 3, "leads-out": 4, "restart": 5,
}  # fmt: skip
_THINNERS = ("anticoagulant", "antiplatelet", "nsaid")


class BeforeError(CruralError):
    """A plan that cannot be made as asked."""


@dataclass(frozen=True)
class Unlisted:
    """A drug that hinders clotting, for which no time was found."""

    name: str
    kind: DrugKind
    text: str


@dataclass(frozen=True)
class Harmless:
    """A known drug that does not hinder clotting."""

    name: str


@dataclass(frozen=True)
class Said:
    """What one source says of a drug before this procedure, in words."""

    text: str
    source: str
    planned: bool = False


@dataclass(frozen=True)
class Question:
    """Something to be asked, of whom, and why it matters."""

    text: str
    of: Literal["prescriber", "patient", "laboratory"]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class DrugPlan:
    """One drug of the record. `last_dose` is the latest moment of the last dose."""

    drug: str
    rule: str
    kind: DrugKind
    status: Status
    said: tuple[Said, ...]
    differ: bool
    last_dose: dt.datetime | None = None
    whole_day: bool = False
    pause: str | None = None
    restart: dt.datetime | None = None
    restart_hours: int | None = None
    days_between: int | None = None
    restart_text: str | None = None
    notes: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Event:
    """One line of the calendar; `time` None: any time of the day."""

    date: dt.date
    time: dt.time | None
    kind: EventKind
    text: str
    drug: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A check before the operation, and where it stands by the record."""

    id: str
    text: str
    state: CheckState
    sources: tuple[str, ...]


@dataclass(frozen=True)
class KidneyState:
    """Kidney function as far as the record tells; `state` None: not known."""

    state: Kidney | None
    severe: bool
    text: str


@dataclass(frozen=True)
class BeforePlan:
    """Everything to do before and after, in order of time."""

    record: str | None
    procedure: Procedure
    date: dt.date
    start: dt.datetime
    end: dt.datetime
    leads_out: dt.date | None
    kidney: KidneyState
    alarms: tuple[str, ...]
    assumptions: tuple[str, ...]
    drugs: tuple[DrugPlan, ...]
    harmless: tuple[str, ...]
    unrecognised: tuple[str, ...]
    questions: tuple[Question, ...]
    checks: tuple[Check, ...]
    events: tuple[Event, ...]
    earliest: dt.date | None


def plan_before(
    record: Record,
    knowledge: Knowledge,
    times: StopTimes,
    *,
    date: dt.date,
    procedure: str = "trial",
    start: dt.time | None = None,
    end: dt.time | None = None,
    leads_out: dt.date | None = None,
    today: dt.date | None = None,
) -> BeforePlan:
    """The plan before a procedure on `date`.

    Without `today` nothing is said about dates that have gone by. Raises BeforeError for an unknown
    procedure, an end before the start, and leads that come out before they go in.
    """
    chosen = _procedure(procedure, times)
    said = _Assumed(times, knowledge)
    begin, finish = said.hours(date, start, end)
    if chosen.because is not None:
        said.lines.append(f"risk class {chosen.risk}: {chosen.because}")
    if chosen.leads_stay:
        said.lines.append(
            "nothing that hinders clotting is begun again while leads or a catheter are in: "
            "written for anaesthetic catheters (stim-catheter-out-first), applied here"
        )
    if today is not None and date < today:
        raise BeforeError(
            file="command line",
            field="procedure-date",
            problem=f"{date} lies before today, {today}",
            remedy="correct the date of the procedure",
        )
    if leads_out is not None and (leads_out < date or not chosen.leads_stay):
        raise BeforeError(
            file="command line",
            field="leads-out",
            problem="the leads come out before they go in"
            if chosen.leads_stay
            else f"no leads stay in after: {chosen.name}",
            remedy="correct the date, or leave it out",
        )
    facts = facts_of(record, knowledge)
    kidney = _kidney(record, facts, times, knowledge, date)
    case = _Case(chosen, begin, finish, leads_out, kidney, facts, times)
    names = _names(knowledge.drugs, times)
    plans, harmless, strange = _drug_plans(record, names, case)
    earliest = _earliest(plans, date, today)
    events = tuple(sorted(_events(plans, case, knowledge, today), key=_when))
    return BeforePlan(
        record=record.id,
        procedure=chosen,
        date=date,
        start=begin,
        end=finish,
        leads_out=leads_out,
        kidney=kidney,
        alarms=(
            *(_not_recognised(name, names) for name in strange),
            *_alarms(record, plans, case, earliest),
        ),
        assumptions=tuple(said.lines),
        drugs=tuple(plans),
        harmless=tuple(harmless),
        unrecognised=tuple(strange),
        questions=tuple(_questions(record, plans, case)),
        checks=tuple(_checks(case, knowledge, date)),
        events=events,
        earliest=earliest,
    )


@dataclass(frozen=True)
class _Case:
    """What every drug is planned for."""

    procedure: Procedure
    start: dt.datetime
    end: dt.datetime
    leads_out: dt.date | None
    kidney: KidneyState
    facts: Facts
    times: StopTimes

    @property
    def restart_from(self) -> dt.datetime | None:
        """The moment from which a restart counts; None while the removal of leads has no date."""
        if not self.procedure.leads_stay:
            return self.end
        if self.leads_out is None:
            return None
        return max(self.end, dt.datetime.combine(self.leads_out, self.end.time()))


class _Assumed:
    """What is taken because nobody said it."""

    def __init__(self, times: StopTimes, knowledge: Knowledge) -> None:
        self.times = times
        self.evidence = knowledge.evidence
        self.lines: list[str] = []

    def hours(
        self, date: dt.date, start: dt.time | None, end: dt.time | None
    ) -> tuple[dt.datetime, dt.datetime]:
        taken = self.times.assumptions
        if start is None:
            start = self._hour(taken.start_hour, "the procedure begins at")
        if end is None:
            end = max(start, self._hour(taken.end_hour, "it ends at"))
        if end < start:
            raise BeforeError(
                file="command line",
                field="end",
                problem=f"the procedure ends at {end:%H:%M}, before it begins at {start:%H:%M}",
                remedy="correct one of the two",
            )
        return dt.datetime.combine(date, start), dt.datetime.combine(date, end)

    def _hour(self, figure: Figure, text: str) -> dt.time:
        found = known(figure, self.evidence)
        hour = dt.time(int(found.value))
        self.lines.append(f"{text} {hour:%H:%M}: {found.because}")
        return hour


def _procedure(name: str, times: StopTimes) -> Procedure:
    for procedure in times.procedures:
        if procedure.id == name:
            return procedure
    raise BeforeError(
        file="command line",
        field="procedure",
        problem=f"no procedure is called '{name}'",
        remedy=f"name one of {', '.join(p.id for p in times.procedures)}",
    )


# Kidneys ---------------------------------------------------------------------------------------


def _kidney(
    record: Record, facts: Facts, times: StopTimes, knowledge: Knowledge, date: dt.date
) -> KidneyState:
    """Kidney function. A good value without a date, or an old one, counts as not known."""
    limits = times.kidney
    impaired = known(limits.impaired_below, knowledge.evidence).value
    severe = known(limits.severe_below, knowledge.evidence).value
    stale = int(known(limits.stale_days, knowledge.evidence).value)
    if facts.present("dialysis-or-renal-failure"):
        return KidneyState("impaired", True, "chronic kidney failure or dialysis")
    measured = [o for o in record.observations if o.finding == "egfr" and o.value is not None]
    if measured:
        latest = max(measured, key=lambda o: o.date or record.as_of or dt.date.min)
        assert latest.value is not None
        value, when = latest.value, latest.date or record.as_of
        told = f"eGFR {value:g} mL/min" + (f" on {when}" if when else ", date not known")
        if value < float(impaired):
            return KidneyState("impaired", value < float(severe), told)
        if when is None or (date - when).days > stale:
            return KidneyState(None, False, f"{told}: too old or undated to rely on")
        return KidneyState("normal", False, told)
    if facts.present("renal-impairment"):
        return KidneyState("impaired", False, "creatinine raised")
    return KidneyState(None, False, "no eGFR in the record")


# Drugs -----------------------------------------------------------------------------------------


def _drug_plans(
    record: Record, names: _Names, case: _Case
) -> tuple[list[DrugPlan], list[str], list[str]]:
    """A plan for each drug that hinders clotting; the harmless ones; the ones not recognised."""
    plans: list[DrugPlan] = []
    harmless: list[str] = []
    strange: list[str] = []
    for drug in record.drugs:
        found = _recognised(drug.name, names)
        if not found:
            strange.append(drug.name)
        for meant in found:
            if isinstance(meant, Harmless):
                harmless.append(drug.name)
            elif isinstance(meant, Unlisted):
                plans.append(_without_time(drug.name, meant))
            else:
                plans.append(_plan_of(drug.name, meant, case))
    return plans, list(dict.fromkeys(harmless)), strange


def _names(drugs: Drugs, times: StopTimes) -> _Names:
    """Every name of a drug, in small letters, and what is known of it."""
    names: dict[str, tuple[DrugTimes | Unlisted | Harmless, ...]] = {}

    def add(name: str, meant: DrugTimes | Unlisted) -> None:
        names[name.casefold()] = (*names.get(name.casefold(), ()), meant)

    for rule in times.drugs:
        for name in rule.names:
            add(name, rule)
    for group in times.without_times:
        for name in group.names:
            add(name, Unlisted(name, group.kind, group.text))
    listed = dict(names)
    for drug in drugs.drugs:
        meant = listed.get(drug.name.casefold())
        if meant is None:
            thins = [kind for kind in _THINNERS if kind in drug.classes]
            kind: DrugKind = "antiplatelet" if "antiplatelet" in thins else "anticoagulant"
            if thins == ["nsaid"]:
                kind = "anti-inflammatory"
            meant = (
                (Unlisted(drug.name, kind, "no time was found"),)
                if thins
                else (Harmless(drug.name),)
            )
        for name in (drug.name, *drug.synonyms):
            already = listed.get(name.casefold(), ())
            names[name.casefold()] = tuple(dict.fromkeys((*already, *meant), True))
    return names


def _recognised(text: str, names: _Names) -> tuple[DrugTimes | Unlisted | Harmless, ...]:
    """What the words of a drug name: the longest names in them, so that a gel is not its tablet."""
    words = text.casefold()
    if words in names:
        return names[words]
    spans = [
        (match.start(), match.end(), name)
        for name in names
        if name in words
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w])", words)
    ]
    longest = [
        (start, end, name)
        for start, end, name in sorted(spans)
        if not any(s <= start and end <= e and (s, e) != (start, end) for s, e, _ in spans)
    ]
    found = {id(meant): meant for _, _, name in longest for meant in names[name]}
    return tuple(found.values())


def _without_time(drug: str, meant: Unlisted) -> DrugPlan:
    return DrugPlan(
        drug=drug,
        rule=meant.name,
        kind=meant.kind,
        status="no-time",
        said=(),
        differ=False,
        notes=(f"{meant.text}; no stop time was found for it",),
        questions=tuple(_why(drug, meant.kind)),
    )


def _plan_of(drug: str, rule: DrugTimes, case: _Case) -> DrugPlan:
    """The longest pause and the latest restart of all times that may apply."""
    risk = case.procedure.risk
    notes = [note for note in (rule.weak, rule.note) if note]
    questions = list(_why(drug, rule.kind))
    kept = rule.not_stopped
    if kept is not None and risk in kept.for_:
        return DrugPlan(
            drug, rule.id, rule.kind, "not-stopped", (Said(kept.text, kept.source),), False,
            notes=tuple(notes), questions=tuple(questions),
        )  # fmt: skip
    if rule.secondary is not None and any(reason.arterial for reason in _reasons(case)):
        return DrugPlan(
            drug, rule.id, rule.kind, "shared", (Said(rule.secondary.text, rule.secondary.source),),
            False, notes=tuple(notes), questions=tuple(questions),
        )  # fmt: skip
    found = _applying(rule, risk, case.kidney)
    if not any(t.stop for t in found) and risk == "intermediate":
        found = _applying(rule, "high", case.kidney)
        notes.append("no time for intermediate risk was found: that for high risk is planned")
    stops = [t for t in found if t.stop is not None]
    if not stops:
        notes.append(f"no time was found for a procedure of {risk} risk")
        return DrugPlan(
            drug, rule.id, rule.kind, "no-time", (), False,
            notes=tuple(notes), questions=tuple(questions),
        )  # fmt: skip
    longest = min(stops, key=lambda t: _last_dose(t, case.start))
    questions += _open(drug, rule, found, longest, case)
    if case.kidney.severe and rule.severe_kidney is not None:
        notes.append(rule.severe_kidney.text)
    if rule.level is not None:
        notes.append(rule.level.text)
    hours = max((t.restart.hours for t in found if t.restart is not None), default=None)
    base = case.restart_from
    restart = None if hours is None or base is None else base + dt.timedelta(hours=hours)
    return DrugPlan(
        drug=drug,
        rule=rule.id,
        kind=rule.kind,
        status="stop",
        said=tuple(_said(found, longest)),
        differ=len({_last_dose(t, case.start) for t in stops}) > 1
        or len({t.restart.hours for t in found if t.restart is not None}) > 1,
        last_dose=_last_dose(longest, case.start),
        whole_day=longest.stop is not None and longest.stop.days is not None,
        pause=_pause(longest),
        restart=restart,
        restart_hours=hours,
        days_between=_days_without(_last_dose(longest, case.start), restart),
        restart_text=_restart_text(hours, case),
        notes=tuple(notes),
        questions=tuple(questions),
    )


def _applying(rule: DrugTimes, risk: Risk, kidney: KidneyState) -> list[StopTime]:
    """The times for this risk; when the kidneys are not known, those for weak ones too."""
    return [
        t
        for t in rule.times
        if risk in t.for_ and (t.kidney is None or kidney.state is None or t.kidney == kidney.state)
    ]


def _last_dose(time: StopTime, start: dt.datetime) -> dt.datetime:
    """The latest moment of the last dose. For whole days: before the first day without the drug."""
    assert time.stop is not None
    if time.stop.days is not None:
        first_free = start.date() - dt.timedelta(days=time.stop.days)
        return dt.datetime.combine(first_free, dt.time()) - dt.timedelta(minutes=1)
    assert time.stop.hours is not None
    return start - dt.timedelta(hours=time.stop.hours)


def _pause(time: StopTime) -> str:
    assert time.stop is not None
    if time.stop.days is not None:
        return f"{time.stop.days} whole day{'s' if time.stop.days > 1 else ''} without it"
    return f"{time.stop.hours} hours since the last dose"


def _said(found: Iterable[StopTime], longest: StopTime) -> Iterator[Said]:
    for time in found:
        whom = [f"{time.dose} dose"] if time.dose else []
        whom += [f"{time.kidney} kidneys"] if time.kidney else []
        parts = []
        if time.stop is not None:
            parts.append(_pause(time))
        if time.restart is not None:
            parts.append(f"restart after {time.restart.hours} h")
        prefix = f"{', '.join(whom)}: " if whom else ""
        yield Said(prefix + ", ".join(parts), time.source, planned=time is longest)


def _restart_text(hours: int | None, case: _Case) -> str | None:
    if hours is None:
        return None
    since = "the end of the procedure"
    if case.procedure.leads_stay:
        since = "the leads are out, and not while they are in"
    return f"{hours} h after {since}"


def _days_without(last: dt.datetime, restart: dt.datetime | None) -> int | None:
    return None if restart is None else (restart.date() - last.date()).days


def _open(
    drug: str,
    rule: DrugTimes,
    found: Iterable[StopTime],
    longest: StopTime,
    case: _Case,
) -> Iterator[Question]:
    """What would make the pause shorter or longer if it were known."""
    unknown = case.kidney.state is None
    matters = rule.ask_kidney or any(t.kidney is not None for t in rule.times)
    if unknown and matters:
        yield Question(
            f"Kidney function for {drug} ({case.kidney.text}): the longer pause is planned "
            "until a fresh value is known",
            "laboratory",
            (longest.source,),
        )
    doses = {t.dose for t in found if t.dose is not None}
    if len(doses) > 1:
        yield Question(
            f"Is {drug} given in a treatment or a preventive dose? The longest pause of the two "
            "is planned",
            "prescriber",
            (longest.source,),
        )
    if rule.secondary is not None:
        yield Question(
            f"Is {drug} taken after a heart attack, stent or stroke, or for artery disease? "
            "Then it is not stopped by the table",
            "prescriber",
            (rule.secondary.source,),
        )
    if rule.weak is not None:
        yield Question(f"{drug}: {rule.weak}", "prescriber", (longest.source,))


def _why(drug: str, kind: DrugKind) -> Iterator[Question]:
    """What only the prescriber can say."""
    if kind == "anti-inflammatory":
        return
    yield Question(
        f"May {drug} be stopped at all, from when to when, and is a bridge wanted? "
        "It is not stopped without the prescriber's word",
        "prescriber",
        ("crit-stop-doac-thrombosis",)
        if kind == "anticoagulant"
        else ("scs-asra2018-summary-aspirin",),
    )


def _reasons(case: _Case) -> Iterator[Reason | ReasonInWords]:
    """The reasons that the record knows; a general one only where no special one is known."""
    nested = case.facts.knowledge.nested
    there = [r for r in case.times.reasons if case.facts.present(r.finding)]
    covered = {general for r in there for general in nested[r.finding]}
    yield from (reason for reason in there if reason.finding not in covered)
    illnesses = " ; ".join(illness.name for illness in case.facts.record.illnesses).casefold()
    for worded in case.times.words:
        if any(re.search(rf"\b{re.escape(word)}", illnesses) for word in worded.words):
            yield worded


# Alarms, questions, checks ---------------------------------------------------------------------


def _alarms(
    record: Record, plans: Iterable[DrugPlan], case: _Case, earliest: dt.date | None
) -> Iterator[str]:
    """What must not be overlooked, besides drugs that are not recognised."""
    plans = list(plans)
    for plan in plans:
        if plan.status == "shared":
            yield (
                f"{plan.drug} PROTECTS A KNOWN ARTERY DISEASE: no date is given. Whether it is "
                "stopped is decided with its prescriber."
            )
        if plan.status == "no-time" and plan.kind != "anti-inflammatory":
            yield (
                f"{plan.drug} HINDERS CLOTTING AND HAS NO DATE HERE: {'; '.join(plan.notes)}. "
                "Ask the prescriber and a haematologist."
            )
        rule = next((r for r in case.times.drugs if r.id == plan.rule), None)
        if rule is not None and rule.severe_kidney is not None and case.kidney.severe:
            yield f"{plan.drug} WITH FAILING KIDNEYS: {rule.severe_kidney.text}."
    if earliest is not None:
        yield (
            "TOO SOON: a last dose would have been due before today. The earliest day with the "
            f"full pause is {earliest.isoformat()}."
        )
    if not record.drugs:
        yield "NO DRUGS ARE IN THE RECORD. An empty list means that nobody asked: ask."
    thinners = {p.drug for p in plans if p.kind != "anti-inflammatory"}
    if len(thinners) > 1:
        yield (
            f"{len(thinners)} DRUGS HINDER CLOTTING ({', '.join(sorted(thinners))}). Ask whether "
            "the procedure can wait until one is enough."
        )
    if case.facts.present("coagulopathy-known"):
        yield "A BLEEDING DISORDER is recorded: ask a haematologist first."


def _not_recognised(name: str, names: _Names) -> str:
    near = _nearest(name, names)
    hint = f" Did you mean {near}?" if near else ""
    return (
        f"'{name}' is NOT RECOGNISED. It may hinder clotting, and no date is planned for it."
        f"{hint} Find out what it is before the day is fixed."
    )


def _nearest(name: str, names: _Names) -> str | None:
    from rapidfuzz import process  # noqa: PLC0415

    found = process.extractOne(name.casefold(), list(names), score_cutoff=75)
    return None if found is None else str(found[0])


def _questions(record: Record, plans: Iterable[DrugPlan], case: _Case) -> Iterator[Question]:
    plans = list(plans)
    yield from dict.fromkeys(question for plan in plans for question in plan.questions)
    taken = ", ".join(dict.fromkeys(p.drug for p in plans if p.kind != "anti-inflammatory"))
    reasons = list(_reasons(case)) if taken else []
    for reason in reasons:
        yield Question(f"{taken}, with {reason.text}: {reason.ask}", "prescriber", reason.sources)
    if taken and not reasons:
        yield Question(f"Why is {taken} taken? The record does not say", "prescriber")
    thinned = any(p.kind != "anti-inflammatory" and p.status != "not-stopped" for p in plans)
    if case.procedure.leads_stay and case.leads_out is None and plans:
        yield Question(
            "On which day do the leads come out? Until then nothing is begun again, and the "
            "restart has no date",
            "patient",
            ("stim-catheter-out-first",),
        )
    if case.procedure.id == "trial" and thinned:
        yield Question(
            "Would an implant without a trial spare the patient the second pause and the days with "
            "leads in place? In one trial a screening trial did not improve the outcome",
            "prescriber",
            ("scs-trialstim-6m",),
        )
    if record.drugs:
        yield Question(
            "Are painkillers, aspirin, fish oil or herbs taken without a prescription?", "patient"
        )


def _checks(case: _Case, knowledge: Knowledge, date: dt.date) -> Iterator[Check]:
    """Infection, sugar, clotting and devices. A check is done only when the record says so."""
    facts, checks = case.facts, case.times.checks

    def number(figure: Figure) -> str:
        return plain(known(figure, knowledge.evidence).value)

    infection = facts.present("infection-active")
    yield Check(
        "infection",
        "an infection anywhere is cured first: put the procedure off"
        if infection
        else "no infection anywhere (skin, teeth, urine, chest)",
        {True: "to-do", False: "done", None: "ask"}[infection],  # type: ignore[arg-type]
        ("scs-infection-prevention-practices",),
    )
    yield _mrsa(case, knowledge, date)
    if facts.present("mrsa-carrier"):
        yield Check(
            "decolonise", "carries MRSA: decolonise nose and skin before", "to-do",
            ("scs-infection-prevention-practices",),
        )  # fmt: skip
    diabetes = facts.present("diabetes-known")
    if diabetes is not False:
        yield Check(
            "hba1c",
            f"{'diabetes' if diabetes else 'diabetes?'}: HbA1c and sugar. No agreed limit; "
            f"infections were found from {number(checks.hba1c_raised_percent)} % on in a small "
            "series, and a trial in diabetic neuropathy took patients up to "
            f"{number(checks.hba1c_trial_percent)} %" + _hba1c(case),
            "to-do" if diabetes else "ask",
            ("scs-hba1c-no-threshold", "scs-hba1c-195", "scs-senza-pdn-criteria"),
        )
    smoking = facts.present("smoking-current")
    if smoking is not False:
        yield Check(
            "smoking", "stop smoking before the operation", "to-do" if smoking else "ask",
            ("scs-infection-prevention-practices",),
        )  # fmt: skip
    if facts.present("immunosuppression"):
        yield Check(
            "defence", "weak defence against infection: plan with whoever treats it", "to-do",
            ("scs-infection-prevention-practices",),
        )  # fmt: skip
    platelets = facts.state("platelets")
    if platelets is None:
        yield Check("platelets", "blood count with platelets", "ask", ("stim-bleeding-class",))
    elif platelets > 0:
        yield Check(
            "platelets", "platelets are low: ask a haematologist", "to-do", ("stim-bleeding-class",)
        )
    if facts.present("pacemaker-or-defibrillator"):
        yield Check(
            "cardiac-device",
            "pacemaker or defibrillator: both bipolar, devices about 18 cm apart, heart trace at "
            "the implant, cardiologist informed",
            "to-do",
            ("scs-cied-precautions", "scs-pacemaker-icd-review"),
        )
    if facts.present("mri-needed-soon"):
        yield Check(
            "mri-later",
            "MRI scans to come: choose the system by its label",
            "to-do",
            ("stim-mri-vu-2025",),
        )
    scanned = facts.present("mri-of-lead-level-done")
    if not scanned:
        yield Check(
            "scan",
            "MRI of the level where the lead will lie, when narrowing or a disc is possible; a "
            f"paddle wants a canal of {number(checks.canal_mm)} mm or more",
            "ask",
            ("scs-mri-before-scs", "scs-canal-diameter-paddle"),
        )


def _mrsa_from(case: _Case, knowledge: Knowledge, date: dt.date) -> dt.date:
    """The first day on which a swab still counts: less than so many weeks before."""
    weeks = known(case.times.checks.mrsa_weeks, knowledge.evidence).value
    return date - dt.timedelta(days=int(weeks * 7) - 1)


def _mrsa(case: _Case, knowledge: Knowledge, date: dt.date) -> Check:
    first = _mrsa_from(case, knowledge, date)
    swabs = [
        o.date
        for o in case.facts.record.observations
        if o.finding == "mrsa-screen-done" and o.present and o.date is not None
    ]
    fresh = any(first <= swab <= date for swab in swabs)
    text = f"swab for MRSA, taken on {first.isoformat()} or later"
    source = (case.times.checks.mrsa_source,)
    return Check("mrsa", text, "done" if fresh else "to-do", source)


def _hba1c(case: _Case) -> str:
    fact = case.facts.table.get(("hba1c", "here"))
    if fact is None or fact.value is None:
        return "; none in the record"
    return f"; in the record: {fact.value:g} {fact.unit}"


# Calendar --------------------------------------------------------------------------------------


def _events(
    plans: Iterable[DrugPlan], case: _Case, knowledge: Knowledge, today: dt.date | None
) -> Iterator[Event]:
    plans = list(plans)
    date = case.start.date()
    checks = case.times.checks
    stops = [p for p in plans if p.last_dose is not None]
    asked = [p for p in plans if p.kind != "anti-inflammatory"]
    if asked:
        ahead = int(known(case.times.assumptions.ask_days_before, knowledge.evidence).value)
        first = min([p.last_dose.date() for p in stops if p.last_dose] + [date])
        when = first - dt.timedelta(days=ahead)
        if today is not None:
            when = min(max(when, today), date)
        names = ", ".join(dict.fromkeys(p.drug for p in asked))
        yield Event(
            when, None, "ask", f"Ask whoever prescribes {names} (see the questions), at the latest"
        )
    swab = _mrsa_from(case, knowledge, date)
    yield Event(
        swab if today is None else max(swab, today), None, "check",
        "Swab for MRSA from today on; HbA1c in diabetes; kidney function and blood count",
        sources=(checks.mrsa_source, "scs-infection-prevention-practices"),
    )  # fmt: skip
    for plan in stops:
        assert plan.last_dose is not None
        if_agreed = "" if plan.kind == "anti-inflammatory" else "If the prescriber has agreed: "
        yield Event(
            plan.last_dose.date(),
            None if plan.whole_day else plan.last_dose.time(),
            "stop",
            f"{if_agreed}last dose of {plan.drug}"
            f"{' today' if plan.whole_day else ' at the latest'} ({plan.pause})",
            plan.drug,
            tuple(dict.fromkeys(s.source for s in plan.said if s.planned)),
        )
    rules = {rule.id: rule for rule in case.times.drugs}
    for plan in stops:
        if plan.rule in rules and rules[plan.rule].inr:
            most = plain(known(checks.inr_at_most, knowledge.evidence).value)
            yield Event(
                date - dt.timedelta(days=1), None, "check",
                f"INR after {plan.drug}: must be normal (one guideline: at most {most})",
                plan.drug, ("th-ac-asipp-warfarin-implant", "stim-stop-intermediate-warfarin"),
            )  # fmt: skip
    hours = plain(known(checks.antibiotic_hours, knowledge.evidence).value)
    yield Event(
        date, case.start.time(), "procedure",
        f"{case.procedure.name.capitalize()}. Before: all last doses confirmed, no infection, "
        f"antibiotic by weight within {hours} h of the cut",
        sources=(*case.procedure.sources, "scs-infection-prevention-practices"),
    )  # fmt: skip
    if case.leads_out is not None:
        yield Event(
            case.leads_out, None, "leads-out",
            "Leads out: as dangerous for bleeding as putting them in",
            sources=("stim-catheter-out-first",),
        )  # fmt: skip
    for plan in stops:
        if plan.restart is not None:
            yield Event(
                plan.restart.date(), plan.restart.time(), "restart",
                f"{plan.drug} again, not earlier ({plan.restart_text}), when nothing bleeds and "
                "legs and bladder work", plan.drug,
                tuple(dict.fromkeys(s.source for s in plan.said if "restart" in s.text)),
            )  # fmt: skip


def _when(event: Event) -> tuple[dt.date, dt.time, int, str]:
    # Of one day: what has no hour first, then by the hour.
    return event.date, event.time or dt.time(), _ORDER[event.kind], event.text


def _earliest(plans: Iterable[DrugPlan], date: dt.date, today: dt.date | None) -> dt.date | None:
    """The earliest day with the full pause, when a last dose would lie before today."""
    if today is None:
        return None
    late = [
        (today - plan.last_dose.date()).days
        for plan in plans
        if plan.last_dose is not None and plan.last_dose.date() < today
    ]
    return date + dt.timedelta(days=max(late)) if late else None
