"""The opioid total: exact where everything is known, a lower limit where it is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.history import OpioidTotal, opioid_total
from tests.ladder.small_ladder import KNOWLEDGE, record


def total(*drugs: Any) -> OpioidTotal:
    found = opioid_total(record(drugs=list(drugs)), KNOWLEDGE)
    assert found is not None
    return found


def taken(name: str, dose: str) -> dict[str, str]:
    return {"name": name, "dose": dose}


def test_without_a_list_of_drugs_nothing_is_known() -> None:
    assert opioid_total(record(), KNOWLEDGE) is None


def test_a_list_without_opioids_is_nought() -> None:
    assert total("red-pill").interval == (0.0, 0.0)


def test_doses_are_multiplied_by_their_factors_and_added() -> None:
    found = total(taken("morphine", "30 mg twice daily"), taken("oxynorm", "10 mg bd"))

    assert found.least == Decimal(90)
    assert found.complete
    assert found.say == ("think again", "justify it")


def test_a_patch_is_counted_by_the_hour() -> None:
    assert total(taken("fentanyl patch", "25 micrograms/h")).least == Decimal(60)


@pytest.mark.parametrize(
    "drug",
    [
        taken("oxycodone", "as needed"),
        {"name": "oxycodone"},
        taken("fentanyl", "100 mg daily"),
        taken("odd-opioid", "10 mg daily"),
    ],
)
def test_what_cannot_be_converted_leaves_the_total_open_upwards(drug: dict[str, str]) -> None:
    found = total(taken("morphine", "20 mg bd"), drug)

    assert found.interval == (40.0, float("inf"))
    assert not found.complete


@given(st.lists(st.integers(1, 200), min_size=1, max_size=5))
def test_the_total_of_several_is_the_sum_of_each(milligrams: list[int]) -> None:
    drugs = [taken("morphine", f"{mg} mg daily") for mg in milligrams]

    assert total(*drugs).least == sum((total(d).least for d in drugs), Decimal(0))


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_larger_dose_never_gives_a_smaller_total(one: int, more: int) -> None:
    small, large = (total(taken("oxycodone", f"{mg} mg daily")).least for mg in (one, one + more))

    assert small < large
