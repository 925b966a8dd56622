"""Device and stop-time files: every figure is found where it is said to stand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from shutil import copytree

import pytest
from pydantic import TypeAdapter

from crural.errors import KnowledgeError
from crural.knowledge import Knowledge
from crural.knowledge.devices import (
    Figure,
    Pause,
    known,
    load_devices,
    load_limits,
    load_stop_times,
    problems,
)
from crural.knowledge.loader import DATA
from crural.knowledge.numbers import NumberError


def figure(**raw: object) -> Figure:
    return TypeAdapter(Figure).validate_python(raw)


def test_the_shipped_files_have_no_problem(knowledge: Knowledge) -> None:
    assert list(problems(knowledge.evidence)) == []


def test_every_reason_is_a_finding(knowledge: Knowledge) -> None:
    for reason in load_stop_times().reasons:
        assert reason.finding in knowledge.findings


def test_ids_are_unique() -> None:
    limits, times = load_limits(), load_stop_times()
    for entries in (limits.modes, limits.limits, limits.plausible, times.procedures, times.drugs):
        ids = [entry.id for entry in entries]
        assert len(set(ids)) == len(ids)
    assert len(load_devices().stimulators) == 6


def test_a_figure_keeps_the_digits_that_were_written(knowledge: Knowledge) -> None:
    assert known(
        figure(evidence="stim-shannon-k", of="value"), knowledge.evidence
    ).value == Decimal("1.85")
    quoted = known(figure(quoted=0.6, source="stim-eterna-battery"), knowledge.evidence)
    assert quoted.value == Decimal("0.6")
    guess = known(figure(estimate=0.1, range=[0.05, 0.3], because="a guess"), knowledge.evidence)
    assert guess.estimated
    assert (guess.low, guess.high) == (Decimal("0.05"), Decimal("0.3"))


@pytest.mark.parametrize(
    ("number", "source", "words"),
    [
        (7.5, "stim-eterna-battery", "does not stand"),
        (1, "nowhere", "no evidence entry"),
        (1, "stim-hole-impedance", "named hole"),
        (1.85, "scs-shannon-k", "not traced"),
    ],
)
def test_a_quoted_figure_must_stand_in_its_source(
    knowledge: Knowledge, number: float, source: str, words: str
) -> None:
    with pytest.raises(NumberError, match=words):
        known(figure(quoted=number, source=source), knowledge.evidence)


def test_a_pause_is_in_days_or_in_hours() -> None:
    with pytest.raises(ValueError, match="days or hours"):
        Pause(days=1, hours=24)
    with pytest.raises(ValueError, match="days or hours"):
        Pause()


def spoilt(tmp_path: Path, file: str, old: str, new: str) -> Path:
    root = tmp_path / "data"
    for folder in ("devices", "therapy"):
        copytree(DATA / folder, root / folder)
    text = (root / file).read_text("utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return root


SPOILT = {
    "wrong time": ("therapy/stop-times.yaml", "stop: {days: 5}", "stop: {days: 8}"),
    "wrong wait": ("therapy/stop-times.yaml", "restart: {hours: 24}", "restart: {hours: 23}"),
    "unknown source": ("therapy/stop-times.yaml", "[stim-bleeding-class]", "[nowhere]"),
    "told by nobody": (
        "therapy/stop-times.yaml",
        "level: {source: th-ac-neuraxial-doac-level",
        "level: {source: x",
    ),
    "wrong label": ("devices/stimulators.yaml", "quoted: 0.6", "quoted: 0.9"),
    "a hole as source": (
        "devices/stimulators.yaml", "[stim-proclaim-longevity-method]", "[stim-hole-impedance]",
    ),
    "listed twice": ("therapy/stop-times.yaml", "[phenprocoumon,", "[warfarin, phenprocoumon,"),
}  # fmt: skip


@pytest.mark.parametrize("spoiling", SPOILT)
def test_a_spoilt_figure_is_found(knowledge: Knowledge, tmp_path: Path, spoiling: str) -> None:
    root = spoilt(tmp_path, *SPOILT[spoiling])
    assert len(list(problems(knowledge.evidence, root))) >= 1


def test_a_drug_that_says_nothing_is_found(knowledge: Knowledge, tmp_path: Path) -> None:
    old = "    not_stopped: {for: [high, intermediate, low], source: th-ac-nsaid, "
    text = (DATA / "therapy" / "stop-times.yaml").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith(old))
    root = spoilt(tmp_path, "therapy/stop-times.yaml", line, "    note: nothing")
    assert [p.problem for p in problems(knowledge.evidence, root)] == ["says nothing"]


def test_a_file_that_cannot_be_read_names_itself(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"stimulators\.yaml"):
        load_devices(tmp_path)
    root = spoilt(tmp_path, "therapy/stimulation-limits.yaml", "plausible:", "plausibel:")
    with pytest.raises(KnowledgeError, match="plausib"):
        load_limits(root)
