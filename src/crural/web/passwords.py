"""Where `tests/web/test_faults.py` looks for the passwords, which are in the room of people."""

from crural.web.people.passwords import Passwords

__all__ = ["Passwords"]
