"""The application: knowledge and engine loaded once, then the rooms and what guards them."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from crural.knowledge import Knowledge, load_knowledge
from crural.knowledge.search import search_of_all, search_of_findings
from crural.store import Store
from crural.web import workbench
from crural.web.api import routes as api
from crural.web.api.description import describe
from crural.web.assessment import routes as assessment
from crural.web.assessment.drafts import MOST_UNSAVED, Drafts
from crural.web.assessment.units import units_of
from crural.web.diary import routes as diary
from crural.web.failures import tell_failures
from crural.web.knowledge import pages as browse
from crural.web.knowledge.tables import Shown
from crural.web.live import Engine
from crural.web.noted import Openings, looked
from crural.web.patients import routes as patients
from crural.web.people import routes as people
from crural.web.people.gate import OPEN_TO_ALL, Gate
from crural.web.people.passwords import Passwords
from crural.web.security import Guard, Sessions
from crural.web.settings import Settings
from crural.web.static_files import serving, static_files
from crural.web.templating import Pages
from crural.web.turns import THREADS

VERSION: Final = "1"
GARBAGE_BEFORE_COLLECTING: Final = 10_000


def create_app(
    settings: Settings | None = None,
    *,
    knowledge: Knowledge | None = None,
    store: Store | None = None,
) -> FastAPI:
    """The web application. Loads the knowledge and compiles the engine, which takes seconds.

    Raises StoreError when the database cannot be opened.
    """
    settings = settings or Settings.from_environment()
    knowledge = knowledge or load_knowledge()
    opened = store or Store(settings.database)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        if settings.compiled:
            # What is loaded stays: the collector need not look through it at every turn.
            gc.collect()
            gc.freeze()
            # One answer makes some ten thousand objects: at the usual 700 it would look for garbage
            # ten times in each, among the answers that are kept.
            gc.set_threshold(GARBAGE_BEFORE_COLLECTING, 10, 10)
        yield
        if store is None:
            opened.close()

    app = FastAPI(
        title="Crural",
        lifespan=living,
        version=VERSION,
        summary="Decision support for leg pain that will not go away.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        # Behind https, the address it would send browsers to names plain http.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.sessions = Sessions(settings)
    app.state.store = opened
    app.state.passwords = Passwords()
    # Where nobody signs in there is nobody to be kept from filling the disk.
    most_unsaved = MOST_UNSAVED if settings.sign_in else None
    app.state.drafts = Drafts(app.state.store, knowledge, most_unsaved)
    app.state.openings = Openings()
    app.state.engine = Engine(knowledge, compiled=settings.compiled)
    app.state.search = search_of_findings(knowledge)
    app.state.search_all = search_of_all(knowledge)
    app.state.shown = Shown(knowledge)
    files = static_files()
    shared = {"units_of": units_of, "patient_benches": workbench.FOR_PATIENTS}
    tags = {name: tag for name, (_, tag) in files.items()}
    app.state.pages = Pages(app.state.sessions, tags, shared)
    # Routes are tried in this order, and no two rooms answer one address: the desk is asked most.
    for room in (assessment, patients, diary, workbench, browse, people, api):
        app.include_router(room.router, dependencies=[Depends(looked)])
    app.get("/static/{name}", include_in_schema=False)(serving(files))
    tell_failures(app)
    describe(app)
    # The last one added is the first to be passed.
    app.add_middleware(Gate)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[_bracketed(h) for h in settings.hosts])
    app.add_middleware(Guard, https=settings.https, open_paths=OPEN_TO_ALL)
    return app


def _bracketed(host: str) -> str:
    # As it stands in the Host header.
    return f"[{host}]" if ":" in host else host
