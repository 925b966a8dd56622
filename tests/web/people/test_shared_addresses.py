"""Whoever shares an address with a guesser can still sign in; the guesser gets no further."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.web.people import known_browsers, signing_in
from crural.web.people.signing_in import OF_A_NAME, OF_AN_ADDRESS
from tests.web.people.conftest import Browser, Clinic

SHARED = "198.51.100.20"
SECOND = dt.timedelta(seconds=1)
KNOWN = "crural-known"


def use_up(clinic: Clinic, *, more: int = 0) -> Browser:
    """A guesser of made-up names at the shared address, who goes on after the free attempts."""
    guesser = clinic.browser(SHARED)
    for number in range(OF_AN_ADDRESS.free + more):
        while (answer := guesser.sign_in(f"made up {number}", "wrong")).status_code == 429:
            clinic.clock.now += int(answer.headers["retry-after"]) * SECOND
    return guesser


def returning(clinic: Clinic, name: str) -> Browser:
    """A browser at the shared address in which somebody signed in, and signed out again."""
    browser = clinic.browser(SHARED)
    assert browser.sign_in(name).status_code == 303
    browser.post("/sign-out")
    return browser


def test_a_browser_that_is_known_signs_in_whatever_others_do_at_its_address(
    clinic: Clinic,
) -> None:
    user = clinic.add()
    own = returning(clinic, user.name)
    use_up(clinic, more=3)
    assert clinic.browser(SHARED).sign_in("another", "wrong").status_code == 429
    assert own.sign_in(user.name).status_code == 303


def test_a_browser_that_is_known_signs_in_while_others_guess_at_its_name(clinic: Clinic) -> None:
    user = clinic.add()
    own = returning(clinic, user.name)
    for _ in range(OF_A_NAME.free):
        assert clinic.browser().sign_in(user.name, "wrong").status_code == 401
    assert clinic.browser().sign_in(user.name).status_code == 429
    assert own.sign_in(user.name).status_code == 303


def test_who_is_not_known_waits_half_a_minute_at_most_for_a_shared_address(clinic: Clinic) -> None:
    user = clinic.add()
    use_up(clinic, more=12)
    fresh = clinic.browser(SHARED)
    early = fresh.sign_in(user.name)
    assert early.status_code == 429
    assert 0 < int(early.headers["retry-after"]) <= 30
    clinic.clock.now += int(early.headers["retry-after"]) * SECOND
    assert fresh.sign_in(user.name).status_code == 303


def test_a_browser_that_is_known_has_no_more_guesses_than_others(clinic: Clinic) -> None:
    user = clinic.add()
    own = returning(clinic, user.name)
    for _ in range(OF_A_NAME.free):
        assert own.sign_in(user.name, "wrong").status_code == 401
    assert own.sign_in(user.name).status_code == 429
    # Its wrong attempts are nobody else's.
    assert clinic.browser(SHARED).sign_in(user.name).status_code == 303


def test_being_known_for_one_name_is_no_help_with_another(clinic: Clinic) -> None:
    user, other = clinic.add(), clinic.add()
    own = returning(clinic, user.name)
    for _ in range(OF_A_NAME.free):
        assert clinic.browser().sign_in(other.name, "wrong").status_code == 401
    assert own.sign_in(other.name).status_code == 429


def test_a_workstation_is_known_for_all_who_share_it_up_to_a_number(clinic: Clinic) -> None:
    people = [clinic.add() for _ in range(known_browsers.MOST + 1)]
    shared = clinic.browser(SHARED)
    for person in people:
        assert shared.sign_in(person.name).status_code == 303
        shared.post("/sign-out")
    use_up(clinic)
    for person in people[1:]:
        assert shared.sign_in(person.name).status_code == 303
        shared.post("/sign-out")


def test_a_session_can_change_the_password_while_others_guess_at_the_name(clinic: Clinic) -> None:
    user = clinic.add()
    own = clinic.browser()
    assert own.sign_in(user.name).status_code == 303
    for _ in range(OF_A_NAME.free):
        clinic.browser().sign_in(user.name, "wrong")
    changed = own.post("/password", password="wrong", new="x", again="x")
    assert changed.status_code == 422


@pytest.mark.parametrize("spoilt", ["", "x", "a.b", "a.b.c", "a.99999999999.{sign}", "~" * 40])
def test_an_entry_that_was_not_written_here_is_none(clinic: Clinic, spoilt: str) -> None:
    user = clinic.add()
    own = returning(clinic, user.name)
    signature = own.client.cookies[KNOWN].split(".")[-1]
    for _ in range(OF_A_NAME.free):
        clinic.browser().sign_in(user.name, "wrong")
    own.client.cookies.delete(KNOWN)
    own.client.cookies.set(KNOWN, spoilt.format(sign=signature))
    assert own.sign_in(user.name).status_code == 429


def test_an_entry_runs_out(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    user = clinic.add()
    own = returning(clinic, user.name)
    for _ in range(OF_A_NAME.free):
        clinic.browser().sign_in(user.name, "wrong")
    later = dt.datetime.now(dt.UTC) + known_browsers.LASTS + SECOND
    with monkeypatch.context() as patched:
        patched.setattr(signing_in, "_now", lambda: later)
        assert own.sign_in(user.name).status_code == 429
    assert own.sign_in(user.name).status_code == 303


def test_the_entry_tells_no_name_and_scripts_cannot_read_it(clinic: Clinic) -> None:
    user = clinic.add()
    answer = clinic.browser().sign_in(user.name)
    [sent] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{KNOWN}=")]
    assert "HttpOnly" in sent
    assert "SameSite=lax" in sent
    assert user.name.casefold() not in sent.casefold()
    assert user.id not in sent


@settings(max_examples=60, deadline=None)
@given(gaps=st.lists(st.integers(0, 1200), min_size=1, max_size=250))
def test_no_more_than_a_hundred_guesses_an_hour_at_one_name_however_they_are_timed(
    gaps: list[int],
) -> None:
    """OWASP ASVS 4.0, 2.2.1; counted as the store counts, with a clock that is moved by hand."""
    now = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    made: list[dt.datetime] = []
    for gap in gaps:
        now += gap * SECOND
        if not OF_A_NAME.wait(made, now):
            made.append(now)
    # Whoever tries at every moment gets the most.
    for at in made:
        within = [other for other in made if at <= other < at + OF_A_NAME.window]
        assert len(within) <= 15
