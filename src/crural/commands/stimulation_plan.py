"""Commands that plan stimulation: the limits of a programme, and what comes before a lead."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crural.errors import CruralError

if TYPE_CHECKING:
    from crural.knowledge.devices import Devices
    from crural.knowledge.evidence import Evidence
    from crural.quantity import Quantity
    from crural.stimulation.programme import Battery, ContactArea

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.command()
@click.option(
    "--mode",
    required=True,
    help="tonic, burst, high-frequency (10 kHz), high-density, ganglion or other.",
)
@click.option("--amplitude", required=True, help="Such as '4.5 mA', or '3 V' with an impedance.")
@click.option("--pulse-width", required=True, help="Such as '300 us'.")
@click.option("--rate", required=True, help="Such as '50 Hz'; in a burst the rate of the bursts.")
@click.option("--impedance", help="Such as '600 ohm'; without it no voltage, power and battery.")
@click.option("--contact-area", help="Area of one contact, such as '12 mm2'.")
@click.option("--contact-diameter", help="Of a ring, such as '1.3 mm', with --contact-length.")
@click.option("--contact-length", help="Of a ring, such as '3 mm', with --contact-diameter.")
@click.option(
    "--lead", help="A typical contact: typical-ring, typical-plate, typical-ganglion-ring."
)
@click.option("--sharing", type=int, default=1, show_default=True, help="Contacts that share it.")
@click.option("--pulses-per-burst", type=int, help="Usual number when left out.")
@click.option("--within-burst", help="Rate within a burst, such as '500 Hz'.")
@click.option("--on", "on_time", help="Time on of a cycle, such as '30 s', with --off.")
@click.option("--off", "off_time", help="Time off of a cycle, such as '90 s', with --on.")
@click.option("--hours-a-day", default="24", show_default=True, help="Hours of use a day.")
@click.option(
    "--second-phase",
    type=click.Choice(["passive", "active"]),
    default="passive",
    show_default=True,
    help="Whether the battery drives the second phase of a pulse too.",
)
@click.option("--device", help="A stimulator of data/devices, such as abbott-eterna.")
@click.option("--battery-capacity", help="Such as '200 mAh', with --battery-voltage.")
@click.option("--battery-voltage", help="Such as '3.7 V', with --battery-capacity.")
@click.option("--battery-efficiency", help="Share of its energy that reaches the tissue: 0 to 1.")
@click.option("--idle-current", help="What the electronics draw, such as '20 uA'.")
@_FORMAT
def programme(  # noqa: PLR0917
    mode: str,
    amplitude: str,
    pulse_width: str,
    rate: str,
    impedance: str | None,
    contact_area: str | None,
    contact_diameter: str | None,
    contact_length: str | None,
    lead: str | None,
    sharing: int,
    pulses_per_burst: int | None,
    within_burst: str | None,
    on_time: str | None,
    off_time: str | None,
    hours_a_day: str,
    second_phase: str,
    device: str | None,
    battery_capacity: str | None,
    battery_voltage: str | None,
    battery_efficiency: str | None,
    idle_current: str | None,
    form: str,
) -> None:
    """Charge, charge density, Shannon's k, current, power and battery of a programme.

    Every result shows its formula and the numbers put in; every limit its source and how far it
    can be trusted. A value that cannot be meant (A for mA, ms for us) stops the command.
    """
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.knowledge.devices import load_devices, load_limits  # noqa: PLC0415
    from crural.quantity import CURRENT, FREQUENCY, RESISTANCE, TIME  # noqa: PLC0415
    from crural.stimulation.programme import Programme, check_programme  # noqa: PLC0415
    from crural.stimulation.programme_report import to_json, to_text  # noqa: PLC0415

    evidence = load_knowledge().evidence
    devices = load_devices()
    check = check_programme(
        Programme(
            mode=mode,
            amplitude=_amplitude(amplitude),
            pulse_width=_needed(pulse_width, TIME, "pulse-width"),
            rate=_needed(rate, FREQUENCY, "rate"),
            impedance=_read(impedance, RESISTANCE, "impedance"),
            contact=_contact(
                contact_area, (contact_diameter, contact_length), lead, devices, evidence
            ),
            sharing=sharing,
            pulses_per_burst=pulses_per_burst,
            within_burst=_read(within_burst, FREQUENCY, "within-burst"),
            on=_read(on_time, TIME, "on"),
            off=_read(off_time, TIME, "off"),
            hours_a_day=_decimal(hours_a_day, "hours-a-day"),
            second_phase="active" if second_phase == "active" else "passive",
            device=device,
            battery=_battery(
                battery_capacity,
                battery_voltage,
                battery_efficiency,
                _read(idle_current, CURRENT, "idle-current"),
            ),
        ),
        load_limits(),
        devices,
        evidence,
    )
    click.echo(
        to_json(check, evidence) if form == "json" else to_text(check, evidence).rstrip("\n")
    )


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--procedure-date", required=True, help="The day, as YYYY-MM-DD.")
@click.option(
    "--procedure",
    "kind",
    default="trial",
    show_default=True,
    help="trial, implant, revision, ganglion-trial, ganglion-implant, generator-replacement, "
    "pump-implant, pump-replacement, intrathecal-catheter-trial, intrathecal-injection, "
    "epidural-injection or medial-branch.",
)
@click.option("--start", help="When it begins, as HH:MM; early in the morning when left out.")
@click.option("--end", "end", help="When it ends, as HH:MM; in the evening when left out.")
@click.option("--leads-out", help="The day on which the leads of a trial come out: YYYY-MM-DD.")
@click.option("--today", help="The day from which to plan; the date of the computer if left out.")
@click.option(
    "--calendar",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the dates to this .ics file too.",
)
@_FORMAT
def before(  # noqa: PLR0917
    record: Path,
    procedure_date: str,
    kind: str,
    start: str | None,
    end: str | None,
    leads_out: str | None,
    today: str | None,
    calendar: Path | None,
    form: str,
) -> None:
    """What to stop, ask and check before a lead or a catheter, for the drugs of RECORD.

    The longest published pause that may apply is planned. Nothing is stopped without the
    prescriber; a drug that is not recognised is never passed over.
    """
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.knowledge.devices import load_devices, load_stop_times  # noqa: PLC0415
    from crural.record import read_record  # noqa: PLC0415
    from crural.stimulation.before import plan_before  # noqa: PLC0415
    from crural.stimulation.before_report import to_json, to_text  # noqa: PLC0415
    from crural.stimulation.calendar import to_calendar  # noqa: PLC0415

    if calendar is not None and calendar.suffix.lower() != ".ics":
        raise _wrong("calendar", f"{calendar} is no calendar file", "let its name end in .ics")
    knowledge = load_knowledge()
    devices = load_devices()
    now = dt.datetime.now(dt.UTC)
    plan = plan_before(
        read_record(record, knowledge.vocabulary),
        knowledge,
        load_stop_times(),
        date=_day(procedure_date, "procedure-date"),
        procedure=kind,
        start=None if start is None else _hour(start, "start"),
        end=None if end is None else _hour(end, "end"),
        leads_out=None if leads_out is None else _day(leads_out, "leads-out"),
        today=now.astimezone().date() if today is None else _day(today, "today"),
    )
    if calendar is not None:
        _save(to_calendar(plan, now), calendar)
    told = to_json if form == "json" else to_text
    click.echo(told(plan, devices, knowledge.evidence).rstrip("\n"))


def _day(text: str, field: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise _wrong(field, f"'{text}' is not a date", "write it as 2026-03-01") from None


def _hour(text: str, field: str) -> dt.time:
    try:
        return dt.datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise _wrong(field, f"'{text}' is not an hour", "write it as 08:30") from None


def _save(text: str, path: Path) -> None:
    """Whole or not at all; line ends stay as they are."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(text.encode())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CruralError(
            file=str(path),
            problem=f"cannot be written: {error.strerror}",
            remedy="name a folder that exists and that you may write to",
        ) from error


def _needed(text: str, kind: str, field: str) -> Quantity:
    from crural.quantity import parse  # noqa: PLC0415

    return parse(text, kind, field=field, file="command line")


def _read(text: str | None, kind: str, field: str) -> Quantity | None:
    return None if text is None else _needed(text, kind, field)


def _amplitude(text: str) -> Quantity:
    from crural.quantity import CURRENT, VOLTAGE, is_kind, kind_of, parse  # noqa: PLC0415

    value = parse(text, field="amplitude", file="command line")
    if not (is_kind(value, CURRENT) or is_kind(value, VOLTAGE)):
        raise _wrong(
            "amplitude", f"'{text}' is {kind_of(value)}", "write mA or V, such as '4.5 mA'"
        )
    return value


def _decimal(text: str, field: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise _wrong(field, f"'{text}' is not a number", "write digits, such as 0.5")
    return value


def _contact(
    area: str | None,
    ring: tuple[str | None, str | None],
    lead: str | None,
    devices: Devices,
    evidence: Mapping[str, Evidence],
) -> ContactArea | None:
    """The area of a contact: as given, of a ring's measures, or of a typical contact."""
    from crural.knowledge.devices import known  # noqa: PLC0415
    from crural.quantity import AREA, LENGTH, quantity, show  # noqa: PLC0415
    from crural.stimulation.programme import ContactArea, ring_area  # noqa: PLC0415

    if [area is not None, ring != (None, None), lead is not None].count(True) > 1:
        raise _wrong("contact-area", "the contact is given twice", "give one of area, ring, lead")
    if area is not None:
        return ContactArea(_needed(area, AREA, "contact-area"), "as given")
    if lead is not None:
        if lead not in devices.contacts:
            known_leads = ", ".join(devices.contacts)
            raise _wrong("lead", f"no contact is called '{lead}'", f"name one of {known_leads}")
        contact = devices.contacts[lead]
        found = known(contact.area_mm2, evidence)
        smallest = None if found.low is None else quantity(found.low, "mm2")
        return ContactArea(quantity(found.value, "mm2"), contact.name, smallest, found.because)
    if ring == (None, None):
        return None
    diameter, length = ring
    if diameter is None or length is None:
        raise _wrong("contact-length", "a ring needs diameter and length", "give both")
    wide, long = (
        _needed(diameter, LENGTH, "contact-diameter"),
        _needed(length, LENGTH, "contact-length"),
    )
    return ContactArea(ring_area(wide, long), f"ring of {show(wide)} by {show(long)}")


def _battery(
    capacity: str | None, voltage: str | None, efficiency: str | None, idle: Quantity | None
) -> Battery | None:
    from crural.quantity import VOLTAGE, quantity  # noqa: PLC0415
    from crural.stimulation.programme import Battery  # noqa: PLC0415

    if capacity is None or voltage is None:
        if (capacity, voltage, efficiency, idle) != (None, None, None, None):
            raise _wrong(
                "battery-capacity", "a battery needs capacity and voltage", "give both, or neither"
            )
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(mAh|Ah)\s*", capacity)
    if match is None:
        raise _wrong(
            "battery-capacity", f"'{capacity}' is no capacity", "write mAh, such as '200 mAh'"
        )
    return Battery(
        capacity=quantity(match[1], "mA*h" if match[2] == "mAh" else "A*h"),
        voltage=_needed(voltage, VOLTAGE, "battery-voltage"),
        efficiency=None if efficiency is None else _decimal(efficiency, "battery-efficiency"),
        idle_current=idle,
    )


def _wrong(field: str, problem: str, remedy: str) -> CruralError:
    return CruralError(file="command line", field=field, problem=problem, remedy=remedy)
