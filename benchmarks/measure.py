"""Timing, and numbers as people read them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return float(np.median(values))


def p99(values: Sequence[float]) -> float:
    """The value that one in a hundred exceeds."""
    return float(np.quantile(values, 0.99))


def duration(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
