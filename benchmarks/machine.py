"""Where and with what the measurements were made."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from crural.knowledge import Knowledge

LIBRARIES = ("numpy", "numba", "pydantic", "pyagrum", "pgmpy")


def description(knowledge: Knowledge) -> str:
    """Machine, versions and knowledge, as a Markdown list."""
    lines = [
        f"- Processor: {_processor()}, {os.cpu_count()} cores",
        f"- System: {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        f"- Libraries: {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}",
        f"- Knowledge: version {knowledge.version}, {len(knowledge.conditions)} conditions, "
        f"{len(knowledge.findings)} findings (digest {knowledge.digest[:12]})",
    ]
    return "\n".join(lines)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
