"""The workbenches: pump, spread of a drug, stimulation.

`fields` says what a form can ask for and reads it, `bench` what a bench is; `pump`, `dosing`,
`spread` and `stimulation` describe the benches, each with the one function that the command line
calls too. `pages` shows them all from their descriptions. Nothing medical is computed here.
"""

from __future__ import annotations

from crural.web.workbench.pages import FOR_PATIENTS, router

__all__ = ["FOR_PATIENTS", "router"]
