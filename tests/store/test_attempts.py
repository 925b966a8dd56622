"""Attempts to sign in, counted in the database; hashes renewed; the trail read backwards."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from crural.store import AttemptLimit, Store
from tests.store.conftest import Opener
from tests.store.kept import WHO, HandClock

SECOND = dt.timedelta(seconds=1)
LIMIT = AttemptLimit(
    free=3,
    window=dt.timedelta(hours=1),
    first_wait=dt.timedelta(seconds=100),
    longest_wait=dt.timedelta(seconds=500),
)
START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


def test_attempts_beyond_the_free_ones_wait_for_each_key_of_its_own(store: Store) -> None:
    for _ in range(LIMIT.free):
        assert not store.admit_attempt({"name": LIMIT, "address": LIMIT})
    wait = store.admit_attempt({"name": LIMIT})
    assert dt.timedelta(0) < wait <= LIMIT.first_wait
    assert store.admit_attempt({"address": LIMIT, "another": LIMIT})
    assert not store.admit_attempt({"another": LIMIT})


def test_what_has_to_wait_is_not_counted(store: Store, clock: HandClock) -> None:
    for _ in range(LIMIT.free):
        store.admit_attempt({"name": LIMIT})
    for _ in range(10):
        assert store.admit_attempt({"name": LIMIT})
    clock.now += LIMIT.first_wait
    assert not store.admit_attempt({"name": LIMIT})


def test_two_programs_count_together(opened: Opener, url: URL) -> None:
    first, second = opened(url), opened(url)
    for at in range(LIMIT.free):
        assert not (first, second)[at % 2].admit_attempt({"name": LIMIT})
    assert first.admit_attempt({"name": LIMIT})
    assert second.admit_attempt({"name": LIMIT})


def test_success_forgives_all_of_one_key_and_the_latest_of_the_other(store: Store) -> None:
    for _ in range(LIMIT.free):
        store.admit_attempt({"name": LIMIT, "address": LIMIT})
    store.forgive_attempts(all_of="name", last_of="address")
    assert not store.admit_attempt({"name": LIMIT})
    assert not store.admit_attempt({"address": LIMIT})
    assert store.admit_attempt({"address": LIMIT})
    store.forgive_attempts(all_of="nobody", last_of="nobody")


def test_attempts_leave_nothing_in_the_trail(store: Store) -> None:
    store.admit_attempt({"name": LIMIT})
    assert [entry.action for entry in store.audit()] == ["store-created"]


@given(
    before=st.lists(st.integers(-10_000, 10_000), max_size=60),
    later=st.integers(0, 10_000),
)
def test_no_wait_is_longer_than_the_longest_and_waiting_shortens_it(
    before: list[int], later: int
) -> None:
    moments = [START + at * SECOND for at in before]
    wait = LIMIT.wait(moments, START)
    assert dt.timedelta(0) <= wait <= LIMIT.longest_wait
    past = [at for at in moments if at <= START]
    waited = LIMIT.wait(past, START + later * SECOND)
    assert waited <= max(dt.timedelta(0), LIMIT.wait(past, START) - later * SECOND)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(2, 0), (3, 100), (4, 200), (5, 400), (6, 500), (500, 500)]
)
def test_each_wait_is_twice_the_one_before(attempts: int, seconds: int) -> None:
    assert LIMIT.wait([START] * attempts, START) == seconds * SECOND


def test_a_renewed_hash_is_in_the_trail_and_signs_nobody_out(store: Store) -> None:
    user = store.add_user("Ana", "clinician", "old", who=WHO)
    session = store.start_session(user.id, lifetime=dt.timedelta(days=1))
    store.renew_hash(user.id, old="old", new="new", who=user.id)
    store.renew_hash(user.id, old="old", new="newer", who=user.id)
    found = store.credentials("Ana")
    assert found is not None
    assert found.password_hash == "new"
    assert store.session(session.token) == session
    assert [entry.action for entry in store.audit()][-2:] == ["session-started", "user-changed"]
    assert store.verify_audit().intact


def test_the_trail_is_read_backwards(store: Store) -> None:
    for name in ("Ana", "Bea", "Cia"):
        store.add_user(name, "viewer", "h", who=WHO)
    assert [one.seq for one in store.latest_audit(limit=3)] == [4, 3, 2]
    assert [one.seq for one in store.latest_audit(before=2)] == [1]
    assert store.latest_audit(patient_id="nobody") == ()
