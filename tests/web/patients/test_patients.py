"""The list of patients: saving, opening, conflicts, history, deletion, import."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from fastapi import FastAPI, Request

from crural.knowledge import Knowledge
from crural.store import Deletion, Store
from crural.store.changes import changes
from crural.web.examples import add_examples
from crural.web.patients import history, pages
from crural.web.person import Person, reading
from crural.web.said_changes import lines_of
from tests.web.conftest import Visitor, text_of

EXAMPLE = Path("examples/left-leg-sciatica.yaml")
ANA = Person(id="user-ana", name="Ana", role="clinician")
LOOKER = Person(id="user-leo", name="Leo", role="viewer")


Seat: TypeAlias = Callable[[Visitor, Person], Visitor]


def a_label() -> str:
    return f"Patient {secrets.token_hex(6)}"


@pytest.fixture
def label() -> str:
    return a_label()


@pytest.fixture
def saved(patient: Visitor, label: str) -> Visitor:
    """A man of 46, saved as version 1."""
    assert patient.send("save", label=label).status_code == 200
    return patient


@pytest.fixture
def as_person(app: FastAPI) -> Iterator[Seat]:
    """Lets another person sit before a browser."""
    sits: dict[str, Person] = {}
    header = "x-test-person"

    async def who(request: Request) -> Person:
        return sits.get(request.headers.get(header, "")) or await reading(request)

    def seat(visitor: Visitor, person: Person) -> Visitor:
        sits[person.id] = person
        visitor.client.headers[header] = person.id
        return visitor

    app.dependency_overrides[reading] = who
    yield seat
    del app.dependency_overrides[reading]


def row_of(page: str, label: str) -> str:
    """The line of a patient in the list."""
    return next(row for row in page.split("<tr>") if label in row)


def listed(visitor: Visitor, query: str) -> str:
    return visitor.send("/patients", q=query).text


def test_the_first_save_puts_the_patient_into_the_list(patient: Visitor, label: str) -> None:
    update = patient.send("save", label=label)
    assert "Saved as version 1" in text_of(update)
    row = row_of(listed(patient, label), label)
    assert "Man, 46 years" in row
    assert "by local user" in row
    assert "changes not saved" not in row
    assert f'href="/assessment/{patient.desk}"' in row


def test_a_patient_is_saved_without_scripts_too(patient: Visitor, label: str) -> None:
    page = patient.send("save", live=False, label=label)
    assert page.url.path == f"/assessment/{patient.desk}"
    assert "Saved as version 1" in text_of(page)


def test_a_save_needs_a_name_and_age_and_sex(visitor: Visitor, label: str) -> None:
    assert "Enter age and sex first" in text_of(visitor.send("save", label=label))
    visitor.send("basics", age="46", sex="male")
    for live in (True, False):
        refused = text_of(visitor.send("save", live=live, label=" "))
        assert "Not saved." in refused
        assert "Give the patient a name in the list." in refused
    assert "is longer than 200" in text_of(visitor.send("save", label="x" * 201))
    assert "Not saved yet" in text_of(visitor.page())


def test_changes_are_marked_until_they_are_saved(saved: Visitor, label: str) -> None:
    update = saved.send("answer", finding="slr-positive", answer="present")
    assert "Changes not saved" in text_of(update)
    assert "changes not saved" in row_of(listed(saved, label), label)
    assert "Saved as version 2" in text_of(saved.send("save"))
    assert "changes not saved" not in row_of(listed(saved, label), label)


def test_saving_what_has_not_changed_makes_no_version(saved: Visitor, store: Store) -> None:
    assert "Saved as version 1" in text_of(saved.send("save"))
    assert store.patient(saved.desk).newest == 1


def test_what_is_not_known_is_no_change_to_save(saved: Visitor) -> None:
    update = saved.send("answer", finding="slr-positive", answer="unknown")
    assert "Saved as version 1" in text_of(update)


def test_a_saved_patient_is_opened_by_another_person(
    saved: Visitor, visit: Callable[[], Visitor], as_person: Seat
) -> None:
    saved.send("answer", finding="slr-positive", answer="present")
    ana = as_person(visit(), ANA).open(saved.desk)
    assert "slr-positive" not in ana.record()
    ana.send("answer", finding="crp-high", answer="present")
    ana.send("save")
    assert "by Ana" not in text_of(ana.page())
    assert "slr-positive" in saved.record()


def test_painted_places_are_painted_again_when_a_patient_is_opened(
    patient: Visitor, label: str, visit: Callable[[], Visitor], as_person: Seat
) -> None:
    patient.send("pain", spot=["left-calf", "left-low-back", "left-buttock"], nowhere_else="on")
    patient.send("answer", finding="slr-positive", answer="present")
    patient.send("save", label=label)
    ana = as_person(visit(), ANA).open(patient.desk)
    assert "3 places painted. Taken as pain in the left leg" in text_of(ana.page())
    assert ana.record() == patient.record()
    ana.send("pain", spot=["left-calf", "left-groin"], nowhere_else="on")
    record = ana.record()
    assert "finding: pain-groin, present: true" in record
    assert "finding: pain-buttock, present: false" in record


def test_a_place_that_was_stated_to_be_free_of_pain_is_not_painted_over(patient: Visitor) -> None:
    patient.send("answer", finding="pain-groin", answer="absent")
    refused = text_of(patient.send("pain", spot=["left-groin"]))
    assert "is entered as absent. Remove it from what is entered first." in refused
    assert "finding: pain-groin, present: false" in patient.record()
    patient.send("answer", finding="pain-groin", answer="forget")
    patient.send("pain", spot=["left-groin"])
    assert "finding: pain-groin, present: true" in patient.record()


def test_dropping_goes_back_to_what_is_saved(saved: Visitor) -> None:
    saved.send("answer", finding="slr-positive", answer="present")
    page = saved.send("drop", live=False)
    assert page.url.path == f"/assessment/{saved.desk}"
    assert "slr-positive" not in saved.record()


def test_dropping_a_patient_who_was_never_saved_leaves_nothing(patient: Visitor) -> None:
    assert patient.desk in patient.get("/patients").text
    page = patient.send("drop", live=False)
    assert page.url.path == "/patients"
    assert patient.desk not in page.text


def test_patients_not_saved_yet_are_listed_apart(patient: Visitor) -> None:
    page = patient.get("/patients").text
    apart = page.split('id="waiting"')[1].split("</section>")[0]
    assert f'href="/assessment/{patient.desk}"' in apart
    assert "Man, 46 years" in apart


@pytest.fixture
def conflict(saved: Visitor, visit: Callable[[], Visitor], as_person: Seat) -> Visitor:
    """Ana saved version 2 while this visitor had other changes to version 1."""
    saved.send("answer", finding="slr-positive", answer="present")
    ana = as_person(visit(), ANA).open(saved.desk)
    ana.send("answer", finding="reflex-ankle-reduced", answer="present")
    assert "Saved as version 2" in text_of(ana.send("save"))
    return saved


def test_a_save_after_somebody_else_s_shows_both_sides(conflict: Visitor) -> None:
    assert conflict.send("save").headers["hx-redirect"] == conflict.at("conflict")
    page = conflict.send("save", live=False)
    assert page.url.path == conflict.at("conflict")
    theirs, own = page.text.split('id="own"')
    assert "Ankle reflex" in theirs
    assert "Straight leg raise" in own
    assert "Straight leg raise" not in theirs
    assert "slr-positive" not in page.text


def test_after_a_conflict_the_other_s_version_can_be_taken(conflict: Visitor) -> None:
    page = conflict.open(conflict.desk).send("drop", live=False)
    assert "Saved as version 2" in text_of(page)
    assert "reflex-ankle-reduced" in conflict.record()
    assert "slr-positive" not in conflict.record()


def test_after_a_conflict_one_s_own_can_be_saved_on_top(conflict: Visitor, store: Store) -> None:
    page = conflict.send("save", live=False, on_top_of="2")
    assert "Saved as version 3" in text_of(page)
    assert "slr-positive" in conflict.record()
    assert store.version(conflict.desk, 2).info.who == ANA.id


def test_saving_on_top_of_what_was_not_looked_at_is_a_conflict_again(
    conflict: Visitor, store: Store
) -> None:
    record = store.version(conflict.desk).record
    store.save(conflict.desk, record.model_copy(update={"age": 47.0}), based_on=2, who=ANA.id)
    page = conflict.send("save", live=False, on_top_of="2")
    assert page.url.path == conflict.at("conflict")
    assert "46 → 47" in text_of(page)


def test_without_a_conflict_there_is_nothing_to_decide(saved: Visitor) -> None:
    assert saved.get("conflict").url.path == f"/assessment/{saved.desk}"


def test_what_somebody_else_saved_is_shown_where_nothing_is_unsaved(
    saved: Visitor, store: Store
) -> None:
    record = store.version(saved.desk).record
    store.save(saved.desk, record.model_copy(update={"age": 52.0}), based_on=1, who=ANA.id)
    page = saved.page()
    assert 'value="52"' in page.text
    assert "Saved as version 2" in text_of(page)


def test_the_history_tells_in_plain_words_what_changed_and_who_did_it(saved: Visitor) -> None:
    saved.send("answer", finding="slr-positive", answer="present", side="left")
    saved.send("answer", finding="crp", answer="value", value="12", unit="mg/L")
    saved.send("add/treatments", name="ibuprofen", days="14", response="partial")
    saved.send("add/allergies", name="penicillin")
    saved.send("save")
    saved.send("answer", finding="slr-positive", answer="absent", side="left")
    saved.send("answer", finding="crp", answer="value", value="5", unit="mg/L")
    saved.send("basics", age="47", sex="male", side="left", setting="specialist")
    saved.send("save")
    page = text_of(saved.get(f"/patients/{saved.desk}/history"))
    newest, second = page.split("Version 3")[1].split("Version 2")[:2]
    assert "by local user" in newest
    assert "(left) : present → absent" in newest
    assert "12 mg/L → 5 mg/L" in newest
    assert "Age : 46 → 47" in newest
    assert "Seen in : primary care → specialist clinic" in newest
    assert "Added Straight leg raise positive" in second
    assert "Added Treatment ibuprofen" in second
    assert "Added Allergy penicillin" in second
    assert "The first version." in second
    assert "slr-positive" not in page


def test_the_history_tells_a_span_in_the_unit_in_which_it_was_said(
    knowledge: Knowledge,
) -> None:
    def record(years: float) -> dict[str, object]:
        said = {"finding": "pain-duration", "value": 365.25 * years, "unit": "d"}
        return {"observations": [said]}

    (line,) = lines_of(changes(record(2), record(4.5)), knowledge)

    assert "2 years → 4.5 years" in line.said


def test_any_version_is_opened_as_a_report_that_says_which_it_is(saved: Visitor) -> None:
    saved.send("basics", age="47", sex="male")
    saved.send("save")
    first = text_of(saved.get(f"/patients/{saved.desk}/versions/1"))
    assert "Version 1 of 2" in first
    assert "Not the newest version." in first
    assert "Man, 46 years" in first
    second = text_of(saved.get(f"/patients/{saved.desk}/versions/2"))
    assert "Not the newest version." not in second
    assert "age: 46" in saved.get(f"/patients/{saved.desk}/versions/1/record.yaml").text
    for number in ("3", "0", "-1", "99999999999999999999"):
        assert saved.get(f"/patients/{saved.desk}/versions/{number}").status_code == 404


def test_an_older_version_is_restored_as_a_new_one(saved: Visitor) -> None:
    saved.send("basics", age="47", sex="male")
    saved.send("save")
    page = saved.send(f"/patients/{saved.desk}/restore", live=False, number="1", newest="2")
    assert "Version 3 newest same as version 1" in text_of(page)
    assert "age: 46" in saved.open(saved.desk).record()


def test_the_last_saved_change_is_undone_as_a_new_version(saved: Visitor) -> None:
    saved.send("basics", age="47", sex="male")
    saved.send("save")
    page = saved.send(f"/patients/{saved.desk}/undo", live=False, newest="2")
    assert "same as version 1" in text_of(page)
    nothing = saved.send(f"/patients/{saved.desk}/undo", live=False, newest="3")
    assert nothing.status_code == 422
    assert "nothing to undo" in text_of(nothing)


def test_restoring_what_is_out_of_date_is_refused_and_shows_what_is_new(
    saved: Visitor, store: Store
) -> None:
    record = store.version(saved.desk).record
    store.save(saved.desk, record.model_copy(update={"age": 52.0}), based_on=1, who="local")
    page = saved.send(f"/patients/{saved.desk}/restore", live=False, number="1", newest="1")
    assert page.status_code == 409
    assert "Local user saved version 2 meanwhile" in text_of(page)
    assert store.patient(saved.desk).newest == 2


def test_a_long_history_is_shown_page_by_page(
    saved: Visitor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "VERSIONS_ON_A_PAGE", 2)
    record = store.version(saved.desk).record
    for n in (1, 2):
        store.save(saved.desk, record.model_copy(update={"age": 50.0 + n}), based_on=n, who="local")
    first = saved.get(f"/patients/{saved.desk}/history")
    assert "Version 2" in text_of(first)
    assert "The first version" not in text_of(first)
    older = re.search(r'href="([^"]+)">Older versions', first.text)
    assert older is not None
    assert "The first version" in text_of(saved.get(older[1]))


def test_a_patient_is_renamed(saved: Visitor, label: str) -> None:
    other = a_label()
    page = saved.send(f"/patients/{saved.desk}/rename", live=False, label=other)
    assert f">{other}</h1>" in page.text
    assert other in listed(saved, other)
    assert label not in listed(saved, label).split("<tbody>")[-1].split("No patient")[0]
    refused = saved.send(f"/patients/{saved.desk}/rename", live=False, label="  ")
    assert refused.status_code == 422
    assert "Not renamed." in text_of(refused)
    assert saved.get(f"/patients/{saved.desk}/rename").status_code == 200


def test_a_patient_is_deleted_only_when_the_name_is_typed(
    saved: Visitor, label: str, store: Store
) -> None:
    page = text_of(saved.get(f"/patients/{saved.desk}/delete"))
    assert "1 saved version" in page
    assert "0 entries" in page
    assert "This cannot be undone" in page
    refused = saved.send(f"/patients/{saved.desk}/delete", live=False, label="somebody else")
    assert refused.status_code == 422
    assert store.patient(saved.desk).label == label
    done = saved.send(f"/patients/{saved.desk}/delete", live=False, label=f" {label} ")
    assert "has been cleared of what deleted data leaves behind" in text_of(done)
    assert saved.page().status_code == 404
    assert saved.send("answer", finding="slr-positive", answer="present").status_code == 404
    assert store.was_deleted(saved.desk)


def test_it_is_said_when_the_file_could_not_be_cleared_yet(
    saved: Visitor, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.delete_patient

    def in_the_way(store: Store, patient: str, *, who: str) -> Deletion:
        done = real(store, patient, who=who)
        return Deletion(patient_id=done.patient_id, at=done.at, erased=False)

    monkeypatch.setattr(Store, "delete_patient", in_the_way)
    done = saved.send(f"/patients/{saved.desk}/delete", live=False, label=label)
    assert "has not been cleared yet" in text_of(done)


def test_a_record_file_is_opened_as_a_new_patient_who_is_not_saved_yet(visitor: Visitor) -> None:
    page = visitor.upload(EXAMPLE.read_bytes(), "/patients/import")
    assert page.url.path.startswith("/assessment/")
    assert "Not saved yet" in text_of(page)
    assert "What causes the pain" in text_of(page)
    refused = visitor.upload(b"age: ten", "/patients/import")
    assert refused.status_code == 422
    assert "Not opened." in text_of(refused)
    assert visitor.send("/patients/import", live=False).status_code == 422


def test_the_list_is_searched_and_shown_page_by_page(
    visitor: Visitor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ON_A_PAGE", 2)
    from crural.record import Record  # noqa: PLC0415

    family = secrets.token_hex(6)
    for n in range(3):
        record = Record(age=30 + n, sex="female", side="left")
        store.create_patient(f"{family} {n}", record, who="local")
    first = visitor.send("/patients", q=family.upper()).text
    assert f"{family} 2" in first
    assert f"{family} 0" not in first
    assert "Woman, 32 years, pain in the left leg" in first
    before = first.split('name="before" value="')[1].split('"')[0]
    second = visitor.send("/patients", live=False, q=family, before=before).text
    assert f"{family} 0" in second
    assert f"{family} 2" not in second
    assert "No patient’s name holds" in visitor.send("/patients", q="no such name at all").text
    for nonsense in ("x", "-1", "99999999999999999999"):
        assert visitor.send("/patients", q=family, before=nonsense).status_code == 200


def test_no_name_stands_in_an_address(saved: Visitor, label: str) -> None:
    pages = [saved.get("/patients").text, listed(saved, label), saved.page().text]
    pages.append(saved.get(f"/patients/{saved.desk}/history").text)
    for page in pages:
        for link in re.findall(r'(?:href|action|hx-\w+)="([^"]*)"', page):
            assert label.split()[1] not in link


def test_opening_and_taking_along_are_noted_once_each(saved: Visitor, store: Store) -> None:
    for _ in range(3):
        saved.page()
    saved.get(f"/patients/{saved.desk}/history")
    for path in ("record.yaml", "record.json", "assessment.json", "assessment.html", "sheet"):
        assert saved.get(path).status_code == 200
    noted = [entry.action for entry in store.audit(patient_id=saved.desk, limit=1000)]
    assert noted.count("patient-opened") == 1
    assert noted.count("record-exported") == 2
    assert noted.count("assessment-exported") == 3
    assert store.verify_audit().intact


def test_taking_along_who_is_not_saved_is_noted_by_the_desk(patient: Visitor, store: Store) -> None:
    patient.get("record.yaml")
    last = store.audit(after=store.audit_head().seq - 1)[0]
    assert (last.action, last.item, last.patient_id) == ("record-exported", patient.desk, None)


def test_who_may_only_look_sees_no_way_to_change(
    saved: Visitor, visit: Callable[[], Visitor], as_person: Seat
) -> None:
    looker = as_person(visit(), LOOKER)
    looker.desk = saved.desk
    assert saved.desk in listed(looker, "")
    assert looker.page().status_code == 200
    assert looker.get(f"/patients/{saved.desk}/history").status_code == 200
    for path in ("rename", "delete"):
        assert looker.get(f"/patients/{saved.desk}/{path}").status_code == 403
    for to in ("answer", "save", "drop", "undo", "import"):
        assert looker.send(to).status_code == 403
    for to in ("rename", "delete", "restore", "undo"):
        assert looker.send(f"/patients/{saved.desk}/{to}").status_code == 403
    assert looker.send("/patients/import").status_code == 403


@pytest.mark.parametrize(
    "path", ["history", "versions/1", "versions/1/record.yaml", "rename", "delete"]
)
def test_a_patient_who_is_not_there_is_not_found(visitor: Visitor, path: str) -> None:
    for patient in ("no-such", "x" * 22, "%00"):
        assert visitor.get(f"/patients/{patient}/{path}").status_code == 404


def test_an_empty_store_is_given_the_example_patients_once(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    shipped = len(list(EXAMPLE.parent.glob("*.yaml")))
    with Store(tmp_path / "crural.sqlite3") as store:
        assert add_examples(store, knowledge, "local") == shipped
        assert add_examples(store, knowledge, "local") == 0
        labels = [patient.label for patient in store.patients()]
    assert len(labels) == shipped
    assert "Example: left leg sciatica" in labels
    assert labels == sorted(labels)
