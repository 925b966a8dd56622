"""The next step of known patients, held against what was done, and what files may say of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from crural.assessment import assess
from crural.cli import main
from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.knowledge.ladder import Ladder, Stage
from crural.ladder import position_on
from crural.validation import Flag, KnownCase, NextStep, Truth, read_cases, validate_ladder
from crural.validation.cases import case_from_text
from crural.validation.ladder import (
    WIDTH,
    JudgedStep,
    agreement_of,
    as_data,
    as_text,
    check_names,
    judge,
)
from tests.ladder.small_ladder import GENERAL, KNOWLEDGE, LADDER, criteria, patient, record
from tests.record.conftest import VOCABULARY

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "validation" / "cases"

FAILED = {"response": "none"}
RESTED = [{"what": "resting", **FAILED}]
BEGUN = {"what": "red pill", "start": dt.date(2026, 2, 25)}
PILLS = [{"what": one, **FAILED} for one in ("rest", "red pill", "blue pill")]
BESIDE = Ladder.model_validate(
    LADDER.model_dump(by_alias=True)
    | {
        "id": "with-one-beside",
        "rungs": [
            *LADDER.model_dump(by_alias=True)["rungs"],
            {
                "id": "cause",
                "title": "The cause",
                "stage": "cause",
                "options": ["green-pill"],
                "why": "chosen for the test",
                "beside": True,
            },
        ],
    }
)


def step(*did: str, stage: str = "surgery", flags: tuple[Flag, ...] = ()) -> NextStep:
    return NextStep(did or ("knife",), cast(Stage, stage), "it had to be", flags)


def known(done: NextStep | None, **parts: Any) -> KnownCase:
    truth = Truth("stenosis", (), "routine")
    return KnownCase("a-patient", None, truth, record(**parts), (), done, file="a.yaml")


def judged(done: NextStep, world: Knowledge = KNOWLEDGE, **parts: Any) -> JudgedStep:
    return judge(known(done, **parts), world)


def agreement(done: NextStep, ladder: Ladder = LADDER, **parts: Any) -> str:
    return agreement_of([position_on(ladder, "stenosis", patient(**parts))], done)


# --- how near the step is ----------------------------------------------------------------------


def test_the_rung_that_is_next_agrees_exactly() -> None:
    assert agreement(step("red-pill", stage="neuropathic-drug"), treatments=RESTED) == "exact"


def test_another_treatment_of_the_same_stage_agrees_too() -> None:
    assert agreement(step("wire", stage="neuropathic-drug"), treatments=RESTED) == "exact"


@pytest.mark.parametrize(("name", "stage"), [("rest", "self-care"), ("knife", "surgery")])
def test_a_rung_above_or_below_the_next_one_is_near(name: str, stage: str) -> None:
    assert agreement(step(name, stage=stage), treatments=RESTED) == "within-one-rung"


def test_what_lies_further_off_is_another_step() -> None:
    assert agreement(step("wire", stage="stimulation"), treatments=RESTED) == "other"


def test_a_rung_that_is_not_for_such_a_patient_is_no_distance() -> None:
    no_target = [{"finding": "target", "present": False}]
    wire = step("wire", stage="stimulation")

    assert agreement(wire, treatments=RESTED) == "other"
    assert agreement(wire, treatments=RESTED, observations=no_target) == "within-one-rung"


def test_a_rung_that_runs_beside_the_others_agrees_at_any_time() -> None:
    done = step("green-pill", stage="cause")

    assert agreement(done, BESIDE) == "exact"
    assert agreement(done, BESIDE, treatments=PILLS) == "exact"


def test_while_something_is_going_on_at_the_top_a_step_can_only_be_near() -> None:
    treatments = [*RESTED, BEGUN]
    rest = step("rest", stage="self-care")

    assert position_on(GENERAL, None, patient(treatments=treatments)).next is None
    assert agreement(rest, GENERAL, treatments=treatments) == "within-one-rung"
    assert agreement(step("pump", stage="intrathecal"), GENERAL, treatments=treatments) == "other"


def test_at_the_top_of_the_ladder_there_is_no_next_step() -> None:
    everything = [{"what": name, **FAILED} for name in ("rest", "conservative treatment", "knife")]
    everything += [{"what": "wire implant", **FAILED}, {"what": "pump", **FAILED}]

    assert agreement(step("pump", stage="intrathecal"), treatments=everything) == "other"


def test_the_nearest_of_several_ladders_counts() -> None:
    someone = patient(treatments=RESTED)
    positions = [position_on(ladder, "stenosis", someone) for ladder in (GENERAL, LADDER)]

    assert agreement_of(positions, step("knife")) == "within-one-rung"
    assert agreement_of(positions[:1], step("knife")) == "other"
    assert agreement_of([], step("knife")) == "other"


# --- one patient -------------------------------------------------------------------------------


def test_a_patient_shows_what_was_done_what_is_next_and_why() -> None:
    found = judged(step("red-pill", stage="neuropathic-drug"), treatments=RESTED)

    assert (found.id, found.truth, found.agreement) == ("a-patient", "stenosis", "exact")
    assert (found.ladder, found.said) == ("stenosis-ladder", "pills")
    assert found.because
    assert found.stands == ("stenosis-ladder/pills: next", "general/pills: next")


def test_the_leading_ladder_alone_is_judged_too() -> None:
    before = Ladder.model_validate(
        LADDER.model_dump(by_alias=True) | {"id": "a", "rungs": BESIDE.rungs[3:]}
    )
    ladders = {one.id: one for one in (before, LADDER, GENERAL)}
    world = replace(KNOWLEDGE, ladders=ladders, digest="two ladders")

    found = judged(step("red-pill", stage="neuropathic-drug"), world, treatments=RESTED)

    assert (found.agreement, found.on_leading) == ("exact", "other")
    assert found.open == ("stimulation", "cause", "neuropathic-drug")


def test_while_nothing_is_next_the_reason_is_what_is_going_on() -> None:
    world = replace(KNOWLEDGE, ladders={GENERAL.id: GENERAL}, digest="general alone")

    found = judged(step(), world, treatments=[*RESTED, BEGUN])

    assert found.said == ""
    assert found.because == ("red pill is going on",)


def test_knowledge_without_ladders_says_so() -> None:
    found = judged(step(), replace(KNOWLEDGE, ladders={}, digest="no ladders"))

    assert (found.ladder, found.agreement, found.because) == ("", "other", ("no ladder",))


def test_a_case_without_a_next_step_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="next step"):
        judge(known(None), KNOWLEDGE)


def test_a_precaution_that_is_met_flags_the_contraindication() -> None:
    flag = Flag("a weak heart", ("weak-heart",))
    done = step("red-pill", stage="neuropathic-drug", flags=(flag,))
    heart = [{"finding": "heart", "present": True}]

    assert judged(done, observations=heart).flagged == ("a weak heart",)
    assert judged(done).unflagged == ("a weak heart",)


def test_a_precaution_of_another_treatment_than_the_one_done_does_not_count() -> None:
    done = step("knife", flags=(Flag("a weak heart", ("weak-heart",)),))

    found = judged(done, observations=[{"finding": "heart", "present": True}])

    assert found.unflagged == ("a weak heart",)


def test_what_must_be_known_first_is_asked_for() -> None:
    flag = Flag("weak kidneys", ("kidney",))
    done = step("red-pill", stage="neuropathic-drug", flags=(flag,))

    found = judged(done)

    assert (found.flagged, found.asked, found.unflagged) == ((), ("weak kidneys",), ())


def test_that_a_treatment_failed_before_is_a_flag() -> None:
    flag = Flag("the wire had failed", ("wire:failed",))
    done = step("wire", stage="stimulation", flags=(flag,))

    found = judged(done, treatments=[{"what": "wire implant", **FAILED}])

    assert found.flagged == ("the wire had failed",)


def test_lines_of_the_lists_of_the_therapy_that_was_done_flag_or_ask() -> None:
    lists = criteria(
        "precautions",
        {"id": "heart-line", "text": "A weak heart", "when": {"finding": "heart"}},
        {"id": "kidney-line", "text": "Kidneys", "when": {"finding": "palsy"}},
    )
    world = replace(KNOWLEDGE, criteria={lists.id: lists}, digest="with lists")
    flags = (Flag("heart", ("heart-line",)), Flag("palsy", ("palsy",)), Flag("age", ()))
    heart = [{"finding": "heart", "present": True}]

    wire = judged(step("wire", stage="stimulation", flags=flags), world, observations=heart)
    knife = judged(step("knife", flags=flags), world, observations=heart)

    assert (wire.flagged, wire.asked, wire.unflagged) == (("heart",), ("palsy",), ("age",))
    assert wire.candidacy == {"stimulation": "unknown", "intrathecal": "unknown"}
    assert knife.unflagged == ("heart", "palsy", "age")


# --- the report --------------------------------------------------------------------------------


def small_result() -> list[JudgedStep]:
    long = "a reason that goes on and on, " * 8
    flags = (Flag("a weak heart", ("weak-heart",)), Flag("kidneys", ("kidney",)), Flag("age", ()))
    return [
        judged(
            step("red-pill", stage="neuropathic-drug", flags=flags),
            treatments=RESTED,
            observations=[{"finding": "heart", "present": True}],
        ),
        replace(judged(step("wire", stage="stimulation")), because=(long,)),
        replace(judged(step("knife")), ladder="", said="", stands=(), because=("no ladder",)),
    ]


def schema() -> Draft202012Validator:
    path = ROOT / "docs" / "schema" / "ladder-validation.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


def test_the_figures_count_patients_and_contraindications() -> None:
    data = as_data(small_result())

    assert data["n"] == 3
    assert data["exact"]["hits"] == 1
    assert data["exact_or_within_one"]["hits"] == 1
    assert data["contraindications"] == {"named": 3, "flagged": 1, "asked": 1}


@pytest.mark.parametrize("result", [small_result(), []], ids=["small", "nobody"])
def test_the_json_keeps_to_its_schema(result: list[JudgedStep]) -> None:
    errors = list(schema().iter_errors(json.loads(json.dumps(as_data(result)))))
    assert not errors, errors[0].message


def test_the_schema_refuses_what_it_does_not_know() -> None:
    data = as_data(small_result())
    assert not schema().is_valid(data | {"nearly": 1})
    data["cases"][0]["agreement"] = "nearly"
    assert not schema().is_valid(data)


def test_the_text_tells_the_same_in_lines_that_fit() -> None:
    text = as_text(as_data(small_result()))

    assert "the step that was taken         1 of 3 (33 %," in text
    assert "on the leading ladder alone     1 of 3 (33 %," in text
    assert "stages that would have agreed   1.0 of 11 on average" in text
    assert "next        stenosis-ladder/pills: " in text
    assert "flagged     a weak heart" in text
    assert "asked       kidneys" in text
    assert "not flagged age" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_nobody_gives_a_report_too() -> None:
    assert "nobody to count" in as_text(as_data([]))


# --- what the files may say --------------------------------------------------------------------

FILE = """\
truth: {condition: sciatica-disc-herniation, urgency: routine}
record: {age: 46, sex: male, side: left}
ladder:
  did: [discectomy]
  stage: surgery
  why: the root was pressed
  flags:
    - what: takes aspirin
      any_of: [spine-surgery-antiplatelet]
"""


def read(text: str) -> KnownCase:
    return case_from_text(text, VOCABULARY, "case.yaml", default_id="case")


def test_the_next_step_is_read_with_its_flags() -> None:
    done = read(FILE).next_step
    assert done is not None
    assert (done.did, done.stage, done.why) == (("discectomy",), "surgery", "the root was pressed")
    assert done.flags == (Flag("takes aspirin", ("spine-surgery-antiplatelet",)),)


def test_reason_and_flags_may_be_left_out() -> None:
    done = read(FILE.partition("  why")[0]).next_step
    assert done == NextStep(("discectomy",), "surgery", "", ())
    assert read(FILE.partition("ladder")[0]).next_step is None


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ("  did: [discectomy]\n", "", 3, "ladder.did", "is missing"),
        ("  stage: surgery\n", "", 3, "ladder.stage", "is missing"),
        ("stage: surgery", "stage: theatre", 5, "ladder.stage", "is not a stage of a ladder"),
        ("stage: surgery", "stage: [surgery]", 5, "ladder.stage", "is not a stage of a ladder"),
        ("did: [discectomy]", "did: discectomy", 4, "ladder.did", "is not a list of ids"),
        ("did: [discectomy]", "did: [3]", 4, "ladder.did", "is not a list of ids"),
        ("why: the", "because: the", 6, "ladder.because", "is not a known key"),
        ("    - what: takes aspirin", "    - takes: aspirin", 8, "ladder.flags.0", "is no flag"),
        ("any_of:", "one_of:", 9, "ladder.flags.0.one_of", "is not a known key"),
        ("[spine-surgery-antiplatelet]", "x", 9, "ladder.flags.0.any_of", "not a list of ids"),
    ],
)
def test_an_error_names_the_line_the_field_and_the_remedy(
    old: str, new: str, line: int, field: str, says: str
) -> None:
    with pytest.raises(RecordError) as caught:
        read(FILE.replace(old, new))
    error = caught.value
    assert (error.file, error.line, error.field) == ("case.yaml", line, field)
    assert says in str(error)
    assert error.remedy


@pytest.mark.parametrize("words", ["surgery", "{did: [a], stage: surgery, flags: x}"])
def test_what_is_no_next_step_is_an_error(words: str) -> None:
    with pytest.raises(RecordError, match="ladder"):
        read(FILE.partition("ladder:")[0] + f"ladder: {words}\n")


@pytest.mark.parametrize(
    ("done", "field", "says"),
    [
        (step("red-pil"), "ladder.did.0", "did you mean red-pill"),
        (step("knife", "zzz"), "ladder.did.1", "name a treatment"),
        (step(flags=(Flag("a", ("weak-hart",)),)), "ladder.flags.0.any_of.0", "weak-heart"),
        (step(flags=(Flag("a", ("wire:tired",)),)), "ladder.flags.0.any_of.0", "wire:tired"),
        (step(flags=(Flag("a", ("wir:failed",)),)), "ladder.flags.0.any_of.0", "wir:failed"),
    ],
)
def test_a_name_that_the_knowledge_does_not_have_is_an_error(
    done: NextStep, field: str, says: str
) -> None:
    with pytest.raises(RecordError, match=says) as caught:
        check_names(known(done), KNOWLEDGE)
    assert (caught.value.file, caught.value.field) == ("a.yaml", field)


def test_names_that_the_knowledge_has_are_no_error() -> None:
    flags = (Flag("a", ("weak-heart", "kidney", "wire:not-tolerated")),)
    check_names(known(step("wire", "knife", flags=flags)), KNOWLEDGE)
    check_names(known(None), KNOWLEDGE)


# --- the command, and the published patients -----------------------------------------------------


def run(*words: str) -> Any:
    return CliRunner().invoke(main, ["validate", *words, "--ladder"])


def test_the_command_prints_both_forms(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(FILE.partition("ladder")[0], encoding="utf-8")

    text, data = run(str(tmp_path)), run(str(tmp_path), "--format", "json")

    assert text.exit_code == data.exit_code == 0
    assert text.stdout.startswith("The next step of 1 published patients")
    assert not list(schema().iter_errors(json.loads(data.stdout)))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("[discectomy]", "[disectomy]", "ladder.did.0"),
        ("stage: surgery", "stage: theatre", "ladder.stage"),
        ("spine-surgery-antiplatelet", "aspirin-before", "ladder.flags.0.any_of.0"),
    ],
)
def test_a_wrong_file_is_one_line_and_status_2(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")

    result = run(str(path))

    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert str(path) in result.stderr
    assert field in result.stderr


@pytest.mark.parametrize("more", [("--format", "html"), ("--stage", "work-up")])
def test_what_the_ladder_has_no_form_for_is_refused(more: tuple[str, str]) -> None:
    result = run(str(CASES), *more)

    assert result.exit_code == 2
    assert "does not go with --ladder" in result.stderr


def test_every_published_next_step_names_what_the_knowledge_has(knowledge: Knowledge) -> None:
    cases = [c for c in read_cases([CASES], knowledge.vocabulary) if c.next_step is not None]
    assert len(cases) == 21
    for case in cases:
        check_names(case, knowledge)


def test_a_published_patient_is_judged_on_the_ladders_of_the_plausible_causes(
    knowledge: Knowledge,
) -> None:
    path = CASES / "spineuniverse-highsmith-radicular.yaml"

    data = json.loads(validate_ladder([path], knowledge, "json"))

    (case,) = data["cases"]
    plan = assess(read_cases([path], knowledge.vocabulary)[0].record, knowledge).plan
    assert plan is not None
    assert case["ladder"] == plan.leading.ladder.id
    ladders = {position.ladder.id for position in plan.ladders}
    assert {name.partition("/")[0] for name in case["stands"]} <= ladders
    assert case["because"]
