"""A rule as lines with their depth: all of, any of, not, at least n of, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from crural.knowledge.rules import All, AnyOf, AtLeast, Not, Unless

# What is told of a leaf, from its fields.
Told = Callable[[Mapping[str, Any]], str]


def rule_lines(rule: BaseModel, told: Told, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The lines of a rule, each with its depth."""
    parts: Sequence[BaseModel]
    match rule:
        case All():
            joined, parts = "all of", rule.all
        case AnyOf():
            joined, parts = "any of", rule.any
        case Not():
            joined, parts = "not", (rule.not_,)
        case Unless():
            joined, parts = "unless it is known that", (rule.unless,)
        case AtLeast():
            joined, parts = f"at least {rule.at_least.n} of", rule.at_least.of
        case _:
            joined = told(rule.model_dump(mode="json", by_alias=True, exclude_none=True))
            parts = ()
    yield depth, joined
    for part in parts:
        yield from rule_lines(part, told, depth + 1)
