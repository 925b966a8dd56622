"""Which loops to use, those of numpy or the compiled ones, and how arrays are handed to these."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from crural.diagnosis.inference import compiled_in_use


def compiled_loops() -> ModuleType | None:
    """The module `loops` when the compiled engine is in use, else None: compute with numpy.

    Loading it takes a moment, and compiling it ten seconds, once (set-up does it in advance); so it
    is for programs that answer many records, or stay, as the compiled engine is.
    """
    return importlib.import_module("crural.diagnosis.loops") if compiled_in_use() else None


def plain(*arrays: npt.NDArray[Any]) -> tuple[Any, ...]:
    """The arrays as compiled loops take them: contiguous and writable."""
    return tuple(
        array if array.flags.carray else np.require(array, requirements=["C", "W"])
        for array in arrays
    )
