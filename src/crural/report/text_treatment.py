"""The way of treatment as text: ladder, candidacy, course, cautions. Drawn by `text`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from crural.report import words
from crural.report.citations import Citations
from crural.report.layout import grid, heading, marks

Data = Mapping[str, Any]

MOST_OPTIONS = 5
MOST_SHORT = 3
MOST_CARE = 3
MOST_ASKED = 8

_STATE_STYLE = {"next": "bold green", "in-progress": "bold yellow", "barred": "red"}
_VERDICT_STYLE = {"barred": "red", "advised-against": "yellow", "check-first": "cyan"}


def treatment(data: Data, citations: Citations) -> Iterable[RenderableType]:
    """Every part about treatment that the assessment has."""
    if data.get("not_understood") or data.get("doubtful_doses"):
        yield _to_check(data)
    if data["cautions"] or (data["opioids"] and data["opioids"]["say"]):
        yield _cautions(data, citations)
    if data["ladder"] is not None:
        yield _ladder(data, citations)
    if data["course"] is not None:
        yield course(data["course"], citations)
    if data["candidacy"]:
        yield _candidacy(data, citations)


def _to_check(data: Data) -> RenderableType:
    """What in the record is not understood, or can hardly be meant."""
    lines = grid(("bold yellow", 3), ("", None))
    if data.get("not_understood"):
        said = words.sentence(words.not_understood(data["not_understood"]))
        lines.add_row("!", f"{said}. Check the spelling, or judge them yourself.")
    for doubt in data.get("doubtful_doses", ()):
        lines.add_row("!", Text.assemble((f"{doubt['what']}: ", "bold"), doubt["says"]))
    return Group(heading("Entries to check"), lines)


def _cautions(data: Data, citations: Citations) -> RenderableType:
    lines = grid(("bold yellow", 3), ("", None))
    for row in data.get("caution_table", ()):
        told: list[RenderableType] = [Text(words.reason_for_care(row), style="bold")]
        for advice in row["advice"]:
            said = Text.assemble((f"{words.about(advice)}: ", "bold"), advice["say"])
            said.append(marks(advice["sources"], citations, " "))
            told.append(Padding(said, (0, 0, 0, 2)))
        lines.add_row("!!" if row["level"] == "barred" else "!", Group(*told))
    opioids = data["opioids"]
    if opioids and opioids["say"]:
        lines.add_row(
            "!",
            Text.assemble(
                (f"{words.sentence(words.opioids(opioids))}: ", "bold"), opioids["say"][-1]
            ),
        )
    return Group(heading("Drugs taken now: take care"), lines)


def _ladder(data: Data, citations: Citations) -> RenderableType:
    ladder = data["ladder"]
    parts: list[RenderableType] = [heading("Treatment: where the patient stands")]
    if words.has_emergency(data):
        parts.append(Text("The emergency above comes before every step below.", style="bold red"))
    parts.append(Text.assemble(("Ladder: ", "dim"), (words.of_ladder(ladder), "bold")))
    parts.append(_rungs(ladder))
    parts += [
        _rung_in_full(rung, citations)
        for rung in ladder["rungs"]
        if rung["state"] in {"next", "in-progress"}
    ]
    parts += [
        Text.assemble(("Also: ", "dim"), f"{words.of_ladder(other)}: {words.next_step(other)}")
        for other in data["other_ladders"]
    ]
    if data["shared_steps"]:
        told = ", ".join(step["name"] for step in data["shared_steps"])
        parts.append(Text.assemble(("Serves every plausible cause: ", "bold"), told))
    for step in data["waiting"]:
        checks = ", ".join(check["name"] for check in step["checks"])
        parts.append(
            Text.assemble(
                ("Can wait: ", "bold"),
                f"{step['name']} is for {step['condition_name']} alone "
                f"({words.percent(step['probability'])}); first find out: {checks}",
            )
        )
    return Group(*parts)


def _rungs(ladder: Data) -> RenderableType:
    lines = grid(("", 13), ("", None))
    for rung in ladder["rungs"]:
        state = words.RUNG[rung["state"]]
        said = Text(rung["title"], style=_STATE_STYLE.get(rung["state"], ""))
        if rung["beside"]:
            said.append(" (beside the other steps)", style="dim")
        if rung["because"] and rung["state"] != "later":
            said.append(f"  {'; '.join(rung['because'])}", style="dim")
        lines.add_row(f"{state.sign} {state.short}", said)
    return Padding(lines, (0, 0, 0, 2))


def _rung_in_full(rung: Data, citations: Citations) -> RenderableType:
    title = f"{words.RUNG[rung['state']].full}: {rung['title']}"
    if rung["judge_on"]:
        title += f" (to be judged from {rung['judge_on']})"
    parts: list[RenderableType] = [Text(title, style="bold"), Text(rung["why"], style="dim")]
    if rung["ask"]:
        parts.append(Text(f"First find out: {words.names(rung['ask'], most=4)}"))
    options = words.in_front(rung["options"])
    # What runs beside the way, and what cannot be given, is told in a line.
    full = [o for o in options if not rung["beside"] and o["verdict"] != "barred"][:MOST_OPTIONS]
    shared = rung.get("shared_cautions", ())
    if any(warned["level"] == "caution" for warned in shared):
        parts.append(Padding(_shared(shared, rung, full), (0, 0, 0, 2)))
    parts += [Padding(_option(option, shared, citations), (0, 0, 0, 2)) for option in full]
    short = [o for o in options if o not in full][: MOST_OPTIONS + MOST_SHORT - len(full)]
    parts += [Padding(line, (0, 0, 0, 2)) for line in _in_lines(short)]
    rest = [option["name"] for option in options if option not in full and option not in short]
    if rest:
        parts.append(Text(f"  and {len(rest)} more: {', '.join(rest)}", style="dim"))
    for dispute in rung["disputes"]:
        parts.append(
            Text.assemble(
                ("Then and now: ", "bold"),
                f"{dispute['then']} {dispute['now']}{marks(dispute['sources'], citations, ' ')}",
            )
        )
    return Padding(Group(*parts), (1, 0, 0, 2))


def _shared(shared: Iterable[Data], rung: Data, full: Sequence[Data]) -> RenderableType:
    """What several of the options that are told in full are warned of, once."""
    names = {option["name"] for option in full}
    lines = grid(("dim", 8), ("", None))
    for group in words.by_options(shared):
        first = group[0]
        if first["level"] == "caution" and names.intersection(first["options"]):
            told = " ".join(f"{w['say']} ({'; '.join(w['because'])})" for w in group)
            lines.add_row(
                "Care", Text.assemble((f"{words.shared_by(first, rung)}: ", "bold"), told)
            )
    return lines


def _option(option: Data, shared: Sequence[Data], citations: Citations) -> RenderableType:
    verdict = words.verdict(option)
    title = Text.assemble((option["name"], "bold"), "  ")
    title.append(verdict, style=_VERDICT_STYLE.get(option["verdict"], "green"))
    lines = grid(("dim", 8), ("", None))
    if option["effect"]:
        lines.add_row("Effect", option["effect"]["says"] + marks(option["sources"], citations, " "))
    if option["dosing"]:
        dosing = option["dosing"]
        adjusted = f" ({dosing['adjusted_because']})" if dosing["adjusted_because"] else ""
        lines.add_row("Dose", f"from {dosing['start']}, at most {dosing['most']}{adjusted}")
    if option["positions"]:
        lines.add_row("Advice", "; ".join(words.position(p) for p in option["positions"]))
    held = [w for w in words.own_cautions(option, shared) if w["level"] == "caution"]
    for warned in held[:MOST_CARE]:
        lines.add_row("Care", f"{warned['say']} ({'; '.join(warned['because'])})")
    if len(held) > MOST_CARE:
        lines.add_row("", f"and {len(held) - MOST_CARE} more")
    unknown = [fact for warned in option["cautions"] for fact in warned["ask"]]
    if unknown:
        once = {fact["finding"]: fact for fact in unknown}
        lines.add_row("Check", f"first: {words.names(once.values(), most=MOST_ASKED)}")
    return Group(title, Padding(lines, (0, 0, 0, 2)))


def _in_lines(options: Iterable[Data]) -> Iterable[Text]:
    """Options in a line each; in one line those of which the same is said."""
    alike: dict[tuple[str, str], list[str]] = {}
    style: dict[str, str] = {}
    for option in options:
        verdict = words.verdict(option)
        style[verdict] = _VERDICT_STYLE.get(option["verdict"], "green")
        alike.setdefault((verdict, _in_short(option)), []).append(option["name"])
    for (verdict, said), names in alike.items():
        line = Text.assemble((", ".join(names), "bold"), "  ", (verdict, style[verdict]))
        yield line.append(said, style="" if verdict == words.OPTION["barred"] else "dim")


def _in_short(option: Data) -> str:
    barred = [warned for warned in option["cautions"] if warned["level"] == "barred"]
    if option["verdict"] == "barred" and barred:
        return f": {barred[0]['say']} ({'; '.join(barred[0]['because'])})"
    return f": {option['effect']['says']}" if option["effect"] else ""


def course(held: Data, citations: Citations) -> RenderableType:
    """Pain scores against the expected course."""
    verdict = words.COURSE[held["verdict"]]
    parts: list[RenderableType] = [
        heading("Is the pain lessening as it should?"),
        Text.assemble((words.sentence(verdict), "bold"), f": {'; '.join(held['because'])}."),
        Text(
            f"{words.sentence(held['says'])}{marks(held['sources'], citations, ' ')}", style="dim"
        ),
    ]
    if held["verdict"] == "off-course":
        parts.append(Text(held["if_not"], style="bold"))
        moved = ", ".join(
            f"{cause['name']} {words.change(cause['before'], cause['after'])}"
            for cause in held["revised"]
        )
        if moved:
            parts.append(Text(f"With this course of the pain as evidence: {moved}."))
    return Group(*parts)


def _candidacy(data: Data, citations: Citations) -> RenderableType:
    ladder, after = data["ladder"], words.has_emergency(data)
    parts: list[RenderableType] = [heading("Stimulation and intraspinal morphine")]
    if after:
        parts.append(Text(words.AFTER_THE_EMERGENCY, style="bold"))
    for therapy, found in data["candidacy"].items():
        status = words.CANDIDACY[found["status"]]
        parts.append(Text.assemble((words.THERAPY[therapy], "bold"), f": {status}"))
        lines = grid(("dim", 9), ("", None))
        step = words.on_ladder(ladder, therapy)
        if step:
            lines.add_row("Ladder", step)
        if found["because"]:
            lines.add_row("Because", words.spans("; ".join(found["because"][:4])))
        if found["missing"] and not after:
            lines.add_row("Find out", words.names(found["missing"], most=MOST_ASKED))
        near = found["status"] == "due" or _is_near(ladder)
        for line in found["sets"] if near and not after else ():
            said = f"{line['name']} ({line['body']} {line['year']})"
            counts = words.counts(found["criteria"], line)
            lines.add_row("", f"{said}: {counts}{marks(line['sources'], citations, ' ')}")
        parts.append(Padding(lines, (0, 0, 0, 2)))
    return Group(*parts)


def _is_near(ladder: Data | None) -> bool:
    """Is an implant the next step, or was one tried? Before, the lists would only fill the page."""
    rungs = () if ladder is None else ladder["rungs"]
    implants = [rung for rung in rungs if rung["stage"] in words.THERAPY]
    return any(rung["state"] not in {"later", "skipped"} for rung in implants)
