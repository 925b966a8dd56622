"""Records that make a rule met, or keep it from being met, built from the rule itself."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import ValidationError

from crural.knowledge import Knowledge
from crural.knowledge.rules import (
    AgeLeaf,
    All,
    AllergyLeaf,
    AnyOf,
    AtLeast,
    Bounds,
    DrugLeaf,
    DrugsTogetherLeaf,
    DurationLeaf,
    FindingLeaf,
    MmeLeaf,
    Not,
    PainScoreLeaf,
    PregnancyLeaf,
    ProbabilityAnyLeaf,
    ProbabilityLeaf,
    Rule,
    ScoreLeaf,
    SexLeaf,
    TriedLeaf,
)
from crural.record import Drug, Observation, Record
from crural.record.model import PainScore, Treatment

Wish: TypeAlias = tuple[Rule, bool]


@dataclass
class _Draft:
    """A record in the making; `states` holds the lowest and highest state each finding may have."""

    age: tuple[float, float] = (0, 120)
    weeks: tuple[float, float] = (0, 45)
    days: tuple[float, float] = (0, 4000)
    pain: tuple[float, float] = (0, 10)
    mme: tuple[float, float] = (0, 400)
    sexes: set[str] = field(default_factory=lambda: {"female", "male"})
    states: dict[str, tuple[int, int]] = field(default_factory=dict)
    drugs: list[str] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    allergies: list[str] = field(default_factory=list)
    probability: dict[str, float] = field(default_factory=dict)
    says_weeks: bool = False
    says_days: bool = False
    says_pain: bool = False
    says_mme: bool = False


def records_that_meet(
    rule: Rule, knowledge: Knowledge
) -> Iterator[tuple[Record, Mapping[str, float]]]:
    """Records, with probabilities, in which the rule should be met; the simplest first."""
    yield from _records(rule, True, knowledge)


def records_that_do_not_meet(
    rule: Rule, knowledge: Knowledge
) -> Iterator[tuple[Record, Mapping[str, float]]]:
    """Records, with probabilities, in which the rule should not be met.

    Where a leaf can only be met or unknown (was it tried?), the record leaves it unknown.
    """
    yield from _records(rule, False, knowledge)


def _records(
    rule: Rule, wanted: bool, knowledge: Knowledge
) -> Iterator[tuple[Record, Mapping[str, float]]]:
    for wishes in _ways(rule, wanted, knowledge):
        draft = _Draft()
        for leaf, met in wishes:
            _grant(leaf, met, draft, knowledge)
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
        case AllergyLeaf():
            draft.allergies.append(leaf.allergy[0] if wanted else "pollen")
        case TriedLeaf():
            draft.treatments += _attempts(leaf, wanted)
        case ProbabilityLeaf():
            draft.probability[leaf.probability] = 0.999 if wanted else 0.0
        case ProbabilityAnyLeaf():
            for condition in leaf.probability_any:
                draft.probability.setdefault(condition, 0.0)
            if wanted:
                draft.probability[leaf.probability_any[0]] = 0.999
        case DrugLeaf():
            draft.drugs += _drugs_of((leaf.drug_class,), wanted, draft, knowledge)
        case DrugsTogetherLeaf():
            draft.drugs += _drugs_of(leaf.drug_classes_together, wanted, draft, knowledge)
        case _:
            _grant_bounds(leaf, wanted, draft)


def _grant_bounds(leaf: Rule, wanted: bool, draft: _Draft) -> None:
    """Leaves that ask whether a number lies between bounds."""
    match leaf:
        case AgeLeaf():
            draft.age = _narrowed(draft.age, leaf.age, wanted)
        case PregnancyLeaf():
            draft.weeks = _narrowed(draft.weeks, leaf.pregnancy_weeks, wanted)
            draft.says_weeks = True
        case DurationLeaf():
            draft.days = _narrowed(draft.days, leaf.duration_days, wanted)
            draft.says_days = True
        case PainScoreLeaf():
            draft.pain = _narrowed(draft.pain, leaf.pain_score, wanted)
            draft.says_pain = True
        case MmeLeaf():
            draft.mme = _narrowed(draft.mme, leaf.mme, wanted)
            draft.says_mme = True


def _attempts(leaf: TriedLeaf, wanted: bool) -> list[Treatment]:
    """A course of the first of the treatments (or of its family) that has the outcome, or not."""
    what = leaf.tried[0].replace("-", " ")
    if leaf.days is not None:
        low, _ = _narrowed((1, 4000), leaf.days, wanted)
        return [Treatment(what=what, days=int(low), response="partial")]
    if leaf.relief_percent is not None:
        low, _ = _narrowed((0, 100), leaf.relief_percent, wanted)
        return [Treatment(what=what, relief_percent=low)]
    # What helps must go on: what helped and is over counts as failed.
    good = Treatment(what=what, start=dt.date(2020, 1, 1), response="good")
    bad = Treatment(what=what, response="none")
    match leaf.outcome:
        case "tried":
            return [bad] if wanted else []
        case "failed":
            return [bad if wanted else good]
        case "good":
            return [good if wanted else bad]
        case _:
            stopped = Treatment(what=what, stopped_because="side effects")
            return [stopped if wanted else good]


def _drugs_of(
    classes: Sequence[str], wanted: bool, draft: _Draft, knowledge: Knowledge
) -> list[str]:
    if not wanted:
        return [] if draft.drugs else ["a drug of no class"]
    chosen: list[str] = []
    for one in classes:
        # Two drugs of one class are two drugs.
        chosen.append(
            next(
                drug.name
                for drug in knowledge.drugs.drugs
                if one in drug.classes and drug.name not in (*draft.drugs, *chosen)
            )
        )
    return chosen


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
    spans = (draft.age, draft.weeks, draft.days, draft.pain, draft.mme, *draft.states.values())
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
    drugs = [Drug(name=name) for name in draft.drugs]
    if draft.says_mme and draft.mme[0] > 0:
        drugs.append(Drug(name="morphine", dose=f"{draft.mme[0]:g} mg/day"))
    elif draft.says_mme and not drugs:
        drugs.append(Drug(name="a drug of no class"))
    age = 40.0 if draft.age[0] <= 40 <= draft.age[1] else draft.age[0]
    try:
        return Record(
            age=age,
            sex=sorted(sexes)[0],
            side="left",
            pregnancy_weeks=int(draft.weeks[0]) if pregnant else None,
            observations=tuple(observations),
            drugs=tuple(drugs),
            treatments=tuple(draft.treatments),
            allergies=tuple(draft.allergies),
            pain_scores=(PainScore(day=0, nrs=draft.pain[0]),) if draft.says_pain else (),
        )
    except ValidationError:
        return None
