"""The typed HTTP API of what is kept: patients, versions, diary."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api/v1")
