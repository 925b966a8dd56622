"""The pain scores of a record together with those of the patient's diary."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from crural.record import PainScore, Record
from crural.record.consistency import check_dates
from crural.record.field_error import FieldError
from crural.record.model import MOST_PAIN_SCORES

_OLDEST = 120


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
