"""The data of the workbenches are checked with the rest of the knowledge."""

from __future__ import annotations

import shutil
from pathlib import Path

from crural.check.workbenches import problems_of_workbenches
from crural.knowledge import Knowledge
from crural.knowledge.loader import DATA


def test_the_shipped_data_have_no_problems(knowledge: Knowledge) -> None:
    assert list(problems_of_workbenches(knowledge.evidence, DATA)) == []


def test_knowledge_without_workbenches_has_none_of_their_problems(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    assert list(problems_of_workbenches(knowledge.evidence, tmp_path)) == []


def test_a_figure_without_its_source_is_found(tmp_path: Path) -> None:
    shutil.copytree(DATA / "therapy", tmp_path / "therapy")
    shutil.copytree(DATA / "devices", tmp_path / "devices")

    found = list(problems_of_workbenches({}, tmp_path))

    assert found
    assert all(problem.remedy for problem in found)
