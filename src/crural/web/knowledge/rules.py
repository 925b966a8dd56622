"""A rule as people read it on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from crural.knowledge import Knowledge
from crural.knowledge.rule_lines import rule_lines

_BOUND: Final = {"min": "at least", "max": "below"}


def named_lines(rule: BaseModel, knowledge: Knowledge) -> Iterator[tuple[int, str]]:
    """A rule as lines with their depth, everything called by its name."""

    def told(leaf: Mapping[str, Any]) -> str:
        return ", ".join(
            f"{_BOUND.get(key, key.replace('_', ' '))} {_told(value, knowledge)}"
            for key, value in leaf.items()
        )

    return rule_lines(rule, told)


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
