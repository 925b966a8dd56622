"""Records that make a rule met, built from the rule itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import ValidationError

from crural.knowledge import Knowledge
from crural.knowledge.rules import (
    AgeLeaf,
    All,
    AnyOf,
    AtLeast,
    Bounds,
    DrugLeaf,
    DrugsTogetherLeaf,
    DurationLeaf,
    FindingLeaf,
    Not,
    PregnancyLeaf,
    ProbabilityLeaf,
    Rule,
    ScoreLeaf,
    SexLeaf,
)
from crural.record import Drug, Observation, Record

Wish: TypeAlias = tuple[Rule, bool]


@dataclass
class _Draft:
    """A record in the making; `states` holds the lowest and highest state each finding may have."""

    age: tuple[float, float] = (0, 120)
    weeks: tuple[float, float] = (0, 45)
    days: tuple[float, float] = (0, 4000)
    sexes: set[str] = field(default_factory=lambda: {"female", "male"})
    states: dict[str, tuple[int, int]] = field(default_factory=dict)
    drugs: list[str] = field(default_factory=list)
    probability: dict[str, float] = field(default_factory=dict)
    says_weeks: bool = False
    says_days: bool = False


def records_that_meet(
    rule: Rule, knowledge: Knowledge
) -> Iterator[tuple[Record, Mapping[str, float]]]:
    """Records, with probabilities, in which the rule should be met; the simplest first."""
    for wishes in _ways(rule, True, knowledge):
        draft = _Draft()
        for leaf, wanted in wishes:
            _grant(leaf, wanted, draft, knowledge)
        record = _record(draft, knowledge)
        if record is not None:
            yield record, draft.probability


def _ways(rule: Rule, wanted: bool, knowledge: Knowledge) -> Iterator[tuple[Wish, ...]]:
    """Sets of leaves that together make a rule met (or not met)."""
    match rule:
        case Not():
            yield from _ways(rule.not_, not wanted, knowledge)
        case All():
            yield from _enough(rule.all, len(rule.all), wanted, knowledge)
        case AnyOf():
            yield from _enough(rule.any, 1, wanted, knowledge)
        case AtLeast():
            yield from _enough(rule.at_least.of, rule.at_least.n, wanted, knowledge)
        case ScoreLeaf():
            yield from _points(rule, wanted, knowledge)
        case _:
            yield ((rule, wanted),)


def _enough(
    parts: Sequence[Rule], n: int, wanted: bool, knowledge: Knowledge
) -> Iterator[tuple[Wish, ...]]:
    needed = n if wanted else len(parts) - n + 1
    for chosen in itertools.combinations(parts, needed):
        yield from _together([(part, wanted) for part in chosen], knowledge)


def _points(leaf: ScoreLeaf, wanted: bool, knowledge: Knowledge) -> Iterator[tuple[Wish, ...]]:
    items = knowledge.scores[leaf.score].items
    for pattern in itertools.product((True, False), repeat=len(items)):
        points = sum(item.points for item, met in zip(items, pattern, strict=True) if met)
        if (points >= leaf.min) == wanted:
            wishes = [(item.when, met) for item, met in zip(items, pattern, strict=True)]
            yield from _together(wishes, knowledge)


def _together(wishes: Sequence[Wish], knowledge: Knowledge) -> Iterator[tuple[Wish, ...]]:
    """Ways to fulfil all wishes. A later one is spelt out only once those before it are."""
    if not wishes:
        yield ()
        return
    (part, wanted), rest = wishes[0], wishes[1:]
    for first in _ways(part, wanted, knowledge):
        for others in _together(rest, knowledge):
            yield (*first, *others)


def _grant(leaf: Rule, wanted: bool, draft: _Draft, knowledge: Knowledge) -> None:
    match leaf:
        case FindingLeaf():
            entry = knowledge.findings[leaf.finding]
            low, high = draft.states.get(leaf.finding, (0, len(entry.state_ids) - 1))
            least = 1 if leaf.state_at_least is None else entry.state_ids.index(leaf.state_at_least)
            draft.states[leaf.finding] = (
                (max(low, least), high) if wanted else (low, min(high, least - 1))
            )
            if wanted and entry.sex is not None:
                draft.sexes &= {entry.sex}
        case SexLeaf():
            draft.sexes = {sex for sex in draft.sexes if (sex == leaf.sex) == wanted}
        case AgeLeaf():
            draft.age = _narrowed(draft.age, leaf.age, wanted)
        case PregnancyLeaf():
            draft.weeks = _narrowed(draft.weeks, leaf.pregnancy_weeks, wanted)
            draft.says_weeks = True
        case DurationLeaf():
            draft.days = _narrowed(draft.days, leaf.duration_days, wanted)
            draft.says_days = True
        case ProbabilityLeaf():
            draft.probability[leaf.probability] = 0.999 if wanted else 0.0
        case DrugLeaf():
            draft.drugs += _drugs_of((leaf.drug_class,), wanted, draft, knowledge)
        case DrugsTogetherLeaf():
            draft.drugs += _drugs_of(leaf.drug_classes_together, wanted, draft, knowledge)


def _drugs_of(
    classes: Sequence[str], wanted: bool, draft: _Draft, knowledge: Knowledge
) -> list[str]:
    if not wanted:
        return [] if draft.drugs else ["a drug of no class"]
    return [
        next(
            drug.name
            for drug in knowledge.drugs.drugs
            if one in drug.classes and drug.name not in draft.drugs
        )
        for one in classes
    ]


def _narrowed(limits: tuple[float, float], bounds: Bounds, wanted: bool) -> tuple[float, float]:
    low, high = limits
    least, below = bounds.min, bounds.max
    if wanted:
        return (
            max(low, least if least is not None else low),
            min(high, below - 1 if below is not None else high),
        )
    if least is not None and least > low:
        return (low, min(high, least - 1))
    return (max(low, below if below is not None else low), high)


def _record(draft: _Draft, knowledge: Knowledge) -> Record | None:
    spans = (draft.age, draft.weeks, draft.days, *draft.states.values())
    if any(low > high for low, high in spans) or not draft.sexes:
        return None
    observations = []
    for name, (state, _) in draft.states.items():
        entry = knowledge.findings[name]
        said: dict[str, Any] = (
            {"state": entry.state_ids[state]} if entry.graded else {"present": state > 0}
        )
        observations.append(Observation(finding=name, **said))
    if draft.says_days and "pain-duration" not in draft.states:
        observations.append(Observation(finding="pain-duration", value=draft.days[0], unit="d"))
    pregnant = draft.says_weeks and draft.weeks[0] > 0
    sexes = draft.sexes & {"female"} if pregnant else draft.sexes
    if not sexes:
        return None
    age = 40.0 if draft.age[0] <= 40 <= draft.age[1] else draft.age[0]
    try:
        return Record(
            age=age,
            sex=sorted(sexes)[0],
            side="left",
            pregnancy_weeks=int(draft.weeks[0]) if pregnant else None,
            observations=tuple(observations),
            drugs=tuple(Drug(name=name) for name in draft.drugs),
        )
    except ValidationError:
        return None
