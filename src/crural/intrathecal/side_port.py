"""Filling a new line, and drawing from the catheter before anything is injected into it."""

from __future__ import annotations

from typing import Any, Literal

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet, hours
from crural.intrathecal.arithmetic import refuse
from crural.intrathecal.chosen import Chosen, drug_name, shown
from crural.intrathecal.rate import inputs
from crural.knowledge.pumps import Known, load_pumps, look_up
from crural.quantity import Quantity, as_json, show

Part = Literal["pump", "catheter"]
_NOUGHT = quantity.quantity(0, "mL")


def prime(
    chosen: Chosen,
    sheet: Sheet,
    *,
    concentration: Quantity,
    empty: frozenset[Part],
    catheter: Quantity | None,
    dose: Quantity | None = None,
    lasts: Quantity | None = None,
    drug: str | None = None,
) -> Answer:
    """The priming bolus: the volume of what is empty, and the drug that it takes.

    empty: which of pump and catheter hold no drug yet (a new pump on an old catheter: the pump
    alone). dose: the daily dose that follows, to tell how long the patient would wait without
    priming. lasts: time over which it is given. A bolus that is larger than the line by some volume
    gives that volume to the patient at once.
    """
    drug = drug_name(drug) if drug else None
    parts: dict[str, Quantity] = {}
    sources: tuple[str, ...] = ()
    if "pump" in empty:
        tubing = chosen.needed("tubing", sheet, "--tubing", "volume of the tubing inside the pump")
        parts["tubing in the pump"] = tubing.quantity
        sources = tubing.sources
    if "catheter" in empty:
        if catheter is None:
            raise refuse(
                "--catheter-volume",
                "the catheter is empty, but its volume is not given",
                "give --catheter-volume, --catheter-length or --trimmed",
            )
        parts["catheter"] = catheter
    if not parts:
        raise refuse("--empty", "nothing is empty", "name pump, catheter or both")
    volume = sheet.work(
        "priming volume",
        " + ".join(parts),
        " + ".join(show(part) for part in parts.values()),
        sum(parts.values(), _NOUGHT),
        unit="mL",
        sources=sources,
    )
    taken = sheet.work(
        "drug in the priming bolus",
        "priming volume x concentration",
        f"{show(volume)} x {show(concentration)}",
        arithmetic.dose_in(volume, concentration, _mass(concentration)),
    )
    chosen.check(
        sheet,
        drug,
        concentration=concentration,
        bolus_volume=volume,
        daily_dose=dose,
        duration=lasts,
    )
    lines = [("priming volume", show(volume)), ("drug in it", shown(drug, taken))]
    results: dict[str, Any] = {
        "volume": as_json(volume),
        "drug": as_json(taken),
        "parts": {name: as_json(part) for name, part in parts.items()},
        "flow": None,
        "without_priming": None,
        "if_line_is_shorter": None,
    }
    if lasts is not None:
        flow = sheet.work(
            "flow while priming",
            "priming volume / time",
            f"{show(volume)} / {show(lasts)}",
            volume / lasts,
            unit="mL/h",
        )
        results["flow"] = as_json(flow)
        lines.append(("flow while priming", show(flow)))
        most = chosen.figure("flow_most", sheet)
        if most is not None and flow > most.quantity:
            sheet.say("stop", f"{show(flow)} is above the highest flow of the pump", most.sources)
    if dose is not None:
        later = arithmetic.flow_for(dose, concentration)
        wait = sheet.work(
            "wait without priming",
            "priming volume / flow",
            f"{show(volume)} / {show(later)}",
            volume / later,
            unit="h",
        )
        results["without_priming"] = as_json(wait)
        lines.append(("without priming, no drug for", hours(wait)))
        share = quantity.quantity("0.1", "mL")
        extra = arithmetic.dose_in(share, concentration, _mass(concentration))
        times = quantity.fraction(extra, "mg") / quantity.fraction(dose, "mg/day")
        results["if_line_is_shorter"] = {"by": as_json(share), "dose": as_json(extra)}
        sheet.say(
            "warn",
            f"if the line holds 0.1 mL less than was counted, the bolus gives {shown(drug, extra)} "
            f"at once ({show(quantity.of_fraction(times * 100, '1'), places=0)} % of a day's dose)"
            ". Count the trimmed length",
        )
    sheet.say(
        "note",
        "a priming bolus has reached patients too fast, with too little drug after it: watch the "
        "patient during and after it",
        ("pump-priming-bolus-hazard",),
    )
    return Answer(
        schema="crural/pump-prime/1",
        title="Priming",
        headline=f"Prime with {show(volume)}, which holds {shown(drug, taken)}.",
        inputs=inputs(chosen, drug=drug, concentration=as_json(concentration), empty=sorted(empty)),
        results=results,
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
    )


def aspirate(
    chosen: Chosen,
    sheet: Sheet,
    *,
    concentration: Quantity,
    catheter: Quantity,
    dose: Quantity | None = None,
    drawn: Quantity | None = None,
    drug: str | None = None,
) -> Answer:
    """What must be drawn from the side port, and the dose that an injection would push in.

    The catheter holds catheter volume x concentration. What is not drawn back goes into the spinal
    fluid with the first millilitre injected. drawn: what could be drawn. Once the line is clear it
    must be filled again, or the patient goes without for line / flow.
    """
    drug = drug_name(drug) if drug else None
    port = chosen.figure("side_port", sheet)
    chosen.check(
        sheet,
        drug,
        concentration=concentration,
        daily_dose=dose,
        catheter_volume=catheter,
        drawn_volume=drawn,
    )
    before = _path(sheet, catheter, port)
    held = sheet.work(
        "drug in the catheter",
        "volume x concentration",
        f"{show(before)} x {show(concentration)}",
        arithmetic.dose_in(before, concentration, _mass(concentration)),
    )
    lines = [("least to draw back", show(before)), ("drug that it holds", shown(drug, held))]
    results: dict[str, Any] = {
        "least_to_draw": as_json(before),
        "drug_held": as_json(held),
        "pushed_in": None,
        "share_of_daily_dose": None,
        "refill_of_line": {"volume": as_json(before), "drug": as_json(held)},
        "without_refilling": None,
    }
    taken = drawn if drawn is not None else _NOUGHT
    left = before - taken if before > taken else _NOUGHT
    pushed = sheet.work(
        "dose pushed in by an injection",
        "(volume - drawn) x concentration",
        f"({show(before)} - {show(taken)}) x {show(concentration)}",
        arithmetic.dose_in(left, concentration, _mass(concentration)),
    )
    results["pushed_in"] = as_json(pushed)
    lines.append((f"pushed in when {show(taken)} was drawn", shown(drug, pushed)))
    if dose is not None:
        share = quantity.fraction(pushed, "mg") / quantity.fraction(dose, "mg/day") * 100
        results["share_of_daily_dose"] = as_json(quantity.of_fraction(share / 100, "1"))
        told = show(quantity.of_fraction(share, "1"), places=0)
        lines.append(("as share of a day's dose", f"{told} %, at once"))
        flow = arithmetic.flow_for(dose, concentration)
        gap = sheet.work(
            "gap if the line is not filled again",
            "volume / flow",
            f"{show(before)} / {show(flow)}",
            before / flow,
            unit="h",
        )
        results["without_refilling"] = as_json(gap)
        lines.append(("no drug afterwards unless primed", hours(gap)))
    _advise(chosen, sheet, shown(drug, pushed) if pushed > quantity.quantity(0, "mg") else None)
    return Answer(
        schema="crural/pump-aspirate/1",
        title="Side port",
        headline=f"Draw back more than {show(before)} before anything is injected; "
        f"it holds {shown(drug, held)}.",
        inputs=inputs(
            chosen,
            drug=drug,
            concentration=as_json(concentration),
            drawn=as_json(drawn) if drawn is not None else None,
        ),
        results=results,
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
    )


def _path(sheet: Sheet, catheter: Quantity, port: Known | None) -> Quantity:
    if port is None:
        sheet.say(
            "warn",
            "the volume between side port and catheter is not known here and not counted: draw "
            "more than the least, until clear spinal fluid comes",
        )
        return catheter
    return sheet.work(
        "volume up to the tip",
        "side port to catheter + catheter",
        f"{show(port.quantity)} + {show(catheter)}",
        port.quantity + catheter,
        unit="mL",
        sources=port.sources,
    )


def _advise(chosen: Chosen, sheet: Sheet, pushed: str | None) -> None:
    if pushed is not None:
        sheet.say(
            "warn",
            f"contrast or saline injected now pushes {pushed} into the spinal fluid at once. When "
            "nothing can be drawn back, do not inject: the catheter may be blocked or out of place",
            ("pump-side-port-aspirate",),
        )
    syringe = chosen.figure("syringe", sheet)
    if syringe is not None:
        sheet.say(
            "note",
            f"use a syringe of {show(syringe.quantity)} or more: the pressure of smaller ones can "
            "damage the catheter",
            syringe.sources,
        )
    contrast = look_up(load_pumps().checks.contrast, chosen.evidence)
    assert isinstance(contrast, Known)
    entry = chosen.evidence[contrast.sources[0]]
    low, high = entry.range or (0, 0)
    sheet.say("note", f"others inject {low:g} to {high:g} mL of contrast", contrast.sources)


def _mass(concentration: Quantity) -> str:
    return quantity.unit_text(concentration.units).split("/")[0]
