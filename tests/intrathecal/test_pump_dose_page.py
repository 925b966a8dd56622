"""The page on doses shows what the commands say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crural.cli import _Group
from crural.commands import pump_dose
from crural.intrathecal import slips
from crural.quantity import parse

PAGE = (Path(__file__).parents[2] / "docs" / "pump-dose.md").read_text("utf-8")
EXAMPLES = re.findall(r"```console\n\$ crural pump (.*)\n((?:.*\n)*?)```", PAGE)


@click.group(cls=_Group)
def group() -> None:
    """Stands for the pump group."""


pump_dose.add_to(group)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_every_line_shown_is_said_in_that_order(command: str, shown: str) -> None:
    said = CliRunner().invoke(group, shlex.split(command)).output.splitlines()
    for line in shown.splitlines():
        assert line in said, line
        said = said[said.index(line) + 1 :]


def test_the_example_in_python_passes() -> None:
    found = slips.check("morphine", daily_dose=parse("5 mg/day"), concentration=parse("20 mg/mL"))
    assert slips.enforce(found) == ()
