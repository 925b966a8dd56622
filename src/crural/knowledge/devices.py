"""Stimulators, leads, limits of a programme and stop times: the data files and what they may say.

These files are read on their own, not as part of `Knowledge`: only the commands on stimulation need
them. Each figure is one of three things: the value of an evidence entry, a figure quoted from the
words of an entry, or an estimate with its range and reason. `problems` proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import DATA
from crural.knowledge.numbers import Estimate, FromEvidence, NumberError, resolve
from crural.knowledge.one_file import read_one
from crural.knowledge.therapy_checks import Wrong

Risk: TypeAlias = Literal["high", "intermediate", "low"]
Kidney: TypeAlias = Literal["normal", "impaired"]
DrugKind: TypeAlias = Literal["anticoagulant", "antiplatelet", "anti-inflammatory"]

_NUMBERS = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)


# Figures ---------------------------------------------------------------------------------------


class Quoted(_Frozen):
    """A figure that stands in the words of an evidence entry, not as its one value."""

    quoted: Decimal
    source: str


def _kind_of_figure(raw: Any) -> str:
    if isinstance(raw, FromEvidence | Estimate | Quoted):
        return type(raw).__name__
    keys = raw if isinstance(raw, Mapping) else ()
    return "FromEvidence" if "evidence" in keys else "Quoted" if "quoted" in keys else "Estimate"


Figure = Annotated[
    Annotated[FromEvidence, Tag("FromEvidence")]
    | Annotated[Estimate, Tag("Estimate")]
    | Annotated[Quoted, Tag("Quoted")],
    Discriminator(_kind_of_figure),
]


@dataclass(frozen=True)
class Known:
    """A figure with where it comes from: exact, as it was written."""

    value: Decimal
    sources: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    because: str | None = None

    @property
    def estimated(self) -> bool:
        return not self.sources


def known(figure: Figure, evidence: Mapping[str, Evidence]) -> Known:
    """The figure with its source; exact decimals. Raises NumberError when it cannot be traced."""
    if isinstance(figure, Quoted):
        _must_be_quoted(figure.quoted, figure.source, evidence)
        return Known(figure.quoted, (figure.source,))
    if isinstance(figure, Estimate):
        low, high = (_exact(end) for end in figure.range)
        return Known(_exact(figure.estimate), low=low, high=high, because=figure.because)
    found = resolve(figure, evidence, "real")
    return Known(_exact(found.value), found.sources, because=figure.because)


def _exact(value: float) -> Decimal:
    """The decimal that was written: the shortest one that reads back as this float."""
    return Decimal(str(value))


def _must_be_quoted(number: Decimal, source: str, evidence: Mapping[str, Evidence]) -> None:
    entry = evidence.get(source)
    if entry is None:
        raise NumberError(f"no evidence entry is called '{source}'")
    if entry.kind == "hole":
        raise NumberError(f"evidence entry '{source}' is a named hole, not a figure")
    if not entry.traced:
        raise NumberError(f"evidence entry '{source}' is not traced to a publication")
    if number not in _figures_in(entry):
        raise NumberError(f"{number} does not stand in evidence entry '{source}'")


def _figures_in(entry: Evidence) -> set[Decimal]:
    """Every number that an entry states, in its fields or in their words."""
    told = [entry.value, entry.range, entry.unit, entry.data, entry.note, entry.finding]
    told += [entry.dose, entry.duration, entry.recommendation]
    return {Decimal(found) for part in told for found in _NUMBERS.findall(str(part))}


# Devices ---------------------------------------------------------------------------------------


class Span(_Frozen):
    """What lies between two figures; the unit is that of the field."""

    low: Figure
    high: Figure


class Reach(_Frozen):
    """What a device can be set to, or what its label allows, in the units of the fields' names."""

    mode: str | None = None
    amplitude_ma: Span | None = None
    pulse_width_us: Span | None = None
    rate_hz: Span | None = None


class Nominal(_Frozen):
    """The programme for which a maker states how long a charge lasts."""

    mode: str
    amplitude_ma: Figure
    pulse_width_us: Figure
    rate_hz: Figure
    pulses_per_burst: Figure | None = None
    within_burst_hz: Figure | None = None
    on_s: Figure | None = None
    off_s: Figure | None = None
    impedance_ohm: Figure


class Recharge(_Frozen):
    """How long stimulation lasts on a charge, for a stated programme."""

    hours_of_charging: Figure
    lasts_weeks_at_least: Figure
    nominal: Nominal
    idle_share: Figure


class Statement(_Frozen):
    """A fact in words with its sources."""

    text: str = Field(min_length=3)
    sources: tuple[str, ...] = Field(min_length=1)


class Stimulator(_Frozen):
    """A stimulator, as far as its maker's figures could be read."""

    id: str
    name: str
    maker: str
    models: tuple[str, ...]
    target: Literal["spinal-cord", "dorsal-root-ganglion"]
    battery: Literal["rechargeable", "primary-cell", "unknown"]
    battery_note: str | None = None
    battery_sources: tuple[str, ...] = ()
    service_years_at_least: Figure | None = None
    recharge: Recharge | None = None
    reach: Reach | None = None
    therapy_label: Reach | None = None
    mri: Statement


class Contact(_Frozen):
    """The shape of one contact of a lead."""

    id: str
    name: str
    shape: Literal["ring", "plate"]
    area_mm2: Figure


# Limits of a programme -------------------------------------------------------------------------


class Plausible(_Frozen):
    """What a value can be at all, and the units that are mistaken for one another."""

    id: str
    name: str
    unit: str
    units: tuple[str, ...]
    low: Figure
    high: Figure


class Mode(_Frozen):
    """A way to stimulate, and what is usual in it (rate in Hz, amplitude in mA, width in us)."""

    id: str
    name: str
    rate: Span | None = None
    amplitude: Span | None = None
    pulse_width: Span | None = None
    pulses_per_burst: Figure | None = None
    within_burst_hz: Figure | None = None
    rate_at_least: Figure | None = None
    note: str | None = None


class Limit(_Frozen):
    """A limit of charge, and how far it can be trusted."""

    id: str
    name: str
    of: Literal["shannon-k", "charge-density"]
    limit: Figure
    caveats: tuple[Statement, ...] = Field(min_length=1)


class ProgrammeLimits(_Frozen):
    """All that a programme is held against."""

    plausible: tuple[Plausible, ...]
    modes: tuple[Mode, ...]
    limits: tuple[Limit, ...]


# Stop times ------------------------------------------------------------------------------------


class Procedure(_Frozen):
    """A procedure and its class of bleeding risk."""

    id: str
    name: str
    risk: Risk
    leads_stay: bool = False
    because: str | None = None
    sources: tuple[str, ...] = Field(min_length=1)


class Pause(_Frozen):
    """Whole days without the drug before the day of the procedure, or hours since the last dose."""

    days: int | None = Field(default=None, gt=0)
    hours: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Pause:
        if (self.days is None) == (self.hours is None):
            raise ValueError("give days or hours")
        return self


class Wait(_Frozen):
    """Hours after the end of the procedure."""

    hours: int = Field(gt=0)


class StopTime(_Frozen):
    """One published time, and whom it is meant for."""

    source: str
    for_: tuple[Risk, ...] = Field(alias="for", min_length=1)
    kidney: Kidney | None = None
    dose: Literal["treatment", "preventive"] | None = None
    stop: Pause | None = None
    restart: Wait | None = None


class Told(_Frozen):
    """What one source says in words."""

    source: str
    text: str = Field(min_length=3)


class NotStopped(Told):
    """The classes of procedure before which a drug is not stopped as a rule."""

    for_: tuple[Risk, ...] = Field(alias="for", min_length=1)


class DrugTimes(_Frozen):
    """A drug that hinders clotting, with every time that was found."""

    id: str
    names: tuple[str, ...] = Field(min_length=1)
    kind: DrugKind
    times: tuple[StopTime, ...] = ()
    not_stopped: NotStopped | None = None
    severe_kidney: Told | None = None
    level: Told | None = None
    secondary: Told | None = None
    inr: bool = False
    ask_kidney: bool = False
    weak: str | None = None
    note: str | None = None


class WithoutTimes(_Frozen):
    """Drugs that hinder clotting for which no time was found."""

    names: tuple[str, ...] = Field(min_length=1)
    kind: DrugKind
    text: str


class Reason(_Frozen):
    """Why such a drug may be taken, and what to ask before it is stopped.

    `arterial`: with it a drug against platelets is secondary prevention.
    """

    finding: str
    arterial: bool = False
    text: str
    ask: str
    sources: tuple[str, ...] = Field(min_length=1)


class ReasonInWords(_Frozen):
    """The same for words in the list of illnesses."""

    words: tuple[str, ...] = Field(min_length=1)
    arterial: bool = False
    text: str
    ask: str
    sources: tuple[str, ...] = Field(min_length=1)


class KidneyLimits(_Frozen):
    """Where kidney function begins to count (eGFR in mL/min), and when a value is too old."""

    impaired_below: Figure
    severe_below: Figure
    stale_days: Figure


class Assumptions(_Frozen):
    """What is taken when the record and the user do not say it."""

    start_hour: Figure
    end_hour: Figure
    ask_days_before: Figure


class Checks(_Frozen):
    """Figures of the checks before an operation."""

    mrsa_weeks: Figure
    mrsa_source: str
    antibiotic_hours: Figure
    hba1c_raised_percent: Figure
    hba1c_trial_percent: Figure
    inr_at_most: Figure
    canal_mm: Figure


class StopTimes(_Frozen):
    """All that the plan before a procedure rests on."""

    procedures: tuple[Procedure, ...]
    kidney: KidneyLimits
    assumptions: Assumptions
    drugs: tuple[DrugTimes, ...]
    without_times: tuple[WithoutTimes, ...]
    reasons: tuple[Reason, ...]
    words: tuple[ReasonInWords, ...]
    checks: Checks


# Reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Devices:
    """Stimulators and contacts by id."""

    stimulators: Mapping[str, Stimulator]
    contacts: Mapping[str, Contact]


@lru_cache(maxsize=4)
def load_devices(root: Path = DATA) -> Devices:
    """Stimulators and contacts. Raises KnowledgeError when a file is wrong."""
    stimulators = read_one(root, "devices/stimulators.yaml", tuple[Stimulator, ...])
    contacts = read_one(root, "devices/leads.yaml", tuple[Contact, ...])
    return Devices({s.id: s for s in stimulators}, {c.id: c for c in contacts})


@lru_cache(maxsize=4)
def load_limits(root: Path = DATA) -> ProgrammeLimits:
    """What a programme is held against. Raises KnowledgeError when the file is wrong."""
    return read_one(root, "therapy/stimulation-limits.yaml", ProgrammeLimits)


@lru_cache(maxsize=4)
def load_stop_times(root: Path = DATA) -> StopTimes:
    """Stop times and checks before a procedure. Raises KnowledgeError when the file is wrong."""
    return read_one(root, "therapy/stop-times.yaml", StopTimes)


# Checking --------------------------------------------------------------------------------------


def problems(evidence: Mapping[str, Evidence], root: Path = DATA) -> Iterator[Wrong]:
    """Everything wrong with these files that no entry can know of itself."""
    parts: tuple[tuple[str, Any], ...] = (
        ("devices/stimulators.yaml", tuple(load_devices(root).stimulators.values())),
        ("devices/leads.yaml", tuple(load_devices(root).contacts.values())),
        ("therapy/stimulation-limits.yaml", load_limits(root)),
        ("therapy/stop-times.yaml", load_stop_times(root)),
    )
    for file, part in parts:
        for field, what in _walk(part, ()):
            yield from _problems_of(file, ".".join(field), what, evidence)
    yield from _doubles(load_stop_times(root))


def _walk(part: Any, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every model, figure and list of sources inside, with its place."""
    if isinstance(part, tuple):
        for position, inner in enumerate(part):
            yield from _walk(inner, (*at, str(getattr(inner, "id", position))))
    elif isinstance(part, BaseModel):
        yield at, part
        if not isinstance(part, FromEvidence | Estimate | Quoted):
            for name in type(part).model_fields:
                yield from _walk(getattr(part, name), (*at, name.rstrip("_")))


def _problems_of(
    file: str, field: str, what: BaseModel, evidence: Mapping[str, Evidence]
) -> Iterator[Wrong]:
    if isinstance(what, FromEvidence | Estimate | Quoted):
        try:
            known(what, evidence)
        except NumberError as error:
            yield Wrong(file, field, str(error), "cite an entry that says so")
        return
    if isinstance(what, StopTime):
        numbers = [n for n in _hours_and_days(what) if n is not None]
        for number in numbers:
            try:
                _must_be_quoted(Decimal(number), what.source, evidence)
            except NumberError as error:
                yield Wrong(file, field, str(error), "cite an entry that says so")
    sources = [*getattr(what, "sources", ()), *getattr(what, "battery_sources", ())]
    if isinstance(what, Told):
        sources.append(what.source)
    for source in sources:
        entry = evidence.get(source)
        if entry is None or entry.kind == "hole" or not entry.traced:
            yield Wrong(file, field, f"'{source}' is no usable evidence entry", "name one that is")


def _hours_and_days(time: StopTime) -> tuple[int | None, ...]:
    stop, restart = time.stop, time.restart
    return (
        stop.days if stop else None,
        stop.hours if stop else None,
        restart.hours if restart else None,
    )


def _doubles(times: StopTimes) -> Iterator[Wrong]:
    file = "therapy/stop-times.yaml"
    named = [name.casefold() for w in times.without_times for name in w.names]
    timed = {name.casefold() for drug in times.drugs for name in drug.names}
    for name in sorted(set(named) & timed):
        yield Wrong(file, name, "has times and is listed as without them", "remove one of the two")
    for drug in times.drugs:
        if not drug.times and drug.not_stopped is None:
            yield Wrong(file, drug.id, "says nothing", "give times, or list it as without them")
