"""One entry of the diary as a form: what was written, what is wrong with it, what it comes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, cast, get_args

from starlette.datastructures import FormData

from crural.report import words
from crural.store import DiaryEntry, DiaryValues, Phase, StoreError

NUMBERS: Final = ("nrs", "odi", "sleep", "opioid")
TEXTS: Final = ("settings", "note")
PHASE_NAMES: Final[Mapping[str, str]] = {
    "": "no trial",
    "baseline": "before the trial",
    "trial": "in the trial",
    "after": "after the trial",
}
# As messages call the fields.
CALLED: Final = {
    "at": "The time",
    "nrs": "The pain",
    "phase": "The phase",
    "settings": "The name of the settings",
    "odi": "The Oswestry index",
    "sleep": "The time of sleep",
    "opioid": "The opioid dose",
    "note": "The note",
}
# Given in place of a score by somebody who did not score the pain.
NOT_SCORED: Final = "none"
# Somewhere it is tomorrow already; later than that is a slip.
_AHEAD = dt.timedelta(days=1)
# Phase and settings of an entry that is not older are offered again.
_LIKE_LAST_TIME = dt.timedelta(days=7)
_MINUTE = "%Y-%m-%dT%H:%M"

Check = Callable[[DiaryValues], DiaryValues]


@dataclass(frozen=True)
class Filled:
    """A form as it was filled in: the words of each field, what is wrong with it, and the values
    when nothing is."""

    words: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    values: DiaryValues | None = None

    def wrong(self, name: str, said: str) -> Filled:
        """With an error beside a field."""
        return replace(self, errors={**self.errors, name: said}, values=None)

    @property
    def first_wrong(self) -> str | None:
        """The field that is to be corrected first."""
        return next((name for name in CALLED if name in self.errors), None)

    @property
    def unfolded(self) -> bool:
        """Must the fields that are folded away be seen?"""
        return any(name in self.errors for name in CALLED if name not in {"at", "nrs"})


def blank(now: dt.datetime, last: DiaryEntry | None) -> Filled:
    """An empty form for this minute, in the phase and with the settings of the last entry."""
    said = dict.fromkeys(CALLED, "")
    said["at"] = now.strftime(_MINUTE)
    if last is not None and dt.timedelta() <= now - last.values.at <= _LIKE_LAST_TIME:
        said["phase"] = last.values.phase or ""
        said["settings"] = last.values.settings or ""
    return Filled(said)


def as_form(values: DiaryValues) -> Filled:
    """The form that an entry would have been written with."""
    said = {name: getattr(values, name) or "" for name in ("phase", *TEXTS)}
    said |= {name: number_words(getattr(values, name)) for name in NUMBERS}
    said["nrs"] = said["nrs"] or NOT_SCORED
    said["at"] = values.at.strftime(_MINUTE)
    return Filled(said, values=values)


def read(form: FormData, check: Check, now: dt.datetime) -> Filled:
    """What a form says. `check` tells what the store would keep, raising StoreError."""
    said = {name: _text(form, name) for name in CALLED}
    errors: dict[str, str] = {}
    values: dict[str, Any] = {"phase": None}
    try:
        values["at"] = dt.datetime.fromisoformat(said["at"]).replace(tzinfo=None)
    except ValueError:
        errors["at"] = "Give date and time."
    if said["phase"] in get_args(Phase):
        values["phase"] = cast(Phase, said["phase"])
    for name in TEXTS:
        values[name] = said[name] or None
    for name in NUMBERS:
        if not said[name] and name == "nrs":
            errors[name] = "Choose how strong the pain is, or “not scored”."
        try:
            values[name] = _number("" if said[name] == NOT_SCORED else said[name])
        except ValueError:
            errors[name] = f"{CALLED[name]} is not a number. Write digits, such as 6.5."
    filled = Filled(said, errors)
    if "at" in values and values["at"] > now + _AHEAD:
        filled = filled.wrong("at", "The time lies in the future. Correct it.")
    for name, value in values.items():
        if value is not None and name not in filled.errors and name != "phase":
            fault = _fault(name, value, check)
            filled = filled if fault is None else filled.wrong(name, fault)
    if filled.errors:
        return filled
    try:
        return replace(filled, values=check(DiaryValues(**values)))
    except StoreError as error:
        return filled.wrong(error.field or "nrs", told(error))


def told(error: StoreError) -> str:
    """An error of the store beside the field that it speaks of."""
    problem = error.problem
    if problem.startswith(("is ", "contains ")):
        problem = f"{CALLED.get(error.field, 'This')} {problem}"
    return f"{words.sentence(problem)}. {words.remedy(error)}"


def number_words(number: float | None) -> str:
    """A number as a person writes it."""
    return "" if number is None else format(Decimal(repr(number)), "f").removesuffix(".0")


def _fault(name: str, value: object, check: Check) -> str | None:
    """What is wrong with one value, whatever the others are."""
    alone: dict[str, Any] = {"at": dt.datetime(2000, 1, 1), "nrs": 0.0, name: value}
    try:
        check(DiaryValues(**alone))
    except StoreError as error:
        return told(error)
    return None


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(text: str) -> float | None:
    return float(text.replace(",", ".")) if text else None
