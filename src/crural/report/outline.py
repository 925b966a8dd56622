"""What a report tells and at what length: which causes in full, which in one line, which checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Part = Mapping[str, Any]

# Causes that come out as 2 % or more when rounded get a bar, from 10 % on their reasons too.
LISTED = 0.015
IN_FULL = 0.095
MOST_IN_FULL = 4
# A cause that kills or cripples within hours is told from this probability on.
DANGEROUS = 0.005
# Of more than so many the reasons would hide the likeliest.
MOST_DANGEROUS = 4
EXPLAINED = 0.015


@dataclass(frozen=True)
class Outline:
    """The parts of an assessment by the length at which they are told.

    `listed` get a bar; of them `in_full` get their reasons. `dangerous` are emergencies that are
    not told in full but cannot be excluded: the likeliest few get their reasons, `also_dangerous`
    are the others, told by name alone. `minor` are the rest that come out as 1 %, `silent`
    counts those below. `checks` are the next checks by what they ask of the patient.
    """

    listed: tuple[Part, ...]
    in_full: tuple[Part, ...]
    dangerous: tuple[Part, ...]
    also_dangerous: tuple[Part, ...]
    minor: tuple[Part, ...]
    silent: int
    explanations: tuple[Part, ...]
    checks: Mapping[str, tuple[Part, ...]]


def outline(data: Part) -> Outline:
    """The outline of an assessment as `as_data` gives it."""
    causes = data["causes"]
    listed = [c for c in causes if c["probability"] >= LISTED] or causes[:3]
    in_full = [c for c in listed if c["probability"] >= IN_FULL][:MOST_IN_FULL] or listed[:1]
    told, full = {c["id"] for c in listed}, {c["id"] for c in in_full}
    dangerous = [
        c
        for c in causes
        if c["urgency"] == "emergency" and c["probability"] >= DANGEROUS and c["id"] not in full
    ]
    rest = [c for c in causes if c["id"] not in told]
    minor = [c for c in rest if c["probability"] >= DANGEROUS]
    likely = [e for e in data["explanations"] if e["probability"] >= EXPLAINED]
    groups: dict[str, list[Part]] = {"Ask": [], "Examine": [], "Test": []}
    for check in data["next"]:
        groups[{"ask": "Ask", "examine": "Examine"}.get(check["burden"], "Test")].append(check)
    return Outline(
        listed=tuple(listed),
        in_full=tuple(in_full),
        dangerous=tuple(dangerous[:MOST_DANGEROUS]),
        also_dangerous=tuple(dangerous[MOST_DANGEROUS:]),
        minor=tuple(minor),
        silent=len(rest) - len(minor),
        explanations=tuple(likely or data["explanations"][:1]),
        checks={name: tuple(checks) for name, checks in groups.items() if checks},
    )
