"""How well probabilities, rankings and alerts agree with the truth: pure arithmetic.

A patient is a `Scored`: a probability for every cause, the true cause, and what else was truly
there. Shares carry their Wilson interval; nothing is reported without its count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crural.knowledge.model import AlertUrgency, Urgency

# Two-sided 95 %.
Z = 1.959963984540054
# A probability of nothing would make the log score infinite; no cause is held to be rarer.
LEAST_PROBABILITY = 1e-9
# Causes below this probability are not counted in the Brier score unless they are true: sixty
# causes that nobody thinks of would make every score look excellent.
BRIER_FROM = 0.01
# Statements below this probability are not statements that a clinician reads.
CALIBRATED_FROM = 0.02
BIN_EDGES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

# What an alert has to say for a patient of each urgency.
_AT_ONCE: frozenset[AlertUrgency] = frozenset({"emergency", "same-day"})


@dataclass(frozen=True)
class Share:
    """`hits` of `n`, with the 95 % interval of Wilson."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """The share; None when there was nobody to count."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval; (0, 1) when there was nobody to count."""
        return wilson(self.hits, self.n)


@dataclass(frozen=True)
class Scored:
    """What was said of one patient, and what was true.

    `truth` and `also` are keys of `probability`.
    """

    probability: Mapping[str, float]
    truth: str
    also: frozenset[str] = frozenset()

    @property
    def true_causes(self) -> frozenset[str]:
        """Every cause that was there."""
        return self.also | {self.truth}


@dataclass(frozen=True)
class Ranking:
    """Where the truth stood in the list of causes, and how probable it was held to be.

    `top1_any`, `top3_any`: the first true cause counts, whether the leading one or another.
    `mrr` is the mean of 1 / rank, `log_score` the mean of -ln P(truth). None without patients.
    """

    top1: Share
    top3: Share
    top5: Share
    top1_any: Share
    top3_any: Share
    mrr: float | None
    log_score: float | None


@dataclass(frozen=True)
class Bin:
    """Statements of a similar probability: how many, their mean, and how many came true."""

    low: float
    high: float
    mean: float
    observed: Share


@dataclass(frozen=True)
class Calibration:
    """Do things that are said to be 30 % likely happen in 30 of 100? Only bins with statements.

    `ece` is the mean distance between said and seen, weighted by the statements of each bin.
    """

    bins: tuple[Bin, ...]
    n: int
    ece: float | None


@dataclass(frozen=True)
class Performance:
    """All that is measured of one way to answer, on one set of patients.

    The ranking is that of the patients whose cause is among the listed conditions; Brier scores and
    calibration are those of all patients, since every probability is a statement.
    """

    ranking: Ranking
    brier: float | None
    brier_sum: float | None
    calibration: Calibration


@dataclass(frozen=True)
class AlertOutcome:
    """What alerts did for one patient.

    raised: urgencies of the raised alerts; open: urgencies of the alerts about a cause that was
    there that only a question keeps from being raised; about_truth: is a raised alert about a cause
    that was there?
    """

    urgency: Urgency
    raised: tuple[AlertUrgency, ...]
    open: tuple[AlertUrgency, ...] = ()
    about_truth: bool = False


@dataclass(frozen=True)
class AlertScores:
    """Sensitivity among urgent patients and specificity among routine ones.

    An emergency needs an alert for now or today, an urgent patient any alert. `asked` also counts
    alerts about a true cause that are open with a question to ask now; `about_truth` counts only
    patients with an alert that is about the true cause. `specificity` is the share of routine
    patients without an alert for now or today, `specificity_any` the share without any.
    """

    sensitivity: Share
    sensitivity_emergency: Share
    sensitivity_urgent: Share
    asked: Share
    about_truth: Share
    specificity: Share
    specificity_any: Share


def wilson(hits: int, n: int, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval of a share of `hits` in `n`; (0, 1) when n is 0.

    Wilson 1927, J Am Stat Assoc 22:209. Raises ValueError when hits is not between 0 and n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is not a share")
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # The ends are exact at no hit and at all hits; rounding would leave them a hair off.
    low = 0.0 if hits == 0 else (middle - half) / scale
    high = 1.0 if hits == n else (middle + half) / scale
    return low, high


def rank_of(probability: Mapping[str, float], cause: str) -> int:
    """The place of a cause in the list, from 1. Of causes that are tied, each takes the last place
    of the tie, so that a method that cannot tell causes apart gains nothing by it."""
    own = probability[cause]
    return sum(1 for other in probability.values() if other >= own)


def leading(probability: Mapping[str, float], most: int) -> tuple[tuple[str, float], ...]:
    """The most probable causes with their probability, the first first; ties by name."""
    ordered = sorted(probability.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ordered[:most])


def ranking(patients: Sequence[Scored]) -> Ranking:
    """Where the truth stood, over patients."""
    ranks = [rank_of(p.probability, p.truth) for p in patients]
    any_ranks = [min(rank_of(p.probability, c) for c in p.true_causes) for p in patients]
    return Ranking(
        top1=_within(ranks, 1),
        top3=_within(ranks, 3),
        top5=_within(ranks, 5),
        top1_any=_within(any_ranks, 1),
        top3_any=_within(any_ranks, 3),
        mrr=_mean(1 / rank for rank in ranks),
        log_score=_mean(
            -math.log(max(p.probability[p.truth], LEAST_PROBABILITY)) for p in patients
        ),
    )


def brier(patient: Scored) -> float:
    """Mean of (p - y)² over the causes with p >= 0.01 or y = 1; y = 1 for every true cause."""
    squares = [
        (p - (cause in patient.true_causes)) ** 2
        for cause, p in patient.probability.items()
        if p >= BRIER_FROM or cause in patient.true_causes
    ]
    return sum(squares) / len(squares)


def brier_sum(patient: Scored) -> float:
    """Sum of (p - y)² over all causes: unlike `brier`, comparable between methods, since a method
    that spreads its bets is not averaged over more causes."""
    return sum((p - (c in patient.true_causes)) ** 2 for c, p in patient.probability.items())


def calibration(patients: Iterable[Scored]) -> Calibration:
    """Said against seen over all pairs of patient and cause with a probability of 0.02 or more."""
    statements = [
        (p, cause in patient.true_causes)
        for patient in patients
        for cause, p in patient.probability.items()
        if p >= CALIBRATED_FROM
    ]
    bins = []
    for low, high in pairwise(BIN_EDGES):
        last = high == BIN_EDGES[-1]
        inside = [(p, y) for p, y in statements if low <= p and (p < high or last)]
        if inside:
            mean = math.fsum(p for p, _ in inside) / len(inside)
            observed = Share(sum(y for _, y in inside), len(inside))
            bins.append(Bin(low, high, mean, observed))
    n = len(statements)
    off = [b.observed.n * abs(b.mean - b.observed.hits / b.observed.n) for b in bins]
    return Calibration(bins=tuple(bins), n=n, ece=math.fsum(off) / n if n else None)


def performance(in_scope: Sequence[Scored], everybody: Sequence[Scored]) -> Performance:
    """All measures; `in_scope` are the patients whose cause the knowledge lists."""
    return Performance(
        ranking=ranking(in_scope),
        brier=_mean(brier(patient) for patient in everybody),
        brier_sum=_mean(brier_sum(patient) for patient in everybody),
        calibration=calibration(everybody),
    )


def alert_is_enough(urgency: Urgency, alerts: Iterable[AlertUrgency]) -> bool:
    """Did the alerts say what a patient of this urgency needs, no more and no less?

    An emergency: an alert for now or today. Urgent: any alert. Routine: none for now or today.
    """
    alerts = frozenset(alerts)
    if urgency == "emergency":
        return bool(alerts & _AT_ONCE)
    return bool(alerts) if urgency == "urgent" else not alerts & _AT_ONCE


def alert_scores(outcomes: Sequence[AlertOutcome]) -> AlertScores:
    """Sensitivity and specificity of the alerts."""
    pressing = [o for o in outcomes if o.urgency != "routine"]
    routine = [o for o in outcomes if o.urgency == "routine"]

    def caught(group: Iterable[AlertOutcome]) -> Share:
        return _share(alert_is_enough(o.urgency, o.raised) for o in group)

    return AlertScores(
        sensitivity=caught(pressing),
        sensitivity_emergency=caught(o for o in pressing if o.urgency == "emergency"),
        sensitivity_urgent=caught(o for o in pressing if o.urgency == "urgent"),
        asked=_share(alert_is_enough(o.urgency, (*o.raised, *o.open)) for o in pressing),
        about_truth=_share(o.about_truth for o in pressing),
        specificity=caught(routine),
        specificity_any=_share(not o.raised for o in routine),
    )


def _share(hits: Iterable[bool]) -> Share:
    every = list(hits)
    return Share(sum(every), len(every))


def _within(ranks: Sequence[int], most: int) -> Share:
    return _share(rank <= most for rank in ranks)


def _mean(values: Iterable[float]) -> float | None:
    every = list(values)
    return math.fsum(every) / len(every) if every else None
