"""What a programme of stimulation does: charge, charge density, current, power, and its limits.

All arithmetic is exact (decimals with units); only the logarithm of Shannon's k is rounded, at the
28th digit. A value that cannot be meant stops everything: amperes for milliamperes, milliseconds
for microseconds, hertz for kilohertz, square centimetres for square millimetres.

Formulae. Charge per phase Q = I * t / n (n contacts share the current); charge density D = Q / A;
Shannon's k = log10(Q in uC) + log10(D in uC/cm2) (Shannon 1992); pulses per second p = rate, in a
burst rate * pulses; share of time on d = on / (on + off) * hours / 24; mean current I * t * p * d;
power in the tissue I^2 * Z * t * p * d, twice that when the second phase is driven too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias, cast

from crural.errors import CruralError
from crural.knowledge.devices import (
    Devices,
    Known,
    Mode,
    Plausible,
    ProgrammeLimits,
    Reach,
    Span,
    Stimulator,
    known,
)
from crural.knowledge.evidence import Evidence
from crural.quantity import (
    CURRENT,
    Quantity,
    amount,
    in_unit,
    is_kind,
    plain,
    quantity,
    show,
)

Phase: TypeAlias = Literal["passive", "active"]
Verdict: TypeAlias = Literal["below", "reached", "unknown"]

# 28 digits, as all decimals here; pi is the only figure that no decimal holds.
PI = Decimal("3.141592653589793238462643383")
MICROWATT = "V*uA"
JOULE = "V*A*s"
_WEEK = quantity(7, "day")


class ProgrammeError(CruralError):
    """A programme that cannot be meant, or cannot be reckoned."""


@dataclass(frozen=True)
class ContactArea:
    """The area of one contact. `smallest` counts for limits when the area is an estimate."""

    area: Quantity
    how: str
    smallest: Quantity | None = None
    because: str | None = None

    @property
    def cautious(self) -> Quantity:
        return self.area if self.smallest is None else self.smallest


@dataclass(frozen=True)
class Battery:
    """What a user knows of a battery; without efficiency and idle current the life is a ceiling."""

    capacity: Quantity
    voltage: Quantity
    efficiency: Decimal | None = None
    idle_current: Quantity | None = None


@dataclass(frozen=True)
class Programme:
    """The settings of one stimulation area. `sharing` contacts share the current evenly."""

    mode: str
    amplitude: Quantity
    pulse_width: Quantity
    rate: Quantity
    impedance: Quantity | None = None
    contact: ContactArea | None = None
    sharing: int = 1
    pulses_per_burst: int | None = None
    within_burst: Quantity | None = None
    on: Quantity | None = None
    off: Quantity | None = None
    hours_a_day: Decimal = Decimal(24)
    second_phase: Phase = "passive"
    device: str | None = None
    battery: Battery | None = None


@dataclass(frozen=True)
class Worked:
    """A result with its working. `value` None: not known, and `missing` says what to give."""

    id: str
    name: str
    value: Quantity | Decimal | None
    unit: str
    formula: str
    put_in: str = ""
    sources: tuple[str, ...] = ()
    missing: str | None = None


@dataclass(frozen=True)
class LimitResult:
    """A result held against one limit. `amplitude` is where the limit would be reached."""

    id: str
    name: str
    of: str
    limit: Known
    unit: str
    value: Decimal | None
    verdict: Verdict
    amplitude: Quantity | None
    caveats: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Endurance:
    """How long a battery or a charge lasts: between two bounds; None where there is no bound."""

    name: str
    low: Quantity | None
    middle: Quantity | None
    high: Quantity | None
    formula: str
    put_in: str
    assumptions: tuple[str, ...]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """Something to look at that is no reason to refuse the programme."""

    field: str
    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProgrammeCheck:
    """All that was reckoned of one programme."""

    programme: Programme
    mode: Mode
    device: Stimulator | None
    figures: tuple[Worked, ...]
    limits: tuple[LimitResult, ...]
    endurance: tuple[Endurance, ...]
    remarks: tuple[Remark, ...]
    assumptions: tuple[str, ...]

    def figure(self, figure_id: str) -> Worked:
        return next(figure for figure in self.figures if figure.id == figure_id)


def ring_area(diameter: Quantity, length: Quantity) -> Quantity:
    """Surface of a ring contact: pi * diameter * length."""
    return in_unit(cast(Quantity, diameter * length * PI), "mm2")


def check_programme(
    programme: Programme,
    limits: ProgrammeLimits,
    devices: Devices,
    evidence: Mapping[str, Evidence],
) -> ProgrammeCheck:
    """Reckons a programme and holds it against what is known.

    Raises ProgrammeError for values that cannot be meant, for pulses that do not fit into their
    time, for a device that cannot be set so, and for volts without an impedance.
    """
    mode = _mode(programme.mode, limits)
    programme, assumptions = _with_defaults(programme, mode, evidence)
    device = _device(programme.device, devices)
    ranges = {p.id: p for p in limits.plausible}
    _refuse(_slips(programme, mode, ranges, evidence))
    current = _current(programme)
    _refuse(_impossible(programme, current, ranges, evidence))
    if device is not None and device.reach is not None:
        _refuse(_beyond(programme, current, device.reach, device.name, evidence))
    sums = _Sums(programme, current)
    return ProgrammeCheck(
        programme=programme,
        mode=mode,
        device=device,
        figures=tuple(sums.figures()),
        limits=tuple(_limits(sums, limits, evidence)),
        endurance=tuple(_endurance(sums, device, evidence)),
        remarks=tuple(_remarks(programme, current, mode, device, evidence)),
        assumptions=tuple(assumptions),
    )


# What cannot be meant --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Slip:
    field: str
    problem: str
    remedy: str


def _refuse(slips: Iterator[_Slip]) -> None:
    found = list(slips)
    if found:
        raise ProgrammeError(
            file="programme",
            field=found[0].field,
            problem="; ".join(slip.problem for slip in found),
            remedy=_joined([slip.remedy for slip in found]),
        )


def _joined(remedies: Sequence[str]) -> str:
    """The remedies of all slips, each once; a question is followed by what to do."""
    asked = [remedy for remedy in dict.fromkeys(remedies) if remedy.endswith("?")]
    others = [remedy for remedy in dict.fromkeys(remedies) if not remedy.endswith("?")]
    last = "; ".join(others or ["check the number and its unit"])
    return " ".join([*asked, last[0].upper() + last[1:]]) if asked else last


def _slips(
    programme: Programme,
    mode: Mode,
    ranges: Mapping[str, Plausible],
    evidence: Mapping[str, Evidence],
) -> Iterator[_Slip]:
    """Each value against what it can be at all, with the unit that may have been meant."""
    amplitude = "current" if is_kind(programme.amplitude, CURRENT) else "voltage"
    usual = mode.amplitude if amplitude == "current" else None
    area = None if programme.contact is None else programme.contact.area
    values: tuple[tuple[str, str, Quantity | None, Span | None], ...] = (
        ("amplitude", amplitude, programme.amplitude, usual),
        ("pulse-width", "pulse-width", programme.pulse_width, mode.pulse_width),
        ("rate", "rate", programme.rate, mode.rate),
        ("within-burst", "rate", programme.within_burst, None),
        ("impedance", "impedance", programme.impedance, None),
        ("contact-area", "area", area, None),
        ("on", "cycle", programme.on, None),
        ("off", "cycle", programme.off, None),
    )
    for field, kind, value, span in values:
        if value is None:
            continue
        allowed = ranges[kind]
        low, high = known(allowed.low, evidence), known(allowed.high, evidence)
        floor = low.value
        if field == "rate" and mode.rate_at_least is not None:
            floor = max(floor, known(mode.rate_at_least, evidence).value)
        number = amount(value, allowed.unit)
        if floor <= number <= high.value:
            continue
        bound = f"below {plain(floor)}" if number < floor else f"above {plain(high.value)}"
        in_mode = f" in the mode {mode.name}" if floor > low.value and number < floor else ""
        often = (
            None if span is None else tuple(known(e, evidence).value for e in (span.low, span.high))
        )
        wanted = _meant(value, allowed, (floor, high.value), often)
        yield _Slip(
            field,
            f"{show(value)} cannot be meant: no {allowed.name}{in_mode} is {bound} {allowed.unit}",
            f"did you mean {wanted}?" if wanted else "check the number and its unit",
        )


def _meant(
    value: Quantity,
    allowed: Plausible,
    bounds: tuple[Decimal, Decimal],
    often: tuple[Decimal, ...] | None,
) -> str | None:
    """The same number in another unit, when that would be possible; usual values come first."""
    candidates = [
        given
        for unit in allowed.units
        if (given := quantity(value.magnitude, unit)) != value
        and bounds[0] <= amount(given, allowed.unit) <= bounds[1]
    ]
    if often is not None:
        candidates.sort(key=lambda given: not often[0] <= amount(given, allowed.unit) <= often[-1])
    return show(candidates[0]) if candidates else None


def _impossible(
    programme: Programme,
    current: Quantity,
    ranges: Mapping[str, Plausible],
    evidence: Mapping[str, Evidence],
) -> Iterator[_Slip]:
    """What contradicts itself: pulses longer than their time, voltages that nothing can drive."""
    if programme.sharing < 1:
        yield _Slip("sharing", "no contact carries the current", "give 1 or more contacts")
    if not 0 < programme.hours_a_day <= 24:
        hours = plain(programme.hours_a_day)
        yield _Slip("hours-a-day", f"a day has no {hours} hours", "give more than 0, at most 24")
    if (programme.on is None) != (programme.off is None):
        given, other = ("on", "off") if programme.off is None else ("off", "on")
        yield _Slip(other, f"cycling has {given} time but no {other} time", "give both, or none")
    yield from _crowded(programme)
    high = known(ranges["current"].high, evidence).value
    if amount(current, "mA") > high:
        yield _Slip(
            "impedance",
            f"{show(programme.amplitude)} across {show(cast(Quantity, programme.impedance))} would "
            f"be {show(current, 'mA')}, above {plain(high)} mA",
            "check the impedance and its unit",
        )
    if programme.impedance is not None:
        volts = in_unit(cast(Quantity, current * programme.impedance), "V")
        most = known(ranges["load-voltage"].high, evidence).value
        if amount(volts, "V") > most:
            yield _Slip(
                "impedance",
                f"{show(current, 'mA')} through {show(programme.impedance)} needs {show(volts)}, "
                f"more than any implanted generator drives ({plain(most)} V)",
                "check amplitude and impedance; an impedance that high may be a broken lead",
            )


def _crowded(programme: Programme) -> Iterator[_Slip]:
    """Pulses and bursts that do not fit into their time."""
    width, rate = programme.pulse_width, programme.rate
    pulses, within = programme.pulses_per_burst, programme.within_burst
    fastest = rate if within is None else within
    filled = Decimal(amount(width, "s") * amount(fastest, "Hz"))
    phases = 2 if programme.second_phase == "active" else 1
    if filled * phases >= 1:
        period = in_unit(cast(Quantity, 1 / fastest), "us")
        both = " and its second phase" if phases == 2 else ""
        yield _Slip(
            "pulse-width",
            f"a pulse of {show(width)}{both} does not fit into the {show(period, places=1)} "
            f"between two pulses at {show(fastest)}",
            "check the units of pulse width (µs) and rate (Hz or kHz)",
        )
    if pulses is None or within is None:
        return
    if pulses < 2:
        yield _Slip("pulses-per-burst", "a burst has two pulses or more", "check the number")
    elif pulses * amount(rate, "Hz") > amount(within, "Hz"):
        swapped = amount(rate, "Hz") > amount(within, "Hz")
        yield _Slip(
            "within-burst",
            f"{pulses} pulses at {show(within)} do not fit into bursts at {show(rate)}",
            "the two rates look swapped: rate is that of the bursts"
            if swapped
            else "check the rate within the burst and the number of pulses",
        )


def _beyond(
    programme: Programme,
    current: Quantity,
    reach: Reach,
    name: str,
    evidence: Mapping[str, Evidence],
) -> Iterator[_Slip]:
    """Settings that the device does not offer."""
    for field, value, unit, low, high, _ in _against(programme, current, reach, evidence):
        if not low <= amount(value, unit) <= high:
            yield _Slip(
                field,
                f"{show(value, unit)} cannot be set on {name} "
                f"({plain(low)} to {plain(high)} {unit})",
                "check the value, or the device",
            )


def _against(
    programme: Programme, current: Quantity, reach: Reach, evidence: Mapping[str, Evidence]
) -> Iterator[tuple[str, Quantity, str, Decimal, Decimal, tuple[str, ...]]]:
    for field, value, unit, span in (
        ("amplitude", current, "mA", reach.amplitude_ma),
        ("pulse-width", programme.pulse_width, "us", reach.pulse_width_us),
        ("rate", programme.rate, "Hz", reach.rate_hz),
    ):
        if span is not None:
            low, high = known(span.low, evidence), known(span.high, evidence)
            yield field, value, unit, low.value, high.value, (*low.sources, *high.sources)


# Reckoning -------------------------------------------------------------------------------------


def _mode(name: str, limits: ProgrammeLimits) -> Mode:
    for mode in limits.modes:
        if mode.id == name:
            return mode
    raise ProgrammeError(
        file="programme",
        field="mode",
        problem=f"no mode is called '{name}'",
        remedy=f"name one of {', '.join(mode.id for mode in limits.modes)}",
    )


def _device(name: str | None, devices: Devices) -> Stimulator | None:
    if name is None:
        return None
    if name not in devices.stimulators:
        raise ProgrammeError(
            file="programme",
            field="device",
            problem=f"no stimulator is called '{name}'",
            remedy=f"name one of {', '.join(devices.stimulators)}",
        )
    return devices.stimulators[name]


def _with_defaults(
    programme: Programme, mode: Mode, evidence: Mapping[str, Evidence]
) -> tuple[Programme, list[str]]:
    """A burst needs its inner figures; the usual ones are taken, and said to be."""
    said: list[str] = []
    given = programme.pulses_per_burst, programme.within_burst
    if mode.pulses_per_burst is None or mode.within_burst_hz is None:
        if given != (None, None):
            raise ProgrammeError(
                file="programme",
                field="pulses-per-burst",
                problem=f"the mode {mode.name} has no bursts",
                remedy="leave the figures of the burst out, or name the mode burst",
            )
        return programme, said
    pulses, within = given
    if pulses is None:
        pulses = int(known(mode.pulses_per_burst, evidence).value)
        said.append(f"{pulses} pulses in a burst, as is usual")
    if within is None:
        within = quantity(known(mode.within_burst_hz, evidence).value, "Hz")
        said.append(f"{show(within)} within a burst, as is usual")
    return replace(programme, pulses_per_burst=pulses, within_burst=within), said


def _current(programme: Programme) -> Quantity:
    """The current of a pulse; of a voltage and an impedance by Ohm's law."""
    if is_kind(programme.amplitude, CURRENT):
        return programme.amplitude
    if programme.impedance is None:
        raise ProgrammeError(
            file="programme",
            field="impedance",
            problem="an amplitude in volts gives no current without the impedance",
            remedy="give the impedance, such as '600 ohm'",
        )
    return in_unit(cast(Quantity, programme.amplitude / programme.impedance), "mA")


@dataclass(frozen=True)
class _Sums:
    """The arithmetic of one programme."""

    programme: Programme
    current: Quantity

    @property
    def pulses_per_second(self) -> Quantity:
        return cast(Quantity, self.programme.rate * (self.programme.pulses_per_burst or 1))

    @property
    def share_on(self) -> Decimal:
        p = self.programme
        cycle = Decimal(1)
        if p.on is not None and p.off is not None:
            on, off = amount(p.on, "s"), amount(p.off, "s")
            cycle = on / (on + off)
        return cycle * p.hours_a_day / 24

    @property
    def charge(self) -> Quantity:
        p = self.programme
        return in_unit(cast(Quantity, self.current * p.pulse_width / p.sharing), "uC")

    def density(self, area: Quantity) -> Quantity:
        return in_unit(cast(Quantity, self.charge / area), "uC/cm2")

    def shannon(self, area: Quantity) -> Decimal:
        return amount(self.charge, "uC").log10() + amount(self.density(area), "uC/cm2").log10()

    @property
    def mean_current(self) -> Quantity:
        while_on = self.current * self.programme.pulse_width * self.pulses_per_second
        return in_unit(cast(Quantity, while_on * self.share_on), "uA")

    @property
    def phases(self) -> int:
        return 2 if self.programme.second_phase == "active" else 1

    @property
    def power(self) -> Quantity | None:
        p = self.programme
        if p.impedance is None:
            return None
        pulse = self.current * self.current * p.impedance * p.pulse_width
        return in_unit(
            cast(Quantity, pulse * self.pulses_per_second * self.share_on * self.phases), MICROWATT
        )

    def figures(self) -> Iterator[Worked]:
        """Every result with formula and numbers put in."""
        p, current = self.programme, show(self.current, "mA")
        width, contact = show(p.pulse_width, "us"), p.contact
        by = f" / {p.sharing}" if p.sharing > 1 else ""
        if not is_kind(p.amplitude, CURRENT):
            through = show(cast(Quantity, p.impedance))
            yield Worked(
                "current", "current", self.current, "mA", "I = U / Z",
                f"{show(p.amplitude)} / {through}",
            )  # fmt: skip
        shared = ", shared by n contacts" if by else ""
        yield Worked(
            "charge", "charge per phase at a contact", self.charge, "uC",
            f"Q = I × t{' / n' if by else ''}{shared}", f"{current} × {width}{by}",
        )  # fmt: skip
        area_missing = "the area of the contact (--contact-area or --lead)"
        area = contact.area if contact else None
        yield Worked(
            "charge-density", "charge density", self.density(area) if area is not None else None,
            "uC/cm2", "D = Q / A",
            f"{show(self.charge, 'uC')} / {show(area, 'cm2')}" if area is not None else "",
            missing=None if area is not None else area_missing,
        )  # fmt: skip
        yield Worked(
            "shannon-k", "Shannon k", self.shannon(area) if area is not None else None, "",
            "k = log10(Q) + log10(D), Q in µC, D in µC/cm2",
            f"log10({plain(amount(self.charge, 'uC'), 4)}) + "
            f"log10({plain(amount(self.density(area), 'uC/cm2'), 4)})" if area is not None else "",
            sources=("stim-shannon-k",),
            missing=None if area is not None else area_missing,
        )  # fmt: skip
        pulses = show(self.pulses_per_second, "Hz")
        duty = plain(self.share_on, 4)
        if p.pulses_per_burst is not None:
            yield Worked(
                "pulses", "pulses per second", self.pulses_per_second, "Hz",
                "p = bursts per second × pulses per burst",
                f"{show(p.rate)} × {p.pulses_per_burst}",
            )  # fmt: skip
        yield Worked(
            "share-on", "share of the day that stimulates", self.share_on, "",
            "d = on / (on + off) × hours a day / 24", self._cycle(),
        )  # fmt: skip
        yield Worked(
            "mean-current", "mean current of one phase", self.mean_current, "uA",
            "I × t × p × d", f"{current} × {width} × {pulses} × {duty}",
        )  # fmt: skip
        yield from self._power_figures(current, width, pulses, duty)

    def _power_figures(self, current: str, width: str, pulses: str, duty: str) -> Iterator[Worked]:
        z = self.programme.impedance
        missing = None if z is not None else "the impedance (--impedance)"
        ohms = show(z) if z is not None else ""
        twice = " × 2" if self.phases == 2 else ""
        volts = None if z is None else in_unit(cast(Quantity, self.current * z), "V")
        power = self.power
        energy = None
        if power is not None:
            energy = in_unit(cast(Quantity, power * quantity(1, "day")), JOULE)
        yield Worked(
            "voltage", "voltage across the contacts", volts, "V", "U = I × Z",
            f"{current} × {ohms}" if ohms else "", missing=missing,
        )  # fmt: skip
        yield Worked(
            "power", "mean power in the tissue", power, MICROWATT, f"I² × Z × t × p × d{twice}",
            f"({current})² × {ohms} × {width} × {pulses} × {duty}{twice}" if ohms else "",
            missing=missing,
        )  # fmt: skip
        yield Worked(
            "energy", "energy in the tissue per day", energy, JOULE, "power × 86400 s",
            f"{plain(amount(power, MICROWATT), 4)} µW × 86400 s" if power is not None else "",
            missing=missing,
        )  # fmt: skip

    def _cycle(self) -> str:
        p = self.programme
        hours = f"{plain(p.hours_a_day)} / 24"
        if p.on is None or p.off is None:
            return hours
        return f"{show(p.on)} / ({show(p.on)} + {show(p.off)}) × {hours}"


def _limits(
    sums: _Sums, limits: ProgrammeLimits, evidence: Mapping[str, Evidence]
) -> Iterator[LimitResult]:
    """Each limit. An estimated contact area counts with its smallest value."""
    contact = sums.programme.contact
    for limit in limits.limits:
        bound = known(limit.limit, evidence)
        unit = "" if limit.of == "shannon-k" else "uC/cm2"
        value = None
        amplitude = None
        verdict: Verdict = "unknown"
        if contact is not None:
            area = contact.cautious
            value = (
                sums.shannon(area)
                if limit.of == "shannon-k"
                else amount(sums.density(area), "uC/cm2")
            )
            verdict = "reached" if value >= bound.value else "below"
            amplitude = _amplitude_at(sums, area, limit.of, bound.value)
        yield LimitResult(
            id=limit.id,
            name=limit.name,
            of=limit.of,
            limit=bound,
            unit=unit,
            value=value,
            verdict=verdict,
            amplitude=amplitude,
            caveats=tuple((c.text, c.sources) for c in limit.caveats),
        )


def _amplitude_at(sums: _Sums, area: Quantity, of: str, bound: Decimal) -> Quantity:
    """The amplitude that reaches a limit at this pulse width: sqrt(A 10^k) n / t, or D A n / t."""
    square_cm = amount(area, "cm2")
    microcoulomb = (square_cm * Decimal(10) ** bound).sqrt() if of == "shannon-k" else (
        bound * square_cm
    )  # fmt: skip
    charge = quantity(microcoulomb, "uC")
    p = sums.programme
    return in_unit(cast(Quantity, charge * p.sharing / p.pulse_width), "mA")


def _endurance(
    sums: _Sums, device: Stimulator | None, evidence: Mapping[str, Evidence]
) -> Iterator[Endurance]:
    power = sums.power
    if power is None:
        return
    if device is not None and device.recharge is not None:
        yield _between_charges(power, device, evidence)
    if sums.programme.battery is not None:
        yield _battery_life(power, sums.programme.battery)


def _between_charges(
    power: Quantity, device: Stimulator, evidence: Mapping[str, Evidence]
) -> Endurance:
    """Scaled from the maker's programme: what stimulates grows with the power, the rest does not.

    Interval = stated interval / (s + (1 - s) * power / nominal power), s the share of the nominal
    consumption that flows without stimulation.
    """
    assert device.recharge is not None
    recharge, nominal = device.recharge, device.recharge.nominal

    def of(figure: object, unit: str) -> Quantity:
        return quantity(known(figure, evidence).value, unit)  # type: ignore[arg-type]

    reference = _Sums(
        Programme(
            mode=nominal.mode,
            amplitude=of(nominal.amplitude_ma, "mA"),
            pulse_width=of(nominal.pulse_width_us, "us"),
            rate=of(nominal.rate_hz, "Hz"),
            impedance=of(nominal.impedance_ohm, "ohm"),
            pulses_per_burst=int(known(nominal.pulses_per_burst, evidence).value)
            if nominal.pulses_per_burst
            else None,
            on=of(nominal.on_s, "s") if nominal.on_s else None,
            off=of(nominal.off_s, "s") if nominal.off_s else None,
        ),
        of(nominal.amplitude_ma, "mA"),
    ).power
    assert reference is not None
    ratio = amount(power, MICROWATT) / amount(reference, MICROWATT)
    weeks = known(recharge.lasts_weeks_at_least, evidence)
    share = known(recharge.idle_share, evidence)
    stated = cast(Quantity, _WEEK * weeks.value)

    def lasting(idle: Decimal) -> Quantity:
        return cast(Quantity, stated / (idle + (1 - idle) * ratio))

    ends = [lasting(end) for end in (share.low, share.high) if end is not None]
    hours = known(recharge.hours_of_charging, evidence)
    return Endurance(
        name=f"stimulation for each {plain(hours.value)} h of charging, {device.name}",
        low=min(ends),
        middle=lasting(share.value),
        high=max(ends),
        formula="stated interval / (s + (1 - s) × power / nominal power)",
        put_in=f"{plain(weeks.value)} weeks / (s + (1 - s) × {plain(ratio, 3)}), "
        f"s = {plain(share.value)}",
        assumptions=(
            f"s, the share that flows without stimulation, is an estimate "
            f"({share.low} to {share.high}): {share.because}",
            "the maker says 'or more'; an old battery holds less",
        ),
        sources=weeks.sources,
    )


def _battery_life(power: Quantity, battery: Battery) -> Endurance:
    """Capacity * voltage / (power / efficiency + idle current * voltage)."""
    efficiency = battery.efficiency if battery.efficiency is not None else Decimal(1)
    if not 0 < efficiency <= 1:
        raise ProgrammeError(
            file="programme",
            field="battery-efficiency",
            problem=f"{plain(efficiency)} is no share between 0 and 1",
            remedy="write 0.5 for fifty per cent",
        )
    drawn = cast(Quantity, power / efficiency)
    if battery.idle_current is not None:
        drawn = cast(Quantity, drawn + battery.idle_current * battery.voltage)
    life = in_unit(cast(Quantity, battery.capacity * battery.voltage / drawn), "day")
    unknown = [
        text
        for text, given in (
            ("the efficiency of the generator is not given: all of the energy reaches the tissue",
             battery.efficiency),
            ("the current of the electronics is not given: they draw nothing",
             battery.idle_current),
        )
        if given is None
    ]  # fmt: skip
    return Endurance(
        name="one battery or charge, from the figures given",
        low=None if unknown else life,
        middle=None if unknown else life,
        high=life,
        formula="capacity × voltage / (power / efficiency + idle current × voltage)",
        put_in=f"{show(in_unit(battery.capacity, 'mA*h'))} × {show(battery.voltage)} / "
        f"({plain(amount(power, MICROWATT), 3)} µW / {plain(efficiency)}"
        + (
            f" + {show(battery.idle_current)} × {show(battery.voltage)})"
            if battery.idle_current is not None
            else ")"
        ),
        assumptions=tuple(f"{text}, so this is a ceiling" for text in unknown),
    )


# What is worth a look --------------------------------------------------------------------------


def _remarks(
    programme: Programme,
    current: Quantity,
    mode: Mode,
    device: Stimulator | None,
    evidence: Mapping[str, Evidence],
) -> Iterator[Remark]:
    usual = Reach(amplitude_ma=mode.amplitude, pulse_width_us=mode.pulse_width, rate_hz=mode.rate)
    for field, value, unit, low, high, sources in _against(programme, current, usual, evidence):
        if not low <= amount(value, unit) <= high:
            span = plain(low) if low == high else f"{plain(low)} to {plain(high)}"
            yield Remark(
                field,
                f"{show(value, unit)} is not usual in the mode {mode.name} ({span} {unit})",
                tuple(dict.fromkeys(sources)),
            )
    fastest = programme.within_burst or programme.rate
    if (
        programme.second_phase == "passive"
        and 2 * amount(programme.pulse_width, "s") * amount(fastest, "Hz") > 1
    ):
        yield Remark(
            "pulse-width",
            "the pause is shorter than the pulse: the charge may not be taken back in time",
        )
    contact = programme.contact
    if contact is not None and contact.because is not None:
        yield Remark("contact-area", f"the area is an estimate: {contact.because}")
    if mode.note is not None:
        yield Remark("mode", mode.note)
    if device is None:
        return
    label = device.therapy_label
    if label is not None and label.mode in {None, mode.id}:
        for field, value, unit, low, high, sources in _against(programme, current, label, evidence):
            if not low <= amount(value, unit) <= high:
                yield Remark(
                    field,
                    f"{show(value, unit)} is outside the label of {device.name} "
                    f"({plain(low)} to {plain(high)} {unit})",
                    tuple(dict.fromkeys(sources)),
                )
    if device.reach is None:
        yield Remark("device", f"what {device.name} can be set to was not found; see its manual")
    if device.battery_note is not None:
        yield Remark("device", device.battery_note, device.battery_sources)
