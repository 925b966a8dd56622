"""Commands for implanted pumps: exact sums with units, their working, and what could go wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crural.commands.pump_dose import add_to

if TYPE_CHECKING:
    from crural.intrathecal.answer import Answer, Sheet
    from crural.intrathecal.chosen import Chosen
    from crural.quantity import Quantity

_Command = TypeVar("_Command", bound=Callable[..., Any])

# Figures of the pump that can be given by hand: option, kind (constant of crural.quantity), help.
_FIGURES = (
    ("--reservoir", "VOLUME", "What the reservoir holds, as '20 mL'."),
    ("--flow-least", "FLOW", "Lowest flow of the pump, as '0.048 mL/day'."),
    ("--flow-most", "FLOW", "Highest flow of the pump."),
    ("--over", "SHARE", "How far it may deliver too much, as 0.145."),
    ("--under", "SHARE", "How far it may deliver too little."),
    ("--alarm", "VOLUME", "Volume at which its alarm is set."),
    ("--tubing", "VOLUME", "Volume of the tubing inside the pump."),
    ("--side-port", "VOLUME", "Volume from the side port to the catheter."),
)
_CATHETER = (
    ("--catheter-volume", "Volume inside the catheter, as '0.2 mL'."),
    ("--catheter-length", "Length of the catheter in the body, as '80 cm'."),
    ("--trimmed", "Length cut off at the implant."),
    ("--per-length", "Volume per length, as '0.0026 mL/cm'."),
)


def _common(command: _Command) -> _Command:
    """The options of every command: the pump, its figures, the form of the answer."""
    for option, _, words in reversed(_FIGURES):
        command = click.option(option, metavar="AMOUNT", help=words)(command)
    command = click.option("--pump", metavar="ID", help="The pump, as 'synchromed-ii-40'.")(command)
    command = click.option(
        "--i-have-checked",
        "checked",
        is_flag=True,
        help="Let an unusual amount pass that prescription, label and syringe agree on.",
    )(command)
    return click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
    )(command)


def _catheter(command: _Command) -> _Command:
    for option, words in reversed(_CATHETER):
        command = click.option(option, metavar="AMOUNT", help=words)(command)
    return click.option("--catheter", metavar="ID", help="The catheter, as 'prometra'.")(command)


def _drug(command: _Command) -> _Command:
    return click.option("--drug", help="The drug, so that its published limits are looked at.")(
        command
    )


@click.group()
def pump() -> None:
    """Implanted pumps: doses and their limits, exact sums, and what could go wrong.

    Amounts carry their unit: '1.5 mg/day', '20 mg/mL', '0.25 mL'.
    """


@pump.command()
@_drug
@click.option("--dose", metavar="AMOUNT", help="Daily dose, as '1.5 mg/day'.")
@click.option("--concentration", metavar="AMOUNT", help="As '20 mg/mL'.")
@click.option("--flow", metavar="AMOUNT", help="As '0.075 mL/day'.")
@_common
def rate(drug: str | None, form: str, **options: Any) -> None:
    """Daily dose, concentration, flow: give two, get the third, with the limits of the pump."""
    from crural.intrathecal.rate import rate as answer  # noqa: PLC0415

    _tell(
        answer(
            _chosen(options),
            dose=_read(options, "dose", "DAILY_DOSE"),
            concentration=_read(options, "concentration", "CONCENTRATION"),
            flow=_read(options, "flow", "FLOW"),
            drug=drug,
        ),
        form,
    )


@pump.command()
@click.option("--filled", required=True, metavar="DATE", help="As 2026-03-02 or 2026-03-02T10:30.")
@click.option("--volume", required=True, metavar="AMOUNT", help="What was filled in.")
@click.option("--flow", metavar="AMOUNT", help="Flow of the base rate.")
@click.option("--dose", metavar="AMOUNT", help="Daily dose, instead of the flow.")
@click.option("--concentration", metavar="AMOUNT", help="With --dose.")
@click.option("--boluses", metavar="AMOUNT", help="Flow of all boluses allowed ('pump bolus').")
@click.option("--drug", "drugs", multiple=True, help="A drug of the filling; once for each.")
@click.option("--filling", metavar="ID", help="How it was made up, as 'ziconotide-diluted'.")
@click.option("--keeps", metavar="AMOUNT", help="How long the filling keeps, as '90 days'.")
@click.option(
    "--calendar",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the dates to this .ics file.",
)
@_common
def refill(
    filled: str,
    drugs: tuple[str, ...],
    filling: str | None,
    calendar: Path | None,
    form: str,
    **options: Any,
) -> None:
    """The last day for a refill: by volume, by alarm, by how long the drug keeps."""
    from crural.intrathecal.refill import as_calendar  # noqa: PLC0415
    from crural.intrathecal.refill import refill as answer  # noqa: PLC0415

    made = answer(
        _chosen(options),
        filled=_date(filled),
        volume=_needed(options, "volume", "VOLUME"),
        flow=_read(options, "flow", "FLOW"),
        dose=_read(options, "dose", "DAILY_DOSE"),
        concentration=_read(options, "concentration", "CONCENTRATION"),
        boluses=_read(options, "boluses", "FLOW"),
        drugs=drugs,
        filling=filling,
        keeps=_read(options, "keeps", "TIME"),
    )
    if calendar is not None:
        _write_calendar(calendar, as_calendar(made))
    _tell(made, form)


@pump.command()
@click.option(
    "--old",
    multiple=True,
    required=True,
    metavar="DRUG AMOUNT",
    help="A drug of the old solution, as 'morphine 20 mg/mL'; once for each.",
)
@click.option("--new", multiple=True, required=True, metavar="DRUG AMOUNT", help="Of the new one.")
@click.option("--old-dose", multiple=True, metavar="DRUG AMOUNT", help="As 'morphine 4 mg/day'.")
@click.option("--new-dose", multiple=True, metavar="DRUG AMOUNT", help="Of the new solution.")
@click.option("--old-flow", metavar="AMOUNT", help="Instead of --old-dose.")
@click.option("--new-flow", metavar="AMOUNT", help="Instead of --new-dose.")
@click.option(
    "--bridge-dose",
    multiple=True,
    metavar="DRUG AMOUNT",
    help="Daily dose of the old drug during the bridge; the old dose if not given.",
)
@click.option(
    "--chart",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw what the patient receives to this .svg or .png file.",
)
@_catheter
@_common
def bridge(  # noqa: PLR0917
    old: tuple[str, ...],
    new: tuple[str, ...],
    old_dose: tuple[str, ...],
    new_dose: tuple[str, ...],
    bridge_dose: tuple[str, ...],
    chart: Path | None,
    form: str,
    **options: Any,
) -> None:
    """Another concentration or drug: the bridge, and what the patient receives hour by hour."""
    from crural import quantity  # noqa: PLC0415
    from crural.commands.charts import write_chart  # noqa: PLC0415
    from crural.intrathecal.answer import Sheet  # noqa: PLC0415
    from crural.intrathecal.bridge import bridge as answer  # noqa: PLC0415
    from crural.intrathecal.bridge import flows  # noqa: PLC0415
    from crural.intrathecal.bridge_chart import bridge_chart  # noqa: PLC0415
    from crural.intrathecal.chosen import read_amounts  # noqa: PLC0415

    chosen, sheet = _chosen(options), Sheet()
    first = read_amounts(old, quantity.CONCENTRATION, "--old")
    second = read_amounts(new, quantity.CONCENTRATION, "--new")
    doses = {
        which: read_amounts(texts, quantity.DAILY_DOSE, f"--{which}-dose")
        for which, texts in (("old", old_dose), ("new", new_dose), ("bridge", bridge_dose))
    }
    made, change = answer(
        chosen,
        sheet,
        old=first,
        new=second,
        old_flow=flows(first, doses["old"], _read(options, "old_flow", "FLOW"), "--old-dose"),
        new_flow=flows(second, doses["new"], _read(options, "new_flow", "FLOW"), "--new-dose"),
        catheter=_inside(chosen, sheet, options),
        bridge_flow=flows(first, doses["bridge"], None, "--bridge-dose")
        if doses["bridge"]
        else None,
    )
    if chart is not None:
        write_chart(bridge_chart(change), chart)
    _tell(made, form)


@pump.command()
@_drug
@click.option("--concentration", required=True, metavar="AMOUNT", help="As '20 mg/mL'.")
@click.option(
    "--empty",
    type=click.Choice(["both", "pump", "catheter"]),
    default="both",
    show_default=True,
    help="What holds no drug yet.",
)
@click.option("--dose", metavar="AMOUNT", help="Daily dose that follows.")
@click.option("--lasts", metavar="AMOUNT", help="Time over which it is primed, as '30 min'.")
@_catheter
@_common
def prime(drug: str | None, empty: str, form: str, **options: Any) -> None:
    """The priming bolus of a new pump, a new catheter, or both."""
    from crural.intrathecal.answer import Sheet  # noqa: PLC0415
    from crural.intrathecal.side_port import prime as answer  # noqa: PLC0415

    chosen, sheet = _chosen(options), Sheet()
    _tell(
        answer(
            chosen,
            sheet,
            concentration=_needed(options, "concentration", "CONCENTRATION"),
            empty=frozenset(("pump", "catheter") if empty == "both" else (empty,)),  # type: ignore[arg-type]
            catheter=None if empty == "pump" else _inside(chosen, sheet, options),
            dose=_read(options, "dose", "DAILY_DOSE"),
            lasts=_read(options, "lasts", "TIME"),
            drug=drug,
        ),
        form,
    )


@pump.command()
@_drug
@click.option("--concentration", required=True, metavar="AMOUNT", help="As '20 mg/mL'.")
@click.option("--dose", metavar="AMOUNT", help="Daily dose.")
@click.option("--drawn", metavar="AMOUNT", help="What could be drawn back.")
@_catheter
@_common
def aspirate(drug: str | None, form: str, **options: Any) -> None:
    """What to draw from the side port before contrast, and the dose pushed in if it is not."""
    from crural.intrathecal.answer import Sheet  # noqa: PLC0415
    from crural.intrathecal.side_port import aspirate as answer  # noqa: PLC0415

    chosen, sheet = _chosen(options), Sheet()
    _tell(
        answer(
            chosen,
            sheet,
            concentration=_needed(options, "concentration", "CONCENTRATION"),
            catheter=_inside(chosen, sheet, options),
            dose=_read(options, "dose", "DAILY_DOSE"),
            drawn=_read(options, "drawn", "VOLUME"),
            drug=drug,
        ),
        form,
    )


@pump.command()
@click.option(
    "--drug",
    "drugs",
    multiple=True,
    required=True,
    metavar="DRUG AMOUNT",
    help="A drug and its concentration, as 'morphine 20 mg/mL'; once for each.",
)
@click.option(
    "--dose",
    "doses",
    multiple=True,
    metavar="DRUG AMOUNT",
    help="Daily dose of one drug, as 'morphine 4 mg/day'.",
)
@click.option("--flow", metavar="AMOUNT", help="Instead of --dose.")
@click.option(
    "--stock",
    "stocks",
    multiple=True,
    metavar="DRUG AMOUNT",
    help="Stock solution, as 'morphine 50 mg/mL'; once for each drug.",
)
@click.option("--volume", metavar="AMOUNT", help="Volume of the filling, with --stock.")
@click.option("--extra", metavar="AMOUNT", help="Made besides, to fill the refill set.")
@_common
def mix(
    drugs: tuple[str, ...],
    doses: tuple[str, ...],
    stocks: tuple[str, ...],
    form: str,
    **options: Any,
) -> None:
    """Mixtures: the daily dose of each drug, all limits at once, and how to make the filling."""
    from crural import quantity  # noqa: PLC0415
    from crural.intrathecal.bridge import flows  # noqa: PLC0415
    from crural.intrathecal.chosen import read_amounts  # noqa: PLC0415
    from crural.intrathecal.mixture import mix as answer  # noqa: PLC0415

    solution = read_amounts(drugs, quantity.CONCENTRATION, "--drug")
    wanted = read_amounts(doses, quantity.DAILY_DOSE, "--dose")
    _tell(
        answer(
            _chosen(options),
            solution=solution,
            flow=flows(solution, wanted, _read(options, "flow", "FLOW"), "--dose")
            if wanted or options["flow"]
            else _needed(options, "flow", "FLOW"),
            stocks=read_amounts(stocks, quantity.CONCENTRATION, "--stock") or None,
            volume=_needed(options, "volume", "VOLUME") if stocks else None,
            extra=_read(options, "extra", "VOLUME"),
        ),
        form,
    )


@pump.command()
@_drug
@click.option("--basal", required=True, metavar="AMOUNT", help="Daily dose of the base rate.")
@click.option("--dose", required=True, metavar="AMOUNT", help="Dose of one bolus, as '0.2 mg'.")
@click.option("--lockout", required=True, metavar="AMOUNT", help="As '4 h'.")
@click.option("--most", type=click.IntRange(min=0), help="Boluses a day, if limited.")
@click.option("--rolling", is_flag=True, help="The pump counts over any 24 hours.")
@click.option("--lasts", metavar="AMOUNT", help="Time that a bolus takes, as '10 min'.")
@click.option("--concentration", metavar="AMOUNT", help="As '20 mg/mL'.")
@_common
def bolus(drug: str | None, most: int | None, rolling: bool, form: str, **options: Any) -> None:
    """Patient-activated boluses: the worst 24 hours, against the limits."""
    from crural.intrathecal.boluses import bolus as answer  # noqa: PLC0415

    _tell(
        answer(
            _chosen(options),
            basal=_needed(options, "basal", "DAILY_DOSE"),
            dose=_needed(options, "dose", "DOSE"),
            lockout=_needed(options, "lockout", "TIME"),
            most=most,
            lasts=_read(options, "lasts", "TIME"),
            concentration=_read(options, "concentration", "CONCENTRATION"),
            rolling=rolling,
            drug=drug,
        ),
        form,
    )


@pump.command()
@_drug
@click.option("--filled", "volume", required=True, metavar="AMOUNT", help="Filled in last time.")
@click.option("--expected", required=True, metavar="AMOUNT", help="What the programmer expects.")
@click.option("--measured", required=True, metavar="AMOUNT", help="What was drawn.")
@click.option("--concentration", metavar="AMOUNT", help="As '20 mg/mL'.")
@click.option("--days", metavar="AMOUNT", help="Time since the filling, as '84 days'.")
@_common
def discrepancy(drug: str | None, form: str, **options: Any) -> None:
    """Residual volume against what was expected: within accuracy, what it may mean, what to do."""
    from crural.intrathecal.discrepancy import discrepancy as answer  # noqa: PLC0415

    _tell(
        answer(
            _chosen(options),
            filled=_needed(options, "volume", "VOLUME"),
            expected=_needed(options, "expected", "VOLUME"),
            measured=_needed(options, "measured", "VOLUME"),
            concentration=_read(options, "concentration", "CONCENTRATION"),
            days=_read(options, "days", "TIME"),
            drug=drug,
        ),
        form,
    )


add_to(pump)


# Reading and writing ----------------------------------------------------------------------------


def _read(options: Mapping[str, Any], name: str, kind: str) -> Quantity | None:
    """The amount of an option; None when it was not given."""
    from crural import quantity  # noqa: PLC0415

    text = options[name]
    if text is None:
        return None
    field = "--" + name.replace("_", "-")
    if kind == "SHARE":
        return _share(text, field)
    return quantity.parse(text, getattr(quantity, kind), field=field)


def _needed(options: Mapping[str, Any], name: str, kind: str) -> Quantity:
    from crural.intrathecal.arithmetic import refuse  # noqa: PLC0415

    read = _read(options, name, kind)
    if read is None:
        raise refuse("--" + name, "is not given", "give it with its unit")
    return read


def _share(text: str, field: str) -> Quantity:
    """A share: '0.145' or '14.5 %'."""
    from crural import quantity  # noqa: PLC0415
    from crural.intrathecal.arithmetic import refuse  # noqa: PLC0415

    digits = text.strip().removesuffix("%").strip()
    if not digits.replace(".", "", 1).isdigit() or digits.startswith("."):
        raise refuse(field, f"'{text}' is not a share", "write 0.145 or '14.5 %'")
    number = Decimal(digits) / (100 if text.strip().endswith("%") else 1)
    if number >= 1:
        raise refuse(field, f"'{text}' is the whole or more", "write 0.145 or '14.5 %'")
    return quantity.quantity(number, "1")


def _date(text: str) -> dt.datetime:
    from crural.intrathecal.arithmetic import refuse  # noqa: PLC0415

    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        raise refuse(
            "--filled", f"'{text}' is not a date", "write it as 2026-03-02 or 2026-03-02T10:30"
        ) from None
    return read.replace(tzinfo=None)


def _chosen(options: Mapping[str, Any]) -> Chosen:
    from crural.intrathecal.chosen import choose  # noqa: PLC0415

    given = {
        name: _read(options, name, kind)
        for name, kind in ((option[2:].replace("-", "_"), kind) for option, kind, _ in _FIGURES)
    }
    return choose(_evidence(), options["pump"], options["checked"], **given)


def _inside(chosen: Chosen, sheet: Sheet, options: Mapping[str, Any]) -> Quantity:
    from crural.intrathecal.chosen import catheter_inside  # noqa: PLC0415

    return catheter_inside(
        chosen,
        sheet,
        options["catheter"],
        _read(options, "catheter_volume", "VOLUME"),
        _read(options, "catheter_length", "LENGTH"),
        _read(options, "trimmed", "LENGTH"),
        _read(options, "per_length", "VOLUME_PER_LENGTH"),
    )


def _evidence() -> Mapping[str, Any]:
    from crural.knowledge import load_knowledge  # noqa: PLC0415

    return load_knowledge().evidence


def _tell(answer: Answer, form: str) -> None:
    from crural.intrathecal.answer import to_json, to_text  # noqa: PLC0415

    evidence = _evidence()
    click.echo(to_json(answer, evidence) if form == "json" else to_text(answer, evidence).rstrip())


def _write_calendar(path: Path, text: str) -> None:
    from crural.intrathecal.arithmetic import refuse  # noqa: PLC0415

    if path.suffix.lower() != ".ics":
        raise refuse("--calendar", f"{path} does not end in .ics", f"name it {path.stem}.ics")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        raise refuse(
            "--calendar",
            f"{path} cannot be written: {error.strerror}",
            "name a folder that exists and that you may write to",
        ) from None
