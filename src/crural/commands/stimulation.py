"""Commands about spinal cord stimulation: the trial, where to put the lead, what to set."""

from __future__ import annotations

from pathlib import Path

import click

from crural.commands import stimulation_plan

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_CHART = click.option(
    "--chart",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a chart to this file too: .svg or .png.",
)


@click.group()
def stimulation() -> None:
    """Look at a trial of spinal cord stimulation, and plan one."""


stimulation.add_command(stimulation_plan.programme)
stimulation.add_command(stimulation_plan.before)


@stimulation.command()
@click.argument("diary", metavar="DIARY|RECORD", type=click.Path(path_type=Path))
@_FORMAT
@_CHART
def trial(diary: Path, form: str, chart: Path | None) -> None:
    """Relief in a trial, how sure it is, and what each definition of success makes of it.

    DIARY is a CSV file with the columns time, nrs, phase (baseline, trial, after) and, if known,
    settings, odi, sleep, opioid; RECORD a record (.yaml, .json) with pain scores and the trial
    among its treatments.
    """
    import json  # noqa: PLC0415

    from crural.commands.charts import write_chart  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.knowledge.stimulation import load_trial  # noqa: PLC0415
    from crural.record import read_record  # noqa: PLC0415
    from crural.stimulation.diary import diary_from_record, read_diary  # noqa: PLC0415
    from crural.stimulation.trial import analyse  # noqa: PLC0415
    from crural.stimulation.trial_chart import trial_chart  # noqa: PLC0415
    from crural.stimulation.trial_report import as_data, to_text  # noqa: PLC0415

    knowledge = load_knowledge()
    if diary.suffix.casefold() in {".yaml", ".yml", ".json"}:
        record = read_record(diary, knowledge.vocabulary)
        read = diary_from_record(record, knowledge, str(diary))
    else:
        read = read_diary(diary)
    data = as_data(analyse(read, load_trial(), knowledge.evidence), knowledge.evidence)
    if chart is not None:
        write_chart(trial_chart(data), chart)
    if form == "json":
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo(to_text(data), nl=False)


@stimulation.command()
@click.argument("record", type=click.Path(path_type=Path))
@_FORMAT
@_CHART
def coverage(record: Path, form: str, chart: Path | None) -> None:
    """Level and side at which a lead would begin for the pain of RECORD, and its ganglia."""
    import json  # noqa: PLC0415

    from crural.commands.charts import write_chart  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.knowledge.stimulation import load_coverage  # noqa: PLC0415
    from crural.record import read_record  # noqa: PLC0415
    from crural.stimulation.coverage import coverage_of  # noqa: PLC0415
    from crural.stimulation.coverage_chart import coverage_chart  # noqa: PLC0415
    from crural.stimulation.coverage_report import as_data, to_text  # noqa: PLC0415

    knowledge = load_knowledge()
    known = load_coverage()
    patient = read_record(record, knowledge.vocabulary)
    found = coverage_of(patient, known, knowledge.evidence, str(record))
    data = as_data(found, known, knowledge.evidence, str(record))
    if chart is not None:
        write_chart(coverage_chart(data), chart)
    if form == "json":
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo(to_text(data), nl=False)
