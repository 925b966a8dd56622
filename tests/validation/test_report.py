"""The three forms of a result say the same, and the JSON keeps to its schema."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from docs.build.validation_page import page, write
from jsonschema import Draft202012Validator

from crural.cli import main
from crural.knowledge import load_knowledge
from crural.validation import validate, validate_files
from crural.validation.pictures import alerts_svg, calibration_svg, ranking_svg
from crural.validation.report import as_data, render, stages_of, to_html, to_text
from crural.validation.run import AlertSaid, Validation
from tests.validation.worlds import answer, engine, knowledge, known

ROOT = Path(__file__).resolve().parents[2]

CASE = """\
id: published-1
truth: {condition: sciatica-disc-herniation, also: [], urgency: routine}
record:
  age: 41
  sex: male
  side: left
  present: [pain-radiating-below-knee, pain-low-back]
  observations:
    - {finding: slr-positive, present: true, side: left}
"""


def tiny() -> Validation:
    """Right, wrong, out of scope; alerts that fit and that do not."""
    told = {
        0: answer(0.8, 0.3, 0.0, 0.1, error_bound=0.2),
        1: answer(0.8, 0.3, 0.001, 0.1, alerts=(AlertSaid("hip <&> knee", "two-weeks"),)),
        2: answer(0.1, 0.1, 0.0, 0.7),
    }
    cases = [
        known("right", "disc", age=0, work_up=True),
        known("wrong", "fracture", urgency="emergency", age=1),
        known("outside", "other:gout", age=2),
    ]
    return validate(cases, knowledge(), engine=engine(told))


def nobody() -> Validation:
    """A result without patients."""
    return validate([], knowledge(), ("presentation",), engine=engine({}))


def schema() -> Draft202012Validator:
    text = (ROOT / "docs" / "schema" / "validation.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


@pytest.mark.parametrize("result", [tiny(), nobody()], ids=["tiny", "nobody"])
def test_the_json_keeps_to_its_schema(result: Validation) -> None:
    errors = list(schema().iter_errors(json.loads(render(result, "json"))))
    assert not errors, errors[0].message


def test_the_schema_refuses_what_it_does_not_know() -> None:
    data = as_data(tiny())
    assert not schema().is_valid({**data, "top2": 0.5})
    assert not schema().is_valid({**data, "top1": 1.5})


def test_the_first_stage_stands_at_the_top_and_the_other_below() -> None:
    data = as_data(tiny())
    assert data["stage"] == "presentation"
    assert [s["stage"] for s in stages_of(data)] == ["presentation", "work-up"]
    assert (data["n"], data["in_scope"], data["top1"], data["top3"]) == (3, 2, 0.5, 0.5)
    assert data["urgent"]["sensitivity"] == 0.0
    assert data["urgent"]["specificity"] == 1.0
    assert data["out_of_scope"] == {"n": 1, "top1": 1.0, "top3": 1.0, "cases": ["outside"]}


def test_each_case_says_where_its_truth_stood_and_why() -> None:
    right, wrong, outside = as_data(tiny())["cases"]
    assert (right["rank"], right["missed_because"], right["missed"]) == (1, None, None)
    assert right["top5"][0] == {"id": "disc", "probability": 0.8}
    assert (wrong["truth"], wrong["rank"], wrong["probability"]) == ("fracture", 4, 0.001)
    assert wrong["missed"]["kind"] == "prior"
    assert wrong["missed"]["first"] == "disc"
    assert (wrong["urgent_ok"], wrong["alert_because"]) == (
        False,
        "only hip <&> knee (two-weeks); of 0 open questions none about the cause",
    )
    assert (outside["in_scope"], outside["rank"]) == (False, 1)


def test_the_text_names_every_patient_that_was_missed() -> None:
    text = to_text(as_data(tiny()))
    assert "What was known at first: 3 patients, 2 with a listed cause; for 1 the" in text
    assert "wrong: fracture, place 4 (0.001); first disc (0.8): prior:" in text
    assert "wrong: fracture, emergency: only hip <&> knee (two-weeks)" in text
    assert "2015;351:h3480" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 114


def test_without_patients_there_are_dashes_and_no_numbers() -> None:
    text = render(nobody(), "text")
    assert "0 patients" in text
    crural = next(line for line in text.splitlines() if line.strip().startswith("Crural"))
    assert re.sub(r"[\s–]", "", crural) == "Crural"
    assert "none" in text


class _Page(HTMLParser):
    """Which files a page would load, and which of its elements stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br", "rect", "circle", "line"}:
            self.open.append(tag)
        self.loads += [f"{tag} {key}" for key, _ in attrs if key in {"src", "srcset", "data"}]
        if tag in {"link", "script", "iframe"}:
            self.loads.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"meta", "br", "rect", "circle", "line"}:
            assert self.open.pop() == tag


@pytest.mark.parametrize("result", [tiny(), nobody()], ids=["tiny", "nobody"])
def test_the_page_is_whole_and_loads_nothing(result: Validation) -> None:
    html = to_html(as_data(result))
    parsed = _Page()
    parsed.feed(html)
    assert parsed.open == []
    assert parsed.loads == []
    assert html.count("<svg") == 3 * len(result.stages)


def test_what_comes_from_files_cannot_break_the_page() -> None:
    html = to_html(as_data(tiny()))
    assert "hip &lt;&amp;&gt; knee" in html
    assert "hip <&> knee" not in html


@pytest.mark.parametrize("result", [tiny(), nobody()], ids=["tiny", "nobody"])
def test_the_pictures_are_well_formed_and_stay_inside_their_frame(result: Validation) -> None:
    data = as_data(result)
    for svg in (ranking_svg(data, data["yardsticks"]), calibration_svg(data), alerts_svg(data)):
        root = ET.fromstring(svg)
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for element in root.iter():
            for key, most in (("x", width), ("x1", width), ("x2", width), ("cx", width)):
                assert 0 <= float(element.attrib.get(key, 0)) <= most
            for key, most in (("y", height), ("y1", height), ("y2", height), ("cy", height)):
                assert 0 <= float(element.attrib.get(key, 0)) <= most


def test_the_longest_bar_belongs_to_the_largest_share() -> None:
    data = as_data(tiny())
    root = ET.fromstring(ranking_svg(data, data["yardsticks"]))
    bars = [
        r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.attrib["height"] == "14.0"
    ]
    assert len(bars) == 3 * 3 + 4
    # Crural 50 %, naive Bayes never right, prior 50 %, symptom checkers 34 %.
    widths = [float(bar.attrib["width"]) for bar in bars[:4]]
    assert widths == [210.0, 1.0, 210.0, 142.8]


def test_the_documentation_page_shows_every_picture_it_writes(tmp_path: Path) -> None:
    data = as_data(tiny())
    write(data, tmp_path)
    text = (tmp_path / "validation.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(pictures/([^)]+)\)", text))
    assert shown == {file.name for file in (tmp_path / "pictures").iterdir()}
    assert len(shown) == 6
    assert "| wrong | fracture (0.001) | 4 | disc (0.8) | prior: 0.01 before any finding" in text
    assert "Symptom checkers \\* | 34 % | 51 %" in text


def test_the_documentation_page_says_none_where_there_is_nothing() -> None:
    assert "### Not among the first three\n\nNone." in page(as_data(nobody()))


def test_validate_reads_a_case_and_prints_json(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(CASE, encoding="utf-8")
    done = CliRunner().invoke(
        main, ["validate", str(file), "--stage", "presentation", "--format", "json"]
    )
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert schema().is_valid(data)
    assert (data["n"], data["stage"], data["other_stages"]) == (1, "presentation", [])
    assert data["cases"][0]["id"] == "published-1"


def test_without_a_stage_both_are_run(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE, encoding="utf-8")
    data = json.loads(validate_files([tmp_path], load_knowledge(), form="json"))
    assert [s["stage"] for s in stages_of(data)] == ["presentation", "work-up"]


def test_a_bad_case_is_one_line_with_its_place_and_status_2(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(CASE.replace("age: 41", "age: 410"), encoding="utf-8")
    done = CliRunner().invoke(main, ["validate", str(file)])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"crural: {file}:4: record.age: 410 is above 120. Remedy: ")


def test_the_page_tells_what_patients_gave_at_first_sight() -> None:
    text = page(as_data(tiny()))
    assert "## At first sight" in text
    told = next(line for line in text.splitlines() if "50: spine, nerve" in line)
    # 33 of 50, and Wilson's interval of that.
    assert "66 % (52–78)" in told
