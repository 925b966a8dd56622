"""Numbers that can be traced: each is read from evidence, estimated with a range, or derived.

A number written in a knowledge file is a `Number`. Held against the evidence tables it becomes a
`Quantity`: a value with an interval, its sources, and how it was come by. Nothing downstream ever
sees a bare float, so no figure can enter the network without its reason.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from crural.knowledge.evidence import Evidence

Scale = Literal["probability", "ratio", "real"]
Origin = Literal["evidence", "estimate", "derived"]
# What an interval rests on: it was published, follows from the number of patients, is the range of
# a judgement, was carried through arithmetic, or stands for what nobody published.
IntervalFrom = Literal["published", "patients", "judged", "computed", "assumed"]
FigureName = Literal[
    "sensitivity",
    "specificity",
    "false-positive-rate",
    "frequency",
    "lr-positive",
    "lr-negative",
    "effect",
    "value",
]

Z_90 = 1.6449
Z_95 = 1.9600
# A published proportion without a denominator or an interval still is uncertain. One half on the
# logit scale is what 20 patients at a proportion of one half would give.
UNPUBLISHED_LOGIT_SD = 0.5
UNPUBLISHED_LOG_SD = 0.35
# Population differences between the study and the patient at hand, on top of sampling error
# (between-study spread of sensitivities on the logit scale in diagnostic meta-analyses is seldom
# below this).
BETWEEN_STUDY_LOGIT_SD = 0.25


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FromEvidence(_Frozen):
    """A figure of an evidence entry."""

    evidence: str
    of: FigureName
    because: str | None = None
    also: tuple[str, ...] = ()


class Estimate(_Frozen):
    """A judgement: best guess, the range that should hold the truth nine times in ten, a reason."""

    estimate: float
    range: tuple[float, float]
    because: str = Field(min_length=3)

    @model_validator(mode="after")
    def _inside_its_range(self) -> Estimate:
        low, high = self.range
        if not low <= self.estimate <= high:
            raise ValueError(f"estimate {self.estimate} lies outside its range {low} to {high}")
        if low == high:
            raise ValueError("an estimate needs a range of some width")
        return self


class Derived(_Frozen):
    """Arithmetic over other numbers, recomputed by the check."""

    derived: str
    where: Mapping[str, Number]
    because: str | None = None


def _kind_of_number(raw: Any) -> str:
    if isinstance(raw, FromEvidence | Estimate | Derived):
        return type(raw).__name__
    if isinstance(raw, Mapping):
        for key, kind in (
            ("evidence", "FromEvidence"),
            ("estimate", "Estimate"),
            ("derived", "Derived"),
        ):
            if key in raw:
                return kind
    return "Estimate"


Number = Annotated[
    Annotated[FromEvidence, Tag("FromEvidence")]
    | Annotated[Estimate, Tag("Estimate")]
    | Annotated[Derived, Tag("Derived")],
    Discriminator(_kind_of_number),
]


class Quantity(_Frozen):
    """A resolved number.

    `spread` is the standard deviation on the natural scale of the quantity: logit for a
    probability, logarithm for a ratio, the plain scale for a real number. An assumed interval is
    for reckoning with, never for showing as if somebody had found it: `interval` leaves it out.
    """

    value: float
    low: float
    high: float
    spread: float
    origin: Origin
    interval_from: IntervalFrom
    sources: tuple[str, ...] = ()
    because: str | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Low and high end; None where there is only an assumption."""
        return None if self.interval_from == "assumed" else (self.low, self.high)


class NumberError(ValueError):
    """A number that cannot be resolved: unknown entry, missing figure, out of bounds."""


def resolve(number: Number, evidence: Mapping[str, Evidence], scale: Scale) -> Quantity:
    """The quantity that a written number stands for.

    Raises NumberError when the entry or its figure does not exist, when the evidence cannot be
    traced to a publication, or when the value does not fit the scale.
    """
    if isinstance(number, Estimate):
        quantity = _from_estimate(number, scale)
    elif isinstance(number, FromEvidence):
        quantity = _from_evidence(number, evidence, scale)
    else:
        quantity = _from_derivation(number, evidence, scale)
    _must_fit(quantity.value, scale)
    return quantity


def _must_fit(value: float, scale: Scale) -> None:
    if not math.isfinite(value):
        raise NumberError(f"{value} is not a finite number")
    if scale == "probability" and not 0.0 < value < 1.0:
        raise NumberError(f"a probability must lie inside (0, 1), not {value}")
    if scale == "ratio" and value <= 0.0:
        raise NumberError(f"a ratio must be above 0, not {value}")


def logit(p: float) -> float:
    """log(p / (1 - p))."""
    return math.log(p) - math.log1p(-p)


def expit(x: float) -> float:
    """Inverse of `logit`."""
    return 1.0 / (1.0 + math.exp(-x))


def _to_scale(value: float, scale: Scale) -> float:
    if scale == "probability":
        return logit(min(max(value, 1e-6), 1 - 1e-6))
    return math.log(max(value, 1e-9)) if scale == "ratio" else value


def _from_scale(value: float, scale: Scale) -> float:
    if scale == "probability":
        return expit(value)
    return math.exp(value) if scale == "ratio" else value


def _from_estimate(number: Estimate, scale: Scale) -> Quantity:
    low, high = number.range
    _must_fit(number.estimate, scale)
    if scale != "real" and (low < 0 or (scale == "probability" and high > 1)):
        raise NumberError(f"the range {low} to {high} leaves the scale of a {scale}")
    spread = (_to_scale(high, scale) - _to_scale(low, scale)) / (2 * Z_90)
    return Quantity(
        value=number.estimate,
        low=low,
        high=high,
        spread=spread,
        origin="estimate",
        interval_from="judged",
        because=number.because,
    )


def _from_evidence(
    number: FromEvidence, evidence: Mapping[str, Evidence], scale: Scale
) -> Quantity:
    for other in number.also:
        if other not in evidence:
            raise NumberError(f"no evidence entry is called '{other}'")
    entry = evidence.get(number.evidence)
    if entry is None:
        raise NumberError(f"no evidence entry is called '{number.evidence}'")
    if entry.kind == "hole":
        raise NumberError(f"evidence entry '{number.evidence}' is a named hole, not a figure")
    if not entry.traced:
        raise NumberError(
            f"evidence entry '{number.evidence}' is not traced to a publication and may not be used"
        )
    figure = entry.figure(number.of)
    if figure is None:
        raise NumberError(f"evidence entry '{number.evidence}' has no {number.of}")
    value, interval = figure
    if scale == "probability":
        value = _inside(value, entry.n)
        spread = _spread_of_proportion(value, interval, entry.n)
    elif scale == "ratio":
        _must_fit(value, scale)
        spread = (
            (math.log(interval[1]) - math.log(interval[0])) / (2 * Z_95)
            if interval and interval[0] > 0
            else UNPUBLISHED_LOG_SD
        )
    else:
        spread = (interval[1] - interval[0]) / (2 * Z_95) if interval else abs(value) * 0.25
    centre = _to_scale(value, scale)
    low, high = interval or (
        _from_scale(centre - Z_95 * spread, scale),
        _from_scale(centre + Z_95 * spread, scale),
    )
    rests_on: IntervalFrom = "assumed"
    if interval is not None:
        rests_on = "published"
    elif scale == "probability" and entry.n:
        rests_on = "patients"
    return Quantity(
        value=value,
        low=low,
        high=high,
        spread=spread,
        origin="evidence",
        interval_from=rests_on,
        sources=(number.evidence,),
        because=number.because,
    )


def _inside(value: float, n: int | None) -> float:
    """Keep a published 0 % or 100 % inside (0, 1), by half a patient (Jeffreys)."""
    if 0.0 < value < 1.0:
        return value
    size = n or 20
    return (value * size + 0.5) / (size + 1)


def _spread_of_proportion(
    value: float, interval: tuple[float, float] | None, n: int | None
) -> float:
    if interval is not None and 0 < interval[0] < interval[1] < 1:
        sampling = (logit(interval[1]) - logit(interval[0])) / (2 * Z_95)
    elif n:
        # Variance of a logit: 1 / (n p (1 - p)); half a patient keeps it finite.
        sampling = math.sqrt(1.0 / (n * value * (1 - value) + 0.5))
    else:
        sampling = UNPUBLISHED_LOGIT_SD
    return math.hypot(sampling, BETWEEN_STUDY_LOGIT_SD)


_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {"min": min, "max": max}


def evaluate(expression: str, names: Mapping[str, float]) -> float:
    """Value of an arithmetic expression over named numbers: + - * /, brackets, min and max.

    Raises NumberError for anything else, so that a knowledge file can never run code.
    """
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError as error:
        raise NumberError(f"'{expression}' is not arithmetic: {error.msg}") from error

    def value_of(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.Name(id=name):
                raise NumberError(f"'{name}' in '{expression}' is not defined under where")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value_of(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value_of(left), value_of(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](*(value_of(a) for a in args))
            case _:
                raise NumberError(f"'{expression}' uses more than + - * / ( ) min max")

    try:
        return value_of(tree.body)
    except ZeroDivisionError as error:
        raise NumberError(f"'{expression}' divides by zero") from error


def _from_derivation(number: Derived, evidence: Mapping[str, Evidence], scale: Scale) -> Quantity:
    parts = {
        name: resolve(part, evidence, _scale_of_part(part)) for name, part in number.where.items()
    }
    middle = {name: part.value for name, part in parts.items()}
    value = evaluate(number.derived, middle)
    _must_fit(value, scale)
    # First-order error propagation: shift each part by one standard deviation of its own scale.
    variance = 0.0
    for name, part in parts.items():
        part_scale = _scale_of_part(number.where[name])
        shifted = _from_scale(_to_scale(part.value, part_scale) + part.spread, part_scale)
        moved = evaluate(number.derived, {**middle, name: shifted})
        variance += (_to_scale(moved, scale) - _to_scale(value, scale)) ** 2
    spread = math.sqrt(variance)
    centre = _to_scale(value, scale)
    # A derivation from estimates alone is an estimate; from any figure it carries its sources.
    sources = tuple(source for part in parts.values() for source in part.sources)
    return Quantity(
        value=value,
        low=_from_scale(centre - Z_95 * spread, scale),
        high=_from_scale(centre + Z_95 * spread, scale),
        spread=spread,
        origin="derived",
        interval_from="computed",
        sources=sources,
        because=number.because,
    )


def _scale_of_part(number: Number) -> Scale:
    if isinstance(number, FromEvidence):
        if number.of in {"sensitivity", "specificity", "false-positive-rate", "frequency"}:
            return "probability"
        return "ratio" if number.of in {"lr-positive", "lr-negative"} else "real"
    if isinstance(number, Estimate):
        return "probability" if number.range[0] >= 0 and number.range[1] <= 1 else "real"
    return "real"


Derived.model_rebuild()
