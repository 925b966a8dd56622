"""Measure everything and write `benchmarks/RESULTS.md`: `python -m benchmarks.run [section …]`.

Sections that are named, such as `cold_start`, are printed instead of written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

# One core for each process: libraries that spread over all cores cannot be compared, and workers
# would get in each other's way. Set before any of them is loaded.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from benchmarks import (  # noqa: E402
    against_libraries,
    assessment,
    batch,
    cold_start,
    growth,
    machine,
    spread,
    web,
)
from benchmarks.records import published_records  # noqa: E402
from crural.diagnosis.inference import use_compiled  # noqa: E402
from crural.knowledge import load_knowledge  # noqa: E402

RESULTS = Path(__file__).with_name("RESULTS.md")

BEFORE = """\
# How fast it is

Written by `make bench`. Every number of one table comes from one run on one machine; compare
within a table, not between machines.
"""


def main() -> None:
    """Measure the sections that are named, or all."""
    use_compiled()
    knowledge = load_knowledge()
    records = published_records(knowledge)
    sections: dict[str, tuple[str, str, Callable[[], str]]] = {
        "against_libraries": (
            "(a) Exact posterior, against two libraries",
            against_libraries.EXPLAINED,
            lambda: against_libraries.measured(progress=_tell),
        ),
        "assessment": (
            "(b) One record, the program running",
            "Of each record the quickest of a few runs counts; median and percentile are over the "
            "records. The reference engine computes the same as the compiled one, with numpy.",
            lambda: assessment.measured(knowledge, records),
        ),
        "batch": (
            "(c) Many records",
            "The posterior of every cause with its error bound, from records in memory, by the "
            "compiled engine; starting the workers is part of the time.",
            lambda: batch.measured(knowledge, records),
        ),
        "cold_start": (
            "(d) The command line from nothing",
            "The set-up runs the command once. That leaves the bytecode, the knowledge in one "
            "file, and the network with the order of its causes in another; without them the first "
            "use reads the YAML files, compiles the network, and writes both.",
            cold_start.measured,
        ),
        "growth": (
            "(e) Growth with the number of findings present",
            "Median and largest of a few drawn patients. Width: log2 of the mean work of a step. "
            "Where a record is too wide for double precision or for an exact sweep at all, the "
            "bound on the error of a probability says what that costs.",
            lambda: growth.measured(knowledge),
        ),
        "spread": (
            "(f) Spread of morphine in the spinal fluid",
            spread.EXPLAINED,
            spread.measured,
        ),
        "web": ("(g) The web application", web.EXPLAINED, lambda: web.measured(knowledge)),
    }
    chosen = sys.argv[1:] or list(sections)
    written = [BEFORE, machine.description(knowledge), ""]
    for key in chosen:
        title, explained, measured = sections[key]
        _tell(title)
        written += [f"## {title}", "", explained, "", measured(), ""]
    text = "\n".join(written)
    if sys.argv[1:]:
        print(text)
    else:
        RESULTS.write_text(text, encoding="utf-8")
        _tell(f"written: {RESULTS}")


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
