"""(d) The command line from nothing: start, read, assess, print, end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import crural
from benchmarks.measure import duration, median, seconds_of, table
from benchmarks.records import EXAMPLE

RUNS = 7
GOAL = "≤ 1.5 s"


def measured() -> str:
    """The section of the results."""
    usual = [_run({}) for _ in range(RUNS)]
    rows = [["usual", duration(median(usual)), duration(min(usual)), GOAL]]
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "crural"
        ignored = shutil.ignore_patterns("__pycache__", "compiled-*.jsonl")
        shutil.copytree(Path(crural.__file__).parent, package, ignore=ignored)
        # Its bytecode is kept too, as Python does unless it is told not to.
        copied = {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": ""}
        fresh = _run(copied)
        again = [_run(copied) for _ in range(RUNS)]
    rows.append(["first use of a fresh copy that was not set up", duration(fresh), "", ""])
    rows.append(["the same copy afterwards", duration(median(again)), duration(min(again)), GOAL])
    return table((f"`crural assess {EXAMPLE.name}`", "median", "quickest", "goal"), rows)


def _run(environment: dict[str, str]) -> float:
    command = [sys.executable, "-m", "crural.cli", "assess", str(EXAMPLE)]

    def work() -> None:
        subprocess.run(
            command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL
        )

    return seconds_of(work)
