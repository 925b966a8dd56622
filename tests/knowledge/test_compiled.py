"""The quick copy says the same as the YAML, and never outlives it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crural.knowledge import compiled, kept
from crural.knowledge.compiled import load_knowledge, write
from crural.knowledge.loader import load_from_yaml
from crural.knowledge.model import Knowledge
from tests.knowledge.tiny import Files, entry, tiny


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tiny knowledge in the place of the shipped one, with its quick copy beside it."""
    root = tiny(tmp_path / "data")
    monkeypatch.setattr(compiled, "DATA", root)
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "compiled-knowledge.jsonl")
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
    text = compiled.COMPILED.read_text().replace('"name":"Disc"', '"name":"From the copy"')
    kept.write(compiled.COMPILED, compiled.made_from(start(home).digest), text.split("\n")[1:])
    assert start(home).conditions["disc"].name == "From the copy"


def test_a_copy_that_somebody_changed_is_made_anew(home: Path) -> None:
    start(home)
    text = compiled.COMPILED.read_text()
    compiled.COMPILED.write_text(text.replace('"name":"Disc"', '"name":"By hand"'))
    assert start(home).conditions["disc"].name == "Disc"
    assert compiled.COMPILED.read_text() == text


def test_a_copy_that_other_modules_made_is_out_of_date(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(home)
    text = compiled.COMPILED.read_text()
    monkeypatch.setattr(kept, "digest_of_code", lambda *_: "edited")
    start(home)
    assert '"code": "edited"' in compiled.COMPILED.read_text()
    assert compiled.COMPILED.read_text().split("\n")[1:] == text.split("\n")[1:]


def test_entries_read_from_the_copy_are_written_as_those_from_the_files(home: Path) -> None:
    start(home)
    copied, read = start(home), load_from_yaml(home)
    assert compiled.kept_form(copied) == compiled.kept_form(read)
    assert copied.conditions["disc"].model_dump() == read.conditions["disc"].model_dump()
    assert repr(dict(copied.evidence)) == repr(read.evidence)


def test_only_the_shipped_knowledge_keeps_copies(home: Path, tmp_path: Path) -> None:
    shipped = start(home)
    assert compiled.is_shipped(shipped)
    assert not compiled.is_shipped(dataclasses.replace(shipped))
    assert not compiled.is_shipped(load_knowledge(tiny(tmp_path / "other")))


def test_an_edited_file_outdates_the_copy(home: Path) -> None:
    start(home)

    def change(files: Files) -> None:
        files["conditions/disc.yaml"]["name"] = "Edited"

    tiny(home, change)
    assert load_knowledge(home).conditions["disc"].name == "Edited"
    assert start(home).conditions["disc"].name == "Edited"


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", "7", '{"digest": "DIGEST"}', "\xff"])
def test_a_damaged_copy_is_ignored_and_made_anew(home: Path, damage: str) -> None:
    digest = start(home).digest
    whole = compiled.COMPILED.read_bytes()
    compiled.COMPILED.write_bytes(damage.replace("DIGEST", digest).encode("latin-1"))
    assert parts(start(home)) == parts(load_from_yaml(home))
    assert compiled.COMPILED.read_bytes() == whole


def test_half_a_copy_is_ignored(home: Path) -> None:
    start(home)
    whole = compiled.COMPILED.read_bytes()
    compiled.COMPILED.write_bytes(whole[: len(whole) // 2])
    assert parts(start(home)) == parts(load_from_yaml(home))


def test_the_same_knowledge_is_the_same_object(home: Path) -> None:
    assert load_knowledge(home) is load_knowledge(home)


def test_another_place_has_no_copy(home: Path, tmp_path: Path) -> None:
    other = tiny(tmp_path / "other")
    assert set(load_knowledge(other).conditions) == {"disc", "slip"}
    assert not compiled.COMPILED.exists()
    assert home.is_dir()


def test_a_folder_that_cannot_be_written_only_costs_time(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "missing" / "compiled-knowledge.jsonl")
    assert set(start(home).conditions) == {"disc", "slip"}


def test_a_reader_never_meets_half_a_copy(tmp_path: Path) -> None:
    one = load_from_yaml(tiny(tmp_path / "one"))
    two = load_from_yaml(
        tiny(tmp_path / "two", lambda files: entry(files, "scan").update(name="a longer name"))
    )
    path = tmp_path / "compiled.jsonl"
    write(one, path)
    froms = [compiled.made_from(knowledge.digest) for knowledge in (one, two)]

    def writing(knowledge: Knowledge) -> None:
        for _ in range(30):
            write(knowledge, path)

    def fits(_: int) -> bool:
        # One of the two may be replaced by the other between two readings, never by less.
        head = json.loads(path.read_bytes().partition(b"\n")[0])
        return any(head["digest"] == made["digest"] for made in froms)

    with ThreadPoolExecutor(max_workers=3) as pool:
        writers = [pool.submit(writing, knowledge) for knowledge in (one, two)]
        assert all(pool.map(fits, range(120)))
        for writer in writers:
            writer.result()
    assert any(kept.read(path, made) for made in froms)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["compiled.jsonl"]
