"""Assessments in work: what each person has on each desk, and the steps that led there.

They are patient data, but not part of the audit trail: what is saved from them is.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from crural.store.asked import an_id
from crural.store.canonical import LONGEST
from crural.store.errors import StoreError
from crural.store.model import KeptDraft
from crural.store.tables import days, draft_steps, drafts, moment_text
from crural.store.writing import Writing

MOST_STEPS_BACK: Final = 30
KEPT_FOR: Final = dt.timedelta(days=30)
# And only after so many days on which people worked on others, as a month has: when the clock is
# set, a month may pass in a moment, but no days of work.
DAYS_OF_WORK: Final = 20
# What may make room for another one when there are that many: nobody would miss what was entered
# today, and then find it gone. Days of work as above.
LEFT_ALONE_FOR: Final = dt.timedelta(days=7)
LEFT_ALONE_DAYS: Final = 5
# Each holds a whole draft: nobody works on so many.
MOST_LISTED: Final = 100
# Built once: these run in every request.
_STEPS = (
    select(func.count())
    .select_from(draft_steps)
    .where(draft_steps.c.who == drafts.c.who, draft_steps.c.desk == drafts.c.desk)
    .scalar_subquery()
)
_ALL = select(drafts, _STEPS.label("steps"))
_ROW = _ALL.where(drafts.c.who == bindparam("who"), drafts.c.desk == bindparam("desk"))
_OWN = (drafts.c.who == bindparam("of"), drafts.c.desk == bindparam("at"))
_OWN_STEPS = (draft_steps.c.who == bindparam("of"), draft_steps.c.desk == bindparam("at"))
_CHANGE = update(drafts).where(*_OWN)
_ADD_STEP = insert(draft_steps)
_LAST_STEP = select(draft_steps).where(*_OWN_STEPS).order_by(draft_steps.c.number.desc()).limit(1)
_TAKE_STEP = delete(draft_steps).where(*_OWN_STEPS, draft_steps.c.number == bindparam("step"))
_OLDEST_STEP_KEPT = (
    select(draft_steps.c.number)
    .where(*_OWN_STEPS)
    .order_by(draft_steps.c.number.desc())
    .offset(MOST_STEPS_BACK - 1)
    .limit(1)
    .scalar_subquery()
)
_TODAY = (
    select(func.max(days.c.number)).scalar_subquery().label("last_day"),
    exists().where(days.c.day == bindparam("today")).label("today_is_noted"),
)
_LAST_DAY = select(*_TODAY)
_ROW_TODAY = _ROW.add_columns(*_TODAY)
_FORGET_STEPS = delete(draft_steps).where(*_OWN_STEPS, draft_steps.c.number < _OLDEST_STEP_KEPT)


def get(connection: Connection, who: str, desk: str) -> KeptDraft | None:
    """What a person has on a desk; None when nothing."""
    row = connection.execute(_ROW, {"who": who, "desk": an_id(desk)}).one_or_none()
    return None if row is None else _draft(row)


def listed(connection: Connection, who: str) -> tuple[KeptDraft, ...]:
    """All that a person has on desks, the one changed last first."""
    query = _ALL.where(drafts.c.who == who).order_by(drafts.c.touched_at.desc()).limit(MOST_LISTED)
    return tuple(_draft(row) for row in connection.execute(query))


def begin(
    w: Writing,
    desk: str,
    content: str,
    mark: str,
    *,
    patient_id: str | None,
    based_on: int | None,
    most: int | None,
) -> None:
    """Put on an empty desk what a patient's version says, or a draft with nothing in it; nothing
    happens when something lies there. What was left alone for too long is cleared on the way.
    `most`: see make_room."""
    clear_old(w)
    if _row(w, desk) is not None:
        return
    make_room(w, most)
    w.connection.execute(
        insert(drafts).values(
            who=w.who,
            desk=desk,
            patient_id=patient_id,
            based_on=based_on,
            content=_fitting(content, w.where),
            mark=mark,
            saved_mark=mark,
            # Not from 0: a desk that was cleared and filled anew must not repeat a revision.
            revision=1 + secrets.randbelow(2**30),
            tab="",
            touched_at=w.now,
            touched_day=_day(w),
        )
    )


def change(
    w: Writing, desk: str, content: str, mark: str, *, revision: int, tab: str, most: int | None
) -> KeptDraft | None:
    """Replace what lies on a desk, as a step that can be taken back; None when its revision is no
    longer `revision`. `most`: see make_room."""
    row = _row(w, desk)
    if row is None or row.revision != revision:
        return None
    if row.mark == row.saved_mark != mark:
        make_room(w, most)
    step = {"number": row.revision, "content": row.content, "mark": row.mark}
    w.connection.execute(_ADD_STEP, {"who": w.who, "desk": desk, **step})
    steps = row.steps + 1
    if steps > MOST_STEPS_BACK:
        w.connection.execute(_FORGET_STEPS, {"of": w.who, "at": desk})
        steps = MOST_STEPS_BACK
    return _set(w, row, content=_fitting(content, w.where), mark=mark, tab=tab, steps=steps)


def undo(w: Writing, desk: str, *, revision: int, tab: str) -> KeptDraft | None:
    """Take the last change back, if there is one; None when the revision is another by now."""
    row = _row(w, desk)
    if row is None or row.revision != revision:
        return None
    own = {"of": w.who, "at": desk}
    step = w.connection.execute(_LAST_STEP, own).one_or_none()
    if step is None:
        return _draft(row)
    w.connection.execute(_TAKE_STEP, {**own, "step": step.number})
    return _set(w, row, content=step.content, mark=step.mark, tab=tab, steps=row.steps - 1)


def settle(w: Writing, desk: str, mark: str, *, patient_id: str, number: int) -> None:
    """Note that what has this mark was saved as a version."""
    w.connection.execute(
        _CHANGE.values(patient_id=patient_id, based_on=number, saved_mark=mark),
        {"of": w.who, "at": desk},
    )


def drop(w: Writing, desk: str) -> None:
    """Clear a desk."""
    for table, own in ((draft_steps, _OWN_STEPS), (drafts, _OWN)):
        w.connection.execute(delete(table).where(*own), {"of": w.who, "at": an_id(desk)})


def remove_all_of(w: Writing, patient_id: str) -> None:
    """Clear every desk that a patient's record lies on."""
    _remove(w, or_(drafts.c.patient_id == patient_id, drafts.c.desk == patient_id))


def clear_old(w: Writing) -> None:
    """Clear what nobody has touched for a month by the clock, with days of work in it."""
    is_old = drafts.c.touched_at < w.now - KEPT_FOR
    _remove(w, and_(is_old, drafts.c.touched_day <= _day(w) - DAYS_OF_WORK))


def make_room(w: Writing, most: int | None) -> None:
    """For one more desk with something unsaved on it. When there are `most` of them, the one left
    alone for longest is cleared. Raises StoreError when all were touched of late."""
    if most is None:
        return
    unsaved = (drafts.c.who == w.who, drafts.c.mark != drafts.c.saved_mark)
    there = w.connection.execute(
        select(drafts.c.desk, drafts.c.touched_at, drafts.c.touched_day)
        .where(*unsaved)
        .order_by(drafts.c.touched_at)
    ).all()
    if len(there) < most:
        return
    oldest = there[0]
    if oldest.touched_at > w.now - LEFT_ALONE_FOR or oldest.touched_day > _day(w) - LEFT_ALONE_DAYS:
        raise StoreError(
            file=w.where,
            problem=f"{most} assessments are not saved, all of them of the last days",
            remedy="save or drop some of them first; the list of patients shows them",
        )
    drop(w, oldest.desk)


def _day(w: Writing) -> int:
    """The number of the last of the days on which people worked, today being one."""
    return _noted_day(w, w.connection.execute(_LAST_DAY, {"today": _today(w)}).one())


def _noted_day(w: Writing, found: Row[Any]) -> int:
    """The same, from a row that was asked for it."""
    if found.today_is_noted:
        return int(found.last_day)
    following = (found.last_day or 0) + 1
    w.connection.execute(insert(days).values(number=following, day=_today(w)))
    return following


def _today(w: Writing) -> str:
    return moment_text(w.now)[:10]


def _remove(w: Writing, which: Any) -> None:
    for row in w.connection.execute(select(drafts.c.who, drafts.c.desk).where(which)).all():
        for table, own in ((draft_steps, _OWN_STEPS), (drafts, _OWN)):
            w.connection.execute(delete(table).where(*own), {"of": row.who, "at": row.desk})


def _row(w: Writing, desk: str) -> Row[Any] | None:
    asked = {"who": w.who, "desk": an_id(desk), "today": _today(w)}
    return w.connection.execute(_ROW_TODAY, asked).one_or_none()


def _set(w: Writing, row: Row[Any], *, content: str, mark: str, tab: str, steps: int) -> KeptDraft:
    """Keep this in place of what a row holds, with so many steps to be taken back. Gives it as it
    then is, without reading it again."""
    changed: dict[str, Any] = {
        "content": content,
        "mark": mark,
        "tab": tab,
        "revision": row.revision + 1,
        "touched_at": w.now,
        "touched_day": _noted_day(w, row),
    }
    w.connection.execute(_CHANGE, {**changed, "of": w.who, "at": row.desk})
    return _draft(row, **changed, steps=steps)


def _fitting(content: str, where: str) -> str:
    if len(content) > LONGEST:
        raise StoreError(
            file=where,
            problem="what is being entered is too large to be kept",
            remedy="keep to what matters for the pain",
        )
    return content


def _draft(row: Row[Any], **changed: Any) -> KeptDraft:
    """The draft of a row, or what it is when that is `changed` in it."""
    said = {**row._mapping, **changed}
    return KeptDraft(
        who=said["who"],
        desk=said["desk"],
        patient_id=said["patient_id"],
        based_on=said["based_on"],
        content=said["content"],
        revision=said["revision"],
        tab=said["tab"],
        unsaved=said["mark"] != said["saved_mark"],
        can_undo=said["steps"] > 0,
        touched_at=said["touched_at"],
    )
