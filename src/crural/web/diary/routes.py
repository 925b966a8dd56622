"""The diary, its files, the expected course, the trial of stimulation."""

from __future__ import annotations

from fastapi import APIRouter

from crural.web.diary import course, files, pages, trial

router = APIRouter()
for part in (files, course, trial, pages):
    router.include_router(part.router)
