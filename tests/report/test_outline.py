from __future__ import annotations

from crural.report.outline import outline

from .made import Data, assessment_data, cause, check


def names(parts: tuple[Data, ...] | tuple[object, ...]) -> list[str]:
    return [part["name"] for part in parts if isinstance(part, dict)]


def test_causes_are_told_at_a_length_that_fits_their_probability() -> None:
    plan = outline(
        assessment_data(
            causes=[cause("A", 0.6), cause("B", 0.05), cause("C", 0.01), cause("D", 0.001)]
        )
    )
    assert names(plan.listed) == ["A", "B"]
    assert names(plan.in_full) == ["A"]
    assert names(plan.minor) == ["C"]
    assert plan.silent == 1


def test_the_leading_cause_is_told_in_full_however_improbable() -> None:
    plan = outline(assessment_data(causes=[cause("A", 0.012), cause("B", 0.011)]))
    assert names(plan.listed) == ["A", "B"]
    assert names(plan.in_full) == ["A"]


def test_a_dangerous_cause_is_never_passed_over_in_silence() -> None:
    plan = outline(
        assessment_data(
            causes=[
                cause("A", 0.6),
                cause("Listed danger", 0.04, urgency="emergency"),
                cause("Small danger", 0.006, urgency="emergency"),
                cause("Tiny danger", 0.004, urgency="emergency"),
            ]
        )
    )
    assert names(plan.dangerous) == ["Listed danger", "Small danger"]


def test_of_many_dangerous_causes_the_last_are_told_by_name() -> None:
    many = [cause(f"D{n}", 0.05 - n / 200, urgency="emergency") for n in range(6)]
    plan = outline(assessment_data(causes=[cause("A", 0.6), *many]))
    assert names(plan.dangerous) == ["D0", "D1", "D2", "D3"]
    assert names(plan.also_dangerous) == ["D4", "D5"]


def test_a_dangerous_cause_told_in_full_is_not_told_twice() -> None:
    plan = outline(assessment_data(causes=[cause("A", 0.6, urgency="emergency")]))
    assert names(plan.in_full) == ["A"]
    assert plan.dangerous == ()


def test_checks_are_grouped_by_what_they_ask_of_the_patient() -> None:
    checks = [check("X", "mri"), check("Y", "ask"), check("Z", "blood"), check("W", "ask")]
    groups = outline(assessment_data(next=checks)).checks
    told = {group: [c["question"] for c in checks] for group, checks in groups.items()}
    assert told == {"Ask": ["Y", "W"], "Test": ["X", "Z"]}
    assert list(told) == ["Ask", "Test"]
