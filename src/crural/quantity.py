"""Amounts with units, in exact decimals: doses, flows, volumes, times, currents and charges.

A dose that loses its unit, or a binary fraction that is almost 0.1, has no place in pump
arithmetic: every amount is a pint quantity whose number is a `Decimal`. What is added, compared or
converted must be of one kind, or it is refused. Conversions go through a ratio of whole numbers, so
24 mg/day *are* 1 mg/h; only what no finite decimal can hold (1 mg/day in mg/h) is rounded, at the
28th digit.

`parse` reads what a person wrote, `quantity` builds from a number and a unit, `amount` gives the
bare `Decimal` in a unit that the reader names, `show` writes it for people and `as_json` for
programs. No other module defines units.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Final, TypeAlias, cast

import pint
from pint.facets.plain import PlainUnit

from crural.errors import CruralError

# Pint's own definitions hold a thousand units, and two readings of many a symbol. These few are
# enough, load at once, and leave nothing to misread.
_DEFINITIONS: Final = (
    "gram = [mass]",
    "kilogram = 1000 gram",
    "milligram = 0.001 gram",
    "microgram = 0.000001 gram",
    "nanogram = 0.000000001 gram",
    "second = [time]",
    "millisecond = 0.001 second",
    "microsecond = 0.000001 second",
    "minute = 60 second",
    "hour = 3600 second",
    "day = 86400 second",
    "week = 604800 second",
    "metre = [length]",
    "centimetre = 0.01 metre",
    "millimetre = 0.001 metre",
    "micrometre = 0.000001 metre",
    "litre = 0.001 metre ** 3",
    "millilitre = 0.000001 metre ** 3",
    "microlitre = 0.000000001 metre ** 3",
    "ampere = [current]",
    "milliampere = 0.001 ampere",
    "microampere = 0.000001 ampere",
    "coulomb = ampere * second",
    "millicoulomb = 0.001 ampere * second",
    "microcoulomb = 0.000001 ampere * second",
    "nanocoulomb = 0.000000001 ampere * second",
    "volt = [voltage]",
    "millivolt = 0.001 volt",
    "ohm = volt / ampere",
    "kiloohm = 1000 volt / ampere",
    "hertz = 1 / second",
    "kilohertz = 1000 / second",
)

# Symbol shown to people, UCUM symbol, and further spellings that are read. An M or a U in capitals
# is not read as milli or micro: 'MG' may be a typing habit, but 'MA' and 'Mg' are a thousand
# million times what was meant.
_SPELLINGS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "kilogram": ("kg", "kg", ("kilogram", "kilograms")),
    "gram": ("g", "g", ("gram", "grams")),
    "milligram": ("mg", "mg", ("milligram", "milligrams")),
    "microgram": (
        "microgram",
        "ug",
        ("µg", "μg", "mcg", "micrograms"),
    ),
    "nanogram": ("ng", "ng", ("nanogram", "nanograms")),
    "second": ("s", "s", ("sec", "second", "seconds")),
    "millisecond": ("ms", "ms", ("millisecond", "milliseconds")),
    "microsecond": ("µs", "us", ("μs", "microsecond", "microseconds")),
    "minute": ("min", "min", ("mins", "minute", "minutes")),
    "hour": ("h", "h", ("hr", "hrs", "hour", "hours")),
    "day": ("day", "d", ("days", "24h", "24 h")),
    "week": ("week", "wk", ("weeks",)),
    "metre": ("m", "m", ("metre", "metres", "meter", "meters")),
    "centimetre": ("cm", "cm", ("centimetre", "centimetres", "centimeter", "centimeters")),
    "millimetre": ("mm", "mm", ("millimetre", "millimetres", "millimeter", "millimeters")),
    "micrometre": ("µm", "um", ("μm", "micrometre", "micrometer")),
    "litre": ("L", "L", ("l", "litre", "litres", "liter", "liters")),
    "millilitre": ("mL", "mL", ("ml", "millilitre", "millilitres", "milliliter", "milliliters")),
    "microlitre": ("µL", "uL", ("μL", "µl", "μl", "ul", "microlitre", "microlitres", "microliter")),
    "ampere": ("A", "A", ("ampere", "amperes", "amp")),
    "milliampere": ("mA", "mA", ("milliampere", "milliamperes")),
    "microampere": ("µA", "uA", ("μA", "microampere", "microamperes")),
    "coulomb": ("C", "C", ("coulomb", "coulombs")),
    "millicoulomb": ("mC", "mC", ("millicoulomb",)),
    "microcoulomb": ("µC", "uC", ("μC", "microcoulomb", "microcoulombs")),
    "nanocoulomb": ("nC", "nC", ("nanocoulomb", "nanocoulombs")),
    "volt": ("V", "V", ("volt", "volts")),
    "millivolt": ("mV", "mV", ("millivolt", "millivolts")),
    "ohm": ("ohm", "Ohm", ("ohms", "Ω")),
    "kiloohm": ("kohm", "kOhm", ("kiloohm", "kΩ")),
    "hertz": ("Hz", "Hz", ("hz", "hertz", "/s", "pps")),
    "kilohertz": ("kHz", "kHz", ("khz", "kilohertz")),
}
Quantity: TypeAlias = pint.registry.Quantity[Decimal]
Unit: TypeAlias = PlainUnit

# Words that take an s: 1 day, 2 days.
_COUNTED: Final = {"day", "week"}
_READ: Final[Mapping[str, str]] = {
    spelling: name
    for name, (shown, ucum, more) in _SPELLINGS.items()
    for spelling in (shown, ucum, *more)
}

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+|\d+\.|\d+(?:,\d+)+(?:\.\d+)?)(?![\d.,])")
_FACTOR = re.compile(r"([^\d\s^²³*/·]+)(?:\^?([23²³]))?")
_POWERS: Final = {"2": 2, "3": 3, "²": 2, "³": 3}

# More than any device or drug needs, less than arithmetic with 28 digits would lose.
MOST_DIGITS: Final = 20
MOST_EXPONENT: Final = 12

# What an amount can be, in the words of an error message: the unit of an example, and its name.
DOSE: Final = "milligram"
DAILY_DOSE: Final = "milligram / day"
CONCENTRATION: Final = "milligram / millilitre"
FLOW: Final = "millilitre / day"
VOLUME: Final = "millilitre"
TIME: Final = "day"
LENGTH: Final = "centimetre"
AREA: Final = "centimetre ** 2"
CURRENT: Final = "milliampere"
CHARGE: Final = "microcoulomb"
CHARGE_DENSITY: Final = "microcoulomb / centimetre ** 2"
VOLTAGE: Final = "volt"
RESISTANCE: Final = "ohm"
FREQUENCY: Final = "hertz"
VOLUME_PER_LENGTH: Final = "millilitre / centimetre"
SHARE: Final = "dimensionless"
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    DOSE: ("a dose", "1.5 mg"),
    DAILY_DOSE: ("a dose per time", "1.5 mg/day"),
    CONCENTRATION: ("a concentration", "20 mg/mL"),
    FLOW: ("a flow", "0.25 mL/day"),
    VOLUME: ("a volume", "0.25 mL"),
    TIME: ("a time", "90 days"),
    LENGTH: ("a length", "80 cm"),
    AREA: ("an area", "6 mm2"),
    CURRENT: ("a current", "3.5 mA"),
    CHARGE: ("a charge", "1.2 uC"),
    CHARGE_DENSITY: ("a charge density", "30 uC/cm2"),
    VOLTAGE: ("a voltage", "3 V"),
    RESISTANCE: ("a resistance", "500 ohm"),
    FREQUENCY: ("a frequency", "50 Hz"),
    VOLUME_PER_LENGTH: ("a volume per length", "0.0026 mL/cm"),
    SHARE: ("a plain number", "0.15"),
}


class QuantityError(CruralError):
    """What was written is no amount, or an amount of another kind than was asked for."""


class _Quantity(pint.registry.Quantity[Decimal]):
    """A pint quantity that compares by cross-multiplication, so that equal amounts are equal."""

    def compare(self, other: Any, op: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, _Quantity) and other.dimensionality == self.dimensionality:
            ratio = _ratio(self.units, other.units)
            return op(self.magnitude * ratio.numerator, other.magnitude * ratio.denominator)
        return super().compare(other, op)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, _Quantity):
            return self.dimensionality == other.dimensionality and self.compare(other, operator.eq)
        return super().__eq__(other)

    def __hash__(self) -> int:
        # Equal amounts hash alike in any units; amounts of two kinds may, which costs nothing.
        ratio = _ratio(self.units, UNITS.get_root_units(self.units)[1])
        return hash(Fraction(self.magnitude) * ratio)


class _Registry(pint.UnitRegistry[Decimal]):
    """Units with exact conversion between any two of a kind."""

    Quantity: TypeAlias = _Quantity

    def _convert(self, value: Any, src: Any, dst: Any, *args: Any, **kwargs: Any) -> Any:
        if self._get_dimensionality(src) != self._get_dimensionality(dst):
            return super()._convert(value, src, dst, *args, **kwargs)  # raises, with the reason
        ratio = _ratio(self.Unit(src), self.Unit(dst))
        return value * ratio.numerator / ratio.denominator


UNITS: Final = _Registry(
    list(_DEFINITIONS), non_int_type=Decimal, on_redefinition="raise", case_sensitive=True
)


@cache
def _root_factor(name: str) -> Fraction:
    """One unit in grams, seconds, metres ...; every definition is a finite decimal."""
    return Fraction(cast(Decimal, UNITS.get_root_units(name)[0]))


@cache
def _ratio(source: Unit, target: Unit) -> Fraction:
    """How many `target` there are in one `source`, of the same kind."""
    ratio = Fraction(1)
    for units, sign in ((source, 1), (target, -1)):
        for name, power in units._units.items():
            ratio *= _root_factor(name) ** (int(cast(int, power)) * sign)
    return ratio


def quantity(number: Decimal | int | str, unit: str) -> Quantity:
    """An amount from an exact number and the text of a unit: quantity("1.5", "mg/day").

    A float is refused (TypeError): its digits are not those that were written. Raises QuantityError
    when the unit is not known.
    """
    if isinstance(number, float) or not isinstance(number, Decimal | int | str):
        raise TypeError(f"an exact number is needed, not {number!r}")
    return cast(Quantity, UNITS.Quantity(Decimal(number), parse_unit(unit)))


def parse(
    text: str,
    kind: str | None = None,
    *,
    field: str = "",
    file: str = "input",
    signed: bool = False,
) -> Quantity:
    """Reads an amount with its unit: "1.5 mg/day", "20 mg/mL", "0.25 mL", "150 mcg per day".

    `kind` is one of the constants of this module (DOSE, DAILY_DOSE, CONCENTRATION, FLOW ...): an
    amount of another kind is refused. Refused too, because each can end in a tenfold or a
    thousandfold dose: a number without a unit, a comma (decimal or thousands?), a bare point
    (".5"), and letters of a unit in capitals that would mean something else. A sign is read only
    when `signed`. Raises QuantityError, which says what was read and how to write it.
    """
    written = text.strip()
    expected = (
        f"write {_KINDS[kind][0]} such as '{_KINDS[kind][1]}'"
        if kind
        else ("write a number and a unit, such as '1.5 mg/day'")
    )

    def refuse(problem: str, remedy: str = expected) -> QuantityError:
        return QuantityError(file=file, field=field, problem=problem, remedy=remedy)

    match = _NUMBER.match(written)
    if match is None:
        raise refuse(f"'{text}' does not begin with a number")
    digits, rest = match.group(), written[match.end() :].strip()
    if "," in digits:
        raise refuse(
            f"the comma in '{text}' can mean a decimal or thousands",
            "write the decimals after a point, and no sign between thousands",
        )
    if digits.lstrip("+-").startswith(".") or digits.endswith("."):
        plain = digits.replace(".", "0.", 1) if not digits.endswith(".") else digits.rstrip(".")
        raise refuse(f"the point in '{text}' is easily overlooked", f"write '{plain}' and the unit")
    if digits[0] in "+-" and not signed:
        raise refuse(f"'{text}' has a sign", "write the amount without a sign")
    if not rest:
        raise refuse(f"'{text}' has no unit")
    number = Decimal(digits)
    # Sums keep 28 digits: what is longer would be rounded unseen, or could not be worked out.
    if sum(map(str.isdigit, digits)) > MOST_DIGITS or abs(number.adjusted()) > MOST_EXPONENT:
        shown = digits if len(digits) <= MOST_DIGITS else f"{digits[:MOST_DIGITS]}..."
        raise refuse(
            f"{shown} is far larger, smaller or longer than any amount that occurs",
            f"write {MOST_DIGITS} digits or fewer, and a unit that fits the amount",
        )
    read = cast(Quantity, UNITS.Quantity(number, parse_unit(rest, field=field, file=file)))
    if kind is not None and not is_kind(read, kind):
        raise refuse(f"'{text}' is not {_KINDS[kind][0]} but {kind_of(read)}")
    return read


def parse_unit(text: str, *, field: str = "", file: str = "input") -> Unit:
    """Reads the text of a unit: "mg/day", "µg/h", "mL", "uC/cm2". Raises QuantityError."""
    return _parse_unit(" ".join(text.split()), field, file)


@cache
def _parse_unit(text: str, field: str, file: str) -> Unit:
    unit = UNITS.Unit("dimensionless")
    if text in {"", "1"}:
        return unit
    if text in _READ:
        return cast(Unit, UNITS.Unit(_READ[text]))
    over, *under = re.split(r"\s*/\s*|\s+per\s+", text)
    for parts, sign in ((re.split(r"[·*]| (?=\S)", over), 1), (under, -1)):
        for part in parts:
            name, power = part, 1
            if part not in _READ and (match := _FACTOR.fullmatch(part)):
                name, power = match[1], _POWERS.get(match[2] or "", 1)
            if name not in _READ:
                raise _unknown_unit(name, text, field, file)
            unit = unit * UNITS.Unit(_READ[name]) ** (sign * power)
    return cast(Unit, unit)


def _unknown_unit(name: str, text: str, field: str, file: str) -> QuantityError:
    near = [spelling for spelling in _READ if spelling.lower() == name.lower()]
    near = near or difflib.get_close_matches(name, _READ, n=1, cutoff=0.6)
    where = f"'{name}' in '{text}'" if name != text else f"'{text}'"
    return QuantityError(
        file=file,
        field=field,
        problem=f"{where} is not a unit that is read here",
        remedy=f"did you mean '{near[0]}'? Capitals count"
        if near
        else "use mg, mcg, mL, h, day, and so on, with '/' for per",
    )


def words_of(kind: str) -> str:
    """A kind in words: "a daily dose"."""
    return _KINDS[kind][0]


def is_kind(value: Quantity, kind: str) -> bool:
    """Whether an amount is of a kind, one of this module's constants."""
    return bool(value.dimensionality == _dimensionality(kind))


@cache
def _dimensionality(kind: str) -> Any:
    return UNITS.Unit(kind).dimensionality


def kind_of(value: Quantity) -> str:
    """The kind of an amount in words: "a concentration"; "an amount in ..." when it has no name."""
    named = (words for kind, (words, _) in _KINDS.items() if is_kind(value, kind))
    return next(named, f"an amount in {unit_text(value.units)}")


def amount(value: Quantity, unit: str) -> Decimal:
    """The bare number of an amount in a unit: amount(dose, "mg/day"). Raises QuantityError."""
    target = parse_unit(unit)
    if value.dimensionality != target.dimensionality:
        raise QuantityError(
            file="input",
            problem=f"{show(value)} is {kind_of(value)} and cannot be given in {unit}",
            remedy=f"give {kind_of(cast(Quantity, UNITS.Quantity(Decimal(1), target)))}",
        )
    return value.to(target).magnitude


def fraction(value: Quantity, unit: str) -> Fraction:
    """The exact number of an amount in a unit, where even a third must not be rounded."""
    target = parse_unit(unit)
    amount(value, unit)  # raises when it is of another kind
    return Fraction(value.magnitude) * _ratio(value.units, target)


def of_fraction(number: Fraction, unit: str) -> Quantity:
    """An amount from an exact ratio; what no finite decimal can hold is rounded, at 28 digits."""
    return quantity(Decimal(number.numerator) / Decimal(number.denominator), unit)


def in_unit(value: Quantity, unit: str) -> Quantity:
    """The same amount in another unit. Raises QuantityError when it is of another kind."""
    return cast(Quantity, UNITS.Quantity(amount(value, unit), parse_unit(unit)))


def unit_text(unit: Unit, *, ucum: bool = False) -> str:
    """A unit for people ("microgram/day"), or for programs in UCUM ("ug/d")."""

    def factor(name: str, power: int) -> str:
        shown, in_ucum, _ = _SPELLINGS[name]
        symbol = in_ucum if ucum else shown
        return symbol if power == 1 else f"{symbol}{power}"

    factors = [(name, int(cast(int, power))) for name, power in unit._units.items()]
    over = "·".join(factor(name, power) for name, power in factors if power > 0)
    under = "".join("/" + factor(name, -power) for name, power in factors if power < 0)
    return (over.replace("·", ".") if ucum else over) + under


def plain(number: Decimal, places: int | None = None) -> str:
    """Digits without exponent and without trailing noughts, rounded half to even at `places`."""
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    digits = f"{number:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits in {"-0", ""} else digits


def show(value: Quantity, unit: str | None = None, places: int | None = 4) -> str:
    """An amount for people: "0.25 mL". `places` is the most decimals; None shows all that it has.

    An amount that would be shown as nought although it is not gets its first two digits instead.
    """
    given = in_unit(value, unit) if unit else value
    number = given.magnitude
    digits = plain(number, places)
    if digits == "0" and number:
        digits = plain(number, 1 - number.adjusted())
    unit_words = unit_text(given.units)
    if unit_words in _COUNTED and digits != "1":
        unit_words += "s"
    return f"{digits} {unit_words}".rstrip()


def as_json(value: Quantity, unit: str | None = None) -> dict[str, str]:
    """An amount for programs: exact digits as text, and the unit in UCUM."""
    given = in_unit(value, unit) if unit else value
    return {"value": plain(given.magnitude), "unit": unit_text(given.units, ucum=True)}
