"""The command line. Reads files, calls the rooms, writes to standard output; decides nothing.

Rooms are imported inside the commands: each command starts as fast as what it needs.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from crural.errors import CruralError

if TYPE_CHECKING:
    from crural.assessment import Assessment

FORMAT = click.Choice(["text", "json", "html"])


# Rooms with commands of their own, loaded when one is called: name, module.
ROOMS: Mapping[str, str] = {
    "stimulation": "crural.commands.stimulation",
    "pump": "crural.commands.pump",
    "intrathecal": "crural.commands.intrathecal",
    "serve": "crural.commands.serve",
    "users": "crural.commands.users",
    "backup": "crural.commands.backup",
}


class _Group(click.Group):
    """Shows an error that a user can mend as one line, with exit status 2 and no traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ROOMS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ROOMS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(ROOMS[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CruralError as error:
            click.echo(f"crural: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crural")
def main() -> None:
    """Decision support for leg pain that will not go away."""
    # The tables are small: threads of the numerical library cost more than they save, most of all
    # where other programs run. It looks at this once, when it is loaded.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Nor has it a use for what others have installed to watch this library, which takes a search.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A command builds much and drops little: searching for what was dropped takes a tenth of a
    # second and finds nothing.
    gc.set_threshold(100_000, 50, 50)


@main.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--format", "form", type=FORMAT, default="text", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of the screen.",
)
def assess(record: Path, form: str, output: Path | None) -> None:
    """Assess the patient of RECORD: alerts, causes, next checks, the way of treatment."""
    assessment = _assessed(record)
    if form == "json":
        from crural.report.as_json import to_json  # noqa: PLC0415

        _write(to_json(assessment), output)
    elif form == "html":
        from crural.report.html import to_html  # noqa: PLC0415

        _write(to_html(assessment), output)
    else:
        from crural.report.text import to_text  # noqa: PLC0415

        _write(to_text(assessment, width=_width(output), colour=_colour(output)), output)


@main.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.argument("condition")
def explain(record: Path, condition: str) -> None:
    """Explain how likely CONDITION is for the patient of RECORD, fact by fact."""
    from crural.assessment import assess as assess_record  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.record import read_record  # noqa: PLC0415
    from crural.report.explained import to_text  # noqa: PLC0415

    knowledge = load_knowledge()
    known = _named(condition, knowledge.conditions, "condition")
    patient = read_record(record, knowledge.vocabulary)
    assessment = assess_record(patient, knowledge, explain=(known,))
    _write(to_text(assessment, known, width=_width(None), colour=_colour(None)), None)


@main.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The PDF file to write.",
)
@click.option(
    "--about",
    type=click.Choice(["emergency", "stimulation", "intrathecal", "surgery", "pain-clinic"]),
    help="What the patient is referred for; if left out, what alerts and the next step point to.",
)
def letter(
    record: Path,
    output: Path,
    about: Literal["emergency", "stimulation", "intrathecal", "surgery", "pain-clinic"] | None,
) -> None:
    """Write a letter of referral for the patient of RECORD, as PDF."""
    from crural.report.letter import to_letter  # noqa: PLC0415

    _form_of(output, {".pdf": "pdf"})
    _write(to_letter(_assessed(record), about), output)


@main.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write: .html or .pdf.",
)
def sheet(record: Path, output: Path) -> None:
    """Write a sheet in plain words for the patient of RECORD. Go through it together."""
    from crural.report.sheet import to_html, to_pdf  # noqa: PLC0415

    form = _form_of(output, {".html": "html", ".htm": "html", ".pdf": "pdf"})
    _write((to_pdf if form == "pdf" else to_html)(_assessed(record)), output)


@main.command("follow-up")
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def follow_up(record: Path, form: str) -> None:
    """Hold the pain scores of RECORD against the course that was to be expected."""
    import json  # noqa: PLC0415

    from crural.report.text import follow_up_to_text  # noqa: PLC0415
    from crural.report.treatment import course_data  # noqa: PLC0415

    assessment = _assessed(record)
    if assessment.course is None:
        raise _no_course(record, scores=len(assessment.record.pain_scores))
    if form == "json":
        told = {
            "record": assessment.record.id,
            "course": course_data(assessment.course, assessment.knowledge),
        }
        _write(json.dumps(told, ensure_ascii=False, indent=2), None)
    else:
        _write(follow_up_to_text(assessment, width=_width(None), colour=_colour(None)), None)


@main.command()
@click.argument("search", nargs=-1)
def findings(search: tuple[str, ...]) -> None:
    """List the findings a record can speak of; SEARCH narrows the list to what it resembles."""
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.report.vocabulary import to_text  # noqa: PLC0415

    _write(to_text(load_knowledge(), " ".join(search), _width(None), _colour(None)), None)


@main.group()
def knowledge() -> None:
    """Look at the medical knowledge, and check it."""


@knowledge.command("check")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def knowledge_check(form: str) -> None:
    """Prove that every number has its source, and compare the network with the literature."""
    import json  # noqa: PLC0415

    from crural.check import check  # noqa: PLC0415

    report = check()
    if form == "json":
        _write(json.dumps(report.to_data(), ensure_ascii=False, indent=2), None)
    else:
        _write(report.to_text(), None)
    if report.problems:
        sys.exit(1)


@knowledge.command("show")
@click.argument("entry")
def knowledge_show(entry: str) -> None:
    """Show one entry (condition, finding, mechanism, evidence, alert) with its numbers."""
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.knowledge.show import show  # noqa: PLC0415

    loaded = load_knowledge()
    every = [
        *loaded.conditions,
        *loaded.findings,
        *loaded.mechanisms,
        *loaded.alerts,
        *loaded.evidence,
    ]
    _write(show(_named(entry, every, "entry"), loaded), None)


@knowledge.command("export")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json")
def knowledge_export(form: Literal["json", "csv"]) -> None:
    """Write all knowledge as JSON, or all its numbers as CSV."""
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.knowledge.show import export  # noqa: PLC0415

    loaded = load_knowledge()
    _write(export(loaded, form=form), None)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--stage", type=click.Choice(["presentation", "work-up"]))
@click.option("--format", "form", type=FORMAT, default="text", show_default=True)
@click.option(
    "--ladder", is_flag=True, help="Hold the next step of treatment against what was done."
)
def validate(files: tuple[Path, ...], stage: str | None, form: str, *, ladder: bool) -> None:
    """Assess patients whose diagnosis is known (FILES, folders too) and measure the agreement."""
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.validation import validate_files, validate_ladder  # noqa: PLC0415

    if ladder:
        if form == "html" or stage is not None:
            raise CruralError(
                file="command line",
                field="format" if form == "html" else "stage",
                problem="does not go with --ladder",
                remedy="leave --stage out, and ask for the format text or json",
            )
        _write(validate_ladder(files, load_knowledge(), form), None)
    else:
        _write(validate_files(files, load_knowledge(), stage=stage, form=form), None)


def _assessed(record: Path) -> Assessment:
    """The assessment of a record that is read from a file."""
    from crural.assessment import assess as assess_record  # noqa: PLC0415
    from crural.knowledge import load_knowledge  # noqa: PLC0415
    from crural.record import read_record  # noqa: PLC0415

    knowledge = load_knowledge()
    return assess_record(read_record(record, knowledge.vocabulary), knowledge)


def _form_of(output: Path, forms: Mapping[str, str]) -> str:
    """What is to be written, by the ending of the file's name."""
    form = forms.get(output.suffix.lower())
    if form is None:
        raise CruralError(
            file=str(output),
            problem=f"its ending is none of {', '.join(forms)}",
            remedy=f"name a file such as {output.stem}{next(iter(forms))}",
        )
    return form


def _no_course(record: Path, scores: int) -> CruralError:
    """Why pain scores cannot be held against a course."""
    if scores < 2:
        found = "only one pain score" if scores else "no pain scores"
        return CruralError(
            file=str(record),
            field="pain_scores",
            problem=f"there {'is' if scores else 'are'} {found}",
            remedy="give two or more, of different days, each with date (or day) and nrs",
        )
    return CruralError(
        file=str(record),
        field="pain_scores",
        problem="there is no course to hold the scores against: none is known for the causes of "
        "this record, or all scores are of one day",
        remedy="look at the causes with `crural assess`, and give scores of different days",
    )


def _named(name: str, known: Iterable[str], what: str) -> str:
    """The id that a user typed, or an error with the nearest ones."""
    from rapidfuzz import process  # noqa: PLC0415

    ids = list(known)
    if name in ids:
        return name
    close = [found for found, _, _ in process.extract(name, ids, limit=3, score_cutoff=60)]
    raise CruralError(
        file="command line",
        field=what,
        problem=f"no {what} is called '{name}'",
        remedy=f"did you mean {', '.join(close)}?" if close else f"name a known {what}",
    )


def _width(output: Path | None) -> int | None:
    """Fixed width when nobody looks at a terminal, so that files do not depend on the window."""
    return None if output is None and sys.stdout.isatty() else 100


def _colour(output: Path | None) -> bool:
    return output is None and sys.stdout.isatty()


def _write(made: str | bytes, output: Path | None) -> None:
    """To the screen, or to a file whole or not at all."""
    if output is None:
        assert isinstance(made, str)
        click.echo(made, nl=not made.endswith("\n"))
        return
    part = output.with_name(f".{output.name}.part")
    try:
        if isinstance(made, bytes):
            part.write_bytes(made)
        else:
            part.write_text(made, encoding="utf-8")
        part.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise CruralError(
            file=str(output),
            problem=f"cannot be written: {error.strerror}",
            remedy="name a folder that exists and that you may write to",
        ) from error


if __name__ == "__main__":
    main()
