"""The list, the history of a patient, names and deletion."""

from __future__ import annotations

from fastapi import APIRouter

from crural.web.patients import history, naming, pages

router = APIRouter()
for part in (pages, history, naming):
    router.include_router(part.router)
