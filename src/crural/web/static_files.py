"""The static files: read once, and kept by browsers for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from fastapi import HTTPException
from fastapi.responses import Response

from crural.web.templating import STATIC, style_sheet

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_FOR_A_YEAR = "public, max-age=31536000, immutable"


def static_files() -> dict[str, tuple[bytes, str]]:
    """Every static file with a tag that changes with it, so that browsers may keep it for ever."""
    files = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.is_file()}
    files["crural.css"] = style_sheet().encode()
    return {name: (raw, hashlib.sha256(raw).hexdigest()[:12]) for name, raw in files.items()}


def serving(files: dict[str, tuple[bytes, str]]) -> Callable[[str], Response]:
    """The route that hands them out."""

    def static(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "There is no such file.")
        kind = _TYPES.get(Path(name).suffix, "application/octet-stream")
        return Response(files[name][0], media_type=kind, headers={"cache-control": _FOR_A_YEAR})

    return static
