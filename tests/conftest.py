"""What every room's tests may share."""

from __future__ import annotations

import pytest

from crural.knowledge import Knowledge, load_knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The shipped knowledge, read once."""
    return load_knowledge()
