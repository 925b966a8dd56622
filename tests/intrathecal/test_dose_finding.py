"""First doses: ranges with their sources, never one number, and nothing where nothing is known."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural import quantity as q
from crural.history import OpioidTotal
from crural.intrathecal import dose_finding as room
from crural.intrathecal.dose_finding import (
    Band,
    Caution,
    Ratio,
    Share,
    after_rises,
    converted_range,
    find_dose,
    load_conversions,
    total_of,
    with_share,
)
from crural.intrathecal.dose_report import NO_ORDER, as_data, to_text
from crural.intrathecal.limits import load_limits
from crural.intrathecal.slips import SlipError
from crural.knowledge import Knowledge
from crural.knowledge.loader import DATA

from . import rederived_dose as again

DRUGS = [drug.id for drug in load_limits().drugs]
TOTALS = st.decimals("0.1", "2000", places=1)


def number(value: q.Quantity, unit: str = "mg/day") -> Fraction:
    return Fraction(q.amount(value, unit))


def close(one: Fraction, two: Fraction) -> bool:
    return abs(one - two) <= abs(two) / 10**20


def test_every_ratio_equals_the_evidence_that_it_names(knowledge: Knowledge) -> None:
    assert room.problems(evidence=knowledge.evidence) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('is: "300"', 'is: "30"', "says 30"),
        ('is: "6"', 'is: "60"', "says 60"),
        ("hole: itd-nf-start-fraction", "hole: gone", "gone"),
    ],
)
def test_a_ratio_that_drifts_is_found(
    tmp_path: Path, knowledge: Knowledge, old: str, new: str, said: str
) -> None:
    text = (DATA / room.FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / room.FILE).parent.mkdir()
    (tmp_path / room.FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(said in str(wrong) for wrong in room.problems(tmp_path, knowledge.evidence))


@given(TOTALS)
def test_conversions_are_those_of_plain_fractions(total: Decimal) -> None:
    share = load_conversions().share_to_begin_with
    for ratio in load_conversions().by_mouth:
        band = converted_range(q.quantity(total, "mg/day"), ratio)
        low, high = again.converted(
            Fraction(total), Fraction(min(ratio.numbers)), Fraction(max(ratio.numbers))
        )
        assert close(number(band.low), low)
        assert close(number(band.high), high)
        begun = with_share(band, share)
        assert close(number(begun.low), low * Fraction(share.range[0]))
        assert close(number(begun.high), high * Fraction(share.range[1]))


@given(TOTALS)
def test_more_by_mouth_never_converts_to_less(total: Decimal) -> None:
    for ratio in load_conversions().by_mouth:
        less = converted_range(q.quantity(total, "mg/day"), ratio)
        more = converted_range(q.quantity(total * 2, "mg/day"), ratio)
        assert less.low <= less.high
        assert less.low < more.low
        assert less.high < more.high


@given(TOTALS, st.sampled_from(["morphine", "hydromorphone"]))
def test_the_answer_is_always_a_range(total: Decimal, drug: str) -> None:
    found = find_dose(drug, total=q.quantity(total, "mg/day"))
    assert found.spread is not None
    assert found.spread.high > found.spread.low * 5
    bands = [one.share for one in found.converted if one.share is not None]
    assert len(bands) >= 2
    assert found.spread.low == min(band.low for band in bands)
    assert found.spread.high == max(band.high for band in bands)


def test_what_was_reached_after_titration_is_no_first_dose() -> None:
    found = find_dose("morphine", total=q.parse("120 mg/day"))
    (late,) = [one for one in found.converted if not one.ratio.start]
    assert late.share is None
    assert late.band.high == q.parse("12 mg/day")
    assert found.spread is not None
    assert found.spread.high == q.parse("1.2 mg/day")


def test_hydromorphone_is_a_sixth_by_one_centres_rule() -> None:
    morphine = find_dose("morphine", total=q.parse("120 mg/day"))
    other = find_dose("hydromorphone", total=q.parse("120 mg/day"))
    for one, two in zip(morphine.converted, other.converted, strict=True):
        assert close(number(two.band.low) * 6, number(one.band.low))
        assert close(number(two.band.high) * 6, number(one.band.high))


@pytest.mark.parametrize("drug", ["ziconotide", "baclofen", "clonidine", "bupivacaine", "fentanyl"])
def test_no_opioid_is_converted_to_another_kind_of_drug(drug: str) -> None:
    found = find_dose(drug, total=q.parse("120 mg/day"))
    assert found.converted == ()
    assert found.spread is None


@given(st.integers(0, 6), st.sampled_from(DRUGS))
def test_rises_are_those_of_plain_fractions(rises: int, drug: str) -> None:
    start = q.quantity("0.2", "mg/day")
    for step in load_limits().drug(drug).steps:
        if step.shares is not None:
            wanted = again.after(Fraction("0.2"), Fraction(step.shares[1]), rises)
        elif step.highest is not None:
            wanted = again.after_steps(
                Fraction("0.2"), Fraction(q.amount(step.highest, "mg/day")), rises
            )
        else:
            continue
        assert close(number(after_rises(start, step, rises)), wanted)


@pytest.mark.parametrize("drug", DRUGS)
def test_no_plan_goes_above_a_line_of_caution_or_a_maximum(drug: str) -> None:
    found = find_dose(drug)
    marks = [f.lowest for f in found.drug.of("maximum", "caution-above") if f.lowest is not None]
    for plan in found.plans:
        assert plan.stages[0].rises == 0
        for stage in plan.stages:
            assert stage.most.low <= stage.most.high
            assert all(stage.most.high <= mark for mark in marks)


def test_a_plan_ends_where_even_the_lowest_start_meets_the_line() -> None:
    drug = load_limits().drug("ziconotide")
    step = drug.steps[0]
    high = Band(q.parse("10 microgram/day"), q.parse("18 microgram/day"))
    stages = list(room._stages(drug, step, high))
    assert stages[-1].most.low == stages[-1].most.high == q.parse("19.2 microgram/day")
    assert len(stages) < room.MOST_STAGES + 1


def test_a_plan_begins_where_the_conversions_do_and_never_above_a_published_start() -> None:
    found = find_dose("morphine", total=q.parse("60 mg/day"))
    assert found.spread == Band(q.parse("0.05 mg/day"), q.parse("0.6 mg/day"))
    assert {plan.stages[0].most for plan in found.plans} == {found.spread}

    for total in ("2000 mg/day", "5000 mg/day"):
        for plan in find_dose("morphine", total=q.parse(total)).plans:
            assert plan.stages[0].most.high == q.parse("10 mg/day")


def test_of_whom_nothing_is_known_no_plan_begins_as_for_the_tolerant() -> None:
    found = find_dose("morphine", total=None, complete=False)
    assert {plan.stages[0].most.high for plan in found.plans} == {q.parse("1 mg/day")}


@given(st.integers(1, 2000), st.sampled_from(DRUGS))
def test_rises_are_told_in_two_digits_and_never_rounded_up(total: int, drug: str) -> None:
    found = find_dose(drug, total=q.quantity(total, "mg/day"))
    for stage in (stage for plan in found.plans for stage in plan.stages):
        for shown, exact in (
            (stage.shown.low, stage.most.low),
            (stage.shown.high, stage.most.high),
        ):
            assert shown <= exact < shown * Decimal("1.1")
            digits = q.plain(shown.magnitude).replace(".", "").strip("0")
            assert len(digits) <= 2


def test_a_rise_waits_for_the_longest_published_time_since_the_last() -> None:
    (first, *_) = find_dose("morphine", total=q.parse("60 mg/day")).plans
    assert [stage.day for stage in first.stages] == [0, 3, 6, 9, 12, 15, 18]
    for plan in find_dose("hydromorphone", total=q.parse("60 mg/day")).plans:
        assert {stage.day for stage in plan.stages} == {None}


def test_a_table_of_the_consensus_that_could_not_be_read_is_named() -> None:
    unread = room.consensus_unread(find_dose("morphine"))
    assert unread is not None
    assert (unread.body, unread.year) == ("PACC", 2024)


# Worked examples from labels and papers -------------------------------------------------------


def test_the_label_start_of_ziconotide_is_a_tenth_of_a_microgram_an_hour() -> None:
    starts = load_limits().drug("ziconotide").of("start-at-most")
    assert {f.is_ for f in starts} == {q.parse("2.4 microgram/day")}
    assert again.daily("0.1", "microgram/h") == again.daily("2.4", "microgram/day")
    assert starts[0].is_ == q.parse("0.1 microgram/h")


def test_the_label_maximum_of_ziconotide_is_eight_tenths_of_a_microgram_an_hour() -> None:
    (us, _) = load_limits().drug("ziconotide").of("maximum")
    assert us.is_ == q.parse("0.8 microgram/h")
    assert again.daily("0.8", "microgram/h") == again.daily("19.2", "microgram/day")


def test_seven_label_steps_lead_from_the_label_start_to_the_label_maximum() -> None:
    drug = load_limits().drug("ziconotide")
    start = q.parse("2.4 microgram/day")
    assert after_rises(start, drug.steps[0], 7) == q.parse("19.2 microgram/day")
    assert again.after_steps(Fraction("2.4"), Fraction("2.4"), 7) == Fraction("19.2")


def test_a_hundred_to_one_gives_a_milligram_for_a_hundred() -> None:
    (used,) = [r for r in load_conversions().by_mouth if r.id == "huntsman"]
    band = converted_range(q.parse("100 mg/day"), used)
    assert band.low < q.parse("1 mg/day") < band.high


def test_krames_gives_a_milligram_for_three_hundred() -> None:
    (quoted,) = [r for r in load_conversions().by_mouth if r.id == "krames"]
    band = converted_range(q.parse("300 mg/day"), quoted)
    assert band == Band(q.parse("1 mg/day"), q.parse("1 mg/day"))


def test_the_clonidine_study_began_at_a_microgram_an_hour() -> None:
    (start,) = load_limits().drug("clonidine").of("start")
    assert start.is_ == q.parse("1 microgram/h")


def test_baclofen_begins_from_twice_the_test_dose() -> None:
    found = find_dose("baclofen")
    assert found.plans[0].stages[0].most == Band(
        q.parse("50 microgram/day"), q.parse("200 microgram/day")
    )


# Who the patient is ---------------------------------------------------------------------------


def test_a_record_without_drugs_makes_nobody_naive() -> None:
    assert total_of(None) == (None, False)
    found = find_dose("morphine", total=None, complete=False)
    assert found.standing == "unknown"
    assert {start.fits for start in found.starts} == {None}


def test_no_opioids_make_naive_only_when_all_could_be_counted() -> None:
    total, complete = total_of(OpioidTotal((), Decimal(0), True))
    assert find_dose("morphine", total=total, complete=complete).standing == "opioid-naive"
    total, complete = total_of(OpioidTotal((), Decimal(0), False))
    assert find_dose("morphine", total=total, complete=complete).standing == "unknown"


def test_the_naive_never_get_the_range_of_the_tolerant() -> None:
    found = find_dose("morphine", total=q.parse("0 mg/day"))
    fits = {start.figure.who: start.fits for start in found.starts}
    assert fits["opioid-naive"] is True
    assert fits["opioid-tolerant"] is False
    for plan in found.plans:
        assert plan.stages[0].most.high == q.parse("1 mg/day")


def test_to_take_an_opioid_is_not_to_be_tolerant() -> None:
    found = find_dose("morphine", total=q.parse("5 mg/day"))
    assert {start.fits for start in found.starts} == {None}


def test_where_conversion_and_label_lie_apart_the_lower_is_called_the_safer(
    knowledge: Knowledge,
) -> None:
    below = find_dose("morphine", total=q.parse("5 mg/day"))
    assert {s.apart for s in below.starts if s.figure.who == "opioid-tolerant"} == {
        "conversion-below"
    }
    text = to_text(below, knowledge.evidence)
    assert "wholly below it: the lower is the safer to begin with" in text
    above = find_dose("hydromorphone", total=q.parse("2000 mg/day"))
    assert [s.apart for s in above.starts] == ["conversion-above"]
    assert "wholly above it: the lower is the safer" in to_text(above, knowledge.evidence)


def test_watching_comes_longest_first_and_says_that_bodies_disagree(knowledge: Knowledge) -> None:
    found = find_dose("morphine")
    hours = [q.amount(f.highest, "h") for f in found.observe if f.highest is not None]
    assert hours == sorted(hours, reverse=True)
    assert "They disagree: keep to the longer." in to_text(found, knowledge.evidence)


# The words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("drug", DRUGS)
@pytest.mark.parametrize("total", [None, "0 mg/day", "60 mg/day"])
def test_no_answer_looks_like_an_order(drug: str, total: str | None, knowledge: Knowledge) -> None:
    found = find_dose(drug, total=q.parse(total) if total else None)
    text = to_text(found, knowledge.evidence)
    assert NO_ORDER.split(". ", maxsplit=1)[0] in text
    assert as_data(found, knowledge.evidence)["notice"] == NO_ORDER
    lowered = text.lower()
    for word in (
        "prescribe",
        "give the patient",
        "start with ",
        "recommended dose:",
        "dose to give",
    ):
        assert word not in lowered
    assert max(len(line) for line in text.splitlines() if "http" not in line) <= 100


@pytest.mark.parametrize("drug", DRUGS)
def test_every_figure_shown_says_who_says_so(drug: str, knowledge: Knowledge) -> None:
    data = as_data(find_dose(drug, total=q.parse("60 mg/day")), knowledge.evidence)
    cited = {source["id"] for source in data["sources"]}
    shown = [*data["conversions"], *data["starts"], *data["trial"], *data["observe"],
             *data["limits"], *data["interval"], *(p["step"] for p in data["plans"])]  # fmt: skip
    for figure in shown:
        assert figure["body"]
        assert figure["source"] in cited


def test_the_share_to_begin_with_is_told_as_an_estimate(knowledge: Knowledge) -> None:
    found = find_dose("morphine", total=q.parse("60 mg/day"))
    assert as_data(found, knowledge.evidence)["share_to_begin_with"]["published"] is False
    assert "none is published. Our estimate is 25 % to 75 %" in " ".join(
        to_text(found, knowledge.evidence).split()
    )


def test_an_incomplete_total_is_told_as_a_lower_limit(knowledge: Knowledge) -> None:
    found = find_dose("morphine", total=q.parse("60 mg/day"), complete=False)
    text = to_text(found, knowledge.evidence)
    assert "at least 60 mg/day" in text
    assert "Not all could be counted" in text


def test_holes_are_listed_and_gaps_said(knowledge: Knowledge) -> None:
    text = to_text(find_dose("bupivacaine"), knowledge.evidence)
    for said in ("no published starting dose", "no published trial dose", "no published step",
                 "no published time of watching", "PACC 2012"):  # fmt: skip
        assert said in text
    assert "no published limit" in to_text(find_dose("fentanyl"), knowledge.evidence)


def test_what_the_record_holds_against_it_is_shown(knowledge: Knowledge) -> None:
    found = find_dose(
        "morphine",
        from_record=[Caution("barred", "Not with an infection.", ("abscess",), ()),
                     Caution("caution", "Watch.", (), ())],
    )  # fmt: skip
    text = to_text(found, knowledge.evidence)
    assert "barred: Not with an infection. (abscess)" in text
    assert as_data(found, knowledge.evidence)["from_record"][1]["says"] == "Watch."


def test_a_proposed_dose_is_held_against_the_table(knowledge: Knowledge) -> None:
    found = find_dose("morphine", proposed=q.parse("0.5 mg/day"))
    assert found.findings == ()
    found = find_dose("morphine", proposed=q.parse("50 mg/day"))
    assert found.findings[0].level == "stop"
    assert "STOP" in to_text(found, knowledge.evidence)


def test_a_total_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(SlipError, match="cannot be"):
        find_dose("morphine", total=q.parse("200 g/day"))


def test_ratios_and_shares_that_make_no_sense_are_refused() -> None:
    good = {"id": "x", "body": "b", "source": "s", "at": "value"}
    for wrong in ({}, {"is": "0"}, {"is": "1", "from": "1"}, {"from": "1"}):
        with pytest.raises(ValueError, match="ratio"):
            Ratio.model_validate({**good, **wrong})
    with pytest.raises(ValueError, match="share"):
        Share.model_validate(
            {"estimate": "0.5", "range": ["0.6", "0.7"], "because": "reason", "hole": "h"}
        )


def test_a_band_meets_another_or_not() -> None:
    low = Band(q.parse("1 mg/day"), q.parse("2 mg/day"))
    high = Band(q.parse("3 mg/day"), q.parse("4 mg/day"))
    assert low.meets(high) is None
    both = Band(q.parse("2 mg/day"), q.parse("3 mg/day"))
    assert low.meets(both) == Band(q.parse("2 mg/day"), q.parse("2 mg/day"))
