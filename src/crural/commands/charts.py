"""Writing charts to files: SVG as it is drawn, PNG set from it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from crural.errors import CruralError

# Dots an inch of a PNG; the drawings are some 700 units wide.
_SHARP = 144.0
_PAGE = """#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg")
"""


def write_chart(svg: str, path: Path) -> None:
    """A chart to a file that ends in .svg or .png, whole or not at all. Raises CruralError."""
    ending = path.suffix.casefold()
    if ending not in {".svg", ".png"}:
        raise CruralError(
            file=str(path),
            problem="its ending is neither .svg nor .png",
            remedy=f"name a file such as {path.stem or 'chart'}.svg",
        )
    made = svg.encode() if ending == ".svg" else _png(svg)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(made)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise CruralError(
            file=str(path),
            problem=f"cannot be written: {error.strerror}",
            remedy="name a folder that exists and that you may write to",
        ) from error


def _png(svg: str) -> bytes:
    import typst  # noqa: PLC0415

    made = typst.compile(
        _PAGE.encode(), format="png", ppi=_SHARP, ignore_system_fonts=True, sys_inputs={"svg": svg}
    )
    assert isinstance(made, bytes)
    return made
