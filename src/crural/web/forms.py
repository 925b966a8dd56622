"""Reading forms: what a field says, or why it cannot be taken."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from starlette.datastructures import FormData

# '1,500' is fifteen hundred to some and one and a half to others; '0,125' has one meaning.
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(,\d{3})+")


class RefusedError(Exception):
    """A change that cannot be made; tells the user why and what to do."""


def text_in(form: FormData, name: str) -> str:
    """What a field says, without blanks around it."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def one_of(form: FormData, name: str, known: tuple[Any, ...]) -> str | None:
    """What was chosen; None when it is none of the choices."""
    value = text_in(form, name)
    return value if value in known else None


def date_in(form: FormData, name: str) -> dt.date | None:
    """A date of a form; None when the field is empty. Raises RefusedError."""
    text = text_in(form, name)
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise RefusedError(
            f"{text[:20]} is not a date. Write year-month-day, such as 2026-10-27."
        ) from None


def number_in(form: FormData, name: str, called: str, least: float, most: float) -> float | None:
    """A number of a form; None when the field is empty. Raises RefusedError."""
    text = text_in(form, name)
    if not text:
        return None
    if _THOUSANDS.fullmatch(text):
        plain, point = text.replace(",", ""), text.replace(",", ".", 1)
        raise RefusedError(
            f"The comma in {text} can mean decimals or thousands. Write {point} or {plain}."
        )
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise RefusedError(f"The {called} is not a number. Write digits, such as 46.") from None
    if not least <= value <= most:
        raise RefusedError(f"The {called} must lie between {least:g} and {most:g}.")
    return value
