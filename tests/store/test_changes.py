"""A difference of two records, told so that it can be read out."""

from __future__ import annotations

from typing import Any

import pytest

from crural.store import changes

SLR = {"finding": "slr-positive", "present": True, "side": "left", "stage": "presentation"}
CRP = {"finding": "crp-high", "value": 12.0, "unit": "mg/L", "stage": "work-up"}


def observed(*items: Any) -> dict[str, Any]:
    return {"observations": list(items)}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"age": 71.0}, {"age": 71.0}, []),
        ({"age": 71.0}, {"age": 71.5}, ["age: 71 → 71.5"]),
        ({"side": None}, {"side": "left"}, ["side: nothing → left"]),
        ({"note": "x"}, {}, ["note: x → nothing"]),
        ({"pregnancy_weeks": 3}, {"pregnancy_weeks": 4}, ["pregnancy weeks: 3 → 4"]),
        ({"note": "a" * 500}, {"note": "b"}, [f"note: {'a' * 119}… → b"]),
        ({}, {"source": {"b": 1, "a": [True]}}, ['source: nothing → {"a": [true], "b": 1}']),
        (
            observed(SLR),
            observed({**SLR, "present": False}),
            ["observation slr-positive, left: present: yes → no"],
        ),
        (observed(), observed(SLR), ["observation slr-positive, left added (present yes)"]),
        (
            observed(CRP),
            observed(),
            ["observation crp-high, work-up removed (value 12; unit mg/L)"],
        ),
        (observed(SLR, CRP), observed(CRP, SLR), []),
        (
            observed(SLR, SLR),
            observed(SLR),
            ["observation slr-positive, left removed (present yes)"],
        ),
        (
            {"drugs": [{"name": "metformin"}], "allergies": ["penicillin"]},
            {"drugs": [{"name": "metformin", "dose": "1 g"}], "allergies": ["latex"]},
            [
                "drug metformin: dose: nothing → 1 g",
                "allergy penicillin removed",
                "allergy latex added",
            ],
        ),
        (
            {"treatments": [{"what": "gabapentin", "dose": "300 mg"}]},
            {"treatments": [{"what": "gabapentin", "dose": "600 mg", "response": "good"}]},
            ["treatment gabapentin: dose: 300 mg → 600 mg; response: nothing → good"],
        ),
        (
            {"pain_scores": [{"day": 0, "nrs": 7.0}, {"date": "2026-01-02", "nrs": 5}]},
            {"pain_scores": [{"day": 0, "nrs": 6.0, "place": "foot"}]},
            [
                "pain score 0 removed (nrs 7)",
                "pain score 2026-01-02 removed (nrs 5)",
                "pain score 0, foot added (nrs 6)",
            ],
        ),
        ({"schema": "a"}, {"schema": "b"}, []),
    ],
)
def test_a_change_is_told_in_words(
    before: dict[str, Any], after: dict[str, Any], told: list[str]
) -> None:
    assert [one.text for one in changes(before, after)] == told


def test_a_change_carries_its_parts_for_a_page_to_show() -> None:
    (one,) = changes(observed(SLR), observed({**SLR, "present": False}))
    assert (one.kind, one.part, one.subject, one.place) == (
        "changed",
        "observations",
        "slr-positive",
        "left",
    )
    assert [(f.name, f.before, f.after) for f in one.fields] == [("present", "yes", "no")]
