"""Reading forms: what a field says, or why it cannot be taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.datastructures import FormData


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
        raise RefusedError(f"{text[:20]} is not a date. Write year-month-day.") from None


def number_in(form: FormData, name: str, called: str, least: float, most: float) -> float | None:
    """A number of a form; None when the field is empty. Raises RefusedError."""
    text = text_in(form, name).replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise RefusedError(f"The {called} is not a number. Write digits, such as 46.") from None
    if not least <= value <= most:
        raise RefusedError(f"The {called} must lie between {least:g} and {most:g}.")
    return value
