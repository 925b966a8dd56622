"""The network around one condition, drawn: what raises it, how it acts, how it shows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from crural.knowledge import Condition, Knowledge, resolve
from crural.knowledge.numbers import Number

WIDTH, ROW, TOP = 720, 26, 34
MOST = 9
_COLUMNS = (4, 256, 508)
_BOX = 208


def network_picture(condition: Condition, knowledge: Knowledge) -> str:
    """Risks and causes on the left, the condition and its mechanisms in the middle, findings on the
    right, the commonest first. The width of a line tells how often."""

    def value(number: Number | None) -> float:
        return 0.0 if number is None else resolve(number, knowledge.evidence, "probability").value

    raises = [
        *((knowledge.conditions[c.condition].name, 1.5) for c in condition.caused_by),
        *((knowledge.findings[r.finding].name, 1.5) for r in condition.risks),
    ][:MOST]
    middle = [
        (knowledge.mechanisms[share.mechanism].name, value(share.probability))
        for share in condition.mechanisms
    ][: MOST - 1]
    shown = sorted(
        (
            (knowledge.findings[link.finding].name, value(link.probability))
            for link in condition.findings
            if link.probability is not None
        ),
        key=lambda line: -line[1],
    )[:MOST]
    rows = max(len(raises), len(middle) + 2, len(shown), 1)
    height = TOP + rows * ROW + 8
    parts = [
        f'<svg class="network" role="img" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(condition.name)}: {len(raises)} that raise it, {len(middle)} mechanisms, "
        f"{len(shown)} of its commonest findings. The tables below hold the same.</title>"
    ]
    for x, title in zip(_COLUMNS, ("makes it likelier", "acts through", "shows as"), strict=True):
        parts.append(f'<text class="column" x="{x}" y="16">{title}</text>')
    own = TOP + ROW // 2
    for at, (_, _weight) in enumerate(raises):
        parts.append(_curve(_COLUMNS[0] + _BOX, _y(at), _COLUMNS[1], own, 1.2))
    for at, (_, weight) in enumerate(middle):
        x = _COLUMNS[1] + 14
        y = _y(at + 1)
        parts.append(
            f'<path class="edge" d="M{x} {own + 11}V{y}H{x + 12}" '
            f'stroke-width="{_width(weight):.1f}"/>'
        )
    for at, (_, weight) in enumerate(shown):
        parts.append(_curve(_COLUMNS[1] + _BOX, own, _COLUMNS[2], _y(at), _width(weight)))
    parts += _boxes(_COLUMNS[0], [name for name, _ in raises], 0)
    parts += _boxes(_COLUMNS[1], [condition.name], 0, "own")
    parts += _boxes(_COLUMNS[1] + 26, [f"{n} {w:.0%}" for n, w in middle], 1)
    parts += _boxes(_COLUMNS[2], [f"{n} {w:.0%}" for n, w in shown], 0)
    return "".join([*parts, "</svg>"])


def _y(row: int) -> int:
    return TOP + row * ROW + ROW // 2


def _width(weight: float) -> float:
    return 0.6 + 2.4 * weight


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
