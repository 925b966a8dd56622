"""A programme: right sums and their working, limits with their sources, no slip of a unit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crural.knowledge import Knowledge, load_knowledge
from crural.knowledge.devices import load_devices, load_limits
from crural.quantity import Quantity, amount, parse, quantity
from crural.stimulation.programme import (
    JOULE,
    MICROWATT,
    Battery,
    ContactArea,
    Programme,
    ProgrammeCheck,
    ProgrammeError,
    check_programme,
    ring_area,
)

from .rederived_programme import Again, again

EVIDENCE = load_knowledge().evidence


def made(mode: str = "tonic", **changes: object) -> Programme:
    plain = Programme(
        mode=mode,
        amplitude=parse("4 mA"),
        pulse_width=parse("300 us"),
        rate=parse("50 Hz"),
        impedance=parse("500 ohm"),
        contact=ContactArea(parse("12 mm2"), "as given"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def check(programme: Programme) -> ProgrammeCheck:
    return check_programme(programme, load_limits(), load_devices(), EVIDENCE)


def number(result: ProgrammeCheck, figure: str, unit: str = "") -> Decimal:
    value = result.figure(figure).value
    assert value is not None
    return value if isinstance(value, Decimal) else amount(value, unit)


def refused(programme: Programme) -> ProgrammeError:
    with pytest.raises(ProgrammeError) as error:
        check(programme)
    return error.value


# Sums ------------------------------------------------------------------------------------------


def test_charge_density_current_and_power_of_a_tonic_programme() -> None:
    result = check(made())
    assert number(result, "charge", "uC") == Decimal("1.2")
    assert number(result, "charge-density", "uC/cm2") == Decimal(10)
    assert round(number(result, "shannon-k"), 6) == Decimal("1.079181")
    assert number(result, "mean-current", "uA") == Decimal(60)
    assert number(result, "voltage", "V") == Decimal(2)
    assert number(result, "power", MICROWATT) == Decimal(120)
    assert number(result, "energy", JOULE) == Decimal("10.368")


def test_published_charges_of_the_usual_settings() -> None:
    # scs-10khz-settings: 0.15 uC at 5 mA and 30 us; 4.25 uC at 8.5 mA and 500 us.
    fast = made("high-frequency", amplitude=parse("5 mA"), pulse_width=parse("30 us"))
    fast = replace(fast, rate=parse("10 kHz"))
    assert number(check(fast), "charge", "uC") == Decimal("0.15")
    strong = made(amplitude=parse("8.5 mA"), pulse_width=parse("500 us"))
    assert number(check(strong), "charge", "uC") == Decimal("4.25")


def test_volts_give_the_current_by_the_impedance() -> None:
    by_volts = check(made(amplitude=parse("2 V")))
    assert number(by_volts, "current", "mA") == Decimal(4)
    assert number(by_volts, "charge", "uC") == number(check(made()), "charge", "uC")


def test_volts_without_an_impedance_are_refused() -> None:
    assert refused(made(amplitude=parse("2 V"), impedance=None)).field == "impedance"


def test_without_impedance_and_area_nothing_is_made_up() -> None:
    result = check(made(impedance=None, contact=None))
    for figure in ("charge-density", "shannon-k", "voltage", "power", "energy"):
        assert result.figure(figure).value is None
        assert result.figure(figure).missing
    assert {limit.verdict for limit in result.limits} == {"unknown"}
    assert result.endurance == ()


def test_every_result_shows_formula_and_numbers() -> None:
    for figure in check(made()).figures:
        assert figure.formula
        assert figure.put_in


def test_a_ring_has_pi_diameter_length() -> None:
    area = amount(ring_area(parse("1.3 mm"), parse("3 mm")), "mm2")
    assert round(area, 6) == Decimal("12.252211")


def test_a_burst_takes_the_usual_inner_figures_and_says_so() -> None:
    result = check(made("burst", amplitude=parse("0.6 mA"), rate=parse("40 Hz")))
    assert number(result, "pulses", "Hz") == Decimal(200)
    assert len(result.assumptions) == 2


STEPS = {
    "milliampere": st.integers(2, 2400).map(lambda n: Decimal(n) / 100),
    "microsecond": st.integers(10, 1000).map(Decimal),
    "hertz": st.integers(1, 1000).map(Decimal),
    "ohm": st.integers(50, 800).map(Decimal),
    "square_mm": st.integers(7, 300).map(lambda n: Decimal(n) / 10),
}


@settings(deadline=None)
@given(
    numbers=st.fixed_dictionaries(STEPS),
    contacts=st.integers(1, 4),
    cycle=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    hours=st.integers(1, 24),
    phases=st.sampled_from([1, 2]),
)
def test_all_sums_equal_a_second_reckoning_in_fractions(
    numbers: dict[str, Decimal], contacts: int, cycle: tuple[int, int], hours: int, phases: int
) -> None:
    on, off = cycle
    assume(numbers["microsecond"] * numbers["hertz"] * phases < 10**6)
    assume(numbers["milliampere"] * numbers["ohm"] <= 20_000)
    programme = Programme(
        mode="other",
        amplitude=quantity(numbers["milliampere"], "mA"),
        pulse_width=quantity(numbers["microsecond"], "us"),
        rate=quantity(numbers["hertz"], "Hz"),
        impedance=quantity(numbers["ohm"], "ohm"),
        contact=ContactArea(quantity(numbers["square_mm"], "mm2"), "as given"),
        sharing=contacts,
        on=quantity(on, "s"),
        off=quantity(off, "s"),
        hours_a_day=Decimal(hours),
        second_phase="active" if phases == 2 else "passive",
    )
    second = again(
        *(Fraction(numbers[name]) for name in STEPS),
        contacts=contacts, on=Fraction(on), off=Fraction(off), hours=Fraction(hours), phases=phases,
    )  # fmt: skip
    _same(check(programme), second)


def _same(result: ProgrammeCheck, second: Again) -> None:
    for figure, unit, expected in (
        ("charge", "C", second.charge),
        ("mean-current", "A", second.mean_current),
        ("voltage", "V", second.voltage),
        ("power", "V*A", second.power),
        ("energy", JOULE, second.energy_a_day),
        ("charge-density", "C/m2", second.density),
    ):
        found = Fraction(number(result, figure, unit))
        assert abs(found - expected) <= abs(expected) / 10**24, figure
    product = Fraction(Decimal(10) ** number(result, "shannon-k"))
    assert abs(product / second.shannon_product() - 1) < Fraction(1, 10**20)
    damage, caution, label = result.limits
    assert (damage.verdict == "reached") == second.reaches(185)
    assert (caution.verdict == "reached") == second.reaches(150)
    assert (label.verdict == "reached") == (second.density * 100 >= 30)


@settings(deadline=None)
@given(st.integers(20, 1000), st.integers(20, 1000))
def test_more_current_never_leaves_a_limit(first: int, second: int) -> None:
    low, high = sorted((first, second))
    order = {"below": 0, "reached": 1}
    below = check(made("other", amplitude=quantity(Decimal(low) / 100, "mA")))
    above = check(made("other", amplitude=quantity(Decimal(high) / 100, "mA")))
    for weak, strong in zip(below.limits, above.limits, strict=True):
        assert order[weak.verdict] <= order[strong.verdict]


@settings(deadline=None)
@given(st.integers(20, 1000), st.integers(7, 300), st.integers(1, 4))
def test_the_amplitude_given_for_a_limit_is_the_one_that_reaches_it(
    width: int, tenths: int, contacts: int
) -> None:
    contact = ContactArea(quantity(Decimal(tenths) / 10, "mm2"), "as given")
    programme = made("other", pulse_width=quantity(width, "us"), contact=contact, impedance=None)
    programme = replace(programme, amplitude=parse("0.02 mA"), sharing=contacts)
    for limit in check(programme).limits:
        assert limit.amplitude is not None
        if amount(limit.amplitude, "mA") > 24:
            continue
        for factor, verdict in ((Decimal("0.999"), "below"), (Decimal("1.001"), "reached")):
            level = quantity(amount(limit.amplitude, "mA") * factor, "mA")
            if amount(level, "mA") < Decimal("0.02"):
                continue
            held = check(replace(programme, amplitude=level)).limits
            assert next(h for h in held if h.id == limit.id).verdict == verdict


def test_an_estimated_contact_counts_with_its_smallest_area() -> None:
    wide = ContactArea(parse("12 mm2"), "typical", smallest=parse("6 mm2"), because="a guess")
    result = check(made(amplitude=parse("7 mA"), contact=wide))
    label = result.limits[2]
    assert label.value == Decimal(35)
    assert label.verdict == "reached"
    assert number(result, "charge-density", "uC/cm2") == Decimal("17.5")


def test_every_limit_has_a_source_or_a_reason_and_a_caveat() -> None:
    for limit in check(made()).limits:
        assert limit.limit.sources or limit.limit.because
        assert limit.caveats
        for _, sources in limit.caveats:
            assert set(sources) <= set(EVIDENCE)


# Slips -----------------------------------------------------------------------------------------

SLIPS = {
    "amperes": ({"amplitude": "3.5 A"}, "amplitude", "3.5 mA"),
    "microamperes": ({"amplitude": "4 uA"}, "amplitude", "4 mA"),
    "milliseconds": ({"pulse_width": "300 ms"}, "pulse-width", "300 µs"),
    "seconds": ({"pulse_width": "300 s"}, "pulse-width", "300 µs"),
    "kilohertz": ({"rate": "50 kHz"}, "rate", "50 Hz"),
    "square centimetres": ({"area": "12 cm2"}, "contact-area", "12 mm2"),
    "square millimetres": ({"area": "0.12 mm2"}, "contact-area", "0.12 cm2"),
    "kiloohms": ({"impedance": "500 kohm"}, "impedance", "500 ohm"),
    "millivolts": ({"amplitude": "3 mV"}, "amplitude", "3 V"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_the_unit_stops_and_says_what_was_meant(slip: str) -> None:
    changes, field, meant = SLIPS[slip]
    programme = made()
    for name, text in changes.items():
        value = parse(text)
        changed: dict[str, Any] = {name: value}
        if name == "area":
            changed = {"contact": ContactArea(value, "as given")}
        programme = replace(programme, **changed)
    error = refused(programme)
    assert error.field == field
    assert f"did you mean {meant}?" in error.remedy


def test_hertz_for_kilohertz_in_the_10_khz_mode() -> None:
    error = refused(made("high-frequency", rate=parse("10 Hz"), pulse_width=parse("30 us")))
    assert error.field == "rate"
    assert "did you mean 10 kHz?" in error.remedy


@settings(deadline=None)
@given(
    st.integers(35, 85),
    st.sampled_from(["A", "uA"]),
)
def test_no_thousandfold_slip_of_a_usual_amplitude_passes(tenths: int, unit: str) -> None:
    written = quantity(Decimal(tenths) / 10, unit)
    assert "did you mean" in refused(made(amplitude=written)).remedy


@settings(deadline=None)
@given(st.integers(100, 500), st.sampled_from(["ms", "s"]))
def test_no_thousandfold_slip_of_a_usual_pulse_width_passes(width: int, unit: str) -> None:
    assert "did you mean" in refused(made(pulse_width=quantity(width, unit))).remedy


def test_nothing_is_not_a_programme() -> None:
    assert refused(made(amplitude=parse("0 mA"))).field == "amplitude"


def test_all_slips_are_told_at_once() -> None:
    error = refused(made(amplitude=parse("3.5 A"), pulse_width=parse("300 ms")))
    assert "3.5 A" in error.problem
    assert "300 ms" in error.problem


IMPOSSIBLE: dict[str, tuple[Programme, str]] = {
    "pulse longer than its time": (
        made("other", pulse_width=parse("200 us"), rate=parse("10 kHz")), "pulse-width",
    ),
    "no room for the driven second phase": (
        made("other", pulse_width=parse("600 us"), rate=parse("1 kHz"), second_phase="active"),
        "pulse-width",
    ),
    "rates of a burst swapped": (
        made("burst", rate=parse("500 Hz"), within_burst=parse("40 Hz")), "within-burst",
    ),
    "burst of one pulse": (
        made("burst", rate=parse("40 Hz"), pulses_per_burst=1), "pulses-per-burst",
    ),
    "burst figures without a burst": (made(pulses_per_burst=5), "pulses-per-burst"),
    "more voltage than can be driven": (made(impedance=parse("9000 ohm")), "impedance"),
    "volts through a short circuit": (
        made(amplitude=parse("10 V"), impedance=parse("60 ohm")), "impedance",
    ),
    "on without off": (made(on=parse("30 s")), "off"),
    "off without on": (made(off=parse("30 s")), "on"),
    "25 hours": (made(hours_a_day=Decimal(25)), "hours-a-day"),
    "no contact": (made(sharing=0), "sharing"),
    "unknown mode": (made("tronic"), "mode"),
    "unknown device": (made(device="acme"), "device"),
    "beyond the reach of the device": (
        made("ganglion", amplitude=parse("7 mA"), device="spinal-modulation-drg"), "amplitude",
    ),
    "efficiency above one": (
        made(battery=Battery(quantity(200, "mA*h"), parse("3.7 V"), Decimal("1.5"))),
        "battery-efficiency",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_be_is_refused_with_its_field(case: str) -> None:
    programme, field = IMPOSSIBLE[case]
    assert refused(programme).field == field


# Remarks and batteries -------------------------------------------------------------------------


def remarked(programme: Programme) -> set[str]:
    return {remark.field for remark in check(programme).remarks}


def test_what_is_unusual_in_a_mode_is_remarked_and_not_refused() -> None:
    assert remarked(made(amplitude=parse("1 mA"))) == {"amplitude"}
    assert remarked(made()) == set()


def test_a_label_of_a_therapy_is_remarked() -> None:
    fast = made("high-frequency", amplitude=parse("4.5 mA"), pulse_width=parse("30 us"))
    fast = replace(fast, rate=parse("10 kHz"), device="nevro-senza")
    texts = [remark.text for remark in check(fast).remarks]
    assert any("outside the label of Nevro" in text for text in texts)


def test_a_pause_shorter_than_the_pulse_is_remarked() -> None:
    crowded = made("other", pulse_width=parse("600 us"), rate=parse("1 kHz"))
    assert "pulse-width" in remarked(crowded)


def nominal(amplitude: str = "0.6 mA") -> Programme:
    return Programme(
        mode="burst",
        amplitude=parse(amplitude),
        pulse_width=parse("1000 us"),
        rate=parse("40 Hz"),
        impedance=parse("525 ohm"),
        on=parse("30 s"),
        off=parse("90 s"),
        device="abbott-eterna",
    )


def test_the_makers_programme_lasts_as_long_as_the_maker_says() -> None:
    [lasting] = check(nominal()).endurance
    for bound in (lasting.low, lasting.middle, lasting.high):
        assert bound is not None
        assert amount(bound, "week") == Decimal(3)
    assert lasting.sources == ("stim-eterna-battery",)


@settings(deadline=None)
@given(st.integers(30, 200), st.integers(30, 200))
def test_a_stronger_programme_never_lasts_longer(first: int, second: int) -> None:
    low, high = sorted((first, second))
    weak, strong = (check(nominal(f"{n / 100:.2f} mA")).endurance[0] for n in (low, high))
    assert weak.low is not None
    assert weak.high is not None
    assert strong.low is not None
    assert strong.high is not None
    assert strong.low <= weak.low
    assert strong.high <= weak.high
    assert strong.low <= strong.high


def test_a_battery_without_idle_current_gives_a_ceiling_only() -> None:
    capacity, volts = quantity(200, "mA*h"), parse("3.7 V")
    [ceiling] = check(made(battery=Battery(capacity, volts))).endurance
    full = Battery(capacity, volts, Decimal("0.5"), parse("20 uA"))
    [life] = check(made(battery=full)).endurance
    assert ceiling.low is None
    assert ceiling.high is not None
    assert life.high is not None
    assert life.high < ceiling.high
    # 200 mAh x 3.7 V = 2664 J; 120 uW / 0.5 + 20 uA x 3.7 V = 314 uW.
    days = Fraction(2664) / Fraction(314, 10**6) / 86400
    assert abs(Fraction(amount(life.high, "day")) - days) < Fraction(1, 10**20)


def test_a_device_without_figures_gives_none(knowledge: Knowledge) -> None:
    result = check(made(device="abbott-proclaim"))
    assert result.endurance == ()
    assert any("could not be read" in remark.text for remark in result.remarks)
    assert all(s in knowledge.evidence for r in result.remarks for s in r.sources)


def test_results_keep_every_digit() -> None:
    tiny: Quantity = parse("0.033 mA")
    assert number(check(made("other", amplitude=tiny)), "charge", "uC") == Decimal("0.0099")
