"""How bad the pain is: of the scores and the severity that was stated, what is later."""

from __future__ import annotations

from typing import Any

import pytest

from crural.candidacy import candidacy_for
from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.rules import Patient, Truth

STATED = {"finding": "pain-severity", "value": 7.5, "unit": "{NRS}"}
SCORE = {"date": "2026-04-01", "nrs": 3}


def patient(knowledge: Knowledge, **parts: Any) -> Patient:
    raw = {"age": 59, "sex": "male", "side": "left", "as_of": "2026-05-01", **parts}
    return Patient(facts_of(record_from_data(raw, knowledge.vocabulary, "test"), knowledge))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, (0, 10)),
        ({"observations": [STATED]}, (7.5, 7.5)),
        ({"pain_scores": [SCORE]}, (3, 3)),
        ({"observations": [STATED], "pain_scores": [SCORE]}, (7.5, 7.5)),
        ({"observations": [STATED], "pain_scores": [{"date": "2026-05-01", "nrs": 3}]}, (3, 3)),
        ({"observations": [{**STATED, "date": "2026-03-01"}], "pain_scores": [SCORE]}, (3, 3)),
        ({"observations": [STATED], "pain_scores": [{"day": 4, "nrs": 3}]}, (3, 3)),
    ],
)
def test_the_pain_is_the_latest_that_was_told(
    knowledge: Knowledge, parts: dict[str, Any], expected: tuple[float, float]
) -> None:
    assert patient(knowledge, **parts).pain_score == expected


def test_a_grade_of_severity_leaves_its_limits_open(knowledge: Knowledge) -> None:
    severe = patient(knowledge, observations=[{"finding": "pain-severity", "state": "severe"}])
    mild = patient(knowledge, observations=[{"finding": "pain-severity", "state": "mild"}])

    assert severe.pain_score == (7.0, 10.0)
    assert mild.pain_score[0] == 0.0
    assert 3.9 < mild.pain_score[1] < 4.0


def line(knowledge: Knowledge, name: str, **parts: Any) -> Truth:
    lists = candidacy_for("stimulation", patient(knowledge, **parts)).sets
    return next(c.truth for one in lists for c in one.criteria if c.item.id == name)


def test_the_line_of_pain_reads_the_severity_that_was_entered(knowledge: Knowledge) -> None:
    assert line(knowledge, "pain-at-least-5", observations=[STATED]) is Truth.MET
    assert line(knowledge, "pain-at-least-5") is Truth.UNKNOWN


@pytest.mark.parametrize(
    "parts",
    [
        {"observations": [{"finding": "lumbar-surgery-previous", "present": True}]},
        {"treatments": [{"what": "disc operation", "response": "none"}]},
    ],
)
def test_the_line_of_surgery_reads_an_operation_however_it_was_entered(
    knowledge: Knowledge, parts: dict[str, Any]
) -> None:
    assert line(knowledge, "surgery-done-or-not-open", **parts) is Truth.MET
