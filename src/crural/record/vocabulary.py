"""What the reader must be able to ask of the vocabulary of findings.

A protocol, so that this room does not depend on how the knowledge is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class StateInfo(Protocol):
    """One grade of a graded finding; `min` is included, `max` is not, None is open."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str:
        """What the grade means, in words."""
        ...

    @property
    def min(self) -> float | None: ...
    @property
    def max(self) -> float | None: ...


class FindingInfo(Protocol):
    """An entry of the vocabulary, as far as reading a record needs it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str:
        """Clinical words."""
        ...

    @property
    def sided(self) -> bool:
        """Does it belong to one leg? False: midline or the whole body."""
        ...

    @property
    def role(self) -> str: ...
    @property
    def sex(self) -> str | None:
        """'female' or 'male' when only one of them can have it."""
        ...

    @property
    def unit(self) -> str | None:
        """UCUM unit of a measured finding."""
        ...

    @property
    def states(self) -> Sequence[StateInfo]:
        """Grades from normal to severe; empty when the finding is present or absent."""
        ...

    @property
    def synonyms(self) -> Sequence[str]: ...


class Vocabulary(Protocol):
    """All findings that a record may speak of."""

    @property
    def finding_ids(self) -> Iterable[str]: ...

    def finding(self, finding_id: str, /) -> FindingInfo | None:
        """The entry with this id."""
        ...

    def resembling(self, words: str, /) -> Sequence[str]:
        """The ids of the findings that hold these words, or words akin to them, best first."""
        ...

    def illness(self, name: str, /) -> str | None:
        """The finding that a named illness stands for ('type 2 diabetes': diabetes-known)."""
        ...


def state_of(finding: FindingInfo, value: float) -> str | None:
    """The grade that holds a measured value, or None when none does."""
    for state in finding.states:
        above = state.min is None or value >= state.min
        below = state.max is None or value < state.max
        if above and below and not (state.min is None and state.max is None):
            return state.id
    return None


def measured_in(finding: FindingInfo) -> str | None:
    """The unit of a finding that can be given as a number, None for all others."""
    bounded = any(state.min is not None or state.max is not None for state in finding.states)
    return finding.unit if bounded else None
