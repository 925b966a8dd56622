"""The commands that prepare a dose: their JSON fits its schema, their errors are one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from crural.cli import _Group
from crural.commands import pump_dose
from crural.intrathecal.limits import load_limits

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"
DRUGS = [drug.id for drug in load_limits().drugs]
WITH_SHEETS = ["morphine", "hydromorphone", "ziconotide", "baclofen", "clonidine", "bupivacaine"]

RECORD = """
age: 61
sex: female
side: left
drugs:
  - {name: morphine, dose: 60 mg twice daily}
  - {name: diazepam, dose: 5 mg at night}
"""


@click.group(cls=_Group)
def group() -> None:
    """Stands for the pump group."""


pump_dose.add_to(group)


def run(*words: str) -> Result:
    return CliRunner().invoke(group, list(words))


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def fits(name: str, *words: str) -> Any:
    result = run(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.output)
    assert [error.message for error in validator(name).iter_errors(data)] == []
    return data


@pytest.fixture
def record(tmp_path: Path) -> str:
    path = tmp_path / "patient.yaml"
    path.write_text(RECORD, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("drug", DRUGS)
@pytest.mark.parametrize("total", [(), ("--oral-total", "0 mg/day"), ("--oral-total", "90 mg/day")])
def test_dose_fits_its_schema(drug: str, total: tuple[str, ...]) -> None:
    data = fits("pump-dose", "dose", "--drug", drug, *total)
    assert data["not_known"]


def test_dose_adds_up_the_records_opioids_and_its_dangers(record: str) -> None:
    data = fits("pump-dose", "dose", record)
    assert data["inputs"]["oral_total"] == {"value": "120", "unit": "mg/d"}
    assert data["inputs"]["oral_total_from"] == "added up from the record"
    assert any("sedatives" in caution["says"] for caution in data["from_record"])


def test_a_given_total_goes_before_the_record(record: str) -> None:
    data = fits("pump-dose", "dose", record, "--oral-total", "30 mg/day")
    assert data["inputs"]["oral_total"] == {"value": "30", "unit": "mg/d"}


def test_a_proposed_dose_beyond_all_published_is_stopped_until_checked() -> None:
    stopped = run("dose", "--proposed", "50 mg/day")
    assert stopped.exit_code == 2
    assert len(stopped.output.strip().splitlines()) == 1
    data = fits("pump-dose", "dose", "--proposed", "50 mg/day", "--i-have-checked")
    assert data["findings"][0]["level"] == "stop"
    assert run("dose", "--proposed", "0 mg/day", "--i-have-checked").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("dose", "--drug", "morfine"),
        ("dose", "--proposed", "5"),
        ("dose", "--oral-total", "5 mL/day"),
        ("dose", "no-such-file.yaml"),
        ("granuloma", "--concentration", "2500 mg/mL", "--i-have-checked"),
        ("granuloma", "--dose", "500 mg/day"),
        ("withdrawal-sheet", "--drug", "fentanyl"),
        ("overdose-sheet", "--output", "no/such/folder/sheet.html", "--format", "html"),
    ],
)
def test_what_cannot_be_answered_is_one_line_with_a_remedy(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert "Remedy:" in result.output


@pytest.mark.parametrize("command", ["withdrawal-sheet", "overdose-sheet"])
@pytest.mark.parametrize("drug", WITH_SHEETS)
def test_sheets_fit_their_schema(command: str, drug: str) -> None:
    data = fits("pump-sheet", command, "--drug", drug, "--call", "Pump clinic: 0123")
    assert data["call"][0] == "Pump clinic: 0123"
    assert command.startswith(data["kind"])


def test_a_sheet_is_written_to_a_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    result = run("overdose-sheet", "--format", "html", "--output", str(path))
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_text("utf-8").rstrip().endswith("</html>")
    assert list(tmp_path.iterdir()) == [path]


def test_a_sheet_as_text_and_as_html_on_the_screen() -> None:
    assert run("withdrawal-sheet", "--drug", "baclofen").output.startswith("WHEN THE PUMP GIVES")
    assert "<!DOCTYPE html>" in run("withdrawal-sheet", "--format", "html").output


@pytest.mark.parametrize("drug", DRUGS)
def test_granuloma_fits_its_schema(drug: str) -> None:
    fits("pump-granuloma", "granuloma", "--drug", drug)


def test_granuloma_holds_the_concentration_against_the_facts() -> None:
    data = fits("pump-granuloma", "granuloma", "--concentration", "25 mg/mL", "--dose", "8 mg/day")
    assert "at-or-above" in {fact["standing"] for fact in data["facts"]}
    assert run("granuloma").output.startswith("Mass at the catheter tip, morphine")


def test_dose_as_text() -> None:
    result = run("dose", "--oral-total", "60 mg/day")
    assert result.exit_code == 0
    assert "This is not a prescription" in result.output
