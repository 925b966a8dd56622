"""The browser application and its HTTP API. Computes nothing medical: `assess` does, and `report`
writes it down.

`create_app` joins the rooms, each a folder here and among the templates: `assessment`, `patients`,
`diary`, `people`, `workbench`, `knowledge`, `api`. What stands beside them is shared: `live`
assesses a record, `person` says who asks, `security` guards every request, `templating` and
`showing` make the pages.
"""

from crural.web.app import create_app
from crural.web.settings import Settings

__all__ = ["Settings", "create_app"]
