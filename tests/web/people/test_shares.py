"""One person takes no more than a share of what all need: room for desks, turns at heavy work."""

from __future__ import annotations

import re
import threading

from crural.web.assessment.drafts import MOST_UNSAVED
from crural.web.turns import SHARE, TRY_AGAIN_AFTER, Turns, _Waiting
from tests.web.people.conftest import Clinic


def test_a_person_with_too_many_unsaved_desks_is_told_to_save_or_drop_some(
    clinic: Clinic,
) -> None:
    user = clinic.add()
    browser = clinic.browser()
    browser.sign_in(user.name)
    for n in range(MOST_UNSAVED):
        desk = f"the-desk-of-number--{n:02}"
        clinic.store.begin_draft(desk, "{}", "nothing", who=user.id)
        kept = clinic.store.draft(desk, who=user.id)
        assert kept is not None
        clinic.store.change_draft(desk, "{}", "more", revision=kept.revision, tab="t", who=user.id)
    desk = browser.get("/assessment").headers["location"]
    marks = dict(re.findall(r'name="(tab|state)" value="([^"]+)"', browser.get(desk).text))
    refused = browser.post(f"{desk}/basics", age="46", sex="male", **marks)
    assert refused.status_code == 422
    assert "50 assessments are not saved" in refused.text
    assert "Save or drop some of them first" in refused.text
    assert clinic.store.draft(desk.rpartition("/")[2], who=user.id) is None
    clinic.store.drop_draft("the-desk-of-number--00", who=user.id)
    assert browser.post(f"{desk}/basics", age="46", sex="male", **marks).status_code < 400


def test_who_has_a_share_of_the_queue_is_told_so_and_others_still_wait(clinic: Clinic) -> None:
    user = clinic.add()
    one, other = clinic.browser(), clinic.signed_in()
    one.sign_in(user.name)
    record = {"age": 46, "sex": "male", "side": "left", "note": "not assessed before"}
    turns = Turns(1, most_waiting=SHARE, longest_wait=0.01)
    engine = clinic.app.state.engine
    before, engine.turns = engine.turns, turns
    try:
        with turns:
            turns._waiting.append(_Waiting(user.id, threading.Event()))
            refused = one.client.post("/api/v1/assess", json=record)
            waited = other.client.post("/api/v1/assess", json=record)
    finally:
        engine.turns = before
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == TRY_AGAIN_AFTER
    assert "of yours are waiting" in refused.json()["error"]["problem"]
    assert waited.status_code == 503
    assert one.client.post("/api/v1/assess", json=record).status_code == 200
