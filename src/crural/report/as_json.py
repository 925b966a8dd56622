"""An assessment as JSON, schema crural/assessment/1 (docs/schema/assessment.json)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from crural.assessment import Assessment
from crural.diagnosis import CauseFound
from crural.diagnosis.explain import Reason
from crural.knowledge import Knowledge, cite
from crural.safety import RaisedAlert

SCHEMA = "crural/assessment/1"


def to_json(assessment: Assessment) -> str:
    """The assessment as an indented JSON text."""
    return json.dumps(as_data(assessment), ensure_ascii=False, indent=2)


def as_data(assessment: Assessment) -> dict[str, Any]:
    """The assessment as plain data. Probabilities are plain numbers; side 'here' is the painful
    leg, 'other-side' the other one."""
    knowledge, diagnosis = assessment.knowledge, assessment.diagnosis
    return {
        "schema": SCHEMA,
        "record": assessment.record.id,
        "knowledge": {"version": knowledge.version, "digest": knowledge.digest},
        "alerts": [_alert(alert, knowledge) for alert in assessment.alerts],
        "ask_now": [
            {
                "id": question.id,
                "title": question.title,
                "urgency": question.urgency,
                "unknown": [_finding(f, knowledge) for f in question.ask],
            }
            for question in assessment.open_alerts
        ],
        "causes": [_cause(cause, knowledge) for cause in diagnosis.causes],
        "explanations": [
            {"causes": list(e.causes), "probability": e.probability}
            for e in diagnosis.explanations
        ],
        "other": diagnosis.other,
        "error_bound": diagnosis.error_bound,
        "covered": diagnosis.covered,
        "next": [
            {
                "finding": check.finding,
                "name": knowledge.findings[check.finding].name,
                "question": knowledge.findings[check.finding].question,
                "kind": knowledge.findings[check.finding].kind,
                "gain_bits": check.gain,
                "urgent_gain_bits": check.urgent_gain,
                "burden": check.burden,
                "probability": check.probability,
                "because": _because(check.if_present, check.if_absent, knowledge),
                "if_present": [_move(m) for m in check.if_present],
                "if_absent": [_move(m) for m in check.if_absent],
            }
            for check in diagnosis.checks
        ],
        "batteries": [
            {
                "id": battery.name,
                "burden": battery.burden,
                "findings": list(battery.findings),
                "gain_bits": battery.gain,
                "urgent_gain_bits": battery.urgent_gain,
            }
            for battery in diagnosis.batteries
        ],
    }


def _alert(alert: RaisedAlert, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "id": alert.id,
        "urgency": alert.urgency,
        "title": alert.title,
        "because": list(alert.because),
        "unknown": [_finding(f, knowledge) for f in alert.unknown],
        "action": alert.action,
        "about": list(alert.about),
        "sources": _sources(alert.sources, knowledge),
    }


def _cause(cause: CauseFound, knowledge: Knowledge) -> dict[str, Any]:
    condition = knowledge.conditions[cause.id]
    pivot = cause.pivot
    return {
        "id": cause.id,
        "name": cause.name,
        "urgency": condition.urgency,
        "probability": cause.probability,
        "prior": cause.prior,
        "interval": list(cause.interval),
        "for": [_reason(r, knowledge) for r in cause.for_],
        "against": [_reason(r, knowledge) for r in cause.against],
        "missing": [
            {
                **_finding(m.finding, knowledge),
                "frequency": m.frequency,
                "elsewhere": m.elsewhere,
            }
            for m in cause.missing
        ],
        "variants": [
            {"id": v.id, "name": v.name, "probability": v.probability} for v in cause.variants
        ],
        "hangs_on": None
        if pivot is None
        else {
            "number": pivot.label,
            "value": pivot.value,
            "swing": pivot.swing,
            "origin": pivot.origin,
            "sources": _sources(pivot.sources, knowledge),
        },
    }


def _reason(reason: Reason, knowledge: Knowledge) -> dict[str, Any]:
    finding = knowledge.findings[reason.finding]
    return {
        "finding": reason.finding,
        "name": finding.name,
        "state": finding.state_ids[reason.state],
        "side": reason.place if finding.sided else None,
        "likelihood_ratio": reason.likelihood_ratio,
        "because": reason.because,
        "sources": _sources(reason.sources, knowledge),
    }


def _finding(finding: str, knowledge: Knowledge) -> dict[str, Any]:
    entry = knowledge.findings.get(finding)
    if entry is None:
        return {"finding": finding, "name": finding, "question": None}
    return {"finding": finding, "name": entry.name, "question": entry.question}


def _sources(sources: Iterable[str], knowledge: Knowledge) -> list[Mapping[str, Any]]:
    return [cite(knowledge.evidence[s]) for s in sources if s in knowledge.evidence]


def _move(move: tuple[str, float, float]) -> dict[str, Any]:
    return {"cause": move[0], "now": move[1], "then": move[2]}


def _because(
    present: tuple[tuple[str, float, float], ...],
    absent: tuple[tuple[str, float, float], ...],
    knowledge: Knowledge,
) -> str:
    def told(moves: tuple[tuple[str, float, float], ...]) -> str:
        return ", ".join(
            f"{_cause_name(cause, knowledge)} {now:.0%} to {then:.0%}" for cause, now, then in moves
        )

    parts = [
        f"{result}: {told(moves)}"
        for result, moves in (("if yes", present), ("if no", absent))
        if moves
    ]
    return "; ".join(parts)


def _cause_name(cause: str, knowledge: Knowledge) -> str:
    condition = knowledge.conditions.get(cause)
    return condition.name if condition is not None else "none of these"
