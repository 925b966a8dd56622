"""What was drawn from the reservoir against what was expected: within accuracy, and if not, why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet
from crural.intrathecal.chosen import Chosen, drug_name, shown
from crural.intrathecal.rate import inputs
from crural.knowledge.pumps import Known, load_pumps, look_up
from crural.quantity import Quantity, as_json, show

Cause = tuple[str, tuple[str, ...]]

LESS: tuple[Cause, ...] = (
    ("the pump delivered too much (over-infusion)", ("pump-alarm-calculated",)),
    ("part of the last filling went into the pocket beside the pump", ("pump-deaths-pocket-fill",)),
    ("the septum or the reservoir leaks", ("pump-septum-leak-case",)),
    ("less was filled in, or more was entered, than is written down", ()),
    ("the reservoir was not emptied completely this time", ("pump-accuracy-clinical",)),
    ("more patient boluses were given than were counted", ()),
)
MORE: tuple[Cause, ...] = (
    ("the catheter is blocked, kinked or has come off", ("harm-follett2000-catheter",)),
    ("the pump stood still: motor stall, or MRI", ("pump-synchromed2-mri-stall",)),
    ("the pump delivered too little", ("pump-prometra-accuracy-longterm",)),
    ("more was filled in, or less was entered, than is written down", ()),
    ("air or fluid that is not from the reservoir was drawn", ()),
    ("fewer patient boluses were taken than the refill date counted", ("pump-bolus-counting",)),
)
DO_LESS: tuple[Cause, ...] = (
    (
        "look at the patient first: drowsiness, slow breathing, small pupils, weakness; have "
        "naloxone at hand for an opioid",
        ("itd-opioid-overdose-card",),
    ),
    ("measure again, and check the entries of the last refill and the pump's event log", ()),
    (
        "feel the pocket; if a pocket fill is possible, treat it as an overdose in the making and "
        "watch the patient for hours",
        ("pump-pocket-fill-prevention",),
    ),
    ("do not simply top up a pump that over-delivers: ask the maker, plan its replacement", ()),
)
DO_MORE: tuple[Cause, ...] = (
    (
        "look at the patient first: return of pain, sweating, restlessness; after baclofen rising "
        "tone, fever, confusion: withdrawal of baclofen or clonidine can kill",
        ("itd-baclofen-withdrawal-card", "itd-clonidine-stop-label"),
    ),
    (
        "measure again, and check the entries of the last refill and the pump's event log for "
        "stalls",
        (),
    ),
    ("cover withdrawal by another route before the cause is found", ()),
    (
        "image pump and catheter; before contrast draw back from the side port (crural pump "
        "aspirate)",
        ("pump-side-port-aspirate",),
    ),
    ("when a blockage clears or a stall ends, the old dose may be too high: start lower", ()),
)


def discrepancy(
    chosen: Chosen,
    *,
    filled: Quantity,
    expected: Quantity,
    measured: Quantity,
    concentration: Quantity | None = None,
    days: Quantity | None = None,
    drug: str | None = None,
) -> Answer:
    """Whether a residual volume is within what the pump may do, and what the rest may mean.

    error of flow = (filled - measured) / (filled - expected) - 1. It is held against the accuracy
    of the pump, against 2 mL, and against 20 % of the expected residual. Any of them that is
    crossed is worth a search. Raises SlipError, ArithmeticRefusedError.
    """
    sheet = Sheet()
    drug = drug_name(drug) if drug else None
    reservoir = chosen.figure("reservoir", sheet)
    chosen.check(
        sheet,
        drug,
        fill_volume=filled,
        expected_residual=expected,
        measured_residual=measured,
        reservoir=reservoir.quantity if reservoir else None,
        concentration=concentration,
        elapsed=days,
    )
    gap = sheet.work(
        "difference",
        "measured - expected",
        f"{show(measured)} - {show(expected)}",
        measured - expected,
        unit="mL",
    )
    error = arithmetic.error_of_flow(filled, expected, measured)
    sheet.work(
        "error of flow",
        "(filled - measured) / (filled - expected) - 1",
        f"({show(filled)} - {show(measured)}) / ({show(filled)} - {show(expected)}) - 1",
        quantity.quantity(error, "1"),
    )
    tests = _tests(chosen, sheet, gap, error, expected)
    crossed = [test for test in tests if test["crossed"]]
    less, same = gap.magnitude < 0, gap.magnitude == 0
    percent = quantity.plain(error * 100, 1)
    lines = [
        (
            "difference",
            f"{show(gap)} ({'less' if less else 'more'} than expected)" if not same else "none",
        ),
        ("error of flow", f"{'+' if error > 0 else ''}{percent} %"),
    ]
    lines += [
        (test["name"], f"limit {test['limit']}: {'crossed' if test['crossed'] else 'kept'}")
        for test in tests
    ]
    results: dict[str, Any] = {
        "difference": as_json(gap),
        "error_of_flow": as_json(quantity.quantity(error, "1")),
        "tests": tests,
        "within": not crossed,
        "drug": None,
        "per_day": None,
        "may_mean": [],
        "do": [],
    }
    if concentration is not None:
        lines += _drug(sheet, results, gap, concentration, days, drug)
    if crossed:
        causes = LESS if less else MORE
        results["may_mean"] = [{"says": says, "sources": list(sources)} for says, sources in causes]
        steps = DO_LESS if less else DO_MORE
        results["do"] = [{"says": says, "sources": list(sources)} for says, sources in steps]
        lines += [("may mean" if not i else "", says) for i, (says, _) in enumerate(causes)]
        lines += [("do" if not i else "", says) for i, (says, _) in enumerate(steps)]
        sheet.say(
            "warn",
            f"{show(_positive(gap))} {'less' if less else 'more'} than expected is beyond "
            + " and ".join(test["name"] for test in crossed)
            + ": find the cause before the patient goes home",
            dict.fromkeys(source for _, sources in (*causes, *steps) for source in sources),
        )
    sheet.say(
        "note",
        "a difference within the limits does not rule out a fault, nor does one beyond them prove "
        "it: the patient's signs count more than the volume, and a trend more than one refill",
        ("pump-discrepancy-2ml",),
    )
    verdict = "beyond the limits" if crossed else "within the limits"
    return Answer(
        schema="crural/pump-discrepancy/1",
        title="Residual volume",
        headline=f"{show(measured)} was found where {show(expected)} was expected "
        f"(flow {'+' if error > 0 else ''}{percent} %): {verdict}.",
        inputs=inputs(
            chosen,
            drug=drug,
            filled=as_json(filled),
            expected=as_json(expected),
            measured=as_json(measured),
        ),
        results=results,
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
        cited=tuple(dict.fromkeys(source for test in tests for source in test["sources"])),
    )


def _positive(value: Quantity) -> Quantity:
    return value * -1 if value.magnitude < 0 else value


def _tests(
    chosen: Chosen, sheet: Sheet, gap: Quantity, error: Decimal, expected: Quantity
) -> list[dict[str, Any]]:
    found = []
    bound = chosen.figure("over" if error > 0 else "under", sheet)
    if bound is not None:
        limit = bound.quantity.magnitude
        found.append(
            _test(
                "accuracy of the pump",
                f"{quantity.plain(limit * 100)} % of flow",
                abs(error) > limit,
                bound.sources,
                bound.origin,
            )
        )
    checks = load_pumps().checks
    volume = look_up(checks.discrepancy_volume, chosen.evidence)
    share = look_up(checks.discrepancy_share, chosen.evidence)
    assert isinstance(volume, Known)
    assert isinstance(share, Known)
    found.append(
        _test(
            "absolute difference",
            show(volume.quantity),
            _positive(gap) > volume.quantity,
            volume.sources,
            volume.origin,
        )
    )
    if expected.magnitude > 0:
        limit = share.quantity.magnitude
        found.append(
            _test(
                "share of the expected volume",
                f"{quantity.plain(limit * 100)} %",
                _positive(gap) > expected * limit,
                share.sources,
                share.origin,
            )
        )
    return found


def _test(
    name: str, limit: str, crossed: bool, sources: tuple[str, ...], origin: str
) -> dict[str, Any]:
    return {
        "name": name,
        "limit": limit,
        "crossed": bool(crossed),
        "origin": origin,
        "sources": list(sources),
    }


def _drug(  # noqa: PLR0917
    sheet: Sheet,
    results: dict[str, Any],
    gap: Quantity,
    concentration: Quantity,
    days: Quantity | None,
    drug: str | None,
) -> list[tuple[str, str]]:
    unit = quantity.unit_text(concentration.units).split("/")[0]
    amount = sheet.work(
        "drug in the difference",
        "difference x concentration",
        f"{show(_positive(gap))} x {show(concentration)}",
        arithmetic.dose_in(_positive(gap), concentration, unit),
    )
    results["drug"] = as_json(amount)
    lines = [("drug in the difference", shown(drug, amount))]
    if days is not None:
        arithmetic.above_nought(days=days)
        daily = sheet.work(
            "spread evenly",
            "drug / days",
            f"{show(amount)} / {show(days)}",
            amount / days,
            unit=unit + "/day",
        )
        results["per_day"] = as_json(daily)
        lines.append(("spread evenly over the days", shown(drug, daily)))
    return lines
