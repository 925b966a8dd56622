"""A change of solution: the bridge, and what the patient receives hour by hour with and without it.

When the reservoir is refilled with another solution, the line (tubing in the pump and catheter)
still holds the old one. Until it is cleared the pump moves the old solution at whatever flow it is
set to. So the pump first runs at the flow that fits the *old* solution for as long as it takes to
clear the line (the bridge), and only then at the flow that fits the new one.

    bridge flow     = bridge dose / old concentration
    bridge duration = volume of the line / bridge flow
    bridge bolus    = volume of the line x new concentration

The bolus is told in the new drug because the pump counts what enters the line. This is our own
derivation: published examples were looked for and could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from crural import quantity
from crural.intrathecal import arithmetic
from crural.intrathecal.answer import Answer, Sheet, hours
from crural.intrathecal.arithmetic import Solution, refuse
from crural.intrathecal.chosen import Chosen, shown
from crural.intrathecal.delivery import Phase, Run, deliver
from crural.intrathecal.rate import inputs
from crural.knowledge.pumps import Known, Missing
from crural.quantity import Quantity, as_json, show

# How the change can be made; the words stand in charts and answers.
WAYS: Mapping[str, str] = {
    "with": "with the bridge",
    "without": "without a bridge",
    "unchanged": "settings left as they were",
}
# From when on a dose counts as wrong: titration steps are 10 to 30 %.
MUCH_MORE, MUCH_LESS = Fraction(6, 5), Fraction(4, 5)


@dataclass(frozen=True)
class Change:
    """Old and new solution, the flows, the volume of the line, and what follows from them."""

    old: Solution
    new: Solution
    old_flow: Quantity
    new_flow: Quantity
    bridge_flow: Quantity
    line: Quantity
    duration: Quantity
    bolus: Mapping[str, Quantity]
    phases: Mapping[str, tuple[Phase, ...]]

    @property
    def drugs(self) -> tuple[str, ...]:
        """All drugs, old ones first."""
        return tuple(dict.fromkeys((*self.old, *self.new)))

    def before(self, drug: str) -> Fraction:
        """Dose per hour [mg/h] before the change."""
        return _per_hour(self.old, self.old_flow).get(drug, Fraction(0))

    def after(self, drug: str) -> Fraction:
        """Dose per hour [mg/h] when all has settled."""
        return _per_hour(self.new, self.new_flow).get(drug, Fraction(0))


def change(  # noqa: PLR0917
    old: Solution,
    new: Solution,
    old_flow: Quantity,
    new_flow: Quantity,
    line: Quantity,
    bridge_flow: Quantity | None = None,
) -> Change:
    """Works out a change of solution. Without `bridge_flow` the bridge keeps the old dose."""
    flow = bridge_flow if bridge_flow is not None else old_flow
    arithmetic.above_nought(
        bridge_flow=flow, new_flow=new_flow, old_flow=old_flow, catheter_volume=line
    )
    duration = quantity.in_unit(line / flow, "h")
    phases = {
        "with": _bridged(old, new, flow, new_flow, line),
        "without": deliver((Run(new_flow),), line, old, new),
        "unchanged": deliver((Run(old_flow),), line, old, new),
    }
    return Change(
        old=old,
        new=new,
        old_flow=old_flow,
        new_flow=new_flow,
        bridge_flow=flow,
        line=line,
        duration=duration,
        bolus={drug: _dose(line, each) for drug, each in new.items()},
        phases=phases,
    )


def _bridged(
    old: Solution, new: Solution, flow: Quantity, new_flow: Quantity, line: Quantity
) -> tuple[Phase, ...]:
    """The old solution until the line is cleared, the new one from then on.

    Not by `deliver`: it takes the duration of a setting as an amount, which may be rounded at the
    28th digit, and what ends the bridge is the volume.
    """
    cleared = quantity.fraction(line, "mL") / quantity.fraction(flow, "mL/h")
    first, second = _per_hour(old, flow), _per_hour(new, new_flow)
    if first == second:
        return (Phase(Fraction(0), None, first),)
    return (Phase(Fraction(0), cleared, first), Phase(cleared, None, second))


def _per_hour(solution: Solution, flow: Quantity) -> dict[str, Fraction]:
    each_hour = quantity.fraction(flow, "mL/h")
    return {drug: quantity.fraction(each, "mg/mL") * each_hour for drug, each in solution.items()}


def _dose(volume: Quantity, concentration: Quantity) -> Quantity:
    unit = quantity.unit_text(concentration.units).split("/")[0]
    return arithmetic.dose_in(volume, concentration, unit)


def bridge(
    chosen: Chosen,
    sheet: Sheet,
    *,
    old: Solution,
    new: Solution,
    old_flow: Quantity,
    new_flow: Quantity,
    catheter: Quantity,
    bridge_flow: Quantity | None = None,
) -> tuple[Answer, Change]:
    """The bridge for a change of solution, and what the patient receives.

    `catheter`: its inside volume; that of the tubing comes from the pump or is given. Raises
    SlipError, PumpError when the tubing is not known, ArithmeticRefusedError.
    """
    tubing = chosen.needed("tubing", sheet, "--tubing", "volume of the tubing inside the pump")
    line = sheet.work(
        "volume of the line",
        "tubing in the pump + catheter",
        f"{show(tubing.quantity)} + {show(catheter)}",
        tubing.quantity + catheter,
        unit="mL",
        sources=tubing.sources,
    )
    for drug in dict.fromkeys((*old, *new)):
        was, will = old.get(drug), new.get(drug)
        chosen.check(
            sheet,
            drug,
            old_concentration=was,
            new_concentration=will,
            old_daily_dose=_daily(was, old_flow),
            new_daily_dose=_daily(will, new_flow),
            old_flow=old_flow,
            new_flow=new_flow,
        )
    chosen.check(sheet, catheter_volume=line)
    made = change(old, new, old_flow, new_flow, line, bridge_flow)
    _work(sheet, made)
    _judge(sheet, made)
    _early(sheet, made, chosen.figure("over", sheet))
    most = chosen.figure("flow_most", sheet)
    least = chosen.figure("flow_least", sheet)
    for name, flow in (("bridge", made.bridge_flow), ("new", made.new_flow)):
        if most is not None and flow > most.quantity:
            sheet.say("stop", f"the {name} flow is above {show(most.quantity)}", most.sources)
        if least is not None and flow < least.quantity:
            sheet.say(
                "stop",
                f"the {name} flow of {show(flow, places=6)} is below the lowest of the pump "
                f"({show(least.quantity)})",
                least.sources,
            )
    sheet.say(
        "note",
        "the two solutions mix where they meet and what is left in the reservoir dilutes the new "
        "one, so the change is a slope and not a step. Watch the patient beyond the end of the "
        "bridge",
        ("pump-mixing-in-the-catheter",),
    )
    bolus = " with ".join(f"{shown(drug, each)} {drug}" for drug, each in made.bolus.items())
    takes = hours(made.duration)
    lines = [
        ("volume of the line", show(line)),
        ("bridge flow", f"{show(made.bridge_flow, 'mL/day', 6)}"),
        ("bridge duration", f"{takes} ({show(made.duration, 'day', 2)})"),
        ("bridge bolus, as the pump counts it", f"{show(line)} = {bolus}"),
        ("new flow", show(new_flow, "mL/day", 6)),
    ]
    for drug in made.drugs:
        for way, words in WAYS.items():
            lines.append((f"{drug}, {words}", _told(made, drug, way)))
    answer = Answer(
        schema="crural/pump-bridge/1",
        title="Change of solution",
        headline=f"Bridge: {show(line)} over {takes} at {show(made.bridge_flow, 'mL/day', 6)}, "
        f"then {show(new_flow, 'mL/day', 6)}.",
        inputs=inputs(
            chosen,
            old={drug: as_json(each) for drug, each in old.items()},
            new={drug: as_json(each) for drug, each in new.items()},
            old_flow=as_json(old_flow),
            catheter=as_json(catheter),
        ),
        results=_as_data(made),
        lines=tuple(lines),
        working=tuple(sheet.steps),
        findings=tuple(sheet.findings),
        not_known=tuple(sheet.missing),
    )
    return answer, made


def _daily(concentration: Quantity | None, flow: Quantity) -> Quantity | None:
    return None if concentration is None else _told_daily(concentration, flow)


def _told_daily(concentration: Quantity, flow: Quantity) -> Quantity:
    unit = quantity.unit_text(concentration.units).split("/")[0] + "/day"
    return arithmetic.dose_of(flow, concentration, unit)


def _work(sheet: Sheet, made: Change) -> None:
    sheet.figure(
        Missing(
            "th-nf-bridge-bolus",
            "published worked examples of a bridge bolus: the formula is our own derivation",
        )
    )
    sheet.work(
        "bridge duration",
        "volume of the line / bridge flow",
        f"{show(made.line)} / {show(made.bridge_flow, 'mL/day', 6)}",
        made.duration,
        unit="h",
    )
    for drug, each in made.new.items():
        sheet.work(
            f"bridge bolus of {drug}, as the pump counts it",
            "volume of the line x new concentration",
            f"{show(made.line)} x {show(each)}",
            made.bolus[drug],
        )
    for drug, each in made.old.items():
        sheet.work(
            f"{drug} that the patient receives during the bridge",
            "volume of the line x old concentration",
            f"{show(made.line)} x {show(each)}",
            _dose(made.line, each),
        )


def _judge(sheet: Sheet, made: Change) -> None:
    """What would go wrong without the bridge, and with settings left as they were."""
    for way, words in (
        ("without", "Without a bridge"),
        ("unchanged", "If the new concentration is not entered"),
    ):
        for phase in made.phases[way]:
            # The old solution is held against the dose before, the new against what is meant.
            early = phase.end is not None
            for drug, per_hour in phase.rates.items():
                against = made.before(drug) if early else made.after(drug)
                if not against or MUCH_LESS <= per_hour / against <= MUCH_MORE:
                    continue
                rate = shown(drug, phase.rate(drug, "mg/day"))
                until = (
                    f"for {hours(quantity.of_fraction(phase.end - phase.start, 'h'))}"
                    if phase.end is not None
                    else f"from hour {_hour(phase.start)} on"
                )
                sheet.say(
                    "warn",
                    f"{words} the patient receives {rate} {drug} {until}: "
                    f"{_ratio(per_hour / against)} "
                    + ("the dose before" if early else "the dose that is meant"),
                )
    _gap(sheet, made)


def _early(sheet: Sheet, made: Change, over: Known | None) -> None:
    """What reaches the patient when the pump delivers too much and clears the line early."""
    if over is None:
        return
    share = quantity.fraction(over.quantity, "1")
    early = quantity.fraction(made.duration, "h") * share / (1 + share)
    rates = ", ".join(
        f"{shown(drug, _told_daily(each, made.bridge_flow))} {drug}"
        for drug, each in made.new.items()
    )
    sheet.say(
        "note",
        f"within its accuracy the pump may clear the line up to "
        f"{hours(quantity.of_fraction(early, 'h'))} before the bridge ends; until then the patient "
        f"would receive the new solution at the bridge flow: {rates}",
        over.sources,
    )


def _gap(sheet: Sheet, made: Change) -> None:
    """A new drug that comes late, and an old one that goes on."""
    first = made.phases["without"][0]
    for drug in made.new:
        if drug not in made.old and first.end is not None:
            late = hours(quantity.of_fraction(first.end, "h"))
            sheet.say("note", f"Without a bridge {drug} reaches the tip only after {late}")


def _ratio(ratio: Fraction) -> str:
    if ratio > 1:
        return f"{quantity.show(quantity.of_fraction(ratio, '1'), places=2)} times"
    return f"{quantity.show(quantity.of_fraction(ratio * 100, '1'), places=0)} % of"


def _hour(hour: Fraction) -> str:
    return quantity.show(quantity.of_fraction(hour, "1"), places=1)


def _told(made: Change, drug: str, way: str) -> str:
    parts = []
    for phase in made.phases[way]:
        span = (
            f"from hour {_hour(phase.start)}"
            if phase.end is None
            else f"hour {_hour(phase.start)} to {_hour(phase.end)}"
        )
        parts.append(f"{shown(drug, phase.rate(drug, 'mg/day'))} {span}")
    return "; ".join(parts)


def _as_data(made: Change) -> dict[str, Any]:
    return {
        "line": as_json(made.line),
        "bridge_flow": as_json(made.bridge_flow, "mL/d"),
        "bridge_duration": as_json(made.duration, "h"),
        "bridge_bolus": {drug: as_json(each) for drug, each in made.bolus.items()},
        "new_flow": as_json(made.new_flow, "mL/d"),
        "before": {
            drug: as_json(quantity.of_fraction(made.before(drug), "mg/h")) for drug in made.drugs
        },
        "received": {
            way: [
                {
                    "from": as_json(quantity.of_fraction(phase.start, "h")),
                    "to": None
                    if phase.end is None
                    else as_json(quantity.of_fraction(phase.end, "h")),
                    "rates": {drug: as_json(phase.rate(drug)) for drug in made.drugs},
                }
                for phase in phases
            ]
            for way, phases in made.phases.items()
        },
    }


def flows(
    solution: Solution, doses: Mapping[str, Quantity], flow: Quantity | None, option: str
) -> Quantity:
    """The flow of a solution: given, or from the daily dose of one of its drugs (`option`).

    Raises ArithmeticRefusedError when neither is given, or two doses ask for two flows.
    """
    found = {
        drug: arithmetic.flow_for(dose, solution[drug])
        for drug, dose in doses.items()
        if drug in solution
    }
    for drug in doses:
        if drug not in solution:
            raise refuse(option, f"{drug} is not in this solution", "correct the name")
    if flow is not None:
        found[""] = flow
    if not found:
        instead = option.replace("dose", "flow")
        raise refuse(option, "the dose is not given", f"give {option} or {instead}")
    values = list(found.values())
    if any(value != values[0] for value in values[1:]):
        told = " and ".join(show(value, "mL/day", 6) for value in values)
        raise refuse(
            option,
            f"dose and flow do not agree: they ask for {told}",
            "give one of them; a mixture has one flow",
        )
    return values[0]
