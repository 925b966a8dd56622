"""Reading forms: what a field says, or why it cannot be taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.datastructures import FormData, UploadFile

from crural.knowledge import Knowledge
from crural.record import record_from_text
from crural.web.draft import Draft, checked, reopened
from crural.web.drafts import Seen, seen_by


class RefusedError(Exception):
    """A change that cannot be made; tells the user why and what to do."""


def seen_in(form: FormData) -> Seen:
    """Which window sent a form, and what it was shown."""
    return seen_by(text_in(form, "tab"), text_in(form, "state"))


def draft_in_file(form: FormData, knowledge: Knowledge) -> Draft:
    """The draft of the record file (YAML or JSON) in a form. Raises RefusedError, RecordError."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise RefusedError("No file was sent. Choose one first.")
    raw = file.file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedError("The file is not text in UTF-8.") from None
    is_json = raw.lstrip()[:1] == b"{"
    record = record_from_text(text, knowledge.vocabulary, "the file", is_json=is_json)
    return checked(reopened(record, knowledge), knowledge)


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
