"""Every amount that a pump command takes, slipped by ten and by a thousand, up and down.

The commands are run as a user runs them. An amount that leaves what is published (or estimated)
for its input must be heard: an error, or a warning that was not there before.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

import click
import pytest
from click.testing import CliRunner, Result

from crural import quantity as q
from crural.cli import _Group
from crural.commands.pump import pump
from crural.intrathecal.limits import KINDS, Guard, load_limits
from crural.intrathecal.slips import base_input

TABLE = load_limits()
GROUP = _Group("pump", commands=pump.commands)

# A plausible use of each command, and the input of the guard that each amount is.
PLAUSIBLE: dict[str, list[tuple[str, str, str]]] = {
    "rate": [
        ("--drug", "morphine", ""),
        ("--dose", "2 mg/day", "daily-dose"),
        ("--concentration", "10 mg/mL", "concentration"),
    ],
    "refill": [
        ("--filled", "2026-03-02", ""),
        ("--drug", "morphine", ""),
        ("--volume", "18 mL", "fill-volume"),
        ("--flow", "0.2 mL/day", "flow"),
        ("--boluses", "0.05 mL/day", "bolus-flow"),
        ("--keeps", "90 days", "refill-interval"),
        ("--reservoir", "20 mL", "reservoir"),
        ("--alarm", "2 mL", "alarm-volume"),
    ],
    "bridge": [
        ("--old", "morphine 20 mg/mL", "concentration"),
        ("--new", "morphine 10 mg/mL", "concentration"),
        ("--old-dose", "morphine 4 mg/day", "daily-dose"),
        ("--new-dose", "morphine 4 mg/day", "daily-dose"),
        ("--tubing", "0.2 mL", "tubing-volume"),
        ("--catheter-volume", "0.2 mL", "catheter-volume"),
    ],
    "prime": [
        ("--drug", "morphine", ""),
        ("--concentration", "10 mg/mL", "concentration"),
        ("--dose", "2 mg/day", "daily-dose"),
        ("--lasts", "30 min", "bolus-time"),
        ("--tubing", "0.2 mL", "tubing-volume"),
        ("--catheter-length", "80 cm", "catheter-length"),
        ("--per-length", "0.0026 mL/cm", "volume-per-length"),
    ],
    "aspirate": [
        ("--drug", "morphine", ""),
        ("--concentration", "10 mg/mL", "concentration"),
        ("--dose", "2 mg/day", "daily-dose"),
        ("--drawn", "0.5 mL", "drawn-volume"),
        ("--side-port", "0.05 mL", "tubing-volume"),
        ("--catheter-volume", "0.2 mL", "catheter-volume"),
    ],
    "mix": [
        ("--drug", "morphine 10 mg/mL", "concentration"),
        ("--drug", "bupivacaine 10 mg/mL", "concentration"),
        ("--dose", "morphine 2 mg/day", "daily-dose"),
        ("--stock", "morphine 25 mg/mL", "concentration"),
        ("--stock", "bupivacaine 20 mg/mL", "concentration"),
        ("--volume", "18 mL", "fill-volume"),
        ("--extra", "3 mL", "extra-volume"),
    ],
    "bolus": [
        ("--drug", "morphine", ""),
        ("--basal", "2 mg/day", "daily-dose"),
        ("--dose", "0.1 mg", "single-dose"),
        ("--lockout", "4 h", "lockout"),
        ("--lasts", "10 min", "bolus-time"),
        ("--concentration", "10 mg/mL", "concentration"),
    ],
    "discrepancy": [
        ("--drug", "morphine", ""),
        ("--filled", "18 mL", "fill-volume"),
        ("--expected", "4 mL", "residual-volume"),
        ("--measured", "4.2 mL", "residual-volume"),
        ("--concentration", "10 mg/mL", "concentration"),
        ("--days", "60 days", "refill-interval"),
    ],
}
CASES = [
    (command, position, factor)
    for command, words in PLAUSIBLE.items()
    for position, (_, _, name) in enumerate(words)
    if name
    for factor in ("1000", "100", "10", "0.1", "0.01", "0.001")
]


def run(command: str, words: list[tuple[str, str, str]]) -> Result:
    given = [part for option, value, _ in words for part in (option, value)]
    return CliRunner().invoke(GROUP, [command, *given, "--format", "json"])


def heard(result: Result) -> int:
    data = json.loads(result.output)
    return sum(finding["level"] in {"warn", "stop"} for finding in data["findings"])


def guard_of(name: str, drug: str) -> Guard | None:
    wanted = TABLE.input(name)
    if wanted.by == "drug":
        return TABLE.drug(drug).guard.get(name)
    return Guard(lowest=wanted.lowest, highest=wanted.highest)


@pytest.mark.parametrize("command", list(PLAUSIBLE))
def test_plausible_amounts_are_answered(command: str) -> None:
    result = run(command, PLAUSIBLE[command])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("command", "position", "factor"), CASES)
def test_no_amount_that_leaves_its_range_passes_in_silence(
    command: str, position: int, factor: str
) -> None:
    words = list(PLAUSIBLE[command])
    option, text, name = words[position]
    match = re.search(r"[\d.]+", text)
    assert match is not None
    number = Decimal(match[0]) * Decimal(factor)
    slipped = f"{text[: match.start()]}{number:f}{text[match.end() :]}"
    value = q.parse(slipped[match.start() :], KINDS[TABLE.input(name).kind])
    guard = guard_of(name, text[: match.start()].strip() or "morphine")
    assert guard is not None
    if (guard.lowest is None or value >= guard.lowest.amount) and (
        guard.highest is None or value <= guard.highest.amount
    ):
        pytest.skip("still inside what is published")
    words[position] = (option, slipped, name)
    result = run(command, words)
    assert result.exit_code in {0, 2}, result.exception
    if result.exit_code == 0:
        assert heard(result) > heard(run(command, PLAUSIBLE[command]))


@pytest.mark.parametrize("command", [*PLAUSIBLE])
def test_every_option_that_takes_an_amount_has_its_input(command: str) -> None:
    """A new option of a pump command must be given a place here, or in the words below."""
    covered = {option for option, _, _ in PLAUSIBLE[command]}
    elsewhere = {
        # Figures of the pump, given by hand: the same options in every command.
        "--reservoir", "--flow-least", "--flow-most", "--alarm", "--tubing", "--side-port",
        # Shares and counts.
        "--over", "--under", "--most",
        # The same amount given another way.
        "--flow", "--dose", "--concentration", "--old-flow", "--new-flow", "--bridge-dose",
        "--catheter-volume", "--catheter-length", "--trimmed", "--per-length",
    }  # fmt: skip
    known = pump.commands[command]
    amounts = {
        option
        for parameter in known.params
        if isinstance(parameter, click.Option) and "AMOUNT" in (parameter.metavar or "")
        for option in parameter.opts
    }
    assert amounts <= covered | elsewhere


def test_every_input_of_the_guard_is_reached_by_its_own_name() -> None:
    for wanted in TABLE.inputs:
        assert base_input(wanted.id) == wanted.id
