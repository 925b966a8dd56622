"""The audit trail: added to and never rewritten; whoever rewrites it all the same is found out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from crural.store import AuditHead, DamagedError, DiaryValues, NotFoundError, Store
from tests.store.kept import RECORD, WHO, aged, directly

MORNING = dt.datetime(2026, 3, 1, 8)


def dropped(url: URL, *triggers: str) -> list[str]:
    """Statements that break the seals, as somebody who owns the database can."""
    tables = {"versions_not_changed": "versions"}
    if url.get_backend_name() == "sqlite":
        return [f"DROP TRIGGER {name}" for name in triggers]
    names = [name for name in triggers if name != "audit_not_removed"]
    return [f"DROP TRIGGER {name} ON {tables.get(name, 'audit')}" for name in names]


UNSEAL = ("audit_not_changed", "audit_not_removed")


@pytest.fixture
def patient_id(store: Store) -> str:
    """A patient with two versions and an entry, and a user."""
    patient_id = store.create_patient("A", RECORD, who=WHO).info.patient_id
    store.save(patient_id, aged(72), based_on=1, who=WHO)
    store.add_diary(patient_id, DiaryValues(at=MORNING, nrs=7), who=WHO)
    store.add_user("Ana", "viewer", "h", who=WHO)
    return patient_id


def test_it_says_who_did_what_to_what_and_when(store: Store, patient_id: str) -> None:
    store.note("record-exported", who="user-2", patient_id=patient_id, item="2")
    said = [(e.seq, e.who, e.action, e.patient_id, e.item) for e in store.audit()]
    entry, user = store.diary(patient_id)[0], store.users()[0]
    assert said[1:] == [
        (2, WHO, "patient-created", patient_id, None),
        (3, WHO, "version-saved", patient_id, "1"),
        (4, WHO, "version-saved", patient_id, "2"),
        (5, WHO, "diary-added", patient_id, entry.id),
        (6, WHO, "user-added", None, user.id),
        (7, "user-2", "record-exported", patient_id, "2"),
    ]
    assert store.audit()[3].at == store.version(patient_id).info.at
    assert [e.seq for e in store.audit(patient_id=patient_id, after=3, limit=2)] == [4, 5]
    with pytest.raises(NotFoundError):
        store.note("patient-opened", who=WHO, patient_id="nobody")


@pytest.mark.usefixtures("patient_id")
def test_an_untouched_trail_is_intact(store: Store) -> None:
    check = store.verify_audit()
    assert check.intact
    assert (check.entries, check.head) == (6, store.audit_head())


def test_the_same_content_never_has_the_same_digest(store: Store) -> None:
    for label in ("A", "A"):
        store.create_patient(label, RECORD, who=WHO)
    digests = [e.digest for e in store.audit() if e.digest is not None]
    assert len(digests) == len(set(digests)) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'somebody' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 6",
        "DELETE FROM audit",
        "UPDATE versions SET content = '{}'",
        "INSERT INTO audit SELECT seq + 7, at, who, action, patient_id, item, digest, previous,"
        " 'h' FROM audit WHERE seq = 1",
    ],
)
def test_the_database_itself_refuses_to_rewrite_it(
    store: Store, url: URL, patient_id: str, statement: str
) -> None:
    before = store.audit()
    with pytest.raises(DBAPIError, match=r"only ever added to|never changes"):
        directly(url, statement)
    assert store.audit() == before
    assert store.version(patient_id).record == aged(72)


def test_postgresql_refuses_to_empty_it(store: Store, url: URL) -> None:
    if url.get_backend_name() == "postgresql":
        with pytest.raises(DBAPIError, match="only ever added to"):
            directly(url, "TRUNCATE audit")
    else:
        with pytest.raises(DBAPIError, match="only ever added to"):
            directly(url, "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1")
    assert len(store.audit()) == 1


@pytest.mark.usefixtures("patient_id")
@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        ("UPDATE audit SET who = 'somebody' WHERE seq = 3", 3, "does not agree with its hash"),
        ("UPDATE audit SET at = replace(at, '2026', '2025') WHERE seq = 4", 4, "hash"),
        ("UPDATE audit SET digest = NULL WHERE seq = 5", 5, "hash"),
        ("UPDATE audit SET hash = 'h' WHERE seq = 2", 2, "hash"),
        ("UPDATE audit SET previous = 'h' WHERE seq = 2", 2, "follow on"),
        ("DELETE FROM audit WHERE seq IN (3, 4)", 5, "missing between 2 and 5"),
        ("DELETE FROM audit WHERE seq = 1", 2, "missing between 0 and 2"),
    ],
)
def test_an_altered_entry_is_found(
    store: Store, url: URL, statement: str, seq: int, problem: str
) -> None:
    directly(url, *dropped(url, *UNSEAL), statement)
    check = store.verify_audit()
    assert not check.intact
    assert check.broken is not None
    assert check.broken.seq == seq
    assert problem in check.broken.problem
    assert check.entries == check.head.seq


@pytest.mark.usefixtures("patient_id")
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE versions SET content = replace(content, '72', '27')", "version 2"),
        ("UPDATE versions SET who = 'x' WHERE number = 1", "version 1"),
        ("DELETE FROM versions WHERE number = 2", "version 2"),
        ("UPDATE diary SET content = replace(content, '7', '2')", "diary entry"),
        ("DELETE FROM diary", "removed"),
        ("UPDATE patients SET label = 'B'", "patient"),
        ("UPDATE patients SET newest = 1", "newest version"),
        ("UPDATE users SET role = 'admin'", "user"),
        ("UPDATE users SET password_hash = 'x'", "user"),
        ("DELETE FROM users", "removed"),
        (
            "INSERT INTO versions SELECT patient_id, 9, at, who, restores, content, salt"
            " FROM versions WHERE number = 2",
            "not in the audit trail",
        ),
    ],
)
def test_content_altered_behind_the_program_s_back_is_found(
    store: Store, url: URL, statement: str, problem: str
) -> None:
    directly(url, *dropped(url, "versions_not_changed"), statement)
    check = store.verify_audit()
    assert check.broken is not None
    assert check.broken.seq is None
    assert problem in check.broken.problem


def test_a_version_altered_behind_the_program_s_back_is_not_opened(
    store: Store, url: URL, patient_id: str
) -> None:
    altered = "UPDATE versions SET content = replace(content, '72', '27') WHERE number = 2"
    directly(url, *dropped(url, "versions_not_changed"), altered)

    with pytest.raises(DamagedError, match=r"version 2 .* is not what was saved"):
        store.version(patient_id)

    assert store.version(patient_id, 1).record == RECORD


def test_an_end_noted_elsewhere_shows_that_the_trail_was_cut(
    store: Store, url: URL, patient_id: str
) -> None:
    store.note("patient-opened", who=WHO, patient_id=patient_id)
    noted = store.audit_head()
    assert store.verify_audit(noted).intact
    assert store.verify_audit(AuditHead(seq=0, hash="0" * 64)).intact
    directly(url, *dropped(url, *UNSEAL), "DELETE FROM audit WHERE seq = 7")
    # What was cut off had left no other trace, so only the note gives it away.
    assert store.verify_audit().intact
    check = store.verify_audit(noted)
    assert check.broken is not None
    assert (check.broken.seq, "no longer" in check.broken.problem) == (7, True)
    assert not store.verify_audit(replace(noted, seq=2)).intact


def test_each_trail_begins_with_a_name_of_its_own(store: Store) -> None:
    first = store.audit()[0]
    assert first.action == "store-created"
    assert first.item is not None
    assert len(first.item) == 22
