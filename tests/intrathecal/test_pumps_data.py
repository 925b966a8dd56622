"""The file of pumps: every figure has its source, or says that there is none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from crural import quantity as q
from crural.errors import KnowledgeError
from crural.knowledge import load_knowledge
from crural.knowledge.loader import DATA
from crural.knowledge.pumps import (
    PUMPS_FILE,
    Estimate,
    FromEvidence,
    Hole,
    Known,
    Missing,
    PumpError,
    load_pumps,
    look_up,
    problems,
)

EVIDENCE = load_knowledge().evidence
DEVICES = load_pumps()
TEXT = (DATA / PUMPS_FILE).read_text("utf-8")


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / PUMPS_FILE).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / PUMPS_FILE).write_text(text, "utf-8")
    return tmp_path


def test_nothing_is_wrong_with_the_file() -> None:
    assert list(problems(EVIDENCE)) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("of: data.model_8637_20_ml, unit: mL", "of: data.model_8637_20_ml, unit: mg", "volume"),
        ("data.model_8637_20_ml", "data.other", "has no data.other"),
        ("data.reservoir_ml.0", "data.reservoir_ml.7", "has no data.reservoir_ml.7"),
        ("hole: pump-nf-synchromed-tubing", "hole: th-synchromed2-min-flow", "is no hole"),
        ("evidence: th-synchromed2-min-flow", "evidence: pump-nf-prometra-flow", "may be used"),
        ("evidence: th-synchromed2-min-flow", "evidence: nothing", "may be used"),
        ("{evidence: th-synchromed2-min-flow, of: value",
         "{evidence: pump-side-port-aspirate, of: value", "has no number"),
        ("estimate: 0.145, range: [0.05, 0.2]", "estimate: 0, range: [0, 0.2]", "above nought"),
        ("sources: [pump-synchromed2-accuracy-upper", "sources: [nothing", "'nothing' is no entry"),
        ("alarm_sources: [pump-alarm-calculated", "alarm_sources: [nothing", "'nothing'"),
        ("catheters: [medtronic]", "catheters: [other]", "no catheter 'other'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    found = list(problems(EVIDENCE, written(tmp_path, TEXT.replace(old, new, 1))))
    assert says in " | ".join(wrong.problem for wrong in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [("pumps: [", "cannot be read"), ("pumps: []", "Field required")],
)
def test_a_broken_file_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=says):
        load_pumps(written(tmp_path, text))
    with pytest.raises(KnowledgeError, match="cannot be read"):
        load_pumps(tmp_path / "nowhere")


def test_figures_are_exact_decimals() -> None:
    known = look_up(DEVICES.catheter("prometra").per_length, EVIDENCE)
    assert isinstance(known, Known)
    assert q.amount(known.quantity, "mL/cm") == Decimal("0.0026")
    assert known.sources == ("pump-prometra-catheter-volume",)


def test_holes_stay_holes() -> None:
    pump = DEVICES.pump("synchromed-ii-20")
    found = look_up(pump.tubing, EVIDENCE)
    assert isinstance(found, Missing)
    assert "tubing" in found.wanted
    figures = [getattr(p, f) for p in DEVICES.pumps for f in ("tubing", "side_port", "flow_most")]
    assert all(isinstance(figure, Hole) for figure in figures)


def test_only_the_lower_bound_of_accuracy_is_an_estimate() -> None:
    estimates = {
        (pump.id, name)
        for pump in DEVICES.pumps
        for name in type(pump).model_fields
        if isinstance(getattr(pump, name), Estimate)
    }
    assert estimates == {("synchromed-ii-20", "under"), ("synchromed-ii-40", "under")}
    assert isinstance(DEVICES.pump("synchromed-ii-20").over, FromEvidence)


def test_unknown_names_are_refused_with_those_that_exist() -> None:
    with pytest.raises(PumpError, match="synchromed-ii-20, synchromed-ii-40"):
        DEVICES.pump("synchromed")
    with pytest.raises(PumpError, match="prometra, medtronic"):
        DEVICES.catheter("other")


def test_stability_needs_exactly_the_drugs() -> None:
    assert DEVICES.keeps(["clonidine", "morphine"]) is not None
    assert DEVICES.keeps(["morphine", "ziconotide"]) is None
    first = DEVICES.keeps(["ziconotide"])
    assert first is not None
    assert first.id == "ziconotide-first-fill"
    assert DEVICES.keeps(["ziconotide"], "morphine") is None
