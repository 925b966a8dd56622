"""Does the knowledge hold together, and does the network say what the literature says?

`check()` reads all knowledge files and gives one report: problems, sourced shares, and for every
published figure what the compiled network implies.
"""

from crural.check.report import CheckReport, check

__all__ = ["CheckReport", "check"]
