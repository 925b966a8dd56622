"""Every control of the hazard log names a test that exists."""

from __future__ import annotations

import pytest
from docs.build.hazards import PAGE, Hazard, hazards, page, risk
from docs.build.tests_listed import names_of_tests

HAZARDS = hazards()
TESTS = frozenset(names_of_tests())


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.id)
def test_every_control_names_tests_that_exist(hazard: Hazard) -> None:
    missing = [t for c in hazard.controls for t in c.tests if t not in TESTS]
    assert not missing, f"{hazard.id}: name the tests that show its controls now"


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.id)
def test_controls_lower_the_risk_to_one_that_is_tolerable(hazard: Hazard) -> None:
    assert hazard.risk_after <= hazard.risk_before
    assert hazard.risk_after < 5


def test_a_risk_of_four_is_left_only_where_the_loss_is_catastrophic() -> None:
    high = [hazard for hazard in HAZARDS if hazard.risk_after == 4]
    assert all(hazard.severity == "catastrophic" for hazard in high)


def test_there_are_enough_hazards_and_each_has_its_own_number() -> None:
    ids = [hazard.id for hazard in HAZARDS]
    assert len(ids) >= 25
    assert ids == sorted(set(ids), key=lambda name: int(name[1:]))


def test_the_page_is_that_of_the_log() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(HAZARDS), "run `python -m docs.build`"


def test_risk_grows_with_severity_and_likelihood() -> None:
    assert risk("minor", "very low") == 1
    assert risk("catastrophic", "very high") == 5
    assert risk("major", "low") < risk("major", "high")


def test_a_test_inside_a_class_is_found_by_its_node_id() -> None:
    assert any(name.count("::") == 2 for name in TESTS)
    assert f"{__name__.replace('.', '/')}.py::test_the_page_is_that_of_the_log" in TESTS
