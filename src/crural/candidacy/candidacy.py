"""Published lists of criteria, held against one patient.

One room for both therapies: they differ in their data alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from crural.knowledge import Knowledge
from crural.knowledge.ladder import CriteriaItem, CriteriaSet, Therapy
from crural.knowledge.rules import All, AnyOf, Rule
from crural.ladder.precautions import precautions_of
from crural.rules import Compiled, Patient, Truth, compile_rule, evaluate, truth_of

# The treatment that each therapy is known by.
KNOWN_BY: Mapping[Therapy, str] = {
    "stimulation": "spinal-cord-stimulation",
    "intrathecal": "intrathecal-morphine",
}

# due: some list that decides is met and nothing stands against it; barred: a contraindication is
# there; not-due: every such list fails on an essential line; unknown: questions are open.
CandidacyStatus = Literal["due", "not-due", "barred", "unknown"]


@dataclass(frozen=True)
class Criterion:
    """One line of a list: met, not met or unknown, with its facts and what to ask."""

    item: CriteriaItem
    truth: Truth
    because: tuple[str, ...]
    ask: tuple[str, ...]


@dataclass(frozen=True)
class SetResult:
    """A list with all its lines. `truth`: of criteria, whether all essential lines are met; of
    contraindications, precautions and preparation, whether any line is met."""

    set: CriteriaSet
    truth: Truth
    _patient: Patient = field(repr=False, compare=False)

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """The lines with their facts, worked out when they are asked for: most are never read."""
        return tuple(
            _criterion(item, rule, self._patient)
            for item, rule in _items(self._patient.knowledge)[self.set.id]
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """What to find out to settle the essential lines."""
        asked = (
            fact
            for criterion in self.criteria
            if criterion.truth is Truth.UNKNOWN and criterion.item.essential
            for fact in criterion.ask
        )
        return tuple(dict.fromkeys(asked))


@dataclass(frozen=True)
class Candidacy:
    """A therapy with all lists that speak of it.

    because: the lines that decide the status.
    """

    therapy: Therapy
    status: CandidacyStatus
    because: tuple[str, ...]
    sets: tuple[SetResult, ...]

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """What a referral still lacks: of the list that is nearest to being met, then of what could
        bar the therapy."""
        if self.status in {"barred", "not-due"}:
            return ()
        nearest = min(
            (r for r in _wanted(self.sets) if r.truth is not Truth.NOT_MET),
            key=lambda r: (len(r.missing), -r.set.year),
            default=None,
        )
        asked = [*(nearest.missing if nearest else ())]
        asked += [fact for result in _barring(self.sets) for fact in result.missing]
        return tuple(dict.fromkeys(asked))


def candidacy_for(therapy: Therapy, patient: Patient) -> Candidacy:
    """Whether a therapy is due for a patient. A list whose `when` is not met is left out.

    What bars the treatment on the ladder bars it here, and the other way about.
    """
    results = tuple(
        SetResult(criteria, _truth(whole, patient), patient)
        for criteria, when, whole in _lists(patient.knowledge)[therapy]
        if _truth(when, patient) is not Truth.NOT_MET
    )
    wanted = _wanted(results)
    barred = [
        criterion
        for result in _barring(results)
        if result.truth is Truth.MET
        for criterion in result.criteria
        if criterion.item.essential and criterion.truth is Truth.MET
    ]
    told = [f"{c.item.text}: {_facts(c)}" for c in barred]
    told += _barred_as_treatment(therapy, patient, known={c.because for c in barred})
    status: CandidacyStatus
    if told:
        status, because = "barred", tuple(dict.fromkeys(told))
    elif any(r.truth is Truth.MET for r in wanted):
        met = [r for r in wanted if r.truth is Truth.MET]
        status, because = "due", tuple(f"{r.set.name}: every essential line is met" for r in met)
    elif wanted and all(r.truth is Truth.NOT_MET for r in wanted):
        status, because = "not-due", tuple(_why_not(r) for r in wanted)
    else:
        status, because = "unknown", ()
    return Candidacy(therapy, status, because, results)


def _wanted(results: Iterable[SetResult]) -> list[SetResult]:
    """The lists of criteria by which the therapy is due or not."""
    return [
        r
        for r in results
        if r.set.kind == "criteria" and r.set.decides and r.set.stage != "implant"
    ]


def _barring(results: Iterable[SetResult]) -> list[SetResult]:
    return [r for r in results if r.set.kind == "contraindications"]


def _barred_as_treatment(
    therapy: Therapy, patient: Patient, known: Set[tuple[str, ...]]
) -> Iterator[str]:
    """What bars the treatment itself, beyond the facts that the lists have named."""
    treatment = patient.knowledge.treatments.get(KNOWN_BY[therapy])
    for warned in () if treatment is None else precautions_of(treatment, patient):
        if warned.level == "barred" and warned.because not in known:
            yield f"{warned.say} ({'; '.join(warned.because)})"


def _facts(criterion: Criterion) -> str:
    return "; ".join(criterion.because) or "recorded"


def _why_not(result: SetResult) -> str:
    failing = next(c for c in result.criteria if c.item.essential and c.truth is Truth.NOT_MET)
    return f"{result.set.name}: not met: {failing.item.text} ({_facts(failing)})"


def _criterion(item: CriteriaItem, rule: Compiled, patient: Patient) -> Criterion:
    verdict = evaluate(rule, patient)
    if verdict.truth is not Truth.UNKNOWN:
        return Criterion(item, verdict.truth, verdict.because, ())
    asked = tuple(f for f in verdict.unknown if not f.startswith("probability:"))
    return Criterion(item, verdict.truth, verdict.because, asked)


def _truth(rule: Compiled | None, patient: Patient) -> Truth:
    return Truth.MET if rule is None else truth_of(rule, patient)


class _List(NamedTuple):
    """A list, when it speaks of a patient, and the rule that its lines are together; None where
    nothing is asked."""

    criteria: CriteriaSet
    when: Compiled | None
    whole: Compiled | None


@lru_cache(maxsize=4)
def _lists(knowledge: Knowledge) -> Mapping[Therapy, Sequence[_List]]:
    lists: dict[Therapy, list[_List]] = {"stimulation": [], "intrathecal": []}
    for criteria in knowledge.criteria.values():
        when, whole = (
            None if rule is None else compile_rule(rule, knowledge)
            for rule in (criteria.when, _whole(criteria))
        )
        lists[criteria.therapy].append(_List(criteria, when, whole))
    return lists


def _whole(criteria: CriteriaSet) -> Rule | None:
    """Of criteria: are all essential lines met? Of the other lists: is any line?"""
    if criteria.kind != "criteria":
        return AnyOf(any=tuple(item.when for item in criteria.items))
    essential = tuple(item.when for item in criteria.items if item.essential)
    return All(all=essential) if essential else None


@lru_cache(maxsize=4)
def _items(knowledge: Knowledge) -> Mapping[str, tuple[tuple[CriteriaItem, Compiled], ...]]:
    return {
        criteria.id: tuple((item, compile_rule(item.when, knowledge)) for item in criteria.items)
        for criteria in knowledge.criteria.values()
    }
