"""Where `tests/web/test_faults.py` looks for the clinic, which is in `tests/web/people`."""

from tests.web.people.conftest import Browser, Clinic, StillClock, quick

__all__ = ["Browser", "Clinic", "StillClock", "quick"]
