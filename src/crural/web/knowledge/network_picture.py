"""The network around an entry, drawn: what leads to it, what acts within it, what it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from crural.knowledge import Condition, Finding, Knowledge, Mechanism, resolve
from crural.knowledge.model import Alert, Link
from crural.knowledge.numbers import Number
from crural.knowledge.treatment import Treatment
from crural.web.knowledge.rules import ids_in

WIDTH, ROW, TOP = 720, 26, 34
MOST = 9
_COLUMNS = (4, 256, 508)
_BOX = 208


Line = tuple[str, float | None]


@dataclass(frozen=True)
class _Around:
    """An entry between what leads to it, on the left, and what it leads to, on the right; what acts
    within it stands below it. Each with a share from 0 to 1, where there is one."""

    name: str
    titles: tuple[str, str, str]
    left: Sequence[Line] = ()
    within: Sequence[Line] = ()
    right: Sequence[Line] = ()


def network_picture(entry: object, knowledge: Knowledge) -> str:
    """The network around an entry, drawn; empty for what is no part of it. The commonest come
    first, and the width of a line tells how often."""
    match entry:
        case Condition():
            around = _of_condition(entry, knowledge)
        case Mechanism():
            around = _of_mechanism(entry, knowledge)
        case Finding():
            around = _of_finding(entry, knowledge)
        case Alert():
            around = _of_alert(entry, knowledge)
        case Treatment():
            around = _of_treatment(entry, knowledge)
        case _:
            return ""
    return _drawn(around)


def _of_condition(condition: Condition, knowledge: Knowledge) -> _Around:
    raises: list[Line] = [
        *((knowledge.conditions[c.condition].name, None) for c in condition.caused_by),
        *((knowledge.findings[r.finding].name, None) for r in condition.risks),
    ]
    return _Around(
        condition.name,
        ("makes it likelier", "acts through", "shows as"),
        raises,
        [
            (knowledge.mechanisms[share.mechanism].name, _value(share.probability, knowledge))
            for share in condition.mechanisms
        ],
        _links(condition.findings, knowledge),
    )


def _of_mechanism(mechanism: Mechanism, knowledge: Knowledge) -> _Around:
    causes = [
        (condition.name, _value(share.probability, knowledge))
        for condition in knowledge.conditions.values()
        for share in condition.mechanisms
        if share.mechanism == mechanism.id
    ]
    return _Around(
        mechanism.name,
        ("acts in", "mechanism", "shows as"),
        _by_share(causes),
        (),
        _links(mechanism.findings, knowledge),
    )


def _of_finding(finding: Finding, knowledge: Knowledge) -> _Around:
    owners: list[Condition | Mechanism] = [
        *knowledge.conditions.values(),
        *knowledge.mechanisms.values(),
    ]
    shows = [
        (owner.name, _value(link.probability, knowledge))
        for owner in owners
        for link in owner.findings
        if link.finding == finding.id and link.probability is not None
    ]
    raised: list[Line] = [
        (condition.name, None)
        for condition in knowledge.conditions.values()
        if any(risk.finding == finding.id for risk in condition.risks)
    ]
    alerts: list[Line] = [
        (alert.title, None)
        for alert in knowledge.alerts.values()
        if finding.id in ids_in(alert.when)
    ]
    above: list[Line] = [
        (knowledge.findings[f].name, None) for f in knowledge.nested.get(finding.id, ())
    ]
    return _Around(
        finding.name,
        ("is seen with", "implies", "makes likelier, or raises"),
        _by_share(shows),
        above,
        [*raised, *alerts],
    )


def _of_alert(alert: Alert, knowledge: Knowledge) -> _Around:
    said = ids_in(alert.when)
    read: list[Line] = [
        (entry.name, None)
        for room in (knowledge.findings, knowledge.conditions)
        for name, entry in room.items()
        if name in said
    ]
    about: list[Line] = [
        (knowledge.conditions[name].name, None)
        for name in alert.about
        if name in knowledge.conditions
    ]
    return _Around(alert.title, ("is raised by", "alert", "is about"), read, (), about)


def _of_treatment(treatment: Treatment, knowledge: Knowledge) -> _Around:
    ladders: list[Line] = [
        (f"{ladder.name}: {rung.title}", None)
        for ladder in knowledge.ladders.values()
        for rung in ladder.rungs
        if treatment.id in rung.options
    ]
    courses: list[Line] = [
        (course.name, None)
        for course in knowledge.courses.values()
        if course.treatment == treatment.id
    ]
    warns: list[Line] = [(knowledge.precautions[name].name, None) for name in treatment.precautions]
    return _Around(
        treatment.name, ("is an option of", "to mind", "expected course"), ladders, warns, courses
    )


def _links(links: Iterable[Link], knowledge: Knowledge) -> list[Line]:
    return _by_share(
        (knowledge.findings[link.finding].name, _value(link.probability, knowledge))
        for link in links
        if link.probability is not None
    )


def _by_share(lines: Iterable[tuple[str, float]]) -> list[Line]:
    return [*sorted(lines, key=lambda line: -line[1])]


def _value(number: Number, knowledge: Knowledge) -> float:
    return resolve(number, knowledge.evidence, "probability").value


def _drawn(around: _Around) -> str:
    left, within, right = around.left[:MOST], around.within[: MOST - 1], around.right[:MOST]
    more = [
        len(every) - len(shown)
        for every, shown in ((around.left, left), (around.within, within), (around.right, right))
    ]
    rows = max(len(left), len(within) + 2, len(right), 1)
    height = TOP + rows * ROW + 8
    told = ", ".join(
        f"{title}: {len(shown)}{f' and {rest} more' if rest else ''}"
        for title, shown, rest in zip(around.titles, (left, within, right), more, strict=True)
    )
    parts = [
        f'<svg class="network" role="img" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(around.name)}; {escape(told)}. The page holds the same.</title>"
    ]
    shown = (left, within, right)
    for x, title, lines, rest in zip(_COLUMNS, around.titles, shown, more, strict=True):
        if not lines:
            continue
        also = f" (and {rest} more)" if rest else ""
        parts.append(f'<text class="column" x="{x}" y="16">{escape(title)}{also}</text>')
    own = TOP + ROW // 2
    for at, (_, share) in enumerate(left):
        parts.append(_curve(_COLUMNS[0] + _BOX, _y(at), _COLUMNS[1], own, _width(share)))
    for at, (_, share) in enumerate(within):
        x = _COLUMNS[1] + 14
        parts.append(
            f'<path class="edge" d="M{x} {own + 11}V{_y(at + 1)}H{x + 12}" '
            f'stroke-width="{_width(share):.1f}"/>'
        )
    for at, (_, share) in enumerate(right):
        parts.append(_curve(_COLUMNS[1] + _BOX, own, _COLUMNS[2], _y(at), _width(share)))
    parts += _boxes(_COLUMNS[0], _told(left), 0)
    parts += _boxes(_COLUMNS[1], [around.name], 0, "own")
    parts += _boxes(_COLUMNS[1] + 26, _told(within), 1)
    parts += _boxes(_COLUMNS[2], _told(right), 0)
    return "".join([*parts, "</svg>"])


def _told(lines: Iterable[Line]) -> list[str]:
    return [name if share is None else f"{name} {share:.0%}" for name, share in lines]


def _y(row: int) -> int:
    return TOP + row * ROW + ROW // 2


def _width(share: float | None) -> float:
    return 1.2 if share is None else 0.6 + 2.4 * share


def _curve(x1: int, y1: int, x2: int, y2: int, width: float) -> str:
    middle = (x1 + x2) // 2
    return (
        f'<path class="edge" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}" '
        f'stroke-width="{width:.1f}"/>'
    )


def _boxes(x: int, names: Sequence[str], first: int, kind: str = "") -> list[str]:
    width = _BOX if not first else _BOX - 26
    return [
        f'<rect class="box {kind}" x="{x}" y="{_y(at) - 11}" width="{width}" height="22" rx="4"/>'
        f'<text class="{kind}" x="{x + 6}" y="{_y(at) + 4}">{escape(_short(name, width))}'
        f"<title>{escape(name)}</title></text>"
        for at, name in enumerate(names, first)
    ]


def _short(name: str, width: int) -> str:
    # A letter is about so wide in the size of the style sheet.
    most = int((width - 12) / 6.7)
    if len(name) <= most:
        return name
    # A share at the end stays in sight.
    tail = name.rsplit(" ", 1)[1] if name.endswith("%") else ""
    return f"{name[: most - len(tail) - 2].rstrip()}… {tail}".rstrip()
