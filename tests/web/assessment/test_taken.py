"""What was tried and what is taken now: one list for one thing, and questions where they differ."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.knowledge import Knowledge, load_knowledge
from crural.record import Drug, Treatment
from crural.web.assessment import taken
from crural.web.assessment.draft import Draft
from crural.web.assessment.taken import Answer, Entry, entries_of, is_same, questions_of, settled
from tests.web.conftest import Visitor, text_of

KNOWLEDGE = load_knowledge()


def draft(*tried: dict[str, Any] | str, drugs: tuple[str | dict[str, Any], ...] = ()) -> Draft:
    return Draft(
        age=59,
        sex="female",
        treatments=tuple(Treatment.model_validate(t) for t in tried),
        drugs=tuple(Drug.model_validate(d) for d in drugs),
    )


def asked(of: Draft) -> list[str]:
    return [q.says for q in questions_of(of, KNOWLEDGE)]


def record_of(patient: Visitor) -> dict[str, Any]:
    record: dict[str, Any] = yaml.safe_load(patient.record())
    return record


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gabapentin", "Gabapentin 300 mg", True),
        ("pregabalin", "Lyrica", True),
        ("warfarin", "apixaban", False),
        ("physiotherapy", "physiotherapy", True),
        ("oxycodone", "morphine", False),
        ("xyzzy", "XYZZY ", True),
        ("xyzzy", "xyzzo", False),
    ],
)
def test_two_entries_mean_the_same_by_the_drug_that_they_name(
    one: str, other: str, same: bool
) -> None:
    assert is_same(one, other, KNOWLEDGE) is same


def test_a_drug_in_both_lists_is_one_entry() -> None:
    found = entries_of(
        draft(
            {"what": "gabapentin", "start": "2026-01-01", "response": "partial"},
            "physiotherapy",
            drugs=("ramipril", "Gabapentin"),
        ),
        KNOWLEDGE,
    )
    assert [(e.tried and e.tried.what, e.drug and e.drug.name) for e in found] == [
        ("gabapentin", "Gabapentin"),
        ("physiotherapy", None),
        (None, "ramipril"),
    ]


def test_what_is_over_and_taken_now_is_asked_about() -> None:
    both = draft({"what": "gabapentin", "stop": "2025-05-01"}, drugs=("gabapentin",))
    assert asked(both) == ["gabapentin is said to be over (until 2025-05-01), and to be taken now."]
    [question] = questions_of(both, KNOWLEDGE)
    for answer in question.answers:
        assert asked(settled(both, question.entry, answer)) == []
    again = settled(both, question.entry, "again")
    assert len(again.treatments) == 2
    assert again.treatments[0] == both.treatments[0]
    assert settled(both, question.entry, "going-on").treatments[0].stop is None
    assert settled(both, question.entry, "over").drugs == ()


def test_two_doses_of_one_drug_are_asked_about() -> None:
    both = draft(
        {"what": "gabapentin", "dose": "300 mg three times daily", "start": "2026-01-01"},
        drugs=({"name": "gabapentin", "dose": "600 mg three times daily"},),
    )
    [question] = questions_of(both, KNOWLEDGE)
    assert "300 mg three times daily as tried, 600 mg three times daily as taken" in question.says
    for answer in question.answers:
        assert asked(settled(both, question.entry, answer)) == []
    assert settled(both, question.entry, "dose-both").treatments[0].dose is not None
    same = draft(
        {"what": "gabapentin", "dose": "900 mg a day", "start": "2026-01-01"},
        drugs=({"name": "gabapentin", "dose": "300 mg three times daily"},),
    )
    assert asked(same) == []


def test_one_drug_taken_in_two_forms_is_two_drugs_and_is_asked_about_no_more() -> None:
    both = draft(
        {"what": "morphine", "dose": "10 mg four times daily", "start": "2026-01-01"},
        drugs=({"name": "morphine", "dose": "30 mg twice daily"},),
    )
    [question] = questions_of(both, KNOWLEDGE)
    beside = settled(both, question.entry, "dose-beside")
    assert [drug.dose for drug in beside.drugs] == ["30 mg twice daily", "10 mg four times daily"]
    assert asked(beside) == []
    first, second = entries_of(beside, KNOWLEDGE)
    assert first == Entry(beside.treatments[0], beside.drugs[1])
    assert second == Entry(drug=beside.drugs[0])


def test_a_drug_without_an_end_is_asked_about_and_other_treatments_are_not() -> None:
    open_ = draft({"what": "gabapentin", "start": "2026-01-01"}, "physiotherapy")
    assert asked(open_) == ["Is gabapentin taken now? No end of it is told."]
    [question] = questions_of(open_, KNOWLEDGE)
    for answer in question.answers:
        assert asked(settled(open_, question.entry, answer)) == []
    assert settled(open_, question.entry, "taken").drugs == (Drug(name="gabapentin"),)
    assert asked(draft({"what": "gabapentin", "response": "none"})) == []
    assert asked(draft({"what": "gabapentin", "days": 90})) == []


_DRUG = st.sampled_from(["gabapentin", "Lyrica", "ibuprofen", "warfarin", "xyzzy", "exercise"])
_DOSE = st.sampled_from([None, "300 mg daily", "600 mg daily"])
_TRIED = st.builds(
    lambda what, dose, start, stop, why: Treatment(
        what=what,
        dose=dose,
        start="2026-01-01" if start else None,
        stop="2026-02-01" if stop else None,
        stopped_because="rash" if why else None,
    ),
    *(_DRUG, _DOSE, st.booleans(), st.booleans(), st.booleans()),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_TRIED, max_size=4),
    st.lists(st.builds(Drug, name=_DRUG, dose=_DOSE), max_size=4),
    st.data(),
)
def test_every_fact_stands_once_and_answers_come_to_an_end(
    tried: list[Treatment], drugs: list[Drug], data: st.DataObject
) -> None:
    now = Draft(treatments=tuple(tried), drugs=tuple(drugs))
    found = entries_of(now, KNOWLEDGE)
    assert [e.tried for e in found if e.tried] == tried
    assert sorted(e.drug.name for e in found if e.drug) == sorted(d.name for d in drugs)
    for _ in range(4 * (len(tried) + len(drugs)) + 1):
        question = next(questions_of(now, KNOWLEDGE), None)
        if question is None:
            break
        answer = data.draw(st.sampled_from(sorted(question.answers)))
        now = settled(now, question.entry, answer)
    assert asked(now) == []


@pytest.mark.parametrize("answer", get_args(Answer))
def test_an_answer_about_nothing_changes_nothing(answer: Answer) -> None:
    assert settled(draft("gabapentin"), Entry(), answer) == draft("gabapentin")


def test_a_drug_entered_once_is_taken_now_and_tried_since(patient: Visitor) -> None:
    patient.send(
        "add/treatments",
        name="gabapentin",
        dose="600 mg three times daily",
        taken="yes",
        start="2026-01-05",
        relief="30",
    )
    record = record_of(patient)
    assert [t["what"] for t in record["treatments"]] == ["gabapentin"]
    assert [d["name"] for d in record["drugs"]] == ["gabapentin"]
    page = text_of(patient.page())
    said = "gabapentin, 600 mg three times daily, since 2026-01-05, 30 % relief"
    assert page.count(said) == 1
    assert page.index("Takes now") < page.index(said)


def test_what_is_told_of_a_drug_taken_now_is_tried_too(patient: Visitor) -> None:
    patient.send("add/drugs", name="gabapentin", dose="300 mg daily", start="2026-01-05")
    patient.send("add/drugs", name="ramipril")
    record = record_of(patient)
    assert [t["what"] for t in record["treatments"]] == ["gabapentin"]
    assert [d["name"] for d in record["drugs"]] == ["gabapentin", "ramipril"]


def test_a_drug_that_is_in_the_other_list_joins_it(patient: Visitor) -> None:
    patient.send("add/treatments", name="gabapentin", start="2026-01-05")
    assert "Is gabapentin taken now?" in text_of(patient.page())
    patient.send("add/drugs", name="Gabapentin", dose="300 mg daily")
    page = text_of(patient.page())
    assert "gabapentin, 300 mg daily, since 2026-01-05" in page
    assert "Is gabapentin taken now?" not in page
    # Told the other way round, it is the same.
    patient.send("add/drugs", name="duloxetine", dose="60 mg daily")
    patient.send("add/treatments", name="duloxetine", taken="yes", response="good")
    record = record_of(patient)
    assert [d["name"] for d in record["drugs"]] == ["Gabapentin", "duloxetine"]
    assert "duloxetine, 60 mg daily, good relief" in text_of(patient.page())


def test_a_contradiction_is_settled_on_the_page(patient: Visitor) -> None:
    patient.send("add/drugs", name="gabapentin", dose="300 mg daily")
    update = patient.send(
        "add/treatments", name="gabapentin", start="2024-01-01", stop="2024-03-01", response="none"
    )
    assert "said to be over (until 2024-03-01), and to be taken now" in text_of(update)
    settled_ = patient.send(
        "settle",
        answer="again",
        tried="gabapentin, since 2024-01-01, until 2024-03-01, no relief",
        drug="gabapentin, 300 mg daily",
    )
    assert "said to be over" not in text_of(settled_)
    assert len(record_of(patient)["treatments"]) == 2


def test_what_is_over_cannot_be_entered_as_taken_now(patient: Visitor) -> None:
    update = patient.send("add/treatments", name="gabapentin", taken="yes", stop="2026-01-05")
    assert "to be taken now, and to be over" in text_of(update)
    assert "gabapentin" not in patient.record()


def test_another_dose_is_not_lost_but_asked_about(patient: Visitor) -> None:
    patient.send("add/drugs", name="gabapentin", dose="300 mg daily")
    patient.send("add/treatments", name="gabapentin", dose="600 mg daily", taken="yes")
    assert "Two doses of gabapentin are told" in text_of(patient.page())


def test_what_is_said_not_to_be_taken_now_is_not_read_as_going_on(patient: Visitor) -> None:
    patient.send("add/treatments", name="gabapentin", taken="no")
    assert record_of(patient)["treatments"] == [
        {"what": "gabapentin", "stopped_because": taken.NOT_RECORDED}
    ]
    patient.send("add/treatments", name="physiotherapy", taken="yes", response="partial")
    assert "drugs" not in record_of(patient)


def test_one_entry_is_changed_and_removed_in_both_lists(patient: Visitor) -> None:
    patient.send("add/treatments", name="gabapentin", taken="yes", start="2026-01-05")
    named: dict[str, Any] = {"entry": "gabapentin, since 2026-01-05", "drug": "gabapentin"}
    more: dict[str, Any] = {"name": "gabapentin", "dose": "600 mg daily", "start": "2026-01-05"}
    patient.send("change/treatments", **named, **more, taken="yes")
    record = record_of(patient)
    assert record["drugs"] == [{"name": "gabapentin", "dose": "600 mg daily"}]
    assert record["treatments"][0]["dose"] == "600 mg daily"
    named = {
        "entry": "gabapentin, 600 mg daily, since 2026-01-05",
        "drug": "gabapentin, 600 mg daily",
    }
    patient.send("change/treatments", **named, **more, taken="no", stopped_because="rash")
    record = record_of(patient)
    assert "drugs" not in record
    entry = "gabapentin, 600 mg daily, since 2026-01-05, stopped because of rash"
    patient.send("change/treatments", entry=entry, **more, taken="yes")
    assert [d["name"] for d in record_of(patient)["drugs"]] == ["gabapentin"]
    patient.send("remove/treatments", **named)
    record = record_of(patient)
    assert "drugs" not in record
    assert "treatments" not in record


def test_a_drug_alone_is_changed_into_one_that_is_over(patient: Visitor) -> None:
    patient.send("add/drugs", name="gabapentin")
    patient.send("change/drugs", entry="gabapentin", name="gabapentin", start="2026-01-05")
    assert len(record_of(patient)["treatments"]) == 1
    assert len(record_of(patient)["drugs"]) == 1


@pytest.mark.parametrize("sent", [{}, {"answer": "again"}, {"answer": "again", "drug": "no such"}])
def test_an_answer_about_what_is_gone_is_refused(patient: Visitor, sent: dict[str, Any]) -> None:
    patient.send("add/drugs", name="ramipril")
    assert "no longer there" in text_of(patient.send("settle", **sent))


def test_the_vocabulary_knows_the_drugs_of_these_tests(knowledge: Knowledge) -> None:
    assert is_same("Neurontin", "gabapentin", knowledge)
