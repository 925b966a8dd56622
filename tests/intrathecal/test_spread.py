"""The simulation: tip, bands, effect and breathing, charts, text, JSON and the command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from crural import quantity as q
from crural.commands.intrathecal import _progress, intrathecal
from crural.errors import CruralError
from crural.intrathecal.spread import LABEL, Spread, SpreadError, simulate
from crural.intrathecal.spread_chart import number, svg, ticks
from crural.intrathecal.spread_parameters import CISTERNS, LEVELS
from crural.intrathecal.spread_programme import read_programme
from crural.intrathecal.spread_report import to_data, to_text

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schema" / "intrathecal-simulate.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


@cache
def run(tip: str = "T10", days: int = 2, draws: int = 0, **more: str) -> Spread:
    programme = read_programme(
        more.get("rate", "1 mg/day" if "bolus" not in more else None),
        boluses=[more["bolus"]] if "bolus" in more else [],
    )
    return simulate(programme, tip=tip, lasting=q.quantity(days, "day"), draws=draws)


def at_the_end(spread: Spread, level: str) -> float:
    _, profile = spread.profiles[-1]
    return float(profile.best[(*LEVELS, CISTERNS).index(level)])


def test_the_nearer_the_tip_the_more() -> None:
    near, far = run("T10"), run("L3")
    assert at_the_end(near, "T10") > at_the_end(far, "T10")
    assert at_the_end(near, "L3") < at_the_end(far, "L3")
    assert at_the_end(near, CISTERNS) > at_the_end(far, CISTERNS)


@pytest.mark.parametrize("tip", ["S1", "L2", "T10", "T4", "C5"])
def test_steady_infusion_is_highest_at_the_tip_and_falls_on_both_sides(tip: str) -> None:
    _, profile = run(tip, days=7).profiles[-1]
    at = LEVELS.index(tip)
    assert int(profile.best.argmax()) == at
    assert (np.diff(profile.best[: at + 1]) > 0).all()
    assert (np.diff(profile.best[at:]) < 0).all()


def test_twice_the_rate_is_twice_the_concentration_and_the_breathing_ratio() -> None:
    one, two = run(rate="1 mg/day"), run(rate="2 mg/day")
    for site, curve in one.csf.items():
        np.testing.assert_allclose(2 * curve.best, two.csf[site].best, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(2 * one.breathing.best, two.breathing.best, rtol=1e-9, atol=1e-12)


def test_nothing_is_lost_in_a_week() -> None:
    assert run(days=7).history.imbalance < 1e-9


def test_a_single_reference_dose_reaches_exactly_its_reference() -> None:
    spread = run("L3", days=1, bolus="0.3 mg", draws=30)
    for figure in (
        spread.breathing_peak.best,
        spread.breathing_peak.low,
        spread.breathing_peak.high,
    ):
        assert figure == pytest.approx(1, abs=0.01)
    # Late, as respiratory depression is.
    assert 2 < spread.breathing_peak_hours.low < spread.breathing_peak_hours.high < 10


def test_half_the_effect_is_left_where_it_was_put() -> None:
    programme = read_programme(boluses=["0.5 mg"])
    spread = simulate(programme, tip="L3", target="T5", lasting=q.quantity(12, "h"), draws=0)
    assert spread.effect.best[-1] == pytest.approx(0.5, abs=1e-6)


def test_the_same_seed_gives_the_same_bands_and_more_draws_the_same_best_guess() -> None:
    one, again = (
        run(draws=12),
        simulate(read_programme("1 mg/day"), tip="T10", lasting=q.quantity(2, "day"), draws=12),
    )
    np.testing.assert_array_equal(one.plasma.high, again.plasma.high)
    np.testing.assert_array_equal(one.plasma.best, run().plasma.best)


def test_bands_hold_their_middle() -> None:
    spread = run(draws=25)
    curves = [*spread.csf.values(), spread.plasma, spread.effect, spread.breathing]
    for curve in curves:
        assert (curve.low <= curve.middle).all()
        assert (curve.middle <= curve.high).all()
    assert spread.csf[CISTERNS].low[-1] < 0.7 * spread.csf[CISTERNS].high[-1]


def test_hours_above_one_are_counted_between_the_points() -> None:
    spread = run("T10", days=2, rate="1 mg/day")
    above = spread.breathing.best > 1
    rough = float(above.mean()) * 48
    assert spread.breathing_hours_above.best == pytest.approx(rough, abs=1)


def test_every_draw_is_ticked() -> None:
    ticked = list[int]()
    simulate(
        read_programme("1 mg/day"),
        tip="T10",
        lasting=q.quantity(1, "day"),
        draws=4,
        tick=lambda: ticked.append(1),
    )
    assert len(ticked) == 5


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tip": "T13"}, "tip"),
        ({"target": "X1"}, "target"),
        ({"sites": ["L9"]}, "site"),
        ({"target": "cisterns"}, "target"),
        ({"draws": -1}, "draws"),
        ({"lasting": q.quantity(1, "min")}, "for"),
        ({"lasting": q.quantity(999, "day")}, "for"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_its_place(
    options: dict[str, object], field: str
) -> None:
    usual = {"tip": "T10", "lasting": q.quantity(1, "day"), "draws": 0}
    with pytest.raises(SpreadError) as caught:
        simulate(read_programme("1 mg/day"), **{**usual, **options})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_levels_may_be_written_as_people_do() -> None:
    spread = simulate(
        read_programme("1 mg/day"),
        tip="th10",
        sites=["Cisterns", "l3"],
        lasting=q.quantity(1, "day"),
        draws=0,
    )
    assert spread.tip == "T10"
    assert set(spread.csf) == {"T10", "T12", "L3", CISTERNS}


def test_every_answer_says_that_it_is_a_model_and_no_advice() -> None:
    spread = run(draws=5)
    assert "not advice" in LABEL
    assert LABEL in " ".join(to_text(spread).split())
    assert to_data(spread)["label"] == LABEL
    assert "A model, not advice" in svg(spread)


def test_the_text_says_where_it_is_highest_and_what_became_of_the_drug() -> None:
    text = to_text(run("T10", days=7, draws=5))
    assert "CSF at T10 (tip)" in text
    assert "CSF of the cisterns" in text
    assert "Of 7 mg given" in text
    assert "tolerance is not modelled" in " ".join(text.split())
    assert "Watch breathing as the guidelines say" in text
    assert "e+" not in text


def test_the_text_of_a_short_run_is_in_hours() -> None:
    assert "tip at L3, target T12, 24 h" in to_text(run("L3", days=1, bolus="0.3 mg"))
    assert to_text(run(), colour=True) != to_text(run())


def test_the_schema_is_one_and_real_answers_fit_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for spread in (run(draws=5), run("L3", days=1, bolus="0.3 mg")):
        assert [e.message for e in VALIDATOR.iter_errors(to_data(spread))] == []


def test_the_schema_is_strict() -> None:
    data = to_data(run())
    assert not VALIDATOR.is_valid({**data, "surprise": 1})
    for key in data:
        assert not VALIDATOR.is_valid({k: v for k, v in data.items() if k != key})


def test_json_carries_every_parameter_with_its_source_or_reason() -> None:
    data = to_data(run())
    entries = {source["id"] for source in data["sources"]}
    for parameter in data["parameters"]:
        assert parameter["sources"] or parameter["because"]
        assert set(parameter["sources"]) <= entries
    balance = data["balance_mg"]
    parts = sum(balance[place] for place in ("csf", "tissue", "plasma", "eliminated"))
    assert parts == pytest.approx(balance["given"], rel=1e-3)


def shapes(picture: str) -> Iterator[ET.Element]:
    yield from ET.fromstring(picture).iter()


def test_the_chart_is_sound_and_stays_inside_its_frame() -> None:
    for spread in (run(draws=5), run("L3", days=1, bolus="0.3 mg"), run(days=7)):
        picture = svg(spread)
        assert "nan" not in picture
        root = ET.fromstring(picture)
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for shape in shapes(picture):
            if shape.tag.endswith("text"):
                assert 0 <= float(shape.attrib["x"]) <= width
                assert 0 <= float(shape.attrib["y"]) <= height


def test_a_course_below_the_axis_is_not_drawn_along_its_foot() -> None:
    spread = run("L3", days=1, bolus="0.3 mg")
    empty = replace(spread, plasma=replace(spread.plasma, best=0 * spread.plasma.best))
    assert svg(empty).count("stroke-width='1.8'") == svg(spread).count("stroke-width='1.8'") - 1


def test_a_site_that_was_not_asked_for_is_not_drawn() -> None:
    spread = simulate(
        read_programme("1 mg/day"), tip="T10", sites=(), lasting=q.quantity(1, "day"), draws=0
    )
    assert set(spread.csf) == {"T10", "T12"}
    assert "CSF of the cisterns" not in svg(spread)


def test_ticks_are_round() -> None:
    assert ticks(0, 7) == [0, 2, 4, 6]
    assert ticks(0, 1)[:3] == pytest.approx([0, 0.2, 0.4])
    assert number(100000) == "100,000"


def invoke(*arguments: str) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(intrathecal, ["simulate", *arguments])
    return result.exit_code, result.output, result.exception


def test_the_command_answers_in_text_and_json(tmp_path: Path) -> None:
    chart = tmp_path / "spread.svg"
    usual = ("--tip", "T10", "--rate", "1 mg/day", "--for", "2 days", "--draws", "3")
    code, text, _ = invoke(*usual, "--chart", str(chart))
    assert code == 0
    assert "tip at T10" in text
    assert chart.read_text("utf-8").startswith("<svg")
    assert [p.name for p in tmp_path.iterdir()] == ["spread.svg"]
    code, told, _ = invoke(*usual, "--format", "json")
    assert code == 0
    data = json.loads(told)
    assert [e.message for e in VALIDATOR.iter_errors(data)] == []
    assert data["inputs"]["draws"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tip", "T10"), "nothing is given"),
        (("--tip", "Q1", "--rate", "1 mg/day"), "no level"),
        (("--tip", "T10", "--rate", "1"), "no unit"),
        (("--tip", "T10", "--rate", "1 mg/day", "--for", "soon"), "number"),
        (("--tip", "T10", "--rate", "1 mg/day", "--chart", "a.png"), "only .svg"),
        (("--tip", "T10", "--rate", "1 mg/day", "--draws", "1", "--chart", "/no/a.svg"), "written"),
        (("--tip", "T10", "--bolus", "0.3 mg at 6 h", "--for", "2 h"), "before anything is given"),
        (("--tip", "T10", "--rate", "300 mg/day"), "i-have-checked"),
        (("--tip", "T10", "--bolus", "30 mg"), "i-have-checked"),
    ],
)
def test_what_the_command_cannot_do_it_says_in_one_line(
    arguments: tuple[str, ...], said: str
) -> None:
    _, _, error = invoke(*arguments)
    assert isinstance(error, CruralError)
    assert said in str(error)
    assert "\n" not in str(error)
    assert "Remedy" in str(error)


def test_what_the_slip_guard_finds_is_told_once_checked() -> None:
    usual = ("--tip", "T10", "--rate", "30 mg/day", "--for", "1 day", "--draws", "0")
    code, text, _ = invoke(*usual, "--i-have-checked")
    assert code == 0
    assert "the daily dose of morphine, 30 mg/day, is above" in " ".join(text.split())
    _, told, _ = invoke(*usual, "--i-have-checked", "--format", "json")
    assert json.loads(told)["findings"][0]["level"] == "stop"
    assert [e.message for e in VALIDATOR.iter_errors(json.loads(told))] == []


def test_somebody_who_looks_sees_the_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with _progress(3) as tick:
        tick()
    assert "simulating" in capsys.readouterr().err
