"""The founding statements, what the core shows of each, and the tests that name it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
PAGE = DOCS / "claims.md"


@dataclass(frozen=True)
class Claim:
    """A founding statement; `shown` is None while it waits for the treatment ladder."""

    id: str
    statement: str
    shown: str | None
    planned: str | None = None

    @property
    def test_prefix(self) -> str:
        """How the tests that show it are called."""
        return f"test_c{int(self.id[1:]):02d}_"


CLAIMS = (
    Claim(
        "C1",
        "Sciatica: the sciatic nerve is inflamed, pain runs through the buttock deep into the "
        "thigh, and it can be behind intractable left leg pain",
        "Disc herniation with an irritated L5 or S1 root as mechanism, pain map, signs and "
        "laterality: it leads when pain runs from the buttock down the leg with a positive "
        "straight leg raise, on the left as on the right, and a root pressed on one side does not "
        "explain the other leg",
    ),
    Claim(
        "C2",
        "Sciatica is first treated by rest until the nerve calms, then more intensively",
        None,
        "the first rungs of its ladder, with today's advice against bed rest beside it",
    ),
    Claim(
        "C3",
        "Spinal stenosis: the canal narrows and presses on the nerves, which gives intractable leg "
        "pain",
        "Stenosis acts through neurogenic claudication and leads in the patient whose legs fail on "
        "walking and recover on sitting or leaning forward",
    ),
    Claim(
        "C4",
        "Stenosis has many causes, among them Paget's disease and too much fluoride",
        "Paget's disease and skeletal fluorosis bring stenosis about, and are looked for behind it",
    ),
    Claim(
        "C5",
        "Stenosis: rest, anti-inflammatories, painkillers, epidurals, a brace, in the end light "
        "exercise",
        None,
        "the stenosis ladder in this order, each rung with its evidence and what guidelines say",
    ),
    Claim(
        "C6",
        "Multiple sclerosis: leg pain from muscles that waste through disuse",
        "Disuse wasting is a mechanism of multiple sclerosis with a sourced share and findings",
    ),
    Claim(
        "C7",
        "Multiple sclerosis: constant burning pain, most often in the legs",
        "Central neuropathic pain is a mechanism with a sourced share",
    ),
    Claim(
        "C8",
        "Multiple sclerosis: painful spasms of the leg muscles",
        "Spasticity and tonic spasms are a mechanism with a sourced share",
    ),
    Claim(
        "C9",
        "The leg pain of multiple sclerosis is usually neurological, and sometimes treated with "
        "antidepressants",
        "Long tract signs place the lesion in the cord and not in a root. Antidepressants come "
        "with the treatment ladder",
    ),
    Claim(
        "C10",
        "Carbamazepine is often used for the spasms",
        None,
        "a rung of its ladder with safety checks",
    ),
    Claim(
        "C11",
        "Idiopathic transient osteoporosis: pain of leg and hip, usually in young to middle-aged, "
        "active patients",
        "A condition with its age, activity and late pregnancy as risks; it leads when the scan "
        "shows its picture",
    ),
    Claim(
        "C12",
        "… in one or both legs, worse on bearing weight or turning the hip",
        "Weight bearing and hip rotation are findings that most of its patients have, and both "
        "sides are possible",
    ),
    Claim(
        "C13",
        "… treated with painkillers and physical therapy",
        None,
        "its ladder, with protected weight bearing and a fracture warning",
    ),
    Claim(
        "C14",
        "Intractable leg pain can be a symptom of malignant bone cancer, degenerative scoliosis or "
        "osteomalacia",
        "Each is a condition that leads in its typical patient, with its urgency",
    ),
    Claim(
        "C15",
        "In those cases the pain should lessen as the cause is treated",
        None,
        "the expected course, and follow-up that reopens the diagnosis when pain does not lessen",
    ),
    Claim(
        "C16",
        "Spinal cord stimulation if other treatments have failed",
        None,
        "candidacy, trial, coverage and programming",
    ),
    Claim(
        "C17",
        "Intraspinal morphine if stimulation has not had the desired effect",
        None,
        "candidacy after stimulation, trial, dosing and pump arithmetic",
    ),
)


def shown_by(claim: Claim, names: Iterable[str]) -> tuple[str, ...]:
    """The tests that name a claim."""
    return tuple(n for n in names if n.rpartition("::")[2].startswith(claim.test_prefix))


def page(names: Iterable[str]) -> str:
    """The table of claims in Markdown."""
    names = tuple(names)
    return "\n".join([_HEAD, *(_row(claim, shown_by(claim, names)) for claim in CLAIMS), "", _FOOT])


_HEAD = """\
# The founding statements

Crural was founded on one short text about intractable left leg pain. These are its statements, in
our words. Each is a row that must work, and each test carries the number of its statement in its
name. This page is generated by `python -m docs.build`.

| | Statement | What the core shows now | Tests |
|---|---|---|---|"""

_FOOT = """\
Where today's guidelines disagree with a statement, Crural keeps it, says so, and shows who says
what since when. It hides neither.

Run them: `.venv/bin/pytest tests/claims`. The conditions and mechanisms that carry a statement name
it in their `claims` field.
"""


def _row(claim: Claim, tests: tuple[str, ...]) -> str:
    if claim.shown is None:
        return f"| {claim.id} | {claim.statement} | with the treatment ladder: {claim.planned} | |"
    listed = "<br>".join(f"`{_words(t)}`" for t in tests)
    return f"| {claim.id} | {claim.statement} | {claim.shown} | {listed} |"


def _words(name: str) -> str:
    return re.sub(r"^.*::", "", name)


def write(names: Iterable[str]) -> None:
    """Write the page."""
    PAGE.write_text(page(names), encoding="utf-8")
