"""Doses as clinicians write them ('150 mg twice daily'), read into an amount and a unit.

What is not understood is never guessed: the reader gives None, and the dose stays unknown. All
arithmetic is decimal and exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

# Milligrams in one of each unit of mass.
_MASS = {
    "g": Decimal(1000),
    "gram": Decimal(1000),
    "grams": Decimal(1000),
    "mg": Decimal(1),
    "milligram": Decimal(1),
    "milligrams": Decimal(1),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
    "µg": Decimal("0.001"),
    "μg": Decimal("0.001"),
    "microgram": Decimal("0.001"),
    "micrograms": Decimal("0.001"),
}

_COUNTS = {
    "once": 1,
    "one": 1,
    "twice": 2,
    "two": 2,
    "thrice": 3,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "eight": 8,
}
# Latin and English ways to say how often a day.
_PER_DAY = {
    "od": 1,
    "qd": 1,
    "daily": 1,
    "nocte": 1,
    "mane": 1,
    "bd": 2,
    "bid": 2,
    "tds": 3,
    "tid": 3,
    "qds": 4,
    "qid": 4,
}

_NUMBER = r"\d+(?:[.,]\d+)?"
_AMOUNT = re.compile(
    rf"(?<![\d.,])(?P<low>{_NUMBER})(?:\s*(?:-|–|to)\s*(?P<high>{_NUMBER}))?\s*"
    r"(?P<unit>" + "|".join(sorted(_MASS, key=len, reverse=True)) + r")\b"
)
# 1,500 is fifteen hundred to one reader and one and a half to another.
_THOUSANDS = re.compile(r"^[1-9]\d{0,2}[.,]\d{3}$")
_RATE = re.compile(r"^\s*(?:/|per)\s*(?P<per>h|hr|hour|d|day|week|kg|ml)\b")
_TIMES = re.compile(
    r"\b(?P<n>\d+|once|twice|thrice|one|two|three|four|five|six|eight)\s*(?:x|×|times?)?\s*"
    # 'for 5 days' and 'a 3 day course' are no frequencies: only 'daily' may stand alone.
    r"(?:(?:a|per|/|each|every|x|×|times)\s*(?:day|d)\b|daily\b)"
)
_EVERY_HOURS = re.compile(
    r"\b(?:every|q)\s*(?P<h>\d+)\s*(?:h|hr|hrs|hours?|hourly)\b|"
    r"\b(?P<h2>\d+)[- ]?hourly\b"
)
_AT_NIGHT = re.compile(
    r"\b(?:at night|nightly|at bedtime|in the (?:morning|evening)|each morning|"
    r"every (?:day|night|morning|evening)|(?:a|per|each) day|/\s*d(?:ay)?)\b"
)
_UNCERTAIN = re.compile(
    r"\b(?:as needed|when needed|prn|p\.r\.n|if needed|weekly|monthly|"
    r"a week|per week|once only|single|stat|every (?:other|second) day)\b"
)


@dataclass(frozen=True)
class DailyDose:
    """So much a day; `unit` is mg/day, or ug/h for a patch."""

    amount: Decimal
    unit: str

    def __str__(self) -> str:
        plain = format(self.amount.normalize(), "f")
        return f"{plain} {'µg/h' if self.unit == 'ug/h' else self.unit}"


def daily_dose(text: str) -> DailyDose | None:
    """The daily dose that the words state, or None when they do not state one plainly.

    '150 mg twice daily' is 300 mg a day; '50 micrograms/h' a patch. Of a range the larger counts.
    'As needed', weekly and single doses, doses per kilogram, text with two amounts, and numbers
    that may or may not hold a thousands separator ('1,500 mg') give None.
    """
    words = text.casefold()
    found = list(_AMOUNT.finditer(words))
    if len(found) != 1 or _UNCERTAIN.search(words):
        return None
    [amount] = found
    milligrams = _milligrams(amount)
    if milligrams is None:
        return None
    rest = words[amount.end() :]
    rate = _RATE.match(rest)
    if rate is None:
        times = _times_a_day(words[: amount.start()] + " " + rest)
        return None if times is None else DailyDose(milligrams * times, "mg/day")
    if rate["per"] in {"h", "hr", "hour"}:
        return DailyDose(milligrams * 1000, "ug/h")
    return DailyDose(milligrams, "mg/day") if rate["per"] in {"d", "day"} else None


def _milligrams(amount: re.Match[str]) -> Decimal | None:
    number = amount["high"] or amount["low"]
    if _THOUSANDS.match(number):
        return None
    milligrams = _decimal(number) * _MASS[amount["unit"]]
    return milligrams if milligrams > 0 else None


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _times_a_day(words: str) -> Decimal | None:
    hours = _EVERY_HOURS.search(words)
    if hours is not None:
        every = int(hours["h"] or hours["h2"])
        return Decimal(24) / every if every and 24 % every == 0 else None
    times = _TIMES.search(words)
    if times is not None:
        n = times["n"]
        return Decimal(n) if n.isdigit() else Decimal(_COUNTS[n])
    said = {_PER_DAY[word] for word in re.findall(r"[a-z]+", words) if word in _PER_DAY}
    if len(said) == 1:
        return Decimal(said.pop())
    return Decimal(1) if not said and _AT_NIGHT.search(words) else None
