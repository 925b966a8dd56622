"""The command line: what it prints, and that every mistake is one clear line and status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crural.cli import main

EXAMPLES = Path(__file__).parents[1] / "examples"
EXAMPLE = EXAMPLES / "left-leg-sciatica.yaml"
HEAD = "age: 46\nsex: male\nside: left\n"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short record, for what does not depend on the patient."""
    path = tmp_path_factory.mktemp("records") / "short.yaml"
    path.write_text(HEAD + "present: [pain-buttock, slr-positive]\n", encoding="utf-8")
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(*words: str | Path) -> str:
    """The one line that a mistake must give."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("crural: ")
    assert "Remedy: " in lines[0]
    assert "Traceback" not in lines[0]
    return lines[0]


# Bad input -----------------------------------------------------------------------------------

OBSERVED = HEAD + "observations:\n"
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"

# What is written, then the field and words that the message must hold.
MISTAKES = {
    "empty file": ("", "", "is empty"),
    "only remarks": ("# to be done\n", "", "is empty"),
    "not YAML": (HEAD + "present: [slr-positive\n", "", "is not readable as YAML"),
    "a list": ("- a\n- b\n", "", "holds a list instead of a record"),
    "age in words": (HEAD.replace("46", "old"), "age", "'old' is not a number"),
    "wrong type": (HEAD + "drugs: {name: x}\n", "drugs", "a group of keys is not a list"),
    "text for a list": (HEAD + "present: slr-positive\n", "present", "is not a list"),
    "no age": ("sex: male\nside: left\n", "age", "is missing"),
    "impossible age": (HEAD.replace("46", "460"), "age", "460 is above 120"),
    "negative age": (HEAD.replace("46", "-4"), "age", "-4 is below 0"),
    "unknown key": (HEAD + "gender: male\n", "gender", "did you mean sex?"),
    "key twice": (HEAD + "age: 47\n", "age", "given twice"),
    "unknown finding": (HEAD + "present: [slr-positve]\n", "present.0", "slr-positive"),
    "contradictory": (
        HEAD + "present: [slr-positive]\nabsent: [slr-positive]\n",
        "absent.0",
        "is absent here and present elsewhere",
    ),
    "contradictory values": (
        OBSERVED + "  - {finding: crp, value: 4, unit: mg/L}\n  - {finding: crp, state: high}\n",
        "observations.1",
        "keep the one that holds",
    ),
    "contradicts an illness": (
        HEAD + "absent: [ms-known]\nillnesses: [multiple sclerosis]\n",
        "illnesses.0",
        "'ms-known' is present here and absent elsewhere",
    ),
    "wrong unit": (
        OBSERVED + "  - {finding: crp, value: 4, unit: mmol/L}\n",
        "observations.0.unit",
        "mmol/L cannot be converted to mg/L",
    ),
    "no unit": (
        OBSERVED + "  - {finding: crp, value: 4}\n",
        "observations.0.unit",
        "write unit: mg/L",
    ),
    "value out of range": (
        OBSERVED + "  - {finding: crp, value: -4, unit: mg/L}\n",
        "observations.0.value",
        "outside the possible range",
    ),
    "no side of the body": (HEAD.replace("left", "front"), "side", "'front' is not one of the"),
    "two sides in a list": (HEAD.replace("left", "[left, right]"), "side", "bilateral"),
    "both sides of a finding": (
        OBSERVED + "  - {finding: slr-positive, present: true, side: [left, right]}\n",
        "observations.0.side",
        "both",
    ),
    "a side of what has none": (
        OBSERVED + "  - {finding: crp, value: 4, unit: mg/L, side: left}\n",
        "observations.0.side",
        "has no left or right",
    ),
    "two legs against one": (
        HEAD + "present: [pain-bilateral]\n",
        "present.0",
        "the painful side is left",
    ),
    "future date": (
        OBSERVED + "  - {finding: slr-positive, present: true, date: 2962-01-01}\n",
        "observations.0.date",
        "in the future",
    ),
    "future record": (HEAD + "as_of: 2962-01-01\n", "as_of", "in the future"),
    "after the record": (
        HEAD + "as_of: 2026-01-01\npain_scores: [{date: 2026-02-01, nrs: 4}]\n",
        "pain_scores.0.date",
        "in the future",
    ),
    "before birth": (
        HEAD + "as_of: 2026-01-01\nillnesses: [{name: gout, since: 1926}]\n",
        "illnesses.0.since",
        "before the birth",
    ),
    "no such day": (HEAD + "as_of: 2026-02-30\n", "as_of", "is not a date"),
    "pregnant man": (HEAD + "pregnancy_weeks: 20\n", "pregnancy_weeks", "a man is not pregnant"),
    "finding of the other sex": (
        HEAD + "present: [worse-menstruation]\n",
        "present.0",
        "sex is male",
    ),
    "billion laughs": (LAUGHS, "a", "anchor or alias"),
    "code in a tag": (HEAD + "note: !!python/object/apply:os.system [ls]\n", "note", "has the tag"),
    "two documents": (HEAD + "---\n" + HEAD, "", "more than one document"),
    "not text": ("age: 46\x00\n", "", "control character"),
    "too deep": ("source: " + "{a: " * 40 + "1" + "}" * 40 + "\n", "source", "nested too deeply"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_bad_input_gives_one_line_with_file_field_and_remedy(mistake: str, tmp_path: Path) -> None:
    text, field, words = MISTAKES[mistake]
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    line = refused("assess", path)
    assert str(path) in line
    assert f": {field}" in line
    assert words in line


def test_a_file_of_fifty_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    assert "50.0 million bytes" in refused("assess", path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.yaml"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert "UTF-8" in refused("assess", path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refused("assess", tmp_path / "nothing.yaml")
    assert "is a directory" in refused("assess", tmp_path)
    assert "there is no such file" in refused("explain", tmp_path / "no.yaml", "restless-legs")


def test_no_traceback_leaves_the_program(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(HEAD + "present: [nothing-known]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "crural.cli", "assess", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"crural: {path}:4: present.0: ")
    assert done.stderr.count("\n") == 1


# Where it is written -------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_an_assessment_is_written_to_a_file(record: Path, form: str, tmp_path: Path) -> None:
    output = tmp_path / "out"
    result = run("assess", record, "--format", form, "--output", output)
    assert (result.exit_code, result.output) == (0, "")
    assert output.read_text(encoding="utf-8").strip()
    assert list(tmp_path.iterdir()) == [output]


def test_the_file_holds_what_the_screen_shows(record: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.txt"
    run("assess", record, "--output", output)
    assert output.read_text(encoding="utf-8").strip() == run("assess", record).stdout.strip()


def test_a_missing_folder_is_refused_and_not_made(record: Path, tmp_path: Path) -> None:
    output = tmp_path / "nowhere" / "out.txt"
    line = refused("assess", record, "--output", output)
    assert str(output) in line
    assert "cannot be written" in line
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_a_folder_is_refused(record: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "cannot be written" in refused("assess", record, "--output", tmp_path / "file" / "out")


def test_an_old_file_outlives_a_failed_writing(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.txt"
    output.write_text("yesterday", encoding="utf-8")
    written = Path.write_text

    def full(path: Path, text: str, encoding: str | None = None) -> int:
        written(path, text[:10], encoding=encoding)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    line = refused("assess", record, "--output", output)
    assert "No space left on device" in line
    assert output.read_text(encoding="utf-8") == "yesterday"
    assert list(tmp_path.iterdir()) == [output]


def test_a_folder_without_permission_is_refused(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", denied)
    assert "Permission denied" in refused("assess", record, "--output", tmp_path / "out.txt")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_for_a_record_that_is_refused(tmp_path: Path) -> None:
    path, output = tmp_path / "case.yaml", tmp_path / "out.txt"
    path.write_text(HEAD.replace("46", "460"), encoding="utf-8")
    refused("assess", path, "--output", output)
    assert not output.exists()


# What the commands say -----------------------------------------------------------------------


def test_assess_names_the_leading_cause_as_text(record: Path) -> None:
    result = run("assess", record)
    assert result.exit_code == 0
    assert "Sciatica" in result.stdout
    assert "\x1b" not in result.stdout


def test_assess_gives_json(record: Path) -> None:
    data = json.loads(run("assess", record, "--format", "json").stdout)
    assert data["schema"] == "crural/assessment/1"
    chances = [cause["probability"] for cause in data["causes"]]
    assert chances[0] == pytest.approx(max(chances))


def test_explain_names_the_facts_behind_a_cause(record: Path) -> None:
    result = run("explain", record, "sciatica-disc-herniation")
    assert result.exit_code == 0
    assert "straight leg raise" in result.stdout


def test_explain_names_grades_and_the_other_leg_in_words(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    observed = [
        "{finding: pain-duration, value: 3 months}",
        "{finding: abi, value: 0.6}",
        "{finding: abi, value: 1.3, side: right}",
    ]
    lines = "".join(f"  - {line}\n" for line in observed)
    path.write_text(f"{HEAD}observations:\n{lines}", encoding="utf-8")
    told = " ".join(run("explain", path, "peripheral-artery-disease").stdout.split())
    assert "6-weeks-to-6-months" not in told
    assert "(other leg)" in told


def test_explain_suggests_the_condition_that_was_meant(record: Path) -> None:
    line = refused("explain", record, "sciatica")
    assert "no condition is called 'sciatica'" in line
    assert "sciatica-disc-herniation" in line
    assert "name a known condition" in refused("explain", record, "qqqqqqqq")


def test_findings_lists_the_vocabulary_and_searches_it() -> None:
    everything, some = run("findings"), run("findings", "straight", "leg")
    assert (everything.exit_code, some.exit_code) == (0, 0)
    assert "slr-positive" in everything.stdout
    assert "slr-positive" in some.stdout
    assert len(some.stdout) < len(everything.stdout) / 5


@pytest.mark.parametrize(
    "entry",
    ["sciatica-disc-herniation", "slr-positive", "radiculopathy-l5", "cauda-equina"],
)
def test_an_entry_of_the_knowledge_is_shown(entry: str) -> None:
    result = run("knowledge", "show", entry)
    assert result.exit_code == 0
    assert entry in result.stdout


def test_an_unknown_entry_is_refused() -> None:
    assert "slr-positive" in refused("knowledge", "show", "slr-positve")


def test_the_knowledge_is_exported() -> None:
    data = json.loads(run("knowledge", "export").stdout)
    assert "sciatica-disc-herniation" in json.dumps(data)
    table = run("knowledge", "export", "--format", "csv").stdout
    assert len(table.splitlines()) > 500


@pytest.mark.parametrize(("problems", "status"), [([], 0), (["something is wrong"], 1)])
def test_the_check_fails_when_there_are_problems(
    problems: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Report:
        """Stands in for a check that takes a while."""

        def __init__(self) -> None:
            self.problems = problems

        def to_data(self) -> dict[str, list[str]]:
            return {"problems": problems}

        def to_text(self) -> str:
            return "\n".join(["checked", *problems])

    monkeypatch.setattr("crural.check.check", Report)
    as_text = run("knowledge", "check")
    assert (as_text.exit_code, as_text.stdout.splitlines()[0]) == (status, "checked")
    as_json = run("knowledge", "check", "--format", "json")
    assert as_json.exit_code == status
    assert json.loads(as_json.stdout) == {"problems": problems}


def test_patients_with_a_known_diagnosis_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    truth = "truth: {condition: sciatica-disc-herniation, urgency: routine}\n"
    path.write_text(HEAD + "present: [slr-positive]\n" + truth, encoding="utf-8")
    result = run("validate", path)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()
    assert "there is no such file" in refused("validate", tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    "about", ["emergency", "stimulation", "intrathecal", "surgery", "pain-clinic"]
)
def test_a_letter_is_written_as_pdf(record: Path, about: str, tmp_path: Path) -> None:
    output = tmp_path / "letter.pdf"
    result = run("letter", record, "--about", about, "--output", output)
    assert (result.exit_code, result.output) == (0, "")
    assert output.read_bytes().startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == [output]


def test_a_sheet_is_written_as_page_or_pdf_by_the_ending_of_its_name(
    record: Path, tmp_path: Path
) -> None:
    for name, start in (("sheet.html", b"<!DOCTYPE html>"), ("sheet.PDF", b"%PDF-")):
        output = tmp_path / name
        result = run("sheet", record, "--output", output)
        assert (result.exit_code, result.output) == (0, "")
        assert output.read_bytes().lstrip().startswith(start)


@pytest.mark.parametrize("command", ["letter", "sheet"])
def test_a_file_of_another_kind_is_refused_and_not_written(
    command: str, record: Path, tmp_path: Path
) -> None:
    line = refused(command, record, "--output", tmp_path / "out.docx")
    assert ".pdf" in line
    assert list(tmp_path.iterdir()) == []


def test_a_letter_for_a_missing_folder_is_refused(record: Path, tmp_path: Path) -> None:
    line = refused("letter", record, "--output", tmp_path / "nowhere" / "letter.pdf")
    assert "cannot be written" in line


def test_pain_scores_are_held_against_the_expected_course() -> None:
    result = run("follow-up", EXAMPLE)
    assert result.exit_code == 0, result.output
    assert "IS THE PAIN LESSENING AS IT SHOULD?" in result.stdout
    data = json.loads(run("follow-up", EXAMPLE, "--format", "json").stdout)
    assert data["record"] == "example-left-leg"
    assert data["course"]["verdict"] in {"on-course", "too-early", "off-course"}
    assert len(data["course"]["scores"]) == 3


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ("", "there are no pain scores"),
        ("pain_scores: [{day: 0, nrs: 7}]\n", "only one pain score"),
        ("pain_scores: [{day: 0, nrs: 7}, {day: 0, nrs: 6}]\n", "no course"),
    ],
)
def test_pain_that_cannot_be_followed_up_is_refused(scores: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(HEAD + "present: [pain-buttock, slr-positive]\n" + scores, encoding="utf-8")
    line = refused("follow-up", path)
    assert ": pain_scores: " in line
    assert said in line


@pytest.mark.parametrize("words", [("--help",), ("assess", "-h"), ("--version",)])
def test_help_and_version_are_given(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 0
    assert result.stdout.strip()


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_every_shipped_example_is_assessed(name: str) -> None:
    result = run("assess", EXAMPLES / name)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()
