from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from crural import Assessment
from crural.record import Observation
from crural.report import to_html, words
from crural.report.html import log_share, remarks, render

from .made import (
    WITHOUT_TREATMENT,
    advice,
    alert,
    assessment_data,
    attempt,
    candidacy,
    cause,
    caution_row,
    check,
    course,
    criteria_set,
    criterion,
    fact,
    ladder,
    open_alert,
    option,
    pain,
    patient,
    reason,
    rung,
    source,
    warned,
)

EVIL = "<script>alert('x')</script>\"&'"
WITHOUT_END = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements of a page with their attributes; complains of ends that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in WITHOUT_END:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def shown(**changes: object) -> str:
    return render(assessment_data(**changes), patient())


@pytest.fixture(scope="module")
def example_page(example: Assessment) -> str:
    return to_html(example)


def test_alerts_come_before_causes() -> None:
    told = Page(shown()).words
    assert told.index("EMERGENCY, act now Possible cauda equina") < told.index("What causes")


def test_a_page_runs_no_script_and_loads_nothing(example_page: str) -> None:
    for html in (shown(), example_page):
        page = Page(html)
        assert not {"script", "iframe", "object", "embed", "link", "img", "use"} & {
            tag for tag, _ in page.elements
        }
        attributes = [(k, v or "") for _, of in page.elements for k, v in of.items()]
        assert not [k for k, _ in attributes if k.startswith("on") or k in {"src", "style"}]
        links = [v for k, v in attributes if k in {"href", "xlink:href"}]
        assert all(link.startswith(("#source-", "https://", "http://")) for link in links)
        assert set(re.findall(r"url\((.)", html)) == {"#"}
        assert "@import" not in html


def test_only_sources_link_out_of_the_page(example_page: str) -> None:
    head, sources = example_page.split('<ol class="sources">')
    assert not re.findall(r'href="http', head)
    assert re.findall(r'href="https?://', sources)


def test_every_mark_leads_to_a_source_of_the_list(example_page: str) -> None:
    for html in (shown(), example_page):
        page = Page(html)
        cited = {str(a["href"]) for a in page.all("a") if str(a["href"]).startswith("#")}
        listed = {f"#{li['id']}" for li in page.all("li") if li.get("id")}
        assert cited == listed
        assert cited


def test_every_ratio_has_a_source_or_is_marked_as_an_estimate() -> None:
    html = shown(causes=[cause(against=[reason("fever", 0.4, sources=[])])])
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", html, re.DOTALL)
    ratios = [row for row in rows if "likelihood ratio" in row]
    assert len(ratios) == 2
    assert "#source-" in ratios[0]
    assert "est." in ratios[1]


def test_a_probability_on_estimates_alone_is_marked() -> None:
    marked = shown(causes=[cause("Sciatica", 0.62, estimates_only=True)])
    plain = shown(causes=[cause("Sciatica", 0.62)])

    assert '<span class="tag">est.</span>' in marked
    assert words.ESTIMATES_ONLY in marked
    assert words.ESTIMATES_ONLY not in plain


def test_what_comes_from_outside_is_escaped() -> None:
    record = patient(
        pain("pain-calf", note=EVIL),
        id=EVIL,
        note=EVIL,
        drugs=[{"name": EVIL, "dose": EVIL}],
        illnesses=[{"name": EVIL}],
        allergies=[EVIL],
        treatments=[{"what": EVIL, "dose": EVIL, "stopped_because": EVIL}],
    )
    html = render(
        assessment_data(
            alerts=[alert(EVIL, action=EVIL, because=[EVIL])],
            ask_now=[open_alert(EVIL)],
            causes=[cause(EVIL, for_=[reason(EVIL, sources=[source(title=EVIL)])])],
            next=[check(EVIL)],
            facts=[fact("pain of the calf", finding="pain-calf")],
        ),
        record,
    )
    page = Page(html)
    assert page.all("script") == []
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 15


def test_a_link_that_is_no_web_address_is_not_linked() -> None:
    html = shown(causes=[cause(for_=[reason(sources=[source(link="javascript:alert(1)")])])])
    assert "javascript:" not in html


def test_a_bound_that_is_not_small_is_told_beside_the_causes() -> None:
    assert "Caution:" not in Page(shown()).words
    assert "Caution: The record has too many findings" in Page(shown(error_bound=0.3)).words


def test_a_page_has_a_language_a_title_and_headings_in_order() -> None:
    page = Page(shown())
    assert page.all("html")[0]["lang"] == "en-GB"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_every_picture_says_in_words_what_it_shows() -> None:
    html = shown()
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) >= 5
    for picture in pictures:
        assert "<title" in picture or 'aria-hidden="true"' in picture


def test_ids_are_unique(example_page: str) -> None:
    ids = [of["id"] for _, of in Page(example_page).elements if "id" in of]
    assert len(ids) == len(set(ids))


def test_reasons_for_and_against_point_to_opposite_sides() -> None:
    html = shown(causes=[cause(for_=[reason(ratio=10)], against=[reason(ratio=0.1)])])
    assert '<rect class="for" x="50.00" y="2" width="25.00"' in html
    assert '<rect class="against" x="25.00" y="2" width="25.00"' in html


@pytest.mark.parametrize(
    ("ratio", "share"), [(1, 0), (10, 0.5), (0.1, -0.5), (100, 1), (1e4, 1), (1e-4, -1)]
)
def test_the_chart_is_logarithmic_and_ends_at_a_hundred(ratio: float, share: float) -> None:
    assert log_share(ratio) == pytest.approx(share)


def test_the_record_is_shown_as_it_was_understood() -> None:
    facts = [
        fact("C-reactive protein: high", finding="crp", value=80.0, unit="mg/L"),
        fact("fever: absent", present=False),
        fact("numb foot: absent", present=False, stated=False, why="implied by the absence of it"),
    ]
    told = Page(shown(facts=facts)).words
    assert "Recorded, present or abnormal (1) C-reactive protein: high, 80 mg/L" in told
    assert "Recorded, absent or normal (1) fever: absent" in told
    assert "Follows from these (1) numb foot: absent (implied by the absence of it)" in told


def test_a_fact_has_the_note_and_with_two_painful_legs_the_side_of_its_observation() -> None:
    calf = fact("pain of the calf", finding="pain-calf")
    said = (
        pain("pain-calf", "right", note="on stairs"),
        Observation(finding="pain-calf", present=False, side="left"),
    )
    assert remarks(calf, patient(*said, side="bilateral")) == ["right", "on stairs"]
    assert remarks(calf, patient(said[0], side="right")) == ["on stairs"]


def test_pain_too_loosely_placed_to_be_drawn_is_told() -> None:
    bone = fact("deep pain at one place in a bone", finding="pain-localised-bone")
    told = Page(shown(facts=[bone])).words
    assert "too loosely to be drawn: deep pain at one place in a bone" in told


def test_treatments_and_drugs_of_the_record_are_shown() -> None:
    record = patient(
        drugs=["ramipril"],
        illnesses=[{"name": "hypertension", "since": "2021"}],
        treatments=[{"what": "ibuprofen", "days": 14, "response": "partial"}],
    )
    told = Page(render(assessment_data(), record)).words
    for said in ("ramipril", "hypertension, since 2021", "ibuprofen, 14 days; response partial"):
        assert said in told


def test_the_ladder_is_drawn_from_the_top_down_and_says_where_the_patient_stands() -> None:
    html = shown()
    rungs = re.findall(r'<li class="rung ([a-z-]+)">(.*?)</li>', html)
    assert [state for state, _ in rungs] == ["later", "later", "next", "passed"]
    assert "the next step" in rungs[2][1]
    assert [words.RUNG[state].sign in said for state, said in rungs] == [True] * 4
    assert '<ol class="ladder" reversed>' in html


def test_next_and_going_on_rungs_are_in_full_and_the_others_folded() -> None:
    steps = ladder(
        rung("Old", "passed"), rung("Now", "in-progress", judge_on="2026-04-01"), rung("Soon")
    )
    html = shown(ladder=steps)
    in_full = re.findall(r'<article class="in-full">.*?<h3>(.*?)</h3>', html, re.DOTALL)
    assert [Page(said).words for said in in_full] == [
        "Going on: Now (to be judged from 2026-04-01)",
        "Next: Soon",
    ]
    folded = re.findall(r'<details class="folded">\s*<summary>(.*?)</summary>', html, re.DOTALL)
    assert ["Passed: Old" in said for said in folded] == [True]


def test_an_option_tells_effect_dose_positions_cautions_and_disputes() -> None:
    told = Page(shown()).words
    for said in (
        "duloxetine can be offered",
        "Effect one in six gains half of the pain",
        "Dose from 30 mg/day, at most 120 mg/day. Raise it after one week.",
        "Watch blood pressure",
        "NICE CG173 (2013) for: one of four first choices",
        "! Care: Sleep apnoea: begin low and watch the breathing. (sleep apnoea)",
        "? Check kidney function: Know it before the first dose.",
        "Then: Rest comes first. Now: Guidelines advise to stay active.",
    ):
        assert said in told


def test_cautions_of_drugs_taken_are_a_table_with_the_reason_once() -> None:
    row = caution_row(
        advice("ibuprofen", "warfarin"),
        advice("sertraline", "warfarin", level="caution", say="x"),
        harm="bleeding",
    )
    told = Page(shown(caution_table=[row])).words
    assert "!! Bleeding ibuprofen with warfarin should not go on together Stop it" in told
    assert "sertraline with warfarin x" in told
    assert "Opioids equal to 60 or more mg of oral morphine a day oxycodone Look again" in told


def test_what_several_options_are_warned_of_stands_above_them() -> None:
    same, check = warned(say="Begin low."), warned("check", say="Know it.", because=[])
    bar = warned("barred", say="Never.")
    one = option("codeine", cautions=[same, check])
    other = option("tramadol", "barred", cautions=[same, check, bar])
    third = option("heat", "barred", cautions=[bar])
    shared = [
        {**bar, "options": ["tramadol", "heat"]},
        {**same, "options": ["codeine", "tramadol"]},
        {**check, "options": ["codeine", "tramadol"]},
    ]
    told = Page(
        shown(ladder=ladder(rung(options=[one, other, third], shared_cautions=shared)))
    ).words
    assert "✗ Barred: tramadol and heat: Never. (sleep apnoea)" in told
    assert "! Care with codeine and tramadol: Begin low. (sleep apnoea)" in told
    assert "? Before codeine and tramadol: Check kidney function. Know it." in told
    assert told.count("Begin low.") == 1
    assert "2 told above, of several at once." in told
    assert "✗ Barred: 1 told above, of several at once." in told


def test_a_barred_option_says_so() -> None:
    barred = option(verdict="barred", cautions=[warned("barred", say="Never with an ulcer.")])
    assert (
        "✗ Barred: Never with an ulcer." in Page(shown(ladder=ladder(rung(options=[barred])))).words
    )


def test_other_ladders_shared_and_waiting_steps_take_a_line_each() -> None:
    told = Page(shown()).words
    assert "Serves every plausible cause: exercise." in told
    assert (
        "Can wait: disc operation is for Sciatica alone (62 %); first find out: MRI of the spine."
        in told
    )
    assert "Hip (Hip osteoarthritis): next is Drugs for nerve pain." in told


def test_an_emergency_comes_before_the_ladder() -> None:
    said = "The emergency above comes before every step below."
    assert said in Page(shown()).words
    assert said not in Page(shown(alerts=[])).words


def test_lists_for_an_implant_wait_until_an_emergency_is_settled() -> None:
    html = shown()
    assert "Not before the emergency above is settled" in Page(html).words
    assert '<table class="criteria">' not in html
    assert "Not before the emergency" not in Page(shown(alerts=[])).words


def test_drugs_to_take_care_with_come_before_the_causes() -> None:
    told = Page(shown()).words
    assert told.index("naproxen should not go on Stop it") < told.index("What causes the pain")
    assert "Opioids equal to 60 or more mg of oral morphine a day" in told


def test_every_list_of_criteria_has_a_table_with_facts_or_questions() -> None:
    html = shown(alerts=[])
    told = Page(html).words
    assert html.count('<table class="criteria">') == 2
    assert "✓ met Pain for six months" in told
    assert "? unknown Psychological assessment" in told
    assert "Do your kidneys work well?" in told
    assert "Absent: infection." in told
    assert "Spinal cord stimulation: due" in told
    # Tables of a referral must be there on paper: they are open unless a reader folds them.
    assert html.count('<details class="list" open>') == html.count('<details class="list"')


def test_a_line_that_is_open_names_the_finding_and_keeps_the_spoken_question_folded() -> None:
    page = shown(alerts=[])
    assert re.search(r'<details class="asked"><summary>[A-Z][^<?]*</summary>“[^<]*\?”', page)


def test_of_warnings_only_what_is_present_or_unknown_takes_a_line() -> None:
    of = [
        criterion("pacemaker", "met", set="bars"),
        criterion("infection", "not met", set="bars"),
    ]
    found = candidacy("barred", criteria=of, sets=[criteria_set("bars", "contraindications")])
    told = Page(shown(candidacy={"stimulation": found}, alerts=[])).words
    assert "! present Pacemaker" in told
    assert "Absent: infection." in told


def test_the_course_is_told_with_what_it_changes() -> None:
    told = Page(shown()).words
    assert "Off course: pain 8.0 at the start" in told
    assert "Look at the diagnosis again." in told
    assert "Sciatica 62 → 41 %" in told
    calm = Page(shown(course=course("on-course"))).words
    assert "Look at the diagnosis again." not in calm


def test_a_page_without_treatment_has_none_of_its_sections() -> None:
    html = shown(**WITHOUT_TREATMENT)
    for name in ("drugs", "treatment", "path", "follow-up", "candidacy"):
        assert f'id="{name}"' not in html


def test_what_comes_from_outside_is_escaped_in_the_way_of_treatment_too() -> None:
    html = shown(
        caution_table=[caution_row(advice(EVIL, EVIL, say=EVIL), because=[EVIL])],
        ladder=ladder(rung(EVIL, because=[EVIL], options=[option(EVIL, against=[EVIL])])),
        candidacy={"stimulation": candidacy(because=[EVIL])},
        course=course(because=[EVIL]),
        tried=[attempt(EVIL)],
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 8


def test_no_placeholder_is_left_in_the_page() -> None:
    assert words.GAP not in shown()


def test_dark_and_printed_pages_have_styles_of_their_own() -> None:
    html = shown()
    for rule in ("prefers-color-scheme: dark", "@media print", "size: A4"):
        assert rule in html
