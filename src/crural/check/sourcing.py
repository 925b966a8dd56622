"""What the numbers rest on: how many trace to a publication, and which say nothing for themselves.

A number is *sourced* when it is a published figure, or is derived from at least one. A figure that
cannot be resolved is not sourced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crural.knowledge import Condition, Knowledge, resolve
from crural.knowledge.loader import Problem
from crural.knowledge.model import Link
from crural.knowledge.numbers import Derived, Estimate, FromEvidence, Number, NumberError
from crural.knowledge.walk import Place, numbers_of, numbers_of_condition

# Fewer letters than this cannot name a clinical reason.
SHORTEST_REASON = 8


@dataclass(frozen=True)
class Tally:
    """How many numbers there are, and how many of them trace to a publication."""

    parameters: int
    sourced: int

    @property
    def share(self) -> float:
        """The sourced share; 0 when there is no number."""
        return self.sourced / self.parameters if self.parameters else 0.0


@dataclass(frozen=True)
class ConditionSourcing:
    """Numbers of one condition: of its own findings (and its variants'), and of its mechanisms."""

    id: str
    name: str
    founding: bool
    findings: Tally
    mechanisms: Tally


@dataclass(frozen=True)
class Sourcing:
    """How well the knowledge is sourced; `by_part` splits the whole by what the number is."""

    overall: Tally
    founding: Tally
    by_part: Mapping[str, Tally]
    per_condition: tuple[ConditionSourcing, ...]


def sourcing_of(knowledge: Knowledge) -> Sourcing:
    """Sourced shares: of all numbers, of each condition, of the founding conditions' findings."""
    places = [(place, _is_sourced(place, knowledge)) for place in numbers_of(knowledge)]
    of_mechanism = {
        name: _tally(s for place, s in places if place.file == f"mechanisms/{name}.yaml")
        for name in knowledge.mechanisms
    }
    per_condition = tuple(
        _of_condition(condition, knowledge, of_mechanism)
        for condition in knowledge.conditions.values()
    )
    parts = dict.fromkeys(_part_of(place) for place, _ in places)
    return Sourcing(
        overall=_tally(sourced for _, sourced in places),
        founding=_sum(c.findings for c in per_condition if c.founding),
        by_part={
            part: _tally(sourced for place, sourced in places if _part_of(place) == part)
            for part in parts
        },
        per_condition=per_condition,
    )


def groundless(knowledge: Knowledge) -> Iterator[Problem]:
    """Estimates, and factors of age and sex, that give no real reason."""
    remedy = "write the clinical reason in a few words"
    for place in numbers_of(knowledge):
        for estimate in _estimates(place.number):
            if not is_reason(estimate.because):
                yield Problem(
                    place.file,
                    f"{place.owner}.{place.part}.{place.about}",
                    f"the estimate {estimate.estimate:g} gives '{estimate.because}' as its reason",
                    remedy,
                )
    for condition in knowledge.conditions.values():
        for name, factors in (
            ("by_age", condition.prior.by_age),
            ("by_sex", condition.prior.by_sex),
        ):
            if factors is not None and not is_reason(factors.because):
                yield Problem(
                    f"conditions/{condition.id}.yaml",
                    f"prior.{name}",
                    f"the factors give '{factors.because}' as their reason",
                    remedy,
                )


def is_reason(because: str) -> bool:
    """Can these words be a reason: long enough, and no placeholder?"""
    return len(because.strip()) >= SHORTEST_REASON and "todo" not in because.casefold()


def misused_evidence(knowledge: Knowledge) -> Iterator[Problem]:
    """Entries named outside the numbers that do not exist or carry no figure.

    The numbers themselves are checked when they are resolved; this looks at the ids beside factors
    of age and sex, in alerts and scores, and at what was set aside (`also`), which must exist.
    """
    for file, field, entry in _named_as_support(knowledge):
        found = knowledge.evidence.get(entry)
        if found is None:
            trouble = "is not in the evidence tables"
        elif found.kind == "hole":
            trouble = "is a named hole, not a figure"
        elif not found.traced:
            trouble = "is not traced to a publication"
        else:
            continue
        yield Problem(file, field, f"'{entry}' {trouble}", "name an entry that can be traced")
    for file, field, entry in _set_aside(knowledge):
        if entry not in knowledge.evidence:
            yield Problem(
                file, field, f"'{entry}' is not in the evidence tables", "name an existing entry"
            )


def _is_sourced(place: Place, knowledge: Knowledge) -> bool:
    try:
        return bool(resolve(place.number, knowledge.evidence, place.scale).sources)
    except NumberError:
        return False


def _of_condition(
    condition: Condition, knowledge: Knowledge, of_mechanism: Mapping[str, Tally]
) -> ConditionSourcing:
    used = dict.fromkeys(share.mechanism for share in condition.mechanisms)
    for variant in condition.variants:
        used |= dict.fromkeys(share.mechanism for share in variant.mechanisms)
    return ConditionSourcing(
        id=condition.id,
        name=condition.name,
        founding=condition.founding,
        findings=_tally(
            _is_sourced(place, knowledge)
            for place in numbers_of_condition(condition)
            if place.part == "findings"
        ),
        mechanisms=_sum(of_mechanism[name] for name in used if name in of_mechanism),
    )


def _part_of(place: Place) -> str:
    """What the number is; the findings of a mechanism apart from those of a condition."""
    if place.part == "findings" and place.file.startswith("mechanisms/"):
        return "findings of mechanisms"
    return "shares of mechanisms" if place.part == "mechanisms" else place.part


def _tally(sourced: Iterable[bool]) -> Tally:
    flags = list(sourced)
    return Tally(len(flags), sum(flags))


def _sum(tallies: Iterable[Tally]) -> Tally:
    every = list(tallies)
    return Tally(sum(t.parameters for t in every), sum(t.sourced for t in every))


def _estimates(number: Number) -> Iterator[Estimate]:
    if isinstance(number, Estimate):
        yield number
    elif isinstance(number, Derived):
        for part in number.where.values():
            yield from _estimates(part)


def _named_as_support(knowledge: Knowledge) -> Iterator[tuple[str, str, str]]:
    for condition in knowledge.conditions.values():
        file = f"conditions/{condition.id}.yaml"
        for name, factors in (
            ("by_age", condition.prior.by_age),
            ("by_sex", condition.prior.by_sex),
        ):
            for entry in factors.evidence if factors is not None else ():
                yield file, f"prior.{name}.evidence", entry
    for alert in knowledge.alerts.values():
        file = f"alerts/{alert.id}.yaml"
        # An unknown id among the sources is already the loader's finding.
        for entry in alert.sources:
            if entry in knowledge.evidence:
                yield file, "sources", entry
        if alert.accuracy is not None and "evidence" in alert.accuracy:
            yield file, "accuracy", alert.accuracy["evidence"]
    for score in knowledge.scores.values():
        for entry in score.sources:
            yield "alerts/scores.yaml", f"{score.id}.sources", entry


def _set_aside(knowledge: Knowledge) -> Iterator[tuple[str, str, str]]:
    for mechanism in knowledge.mechanisms.values():
        yield from _beside_links(f"mechanisms/{mechanism.id}.yaml", mechanism.findings)
    for condition in knowledge.conditions.values():
        file = f"conditions/{condition.id}.yaml"
        yield from _beside_links(file, condition.findings)
        for variant in condition.variants:
            yield from _beside_links(file, variant.findings)
        for risk in condition.risks:
            for entry in risk.also:
                yield file, f"risks {risk.finding}.also", entry


def _beside_links(file: str, links: Iterable[Link]) -> Iterator[tuple[str, str, str]]:
    for link in links:
        for entry in link.also:
            yield file, f"{link.finding}.also", entry


def cited_in(number: Number) -> Iterator[FromEvidence]:
    """Every citation inside a number: itself, or the parts of its derivation."""
    if isinstance(number, FromEvidence):
        yield number
    elif isinstance(number, Derived):
        for part in number.where.values():
            yield from cited_in(part)
