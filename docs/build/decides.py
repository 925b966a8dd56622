"""The page of small records with what is decided of each, as it is when the page is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from docs.build.claims import CLAIMS
from tests.claims.decisions import Answer, Ask, Decision, answer, assessed, decisions_for

from crural.knowledge import Knowledge

_HEAD = """\
# What the system decides

Small records, one for each thing that [the founding text](claims.md) says, and what is decided of
them. The answers and their reasons are computed when this page is built, from knowledge
`{digest}`; the tests hold the same answers against the founding text (`tests/claims`).

Each record is whole: what it does not mention is unknown.
"""

_THERAPIES = {"stimulation": "stimulation", "intrathecal": "intraspinal morphine"}


def page(knowledge: Knowledge) -> str:
    """The page in Markdown."""
    parts = [_HEAD.format(digest=knowledge.digest)]
    for claim in CLAIMS:
        parts.append(f"## {claim.id}: {claim.statement}\n")
        parts += ["\n".join(_decision(one, knowledge)) for one in decisions_for(claim.id)]
    return "\n".join(parts)


def _decision(decision: Decision, knowledge: Knowledge) -> Iterator[str]:
    assessment = assessed(decision, knowledge)
    yield f"### {decision.title}"
    yield ""
    yield "```yaml"
    yield _in_yaml(decision.record).rstrip("\n")
    yield "```"
    yield ""
    yield "| Asked | Decided | Because |"
    yield "|---|---|---|"
    for question in decision.asks:
        said = answer(question, assessment)
        # The title of the next step is its answer, not a reason.
        reasons = said.because[1:] if question.kind in {"next", "rung"} else said.because
        because = "<br>".join(_cell(reason) for reason in dict.fromkeys(reasons))
        decided = _decided(question, said, knowledge)
        yield f"| {_asked(question, knowledge)} | {decided} | {because} |"
    yield ""


def _in_yaml(record: Mapping[str, Any]) -> str:
    """The record as one would write it, with short entries on one line."""
    lines = []
    for key, value in record.items():
        inside = isinstance(value, list | tuple)
        if inside and any(isinstance(one, Mapping) for one in value):
            lines.append(f"{key}:")
            lines += [f"  - {_inline(one)}" for one in value]
        else:
            lines.append(f"{key}: {_inline(list(value) if inside else value)}")
    return "\n".join(lines)


def _inline(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _asked(question: Ask, knowledge: Knowledge) -> str:
    of = question.of
    ladder = f" ({knowledge.ladders[of[0]].name})" if of and of[0] in knowledge.ladders else ""
    asked: dict[str, Callable[[], str]] = {
        "cause": lambda: "the leading cause",
        "next": lambda: f"the next step{ladder}",
        "rung": lambda: f"the step: {_rung(of, knowledge)}{ladder}",
        "option": lambda: f"{knowledge.treatments[of[1]].name}{ladder}",
        "precaution": lambda: f"{knowledge.treatments[of[1]].name}: {of[2].replace('-', ' ')}",
        "therapy": lambda: f"is {_THERAPIES[of[0]]} due?",
        "alert": lambda: f"the alert: {_cell(knowledge.alerts[of[0]].title)}",
        "course": lambda: "does the pain take its course?",
    }
    return asked[question.kind]()


def _rung(of: tuple[str, ...], knowledge: Knowledge) -> str:
    return next(r.title for r in knowledge.ladders[of[0]].rungs if r.id == of[1])


def _decided(question: Ask, said: Answer, knowledge: Knowledge) -> str:
    if question.kind == "cause":
        return f"**{knowledge.conditions[said.decided].name}**"
    if question.kind == "next" and said.because:
        return f"**{_cell(said.because[0])}**"
    return f"**{said.decided.replace('-', ' ')}**"


def _cell(words: str) -> str:
    """Words that do not break a table."""
    return words.replace("|", "/").replace("\n", " ").strip()
