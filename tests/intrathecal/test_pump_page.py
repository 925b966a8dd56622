"""What docs/pump.md shows is what the commands answer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from crural.cli import main

DOCS = Path(__file__).parents[2] / "docs"
SHOWN = re.findall(r"```console\n\$ (.*?)\n(.*?)\n```", (DOCS / "pump.md").read_text("utf-8"), re.S)


def test_every_command_is_shown() -> None:
    names = {shlex.split(command)[2] for command, _ in SHOWN}
    assert names == {
        *("rate", "refill", "bridge", "prime", "aspirate", "mix", "bolus", "discrepancy")
    }


@pytest.mark.parametrize(("command", "answer"), SHOWN, ids=lambda text: text[:40])
def test_the_answer_shown_is_the_answer(command: str, answer: str, tmp_path: Path) -> None:
    arguments = shlex.split(command)[1:]
    drawn = tmp_path / "chart.svg"
    pictures = [word for word in arguments if word.endswith(".svg")]
    arguments = [str(drawn) if word in pictures else word for word in arguments]
    result = CliRunner().invoke(main, arguments)
    assert result.output.rstrip() == answer
    for picture in pictures:
        assert (DOCS.parent / picture).read_text("utf-8") == drawn.read_text("utf-8")
