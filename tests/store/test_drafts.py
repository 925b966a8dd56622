"""Assessments in work, kept between two requests and for as long as a restart takes."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import URL

from crural.store import ConflictError, KeptDraft, NotFoundError, Store, StoreError, TakenError
from crural.store.drafts import DAYS_OF_WORK, KEPT_FOR, LEFT_ALONE_DAYS, MOST_STEPS_BACK
from tests.store.conftest import Opener
from tests.store.kept import RECORD, WHO, HandClock, aged, rows

DESK = "desk-of-a-new-patient-"


def begun(store: Store, desk: str = DESK, who: str = WHO) -> KeptDraft:
    store.begin_draft(desk, "{}", "nothing", who=who)
    kept = store.draft(desk, who=who)
    assert kept is not None
    return kept


def changed(store: Store, content: str, desk: str = DESK, who: str = WHO) -> KeptDraft:
    before = store.draft(desk, who=who) or begun(store, desk, who)
    after = store.change_draft(
        desk, content, content, revision=before.revision, tab="tab-1", who=who
    )
    assert after is not None
    return after


def saved(store: Store, content: str = "saved") -> str:
    """A patient saved from a desk."""
    changed(store, content)
    return store.save_draft(DESK, RECORD, content, label="A", who=WHO).info.patient_id


def test_a_change_is_there_after_the_store_was_opened_anew(
    store: Store, url: URL, opened: Opener
) -> None:
    kept = changed(store, "one")
    assert kept.unsaved
    assert kept.can_undo
    assert opened(url).draft(DESK, who=WHO) == kept


def test_each_person_has_a_desk_of_their_own(store: Store) -> None:
    changed(store, "one")
    assert store.draft(DESK, who="user-2") is None
    assert [kept.content for kept in store.drafts(who=WHO)] == ["one"]
    assert store.drafts(who="user-2") == ()


def test_a_desk_is_begun_once(store: Store) -> None:
    first = changed(store, "one")
    store.begin_draft(DESK, "{}", "nothing", who=WHO)
    assert store.draft(DESK, who=WHO) == first


def test_a_change_of_what_has_moved_on_changes_nothing(store: Store) -> None:
    before = begun(store)
    changed(store, "one")
    missed = store.change_draft(DESK, "two", "two", revision=before.revision, tab="b", who=WHO)
    assert missed is None
    assert store.undo_draft(DESK, revision=before.revision, tab="b", who=WHO) is None
    kept = store.draft(DESK, who=WHO)
    assert kept is not None
    assert kept.content == "one"


def test_of_many_changes_at_once_each_is_made_on_top_of_another(store: Store) -> None:
    begun(store)

    def add(letter: str) -> None:
        while True:
            kept = store.draft(DESK, who=WHO)
            assert kept is not None
            content = kept.content + letter
            if store.change_draft(DESK, content, content, revision=kept.revision, tab="t", who=WHO):
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, "abcdefgh"))
    kept = store.draft(DESK, who=WHO)
    assert kept is not None
    assert sorted(kept.content[2:]) == list("abcdefgh")


def test_changes_are_taken_back_one_by_one_and_only_so_many_are_kept(store: Store) -> None:
    for n in range(MOST_STEPS_BACK + 5):
        kept = changed(store, str(n))
    for n in reversed(range(4, MOST_STEPS_BACK + 4)):
        assert kept.can_undo
        undone = store.undo_draft(DESK, revision=kept.revision, tab="tab-1", who=WHO)
        assert undone is not None
        assert undone.content == str(n)
        kept = undone
    assert not kept.can_undo
    assert len(rows(store._database.engine.url, "draft_steps")) == 0


def test_a_change_gives_the_draft_as_it_is_then_kept(store: Store, clock: HandClock) -> None:
    kept = begun(store)
    for n in range(MOST_STEPS_BACK + 2):
        clock.now += dt.timedelta(hours=7, microseconds=1)
        kept = changed(store, str(n))
        assert kept == store.draft(DESK, who=WHO)
    for _ in range(MOST_STEPS_BACK + 1):
        clock.now += dt.timedelta(hours=7)
        undone = store.undo_draft(DESK, revision=kept.revision, tab="tab-2", who=WHO)
        assert undone == store.draft(DESK, who=WHO)
        assert undone is not None
        kept = undone


def test_undoing_when_there_is_nothing_to_undo_changes_nothing(store: Store) -> None:
    kept = begun(store)
    assert store.undo_draft(DESK, revision=kept.revision, tab="t", who=WHO) == kept


def test_the_first_save_makes_a_patient_of_the_desk(store: Store) -> None:
    patient = saved(store)
    assert patient == DESK
    kept = store.draft(DESK, who=WHO)
    assert kept is not None
    assert (kept.patient_id, kept.based_on, kept.unsaved) == (DESK, 1, False)
    assert store.version(DESK).record == RECORD
    assert store.verify_audit().intact


def test_going_back_behind_the_save_is_a_change_that_is_not_saved(store: Store) -> None:
    changed(store, "one")
    kept = changed(store, "two")
    store.save_draft(DESK, RECORD, "two", label="A", who=WHO)
    undone = store.undo_draft(DESK, revision=kept.revision, tab="t", who=WHO)
    assert undone is not None
    assert undone.unsaved
    again = store.change_draft(DESK, "two", "two", revision=undone.revision, tab="t", who=WHO)
    assert again is not None
    assert not again.unsaved


def test_what_changed_while_it_was_being_saved_is_not_called_saved(store: Store) -> None:
    changed(store, "one")
    changed(store, "two")
    store.save_draft(DESK, RECORD, "one", label="A", who=WHO)
    kept = store.draft(DESK, who=WHO)
    assert kept is not None
    assert kept.unsaved


def test_the_next_save_is_the_next_version_unless_somebody_saved_meanwhile(store: Store) -> None:
    saved(store)
    store.save_draft(DESK, aged(72), "72", based_on=1, who=WHO)
    with pytest.raises(ConflictError, match="version 2"):
        store.save_draft(DESK, aged(73), "73", based_on=1, who=WHO)
    kept = store.draft(DESK, who=WHO)
    assert kept is not None
    assert kept.based_on == 2
    assert store.version(DESK).record.age == 72


def test_a_save_that_is_refused_leaves_the_draft_as_it_was(store: Store) -> None:
    before = changed(store, "one")
    with pytest.raises(StoreError, match="label"):
        store.save_draft(DESK, RECORD, "one", label=" ", who=WHO)
    assert store.draft(DESK, who=WHO) == before
    assert store.patients() == ()


def test_drafts_leave_no_trace_in_the_audit_trail(store: Store) -> None:
    before = store.audit_head()
    changed(store, "one")
    store.drop_draft(DESK, who=WHO)
    assert store.draft(DESK, who=WHO) is None
    assert store.audit_head() == before


def test_deleting_a_patient_clears_everybodys_desk(store: Store) -> None:
    saved(store)
    store.begin_draft(DESK, "{}", "m", based_on=1, who="user-2")
    changed(store, "of another", who="user-2")
    changed(store, "elsewhere", desk="another-desk-altogether")
    assert store.delete_patient(DESK, who=WHO).erased
    assert store.drafts(who="user-2") == ()
    assert [kept.desk for kept in store.drafts(who=WHO)] == ["another-desk-altogether"]
    assert len(rows(store._database.engine.url, "draft_steps")) == 1


def test_a_deleted_patient_s_words_are_no_longer_in_the_file(sqlite: URL, opened: Opener) -> None:
    store = opened(sqlite)
    changed(store, "Xanthippe once")
    changed(store, "Xanthippe twice")
    store.save_draft(DESK, RECORD, "m", label="A", who=WHO)
    store.delete_patient(DESK, who=WHO)
    from pathlib import Path  # noqa: PLC0415

    file = Path(store.where)
    for kept in (file, file.with_name(f"{file.name}-wal")):
        assert b"Xanthippe" not in (kept.read_bytes() if kept.exists() else b"")


def test_nothing_is_put_on_the_desk_of_a_deleted_or_unknown_patient(store: Store) -> None:
    saved(store)
    store.delete_patient(DESK, who=WHO)
    assert store.was_deleted(DESK)
    for based_on in (None, 1):
        with pytest.raises(NotFoundError):
            store.begin_draft(DESK, "{}", "m", based_on=based_on, who=WHO)
    with pytest.raises(NotFoundError):
        store.begin_draft("no-such-patient-at-all", "{}", "m", based_on=1, who=WHO)
    with pytest.raises(NotFoundError):
        store.begin_draft("no id", "{}", "m", who=WHO)


def test_an_id_is_given_to_one_patient_only(store: Store) -> None:
    saved(store)
    with pytest.raises(TakenError):
        store.save_draft(DESK, RECORD, "m", label="B", who=WHO)
    store.delete_patient(DESK, who=WHO)
    with pytest.raises(TakenError):
        store.save_draft(DESK, RECORD, "m", label="B", who=WHO)


def test_what_nobody_has_touched_for_a_month_is_cleared(store: Store, clock: HandClock) -> None:
    changed(store, "old")
    clock.now += KEPT_FOR - dt.timedelta(days=DAYS_OF_WORK)
    for n in range(DAYS_OF_WORK):
        changed(store, f"young {n}", desk="a-second-desk")
        clock.now += dt.timedelta(days=1)
    assert len(store.drafts(who=WHO)) == 2
    changed(store, "new", desk="a-third-desk")
    assert [kept.content for kept in store.drafts(who=WHO)] == ["new", "young 19"]


@pytest.mark.parametrize("years", [1, -1])
def test_no_draft_is_cleared_because_the_clock_was_set(
    store: Store, clock: HandClock, years: int
) -> None:
    for n in range(DAYS_OF_WORK - 2):
        changed(store, f"{n}", desk=f"the-desk-of-day-{n}")
        clock.now += dt.timedelta(days=1)
    there = len(store.drafts(who=WHO))
    for jump in (years, -years):
        clock.now += jump * dt.timedelta(days=365)
        changed(store, "touched just now", desk=f"after-a-jump-of-{jump}-years")
        there += 1
        # Beginning is what clears.
        begun(store, f"one-more-desk-{jump}")
        there += 1
        assert len(store.drafts(who=WHO)) == there


def test_what_is_too_large_is_refused(store: Store) -> None:
    kept = begun(store)
    with pytest.raises(StoreError, match="too large"):
        store.change_draft(DESK, "x" * 4_000_001, "m", revision=kept.revision, tab="t", who=WHO)


def test_the_newest_records_of_several_patients_are_read_at_once(store: Store) -> None:
    first = store.create_patient("A", RECORD, who=WHO).info.patient_id
    second = store.create_patient("B", RECORD, who=WHO).info.patient_id
    store.save(second, aged(72), based_on=1, who=WHO)
    found = store.newest_records([first, second, "no-such", "no id"])
    assert {one: record.age for one, record in found.items()} == {first: 71, second: 72}


def test_no_word_of_a_draft_shows_in_its_representation(store: Store) -> None:
    assert "Xanthippe" not in repr(changed(store, "Xanthippe"))


def _full(store: Store, most: int = 3) -> None:
    for n in range(most):
        changed(store, f"{n}", desk=f"the-desk-of-number-{n}")


def test_of_too_many_unsaved_the_one_left_alone_for_longest_makes_room(
    store: Store, clock: HandClock
) -> None:
    _full(store)
    # Days on which somebody works, as there are in a week.
    for n in range(LEFT_ALONE_DAYS + 3):
        clock.now += dt.timedelta(days=1)
        changed(store, f"again {n}", desk="the-desk-of-number-0")
    store.begin_draft("one-desk-more-for-her", "{}", "nothing", most=3, who=WHO)
    left = {kept.desk for kept in store.drafts(who=WHO)}
    assert left == {"the-desk-of-number-0", "the-desk-of-number-2", "one-desk-more-for-her"}


def test_nothing_that_was_touched_of_late_makes_room(store: Store, clock: HandClock) -> None:
    _full(store)
    changed(store, "of somebody else", who="user-2")
    # A week by the clock alone is none.
    for jump in (dt.timedelta(days=3), dt.timedelta(days=365)):
        clock.now += jump
        with pytest.raises(StoreError, match="3 assessments are not saved"):
            store.begin_draft("one-desk-more-for-her", "{}", "nothing", most=3, who=WHO)
        assert len(store.drafts(who=WHO)) == 3
    store.drop_draft("the-desk-of-number-1", who=WHO)
    store.begin_draft("one-desk-more-for-her", "{}", "nothing", most=3, who=WHO)
    assert len(store.drafts(who=WHO)) == 3


def test_a_desk_of_which_everything_is_saved_needs_no_room_until_it_is_changed(
    store: Store,
) -> None:
    saved(store, "saved")
    _full(store)
    kept = store.draft(DESK, who=WHO)
    assert kept is not None
    where = {"revision": kept.revision, "tab": "t", "who": WHO}
    with pytest.raises(StoreError, match="not saved"):
        store.change_draft(DESK, "new", "new", most=3, **where)  # type: ignore[arg-type]
    assert store.draft(DESK, who=WHO) == kept
    # What is unsaved already is changed as before.
    other = store.draft("the-desk-of-number-0", who=WHO)
    assert other is not None
    where["revision"] = other.revision
    assert store.change_draft("the-desk-of-number-0", "x", "x", most=3, **where)  # type: ignore[arg-type]
