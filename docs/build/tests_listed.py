"""The tests of the project by node id, read from their source without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def names_of_tests(root: Path = ROOT) -> tuple[str, ...]:
    """Every test as pytest names it, without parameters: `tests/room/test_x.py::test_y`."""
    return tuple(
        f"{path.relative_to(root).as_posix()}::{name}"
        for path in sorted((root / "tests").rglob("test_*.py"))
        for name in _names_in(ast.parse(path.read_text(encoding="utf-8")).body)
    )


def _names_in(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            for name in _names_in(node.body):
                yield f"{node.name}::{name}"
