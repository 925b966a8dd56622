"""The main job: one record in; alerts, causes and next checks out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from crural.diagnosis import Diagnosis, Network, compile_network, diagnose
from crural.facts import Facts, facts_of
from crural.knowledge import Knowledge
from crural.record import Record
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


@lru_cache(maxsize=4)
def network_of(knowledge: Knowledge) -> Network:
    """The compiled network of a piece of knowledge, made once."""
    return compile_network(knowledge)


def assess(record: Record, knowledge: Knowledge, explain: tuple[str, ...] = ()) -> Assessment:
    """Assess one patient: what must not wait, what causes the pain, what to check next.

    `explain` names conditions whose reasons are wanted however improbable they are.
    Pure: the same record and knowledge give the same assessment. Nothing is read or written.
    """
    facts = facts_of(record, knowledge)
    diagnosis = diagnose(network_of(knowledge), facts, explain)
    return Assessment(
        record=record,
        facts=facts,
        knowledge=knowledge,
        alerts=alerts_of(facts, knowledge, diagnosis.probability),
        open_alerts=open_questions(facts, knowledge, diagnosis.probability),
        diagnosis=diagnosis,
    )
