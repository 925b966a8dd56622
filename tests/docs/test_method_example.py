"""The numbers of docs/method.md are those of the code, by the engine and by hand."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from docs.build.worked_example import (
    PAGE,
    as_written,
    engine_numbers,
    numbers_by_hand,
    renewed,
    written_numbers,
)

TEXT = PAGE.read_text(encoding="utf-8")
WRITTEN = written_numbers(TEXT)
REMEDY = "run `python -m docs.build` and read the example again"

# What has no arithmetic that fits on a page: random draws, and the expected information.
ENGINE_ONLY = {
    "check-gain",
    "check-probability",
    "high-disc",
    "high-hip",
    "if-absent-hip",
    "if-present-hip",
    "low-disc",
    "low-hip",
    "unexamined-disc",
    "unexamined-hip",
}

# Where the model's own estimates stand.
ROOMS = {
    "alerts": "crural.safety.alerts",
    "attempts": "crural.history.attempts",
    "follow_up": "crural.course.follow_up",
    "limits": "crural.history.limits",
    "network": "crural.diagnosis.network",
    "next_check": "crural.diagnosis.next_check",
    "numbers": "crural.knowledge.numbers",
    "options": "crural.ladder.options",
    "plan": "crural.ladder.plan",
    "position": "crural.ladder.position",
    "priors": "crural.diagnosis.priors",
}
# Not estimates: quantiles of the normal distribution, a floor, a limit of computing.
NO_ESTIMATES = {
    "Z_90",
    "Z_95",
    "WORST_TENTH",
    "IMPOSSIBLE",
    "BATTERY_SIZE",
    "MOST_CAUSES",
    "MOST_SHARED",
}
_ROW = re.compile(
    r"^\| `(?P<room>[a-z_]+)\.(?P<name>[A-Z_0-9]+)(?:\[\"(?P<key>[a-z-]+)\"\])?` \| "
    r"(?P<value>[^|]+) \| (?P<rest>[^|]+) \|",
    re.MULTILINE,
)
CONSTANTS = [match.groupdict() for match in _ROW.finditer(TEXT)]


def constant(row: dict[str, str]) -> float:
    value = getattr(import_module(ROOMS[row["room"]]), row["name"])
    if row["key"] is not None:
        value = value[row["key"]]
    return float(value[0] if isinstance(value, tuple) else value)


def test_the_engine_gives_every_marked_number() -> None:
    numbers = numbers_by_hand(TEXT) | engine_numbers(TEXT)
    wrong = {
        name: (written, numbers[name])
        for name, every in WRITTEN.items()
        for written in every
        if written != as_written(numbers[name], written)
    }
    assert not wrong, REMEDY


def test_arithmetic_by_hand_gives_what_the_engine_gives() -> None:
    engine, hand = engine_numbers(TEXT), numbers_by_hand(TEXT)
    both = set(engine) & set(hand)
    assert {"posterior-disc", "prior-hip", "lr-slr-disc", "only-disc-hip", "evidence"} <= both
    for name in both:
        assert hand[name] == pytest.approx(engine[name], rel=1e-9), name


def test_the_sweep_by_hand_ends_where_the_sum_over_all_sets_ends() -> None:
    hand = numbers_by_hand(TEXT)
    assert hand["sweep-evidence"] == pytest.approx(hand["evidence"], rel=1e-12)
    assert hand["step-disc"] == pytest.approx(hand["likelihood-disc"], rel=1e-12)


def test_what_can_be_followed_by_hand_is_followed_by_hand() -> None:
    assert set(WRITTEN) - set(numbers_by_hand(TEXT)) == ENGINE_ONLY


def test_renewing_a_true_page_changes_nothing() -> None:
    assert renewed(TEXT) == TEXT, REMEDY


def test_renewing_mends_a_number_that_is_wrong() -> None:
    good = f"{WRITTEN['posterior-disc'][0]}<!--posterior-disc-->"
    assert renewed(TEXT.replace(good, "0.111<!--posterior-disc-->")) == TEXT


@pytest.mark.parametrize("row", CONSTANTS, ids=lambda row: f"{row['room']}.{row['name']}")
def test_a_constant_of_the_page_is_that_of_the_code(row: dict[str, str]) -> None:
    assert constant(row) == float(row["value"])


@pytest.mark.parametrize("row", CONSTANTS, ids=lambda row: f"{row['room']}.{row['name']}")
def test_an_estimate_of_the_model_lies_in_its_range(row: dict[str, str]) -> None:
    low, high = map(float, row["rest"].split(" to "))
    assert low < constant(row) < high


def test_every_estimate_of_the_model_stands_in_the_page() -> None:
    listed = {(row["room"], row["name"]) for row in CONSTANTS}
    missing = [
        f"{room}.{name}"
        for room, module in ROOMS.items()
        for name, value in vars(import_module(module)).items()
        if re.fullmatch(r"[A-Z][A-Z_0-9]*", name)
        and isinstance(value, int | float)
        and name not in NO_ESTIMATES
        and name not in {known for _, known in listed}
    ]
    assert not missing, f"add {missing} to the table at the end of docs/method.md"


@pytest.mark.parametrize(("room", "name"), [("next_check", "BURDEN"), ("alerts", "SUSPECTED")])
def test_every_entry_of_a_table_has_its_reason(room: str, name: str) -> None:
    entries = getattr(import_module(ROOMS[room]), name)
    assert {row["key"] for row in CONSTANTS if row["name"] == name} == set(entries)
