"""A rule as people read it: all of, any of, not, at least n of, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from crural.knowledge import Knowledge

_BOUND: Final = {"min": "at least", "max": "below"}


def rule_lines(rule: BaseModel, knowledge: Knowledge, depth: int = 0) -> Iterator[tuple[int, str]]:
    """A rule as lines with their depth: all of, any of, not, at least n of, and what they hold."""
    raw = rule.model_dump(mode="json", by_alias=True, exclude_none=True)
    for word in ("all", "any"):
        if word in raw:
            yield depth, f"{word} of"
            for part in getattr(rule, word):
                yield from rule_lines(part, knowledge, depth + 1)
            return
    if "not" in raw:
        yield depth, "not"
        yield from rule_lines(rule.not_, knowledge, depth + 1)  # type: ignore[attr-defined]
        return
    if "unless" in raw:
        yield depth, "unless it is known that"
        yield from rule_lines(rule.unless, knowledge, depth + 1)  # type: ignore[attr-defined]
        return
    if "at_least" in raw:
        several = rule.at_least  # type: ignore[attr-defined]
        yield depth, f"at least {several.n} of"
        for part in several.of:
            yield from rule_lines(part, knowledge, depth + 1)
        return
    yield (
        depth,
        ", ".join(
            f"{_BOUND.get(key, key.replace('_', ' '))} {_told(value, knowledge)}"
            for key, value in raw.items()
        ),
    )


def _told(value: Any, knowledge: Knowledge) -> str:
    if isinstance(value, Mapping):
        return " and ".join(f"{_BOUND.get(k, k)} {_told(v, knowledge)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_told(v, knowledge) for v in value)
    for room in (knowledge.findings, knowledge.conditions, knowledge.treatments):
        if isinstance(value, str) and value in room:
            return f"“{room[value].name}”"
    return f"{value:g}" if isinstance(value, float) else str(value)


def ids_in(rule: BaseModel) -> frozenset[str]:
    """Every text that stands in a rule, or in any other part of the knowledge."""

    def texts(raw: Any) -> Iterator[str]:
        if isinstance(raw, str):
            yield raw
        elif isinstance(raw, Mapping):
            for value in raw.values():
                yield from texts(value)
        elif isinstance(raw, list):
            for value in raw:
                yield from texts(value)

    return frozenset(texts(rule.model_dump(mode="json", by_alias=True, exclude_none=True)))
