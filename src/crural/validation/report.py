"""A validation as data (schema crural/validation/1), text or HTML. Nothing is computed here.

Text and HTML are written from the data, so that they cannot say anything else than the JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from textwrap import fill
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from crural.validation.metrics import AlertScores, Performance, Share, leading
from crural.validation.pictures import alerts_svg, calibration_svg, ranking_svg
from crural.validation.run import Judged, StageResult, Validation

SCHEMA: Final = "crural/validation/1"
WIDTH = 114
# A bound on the error of this size can change the order of causes.
INEXACT = 0.01

Data = Mapping[str, Any]

# Other methods on other patients, of all parts of medicine: they give the scale, no comparison.
YARDSTICKS: tuple[Mapping[str, Any], ...] = (
    {
        "name": "Symptom checkers",
        "detail": "23 symptom checkers, 45 vignettes of all parts of medicine",
        "top1": 0.34,
        "top3": 0.51,
        "source": "Semigran et al., BMJ 2015;351:h3480",
        "url": "https://doi.org/10.1136/bmj.h3480",
    },
    {
        "name": "Best app",
        "detail": "best of eight apps, 200 primary-care vignettes",
        "top1": None,
        "top3": 0.705,
        "source": "Gilbert et al., BMJ Open 2020;10:e040269",
        "url": "https://doi.org/10.1136/bmjopen-2020-040269",
    },
    {
        "name": "General practitioners",
        "detail": "mean of seven general practitioners, the same 200 vignettes",
        "top1": None,
        "top3": 0.821,
        "source": "Gilbert et al., BMJ Open 2020;10:e040269",
        "url": "https://doi.org/10.1136/bmjopen-2020-040269",
    },
)
METHODS = {
    "crural": "Crural",
    "naive-bayes": "One cause, naive Bayes",
    "prior": "Prior only",
}


def render(validation: Validation, form: str) -> str:
    """The validation as 'text', 'json' or 'html'."""
    data = as_data(validation)
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2)
    return to_html(data) if form == "html" else to_text(data)


def stages_of(data: Data) -> list[Data]:
    """Every stage of a result: the first stands at the top, the others under `other_stages`."""
    return [data, *data["other_stages"]]


def as_data(validation: Validation) -> dict[str, Any]:
    """The validation as plain data. The first stage that was run stands at the top."""
    first, *others = [_stage(stage) for stage in validation.stages]
    return {
        "schema": SCHEMA,
        "knowledge": {
            "version": validation.knowledge_version,
            "digest": validation.knowledge_digest,
        },
        "yardsticks": [dict(yardstick) for yardstick in YARDSTICKS],
        **first,
        "other_stages": others,
    }


def _stage(result: StageResult) -> dict[str, Any]:
    return {
        "n": len(result.patients),
        "in_scope": sum(p.in_scope for p in result.patients),
        "inexact": sum(p.answer.error_bound >= INEXACT for p in result.patients),
        "stage": result.stage,
        **_performance(result.crural),
        "urgent": _alerts(result.alerts),
        "baselines": {name: _performance(p) for name, p in result.baselines.items()},
        "out_of_scope": {
            "n": result.out_of_scope.n,
            "top1": result.out_of_scope.value,
            "top3": result.out_of_scope_top3.value,
            "cases": [p.case.id for p in result.patients if not p.in_scope],
        },
        "conditions": [
            {
                "condition": c.condition,
                "n": c.top1.n,
                "top1": c.top1.hits,
                "top3": c.top3.hits,
                "mean_probability": c.mean_probability,
            }
            for c in result.conditions
        ],
        "confusion": [
            {"truth": truth, "first": first, "n": n}
            for (truth, first), n in sorted(
                result.confusion.items(), key=lambda item: (-item[1], item[0])
            )
        ],
        "cases": [_case(patient) for patient in result.patients],
    }


def _performance(performance: Performance) -> dict[str, Any]:
    ranking = performance.ranking
    shares = {
        "top1": ranking.top1,
        "top3": ranking.top3,
        "top5": ranking.top5,
        "top1_any": ranking.top1_any,
        "top3_any": ranking.top3_any,
    }
    return {
        **{name: share.value for name, share in shares.items()},
        "mrr": ranking.mrr,
        "log_score": ranking.log_score,
        "brier": performance.brier,
        "brier_sum": performance.brier_sum,
        "ece": performance.calibration.ece,
        "intervals": {name: list(share.interval) for name, share in shares.items()},
        "calibration": [
            {
                "low": b.low,
                "high": b.high,
                "n": b.observed.n,
                "mean": b.mean,
                "observed": b.observed.value,
                "interval": list(b.observed.interval),
            }
            for b in performance.calibration.bins
        ],
    }


def _alerts(scores: AlertScores) -> dict[str, Any]:
    shares: dict[str, Share] = {
        "sensitivity": scores.sensitivity,
        "specificity": scores.specificity,
        "sensitivity_emergency": scores.sensitivity_emergency,
        "sensitivity_urgent": scores.sensitivity_urgent,
        "sensitivity_with_questions": scores.asked,
        "alert_about_truth": scores.about_truth,
        "specificity_any": scores.specificity_any,
    }
    return {
        **{name: share.value for name, share in shares.items()},
        "counts": {name: {"hits": s.hits, "n": s.n} for name, s in shares.items()},
        "intervals": {name: list(s.interval) for name, s in shares.items()},
    }


def _case(patient: Judged) -> dict[str, Any]:
    answer, missed = patient.answer, patient.missed
    return {
        "id": patient.case.id,
        "title": patient.case.title,
        "truth": patient.case.truth.condition,
        "also": list(patient.case.truth.also),
        "urgency": patient.case.truth.urgency,
        "in_scope": patient.in_scope,
        "findings": answer.findings,
        "not_encoded": len(patient.case.not_encoded),
        "rank": patient.rank,
        "rank_any": patient.rank_any,
        "probability": patient.probability,
        "error_bound": answer.error_bound,
        "top5": [{"id": c, "probability": p} for c, p in leading(answer.probability, 5)],
        "alerts": [{"id": a.id, "urgency": a.urgency} for a in answer.alerts],
        "ask_now": [a.id for a in answer.open_alerts],
        "urgent_ok": patient.urgent_ok,
        "alert_because": patient.alert_because,
        "missed_because": None if missed is None else missed.because,
        "missed": None
        if missed is None
        else {
            "kind": missed.kind,
            "first": patient.first,
            "prior_ratio": missed.prior_ratio,
            "against": [{"fact": a.fact, "ratio": a.ratio} for a in missed.against],
        },
    }


def percent(value: float | None) -> str:
    """A share in per cent; a dash when there was nobody to count."""
    return "–" if value is None else f"{100 * value:.0f} %"


def exact_percent(value: float | None) -> str:
    """A published share as it was published."""
    return "–" if value is None else f"{100 * value:.3g} %"


def percent_of(stage: Data, name: str) -> str:
    """A share with its interval."""
    low, high = stage["intervals"][name]
    value = stage[name]
    return "–" if value is None else f"{100 * value:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def condition_rows(stage: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """For each condition: patients, how many first, among the first three, mean probability."""
    return [
        (c["condition"], str(c["n"]), str(c["top1"]), str(c["top3"]), number(c["mean_probability"]))
        for c in stage["conditions"]
    ]


def number(value: float | None) -> str:
    """A score with three digits after the point."""
    return "–" if value is None else f"{value:.3f}"


def inexact_words(stage: Data) -> str:
    """How many answers rest on bounds that are not tight; nothing when all are exact."""
    n = stage["inexact"]
    return f"; for {n} the probabilities may be off by {INEXACT:g} or more" if n else ""


def outside_first_three(stage: Data) -> list[Data]:
    """The patients whose condition the knowledge has and that did not come among the first three,
    the furthest off first."""
    missed = [case for case in stage["cases"] if case["in_scope"] and case["rank"] > 3]
    return sorted(missed, key=lambda case: (-case["rank"], case["id"]))


def alert_failures(stage: Data) -> list[Data]:
    """The patients whose alerts did not fit, emergencies first."""
    order = {"emergency": 0, "urgent": 1, "routine": 2}
    wrong = [case for case in stage["cases"] if not case["urgent_ok"]]
    return sorted(wrong, key=lambda case: (order[case["urgency"]], case["id"]))


def method_rows(stage: Data, yardsticks: Sequence[Data]) -> list[tuple[str, ...]]:
    """One row for each method: name, first, first three, first five, mean 1/rank, scores."""
    rows: list[tuple[str, ...]] = []
    for key, name in METHODS.items():
        of = stage if key == "crural" else stage["baselines"][key]
        rows.append(
            (
                name,
                percent_of(of, "top1"),
                percent_of(of, "top3"),
                percent_of(of, "top5"),
                number(of["mrr"]),
                number(of["log_score"]),
                number(of["brier"]),
                number(of["brier_sum"]),
                number(of["ece"]),
            )
        )
    rows += [
        (f"{y['name']} *", exact_percent(y["top1"]), exact_percent(y["top3"]), *6 * ("–",))
        for y in yardsticks
    ]
    return rows


METHOD_HEAD = (
    "",
    "first",
    "first 3",
    "first 5",
    "1/rank",
    "log score",
    "Brier",
    "Brier sum",
    "ECE",
)
ALERT_ROWS = {
    "sensitivity": "urgent or emergency, with the alert it needs",
    "sensitivity_emergency": "emergency, with an alert for now or today",
    "sensitivity_urgent": "urgent, with any alert",
    "sensitivity_with_questions": "urgent or emergency, alert or open question about the cause",
    "alert_about_truth": "urgent or emergency, with an alert about the true cause",
    "specificity": "routine, without an alert for now or today",
    "specificity_any": "routine, without any alert",
}


def alert_rows(stage: Data) -> list[tuple[str, str, str]]:
    """One row for each alert measure: what, share with interval, count."""
    urgent = stage["urgent"]
    return [
        (
            words,
            percent_of(urgent, name),
            f"{urgent['counts'][name]['hits']}/{urgent['counts'][name]['n']}",
        )
        for name, words in ALERT_ROWS.items()
    ]


def to_text(data: Data) -> str:
    """The result as tables for a terminal or a file."""
    out = StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, highlight=False)
    for stage in stages_of(data):
        console.print(_stage_as_text(stage, data["yardsticks"]))
    console.print("95 % intervals by Wilson. * other patients, of all parts of medicine:")
    for yardstick in data["yardsticks"]:
        words = f"{yardstick['name']}: {yardstick['detail']}. {yardstick['source']}"
        console.print(fill(words, WIDTH, initial_indent="  ", subsequent_indent=6 * " "))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _stage_as_text(stage: Data, yardsticks: Sequence[Data]) -> Group:
    outside = stage["out_of_scope"]
    parts: list[Text | Table] = [
        Text(
            f"{_title(stage)}: {stage['n']} patients, {stage['in_scope']} with a listed cause"
            + inexact_words(stage)
        ),
        _table("Where the true cause stood", METHOD_HEAD, method_rows(stage, yardsticks)),
        Text(
            f"Any true cause counting: first {percent_of(stage, 'top1_any')}, "
            f"first 3 {percent_of(stage, 'top3_any')}\n"
            f"Cause not in the knowledge: {outside['n']} patients, 'none of these' first in "
            f"{percent(outside['top1'])}, among the first 3 in {percent(outside['top3'])}\n"
        ),
        _table(
            "Calibration: of what was said with this probability, how much was true",
            ("said", "mean", "seen", "95 % interval", "n"),
            [
                (
                    f"{100 * b['low']:.0f}–{100 * b['high']:.0f} %",
                    percent(b["mean"]),
                    percent(b["observed"]),
                    f"{100 * b['interval'][0]:.0f}–{100 * b['interval'][1]:.0f} %",
                    str(b["n"]),
                )
                for b in stage["calibration"]
            ],
        ),
        _table("Alerts", ("patients", "share", "count"), alert_rows(stage)),
        _list("Not among the first three", outside_first_three(stage), _miss_in_words),
        _list("Alerts that did not fit the urgency", alert_failures(stage), _alert_in_words),
        _table(
            "By condition",
            ("condition", "patients", "first", "first 3", "mean probability"),
            condition_rows(stage),
        ),
        _table(
            "Mistaken for",
            ("truth", "came first", "patients"),
            [(c["truth"], c["first"], str(c["n"])) for c in stage["confusion"]],
        ),
    ]
    return Group(*parts)


def _title(stage: Data) -> str:
    said = {"presentation": "What was known at first", "work-up": "With the work-up"}
    return said[stage["stage"]]


def _miss_in_words(case: Data) -> str:
    missed, first = case["missed"], case["top5"][0]["probability"]
    others = [a for a in missed["against"] if a["fact"] not in case["missed_because"]]
    beside = ", ".join(f"{a['fact']} (×{a['ratio']:.2g})" for a in others)
    return (
        f"{case['id']}: {case['truth']}, place {case['rank']} ({case['probability']:.2g}); first "
        f"{missed['first']} ({first:.2g}): {case['missed_because']}"
        + (f"; against the truth: {beside}" if beside else "")
    )


def _alert_in_words(case: Data) -> str:
    return f"{case['id']}: {case['truth']}, {case['urgency']}: {case['alert_because']}"


def _list(title: str, cases: Sequence[Data], words: Callable[[Data], str]) -> Text:
    lines = [
        fill(
            words(case),
            WIDTH,
            initial_indent="  ",
            subsequent_indent=6 * " ",
            break_on_hyphens=False,
        )
        for case in cases
    ] or ["  none"]
    return Text("\n".join([f"{title} ({len(cases)})", *lines, ""]))


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table | Text:
    if not rows:
        return Text(f"{title}: none\n")
    table = Table(
        title=title,
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in head:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def to_html(data: Data) -> str:
    """The result as one HTML page with its pictures inside."""
    environment = Environment(
        loader=PackageLoader("crural.validation", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        percent=percent,
        percent_of=percent_of,
        number=number,
        title=_title,
        inexact=inexact_words,
    )
    stages = [
        {
            "stage": stage,
            "methods": method_rows(stage, data["yardsticks"]),
            "alerts": alert_rows(stage),
            "missed": outside_first_three(stage),
            "alert_failures": alert_failures(stage),
            "ranking_svg": ranking_svg(stage, data["yardsticks"]),
            "calibration_svg": calibration_svg(stage),
            "alerts_svg": alerts_svg(stage),
        }
        for stage in stages_of(data)
    ]
    return environment.get_template("page.html").render(data=data, stages=stages, head=METHOD_HEAD)
