"""The numbers of the transport model: read from data/therapy/spread.yaml, drawn, made into a canal.

Every number cites an evidence entry, is an estimate with a range, or is derived from such; what was
fitted to a published figure says to which.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from crural.errors import KnowledgeError
from crural.intrathecal.transport import Canal, Kinetics, Vector
from crural.knowledge import Evidence, Quantity, load_knowledge, resolve
from crural.knowledge.loader import DATA
from crural.knowledge.numbers import Number, NumberError, expit, logit
from crural.knowledge.therapy_checks import Wrong

FILE = "therapy/spread.yaml"

# Vertebral levels from below, in the order of the cells; above them come the cells of the head.
LEVELS = (
    *("S2", "S1", "L5", "L4", "L3", "L2", "L1"),
    *(f"T{n}" for n in range(12, 0, -1)),
    *(f"C{n}" for n in range(7, 0, -1)),
)
# Cells of a level: an odd number, so that one lies in its middle. Cells of a third of the size
# change concentrations by 3 % ten minutes after a bolus, and by 1 % from an hour on.
CELLS_OF_A_LEVEL = 3
CELLS_OF_THE_HEAD = 12
# The lowest cells of the head: cisterna magna and basal cisterns, around the brainstem.
CELLS_OF_THE_CISTERNS = 2
CISTERNS = "cisterns"
_REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "sacral"}
# The cord ends at about L1-L2.
_END_OF_CORD = "L1"


class Parameter(BaseModel):
    """One number of the model. `fitted`: the evidence entry that it was made to agree with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    unit: str
    scale: Literal["ratio", "probability"]
    number: Number
    fitted: str | None = None


@dataclass(frozen=True)
class Known:
    """A parameter with its value, interval and sources."""

    parameter: Parameter
    quantity: Quantity


_ALL = TypeAdapter(tuple[Parameter, ...])


@cache
def load_parameters(root: Path = DATA) -> Mapping[str, Known]:
    """The parameters by id, resolved against the evidence.

    Raises KnowledgeError when the file or one of its numbers is wrong.
    """
    path = root / FILE
    try:
        parameters = _ALL.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise _wrong("", str(error).splitlines()[0], "mend the file") from error
    evidence = load_knowledge().evidence
    known = {}
    for parameter in parameters:
        try:
            quantity = resolve(parameter.number, evidence, parameter.scale)
        except NumberError as error:
            raise _wrong(parameter.id, str(error), "cite an entry that has the figure") from error
        known[parameter.id] = Known(parameter, quantity)
    return known


def _wrong(field: str, problem: str, remedy: str) -> KnowledgeError:
    return KnowledgeError(file=FILE, field=field, problem=problem, remedy=remedy)


def problems(evidence: Mapping[str, Evidence], root: Path = DATA) -> Iterator[Wrong]:
    """What is wrong with the file of parameters, for the check of the knowledge."""
    try:
        known = load_parameters(root)
    except KnowledgeError as error:
        yield Wrong(error.file, error.field, error.problem, error.remedy)
        return
    for name, entry in known.items():
        if entry.parameter.fitted is not None and entry.parameter.fitted not in evidence:
            yield Wrong(FILE, f"{name}.fitted", "no such evidence entry", "name one that exists")


def best_values(known: Mapping[str, Known]) -> dict[str, float]:
    """The best guess of every parameter."""
    return {name: entry.quantity.value for name, entry in known.items()}


def drawn_values(known: Mapping[str, Known], draw: np.random.Generator) -> dict[str, float]:
    """One patient's parameters, each drawn by itself: log-normal, or logit-normal for a share."""
    values = {}
    for name, entry in known.items():
        value, spread = entry.quantity.value, entry.quantity.spread
        away = spread * float(draw.standard_normal())
        if entry.parameter.scale == "ratio":
            values[name] = value * math.exp(away)
        else:
            values[name] = expit(logit(value) + away)
    return values


def cell_of(level: str, cells_of_a_level: int = CELLS_OF_A_LEVEL) -> int:
    """The cell in the middle of a vertebral level. Raises ValueError for an unknown level."""
    return LEVELS.index(level) * cells_of_a_level + cells_of_a_level // 2


def cisterns(canal: Canal) -> range:
    """The cells around the brainstem."""
    first = len(canal.length) - CELLS_OF_THE_HEAD
    return range(first, first + CELLS_OF_THE_CISTERNS)


def canal_of(values: Mapping[str, float], cells_of_a_level: int = CELLS_OF_A_LEVEL) -> Canal:
    """The canal of one patient.

    Fluid is spread evenly over the length below T11-T12, over that above, and over the head. Roots
    lie all along, the cord down to L1. Fluid is produced at the cisterns and absorbed evenly along
    the spine and in the head.
    """
    heights = np.array([values[f"{_REGIONS[level[0]]}-height"] for level in LEVELS])
    spine = np.repeat(heights / cells_of_a_level, cells_of_a_level)
    below = np.repeat([_is_at_or_below(level, "T12") for level in LEVELS], cells_of_a_level)
    corded = np.repeat([not _is_at_or_below(level, "L2") for level in LEVELS], cells_of_a_level)
    head = np.full(CELLS_OF_THE_HEAD, values["cranial-length"] / CELLS_OF_THE_HEAD)
    fluid, share = values["spinal-fluid"], values["lumbosacral-share"]
    absorbed = values["production"] * values["spinal-absorption"]
    lower, upper = spine * below, spine * ~below
    cord = spine * corded
    produced = np.zeros(len(spine) + len(head))
    produced[len(spine)] = values["production"]
    return Canal(
        length=np.concatenate([spine, head]),
        csf=np.concatenate(
            [
                fluid * (share * lower / lower.sum() + (1 - share) * upper / upper.sum()),
                _even(head, values["cranial-fluid"]),
            ]
        ),
        tissue=np.concatenate(
            [
                _even(spine, values["root-volume"]) + _even(cord, values["cord-volume"]),
                _even(head, values["brain-tissue"]),
            ]
        ),
        produced=produced,
        absorbed=np.concatenate(
            [_even(spine, absorbed), _even(head, values["production"] - absorbed)]
        ),
    )


def kinetics_of(values: Mapping[str, float]) -> Kinetics:
    """What morphine does in one patient."""
    return Kinetics(
        dispersion=values["dispersion"],
        clearance=values["clearance"],
        partition=values["partition"],
        exchange=math.log(2) / values["exchange-half-time"],
        loss=math.log(2) / values["loss-half-time"],
        plasma_clearance=values["plasma-clearance"],
        plasma_volume=values["plasma-volume"] * 1000,
    )


def sources_of(known: Mapping[str, Known]) -> tuple[str, ...]:
    """The evidence entries behind the parameters, each once."""
    named = (
        (*entry.quantity.sources, *((entry.parameter.fitted,) if entry.parameter.fitted else ()))
        for entry in known.values()
    )
    return tuple(dict.fromkeys(chain.from_iterable(named)))


def _is_at_or_below(level: str, other: str) -> bool:
    return LEVELS.index(level) <= LEVELS.index(other)


def _even(weights: Vector, total: float) -> Vector:
    return np.asarray(weights / weights.sum() * total, dtype=np.float64)
