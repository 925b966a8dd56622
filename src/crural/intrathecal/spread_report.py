"""A simulation as text and as JSON."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from crural.intrathecal.slips import Finding, as_data
from crural.intrathecal.spread import (
    BREATHING_DOSE,
    EFFECT_DOSE,
    EFFECT_LEVEL,
    EFFECT_MINUTES,
    LABEL,
    REFERENCE_LEVEL,
    SOURCES,
    Curve,
    Figure,
    Spread,
)
from crural.intrathecal.spread_parameters import CISTERNS, LEVELS, sources_of
from crural.knowledge import cite, load_knowledge

SCHEMA = "crural/intrathecal-simulate/1"
# Significant digits of a result: more than the model deserves, enough to draw it.
_DIGITS = 5


def to_data(spread: Spread, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """The simulation as plain data, in the published schema (docs/schema).

    `findings`: what the slip guard found in the doses.
    """
    evidence = load_knowledge().evidence
    history = spread.history
    crossed = (source for finding in findings for source in finding.sources)
    entries = dict.fromkeys((*sources_of(spread.parameters), *SOURCES, *crossed))
    return {
        "schema": SCHEMA,
        "label": LABEL,
        "inputs": {
            "programme": list(spread.programme.words()),
            "tip": spread.tip,
            "target": spread.target,
            "days": _short(spread.days),
            "draws": spread.draws,
            "seed": spread.seed,
        },
        "findings": as_data(findings),
        "hours": [_short(v / 60) for v in spread.minutes.tolist()],
        "csf_ng_per_ml": {site: _curve(curve) for site, curve in spread.csf.items()},
        "plasma_ng_per_ml": _curve(spread.plasma),
        "effect_share": _curve(spread.effect),
        "brainstem_ratio": {
            **_curve(spread.breathing),
            "peak": _figure(spread.breathing_peak),
            "peak_at_h": _figure(spread.breathing_peak_hours),
            "hours_above_1": _figure(spread.breathing_hours_above),
        },
        "along_the_spine": {
            "levels": [*LEVELS, CISTERNS],
            "at": [
                {"hours": _short(hours), "csf_ng_per_ml": _curve(curve)}
                for hours, curve in spread.profiles
            ],
        },
        "references": {
            "effect": f"half at the cord concentration at {EFFECT_LEVEL} {EFFECT_MINUTES / 60:g} h "
            f"after {EFFECT_DOSE / 1e6:g} mg at {REFERENCE_LEVEL}",
            "brainstem": f"highest brainstem concentration in the day after "
            f"{BREATHING_DOSE / 1e6:g} mg at {REFERENCE_LEVEL}",
        },
        "balance_mg": {
            "given": _short(float(history.infused[-1]) / 1e6),
            "csf": _short(float(history.csf[:, -1].sum()) / 1e6),
            "tissue": _short(float(history.tissue[:, -1].sum()) / 1e6),
            "plasma": _short(float(history.plasma[-1]) / 1e6),
            "eliminated": _short(float(history.eliminated[-1]) / 1e6),
            "imbalance": history.imbalance,
        },
        "parameters": [
            {
                "id": known.parameter.id,
                "name": known.parameter.name,
                "unit": known.parameter.unit,
                "value": _short(known.quantity.value),
                "low": _short(known.quantity.low),
                "high": _short(known.quantity.high),
                "origin": "fitted" if known.parameter.fitted else known.quantity.origin,
                "sources": list(known.quantity.sources),
                "fitted": known.parameter.fitted,
                "because": known.quantity.because,
            }
            for known in spread.parameters.values()
        ],
        "sources": [dict(cite(evidence[entry])) for entry in entries],
    }


def to_text(
    spread: Spread,
    findings: Sequence[Finding] = (),
    width: int | None = 100,
    colour: bool = False,
) -> str:
    """The simulation for a terminal."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
    )
    console.print("[bold]Spread of intraspinal morphine along the spinal fluid: a model[/bold]")
    console.print(LABEL)
    console.print()
    for finding in findings:
        console.print(f"[bold]{finding.level}:[/bold] {finding.says}. {finding.remedy}.")
    for row in spread.programme.words():
        console.print(f"  {row}")
    drawn = f"{spread.draws} draws" if spread.draws else "no draws, so no bands"
    console.print(f"  tip at {spread.tip}, target {spread.target}, {_length(spread.days)}, {drawn}")
    console.print()
    table = Table(box=None, pad_edge=False)
    for head in ("ng/mL", "highest", "(band)", "at", "at the end", "(band)"):
        table.add_column(head, justify="left" if head == "ng/mL" else "right")
    rows = [(_called(site, spread), curve) for site, curve in spread.csf.items()]
    for name, curve in [*rows, ("plasma", spread.plasma)]:
        top = int(curve.best.argmax())
        table.add_row(
            name,
            _said(float(curve.best[top])),
            _between(float(curve.low[top]), float(curve.high[top])),
            _time(float(spread.minutes[top])),
            _said(float(curve.best[-1])),
            _between(float(curve.low[-1]), float(curve.high[-1])),
        )
    console.print(table)
    console.print()
    effect, end = spread.effect, -1
    console.print(
        f"Effect at {spread.target} at the end: {effect.best[end]:.0%} of the largest "
        f"({effect.low[end]:.0%} to {effect.high[end]:.0%}) in someone not used to opioids."
    )
    peak, when, above = (
        spread.breathing_peak,
        spread.breathing_peak_hours,
        spread.breathing_hours_above,
    )
    console.print(
        f"Brainstem: at most {peak.best:.2g} times ({peak.low:.2g} to {peak.high:.2g}) the highest "
        f"after a single {BREATHING_DOSE / 1e6:g} mg, after {_hours(when)}; above it for "
        f"{_hours(above)}. From 0.3 mg on, respiratory depression was more frequent in people not "
        "used to opioids; tolerance is not modelled."
    )
    console.print(
        "Watch breathing as the guidelines say (24 h after any single dose), not as a model says."
    )
    history = spread.history
    console.print()
    console.print(
        f"Of {history.infused[-1] / 1e6:.4g} mg given: fluid {history.csf[:, -1].sum() / 1e6:.3g}, "
        f"tissue {history.tissue[:, -1].sum() / 1e6:.3g}, plasma {history.plasma[-1] / 1e6:.3g}, "
        f"eliminated {history.eliminated[-1] / 1e6:.3g} mg (all found to {history.imbalance:.0e})."
    )
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _called(site: str, spread: Spread) -> str:
    what = "CSF of the cisterns" if site == CISTERNS else f"CSF at {site}"
    roles = [name for name, at in (("tip", spread.tip), ("target", spread.target)) if at == site]
    return f"{what} ({', '.join(roles)})" if roles else what


def _time(minutes: float) -> str:
    return f"{minutes / 60:.3g} h" if minutes < 2880 else f"day {minutes / 1440:.3g}"


def _length(days: float) -> str:
    return f"{days * 24:.3g} h" if days <= 2 else f"{days:.3g} days"


def _hours(figure: Figure) -> str:
    return f"{_said(figure.best)} h ({_between(figure.low, figure.high)})"


def _said(value: float) -> str:
    rounded = float(f"{value:.2g}")
    return f"{rounded:.2g}" if rounded < 100 else f"{rounded:.0f}"


def _between(low: float, high: float) -> str:
    return f"{_said(low)} to {_said(high)}"


def _curve(curve: Curve) -> dict[str, list[float]]:
    rows = {"best": curve.best, "low": curve.low, "middle": curve.middle, "high": curve.high}
    return {name: [_short(v) for v in row.tolist()] for name, row in rows.items()}


def _figure(figure: Figure) -> dict[str, float]:
    return {
        "best": _short(figure.best),
        "low": _short(figure.low),
        "high": _short(figure.high),
    }


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
