"""An assessment as text for a terminal, 80 to 120 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from crural.assessment import Assessment
from crural.record import Record
from crural.report import words
from crural.report.as_json import as_data
from crural.report.citations import Citations
from crural.report.layout import grid, heading, marks, printed, screen, source_list
from crural.report.outline import Outline, outline
from crural.report.text_treatment import course, treatment
from crural.report.treatment import course_data

# Below this width two columns of reasons become too thin to read.
TWO_COLUMNS = 92
MOST_REASONS = 5
MOST_MISSING = 5
MOST_QUESTIONS = 3
MOST_CHECKS = 4
MOST_EXPLANATIONS = 6

_ALERT_STYLE = {"emergency": "bold red", "same-day": "bold yellow", "two-weeks": "bold cyan"}


def to_text(assessment: Assessment, width: int | None = None, colour: bool | None = None) -> str:
    """The assessment as text, no line of it wider than `width` columns (see `layout.screen`)."""
    return render(as_data(assessment), assessment.record, width, colour)


def render(
    data: Mapping[str, Any], record: Record, width: int | None = None, colour: bool | None = None
) -> str:
    """As `to_text`, from the data of `as_data` and the record."""
    console = screen(width, colour)
    plan, citations = outline(data), Citations()
    return printed(
        console,
        (
            _header(data, record),
            _alerts(data, citations),
            _causes(data, plan, citations, console.width),
            *(_in_full(cause, citations, console.width) for cause in plan.in_full),
            _explanations(plan),
            _next_checks(plan, data),
            *treatment(data, citations),
            _footer(data, citations),
        ),
    )


def follow_up_to_text(
    assessment: Assessment, width: int | None = None, colour: bool | None = None
) -> str:
    """The pain scores of an assessment that has a course, held against it, as text."""
    assert assessment.course is not None
    citations = Citations()
    held = course(course_data(assessment.course, assessment.knowledge), citations)
    return printed(screen(width, colour), (held, source_list(citations)))


def _header(data: Mapping[str, Any], record: Record) -> RenderableType:
    named = [f"record {record.id}"] if record.id else []
    dated = [f"as of {record.as_of.isoformat()}"] if record.as_of else []
    who = (words.person(record), words.SIDE[record.side], words.SETTING[record.setting])
    return Group(
        Text.assemble(("Crural", "bold"), " · ", " · ".join(("leg pain", *named, *dated))),
        Text(words.sentence(" · ".join(who))),
        Text(f"Known: {words.known(data)}"),
    )


def _alerts(data: Mapping[str, Any], citations: Citations) -> RenderableType:
    parts: list[RenderableType] = [heading("What must not wait")]
    if not data["alerts"]:
        parts.append(Text("No alert is raised by what is known."))
    parts += [_alert(alert, citations) for alert in data["alerts"]]
    if data["ask_now"]:
        said = "Still open: what has not been asked could raise these." + (
            "" if data["alerts"] else " They are not excluded."
        )
        parts += [Text(""), Text(said, style="bold"), _open_alerts(data["ask_now"])]
    return Group(*parts)


def _alert(alert: Mapping[str, Any], citations: Citations) -> RenderableType:
    urgency = words.URGENCY[alert["urgency"]]
    style = _ALERT_STYLE[alert["urgency"]]
    title = Text.assemble((f"{urgency.sign} {urgency.full}", style), "  ", (alert["title"], "bold"))
    lines = grid(("dim", 8), ("", None))
    lines.add_row("Do", Text(alert["action"], style="bold"))
    lines.add_row("Because", words.spans("; ".join(alert["because"])))
    lines.add_row("Why", f"{alert['rationale']}{marks(alert['sources'], citations, ' ')}")
    if alert["unknown"]:
        lines.add_row("Ask now", words.names(alert["unknown"]))
    return Group(title, Padding(lines, (0, 0, 0, 4)))


def _open_alerts(alerts: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Emergencies with what to ask; of the less urgent only their titles."""
    lines = grid(("", 3), ("", None))
    less: dict[str, list[str]] = {}
    for alert in alerts:
        urgency = words.URGENCY[alert["urgency"]]
        if alert["urgency"] == "emergency":
            asked = words.names(alert["unknown"], most=MOST_QUESTIONS)
            lines.add_row(urgency.sign, Text.assemble((f"{alert['title']}: ", "bold"), asked))
        else:
            less.setdefault(alert["urgency"], []).append(alert["title"])
    for grade, titles in less.items():
        urgency = words.URGENCY[grade]
        said = f"{words.sentence(urgency.short)}: {'; '.join(titles)}"
        lines.add_row(urgency.sign, said)
    return lines


def _causes(
    data: Mapping[str, Any], plan: Outline, citations: Citations, width: int
) -> RenderableType:
    cells = max(width // 3 - 4, 10)
    table = grid(("", None), ("cyan", cells), ("bold", 6), ("", 12))
    table.add_row("", Text(_scale(cells), style="dim"), "", Text("90 % range", style="dim"))
    table.columns[2].justify = table.columns[3].justify = "right"
    for cause in plan.listed:
        low, high = cause["interval"]
        table.add_row(
            Text.assemble(cause["name"], _on_estimates(cause)),
            bar(cause["probability"], low, high, cells),
            words.percent(cause["probability"]),
            words.interval(low, high),
        )
    caution = words.caution(data)
    below = [Text(f"! {caution}", style="bold")] if caution else []
    below.append(Text(words.sentence(words.other(data)) + "."))
    if plan.minor or plan.silent:
        told = [words.with_percents(plan.minor)] if plan.minor else []
        rest = [f"{plan.silent} more below 1 %"] if plan.silent else []
        below.append(Text(f"Unlikely (under 2 %): {', '.join((*told, *rest))}."))
    below += [_not_excluded(cause, citations) for cause in plan.dangerous]
    if plan.also_dangerous:
        said = words.with_percents(plan.also_dangerous)
        below.append(Text.assemble(("!!! Nor can these: ", "bold red"), f"{said}."))
    legend = "█ to the low end of the 90 % range, ▓ to the estimate, ░ to the high end"
    if any(cause["estimates_only"] for cause in plan.listed):
        legend += f"; ({words.ON_ESTIMATES}) {words.ESTIMATES_ONLY}"
    return Group(heading("What causes the pain"), table, Text(legend, style="dim"), *below)


def _on_estimates(cause: Mapping[str, Any]) -> tuple[str, str]:
    """The mark of a probability that rests on estimates only."""
    return (f" ({words.ON_ESTIMATES})" if cause["estimates_only"] else "", "dim")


def bar(probability: float, low: float, high: float, cells: int) -> str:
    """A bar of block characters: full to `low`, dark to the probability, light to `high`."""
    ends = [round(cells * p) for p in (low, probability, high)]
    drawn = "█" * ends[0] + "▓" * (ends[1] - ends[0]) + "░" * (ends[2] - ends[1])
    # A cause of the list never looks like nothing.
    return (drawn or "▏").ljust(cells, "·")


def _scale(cells: int) -> str:
    return "0" + "50".center(cells - 4) + "100"


def _not_excluded(cause: Mapping[str, Any], citations: Citations) -> Text:
    parts = [
        f"{label} {', '.join(_with_ratio(r, citations) for r in reasons)}"
        for label, reasons in (("for", cause["for"][:2]), ("against", cause["against"][:2]))
        if reasons
    ]
    if cause["missing"]:
        parts.append(f"not known: {words.names(cause['missing'][:3])}")
    said = f"{cause['name']} ({words.percent(cause['probability'])})"
    return Text.assemble(("!!! Cannot be excluded: ", "bold red"), "; ".join((said, *parts)), ".")


def _with_ratio(reason: Mapping[str, Any], citations: Citations) -> str:
    cited = marks(reason["sources"], citations, " ", "(est.)")
    return f"{words.times(reason['likelihood_ratio'])} {words.with_side(reason)}{cited}"


def _in_full(cause: Mapping[str, Any], citations: Citations, width: int) -> RenderableType:
    low, high = cause["interval"]
    chance = f"{words.percent(cause['probability'])} ({words.interval(low, high)})"
    title = Text.assemble((cause["name"], "bold"), f"  {chance}; {words.BEFORE_FINDINGS} ")
    title.append(words.percent(cause["prior"]))
    if cause["estimates_only"]:
        title.append("; rests on estimates only")
    for_, against = (
        _reasons(label, cause[key], citations)
        for label, key in (("For", "for"), ("Against", "against"))
    )
    reasons: RenderableType = Group(for_, against)
    if width >= TWO_COLUMNS:
        half = (width - 4) // 2
        columns = grid(("", half), ("", half))
        columns.add_row(for_, against)
        reasons = columns
    more = grid(("dim", 13), ("", None))
    variants = [v for v in cause["variants"] if v["probability"] >= 0.01]
    if variants:
        ordered = sorted(variants, key=lambda v: -v["probability"])
        told = ", ".join(f"{v['name']} ({words.percent(v['probability'])})" for v in ordered)
        more.add_row("Form", told)
    if cause["missing"]:
        told = "; ".join(
            f"{m['name']} ({words.percent(m['frequency'])} with it, "
            f"{words.percent(m['elsewhere'])} expected)"
            for m in cause["missing"][:MOST_MISSING]
        )
        more.add_row("Not yet known", told)
    pivot = cause["hangs_on"]
    if pivot and abs(pivot["swing"]) >= words.ONE_POINT:
        cited = marks(pivot["sources"], citations, " ")
        more.add_row("Hangs most on", words.hangs_on(pivot) + cited)
    return Group(title, Padding(Group(reasons, more), (0, 0, 0, 2)))


def _reasons(label: str, reasons: list[Mapping[str, Any]], citations: Citations) -> RenderableType:
    style = "green" if label == "For" else "magenta"
    lines = grid((style, 7), ("", None))
    lines.add_row(Text(label, style=f"bold {style}"), "" if reasons else "nothing that is known")
    for reason in reasons[:MOST_REASONS]:
        said = words.with_side(reason) + marks(reason["sources"], citations, " ", "(est.)")
        lines.add_row(words.times(reason["likelihood_ratio"]), said)
    left = len(reasons) - MOST_REASONS
    if left > 0:
        lines.add_row("", Text(f"and {left} weaker", style="dim"))
    return lines


def _explanations(plan: Outline) -> RenderableType:
    table = grid(("bold", 5), ("", None))
    table.columns[0].justify = "right"
    for explanation in plan.explanations[:MOST_EXPLANATIONS]:
        alone = " alone" if len(explanation["names"]) == 1 else ""
        table.add_row(
            words.percent(explanation["probability"]), " + ".join(explanation["names"]) + alone
        )
    return Group(heading("Explanations: which causes together"), table)


def _next_checks(plan: Outline, data: Mapping[str, Any]) -> RenderableType:
    parts: list[RenderableType] = [heading("What to find out next")]
    for group, checks in plan.checks.items():
        parts.append(Text(group, style="bold"))
        parts += [Padding(_check(check), (0, 0, 0, 2)) for check in checks[:MOST_CHECKS]]
        if len(checks) > MOST_CHECKS:
            parts.append(Text(f"  and {len(checks) - MOST_CHECKS} that tell less", style="dim"))
    if not plan.checks:
        parts.append(Text("Nothing that is still unknown would change the picture."))
    for title, told in (
        (words.RULES_OUT, words.questions(data["next_urgent"])),
        (words.TOGETHER, words.batteries(data["batteries"])),
    ):
        if told:
            parts.append(Text(title, style="bold"))
            parts += [Padding(Text(line), (0, 0, 0, 2)) for line in told]
    return Group(*parts)


def _check(check: Mapping[str, Any]) -> RenderableType:
    question = Text(words.wanted(check))
    if check["burden"] in words.TEST:
        question.append(f" ({words.TEST[check['burden']]})", style="dim")
    moves = grid(("dim", None), ("", None))
    for result in ("present", "absent"):
        told = ", ".join(
            f"{m['name']}: {words.change(m['now'], m['then'])}" for m in check[f"if_{result}"]
        )
        moves.add_row(f"{check['results'][result]}:", told or "no great change")
    return Group(question, Padding(moves, (0, 0, 0, 2)))


def _footer(data: Mapping[str, Any], citations: Citations) -> RenderableType:
    knowledge = data["knowledge"]
    return Group(
        heading("Sources and limits"),
        source_list(citations),
        Text(""),
        *(
            Text(said, style="dim")
            for said in (
                words.NOT_MULTIPLIED,
                f"(est.): {words.ESTIMATED}.",
                words.exactness(data),
                f"Knowledge version {knowledge['version']}, digest {knowledge['digest']}.",
                words.INTENDED_USE,
            )
        ),
    )
