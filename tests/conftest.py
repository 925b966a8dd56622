"""What every room's tests may share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from crural.knowledge import Knowledge, load_knowledge

# How long an example takes says more about the machine than about the code; the benchmarks measure.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

TESTS = Path(__file__).parent


# The rooms whose tests take longest, with a browser or processes that are started and killed. They
# come first, so that no long file is left over for one core while the other has nothing to do.
LONGEST = ("browser", "web", "store", "diagnosis")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the longest rooms first."""

    def turn(item: pytest.Item) -> int:
        room = item.path.relative_to(TESTS).parts[0]
        return LONGEST.index(room) if room in LONGEST else len(LONGEST)

    items.sort(key=turn)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The shipped knowledge, read once."""
    return load_knowledge()
