"""Signing in and out: cookies, tokens, sessions, waits, and what the audit trail says of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import re
import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from crural.errors import CruralError
from crural.knowledge import Knowledge
from crural.store import Store
from crural.web import Settings, create_app
from crural.web.people import signing_in
from crural.web.people.passwords import Passwords, generated, has_run_out, is_for_once
from crural.web.people.signing_in import OF_A_NAME, OF_AN_ADDRESS, SESSION_LASTS
from crural.web.security import COOKIE, SIGNED_IN_COOKIE
from tests.web.people.conftest import PASSWORD, Browser, Clinic, quick

SECOND = dt.timedelta(seconds=1)
WRONG = "The name or the password is wrong."


def test_name_and_password_open_the_pages(clinic: Clinic) -> None:
    user = clinic.add("clinician")
    browser = clinic.browser()
    answer = browser.sign_in(f"  {user.name.upper()} ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = browser.get("/knowledge")
    assert page.status_code == 200
    assert f"<strong>{user.name}</strong>" in page.text
    assert "Sign out" in page.text
    assert clinic.actions()[0] == "session-started"
    assert browser.get("/sign-in?next=/knowledge").headers["location"] == "/knowledge"


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), PASSWORD + " ", "x" * 5000])
def test_a_wrong_password_opens_nothing(clinic: Clinic, password: str) -> None:
    user = clinic.add()
    browser = clinic.browser()
    answer = browser.sign_in(user.name, password)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert browser.get("/knowledge").status_code == 303
    newest = clinic.store.latest_audit(limit=1)[0]
    assert (newest.action, newest.item) == ("sign-in-refused", user.id)


def test_an_unknown_name_a_wrong_password_and_an_inactive_user_look_alike(clinic: Clinic) -> None:
    known, inactive = clinic.add(), clinic.add()
    clinic.store.change_user(inactive.id, active=False, who="test")
    pages = set()
    for name, password in (
        (known.name, "wrong"),
        ("nobody at all", PASSWORD),
        (inactive.name, PASSWORD),
    ):
        answer = clinic.browser().sign_in(name, password)
        assert answer.status_code == 401
        pages.add(
            re.sub(r'value="[^"]*"|content=\'[^\']*\'|hx-headers=\'[^\']*\'', "", answer.text)
        )
    assert len(pages) == 1


def test_as_much_is_computed_whether_or_not_the_name_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed: list[str] = []
    verify = PasswordHasher.verify

    def watched(hasher: PasswordHasher, kept: str, password: bytes) -> bool:
        computed.append(kept.rpartition("$")[0].rpartition("$")[0])
        return verify(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    passwords = Passwords(quick())
    kept = passwords.hash(PASSWORD)
    assert passwords.matches(kept, PASSWORD)
    assert not passwords.matches(kept, "wrong")
    assert not passwords.matches(None, PASSWORD)
    assert not passwords.matches("no hash at all", PASSWORD)
    assert len(computed) == 4
    assert len(set(computed[:3])) == 1


def test_the_form_itself_needs_its_token(clinic: Clinic) -> None:
    user = clinic.add()
    browser = clinic.browser()
    for token in ("", "0" * 64):
        browser.get("/sign-in")
        browser.token = token
        assert browser.post("/sign-in", name=user.name, password=PASSWORD).status_code == 403
    other = clinic.browser()
    other.get("/sign-in")
    browser.token = other.token
    assert browser.post("/sign-in", name=user.name, password=PASSWORD).status_code == 403
    assert browser.get("/knowledge").status_code == 303


def _cookies(browser: Browser) -> dict[str, str]:
    return dict(browser.client.cookies.items())


def test_the_cookie_is_out_of_reach_and_opens_nothing_by_itself(clinic: Clinic) -> None:
    user = clinic.add()
    browser = clinic.browser()
    before = browser.get("/sign-in").headers["set-cookie"]
    answer = browser.post("/sign-in", name=user.name, password=PASSWORD)
    for cookie in (before, *answer.headers.get_list("set-cookie")):
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.casefold()
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    # Changing it into another is no way in.
    browser.client.cookies.set(SIGNED_IN_COOKIE, "guessed", domain="testserver.local", path="/")
    assert browser.get("/knowledge").status_code == 303


def test_behind_https_cookies_are_sent_in_no_other_way(
    knowledge: Knowledge, clinic: Clinic
) -> None:
    settings = Settings(hosts=("testserver",), https=True, sign_in=True, compiled=False)
    app = create_app(settings, knowledge=knowledge, store=clinic.store)
    app.state.passwords = clinic.passwords
    client = TestClient(app, base_url="https://testserver", follow_redirects=False)
    browser = Browser(client)
    browser.get("/sign-in")
    answer = browser.post("/sign-in", name=clinic.add().name, password=PASSWORD)
    cookies = answer.headers.get_list("set-cookie")
    assert any(c.startswith(f"__Host-{SIGNED_IN_COOKIE}=") for c in cookies)
    assert all(c.startswith("__Host-") for c in cookies)
    assert all("Secure" in c for c in cookies)
    assert "max-age" in answer.headers["strict-transport-security"]
    assert browser.get("/knowledge").status_code == 200


def test_signing_in_begins_a_new_session_and_ends_the_one_before(clinic: Clinic) -> None:
    one, two = clinic.add(), clinic.add()
    browser = clinic.browser()
    browser.client.cookies.set(SIGNED_IN_COOKIE, "fixed-by-somebody")
    browser.sign_in(one.name)
    first = browser.client.cookies.get(SIGNED_IN_COOKIE, domain="testserver.local")
    assert first is not None
    assert first != "fixed-by-somebody"
    browser.post("/sign-in", name=two.name, password=PASSWORD)
    assert clinic.store.session(first) is None
    assert f"<strong>{two.name}</strong>" in browser.get("/knowledge").text


def test_a_session_ends_after_twelve_hours(clinic: Clinic) -> None:
    browser = clinic.signed_in()
    clinic.clock.now -= SECOND
    for _ in range(SESSION_LASTS // dt.timedelta(minutes=30)):
        clinic.clock.now += dt.timedelta(minutes=30)
        assert browser.get("/knowledge").status_code == 200
    clinic.clock.now += SECOND
    assert browser.get("/knowledge").status_code == 303
    assert dt.timedelta(hours=12) == SESSION_LASTS


def test_signing_out_ends_the_session_for_good(clinic: Clinic) -> None:
    browser = clinic.signed_in()
    kept = _cookies(browser)
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert SIGNED_IN_COOKIE not in _cookies(browser)
    assert clinic.actions()[0] == "session-ended"
    stolen = clinic.browser()
    stolen.client.cookies.update(kept)
    assert stolen.get("/knowledge").status_code == 303


def test_signing_out_needs_the_token_of_the_session(clinic: Clinic) -> None:
    browser, other = clinic.signed_in(), clinic.signed_in()
    browser.token = other.token
    assert browser.post("/sign-out").status_code == 403
    assert browser.get("/knowledge").status_code == 200


def test_the_token_of_a_browser_is_no_token_of_a_session(clinic: Clinic) -> None:
    user = clinic.add()
    browser = clinic.browser()
    browser.get("/sign-in")
    before = browser.token
    browser.sign_in(user.name)
    assert browser.token != before
    browser.token = before
    assert browser.post("/sign-out").status_code == 403


def test_guessing_the_password_of_a_name_takes_ever_longer(clinic: Clinic) -> None:
    user = clinic.add()
    for _ in range(OF_A_NAME.free):
        assert clinic.browser().sign_in(user.name, "wrong").status_code == 401
    waits = []
    for _ in range(8):
        early = clinic.browser().sign_in(user.name, "wrong")
        assert early.status_code == 429
        waits.append(int(early.headers["retry-after"]))
        clinic.clock.now += waits[-1] * SECOND
        assert clinic.browser().sign_in(user.name, "wrong").status_code == 401
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


def test_the_wait_is_told_and_the_right_password_waits_too(clinic: Clinic) -> None:
    user = clinic.add()
    for _ in range(OF_A_NAME.free):
        clinic.browser().sign_in(user.name, "wrong")
    early = clinic.browser().sign_in(user.name)
    assert early.status_code == 429
    assert "Try again in 15 seconds." in early.text
    clinic.clock.now += 14 * SECOND
    assert "Try again in 1 second." in clinic.browser().sign_in(user.name).text
    # Trying too early does not make it longer.
    clinic.clock.now += SECOND
    assert clinic.browser().sign_in(user.name).status_code == 303


def test_attempts_are_forgotten_after_a_success_and_after_an_hour(clinic: Clinic) -> None:
    user = clinic.add()
    for _ in range(2):
        for _ in range(OF_A_NAME.free - 1):
            assert clinic.browser().sign_in(user.name, "wrong").status_code == 401
        assert clinic.browser().sign_in(user.name).status_code == 303
    for _ in range(OF_A_NAME.free):
        assert clinic.browser().sign_in(user.name, "wrong").status_code == 401
    assert clinic.browser().sign_in(user.name).status_code == 429
    clinic.clock.now += OF_A_NAME.window
    for _ in range(OF_A_NAME.free):
        assert clinic.browser().sign_in(user.name, "wrong").status_code == 401


def test_an_address_that_tries_many_names_waits(clinic: Clinic) -> None:
    own = clinic.add()
    at = clinic.browser("198.51.100.7")
    for number in range(OF_AN_ADDRESS.free):
        assert at.sign_in(f"guess {number}", "wrong").status_code == 401
        if number == 10:
            # An account of one's own is no way to try others without end.
            assert at.sign_in(own.name).status_code == 303
            at.post("/sign-out")
    assert at.sign_in("another guess", "wrong").status_code == 429
    assert clinic.browser("198.51.100.8").sign_in(own.name).status_code == 303


def test_attempts_of_a_future_that_never_came_lock_nobody_out(clinic: Clinic) -> None:
    user = clinic.add()
    clinic.clock.now += dt.timedelta(days=300)
    for _ in range(OF_A_NAME.free):
        clinic.browser().sign_in(user.name, "wrong")
    clinic.clock.now -= dt.timedelta(days=300)
    assert clinic.browser().sign_in(user.name).status_code == 303


def test_attempts_are_counted_for_all_server_processes(
    knowledge: Knowledge, clinic: Clinic
) -> None:
    settings = Settings(
        hosts=("testserver",), secret=b"of the clinic", sign_in=True, compiled=False
    )
    other = create_app(settings, knowledge=knowledge, store=clinic.store)
    other.state.passwords = clinic.passwords
    elsewhere = Clinic(other, clinic.store, clinic.clock)
    user = clinic.add()
    for number in range(OF_A_NAME.free):
        where = (clinic, elsewhere)[number % 2]
        assert where.browser(f"203.0.113.{number}").sign_in(user.name, "wrong").status_code == 401
    for where in (clinic, elsewhere):
        assert where.browser("203.0.113.77").sign_in(user.name).status_code == 429


def test_attempts_at_the_same_moment_do_not_slip_through_together(clinic: Clinic) -> None:
    user = clinic.add()
    answers: list[int] = []

    def tries() -> None:
        answers.append(clinic.browser().sign_in(user.name, "wrong").status_code)

    threads = [threading.Thread(target=tries) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [401] * OF_A_NAME.free + [429] * (12 - OF_A_NAME.free)


def test_hashes_made_with_other_parameters_are_renewed(clinic: Clinic) -> None:
    older = Passwords(quick(time_cost=2)).hash(PASSWORD)
    user = clinic.store.add_user(f"older {dt.datetime.now().timestamp()}", "viewer", older, who="t")
    elsewhere = clinic.browser()
    for browser in (elsewhere, clinic.browser()):
        assert browser.sign_in(user.name).status_code == 303
    found = clinic.store.credentials(user.name)
    assert found is not None
    assert found.password_hash != older
    assert clinic.passwords.renewed(found.password_hash, PASSWORD) is None
    assert elsewhere.get("/knowledge").status_code == 200
    assert clinic.store.verify_audit().intact


def test_a_password_changed_meanwhile_is_not_undone_by_a_renewal(clinic: Clinic) -> None:
    user = clinic.add()
    found = clinic.store.credentials(user.name)
    assert found is not None
    clinic.store.set_password(user.id, "changed", who="t")
    clinic.store.renew_hash(user.id, old=found.password_hash, new="renewed", who="t")
    kept = clinic.store.credentials(user.name)
    assert kept is not None
    assert kept.password_hash == "changed"


class _SlowPasswords(Passwords):
    """Something happens while a password that is right is being checked."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__(quick())
        self._meanwhile = meanwhile

    def matches(self, kept: str | None, password: str) -> bool:
        right = super().matches(kept, password)
        if right:
            self._meanwhile()
        return right


def test_a_password_replaced_while_it_is_checked_lets_nobody_in(
    clinic: Clinic,
) -> None:
    user = clinic.add()
    reset = clinic.passwords.hash("another five violet herons")
    slow = _SlowPasswords(lambda: clinic.store.set_password(user.id, reset, who="test"))
    thief = clinic.browser()
    with clinic.having(passwords=slow):
        answer = thief.sign_in(user.name)
    assert answer.status_code == 409
    assert "The password was changed a moment ago" in answer.text
    assert thief.get("/knowledge").status_code == 303
    assert "session-started" not in clinic.actions()[:3]


def test_a_password_replaced_meanwhile_is_not_replaced_by_who_knew_the_old_one(
    clinic: Clinic,
) -> None:
    user = clinic.add()
    thief = clinic.browser()
    assert thief.sign_in(user.name).status_code == 303
    reset = clinic.passwords.hash("another five violet herons")
    slow = _SlowPasswords(lambda: clinic.store.set_password(user.id, reset, who="test"))
    new = "six green hungry herons"
    with clinic.having(passwords=slow):
        answer = thief.post("/password", password=PASSWORD, new=new, again=new)
    assert answer.status_code == 409
    assert thief.get("/knowledge").status_code == 303
    kept = clinic.store.credentials(user.name)
    assert kept is not None
    assert kept.password_hash == reset


def test_a_ticket_used_twice_at_the_same_moment_is_good_once(
    clinic: Clinic,
) -> None:
    browser, _, hidden = _given(clinic)
    # Both have got past the ticket before either has replaced the password.
    together = threading.Barrier(2)

    class Both(Passwords):
        def hash(
            self, password: str, *, name: str = "", once_until: dt.datetime | None = None
        ) -> str:
            made = super().hash(password, name=name, once_until=once_until)
            together.wait(10)
            return made

    token, cookies = browser.token, _cookies(browser)
    answers: list[int] = []

    def choose(new: str) -> None:
        own = clinic.browser()
        own.client.cookies.update(cookies)
        own.token = token
        answers.append(own.post("/sign-in/password", **hidden, new=new, again=new).status_code)

    threads = [
        threading.Thread(target=choose, args=(f"a password of number {n}",)) for n in range(2)
    ]
    with clinic.having(passwords=Both(quick())):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [303, 409]


def test_one_s_own_password_is_changed_and_ends_all_other_sessions(clinic: Clinic) -> None:
    user = clinic.add()
    here, there = clinic.browser(), clinic.browser()
    here.sign_in(user.name)
    there.sign_in(user.name)
    here.get("/password")
    new = "another five violet herons"
    answer = here.post("/password", password=PASSWORD, new=new, again=new)
    assert "Changed." in answer.text
    assert here.get("/knowledge").status_code == 200
    assert here.post("/sign-out").status_code == 303
    assert there.get("/knowledge").status_code == 303
    assert clinic.browser().sign_in(user.name).status_code == 401
    assert clinic.browser().sign_in(user.name, new).status_code == 303


@pytest.mark.parametrize(
    ("password", "new", "again", "said"),
    [
        ("wrong", "another password", "another password", "present password is wrong"),
        (PASSWORD, "another password", "another passwort", "not the same both times"),
        (PASSWORD, "too short", "too short", "shorter than 12"),
        (PASSWORD, "x" * 1025, "x" * 1025, "longer than 1024"),
        (PASSWORD, "abababababababab", "abababababababab", "same few characters"),
        (PASSWORD, PASSWORD, PASSWORD, "is the present one"),
    ],
)
def test_a_password_that_is_not_good_enough_is_refused(
    clinic: Clinic, password: str, new: str, again: str, said: str
) -> None:
    browser = clinic.signed_in()
    answer = browser.post("/password", password=password, new=new, again=again)
    assert answer.status_code == 422
    assert said in answer.text
    assert new not in answer.text
    assert browser.get("/knowledge").status_code == 200


@pytest.mark.parametrize(
    "guessed",
    [
        "123456789012",
        "987654321098",
        "password1234",
        "P@ssw0rd!2024",
        "qwertyuiop12",
        "qwertzuiop!!",
        "1qaz2wsx3edc",
        "abcdefghijkl",
        "crural-crural",
        "Crural clinic 1",
        "hospital2026!",
        "welcome to admin",
        "xk4wxk4wxk4wxk4w",
        "letmeinletmein",
    ],
)
def test_what_everybody_tries_first_is_no_password(guessed: str) -> None:
    with pytest.raises(CruralError, match=r"first that are guessed|same few"):
        Passwords(quick()).hash(guessed)


def test_other_passwords_are_taken_even_with_a_common_word_in_them() -> None:
    passwords = Passwords(quick())
    made_up = [generated() for _ in range(50)]
    chosen = ["a password of her own", "wet summer otters", "K7#vqLz91mTe", "große grüne Kröten"]
    for good in (PASSWORD, *chosen, *made_up):
        assert passwords.matches(passwords.hash(good), good)


def test_a_session_left_open_is_no_way_to_guess_the_password(clinic: Clinic) -> None:
    browser = clinic.signed_in()
    for _ in range(OF_A_NAME.free):
        assert browser.post("/password", password="wrong", new="x", again="x").status_code == 422
    early = browser.post("/password", password="wrong", new="x", again="x")
    assert early.status_code == 429
    assert early.headers["retry-after"] == "15"


def _given(clinic: Clinic) -> tuple[Browser, str, dict[str, str]]:
    """Somebody who signs in with a password for once: what the page shows them then."""
    user = clinic.add(once=True)
    browser = clinic.browser()
    page = browser.sign_in(user.name)
    assert page.status_code == 200
    assert "Choose your own password" in page.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    hidden.pop("csrf")
    return browser, user.name, hidden


def test_a_password_for_once_opens_only_the_page_for_choosing_another(clinic: Clinic) -> None:
    browser, name, hidden = _given(clinic)
    assert browser.get("/knowledge").status_code == 303
    refused = browser.post("/sign-in/password", **hidden, new="short", again="short")
    assert "shorter than 12" in refused.text
    refused = browser.post("/sign-in/password", **hidden, new=PASSWORD, again=PASSWORD)
    assert "is the present one" in refused.text
    new = "a password of her own"
    answer = browser.post("/sign-in/password", **hidden, new=new, again=new)
    assert answer.status_code == 303
    assert browser.get("/knowledge").status_code == 200
    assert clinic.browser().sign_in(name).status_code == 401
    assert clinic.browser().sign_in(name, new).status_code == 303


def test_a_password_for_once_runs_out_after_a_week_and_can_be_given_anew(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = clinic.add(once=True)
    for days, status in ((6.9, 200), (7.1, 403), (1000, 403)):
        at = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        with monkeypatch.context() as patched:
            patched.setattr(signing_in, "_now", lambda at=at: at)
            answer = clinic.browser().sign_in(user.name)
        assert answer.status_code == status
        assert ("Choose your own password" in answer.text) == (status == 200)
        assert ("An administrator gives you a new one." in answer.text) == (status == 403)
    given = clinic.signed_in("admin").post(f"/users/{user.id}/password").text
    assert "It is good until" in given
    password = re.search(r'class="once">([^<]+)<', given)
    assert password is not None
    assert "Choose your own password" in clinic.browser().sign_in(user.name, password[1]).text


def test_that_a_password_has_run_out_is_told_only_to_who_knows_it(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = clinic.add(once=True)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=8)
    monkeypatch.setattr(signing_in, "_now", lambda: later)
    assert WRONG in clinic.browser().sign_in(user.name, "wrong").text


def test_a_password_for_once_that_tells_no_time_has_run_out(clinic: Clinic) -> None:
    passwords, now = clinic.passwords, dt.datetime.now(dt.UTC)
    older = "once:" + passwords.hash(PASSWORD)
    assert is_for_once(older)
    assert has_run_out(older, now)
    assert passwords.matches(older, PASSWORD)
    own = passwords.hash(PASSWORD)
    assert not is_for_once(own)
    assert not has_run_out(own, now + dt.timedelta(days=10_000))
    # Another hash of it keeps its end.
    kept = Passwords(quick(time_cost=2)).hash(PASSWORD, once_until=now)
    renewed = passwords.renewed(kept, PASSWORD)
    assert renewed is not None
    assert has_run_out(renewed, now)
    assert not has_run_out(renewed, now - 2 * SECOND)
    assert passwords.matches(renewed, PASSWORD)


def test_the_ticket_for_choosing_a_password_is_good_once_and_not_for_long(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, _, hidden = _given(clinic)
    new = {"new": "a password of her own", "again": "a password of her own"}
    other = clinic.add(once=True)
    for forged in (
        {"ticket": "0" * 64},
        {"user": other.id},
        {"until": "99999999999"},
        {"user": ""},
    ):
        answer = browser.post("/sign-in/password", **{**hidden, **forged}, **new)
        assert answer.status_code == 401
        assert "Sign in once more" in answer.text
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with monkeypatch.context() as patched:
        patched.setattr(signing_in, "_now", lambda: later)
        assert browser.post("/sign-in/password", **hidden, **new).status_code == 401
    assert browser.post("/sign-in/password", **hidden, **new).status_code == 303
    stranger = clinic.browser()
    stranger.get("/sign-in")
    assert stranger.post("/sign-in/password", **hidden, **new).status_code == 401


def test_no_name_password_or_token_is_logged(
    clinic: Clinic, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    user = clinic.add()
    browser = clinic.browser()
    browser.sign_in("Mistyped secret name", "mistyped secret password")
    browser.sign_in(user.name)
    secrets = [PASSWORD, user.name, browser.token, *_cookies(browser).values()]
    browser.post("/sign-out")
    out, err = capfd.readouterr()
    for secret in (*secrets, "Mistyped", "mistyped"):
        assert secret not in caplog.text
        assert secret not in out + err


def test_what_was_typed_is_in_no_trail_and_no_address(clinic: Clinic) -> None:
    browser = clinic.browser("198.51.100.9")
    answer = browser.sign_in("my password in the wrong field", "x")
    assert answer.status_code == 401
    newest = clinic.store.latest_audit(limit=1)[0]
    assert (newest.who, newest.item) == ("198.51.100.9", "unknown-name")
    assert "wrong field" not in str(clinic.store.latest_audit())


def test_a_browser_is_given_a_session_with_its_first_page_only(app: FastAPI) -> None:
    client = TestClient(app)
    assert COOKIE in client.get("/knowledge").headers["set-cookie"]
    assert "set-cookie" not in client.get("/knowledge").headers
    fresh = TestClient(app)
    assert "set-cookie" not in fresh.get("/api/v1/findings?q=pain").headers
    assert "set-cookie" not in fresh.get("/static/page.js").headers


def test_users_are_not_signed_out_by_a_restart(
    knowledge: Knowledge, clinic: Clinic, store: Store
) -> None:
    del store
    browser = clinic.signed_in()
    settings = Settings(hosts=("testserver",), sign_in=True, compiled=False)
    again = create_app(settings, knowledge=knowledge, store=clinic.store)
    client = TestClient(again, follow_redirects=False)
    client.cookies.update(_cookies(browser))
    assert client.get("/knowledge").status_code == 200


def test_nobody_stays_signed_in_who_does_nothing_for_an_hour(clinic: Clinic) -> None:
    browser = clinic.signed_in()
    page = browser.get("/knowledge").text
    assert 'data-idle-minutes="60"' in page
    for _ in range(3):
        clinic.clock.now += dt.timedelta(minutes=50)
        assert browser.get("/knowledge").status_code == 200
        # To ask for the page for signing in is no use of the session.
        clinic.clock.now += dt.timedelta(minutes=5)
        assert browser.get("/sign-in").status_code == 303
    clinic.clock.now += dt.timedelta(minutes=55)
    assert browser.get("/knowledge").status_code == 303
    assert browser.get("/api/v1/session").status_code == 401


def test_whoever_was_signed_out_is_told_so_and_finds_the_desk_as_it_was(clinic: Clinic) -> None:
    user = clinic.add()
    browser = clinic.browser()
    assert "signed out" not in browser.get("/sign-in").text
    browser.sign_in(user.name)
    desk = browser.get("/assessment").headers["location"]
    page = browser.get(desk).text
    marks = dict(re.findall(r'name="(tab|state)" value="([^"]+)"', page))
    assert browser.post(f"{desk}/basics", age="46", sex="male", **marks).status_code < 400
    clinic.clock.now += dt.timedelta(hours=1)
    sent = browser.post(f"{desk}/basics", age="47", sex="male", **marks)
    assert sent.headers["location"] == f"/sign-in?next={desk}"
    told = browser.get(sent.headers["location"]).text
    assert "You have been signed out." in told
    assert "60 minutes" in told
    assert browser.sign_in(user.name, then=desk).headers["location"] == desk
    assert 'value="46"' in browser.get(desk).text
    browser.post("/sign-out")
    assert "signed out" not in browser.get("/sign-in").text


def test_the_time_without_a_request_can_be_set_and_the_outer_limit_stays(clinic: Clinic) -> None:
    settings = clinic.app.state.settings
    for idle in (None, dt.timedelta(hours=5)):
        with clinic.having(settings=dataclasses.replace(settings, idle=idle)):
            browser = clinic.signed_in()
            assert ("data-idle-minutes" in browser.get("/knowledge").text) == (idle is not None)
            for _ in range(2):
                clinic.clock.now += dt.timedelta(hours=4)
                assert browser.get("/knowledge").status_code == 200
            clinic.clock.now += dt.timedelta(hours=4)
            assert browser.get("/knowledge").status_code == 303
            told = browser.get("/sign-in").text
            assert "12 hours after signing in" in told
            assert ("nothing was done here" in told) == (idle is not None)
