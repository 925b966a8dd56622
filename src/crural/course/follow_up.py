"""Few and noisy pain scores, held against the course that the cause and its treatment lead to.

Where the pain stands now comes from a local level model: the true level drifts as a random walk,
each score is the level plus noise (Durbin & Koopman, Time Series Analysis by State Space Methods,
2nd ed. 2012, chapter 2). The course says which share of the first pain should be left by now, and
how widely patients differ.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import NormalDist
from typing import Literal

from crural.history import Attempt
from crural.knowledge import Knowledge, resolve
from crural.knowledge.ladder import Course
from crural.record import Record

# Probabilities of all causes with one of them present, and with it absent.
Given = Callable[[str], tuple[Mapping[str, float], Mapping[str, float]]]
CourseVerdict = Literal["on-course", "too-early", "off-course"]

# Estimates of the model itself, with their reasons (docs/method.md lists them).
# Standard deviation of one score about the true level: scores of one patient differ by about a
# point from day to day when nothing changes.
SCORE_NOISE = 1.0
# How far the true level drifts in a week (standard deviation, points).
DRIFT_PER_WEEK = 0.7
# A patient is off course with more pain left than nine in ten have.
WORST_TENTH = NormalDist().inv_cdf(0.9)
# The verdict is given when it is so probable.
SURE = 0.9
# Until the course itself has taken away so many points, nothing can be told from it.
LEAST_FALL = 1.0
# What a pain does on average when its cause is another than the one treated, and how widely.
LEFT_WHEN_WRONG = 0.9
SPREAD_WHEN_WRONG = 0.25

_DAYS_A_WEEK = 7.0
# What is done once and goes on acting.
_LASTING = frozenset({"injection", "surgery", "cause", "stimulation", "intrathecal"})
# What is tried for some days, and then taken out.
_IMPLANTS = frozenset({"stimulation", "intrathecal"})


@dataclass(frozen=True)
class Expected:
    """What a course expects at a time: mean share of the first pain left, and its spread."""

    week: float
    left: float
    spread: float


@dataclass(frozen=True)
class Level:
    """The pain as it really is: mean and standard deviation, in points."""

    mean: float
    sd: float


@dataclass(frozen=True)
class FollowUp:
    """Pain scores held against a course.

    first, now: the pain at the start and at the last score; expected: what the course says of that
    day; chance_off: probability that more pain is left than nine in ten patients have; because: in
    words; curve: the whole course, for drawing; before, revised: probability of each cause without
    and with the non-response as evidence (revised is empty unless off course).
    """

    course: Course
    condition: str
    treatment: str | None
    verdict: CourseVerdict
    scores: tuple[tuple[float, float], ...]
    first: Level
    now: Level
    expected: Expected
    chance_off: float
    because: tuple[str, ...]
    curve: tuple[Expected, ...]
    before: Mapping[str, float]
    revised: Mapping[str, float]


def courses_for(
    condition: str, attempts: Sequence[Attempt], knowledge: Knowledge
) -> list[tuple[Course, Attempt | None]]:
    """The courses that speak of a condition: those of a treatment before the natural one.

    A treatment counts while it goes on; an operation or an injection also afterwards, but not an
    implant that was taken out, as after a trial.
    The latest begun comes first. Nothing is said of a treatment of which no start is recorded.
    """
    of = [course for course in knowledge.courses.values() if condition in course.conditions]
    treated: list[tuple[Course, Attempt | None]] = []
    for attempt in sorted(attempts, key=lambda a: a.start or dt.date.min, reverse=True):
        for course in of:
            if course.treatment not in attempt.treatments:
                continue
            lasts = knowledge.treatments[course.treatment].kind in _LASTING - _IMPLANTS
            if attempt.going_on or lasts:
                treated.append((course, attempt))
    return treated + [(course, None) for course in of if course.treatment is None]


def follow_up(
    record: Record,
    knowledge: Knowledge,
    attempts: Sequence[Attempt],
    ranked: Sequence[tuple[str, float]],
    given: Given,
) -> FollowUp | None:
    """The pain scores of a record held against the course of its most probable cause that has one.

    `ranked` are the causes with their probabilities, likeliest first; `given` tells the
    probabilities of all of them with a cause present, and without it. None where there are fewer
    than two scores, or no cause with a known course.
    """
    return next(follow_ups(record, knowledge, attempts, ranked, given), None)


def follow_ups(
    record: Record,
    knowledge: Knowledge,
    attempts: Sequence[Attempt],
    ranked: Sequence[tuple[str, float]],
    given: Given,
) -> Iterator[FollowUp]:
    """As `follow_up`, against every course that speaks of a cause: that of the likeliest cause
    first, and of one cause that of the latest treatment first. A course comes once."""
    if len(record.pain_scores) < 2:
        return
    seen: set[str] = set()
    for condition, _ in ranked:
        for course, attempt in courses_for(condition, attempts, knowledge):
            if course.id in seen:
                continue
            found = _scores(record, attempt, attempts, knowledge)
            if found is None:
                continue
            seen.add(course.id)
            held = _held_against(course, condition, found, knowledge)
            if held.verdict == "off-course":
                before = dict(ranked)
                after = revised(
                    before[condition], held.first, held.now, held.expected, given(condition)
                )
                held = replace(held, before=before, revised={name: after[name] for name in before})
            yield held


@dataclass(frozen=True)
class _Scores:
    """The scores that count for a course: (weeks since the start, score), in order of time.

    since: the week of the last change of treatment, from which the level now is told; left_out:
    what changed the treatment meanwhile, so that scores do not count.
    """

    timed: tuple[tuple[float, float], ...]
    since: float = 0.0
    left_out: tuple[str, ...] = ()


def _scores(
    record: Record,
    treated: Attempt | None,
    attempts: Sequence[Attempt],
    knowledge: Knowledge,
) -> _Scores | None:
    """The scores that count for the course of a treatment, or for the natural one; None when no
    start can be told, or too few are left.

    Scores by the number of a day count from the start as they are; scores with a date count from
    the start of the treatment, else from the first score. What was scored under a treatment begun
    later says nothing of this one.
    """
    dated = sorted(
        ((s.date, s.nrs) for s in record.pain_scores if s.date is not None), key=lambda s: s[0]
    )
    if not dated:
        days = sorted((s.day or 0, s.nrs) for s in record.pain_scores)
        return _enough(_Scores(tuple((day / _DAYS_A_WEEK, nrs) for day, nrs in days)))
    if treated is not None and treated.start is None:
        return None
    begin = dated[0][0] if treated is None or treated.start is None else treated.start
    changes = [
        (attempt, _acting(attempt))
        for attempt in attempts
        if attempt is not treated and _changes(attempt, begin, treated is None, knowledge)
    ]
    kept = tuple(
        ((date - begin).days / _DAYS_A_WEEK, nrs)
        for date, nrs in dated
        if not any(first <= date <= last for _, (first, last) in changes)
    )
    over = [last for _, (_, last) in changes if begin <= last < dated[-1][0]]
    left_out = [
        attempt.text
        for attempt, (first, last) in changes
        if any(first <= date <= last for date, _ in dated)
    ]
    since = max(((last - begin).days / _DAYS_A_WEEK for last in over), default=0.0)
    return _enough(_Scores(kept, since, tuple(dict.fromkeys(left_out))))


def _enough(found: _Scores) -> _Scores | None:
    return found if len(found.timed) >= 2 and found.timed[-1][0] > 0 else None


def _changes(attempt: Attempt, begin: dt.date, natural: bool, knowledge: Knowledge) -> bool:
    """Is the pain under this attempt another's doing than the course's?

    Whatever was begun after the start, and a trial of an implant at any time. The natural course is
    that under usual care: only what acts on by itself, or an implant, ends it.
    """
    if attempt.start is None or not attempt.treatments:
        return False
    kinds = {knowledge.treatments[name].kind for name in attempt.treatments}
    if kinds <= _IMPLANTS and not attempt.going_on:
        return True
    return attempt.start > begin and (kinds <= _LASTING or not natural)


def _acting(attempt: Attempt) -> tuple[dt.date, dt.date]:
    """The first and the last day on which an attempt acts, as far as is known."""
    assert attempt.start is not None
    if attempt.done_once or attempt.going_on or attempt.days is None:
        return attempt.start, dt.date.max
    return attempt.start, attempt.start + dt.timedelta(days=attempt.days)


def expected_at(course: Course, week: float, knowledge: Knowledge) -> Expected:
    """What a course expects at a week: straight lines between its points, level beyond the last."""
    points = [
        (
            resolve(point.week, knowledge.evidence, "real").value,
            resolve(point.left, knowledge.evidence, "real").value,
        )
        for point in course.points
    ]
    spread = resolve(course.spread, knowledge.evidence, "real").value
    if week <= points[0][0]:
        return Expected(week, points[0][1], spread)
    for (start, high), (end, low) in pairwise(points):
        if week <= end:
            return Expected(week, high + (low - high) * (week - start) / (end - start), spread)
    return Expected(week, points[-1][1], spread)


def level_of(scores: Sequence[tuple[float, float]]) -> Level:
    """The level at the last of some scores (weeks, points), by the Kalman filter."""
    mean, variance = scores[0][1], SCORE_NOISE**2
    for (before, _), (now, score) in pairwise(scores):
        variance += DRIFT_PER_WEEK**2 * (now - before)
        gain = variance / (variance + SCORE_NOISE**2)
        mean += gain * (score - mean)
        variance *= 1.0 - gain
    return Level(mean, math.sqrt(variance))


def _held_against(
    course: Course,
    condition: str,
    found: _Scores,
    knowledge: Knowledge,
) -> FollowUp:
    scores = found.timed
    before = [score for score in scores if score[0] <= 0] or scores[:1]
    first = level_of(before)
    # A drift cannot follow a change of treatment: the level now is told by what was scored since.
    now = level_of([score for score in scores if score[0] > found.since] or scores)
    expected = expected_at(course, scores[-1][0], knowledge)
    worst = min(expected.left + WORST_TENTH * expected.spread, 1.0)
    # Both the level now and the first level are uncertain; the limit moves with the first.
    distance = now.mean - worst * first.mean
    chance_off = NormalDist().cdf(distance / math.hypot(now.sd, worst * first.sd))
    fall_due = (1.0 - expected.left) * first.mean
    verdict: CourseVerdict = "too-early"
    if fall_due >= LEAST_FALL and chance_off >= SURE:
        verdict = "off-course"
    elif fall_due >= LEAST_FALL and chance_off <= 1.0 - SURE:
        verdict = "on-course"
    return FollowUp(
        course=course,
        condition=condition,
        treatment=course.treatment,
        verdict=verdict,
        scores=scores,
        first=first,
        now=now,
        expected=expected,
        chance_off=chance_off,
        because=_in_words(course, first, now, expected, fall_due) + _not_counted(found.left_out),
        curve=tuple(
            expected_at(course, resolve(p.week, knowledge.evidence, "real").value, knowledge)
            for p in course.points
        ),
        before={},
        revised={},
    )


def _in_words(
    course: Course, first: Level, now: Level, expected: Expected, fall_due: float
) -> tuple[str, ...]:
    said = [
        f"pain {first.mean:.1f} at the start, {now.mean:.1f} now, after {expected.week:.0f} weeks",
        f"{course.name}: about {100 * expected.left:.0f} % of the first pain is left by then",
    ]
    if fall_due < LEAST_FALL:
        said.append("less than one point of change is due by now")
    return tuple(said)


def _not_counted(treatments: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"scores under a later treatment do not count here: {t}" for t in treatments)


def revised(
    before: float,
    first: Level,
    now: Level,
    expected: Expected,
    given: tuple[Mapping[str, float], Mapping[str, float]],
) -> Mapping[str, float]:
    """Probabilities of the causes with the course of the pain as evidence about the one treated.

    The odds of that cause, `before`, are multiplied by P(so much pain is left | it is the cause)
    over P(the same | it is not), and never raised. `given` are the probabilities of all causes with
    it and without it, which the new probability mixes.
    """
    left = now.mean / max(first.mean, SCORE_NOISE)
    if_right = 1.0 - NormalDist(expected.left, expected.spread).cdf(left)
    if_wrong = 1.0 - NormalDist(LEFT_WHEN_WRONG, SPREAD_WHEN_WRONG).cdf(left)
    ratio = min(if_right / max(if_wrong, 1e-12), 1.0)
    after = before * ratio / (before * ratio + 1.0 - before)
    present, absent = given
    return {name: after * present[name] + (1.0 - after) * absent[name] for name in present}
