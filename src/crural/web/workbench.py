"""The workbenches: stimulation trial, coverage and programme, pump, spread of a drug."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
