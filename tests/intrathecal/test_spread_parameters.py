"""The numbers of the transport model are sourced, and make a spine."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from crural.errors import KnowledgeError
from crural.intrathecal.spread_parameters import (
    CELLS_OF_THE_HEAD,
    FILE,
    LEVELS,
    best_values,
    canal_of,
    cell_of,
    cisterns,
    drawn_values,
    kinetics_of,
    load_parameters,
    problems,
    sources_of,
)
from crural.intrathecal.transport import Modes
from crural.knowledge import load_knowledge
from crural.knowledge.loader import DATA

KNOWN = load_parameters()
BEST = best_values(KNOWN)


def test_nothing_is_wrong_with_the_file() -> None:
    assert list(problems(load_knowledge().evidence)) == []


def test_every_number_has_a_source_or_a_reason_and_a_range() -> None:
    for entry in KNOWN.values():
        quantity = entry.quantity
        assert quantity.low < quantity.value < quantity.high
        assert quantity.sources or len(quantity.because or "") > 30, entry.parameter.id


def test_what_was_fitted_says_to_what() -> None:
    fitted = {name: entry.parameter.fitted for name, entry in KNOWN.items()}
    assert {name: to for name, to in fitted.items() if to} == {
        "dispersion": "pk-1986-lumbar-cisternal-ratio-l2",
        "clearance": "pk-intradural-aortic-mrt",
    }
    assert "pk-intradural-aortic-mrt" in sources_of(KNOWN)


def test_the_canal_holds_the_published_volumes() -> None:
    canal = canal_of(BEST)
    spine = slice(0, len(canal.length) - CELLS_OF_THE_HEAD)
    assert canal.csf[spine].sum() == pytest.approx(BEST["spinal-fluid"])
    below = slice(0, cell_of("T12") + 2)
    assert canal.csf[below].sum() == pytest.approx(49.9 - 5.8, rel=1e-6)
    assert canal.tissue[spine].sum() == pytest.approx(19.9 + 5.8)
    # 42 to 45 cm from the foramen magnum to the end of the cord.
    top = canal.length[spine].sum()
    end_of_cord = canal.length[: LEVELS.index("L1") * 3].sum()
    assert 40 < top - end_of_cord < 46


def test_fluid_flows_down_the_spine_and_stops_at_its_end() -> None:
    canal = canal_of(BEST)
    flow = canal.flow[: len(canal.length) - CELLS_OF_THE_HEAD]
    assert (flow < 0).all()
    assert (np.diff(-flow) > 0).all()
    assert -flow[-1] == pytest.approx(BEST["production"] * BEST["spinal-absorption"])


def test_levels_run_from_the_sacrum_up() -> None:
    assert LEVELS[0] == "S2"
    assert LEVELS[-1] == "C1"
    assert len(LEVELS) == 26
    cells = [cell_of(level) for level in LEVELS]
    assert cells == sorted(cells)
    assert min(cisterns(canal_of(BEST))) > cells[-1]


def test_draws_lie_around_the_best_guess() -> None:
    random = np.random.default_rng(7)
    draws = [drawn_values(KNOWN, random) for _ in range(2000)]
    for name, entry in KNOWN.items():
        found = np.median([draw[name] for draw in draws])
        spread = entry.quantity.spread
        assert abs(math.log(found / entry.quantity.value)) < 4 * spread / math.sqrt(2000) * 1.3, (
            name
        )
    assert all(0 < draw["spinal-absorption"] < 1 for draw in draws)


def test_every_draw_can_be_solved() -> None:
    random = np.random.default_rng(3)
    for _ in range(100):
        values = drawn_values(KNOWN, random)
        assert Modes(canal_of(values), kinetics_of(values)).rates[-1] < 0


def test_finer_cells_change_little() -> None:
    # What docs/spread.md says of the three cells of a level.
    found = []
    for cells in (3, 9):
        canal = canal_of(BEST, cells)
        modes = Modes(canal, kinetics_of(BEST))
        at = cell_of("L3", cells)
        places = [at, cell_of("T10", cells), cell_of("C7", cells)]
        minutes = np.array([10.0, 60.0, 600.0])
        amounts = modes.after_a_bolus(at, places, minutes)
        found.append(amounts / canal.csf[places][:, None])
    # Before it arrives, a concentration is tiny and its relative error large.
    there = found[1] > 1e-3 * found[1].max()
    np.testing.assert_allclose(found[0][there], found[1][there], rtol=0.03)
    np.testing.assert_allclose(found[0][:, 1:], found[1][:, 1:], rtol=0.012)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "therapy").mkdir()
    target = tmp_path / FILE
    text = (DATA / FILE).read_text(encoding="utf-8")
    target.write_text(text.replace("spread-sass2017-cord-volume", "nobody"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="cord-volume"):
        load_parameters(tmp_path)
    (wrong,) = problems(load_knowledge().evidence, tmp_path)
    assert wrong.field == "cord-volume"
    target.write_text("- id: x", encoding="utf-8")
    load_parameters.cache_clear()
    with pytest.raises(KnowledgeError, match=r"therapy/spread\.yaml"):
        load_parameters(tmp_path)
    target.write_text(text.replace("fitted: pk-1986", "fitted: nobody-1986"), encoding="utf-8")
    load_parameters.cache_clear()
    (wrong,) = problems(load_knowledge().evidence, tmp_path)
    assert wrong.field == "dispersion.fitted"
    load_parameters.cache_clear()
