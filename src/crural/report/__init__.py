"""Writing an assessment down: JSON, text for a terminal, an HTML page. Computes nothing medical.

`as_data` is the contract; text and HTML are written from it and from the record alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crural.report.as_json import as_data, to_json
    from crural.report.html import to_html
    from crural.report.text import to_text

__all__ = ["as_data", "to_html", "to_json", "to_text"]

_HOME = {
    "as_data": "crural.report.as_json",
    "to_html": "crural.report.html",
    "to_json": "crural.report.as_json",
    "to_text": "crural.report.text",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: text for a terminal need not wait for the templates of the page.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'crural.report' has no attribute '{name}'")
