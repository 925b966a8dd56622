"""What every room's tests may share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from crural.knowledge import Knowledge, load_knowledge

# How long an example takes says more about the machine than about the code; the benchmarks measure.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The shipped knowledge, read once."""
    return load_knowledge()
