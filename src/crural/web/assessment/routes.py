"""The desk, what is entered on it, saving, and what is taken along."""

from __future__ import annotations

from fastapi import APIRouter

from crural.web.assessment import entering, exports, keeping, pages

router = APIRouter()
for part in (pages, entering, keeping, exports):
    router.include_router(part.router)
