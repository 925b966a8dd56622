"""A record that was kept, and that the knowledge of today does not read any more."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from crural.record import Record
from crural.store import Store
from tests.store.kept import WHO
from tests.web.conftest import Visitor, text_of
from tests.web.people.test_gate import routes_of

_GONE = {"finding": "a-finding-of-old", "present": True, "side": "left"}
_OTHER_UNIT = {"finding": "pain-duration", "value": 9, "unit": "furlong"}
# What is read of the record itself; the other pages of the patient go on without.
_OF_THE_RECORD = re.compile(
    r"/assessment/\{desk\}.*|/patients/\{patient\}(/course|/versions/\{number\})?"
    r"|/api/v1/patients/\{patient\}(/versions/\{number\})?/assessment"
)


def _kept(store: Store, observation: dict[str, object]) -> str:
    record = Record.model_validate(
        {"age": 46, "sex": "male", "side": "left", "observations": [observation]}
    )
    return store.create_patient("of old", record, who=WHO).info.patient_id


@pytest.mark.parametrize(
    ("observation", "said"),
    [(_GONE, "no finding 'a-finding-of-old'"), (_OTHER_UNIT, "furlong cannot be converted")],
)
def test_every_page_of_it_says_the_same_and_none_is_a_fault(
    app: FastAPI, store: Store, visitor: Visitor, observation: dict[str, object], said: str
) -> None:
    patient = _kept(store, observation)
    unread = 0
    for method, path in sorted(set(routes_of(app.routes))):
        if method != "GET" or not re.search(r"{(patient|desk)}", path):
            continue
        address = re.sub(r"{(patient|desk)}", patient, path).replace("{number}", "1")
        address = address.replace("{cause}", "hip-osteoarthritis")
        answer = visitor.client.get(re.sub(r"{\w+}", "stimulation", address))
        if _OF_THE_RECORD.fullmatch(path):
            assert answer.status_code == 422, path
            assert said in text_of(answer), path
            unread += 1
        else:
            assert answer.status_code in {200, 404}, path
    assert unread > 14


def test_it_can_be_taken_along_mended_and_put_back(store: Store, visitor: Visitor) -> None:
    patient = _kept(store, _GONE)
    page = visitor.get(f"/assessment/{patient}")
    (link,) = re.findall(r'href="([^"]+record\.yaml)"', page.text)
    file = visitor.get(link)
    assert "a-finding-of-old" in file.text
    mended = file.text.replace("a-finding-of-old", "slr-positive")
    visitor.desk = patient
    marks = dict(re.findall(r'name="(tab|state)" value="([^"]+)"', page.text))
    visitor.tab, visitor.state = marks["tab"], marks["state"]
    wrong = visitor.upload(file.text.encode())
    assert wrong.status_code == 422
    assert "no finding 'a-finding-of-old'" in text_of(wrong)
    assert visitor.upload(mended.encode()).status_code == 200
    assert visitor.page().status_code == 200
    assert visitor.send("save").status_code == 200
    assert store.version(patient).record.observations[0].finding == "slr-positive"
    assert visitor.get(f"/assessment/{patient}/report").status_code == 200


def test_on_a_page_that_stays_it_is_told_in_a_line(store: Store, visitor: Visitor) -> None:
    patient = _kept(store, _GONE)
    answer = visitor.get(f"/assessment/{patient}/rung/x", **{"hx-request": "true"})
    assert answer.status_code == 422
    assert 'id="message"' in answer.text
