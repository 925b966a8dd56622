"""Daily dose, concentration and flow: two give the third, and the pump says whether it can."""

from __future__ import annotations

from typing import Any

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet
from crural.intrathecal.arithmetic import refuse
from crural.intrathecal.chosen import Chosen, drug_name, shown
from crural.quantity import Quantity, as_json, show


def rate(
    chosen: Chosen,
    *,
    dose: Quantity | None = None,
    concentration: Quantity | None = None,
    flow: Quantity | None = None,
    drug: str | None = None,
) -> Answer:
    """The third of daily dose, concentration and flow, with the limits of the pump.

    daily dose = concentration x flow. When all three are given they must agree. Raises SlipError
    for a slip, ArithmeticRefusedError when fewer than two are given.
    """
    sheet = Sheet()
    drug = drug_name(drug) if drug else None
    chosen.check(sheet, drug, daily_dose=dose, concentration=concentration, flow=flow)
    if dose is not None and concentration is not None:
        found = sheet.work(
            "flow",
            "daily dose / concentration",
            f"{show(dose)} / {show(concentration)}",
            arithmetic.flow_for(dose, concentration),
        )
        if flow is not None and flow != found:
            sheet.say(
                "warn",
                f"{show(flow)} was given, but dose and concentration make {show(found, places=6)}. "
                "The answer goes by dose and concentration",
            )
        flow = found
    elif dose is not None and flow is not None:
        concentration = sheet.work(
            "concentration",
            "daily dose / flow",
            f"{show(dose)} / {show(flow)}",
            arithmetic.concentration_for(dose, flow, _unit_of(dose, "/mL")),
        )
    elif concentration is not None and flow is not None:
        dose = sheet.work(
            "daily dose",
            "concentration x flow",
            f"{show(concentration)} x {show(flow)}",
            arithmetic.dose_of(flow, concentration, _unit_of(concentration, "/day")),
        )
    else:
        raise refuse(
            "--dose, --concentration, --flow", "two of the three are needed", "give two of them"
        )
    chosen.check(sheet, drug, daily_dose=dose, concentration=concentration, flow=flow)
    lines = [
        ("daily dose", shown(drug, dose)),
        ("per hour", show(dose, _unit_of(dose, "/h"))),
        ("concentration", shown(drug, concentration)),
        ("flow", f"{show(flow, places=6)} ({show(flow, 'mL/h', 6)})"),
    ]
    results: dict[str, Any] = {
        "drug": drug,
        "daily_dose": as_json(dose),
        "hourly_dose": as_json(dose, _unit_of(dose, "/h")),
        "concentration": as_json(concentration),
        "flow": as_json(flow),
        "doses_at_this_concentration": None,
        "delivered": None,
    }
    least, most = _limits(chosen, sheet, dose, concentration, flow, drug)
    if least or most:
        results["doses_at_this_concentration"] = {
            "least": as_json(least) if least else None,
            "most": as_json(most) if most else None,
        }
        lines += [("least dose that the pump can give", shown(drug, least))] if least else []
        lines += [("most dose that the pump can give", shown(drug, most))] if most else []
    span = _delivered(chosen, sheet, dose)
    if span:
        results["delivered"] = {"least": as_json(span[0]), "most": as_json(span[1])}
        lines.append(("what may be delivered", f"{shown(drug, span[0])} to {shown(drug, span[1])}"))
    what = drug or "the drug"
    return Answer(
        schema="crural/pump-rate/1",
        title="Pump rate",
        headline=f"{shown(drug, dose)} of {what} at {shown(drug, concentration)}: "
        f"{show(flow, places=6)}.",
        inputs=inputs(chosen, drug=drug),
        results=results,
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
    )


def inputs(chosen: Chosen, **more: object) -> dict[str, object]:
    """What every answer says of its inputs: the pump, and what was given by hand."""
    return {
        "pump": chosen.pump.id if chosen.pump else None,
        "given": {name: as_json(value) for name, value in sorted(chosen.given.items())},
        "checked": chosen.checked,
        **more,
    }


def _unit_of(value: Quantity, per: str) -> str:
    """The unit of mass of an amount, per something: 'microgram/day' and '/h' make 'microgram/h'."""
    return quantity.unit_text(value.units).split("/")[0] + per


def _limits(  # noqa: PLR0917
    chosen: Chosen,
    sheet: Sheet,
    dose: Quantity,
    concentration: Quantity,
    flow: Quantity,
    drug: str | None,
) -> tuple[Quantity | None, Quantity | None]:
    """Least and most daily dose that the pump can give with this concentration."""
    found: list[Quantity | None] = []
    unit = _unit_of(dose, "/day")
    if chosen.pump and chosen.pump.kind == "constant-flow":
        sheet.say(
            "note",
            "the flow of this pump was fixed when it was made: its concentration sets the dose",
            ("pump-codman3000-constant-flow",),
        )
    for name, words, formula in (
        ("flow_least", "least daily dose", "lowest flow x concentration"),
        ("flow_most", "most daily dose", "highest flow x concentration"),
    ):
        bound = chosen.figure(name, sheet)  # type: ignore[arg-type]
        if bound is None:
            found.append(None)
            continue
        limit = sheet.work(
            words,
            formula,
            f"{show(bound.quantity)} x {show(concentration)}",
            arithmetic.dose_of(bound.quantity, concentration, unit),
            sources=bound.sources,
        )
        found.append(limit)
        low = name == "flow_least"
        if (flow < bound.quantity) if low else (flow > bound.quantity):
            fitting = arithmetic.concentration_for(dose, bound.quantity, _unit_of(dose, "/mL"))
            sheet.say(
                "stop",
                f"{show(flow, places=6)} is {'below the lowest' if low else 'above the highest'} "
                f"flow of the pump ({show(bound.quantity)}). With {shown(drug, fitting)} or "
                f"{'less' if low else 'more'} it could give this dose",
                bound.sources,
            )
    return found[0], found[1]


def _delivered(chosen: Chosen, sheet: Sheet, dose: Quantity) -> tuple[Quantity, Quantity] | None:
    under, over = chosen.figure("under", sheet), chosen.figure("over", sheet)
    if under is None or over is None:
        return None
    return (
        sheet.work(
            "least delivered",
            "daily dose x (1 - share that it may be too little)",
            f"{show(dose)} x (1 - {show(under.quantity)})",
            dose * (1 - under.quantity.magnitude),
            sources=under.sources,
        ),
        sheet.work(
            "most delivered",
            "daily dose x (1 + share that it may be too much)",
            f"{show(dose)} x (1 + {show(over.quantity)})",
            dose * (1 + over.quantity.magnitude),
            sources=over.sources,
        ),
    )
