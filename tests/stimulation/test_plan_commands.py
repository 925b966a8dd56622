"""The commands `stimulation programme` and `before`: output, schema, calendar, mistakes."""

from __future__ import annotations

import datetime as dt
import json
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from crural.cli import _Group
from crural.commands.stimulation import stimulation
from crural.knowledge import load_knowledge
from crural.knowledge.devices import load_stop_times
from crural.record import Record
from crural.stimulation.before import plan_before
from crural.stimulation.calendar import to_calendar

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"
PROGRAMME = (
    "programme", "--mode", "tonic", "--amplitude", "4 mA", "--pulse-width", "300 us",
    "--rate", "50 Hz",
)  # fmt: skip
BEFORE = ("--procedure-date", "2027-03-15", "--today", "2027-02-01")
PATIENT = """
id: made-up
age: 74
sex: male
side: left
present: [atrial-fibrillation-known, diabetes-known]
drugs: [Pradaxa 150 mg bd, "naproxen 500 mg; at night", metformin, apixabam, Marcumar]
illnesses: [coronary stent 2025]
"""


@click.group(cls=_Group)
def main() -> None:
    """As the command line, with the group of these commands alone."""


main.add_command(stimulation)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["stimulation", *(str(word) for word in words)])


def told(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: str | Path) -> str:
    """The one line that a mistake must give."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("crural: ")
    assert "Remedy: " in line
    return line


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    path = tmp_path / "patient.yaml"
    path.write_text(PATIENT, encoding="utf-8")
    return path


def validated(name: str, text: str) -> Any:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(text)
    assert [e.message for e in Draft202012Validator(schema).iter_errors(data)] == []
    return data


# Programme -------------------------------------------------------------------------------------

FULL = (
    "--mode", "burst", "--amplitude", "1.2 mA", "--pulse-width", "1000 us", "--rate", "40 Hz",
    "--impedance", "525 ohm", "--lead", "typical-ring", "--device", "abbott-eterna",
    "--on", "30 s", "--off", "90 s", "--sharing", "2", "--hours-a-day", "16",
    "--battery-capacity", "200 mAh", "--battery-voltage", "3.7 V",
)  # fmt: skip


@pytest.mark.parametrize("words", [PROGRAMME, ("programme", *FULL)])
def test_the_data_of_a_programme_fit_their_schema(words: tuple[str, ...]) -> None:
    data = validated("stimulation-programme", told(*words, "--format", "json"))
    assert {s for f in data["limits"] for s in f["sources"]} <= {s["id"] for s in data["sources"]}


def test_the_text_shows_limits_working_and_sources() -> None:
    text = told("programme", *FULL)
    for words in ("Limits", "log10(", "reached at", "How far the limits can be trusted",
                  "at most", "MRI", "stim-shannon-k", "current shared by 2 contacts"):  # fmt: skip
        assert words in " ".join(text.split())
    assert max(len(line) for line in text.splitlines() if "https://" not in line) <= 100


def test_tiny_amounts_and_exact_batteries_are_shown() -> None:
    weak = [*PROGRAMME[:1], "--mode", "other", "--amplitude", "0.02 mA", *PROGRAMME[5:]]
    battery = ("--battery-capacity", "0.2 Ah", "--battery-voltage", "3.7 V",
               "--battery-efficiency", "0.5", "--idle-current", "20 uA")  # fmt: skip
    text = told(*weak, "--impedance", "50 ohm", *battery)
    assert "mean power in the tissue: 0.0003 µW" in text
    assert "from the figures given: about" in text
    assert "Device" not in text


def test_a_ring_is_given_by_its_measures() -> None:
    ring = ("--contact-diameter", "1.3 mm", "--contact-length", "3 mm")
    data = json.loads(told(*PROGRAMME, *ring, "--format", "json"))
    assert data["inputs"]["contact_area"]["value"].startswith("12.2522")


def test_an_area_is_taken_as_given() -> None:
    text = told(*PROGRAMME, "--contact-area", "0.12 cm2")
    assert "charge density: 10 µC/cm2" in text


def test_what_is_missing_is_named() -> None:
    text = told(*PROGRAMME)
    assert "charge density: not known, give the area of the contact" in text
    assert "voltage across the contacts: not known, give the impedance" in text


def changed(option: str, value: str) -> tuple[str, ...]:
    words = list(PROGRAMME)
    words[words.index(option) + 1] = value
    return tuple(words)


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "amperes": (changed("--amplitude", "4 A"), "did you mean 4 mA?"),
    "no unit": (changed("--amplitude", "4"), "amplitude"),
    "ohms for amperes": (changed("--amplitude", "4 ohm"), "write mA or V"),
    "hertz for time": (changed("--pulse-width", "300 Hz"), "pulse-width"),
    "area twice": (
        (*PROGRAMME, "--contact-area", "12 mm2", "--lead", "typical-ring"), "given twice",
    ),
    "half a ring": ((*PROGRAMME, "--contact-length", "3 mm"), "give both"),
    "unknown contact": ((*PROGRAMME, "--lead", "octrode"), "typical-ring"),
    "half a battery": ((*PROGRAMME, "--battery-capacity", "200 mAh"), "give both"),
    "capacity without unit": (
        (*PROGRAMME, "--battery-capacity", "200", "--battery-voltage", "3.7 V"), "mAh",
    ),
    "hours in words": ((*PROGRAMME, "--hours-a-day", "all"), "is not a number"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_programme_is_one_clear_line(mistake: str) -> None:
    words, hint = MISTAKES[mistake]
    assert hint in refused(*words)


# Before ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--leads-out", "2027-03-22"), ("--procedure", "implant")])
def test_the_data_of_a_plan_fit_their_schema(patient: Path, more: tuple[str, ...]) -> None:
    data = validated(
        "stimulation-before", told("before", patient, *BEFORE, *more, "--format", "json")
    )
    assert data["not_recognised"] == ["apixabam"]
    assert data["kidney"]["state"] == "unknown"
    assert {s for e in data["calendar"] for s in e["sources"]} <= {s["id"] for s in data["sources"]}


def test_alarms_stand_above_the_calendar(patient: Path) -> None:
    text = told("before", patient, *BEFORE)
    assert text.index("NOT RECOGNISED") < text.index("Calendar")
    assert text.index("without its prescriber") < text.index("Calendar")
    assert "Marcumar: NO DATE" in text
    assert "6 whole days without it" in " ".join(text.split())


def test_a_record_without_such_drugs_is_said_to_have_none(tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("age: 50\nsex: female\nside: left\ndrugs: [metformin]\n", encoding="utf-8")
    assert "none found" in told("before", path, *BEFORE)


def test_all_that_can_be_said_of_a_drug_is_said(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(
        "age: 70\nsex: male\nside: left\npresent: [stroke-known]\n"
        "drugs: [aspirin, celecoxib, eptifibatide, clopidogrel]\n",
        encoding="utf-8",
    )
    text = " ".join(told("before", path, *BEFORE, "--procedure", "implant").split())
    assert "aspirin: the time of the table is for primary prevention" in text
    assert "celecoxib: left out of the rule" in text
    assert "clopidogrel: last dose Sun 2027-03-07 (7 whole days without it)" in text
    assert "again not before: Tue 2027-03-16 18:00" in text
    assert "9 days after the last dose" in text
    assert "the sources differ" in text


def test_the_calendar_file_holds_every_event(patient: Path, tmp_path: Path) -> None:
    target = tmp_path / "plan.ics"
    data = json.loads(told("before", patient, *BEFORE, "--format", "json", "--calendar", target))
    raw = target.read_bytes()
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    unfolded = raw.decode().replace("\r\n ", "")
    assert unfolded.count("BEGIN:VEVENT") == len(data["calendar"])
    assert "naproxen 500 mg\\; at night" in unfolded
    assert "made-up" not in unfolded
    stops = [e for e in data["calendar"] if e["kind"] == "stop"]
    for event in stops:
        assert f"DTSTART;VALUE=DATE:{event['date'].replace('-', '')}" in unfolded


def test_a_timed_event_has_its_hour_and_identities_stay() -> None:
    patient = Record.model_validate(
        {"age": 70, "sex": "male", "side": "left", "drugs": ["edoxaban"]}
    )
    made = dt.datetime(2027, 1, 1, 12, 0, 0)
    plan = plan_before(
        patient, load_knowledge(), load_stop_times(), date=dt.date(2027, 3, 15), procedure="implant"
    )
    text = to_calendar(plan, made)
    assert "DTSTART:20270312T070000\r\n" in text
    assert "DTSTAMP:20270101T120000Z\r\n" in text
    uids = [line for line in text.splitlines() if line.startswith("UID:")]
    assert len(set(uids)) == len(uids) == len(plan.events)
    assert text == to_calendar(plan, made)


BAD_PLANS: dict[str, tuple[tuple[str, ...], str]] = {
    "day in words": (("--procedure-date", "soon"), "is not a date"),
    "hour in words": ((*BEFORE, "--start", "early"), "is not an hour"),
    "unknown procedure": ((*BEFORE, "--procedure", "transplant"), "name one of trial"),
    "day gone by": (("--procedure-date", "2027-01-01", "--today", "2027-02-01"), "before today"),
    "no calendar": ((*BEFORE, "--calendar", "plan.txt"), ".ics"),
    "no such folder": ((*BEFORE, "--calendar", "/nowhere/at/all/plan.ics"), "cannot be written"),
}


@pytest.mark.parametrize("mistake", BAD_PLANS)
def test_a_mistake_in_a_plan_is_one_clear_line(patient: Path, mistake: str) -> None:
    words, hint = BAD_PLANS[mistake]
    assert hint in refused("before", patient, *words)


def test_without_today_the_date_of_the_computer_counts(patient: Path) -> None:
    assert "before today" in refused("before", patient, "--procedure-date", "2001-01-01")


# Documentation ---------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "stimulation-plan.md").read_text("utf-8")


def shown_on_the_page() -> list[tuple[list[str], list[str]]]:
    """Each command of the page with the lines of its output that the page shows."""
    found = []
    for block in PAGE.split("```console\n")[1:]:
        command, *lines = block.split("\n```")[0].replace("\\\n", " ").splitlines()
        words = shlex.split(command.removeprefix("$ crural stimulation "))
        found.append((words, [line for line in lines if line.strip() not in {"", "..."}]))
    return found


@pytest.mark.parametrize("number", range(len(shown_on_the_page())))
def test_what_the_page_shows_is_what_the_command_says(number: int, tmp_path: Path) -> None:
    words, lines = shown_on_the_page()[number]
    record = PAGE.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "patient.yaml").write_text(record, encoding="utf-8")
    result = run(*(str(tmp_path / w) if w == "patient.yaml" else w for w in words))
    said = (result.stdout or result.stderr).splitlines()
    for line in lines:
        assert line in said
