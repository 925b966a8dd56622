"""One person takes no more than a share of what all need: room for desks, turns at heavy work."""

from __future__ import annotations

import re

from crural.web.assessment.drafts import MOST_UNSAVED
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
