"""The diary of a patient, the course that was to be expected, and the trial of stimulation."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from crural.knowledge import Knowledge
from crural.record import Record, record_from_data
from crural.store import DiaryEntry, DiaryValues, Store
from crural.web.diary.parts import record_with_diary
from crural.web.person import Person, reading
from tests.web.conftest import Visitor, text_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "stimulation-diary.csv"
NOW = dt.datetime.now().replace(second=0, microsecond=0)
MORNING = dt.datetime(2026, 3, 1, 8, 15)
STIMULATED = {
    "age": 58,
    "sex": "female",
    "side": "left",
    "as_of": "2026-04-01",
    "observations": [{"finding": "slr-positive", "present": True, "side": "left"}],
    "treatments": [
        {"what": "spinal cord stimulation", "start": "2026-03-16"},
        {"what": "supervised exercise", "start": "2026-02-10"},
    ],
}


@pytest.fixture
def record(knowledge: Knowledge) -> Record:
    return record_from_data(STIMULATED, knowledge.vocabulary, "test")


@pytest.fixture
def kept(store: Store, record: Record) -> str:
    """A patient with an empty diary."""
    return store.create_patient(secrets.token_hex(6), record, who="local").info.patient_id


def at(kept: str, to: str = "diary") -> str:
    return f"/patients/{kept}/{to}"


def post(visitor: Visitor, path: str, live: bool = False, **fields: str) -> Response:
    """Send a form as a browser without scripts does, or as one with them."""
    return visitor.client.post(
        path,
        data={"csrf": visitor.token, **fields},
        headers={"hx-request": "true"} if live else {},
        follow_redirects=False,
    )


def upload(visitor: Visitor, kept: str, text: str | bytes, **fields: str) -> Response:
    raw = text if isinstance(text, bytes) else text.encode()
    return visitor.client.post(
        at(kept, "diary/import"),
        data={"csrf": visitor.token, **fields},
        files={"file": ("diary.csv", raw)},
    )


def only(store: Store, kept: str) -> DiaryEntry:
    (entry,) = store.diary(kept)
    return entry


def test_the_form_is_ready_for_now_and_asks_only_for_pain_and_time(
    visitor: Visitor, kept: str
) -> None:
    page = visitor.get(at(kept)).text
    offered = re.search(r'id="at" name="at" required value="([^"]+)"', page)
    assert offered is not None
    assert abs(dt.datetime.fromisoformat(offered[1]) - NOW) < dt.timedelta(hours=1)
    assert page.count('type="radio" name="nrs"') == 12
    assert '<details class="more">' in page
    assert "Nothing has been written down yet." in page
    assert "<svg" not in page


def test_an_entry_is_kept_with_all_that_was_written(
    visitor: Visitor, store: Store, kept: str
) -> None:
    sent = post(
        visitor,
        at(kept),
        at="2026-03-01T08:15",
        nrs="7",
        phase="trial",
        settings="programme 2",
        odi="44",
        sleep="5,5",
        opioid="40",
        note="rained",
    )
    entry = only(store, kept)
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        f"/patients/{kept}/diary#entry-{entry.id}",
    )
    assert entry.values == DiaryValues(
        at=MORNING,
        nrs=7,
        phase="trial",
        settings="programme 2",
        odi=44,
        sleep=5.5,
        opioid=40,
        note="rained",
    )
    page = text_of(visitor.get(at(kept)))
    assert "1 Mar 2026, 08:15" in page
    assert "in the trial · programme 2 · Oswestry 44 · slept 5.5 h" in page
    assert "<svg" in visitor.get(at(kept)).text


def test_a_form_sent_twice_is_kept_once(visitor: Visitor, store: Store, kept: str) -> None:
    for _ in range(2):
        sent = post(visitor, at(kept), live=True, at="2026-03-01T08:15", nrs="7")
        assert "Kept: pain 7 of 10, 1 Mar 2026, 08:15." in text_of(sent)
    assert only(store, kept).revision == 1


@pytest.mark.parametrize(("live", "status"), [(False, 409), (True, 200)])
def test_another_entry_for_the_same_time_is_refused_and_leads_to_the_first(
    visitor: Visitor, store: Store, kept: str, live: bool, status: int
) -> None:
    entry = store.add_diary(kept, DiaryValues(at=MORNING, nrs=7), who="local")
    refused = post(visitor, at(kept), live=live, at="2026-03-01T08:15", nrs="3", note="later")
    assert refused.status_code == status
    assert "There is another entry for this time." in text_of(refused)
    assert f'href="/patients/{kept}/diary/{entry.id}">Correct the entry that is there' in (
        refused.text
    )
    assert 'value="3" required checked' in refused.text
    assert ">later</textarea>" in refused.text
    assert only(store, kept) == entry


@pytest.mark.parametrize(
    ("field", "written", "told"),
    [
        ("nrs", "11", "The pain is not between 0 and 10."),
        ("nrs", "", "Choose how strong the pain is"),
        ("nrs", "none", "The entry says nothing."),
        ("at", "", "Give date and time."),
        ("at", "0020-03-01T08:00", "The time is no time of the patient's own clock."),
        ("at", f"{NOW.year + 1}-03-01T08:00", "The time lies in the future."),
        ("odi", "101", "The Oswestry index is not between 0 and 100."),
        ("sleep", "25", "The time of sleep is not between 0 and 24."),
        ("sleep", "well", "The time of sleep is not a number."),
        ("opioid", "-1", "The opioid dose is not between 0 and 10000."),
        ("opioid", "nan", "The opioid dose is not between 0 and 10000."),
        ("settings", "x" * 301, "The name of the settings is longer than 300 characters"),
        ("note", "a\x00b", "The note contains the control character"),
    ],
)
def test_a_wrong_value_is_told_beside_its_field_and_nothing_is_lost(
    visitor: Visitor, kept: str, field: str, written: str, told: str
) -> None:
    usual = {"at": "2026-03-01T08:15", "nrs": "4"}
    refused = post(visitor, at(kept), False, **{**usual, field: written})
    assert refused.status_code == 422
    beside = re.search(rf'id="{field}-fault">(.*?)</p>', refused.text)
    assert beside is not None
    assert told in beside[1].replace("&#39;", "'")
    assert refused.text.count('class="fault"') == 1
    assert "Nothing has been written down yet." in refused.text
    if field != "nrs":
        assert f'aria-describedby="{field}' in refused.text or f" {field}-fault" in refused.text
        assert 'value="4" required checked' in refused.text


def test_all_wrong_values_are_told_at_once(visitor: Visitor, kept: str) -> None:
    refused = post(visitor, at(kept), at="never", nrs="12", odi="x", sleep="99")
    assert refused.text.count('class="fault"') == 4
    assert '<details class="more" open>' in refused.text


def test_an_entry_without_a_score_needs_something_else(
    visitor: Visitor, store: Store, kept: str
) -> None:
    post(visitor, at(kept), at="2026-03-01T08:15", nrs="none", note="asleep")
    assert only(store, kept).values == DiaryValues(at=MORNING, note="asleep")


def test_phase_and_settings_are_offered_as_last_time(
    visitor: Visitor, store: Store, kept: str
) -> None:
    yesterday = NOW - dt.timedelta(days=1)
    last = DiaryValues(at=yesterday, nrs=4, phase="trial", settings="programme 2")
    store.add_diary(kept, last, who="local")
    page = visitor.get(at(kept)).text
    assert '<details class="more" open>' in page
    assert '<option value="trial" selected>' in page
    assert 'maxlength="300" value="programme 2"' in page


def test_entries_come_newest_first_and_page_by_page(
    visitor: Visitor, store: Store, kept: str
) -> None:
    days = [MORNING + dt.timedelta(days=i) for i in range(45)]
    store.add_diary_entries(kept, [DiaryValues(at=day, nrs=5) for day in days], who="local")
    first, second = visitor.get(at(kept)).text, visitor.get(at(kept) + "?page=2").text
    times = re.findall(r'<time datetime="([^"]+)"', first + second)
    assert times == [day.isoformat(timespec="minutes") for day in reversed(days)]
    assert second.count("<time") == 5


def test_an_entry_is_corrected(visitor: Visitor, store: Store, kept: str) -> None:
    entry = store.add_diary(kept, DiaryValues(at=MORNING, nrs=4.5, note="wet"), who="local")
    path = at(kept, f"diary/{entry.id}")
    page = visitor.get(path).text
    # A score that none of the eleven numbers says is offered as it is.
    assert 'value="4.5" required checked' in page
    sent = post(visitor, path, revision="1", at="2026-03-01T09:00", nrs="3", note="dry")
    assert sent.status_code == 303
    changed = only(store, kept)
    assert changed.values == DiaryValues(at=MORNING.replace(hour=9, minute=0), nrs=3, note="dry")
    assert changed.revision == 2
    assert "corrected" in text_of(visitor.get(at(kept)))


def test_a_correction_of_what_was_corrected_meanwhile_is_shown_first(
    visitor: Visitor, store: Store, kept: str
) -> None:
    entry = store.add_diary(kept, DiaryValues(at=MORNING, nrs=4), who="local")
    store.change_diary(entry.id, DiaryValues(at=MORNING, nrs=8), based_on=1, who="other")
    path = at(kept, f"diary/{entry.id}")
    refused = post(visitor, path, revision="1", at="2026-03-01T08:15", nrs="2")
    assert refused.status_code == 409
    assert "It now says: pain 8 of 10" in text_of(refused)
    assert 'name="revision" value="2"' in refused.text
    assert 'value="2" required checked' in refused.text
    assert only(store, kept).values.nrs == 8
    assert post(visitor, path, revision="2", at="2026-03-01T08:15", nrs="2").status_code == 303
    assert only(store, kept).values.nrs == 2


def test_a_correction_cannot_take_the_time_of_another_entry(
    visitor: Visitor, store: Store, kept: str
) -> None:
    store.add_diary(kept, DiaryValues(at=MORNING, nrs=4), who="local")
    noon = store.add_diary(kept, DiaryValues(at=MORNING.replace(hour=12), nrs=5), who="local")
    path = at(kept, f"diary/{noon.id}")
    refused = post(visitor, path, revision="1", at="2026-03-01T08:15", nrs="5")
    assert refused.status_code == 409
    assert "There is another entry for this time." in text_of(refused)
    assert post(visitor, path, revision="1", at="", nrs="5").status_code == 422


@pytest.mark.parametrize("live", [True, False])
def test_an_entry_is_removed_once(visitor: Visitor, store: Store, kept: str, live: bool) -> None:
    entry = store.add_diary(kept, DiaryValues(at=MORNING, nrs=4), who="local")
    path = at(kept, f"diary/{entry.id}/remove")
    first, again = post(visitor, path, live=live), post(visitor, path, live=live)
    assert store.diary(kept) == ()
    if live:
        assert "Removed: pain 4 of 10, 1 Mar 2026, 08:15." in text_of(first)
        assert "was removed before" in text_of(again)
    else:
        assert (first.status_code, again.status_code) == (303, 303)


def test_an_entry_of_another_patient_is_out_of_reach(
    visitor: Visitor, store: Store, kept: str, record: Record
) -> None:
    other = store.create_patient(secrets.token_hex(6), record, who="local").info.patient_id
    entry = store.add_diary(other, DiaryValues(at=MORNING, nrs=4), who="local")
    path = at(kept, f"diary/{entry.id}")
    assert visitor.get(path).status_code == 404
    assert post(visitor, path, revision="1", at="2026-03-01T08:15", nrs="1").status_code == 404
    post(visitor, f"{path}/remove")
    assert only(store, other) == entry


def test_a_file_with_the_day_first_is_taken_when_that_is_said(visitor: Visitor, kept: str) -> None:
    text = "time,nrs,phase\n03/04/2026,6,baseline\n"
    assert upload(visitor, kept, text).status_code == 422
    looked = upload(visitor, kept, text, day_first="yes")
    assert "3 Apr 2026" in text_of(looked)
    assert '<input type="hidden" name="day_first" value="yes">' in looked.text


@pytest.mark.parametrize("to", ["diary", "course", "trial", "diary/import", "diary.csv"])
def test_there_is_no_diary_of_nobody(visitor: Visitor, to: str) -> None:
    assert visitor.get(at("nobody", to)).status_code == 404


def test_a_change_from_elsewhere_is_refused(visitor: Visitor, store: Store, kept: str) -> None:
    stranger = TestClient(visitor.client.app)
    for path in (at(kept), at(kept, "diary/import"), at(kept, "diary/x/remove")):
        assert stranger.post(path, data={"nrs": "1"}).status_code == 403
    assert store.diary(kept) == ()


def test_who_may_only_look_is_offered_no_change(visitor: Visitor, store: Store, kept: str) -> None:
    entry = store.add_diary(kept, DiaryValues(at=MORNING, nrs=4), who="local")
    app = visitor.client.app
    assert isinstance(app, FastAPI)
    app.dependency_overrides[reading] = lambda: Person("v", "a viewer", "viewer")
    try:
        page = visitor.get(at(kept)).text
        refused = [
            visitor.get(at(kept, f"diary/{entry.id}")),
            visitor.get(at(kept, "diary/import")),
            post(visitor, at(kept), at="2026-03-01T09:00", nrs="1"),
            post(visitor, at(kept, f"diary/{entry.id}/remove")),
        ]
    finally:
        del app.dependency_overrides[reading]
    assert "1 Mar 2026, 08:15" in page
    assert "diary.csv" in page
    assert "<form" not in page
    assert [answer.status_code for answer in refused] == [403] * 4
    assert only(store, kept) == entry


def test_a_file_is_looked_at_before_it_is_added(visitor: Visitor, store: Store, kept: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    look = upload(visitor, kept, text)
    assert look.status_code == 200
    assert "25 new entries" in text_of(look)
    assert store.diary(kept) == ()
    sent = post(visitor, at(kept, "diary/import"), text=text, keep="yes")
    assert sent.status_code == 303
    assert len(store.diary(kept)) == 25
    again = upload(visitor, kept, text)
    assert "0 new entries; 25 are in the diary already" in text_of(again)
    assert 'name="keep" value="yes"' not in again.text


def test_a_file_with_mistakes_is_told_line_by_line_and_adds_nothing(
    visitor: Visitor, store: Store, kept: str
) -> None:
    store.add_diary(kept, DiaryValues(at=dt.datetime(2026, 3, 5), nrs=1), who="local")
    text = (
        "time,nrs,phase,note\n2026-03-01,7,baseline,\n2026-03-02,17,baseline,\n"
        "2026-03-03,,,\n2026-03-01,6,baseline,\n2026-03-05,7,trial,\n"
        f"{NOW.year + 1}-01-01,7,trial,\nMonday,7,trial,\n2026-03-09,7,sometime,\n"
    )
    for answer in (
        upload(visitor, kept, text),
        post(visitor, at(kept, "diary/import"), text=text, keep="yes"),
    ):
        assert answer.status_code == 422
        lines = re.findall(r'class="number">(\d+)</th><td>(.*?)</td>', answer.text)
        assert [(int(line), said.split(".")[0]) for line, said in lines] == [
            (3, "Column nrs: &#39;17&#39; is not a pain score from 0 to 10"),
            (4, "The entry says nothing"),
            (5, "Line 2 has the same time"),
            (6, "The diary has another entry for this time"),
            (7, "Column time: lies in the future"),
            (8, "Column time: &#39;Monday&#39; is no time"),
            (9, "Column phase: &#39;sometime&#39; is no phase"),
        ]
    assert len(store.diary(kept)) == 1


def test_days_are_placed_by_the_date_of_day_0(visitor: Visitor, store: Store, kept: str) -> None:
    text = "day,pain,phase\n-1,7,before\n0.5,3,on\n"
    asked = upload(visitor, kept, text)
    assert (asked.status_code, "Give the date of its day 0" in text_of(asked)) == (422, True)
    assert upload(visitor, kept, text, day_0="someday").status_code == 422
    far = upload(visitor, kept, "day,pain,phase\n-36500,7,before\n", day_0="0050-01-01")
    assert "there is no such day" in text_of(far)
    # The file need not be chosen again.
    look = post(visitor, at(kept, "diary/import"), text=text, day_0="2026-03-16")
    assert "2 new entries" in text_of(look)
    post(visitor, at(kept, "diary/import"), text=text, day_0="2026-03-16", keep="yes")
    assert [entry.values.at for entry in store.diary(kept)] == [
        dt.datetime(2026, 3, 15),
        dt.datetime(2026, 3, 16, 12),
    ]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "not text in utf-8"),
        (b"time,nrs,phase\n", "has a header and no entries"),
        (b"when,what\n1,2\n", "is no column of a diary"),
    ],
)
def test_what_is_no_diary_is_refused(visitor: Visitor, kept: str, raw: bytes, told: str) -> None:
    answer = upload(visitor, kept, raw)
    assert answer.status_code == 422
    if raw:
        assert told in text_of(answer).lower()
    assert post(visitor, at(kept, "diary/import")).status_code == 422


def test_a_file_that_was_overtaken_adds_nothing(
    visitor: Visitor, store: Store, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.diary(kept)
    store.add_diary(kept, DiaryValues(at=dt.datetime(2026, 3, 2), nrs=1), who="other")
    monkeypatch.setattr(Store, "diary", lambda *_: before)
    text = "time,nrs,phase\n2026-03-01,7,baseline\n2026-03-02,7,baseline\n"
    answer = post(visitor, at(kept, "diary/import"), text=text, keep="yes")
    monkeypatch.undo()
    assert answer.status_code == 409
    assert "another entry for this time" in text_of(answer)
    assert len(store.diary(kept)) == 1


def test_what_is_exported_can_be_added_to_another_diary(
    visitor: Visitor, store: Store, kept: str, record: Record
) -> None:
    values = [
        DiaryValues(at=MORNING, nrs=4.5, settings="=1+1", note="'quoted', with commas; and \"s"),
        DiaryValues(at=dt.datetime(2026, 3, 2), phase="after", odi=33.3, sleep=7, opioid=0.001),
        DiaryValues(at=dt.datetime(2026, 3, 3), note="-"),
    ]
    store.add_diary_entries(kept, values, who="local")
    file = visitor.get(at(kept, "diary.csv"))
    assert "attachment" in file.headers["content-disposition"]
    other = store.create_patient(secrets.token_hex(6), record, who="local").info.patient_id
    post(visitor, at(other, "diary/import"), text=file.text, keep="yes")
    assert [entry.values for entry in store.diary(other)] == values
    assert visitor.get(at(kept, "trial.csv")).text.count("\r\n") == 2
    noted = [entry.action for entry in store.audit(patient_id=kept)]
    assert noted.count("record-exported") == 2


def test_the_trial_is_told_from_the_diary(visitor: Visitor, store: Store, kept: str) -> None:
    assert "No entry of the diary belongs to a phase" in text_of(visitor.get(at(kept, "trial")))
    early = DiaryValues(at=dt.datetime(2026, 3, 1), nrs=7, phase="baseline")
    alone = store.add_diary(kept, early, who="x")
    assert "There is no pain score in the trial." in text_of(visitor.get(at(kept, "trial")))
    store.remove_diary(alone.id, who="x")
    text = EXAMPLE.read_text(encoding="utf-8")
    post(visitor, at(kept, "diary/import"), text=text, keep="yes")
    store.add_diary(kept, DiaryValues(at=dt.datetime(2026, 4, 2), nrs=7), who="x")
    answer = visitor.get(at(kept, "trial"))
    page = text_of(answer)
    # The figures of `crural stimulation trial` on the same file.
    assert "Relief 56 % (42 to 67 %)" in page
    assert "Half the pain gone, no more analgesics" in page
    assert "met: 2 points of the pain gone (probability over 0.99)" in page
    assert "1 does not and is left out" in page
    assert "half gone" in answer.text
    assert 'href="/knowledge/evidence/' in answer.text


def test_the_course_is_told_with_the_scores_of_the_diary(
    visitor: Visitor, store: Store, record: Record
) -> None:
    untreated = record.model_copy(update={"treatments": ()})
    kept = store.create_patient(secrets.token_hex(6), untreated, who="x").info.patient_id
    empty = text_of(visitor.get(at(kept, "course")))
    assert "Pain scores of two different days are needed; there is none." in empty
    for week in range(13):
        day = dt.datetime(2026, 3, 16, 9) + dt.timedelta(weeks=week)
        store.add_diary(kept, DiaryValues(at=day, nrs=9), who="local")
    answer = visitor.get(at(kept, "course"))
    page = text_of(answer)
    assert "Off course" in page
    assert "pain 9.0 at the start, 9.0 now, after 12 weeks" in page
    assert "13 scores, 13 of them only in the diary" in page
    # What is advised when the pain does not go as it should.
    assert "no clear easing by six to eight weeks: image" in page
    assert "With this course of the pain as evidence:" in page
    assert 'class="course-chart"' in answer.text
    assert 'href="/knowledge/evidence/' in answer.text
    assert '<h2 id="sources">' in answer.text


def test_other_courses_can_be_looked_at(visitor: Visitor, store: Store, kept: str) -> None:
    for day in (16, 20, 27):
        moment = dt.datetime(2026, 3, day, 9)
        store.add_diary(kept, DiaryValues(at=moment, nrs=6), who="local")
    first = visitor.get(at(kept, "course")).text
    offered = re.findall(r'course\?show=(\d+)"', first)
    assert len(offered) > 2
    shown = {
        re.search(
            r'class="held"><strong>(.*?)</strong> for (.*?) <',
            visitor.get(at(kept, f"course?show={n}")).text,
        )
        for n in offered
    }
    assert None not in shown
    assert len({found.groups() for found in shown if found}) >= 3
    assert visitor.get(at(kept, "course?show=999")).status_code == 200


def test_scores_for_which_no_course_is_known_are_told(
    visitor: Visitor, store: Store, knowledge: Knowledge
) -> None:
    data = {"age": 40, "sex": "male", "side": "left", "pain_scores": [{"day": 3, "nrs": 5}]}
    record = record_from_data(data, knowledge.vocabulary, "test")
    kept = store.create_patient(secrets.token_hex(6), record, who="x").info.patient_id
    for day in (1, 9):
        store.add_diary(kept, DiaryValues(at=dt.datetime(2026, 3, day), nrs=6), who="x")
    page = text_of(visitor.get(at(kept, "course")))
    assert "1 with the number of a day instead of a date is left out" in page


def test_the_record_itself_is_not_changed_by_the_diary(
    store: Store, kept: str, record: Record
) -> None:
    store.add_diary(kept, DiaryValues(at=dt.datetime(2026, 5, 1, 9), nrs=6), who="local")
    merged = record_with_diary(store, kept, record)
    assert [(s.date, s.nrs) for s in merged.pain_scores] == [(dt.date(2026, 5, 1), 6)]
    assert store.version(kept).record == record
