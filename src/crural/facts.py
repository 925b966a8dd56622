"""What a record says, in the words of the vocabulary.

Observations, drugs, illnesses, pregnancy and the painful side become one table: finding and
relative side -> state. Whole examinations found normal are spelt out, and what follows from
nesting is filled in, so that rules and network see the same patient. Nothing is invented: what
the record does not mention and what does not follow from it stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from crural.knowledge import Finding, Knowledge
from crural.record import Observation, Record, relative_side

Place = Literal["here", "other-side"]
Key = tuple[str, Place]

THIRD_TRIMESTER_WEEKS = 28


@dataclass(frozen=True)
class Fact:
    """A finding with its state (0 = absent or normal) and why we hold it."""

    finding: str
    place: Place
    state: int
    stated: bool
    why: str
    value: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Facts:
    """Everything known of one patient, ready for rules and network."""

    record: Record
    knowledge: Knowledge = field(repr=False)
    table: Mapping[Key, Fact]

    def state(self, finding: str, place: Place = "here") -> int | None:
        """State of a finding, or None when it is not known."""
        fact = self.table.get((finding, place))
        return None if fact is None else fact.state

    def present(self, finding: str) -> bool | None:
        """Is the finding present (above its first state), on whichever side? None: not known."""
        states = [self.state(finding, "here"), self.state(finding, "other-side")]
        if any(state for state in states):
            return True
        return None if states[0] is None else False

    @cached_property
    def drug_classes(self) -> tuple[frozenset[str], ...]:
        """Classes of each current drug."""
        return tuple(
            frozenset(self.knowledge.drugs.classes_of(drug.name)) for drug in self.record.drugs
        )

    @cached_property
    def evidence(self) -> tuple[Fact, ...]:
        """The facts for the network's findings, without those that another fact implies.

        Of nested findings that are present only the most specific counts, of those that are
        absent only the most general: the others follow and would be counted twice.
        """
        kept = []
        for fact in self.table.values():
            finding = self.knowledge.findings[fact.finding]
            if finding.role not in {"pain", "effect"}:
                continue
            if fact.state > 0 and self._has_present_below(fact):
                continue
            if fact.state == 0 and self._has_absent_above(fact):
                continue
            kept.append(fact)
        return tuple(sorted(kept, key=lambda f: (f.finding, f.place)))

    @cached_property
    def risks(self) -> Mapping[str, bool]:
        """The risk findings that are known: present or absent."""
        return {
            fact.finding: fact.state > 0
            for fact in self.table.values()
            if fact.place == "here" and self.knowledge.findings[fact.finding].role == "risk"
        }

    def _has_present_below(self, fact: Fact) -> bool:
        return any(
            other.state > 0
            and other.place == fact.place
            and fact.finding in self.knowledge.nested[other.finding]
            for other in self.table.values()
        )

    def _has_absent_above(self, fact: Fact) -> bool:
        return any(
            self.state(general, fact.place) == 0 for general in self.knowledge.nested[fact.finding]
        )


def facts_of(record: Record, knowledge: Knowledge) -> Facts:
    """The facts of a record."""
    table: dict[Key, Fact] = {}
    for fact in _stated(record, knowledge):
        table[fact.finding, fact.place] = fact
    # What is stated outranks what is implied, so the implied only fill gaps.
    for fact in _implied_by_record(record, knowledge):
        table.setdefault((fact.finding, fact.place), fact)
    for fact in list(_implied_by_panels(table.values(), knowledge)):
        table.setdefault((fact.finding, fact.place), fact)
    for fact in list(_implied_by_nesting(table, knowledge)):
        table.setdefault((fact.finding, fact.place), fact)
    return Facts(record=record, knowledge=knowledge, table=table)


def _places(finding: Finding, observation: Observation, record: Record) -> tuple[Place, ...]:
    if not finding.sided:
        return ("here",)
    side = relative_side(observation.side, record.side)
    if side == "contralateral":
        return ("other-side",)
    if side == "bilateral" and record.side != "bilateral":
        return ("here", "other-side")
    return ("here",)


def _stated(record: Record, knowledge: Knowledge) -> Iterable[Fact]:
    """One fact for each finding and place that was observed.

    Of repeated observations of one body side the latest counts. With pain in both legs both body
    sides are the painful one; the leg where the finding is further from normal speaks.
    """

    def when(observation: Observation) -> str:
        return observation.date.isoformat() if observation.date else ""

    latest: dict[tuple[str, Place, str | None], Fact] = {}
    for observation in sorted(record.observations, key=when):
        finding = knowledge.findings[observation.finding]
        for place in _places(finding, observation, record):
            side = observation.side if finding.sided else None
            latest[finding.id, place, side] = Fact(
                finding.id,
                place,
                _state_index(finding, observation),
                stated=True,
                why="recorded",
                value=observation.value,
                unit=observation.unit,
            )
    worst: dict[Key, Fact] = {}
    for (name, place, _), fact in latest.items():
        known = worst.get((name, place))
        if known is None or fact.state > known.state:
            worst[name, place] = fact
    return worst.values()


def _state_index(finding: Finding, observation: Observation) -> int:
    if observation.present is not None:
        return int(observation.present)
    state = observation.state
    if observation.value is not None:
        state = finding.state_of(observation.value)
    return finding.state_ids.index(str(state))


def _implied_by_record(record: Record, knowledge: Knowledge) -> Iterable[Fact]:
    def fact(finding: str, present: bool, why: str) -> Iterable[Fact]:
        if finding in knowledge.findings:
            yield Fact(finding, "here", int(present), stated=False, why=why)

    if record.side is not None:
        yield from fact("pain-bilateral", record.side == "bilateral", "the painful side")
    for drug in record.drugs:
        for drug_class in knowledge.drugs.classes_of(drug.name):
            finding = knowledge.drugs.findings_by_class.get(drug_class)
            if finding:
                yield from fact(finding, True, f"takes {drug.name}")
    for illness in record.illnesses:
        known = knowledge.vocabulary.illness(illness.name)
        if known:
            yield from fact(known, True, f"known {illness.name}")
    if record.pregnancy_weeks is not None:
        weeks = record.pregnancy_weeks
        yield from fact("pregnancy-any", weeks > 0, f"{weeks} weeks pregnant")
        if weeks >= THIRD_TRIMESTER_WEEKS:
            yield from fact("pregnancy-third-trimester", True, f"{weeks} weeks pregnant")
    for finding in knowledge.findings.values():
        if finding.sex is not None and finding.sex != record.sex:
            yield from fact(finding.id, False, f"cannot be in a {record.sex}")


def _implied_by_panels(facts: Iterable[Fact], knowledge: Knowledge) -> Iterable[Fact]:
    for fact in facts:
        panel = knowledge.findings[fact.finding]
        if panel.role != "panel" or fact.state == 0:
            continue
        for denied in panel.implies_absent:
            # A normal examination of one leg says nothing of the other; of the body it says all.
            places: tuple[Place, ...] = (fact.place,)
            if not panel.sided and knowledge.findings[denied].sided:
                places = ("here", "other-side")
            for place in places:
                yield Fact(denied, place, 0, stated=False, why=f"{panel.name}")


def _implied_by_nesting(table: Mapping[Key, Fact], knowledge: Knowledge) -> Iterable[Fact]:
    present = [fact for fact in table.values() if fact.state > 0]
    for fact in present:
        for general in knowledge.nested[fact.finding]:
            if not knowledge.findings[general].graded:
                name = knowledge.findings[fact.finding].name
                yield Fact(general, fact.place, 1, stated=False, why=f"implied by: {name}")
    for finding in knowledge.findings.values():
        for general in knowledge.nested[finding.id]:
            for place in ("here", "other-side"):
                above = table.get((general, place))  # type: ignore[arg-type]
                if above is not None and above.state == 0:
                    name = knowledge.findings[general].name
                    yield Fact(
                        finding.id,
                        place,  # type: ignore[arg-type]
                        0,
                        stated=False,
                        why=f"implied by the absence of: {name}",
                    )
