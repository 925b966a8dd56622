"""The pictures of a validation as SVG text, drawn from its data: no library, no script, no font."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crural.svg import GRID, INK, QUIET, line, picture, text

Data = Mapping[str, Any]

OURS, SIMPLER, SIMPLEST, ELSEWHERE = "#0b5d8a", "#7fa8bf", "#b9c8d1", "#d9a441"


def ranking_svg(stage: Data, yardsticks: Sequence[Data]) -> str:
    """Share of patients with the true cause first, in the first three and in the first five.

    Bars with intervals for Crural and the baselines, published yardsticks without.
    """
    ours = ("Crural", OURS, stage)
    naive = ("One cause, naive Bayes", SIMPLER, stage["baselines"]["naive-bayes"])
    prior = ("Prior only", SIMPLEST, stage["baselines"]["prior"])
    groups = (
        ("First", "top1"),
        ("Among the first three", "top3"),
        ("Among the first five", "top5"),
    )
    left, width, row = 190, 420, 22
    parts: list[str] = []
    y = 44
    for words, key in groups:
        parts.append(text(16, y + 4, words, weight=600))
        y += 16
        bars = [
            (name, colour, of[key], of["intervals"][key])
            for name, colour, of in (ours, naive, prior)
        ]
        bars += [(f"{m['name']} *", ELSEWHERE, m[key], None) for m in yardsticks if m.get(key)]
        for name, colour, value, interval in bars:
            parts.append(text(left - 10, y + 11, name, anchor="end", size=12))
            if value is None:
                parts.append(text(left + 4, y + 11, "nobody to count", size=12, colour=QUIET))
            else:
                parts.append(_box(left, y, max(value * width, 1), 14, colour))
                end = value
                if interval is not None:
                    low, high = interval
                    end = max(value, high)
                    parts.append(line(left + low * width, y + 7, left + high * width, y + 7))
                    parts += [
                        line(left + x * width, y + 3, left + x * width, y + 11) for x in (low, high)
                    ]
                parts.append(
                    text(left + end * width + 8, y + 11, _percent(value, interval is None), size=12)
                )
            y += row
        y += 14
    note = "Lines: 95 % intervals. * Other patients, all parts of medicine: for scale only."
    parts.append(text(16, y + 34, note, size=11, colour=QUIET))
    height = y + 46
    axis = [
        part
        for tick in range(0, 101, 25)
        for part in (
            line(left + tick * width / 100, 32, left + tick * width / 100, y - 8, colour=GRID),
            text(left + tick * width / 100, y + 8, f"{tick} %", anchor="middle", size=11),
        )
    ]
    title = f"Where the true cause stood, {stage['in_scope']} patients"
    return picture(
        680,
        height,
        title,
        "Bars: share of patients; lines: 95 % intervals; * other patients, for scale.",
        [*axis, *parts],
    )


def calibration_svg(stage: Data) -> str:
    """Said against seen, with the interval of each bin; the area of a dot is its count."""
    left, top, size = 66, 40, 290

    def x(value: float) -> float:
        return left + value * size

    def y(value: float) -> float:
        return top + (1 - value) * size

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts += [
            line(x(tick), top, x(tick), top + size, colour=GRID),
            line(left, y(tick), left + size, y(tick), colour=GRID),
            text(x(tick), top + size + 16, _percent(tick), anchor="middle", size=11),
            text(left - 6, y(tick) + 4, _percent(tick), anchor="end", size=11),
        ]
    parts.append(line(x(0), y(0), x(1), y(1), colour=QUIET, dash="4 4"))
    parts.append(text(left + size / 2, top + size + 34, "said", anchor="middle", size=12))
    parts.append(
        f"<text x='14' y='{top + size / 2:.0f}' font-size='12' fill='{INK}' text-anchor='middle' "
        f"transform='rotate(-90 14 {top + size / 2:.0f})'>seen</text>"
    )
    points = stage["calibration"]
    most = max((b["n"] for b in points), default=1)
    for b in points:
        low, high = b["interval"]
        middle = x(b["mean"])
        parts.append(line(middle, y(low), middle, y(high), colour=OURS, width=1.5))
        radius = 2.5 + 6 * (b["n"] / most) ** 0.5
        parts.append(
            f"<circle cx='{middle:.1f}' cy='{y(b['observed']):.1f}' r='{radius:.1f}' "
            f"fill='{OURS}'><title>said {_percent(b['mean'])}, seen {_percent(b['observed'])} "
            f"of {b['n']}</title></circle>"
        )
    ece = "–" if stage["ece"] is None else f"{stage['ece']:.3f}"
    return picture(
        380,
        top + size + 50,
        f"Calibration (mean distance {ece})",
        "Dots: share that was true among statements of that probability; lines: 95 % intervals; "
        "dashed: perfect agreement.",
        parts,
    )


def alerts_svg(stage: Data) -> str:
    """Share of emergencies and urgent patients with the alert they need, and of routine patients
    left in peace, with intervals."""
    rows = (
        ("Emergency: alert today", "sensitivity_emergency", OURS),
        ("Urgent: any alert", "sensitivity_urgent", OURS),
        ("Both: or asked about", "sensitivity_with_questions", SIMPLER),
        ("Both: about the true cause", "alert_about_truth", SIMPLER),
        ("Routine: none for today", "specificity", ELSEWHERE),
        ("Routine: no alert at all", "specificity_any", ELSEWHERE),
    )
    urgent = stage["urgent"]
    left, width, top, step = 186, 138, 40, 50
    bottom = top + step * len(rows)
    parts: list[str] = []
    for tick in (0, 50, 100):
        at = left + tick * width / 100
        parts.append(line(at, top, at, bottom, colour=GRID))
        parts.append(text(at, bottom + 16, f"{tick} %", anchor="middle", size=11))
    for i, (words, key, colour) in enumerate(rows):
        y = top + step * i + step / 2
        counts = urgent["counts"][key]
        parts.append(text(left - 10, y, words, anchor="end", size=12))
        parts.append(
            text(
                left - 10,
                y + 15,
                f"{counts['hits']} of {counts['n']}",
                anchor="end",
                size=11,
                colour=QUIET,
            )
        )
        if urgent[key] is None:
            parts.append(text(left + 6, y + 4, "nobody to count", size=12, colour=QUIET))
            continue
        low, high = urgent["intervals"][key]
        parts.append(line(left + low * width, y, left + high * width, y, colour=colour, width=3))
        parts.append(
            f"<circle cx='{left + urgent[key] * width:.1f}' cy='{y:.1f}' r='6' fill='{colour}'/>"
        )
        parts.append(text(left + width + 12, y + 4, _percent(urgent[key]), size=12))
    return picture(
        380,
        bottom + 30,
        "Alerts",
        "Dots: share of patients whose alerts fit their urgency; lines: 95 % intervals.",
        parts,
    )


def _percent(value: float, published: bool = False) -> str:
    # A published figure keeps the digits it was published with.
    return f"{100 * value:.3g} %" if published else f"{100 * value:.0f} %"


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>"
    )
