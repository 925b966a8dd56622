"""Writes docs/validation.md and its pictures from the JSON of `crural validate`.

crural validate validation/cases --format json > validation/result.json
python -m docs.build.validation_page validation/result.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from crural.validation.metrics import wilson
from crural.validation.pictures import alerts_svg, calibration_svg, ranking_svg
from crural.validation.report import (
    METHOD_HEAD,
    alert_failures,
    alert_rows,
    condition_rows,
    exact_percent,
    inexact_words,
    method_rows,
    outside_first_three,
    percent,
    percent_of,
    stages_of,
)

DOCS = Path(__file__).resolve().parents[1]
FIRST_SIGHT = DOCS.parent / "validation" / "first-sight.yaml"

Data = Mapping[str, Any]

HEADINGS = {
    "presentation": "What was known at first",
    "work-up": "With the work-up",
}

_INTRODUCTION = """\
# Validation

How often is the answer right? This page holds the program against published patients whose
diagnosis is known. Each case file (`validation/cases/`, schema `docs/schema/case.json`) holds what
was published of one patient: the record as any user would write it, and the truth beside it, which
the program does not see. Every finding carries its stage: *presentation* is what was known at
first, *work-up* what later tests found. Each patient is assessed
twice, without and with the latter.

Run it yourself:

```
crural validate validation/cases
crural validate validation/cases --stage presentation --format html > validation.html
```
"""

_METHOD = """\
## How it is measured

- **Place.** Causes are ordered by probability, with “none of these” in the list. Of tied causes
  each takes the last place of the tie, so that not being able to tell them apart earns nothing.
  *First*, *first 3* and *first 5* are shares of the patients whose leading cause is a condition of
  the knowledge; patients with any other cause are counted apart: for them “none of these” is right.
- **Any true cause.** Patients often have more than one. *Any* counts the best place of all of them.
- **1/rank** is the mean of 1 / place. The **log score** is the mean of −ln P(truth).
- **Brier** is the mean over all patients of the mean of (p − y)² over the causes with a probability
  of at least 0.01 or that were there (y = 1 for every cause that was there). It depends on how many
  causes a method names; the **Brier sum** over all causes does not, so compare methods by that.
- **Calibration** takes every statement of at least 2 % for every patient and asks how many of the
  things that were said to be so likely were true. **ECE** is the mean distance between said and
  seen, weighted by the number of statements.
- **Alerts.** An emergency needs an alert for now or today, an urgent patient any alert. A routine
  patient should have none for now or today. The urgency of each case was set when it was written.
- **Intervals** are 95 %, by Wilson. They cover chance, not the choice of patients.
- **Simpler methods** use the same numbers. *Prior only* ignores every finding and knows setting,
  age, sex, side and risk factors. *One cause, naive Bayes* holds that there is exactly one cause
  and that findings are independent once it is given: the usual ranking of single diseases.
- **Why missed.** Each cause is taken alone: its odds before any finding, and how often each fact
  goes with it. What counts most for the cause that came first, against the truth, is given as the
  reason. Facts that go together are weighed together by the network, so the ratios of several
  facts must not be multiplied.

## A case of your own

```yaml
schema: crural/case/1
id: clinic-2026-017
truth: {condition: hip-osteoarthritis, also: [], urgency: routine}
record:                      # as in the record's own documentation
  age: 71
  sex: female
  side: right
  present: [pain-groin]
  observations:
    - {finding: xray-hip-oa, present: true, side: right, stage: work-up}
not_encoded:
  - clicks when rising from a chair
```

`condition` is the leading cause and `also` what else was there, by their ids; a cause that the
knowledge does not have is written `other:its-name`. `urgency` is how soon something had to be done:
`routine`, `urgent` or `emergency`. A plain record with `truth` at its top is a case, too.

## The next step of treatment

Some case files also say what the clinicians did next. The ladder is held against it:

```
crural validate validation/cases --ladder
```

```yaml
ladder:
  did: [lumbar-decompression]    # ids of treatments, any of which agrees with what was done
  stage: surgery                 # the stage of the ladder it belongs to
  why: tablets and exercise had failed, and the scan fitted
  flags:                         # contraindications that the publication names
    - what: takes aspirin after a heart attack
      any_of: [spine-surgery-antiplatelet]
```

A step agrees when its treatment, or another of the same stage, is on the next rung of a plausible
cause, or on a rung that runs beside it. Several stages are often open at once, so the text says how
many would have agreed on average, and how often the ladder of the most probable cause alone agrees.
A contraindication counts as flagged when one of the ids in `any_of` comes out: an item of a
precaution or of a list of criteria, an alert, or a treatment with what is said of it
(`spinal-cord-stimulation:failed`); as asked for when it would come out once a question is answered.
`any_of` is empty where the knowledge has nothing for it. What was done is not always what was
right, and the patients are few.

## What it does not show

Published patients are not the patients of a surgery: the rare and the striking get published, and
authors write down what fits. Their mix of conditions is not that of any clinic, so calibration is
that of this mix. What the vocabulary has no words for is listed in each case (`not_encoded`) and is
lost to the program.
"""


def page(result: Data) -> str:
    """The page in Markdown."""
    stages = [_stage(stage, result["yardsticks"]) for stage in stages_of(result)]
    sources = _sources(result["yardsticks"])
    groups = yaml.safe_load(FIRST_SIGHT.read_text(encoding="utf-8"))["groups"]
    first_sight = _first_sight(groups)
    return "\n".join([_INTRODUCTION, _summary(result), first_sight, *stages, _METHOD, sources])


def pictures(result: Data) -> dict[str, str]:
    """The pictures by file name."""
    drawn = {}
    for stage in stages_of(result):
        name = stage["stage"]
        drawn[f"validation-{name}-ranking.svg"] = ranking_svg(stage, result["yardsticks"])
        drawn[f"validation-{name}-calibration.svg"] = calibration_svg(stage)
        drawn[f"validation-{name}-alerts.svg"] = alerts_svg(stage)
    return drawn


def write(result: Data, docs: Path = DOCS) -> None:
    """Write the page and its pictures below `docs`."""
    folder = docs / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures(result).items():
        (folder / name).write_text(svg + "\n", encoding="utf-8")
    (docs / "validation.md").write_text(page(result), encoding="utf-8")


def _summary(result: Data) -> str:
    lines = [
        f"- **{HEADINGS[stage['stage']]}** ({stage['n']} patients): the true cause is first in "
        f"{percent_of(stage, 'top1')} and among the first three in {percent_of(stage, 'top3')}; "
        f"{percent_of(stage['urgent'], 'sensitivity_emergency')} of the emergencies get an alert "
        f"for now or today, and {percent_of(stage['urgent'], 'specificity')} of the routine "
        "patients get none."
        for stage in stages_of(result)
    ]
    digest = result["knowledge"]["digest"]
    return "\n".join(["## In short", "", *lines, "", f"Knowledge: digest `{digest}`.", ""])


_FIRST_SIGHT = """\
## At first sight

The patients of `validation/cases/` serve to find what the knowledge lacks, so it has been mended
after looking at many of them, and the figures above are those of patients that are known. These
groups were written down before the program was run on any of them, and measured once: this is what
to expect of patients nobody has looked at. Those in `validation/unseen/` are kept for that and have
not been used to mend anything; they are measured again when the knowledge has grown, and how little
that changes them, beside what it changes for the others, tells how far its growth carries.
"""


def _first_sight(groups: Sequence[Data]) -> str:
    """What groups of patients gave when they were first looked at."""
    head = ("Patients", "Stage", "First", "First 3", "Urgent, with an alert", "Routine, left alone")
    rows = [
        (
            f"{group[stage]['first'][1]}: {group['who']} ({group['facts']}; `{group['folder']}/`)",
            HEADINGS[stage].lower(),
            *(_of(group[stage][what]) for what in ("first", "first_three", "alerts", "quiet")),
        )
        for group in groups
        for stage in HEADINGS
    ]
    return "\n".join([_FIRST_SIGHT, _table(head, rows), ""])


def _of(counted: Sequence[int]) -> str:
    hits, n = counted
    low, high = wilson(hits, n)
    return f"{percent(hits / n)} ({100 * low:.0f}–{100 * high:.0f})"


def _stage(stage: Data, yardsticks: Sequence[Data]) -> str:
    name, outside = stage["stage"], stage["out_of_scope"]
    parts = [
        f"## {HEADINGS[name]}",
        "",
        f"{stage['n']} patients, {stage['in_scope']} with a cause that the knowledge lists"
        f"{inexact_words(stage)}.",
        "",
        _picture(name, "ranking", "where the true cause stood"),
        "",
        _table(METHOD_HEAD, method_rows(stage, yardsticks)),
        "",
        f"With any true cause counting: first in {percent_of(stage, 'top1_any')}, among the first "
        f"three in {percent_of(stage, 'top3_any')}. Of {outside['n']} patients whose cause the "
        f"knowledge does not have, “none of these” came first in {percent(outside['top1'])} and "
        f"among the first three in {percent(outside['top3'])}.",
        "",
        _picture(name, "calibration", "said against seen"),
        "",
        _picture(name, "alerts", "alerts by urgency"),
        "",
        _table(("Patients", "Share", "Count"), alert_rows(stage)),
        "",
        "### Not among the first three",
        "",
        _table(
            ("Patient", "Truth", "Place", "Came first", "Because"),
            [
                (
                    case["id"],
                    f"{case['truth']} ({case['probability']:.2g})",
                    str(case["rank"]),
                    f"{case['missed']['first']} ({case['top5'][0]['probability']:.2g})",
                    case["missed_because"],
                )
                for case in outside_first_three(stage)
            ],
        ),
        "",
        "### Alerts that did not fit the urgency",
        "",
        _table(
            ("Patient", "Truth", "Urgency", "Said"),
            [
                (case["id"], case["truth"], case["urgency"], case["alert_because"])
                for case in alert_failures(stage)
            ],
        ),
        "",
        "### By condition",
        "",
        _table(
            ("Condition", "Patients", "First", "First 3", "Mean probability"),
            condition_rows(stage),
        ),
        "",
    ]
    return "\n".join(parts)


def _picture(stage: str, kind: str, words: str) -> str:
    return f"![{HEADINGS[stage]}: {words}](pictures/validation-{stage}-{kind}.svg)"


def _sources(yardsticks: Sequence[Data]) -> str:
    lines = []
    for yardstick in yardsticks:
        shares = [f"{exact_percent(yardstick['top3'])} among the first three"]
        if yardstick["top1"] is not None:
            shares.insert(0, f"{exact_percent(yardstick['top1'])} first")
        lines.append(
            f"- {yardstick['name']} ({yardstick['detail']}): {', '.join(shares)}. "
            f"[{yardstick['source']}]({yardstick['url']})"
        )
    return "\n".join(
        [
            "## Yardsticks",
            "",
            "Marked * above. Other methods, other patients, all parts of medicine: they give the "
            "scale and are no comparison.",
            "",
            *lines,
            "",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "None."
    # A cell with a bar would end early; the asterisk of the yardsticks would open emphasis.
    lines = [[cell.replace("|", "\\|").replace("*", "\\*") for cell in row] for row in rows]
    return "\n".join(
        f"| {' | '.join(line)} |" for line in [list(head), ["---"] * len(head), *lines]
    )


def main(arguments: Sequence[str]) -> None:
    """Write the page from the result in the file that is named."""
    if len(arguments) != 1:
        sys.exit("usage: python -m docs.build.validation_page RESULT.json")
    write(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(sys.argv[1:])
