"""The API: assessing and the knowledge, what is kept, who asks."""

from __future__ import annotations

from fastapi import APIRouter

from crural.web.api import knowledge, patients, session

router = APIRouter()
for part in (knowledge, patients, session):
    router.include_router(part.router)
