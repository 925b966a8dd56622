"""Diaries that tests invent."""

from __future__ import annotations

from collections.abc import Sequence

from crural.stimulation.diary import Diary, Entry, Phase, diary_from_text

STEADY = (7, 8, 7, 6, 8, 7, 7, 8, 6, 7, 7, 8, 7, 7)
EASED = (3, 3, 2, 3, 2, 3, 3, 2, 2, 3)
BACK = (5, 7, 7, 7)


def diary(
    baseline: Sequence[float] = STEADY,
    trial: Sequence[float] = EASED,
    after: Sequence[float] = (),
) -> Diary:
    """One score a day, phase after phase."""
    scored: list[tuple[Phase, float]] = [
        *(("baseline", s) for s in baseline),
        *(("trial", s) for s in trial),
        *(("after", s) for s in after),
    ]
    return Diary(
        tuple(Entry(float(i), phase, float(score)) for i, (phase, score) in enumerate(scored)),
        None,
        "diary.csv",
    )


def written(*rows: str, header: str = "time,nrs,phase") -> Diary:
    """A diary as it stands in a file."""
    return diary_from_text("\n".join((header, *rows)), "diary.csv")
