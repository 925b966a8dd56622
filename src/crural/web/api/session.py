"""Who asks over the API, and what their changes must carry."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from crural.web.person import Reader
from crural.web.security import Sessions

router = APIRouter(prefix="/api/v1", tags=["session"])


class SessionTold(BaseModel):
    """Who is asking, and the token that changes must carry as header x-csrf-token."""

    name: str
    role: str
    csrf: str


@router.get("/session", summary="Who is asking", responses={401: {"description": "Sign in first."}})
def session_told(request: Request, who: Reader) -> SessionTold:
    """Who is asking, and the token for changes. Programs sign in as browsers do."""
    sessions: Sessions = request.app.state.sessions
    return SessionTold(name=who.name, role=who.role, csrf=sessions.form_token(request))
