"""The way of treatment as plain data: ladder, candidacy, course, cautions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from crural.assessment import Assessment
from crural.candidacy import Candidacy, SetResult
from crural.course import FollowUp
from crural.course.follow_up import WORST_TENTH, Expected
from crural.history import Attempt, OpioidTotal
from crural.knowledge import Knowledge, cite
from crural.knowledge.treatment import Position
from crural.ladder import LadderPosition, Option, RungPosition, TreatmentPlan, Warned
from crural.ladder.caution_table import CautionRow, caution_table
from crural.ladder.precautions import DrugCaution
from crural.record.model import Treatment as Tried
from crural.report.parts import Parts
from crural.rules import question_of

# Warnings of single opioids about the daily total, which is told as a whole.
_OF_THE_TOTAL = frozenset({"mme-50", "mme-90"})


def treatment_parts(assessment: Assessment) -> Mapping[str, Any]:
    """`ladder` (None where the knowledge has none), `other_ladders`, `shared_steps`, `waiting`,
    `tried`, `candidacy`, `course`, `cautions`, `caution_table` (the same with each reason once),
    `not_understood` and `opioids` of an assessment, each made when it is first asked for."""
    knowledge, plan = assessment.knowledge, assessment.plan
    return {
        "ladder": lambda: None if plan is None else _ladder(plan.leading, knowledge),
        "other_ladders": lambda: (
            [] if plan is None else [_ladder(p, knowledge) for p in plan.ladders[1:]]
        ),
        "shared_steps": lambda: [] if plan is None else [_named(t, knowledge) for t in plan.shared],
        "waiting": lambda: [] if plan is None else _waiting(plan, knowledge),
        "tried": lambda: [
            _attempt(attempt, tried, knowledge)
            # What was tried comes first, in the order of the record; drugs taken now follow.
            for attempt, tried in zip_longest(assessment.attempts, assessment.record.treatments)
        ],
        "candidacy": lambda: {c.therapy: _candidacy(c, knowledge) for c in assessment.candidacy},
        "course": lambda: (
            None if assessment.course is None else course_data(assessment.course, knowledge)
        ),
        "cautions": lambda: [_caution(same, knowledge) for same in _by_pair(assessment.cautions)],
        "caution_table": lambda: _caution_table(assessment),
        "not_understood": lambda: [
            {"kind": entry.kind, "text": entry.text} for entry in assessment.not_understood
        ],
        # A drug that is taken now has it among its cautions.
        "doubtful_doses": lambda: [
            {"what": attempt.text, "says": attempt.dose_doubt.says}
            for attempt, _ in zip(assessment.attempts, assessment.record.treatments, strict=False)
            if attempt.dose_doubt is not None
        ],
        "opioids": lambda: None if assessment.opioids is None else _opioids(assessment.opioids),
    }


def _named(treatment: str, knowledge: Knowledge) -> dict[str, Any]:
    entry = knowledge.treatments[treatment]
    return {"treatment": treatment, "name": entry.name, "plain": entry.plain}


def _ladder(position: LadderPosition, knowledge: Knowledge) -> dict[str, Any]:
    condition = position.condition
    step = position.next
    return {
        "id": position.ladder.id,
        "name": position.ladder.name,
        "why": position.ladder.why,
        "condition": condition,
        "condition_name": None if condition is None else knowledge.conditions[condition].name,
        "next": None if step is None else step.rung.id,
        "rungs": [_rung(rung, knowledge) for rung in position.rungs],
    }


def _rung(position: RungPosition, knowledge: Knowledge) -> Parts:
    rung = position.rung
    return Parts(
        {
            "id": rung.id,
            "title": rung.title,
            "stage": rung.stage,
            "state": position.state,
            "because": list(position.because),
            "ask": [ask(fact, knowledge) for fact in position.ask],
            "why": rung.why,
            "beside": rung.beside,
            "judge_on": None if position.judge_on is None else position.judge_on.isoformat(),
            "options": lambda: [_option(option, knowledge) for option in position.options],
            "shared_cautions": lambda: _shared_cautions(position.options, knowledge),
            "disputes": lambda: [
                {
                    "claim": dispute.claim,
                    "then": dispute.then,
                    "now": dispute.now,
                    "sources": sources(dispute.sources, knowledge),
                }
                for dispute in rung.disputes
            ],
        }
    )


def _option(option: Option, knowledge: Knowledge) -> Parts:
    treatment = option.treatment
    return Parts(
        {
            "treatment": treatment.id,
            "name": treatment.name,
            "plain": treatment.plain,
            "kind": treatment.kind,
            "acts_on": list(treatment.acts_on),
            "verdict": option.verdict,
            "tried": option.tried,
            "effect": lambda: _effect(option),
            "for": list(option.for_),
            "against": list(option.against),
            "cautions": lambda: [_warned(warned, knowledge) for warned in option.cautions],
            "positions": lambda: [_position(position, knowledge) for position in option.positions],
            "dosing": lambda: _dosing(option, knowledge),
            "monitor": list(treatment.monitor),
            "sources": lambda: sources(option.sources, knowledge),
        }
    )


def _effect(option: Option) -> dict[str, Any] | None:
    effect, figure = option.effect, option.figure
    if effect is None:
        return None
    interval = None if figure is None else figure.interval
    return {
        "measure": effect.measure,
        "value": None if figure is None else figure.value,
        "interval": None if interval is None else list(interval),
        "origin": None if figure is None else figure.origin,
        "benefit": option.benefit,
        "versus": effect.versus,
        "at": effect.at,
        "says": effect.says,
    }


def _shared_cautions(options: Sequence[Option], knowledge: Knowledge) -> list[dict[str, Any]]:
    """What several options of a rung are warned of alike, what bars first; with its options."""
    found: dict[tuple[str, str], list[tuple[Option, Warned]]] = {}
    for option in options:
        for warned in option.cautions:
            found.setdefault((warned.level, warned.say), []).append((option, warned))
    several = [same for same in found.values() if len(same) > 1]
    return [
        {
            # An option that is taken already is not held against itself, and names one drug less.
            **_warned(max((w for _, w in same), key=lambda w: len(" ".join(w.because))), knowledge),
            "options": [option.treatment.name for option, _ in same],
        }
        for level in ("barred", "caution", "check")
        for same in several
        if same[0][1].level == level
    ]


def _dosing(option: Option, knowledge: Knowledge) -> dict[str, Any] | None:
    found = option.dose
    if found is None:
        return None
    return {
        "start": f"{found.start.value:g} {found.start_unit}",
        "most": f"{found.most.value:g} {found.most_unit}",
        "how": found.how,
        "adjusted_because": found.adjusted,
        "sources": sources((*found.start.sources, *found.most.sources), knowledge),
    }


def _position(position: Position, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "body": position.body,
        "year": position.year,
        "stance": position.stance,
        "strength": position.strength,
        "says": position.says,
        "source": sources([position.source], knowledge),
    }


def _warned(warned: Warned, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "id": warned.id,
        "level": warned.level,
        "kind": warned.kind,
        "say": warned.say,
        "because": list(warned.because),
        "reason": warned.reason,
        "ask": [ask(fact, knowledge) for fact in warned.ask],
        "sources": sources(warned.sources, knowledge),
    }


def _waiting(plan: TreatmentPlan, knowledge: Knowledge) -> list[dict[str, Any]]:
    return [
        {
            **_named(step.treatment, knowledge),
            "condition": step.condition,
            "condition_name": knowledge.conditions[step.condition].name,
            "probability": step.probability,
            "checks": [ask(finding, knowledge) for finding in step.checks],
        }
        for step in plan.waiting
    ]


def _attempt(attempt: Attempt, tried: Tried | None, knowledge: Knowledge) -> dict[str, Any]:
    read_as = [knowledge.treatments[t] for t in attempt.treatments]
    stop = None if tried is None else tried.stop
    return {
        "what": attempt.text,
        "treatments": list(attempt.treatments),
        "families": list(attempt.families),
        "plain": read_as[0].plain if len(read_as) == 1 else None,
        "acts_on": list(dict.fromkeys(site for t in read_as for site in t.acts_on)),
        "start": None if attempt.start is None else attempt.start.isoformat(),
        "stop": None if stop is None else stop.isoformat(),
        "dose": attempt.dose_text if attempt.dose is None else str(attempt.dose),
        "days": attempt.days,
        "going_on": attempt.going_on,
        "outcome": attempt.outcome,
        "relief_percent": attempt.relief_percent,
        "adequacy": attempt.adequacy,
        "why_not_adequate": attempt.why_not_adequate,
        "stopped_because": attempt.stopped_because,
    }


def _candidacy(candidacy: Candidacy, knowledge: Knowledge) -> Parts:
    return Parts(
        {
            "status": candidacy.status,
            "because": list(candidacy.because),
            "missing": lambda: [ask(fact, knowledge) for fact in candidacy.missing],
            "criteria": lambda: [
                line for result in candidacy.sets for line in _criteria_lines(result, knowledge)
            ],
            "sets": lambda: [_set(result, knowledge) for result in candidacy.sets],
        }
    )


def _set(result: SetResult, knowledge: Knowledge) -> dict[str, Any]:
    criteria = result.set
    return {
        "set": criteria.id,
        "name": criteria.name,
        "body": criteria.body,
        "year": criteria.year,
        "region": criteria.region,
        "kind": criteria.kind,
        "stage": criteria.stage,
        "verdict": str(result.truth),
        "limits": criteria.limits,
        "sources": sources(criteria.sources, knowledge),
    }


def _criteria_lines(result: SetResult, knowledge: Knowledge) -> Iterable[dict[str, Any]]:
    for line in result.criteria:
        yield {
            "set": result.set.id,
            "item": line.item.id,
            "text": line.item.text,
            "essential": line.item.essential,
            "verdict": str(line.truth),
            "because": list(line.because),
            "ask": [ask(fact, knowledge) for fact in line.ask],
            "note": line.item.note,
            "sources": sources(line.item.sources, knowledge),
        }


def course_data(course: FollowUp, knowledge: Knowledge) -> dict[str, Any]:
    """Pain scores held against an expected course, as plain data."""
    treatment = course.treatment
    return {
        "id": course.course.id,
        "name": course.course.name,
        "condition": course.condition,
        "condition_name": knowledge.conditions[course.condition].name,
        "treatment": treatment,
        "treatment_name": None if treatment is None else knowledge.treatments[treatment].name,
        "verdict": course.verdict,
        "because": list(course.because),
        "says": course.course.says,
        "if_not": course.course.if_not,
        "chance_off": course.chance_off,
        "first": {"mean": course.first.mean, "sd": course.first.sd},
        "now": {"mean": course.now.mean, "sd": course.now.sd},
        "expected": {
            "week": course.expected.week,
            "left": course.expected.left,
            "spread": course.expected.spread,
        },
        "scores": [{"week": week, "nrs": nrs} for week, nrs in course.scores],
        "curve": [_point(expected) for expected in course.curve],
        "revised": [
            {
                "cause": name,
                "name": knowledge.conditions[name].name
                if name in knowledge.conditions
                else "a cause not listed",
                "before": course.before[name],
                "after": after,
            }
            for name, after in sorted(course.revised.items(), key=lambda pair: -pair[1])
            if max(after, course.before[name]) >= 0.05
        ],
        "sources": sources(course.course.sources, knowledge),
    }


def _point(expected: Expected) -> dict[str, float]:
    """A point of a course with the limits between which eight in ten patients are."""
    reach = WORST_TENTH * expected.spread
    return {
        "week": expected.week,
        "left": expected.left,
        "low": max(expected.left - reach, 0.0),
        "high": min(expected.left + reach, 1.0),
    }


def _caution_table(assessment: Assessment) -> list[dict[str, Any]]:
    cautions: Iterable[DrugCaution] = assessment.cautions
    if assessment.opioids is not None and assessment.opioids.say:
        cautions = [c for c in cautions if c.warned.id not in _OF_THE_TOTAL]
    return [_caution_row(row, assessment) for row in caution_table(cautions)]


def _caution_row(row: CautionRow, assessment: Assessment) -> dict[str, Any]:
    treatment_of = {caution.drug: caution.treatment for caution in assessment.cautions}
    return {
        "level": row.level,
        "harm": row.harm,
        "because": list(row.because),
        "drugs": list(row.drugs),
        "advice": [
            {
                "level": advice.level,
                "say": " ".join(filter(None, (advice.say, advice.stopping))),
                "drugs": [
                    {"drug": drug, "treatment": treatment_of.get(drug), "beside": list(beside)}
                    for drug, beside in advice.drugs
                ],
                "sources": sources(advice.sources, assessment.knowledge),
            }
            for advice in row.advice
        ],
    }


def _by_pair(cautions: Iterable[DrugCaution]) -> list[list[DrugCaution]]:
    """Warnings in their order, those about the same drugs together in one line; of one drug alone
    those that have the same reason."""
    lines: dict[object, list[DrugCaution]] = {}
    for caution in cautions:
        if caution.beside:
            about: object = frozenset({caution.drug, *caution.beside})
        elif caution.warned.kind == "allergy":
            about = (caution.drug, "allergy")
        else:
            about = (caution.drug, caution.warned.because)
        lines.setdefault(about, []).append(caution)
    return list(lines.values())


def _caution(same: Sequence[DrugCaution], knowledge: Knowledge) -> dict[str, Any]:
    """One line: the strictest warning with its drug, and what the others of the pair add."""
    first = same[0]
    stopping = next((c.stopping for c in same if c.stopping is not None), None)
    says = _each_once(c.warned.say for c in same)
    line = _warned(first.warned, knowledge)
    return {
        "drug": first.drug,
        "treatment": first.treatment,
        **line,
        "say": " ".join((*says, *([stopping] if stopping else ()))),
        "because": _each_once(fact for c in same for fact in c.warned.because),
        "sources": sources(_each_once(s for c in same for s in c.warned.sources), knowledge),
        "beside": list(first.beside),
        "stopping": stopping,
    }


def _each_once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _opioids(total: OpioidTotal) -> dict[str, Any]:
    return {
        "mme_at_least": float(total.least),
        "complete": total.complete,
        "say": list(total.say),
        "parts": [
            {
                "drug": part.drug,
                "dose": None if part.dose is None else str(part.dose),
                "mme": None if part.mme is None else float(part.mme),
                "note": part.note,
            }
            for part in total.parts
        ],
    }


@lru_cache(maxsize=8192)
def ask(fact: str, knowledge: Knowledge) -> Mapping[str, Any]:
    """What is to be found out: its id, name and question. The same for every patient."""
    entry = knowledge.findings.get(fact)
    name = fact.replace("_", " ") if entry is None else entry.name
    if fact.startswith("tried:"):
        name = f"what came of {fact.removeprefix('tried:').replace('-', ' ')}"
    return {
        "finding": fact,
        "name": name,
        "question": question_of(fact, knowledge),
    }


def sources(names: Iterable[str], knowledge: Knowledge) -> Sequence[Mapping[str, Any]]:
    """Citations of those evidence entries that there are."""
    return _sources(tuple(names), knowledge)


@lru_cache(maxsize=16384)
def _sources(names: tuple[str, ...], knowledge: Knowledge) -> Sequence[Mapping[str, Any]]:
    """The same, written once for all patients: the same entries stand together again and again."""
    return [_cited(name, knowledge) for name in names if name in knowledge.evidence]


@lru_cache(maxsize=16384)
def _cited(name: str, knowledge: Knowledge) -> Mapping[str, Any]:
    return cite(knowledge.evidence[name])
