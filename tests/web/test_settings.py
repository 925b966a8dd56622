"""Settings from the environment, and what `crural serve` refuses."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from crural.commands.serve import serve
from crural.errors import CruralError
from crural.web.settings import Settings


def test_without_settings_only_this_machine_is_served() -> None:
    settings = Settings.from_environment({})
    assert settings.host == "127.0.0.1"
    assert set(settings.hosts) == {"127.0.0.1", "localhost", "::1"}
    assert len(settings.secret) >= 32


def test_the_environment_sets_what_it_names() -> None:
    settings = Settings.from_environment(
        {
            "CRURAL_HOST": "clinic.example",
            "CRURAL_PORT": "9000",
            "CRURAL_HTTPS": "yes",
            "CRURAL_SECRET": "s" * 40,
        }
    )
    assert (settings.port, settings.https, settings.secret) == (9000, True, b"s" * 40)
    assert "clinic.example" in settings.hosts


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "0"), ("PORT", "99999"), ("PORT", "²"), ("SECRET", "short")],
)
def test_a_setting_that_cannot_be_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(CruralError, match=f"CRURAL_{name}"):
        Settings.from_environment({f"CRURAL_{name}": value})


def test_a_setting_never_shows_its_secret() -> None:
    assert "secret" not in repr(Settings(secret=b"hidden")).replace("secret=", "!")


def test_an_address_that_others_reach_is_refused_while_there_is_no_sign_in() -> None:
    result = CliRunner().invoke(serve, ["--host", "0.0.0.0"])
    assert isinstance(result.exception, CruralError)
    assert "sign-in" in str(result.exception)
