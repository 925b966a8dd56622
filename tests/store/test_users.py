"""Users, sign-in sessions."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import URL

from crural.store import BusyError, NotFoundError, Store, StoreError, TakenError, users
from tests.store.kept import RECORD, WHO, HandClock, rows

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad"])
def test_no_name_holds_signs_that_nobody_sees(store: Store, sign: str) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    patient = store.create_patient("A", RECORD, who=WHO).info.patient_id
    for attempt in (
        lambda: store.add_user(f"A{sign}na", "viewer", "h", who=WHO),
        lambda: store.change_user(user.id, name=f"Ana{sign}B", who=WHO),
        lambda: store.create_patient(f"A{sign}B", RECORD, who=WHO),
        lambda: store.rename_patient(patient, f"A{sign}B", who=WHO),
    ):
        with pytest.raises(StoreError, match=f"invisible sign U\\+{ord(sign):04X}"):
            attempt()


def test_a_password_replaced_meanwhile_opens_no_session_and_replaces_nothing(store: Store) -> None:
    user = store.add_user("Ana", "clinician", "h1", who=WHO)
    session = store.start_session(user.id, lifetime=DAY, password_hash="h1")
    store.set_password(user.id, "h2", instead_of="h1", who=WHO)
    assert store.session(session.token) is None
    before = store.audit_head()
    with pytest.raises(TakenError, match="changed in the meantime"):
        store.start_session(user.id, lifetime=DAY, password_hash="h1")
    with pytest.raises(TakenError, match="changed in the meantime"):
        store.set_password(user.id, "h3", instead_of="h1", who=WHO)
    assert store.audit_head() == before
    assert store.start_session(user.id, lifetime=DAY, password_hash="h2").user == user


def test_a_user_is_found_by_name_whatever_the_capitals(store: Store) -> None:
    user = store.add_user("Ana", "clinician", "hash-1", who=WHO)
    for name in ("Ana", " ana ", "ANA"):
        found = store.credentials(name)
        assert found is not None
        assert (found.user, found.password_hash) == (user, "hash-1")
        assert "hash-1" not in repr(found)
    assert store.user(user.id) == user


@pytest.mark.parametrize("name", ["", "nobody", "\x00", "\ud800", "x" * 100_000])
def test_a_name_that_is_nobody_s_has_no_credentials(store: Store, name: str) -> None:
    store.add_user("Ana", "clinician", "hash-1", who=WHO)
    assert store.credentials(name) is None


def test_a_name_belongs_to_one_user(store: Store) -> None:
    store.add_user("Ana", "clinician", "h", who=WHO)
    bea = store.add_user("Bea", "viewer", "h", who=WHO)
    with pytest.raises(TakenError):
        store.add_user("ANA", "viewer", "h", who=WHO)
    with pytest.raises(TakenError):
        store.change_user(bea.id, name="ana", who=WHO)
    assert store.change_user(bea.id, name="BEA", who=WHO).name == "BEA"
    assert [one.name for one in store.users()] == ["Ana", "BEA"]


def test_the_last_admin_stays_one(store: Store) -> None:
    first = store.add_user("Ana", "admin", "h", who=WHO)
    with pytest.raises(StoreError, match="last active admin"):
        store.change_user(first.id, role="viewer", who=WHO)
    with pytest.raises(StoreError, match="last active admin"):
        store.change_user(first.id, active=False, who=WHO)
    store.change_user(first.id, role="admin", active=True, who=WHO)
    assert store.change_user(first.id, who=WHO) == first
    store.add_user("Bea", "admin", "h", who=WHO)
    assert store.change_user(first.id, role="viewer", who=WHO).role == "viewer"
    assert store.verify_audit().intact


def test_a_session_lasts_until_it_runs_out(store: Store, clock: HandClock) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    assert store.session(session.token) == session
    assert session.token not in repr(session)
    clock.now += DAY
    assert store.session(session.token) is None
    store.start_session(user.id, lifetime=DAY)


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "\ud800"])
def test_a_token_that_never_was_leads_nowhere(store: Store, token: str) -> None:
    assert store.session(token) is None
    store.end_session(token, who=WHO)
    assert [one.action for one in store.audit()] == ["store-created"]


def test_a_session_does_not_last_for_years_because_the_clock_was_set_back(
    store: Store, clock: HandClock
) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    clock.now -= dt.timedelta(hours=12)
    assert store.session(session.token) == session
    clock.now -= dt.timedelta(days=365)
    assert store.session(session.token) is None
    clock.now += dt.timedelta(days=365)
    assert store.session(session.token) == session


def test_signing_out_ends_the_session(store: Store) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    one, two = (store.start_session(user.id, lifetime=DAY) for _ in range(2))
    store.end_session(one.token, who=user.id)
    assert store.session(one.token) is None
    assert store.session(two.token) == two


def test_another_password_signs_out_everywhere(store: Store) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    store.set_password(user.id, "h2", who=WHO)
    assert store.session(session.token) is None
    found = store.credentials("ana")
    assert found is not None
    assert found.password_hash == "h2"


def test_an_inactive_user_is_signed_out_and_stays_out(store: Store) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    store.change_user(user.id, active=False, who=WHO)
    assert store.session(session.token) is None
    assert store.credentials("Ana") is None
    with pytest.raises(NotFoundError):
        store.start_session(user.id, lifetime=DAY)
    assert store.change_user(user.id, active=True, who=WHO).active


def test_the_database_knows_no_token(store: Store, url: URL) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    assert session.token not in str(rows(url, "sessions"))


def test_a_user_who_is_not_there_is_not_found(store: Store) -> None:
    for ask in (store.user, lambda user_id: store.set_password(user_id, "h", who=WHO)):
        with pytest.raises(NotFoundError):
            ask("nobody")


def test_a_session_ends_when_nobody_uses_it(store: Store, clock: HandClock) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    used, left = (store.start_session(user.id, lifetime=DAY) for _ in range(2))
    for _ in range(3):
        clock.now += HOUR - dt.timedelta(minutes=5)
        assert store.session(used.token, idle=HOUR) is not None
    assert store.session(left.token, idle=HOUR) is None
    # Without a limit, or a longer one, it goes on.
    assert store.session(left.token) is not None
    assert store.session(left.token, idle=DAY) is not None
    clock.now += DAY
    assert store.session(used.token, idle=2 * DAY) is None


def test_a_look_that_does_not_count_makes_a_session_no_longer(
    store: Store, clock: HandClock
) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    clock.now += HOUR / 2
    assert store.session(session.token, idle=HOUR, counts=False) == session
    clock.now += HOUR / 2
    assert store.session(session.token, idle=HOUR, counts=False) is None


def test_use_of_a_session_is_noted_now_and_then_and_not_each_time(
    store: Store, clock: HandClock, url: URL
) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    noted = set()
    for _ in range(50):
        clock.now += dt.timedelta(seconds=6)
        assert store.session(session.token, idle=HOUR) is not None
        noted.add(str(rows(url, "sessions")))
    assert len(noted) == 6
    assert [one.action for one in store.audit()][-1] == "session-started"


def test_a_clock_that_was_set_back_ends_no_session_and_makes_none_longer(
    store: Store, clock: HandClock
) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    clock.now -= 3 * HOUR
    assert store.session(session.token, idle=HOUR) is not None
    clock.now += HOUR
    assert store.session(session.token, idle=HOUR) is None


def test_a_session_that_cannot_be_noted_is_good_all_the_same(
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = store.add_user("Ana", "clinician", "h", who=WHO)
    session = store.start_session(user.id, lifetime=DAY)
    clock.now += HOUR / 2

    def busy(*_: object) -> None:
        raise BusyError(file="x", problem="is busy", remedy="wait")

    monkeypatch.setattr(users, "note_seen", busy)
    assert store.session(session.token, idle=HOUR) is not None
