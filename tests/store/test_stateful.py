"""Any sequence of saves, undos, deletions and openings does what a simple model of it does."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from crural.store import ConflictError, DiaryValues, NotFoundError, Store, StoreError, TakenError
from tests.store.kept import WHO, HandClock, aged

AGES = st.integers(0, 120).map(float)
SHM = Path("/dev/shm")
TIMES = st.integers(0, 5).map(lambda h: dt.datetime(2026, 1, 1, h))


@dataclass
class Remembered:
    """A patient, in memory: (age, restores) of each version, and the diary."""

    versions: list[tuple[float, int | None]]
    diary: dict[dt.datetime, float] = field(default_factory=dict)

    def stands(self, number: int) -> int:
        return self.versions[number - 1][1] or number


class StoreMachine(RuleBasedStateMachine):
    """The store on an SQLite file, next to a dictionary."""

    patients = Bundle("patients")

    @initialize()
    def begin(self) -> None:
        # In memory where there is such a disk: thousands of commits would wait for a real one.
        self.folder = tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None)
        self.clock = HandClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
        self.model: dict[str, Remembered] = {}
        self.order: list[str] = []
        self.steps = 0
        self.store = self._opened()

    def _opened(self) -> Store:
        return Store(Path(self.folder.name) / "crural.sqlite3", clock=self.clock)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            assert self.store.verify_audit().intact
            assert self.store.verify_audit().entries == 1 + self.steps
            self.store.close()
            self.folder.cleanup()

    def _moved(self, patient_id: str) -> None:
        self.steps += 1
        self.order = [patient_id, *(one for one in self.order if one != patient_id)]

    @rule(target=patients, age=AGES)
    def create(self, age: float) -> str:
        patient_id = self.store.create_patient("A", aged(age), who=WHO).info.patient_id
        self.model[patient_id] = Remembered([(age, None)])
        self.steps += 1
        self._moved(patient_id)
        return patient_id

    @rule(patient_id=patients, age=AGES, behind=st.integers(0, 2))
    def save(self, patient_id: str, age: float, behind: int) -> None:
        versions = self.model[patient_id].versions
        based_on = len(versions) - behind
        if behind:
            with pytest.raises(ConflictError) as told:
                self.store.save(patient_id, aged(age), based_on=based_on, who=WHO)
            assert told.value.newest.number == len(versions)
            return
        saved = self.store.save(patient_id, aged(age), based_on=based_on, who=WHO)
        versions.append((age, None))
        assert saved.info.number == len(versions)
        self._moved(patient_id)

    @rule(patient_id=patients, number=st.integers(0, 6))
    def restore(self, patient_id: str, number: int) -> None:
        model = self.model[patient_id]
        newest = len(model.versions)
        if not 1 <= number <= newest:
            with pytest.raises(NotFoundError):
                self.store.restore(patient_id, number, based_on=newest, who=WHO)
            return
        self.store.restore(patient_id, number, based_on=newest, who=WHO)
        model.versions.append((model.versions[number - 1][0], model.stands(number)))
        self._moved(patient_id)

    @rule(patient_id=patients)
    def undo(self, patient_id: str) -> None:
        model = self.model[patient_id]
        newest = len(model.versions)
        stands = model.stands(newest)
        if stands == 1:
            with pytest.raises(StoreError, match="nothing to undo"):
                self.store.undo(patient_id, based_on=newest, who=WHO)
            return
        to = model.stands(stands - 1)
        self.store.undo(patient_id, based_on=newest, who=WHO)
        model.versions.append((model.versions[to - 1][0], to))
        self._moved(patient_id)

    @rule(patient_id=patients, at=TIMES, nrs=st.integers(0, 10))
    def write_diary(self, patient_id: str, at: dt.datetime, nrs: int) -> None:
        diary = self.model[patient_id].diary
        values = DiaryValues(at=at, nrs=nrs)
        if diary.get(at, nrs) != nrs:
            with pytest.raises(TakenError):
                self.store.add_diary(patient_id, values, who=WHO)
            return
        self.store.add_diary(patient_id, values, who=WHO)
        self.steps += at not in diary
        diary[at] = nrs

    @rule(patient_id=consumes(patients))
    def delete(self, patient_id: str) -> None:
        assert self.store.delete_patient(patient_id, who=WHO).erased
        del self.model[patient_id]
        self.order.remove(patient_id)
        self.steps += 1

    @rule(hours=st.integers(-10_000, 10_000))
    def turn_the_clock(self, hours: int) -> None:
        self.clock.now += dt.timedelta(hours=hours)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self._opened()

    @invariant()
    def the_store_is_what_was_done(self) -> None:
        if not hasattr(self, "store"):
            return
        assert [one.id for one in self.store.patients()] == self.order
        for patient_id, model in self.model.items():
            numbers = range(1, len(model.versions) + 1)
            assert [
                (one.record.age, one.info.restores)
                for one in (self.store.version(patient_id, n) for n in numbers)
            ] == model.versions
            told = [entry.info.number for entry in self.store.history(patient_id)]
            assert told == list(reversed(numbers))
            diary = {e.values.at: e.values.nrs for e in self.store.diary(patient_id)}
            assert diary == model.diary


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
