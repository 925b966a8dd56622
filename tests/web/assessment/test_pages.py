"""The pages of an assessment, with and without scripts."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crural.report.outline import outline
from tests.web.conftest import Visitor, text_of

EXAMPLE = Path("examples/left-leg-sciatica.yaml")


def test_an_empty_page_asks_for_age_and_sex(visitor: Visitor) -> None:
    page = visitor.page()
    assert page.status_code == 200
    assert "Enter age and sex to see the assessment." in text_of(page)


def test_a_plain_form_without_scripts_leads_to_the_whole_page(visitor: Visitor) -> None:
    page = visitor.send("basics", live=False, age="46", sex="male", duration="7")
    assert page.url.path == f"/assessment/{visitor.desk}"
    assert not page.url.query
    assert "What causes the pain" in text_of(page)
    assert 'value="46"' in page.text


def test_a_live_change_sends_the_parts_that_changed_and_not_the_page(visitor: Visitor) -> None:
    update = visitor.send("basics", age="46", sex="male")
    assert "<html" not in update.text
    assert "What causes the pain" in update.text
    assert 'id="status" class="status" role="status" hx-swap-oob="true"' in update.text


def test_the_line_at_the_top_names_the_most_urgent_alert_and_how_soon(visitor: Visitor) -> None:
    assert "No alert." in text_of(visitor.send("basics", age="68", sex="female"))
    visitor.send("answer", finding="weakness-ankle-dorsiflexion", answer="present")
    update = visitor.send("answer", finding="saddle-numbness", answer="present")
    line = update.text.split('id="status"')[1].split("</div>")[0]
    assert '<strong class="urgency emergency">' in line
    assert "EMERGENCY, act now" in line
    assert "auda equina" in line
    assert "more" in line
    # The way to the answer and back, where both do not fit side by side.
    assert 'href="#live">Answer' in line
    assert 'href="#entering">Entering' in line
    assert 'id="entering"' in visitor.page().text


def test_how_it_was_computed_is_folded_away(patient: Visitor) -> None:
    page = patient.page().text
    _, folded = page.split("How this was computed")
    assert "digest" in folded.split("</details>")[0]


def test_a_probability_on_estimates_alone_is_marked(patient: Visitor) -> None:
    patient.send("answer", finding="pain-burning", answer="present")
    data = patient.get(f"/assessment/{patient.desk}/assessment.json").json()
    on_estimates = {c["name"]: c["estimates_only"] for c in data["causes"]}
    rows = patient.page().text.split('class="cause-row"')[1:]
    heads = [row.split("</summary>")[0] for row in rows]
    marked = [n for n in on_estimates for head in heads if n in head and ">est.</abbr>" in head]
    assert marked
    assert all(on_estimates[name] for name in marked)


FEVERISH = b"""{age: 70, sex: male, side: left, setting: emergency,
present: [fever-symptom, pain-thigh, leg-swelling-symptom]}"""


def test_every_emergency_that_cannot_be_excluded_is_named(visitor: Visitor) -> None:
    page = text_of(visitor.upload(FEVERISH))
    plan = outline(visitor.get(f"/assessment/{visitor.desk}/assessment.json").json())
    assert len(plan.also_dangerous) > 1
    named = page.split("cannot be excluded:")[1].split("Which causes together")[0]
    assert all(cause["name"] in named for cause in (*plan.dangerous, *plan.also_dangerous))


FIGURE = 'id="map" class="painting" hx-swap-oob="true"'


@pytest.mark.parametrize(
    ("to", "given", "is_sent"),
    [
        ("answer", {"finding": "slr-positive", "answer": "absent"}, False),
        ("add/drugs", {"name": "paracetamol"}, False),
        ("answer", {"finding": "pain-calf", "answer": "present"}, True),
        ("basics", {"age": "47", "sex": "male", "side": "right"}, True),
        # What is refused is taken back on the screen.
        ("answer", {"finding": "slr-positive", "answer": "value"}, True),
    ],
)
def test_the_figure_is_sent_when_it_has_changed(
    patient: Visitor, to: str, given: dict[str, str], is_sent: bool
) -> None:
    assert (FIGURE in patient.open(patient.desk).send(to, live=True, **given).text) is is_sent


def test_a_page_that_missed_a_change_is_sent_the_figure_with_the_next(patient: Visitor) -> None:
    window = patient.open(patient.desk)
    window.send("answer", finding="pain-calf", answer="present")
    update = window.send("answer", finding="slr-positive", answer="absent")
    assert FIGURE in update.text


def test_what_is_too_loosely_placed_to_be_drawn_is_named_under_the_figure(
    patient: Visitor,
) -> None:
    window = patient.open(patient.desk)
    update = text_of(window.send("answer", finding="pain-lower-leg", answer="present"))
    assert "Said in words, too loosely placed to be drawn: pain of the lower leg" in update


def test_painted_places_become_findings_of_the_record(patient: Visitor) -> None:
    update = patient.send("pain", spot=["left-calf", "left-buttock"])
    assert "Taken as pain in the left leg" in text_of(update)
    record = patient.record()
    assert "side: left" in record
    assert "finding: pain-calf, present: true" in record


def test_pain_nowhere_else_makes_the_other_places_absent(patient: Visitor) -> None:
    patient.send("pain", spot=["left-calf"], nowhere_else="on")
    assert "finding: pain-groin, present: false" in patient.record()


def test_a_place_that_does_not_exist_is_not_painted(patient: Visitor) -> None:
    patient.send("pain", spot=["left-ear", "left-calf"])
    assert "1 place painted" in text_of(patient.page())


def test_a_value_is_converted_to_the_unit_of_its_finding(patient: Visitor) -> None:
    patient.send("answer", finding="crp", answer="value", value="1,2", unit="mg/dL")
    assert "finding: crp, value: 12, unit: mg/L" in patient.record()


def test_a_second_answer_takes_the_place_of_the_first(patient: Visitor) -> None:
    patient.send("answer", finding="slr-positive", answer="present")
    patient.send("answer", finding="slr-positive", answer="absent")
    assert patient.record().count("slr-positive") == 1
    assert "finding: slr-positive, present: false" in patient.record()


def test_an_answer_can_be_taken_back(patient: Visitor) -> None:
    patient.send("answer", finding="slr-positive", answer="present")
    patient.send("answer", finding="slr-positive", answer="forget")
    assert "slr-positive" not in patient.record()


def test_what_is_not_known_is_not_asked_again(patient: Visitor) -> None:
    first = patient.page().text.split('class="question">')[1].split("<")[0]
    finding = (
        patient.page()
        .text.split('class="question">')[1]
        .split('name="finding" value="')[1]
        .split('"')[0]
    )
    update = patient.send("answer", finding=finding, answer="unknown")
    assert first not in update.text.split('class="question">')[1].split("<")[0]
    assert finding not in patient.record()


def test_the_interview_asks_whether_the_painted_area_is_that_of_a_root(patient: Visitor) -> None:
    update = patient.send("pain", spot=["left-outer-thigh", "left-shin", "left-foot"])
    assert "Does the pain run down the outer thigh and shin" in update.text


def test_the_interview_says_why_it_asks(patient: Visitor) -> None:
    assert "Why this:" in text_of(patient.page())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lasegue", "Straight leg raise positive"),
        ("numb foot", "Numbness of the foot"),
        ("CRP", "C-reactive protein"),
    ],
)
def test_findings_are_found_by_plain_and_by_clinical_words(
    visitor: Visitor, typed: str, meant: str
) -> None:
    assert meant in visitor.send("search", q=typed).text


def test_a_search_that_finds_nothing_says_so(visitor: Visitor) -> None:
    assert "Nothing resembles" in visitor.send("search", q="zzqqxx").text


def test_a_search_says_when_what_it_finds_is_for_the_other_sex_alone(visitor: Visitor) -> None:
    assert "Pregnant" in visitor.send("search", q="pregnant").text
    visitor.send("basics", live=True, age="46", sex="male")
    page = visitor.send("search", q="pregnant").text
    assert "asked of women only" in page
    assert "Nothing resembles" not in page


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"age": "ten", "sex": "male"}, "The age is not a number"),
        ({"age": "460", "sex": "male"}, "must lie between 0 and 120"),
        ({"age": "46", "sex": "male", "severity": "11"}, "must lie between 0 and 10"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason_and_changes_nothing(
    patient: Visitor, fields: dict[str, str], why: str
) -> None:
    before = patient.record()
    assert why in text_of(patient.send("basics", live=True, **fields))
    assert patient.record() == before


def test_a_finding_of_the_other_sex_is_refused_with_the_remedy(patient: Visitor) -> None:
    update = patient.send("basics", age="30", sex="female", pregnancy_weeks="33")
    assert "Not entered" not in text_of(update)
    patient.send("answer", finding="pregnancy-third-trimester", answer="present")
    assert "pregnancy_weeks: 33" in patient.record()


def test_dates_that_run_backwards_are_refused(patient: Visitor) -> None:
    update = patient.send("add/treatments", name="ibuprofen", start="2026-02-03", stop="2026-01-20")
    assert "before it starts" in text_of(update)
    assert "ibuprofen" not in patient.record()


def test_nothing_can_have_happened_after_the_day_of_the_record(patient: Visitor) -> None:
    patient.send("basics", age="46", sex="male", as_of="2026-02-01")
    assert "as_of: 2026-02-01" in patient.record()
    update = patient.send("add/treatments", name="ibuprofen", start="2026-02-03")
    assert "lies in the future" in text_of(update)


def test_treatments_drugs_illnesses_and_allergies_are_kept_and_can_be_removed(
    patient: Visitor,
) -> None:
    patient.send("add/treatments", name="ibuprofen", days="14", response="partial", relief="30")
    patient.send("add/drugs", name="ramipril", dose="5 mg once daily")
    patient.send("add/illnesses", name="hypertension", since="2021")
    patient.send("add/allergies", name="penicillin")
    record = patient.record()
    for said in ("ibuprofen", "days: 14", "ramipril", "hypertension", "penicillin"):
        assert said in record
    patient.send("remove/drugs", entry="ramipril, 5 mg once daily")
    assert "ramipril" not in patient.record()


def test_an_entry_is_changed_in_its_place(patient: Visitor) -> None:
    patient.send("add/treatments", name="ibuprofen", days="14", response="none")
    patient.send("add/treatments", name="naproxen")
    patient.send(
        "change/treatments", entry="ibuprofen, 14 days, no relief", name="ibuprofen", days="28"
    )
    record = patient.record()
    assert "days: 28" in record
    assert "response" not in record
    assert record.index("ibuprofen") < record.index("naproxen")
    patient.send("add/drugs", name="gabapentin", dose="300 mg three times daily")
    patient.send(
        "change/drugs",
        entry="gabapentin, 300 mg three times daily",
        name="gabapentin",
        dose="600 mg three times daily",
    )
    assert "600 mg" in patient.record()
    assert "300 mg" not in patient.record()
    page = patient.page().text
    assert 'value="28"' in page
    assert 'value="600 mg three times daily"' in page


def test_what_was_done_on_one_day_has_one_date(patient: Visitor) -> None:
    day = "2020-05-01"
    patient.send("add/treatments", name="disc operation", start=day, stop=day)
    assert "disc operation, on 2020-05-01" in text_of(patient.page())


def test_a_change_of_what_is_gone_is_refused(patient: Visitor) -> None:
    patient.send("add/drugs", name="gabapentin")
    refused = patient.send("change/drugs", entry="pregabalin", name="pregabalin", dose="75 mg")
    assert "no longer there" in text_of(refused)
    assert "pregabalin" not in patient.record()


def test_what_was_stated_is_changed_where_it_stands(patient: Visitor) -> None:
    patient.send("answer", finding="crp", answer="value", value="12", unit="mg/L")
    patient.send("answer", finding="slr-positive", answer="present", side="left")
    stated = patient.page().text.split('id="stated"')[1].split('id="history"')[0]
    assert 'name="value"' in stated
    assert 'value="12"' in stated
    assert '<button name="answer" value="absent">Absent</button>' in stated
    patient.send("answer", finding="crp", answer="value", value="21", unit="mg/L")
    patient.send("answer", finding="slr-positive", answer="absent", side="left")
    assert "value: 21" in patient.record()
    assert "finding: slr-positive, present: false" in patient.record()


def test_undo_takes_the_last_change_back(patient: Visitor) -> None:
    patient.send("answer", finding="slr-positive", answer="present")
    assert patient.send("undo").headers["hx-refresh"] == "true"
    assert "slr-positive" not in patient.record()


def test_a_new_patient_begins_empty_and_leaves_the_other_as_it_was(patient: Visitor) -> None:
    page = patient.get("/assessment")
    assert page.url.path != f"/assessment/{patient.desk}"
    assert "Enter age and sex" in text_of(page)
    assert "age: 46" in patient.record()


def test_a_record_that_is_opened_and_kept_again_is_the_same(visitor: Visitor) -> None:
    visitor.upload(EXAMPLE.read_bytes())
    first = visitor.record()
    assert "finding: slr-positive, present: true, side: left" in first
    visitor.upload(first.encode())
    assert visitor.record() == first


def test_the_duration_of_an_opened_record_is_shown_as_it_was_said(visitor: Visitor) -> None:
    page = visitor.upload(EXAMPLE.read_bytes())
    assert 'name="duration" inputmode="decimal" size="4" autocomplete="off" value="7"' in page.text
    assert "<option selected>weeks</option>" in page.text


def test_a_file_that_is_no_record_is_refused_with_its_line(patient: Visitor) -> None:
    before = patient.record()
    page = patient.upload(b"age: 46\nsexx: male\n")
    assert page.status_code == 422
    assert "the file:2" in text_of(page)
    assert patient.record() == before


def test_visitors_do_not_see_each_other(visit: Callable[[], Visitor]) -> None:
    first, second = visit(), visit()
    first.send("basics", age="46", sex="male")
    assert "Enter age and sex" in text_of(second.page())


def test_a_cause_tells_for_and_against_and_its_sources_are_two_clicks_away(
    patient: Visitor,
) -> None:
    for finding in ("slr-positive", "pain-buttock", "reflex-ankle-reduced", "worse-sitting"):
        patient.send("answer", finding=finding, answer="present")
    cause = patient.get("cause/sciatica-disc-herniation")
    links = [part.split('"')[0] for part in cause.text.split('href="/knowledge/evidence/')[1:]]
    pages = [patient.get(f"/knowledge/evidence/{link}").text for link in dict.fromkeys(links)]
    assert all("<h2>Source</h2>" in page for page in pages)
    assert any('<a href="https://' in page for page in pages)


def test_an_estimate_leads_to_its_number_with_range_and_reason(patient: Visitor) -> None:
    patient.send("answer", finding="pain-burning", answer="present")
    cause = patient.get("cause/fibromyalgia").text
    links = re.findall(
        r'<a class="cite" href="(/knowledge/findings/[^"#]+)#([^"]+)"[^>]*>est.</a>', cause
    )
    assert links
    for page, row in links:
        found = patient.get(page)
        assert found.status_code == 200
        # What acts through a mechanism has its row under the mechanism's name.
        assert f'id="{row}"' in found.text or "/knowledge/mechanisms/" in found.text


def test_an_improbable_cause_is_explained_when_it_is_asked_for(patient: Visitor) -> None:
    page = patient.get("cause/osteoid-osteoma")
    assert page.status_code == 200
    assert "Against" in page.text


def test_sections_that_were_open_come_back_open(patient: Visitor) -> None:
    key = "cause-sciatica-disc-herniation"
    data = {**patient.marks(), "finding": "slr-positive", "answer": "present"}
    headers = {"hx-request": "true", "x-open": key}
    update = patient.client.post(patient.at("answer"), data=data, headers=headers)
    assert f'id="{key}" open' in update.text
    assert 'class="evidence"' in update.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("report", "text/html"),
        ("sheet", "text/html"),
        ("assessment.json", "application/json"),
        ("letter.pdf", "application/pdf"),
        ("candidacy/stimulation", "text/html"),
    ],
)
def test_what_is_made_of_the_assessment_can_be_had(patient: Visitor, path: str, kind: str) -> None:
    made = patient.get(f"{path}")
    assert made.status_code == 200
    assert made.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("by_script", [True, False])
def test_every_rung_opens_to_its_options_and_each_option_to_what_is_known(
    patient: Visitor, by_script: bool
) -> None:
    patient.send("answer", finding="slr-positive", answer="present")
    headers = {"hx-request": "true"} if by_script else {}
    rungs = patient.page().text.split('id="rung-')[1:]
    assert len(rungs) > 3
    for rung in rungs:
        page = patient.get(f"rung/{rung.split(chr(34))[0]}", **headers)
        assert page.status_code == 200
        shown = 'class="option ' in page.text
        assert shown is not by_script
        options = re.findall(r'href="(/assessment/[^"]+/rung/[\w-]+/[\w-]+)"', page.text)
        assert bool(options) is by_script
        for option in options:
            assert 'class="option ' in patient.get(option, **headers).text


def test_an_option_has_a_page_of_its_own_that_leads_back(patient: Visitor) -> None:
    patient.send("answer", finding="slr-positive", answer="present")
    option = re.findall(r'href="(/assessment/[^"]+/rung/[\w-]+/[\w-]+)"', patient.page().text)[0]
    page = patient.get(option).text
    assert "<h1>" in page
    assert f'href="{option.rpartition("/")[0]}"' in page


@pytest.mark.parametrize("by_script", [True, False])
def test_a_next_check_opens_to_what_each_answer_would_change(
    patient: Visitor, by_script: bool
) -> None:
    headers = {"hx-request": "true"} if by_script else {}
    checks = re.findall(r'href="(/assessment/[^"]+/check/[\w-]+)"', patient.page().text)
    assert len(checks) > 3
    for check in checks:
        page = patient.get(check, **headers)
        assert page.status_code == 200
        assert page.text.count('class="result"') == 2
        assert ("<h1>" in page.text) is not by_script
        name = check.rpartition("/")[2]
        assert f'name="finding" value="{name}"' in page.text
        assert f'href="/knowledge/findings/{name}"' in page.text


def test_a_check_that_was_opened_is_answered_as_from_the_page_that_shows_it(
    patient: Visitor,
) -> None:
    address = re.findall(r'hx-get="([^"]+/check/[^"]+)"', patient.page().text)[0]
    opened = patient.get(html.unescape(address), **{"hx-request": "true"}).text
    tab, state = re.findall(r'name="(?:tab|state)" value="([^"]+)"', opened)
    answer = {"csrf": patient.token, "tab": tab, "state": state}
    answer |= {"finding": re.findall(r'name="finding" value="([^"]+)"', opened)[0]}
    answer |= {"answer": "unknown"}
    # Another window changes the desk meanwhile: then the page that was shown is out of date.
    patient.open(patient.desk).send("answer", finding="slr-positive", answer="present")
    sent = patient.client.post(patient.at("answer"), data=answer, headers={"hx-request": "true"})
    assert sent.status_code == 409


def test_a_check_that_is_open_when_the_answer_changes_is_sent_whole(patient: Visitor) -> None:
    first, *_, last = re.findall(r'href="/assessment/[^"]+/check/([\w-]+)"', patient.page().text)
    data = {**patient.marks(), "finding": last, "answer": "unknown"}
    headers = {"hx-request": "true", "x-open": f"check-{first}"}
    update = patient.client.post(patient.at("answer"), data=data, headers=headers).text
    assert update.count('class="check"') > 3
    assert update.count('class="result"') == 2
    assert f'id="check-{first}" open' in update


@pytest.mark.parametrize("path", ["check/no-such", "check/sex-female"])
def test_what_is_no_next_check_is_not_found(patient: Visitor, path: str) -> None:
    page = patient.get(path)
    assert page.status_code == 404
    assert "This is not among the next checks." in text_of(page)


def test_no_option_is_found_that_a_step_does_not_have(patient: Visitor) -> None:
    rung = re.findall(r'href="(/assessment/[^"]+/rung/[\w-]+)"', patient.page().text)[0]
    page = patient.get(f"{rung}/no-such")
    assert page.status_code == 404
    assert "There is no such option on this step." in text_of(page)


@pytest.mark.parametrize("path", ["report", "cause/hip-osteoarthritis", "record.yaml"])
def test_nothing_is_made_of_a_record_without_age_and_sex(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"{path}").status_code == 409


@pytest.mark.parametrize("path", ["cause/no-such", "rung/no-such", "candidacy/no-such", "no-such"])
def test_what_does_not_exist_is_not_found(patient: Visitor, path: str) -> None:
    page = patient.get(f"{path}")
    assert page.status_code == 404
    assert "There is no such" in text_of(page)


@pytest.mark.parametrize(
    "about", ["emergency", "pain-clinic", "stimulation", "intrathecal", "surgery"]
)
def test_a_letter_is_about_what_was_chosen(
    patient: Visitor, about: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def to_letter(_: object, about: str) -> bytes:
        asked.append(about)
        return b"%PDF"

    monkeypatch.setattr("crural.report.letter.to_letter", to_letter)
    assert f'<option value="{about}">' in patient.page().text
    assert patient.get(f"letter.pdf?about={about}").content == b"%PDF"
    assert asked == [about]


def test_a_letter_is_for_the_pain_clinic_unless_chosen_otherwise(patient: Visitor) -> None:
    first = patient.page().text.partition('name="about"')[2]
    assert first.index("pain-clinic") < first.index("stimulation")
    assert patient.get("letter.pdf").content[:4] == b"%PDF"
    assert patient.get("letter.pdf?about=anything").status_code == 422
