"""The commands of `crural pump`: text, JSON against the published schema, charts, errors."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from crural.commands.pump import pump
from crural.errors import CruralError

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schema" / "pump.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)

PROMETRA = ("--pump", "prometra-ii-20", "--trimmed", "30 cm", "--tubing", "0.25 mL")
CHANGE = (
    *("--old", "morphine 20 mg/mL", "--old-dose", "morphine 4 mg/day"),
    *("--new", "morphine 10 mg/mL", "--new-dose", "morphine 4 mg/day"),
)
EXAMPLES: dict[str, tuple[str, ...]] = {
    "rate": ("rate", "--drug", "morphine", "--dose", "1.5 mg/day", "--concentration", "20 mg/mL",
             "--pump", "synchromed-ii-40"),
    "rate by flow": ("rate", "--flow", "0.1 mL/day", "--concentration", "500 mcg/mL"),
    "rate for a concentration": ("rate", "--flow", "0.5 mL/day", "--dose", "2 mg/day",
                                 "--pump", "constant-flow"),
    "refill": ("refill", "--filled", "2026-03-02T10:30", "--volume", "18 mL", "--flow",
               "0.15 mL/day", "--drug", "morphine", "--pump", "synchromed-ii-20", "--boluses",
               "0.02 mL/day"),
    "refill without a pump": ("refill", "--filled", "2026-03-02", "--volume", "18 mL", "--dose",
                              "3 mg/day", "--concentration", "20 mg/mL", "--over", "14.5 %"),
    "bridge": ("bridge", *CHANGE, *PROMETRA),
    "bridge to another drug": (
        "bridge", "--old", "morphine 20 mg/mL", "--old", "bupivacaine 5 mg/mL", "--old-flow",
        "0.2 mL/day", "--new", "hydromorphone 5 mg/mL", "--new-dose", "hydromorphone 0.8 mg/day",
        "--bridge-dose", "morphine 3 mg/day", *PROMETRA),
    "prime": ("prime", "--drug", "morphine", "--concentration", "10 mg/mL", "--dose", "1 mg/day",
              "--lasts", "20 min", *PROMETRA),
    "prime a new pump on an old catheter": ("prime", "--concentration", "10 mg/mL", "--empty",
                                            "pump", "--tubing", "0.25 mL"),
    "aspirate": ("aspirate", "--drug", "morphine", "--concentration", "20 mg/mL", "--dose",
                 "4 mg/day", "--drawn", "0.1 mL", *PROMETRA),
    "aspirate with a known port": ("aspirate", "--concentration", "20 mg/mL", "--catheter-length",
                                   "80 cm", "--per-length", "0.0026 mL/cm", "--side-port",
                                   "0.05 mL"),
    "mix": ("mix", "--drug", "morphine 20 mg/mL", "--drug", "bupivacaine 10 mg/mL", "--dose",
            "morphine 4 mg/day", "--stock", "morphine 50 mg/mL", "--stock",
            "bupivacaine 40 mg/mL", "--volume", "20 mL", "--extra", "3 mL", "--pump",
            "synchromed-ii-20"),
    "mix with an unlisted drug": ("mix", "--drug", "morphine 20 mg/mL", "--drug",
                                  "ketamine 1 mg/mL", "--flow", "0.2 mL/day"),
    "bolus": ("bolus", "--drug", "morphine", "--basal", "2 mg/day", "--dose", "0.4 mg",
              "--lockout", "4 h", "--most", "4", "--concentration", "10 mg/mL", "--lasts",
              "10 min"),
    "bolus without a cap": ("bolus", "--basal", "2 mg/day", "--dose", "0.1 mg", "--lockout", "6 h"),
    "discrepancy": ("discrepancy", "--drug", "morphine", "--filled", "20 mL", "--expected",
                    "4 mL", "--measured", "1 mL", "--concentration", "20 mg/mL", "--days",
                    "84 days", "--pump", "synchromed-ii-20"),
    "discrepancy within": ("discrepancy", "--filled", "20 mL", "--expected", "4 mL", "--measured",
                           "4 mL"),
}  # fmt: skip


class _Group(click.Group):
    """As the main command does: one line for an error that a user can mend, exit status 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CruralError as error:
            click.echo(f"crural: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_Group)
def main() -> None:
    """Stands for `crural`."""


main.add_command(pump)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["pump", *arguments])


def answered(name: str) -> dict[str, Any]:
    result = run(*EXAMPLES[name], "--format", "json")
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.output)
    return data


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_is_as_published(name: str) -> None:
    data = answered(name)
    VALIDATOR.validate(data)
    assert data["schema"] == f"crural/pump-{EXAMPLES[name][0]}/1"
    assert data["working"]
    cited = {s for part in (*data["working"], *data["findings"]) for s in part["sources"]}
    assert cited <= {source["id"] for source in data["sources"]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_text_shows_result_working_and_sources(name: str) -> None:
    result = run(*EXAMPLES[name])
    assert result.exit_code == 0, result.output
    data = answered(name)
    assert data["headline"] in result.output
    for step in data["working"]:
        assert f"= {step['result']}" in result.output
    for finding in data["findings"]:
        assert finding["says"] in result.output
    for source in data["sources"]:
        assert (source["title"] or source["id"]) in result.output


def test_a_schema_without_room_for_more_refuses_more() -> None:
    data = answered("rate")
    data["results"]["extra"] = 1
    assert not VALIDATOR.is_valid(data)


def test_amounts_in_json_are_exact_text() -> None:
    assert answered("rate")["results"]["flow"] == {"value": "0.075", "unit": "mL/d"}
    assert answered("bridge")["results"]["line"] == {"value": "0.458", "unit": "mL"}


def test_a_flow_below_the_lowest_is_a_stop_at_the_top() -> None:
    arguments = ("rate", "--dose", "1 mg/day", "--concentration", "22 mg/mL", "--pump",
                 "synchromed-ii-40")  # fmt: skip
    text = run(*arguments).output
    assert text.splitlines()[2].startswith("STOP: 0.045455 mL/day is below the lowest flow")
    assert json.loads(run(*arguments, "--format", "json").output)["stop"] is True
    assert answered("rate")["stop"] is False


def test_a_weaker_solution_without_a_bridge_is_an_overdose() -> None:
    says = " | ".join(finding["says"] for finding in answered("bridge")["findings"])
    assert "Without a bridge the patient receives 8 mg/day morphine for 27 h 29 min" in says
    assert "If the new concentration is not entered the patient receives 2 mg/day morphine" in says


def test_the_new_drug_comes_late_without_a_bridge() -> None:
    data = answered("bridge to another drug")
    received = data["results"]["received"]["without"]
    assert received[0]["rates"]["hydromorphone"] == {"value": "0", "unit": "mg/h"}
    assert received[-1]["rates"]["morphine"] == {"value": "0", "unit": "mg/h"}
    assert any("reaches the tip only after" in f["says"] for f in data["findings"])


def test_all_limits_of_a_mixture_are_held_against_it_at_once() -> None:
    data = answered("mix")
    assert {row["drug"] for row in data["results"]["limits"]} >= {"morphine"}
    assert any(row["above"] for row in data["results"]["limits"])
    assert data["results"]["recipe"]["diluent"] == {"value": "8.05", "unit": "mL"}
    unlisted = answered("mix with an unlisted drug")
    assert any("no limits are known here for ketamine" in f["says"] for f in unlisted["findings"])


def test_the_worst_day_counts_boluses_on_both_sides_of_midnight() -> None:
    data = answered("bolus")
    assert data["results"]["boluses"] == 6
    assert data["results"]["worst_24h"] == {"value": "4.4", "unit": "mg"}
    rolling = json.loads(run(*EXAMPLES["bolus"], "--rolling", "--format", "json").output)
    assert rolling["results"]["boluses"] == 4
    assert any("more than the 10 %" in finding["says"] for finding in data["findings"])


def test_too_little_left_points_to_overdose_and_a_pocket_fill() -> None:
    data = answered("discrepancy")
    assert not data["results"]["within"]
    assert "naloxone" in data["results"]["do"][0]["says"]
    assert any("pocket" in cause["says"] for cause in data["results"]["may_mean"])
    assert answered("discrepancy within")["results"]["may_mean"] == []


def test_the_chart_shows_every_way_for_every_drug(tmp_path: Path) -> None:
    chart = tmp_path / "bridge.svg"
    assert run(*EXAMPLES["bridge to another drug"], "--chart", str(chart)).exit_code == 0
    picture = ET.fromstring(chart.read_text("utf-8"))
    classes = [path.get("class", "") for path in picture.iter("{http://www.w3.org/2000/svg}path")]
    assert sorted(classes) == sorted(["with", "without", "unchanged"] * 3)
    assert "hydromorphone" in "".join(picture.itertext())


def test_the_calendar_is_written(tmp_path: Path) -> None:
    file = tmp_path / "refill.ics"
    assert run(*EXAMPLES["refill"], "--calendar", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("rate", "--dose", "1.5 mg/day"), "two of the three are needed"),
        (("rate", "--dose", "1.5", "--concentration", "20 mg/mL"), "--dose: '1.5' has no unit"),
        (("rate", "--dose", "1.5 mg", "--concentration", "20 mg/mL"), "is not a dose per time"),
        (("rate", "--dose", "1 mg/day", "--flow", "1 mL/day", "--pump", "x"), "no pump called"),
        (("rate", "--dose", "1 mg/day", "--flow", "1 mL/day", "--over", "2"), "whole or more"),
        (("rate", "--dose", "1 mg/day", "--flow", "1 mL/day", "--over", "a"), "not a share"),
        (("refill", "--filled", "soon", "--volume", "18 mL", "--flow", "1 mL/day"), "not a date"),
        (("bridge", *CHANGE, "--pump", "synchromed-ii-20", "--catheter-volume", "0.2 mL"),
         "--tubing: the volume of the tubing inside the pump of SynchroMed II, 20 mL is not known"),
        (("bridge", *CHANGE, "--tubing", "0.2 mL"), "the volume of the catheter is not given"),
        (("bridge", *CHANGE, *PROMETRA, "--catheter", "x"), "no catheter called"),
        (("bridge", *CHANGE, "--tubing", "0.2 mL", "--catheter-length", "80 cm"), "--per-length"),
        (("bridge", *CHANGE, "--tubing", "0.2 mL", "--trimmed", "8 cm"), "--catheter-length"),
        (("bridge", *CHANGE, *PROMETRA, "--new-flow", "0.1 mL/day"), "do not agree"),
        (("bridge", *CHANGE[:4], "--new", "morphine 10 mg/mL", *PROMETRA), "dose is not given"),
        (("bridge", *CHANGE, "--bridge-dose", "x 1 mg/day", *PROMETRA), "not in this solution"),
        (("bridge", "--old", "20 mg/mL", *CHANGE[2:], *PROMETRA), "is not a drug and an amount"),
        (("bridge", "--old", "Morphine 2 mg/mL", *CHANGE, *PROMETRA), "named twice"),
        (("bridge", *CHANGE, *PROMETRA, "--chart", "x.gif"), "neither .svg nor .png"),
        (("bridge", *CHANGE, *PROMETRA, "--chart", "/no/such/x.svg"), "cannot be written"),
        ((*EXAMPLES["refill"], "--calendar", "x.txt"), "does not end in .ics"),
        ((*EXAMPLES["refill"], "--calendar", "/no/such/x.ics"), "cannot be written"),
        (("mix", "--drug", "morphine 20 mg/mL"), "--flow: is not given"),
        (("bolus", "--basal", "2 mg/day", "--dose", "0.1 mg", "--lockout", "1 h", "--lasts", "2 h"),
         "longer than the lockout"),
        (("discrepancy", "--filled", "20 mL", "--expected", "30 mL", "--measured", "1 mL"), "more"),
        (("rate", "--drug", "ziconotide", "--dose", "2.4 mg/day", "--concentration", "25 mcg/mL"),
         "milligrams and micrograms may have been confused"),
    ],
)  # fmt: skip
def test_errors_are_one_line_with_a_remedy(arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    (line,) = result.output.strip().splitlines()
    assert says in line
    assert "Remedy:" in line


SLIPPED = ("rate", "--drug", "ziconotide", "--dose", "2.4 mg/day", "--concentration", "25 mcg/mL")


def test_having_checked_lets_the_unusual_pass_but_not_the_impossible() -> None:
    assert run(*SLIPPED).exit_code == 2
    passed = run(*SLIPPED[:5], "--concentration", "25 mg/mL", "--i-have-checked")
    assert passed.exit_code == 0
    assert "STOP" in passed.output
    heavy = ("rate", "--drug", "morphine", "--dose", "1 mg/day", "--concentration", "2000 mg/mL")
    assert run(*heavy, "--i-have-checked").exit_code == 2


@pytest.mark.parametrize("name", ["rate", "refill", "bridge", "prime", "aspirate", "mix", "bolus",
                                  "discrepancy"])  # fmt: skip
def test_every_command_asks_the_slip_guard(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from crural.intrathecal import slips  # noqa: PLC0415

    asked: list[str] = []
    real = slips.check

    def listening(*arguments: Any, **amounts: Any) -> Any:
        asked.extend(amounts)
        return real(*arguments, **amounts)

    monkeypatch.setattr(slips, "check", listening)
    assert run(*EXAMPLES[name]).exit_code == 0
    assert asked


def says(*arguments: str) -> str:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return " | ".join(
        f"{finding['level']}: {finding['says']}"
        for finding in json.loads(result.output)["findings"]
    )


@pytest.mark.parametrize("name", ["prime", "bolus", "bridge"])
def test_a_flow_above_the_highest_of_the_pump_is_a_stop(name: str) -> None:
    assert "stop: " not in says(*EXAMPLES[name])
    assert "stop: " in says(*EXAMPLES[name], "--flow-most", "0.1 mL/day")


def test_a_bridge_below_the_lowest_flow_is_a_stop() -> None:
    said = says(*EXAMPLES["bridge"], "--flow-least", "0.3 mL/day")
    assert "stop: the bridge flow of 0.2 mL/day is below the lowest" in said
    assert "the new flow" not in said


def test_a_third_amount_that_does_not_agree_is_not_passed_over() -> None:
    assert run(*EXAMPLES["rate"], "--flow", "0.075 mL/day").exit_code == 0
    result = run(*EXAMPLES["rate"], "--flow", "0.75 mL/day")
    assert result.exit_code == 2
    assert "flow" in result.output
    assert "The answer goes by dose" in says(*EXAMPLES["rate"], "--flow", "0.0751 mL/day")


def test_a_base_rate_of_nought_has_no_share() -> None:
    result = run("bolus", "--basal", "0 mg/day", "--dose", "0.1 mg", "--lockout", "6 h",
                 "--concentration", "1 mg/mL", "--format", "json")  # fmt: skip
    data = json.loads(result.output)
    VALIDATOR.validate(data)
    assert data["results"]["share_of_base"] is None
    assert data["results"]["worst_24h"] == {"value": "0.4", "unit": "mg"}


def test_an_empty_reservoir_has_no_share_of_what_was_expected() -> None:
    result = run("discrepancy", "--filled", "20 mL", "--expected", "0 mL", "--measured", "1 mL",
                 "--format", "json")  # fmt: skip
    tests = json.loads(result.output)["results"]["tests"]
    assert [test["name"] for test in tests] == ["absolute difference"]


def test_a_chart_can_be_a_png(tmp_path: Path) -> None:
    chart = tmp_path / "bridge.png"
    assert run(*EXAMPLES["bridge"], "--chart", str(chart)).exit_code == 0
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_one_drug_alone_is_no_mixture() -> None:
    assert "mixtures" not in says("mix", "--drug", "morphine 10 mg/mL", "--flow", "0.1 mL/day")


def test_boluses_without_a_concentration_are_held_against_doses_alone() -> None:
    result = run("bolus", "--drug", "morphine", "--basal", "1 mg/day", "--dose", "0.1 mg",
                 "--lockout", "6 h", "--format", "json")  # fmt: skip
    limits = json.loads(result.output)["results"]["limits"]
    assert {row["what"] for row in limits} == {"caution-above"}


def test_a_chart_of_a_large_dose_keeps_its_scale(tmp_path: Path) -> None:
    chart = tmp_path / "bridge.svg"
    change = ("--old", "x 100 mg/mL", "--old-flow", "3 mL/day", "--new", "x 50 mg/mL",
              "--new-flow", "3 mL/day")  # fmt: skip
    assert run("bridge", *change, *PROMETRA, "--chart", str(chart)).exit_code == 0
    assert ">20</text>" in chart.read_text("utf-8")


def test_a_bridge_that_ends_late_lets_the_new_solution_run_at_the_old_flow() -> None:
    # 54.96 h x 0.15 / 1.15 = 7.17 h; 10 mg/mL x 0.2 mL/day = 2 mg/day
    said = says(*EXAMPLES["bridge"])
    assert "up to 7 h 10 min before the bridge ends" in said
    assert "at the bridge flow: 2 mg/day morphine" in said
