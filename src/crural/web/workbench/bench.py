"""What a bench is: a form, one function of the program behind it, and how its answer is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crural.knowledge import Knowledge
from crural.web.workbench.fields import Field, Given


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer. `data` is what the command line writes as JSON; `values` are for the template.

    `chart`: a picture (SVG). `calendar`: makes the dates as an iCalendar file. `page`: makes a
    self-contained page to print and hand out.
    """

    data: Mapping[str, Any] = field(repr=False)
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    chart: str = field(default="", repr=False)
    calendar: Callable[[], str] | None = None
    page: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One bench. `id` is its place below /workbench.

    `purpose` and `never`: what it is for, and what not. `hazards`: what can go wrong with it.
    `aliases`: fields by other names that the arithmetic gives them. `live`: answers while somebody
    still writes. `check`: an unusual amount may pass when somebody vouches for it.
    """

    id: str
    name: str
    purpose: str
    never: str
    hazards: tuple[str, ...]
    fields: tuple[Field, ...]
    answer: Callable[[Given, Knowledge], Answered]
    template: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    live: bool = False
    check: bool = False

    @property
    def room(self) -> str:
        """The group of benches that it belongs to."""
        return self.id.partition("/")[0]

    def field(self, name: str) -> Field | None:
        """The field of this name, or of the name that the arithmetic has for it."""
        plain = name.strip().removeprefix("--").replace("_", "-").casefold()
        plain = self.aliases.get(plain, plain)
        return next((one for one in self.fields if one.name == plain), None)

    def places(self, named: str) -> tuple[Field, ...]:
        """The fields that an error names: '--dose, --flow', 'daily-dose', 'observations.2'."""
        found = (self.field(name) for name in named.split(","))
        return tuple(dict.fromkeys(one for one in found if one is not None))
