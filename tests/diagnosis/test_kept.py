"""The kept network is the compiled one, and never outlives it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from crural.diagnosis import Network, compile_network, kept
from crural.diagnosis.kept import network_of_all
from crural.knowledge import Knowledge, compiled, load_knowledge
from crural.knowledge import kept as written
from tests.knowledge.tiny import Files, tiny


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tiny knowledge in the place of the shipped one, with its copies beside it."""
    root = tiny(tmp_path / "data")
    monkeypatch.setattr(compiled, "DATA", root)
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "compiled-knowledge.jsonl")
    compiled._load.cache_clear()
    yield root
    compiled._load.cache_clear()


def copy_of(home: Path) -> Path:
    return home.parent / kept.NAME


def assert_same(one: Network, other: Network) -> None:
    assert one.order == other.order
    for field in dataclasses.fields(Network):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs, strict=True)
        elif field.name == "parameters":
            assert tuple(ours) == tuple(theirs)
        elif not field.name.startswith("_"):
            assert ours == theirs, field.name


def test_the_copy_equals_the_compiled_network(home: Path) -> None:
    knowledge = load_knowledge(home)
    first = network_of_all(knowledge)
    assert copy_of(home).is_file()
    assert_same(network_of_all(knowledge), first)
    assert_same(network_of_all(knowledge), compile_network(knowledge))


def test_the_shipped_copy_equals_the_compiled_network() -> None:
    knowledge = load_knowledge()
    compiled_now = compile_network(knowledge)
    network_of_all(knowledge)
    assert_same(network_of_all(knowledge), compiled_now)


def test_numbers_are_built_when_asked_for(home: Path) -> None:
    knowledge = load_knowledge(home)
    network_of_all(knowledge)
    numbers = network_of_all(knowledge).parameters
    whole = compile_network(knowledge).parameters
    assert len(numbers) == len(whole)
    assert numbers[1] == whole[1]
    assert numbers[-1] == whole[-1]
    assert numbers[1:3] == whole[1:3]


def test_the_copy_is_read_when_it_fits(home: Path) -> None:
    knowledge = load_knowledge(home)
    network_of_all(knowledge)
    made_from = compiled.made_from(knowledge.digest, Path(kept.__file__).parent)
    lines = copy_of(home).read_text().split("\n")[1:]
    tables = json.loads(lines[0])
    tables["order"].reverse()
    written.write(copy_of(home), made_from, [json.dumps(tables), *lines[1:]])
    assert list(network_of_all(knowledge).order) == tables["order"]


def test_an_edited_file_outdates_the_copy(home: Path) -> None:
    network_of_all(load_knowledge(home))

    def change(files: Files) -> None:
        files["conditions/disc.yaml"]["side"]["bilateral"]["estimate"] = 0.123

    tiny(home, change)
    assert 0.123 in network_of_all(load_knowledge(home)).bilateral


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b"\xff\n{}"])
def test_a_damaged_copy_is_made_anew(home: Path, damage: bytes) -> None:
    knowledge = load_knowledge(home)
    network_of_all(knowledge)
    whole = copy_of(home).read_bytes()
    copy_of(home).write_bytes(damage)
    assert_same(network_of_all(knowledge), compile_network(knowledge))
    assert copy_of(home).read_bytes() == whole


def test_knowledge_that_was_changed_in_memory_has_no_copy(home: Path) -> None:
    knowledge: Knowledge = load_knowledge(home)
    network_of_all(knowledge)
    fewer = dict(knowledge.conditions)
    fewer.popitem()
    network = network_of_all(dataclasses.replace(knowledge, conditions=fewer))
    assert len(network.conditions) == len(knowledge.conditions)


def test_a_folder_that_cannot_be_written_only_costs_time(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "COMPILED", tmp_path / "missing" / "compiled-knowledge.jsonl")
    knowledge = load_knowledge(home)
    assert_same(network_of_all(knowledge), compile_network(knowledge))
