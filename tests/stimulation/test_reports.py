"""Commands, texts, pictures and published schemas of trial and coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from crural.commands.stimulation import stimulation
from crural.errors import CruralError
from crural.knowledge import Knowledge
from crural.knowledge.stimulation import load_trial
from crural.stimulation.diary import Diary
from crural.stimulation.trial import analyse
from crural.stimulation.trial_chart import trial_chart
from crural.stimulation.trial_report import as_data, chance, to_text

from .diaries import BACK, diary, written

ROOT = Path(__file__).parents[2]
DIARY = str(ROOT / "examples" / "stimulation-diary.csv")
RECORD = str(ROOT / "examples" / "left-leg-sciatica.yaml")
TWO_LEADS = str(ROOT / "examples" / "stenosis-and-artery.yaml")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(stimulation, arguments)


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "schema" / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def told(knowledge: Knowledge, read: Diary) -> dict[str, Any]:
    return as_data(analyse(read, load_trial(), knowledge.evidence), knowledge.evidence)


def test_the_text_of_a_trial_says_how_sure_it_is() -> None:
    result = run("trial", DIARY)
    assert result.exit_code == 0
    for words in (
        "Relief                  56 % (42 to 67 %)",
        "0.78 of 50 % or more",
        "WHAT TO DOUBT",
        "specificity 8 %",
        "open        Half the pain gone",
        "ask: which number does the team use?",
        "likelier than not to be settled",
    ):
        assert words in result.output


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("stimulation-trial", ("trial", DIARY)),
        ("stimulation-coverage", ("coverage", RECORD)),
        ("stimulation-coverage", ("coverage", TWO_LEADS)),
    ],
)
def test_json_fits_its_published_schema(name: str, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--format", "json")
    data = json.loads(result.output)
    validator(name).validate(data)
    assert data["schema"] == f"crural/{name}/1"


@pytest.mark.parametrize(
    "read",
    [
        diary(),
        diary(after=BACK),
        diary(baseline=(7,), trial=(3,)),
        written("1,7,baseline", "2,3,trial", "3,,after"),
        written("1,7,baseline", "0,3,trial"),
    ],
)
def test_every_kind_of_diary_fits_the_schema_and_is_told_and_drawn(
    knowledge: Knowledge, read: Diary
) -> None:
    data = told(knowledge, read)
    validator("stimulation-trial").validate(data)
    assert "nan" not in to_text(data, width=100)
    ElementTree.fromstring(trial_chart(data))


def test_a_record_is_a_diary_too(tmp_path: Path) -> None:
    path = tmp_path / "record.yaml"
    scores = [(f"2026-02-{day:02d}", 7) for day in range(1, 11)]
    scores += [(f"2026-02-{day:02d}", 3) for day in range(11, 19)]
    path.write_text(
        json.dumps(
            {
                "age": 60,
                "sex": "male",
                "side": "right",
                "as_of": "2026-03-01",
                "treatments": [
                    {
                        "what": "spinal cord stimulation",
                        "start": "2026-02-11",
                        "stop": "2026-02-18",
                    }
                ],
                "pain_scores": [{"date": date, "nrs": nrs} for date, nrs in scores],
            }
        ),
        "utf-8",
    )
    result = run("trial", str(path), "--format", "json")
    phases = {p["phase"]: p for p in json.loads(result.output)["phases"]}
    assert (phases["baseline"]["scored"], phases["trial"]["scored"]) == (10, 8)
    assert phases["trial"]["first_date"] == "2026-02-11"


def test_the_chart_shows_every_score_and_phase(knowledge: Knowledge) -> None:
    data = told(knowledge, diary(after=BACK))
    picture = trial_chart(data)
    assert picture.count("class='score'") == 14 + 10 + 4
    assert picture.count("class='band'") == picture.count("class='mean'") == 3
    assert "half gone" in picture


def test_the_names_of_settings_cannot_act_as_markup(knowledge: Knowledge) -> None:
    header = "time,nrs,phase,settings"
    rows = ["1,7,baseline,", "2,3,trial,A", "3,3,trial,<script>x</script>"]
    data = told(knowledge, written(*rows, header=header))
    assert "<script>" not in trial_chart(data)


@pytest.mark.parametrize(
    ("command", "file"), [("trial", DIARY), ("coverage", RECORD), ("coverage", TWO_LEADS)]
)
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_charts_are_written(command: str, file: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"chart.{ending}"
    assert run(command, file, "--chart", str(path)).exit_code == 0
    made = path.read_bytes()
    if ending == "svg":
        ElementTree.fromstring(made)
    else:
        assert made.startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [path]


def test_a_chart_of_another_kind_or_in_no_folder_is_one_error(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "c.gif", "ending"), (tmp_path / "no" / "c.svg", "written")):
        error = run("trial", DIARY, "--chart", str(path)).exception
        assert isinstance(error, CruralError)
        assert says in error.problem


def test_the_picture_of_a_lead_tells_level_side_and_ganglia(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    run("coverage", TWO_LEADS, "--chart", str(path))
    picture = path.read_text("utf-8")
    assert picture.count("class='lead'") == 2
    assert picture.count("class='bar'") == 7
    assert picture.count("class='ganglion'") == 2
    assert "right of the middle" in picture


def test_the_text_of_coverage_names_estimates_as_such_and_where_to_begin() -> None:
    result = run("coverage", RECORD)
    for words in (
        "not published in what could be",
        "middle contacts behind T10/T11",
        "left of the cord's",
        "T8 to T10 by X-ray",
        "L5      left: skin of 75 %",
    ):
        assert words in result.output


def test_pain_nearly_everywhere_is_told_and_drawn(tmp_path: Path) -> None:
    record, chart = tmp_path / "record.yaml", tmp_path / "chart.svg"
    record.write_text(
        "{age: 60, sex: male, side: bilateral, present: [pain-whole-leg, pain-low-back]}"
    )
    result = run("coverage", str(record), "--chart", str(chart))
    assert "no single level reaches all of it" in result.output
    assert "L3 alone in 8, L4 alone in 1" in " ".join(result.output.split())
    assert " …" in chart.read_text("utf-8")


def test_a_probability_is_never_told_surer_than_it_is() -> None:
    assert [chance(p) for p in (0.896, 0.9, 0.104, 0.5, 0.999, 0.001)] == [
        "0.89",
        "0.90",
        "0.11",
        "0.50",
        "over 0.99",
        "under 0.01",
    ]
