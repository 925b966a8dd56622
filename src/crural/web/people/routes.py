"""Signing in, one's own password, users, the audit trail."""

from __future__ import annotations

from fastapi import APIRouter

from crural.web.people import signing_in, trail, users

router = APIRouter()
for part in (signing_in, users, trail):
    router.include_router(part.router)
