"""What is wrong in the data of the workbenches, which are read apart from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from crural.intrathecal import dose_finding, granuloma, limits, sheets, spread_parameters
from crural.knowledge import devices, pumps, stimulation
from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import Problem


def problems_of_workbenches(evidence: Mapping[str, Evidence], root: Path) -> Iterator[Problem]:
    """Every problem of device and therapy data below `root`; none where there is no such data."""
    if not (root / "therapy").is_dir():
        return
    for room in (devices, pumps, stimulation, spread_parameters):
        yield from (Problem(*wrong) for wrong in room.problems(evidence, root))
    for part in (dose_finding, granuloma, limits, sheets):
        yield from part.problems(root, evidence)
