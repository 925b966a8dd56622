"""What the pages show works as they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from docs.build.__main__ import NOT_MEASURED, gather
from docs.build.tests_listed import ROOT
from docs.build.vocabulary import conditions_page, findings_page

from crural import assess, read_record
from crural.cli import ROOMS, main
from crural.knowledge import Knowledge

WRITTEN = [
    *(ROOT / name for name in ("README.md", "GLOSSARY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
# Written into the site only: they follow knowledge and measurements.
IN_THE_SITE = {
    "docs/findings.md",
    "docs/conditions.md",
    "docs/decides.md",
    "docs/schema/record.json",
    *NOT_MEASURED,
}
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#([^)]*))?\)")


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    for match in _LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / match[1]).resolve().relative_to(ROOT).as_posix()
        assert target in IN_THE_SITE or (ROOT / target).exists(), target


def test_the_record_of_the_quick_start_can_be_assessed(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    text = (ROOT / "docs/quick-start.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    case = tmp_path / "case.yaml"
    case.write_text(block[1], encoding="utf-8")
    assessment = assess(read_record(case, knowledge.vocabulary), knowledge)
    assert assessment.diagnosis.causes[0].id == "lumbar-spinal-stenosis"


def test_the_error_of_the_quick_start_is_the_real_one(tmp_path: Path) -> None:
    text = (ROOT / "docs/quick-start.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    shown = re.search(r"^crural: case\.yaml:.*$", text, re.MULTILINE)
    assert block is not None
    assert shown is not None
    case = tmp_path / "case.yaml"
    case.write_text(block[1].replace("saddle-numbness", "sadle-numbness"), encoding="utf-8")
    result = CliRunner().invoke(main, ["assess", str(case)])
    assert result.exit_code == 2
    assert result.output.replace(str(case), "case.yaml").startswith(shown[0].removesuffix(" …"))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/quick-start.md"])
def test_every_command_that_a_page_shows_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:^|`)crural ([a-z-]+)(?: ([a-z-]+))?", text, re.MULTILINE))
    assert commands or name == "CONTRIBUTING.md"
    for first, second in commands:
        words = [first, second] if first in {"knowledge", *ROOMS} and second else [first]
        result = CliRunner().invoke(main, [*words, "--help"])
        assert result.exit_code == 0, words


def test_the_evidence_entry_of_the_contributing_page_is_one() -> None:
    from crural.knowledge import Evidence  # noqa: PLC0415

    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    (entry,) = yaml.safe_load(block[1])
    assert Evidence.model_validate(entry).figure("sensitivity") == (0.63, (0.55, 0.71))


def test_every_finding_and_condition_has_its_line(knowledge: Knowledge) -> None:
    findings, conditions = findings_page(knowledge), conditions_page(knowledge)
    assert all(f"| `{name}` |" in findings for name in knowledge.findings)
    assert all(f"`{name}` |" in conditions for name in knowledge.conditions)


def test_the_site_is_gathered_with_the_paths_of_the_repository(tmp_path: Path) -> None:
    target = tmp_path / "site"
    (target / "old").mkdir(parents=True)
    gather(ROOT, target)
    assert not (target / "old").exists()
    for name in ("README.md", "docs/method.md", "examples/left-leg-sciatica.yaml", *NOT_MEASURED):
        assert (target / name).is_file()


def test_the_navigation_names_every_written_page() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r": ((?:docs/|benchmarks/)?[\w/-]+\.md)$", text, re.MULTILINE))
    assert {page.relative_to(ROOT).as_posix() for page in WRITTEN} <= listed
