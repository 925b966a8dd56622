"""The rooms of the web application: what may import what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Final

from starlette.routing import compile_path

import crural.web
from tests.web.people.test_gate import routes_of

WEB: Final = Path(crural.web.__file__).parent
ROOMS: Final = {path.parent.name for path in WEB.glob("*/__init__.py")}
# A desk shows the scores of the diary, the list opens files on a desk, a workbench plans from what
# lies on it, programs read the tables.
MAY_USE: Final = {
    "assessment": {"diary"},
    "patients": {"assessment"},
    "workbench": {"assessment", "diary"},
    "api": {"knowledge"},
}
# Joins the rooms; and names by which a room is still looked for elsewhere.
JOINING: Final = {"app"}


def _used(path: Path) -> Iterator[str]:
    """The first name below crural.web of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("crural.web"):
            _, _, rest = (node.module or "").partition("crural.web")
            first = rest.strip(".").partition(".")[0]
            yield from [first] if first else (name.name for name in node.names)


def test_what_all_rooms_share_knows_no_room() -> None:
    for path in WEB.glob("*.py"):
        if path.stem not in JOINING:
            assert ROOMS.isdisjoint(_used(path)), path


def test_rooms_use_each_other_in_one_direction() -> None:
    assert {"assessment", "patients", "diary", "people", "workbench", "knowledge", "api"} == ROOMS
    for room in ROOMS:
        used = {name for path in (WEB / room).glob("*.py") for name in _used(path)}
        assert used & ROOMS <= {room, *MAY_USE.get(room, ())}, room
        assert "app" not in used, room


def test_no_two_rooms_answer_one_address() -> None:
    addresses = {
        room: {
            path for _, path in routes_of(import_module(f"crural.web.{room}.{at}").router.routes)
        }
        for room in ROOMS
        for at in [{"knowledge": "pages", "workbench": "pages"}.get(room, "routes")]
    }
    assert all(addresses.values())
    for one, other in permutations(ROOMS, 2):
        for path in addresses[other]:
            said = re.sub(r"{\w+}", "1", path)
            assert not [its for its in addresses[one] if compile_path(its)[0].match(said)], path


def test_templates_and_tests_lie_in_folders_of_the_same_names() -> None:
    templates = {path.name for path in (WEB / "templates").iterdir() if path.is_dir()}
    tests = {path.parent.name for path in Path(__file__).parent.glob("*/test_*.py")}
    assert templates | {"api"} == tests == ROOMS
