"""A record together with the patient's diary: its pain scores, and its trial of stimulation."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from statistics import fmean

from crural.record import PainScore, Record, Treatment
from crural.record.consistency import check_dates
from crural.record.field_error import FieldError
from crural.record.model import MOST_PAIN_SCORES

_OLDEST = 120
# What a trial of stimulation that is taken from a diary is called, and how records call one.
TRIAL = "spinal cord stimulation (trial of the diary)"
_STIMULATION = re.compile(
    r"\bscs\b|\bdrg|spinal.cord.stim|dorsal.root.ganglion.stim|high.frequency.stim|hf.?10|"
    r"burst.stim|neurostimulat",
    re.IGNORECASE,
)


def with_diary(
    record: Record, scored: Iterable[tuple[dt.datetime, float]], today: dt.date
) -> Record:
    """The record with the scores (time, 0 to 10) of a diary among its own, in order of date.

    A score that stands in both is one score: a day has each number as often as that of the two
    which has it oftener, so that adding a diary twice adds nothing. Scores by the number of a day
    stay as they are. `as_of` moves on to the last score, since a record holds nothing later, and
    the patient grows older with it. What no record can hold is left out: scores after tomorrow
    (somewhere it is tomorrow already), before birth and after the age of 120; and where there are
    too many, the oldest of the diary.
    """
    tomorrow = today + dt.timedelta(days=1)
    first = (record.as_of or tomorrow).year - int(record.age) - 1
    last = 9999 if record.as_of is None else record.as_of.year + int(_OLDEST - record.age) - 1

    def holds(day: dt.date) -> bool:
        known = record.as_of is not None and day <= record.as_of
        return first <= day.year and day <= tomorrow and (known or day.year <= last)

    told = Counter((at.date(), float(nrs)) for at, nrs in scored if holds(at.date()))
    told -= Counter((score.date, score.nrs) for score in record.pain_scores if score.date)
    room = MOST_PAIN_SCORES - len(record.pain_scores)
    added = [PainScore(date=day, nrs=nrs) for day, nrs in sorted(told.elements())]
    added = added[max(len(added) - room, 0) :]
    if not added:
        return record
    counted = [score for score in record.pain_scores if score.date is None]
    dated = [score for score in record.pain_scores if score.date is not None]
    # The sort is stable: what the record says of a day comes before what the diary adds to it.
    dated = sorted([*dated, *added], key=_date)
    merged = record.model_copy(update={"pain_scores": (*counted, *dated)})
    return _moved_on(merged, max(_date(score) for score in added))


def with_trial(record: Record, told: Iterable[tuple[dt.datetime, float | None, str]]) -> Record:
    """The record with the trial of stimulation that a diary tells of, as something tried.

    `told` are the entries of the diary that belong to a phase of a trial: time, pain score, and
    baseline, trial or after. Relief is the mean of the scores in the trial against that before it.
    A trial that the record holds stays as it is, but for what it leaves open: its days and its
    relief. Days after that of the record are left out, since nothing tried lies later.
    """
    told = [one for one in told if record.as_of is None or one[0].date() <= record.as_of]
    days = [at.date() for at, _, phase in told if phase == "trial"]
    if not days:
        return record
    held = [one for one in record.treatments if _STIMULATION.search(one.what)]
    relief = _relief(told)
    if not held:
        trial = Treatment(what=TRIAL, start=min(days), stop=max(days), relief_percent=relief)
        return record.model_copy(update={"treatments": (*record.treatments, trial)})
    if len(held) > 1 or _is_judged(held[0]):
        return record
    dates = {"start": min(days), "stop": max(days)}
    known = {name: getattr(held[0], name) for name in dates if getattr(held[0], name) is not None}
    same = all(min(days) <= day <= max(days) for day in known.values())
    if held[0].days is not None or not same:
        dates = {}
    full = held[0].model_copy(update={**dates, **known, "relief_percent": relief})
    treatments = (full if one is held[0] else one for one in record.treatments)
    return record.model_copy(update={"treatments": tuple(treatments)})


def _is_judged(trial: Treatment) -> bool:
    told = (trial.response, trial.relief_percent, trial.stopped_because)
    return any(one is not None for one in told)


def _relief(told: Iterable[tuple[dt.datetime, float | None, str]]) -> float | None:
    """By how many per cent the pain was less in the trial than before it; None where unknown."""
    scores: dict[str, list[float]] = {"baseline": [], "trial": [], "after": []}
    for _, nrs, phase in told:
        if nrs is not None:
            scores[phase].append(nrs)
    if not scores["trial"] or not any(scores["baseline"]):
        return None
    left = fmean(scores["trial"]) / fmean(scores["baseline"])
    return round(100.0 * max(1.0 - left, 0.0), 1)


def _moved_on(record: Record, to: dt.date) -> Record:
    """The record as of a later date, the patient as much older as its dates ask for."""
    if record.as_of is None or to <= record.as_of:
        return record
    birthdays = to.year - record.as_of.year
    reached = (to.month, to.day) >= (record.as_of.month, record.as_of.day)
    years = birthdays if reached else birthdays - 1
    older = record.model_copy(update={"as_of": to, "age": record.age + years})
    try:
        check_dates(older, to, "as_of")
    except FieldError:
        # Born late in the year: this birthday has passed too.
        return older.model_copy(update={"age": record.age + years + 1})
    return older


def _date(score: PainScore) -> dt.date:
    return score.date or dt.date.min
