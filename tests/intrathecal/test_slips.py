"""The slip guard: what is stopped, what is warned of, and that nothing outside passes silently."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crural import quantity as q
from crural.intrathecal import slips
from crural.intrathecal.limits import KINDS, Guard, LimitsError, load_limits
from crural.intrathecal.slips import Finding, SlipError, base_input, check, enforce

from . import rederived_dose as again

TABLE = load_limits()
UNITS = {
    "dose": "mg",
    "dose-rate": "mg/day",
    "concentration": "mg/mL",
    "flow": "mL/day",
    "volume": "mL",
    "length": "cm",
    "volume-per-length": "mL/cm",
    "time": "day",
}
OTHER_KIND = {"dose": "mL", "dose-rate": "mL", "concentration": "mg", "flow": "mg/day",
              "volume": "mg", "length": "mL", "volume-per-length": "mL", "time": "mL"}  # fmt: skip


def guarded() -> list[tuple[str | None, str, Guard]]:
    """Every input that has lines, with the drug where the lines are a drug's."""
    found: list[tuple[str | None, str, Guard]] = [
        (None, wanted.id, Guard(lowest=wanted.lowest, highest=wanted.highest))
        for wanted in TABLE.inputs
        if wanted.by == "pump"
    ]
    for drug in TABLE.drugs:
        found += [(drug.id, name, guard) for name, guard in drug.guard.items()]
    return found


GUARDED = guarded()
NAMES = [f"{drug or 'pump'}:{name}" for drug, name, _ in GUARDED]


def asked(drug: str | None, **amounts: str) -> tuple[Finding, ...]:
    return check(drug, limits=None, **{name: q.parse(text) for name, text in amounts.items()})


def levels(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.level for finding in findings}


def inside(guard: Guard, value: q.Quantity) -> bool:
    return (guard.lowest is None or value >= guard.lowest.amount) and (
        guard.highest is None or value <= guard.highest.amount
    )


@st.composite
def plausible(draw: st.DrawFn) -> tuple[str | None, str, Guard, q.Quantity]:
    """An amount inside what is published, with three significant digits as on a prescription."""
    drug, name, guard = draw(st.sampled_from(GUARDED))
    unit = UNITS[TABLE.input(name).kind]
    assert guard.highest is not None
    high = q.amount(guard.highest.amount, unit)
    low = q.amount(guard.lowest.amount, unit) if guard.lowest else high / 1000
    share = draw(st.decimals(0, 1, places=3))
    value = low * (high / low) ** share
    rounded = +value.quantize(Decimal(1).scaleb(value.adjusted() - 2))
    rounded = min(max(rounded, low), high)
    return drug, name, guard, q.quantity(rounded, unit)


@given(plausible())
def test_what_is_inside_is_never_stopped(
    case: tuple[str | None, str, Guard, q.Quantity],
) -> None:
    drug, name, _, value = case
    assert "stop" not in levels(check(drug, limits=None, **{name.replace("-", "_"): value}))


@given(plausible(), st.sampled_from([10, 100, 1000]), st.booleans())
def test_no_slip_that_leaves_the_published_range_passes_in_silence(
    case: tuple[str | None, str, Guard, q.Quantity], factor: int, up: bool
) -> None:
    drug, name, guard, value = case
    slipped = value * factor if up else value / factor
    assume(not inside(guard, slipped))
    found = check(drug, limits=None, **{name.replace("-", "_"): slipped})
    assert found
    assert found[0].inputs == (name,)
    if up:
        # Too much is always stopped, never merely warned of.
        assert found[0].level == "stop"


@given(plausible(), st.sampled_from([10, 100, 1000]), st.booleans())
def test_a_slip_is_told_with_what_was_likely_meant(
    case: tuple[str | None, str, Guard, q.Quantity], factor: int, up: bool
) -> None:
    drug, name, guard, value = case
    slipped = value * factor if up else value / factor
    assume(not inside(guard, slipped))
    (found, *_) = check(drug, limits=None, **{name.replace("-", "_"): slipped})
    # The value that was meant lies inside, so undoing some slip must be offered.
    assert "would lie inside" in found.says


@pytest.mark.parametrize(("drug", "name", "guard"), GUARDED, ids=NAMES)
@pytest.mark.parametrize("power", [1, 2, 3, 6, 9])
def test_every_input_of_every_drug_is_stopped_far_above(
    drug: str | None, name: str, guard: Guard, power: int
) -> None:
    assert guard.highest is not None
    value = guard.highest.amount * 10**power
    found = check(drug, limits=None, **{name.replace("-", "_"): value})
    assert "stop" in levels(found)


@pytest.mark.parametrize(("drug", "name", "guard"), GUARDED, ids=NAMES)
def test_every_input_of_every_drug_is_stopped_far_below(
    drug: str | None, name: str, guard: Guard
) -> None:
    if guard.lowest is None:
        pytest.skip("nought is a sound amount here")
    value = guard.lowest.amount / 1000
    assert "stop" in levels(check(drug, limits=None, **{name.replace("-", "_"): value}))
    near = guard.lowest.amount * Decimal("0.9")
    assert levels(check(drug, limits=None, **{name.replace("-", "_"): near})) == {"warn"}


@pytest.mark.parametrize("wanted", TABLE.inputs, ids=lambda one: one.id)
@pytest.mark.parametrize("drug", [None, *(one.id for one in TABLE.drugs)])
def test_what_cannot_be_is_stopped_for_good(drug: str | None, wanted: Any) -> None:
    name = wanted.id.replace("-", "_")
    unit = UNITS[wanted.kind]
    wrong = [q.quantity(-1, unit), q.quantity("NaN", unit), q.quantity("Infinity", unit)]
    wrong.append(q.quantity(1, OTHER_KIND[wanted.kind]))
    if not wanted.zero:
        wrong.append(q.quantity(0, unit))
    if wanted.impossible_above is not None:
        wrong.append(wanted.impossible_above.amount * 2)
    for value in wrong:
        found = check(drug, limits=None, **{name: value})
        assert found[0].final
        with pytest.raises(SlipError):
            enforce(found, checked=True)


@pytest.mark.parametrize("wanted", TABLE.inputs, ids=lambda one: one.id)
def test_another_kind_of_amount_is_refused_by_name(wanted: Any) -> None:
    value = q.quantity(1, OTHER_KIND[wanted.kind])
    (found,) = [
        f for f in check("morphine", limits=None, **{wanted.id.replace("-", "_"): value}) if f.final
    ]
    assert wanted.name in found.says
    assert KINDS[wanted.kind] != ""


# Examples, one behaviour each -----------------------------------------------------------------


def test_milligrams_for_micrograms_of_ziconotide() -> None:
    (found, *_) = asked("ziconotide", daily_dose="2.4 mg/day")
    assert (found.level, found.slip) == ("stop", "mg-microgram")
    assert "2.4 microgram/day would lie inside" in found.says


def test_a_tenfold_hydromorphone_dose() -> None:
    (found, *_) = asked("hydromorphone", daily_dose="15 mg/day")
    assert (found.level, found.slip) == ("stop", "tenfold")
    assert "1.5 mg/day would lie inside" in found.says


def test_a_dose_far_too_small_is_stopped_too() -> None:
    (found, *_) = asked("baclofen", daily_dose="0.3 microgram/day")
    assert (found.level, found.slip) == ("stop", "mg-microgram")
    assert "0.3 mg/day would lie inside" in found.says


def test_the_same_digits_as_mass_and_as_volume() -> None:
    found = asked(
        "morphine", daily_dose="0.25 mg/day", concentration="20 mg/mL", flow="0.25 mL/day"
    )
    assert [(f.level, f.slip, f.final) for f in found] == [("stop", "mg-ml", True)]


def test_a_volume_for_a_dose() -> None:
    (found, *_) = asked("morphine", daily_dose="0.25 mL")
    assert (found.slip, found.final) == ("mg-ml", True)
    (found, *_) = asked("morphine", daily_dose="90 days")
    assert (found.slip, found.final) == ("wrong-kind", True)


def test_dose_concentration_and_flow_that_do_not_fit() -> None:
    (found, *_) = asked(
        "morphine", daily_dose="5 mg/day", concentration="20 mg/mL", flow="2.5 mL/day"
    )
    assert (found.slip, found.final) == ("tenfold", True)
    (found, *_) = asked(
        "morphine", daily_dose="5 mg/day", concentration="20 mg/mL", flow="0.3 mL/day"
    )
    assert (found.slip, found.final) == ("does-not-fit", True)


def test_rounding_on_a_programmer_is_no_slip() -> None:
    found = asked("morphine", daily_dose="1.2 mg/day", concentration="10 mg/mL", flow="0.12 mL/day")
    assert levels(found) == set()
    assert (
        asked(
            "ziconotide",
            daily_dose="1.2 microgram/day",
            concentration="25 microgram/mL",
            flow="0.0485 mL/day",
        )
        == ()
    )


def test_old_and_new_concentration_exchanged_beside_dose_and_flow() -> None:
    (found, *_) = asked(
        "morphine",
        old_daily_dose="5 mg/day",
        old_flow="0.5 mL/day",
        old_concentration="20 mg/mL",
        new_concentration="10 mg/mL",
    )
    assert (found.slip, found.final) == ("swapped-concentrations", True)
    (found, *_) = asked(
        "morphine",
        new_daily_dose="5 mg/day",
        new_flow="0.25 mL/day",
        old_concentration="20 mg/mL",
        new_concentration="10 mg/mL",
    )
    assert (found.slip, found.final) == ("swapped-concentrations", True)


def test_old_and_new_concentration_exchanged_between_two_flows() -> None:
    amounts = {"old_flow": "0.25 mL/day", "new_flow": "0.5 mL/day"}
    swapped = asked(
        "morphine", old_concentration="10 mg/mL", new_concentration="20 mg/mL", **amounts
    )
    assert [(f.level, f.slip) for f in swapped] == [("stop", "swapped-concentrations")]
    right = asked("morphine", old_concentration="20 mg/mL", new_concentration="10 mg/mL", **amounts)
    assert right == ()
    same = asked("morphine", old_concentration="20 mg/mL", new_concentration="20 mg/mL")
    assert same == ()
    same = asked(
        "morphine",
        old_concentration="20 mg/mL",
        old_daily_dose="5 mg/day",
        new_concentration="10 mg/mL",
        new_daily_dose="5 mg/day",
        **amounts,
    )
    assert same == ()


def test_concentrations_that_differ_exactly_tenfold() -> None:
    (found,) = asked("morphine", old_concentration="2 mg/mL", new_concentration="20 mg/mL")
    assert (found.level, found.slip) == ("warn", "tenfold")


def test_a_tenfold_leap_of_the_dose_inside_the_range_is_seen_when_the_old_dose_is_given() -> None:
    (found, *_) = asked("morphine", current_daily_dose="0.5 mg/day", new_daily_dose="5 mg/day")
    assert (found.level, found.slip) == ("stop", "tenfold")
    (found, *_) = asked("morphine", old_daily_dose="0.5 mg/day", daily_dose="3 mg/day")
    assert (found.level, found.slip) == ("stop", "big-step")
    (found, *_) = asked(
        "baclofen", old_daily_dose="500 microgram/day", daily_dose="50 microgram/day"
    )
    assert (found.level, found.slip) == ("stop", "tenfold")


@pytest.mark.parametrize(
    ("drug", "old", "new", "said"),
    [
        ("morphine", "1 mg/day", "1.3 mg/day", None),
        ("morphine", "1 mg/day", "1.4 mg/day", "more than the step of 30 %"),
        ("ziconotide", "2.4 microgram/day", "4.8 microgram/day", None),
        ("ziconotide", "2.4 microgram/day", "4.9 microgram/day", "2.4 microgram/day"),
        ("clonidine", "100 microgram/day", "110 microgram/day", "no published step"),
        ("morphine", "2 mg/day", "1.5 mg/day", None),
        ("morphine", "2 mg/day", "1 mg/day", "withdrawal can follow"),
        (None, "2 mg/day", "2.5 mg/day", None),
    ],
)
def test_rises_and_falls_of_the_dose(
    drug: str | None, old: str, new: str, said: str | None
) -> None:
    found = [
        f
        for f in asked(drug, old_daily_dose=old, new_daily_dose=new)
        if not f.says.startswith("no drug is named")
    ]
    assert ([f.level for f in found] == ["warn"]) == (said is not None)
    assert said is None or said in found[0].says


def test_a_dose_that_the_concentration_cannot_carry() -> None:
    (found, *_) = asked("baclofen", daily_dose="300 microgram/day", concentration="50 microgram/mL")
    assert (found.level, found.slip) == ("stop", "tenfold")
    assert "needs 6 mL/day" in found.says
    (found, *_) = asked("ziconotide", daily_dose="2.4 mg/day", concentration="5 microgram/mL")
    assert found.final
    assert "more than any implanted reservoir holds" in found.says
    (found,) = asked("morphine", daily_dose="2 mg/day", concentration="25 mg/mL")
    assert found.slip == "remark"
    (found, *_) = asked("morphine", daily_dose="0.2 mg/day", concentration="20 mg/mL")
    assert (found.level, found.inputs) == ("warn", ("daily-dose", "concentration"))
    (found, *_) = asked("morphine", daily_dose="0.05 mg/day", concentration="20 mg/mL")
    assert found.level == "stop"


def test_a_flow_that_no_slip_explains_is_told_plainly() -> None:
    found = asked("morphine", daily_dose="0.002 mg/day", concentration="50 mg/mL")
    (flow,) = [f for f in found if f.inputs == ("daily-dose", "concentration")]
    assert flow.slip == "does-not-fit"
    assert "slipped" not in flow.says


def test_one_dose_as_large_as_a_day() -> None:
    (found, *_) = asked("morphine", daily_dose="0.2 mg/day", bolus_dose="0.2 mg")
    assert (found.level, found.slip) == ("stop", "does-not-fit")
    assert asked("morphine", daily_dose="1 mg/day", bolus_dose="0.1 mg") == ()


def test_volumes_against_each_other() -> None:
    (found,) = asked(None, reservoir="20 mL", fill_volume="40 mL")
    assert found.final
    (found,) = asked(None, fill_volume="18 mL", measured_residual="19 mL")
    assert (found.level, found.final) == ("stop", False)
    (found,) = asked(None, catheter_volume="0.5 mL", catheter_length="80 cm",
                     volume_per_length="0.0026 mL/cm")  # fmt: skip
    assert found.slip == "does-not-fit"
    assert asked(None, reservoir="20 mL", fill_volume="20 mL", residual_volume="0 mL") == ()


def test_products_are_shown_in_the_units_of_the_drug() -> None:
    (found, *_) = asked(
        "ziconotide",
        daily_dose="2.4 microgram/day",
        concentration="25 microgram/mL",
        flow="0.4 mL/day",
    )
    assert "is 10 microgram/day, not 2.4 microgram/day" in found.says
    (found, *_) = asked(
        "morphine", daily_dose="5 mg/day", concentration="20 mg/mL", flow="2500 uL/day"
    )
    assert "20 mg/mL x 2500 µL/day is 50 mg/day, not 5 mg/day" in found.says
    (found, *_) = asked(None, catheter_volume="0.3 mL", catheter_length="100 cm",
                        volume_per_length="0.0026 mL/cm")  # fmt: skip
    assert "is 0.26 mL, not 0.3 mL" in found.says


def test_a_bolus_volume_that_does_not_carry_the_bolus() -> None:
    (found, *_) = asked(
        "morphine", single_dose="0.1 mg", concentration="10 mg/mL", bolus_volume="0.1 mL"
    )
    assert (found.slip, found.final) == ("mg-ml", True)


def test_a_drug_without_published_range_is_never_silent() -> None:
    for drug in ("fentanyl", "sufentanil"):
        (found,) = asked(drug, daily_dose="25 microgram/day")
        assert (found.level, found.slip) == ("warn", "no-published-range")


def test_without_a_drug_doses_are_never_silent() -> None:
    (found,) = asked(None, daily_dose="5 mg/day", concentration="20 mg/mL")
    assert (found.level, found.slip) == ("warn", "no-published-range")
    assert "daily dose and the concentration" in found.says
    (found,) = asked(None, daily_dose="5 mg/day")
    assert "in the daily dose is not seen" in found.says


def test_lines_of_labels_inside_the_range_are_remarked_on() -> None:
    (found,) = asked("morphine", daily_dose="22 mg/day")
    assert found.level == "warn"
    assert "asks for caution" in found.says
    assert found.sources == ("th-mitigo-it-ceiling",)


def test_checked_lifts_a_stop_but_keeps_it_in_sight() -> None:
    found = asked("morphine", daily_dose="30 mg/day")
    with pytest.raises(SlipError, match="--i-have-checked"):
        enforce(found)
    assert enforce(found, checked=True) == found
    assert enforce(asked("morphine", daily_dose="1 mg/day")) == ()


def test_checked_never_lifts_what_cannot_be() -> None:
    found = asked("morphine", concentration="2000 mg/mL")
    with pytest.raises(SlipError, match="cannot be") as error:
        enforce(found, checked=True)
    assert "--i-have-checked" not in str(error.value)


def test_names_of_commands_lead_to_inputs() -> None:
    assert base_input("old_concentration") == "concentration"
    assert base_input("--bolus-dose") == "single-dose"
    assert base_input("measured-residual") == "residual-volume"
    with pytest.raises(LimitsError, match="no such input"):
        check(None, colour=q.parse("1 mg"))
    with pytest.raises(LimitsError, match="no drug"):
        check("aspirin", daily_dose=q.parse("1 mg/day"))


def test_stops_come_first_and_what_cannot_be_before_all() -> None:
    found = asked("morphine", concentration="2000 mg/mL", daily_dose="22 mg/day", flow="10 mL/day")
    assert [(f.level, f.final) for f in found] == [
        ("stop", True), ("stop", False), ("warn", False),
    ]  # fmt: skip


def test_as_data_holds_every_field() -> None:
    (one,) = slips.as_data(asked("morphine", daily_dose="30 mg/day"))
    assert set(one) == {"level", "slip", "inputs", "says", "remedy", "final", "sources"}


@given(
    st.decimals("0.05", "25", places=3, allow_nan=False),
    st.decimals("0.2", "50", places=2, allow_nan=False),
)
def test_the_implied_flow_is_the_one_of_plain_fractions(dose: Decimal, strength: Decimal) -> None:
    found = check(
        "morphine",
        daily_dose=q.quantity(dose, "mg/day"),
        concentration=q.quantity(strength, "mg/mL"),
    )
    flow = again.flow(Fraction(dose), Fraction(strength))
    outside = not Fraction(48, 1000) <= flow <= 4
    assert any(f.inputs == ("daily-dose", "concentration") for f in found) == outside
