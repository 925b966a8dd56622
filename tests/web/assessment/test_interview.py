"""The next question: the most probable emergency first, then what tells most."""

from __future__ import annotations

import dataclasses

import pytest

from crural.assessment import assess
from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.report.as_json import as_data
from crural.web.assessment.draft import Draft, draft_of
from crural.web.assessment.interview import ANSWERED_BY, Question, next_question
from crural.web.live import Answered

ROOT_PAIN = {
    "age": 38,
    "sex": "male",
    "side": "left",
    "present": ["pain-radiating-below-knee", "slr-positive", "sensory-loss-s1"],
    "observations": [{"finding": "pain-duration", "value": 6, "unit": "weeks"}],
}


@pytest.fixture(scope="module")
def root_pain(knowledge: Knowledge) -> tuple[Draft, Answered]:
    record = record_from_data(ROOT_PAIN, knowledge.vocabulary, "test")
    assessment = assess(record, knowledge)
    return draft_of(record), Answered(record, assessment, as_data(assessment))


def asked(draft: Draft, answered: Answered, knowledge: Knowledge, most: int = 12) -> list[Question]:
    """The questions that follow each other when every answer is "not known"."""
    found: list[Question] = []
    while len(found) < most and (question := next_question(draft, answered, knowledge)):
        found.append(question)
        draft = draft.skipping(question.finding.id)
    return found


def test_emergencies_come_before_all_else_and_the_most_probable_of_them_first(
    root_pain: tuple[Draft, Answered], knowledge: Knowledge
) -> None:
    draft, answered = root_pain
    questions = asked(draft, answered, knowledge)
    urgent = [q for q in questions if "emergency" in q.why]

    assert questions[: len(urgent)] == urgent
    assert "cauda equina" in urgent[0].why


def test_what_is_improbable_as_an_emergency_is_not_asked_first(
    root_pain: tuple[Draft, Answered], knowledge: Knowledge
) -> None:
    draft, answered = root_pain
    nothing_urgent = dataclasses.replace(
        answered,
        assessment=dataclasses.replace(
            answered.assessment,
            diagnosis=dataclasses.replace(
                answered.assessment.diagnosis,
                probability=dict.fromkeys(answered.assessment.diagnosis.probability, 1e-4),
            ),
        ),
    )

    assert not any("emergency" in q.why for q in asked(draft, nothing_urgent, knowledge))


def test_what_an_examination_has_shown_is_not_asked(
    root_pain: tuple[Draft, Answered], knowledge: Knowledge
) -> None:
    draft, answered = root_pain
    names = {q.finding.id for q in asked(draft, answered, knowledge, most=60)}
    assert names.isdisjoint({"numbness-leg", "numbness-foot"})


def test_what_an_alert_wants_to_know_only_once_it_is_raised_is_not_asked(
    knowledge: Knowledge,
) -> None:
    data = {"age": 54, "sex": "female", "side": "left", "drugs": ["oxycodone"]}
    record = record_from_data(data, knowledge.vocabulary, "one")
    draft = draft_of(record)
    assessment = assess(record, knowledge)
    answered = Answered(record, assessment, as_data(assessment))
    assert "opioid-overdose" in {alert.id for alert in answered.assessment.open_alerts}
    names = {q.finding.id for q in asked(draft, answered, knowledge, most=60)}
    assert "pump-in-place" not in names


def test_signs_that_answer_a_question_are_findings(knowledge: Knowledge) -> None:
    for question, signs in ANSWERED_BY.items():
        assert {question, *signs} <= knowledge.findings.keys()


def test_no_question_is_asked_twice_and_none_whose_answer_is_known(
    root_pain: tuple[Draft, Answered], knowledge: Knowledge
) -> None:
    draft, answered = root_pain
    names = [q.finding.id for q in asked(draft, answered, knowledge, most=60)]

    assert len(names) == len(set(names))
    assert not set(names) & {fact for fact, _ in answered.assessment.facts.table}


def test_without_age_and_sex_only_the_painted_shape_asks(knowledge: Knowledge) -> None:
    assert next_question(Draft(), None, knowledge) is None
