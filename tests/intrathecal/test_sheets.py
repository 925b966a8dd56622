"""Sheets on withdrawal and overdose, and the facts on catheter-tip masses."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import get_args

import pytest

from crural import quantity as q
from crural.errors import KnowledgeError
from crural.intrathecal import granuloma as masses
from crural.intrathecal import sheets as room
from crural.intrathecal.limits import LimitsError
from crural.intrathecal.sheets import SheetKind, SheetText, pump_sheet, to_html, to_text
from crural.knowledge import Knowledge
from crural.knowledge.loader import DATA

KINDS: tuple[SheetKind, ...] = get_args(SheetKind)
DRUGS = ["morphine", "hydromorphone", "ziconotide", "baclofen", "clonidine", "bupivacaine"]


def changed(tmp_path: Path, file: Path, old: str, new: str) -> Path:
    text = (DATA / file).read_text(encoding="utf-8")
    assert old in text
    for other in (room.FILE, masses.FILE, Path("therapy") / "limits.yaml"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_text((DATA / other).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_every_source_of_every_sheet_exists(knowledge: Knowledge) -> None:
    assert room.problems(evidence=knowledge.evidence) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sources: [withdrawal-by-drug, th-synchromed", "sources: [gone, th-synchromed", "gone"),
        ("- drug: ziconotide", "- drug: aspirin", "no such drug"),
        ("withdrawal: {same_as: morphine", "withdrawal: {same_as: aspirin", "no sheet of its own"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_sheets_is_told(
    tmp_path: Path, knowledge: Knowledge, old: str, new: str, said: str
) -> None:
    root = changed(tmp_path, room.FILE, old, new)
    assert any(said in str(wrong) for wrong in room.problems(root, knowledge.evidence))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drug", DRUGS)
def test_every_sheet_says_signs_what_to_do_and_whom_to_call(
    kind: SheetKind, drug: str, knowledge: Knowledge
) -> None:
    sheet = pump_sheet(kind, drug)
    text = to_text(sheet, knowledge.evidence)
    places = [text.index(h) for h in ("What you may see", "What to do now", "Whom to call",
                                      "Sources")]  # fmt: skip
    assert places == sorted(places)
    assert drug in text.lower()
    assert "Pump clinic: ____" in text
    assert max(len(line) for line in text.splitlines() if "http" not in line) <= 100


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drug", DRUGS)
def test_every_medical_line_for_staff_has_a_source(
    kind: SheetKind, drug: str, knowledge: Knowledge
) -> None:
    sheet = pump_sheet(kind, drug)
    for remark in (*sheet.text.signs, *sheet.text.staff):
        assert remark.sources
        for source in remark.sources:
            assert knowledge.evidence[source].kind != "hole"


@pytest.mark.parametrize("drug", ["baclofen", "clonidine"])
def test_withdrawal_that_can_kill_is_an_emergency_from_the_first_sign(drug: str) -> None:
    sheet = pump_sheet("withdrawal", drug)
    assert sheet.text.urgency == "emergency"
    assert "emergency number now" in sheet.text.first[0]


@pytest.mark.parametrize("drug", DRUGS)
def test_every_overdose_is_an_emergency(drug: str) -> None:
    assert pump_sheet("overdose", drug).text.urgency == "emergency"


def test_ziconotide_is_the_drug_that_can_be_stopped_at_once() -> None:
    assert pump_sheet("withdrawal", "ziconotide").text.urgency == "none"


def test_hydromorphone_takes_the_lines_of_morphine_and_says_so(knowledge: Knowledge) -> None:
    sheet = pump_sheet("overdose", "dilaudid")
    assert sheet.text == pump_sheet("overdose", "morphine").text
    assert "stronger milligram for milligram" in to_text(sheet, knowledge.evidence)
    assert "stronger milligram for milligram" in to_html(sheet, knowledge.evidence)


@pytest.mark.parametrize("drug", DRUGS)
def test_no_line_for_the_household_names_a_dose(drug: str) -> None:
    for kind in KINDS:
        text = pump_sheet(kind, drug).text
        said = [*text.first, *(r.says for r in (*text.signs, *text.emergency, *text.then))]
        assert not [s for s in said if re.search(r"\d\s*(mg|microgram|mcg|mL)\b", s)]


def test_given_numbers_stand_in_place_of_blanks(knowledge: Knowledge) -> None:
    sheet = pump_sheet("overdose", "morphine", calls=["Pump clinic: 0123 456789"])
    text = to_text(sheet, knowledge.evidence)
    assert "Pump clinic: 0123 456789" in text
    assert "At night" not in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drug", DRUGS)
def test_the_page_and_the_text_say_the_same(
    kind: SheetKind, drug: str, knowledge: Knowledge
) -> None:
    sheet = pump_sheet(kind, drug)
    page = to_html(sheet, knowledge.evidence)
    for remark in (*sheet.text.signs, *sheet.text.then, *sheet.text.staff):
        assert html.escape(remark.says, quote=False).replace("'", "&#39;") in page
    for line in (*sheet.text.first, sheet.text.opening):
        assert html.escape(line, quote=False).replace("'", "&#39;") in page


def test_the_page_is_whole_and_escapes_what_it_is_given(knowledge: Knowledge) -> None:
    sheet = pump_sheet("withdrawal", "baclofen", calls=["<script>alert(1)</script>"])
    page = to_html(sheet, knowledge.evidence)
    assert page.startswith("<!DOCTYPE html>")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=", page)
    assert "@page" in page


def test_a_drug_without_a_sheet_is_refused_by_name() -> None:
    with pytest.raises(KnowledgeError, match="no sheet for fentanyl"):
        pump_sheet("overdose", "fentanyl")
    with pytest.raises(LimitsError, match="no drug"):
        pump_sheet("overdose", "aspirin")


def test_a_sheet_without_signs_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an opening, signs"):
        SheetText.model_validate({"opening": "x"})


# Masses at the catheter tip -------------------------------------------------------------------


def test_every_fact_equals_the_evidence_that_it_names(knowledge: Knowledge) -> None:
    assert masses.problems(evidence=knowledge.evidence) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('share: "0.07"', 'share: "0.7"', "says 0.7"),
        ('from: "20 mg/mL"', 'from: "2 mg/mL"', "says 2"),
        ("source: harm-granuloma-fastest", "source: gone", "gone"),
        ("disagree_sources: [", "disagree_sources: [nowhere, ", "nowhere"),
    ],
)
def test_a_fact_that_drifts_is_found(
    tmp_path: Path, knowledge: Knowledge, old: str, new: str, said: str
) -> None:
    root = changed(tmp_path, masses.FILE, old, new)
    assert any(said in str(wrong) for wrong in masses.problems(root, knowledge.evidence))


def test_facts_on_masses_show_both_sides_and_no_risk(knowledge: Knowledge) -> None:
    found = masses.granuloma(
        "morphine", dose=q.parse("8 mg/day"), concentration=q.parse("25 mg/mL")
    )
    text = masses.to_text(found, knowledge.evidence)
    assert "No risk is computed" in text
    assert "sources disagree on concentration" in text
    assert "at or above that" in text
    assert "WARN" in text


def test_a_low_concentration_excludes_nothing(knowledge: Knowledge) -> None:
    found = masses.granuloma("hydromorphone", concentration=q.parse("0.5 mg/mL"))
    assert {held.standing for held in found.held} == {"below", None}
    assert "excludes nothing" in masses.to_text(found, knowledge.evidence)


def test_facts_that_concern_another_drug_are_left_out() -> None:
    ids = {held.fact.id for held in masses.granuloma("baclofen").held}
    assert "coffey" in ids
    assert "hydromorphone" not in ids


def test_a_fact_compares_with_a_figure_or_not_at_all() -> None:
    good = {"id": "x", "about": "a", "says": "s", "source": "e"}
    for wrong in ({"compare": "concentration"}, {"from": "1 mg/mL"}):
        with pytest.raises(ValueError, match="belong together"):
            masses.Fact.model_validate({**good, **wrong})
