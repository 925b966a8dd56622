"""Signing in and out, users, and the audit trail."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
