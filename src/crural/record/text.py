"""Which text may stand in a record."""

from __future__ import annotations

import re
from re import Match

from crural.record.field_error import FieldError

# Control characters, lone surrogates and non-characters: they break terminals, reports and files,
# and in practice mean that something other than text was pasted or the file is not text at all.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def first_not_text(text: str) -> Match[str] | None:
    """The first character that is not text, or None."""
    return _NOT_TEXT.search(text)


def clean(text: str) -> str:
    """`text` without blanks around it.

    Raises FieldError when it is empty or holds control characters.
    """
    found = first_not_text(text)
    if found is not None:
        raise FieldError(
            (),
            f"contains the control character U+{ord(found.group()):04X}",
            "remove it (it is often pasted along with the text)",
        )
    stripped = text.strip()
    if not stripped:
        raise FieldError((), "is empty", "write something, or leave the whole key out")
    return stripped
