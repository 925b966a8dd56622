"""The slip guard: what looks wrong in the amounts given to a pump command, before it answers.

Ten times too much, milligrams for micrograms, millilitres for milligrams, the old concentration
for the new one: such slips have killed people, and a sum done exactly with a slipped number is
exactly wrong. `check` takes the amounts of a command and gives findings in words; `enforce` turns
stops into an error. A stop may be lifted by someone who has checked the number against the
prescription and the syringe; a stop for what cannot be (`final`) may not.

The lines stand in `data/therapy/limits.yaml`: published figures where there are any, else estimates
with a range and a reason. Silence means only that a number lies inside what has been published; a
tenfold slip from one usual dose to another is not seen unless the dose before is given too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from crural import quantity as q
from crural.errors import CruralError
from crural.intrathecal.limits import KINDS, Drug, Guard, Input, Limits, Line, load_limits

Level = Literal["stop", "warn"]
Slip = Literal[
    "impossible",
    "wrong-kind",
    "tenfold",
    "hundredfold",
    "mg-microgram",
    "mg-ml",
    "swapped-concentrations",
    "does-not-fit",
    "above-published",
    "below-published",
    "remark",
    "big-step",
    "no-published-range",
]

# A value is still the same after rounding on a syringe or a programmer's screen.
ROUNDING = Fraction(1, 50)
# Below a fifth of the lowest figure is no cautious dose any more but a slip.
FAR_BELOW = 5
# A dose changed fivefold at once is no step of a titration.
LEAP = 5
# A fall by more than this warns of withdrawal; labels lower baclofen by 10 to 20 %.
STEEP_FALL = Fraction(3, 10)

_POWERS: tuple[tuple[int, Slip], ...] = (
    (1000, "mg-microgram"),
    (10, "tenfold"),
    (100, "hundredfold"),
)
# Names that commands give to amounts, by the input that they are.
_SAME: Mapping[str, str] = {
    "bolus-dose": "single-dose",
    "bolus": "single-dose",
    "patient-bolus": "single-dose",
    "trial-dose": "single-dose",
    "test-dose": "single-dose",
    "dose": "daily-dose",
    "basal-dose": "daily-dose",
    "daily-limit": "daily-dose",
    "rate": "flow",
    "infusion-rate": "flow",
    "flow-least": "flow",
    "flow-most": "flow",
    "boluses": "bolus-flow",
    "reservoir-volume": "reservoir",
    "capacity": "reservoir",
    "volume": "fill-volume",
    "residual": "residual-volume",
    "alarm": "alarm-volume",
    "drawn": "drawn-volume",
    "extra": "extra-volume",
    "tubing": "tubing-volume",
    "side-port": "tubing-volume",
    "dead-space": "tubing-volume",
    "catheter-volume-per-length": "volume-per-length",
    "per-length": "volume-per-length",
    "duration": "bolus-time",
    "lasts": "bolus-time",
    "interval": "refill-interval",
    "stability": "refill-interval",
    "keeps": "refill-interval",
    "elapsed": "refill-interval",
    "days": "refill-interval",
}
_PREFIXES = (
    "old-",
    "new-",
    "current-",
    "proposed-",
    "expected-",
    "actual-",
    "measured-",
    "stock-",
)


@dataclass(frozen=True)
class Finding:
    """Something that looks wrong.

    level: stop or warn. slip: what kind of slip it looks like. inputs: the inputs concerned, as
    the command calls them. says: what looks wrong, in words. remedy: what to do. final: a stop that
    no `--i-have-checked` lifts. sources: evidence entries behind the line that was crossed.
    """

    level: Level
    slip: Slip
    inputs: tuple[str, ...]
    says: str
    remedy: str
    final: bool = False
    sources: tuple[str, ...] = ()


class SlipError(CruralError):
    """An amount that the slip guard does not let pass."""


def base_input(name: str) -> str:
    """The input of limits.yaml that a command's name stands for: 'old_concentration' is one."""
    given = name.replace("_", "-").removeprefix("--")
    for prefix in _PREFIXES:
        given = given.removeprefix(prefix)
    return _SAME.get(given, given)


def check(
    drug: str | Drug | None = None,
    *,
    limits: Limits | None = None,
    **given: q.Quantity | None,
) -> tuple[Finding, ...]:
    """What looks wrong in the amounts of one command, stops first.

    Amounts are named after the inputs of limits.yaml, with old_, new_, current_, expected_ or
    actual_ before them where there are two: check("morphine", daily_dose=..., concentration=...,
    flow=..., old_concentration=...). Amounts of None are passed over. Each is checked alone (kind,
    possible at all, published range), and those that belong together against each other: dose =
    concentration x flow, single dose = concentration x bolus volume, catheter volume = length x
    volume per length, old dose against new, old concentration against new, residual against
    reservoir. Raises LimitsError for a drug or an input that the table does not know.
    """
    table = limits or load_limits()
    known = drug if isinstance(drug, Drug) or drug is None else table.drug(drug)
    amounts = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    found: list[Finding] = list(_no_drug(amounts, table) if known is None else ())
    sound: dict[str, q.Quantity] = {}
    for name, value in amounts.items():
        wanted = table.input(base_input(name))
        alone = list(_alone(name, value, wanted, known))
        found += alone
        if not any(finding.final for finding in alone):
            sound[name] = value
    found += _together(sound, known, table)
    return tuple(sorted(found, key=lambda f: (not f.final, f.level == "warn")))


def enforce(
    findings: Iterable[Finding], *, checked: bool = False, file: str = "input"
) -> tuple[Finding, ...]:
    """The findings that may stand beside an answer; a stop becomes an error.

    With `checked` the stops that are not final are let through, still as findings. Raises SlipError
    for the first stop that remains: it says what looks wrong and what to do.
    """
    kept = tuple(findings)
    for finding in kept:
        if finding.level == "stop" and (finding.final or not checked):
            remedy = finding.remedy
            if not finding.final:
                remedy += (
                    "; if the prescription, the label and the syringe all say so, "
                    "give --i-have-checked"
                )
            raise SlipError(
                file=file, field=", ".join(finding.inputs), problem=finding.says, remedy=remedy
            )
    return kept


def as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as plain data for JSON."""
    return [
        {
            "level": finding.level,
            "slip": finding.slip,
            "inputs": list(finding.inputs),
            "says": finding.says,
            "remedy": finding.remedy,
            "final": finding.final,
            "sources": list(finding.sources),
        }
        for finding in findings
    ]


# One amount alone -----------------------------------------------------------------------------


def _no_drug(amounts: Iterable[str], table: Limits) -> Iterator[Finding]:
    """Doses and concentrations of nobody knows what: no line can be drawn for them."""
    names = tuple(name for name in amounts if table.input(base_input(name)).by == "drug")
    if names:
        yield Finding(
            "warn",
            "no-published-range",
            names,
            "no drug is named that the table of limits knows, so a slip in "
            + _and(f"the {_called(n, table.input(base_input(n)))}" for n in names)
            + " is not seen",
            "name the drug, or have a second person check the numbers and the units",
        )


def _alone(name: str, value: q.Quantity, wanted: Input, drug: Drug | None) -> Iterator[Finding]:
    kind = KINDS[wanted.kind]
    if not value.magnitude.is_finite():
        yield Finding(
            "stop",
            "impossible",
            (name,),
            f"the {_called(name, wanted)} is no number",
            f"give {_kind_words(kind)}",
            final=True,
        )
        return
    if not q.is_kind(value, kind):
        mixed = q.is_kind(value, q.VOLUME) or q.is_kind(value, q.FLOW)
        yield Finding(
            "stop",
            "mg-ml" if mixed else "wrong-kind",
            (name,),
            f"the {_called(name, wanted)} is given as {q.show(value)}, which is {q.kind_of(value)}"
            + ("; milligrams and millilitres may have been confused" if mixed else ""),
            f"give {_kind_words(kind)}",
            final=True,
        )
        return
    if value.magnitude < 0 or (value.magnitude == 0 and not wanted.zero):
        yield Finding(
            "stop",
            "impossible",
            (name,),
            f"a {_called(name, wanted)} of {q.show(value)} cannot be",
            "give the amount that was meant",
            final=True,
        )
        return
    limit = wanted.impossible_above
    if limit is not None and value > limit.amount:
        yield Finding(
            "stop",
            "impossible",
            (name,),
            f"a {_called(name, wanted)} of {_show(value, drug)} cannot be: {limit.because}"
            + _likelier(value, _guard(wanted, drug), drug),
            "check the number and its unit",
            final=True,
            sources=limit.sources,
        )
        return
    guard = _guard(wanted, drug)
    if guard is None:
        if wanted.by == "drug" and drug is not None:
            yield Finding(
                "warn",
                "no-published-range",
                (name,),
                f"no published range of the {wanted.name} of {drug.name} could be read, so a slip "
                "in it is not seen",
                "have a second person check the number and the unit",
            )
        return
    yield from _against(name, value, wanted, guard, drug)


def _guard(wanted: Input, drug: Drug | None) -> Guard | None:
    if wanted.by == "drug":
        return drug.guard.get(wanted.id) if drug is not None else None
    return Guard(lowest=wanted.lowest, highest=wanted.highest)


def _against(
    name: str, value: q.Quantity, wanted: Input, guard: Guard, drug: Drug | None
) -> Iterator[Finding]:
    whose = f" of {drug.name}" if drug is not None and wanted.by == "drug" else ""
    subject = f"{_called(name, wanted)}{whose}, {_show(value, drug)},"
    if guard.highest is not None and value > guard.highest.amount:
        yield Finding(
            "stop",
            _slip(value, guard) or "above-published",
            (name,),
            f"the {subject} is above {_line(guard.highest, drug, 'highest')}"
            + _likelier(value, guard, drug),
            "check the number and its unit",
            sources=guard.highest.sources,
        )
        return
    if guard.lowest is not None and value < guard.lowest.amount and value.magnitude:
        far = value * FAR_BELOW < guard.lowest.amount
        yield Finding(
            "stop" if far else "warn",
            (_slip(value, guard) if far else None) or "below-published",
            (name,),
            f"the {subject} is {'far ' if far else ''}below {_line(guard.lowest, drug, 'lowest')}"
            f"{_likelier(value, guard, drug)}",
            "check the number and its unit",
            sources=guard.lowest.sources,
        )
        return
    crossed = [line for line in guard.remark if value > line.amount]
    if crossed:
        line = max(crossed, key=lambda one: Fraction(one.amount.to_root_units().magnitude))
        yield Finding(
            "warn",
            "remark",
            (name,),
            f"the {subject} is {line.says} ({_show(line.amount, drug)})",
            "check that this is meant",
            sources=line.sources,
        )


def _slip(value: q.Quantity, guard: Guard) -> Slip | None:
    """The slip whose undoing would bring the value inside the published range."""
    return next((slip for slip, _ in _undone(value, guard)), None)


def _undone(value: q.Quantity, guard: Guard) -> Iterator[tuple[Slip, q.Quantity]]:
    too_much = guard.highest is not None and value > guard.highest.amount
    for factor, slip in _POWERS:
        meant = value / factor if too_much else value * factor
        low = guard.lowest is None or meant >= guard.lowest.amount
        if low and (guard.highest is None or meant <= guard.highest.amount):
            yield slip, meant


_SLIP_WORDS: Mapping[str, str] = {
    "mg-microgram": "milligrams and micrograms may have been confused",
    "tenfold": "a decimal point may have slipped by one place",
    "hundredfold": "a decimal point may have slipped by two places",
}


def _likelier(value: q.Quantity, guard: Guard | None, drug: Drug | None) -> str:
    if guard is None:
        return ""
    said = [
        f"{_meant(slip, value, meant, drug)} would lie inside: {_thousand(slip, value)}"
        for slip, meant in _undone(value, guard)
    ]
    return "; " + ", or ".join(said) if said else ""


def _meant(slip: Slip, value: q.Quantity, meant: q.Quantity, drug: Drug | None) -> str:
    """What was meant; for a slipped unit the same digits in the other unit."""
    over, slash, under = q.unit_text(value.units).partition("/")
    if slip == "mg-microgram" and over in {"mg", "microgram"}:
        other = "microgram" if over == "mg" else "mg"
        if q.amount(meant, other + slash + under) == value.magnitude:
            return q.show(meant, other + slash + under)
    return _show(meant, drug)


def _thousand(slip: Slip, value: q.Quantity) -> str:
    if slip == "mg-microgram" and not _has_mass(value):
        return "the unit may be wrong by a thousand"
    return _SLIP_WORDS[slip]


def _has_mass(value: q.Quantity) -> bool:
    return "[mass]" in value.dimensionality


def _line(line: Line, drug: Drug | None, end: str) -> str:
    if line.published:
        return f"{_show(line.amount, drug)}, the {end} published figure known here"
    return f"{_show(line.amount, drug)} (an estimate: {line.because})"


# Amounts together -----------------------------------------------------------------------------


def _together(
    amounts: Mapping[str, q.Quantity], drug: Drug | None, table: Limits
) -> Iterator[Finding]:
    grouped = _groups(amounts)
    swapped = list(_swapped(grouped, drug))
    yield from swapped
    for group in grouped.values():
        if not swapped:
            yield from _product(
                group, ("daily-dose", "concentration", "flow"), "dose = concentration x flow", drug
            )
        yield from _product(
            group,
            ("single-dose", "concentration", "bolus-volume"),
            "single dose = concentration x bolus volume",
            drug,
        )
        yield from _product(
            group,
            ("catheter-volume", "volume-per-length", "catheter-length"),
            "catheter volume = volume per length x length",
            drug,
        )
        if not swapped:
            yield from _implied_flow(group, drug, table)
        yield from _single_against_daily(group, drug)
    yield from _dose_change(grouped, drug)
    yield from _concentration_change(grouped, drug)
    yield from _volumes(amounts)


_Group = dict[str, tuple[str, q.Quantity]]


def _groups(amounts: Mapping[str, q.Quantity]) -> dict[str, _Group]:
    """Amounts by their prefix ('' or 'old-' ...), then by input, with the name they came under."""
    grouped: dict[str, _Group] = {}
    for name, value in amounts.items():
        prefix = next((p for p in _PREFIXES if name.startswith(p)), "")
        prefix = "old-" if prefix == "current-" else "new-" if prefix == "proposed-" else prefix
        # The first name wins: two amounts of one kind (a lockout and an interval) never belong to
        # the same product.
        grouped.setdefault(prefix, {}).setdefault(base_input(name), (name, value))
    return grouped


def _product(
    group: _Group, names: tuple[str, str, str], formula: str, drug: Drug | None
) -> Iterator[Finding]:
    if not all(name in group for name in names):
        return
    (whole_name, whole), (one_name, one), (two_name, two) = (group[name] for name in names)
    ratio = _ratio(whole, one * two)
    if _near(ratio, 1):
        return
    same_digits = whole.magnitude == two.magnitude and names[0] != "catheter-volume"
    power = next((p for p, _ in _POWERS if _near(ratio, p) or _near(1 / ratio, p)), None)
    slip: Slip = "mg-ml" if same_digits else "does-not-fit"
    told = f"{formula} does not hold: {_show(one, drug)} x {_show(two, drug)} is "
    told += f"{_show(one * two, drug)}, not {_show(whole, drug)}"
    if same_digits:
        told += f"; {q.plain(whole.magnitude)} stands both as mass and as volume: milligrams and "
        told += "millilitres may have been confused"
    elif power is not None:
        slip = dict(_POWERS)[power]
        told += f"; they differ {power}-fold: a decimal point or a unit may have slipped"
    yield Finding(
        "stop",
        slip,
        (whole_name, one_name, two_name),
        told,
        "check which of the three is wrong, or leave one out",
        final=True,
    )


def _swapped(grouped: Mapping[str, _Group], drug: Drug | None) -> Iterator[Finding]:
    """Old and new concentration exchanged: each dose and flow fits the other's."""
    old, new = grouped.get("old-", {}), grouped.get("new-", {})
    if "concentration" not in old or "concentration" not in new:
        return
    own = {"old-": old, "new-": new}
    if _ratio(old["concentration"][1], new["concentration"][1]) == 1:
        return
    for mine, other in (("old-", "new-"), ("new-", "old-")):
        group = own[mine]
        if "daily-dose" not in group or "flow" not in group:
            continue
        dose, flow = group["daily-dose"][1], group["flow"][1]
        name, concentration = group["concentration"]
        other_name, exchanged = own[other]["concentration"]
        if not _near(_ratio(dose, concentration * flow), 1) and _near(
            _ratio(dose, exchanged * flow), 1
        ):
            yield Finding(
                "stop",
                "swapped-concentrations",
                (name, other_name),
                f"{_show(dose, drug)} at {q.show(flow)} fits {_show(exchanged, drug)}, not "
                f"{_show(concentration, drug)}: the old and the new concentration may have been "
                "exchanged",
                "read both concentrations from the pharmacy labels",
                final=True,
            )
            return
    yield from _swapped_in_both(old, new, drug)


def _swapped_in_both(old: _Group, new: _Group, drug: Drug | None) -> Iterator[Finding]:
    """The dose leaps, and would stay the same were the two concentrations exchanged."""
    if "flow" not in old or "flow" not in new:
        return
    (old_name, was), (new_name, will) = old["concentration"], new["concentration"]
    before, after = was * old["flow"][1], will * new["flow"][1]
    meant = _ratio(was * new["flow"][1], will * old["flow"][1])
    change = _ratio(after, before)
    if _near(meant, 1) and (change > 1 + STEEP_FALL or change < 1 - STEEP_FALL):
        yield Finding(
            "stop",
            "swapped-concentrations",
            (old_name, new_name),
            f"the dose would go from {_show(before, drug)} to {_show(after, drug)}; with the two "
            "concentrations exchanged it would stay the same: the old and the new concentration "
            "may have been exchanged",
            "read both concentrations from the pharmacy labels",
        )


def _implied_flow(group: _Group, drug: Drug | None, table: Limits) -> Iterator[Finding]:
    if "flow" in group or not {"daily-dose", "concentration"} <= group.keys():
        return
    (dose_name, dose), (name, concentration) = group["daily-dose"], group["concentration"]
    flow = q.in_unit(dose / concentration, "mL/day")
    wanted = table.input("flow")
    limit = wanted.impossible_above
    told = f"{_show(dose, drug)} from {_show(concentration, drug)} needs {q.show(flow)}"
    if limit is not None and flow > limit.amount:
        yield Finding(
            "stop",
            "does-not-fit",
            (dose_name, name),
            f"{told}, which cannot be: {limit.because}",
            "check the dose, the concentration and their units",
            final=True,
        )
        return
    guard = Guard(lowest=wanted.lowest, highest=wanted.highest)
    for line, crossed, word, end in (
        (guard.highest, guard.highest and flow > guard.highest.amount, "above", "highest"),
        (guard.lowest, guard.lowest and flow < guard.lowest.amount, "below", "lowest"),
    ):
        if line is not None and crossed:
            far = word == "below" and flow * 10 < line.amount
            yield Finding(
                "stop" if far or word == "above" else "warn",
                _slip(flow, guard) or "does-not-fit",
                (dose_name, name),
                f"{told}, {word} {_line(line, None, end)}{_likelier_flow(flow, guard)}",
                "check the dose, the concentration and their units",
                sources=line.sources,
            )


def _likelier_flow(flow: q.Quantity, guard: Guard) -> str:
    power = next((slip for slip, _ in _undone(flow, guard)), None)
    if power is None:
        return ""
    return {
        "mg-microgram": "; one of the two may be in the wrong unit, micrograms for milligrams",
        "tenfold": "; a decimal point may have slipped by one place in one of the two",
        "hundredfold": "; a decimal point may have slipped by two places in one of the two",
    }[power]


def _single_against_daily(group: _Group, drug: Drug | None) -> Iterator[Finding]:
    if not {"single-dose", "daily-dose"} <= group.keys():
        return
    (name, single), (daily_name, daily) = group["single-dose"], group["daily-dose"]
    if single >= daily * q.quantity(1, "day"):
        yield Finding(
            "stop",
            "does-not-fit",
            (name, daily_name),
            f"one dose of {_show(single, drug)} is as much as a whole day gives "
            f"({_show(daily, drug)})",
            "check the number and its unit",
        )


def _dose_change(grouped: Mapping[str, _Group], drug: Drug | None) -> Iterator[Finding]:
    old = grouped.get("old-", {}).get("daily-dose")
    new = grouped.get("new-", {}).get("daily-dose") or grouped.get("", {}).get("daily-dose")
    if old is None or new is None or old[0] == new[0]:
        return
    (old_name, before), (new_name, after) = old, new
    ratio = _ratio(after, before)
    told = f"the daily dose goes from {_show(before, drug)} to {_show(after, drug)}"
    if ratio >= LEAP or ratio <= Fraction(1, LEAP):
        power = next((p for p, _ in _POWERS if _near(ratio, p, 5) or _near(1 / ratio, p, 5)), None)
        word = "up" if ratio > 1 else "down"
        said = f"{told}, {_times(ratio)} {word} at once"
        if power is not None:
            said += f"; a {power}-fold change looks like a slipped decimal point or unit"
        yield Finding(
            "stop",
            dict(_POWERS)[power] if power is not None else "big-step",
            (old_name, new_name),
            said,
            "check both doses",
        )
    elif ratio > 1:
        yield from _rise(told, before, after, (old_name, new_name), drug)
    elif 1 - ratio > STEEP_FALL:
        yield Finding(
            "warn",
            "big-step",
            (old_name, new_name),
            f"{told}, down by {_percent(1 - ratio)} at once: withdrawal can follow",
            "check both doses, and plan for withdrawal",
            sources=("withdrawal-by-drug",),
        )


def _rise(
    told: str,
    before: q.Quantity,
    after: q.Quantity,
    names: tuple[str, str],
    drug: Drug | None,
) -> Iterator[Finding]:
    if drug is None:
        return
    ratio = _ratio(after, before)
    shares = [(f.shares[1], f) for f in drug.steps if f.shares is not None]
    steps = [(f.highest, f) for f in drug.steps if f.highest is not None]
    if shares:
        share, figure = min(shares, key=lambda one: one[0])
        over = ratio - 1 > Fraction(share) * (1 + ROUNDING)
        bound = f"the step of {_percent(Fraction(share))}"
    elif steps:
        step, figure = steps[0]
        over = after - before > step
        bound = f"the step of {_show(step, drug)}"
    else:
        yield Finding(
            "warn",
            "no-published-range",
            names,
            f"{told}; no published step for {drug.name} could be read",
            "have a second person check both doses",
        )
        return
    if over:
        yield Finding(
            "warn",
            "big-step",
            names,
            f"{told}, up by {_percent(ratio - 1)}: more than {bound} of {figure.whose}"
            + (f" ({figure.who})" if figure.who else ""),
            "check that this is meant",
            sources=(figure.source,),
        )


def _concentration_change(grouped: Mapping[str, _Group], drug: Drug | None) -> Iterator[Finding]:
    old = grouped.get("old-", {}).get("concentration")
    new = grouped.get("new-", {}).get("concentration")
    if old is None or new is None:
        return
    ratio = _ratio(new[1], old[1])
    for power, slip in _POWERS:
        if ratio in (power, Fraction(1, power)):
            yield Finding(
                "warn",
                slip,
                (old[0], new[0]),
                f"the concentrations {_show(old[1], drug)} and {_show(new[1], drug)} differ "
                f"exactly {power}-fold: a decimal point or a unit may have slipped",
                "read both concentrations from the pharmacy labels",
            )


def _volumes(amounts: Mapping[str, q.Quantity]) -> Iterator[Finding]:
    by_input: dict[str, list[tuple[str, q.Quantity]]] = {}
    for name, value in amounts.items():
        by_input.setdefault(base_input(name), []).append((name, value))
    for reservoir_name, reservoir in by_input.get("reservoir", []):
        for part in ("fill-volume", "residual-volume", "bolus-volume"):
            for name, value in by_input.get(part, []):
                if value > reservoir:
                    yield Finding(
                        "stop",
                        "impossible",
                        (name, reservoir_name),
                        f"{q.show(value)} is more than the reservoir holds ({q.show(reservoir)})",
                        "check both volumes",
                        final=True,
                    )
    for fill_name, fill in by_input.get("fill-volume", []):
        for name, value in by_input.get("residual-volume", []):
            if value > fill and "reservoir" not in by_input:
                yield Finding(
                    "stop",
                    "does-not-fit",
                    (name, fill_name),
                    f"{q.show(value)} is left of a filling of {q.show(fill)}: more than went in",
                    "check both volumes",
                )


# Words ----------------------------------------------------------------------------------------


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _called(name: str, wanted: Input) -> str:
    prefix = next((p for p in _PREFIXES if name.startswith(p)), "")
    return f"{prefix.removesuffix('-')} {wanted.name}".strip()


def _kind_words(kind: str) -> str:
    words: Callable[[str], str] = {
        q.DOSE: "a dose, such as '1.5 mg'",
        q.DAILY_DOSE: "a dose per time, such as '1.5 mg/day'",
        q.CONCENTRATION: "a concentration, such as '20 mg/mL'",
        q.FLOW: "a flow, such as '0.25 mL/day'",
        q.VOLUME: "a volume, such as '0.25 mL'",
        q.TIME: "a time, such as '90 days'",
        q.LENGTH: "a length, such as '80 cm'",
        q.VOLUME_PER_LENGTH: "a volume per length, such as '0.0022 mL/cm'",
    }.__getitem__
    return words(kind)


def _show(value: q.Quantity, drug: Drug | None) -> str:
    """In the unit it was written in; a product of amounts in the usual unit of the drug."""
    if _plain_unit(q.unit_text(value.units)):
        return q.show(value)
    dose, daily = (drug.units.dose, drug.units.dose_rate) if drug else ("mg", "mg/day")
    kinds = ((q.DAILY_DOSE, daily), (q.DOSE, dose), (q.FLOW, "mL/day"), (q.VOLUME, "mL"))
    return q.show(value, next((unit for kind, unit in kinds if q.is_kind(value, kind)), None))


def _plain_unit(text: str) -> bool:
    over, _, under = text.partition("/")
    return "·" not in over and "/" not in under


def _ratio(one: q.Quantity, two: q.Quantity) -> Fraction:
    first, second = one.to_root_units().magnitude, two.to_root_units().magnitude
    return Fraction(Decimal(first)) / Fraction(Decimal(second))


def _near(ratio: Fraction, wanted: int, tolerance: int = 1) -> bool:
    return abs(ratio / wanted - 1) <= ROUNDING * tolerance


def _percent(share: Fraction) -> str:
    return f"{q.plain(Decimal(share.numerator * 100) / Decimal(share.denominator), 0)} %"


def _times(ratio: Fraction) -> str:
    times = ratio if ratio > 1 else 1 / ratio
    return f"{q.plain(Decimal(times.numerator) / Decimal(times.denominator), 1)}-fold"
