"""Assessing while the record is being entered: the engine is compiled and stays loaded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crural.assessment import Assessment, assess, network_of
from crural.diagnosis.inference import use_compiled
from crural.knowledge import Knowledge
from crural.record import Record, record_from_data
from crural.record.shorthand import SCHEMA
from crural.report.as_json import parts_of
from crural.report.parts import whole
from crural.web.turns import Turns

# The collector of what is no longer needed looks through all of them, while somebody waits.
MOST_KEPT = 8


@dataclass(frozen=True)
class Answered:
    """A record with its assessment, and that as data, each part made when it is asked for."""

    record: Record
    assessment: Assessment
    data: Mapping[str, Any]


class Engine:
    """Assesses records. The last few answers are kept, so that looking closer costs nothing."""

    def __init__(self, knowledge: Knowledge, compiled: bool = True) -> None:
        self.knowledge = knowledge
        if compiled:
            use_compiled()
        network_of(knowledge)
        if compiled:
            # Much is made when first needed, by the second patient some of it: better now than
            # while somebody waits.
            for age in (50, 51):
                whole(parts_of(assess(Record(age=age, sex="female", side="left"), knowledge)))
        self._kept: OrderedDict[str, Answered] = OrderedDict()
        self._lock = threading.Lock()
        self.turns = Turns()

    def read_again(self, record: Record) -> Record:
        """A record that was kept, as the knowledge of today reads it: findings go, units change.
        Raises RecordError."""
        said = record.model_dump(mode="json", exclude_none=True)
        whole = {"schema": SCHEMA, "side": None, **said}
        return record_from_data(whole, self.knowledge.vocabulary, "the record")

    def answer(self, record: Record, explain: tuple[str, ...] = ()) -> Answered:
        """The assessment of a record; `explain` names causes whose reasons are wanted however
        improbable they are."""
        key = "\n".join((record.model_dump_json(), *explain))
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        with self.turns:
            assessment = assess(record, self.knowledge, explain)
            answered = Answered(record, assessment, parts_of(assessment))
        with self._lock:
            self._kept[key] = answered
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return answered
