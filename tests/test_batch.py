"""Many records at once get the answers that each gets alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crural import batch
from crural.assessment import assess
from crural.batch import posterior_of, posteriors_of
from crural.knowledge import load_knowledge
from crural.record import Record, record_from_data

KNOWLEDGE = load_knowledge()


def record(number: int) -> Record:
    present = ["pain-groin"] if number % 2 else ["pain-low-back", "slr-positive"]
    data = {"id": f"r{number}", "age": 40 + number, "sex": "male", "side": "left"}
    return record_from_data({**data, "present": present}, KNOWLEDGE.vocabulary, "a test")


def test_a_record_gets_the_probabilities_of_its_assessment() -> None:
    alone = assess(record(3), KNOWLEDGE).diagnosis
    found = posterior_of(record(3), KNOWLEDGE)
    assert found.record_id == "r3"
    assert found.probability == alone.probability
    assert found.error_bound == alone.error_bound


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_give_the_same_answers_in_the_same_order(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "CHUNK", 3)
    records = [record(i) for i in range(8)]
    found = list(posteriors_of(records, KNOWLEDGE, workers=workers))
    assert found == [posterior_of(one, KNOWLEDGE) for one in records]


def test_no_records_give_no_answers() -> None:
    assert list(posteriors_of([], KNOWLEDGE, workers=2)) == []


def test_records_are_taken_from_a_stream_as_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "CHUNK", 1)
    monkeypatch.setattr(batch, "AHEAD", 1)
    taken: list[int] = []

    def stream() -> Iterator[Record]:
        for i in range(20):
            taken.append(i)
            yield record(i)

    first = next(posteriors_of(stream(), KNOWLEDGE, workers=2))
    assert first.record_id == "r0"
    assert len(taken) < 20


def test_all_cores_are_used_when_nothing_is_said() -> None:
    [found] = posteriors_of([record(0)], KNOWLEDGE)
    assert found == posterior_of(record(0), KNOWLEDGE)
