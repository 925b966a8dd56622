"""What a record says, in the words of the vocabulary.

Observations, drugs, illnesses, pregnancy and the painful side become one table: finding and
relative side -> state. Whole examinations found normal are spelt out, and what follows from
nesting is filled in, so that rules and network see the same patient. Nothing is invented: what
the record does not mention and what does not follow from it stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Literal

from crural.knowledge import Finding, Knowledge, classes_named
from crural.record import BodySide, Illness, Observation, Record
from crural.record.sides import PainfulSide, places_covered

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
            frozenset(classes_named(drug.name, self.knowledge)) for drug in self.record.drugs
        )

    @cached_property
    def evidence(self) -> tuple[Fact, ...]:
        """The facts for the network's findings, without those that another fact implies.

        Of nested findings that are present only the most specific counts, of those that are
        absent only the most general: the others follow and would be counted twice.
        """
        kept = []
        above_present = {
            (general, fact.place)
            for fact in self.table.values()
            if fact.state > 0
            for general in self.knowledge.nested[fact.finding]
        }
        for fact in self.table.values():
            finding = self.knowledge.findings[fact.finding]
            # What the other sex alone can have is known to be absent, but tells nothing.
            possible = finding.sex is None or finding.sex == self.record.sex
            if finding.role not in {"pain", "effect"} or not possible:
                continue
            if fact.state > 0 and (fact.finding, fact.place) in above_present:
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
            if fact.place == "here"
            and (finding := self.knowledge.findings[fact.finding]).role == "risk"
            and finding.sex in {None, self.record.sex}
        }

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
    for implied in (_by_record, _by_presence, _by_panels, _by_absence):
        # What is there comes before what is not: "examination normal" beside a sign that was found
        # means normal but for that sign.
        for fact in list(implied(table, record, knowledge)):
            table.setdefault((fact.finding, fact.place), fact)
    return Facts(record=record, knowledge=knowledge, table=table)


@cache
def _legs(
    sided: bool, side: BodySide | None, painful: PainfulSide | None
) -> tuple[tuple[str, Place], ...]:
    """The legs that are spoken of, and where each lies as seen from the painful one.

    With pain in both legs, or in a leg that was not recorded, there is no other leg.
    """
    if not sided:
        return (("body", "here"),)
    other = {"left": "right", "right": "left"}.get(painful or "")
    return tuple(
        (leg, "other-side" if leg == other else "here")
        for leg in sorted(places_covered(side, painful))
    )


def _stated(record: Record, knowledge: Knowledge) -> Iterable[Fact]:
    """One fact for each finding and place that was observed.

    Of repeated observations of one leg the latest counts. With pain in both legs both of them are
    the painful one; the leg where the finding is further from normal speaks.
    """

    def when(observation: Observation) -> str:
        return observation.date.isoformat() if observation.date else ""

    latest: dict[tuple[str, Place, str], Fact] = {}
    for observation in sorted(record.observations, key=when):
        finding = knowledge.findings[observation.finding]
        for leg, place in _legs(finding.sided, observation.side, record.side):
            latest[finding.id, place, leg] = Fact(
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


def _by_record(_: Mapping[Key, Fact], record: Record, knowledge: Knowledge) -> Iterable[Fact]:
    def fact(finding: str, present: bool, why: str, place: Place = "here") -> Iterable[Fact]:
        if finding in knowledge.findings:
            yield Fact(finding, place, int(present), stated=False, why=why)

    if record.side is not None:
        yield from fact("pain-bilateral", record.side == "bilateral", "the painful side")
    for drug in record.drugs:
        for drug_class in classes_named(drug.name, knowledge):
            taken = knowledge.drugs.findings_by_class.get(drug_class)
            if taken is not None:
                yield from fact(taken, True, f"takes {drug.name}")
    for illness in record.illnesses:
        known = knowledge.vocabulary.illness(illness.name)
        if known is not None:
            side = _side_named(illness)
            for __, place in _legs(knowledge.findings[known].sided, side, record.side):
                yield from fact(known, True, f"known {illness.name}", place)
    if record.pregnancy_weeks is not None:
        weeks = record.pregnancy_weeks
        late = weeks >= THIRD_TRIMESTER_WEEKS
        yield from fact("pregnancy-any", True, f"{weeks} weeks pregnant")
        yield from fact("pregnancy-third-trimester", late, f"{weeks} weeks pregnant")
    for name in _of_the_other_sex(knowledge, record.sex):
        yield from fact(name, False, f"cannot be in a {record.sex}")


@lru_cache(maxsize=16)
def _of_the_other_sex(knowledge: Knowledge, sex: str) -> tuple[str, ...]:
    """Findings that a person of this sex cannot have."""
    return tuple(f.id for f in knowledge.findings.values() if f.sex not in {None, sex})


def _side_named(illness: Illness) -> BodySide | None:
    """The side in the name of an illness ('right knee replacement')."""
    words = re.findall(r"[a-z]+", illness.name.casefold())
    if "both" in words or "bilateral" in words or {"left", "right"} <= set(words):
        return "both"
    return "left" if "left" in words else "right" if "right" in words else None


def _by_presence(table: Mapping[Key, Fact], _: Record, knowledge: Knowledge) -> Iterable[Fact]:
    """The general findings that follow from a specific one."""
    for fact in table.values():
        for general in knowledge.nested[fact.finding] if fact.state > 0 else ():
            if not knowledge.findings[general].graded:
                name = knowledge.findings[fact.finding].name
                yield Fact(general, fact.place, 1, stated=False, why=f"implied by: {name}")


def _by_panels(table: Mapping[Key, Fact], record: Record, knowledge: Knowledge) -> Iterable[Fact]:
    """What an examination found normal denies."""
    one_leg = record.side in {"left", "right"}
    for fact in table.values():
        panel = knowledge.findings[fact.finding]
        if panel.role != "panel" or fact.state == 0:
            continue
        for denied in panel.implies_absent:
            # A normal examination of one leg says nothing of the other; of the body it says all.
            sided = knowledge.findings[denied].sided
            places: tuple[Place, ...] = (fact.place,) if sided else ("here",)
            if sided and not panel.sided and one_leg:
                places = ("here", "other-side")
            for place in places:
                yield Fact(denied, place, 0, stated=False, why=panel.name)


def _by_absence(table: Mapping[Key, Fact], _: Record, knowledge: Knowledge) -> Iterable[Fact]:
    """The specific findings that cannot be where a general one is not."""
    absent = {fact.finding for fact in table.values() if fact.state == 0}
    below = _below(knowledge)
    # In the order of the knowledge, so that the reasons do not hang on the order of the record.
    for __, name in sorted({pair for general in absent for pair in below.get(general, ())}):
        finding = knowledge.findings[name]
        places: tuple[Place, ...] = ("here", "other-side") if finding.sided else ("here",)
        for general in knowledge.nested[name]:
            for place in places:
                above = table.get((general, place))
                if above is not None and above.state == 0:
                    why = f"implied by the absence of: {knowledge.findings[general].name}"
                    yield Fact(name, place, 0, stated=False, why=why)


@lru_cache(maxsize=16)
def _below(knowledge: Knowledge) -> Mapping[str, tuple[tuple[int, str], ...]]:
    """The more specific findings of each general one, with their places in the knowledge."""
    below: dict[str, list[tuple[int, str]]] = {}
    for at, name in enumerate(knowledge.findings):
        for general in knowledge.nested[name]:
            below.setdefault(general, []).append((at, name))
    return {general: tuple(of) for general, of in below.items()}
