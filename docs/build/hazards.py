"""The hazard log: docs/safety/hazards.yaml as a page for people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

DOCS = Path(__file__).resolve().parents[1]
SOURCE = DOCS / "safety" / "hazards.yaml"
PAGE = DOCS / "safety" / "hazard-log.md"

Severity = Literal["minor", "significant", "considerable", "major", "catastrophic"]
Likelihood = Literal["very low", "low", "medium", "high", "very high"]

SEVERITIES: tuple[Severity, ...] = (
    "minor",
    "significant",
    "considerable",
    "major",
    "catastrophic",
)
# Risk by likelihood and severity, in the manner of DCB0129: 1 and 2 acceptable, 3 to be brought as
# low as reasonably practicable, 4 and 5 not acceptable.
RISK: dict[Likelihood, tuple[int, int, int, int, int]] = {
    "very high": (3, 4, 4, 5, 5),
    "high": (2, 3, 3, 4, 5),
    "medium": (2, 2, 3, 3, 4),
    "low": (1, 2, 2, 3, 4),
    "very low": (1, 1, 2, 2, 3),
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Control(_Frozen):
    """What guards against a hazard, and the tests that show it."""

    control: str
    tests: tuple[str, ...] = Field(min_length=1)


class Hazard(_Frozen):
    """Something that could harm a patient."""

    id: str = Field(pattern=r"^H\d{2,3}$")
    hazard: str
    cause: str
    effect: str
    severity: Severity
    before: Likelihood
    after: Likelihood
    controls: tuple[Control, ...] = Field(min_length=1)
    residual: str

    @property
    def risk_before(self) -> int:
        """Risk without the controls, 1 to 5."""
        return risk(self.severity, self.before)

    @property
    def risk_after(self) -> int:
        """Risk with the controls, 1 to 5."""
        return risk(self.severity, self.after)


def risk(severity: Severity, likelihood: Likelihood) -> int:
    """Risk from 1 (low) to 5."""
    return RISK[likelihood][SEVERITIES.index(severity)]


def hazards(source: Path = SOURCE) -> tuple[Hazard, ...]:
    """The hazards of the log."""
    raw = yaml.safe_load(source.read_text(encoding="utf-8"))
    return tuple(Hazard.model_validate(entry) for entry in raw)


def page(log: Iterable[Hazard]) -> str:
    """The log in Markdown."""
    log = tuple(log)
    return "\n".join([_HEAD, *_overview(log), "", *(_section(hazard) for hazard in log), _RATING])


_HEAD = """\
# Hazard log

What could go wrong with the diagnostic core, what it would do to a patient, what guards against it,
and the test that shows the guard. In the style of ISO 14971 and DCB0129. Every control names at
least one test; the build fails when a named test does not exist. This page is generated from
`docs/safety/hazards.yaml`.

The ratings are the maintainers' judgement. Before the software is used on patients, a clinical
safety officer of the place that uses it has to review them for its setting.

## Overview

Risk from 1 to 5, without and with the controls ([how it is rated](#how-risk-is-rated)).
"""

_RATING = """\
## How risk is rated

| Likelihood | minor | significant | considerable | major | catastrophic |
|---|--:|--:|--:|--:|--:|
{rows}

Severity: *minor*, an inconvenience; *significant*, minor injury or lasting worry, or a delay
without harm; *considerable*, injury from which the patient recovers; *major*, lasting injury, or
death of one; *catastrophic*, lasting loss that the right answer would have prevented, or harm to
many. Risk 1 and 2 is acceptable; 3 is tolerated only as low as reasonably practicable; 4 is
tolerated for no longer than it takes to find a better control, and needs the user's own safeguards;
5 is not acceptable.
"""
_RATING = _RATING.format(
    rows="\n".join(
        f"| {likelihood} | {' | '.join(map(str, row))} |" for likelihood, row in RISK.items()
    )
)


def _overview(log: tuple[Hazard, ...]) -> list[str]:
    head = "| | Hazard | Severity | Likelihood | Risk | With controls | Risk |\n"
    return [
        f"{head}|---|---|---|---|--:|---|--:|",
        *(
            f"| [{h.id}](#{h.id.lower()}) | {h.hazard} | {h.severity} | {h.before} | "
            f"{h.risk_before} | {h.after} | {h.risk_after} |"
            for h in log
        ),
    ]


def _section(hazard: Hazard) -> str:
    controls = "\n".join(
        f"| {control.control} | {'<br>'.join(f'`{test}`' for test in control.tests)} |"
        for control in hazard.controls
    )
    return f"""\
<a id="{hazard.id.lower()}"></a>

## {hazard.id}: {hazard.hazard}

{hazard.cause}. *Effect:* {hazard.effect}.

| Control | Shown by |
|---|---|
{controls}

*What remains* (risk {hazard.risk_after}): {hazard.residual}
"""


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(hazards()), encoding="utf-8")
