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
    """A founding statement, and what the system shows of it."""

    id: str
    statement: str
    shown: str

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
        "Rest is the first rung of its ladder, and each failure leads to a more intensive one. "
        "What is said today against bed rest stands beside it",
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
        "Paget's disease and skeletal fluorosis bring stenosis about, are looked for behind it, "
        "and are treated beside its ladder where they are likely",
    ),
    Claim(
        "C5",
        "Stenosis: rest, anti-inflammatories, painkillers, epidurals, a brace, in the end light "
        "exercise",
        "The stenosis ladder in this order, where each failure leads to the next rung; what "
        "guidelines say otherwise today stands beside it, and exercise runs beside the other rungs",
    ),
    Claim(
        "C6",
        "Multiple sclerosis: leg pain from muscles that waste through disuse",
        "Disuse wasting is a mechanism of multiple sclerosis with a sourced share and findings, "
        "and has a ladder of its own",
    ),
    Claim(
        "C7",
        "Multiple sclerosis: constant burning pain, most often in the legs",
        "Central neuropathic pain is a mechanism with a sourced share, and has a ladder of its own",
    ),
    Claim(
        "C8",
        "Multiple sclerosis: painful spasms of the leg muscles",
        "Spasticity and tonic spasms are a mechanism with a sourced share, and have a ladder of "
        "their own",
    ),
    Claim(
        "C9",
        "The leg pain of multiple sclerosis is usually neurological, and sometimes treated with "
        "antidepressants",
        "Long tract signs place the lesion in the cord and not in a root. Antidepressants are the "
        "first drugs on the ladder of its nerve pain",
    ),
    Claim(
        "C10",
        "Carbamazepine is often used for the spasms",
        "A rung of the spasm ladder, with its checks: HLA-B*15:02, sodium, and the other drugs of "
        "the record",
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
        "Its ladder: painkillers, then physical therapy, with weight taken off the hip and a "
        "warning of fracture",
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
        "Each has an expected course under treatment. Pain scores are held against it, and pain "
        "that does not lessen opens the question of the cause again",
    ),
    Claim(
        "C16",
        "Spinal cord stimulation if other treatments have failed",
        "Stimulation is the next rung when the others have failed, and due by published criteria, "
        "line by line, or barred",
    ),
    Claim(
        "C17",
        "Intraspinal morphine if stimulation has not had the desired effect",
        "Intraspinal morphine comes after stimulation on every ladder that has both, and is due by "
        "criteria of its own when stimulation has failed, or barred",
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
name. The records of the tests, with what is decided of them, are on
[a page of their own](decides.md). This page is generated by `python -m docs.build`.

| | Statement | What is shown of it | Tests |
|---|---|---|---|"""

_FOOT = """\
Where today's guidelines disagree with a statement, Crural keeps it, says so, and shows who says
what since when. It hides neither.

Run them: `.venv/bin/pytest tests/claims`. The conditions, mechanisms, treatments, rungs and courses
that carry a statement name it in their `claims` field.
"""


def _row(claim: Claim, tests: tuple[str, ...]) -> str:
    listed = "<br>".join(f"`{_words(t)}`" for t in tests)
    return f"| {claim.id} | {claim.statement} | {claim.shown} | {listed} |"


def _words(name: str) -> str:
    return re.sub(r"^.*::", "", name)


def write(names: Iterable[str]) -> None:
    """Write the page."""
    PAGE.write_text(page(names), encoding="utf-8")
