"""Published lists of criteria, held against one patient.

One room for both therapies: they differ in their data alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from crural.knowledge import Knowledge
from crural.knowledge.ladder import CriteriaItem, CriteriaSet, Therapy
from crural.ladder.precautions import precautions_of
from crural.rules import Compiled, Patient, Truth, all_of, compile_rule, evaluate, truth_of

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
    criteria: tuple[Criterion, ...]

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

    because: the lines that decide the status; missing: what a referral still lacks, from the list
    that is nearest to being met.
    """

    therapy: Therapy
    status: CandidacyStatus
    because: tuple[str, ...]
    missing: tuple[str, ...]
    sets: tuple[SetResult, ...]


def candidacy_for(therapy: Therapy, patient: Patient) -> Candidacy:
    """Whether a therapy is due for a patient. A list whose `when` is not met is left out.

    What bars the treatment on the ladder bars it here, and the other way about.
    """
    results = tuple(
        _result(criteria, patient)
        for criteria, when in _lists(patient.knowledge)[therapy]
        if when is None or truth_of(when, patient) is not Truth.NOT_MET
    )
    wanted = [
        r
        for r in results
        if r.set.kind == "criteria" and r.set.decides and r.set.stage != "implant"
    ]
    barring = [r for r in results if r.set.kind == "contraindications"]
    barred = [c for r in barring for c in r.criteria if c.item.essential and c.truth is Truth.MET]
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
    return Candidacy(therapy, status, because, _missing(status, wanted, barring), results)


def _barred_as_treatment(
    therapy: Therapy, patient: Patient, known: Set[tuple[str, ...]]
) -> Iterator[str]:
    """What bars the treatment itself, beyond the facts that the lists have named."""
    treatment = patient.knowledge.treatments.get(KNOWN_BY[therapy])
    for warned in () if treatment is None else precautions_of(treatment, patient):
        if warned.level == "barred" and warned.because not in known:
            yield f"{warned.say} ({'; '.join(warned.because)})"


def _missing(
    status: CandidacyStatus, wanted: list[SetResult], barring: list[SetResult]
) -> tuple[str, ...]:
    """What is still to be found out: of the nearest list, then of what could bar it."""
    if status in {"barred", "not-due"}:
        return ()
    nearest = min(
        (r for r in wanted if r.truth is not Truth.NOT_MET),
        key=lambda r: (len(r.missing), -r.set.year),
        default=None,
    )
    asked = [*(nearest.missing if nearest else ()), *(f for r in barring for f in r.missing)]
    return tuple(dict.fromkeys(asked))


def _facts(criterion: Criterion) -> str:
    return "; ".join(criterion.because) or "recorded"


def _why_not(result: SetResult) -> str:
    failing = next(c for c in result.criteria if c.item.essential and c.truth is Truth.NOT_MET)
    return f"{result.set.name}: not met: {failing.item.text} ({_facts(failing)})"


def _result(criteria: CriteriaSet, patient: Patient) -> SetResult:
    lines = []
    verdicts = []
    for item, rule in _items(patient.knowledge)[criteria.id]:
        verdict = evaluate(rule, patient)
        if item.essential:
            verdicts.append(verdict)
        asked = tuple(f for f in verdict.unknown if not f.startswith("probability:"))
        lines.append(
            Criterion(item, verdict.truth, verdict.because, asked)
            if verdict.truth is Truth.UNKNOWN
            else Criterion(item, verdict.truth, verdict.because, ())
        )
    if criteria.kind == "criteria":
        truth = all_of(verdicts).truth
    else:
        values = [line.truth.value for line in lines]
        truth = Truth(max(values))
    return SetResult(criteria, truth, tuple(lines))


@lru_cache(maxsize=4)
def _lists(
    knowledge: Knowledge,
) -> Mapping[Therapy, tuple[tuple[CriteriaSet, Compiled | None], ...]]:
    lists: dict[Therapy, list[tuple[CriteriaSet, Compiled | None]]] = {
        "stimulation": [],
        "intrathecal": [],
    }
    for criteria in knowledge.criteria.values():
        when = None if criteria.when is None else compile_rule(criteria.when, knowledge)
        lists[criteria.therapy].append((criteria, when))
    return {therapy: tuple(of) for therapy, of in lists.items()}


@lru_cache(maxsize=4)
def _items(knowledge: Knowledge) -> Mapping[str, tuple[tuple[CriteriaItem, Compiled], ...]]:
    return {
        criteria.id: tuple((item, compile_rule(item.when, knowledge)) for item in criteria.items)
        for criteria in knowledge.criteria.values()
    }
