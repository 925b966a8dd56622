"""Writing an assessment down: JSON, text for a terminal, an HTML page. Computes nothing medical.

`as_data` is the contract; text and HTML are written from it and from the record alone.
"""

from crural.report.as_json import as_data, to_json
from crural.report.html import to_html
from crural.report.text import to_text

__all__ = ["as_data", "to_html", "to_json", "to_text"]
