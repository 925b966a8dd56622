"""Commands about intraspinal drugs: where in the spinal fluid they go."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crural.errors import CruralError

if TYPE_CHECKING:
    from crural.intrathecal.slips import Finding
    from crural.intrathecal.spread_programme import Programme


@click.group()
def intrathecal() -> None:
    """Look at what an intraspinal drug does in the spinal fluid."""


@intrathecal.command()
@click.option("--tip", required=True, help="Vertebral level of the catheter's tip, such as T10.")
@click.option("--rate", help="Base rate, such as '1.5 mg/day'.")
@click.option("--change", "changes", multiple=True, help="Such as '2 mg/day from 3 days'.")
@click.option("--window", "windows", multiple=True, help="Daily: '22:00-06:00 2 mg/day'.")
@click.option(
    "--bolus",
    "boluses",
    multiple=True,
    help="Such as '0.3 mg', '0.3 mg at 6 h' or '0.1 mg daily at 08:00'.",
)
@click.option("--for", "lasting", default="7 days", show_default=True, help="How long.")
@click.option(
    "--target",
    default="T12",
    show_default=True,
    help="Level of the cord segments that matter: T11 to L1 for the leg.",
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    default=("L3", "cisterns"),
    show_default=True,
    help="Where else to look, a level or 'cisterns'; may be repeated.",
)
@click.option("--draws", default=200, show_default=True, help="Draws for the bands; 0 for none.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same bands.")
@click.option(
    "--i-have-checked",
    "checked",
    is_flag=True,
    help="Go on beyond published doses, not beyond the possible.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--chart",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the courses as a picture to this .svg file.",
)
def simulate(
    *,
    tip: str,
    rate: str | None,
    changes: tuple[str, ...],
    windows: tuple[str, ...],
    boluses: tuple[str, ...],
    lasting: str,
    target: str,
    sites: tuple[str, ...],
    draws: int,
    seed: int,
    checked: bool,
    form: str,
    chart: Path | None,
) -> None:
    """Simulate morphine along the spinal fluid. A model, not advice.

    Time begins with the first midnight. Bands hold nine draws in ten of the uncertain parameters.
    """
    from crural import quantity  # noqa: PLC0415
    from crural.intrathecal import slips, spread  # noqa: PLC0415
    from crural.intrathecal.spread_programme import read_programme  # noqa: PLC0415
    from crural.intrathecal.spread_report import to_data, to_text  # noqa: PLC0415

    if chart is not None and chart.suffix.lower() != ".svg":
        raise CruralError(
            file=str(chart),
            field="chart",
            problem="only .svg is drawn",
            remedy=f"name a file such as {chart.stem}.svg",
        )
    programme = read_programme(rate, changes, windows, boluses)
    duration = quantity.parse(lasting, quantity.TIME, field="for")
    findings = slips.enforce(_looked_at(programme), checked=checked, file="command line")
    with _progress(draws + 1) as tick:
        found = spread.simulate(
            programme,
            tip=tip,
            lasting=duration,
            target=target,
            sites=sites,
            draws=draws,
            seed=seed,
            tick=tick,
        )
    if chart is not None:
        from crural.intrathecal.spread_chart import svg  # noqa: PLC0415

        _save(svg(found) + "\n", chart)
    terminal = sys.stdout.isatty()
    if form == "json":
        click.echo(json.dumps(to_data(found, findings), ensure_ascii=False, indent=2))
    else:
        click.echo(to_text(found, findings, None if terminal else 100, terminal), nl=False)


def _looked_at(programme: Programme) -> tuple[Finding, ...]:
    """What looks wrong with the doses of a programme, each finding once."""
    from crural.intrathecal import slips  # noqa: PLC0415

    found = [slips.check("morphine", daily_dose=rate) for rate in programme.all_rates()]
    found += [slips.check("morphine", single_dose=bolus.dose) for bolus in programme.boluses]
    return tuple(dict.fromkeys(finding for several in found for finding in several))


@contextlib.contextmanager
def _progress(steps: int) -> Iterator[Callable[[], None]]:
    """A bar on the error stream, while somebody looks at it."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulating", total=steps)
        yield lambda: progress.advance(task)


def _save(made: str, path: Path) -> None:
    """To a file, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(made, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise CruralError(
            file=str(path),
            problem=f"cannot be written ({error.strerror})",
            remedy="name a file in a folder that exists and may be written to",
        ) from error
