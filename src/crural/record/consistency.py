"""Whether the parts of a record agree with each other and with the calendar."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from crural.record.field_error import FieldError, Place, shown
from crural.record.sides import PainfulSide, places_covered

if TYPE_CHECKING:
    from crural.record.model import Observation, Record

_PARTLY_A_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")


def check_dates(record: Record, latest: dt.date, called: str) -> None:
    """Every date lies between the patient's birth and `latest`. Raises FieldError.

    Both ends catch slips of a typed year (2062 or 1926 for 2026), which would otherwise turn a
    fresh symptom into an old one. `called` says what `latest` is.
    """
    # A patient of 46 years may turn 47 tomorrow.
    years_lived = int(record.age) + 1
    for place, date in _dates(record):
        if date > latest:
            raise FieldError(
                place,
                f"{date} lies in the future (after {called}, {latest})",
                "correct the date" + (", or as_of" if called == "as_of" else ""),
            )
        if latest.year - date.year > years_lived:
            raise FieldError(
                place,
                f"{date} lies before the birth of a patient of {record.age:g} years",
                "correct the date or the age",
            )


def _dates(record: Record) -> Iterator[tuple[Place, dt.date]]:
    for i, observation in enumerate(record.observations):
        if observation.onset is not None:
            yield ("observations", i, "onset"), observation.onset
        if observation.date is not None:
            yield ("observations", i, "date"), observation.date
    for i, treatment in enumerate(record.treatments):
        if treatment.start is not None:
            yield ("treatments", i, "start"), treatment.start
        if treatment.stop is not None:
            yield ("treatments", i, "stop"), treatment.stop
    for i, illness in enumerate(record.illnesses):
        begun = None if illness.since is None else _first_day(illness.since)
        if begun is not None:
            yield ("illnesses", i, "since"), begun
    for i, score in enumerate(record.pain_scores):
        if score.date is not None:
            yield ("pain_scores", i, "date"), score.date


def _first_day(since: str) -> dt.date | None:
    """The first day of '2015', '2015-03' or '2015-03-01'; None for other words."""
    match = _PARTLY_A_DATE.match(since)
    if match is None:
        return None
    try:
        return dt.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None


def check_contradictions(
    observations: Sequence[Observation],
    painful: PainfulSide | None,
    grade: Callable[[Observation], str | None] = lambda observation: observation.state,
) -> None:
    """No two observations say different things of the same finding at the same place and time.

    Two that differ are a course over time only when each has its own date; which of two undated
    ones holds, nobody could tell. `grade` gives the state of an observation, so that a caller who
    knows the vocabulary can compare a state with a value. Raises FieldError at the second of two.
    """
    by_finding: defaultdict[str, list[int]] = defaultdict(list)
    for i, observation in enumerate(observations):
        by_finding[observation.finding].append(i)
    for positions in by_finding.values():
        for i, j in combinations(positions, 2):
            first, second = observations[i], observations[j]
            if (
                not _are_at_different_times(first, second)
                and _differ(first, second, grade)
                and _share_a_place(first, second, painful)
            ):
                raise FieldError(
                    ("observations", j),
                    f"{shown(second.finding)} is {_said(second)} here and {_said(first)} elsewhere "
                    f"in this record{_when(first, second)}",
                    "keep the one that holds, or give each its own date or side",
                )


def _are_at_different_times(first: Observation, second: Observation) -> bool:
    return first.date is not None and second.date is not None and first.date != second.date


def _differ(
    first: Observation, second: Observation, grade: Callable[[Observation], str | None]
) -> bool:
    if first.value is not None and second.value is not None:
        return first.unit == second.unit and first.value != second.value
    if first.present is not None and second.present is not None:
        return first.present != second.present
    grades = grade(first), grade(second)
    return None not in grades and grades[0] != grades[1]


def _share_a_place(first: Observation, second: Observation, painful: PainfulSide | None) -> bool:
    return not places_covered(first.side, painful).isdisjoint(places_covered(second.side, painful))


def _said(observation: Observation) -> str:
    if observation.present is not None:
        return "present" if observation.present else "absent"
    if observation.state is not None:
        return observation.state
    return f"{observation.value:g} {observation.unit}"


def _when(first: Observation, second: Observation) -> str:
    if first.date is not None and second.date is not None:
        return f", both on {first.date}"
    return ""
