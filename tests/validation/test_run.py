"""From cases and answers to judgements, with a program that says what it is told to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crural.diagnosis.network import OTHER
from crural.knowledge import load_knowledge
from crural.record import Record, record_from_data
from crural.validation.cases import KnownCase, Truth
from crural.validation.metrics import Share
from crural.validation.run import (
    AlertSaid,
    Answer,
    StageResult,
    answer_of,
    judge,
    validate,
    why_missed,
)
from tests.validation.worlds import FACTS, answer, engine, knowledge, known

CONDITIONS = frozenset({"disc", "stenosis", "fracture"})
URGENT = AlertSaid("spine-trauma", "same-day", ("fracture",))
LATER = AlertSaid("myeloma", "two-weeks")


def result(cases: Sequence[KnownCase], *answers: Answer) -> StageResult:
    """The presentation stage of cases that get one answer each, in order of age 0, 1, 2."""
    told = engine(dict(enumerate(answers)))
    return validate(cases, knowledge(), ("presentation",), engine=told).stages[0]


def test_places_are_counted_over_the_patients_in_scope() -> None:
    found = result(
        [
            known("right", "disc", age=0),
            known("second", "stenosis", age=1),
            known("elsewhere", "other:gout", age=2),
        ],
        answer(0.8, 0.3, 0.0, 0.1),
        answer(0.8, 0.3, 0.0, 0.1),
        answer(0.1, 0.1, 0.0, 0.7),
    )
    assert found.crural.ranking.top1 == Share(1, 2)
    assert found.crural.ranking.top3 == Share(2, 2)
    assert found.out_of_scope == Share(1, 1)
    assert found.confusion == {("stenosis", "disc"): 1}
    assert [p.in_scope for p in found.patients] == [True, True, False]


def test_an_unlisted_condition_is_right_as_none_of_these() -> None:
    for cause in ("other:gout", "gout"):
        judged = judge(known("x", cause), answer(0.1, 0.1, 0.0, 0.7), CONDITIONS)
        assert (judged.truth, judged.rank, judged.probability) == (OTHER, 1, 0.7)
        assert not judged.in_scope


def test_another_true_cause_counts_for_the_best_place() -> None:
    case = known("x", "stenosis", also=("disc", "other:gout"))
    judged = judge(case, answer(0.8, 0.3, 0.0, 0.1), CONDITIONS)
    assert (judged.rank, judged.rank_any) == (2, 1)
    assert judged.also == {"disc", OTHER}


def test_in_a_tie_the_truth_is_not_called_first() -> None:
    judged = judge(known("x", "disc"), answer(0.5, 0.5, 0.0, 0.0), CONDITIONS)
    assert (judged.rank, judged.first) == (2, "stenosis")
    assert judged.missed is not None


def test_each_stage_is_answered_from_what_was_known_then() -> None:
    seen: list[int] = []

    def watching(record: Record) -> Answer:
        seen.append(len(record.observations))
        return answer(0.8, 0.3, 0.0, 0.1)

    cases = [known("a", "disc", work_up=True), known("b", "disc")]
    done: list[None] = []
    found = validate(cases, knowledge(), engine=watching, on_patient=lambda: done.append(None))
    assert [s.stage for s in found.stages] == ["presentation", "work-up"]
    # The second case gained nothing by the work-up and is not asked about again.
    assert seen == [1, 1, 2]
    assert len(done) == 4


@pytest.mark.parametrize(
    ("urgency", "alerts", "fits", "because"),
    [
        ("emergency", (URGENT,), True, None),
        (
            "emergency",
            (LATER,),
            False,
            "only myeloma (two-weeks); a question is open on spine-trauma",
        ),
        ("urgent", (), False, "no alert; a question is open on spine-trauma"),
        ("routine", (LATER,), True, None),
        ("routine", (URGENT, LATER), False, "raised: spine-trauma (same-day), myeloma (two-weeks)"),
    ],
)
def test_alerts_are_held_against_the_urgency(
    urgency: str, alerts: tuple[AlertSaid, ...], fits: bool, because: str | None
) -> None:
    case = known("x", "fracture", urgency=urgency)  # type: ignore[arg-type]
    said = answer(0.8, 0.3, 0.0, 0.1, alerts=alerts, open_alerts=(URGENT,))
    judged = judge(case, said, CONDITIONS)
    assert (judged.urgent_ok, judged.alert_because) == (fits, because)


def test_open_questions_about_something_else_are_only_counted() -> None:
    case = known("x", "disc", urgency="urgent")
    judged = judge(case, answer(0.8, 0.3, 0.0, 0.1, open_alerts=(URGENT, LATER)), CONDITIONS)
    assert judged.alert_because == "no alert; of 2 open questions none about the cause"


def test_an_alert_is_about_the_truth_when_it_names_a_cause_that_was_there() -> None:
    found = result(
        [
            known("main", "fracture", urgency="urgent", age=0),
            known("second", "disc", also=("fracture",), urgency="urgent", age=1),
            known("not", "disc", urgency="urgent", age=2),
        ],
        *[answer(0.8, 0.3, 0.0, 0.1, alerts=(URGENT,))] * 3,
    )
    assert found.alerts.about_truth == Share(2, 3)
    assert found.alerts.sensitivity == Share(3, 3)


def test_conditions_are_listed_with_their_patients() -> None:
    cases = [known("a", "stenosis", age=0), known("b", "disc", age=1), known("c", "disc", age=2)]
    answers = [answer(0.8, 0.3, 0.0, 0.1), answer(0.8, 0.3, 0.0, 0.1), answer(0.2, 0.3, 0.0, 0.1)]
    rows = [(c.condition, c.top1, c.mean_probability) for c in result(cases, *answers).conditions]
    assert rows == [("disc", Share(1, 2), 0.5), ("stenosis", Share(0, 1), 0.3)]


SAID = answer(0.8, 0.3, 0.0, 0.1)
STENOSIS = KnownCase(
    "x",
    None,
    Truth("stenosis", (), "routine"),
    Record(age=50, sex="female", side="left"),
    (),
)


def test_the_strongest_fact_against_the_truth_is_the_reason() -> None:
    missed = why_missed(STENOSIS, SAID, "stenosis", "disc", frozenset())
    assert missed.kind == "finding"
    assert missed.because == "slr-positive present: 8 times as frequent in disc"
    assert missed.prior_ratio == pytest.approx((0.3 / 0.7) / (0.2 / 0.8))
    assert [a.fact for a in missed.against] == ["slr-positive present"]


def test_a_rare_truth_is_missed_for_its_prior() -> None:
    missed = why_missed(STENOSIS, SAID, "fracture", "disc", frozenset())
    assert missed.kind == "prior"
    assert missed.because.startswith("prior: 0.01 before any finding, disc 0.3 (42.4 times")


def test_with_few_facts_nothing_could_be_told() -> None:
    few = answer(0.8, 0.3, 0.0, 0.1, findings=3)
    missed = why_missed(STENOSIS, few, "stenosis", "disc", frozenset())
    assert (missed.kind, missed.because) == ("few-facts", "only 3 findings are known")


def test_a_truth_that_the_knowledge_lacks_is_named() -> None:
    case = known("x", "other:gout")
    missed = why_missed(case, SAID, OTHER, "disc", frozenset())
    assert (missed.kind, missed.because) == ("out-of-scope", "other:gout is not in the knowledge")


def test_another_true_cause_that_came_first_is_no_mistake_of_the_findings() -> None:
    missed = why_missed(STENOSIS, SAID, "stenosis", "disc", frozenset({"disc"}))
    assert missed.kind == "also-present"


def test_when_no_single_fact_decides_the_reason_says_so() -> None:
    alike = dict.fromkeys(FACTS, (0.5, 0.5, 0.5, 0.5))
    even = answer(0.8, 0.3, 0.0, 0.1, facts=alike, prior=(0.2, 0.2, 0.2, 0.2))
    missed = why_missed(STENOSIS, even, "stenosis", "disc", frozenset())
    assert missed.kind == "together"
    assert missed.against == ()


def test_the_shipped_program_answers_with_every_cause_and_both_baselines() -> None:
    loaded = load_knowledge()
    data = {
        "age": 41,
        "sex": "male",
        "side": "left",
        "present": ["pain-radiating-below-knee", "slr-positive"],
        "absent": ["pain-hip"],
    }
    said = answer_of(record_from_data(data, loaded.vocabulary, "test"), loaded)
    causes = {*loaded.conditions, OTHER}
    assert set(said.probability) == causes
    assert said.baselines.keys() == {"prior", "naive-bayes"}
    for baseline in said.baselines.values():
        assert set(baseline) == causes
    assert sum(said.baselines["naive-bayes"].values()) == pytest.approx(1)
    assert "slr-positive present" in said.single.facts
    assert said.findings == 3
