"""Implanted pumps, their catheters, and how long drugs keep in them: models and reader.

One file, `data/devices/pumps.yaml`, read when first asked for, apart from the rest of the
knowledge. A figure is read from an evidence entry, estimated with a range and a reason, or it is a
hole: looked for and not found, so that whoever needs it must give it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from crural import quantity
from crural.errors import CruralError, KnowledgeError
from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import DATA
from crural.knowledge.numbers import Estimate as PlainEstimate
from crural.knowledge.one_file import read_one
from crural.knowledge.therapy_checks import Wrong
from crural.quantity import Quantity

PUMPS_FILE = "devices/pumps.yaml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FromEvidence(_Frozen):
    """A figure of an evidence entry: its `value`, or one of its `data` (`data.name`, `data.a.0`).

    `of` goes into lists by number.
    """

    evidence: str
    of: str = Field(pattern=r"^(value|data(\.[a-z0-9_]+)+)$")
    unit: str


class Estimate(PlainEstimate):
    """A judgement with its unit, and the entries that it leans on."""

    unit: str
    sources: tuple[str, ...] = ()


class Hole(_Frozen):
    """A figure that was looked for and not found; names the entry that says so."""

    hole: str


def _kind_of_figure(raw: Any) -> str:
    keys = raw if isinstance(raw, Mapping) else type(raw).model_fields
    return next(k for k in ("evidence", "hole", "estimate") if k == "estimate" or k in keys)


Figure: TypeAlias = Annotated[
    Annotated[FromEvidence, Tag("evidence")]
    | Annotated[Estimate, Tag("estimate")]
    | Annotated[Hole, Tag("hole")],
    Discriminator(_kind_of_figure),
]


class Pump(_Frozen):
    """A pump. Volumes in mL, flows in mL/day.

    over, under: how far it may deliver above and below what is set, as a share of it; alarm: volume
    at which it warns, and whether it measures or calculates this; refill_at: volume at which the
    maker counts the refill as due; tubing: from the reservoir to the catheter; side_port: from the
    access port to the catheter; syringe: the smallest that may be used at it; pocket_fill: volume
    missing just after a refill that is too much.
    """

    id: str
    name: str
    maker: str
    kind: Literal["programmable", "constant-flow"]
    reservoir: Figure
    flow_least: Figure
    flow_most: Figure
    over: Figure
    under: Figure
    alarm: Figure
    alarm_is: Literal["calculated", "measured"] | None = None
    alarm_sources: tuple[str, ...] = ()
    refill_at: Figure | None = None
    tubing: Figure
    side_port: Figure
    syringe: Figure | None = None
    pocket_fill: Figure | None = None
    catheters: tuple[str, ...]


class Catheter(_Frozen):
    """A catheter: its volume per length, and its length before it is trimmed."""

    id: str
    name: str
    per_length: Figure
    full_length: Figure


class Stability(_Frozen):
    """How long a filling of exactly these drugs keeps."""

    id: str
    drugs: tuple[str, ...] = Field(min_length=1)
    when: str | None = None
    days: Figure


class Checks(_Frozen):
    """Limits on what is found at a refill, and rules of thumb."""

    discrepancy_volume: Figure
    discrepancy_share: Figure
    bolus_share: Figure
    contrast: Figure


class Devices(_Frozen):
    """All of `pumps.yaml`."""

    pumps: tuple[Pump, ...]
    catheters: tuple[Catheter, ...]
    stability: tuple[Stability, ...]
    checks: Checks

    def pump(self, name: str) -> Pump:
        """The pump of this id. Raises PumpError with the ids that there are."""
        return _named(name, self.pumps, "--pump", "pump")

    def catheter(self, name: str) -> Catheter:
        """The catheter of this id. Raises PumpError with the ids that there are."""
        return _named(name, self.catheters, "--catheter", "catheter")

    def keeps(self, drugs: Collection[str], ident: str | None = None) -> Stability | None:
        """How long a filling of exactly these drugs keeps: the entry `ident`, else the first.

        The file puts the shortest first where it depends on how the drug was made up.
        """
        fitting = [entry for entry in self.stability if set(entry.drugs) == set(drugs)]
        return next((entry for entry in fitting if ident in {None, entry.id}), None)


class PumpError(CruralError):
    """A pump, catheter or figure of a pump that is not known and must be given."""


_Entry = TypeVar("_Entry", Pump, Catheter)


def _named(name: str, entries: Collection[_Entry], field: str, kind: str) -> _Entry:
    for entry in entries:
        if entry.id == name:
            return entry
    raise PumpError(
        file="input",
        field=field,
        problem=f"there is no {kind} called '{name}'",
        remedy="use one of " + ", ".join(entry.id for entry in entries),
    )


@dataclass(frozen=True)
class Known:
    """A figure with its unit: read from the evidence, estimated (then with a range), or given."""

    quantity: Quantity
    origin: Literal["evidence", "estimate", "given"]
    sources: tuple[str, ...] = ()
    low: Quantity | None = None
    high: Quantity | None = None
    because: str | None = None


@dataclass(frozen=True)
class Missing:
    """A hole, with what was looked for."""

    hole: str
    wanted: str


def exact(number: float | int | str) -> Decimal:
    """The decimal that was written in a YAML file; its shortest digits are what was written."""
    return Decimal(str(number))


def look_up(figure: Figure, evidence: Mapping[str, Evidence]) -> Known | Missing:
    """The figure held against the evidence. Raises KnowledgeError when its source lacks it."""
    if isinstance(figure, Hole):
        entry = evidence.get(figure.hole)
        if entry is None or entry.kind != "hole":
            raise _broken(figure.hole, "is no hole of the evidence")
        return Missing(figure.hole, entry.wanted or entry.note or figure.hole)
    if isinstance(figure, Estimate):
        low, high = figure.range
        return Known(
            quantity=_amount(exact(figure.estimate), figure.unit),
            origin="estimate",
            sources=figure.sources,
            low=_amount(exact(low), figure.unit),
            high=_amount(exact(high), figure.unit),
            because=figure.because,
        )
    entry = evidence.get(figure.evidence)
    if entry is None or entry.kind == "hole" or not entry.traced:
        raise _broken(figure.evidence, "is no entry of the evidence that may be used")
    number: Any = entry.value
    if figure.of != "value":
        number = entry.data
        for step in figure.of.split(".")[1:]:
            try:
                number = number[int(step) if isinstance(number, list | tuple) else step]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise _broken(figure.evidence, f"has no {figure.of}") from error
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise _broken(figure.evidence, f"has no number as {figure.of}")
    return Known(_amount(exact(number), figure.unit), "evidence", (figure.evidence,))


def _amount(number: Decimal, unit: str) -> Quantity:
    return quantity.quantity(number, unit)


def _broken(entry: str, problem: str) -> KnowledgeError:
    return KnowledgeError(
        file=PUMPS_FILE,
        field=entry,
        problem=f"'{entry}' {problem}",
        remedy="correct the figure or its source",
    )


@lru_cache(maxsize=4)
def load_pumps(root: Path = DATA) -> Devices:
    """Pumps, catheters and stabilities. Raises KnowledgeError when the file is wrong."""
    return read_one(root, PUMPS_FILE, Devices)


def problems(evidence: Mapping[str, Evidence], root: Path = DATA) -> Iterator[Wrong]:
    """Figures without a source, of the wrong kind, or out of bounds; names that point nowhere."""
    devices = load_pumps(root)
    for place, kind, figure in _figures(devices):
        try:
            known = look_up(figure, evidence)
        except CruralError as error:
            yield Wrong(PUMPS_FILE, place, error.problem, error.remedy)
            continue
        if isinstance(known, Missing):
            continue
        if not quantity.is_kind(known.quantity, kind):
            yield Wrong(
                PUMPS_FILE,
                place,
                f"{quantity.show(known.quantity)} is not {quantity.words_of(kind)}",
                "correct the unit",
            )
        elif known.quantity.magnitude <= 0:
            yield Wrong(PUMPS_FILE, place, "is not above nought", "correct the figure")
        for source in known.sources:
            if source not in evidence:
                yield Wrong(PUMPS_FILE, place, f"'{source}' is no entry", "name one that exists")
    names = {catheter.id for catheter in devices.catheters}
    for pump in devices.pumps:
        for name in pump.catheters:
            if name not in names:
                yield Wrong(PUMPS_FILE, pump.id, f"no catheter '{name}'", "name one of the file")
        for source in pump.alarm_sources:
            if source not in evidence:
                yield Wrong(PUMPS_FILE, pump.id, f"'{source}' is no entry", "name one that exists")


_KINDS: Mapping[str, str] = {
    "reservoir": quantity.VOLUME,
    "flow_least": quantity.FLOW,
    "flow_most": quantity.FLOW,
    "over": quantity.SHARE,
    "under": quantity.SHARE,
    "alarm": quantity.VOLUME,
    "refill_at": quantity.VOLUME,
    "tubing": quantity.VOLUME,
    "side_port": quantity.VOLUME,
    "syringe": quantity.VOLUME,
    "pocket_fill": quantity.VOLUME,
    "per_length": quantity.VOLUME_PER_LENGTH,
    "full_length": quantity.LENGTH,
    "days": quantity.TIME,
    "discrepancy_volume": quantity.VOLUME,
    "discrepancy_share": quantity.SHARE,
    "bolus_share": quantity.SHARE,
    "contrast": quantity.VOLUME,
}


def _figures(devices: Devices) -> Iterator[tuple[str, str, Figure]]:
    """Every figure with its place in the file and the kind that it must be of."""
    entries: tuple[tuple[str, BaseModel], ...] = (
        *((f"pumps.{pump.id}", pump) for pump in devices.pumps),
        *((f"catheters.{catheter.id}", catheter) for catheter in devices.catheters),
        *((f"stability.{entry.id}", entry) for entry in devices.stability),
        ("checks", devices.checks),
    )
    for place, entry in entries:
        for field, kind in _KINDS.items():
            figure = getattr(entry, field, None)
            if figure is not None:
                yield f"{place}.{field}", kind, figure
