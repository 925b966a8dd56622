"""The benches of the pump that compute little: first doses, masses at the tip, the two sheets."""

from __future__ import annotations

from functools import partial
from typing import Final

from crural import quantity as q
from crural.intrathecal import dose_report, sheets, slips
from crural.intrathecal import granuloma as masses
from crural.intrathecal.first_dose import first_dose
from crural.intrathecal.limits import WHAT, load_limits
from crural.knowledge import Knowledge
from crural.web.workbench.bench import Answered, Bench
from crural.web.workbench.fields import Field, Given

_LIMITED: Final = {drug.id: drug.name for drug in load_limits().drugs}
# Drugs that are offered by name where any may be written.
DRUGS: Final = tuple(_LIMITED.values())
_WITH_SHEET: Final = {
    one.drug: load_limits().drug(one.drug).name for one in sheets.load_sheets().drugs
}


def _drug(choices: dict[str, str]) -> Field:
    return Field(
        name="drug",
        label="Drug",
        kind="choice",
        choices={"": "choose", **choices},
        needed=True,
    )


def _dose(given: Given, knowledge: Knowledge) -> Answered:
    source = given.source("record")
    found = first_dose(
        given.text("drug") or "",
        source.record if source else None,
        knowledge,
        oral_total=given.amount("oral-total"),
        proposed=given.amount("proposed"),
    )
    slips.enforce(found.findings, checked=given.checked)
    return Answered(
        dose_report.as_data(found, knowledge.evidence),
        {
            "found": found,
            "standing": dose_report.STANDING,
            "what": WHAT,
            "about_rises": dose_report.about_rises(found),
        },
    )


def _granuloma(given: Given, knowledge: Knowledge) -> Answered:
    found = masses.granuloma(
        given.text("drug") or "",
        dose=given.amount("dose"),
        concentration=given.amount("concentration"),
    )
    slips.enforce(found.findings, checked=given.checked)
    return Answered(masses.as_data(found, knowledge.evidence), {"found": found})


def _sheet(kind: sheets.SheetKind, given: Given, knowledge: Knowledge) -> Answered:
    sheet = sheets.pump_sheet(kind, given.text("drug") or "", calls=given.lines("call"))
    return Answered(
        sheets.as_data(sheet, knowledge.evidence),
        {"urgent": sheets.URGENT[sheet.text.urgency]},
        page=lambda: sheets.to_html(sheet, knowledge.evidence),
    )


_SHEETS: Final[tuple[tuple[sheets.SheetKind, str], ...]] = (
    ("withdrawal", "little"),
    ("overdose", "much"),
)
_CALL: Final = Field(
    name="call",
    label="Whom to call",
    kind="lines",
    rows=3,
    help="One a line, as “Pump clinic: 0123 456789”. Blanks to fill in by hand if left empty.",
)
BENCHES: Final = (
    Bench(
        id="pump/dose",
        name="First dose",
        purpose="What is published on first doses: conversions from opioids by mouth, starting "
        "doses, steps, limits, watching, with who says so and where they disagree.",
        never="A prescription: there is never one number.",
        hazards=(
            "Published conversions differ thirtyfold; those that were reached after titration are "
            "marked as not for a first dose.",
        ),
        fields=(
            _drug(_LIMITED),
            Field(
                name="oral-total",
                label="Opioids by mouth, as oral morphine",
                of=q.DAILY_DOSE,
                units=("mg/day",),
                help="0 for none. Left empty, it is added up from the record, if there is one.",
            ),
            Field(
                name="proposed",
                label="A first daily dose in mind",
                of=q.DAILY_DOSE,
                help="To hold against what is published.",
            ),
            Field(name="record", label="Record of the patient", kind="record", group="Record"),
        ),
        answer=_dose,
        template="workbench/dose.html.jinja",
        aliases={"starting-dose": "proposed", "daily-dose": "proposed"},
        check=True,
    ),
    Bench(
        id="pump/granuloma",
        name="Mass at the tip",
        purpose="What is published on masses at the catheter tip, by dose and concentration, and "
        "what to watch for.",
        never="The risk of one patient: none is computed.",
        hazards=("A figure below which no mass was seen excludes nothing; it is said so.",),
        fields=(
            _drug(_LIMITED),
            Field(name="dose", label="Daily dose", of=q.DAILY_DOSE),
            Field(name="concentration", label="Concentration", of=q.CONCENTRATION),
        ),
        answer=_granuloma,
        template="workbench/granuloma.html.jinja",
        aliases={"daily-dose": "dose"},
        check=True,
    ),
    *(
        Bench(
            id=f"pump/{kind}-sheet",
            name=f"{kind.capitalize()} sheet",
            purpose=f"A sheet to print and hand out: signs that the pump gives too {much}, what "
            "to do, whom to call.",
            never="A substitute for the pump clinic or the emergency service.",
            hazards=(
                "A sheet without a telephone number helps nobody at night: blanks are left "
                "to be filled in by hand.",
            ),
            fields=(_drug(_WITH_SHEET), _CALL),
            answer=partial(_sheet, kind),
            template="workbench/sheet.html.jinja",
        )
        for kind, much in _SHEETS
    ),
)
