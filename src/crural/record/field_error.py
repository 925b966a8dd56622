"""What is wrong inside a record, before it is known in which file and on which line it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

# Steps from the top of the record down to a field: ("observations", 2, "value").
Place: TypeAlias = tuple[str | int, ...]

_LONGEST_SHOWN = 40


class FieldError(ValueError):
    """A problem at a place, with its remedy.

    It is a ValueError so that the models may raise it in their validators; the reader turns it
    into a RecordError, which adds file and line.
    """

    def __init__(self, place: Place, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}. Remedy: {remedy}")
        self.place = place
        self.problem = problem
        self.remedy = remedy

    def with_hint(self, hint: str) -> FieldError:
        """The same fault, with a further hint behind its remedy."""
        return FieldError(self.place, self.problem, f"{self.remedy}. {hint}") if hint else self

    def within(self, outer: Place) -> FieldError:
        """The same fault, seen from further out."""
        return FieldError(outer + self.place, self.problem, self.remedy)


def shown(value: object) -> str:
    """A value as a user wrote it, short enough for one line of an error and safe in a terminal."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a group of keys"
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return "a list"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN:
        # Python refuses to print integers of thousands of digits.
        return "a number of more than 40 digits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def dotted(place: Place) -> str:
    """A place as it is written in an error: observations.2.value."""
    return ".".join(str(step) for step in place)
