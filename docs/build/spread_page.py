"""Writes docs/spread.md and its pictures: the transport model, and how it fares.

`python -m docs.build.spread_page` (a few seconds). Every number of the page is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from crural import quantity as q
from crural.intrathecal.spread import DRAWS, Curve, Spread, simulate
from crural.intrathecal.spread_chart import COLOURS, Axes, dot, number, svg
from crural.intrathecal.spread_parameters import (
    CISTERNS,
    LEVELS,
    Known,
    best_values,
    drawn_values,
    load_parameters,
)
from crural.intrathecal.spread_programme import read_programme
from crural.intrathecal.spread_published import (
    Compared,
    Model,
    Use,
    compare,
    fitted_values,
    mismatch,
)
from crural.intrathecal.spread_report import to_text
from crural.intrathecal.transport import Vector
from crural.knowledge import Evidence, cite, load_knowledge
from crural.svg import INK, QUIET, line, picture, text

DOCS = Path(__file__).resolve().parents[1]
PAGE = DOCS / "spread.md"
PICTURES = DOCS / "pictures"

USES: Mapping[Use, str] = {
    "fitted": "fitted: proves nothing",
    "same-patients": "people of a fit, another figure",
    "held-out": "held out: other patients, morphine into the fluid",
    "other-substance": "held out: another water-soluble substance",
    "epidural": "held out: epidural dose, so only times can be compared",
    "animal": "held out: animals",
}
_EXAMPLES = (
    (
        "A single dose",
        "--tip L3 --bolus '0.3 mg' --for '24 h'",
        {"tip": "L3", "bolus": "0.3 mg", "for": "24 h"},
    ),
    (
        "A week with more by night",
        "--tip T10 --rate '1 mg/day' --window '22:00-06:00 1.5 mg/day' "
        "--bolus '0.1 mg daily at 08:00'",
        {
            "tip": "T10",
            "rate": "1 mg/day",
            "window": "22:00-06:00 1.5 mg/day",
            "bolus": "0.1 mg daily at 08:00",
            "for": "7 days",
        },
    ),
)

_HEAD = """\
# Spread of morphine in the spinal fluid

```
crural intrathecal simulate --tip T10 --rate '1 mg/day' --for '7 days' --chart spread.svg
```

Where does intraspinal morphine go, how steeply does it fall from the catheter's tip, when does it
reach the brainstem? This page says what the model behind that command assumes, where each number
comes from, and how its answers compare with published measurements. **It is a model, not
advice.** It knows neither posture nor baricity nor tolerance, and the measurements it was held
against differ among themselves by a factor of two and more.

## The model

One dimension, from the end of the dural sac at S2 up to the foramen magnum and on over the
cisterns to the crown. Fluid of cross-section A carries the concentration c, the tissue beside it
(cord, roots, brain near the fluid) of cross-section T the concentration s:

```
A dc/dt  = d/dx (D A dc/dx - Q c) - (k A + a) c - e T (K c - s) + infusion at the tip
T ds/dt  = e T (K c - s) - l T s
dP/dt    = ∫ ((k A + a) c + l T s) dx - (CL/V) P
dQ/dx    = p - a
```

| Symbol | Meaning |
|---|---|
| D | dispersion: mixing by heart and breath, thousands of times faster than diffusion |
| Q | slow net flow of the fluid |
| p, a | its production, at the foramen magnum; its absorption, along the spine and in the head |
| k | clearance from fluid to blood: veins, nerve sheaths, lymph |
| e, K, l | exchange of fluid and tissue both ways, partition at rest, loss from tissue to blood |
| P, CL, V | amount in the plasma, its clearance and its distribution volume |

Both ends are closed. All morphine comes to the blood in the end
(`pk-1986-it-bioavailability-plasma`), and what comes back from there is too little to count
(`pk-im10mg-csf-fraction`). The volume that the pump adds, 0.1 to 1 mL a day, is a fifth of one per
cent of the fluid's turnover at most and left out.

### Effect and breathing

Nobody has published which concentration in the human cord relieves pain, nor which in the
brainstem stops breathing (the holes are named in the evidence tables). So both are told on scales
of the model's own, computed anew in every draw:

- **Effect**: share of the largest, `r^g / (1 + r^g)`. r is the cord's concentration at the target
  over the one that the model gives at T5 12 h after 0.5 mg at L3, when relief after thoracotomy
  wore off (`pk-nordberg1984-analgesia-duration`); g is the steepness found with intravenous
  morphine. It is that of someone not used to opioids.
- **Breathing**: concentration in the brainstem over the highest that the model gives in the day
  after a single 0.3 mg at L3, the dose from which respiratory depression was seen in 7 of 80
  patients (2 of 247 below it, `harm-gehling2009-respiratory`). Below 1 is not safe, and above 1
  is the rule in patients on lasting infusions, who are used to opioids.

### How it is solved

Space is cut into cells (three for each vertebral level, twelve for the head). Flow and dispersion
between neighbours are weighed exponentially (Scharfetter and Gummel), so that no concentration
becomes negative and nothing is lost. Cells of a third of the size change concentrations by 3 % ten
minutes after a bolus and by 1 % from an hour on; nearer to a fresh bolus than that the answer
means little, and none is given for its very minute. What is left is linear, stiff, and shaped like
a tree: each cell touches its two neighbours and its tissue. Such a matrix becomes symmetric when
amounts are scaled by the square root of their equilibrium, and then `numpy.linalg.eigh` (LAPACK)
gives all modes at once, to rounding. Between two changes of the pump every mode is an exponential,
and so is what the plasma makes of it: the answer is exact in time, at any time.

A step-by-step solver (scipy's Radau or BDF) was the alternative. It starts anew at every change of
rate and every bolus, takes many times longer (`benchmarks/spread.py` measures both), and its error
is set by a tolerance. The tests hold the modes against Radau, with the equations written out a
second time. So scipy is needed to test Crural, not to run it.
"""

_PARAMETERS = """\
## Parameters

Drawn independently for the bands: log-normal, shares logit-normal. The interval is that of nine
draws in ten for an estimate, and 95 % for a published figure.
"""

_FIT = """\
## What was fitted, and to what

Two parameters have no usable published value and were fitted to two figures, one for one, with
all others at their best guess: {names}. They come to {values}. That is why the first rows below
agree. No other parameter was adjusted. Still, the choice of *which* two figures to fit was made
in full view of the others: a first attempt, with the clearance taken straight from clearance over
volume of the aortic patients (0.34 / 42 = 0.0081 per min), made the drug vanish from the lumbar
fluid faster than in any study, because it counts as lost what only spreads upwards.
"""

_LIMITS = """\
## What it gets wrong

- **Early on, near the injection.** One dispersion for all times spreads a fresh bolus too fast: 1
  h after 0.25 or 0.5 mg the lumbar fluid holds about half of what was measured, and the volume it
  seems to fill after 5 min is too large. At T10 the peak after 2 mg comes later and lower than
  measured, then stays higher.
- **The blood in the first minutes.** The peak in plasma 5 to 10 min after an injection is more
  than tenfold what the model gives. Morphine that meets torn veins at the puncture, and a small
  first volume in the blood, are not in it. Other patients had less than 1 ng/mL, as in the model.
- **Rostral fall with the tip at T10** comes out twice as steep as in the two patients that were
  measured.
- **Animals.** In pigs the cord's concentration falls five to tenfold within 5 to 10 cm; the
  human figures, and so the model, give a sixth of that. Small animals keep a far larger share of
  a dose in the cord, which fills more of their canal. Which of them people resemble is not
  settled: if the pigs are right, the tip's position matters far more than is shown here.
- **Not modelled:** posture and baricity (hyperbaric solution lowers the peak at T10 more than
  tenfold), movement, scar and stenosis that divide the canal, an inflammatory mass at the tip,
  front and back of the cord, glucuronides, tolerance, other drugs.
- **Bands are not patients.** They come from uncertain parameters. Patients differ as well:
  concentrations after the same epidural dose ranged over factors of eight and nine
  (`pk-gustafsson1984-epidural`), and pain relief did not follow the concentration between
  patients (`pd-samuelsson1987-no-correlation`).
"""


def page(
    rows: Sequence[Compared], known: Mapping[str, Known], evidence: Mapping[str, Evidence]
) -> str:
    """The page in Markdown."""
    return "\n".join(
        [
            _HEAD,
            _PARAMETERS,
            _parameters(known),
            "",
            _fit(known, evidence),
            "## Against published measurements",
            "",
            _summary(rows),
            "",
            "![Concentrations, modelled and published](pictures/spread-published.svg)",
            "",
            "![Ratio of modelled to published](pictures/spread-ratios.svg)",
            "",
            *_tables(rows),
            _LIMITS,
            "## Examples",
            "",
            *_examples(),
            "## Sources",
            "",
            *_sources(rows, known, evidence),
            "",
        ]
    )


def _parameters(known: Mapping[str, Known]) -> str:
    lines = ["| Parameter | Value | Interval | From |", "|---|---|---|---|"]
    for entry in known.values():
        parameter, quantity = entry.parameter, entry.quantity
        sources = ", ".join(f"`{name}`" for name in quantity.sources)
        if parameter.fitted:
            origin = f"fitted to `{parameter.fitted}`: {quantity.because}"
        elif quantity.origin == "estimate":
            origin = f"estimate: {quantity.because}"
        else:
            origin = sources + (f": {quantity.because}" if quantity.because else "")
        unit = f" {parameter.unit}" if parameter.unit else ""
        lines.append(
            f"| {parameter.name} | {number(quantity.value)}{unit} | "
            f"{number(quantity.low)} to {number(quantity.high)} | {origin} |"
        )
    return "\n".join(lines)


def _fit(known: Mapping[str, Known], evidence: Mapping[str, Evidence]) -> str:
    found = fitted_values(evidence, known)
    names = " and ".join(
        f"{entry.parameter.name} (`{entry.parameter.fitted}`)"
        for name, entry in known.items()
        if name in found
    )
    values = " and ".join(
        f"{found[name]:.3g} {entry.parameter.unit}"
        for name, entry in known.items()
        if name in found
    )
    return _FIT.format(names=names, values=values)


def _of(rows: Sequence[Compared], use: Use) -> list[Compared]:
    return [row for row in rows if row.published.use == use]


def _summary(rows: Sequence[Compared]) -> str:
    held = _of(rows, "held-out")
    near = sum(0.5 <= row.ratio <= 2 for row in held)
    inside = sum(row.low <= row.published.value <= row.high for row in held)
    others = _of(rows, "other-substance")
    return (
        f"Of {len(held)} held-out figures of morphine in patients, {near} come out within a factor "
        f"of two, and {inside} published values lie inside the model's band; the typical factor "
        f"between model and publication is {mismatch(held):.2g}. For other water-soluble "
        f"substances ({len(others)} figures) it is {mismatch(others):.2g}, for animals "
        f"({len(_of(rows, 'animal'))} figures) {mismatch(_of(rows, 'animal')):.2g}."
    )


def _tables(rows: Sequence[Compared]) -> list[str]:
    parts = []
    for use, title in USES.items():
        parts += [
            f"**{title[0].upper()}{title[1:]}**",
            "",
            "| Figure | Published | Model | Band | Model / published | Entry |",
            "|---|---|---|---|---|---|",
        ]
        parts += [row_of(row) for row in _of(rows, use)]
        parts.append("")
    return parts


def row_of(row: Compared) -> str:
    """One line of a table; all but the band follows from the best guess."""
    told = row.published
    _, low, high = told.figure
    around = ""
    if low is not None and high is not None:
        around = f" ({told.spread + ' ' if told.spread else ''}{number(low)} to {number(high)})"
    unit = "" if told.unit in {"ratio", "share"} else f" {told.unit}"
    return (
        f"| {told.what} | {number(told.value)}{around}{unit} | {number(row.model)} | "
        f"{number(row.low)} to {number(row.high)} | {row.ratio:.2f} | `{told.evidence}` |"
    )


def _simulated(options: Mapping[str, str]) -> Spread:
    programme = read_programme(
        options.get("rate"),
        windows=[options["window"]] if "window" in options else [],
        boluses=[options["bolus"]] if "bolus" in options else [],
    )
    return simulate(programme, tip=options["tip"], lasting=q.parse(options["for"], q.TIME))


def _examples() -> list[str]:
    parts = []
    for i, (title, command, options) in enumerate(_EXAMPLES, start=1):
        spread = _simulated(options)
        _put(PICTURES / f"spread-example-{i}.svg", svg(spread))
        told = "\n".join(row.rstrip() for row in to_text(spread).splitlines())
        parts += [
            f"### {title}",
            "",
            f"```\n$ crural intrathecal simulate {command}\n\n{told}\n```",
            "",
            f"![{title}](pictures/spread-example-{i}.svg)",
            "",
        ]
    return parts


def _sources(
    rows: Sequence[Compared], known: Mapping[str, Known], evidence: Mapping[str, Evidence]
) -> list[str]:
    names = [source for entry in known.values() for source in entry.quantity.sources]
    names += [row.published.evidence for row in rows]
    lines = []
    for name in sorted(set(names)):
        told = cite(evidence[name])
        title = f"[{told['title']}]({told['link']})" if told["link"] else str(told["title"])
        lines.append(f"- `{name}`: {title}; {told['population'] or 'population not given'}.")
    return lines


def published_svg(known: Mapping[str, Known], draws: int = DRAWS) -> str:
    """Modelled courses with the published points over them."""
    best = Model(best_values(known))
    random = np.random.default_rng(1)
    models = [Model(drawn_values(known, random)) for _ in range(draws)]
    parts = _lumbar(best, models) + _thoracic(best, models) + _gradient(best, models)
    legend = "Lines: best guess; bands: nine of ten draws; rings and bars: published."
    parts.append(text(16, 740, legend, size=11))
    return picture(
        760,
        756,
        "Modelled and published",
        "Lumbar fluid after a bolus, T10 after 2 mg at L5, fall along the spine in steady infusion",
        parts,
    )


def _banded(of: Sequence[Vector], best: Vector) -> Curve:
    low, middle, high = np.percentile(np.stack(of), (5.0, 50.0, 95.0), axis=0)
    return Curve(best, low, middle, high)


def _drawn(axes: Axes, x: Vector, curve: Curve, colour: str = COLOURS[0]) -> list[str]:
    return [axes.band(x, curve.low, curve.high, colour), axes.course(x, curve.best, colour)]


def _bar(axes: Axes, x: float, low: float, high: float, colour: str = COLOURS[1]) -> str:
    across = axes.at_x(x)
    drawn = line(across, axes.at_y(low), across, axes.at_y(high), colour=colour)
    return drawn.replace("stroke-width='1'", "stroke-width='3'")


def _lumbar(best: Model, models: Sequence[Model]) -> list[str]:
    evidence = load_knowledge().evidence
    hours = np.arange(5, 721, 5) / 60
    curve = _banded(
        [m.csf("L3", "L3", 1.0, hours) for m in models], best.csf("L3", "L3", 1.0, hours)
    )
    axes = Axes(64, 84, 280, 240, (0, 12), (10, 100_000), log=True)
    parts = axes.frame("Lumbar fluid after a bolus at L3", "hours", "ng/mL per mg", range(0, 13, 2))
    parts += _drawn(axes, hours, curve)
    for row in evidence["pk-nordberg1984-csf-1h"].data:
        value, sem, dose = row["csf_ng_per_ml"], row["sem"], row["dose_mg"]
        parts.append(_bar(axes, 1.0, (value - sem) / dose, (value + sem) / dose))
        about = f"Nordberg 1984, {dose:g} mg: {value} ng/mL at 1 h"
        parts.append(dot(axes.at_x(1.0), axes.at_y(value / dose), COLOURS[1], about))
    cmax = evidence["pk-sjostrom1987-csf-cmax"].figure("value")
    volume = evidence["pk-sjostrom1987-initial-volume"].figure("value")
    left = evidence["pk-sjostrom1987-remaining-6h"].figure("value")
    assert cmax is not None
    assert volume is not None
    assert left is not None
    points = ((5 / 60, cmax[0] / 0.3, "highest"), (6.0, left[0] * 1e6 / volume[0], "at 6 h"))
    for at, value, what in points:
        about = f"Sjöström 1987, {what}"
        parts.append(dot(axes.at_x(at), axes.at_y(value), COLOURS[2], about))
    parts.append(text(200, 98, "Nordberg 1984", size=11, colour=COLOURS[1], weight=600))
    parts.append(text(200, 113, "Sjöström 1987", size=11, colour=COLOURS[2], weight=600))
    return parts


def _thoracic(best: Model, models: Sequence[Model]) -> list[str]:
    told = load_knowledge().evidence["pk-isobaric-2mg-t10-csf"].data["isobaric"]
    hours = np.arange(2, 481, 2) / 60
    curve = _banded(
        [m.csf("L5", "T10", 2.0, hours) for m in models], best.csf("L5", "T10", 2.0, hours)
    )
    axes = Axes(440, 84, 280, 240, (0, 8), (100, 100_000), log=True)
    framed = axes.frame("", "hours", "ng/mL", range(0, 9, 2))
    parts = [part for part in framed if "rotate" not in part]
    parts.append(text(400, 68, "T10 after 2 mg isobaric at L5-S1", weight=600))
    parts += _drawn(axes, hours, curve)
    highest = [c * 1000 for c in told["cmax_ug_per_ml"]]
    later = [c * 1000 for c in told["at_1h_ug_per_ml"]]
    times = [t / 60 for t in told["tmax_min"]]
    parts.append(_bar(axes, sum(times) / 2, highest[0], highest[1]))
    parts.append(_bar(axes, 1.0, later[0], later[1]))
    parts.append(text(520, 98, "two patients, range", size=11, colour=COLOURS[1], weight=600))
    return parts


def _gradient(best: Model, models: Sequence[Model]) -> list[str]:
    evidence = load_knowledge().evidence
    places = (*LEVELS, CISTERNS)
    x = np.arange(len(places), dtype=np.float64)

    def along(model: Model, tip: str) -> Vector:
        return np.array([model.steady(tip, place) for place in places]) / model.steady(tip, "L3")

    axes = Axes(64, 420, 560, 270, (0, len(places) - 1), (0.01, 10), log=True)
    parts = axes.frame(
        "Steady infusion: fluid along the spine, lumbar (L3) = 1", "", "relative to L3", ()
    )
    for i, place in enumerate(places):
        if (i % 3 == 1 and place != "C1") or place == CISTERNS:
            parts.append(text(axes.at_x(i), 706, place, anchor="middle", size=11))
    for tip, colour in (("L2", COLOURS[0]), ("T10", COLOURS[3])):
        curve = _banded([along(m, tip) for m in models], along(best, tip))
        parts += _drawn(axes, x, curve, colour)
        end = axes.at_y(float(curve.best[-1]))
        down = 10 if tip == "L2" else -2
        parts.append(text(634, end + down, f"tip at {tip}", size=11, colour=colour, weight=600))
    end_x = axes.at_x(len(places) - 1)
    for level, colour, note in (("l2", COLOURS[0], "fitted"), ("t10", COLOURS[3], "held out")):
        figure = evidence[f"pk-1986-lumbar-cisternal-ratio-{level}"].figure("value")
        assert figure is not None
        about = f"two patients, tip at {level.upper()} ({note})"
        parts.append(dot(end_x, axes.at_y(1 / figure[0]), colour, about))
    kroin = evidence["pk-kroin1993-t2-t12-ratio"].figure("value")
    assert kroin is not None
    t12 = best.steady("L2", "T12") / best.steady("L2", "L3")
    for place, value in (("T12", t12), ("T2", t12 * kroin[0])):
        about = "Kroin 1993, In-111 DTPA, T2 against T12 (T12 set on the model)"
        parts.append(dot(axes.at_x(places.index(place)), axes.at_y(value), COLOURS[2], about))
    legend = (
        ("1986: two patients (tip at L2 fitted, at T10 not)", QUIET),
        ("Kroin 1993: T2 against T12 (T12 set on the model)", COLOURS[2]),
    )
    parts += [
        text(70, 640 + 16 * i, words, size=11, colour=colour, weight=600)
        for i, (words, colour) in enumerate(legend)
    ]
    return parts


def ratios_svg(rows: Sequence[Compared]) -> str:
    """Model over published, with its band, one line for each figure."""
    step, left = 19, 430
    height = 60 + step * (len(rows) + len(USES)) + 60
    axes = Axes(left, 50, 290, height - 110, (-1.5, 1.5), (0, 1))
    parts: list[str] = []
    bottom = axes.top + axes.height
    for value in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20):
        x = axes.at_x(math.log10(value))
        strong = value in {0.5, 1, 2}
        parts.append(
            line(
                x,
                axes.top,
                x,
                bottom,
                colour=QUIET if strong else "#dfe5ea",
                dash="3 3" if strong else "",
            )
        )
        parts.append(text(x, bottom + 16, number(value), anchor="middle", size=11))
    y = axes.top + 8
    for i, (use, title) in enumerate(USES.items()):
        colour = COLOURS[i % len(COLOURS)] if use != "fitted" else QUIET
        parts.append(text(16, y + 6, title, size=11, weight=600, colour=colour))
        y += step
        for row in _of(rows, use):
            low, high = (
                max(-1.5, min(1.5, math.log10(v / row.published.value)))
                for v in (row.low, row.high)
            )
            middle = max(-1.5, min(1.5, math.log10(row.ratio)))
            words = row.published.what
            short = words if len(words) < 70 else words[:67] + "…"
            parts.append(text(left - 10, y + 4, short, anchor="end", size=11, colour=INK))
            parts.append(line(axes.at_x(low), y, axes.at_x(high), y, colour=colour))
            parts.append(
                f"<circle cx='{axes.at_x(middle):.1f}' cy='{y:.1f}' r='4' fill='{colour}'/>"
            )
            y += step
    parts.append(
        text(
            left + 145,
            bottom + 34,
            "model / published; lines: band of the model",
            anchor="middle",
            size=11,
            colour=QUIET,
        )
    )
    return picture(760, height, "Ratio of model to publication", "One line for each figure", parts)


def _put(path: Path, made: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made + "\n", encoding="utf-8")


def main() -> None:
    """Write the page and its pictures."""
    known, evidence = load_parameters(), load_knowledge().evidence
    rows = compare(evidence, known)
    _put(PICTURES / "spread-published.svg", published_svg(known))
    _put(PICTURES / "spread-ratios.svg", ratios_svg(rows))
    PAGE.write_text(page(rows, known, evidence), encoding="utf-8")


if __name__ == "__main__":
    main()
