"""The pages around an assessment: the list of patients, history, deletion, import."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
