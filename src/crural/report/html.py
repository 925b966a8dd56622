"""An assessment as one printable HTML file that needs nothing from outside and runs no script."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from crural.assessment import Assessment
from crural.record import Record
from crural.report import words
from crural.report.as_json import as_data
from crural.report.body_map import MIDLINE, NOT_DRAWN, body_map
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.outline import outline
from crural.report.pain_path import pain_path

MOST_REASONS = 8
# The chart of likelihood ratios ends here on either side; a longer bar gets an arrow.
LARGEST_RATIO = 100.0


def to_html(assessment: Assessment) -> str:
    """The assessment as an HTML page, self-contained and ready to print on A4."""
    return render(as_data(assessment), assessment.record)


def render(data: Mapping[str, Any], record: Record) -> str:
    """As `to_html`, from the data of `as_data` and the record."""
    facts = data["facts"]
    page = environment().get_template("assessment.html.jinja")
    return words.shown(
        page.render(
            data=data,
            record=record,
            plan=outline(data),
            words=words,
            citations=Citations(),
            most_reasons=MOST_REASONS,
            body=body_map(record),
            pain_path=pain_path(data),
            course_chart=course_chart(data["course"]) if data["course"] else "",
            midline=MIDLINE,
            not_drawn=[
                f["words"]
                for f in facts
                if f["finding"] in NOT_DRAWN and f["stated"] and f["present"]
            ],
            facts={
                "Recorded, present or abnormal": [f for f in facts if f["stated"] and f["present"]],
                "Recorded, absent or normal": [
                    f for f in facts if f["stated"] and not f["present"]
                ],
                "Follows from these": [f for f in facts if not f["stated"]],
            },
            remarks=lambda fact: remarks(fact, record),
        )
    )


def remarks(fact: Mapping[str, Any], record: Record) -> list[str]:
    """What the record adds to a fact: where it was found and notes, or why it follows."""
    if not fact["stated"]:
        return [fact["why"]]
    told: list[str] = []
    for observation in record.observations:
        if (observation.finding, observation.value) != (fact["finding"], fact["value"]):
            continue
        if observation.present is not None and observation.present != fact["present"]:
            continue
        # With one painful leg the side is told with the finding.
        if record.side not in {"left", "right"} and observation.side:
            told.append("both sides" if observation.side == "both" else observation.side)
        if observation.note:
            told.append(observation.note)
    return list(dict.fromkeys(told))


def log_share(ratio: float) -> float:
    """Where a likelihood ratio lies on the chart: -1 at 1/100 or less, 0 at 1, 1 at 100 or more."""
    return max(-1.0, min(1.0, math.log(ratio) / math.log(LARGEST_RATIO)))


@lru_cache(maxsize=1)
def environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crural.report"),
        # Always: records hold words from outside, and the endings of the templates tell nothing.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=words.percent,
        times=words.times,
        with_side=words.with_side,
        sentence=words.sentence,
        log_share=log_share,
    )
    return environment
