"""What the charts are drawn with: words, lines and the frame of a picture, as SVG text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

INK: Final = "#16202a"
QUIET: Final = "#4d5a66"
GRID: Final = "#d5dbe1"
PAPER: Final = "#ffffff"
FONT: Final = "font-family='system-ui, Segoe UI, Helvetica, Arial, sans-serif'"


def picture(
    width: float,
    height: float,
    title: str,
    about: str,
    parts: Iterable[str],
    *,
    heading: str | None = None,
) -> str:
    """The whole picture. Its title is drawn, or the shorter heading; `about` is what somebody hears
    who cannot see it."""
    inner = "\n".join(parts)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' "
        f"width='{width:.0f}' height='{height:.0f}' role='img' {FONT}>\n"
        f"<title>{escape(title)}</title><desc>{escape(about)}</desc>\n"
        f"<rect width='{width:.0f}' height='{height:.0f}' fill='{PAPER}'/>\n"
        f"{text(16, 22, heading or title, weight=600, size=15)}\n{inner}\n</svg>"
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: int = 13,
    weight: int = 400,
    colour: str = INK,
) -> str:
    """Words in the picture; `y` is the line they stand on."""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' font-weight='{weight}' "
        f"fill='{colour}' text-anchor='{anchor}'>{escape(words)}</text>"
    )


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    colour: str = INK,
    width: float = 1,
    dash: str = "",
) -> str:
    """A straight line."""
    dashed = f" stroke-dasharray='{dash}'" if dash else ""
    return (
        f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' "
        f"stroke-width='{width:g}'{dashed}/>"
    )
