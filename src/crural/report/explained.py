"""Why one condition is as likely as it is for a patient, fact by fact, for the terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.table import Table

from crural.assessment import Assessment
from crural.diagnosis.explain import Reason
from crural.knowledge import cite
from crural.report import words
from crural.report.as_json import reason_as_data


def to_text(assessment: Assessment, condition: str, width: int | None, colour: bool) -> str:
    """Prior, every fact for and against with its likelihood ratio and source, what is missing."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="auto" if colour else None
    )
    cause = next(c for c in assessment.diagnosis.causes if c.id == condition)
    low, high = cause.interval
    console.print(f"[bold]{cause.name}[/bold]")
    console.print(
        f"before the findings {_percent(cause.prior)}, now {_percent(cause.probability)} "
        f"(90 % interval {_percent(low)} to {_percent(high)})"
    )
    for variant in cause.variants:
        console.print(f"  {variant.name}: {_percent(variant.probability)}")
    for title, reasons in (("For", cause.why.for_), ("Against", cause.why.against)):
        if reasons:
            console.print(_table(assessment, title, reasons))
    if cause.why.missing:
        table = Table("Typical and not known yet", "in this condition", "expected now", box=None)
        for missing in cause.why.missing:
            name = assessment.knowledge.findings[missing.finding].name
            table.add_row(name, _percent(missing.frequency), _percent(missing.elsewhere))
        console.print(table)
    if cause.why.pivot is not None:
        console.print(
            f"The answer hangs most on: {cause.why.pivot.label} = {cause.why.pivot.value:.3g} "
            f"({cause.why.pivot.origin})"
        )
    console.print(
        "A likelihood ratio compares this condition with the other causes in this setting. Facts "
        "of one mechanism go together, so their ratios must not be multiplied."
    )
    return out.getvalue()


def _table(assessment: Assessment, title: str, reasons: tuple[Reason, ...]) -> Table:
    table = Table(title, "likelihood ratio", "reason and source", box=None)
    for reason in reasons:
        sources = [
            f"{source['title']} ({source['year'] or 'no year'})"
            for source in (cite(assessment.knowledge.evidence[s]) for s in reason.sources)
        ]
        table.add_row(
            words.with_side(reason_as_data(reason, assessment.knowledge)),
            words.times(reason.likelihood_ratio),
            "; ".join(filter(None, [reason.because, *sources[:2]])),
        )
    return table


def _percent(share: float) -> str:
    return "<1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
