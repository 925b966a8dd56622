"""Patient-activated boluses: the most that can come together in any 24 hours."""

from __future__ import annotations

from typing import Any

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet
from crural.intrathecal.arithmetic import refuse
from crural.intrathecal.chosen import Chosen, drug_name, shown
from crural.intrathecal.mixture import limit_rows
from crural.intrathecal.rate import inputs
from crural.knowledge.pumps import Known, load_pumps, look_up
from crural.quantity import Quantity, as_json, show

_DAY = quantity.quantity(1, "day")


def bolus(
    chosen: Chosen,
    *,
    basal: Quantity,
    dose: Quantity,
    lockout: Quantity,
    most: int | None = None,
    lasts: Quantity | None = None,
    concentration: Quantity | None = None,
    rolling: bool = False,
    drug: str | None = None,
) -> Answer:
    """The worst day: base rate and every bolus that any window of 24 hours can hold.

    basal: daily dose of the base rate; dose: of one bolus; lockout: from the start of one to the
    start of the next; most: boluses a day, if limited; rolling: that the pump counts them over any
    24 hours. Unless it is known to, the count is taken to begin anew at midnight, and then a window
    can hold those of two days. Raises SlipError, ArithmeticRefusedError.
    """
    sheet = Sheet()
    drug = drug_name(drug) if drug else None
    if most is not None and most < 0:
        raise refuse("--most", f"{most} is less than nought", "correct it")
    if lasts is not None and lasts > lockout:
        raise refuse("--lasts", "the bolus lasts longer than the lockout", "correct one of them")
    chosen.check(
        sheet,
        drug,
        basal_dose=basal if basal else None,  # bolus alone has no base rate
        bolus_dose=dose,
        lockout=lockout,
        concentration=concentration,
        duration=lasts,
    )
    count = arithmetic.boluses_in_a_day(lockout, most, clock_day=not rolling)
    number = quantity.quantity(count, "1")
    capped = "" if most is None else f", and {most} a day"
    sheet.work(
        "boluses in any 24 h",
        "24 h / lockout, rounded up"
        + (
            ""
            if most is None
            else ", at most those of " + ("one count" if rolling else "two days' counts")
        ),
        f"24 h / {show(lockout)}{capped}",
        number,
    )
    unit = quantity.unit_text(basal.units).split("/")[0]
    extra = sheet.work(
        "by boluses", "boluses x dose of one", f"{count} x {show(dose)}", dose * count, unit=unit
    )
    worst = sheet.work(
        "worst 24 h",
        "base rate x 24 h + by boluses",
        f"{show(basal)} x 1 day + {show(extra)}",
        basal * _DAY + extra,
        unit=unit,
    )
    worst_daily = quantity.in_unit(worst / _DAY, unit + "/day")
    chosen.check(sheet, drug, daily_dose=worst_daily, concentration=concentration)
    if not rolling and most is not None and count > most:
        sheet.say(
            "note",
            "whether the pump counts over any 24 hours or from midnight was not found published: "
            "the worse was taken, boluses before and after midnight. Give --rolling if it is known",
            ("pump-bolus-counting",),
        )
    rows = limit_rows(sheet, drug, worst_daily, concentration) if drug is not None else []
    share = quantity.fraction(dose, "mg") / quantity.fraction(basal * _DAY, "mg") if basal else None
    results: dict[str, Any] = {
        "boluses": count,
        "by_boluses": as_json(extra),
        "worst_24h": as_json(worst),
        "limits": rows,
        "share_of_base": None if share is None else as_json(quantity.of_fraction(share, "1")),
        "bolus_volume": None,
        "bolus_flow": None,
        "flow_of_boluses": None,
    }
    lines = [
        ("boluses in any 24 h, at most", str(count)),
        ("by boluses, at most", shown(drug, extra)),
        ("worst 24 h", shown(drug, worst)),
    ]
    lines += [
        (
            f"{row['what'].replace('-', ' ')}",
            f"{row['says']} ({row['whose']})" + (": above it" if row["above"] else ""),
        )
        for row in rows
    ]
    if share is not None:
        lines.append(
            (
                "one bolus",
                f"{show(quantity.of_fraction(share * 100, '1'), places=1)} % "
                "of the base rate's day",
            )
        )
        _tenth(chosen, sheet, share)
    if concentration is not None:
        _volumes(chosen, sheet, results, lines, dose, concentration, lasts, count)
    return Answer(
        schema="crural/pump-bolus/1",
        title="Patient-activated boluses",
        headline=f"In the worst 24 hours the patient receives {shown(drug, worst)}"
        f"{' ' + drug if drug else ''}: {count} boluses and the base rate.",
        inputs=inputs(
            chosen,
            drug=drug,
            basal=as_json(basal),
            dose=as_json(dose),
            lockout=as_json(lockout),
            most=most,
            rolling=rolling,
        ),
        results=results,
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
        cited=tuple(dict.fromkeys(str(row["source"]) for row in rows)),
    )


def _tenth(chosen: Chosen, sheet: Sheet, share: Any) -> None:
    usual = look_up(load_pumps().checks.bolus_share, chosen.evidence)
    assert isinstance(usual, Known)
    if share > quantity.fraction(usual.quantity, "1"):
        percent = show(quantity.of_fraction(quantity.fraction(usual.quantity, "1") * 100, "1"))
        sheet.say(
            "note",
            f"one bolus is more than the {percent} % of the daily dose that is commonly advised",
            usual.sources,
        )


def _volumes(  # noqa: PLR0917
    chosen: Chosen,
    sheet: Sheet,
    results: dict[str, Any],
    lines: list[tuple[str, str]],
    dose: Quantity,
    concentration: Quantity,
    lasts: Quantity | None,
    count: int,
) -> None:
    arithmetic.above_nought(concentration=concentration)
    volume = sheet.work(
        "volume of a bolus",
        "dose / concentration",
        f"{show(dose)} / {show(concentration)}",
        dose / concentration,
        unit="mL",
    )
    flow = sheet.work(
        "flow of all boluses, for the refill date",
        "boluses x volume / day",
        f"{count} x {show(volume)} / 1 day",
        volume * count / _DAY,
        unit="mL/day",
    )
    results["bolus_volume"] = as_json(volume)
    results["flow_of_boluses"] = as_json(flow)
    lines += [("volume of a bolus", show(volume)), ("flow of all boluses", show(flow))]
    if lasts is None:
        return
    rate = sheet.work(
        "flow during a bolus",
        "volume / time",
        f"{show(volume)} / {show(lasts)}",
        volume / lasts,
        unit="mL/day",
    )
    results["bolus_flow"] = as_json(rate)
    lines.append(("flow during a bolus", show(rate)))
    fastest = chosen.figure("flow_most", sheet)
    if fastest is not None and rate > fastest.quantity:
        sheet.say("stop", f"{show(rate)} is above the highest flow of the pump", fastest.sources)
