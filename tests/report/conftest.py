"""One assessment of an example record, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from crural import Assessment, assess, load_knowledge, read_record

EXAMPLE = Path(__file__).parents[2] / "examples" / "left-leg-sciatica.yaml"


@pytest.fixture(scope="session")
def example() -> Assessment:
    knowledge = load_knowledge()
    return assess(read_record(EXAMPLE, knowledge.vocabulary), knowledge)
