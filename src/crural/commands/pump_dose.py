"""Commands of the `pump` group that prepare a dose: dose, the two sheets, granuloma.

`add_to` puts them into the group. Each reads its input, calls one function and writes what it
gives; nothing is decided here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from crural.intrathecal.sheets import SheetKind

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_SHEET_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "json"]),
    default="text",
    show_default=True,
    help="html is ready to print.",
)
_CHECKED = click.option(
    "--i-have-checked",
    "checked",
    is_flag=True,
    help="Go on past a stop, after the number was checked against prescription, label and "
    "syringe. What cannot be is stopped all the same.",
)
_DRUG = click.option(
    "--drug",
    default="morphine",
    show_default=True,
    help="morphine, hydromorphone, ziconotide, baclofen, clonidine, bupivacaine ...",
)
_CALL = click.option(
    "--call",
    "calls",
    multiple=True,
    metavar="TEXT",
    help="Whom to call, as 'Pump clinic: 0123 456789'; may be given again.",
)
_OUTPUT = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of the screen.",
)


def add_to(group: click.Group) -> None:
    """Adds the commands to a group."""
    for command in (dose, withdrawal_sheet, overdose_sheet, granuloma):
        group.add_command(command)


@click.command()
@click.argument("record", required=False, type=click.Path(path_type=Path))
@_DRUG
@click.option(
    "--oral-total",
    metavar="AMOUNT",
    help="Opioids by mouth as oral morphine, such as '120 mg/day'; '0 mg/day' for none. "
    "Otherwise added up from RECORD.",
)
@click.option(
    "--proposed",
    metavar="AMOUNT",
    help="A first daily dose that somebody has in mind, to hold against what is published.",
)
@_CHECKED
@_FORMAT
def dose(  # noqa: PLR0917
    record: Path | None,
    drug: str,
    oral_total: str | None,
    proposed: str | None,
    checked: bool,
    form: str,
) -> None:
    """What is published on first doses: conversions, starts, steps, limits, watching; and gaps.

    Ranges with who says so; never one number, and no prescription.
    """
    from crural import quantity as q  # noqa: PLC0415
    from crural.intrathecal import dose_report, slips  # noqa: PLC0415
    from crural.intrathecal.first_dose import first_dose  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.record import read_record  # noqa: PLC0415

    knowledge = load_knowledge()
    patient = read_record(record, knowledge.vocabulary) if record is not None else None
    found = first_dose(
        drug,
        patient,
        knowledge,
        oral_total=q.parse(oral_total, q.DAILY_DOSE, field="--oral-total") if oral_total else None,
        proposed=q.parse(proposed, q.DAILY_DOSE, field="--proposed") if proposed else None,
    )
    slips.enforce(found.findings, checked=checked)
    _write(
        form,
        lambda: dose_report.as_data(found, knowledge.evidence),
        lambda: dose_report.to_text(found, knowledge.evidence),
    )


@click.command("withdrawal-sheet")
@_DRUG
@_CALL
@_SHEET_FORMAT
@_OUTPUT
def withdrawal_sheet(drug: str, calls: tuple[str, ...], form: str, output: Path | None) -> None:
    """A sheet to print: signs that the pump gives too little, what to do, whom to call."""
    _sheet("withdrawal", drug, calls, form, output)


@click.command("overdose-sheet")
@_DRUG
@_CALL
@_SHEET_FORMAT
@_OUTPUT
def overdose_sheet(drug: str, calls: tuple[str, ...], form: str, output: Path | None) -> None:
    """A sheet to print: signs that the pump gives too much, what to do, whom to call."""
    _sheet("overdose", drug, calls, form, output)


@click.command()
@_DRUG
@click.option("--dose", "daily", metavar="AMOUNT", help="Daily dose, such as '5 mg/day'.")
@click.option("--concentration", metavar="AMOUNT", help="Such as '20 mg/mL'.")
@_CHECKED
@_FORMAT
def granuloma(
    drug: str, daily: str | None, concentration: str | None, checked: bool, form: str
) -> None:
    """What is published on masses at the catheter tip, by dose and concentration."""
    from crural import quantity as q  # noqa: PLC0415
    from crural.intrathecal import granuloma as room  # noqa: PLC0415
    from crural.intrathecal import slips  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415

    evidence = load_knowledge().evidence
    found = room.granuloma(
        drug,
        dose=q.parse(daily, q.DAILY_DOSE, field="--dose") if daily else None,
        concentration=q.parse(concentration, q.CONCENTRATION, field="--concentration")
        if concentration
        else None,
    )
    slips.enforce(found.findings, checked=checked)
    _write(form, lambda: room.as_data(found, evidence), lambda: room.to_text(found, evidence))


def _sheet(
    kind: SheetKind, drug: str, calls: tuple[str, ...], form: str, output: Path | None
) -> None:
    import json  # noqa: PLC0415

    from crural.intrathecal import sheets  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415

    evidence = load_knowledge().evidence
    sheet = sheets.pump_sheet(kind, drug, calls=calls)
    if form == "json":
        made = json.dumps(sheets.as_data(sheet, evidence), ensure_ascii=False, indent=2) + "\n"
    elif form == "html":
        made = sheets.to_html(sheet, evidence)
    else:
        made = sheets.to_text(sheet, evidence)
    if output is None:
        click.echo(made, nl=False)
        return
    from crural.cli import _write as write_whole  # noqa: PLC0415

    write_whole(made, output)


def _write(form: str, data: Any, text: Any) -> None:
    import json  # noqa: PLC0415

    if form == "json":
        click.echo(json.dumps(data(), ensure_ascii=False, indent=2))
    else:
        click.echo(text(), nl=False)
