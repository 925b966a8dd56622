"""The main job: one record in; alerts, causes, next checks and the way of treatment out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from crural.candidacy import Candidacy, candidacy_for
from crural.course import FollowUp, follow_up, follow_ups
from crural.diagnosis import Diagnosis, Network, diagnose, probabilities_given
from crural.diagnosis.kept import network_of_all
from crural.facts import Facts, facts_of
from crural.history import Attempt, NotUnderstood, OpioidTotal, not_understood, opioid_total
from crural.knowledge import Knowledge
from crural.ladder import TreatmentPlan, cautions_of_drugs, plan_of
from crural.ladder.precautions import DrugCaution
from crural.record import Record
from crural.rules import Patient
from crural.safety import OpenAlert, RaisedAlert, alerts_of, open_questions


@dataclass(frozen=True)
class Assessment:
    """Everything said about one record, with its reasons; `report` only writes it down."""

    record: Record
    facts: Facts
    knowledge: Knowledge
    alerts: tuple[RaisedAlert, ...]
    open_alerts: tuple[OpenAlert, ...]
    diagnosis: Diagnosis
    attempts: tuple[Attempt, ...]
    plan: TreatmentPlan | None
    candidacy: tuple[Candidacy, ...]
    course: FollowUp | None
    cautions: tuple[DrugCaution, ...]
    opioids: OpioidTotal | None
    not_understood: tuple[NotUnderstood, ...] = ()


@lru_cache(maxsize=4)
def network_of(knowledge: Knowledge) -> Network:
    """The compiled network of a piece of knowledge, made once."""
    return network_of_all(knowledge)


def assess(record: Record, knowledge: Knowledge, explain: tuple[str, ...] = ()) -> Assessment:
    """Assess one patient: what must not wait, what causes it, what to check, what to do next.

    `explain` names conditions whose reasons are wanted however improbable they are.
    Pure: the same record and knowledge give the same assessment. Nothing is read or written but
    the quick copy of the network, once.
    """
    facts = facts_of(record, knowledge)
    network = network_of(knowledge)
    diagnosis = diagnose(network, facts, explain)
    patient = Patient(facts, diagnosis.probability)
    ranked = [(cause.id, cause.probability) for cause in diagnosis.causes]
    return Assessment(
        record=record,
        facts=facts,
        knowledge=knowledge,
        alerts=alerts_of(patient),
        open_alerts=open_questions(patient),
        diagnosis=diagnosis,
        attempts=patient.attempts,
        plan=plan_of(patient, ranked, diagnosis.checks),
        candidacy=tuple(
            candidacy_for(therapy, patient)
            for therapy in ("stimulation", "intrathecal")
            if knowledge.criteria
        ),
        course=follow_up(
            record,
            knowledge,
            patient.attempts,
            ranked,
            lambda condition: probabilities_given(network, facts, condition),
        ),
        cautions=cautions_of_drugs(patient),
        opioids=opioid_total(record, knowledge),
        not_understood=not_understood(record, knowledge),
    )


def courses_of(assessment: Assessment) -> Iterator[FollowUp]:
    """The pain scores held against every course that speaks of a cause, as `follow_ups` does; the
    first is that of the assessment."""
    network, facts = network_of(assessment.knowledge), assessment.facts
    return follow_ups(
        assessment.record,
        assessment.knowledge,
        assessment.attempts,
        [(cause.id, cause.probability) for cause in assessment.diagnosis.causes],
        lambda condition: probabilities_given(network, facts, condition),
    )
