"""The errors a user can mend: each names its place and its remedy; shown without a traceback.

Anything else that escapes is a fault of the program, and is meant to look like one.
"""

from __future__ import annotations

from functools import partial


def ended(text: str) -> str:
    """Words with the mark that ends a sentence: a question keeps its own."""
    return text if text.endswith(("?", "!", ".")) else f"{text}."


class CruralError(Exception):
    """Something a user can put right, with the place and the remedy.

    `field` is the dotted path inside the file, counted from 0 ('observations.2.value'); '' when the
    whole file is meant. `line` counts from 1; None when the input had no lines.
    """

    def __init__(
        self, *, file: str, line: int | None = None, field: str = "", problem: str, remedy: str
    ) -> None:
        super().__init__(file, line, field, problem, remedy)
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem.rstrip(".")
        self.remedy = remedy.rstrip(".")

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        parts = [place, self.field, self.problem] if self.field else [place, self.problem]
        return f"{': '.join(parts)}. Remedy: {ended(self.remedy)}"

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by position, which keyword-only arguments refuse: without this a
        # worker process that meets a bad record would bring the whole batch down.
        again = partial(
            type(self),
            file=self.file,
            line=self.line,
            field=self.field,
            problem=self.problem,
            remedy=self.remedy,
        )
        return (again, ())


class RecordError(CruralError):
    """A patient's record cannot be used as it stands."""


class KnowledgeError(CruralError):
    """The knowledge files contradict themselves or cannot be read."""
