"""Mixtures: one flow moves all drugs, so the dose of one sets the dose of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet
from crural.intrathecal.arithmetic import Solution
from crural.intrathecal.chosen import Chosen, is_known, shown
from crural.intrathecal.limits import Figure, load_limits
from crural.intrathecal.rate import inputs
from crural.quantity import Quantity, as_json, show

# Published figures that a daily dose, or a concentration, is held against.
_AGAINST: Mapping[str, str] = {
    "maximum": quantity.DAILY_DOSE,
    "caution-above": quantity.DAILY_DOSE,
    "running": quantity.DAILY_DOSE,
    "concentration-caution-above": quantity.CONCENTRATION,
}
_SAYS: Mapping[str, str] = {
    "maximum": "maximum",
    "caution-above": "caution above",
    "running": "usual dose",
    "concentration-caution-above": "caution from a concentration of",
}


def mix(
    chosen: Chosen,
    *,
    solution: Solution,
    flow: Quantity,
    stocks: Solution | None = None,
    volume: Quantity | None = None,
    extra: Quantity | None = None,
) -> Answer:
    """Each drug's daily dose from a mixture at a flow, held against all limits at once.

    daily dose = concentration x flow, for each drug. With `stocks` and `volume` also how to make
    the filling; `extra` is made besides, to fill the refill set. Raises SlipError,
    ArithmeticRefusedError.
    """
    sheet = Sheet()
    doses: dict[str, Quantity] = {}
    for drug, concentration in solution.items():
        unit = quantity.unit_text(concentration.units).split("/")[0] + "/day"
        doses[drug] = sheet.work(
            f"daily dose of {drug}",
            "concentration x flow",
            f"{show(concentration)} x {show(flow, 'mL/day', 6)}",
            arithmetic.dose_of(flow, concentration, unit),
        )
        chosen.check(
            sheet,
            drug,
            concentration=concentration,
            flow=flow,
            daily_dose=doses[drug],
            stock_concentration=stocks.get(drug) if stocks else None,
        )
        if not is_known(drug):
            sheet.say("warn", f"no limits are known here for {drug}")
    chosen.check(sheet, fill_volume=volume, extra_volume=extra)
    lines = [
        (drug, f"{shown(drug, dose)} at {show(solution[drug])}") for drug, dose in doses.items()
    ]
    limits = [
        row for drug, dose in doses.items() for row in limit_rows(sheet, drug, dose, solution[drug])
    ]
    results: dict[str, Any] = {
        "flow": as_json(flow, "mL/d"),
        "daily_doses": {drug: as_json(dose) for drug, dose in doses.items()},
        "concentrations": {drug: as_json(each) for drug, each in solution.items()},
        "limits": limits,
        "recipe": None,
    }
    lines += [
        (
            f"{row['drug']}, {_SAYS[row['what']]}",
            f"{row['says']} ({row['whose']}){': above it' if row['above'] else ''}",
        )
        for row in limits
    ]
    if stocks and volume is not None:
        lines += _recipe(sheet, results, solution, stocks, volume, extra)
    if len(solution) > 1:
        sheet.say(
            "note",
            "a change of the dose of one drug changes all by the same share; the programmer may "
            "count only the first",
        )
        sheet.say(
            "note",
            "mixtures are not labelled for implanted pumps in the US and stall them more often",
            ("fda2018-only-two-drugs", "pump-stall-unapproved"),
        )
    cited = tuple(dict.fromkeys(str(row["source"]) for row in limits))
    told = ", ".join(f"{shown(drug, dose)} {drug}" for drug, dose in doses.items())
    return Answer(
        schema="crural/pump-mix/1",
        title="Mixture",
        headline=f"At {show(flow, 'mL/day', 6)}: {told}.",
        inputs=inputs(
            chosen,
            stocks={drug: as_json(each) for drug, each in (stocks or {}).items()},
            volume=as_json(volume) if volume is not None else None,
            extra=as_json(extra) if extra is not None else None,
        ),
        results=results,
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
        cited=cited,
    )


def limit_rows(
    sheet: Sheet, drug: str, dose: Quantity, concentration: Quantity | None
) -> list[dict[str, Any]]:
    """Every published limit on the drug, and whether this is above it."""
    if not is_known(drug):
        return []
    table = load_limits().drug(drug)
    rows = []
    for figure in table.of(*_AGAINST):
        value = dose if _AGAINST[figure.what] == quantity.DAILY_DOSE else concentration
        line = _line(figure)
        if line is None or value is None or not quantity.is_kind(line, _AGAINST[figure.what]):
            continue
        above = value > line if figure.what != "concentration-caution-above" else value >= line
        if above:
            sheet.say(
                "warn",
                f"{drug}: {table.shown(value)}, but {_SAYS[figure.what]} {table.shown(line)} "
                f"({figure.whose})",
                (figure.source,),
            )
        rows.append(
            {
                "drug": drug,
                "what": figure.what,
                "whose": figure.whose,
                "limit": as_json(line),
                "says": table.shown(line),
                "above": bool(above),
                "source": figure.source,
            }
        )
    return rows


def _line(figure: Figure) -> Quantity | None:
    return figure.lowest if figure.what == "concentration-caution-above" else figure.highest


def _recipe(  # noqa: PLR0917
    sheet: Sheet,
    results: dict[str, Any],
    solution: Solution,
    stocks: Solution,
    volume: Quantity,
    extra: Quantity | None,
) -> list[tuple[str, str]]:
    whole = quantity.in_unit(volume + extra if extra is not None else volume, "mL")
    made = arithmetic.recipe(solution, stocks, whole)
    lines = []
    for drug, part in made.stocks.items():
        sheet.work(
            f"stock of {drug}",
            "concentration x volume / stock concentration",
            f"{show(solution[drug])} x {show(whole)} / {show(stocks[drug])}",
            part,
        )
        lines.append((f"stock of {drug}", f"{show(part)} of {show(stocks[drug])}"))
    sheet.work(
        "diluent",
        "volume - stocks",
        " - ".join((show(whole), *(show(part) for part in made.stocks.values()))),
        made.diluent,
    )
    lines += [("diluent", show(made.diluent)), ("together", show(whole))]
    results["recipe"] = {
        "volume": as_json(whole),
        "stocks": {drug: as_json(part) for drug, part in made.stocks.items()},
        "diluent": as_json(made.diluent),
    }
    return lines
