"""Who is asking, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request

from crural.store import Role, User


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. `id` is what the audit trail keeps."""

    id: str
    name: str
    role: Role

    @property
    def may_edit(self) -> bool:
        """May change patients."""
        return self.role != "viewer"

    @property
    def may_manage(self) -> bool:
        """May manage users and read the audit trail."""
        return self.role == "admin"


# On a machine's own address whoever sits before it is the user, and may do everything.
LOCAL: Final = Person(id="local", name="local user", role="admin")


def person_of(user: User) -> Person:
    """A user as somebody who asks."""
    return Person(id=user.id, name=user.name, role=user.role)


# What decides at once must not wait for a thread, as what is not `async` would have to.


async def reading(request: Request) -> Person:
    """Who is asking. The gate has found out before any route is reached; without it, nobody is."""
    person: Person | None = getattr(request.state, "person", None)
    if person is None:
        raise HTTPException(401, "Sign in first.")
    return person


async def editing(person: Annotated[Person, Depends(reading)]) -> Person:
    """Who is asking, when they may change patients. Raises 403."""
    if not person.may_edit:
        raise HTTPException(403, "You may look at patients, but not change them.")
    return person


async def managing(person: Annotated[Person, Depends(reading)]) -> Person:
    """Who is asking, when they may manage users. Raises 403."""
    if not person.may_manage:
        raise HTTPException(403, "Only an administrator may do this.")
    return person


Reader = Annotated[Person, Depends(reading)]
Editor = Annotated[Person, Depends(editing)]
Admin = Annotated[Person, Depends(managing)]
