"""The bench of the spread: a drug along the spinal fluid, simulated while parameters change."""

from __future__ import annotations

import threading
from typing import Final

from crural import quantity as q
from crural.errors import CruralError
from crural.intrathecal import slips
from crural.intrathecal import spread as model
from crural.intrathecal.spread_chart import svg
from crural.intrathecal.spread_parameters import CISTERNS, LEVELS
from crural.intrathecal.spread_programme import Programme, read_programme
from crural.intrathecal.spread_report import to_data
from crural.knowledge import Knowledge
from crural.web.workbench.bench import Answered, Bench
from crural.web.workbench.fields import Field, Given

MOST_LINES: Final = 12
# A simulation takes a second of a core: two at once, so that the pages of the others go on.
_AT_ONCE: Final = threading.BoundedSemaphore(2)


def _levels(first: str) -> dict[str, str]:
    return {first: first, **{level: level for level in reversed(LEVELS) if level != first}}


def _spread(given: Given, knowledge: Knowledge) -> Answered:
    del knowledge
    several = {name: given.lines(name) for name in ("change", "window", "bolus", "site")}
    for name, lines in several.items():
        if len(lines) > MOST_LINES:
            raise CruralError(
                file="input",
                field=name,
                problem=f"these are more than {MOST_LINES} lines",
                remedy="leave some out",
            )
    programme = read_programme(
        q.show(given.needed("rate")) if given.amount("rate") is not None else None,
        several["change"],
        several["window"],
        several["bolus"],
    )
    findings = slips.enforce(looked_at(programme), checked=given.checked)
    with _AT_ONCE:
        found = model.simulate(
            programme,
            tip=given.text("tip") or "",
            lasting=given.needed("for"),
            target=given.text("target") or "T12",
            sites=several["site"],
            draws=int(given.text("draws") or 0),
            seed=1,
        )
    data = to_data(found, findings)
    curves = [(_called(site, found), curve) for site, curve in data["csf_ng_per_ml"].items()]
    values = {"slips": findings, "curves": [*curves, ("Plasma", data["plasma_ng_per_ml"])]}
    return Answered(data, values, chart=svg(found))


def _called(site: str, found: model.Spread) -> str:
    what = "Fluid of the cisterns" if site == CISTERNS else f"Fluid at {site}"
    roles = [name for name, at in (("tip", found.tip), ("target", found.target)) if at == site]
    return f"{what} ({', '.join(roles)})" if roles else what


def looked_at(programme: Programme) -> tuple[slips.Finding, ...]:
    """What looks wrong with the doses of a programme, each finding once."""
    found = [slips.check("morphine", daily_dose=rate) for rate in programme.all_rates()]
    found += [slips.check("morphine", single_dose=bolus.dose) for bolus in programme.boluses]
    return tuple(dict.fromkeys(finding for several in found for finding in several))


BENCHES: Final = (
    Bench(
        id="spread",
        name="Spread of morphine",
        purpose="Where intraspinal morphine goes along the spinal fluid over days, with bands of "
        "what is not known: a picture to think with.",
        never="Choosing a dose or a place for the tip, or the time of watching: it is a model.",
        hazards=(
            "A smooth curve looks surer than it is: the bands are of uncertain parameters, not of "
            "patients; tolerance, posture and baricity are not in it.",
        ),
        fields=(
            Field(
                name="tip",
                label="Tip of the catheter at",
                kind="choice",
                choices=_levels("T10"),
                usual="T10",
                needed=True,
            ),
            Field(name="rate", label="Base rate of morphine", of=q.DAILY_DOSE),
            Field(name="for", label="Simulated over", of=q.TIME, needed=True, usual="7 days"),
            Field(
                name="target",
                label="Level that matters",
                kind="choice",
                choices=_levels("T12"),
                usual="T12",
                help="Cord of the leg: T11 to L1.",
            ),
            Field(
                name="draws",
                label="Draws for the bands",
                kind="choice",
                choices={"100": "100", "200": "200, slower", "40": "40, rough", "0": "no bands"},
                usual="100",
            ),
            Field(
                name="change",
                label="Changes of the base rate",
                kind="lines",
                rows=2,
                help="One a line, as “2 mg/day from 3 days”.",
                group="Changes, windows, boluses, sites",
            ),
            Field(
                name="window",
                label="Daily windows",
                kind="lines",
                rows=2,
                help="As “22:00-06:00 2 mg/day”.",
                group="Changes, windows, boluses, sites",
            ),
            Field(
                name="bolus",
                label="Boluses",
                kind="lines",
                rows=2,
                help="As “0.3 mg”, “0.3 mg at 6 h” or “0.1 mg daily at 08:00”.",
                group="Changes, windows, boluses, sites",
            ),
            Field(
                name="site",
                label="Where else to look",
                kind="lines",
                rows=2,
                usual=f"L3\n{CISTERNS}",
                help="Levels or “cisterns”, one a line.",
                group="Changes, windows, boluses, sites",
            ),
        ),
        answer=_spread,
        template="workbench/spread.html.jinja",
        aliases={"daily-dose": "rate", "single-dose": "bolus"},
        live=True,
        check=True,
    ),
)
