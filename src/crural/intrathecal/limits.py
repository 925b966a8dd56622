"""What has been published on doses into the spinal fluid, by drug, body and year; and what has not.

The figures stand in `data/therapy/limits.yaml`. Each names the evidence entry that it comes from
and the place in it, and `problems` compares the two, so no figure here can drift from its source.
Bodies that disagree stand side by side; nothing here chooses among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from rapidfuzz import process

from crural import quantity as q
from crural.errors import CruralError
from crural.knowledge import load_knowledge
from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import DATA, Problem
from crural.knowledge.one_file import read_one

FILE = Path("therapy") / "limits.yaml"


Kind = Literal[
    "dose", "dose-rate", "concentration", "flow", "volume", "length", "volume-per-length", "time"
]
KINDS: Mapping[str, str] = {
    "dose": q.DOSE,
    "dose-rate": q.DAILY_DOSE,
    "concentration": q.CONCENTRATION,
    "flow": q.FLOW,
    "volume": q.VOLUME,
    "length": q.LENGTH,
    "volume-per-length": q.VOLUME_PER_LENGTH,
    "time": q.TIME,
}
# What figures can say; the words stand before them in every output.
WHAT: Mapping[str, str] = {
    "start": "starting dose",
    "start-at-most": "starting dose, at most",
    "running": "usual dose",
    "effective": "dose in use when it worked",
    "maximum": "maximum",
    "caution-above": "caution above",
    "direction": "direction",
    "reported": "reported in use",
    "overdose-reported": "reported overdose",
    "overdose-seen-from": "overdose seen from",
    "other-route": "another route",
    "compared-with-morphine": "compared with morphine",
    "strength": "labelled solution",
    "concentration-reported": "concentration reported",
    "concentration-caution-above": "concentration, caution from",
    "block-not-seen-at": "no block after a day at",
    "block-seen-at": "block after a day at",
    "single-dose": "single dose",
    "single-dose-ceiling": "single dose, at most",
    "slow-breathing-common-from": "slow breathing common from",
    "step": "raise",
    "interval": "",
    "watch": "watch for",
    "watch-at-least": "watch for at least",
    "watch-closely": "watch closely for",
}


class LimitsError(CruralError):
    """A drug or an input that the tables do not know."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


Amount = Annotated[q.Quantity, BeforeValidator(lambda v: q.parse(v) if isinstance(v, str) else v)]


class Figure(_Frozen):
    """One published figure: an amount, a range, a share of the dose, or words alone."""

    what: str = "step"
    body: str
    year: int | None = None
    who: str | None = None
    when: str | None = None
    is_: Amount | None = Field(default=None, alias="is")
    from_: Amount | None = Field(default=None, alias="from")
    to: Amount | None = None
    share: Decimal | None = None
    from_share: Decimal | None = None
    to_share: Decimal | None = None
    percent: bool = False
    says: str | None = None
    note: str | None = None
    source: str
    at: str | tuple[str, ...] | None = None
    times: Decimal = Decimal(1)

    @model_validator(mode="after")
    def _says_something(self) -> Figure:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("a range needs both from and to")
        if (self.from_share is None) != (self.to_share is None):
            raise ValueError("a range of shares needs both from_share and to_share")
        if not (self.numbers or self.says):
            raise ValueError("a figure needs an amount, a share, or words")
        if self.numbers and self.at is None:
            raise ValueError("a figure with a number says where in its source it stands: at")
        return self

    @property
    def numbers(self) -> tuple[Decimal, ...]:
        """The bare numbers, in the units they are written in."""
        amounts = (a.magnitude for a in (self.is_, self.from_, self.to) if a is not None)
        shares = (s for s in (self.share, self.from_share, self.to_share) if s is not None)
        return (*amounts, *shares)

    @property
    def lowest(self) -> q.Quantity | None:
        """The lower end; the amount itself when it is one; None for words and shares."""
        return self.from_ if self.from_ is not None else self.is_

    @property
    def highest(self) -> q.Quantity | None:
        """The upper end; the amount itself when it is one; None for words and shares."""
        return self.to if self.to is not None else self.is_

    @property
    def shares(self) -> tuple[Decimal, Decimal] | None:
        """Lower and upper share of the dose by which a step raises it."""
        if self.share is not None:
            return (self.share, self.share)
        if self.from_share is not None and self.to_share is not None:
            return (self.from_share, self.to_share)
        return None

    @property
    def whose(self) -> str:
        """Body and year: 'PACC 2017'."""
        return f"{self.body}, {self.year}" if self.year else self.body


class Hole(_Frozen):
    """A figure that was looked for and could not be read."""

    body: str
    year: int | None = None
    what: str
    source: str


class Remark(_Frozen):
    """A caution with its sources."""

    says: str
    sources: tuple[str, ...]


class Line(_Frozen):
    """A line of the slip guard: a published figure, an estimate, or a fact of physics."""

    is_: Amount | None = Field(default=None, alias="is")
    estimate: Amount | None = None
    range: tuple[Amount, Amount] | None = None
    because: str | None = None
    says: str | None = None
    source: str | None = None
    at: str | None = None
    times: Decimal = Decimal(1)

    @model_validator(mode="after")
    def _has_a_reason(self) -> Line:
        if (self.is_ is None) == (self.estimate is None):
            raise ValueError("a line is either published (is) or an estimate")
        if self.estimate is not None:
            if self.range is None or not self.because:
                raise ValueError("an estimate needs a range and a reason")
            if not self.range[0] <= self.estimate <= self.range[1]:
                raise ValueError("the estimate lies outside its range")
            if self.range[0] == self.range[1]:
                raise ValueError("the range of an estimate needs some width")
        elif self.source is None and not self.because:
            raise ValueError("a line needs a source, or a reason")
        if (self.source is None) != (self.at is None):
            raise ValueError("source and at belong together")
        return self

    @property
    def amount(self) -> q.Quantity:
        """Where the line lies."""
        value = self.is_ if self.is_ is not None else self.estimate
        assert value is not None
        return value

    @property
    def published(self) -> bool:
        """Whether it is a published figure."""
        return self.source is not None

    @property
    def sources(self) -> tuple[str, ...]:
        """Its evidence entry, if it has one."""
        return (self.source,) if self.source else ()


class Guard(_Frozen):
    """Lines for one input: outside lowest to highest the guard speaks; above a remark it warns."""

    lowest: Line | None = None
    highest: Line | None = None
    remark: tuple[Line, ...] = ()


class Input(_Frozen):
    """An input of the pump commands, by the name under which `slips` checks it."""

    id: str
    name: str
    kind: Kind
    by: Literal["drug", "pump"]
    zero: bool = False
    lowest: Line | None = None
    highest: Line | None = None
    impossible_above: Line | None = None


class Units(_Frozen):
    """The units in which a drug is usually written."""

    dose: str
    dose_rate: str = Field(alias="dose-rate")
    concentration: str


class Drug(_Frozen):
    """What is published on one drug."""

    id: str
    name: str
    words: tuple[str, ...]
    opioid: bool
    status: str
    status_sources: tuple[str, ...]
    units: Units
    figures: tuple[Figure, ...] = ()
    trial: tuple[Figure, ...] = ()
    observe: tuple[Figure, ...] = ()
    steps: tuple[Figure, ...] = ()
    interval: tuple[Figure, ...] = ()
    holes: tuple[Hole, ...] = ()
    cautions: tuple[Remark, ...] = ()
    guard: Mapping[str, Guard] = {}

    def of(self, *what: str) -> tuple[Figure, ...]:
        """Figures of some kinds, in the order of the file."""
        return tuple(f for f in self.figures if f.what in what)

    def shown(self, value: q.Quantity) -> str:
        """An amount of this drug in its usual unit."""
        for kind, unit in (
            (q.DAILY_DOSE, self.units.dose_rate),
            (q.DOSE, self.units.dose),
            (q.CONCENTRATION, self.units.concentration),
        ):
            if q.is_kind(value, kind):
                return q.show(value, unit)
        return q.show(value)


class Limits(_Frozen):
    """The whole table."""

    inputs: tuple[Input, ...]
    drugs: tuple[Drug, ...]

    def drug(self, name: str) -> Drug:
        """The drug called so, by any of its names. Raises LimitsError with the nearest names."""
        wanted = " ".join(name.casefold().split())
        words = {word: drug for drug in self.drugs for word in (drug.id, *drug.words)}
        if wanted in words:
            return words[wanted]
        near = process.extractOne(wanted, list(words), score_cutoff=70)
        raise LimitsError(
            file="input",
            field="drug",
            problem=f"no drug for the spinal fluid is called '{name}'",
            remedy=(f"did you mean '{near[0]}'? Use" if near else "use")
            + " one of "
            + ", ".join(drug.id for drug in self.drugs),
        )

    def input(self, name: str) -> Input:
        """The input called so; underscores count as hyphens. Raises LimitsError."""
        wanted = name.replace("_", "-")
        for known in self.inputs:
            if known.id == wanted:
                return known
        raise LimitsError(
            file="input",
            field=name,
            problem="the slip guard knows no such input",
            remedy="use one of " + ", ".join(known.id for known in self.inputs),
        )


@lru_cache(maxsize=4)
def load_limits(root: Path = DATA) -> Limits:
    """The table from `therapy/limits.yaml` below `root`. Raises KnowledgeError."""
    return read_one(root, FILE.as_posix(), Limits)


def number_at(entry: Evidence, place: str) -> Decimal | None:
    """The number of an evidence entry at a dotted place: 'value', 'range.1', 'data.max_ug_day'."""
    found: Any = entry
    for step in place.split("."):
        if isinstance(found, list | tuple):
            if not step.isdigit() or int(step) >= len(found):
                return None
            found = found[int(step)]
        elif isinstance(found, Mapping):
            found = found.get(step)
        else:
            found = getattr(found, step, None)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return Decimal(repr(found))


def problems(root: Path = DATA, evidence: Mapping[str, Evidence] | None = None) -> list[Problem]:
    """Everything in the table that does not agree with the evidence: sources, numbers, units."""
    known = load_knowledge().evidence if evidence is None else evidence
    table = load_limits(root)
    return list(_problems(table, known))


def _problems(table: Limits, known: Mapping[str, Evidence]) -> Iterator[Problem]:
    for drug in table.drugs:
        for what in ("figures", "trial", "observe", "steps", "interval"):
            for position, figure in enumerate(getattr(drug, what)):
                yield from _of_figure(f"{drug.id}.{what}.{position}", figure, known)
        for hole in drug.holes:
            if hole.source not in known:
                yield _wrong(f"{drug.id}.holes", f"no evidence entry is called '{hole.source}'")
        for source in (*drug.status_sources, *(s for c in drug.cautions for s in c.sources)):
            if source not in known:
                yield _wrong(drug.id, f"no evidence entry is called '{source}'")
        for name, guard in drug.guard.items():
            place = f"{drug.id}.guard.{name}"
            if name not in {known_input.id for known_input in table.inputs}:
                yield _wrong(place, "no such input")
                continue
            kind = KINDS[table.input(name).kind]
            yield from _of_guard(place, guard, kind, known)
    for known_input in table.inputs:
        lines = Guard(lowest=known_input.lowest, highest=known_input.highest)
        yield from _of_guard(f"inputs.{known_input.id}", lines, KINDS[known_input.kind], known)


def _of_guard(
    place: str, guard: Guard, kind: str, known: Mapping[str, Evidence]
) -> Iterator[Problem]:
    for line in (guard.lowest, guard.highest, *guard.remark):
        if line is None:
            continue
        if not q.is_kind(line.amount, kind):
            yield _wrong(place, f"{q.show(line.amount)} is {q.kind_of(line.amount)}")
        elif line.source is not None and line.at is not None:
            told = Told((line.amount.magnitude,), line.source, line.at, line.times)
            yield from _compare(place, told, known)
    low, high = guard.lowest, guard.highest
    alike = low and high and q.is_kind(low.amount, kind) and q.is_kind(high.amount, kind)
    if low and high and alike and low.amount > high.amount:
        yield _wrong(place, "lowest lies above highest")


def _of_figure(place: str, figure: Figure, known: Mapping[str, Evidence]) -> Iterator[Problem]:
    if figure.what not in WHAT:
        yield _wrong(place, f"'{figure.what}' is no kind of figure")
    if figure.source not in known:
        yield _wrong(place, f"no evidence entry is called '{figure.source}'")
    elif figure.numbers and figure.at is not None:
        times = figure.times / 100 if figure.percent else figure.times
        told = Told(figure.numbers, figure.source, figure.at, times)
        yield from _compare(place, told, known)


class Told(NamedTuple):
    """Numbers of a file of this room, and where in the evidence they are said to stand."""

    numbers: tuple[Decimal, ...]
    source: str
    at: str | tuple[str, ...]
    times: Decimal = Decimal(1)


def _compare(place: str, told: Told, known: Mapping[str, Evidence]) -> Iterator[Problem]:
    for wrong in disagreements(told, known):
        yield _wrong(place, wrong)


def disagreements(told: Told, known: Mapping[str, Evidence]) -> Iterator[str]:
    """In what the numbers differ from the evidence that they name, in words."""
    entry = known.get(told.source)
    if entry is None:
        yield f"no evidence entry is called '{told.source}'"
        return
    if entry.kind == "hole":
        yield f"'{told.source}' is a named hole, not a figure"
        return
    places = (told.at,) if isinstance(told.at, str) else told.at
    if len(places) < len(told.numbers):
        places = tuple(f"{places[0]}.{position}" for position in range(len(told.numbers)))
    for number, where in zip(told.numbers, places, strict=True):
        found = number_at(entry, where)
        if found is None:
            yield f"'{told.source}' holds no number at {where}"
        elif found * told.times != number:
            yield f"says {number}, but '{told.source}' holds {found} at {where}"


def _wrong(place: str, problem: str) -> Problem:
    return Problem(str(FILE), place, problem, "mend the entry, or its evidence")
