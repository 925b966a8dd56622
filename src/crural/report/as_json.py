"""An assessment as JSON, schema crural/assessment/1 (schema/assessment.json, beside this)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from crural.assessment import Assessment
from crural.diagnosis import CauseFound
from crural.diagnosis.explain import Reason
from crural.diagnosis.network import OTHER
from crural.diagnosis.next_check import Check
from crural.diagnosis.uncertainty import Pivot
from crural.facts import Fact, Facts
from crural.knowledge import Finding, Knowledge
from crural.knowledge.therapy_checks import sites_of
from crural.report.parts import Parts, whole
from crural.report.treatment import ask, sources, treatment_parts
from crural.safety import OpenAlert, RaisedAlert

SCHEMA = "crural/assessment/1"
SCHEMA_FILE: Final = Path(__file__).parent / "schema" / "assessment.json"

# A cause with its probability now and after a result.
Move: TypeAlias = tuple[str, float, float]


def to_json(assessment: Assessment) -> str:
    """The assessment as an indented JSON text."""
    return json.dumps(as_data(assessment), ensure_ascii=False, indent=2)


def as_data(assessment: Assessment) -> dict[str, Any]:
    """The assessment as plain data. Probabilities are plain numbers; side 'here' is the painful
    leg, 'other-side' the other one, None where a finding belongs to no leg."""
    data: dict[str, Any] = whole(parts_of(assessment))
    return data


def parts_of(assessment: Assessment) -> Parts:
    """As `as_data`, the parts made when they are first asked for."""
    knowledge, diagnosis = assessment.knowledge, assessment.diagnosis
    return Parts(
        {
            "schema": SCHEMA,
            "record": assessment.record.id,
            "knowledge": {"version": knowledge.version, "digest": knowledge.digest},
            "alerts": lambda: [_alert(alert, knowledge) for alert in assessment.alerts],
            "ask_now": lambda: [_open_alert(alert, knowledge) for alert in assessment.open_alerts],
            "causes": lambda: [_cause(cause, knowledge) for cause in diagnosis.causes],
            "explanations": lambda: [
                {
                    "causes": list(e.causes),
                    "names": [_cause_name(cause, knowledge) for cause in e.causes],
                    "probability": e.probability,
                }
                for e in diagnosis.explanations
            ],
            "other": diagnosis.other,
            "other_present": diagnosis.probability[OTHER],
            "error_bound": diagnosis.error_bound,
            "covered": diagnosis.covered,
            "next": lambda: [_check(check, knowledge) for check in diagnosis.checks],
            "next_urgent": lambda: [_check(check, knowledge) for check in diagnosis.urgent_checks],
            "batteries": lambda: [
                {
                    "id": battery.name,
                    "names": [knowledge.findings[f].name for f in battery.findings],
                    "burden": battery.burden,
                    "findings": list(battery.findings),
                    "gain_bits": battery.gain,
                    "urgent_gain_bits": battery.urgent_gain,
                }
                for battery in diagnosis.batteries
            ],
            **treatment_parts(assessment),
            "facts": lambda: [_fact(fact, knowledge) for fact in _in_order(assessment.facts)],
        }
    )


def _alert(alert: RaisedAlert, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "id": alert.id,
        "urgency": alert.urgency,
        "title": alert.title,
        "because": list(alert.because),
        "rationale": alert.rationale,
        "unknown": [_finding(f, knowledge) for f in alert.unknown],
        "action": alert.action,
        "about": list(alert.about),
        "plain": [knowledge.conditions[c].plain for c in alert.about if c in knowledge.conditions],
        "sources": sources(alert.sources, knowledge),
    }


def _open_alert(alert: OpenAlert, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "id": alert.id,
        "urgency": alert.urgency,
        "title": alert.title,
        "because": list(alert.because),
        "unknown": [_finding(f, knowledge) for f in alert.ask],
    }


def _cause(cause: CauseFound, knowledge: Knowledge) -> Parts:
    condition = knowledge.conditions[cause.id]
    return Parts(
        {
            "id": cause.id,
            "name": cause.name,
            "plain": condition.plain,
            "acts_at": list(_sites(cause.id, knowledge)),
            "urgency": condition.urgency,
            "probability": cause.probability,
            "prior": cause.prior,
            "interval": list(cause.interval),
            "estimates_only": lambda: _on_estimates(cause),
            "for": lambda: [reason_as_data(r, knowledge) for r in cause.why.for_],
            "against": lambda: [reason_as_data(r, knowledge) for r in cause.why.against],
            "missing": lambda: [
                {
                    **_finding(m.finding, knowledge),
                    "frequency": m.frequency,
                    "elsewhere": m.elsewhere,
                }
                for m in cause.why.missing
            ],
            "variants": lambda: [
                {"id": v.id, "name": v.name, "probability": v.probability} for v in cause.variants
            ],
            "hangs_on": lambda: _pivot(cause.why.pivot, knowledge),
        }
    )


def _on_estimates(cause: CauseFound) -> bool:
    """Did findings move the probability, and none of them by a published figure?"""
    reasons = (*cause.why.for_, *cause.why.against)
    return bool(reasons) and not any(reason.sources for reason in reasons)


@lru_cache(maxsize=2048)
def _sites(condition: str, knowledge: Knowledge) -> tuple[str, ...]:
    return sites_of(knowledge.conditions[condition], knowledge)


def _pivot(pivot: Pivot | None, knowledge: Knowledge) -> dict[str, Any] | None:
    if pivot is None:
        return None
    return {
        "number": pivot.label,
        "words": _in_words(pivot.label, knowledge),
        "value": pivot.value,
        "swing": pivot.swing,
        "origin": pivot.origin,
        "sources": sources(pivot.sources, knowledge),
    }


@lru_cache(maxsize=16384)
def _in_words(label: str, knowledge: Knowledge) -> str:
    """A number's label with names in place of ids."""

    def name(match: re.Match[str]) -> str:
        slug = match[0]
        for room in (knowledge.conditions, knowledge.findings, knowledge.mechanisms):
            if slug in room:
                return room[slug].name
        return slug

    return re.sub(r"[a-z0-9]+(?:-[a-z0-9]+)+|[a-z0-9]+", name, label)


def reason_as_data(reason: Reason, knowledge: Knowledge) -> dict[str, Any]:
    """A fact for or against a cause, as plain data."""
    finding = knowledge.findings[reason.finding]
    return {
        "finding": reason.finding,
        "name": finding.name,
        "state": finding.state_ids[reason.state],
        "words": _said(finding, reason.state),
        "side": reason.place if finding.sided else None,
        "likelihood_ratio": reason.likelihood_ratio,
        "because": reason.because,
        "sources": sources(reason.sources, knowledge),
    }


@lru_cache(maxsize=8192)
def _finding(finding: str, knowledge: Knowledge) -> Mapping[str, Any]:
    entry = knowledge.findings.get(finding)
    if entry is None:
        # A field of the record, such as the drugs taken, or what came of a treatment.
        return {**ask(finding, knowledge), "kind": "history", "burden": "ask"}
    return {
        "finding": finding,
        "name": entry.name,
        "question": entry.question,
        "kind": entry.kind,
        "burden": entry.burden,
    }


def _in_order(facts: Facts) -> list[Fact]:
    """Stated before implied, what is there before what is not, then in the vocabulary's order."""
    position = _positions(facts.knowledge)

    def key(fact: Fact) -> tuple[bool, bool, int, str]:
        return not fact.stated, fact.state == 0, position[fact.finding], fact.place

    return sorted(facts.table.values(), key=key)


@lru_cache(maxsize=4)
def _positions(knowledge: Knowledge) -> Mapping[str, int]:
    """The place of each finding in the vocabulary."""
    return {finding: i for i, finding in enumerate(knowledge.findings)}


def _fact(fact: Fact, knowledge: Knowledge) -> dict[str, Any]:
    finding = knowledge.findings[fact.finding]
    return {
        "finding": fact.finding,
        "name": finding.name,
        "kind": finding.kind,
        "state": finding.state_ids[fact.state],
        "present": fact.state > 0,
        "words": _said(finding, fact.state),
        "side": fact.place if finding.sided else None,
        "stated": fact.stated,
        "why": fact.why,
        "value": fact.value,
        "unit": fact.unit,
    }


def _said(finding: Finding, state: int) -> str:
    """A finding with its state, in clinical words."""
    if finding.graded:
        return f"{finding.name}: {finding.states[state].name}"
    return finding.name if state else f"{finding.name}: absent"


def _check(check: Check, knowledge: Knowledge) -> dict[str, Any]:
    finding = knowledge.findings[check.finding]
    yes, no = "yes", "no"
    if finding.graded:
        no = finding.states[0].name
        yes = f"not {no}"
    return {
        "finding": check.finding,
        "name": finding.name,
        "question": finding.question,
        "kind": finding.kind,
        "gain_bits": check.gain,
        "urgent_gain_bits": check.urgent_gain,
        "burden": check.burden,
        "probability": check.probability,
        "because": "; ".join(
            f"if {result}: {_told(moves, knowledge)}"
            for result, moves in ((yes, check.if_present), (no, check.if_absent))
            if moves
        ),
        "results": {"present": yes, "absent": no},
        "if_present": [_move(m, knowledge) for m in check.if_present],
        "if_absent": [_move(m, knowledge) for m in check.if_absent],
    }


def _move(move: Move, knowledge: Knowledge) -> dict[str, Any]:
    cause, now, then = move
    return {"cause": cause, "name": _cause_name(cause, knowledge), "now": now, "then": then}


def _told(moves: tuple[Move, ...], knowledge: Knowledge) -> str:
    return ", ".join(
        f"{_cause_name(cause, knowledge)} from {now:.0%} to {then:.0%}"
        for cause, now, then in moves
    )


def _cause_name(cause: str, knowledge: Knowledge) -> str:
    condition = knowledge.conditions.get(cause)
    return condition.name if condition is not None else "a cause not listed"
