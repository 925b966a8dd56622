"""The benches of stimulation: the trial, the level of the lead, the programme, the day before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from crural import quantity as q
from crural.errors import CruralError
from crural.knowledge import Evidence, Knowledge
from crural.knowledge.devices import (
    Devices,
    known,
    load_devices,
    load_limits,
    load_stop_times,
)
from crural.knowledge.stimulation import load_coverage, load_trial
from crural.quantity import Quantity
from crural.record import Record
from crural.report import words
from crural.stimulation import (
    before_report,
    coverage_report,
    programme_report,
    trial_report,
)
from crural.stimulation.before import plan_before
from crural.stimulation.calendar import to_calendar
from crural.stimulation.coverage import coverage_of
from crural.stimulation.coverage_chart import coverage_chart
from crural.stimulation.diary import (
    Diary,
    DiaryError,
    diary_from_record,
    diary_from_rows,
    diary_from_text,
)
from crural.stimulation.programme import (
    Battery,
    ContactArea,
    Programme,
    check_programme,
    ring_area,
)
from crural.stimulation.trial import SURE, analyse
from crural.stimulation.trial_chart import trial_chart
from crural.web.workbench.bench import Answered, Bench
from crural.web.workbench.fields import Field, Given, Source

_CONTACT: Final = "Contact"
_PATTERN: Final = "Bursts and cycles"
_BATTERY: Final = "Battery and device"


def _wrong(field: str, problem: str, remedy: str) -> CruralError:
    return CruralError(file="input", field=field, problem=problem, remedy=remedy)


def _trial(given: Given, knowledge: Knowledge) -> Answered:
    source = given.source("diary")
    assert source is not None
    try:
        analysis = analyse(_diary_of(source, knowledge), load_trial(), knowledge.evidence)
    except DiaryError as error:
        if not source.saved:
            raise
        raise _wrong(
            "diary",
            f"{words.sentence(error.problem)} of {source.where}",
            "write the scores into the patient's diary with their phase, before and in the trial, "
            "or enter the trial with its first and last day in the assessment",
        ) from error
    data = trial_report.as_data(analysis, knowledge.evidence)
    values = {"chance": trial_report.chance, "sure": SURE, "phases": trial_report.PHASE}
    return Answered(data, values, chart=trial_chart(data))


def _diary_of(source: Source, knowledge: Knowledge) -> Diary:
    if source.rows:
        return diary_from_rows(source.rows, source.where)
    if source.record is not None:
        return diary_from_record(source.record, knowledge, source.where)
    return diary_from_text(source.text, source.where)


def _recorded(given: Given) -> tuple[Record, Source]:
    source = given.source("record")
    assert source is not None
    assert source.record is not None
    return source.record, source


def _coverage(given: Given, knowledge: Knowledge) -> Answered:
    record, source = _recorded(given)
    table = load_coverage()
    found = coverage_of(record, table, knowledge.evidence, source.where)
    data = coverage_report.as_data(found, table, knowledge.evidence, source.where)
    values = {
        "sides": coverage_report.SIDE,
        "most_levels": coverage_report.MOST_LEVELS,
        "most_roots": coverage_report.MOST_ROOTS,
    }
    return Answered(data, values, chart=coverage_chart(data))


def _programme(given: Given, knowledge: Knowledge) -> Answered:
    devices = load_devices()
    check = check_programme(
        Programme(
            mode=given.text("mode") or "",
            amplitude=_amplitude(given),
            pulse_width=given.needed("pulse-width"),
            rate=given.needed("rate"),
            impedance=given.amount("impedance"),
            contact=_contact(given, devices, knowledge.evidence),
            sharing=given.whole("sharing") or 1,
            pulses_per_burst=given.whole("pulses-per-burst"),
            within_burst=given.amount("within-burst"),
            on=given.amount("on"),
            off=given.amount("off"),
            hours_a_day=given.decimal("hours-a-day") or Decimal(24),
            second_phase="active" if given.text("second-phase") == "active" else "passive",
            device=given.text("device"),
            battery=_battery(given),
        ),
        load_limits(),
        devices,
        knowledge.evidence,
    )
    data = programme_report.as_data(check, knowledge.evidence)
    return Answered(data, {"check": check, "amount_shown": programme_report.shown})


def _amplitude(given: Given) -> Quantity:
    value = given.needed("amplitude")
    if not (q.is_kind(value, q.CURRENT) or q.is_kind(value, q.VOLTAGE)):
        raise _wrong("amplitude", f"'{q.show(value)}' is {q.kind_of(value)}", "choose mA or V")
    return value


def _contact(
    given: Given, devices: Devices, evidence: Mapping[str, Evidence]
) -> ContactArea | None:
    """The area of a contact: as given, of a ring's measures, or of a typical contact."""
    area, lead = given.amount("contact-area"), given.text("lead")
    wide, long = given.amount("contact-diameter"), given.amount("contact-length")
    ring = wide is not None or long is not None
    if [area is not None, ring, lead is not None].count(True) > 1:
        raise _wrong("contact-area", "the contact is given twice", "give one of area, ring, lead")
    if area is not None:
        return ContactArea(area, "as given")
    if lead is not None:
        contact = devices.contacts[lead]
        found = known(contact.area_mm2, evidence)
        smallest = None if found.low is None else q.quantity(found.low, "mm2")
        return ContactArea(q.quantity(found.value, "mm2"), contact.name, smallest, found.because)
    if wide is None and long is None:
        return None
    if wide is None or long is None:
        raise _wrong("contact-length", "a ring needs diameter and length", "give both")
    return ContactArea(ring_area(wide, long), f"ring of {q.show(wide)} by {q.show(long)}")


def _battery(given: Given) -> Battery | None:
    capacity, voltage = given.amount("battery-capacity"), given.amount("battery-voltage")
    efficiency, idle = given.decimal("battery-efficiency"), given.amount("idle-current")
    if capacity is None or voltage is None:
        if (capacity, voltage, efficiency, idle) != (None, None, None, None):
            raise _wrong(
                "battery-capacity", "a battery needs capacity and voltage", "give both, or neither"
            )
        return None
    return Battery(capacity, voltage, efficiency, idle)


def _before(given: Given, knowledge: Knowledge) -> Answered:
    record, _ = _recorded(given)
    devices, now = load_devices(), dt.datetime.now(dt.UTC)
    date = given.date("procedure-date")
    assert date is not None
    plan = plan_before(
        record,
        knowledge,
        load_stop_times(),
        date=date,
        procedure=given.text("procedure") or "",
        start=given.hour("start"),
        end=given.hour("end"),
        leads_out=given.date("leads-out"),
        today=given.date("today") or now.astimezone().date(),
    )
    return Answered(
        before_report.as_data(plan, devices, knowledge.evidence),
        {"plan": plan},
        calendar=lambda: to_calendar(plan, now),
    )


_RECORD: Final = Field(name="record", label="Record of the patient", kind="record", needed=True)
BENCHES: Final = (
    Bench(
        id="stimulation/trial",
        name="Trial",
        purpose="Relief in a trial of stimulation from the pain diary, how sure it is, and what "
        "each published definition of success makes of it.",
        never="Deciding on an implant by a percentage alone.",
        hazards=(
            "A few scores of good days look like a success: the probability is shown, and how "
            "much more diary would settle it.",
        ),
        fields=(
            Field(
                name="diary",
                label="Diary",
                kind="diary",
                needed=True,
                help="Of a saved patient the diary is used. A file is a CSV with the columns "
                "time, nrs, phase (baseline, trial, after) and, if "
                "known, settings, odi, sleep, opioid; or a record with pain scores and the trial.",
            ),
        ),
        answer=_trial,
        template="workbench/trial.html.jinja",
    ),
    Bench(
        id="stimulation/coverage",
        name="Level of the lead",
        purpose="Level and side at which a lead would begin for the pain of a record, and the "
        "ganglia, with a picture.",
        never="The final place: it is found by testing in the patient.",
        hazards=(
            "Levels are estimates held against published maps: they are shown with their ranges.",
        ),
        fields=(_RECORD,),
        answer=_coverage,
        template="workbench/coverage.html.jinja",
    ),
    Bench(
        id="stimulation/programme",
        name="Programme",
        purpose="Charge, charge density, Shannon's k, current, power and battery of a programme, "
        "each with its working, against limits and how far these can be trusted.",
        never="Proof that a programme is safe.",
        hazards=(
            "A unit that cannot be meant (A for mA, ms for µs) gives a thousand times the charge: "
            "it stops the sum.",
        ),
        fields=(
            Field(
                name="mode",
                label="Mode",
                kind="choice",
                choices={"": "choose", **{mode.id: mode.name for mode in load_limits().modes}},
                needed=True,
            ),
            Field(name="amplitude", label="Amplitude", units=("mA", "µA", "V"), needed=True),
            Field(
                name="pulse-width",
                label="Pulse width",
                of=q.TIME,
                units=("µs", "ms"),
                needed=True,
            ),
            Field(
                name="rate",
                label="Rate",
                of=q.FREQUENCY,
                needed=True,
                help="In a burst the rate of the bursts.",
            ),
            Field(
                name="impedance",
                label="Impedance",
                of=q.RESISTANCE,
                help="Without it no voltage, power and battery.",
            ),
            Field(
                name="lead",
                label="A typical contact",
                kind="choice",
                choices={"": "none", **{k: c.name for k, c in load_devices().contacts.items()}},
                group=_CONTACT,
            ),
            Field(name="contact-area", label="Or area of one contact", of=q.AREA, group=_CONTACT),
            Field(
                name="contact-diameter",
                label="Or a ring: its diameter",
                of=q.LENGTH,
                units=("mm", "cm"),
                group=_CONTACT,
            ),
            Field(
                name="contact-length",
                label="And its length",
                of=q.LENGTH,
                units=("mm", "cm"),
                group=_CONTACT,
            ),
            Field(
                name="sharing",
                label="Contacts that share the current",
                kind="whole",
                usual="1",
                group=_CONTACT,
            ),
            Field(
                name="pulses-per-burst",
                label="Pulses in a burst",
                kind="whole",
                help="The usual number when left empty.",
                group=_PATTERN,
            ),
            Field(name="within-burst", label="Rate within a burst", of=q.FREQUENCY, group=_PATTERN),
            Field(name="on", label="Time on", of=q.TIME, units=("s", "min", "h"), group=_PATTERN),
            Field(name="off", label="Time off", of=q.TIME, units=("s", "min", "h"), group=_PATTERN),
            Field(
                name="hours-a-day",
                label="Hours of use a day",
                kind="decimal",
                usual="24",
                group=_PATTERN,
            ),
            Field(
                name="second-phase",
                label="Second phase of a pulse",
                kind="choice",
                choices={"passive": "passive", "active": "active, driven by the battery"},
                usual="passive",
                group=_PATTERN,
            ),
            Field(
                name="device",
                label="Stimulator",
                kind="choice",
                choices={
                    "": "not named",
                    **{k: s.name for k, s in load_devices().stimulators.items()},
                },
                group=_BATTERY,
            ),
            Field(
                name="battery-capacity",
                label="Capacity of the battery",
                of=q.CHARGE,
                units=("mA·h", "A·h"),
                group=_BATTERY,
            ),
            Field(
                name="battery-voltage",
                label="Voltage of the battery",
                of=q.VOLTAGE,
                units=("V",),
                group=_BATTERY,
            ),
            Field(
                name="battery-efficiency",
                label="Share of its energy that reaches the tissue",
                kind="decimal",
                help="0 to 1.",
                group=_BATTERY,
            ),
            Field(
                name="idle-current",
                label="What the electronics draw",
                of=q.CURRENT,
                units=("µA", "mA"),
                group=_BATTERY,
            ),
        ),
        answer=_programme,
        template="workbench/programme.html.jinja",
    ),
    Bench(
        id="stimulation/before",
        name="Before the procedure",
        purpose="What to stop, ask and check before a lead or a catheter, for the drugs of a "
        "record, with a calendar.",
        never="Stopping a drug without its prescriber.",
        hazards=(
            "A blood thinner that is not recognised, or a date of the wrong day, is a bleeding by "
            "the cord: the longest published pause is planned, and no drug is passed over.",
        ),
        fields=(
            _RECORD,
            Field(
                name="procedure",
                label="Procedure",
                kind="choice",
                choices={"": "choose", **{p.id: p.name for p in load_stop_times().procedures}},
                needed=True,
            ),
            Field(
                name="procedure-date",
                label="Day of the procedure",
                kind="date",
                needed=True,
                help="Year-month-day.",
            ),
            Field(
                name="start",
                label="Begins at",
                kind="hour",
                help="Early in the morning if left empty.",
            ),
            Field(name="end", label="Ends at", kind="hour", help="In the evening if left empty."),
            Field(
                name="leads-out",
                label="Leads of a trial come out on",
                kind="date",
                help="Year-month-day.",
            ),
            Field(
                name="today",
                label="Planned from",
                kind="date",
                help="Today if left empty.",
            ),
        ),
        answer=_before,
        template="workbench/before.html.jinja",
    ),
)
