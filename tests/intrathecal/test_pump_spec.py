"""Published examples, computed again. Each names where it was published."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crural import quantity as q
from crural.intrathecal import arithmetic as a
from crural.intrathecal.answer import Answer, Sheet
from crural.intrathecal.boluses import bolus
from crural.intrathecal.chosen import catheter_inside, choose
from crural.intrathecal.discrepancy import discrepancy
from crural.intrathecal.rate import rate
from crural.intrathecal.side_port import aspirate, prime
from crural.intrathecal.slips import SlipError
from crural.knowledge import load_knowledge
from crural.quantity import parse

EVIDENCE = load_knowledge().evidence


def mg(value: q.Quantity) -> Decimal:
    return q.amount(value, "mg")


def test_prometra_mri_10_microlitres_of_25_mg_per_ml_hold_a_quarter_milligram() -> None:
    # Prometra II manual, page 14 (pump-prometra-mri-bolus)
    data = EVIDENCE["pump-prometra-mri-bolus"]
    assert mg(a.dose_in(parse("10 uL"), parse("25 mg/mL"))) == Decimal(str(data.value))


def test_prometra_implanted_catheter_is_110_cm_less_what_was_trimmed_at_0_0026_ml_per_cm() -> None:
    # Prometra II manual, page 33 (pump-prometra-catheter-volume)
    sheet = Sheet()
    inside = catheter_inside(
        choose(EVIDENCE, "prometra-ii-20"), sheet, None, None, None, parse("25 cm"), None
    )
    assert q.amount(inside, "mL") == (Decimal(110) - 25) * Decimal("0.0026")
    assert {source for step in sheet.steps for source in step.sources} == {
        "pump-prometra-catheter-volume"
    }


def test_ziconotide_25_microgram_per_ml_cannot_be_given_below_1_2_microgram_a_day() -> None:
    # Prialt site, page on titration (th-synchromed2-min-flow): 25 x 0.048 = 1.2
    answer = rate(
        choose(EVIDENCE, "synchromed-ii-40"),
        dose=parse("2.4 microgram/day"),
        concentration=parse("25 microgram/mL"),
        drug="Prialt",
    )
    least = answer.results["doses_at_this_concentration"]["least"]
    assert least == {"value": "1.2", "unit": "ug/d"}


@pytest.mark.parametrize(("day", "hour"), [("2.4", "0.1"), ("19.2", "0.8")])
def test_ziconotide_doses_per_day_are_those_per_hour(day: str, hour: str) -> None:
    # US label of ziconotide: 2.4 microgram/day (0.1 per hour) to 19.2 (0.8)
    assert q.quantity(day, "microgram/day") == q.quantity(hour, "microgram/h")


def test_archimedes_filling_for_a_constant_flow() -> None:
    # Codman Archimedes manual, appendix B (pump-constant-flow-fill-formula): running time =
    # capacity / flow; drug = daily dose x running time; stock = drug / concentration; saline =
    # capacity - stock. The numbers are ours, the four formulas the manual's.
    capacity, flow, dose = parse("40 mL"), parse("0.8 mL/day"), parse("4 mg/day")
    days = a.running_time(capacity, flow)
    assert q.amount(days, "day") == 50
    drug = dose * days
    assert mg(drug) == 200
    by_manual = q.in_unit(drug / parse("50 mg/mL"), "mL")
    made = a.recipe(
        {"morphine": a.concentration_for(dose, flow)}, {"morphine": parse("50 mg/mL")}, capacity
    )
    assert made.stocks["morphine"] == by_manual == parse("4 mL")
    assert made.diluent == parse("36 mL")


def discrepancy_of(pump: str | None, filled: str, expected: str, measured: str, of: str) -> Answer:
    return discrepancy(
        choose(EVIDENCE, pump),
        filled=parse(filled),
        expected=parse(expected),
        measured=parse(measured),
        concentration=parse(of),
    )


def test_perruchoud_14_ml_missing_held_8_4_mg_clonidine() -> None:
    # Perruchoud 2012 (pump-septum-leak-case); 0.6 mg/mL follows from the two figures
    data = EVIDENCE["pump-septum-leak-case"].data
    answer = discrepancy_of(None, "18 mL", "17.9 mL", "3.9 mL", "0.6 mg/mL")
    assert answer.results["difference"]["value"] == f"-{data['missing_ml']}"
    assert answer.results["drug"] == {"value": str(data["missing_clonidine_mg"]), "unit": "mg"}
    assert not answer.results["within"]
    assert any("leaks" in cause["says"] for cause in answer.results["may_mean"])


def test_3_ml_too_much_in_a_40_ml_pump_is_worth_a_search() -> None:
    # ASRA meeting abstract 2017 (pump-discrepancy-2ml): outside accuracy, or more than 2 mL
    answer = discrepancy_of("synchromed-ii-40", "40 mL", "20 mL", "23 mL", "0.5 mg/mL")
    crossed = {test["name"] for test in answer.results["tests"] if test["crossed"]}
    assert crossed == {"accuracy of the pump", "absolute difference"}
    assert any("catheter" in cause["says"] for cause in answer.results["may_mean"])


@pytest.mark.parametrize(
    ("measured", "within"),
    [("2 mL", True), ("1.9 mL", True), ("2.3 mL", True), ("4.1 mL", False), ("0 mL", False)],
)
def test_small_differences_are_within(measured: str, within: bool) -> None:
    answer = discrepancy_of("synchromed-ii-20", "18 mL", "2 mL", measured, "20 mg/mL")
    assert answer.results["within"] is within


def test_what_makes_no_sense_is_refused() -> None:
    chosen = choose(EVIDENCE)
    strength, volume = parse("10 mg/mL"), parse("20 mL")
    with pytest.raises(a.ArithmeticRefusedError, match="nothing is empty"):
        prime(chosen, Sheet(), concentration=strength, empty=frozenset(), catheter=None)
    with pytest.raises(a.ArithmeticRefusedError, match="volume is not given"):
        prime(chosen, Sheet(), concentration=strength, empty=frozenset({"catheter"}), catheter=None)
    with pytest.raises(a.ArithmeticRefusedError, match="less than nought"):
        bolus(
            chosen,
            basal=parse("1 mg/day"),
            dose=parse("0.1 mg"),
            lockout=parse("4 h"),
            most=-1,
        )
    with pytest.raises(SlipError):
        discrepancy(chosen, filled=volume, expected=volume * -1, measured=volume)


def test_what_is_drawn_is_not_pushed_in() -> None:
    # Side port: what is in the line goes in first (pump-side-port-aspirate)
    def pushed(drawn: str | None) -> Decimal:
        chosen, sheet = choose(EVIDENCE, "prometra-ii-20"), Sheet()
        inside = catheter_inside(chosen, sheet, None, None, None, parse("30 cm"), None)
        answer = aspirate(
            chosen,
            sheet,
            concentration=parse("20 mg/mL"),
            catheter=inside,
            dose=parse("4 mg/day"),
            drawn=parse(drawn) if drawn else None,
            drug="morphine",
        )
        assert answer.results["least_to_draw"] == {"value": "0.208", "unit": "mL"}
        assert any("10 mL or more" in finding.says for finding in answer.findings)
        return Decimal(answer.results["pushed_in"]["value"])

    assert pushed(None) == Decimal("4.16")
    assert pushed("0.1 mL") == Decimal("2.16")
    assert pushed("0.5 mL") == 0
