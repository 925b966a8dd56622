"""Assessing while the record is being entered: the engine is compiled and stays loaded."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crural.assessment import Assessment, assess, network_of
from crural.diagnosis.inference import use_compiled
from crural.knowledge import Finding, Knowledge
from crural.record import Record, write_record
from crural.report.as_json import as_data
from crural.web import painting
from crural.web.draft import Draft, to_record

MOST_KEPT = 16


@dataclass(frozen=True)
class Answered:
    """A record with its assessment, and the assessment as plain data."""

    record: Record
    assessment: Assessment
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """The next question of the interview, and why it is asked. `check` tells what the answer would
    change, where the network knows."""

    finding: Finding
    why: str
    check: Mapping[str, Any] | None = None


class Engine:
    """Assesses records. The last few answers are kept, so that looking closer costs nothing."""

    def __init__(self, knowledge: Knowledge, compiled: bool = True) -> None:
        self.knowledge = knowledge
        if compiled:
            use_compiled()
        network_of(knowledge)
        if compiled:
            # Much is made when first needed: better now than while somebody waits.
            as_data(assess(Record(age=50, sex="female", side="left"), knowledge))
        self._kept: OrderedDict[str, Answered] = OrderedDict()
        self._lock = threading.Lock()
        # A wide record needs much memory: no more at a time than can be computed at a time.
        self._turns = threading.BoundedSemaphore(os.cpu_count() or 1)

    def answer(self, record: Record, explain: tuple[str, ...] = ()) -> Answered:
        """The assessment of a record; `explain` names causes whose reasons are wanted however
        improbable they are."""
        key = "\n".join((write_record(record), *explain))
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        with self._turns:
            assessment = assess(record, self.knowledge, explain)
            answered = Answered(record, assessment, as_data(assessment))
        with self._lock:
            self._kept[key] = answered
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return answered

    def answer_draft(self, draft: Draft) -> Answered | None:
        """The assessment of a draft; None while age or sex is missing. Raises RecordError."""
        record = to_record(draft, self.knowledge)
        return None if record is None else self.answer(record)


def next_question(draft: Draft, answered: Answered | None, knowledge: Knowledge) -> Question | None:
    """The most useful question that has not been answered: first what the painted shape suggests,
    then what could be an emergency, then what tells most about the causes."""

    def open_(finding: str) -> bool:
        return (
            finding in knowledge.findings
            and finding not in draft.skipped
            and not draft.observed(finding)
            and (answered is None or not _known(finding, answered))
        )

    for shape in painting.shapes_alike(draft.painted):
        if open_(shape):
            return Question(
                knowledge.findings[shape], "The painted area looks like it, which would tell much."
            )
    if answered is None:
        return None
    for alert in answered.data["ask_now"]:
        if alert["urgency"] != "emergency":
            continue
        for asked in alert["unknown"]:
            if asked["burden"] == "ask" and open_(asked["finding"]):
                return Question(
                    knowledge.findings[asked["finding"]],
                    f"A yes could mean an emergency: {alert['title']}. Known so far: "
                    f"{'; '.join(alert['because'])}.",
                )
    wanted = [c for c in answered.data["next"] if open_(c["finding"])]
    for check in sorted(
        wanted,
        key=lambda c: (
            ("ask", "examine").index(c["burden"]) if c["burden"] in {"ask", "examine"} else 2
        ),
    ):
        return Question(
            knowledge.findings[check["finding"]],
            "Of all that is not known yet, the answer tells most about the cause.",
            check,
        )
    return None


def _known(finding: str, answered: Answered) -> bool:
    return any(fact.finding == finding for fact in answered.assessment.facts.table.values())
