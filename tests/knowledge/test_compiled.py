"""The quick copy says the same as the YAML, and never outlives it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crural.knowledge import compiled
from crural.knowledge.compiled import load_knowledge, write
from crural.knowledge.loader import load_from_yaml
from crural.knowledge.model import Knowledge
from tests.knowledge.tiny import Files, entry, tiny


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tiny knowledge in the place of the shipped one, with its quick copy beside it."""
    root = tiny(tmp_path / "data")
    monkeypatch.setattr(compiled, "DATA", root)
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "compiled.json")
    compiled._load.cache_clear()
    yield root
    compiled._load.cache_clear()


def parts(knowledge: Knowledge) -> dict[str, object]:
    return {f.name: getattr(knowledge, f.name) for f in dataclasses.fields(knowledge)}


def start(root: Path) -> Knowledge:
    """The knowledge as a new process would load it."""
    compiled._load.cache_clear()
    return load_knowledge(root)


def test_the_copy_equals_the_yaml(home: Path) -> None:
    start(home)
    assert compiled.COMPILED.is_file()
    assert parts(start(home)) == parts(load_from_yaml(home))


def test_the_copy_is_read_when_it_fits(home: Path) -> None:
    start(home)
    raw = json.loads(compiled.COMPILED.read_text())
    raw["conditions"]["disc"]["name"] = "From the copy"
    compiled.COMPILED.write_text(json.dumps(raw))
    assert start(home).conditions["disc"].name == "From the copy"


def test_an_edited_file_outdates_the_copy(home: Path) -> None:
    start(home)

    def change(files: Files) -> None:
        files["conditions/disc.yaml"]["name"] = "Edited"

    tiny(home, change)
    assert load_knowledge(home).conditions["disc"].name == "Edited"
    assert start(home).conditions["disc"].name == "Edited"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        '{"digest": "DIGEST"}',
        '{"digest": "DIGEST", "evidence": 3}',
        "[]",
        "null",
        "7",
    ],
)
def test_a_damaged_copy_is_ignored_and_made_anew(home: Path, damage: str) -> None:
    digest = start(home).digest
    compiled.COMPILED.write_text(damage.replace("DIGEST", digest))
    assert parts(start(home)) == parts(load_from_yaml(home))
    assert json.loads(compiled.COMPILED.read_text())["digest"] == digest


def test_the_same_knowledge_is_the_same_object(home: Path) -> None:
    assert load_knowledge(home) is load_knowledge(home)


def test_another_place_has_no_copy(home: Path, tmp_path: Path) -> None:
    other = tiny(tmp_path / "other")
    assert set(load_knowledge(other).conditions) == {"disc", "slip"}
    assert not (tmp_path / "other.json").exists()
    assert not compiled.COMPILED.exists()
    assert home.is_dir()


def test_a_folder_that_cannot_be_written_only_costs_time(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "missing" / "compiled.json")
    assert set(start(home).conditions) == {"disc", "slip"}


def test_a_reader_never_meets_half_a_copy(tmp_path: Path) -> None:
    one = load_from_yaml(tiny(tmp_path / "one"))
    two = load_from_yaml(
        tiny(tmp_path / "two", lambda files: entry(files, "scan").update(name="a longer name"))
    )
    path = tmp_path / "compiled.json"
    write(one, path)

    def writing(knowledge: Knowledge) -> None:
        for _ in range(30):
            write(knowledge, path)

    def read(_: int) -> str:
        return str(json.loads(path.read_text())["digest"])

    with ThreadPoolExecutor(max_workers=3) as pool:
        writers = [pool.submit(writing, knowledge) for knowledge in (one, two)]
        met = set(pool.map(read, range(120)))
        for writer in writers:
            writer.result()
    assert met <= {one.digest, two.digest}
    assert [p.name for p in tmp_path.glob("*.json")] == ["compiled.json"]
