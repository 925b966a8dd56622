"""The page of founding statements names every test of them, and every test exists."""

from __future__ import annotations

import re

import pytest
from docs.build.claims import CLAIMS, PAGE, Claim, page, shown_by
from docs.build.tests_listed import names_of_tests

NAMES = names_of_tests()


def test_all_seventeen_statements_stand_there_in_order() -> None:
    assert [claim.id for claim in CLAIMS] == [f"C{n}" for n in range(1, 18)]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_statement_is_shown_by_tests(claim: Claim) -> None:
    assert claim.shown
    assert shown_by(claim, NAMES)


def test_no_test_names_a_statement_that_is_not_there() -> None:
    numbers = {m[1] for name in NAMES if (m := re.search(r"::test_c(\d\d)_", name))}
    assert numbers <= {f"{int(claim.id[1:]):02d}" for claim in CLAIMS}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(NAMES), "run `python -m docs.build`"
