"""The browser application and its HTTP API. Computes nothing medical: `assess` does, and `report`
writes it down.

`create_app` joins the rooms: `live` answers for a draft of a record, `pages` and `api` show the
answer to people and to programs, `browse` shows the knowledge, `security` guards all of them.
"""

from crural.web.app import create_app
from crural.web.settings import Settings

__all__ = ["Settings", "create_app"]
