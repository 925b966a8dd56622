"""What is published that bears on a first dose into the spinal fluid, and on the steps after it.

Never one number: every published conversion with its range and its use, the starting ranges of
labels and panels, where the two meet, the steps and how long to watch, limits by body and year, and
what could not be read. It prepares a decision; it does not make one and is no prescription.

Ratios stand in `data/therapy/conversions.yaml`, figures in `limits.yaml`; `problems` holds both
against the evidence. The arithmetic is exact in decimals:

    converted range [mg/day] = daily opioid by mouth as morphine / highest ratio ... / lowest ratio
    with the share           = lower end x lowest share ... upper end x highest share
    after n rises, at most   = start x (1 + share)^n, or start + n x step
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crural import quantity as q
from crural.history import OpioidTotal
from crural.intrathecal import slips
from crural.intrathecal.limits import (
    Drug,
    Figure,
    Hole,
    Limits,
    Remark,
    Told,
    disagreements,
    load_limits,
)
from crural.knowledge import load_knowledge
from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import DATA, Problem
from crural.knowledge.one_file import read_one

FILE = Path("therapy") / "conversions.yaml"
# So many rises are shown; a plan further ahead than this would be false precision.
MOST_STAGES = 6

Standing = Literal["opioid-naive", "takes-opioids", "unknown"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ratio(_Frozen):
    """A published ratio: milligrams by another route for one milligram into the spinal fluid."""

    id: str
    body: str
    year: int | None = None
    is_: Decimal | None = Field(default=None, alias="is")
    from_: Decimal | None = Field(default=None, alias="from")
    to: Decimal | None = None
    source: str
    at: str | tuple[str, ...]
    start: bool = False
    kind: str = ""
    caveat: str = ""
    says: str = ""

    @model_validator(mode="after")
    def _one_or_a_range(self) -> Ratio:
        if (self.is_ is None) == (self.from_ is None) or (self.from_ is None) != (self.to is None):
            raise ValueError("a ratio is one number (is) or a range (from, to)")
        if min(self.numbers) <= 0:
            raise ValueError("a ratio must be above 0")
        return self

    @property
    def numbers(self) -> tuple[Decimal, ...]:
        """The number, or both ends."""
        return tuple(n for n in (self.is_, self.from_, self.to) if n is not None)

    @property
    def whose(self) -> str:
        """Body and year."""
        return f"{self.body}, {self.year}" if self.year else self.body


class ToHydromorphone(_Frozen):
    """How many milligrams of intrathecal morphine one milligram of hydromorphone is taken for."""

    body: str
    is_: Decimal = Field(alias="is")
    source: str
    at: str
    says: str
    also: tuple[str, ...] = ()


class Share(_Frozen):
    """The share of a converted dose to begin with: an estimate, for none is published."""

    estimate: Decimal
    range: tuple[Decimal, Decimal]
    because: str = Field(min_length=3)
    also: tuple[str, ...] = ()
    hole: str

    @model_validator(mode="after")
    def _inside(self) -> Share:
        if not 0 < self.range[0] < self.estimate < self.range[1] <= 1:
            raise ValueError("a share lies between 0 and 1, inside its range")
        return self


class Conversions(_Frozen):
    """The file of ratios."""

    by_mouth: tuple[Ratio, ...]
    other_routes: tuple[Ratio, ...]
    back: tuple[Ratio, ...]
    hydromorphone: ToHydromorphone
    share_to_begin_with: Share
    cautions: tuple[Remark, ...]


@dataclass(frozen=True)
class Band:
    """A range of doses."""

    low: q.Quantity
    high: q.Quantity

    def meets(self, other: Band) -> Band | None:
        """What two ranges have in common; None when they lie apart."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Band(low, high) if low <= high else None


@dataclass(frozen=True)
class Converted:
    """A ratio and what it makes of the total."""

    ratio: Ratio
    band: Band
    share: Band | None


@dataclass(frozen=True)
class Start:
    """A published starting dose, whether it is for this patient, and where conversions meet it."""

    figure: Figure
    fits: bool | None
    meets: Band | None
    apart: Literal["conversion-below", "conversion-above"] | None


@dataclass(frozen=True)
class Stage:
    """The most that a published step allows after so many rises.

    shown: the same for people, rounded down to two digits in the drug's unit; held_by: whose
    maximum or line of caution holds the upper end, when the step would pass it; day: the first day
    after the start by the longest published time between two rises, None where none is published.
    """

    rises: int
    most: Band
    shown: Band
    held_by: str | None
    day: int | None


@dataclass(frozen=True)
class Plan:
    """Rises by one published step, from the lowest and the highest start for this patient."""

    step: Figure
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Caution:
    """Something in the record that speaks against it or asks for care."""

    level: str
    says: str
    because: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class DoseFinding:
    """All of it. `total` is None where the opioids by mouth are not known."""

    drug: Drug
    total: q.Quantity | None
    total_from: str
    total_complete: bool
    standing: Standing
    converted: tuple[Converted, ...]
    spread: Band | None
    share: Share
    starts: tuple[Start, ...]
    plans: tuple[Plan, ...]
    trial: tuple[Figure, ...]
    observe: tuple[Figure, ...]
    interval: tuple[Figure, ...]
    limits: tuple[Figure, ...]
    holes: tuple[Hole, ...]
    cautions: tuple[Remark, ...]
    back: tuple[Ratio, ...]
    other_routes: tuple[Ratio, ...]
    hydromorphone: ToHydromorphone
    from_record: tuple[Caution, ...]
    proposed: q.Quantity | None
    findings: tuple[slips.Finding, ...]


@lru_cache(maxsize=4)
def load_conversions(root: Path = DATA) -> Conversions:
    """The ratios from `therapy/conversions.yaml` below `root`. Raises KnowledgeError."""
    return read_one(root, FILE.as_posix(), Conversions)


def problems(root: Path = DATA, evidence: Mapping[str, Evidence] | None = None) -> list[Problem]:
    """Everything in the ratios that does not agree with the evidence."""
    known = load_knowledge().evidence if evidence is None else evidence
    return list(_problems(load_conversions(root), known))


def _problems(table: Conversions, known: Mapping[str, Evidence]) -> Iterator[Problem]:
    for ratio in (*table.by_mouth, *table.other_routes, *table.back):
        for wrong in disagreements(Told(ratio.numbers, ratio.source, ratio.at), known):
            yield Problem(str(FILE), ratio.id, wrong, "mend the entry, or its evidence")
    rule = table.hydromorphone
    for wrong in disagreements(Told((rule.is_,), rule.source, rule.at), known):
        yield Problem(str(FILE), "hydromorphone", wrong, "mend the entry, or its evidence")
    share = table.share_to_begin_with
    named = [share.hole, *share.also, *rule.also]
    named += [source for remark in table.cautions for source in remark.sources]
    for source in named:
        if source not in known:
            yield Problem(
                str(FILE), source, f"no evidence entry is called '{source}'", "name one that exists"
            )


def total_of(opioids: OpioidTotal | None) -> tuple[q.Quantity | None, bool]:
    """The record's opioid total as an amount, and whether it is complete.

    None when the record lists no drugs: that nothing is recorded does not make a patient naive.
    """
    if opioids is None:
        return None, False
    return q.quantity(opioids.least, "mg/day"), opioids.complete


def find_dose(
    drug: str = "morphine",
    *,
    total: q.Quantity | None = None,
    total_from: str = "given",
    complete: bool = True,
    proposed: q.Quantity | None = None,
    from_record: Iterable[Caution] = (),
    limits: Limits | None = None,
    conversions: Conversions | None = None,
) -> DoseFinding:
    """Everything published that bears on a first dose of `drug`, in the form of ranges.

    total: opioids by mouth as milligrams of oral morphine a day, 0 for none, None when not known;
    complete: False when part of them could not be counted, so that the total is a lower limit.
    proposed: a first daily dose that somebody has in mind; the slip guard holds it against the
    table. Raises LimitsError for an unknown drug, SlipError for amounts that cannot be.
    """
    table = limits or load_limits()
    ratios = conversions or load_conversions()
    known = table.drug(drug)
    if total is not None:
        slips.enforce(slips.check(None, limits=table, oral_total=total), checked=True)
    standing = _standing(total, complete)
    converted = tuple(_converted(known, total, ratios)) if total else ()
    begins = [one for one in converted if one.ratio.start]
    spread = _spread([one.share for one in begins if one.share is not None])
    findings = (
        *(slips.check(None, limits=table, oral_total=total) if total is not None else ()),
        *(slips.check(known, limits=table, starting_dose=proposed) if proposed is not None else ()),
    )
    return DoseFinding(
        drug=known,
        total=total,
        total_from=total_from if total is not None else "not known",
        total_complete=complete,
        standing=standing,
        converted=converted,
        spread=spread,
        share=ratios.share_to_begin_with,
        starts=tuple(_starts(known, standing, spread)),
        plans=tuple(_plans(known, standing, spread)),
        trial=known.trial,
        observe=tuple(sorted(known.observe, key=_strictest)),
        interval=known.interval,
        limits=known.of(*_LIMITS),
        holes=known.holes,
        cautions=(*known.cautions, *(ratios.cautions if known.opioid else ())),
        back=ratios.back if known.opioid else (),
        other_routes=ratios.other_routes if known.opioid else (),
        hydromorphone=ratios.hydromorphone,
        from_record=tuple(from_record),
        proposed=proposed,
        findings=findings,
    )


_LIMITS = (
    "maximum",
    "caution-above",
    "direction",
    "running",
    "effective",
    "reported",
    "block-not-seen-at",
    "block-seen-at",
    "other-route",
    "strength",
    "concentration-caution-above",
    "concentration-reported",
    "overdose-reported",
    "compared-with-morphine",
)


def _standing(total: q.Quantity | None, complete: bool) -> Standing:
    if total is None:
        return "unknown"
    if total.magnitude > 0:
        return "takes-opioids"
    return "opioid-naive" if complete else "unknown"


def converted_range(total: q.Quantity, ratio: Ratio) -> Band:
    """total / highest ratio ... total / lowest ratio, in mg/day."""
    return Band(
        q.in_unit(total / max(ratio.numbers), "mg/day"),
        q.in_unit(total / min(ratio.numbers), "mg/day"),
    )


def with_share(band: Band, share: Share) -> Band:
    """Lower end x lowest share ... upper end x highest share."""
    return Band(band.low * share.range[0], band.high * share.range[1])


def _converted(drug: Drug, total: q.Quantity, table: Conversions) -> Iterator[Converted]:
    """Nothing for drugs that are no opioid: there is no conversion to them."""
    if drug.id not in {"morphine", "hydromorphone"}:
        return
    for ratio in table.by_mouth:
        band = converted_range(total, ratio)
        if drug.id == "hydromorphone":
            factor = table.hydromorphone.is_
            band = Band(band.low / factor, band.high / factor)
        share = with_share(band, table.share_to_begin_with) if ratio.start else None
        yield Converted(ratio, band, share)


def _spread(bands: Sequence[Band]) -> Band | None:
    if not bands:
        return None
    return Band(min(band.low for band in bands), max(band.high for band in bands))


def _starts(drug: Drug, standing: Standing, spread: Band | None) -> Iterator[Start]:
    for figure in drug.of("start", "start-at-most"):
        meets, apart = None, None
        low, high = figure.lowest, figure.highest
        if spread is not None and low is not None and high is not None:
            published = Band(low, high)
            meets = spread.meets(published)
            if meets is None:
                apart = _apart(spread, published)
        yield Start(figure, _fits(figure, standing), meets, apart)


def _apart(spread: Band, published: Band) -> Literal["conversion-below", "conversion-above"]:
    return "conversion-below" if spread.high < published.low else "conversion-above"


def _fits(figure: Figure, standing: Standing) -> bool | None:
    """Whether a start is for this patient; None when that is for the clinician to judge.

    To take an opioid is not to be tolerant of it: a few tablets of codeine must never bring up the
    starting range for people used to high doses.
    """
    if figure.who not in {"opioid-naive", "opioid-tolerant"} or standing != "opioid-naive":
        return None
    return figure.who == "opioid-naive"


def _plans(drug: Drug, standing: Standing, spread: Band | None) -> Iterator[Plan]:
    published = _published_start(drug, standing)
    if published is None:
        return
    start = published if spread is None else _lower_of(spread, published)
    for figure in drug.steps:
        if figure.shares is not None or figure.highest is not None:
            yield Plan(figure, tuple(_stages(drug, figure, start)))


def _lower_of(spread: Band, published: Band) -> Band:
    """Where a plan begins: at what the conversions span, never above a published start."""
    if spread.low > published.high:
        return published
    return Band(spread.low, min(spread.high, published.high))


def _published_start(drug: Drug, standing: Standing) -> Band | None:
    """From the lowest to the highest starting dose of labels and panels, for this patient. Of whom
    nothing is known the starts for tolerant patients are not for."""
    published = [
        figure
        for figure in drug.of("start", "start-at-most")
        if figure.body.startswith(("US label", "EU label", "PACC"))
        and _fits(figure, standing) is not False
    ]
    if standing == "unknown":
        published = [f for f in published if f.who != "opioid-tolerant"] or published
    ends = [end for f in published for end in (f.lowest, f.highest) if end is not None]
    guard = drug.guard.get("starting-dose")
    if not ends and published and guard is not None and guard.lowest and guard.highest:
        # A label that begins from the test dose gives no figure of its own: the lowest test dose,
        # and twice the highest, are the lines of the guard.
        ends = [guard.lowest.amount, guard.highest.amount]
    return Band(min(ends), max(ends)) if ends else None


def after_rises(start: q.Quantity, step: Figure, rises: int) -> q.Quantity:
    """start x (1 + highest share)^rises, or start + rises x step."""
    if step.shares is not None:
        grown: q.Quantity = start * (1 + step.shares[1]) ** rises
        return grown
    assert step.highest is not None
    risen: q.Quantity = start + step.highest * rises
    return risen


def _stages(drug: Drug, step: Figure, start: Band) -> Iterator[Stage]:
    marks = [(f.lowest, f.whose) for f in drug.of("maximum", "caution-above") if f.lowest]
    line, whose = min(marks, key=lambda mark: mark[0]) if marks else (None, None)
    waits = [q.amount(f.highest, "h") / 24 for f in drug.interval if f.highest is not None]
    for rises in range(MOST_STAGES + 1):
        low, high = after_rises(start.low, step, rises), after_rises(start.high, step, rises)
        held = line is not None and high > line
        if line is not None:
            low, high = min(low, line), min(high, line)
        shown = Band(_two_digits(low, drug), _two_digits(high, drug))
        day = math.ceil(rises * max(waits)) if waits else None
        yield Stage(rises, Band(low, high), shown, whose if held else None, day)
        if low == line:
            return


def _two_digits(dose: q.Quantity, drug: Drug) -> q.Quantity:
    """A dose rounded down to two digits in the drug's unit: more would be false precision."""
    number = q.amount(dose, drug.units.dose_rate)
    if not number:
        return dose
    place = Decimal(1).scaleb(number.adjusted() - 1)
    return q.quantity(number.quantize(place, rounding=ROUND_DOWN), drug.units.dose_rate)


def consensus_unread(found: DoseFinding) -> Hole | None:
    """The newest dose table of the polyanalgesic consensus that could not be read, where no
    greatest dose of the consensus could."""
    if any(f.what == "maximum" and f.body.startswith("PACC") for f in found.limits):
        return None
    tables = [h for h in found.holes if h.body == "PACC" and not h.what.startswith("trial")]
    return max(tables, key=lambda hole: hole.year or 0, default=None)


def _strictest(figure: Figure) -> Decimal:
    """Longest watch first; words alone last."""
    if figure.highest is None:
        return Decimal(1)
    return -q.amount(figure.highest, "h")


# For programs ---------------------------------------------------------------------------------


def sources_of(found: DoseFinding) -> tuple[str, ...]:
    """Every evidence entry that the finding takes something from, once, in order."""
    named: list[str] = list(found.drug.status_sources)
    named += [one.ratio.source for one in found.converted]
    if found.converted:
        named += [found.share.hole, *found.share.also]
        if found.drug.id == "hydromorphone":
            named += [found.hydromorphone.source, *found.hydromorphone.also]
    named += [start.figure.source for start in found.starts]
    named += [plan.step.source for plan in found.plans]
    for figures in (found.trial, found.observe, found.interval, found.limits):
        named += [figure.source for figure in figures]
    named += [ratio.source for ratio in (*found.other_routes, *found.back)]
    named += [source for remark in found.cautions for source in remark.sources]
    named += [source for caution in found.from_record for source in caution.sources]
    named += [source for finding in found.findings for source in finding.sources]
    named += [hole.source for hole in found.holes]
    return tuple(dict.fromkeys(named))


def band_data(band: Band, drug: Drug) -> dict[str, Any]:
    """A range for programs, in the drug's usual unit."""
    unit = drug.units.dose_rate
    return {"low": q.as_json(band.low, unit), "high": q.as_json(band.high, unit)}


def figure_data(figure: Figure) -> dict[str, Any]:
    """A published figure for programs, in the unit of its source."""
    shares = figure.shares
    return {
        "what": figure.what,
        "body": figure.body,
        "year": figure.year,
        "who": figure.who,
        "when": figure.when,
        "low": q.as_json(figure.lowest) if figure.lowest is not None else None,
        "high": q.as_json(figure.highest) if figure.highest is not None else None,
        "share": [q.plain(share) for share in shares] if shares else None,
        "says": figure.says,
        "note": figure.note,
        "source": figure.source,
    }


def ratio_data(ratio: Ratio) -> dict[str, Any]:
    """A ratio for programs."""
    return {
        "body": ratio.body,
        "year": ratio.year,
        "low": q.plain(min(ratio.numbers)),
        "high": q.plain(max(ratio.numbers)),
        "kind": ratio.kind,
        "says": ratio.says or ratio.caveat,
        "source": ratio.source,
    }
