"""A patient's diary, the follow-up against the expected course, and the stimulation trial."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
