"""From the place of the pain to the level of the lead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crural.errors import KnowledgeError
from crural.knowledge import Knowledge, resolve
from crural.knowledge.loader import DATA
from crural.knowledge.stimulation import load_coverage, load_trial, problems
from crural.pain_map import REGION_NAMES, REGIONS_OF
from crural.record import record_from_data
from crural.stimulation.coverage import (
    LEVELS,
    LOOSE,
    ROOTS_OF,
    Coverage,
    CoverageError,
    coverage_of,
    vertebra,
)


def found(knowledge: Knowledge, *present: str, side: str | None = "left", **parts: Any) -> Coverage:
    data = {"age": 50, "sex": "female", "side": side, "present": list(present), **parts}
    record = record_from_data(data, knowledge.vocabulary, "record.yaml")
    return coverage_of(record, load_coverage(), knowledge.evidence, "record.yaml")


def test_both_files_have_no_problem(knowledge: Knowledge) -> None:
    assert list(problems(knowledge.evidence)) == []
    assert load_trial().definitions


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("lateral: true", "lateral: sideways", "areas.groin.lateral"),
        ("levels: [11, 12]", "levels: [12, 11]", "areas.front-thigh.published.0"),
        ("areas:", "regions:", "areas"),
        ("id: stimulation-coverage", "id: [", ""),
    ],
)
def test_a_wrong_file_is_one_error(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = (DATA / "therapy" / "stimulation-coverage.yaml").read_text("utf-8")
    (tmp_path / "therapy").mkdir()
    (tmp_path / "therapy" / "stimulation-coverage.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_coverage(tmp_path)
    assert caught.value.field == field


def test_sources_and_numbers_that_do_not_exist_are_found(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    (tmp_path / "therapy").mkdir()
    for name in ("stimulation-trial", "stimulation-coverage"):
        text = (DATA / "therapy" / f"{name}.yaml").read_text("utf-8")
        text = text.replace(
            "{evidence: scs-immpact-moderate, of: value}", "{evidence: no-such, of: value}"
        )
        text = text.replace("source: scs-map-t10-lateral", "source: scs-map-buttock-levels")
        (tmp_path / "therapy" / f"{name}.yaml").write_text(text, "utf-8")
    found = {(wrong.file, wrong.problem) for wrong in problems(knowledge.evidence, tmp_path)}
    assert any("no-such" in problem for _, problem in found)
    assert any("scs-map-buttock-levels" in problem for _, problem in found)


def test_every_region_of_the_body_map_is_known() -> None:
    known = load_coverage()
    assert set(known.areas) == set(REGION_NAMES)
    assert {g.area for g in known.ganglia} <= set(REGION_NAMES)
    assert all(set(areas) <= set(REGION_NAMES) for areas in LOOSE.values())
    assert not set(LOOSE) & set(REGIONS_OF)
    assert set(ROOTS_OF) <= set(REGIONS_OF)


def test_no_published_level_lies_outside_what_the_estimates_allow(knowledge: Knowledge) -> None:
    """Each published stretch of vertebrae must touch the range of the best level, one vertebra
    more to each side: a lead there still reaches the area."""
    known = load_coverage()
    for name, area in known.areas.items():
        best = resolve(area.best, knowledge.evidence, "real")
        for published in area.published:
            first, last = published.levels
            assert first <= best.high + 1, name
            assert last >= best.low - 1, name


def test_vertebrae_have_names() -> None:
    names = [vertebra(n) for n in (7, 10, 10.2, 10.5, 12, 12.5, 13)]
    assert names == ["T7", "T10", "T10", "T10/T11", "T12", "T12/L1", "L1"]


def test_levels_are_ranked_with_their_uncertainty(knowledge: Knowledge) -> None:
    levels = found(knowledge, "pain-anterior-thigh").levels
    assert {level.vertebra for level in levels} == set(LEVELS)
    assert [one.chance.middle for one in levels] == sorted(
        (one.chance.middle for one in levels), reverse=True
    )
    assert sum(level.first for level in levels) == pytest.approx(1.0)
    assert levels[0].name == "T11"
    for level in levels:
        assert 0 <= level.chance.low <= level.chance.middle <= level.chance.high <= 1


def test_the_back_asks_for_a_higher_level_than_the_foot(knowledge: Knowledge) -> None:
    back = found(knowledge, "pain-low-back").leads[0].target.middle
    foot = found(knowledge, "pain-foot").leads[0].target.middle
    assert back < foot
    assert 8 <= back <= 9.5
    assert 10 <= foot <= 13


def test_the_tip_lies_above_the_middle_contacts(knowledge: Knowledge) -> None:
    [lead] = found(knowledge, "pain-calf").leads
    assert lead.tip.middle < lead.target.middle
    assert lead.tip.high - lead.tip.low > lead.target.high - lead.target.low


def test_back_and_foot_ask_for_two_leads_thigh_and_knee_for_one(knowledge: Knowledge) -> None:
    assert [lead.areas for lead in found(knowledge, "pain-low-back", "pain-foot").leads] == [
        ("low-back",),
        ("foot",),
    ]
    assert len(found(knowledge, "pain-anterior-thigh", "pain-knee").leads) == 1


@pytest.mark.parametrize(
    ("present", "side", "where"),
    [
        (["pain-calf"], "left", "left"),
        (["pain-calf"], "right", "right"),
        (["pain-calf"], "bilateral", "midline"),
        (["pain-calf"], None, "unknown"),
        (["pain-low-back"], "left", "midline"),
    ],
)
def test_the_side_of_the_lead_follows_the_pain(
    knowledge: Knowledge, present: list[str], side: str | None, where: str
) -> None:
    coverage = found(knowledge, *present, side=side)
    assert coverage.leads[0].side == where
    said = [s.text for s in coverage.says]
    assert any("One-sided" in text for text in said) == (where in {"left", "right"})


def test_left_and_right_mirror_each_other(knowledge: Knowledge) -> None:
    left, right = (found(knowledge, "pain-calf", "pain-foot", side=s) for s in ("left", "right"))
    assert left.levels == right.levels
    assert [r.name for r in left.roots] == [r.name for r in right.roots]


def test_a_named_root_is_its_own_ganglion(knowledge: Knowledge) -> None:
    roots = found(knowledge, "pain-in-root-l5").roots
    assert [(r.name, r.share) for r in roots] == [("L5", 1.0)]
    assert found(knowledge, "pain-in-root-s1").roots[0].name == "S1"


def test_published_ganglia_stand_beside_their_roots(knowledge: Knowledge) -> None:
    knee = {r.name: r for r in found(knowledge, "pain-knee").roots}
    assert [g.source for g in knee["L3"].published] == ["stim-ganglion-knee-levels"]
    groin = {r.name: r for r in found(knowledge, "pain-groin").roots}
    assert [g.source for g in groin["L1"].published] == ["stim-ganglion-groin-levels"]


def test_the_back_does_not_choose_ganglia_where_the_leg_hurts_too(knowledge: Knowledge) -> None:
    assert {r.name for r in found(knowledge, "pain-low-back", "pain-calf").roots} == {"S1", "S2"}


def test_pain_told_loosely_is_used_and_said_to_be_a_guess(knowledge: Knowledge) -> None:
    coverage = found(knowledge, "pain-radiating-below-knee")
    assert coverage.loosely == ("pain-radiating-below-knee",)
    assert any("loosely" in remark for remark in coverage.remarks)
    exact = found(knowledge, "pain-radiating-below-knee", "pain-calf")
    assert [area.id for area in exact.areas] == ["calf"]
    assert exact.loosely == ()


def test_the_pain_that_leads_draws_the_level(knowledge: Knowledge) -> None:
    def score(*more: str) -> float:
        levels = found(knowledge, "pain-low-back", "pain-foot", *more).levels
        by = {level.vertebra: level.chance.middle for level in levels}
        return by[8] / by[12]

    assert score("pain-back-dominant") > score() > score("pain-leg-dominant")


def test_widespread_pain_and_the_back_are_warned_of(knowledge: Knowledge) -> None:
    remarks = found(knowledge, "pain-whole-leg", "pain-low-back").remarks
    assert any("widespread" in remark for remark in remarks)
    assert any("hard to reach" in remark for remark in remarks)


def test_every_mode_is_told(knowledge: Knowledge) -> None:
    modes = {mode.id for mode in found(knowledge, "pain-calf").modes}
    assert modes == {"paraesthesia", "high-frequency", "burst", "ganglion"}


def test_without_a_place_of_pain_no_level_is_named(knowledge: Knowledge) -> None:
    with pytest.raises(CoverageError, match="no place of pain") as caught:
        found(knowledge, "pain-burning")
    assert "pain-calf" in caught.value.remedy
