"""Templates and static files; the templates of the reports are among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from jinja2.runtime import Context

from crural.report import html, words
from crural.report.parts import Parts
from crural.web.security import Sessions

_DATA: Final = frozenset({dict, Parts})
_METHODS: Final = frozenset(dir(dict))
STATIC: Final = Path(__file__).parent / "static"
# What the bar at the top of every page leads to.
_ROOMS: Final = (
    ("/patients", "Patients"),
    ("/workbench", "Workbench"),
    ("/knowledge", "Knowledge"),
)
_REPORT_STYLE: Final = Path(html.__file__).parent / "templates" / "style.css"


class _Noted(Context):
    """The names that a template sees, noted in the list `_contexts` among them.

    Those of a template with macros hold the macros, and these hold them: with all that was shown
    they would lie about until the collector of such cycles finds them.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # Templates that are imported without their surroundings are kept, and not noted.
        self.parent.get("_contexts", []).append(self)

    def forget(self) -> None:
        """Lets go of all names, once the template is rendered."""
        self.vars.clear()
        self.parent = {}


class DataFirst(Environment):
    """Looks into data before it asks for an attribute: nearly all that is shown is data, and what
    it has not as an attribute costs an exception each time. What was shown is let go at once."""

    context_class = _Noted

    def rendered(self, template: str, values: Mapping[str, Any]) -> str:
        """A template with these values as text."""
        contexts: list[_Noted] = []
        try:
            return self.get_template(template).render({**values, "_contexts": contexts})
        finally:
            for context in contexts:
                context.forget()

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) in _DATA and attribute in obj and attribute not in _METHODS:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Pages:
    """Renders pages and fragments. `tags` of the static files; `shared`: what rooms give to the
    templates of all."""

    def __init__(
        self,
        sessions: Sessions,
        tags: Mapping[str, str],
        shared: Mapping[str, Any],
    ) -> None:
        self._sessions = sessions
        self._environment = DataFirst(
            loader=ChoiceLoader([PackageLoader("crural.web"), PackageLoader("crural.report")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(html.environment().filters)
        self._environment.globals.update(
            words=words,
            rooms=_ROOMS,
            **shared,
            asset=lambda name: f"/static/{name}?v={tags[name]}",
        )

    def render(self, template: str, request: Request, **values: Any) -> str:
        """A template as text, with the token that its forms must carry."""
        known = {
            "request": request,
            "csrf": self._sessions.form_token(request),
            "person": getattr(request.state, "person", None),
            "signed_in": getattr(request.state, "signed_in", None) is not None,
            "idle_minutes": _minutes(request.app.state.settings.idle),
        }
        return words.shown(self._environment.rendered(template, {**known, **values}))


def _minutes(span: dt.timedelta | None) -> int:
    return 0 if span is None else span // dt.timedelta(minutes=1)


def style_sheet() -> str:
    """The one style sheet: that of the reports, what all pages add to it, and each room's own."""
    folder = Path(__file__).parent / "templates"
    rooms = sorted(folder.glob("*/*.css"))
    parts = (_REPORT_STYLE, folder / "crural.css", *rooms)
    return "".join(part.read_text(encoding="utf-8") for part in parts)
