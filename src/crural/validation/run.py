"""From patients with a known diagnosis to a `Validation`: what was said, what was true, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from crural.assessment import assess, network_of
from crural.diagnosis.inference import use_compiled_if_ready
from crural.diagnosis.network import OTHER
from crural.diagnosis.problem import case_of
from crural.knowledge import Knowledge
from crural.knowledge.model import AlertUrgency
from crural.record import Record
from crural.validation.baselines import SingleCauses, naive_bayes, prior_only, single_causes
from crural.validation.cases import STAGES, KnownCase, Stage, read_cases
from crural.validation.metrics import (
    AlertOutcome,
    AlertScores,
    Performance,
    Scored,
    Share,
    alert_is_enough,
    alert_scores,
    performance,
    rank_of,
)

# With fewer findings than this a wrong order says little about the knowledge.
FEW_FINDINGS = 4
# A fact that is less than half as frequent again in the cause named first decides nothing.
SPEAKS_AGAINST = 1.5
MOST_AGAINST = 3

MissKind = Literal["also-present", "out-of-scope", "few-facts", "prior", "finding", "together"]
Baseline = Literal["prior", "naive-bayes"]


@dataclass(frozen=True)
class AlertSaid:
    """An alert that was raised, or that is open with a question to ask now."""

    id: str
    urgency: AlertUrgency
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the program said of one record, as far as it is judged.

    `probability` has an entry for every condition and for 'none-of-these'; `baselines` the same
    for each simpler method; `single` is what the reasons of a miss are read from; `findings` counts
    what is stated in the record. No probability is off by more than `error_bound`.
    """

    probability: Mapping[str, float]
    alerts: tuple[AlertSaid, ...]
    open_alerts: tuple[AlertSaid, ...]
    baselines: Mapping[Baseline, Mapping[str, float]]
    single: SingleCauses
    findings: int
    error_bound: float


Engine = Callable[[Record], Answer]


@dataclass(frozen=True)
class Against:
    """A fact that speaks for the cause named first: so many times as frequent there as in the
    true cause, each taken alone."""

    fact: str
    ratio: float


@dataclass(frozen=True)
class Missed:
    """Why the truth did not come first. `prior_ratio`: odds before any finding, first : truth."""

    kind: MissKind
    because: str
    prior_ratio: float
    against: tuple[Against, ...]


@dataclass(frozen=True)
class Judged:
    """One patient: the answer held against the truth.

    `truth` is the cause that counts as a hit: the condition, or 'none-of-these' when the knowledge
    does not have it. `rank_any` is the best rank of all true causes. `alert_because` says what was
    missing or too much when the alerts did not fit the urgency.
    """

    case: KnownCase
    answer: Answer
    truth: str
    also: frozenset[str]
    in_scope: bool
    rank: int
    rank_any: int
    first: str
    missed: Missed | None
    urgent_ok: bool
    alert_because: str | None

    @property
    def probability(self) -> float:
        """What the truth was held to be."""
        return self.answer.probability[self.truth]


@dataclass(frozen=True)
class OfCondition:
    """How the patients of one condition fared."""

    condition: str
    top1: Share
    top3: Share
    mean_probability: float


@dataclass(frozen=True)
class StageResult:
    """All patients at one stage: 'presentation' (what was known at first) or 'work-up' (all)."""

    stage: Stage
    patients: tuple[Judged, ...]
    crural: Performance
    baselines: Mapping[Baseline, Performance]
    out_of_scope: Share
    out_of_scope_top3: Share
    alerts: AlertScores
    conditions: tuple[OfCondition, ...]
    confusion: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Validation:
    """The result for every stage that was run, and the knowledge it was run with."""

    knowledge_version: str
    knowledge_digest: str
    stages: tuple[StageResult, ...]


def validate_files(
    files: Iterable[Path], knowledge: Knowledge, *, stage: str | None = None, form: str = "text"
) -> str:
    """Validate the cases in `files` (folders too) and write the result as text, JSON or HTML.

    Without a stage both are run. Shows progress on standard error when that is a terminal.
    Raises RecordError for a case that cannot be used, before any is assessed.
    """
    # Pictures and tables are not needed by those who only want numbers.
    from crural.validation.report import render  # noqa: PLC0415

    cases = read_cases(files, knowledge.vocabulary)
    use_compiled_if_ready()
    stages = tuple(s for s in STAGES if stage in {None, s})
    return render(_with_progress(cases, knowledge, stages), form)


def _with_progress(
    cases: Sequence[KnownCase], knowledge: Knowledge, stages: Sequence[Stage]
) -> Validation:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import MofNCompleteColumn, Progress  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("Assessing", total=len(cases) * len(stages))
        return validate(cases, knowledge, stages, on_patient=lambda: bar.advance(task))


def validate(
    cases: Sequence[KnownCase],
    knowledge: Knowledge,
    stages: Sequence[Stage] = STAGES,
    *,
    engine: Engine | None = None,
    on_patient: Callable[[], None] = lambda: None,
) -> Validation:
    """Judge every case at every stage. `engine` answers; `assess` does when left out.

    `on_patient` is called after each patient and stage.
    """
    answer = engine if engine is not None else lambda record: answer_of(record, knowledge)
    known = frozenset(knowledge.conditions)
    answers: dict[str, Answer] = {}
    results = []
    for stage in stages:
        patients = []
        for case in cases:
            record = case.record_at(stage)
            # Where the work-up added nothing, the second stage is the first again.
            same = len(record.observations) == len(case.record.observations)
            said = answers.get(case.id) if same else None
            if said is None:
                said = answer(record)
            if same:
                answers[case.id] = said
            patients.append(judge(case, said, known))
            on_patient()
        results.append(_result(stage, patients))
    return Validation(knowledge.version, knowledge.digest, tuple(results))


def answer_of(record: Record, knowledge: Knowledge) -> Answer:
    """What `assess` says of a record, and the baselines beside it."""
    assessment = assess(record, knowledge)
    case = case_of(network_of(knowledge), assessment.facts)
    single = single_causes(case)
    return Answer(
        # 'None of these' means that no listed condition is there, not that an unlisted one is too.
        probability={**assessment.diagnosis.probability, OTHER: assessment.diagnosis.other},
        alerts=tuple(AlertSaid(a.id, a.urgency, a.about) for a in assessment.alerts),
        open_alerts=tuple(AlertSaid(a.id, a.urgency, a.about) for a in assessment.open_alerts),
        baselines={"prior": prior_only(case), "naive-bayes": naive_bayes(single)},
        single=single,
        findings=len(record.observations),
        error_bound=assessment.diagnosis.error_bound,
    )


def judge(case: KnownCase, answer: Answer, conditions: frozenset[str]) -> Judged:
    """Hold an answer against the truth. What is no condition counts as 'none-of-these'."""

    def listed(cause: str) -> str:
        return cause if cause in conditions else OTHER

    truth = listed(case.truth.condition)
    also = frozenset(listed(cause) for cause in case.truth.also) - {truth}
    ranks = {cause: rank_of(answer.probability, cause) for cause in also | {truth}}
    # In a tie the truth does not count as the first, so it is not called that either.
    first = min(answer.probability, key=lambda c: (-answer.probability[c], c == truth, c))
    urgent_ok = alert_is_enough(case.truth.urgency, (a.urgency for a in answer.alerts))
    return Judged(
        case=case,
        answer=answer,
        truth=truth,
        also=also,
        in_scope=truth != OTHER,
        rank=ranks[truth],
        rank_any=min(ranks.values()),
        first=first,
        missed=None if ranks[truth] == 1 else why_missed(case, answer, truth, first, also),
        urgent_ok=urgent_ok,
        alert_because=None if urgent_ok else _alert_because(case, answer, also | {truth}),
    )


def why_missed(
    case: KnownCase, answer: Answer, truth: str, first: str, also: frozenset[str]
) -> Missed:
    """The most telling single reason why `first` stands before `truth`.

    Each cause alone: the odds before any finding, and how often each fact goes with it. What
    counts more for the first than any other part is the reason.
    """
    single = answer.single
    one, other = single.causes.index(first), single.causes.index(truth)
    odds = single.prior / (1.0 - single.prior)
    prior_ratio = float(odds[one] / odds[other])
    ratios = single.likelihood[one] / single.likelihood[other]
    strongest = [int(i) for i in np.argsort(-ratios) if ratios[i] >= SPEAKS_AGAINST]
    against = tuple(Against(single.facts[i], float(ratios[i])) for i in strongest[:MOST_AGAINST])
    lead = against[0].ratio if against else 1.0

    def missed(kind: MissKind, because: str) -> Missed:
        return Missed(kind, because, prior_ratio, against)

    if first in also:
        return missed("also-present", f"{first} is there as well and came first")
    if truth == OTHER:
        return missed("out-of-scope", f"{case.truth.condition} is not in the knowledge")
    if answer.findings < FEW_FINDINGS:
        return missed("few-facts", f"only {answer.findings} findings are known")
    if prior_ratio >= max(lead, SPEAKS_AGAINST):
        return missed(
            "prior",
            f"prior: {single.prior[other]:.2g} before any finding, "
            f"{first} {single.prior[one]:.2g} ({prior_ratio:.3g} times the odds)",
        )
    if against:
        return missed("finding", f"{against[0].fact}: {lead:.3g} times as frequent in {first}")
    return missed("together", f"no single fact: findings that go together decide for {first}")


def _alert_because(case: KnownCase, answer: Answer, true_causes: frozenset[str]) -> str:
    raised = ", ".join(f"{a.id} ({a.urgency})" for a in answer.alerts)
    if case.truth.urgency == "routine":
        return f"raised: {raised}"
    asked = [a.id for a in answer.open_alerts if true_causes & set(a.about)]
    words = f"only {raised}" if raised else "no alert"
    if asked:
        return f"{words}; a question is open on {', '.join(asked)}"
    return f"{words}; of {len(answer.open_alerts)} open questions none about the cause"


def _result(stage: Stage, patients: Sequence[Judged]) -> StageResult:
    in_scope = [p for p in patients if p.in_scope]
    outside = [p for p in patients if not p.in_scope]

    def scored(p: Judged, probability: Mapping[str, float]) -> Scored:
        return Scored(probability, p.truth, p.also)

    def measured(of: Callable[[Judged], Mapping[str, float]]) -> Performance:
        return performance(
            [scored(p, of(p)) for p in in_scope], [scored(p, of(p)) for p in patients]
        )

    return StageResult(
        stage=stage,
        patients=tuple(patients),
        crural=measured(lambda p: p.answer.probability),
        baselines={
            "prior": measured(lambda p: p.answer.baselines["prior"]),
            "naive-bayes": measured(lambda p: p.answer.baselines["naive-bayes"]),
        },
        out_of_scope=_at_most(outside, 1),
        out_of_scope_top3=_at_most(outside, 3),
        alerts=alert_scores([_alert_outcome(p) for p in patients]),
        conditions=_conditions(in_scope),
        confusion=Counter((p.truth, p.first) for p in patients if p.rank > 1),
    )


def _alert_outcome(patient: Judged) -> AlertOutcome:
    truth = patient.also | {patient.truth}
    return AlertOutcome(
        urgency=patient.case.truth.urgency,
        raised=tuple(a.urgency for a in patient.answer.alerts),
        open=tuple(a.urgency for a in patient.answer.open_alerts if truth & set(a.about)),
        about_truth=any(truth & set(a.about) for a in patient.answer.alerts),
    )


def _conditions(patients: Sequence[Judged]) -> tuple[OfCondition, ...]:
    grouped: dict[str, list[Judged]] = {}
    for patient in patients:
        grouped.setdefault(patient.truth, []).append(patient)
    return tuple(
        OfCondition(
            condition=condition,
            top1=_at_most(group, 1),
            top3=_at_most(group, 3),
            mean_probability=sum(p.probability for p in group) / len(group),
        )
        for condition, group in sorted(grouped.items())
    )


def _at_most(patients: Sequence[Judged], rank: int) -> Share:
    return Share(sum(p.rank <= rank for p in patients), len(patients))
