"""The table of limits: every figure equals its source, and what is missing is told as missing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from crural import quantity as q
from crural.errors import KnowledgeError
from crural.intrathecal import limits as room
from crural.intrathecal.limits import Figure, Limits, LimitsError, Line, load_limits, problems
from crural.knowledge import Knowledge
from crural.knowledge.loader import DATA

DRUGS = [drug.id for drug in load_limits().drugs]


def edited(tmp_path: Path, old: str, new: str) -> Path:
    """A copy of the shipped table with one place changed."""
    text = (DATA / room.FILE).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / room.FILE
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_every_figure_equals_the_evidence_that_it_names(knowledge: Knowledge) -> None:
    assert problems(evidence=knowledge.evidence) == []


def test_a_figure_that_drifts_from_its_source_is_found(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    root = edited(tmp_path, 'is: "19.2 microgram/day"', 'is: "192 microgram/day"')
    found = [str(problem) for problem in problems(root, knowledge.evidence)]
    assert any("says 192" in problem and "19.2" in problem for problem in found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("source: th-mitigo-it-naive, at: range}", "source: no-such, at: range}", "no-such"),
        ("source: th-prialt-us-max, at: value}", "source: th-prialt-us-max, at: data.x}", "data.x"),
        ("source: th-prialt-us-start, at: value}", "source: nf-trial-bolus-table, at: value}",
         "named hole"),
        ('highest: {is: "2 microgram", source: trial-ziconotide-bolus, at: range.1}',
         'highest: {is: "0.2 microgram", source: trial-ziconotide-bolus, at: range.1}',
         "lowest lies above highest"),
        ('highest: {is: "2 microgram", source: trial-ziconotide-bolus',
         'highest: {is: "2 microgram", source: gone', "gone"),
        ("what: trial doses, source: nf-trial-bolus-table", "what: trial doses, source: gone",
         "gone"),
        ("status_sources: [pump-synchromed2-label-drugs]", "status_sources: [gone]", "gone"),
        ('highest: {is: "100 microgram", source', 'highest: {is: "100 microgram/day", source',
         "a dose per time"),
        ("      single-dose:\n        lowest: {is: \"1 microgram\"",
         "      no-input:\n        lowest: {is: \"1 microgram\"", "no such input"),
        ("what: start-at-most, who: any, body: \"US label (Prialt)\"",
         "what: guess, who: any, body: \"US label (Prialt)\"", "no kind of figure"),
        ('range: ["0.5 mg/day", "2.5 mg/day"], because: "a sixth of the highest',
         'range: ["0.5 mg/day", "2.5 mg/day"], because: "', None),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_table_is_told(
    tmp_path: Path, knowledge: Knowledge, old: str, new: str, said: str | None
) -> None:
    root = edited(tmp_path, old, new)
    if said is None:
        assert problems(root, knowledge.evidence) == []
    else:
        assert any(said in str(problem) for problem in problems(root, knowledge.evidence))


def test_a_table_that_cannot_be_read_names_the_field(tmp_path: Path) -> None:
    root = edited(tmp_path, "opioid: true", "opioid: perhaps")
    with pytest.raises(KnowledgeError, match=r"drugs\.0\.opioid"):
        load_limits(root)


def test_a_drug_answers_to_its_brand_and_in_any_case() -> None:
    assert load_limits().drug(" Prialt ").id == "ziconotide"
    assert load_limits().drug("Morphine  Sulfate").id == "morphine"


def test_an_unknown_drug_or_input_names_the_nearest() -> None:
    with pytest.raises(LimitsError, match="did you mean 'morphine'"):
        load_limits().drug("morfine")
    with pytest.raises(LimitsError, match="use one of morphine, hydromorphone"):
        load_limits().drug("xx")
    with pytest.raises(LimitsError, match="no such input"):
        load_limits().input("colour")


def test_us_and_eu_ceilings_of_ziconotide_stand_side_by_side() -> None:
    figures = load_limits().drug("ziconotide").of("maximum")
    assert [(f.body, q.show(f.is_)) for f in figures if f.is_ is not None] == [
        ("US label (Prialt)", "19.2 microgram/day"),
        ("EU label (Prialt)", "21.6 microgram/day"),
    ]


def test_label_and_panel_disagree_on_watching_and_both_are_kept() -> None:
    watch = load_limits().drug("morphine").observe
    told = {(f.body, q.show(f.is_)) for f in watch if f.is_ is not None}
    assert ("US label (Mitigo), boxed warning", "24 h") in told
    assert ("PACC", "6 h") in told


@pytest.mark.parametrize("drug", ["morphine", "hydromorphone", "clonidine", "bupivacaine"])
def test_panels_that_could_not_be_read_are_holes_and_never_figures(drug: str) -> None:
    known = load_limits().drug(drug)
    holes = {(hole.body, hole.year) for hole in known.holes}
    assert {("PACC", 2012), ("PACC", 2017), ("PACC", 2024)} <= holes
    numbers = [f for f in known.figures if f.numbers and f.body.startswith("PACC")]
    assert numbers == []


def test_all_six_panels_are_named_for_morphine() -> None:
    years = {hole.year for hole in load_limits().drug("morphine").holes if hole.body == "PACC"}
    assert years == {2000, 2003, 2007, 2012, 2017, 2024}


@pytest.mark.parametrize("drug", DRUGS)
def test_every_guarded_line_lies_in_order(drug: str) -> None:
    for guard in load_limits().drug(drug).guard.values():
        assert guard.lowest is not None
        assert guard.highest is not None
        assert guard.lowest.amount < guard.highest.amount
        for line in guard.remark:
            assert guard.lowest.amount < line.amount < guard.highest.amount
            assert line.says


def test_an_estimate_without_width_or_reason_is_refused() -> None:
    wide = {"estimate": "1 mg", "range": ["1 mg", "2 mg"], "because": "a reason"}
    assert Line.model_validate(wide).amount == q.parse("1 mg")
    for wrong in (
        {**wide, "range": ["1 mg", "1 mg"]},
        {**wide, "range": ["2 mg", "3 mg"]},
        {"estimate": "1 mg", "range": ["1 mg", "2 mg"]},
        {"is": "1 mg"},
        {"is": "1 mg", "source": "x"},
        {**wide, "is": "1 mg"},
    ):
        with pytest.raises(ValueError, match=r"estimate|line|source|published"):
            Line.model_validate(wrong)


def test_a_figure_says_something_and_where_it_stands() -> None:
    for wrong in (
        {"body": "b", "source": "s"},
        {"body": "b", "source": "s", "is": "1 mg"},
        {"body": "b", "source": "s", "at": "value", "from": "1 mg"},
        {"body": "b", "source": "s", "at": "value", "from_share": "0.1"},
    ):
        with pytest.raises(ValueError, match=r"figure|range"):
            Figure.model_validate(wrong)
    worded = Figure.model_validate({"body": "b", "source": "s", "says": "go slow"})
    assert (worded.lowest, worded.highest, worded.shares) == (None, None, None)


def test_numbers_are_found_by_their_place_in_an_entry(knowledge: Knowledge) -> None:
    entry = knowledge.evidence["trial-grider2011-doses"]
    assert room.number_at(entry, "data.step_doses_ug.4") == Decimal(400)
    assert room.number_at(entry, "data.step_doses_ug.9") is None
    assert room.number_at(entry, "data.step_doses_ug.x") is None
    assert room.number_at(entry, "unit") is None
    assert room.number_at(knowledge.evidence["th-mitigo-it-naive"], "range.1") == Decimal(1)


def test_the_file_is_read_as_it_stands() -> None:
    raw = yaml.safe_load((DATA / room.FILE).read_text(encoding="utf-8"))
    assert Limits.model_validate(raw) == load_limits()
