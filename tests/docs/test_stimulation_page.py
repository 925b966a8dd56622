"""docs/stimulation.md shows what the commands really say and draw."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from docs.build.tests_listed import ROOT

from crural.commands.stimulation import stimulation

PAGE = (ROOT / "docs" / "stimulation.md").read_text(encoding="utf-8")


def test_the_trial_of_the_page_is_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    block = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    result = CliRunner().invoke(stimulation, ["trial", "examples/stimulation-diary.csv"])
    assert block[1].rstrip() in result.output


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("stimulation-trial.svg", ["trial", "examples/stimulation-diary.csv"]),
        ("stimulation-coverage.svg", ["coverage", "examples/left-leg-sciatica.yaml"]),
    ],
)
def test_the_pictures_of_the_page_are_the_real_ones(
    name: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    CliRunner().invoke(stimulation, [*arguments, "--chart", str(tmp_path / name)])
    made = (tmp_path / name).read_text(encoding="utf-8")
    assert made == (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    assert f"pictures/{name}" in PAGE
