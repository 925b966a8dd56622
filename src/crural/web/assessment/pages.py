"""The page of a desk, and the closer looks at what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from crural.knowledge.search import LONGEST_QUERY
from crural.report.citations import Citations
from crural.web.assessment.drafts import Drafts, new_name, seen_by
from crural.web.assessment.forms import seen_in
from crural.web.assessment.shown import (
    NOTHING_ELSE,
    answer_of,
    answered_of,
    at,
    candidacy_of,
    opened_in,
    page,
)
from crural.web.forms import text_in
from crural.web.live import Answered, Engine
from crural.web.person import Editor, Reader
from crural.web.security import CheckedForm
from crural.web.showing import html_of, is_fragment

router = APIRouter(include_in_schema=False)


@router.get("/assessment")
def new(person: Editor) -> Response:
    """A new desk."""
    del person
    return RedirectResponse(f"/assessment/{new_name()}", status_code=303)


@router.get("/assessment/{desk}")
def assessment(request: Request, person: Reader, desk: str) -> Response:
    """The whole page."""
    drafts: Drafts = request.app.state.drafts
    return page(request, drafts.opened(person.id, desk))


@router.post("/assessment/{desk}/search")
def search(request: Request, person: Reader, desk: str, form: CheckedForm) -> Response:
    """Findings that resemble what is being typed."""
    engine: Engine = request.app.state.engine
    query = text_in(form, "q")[:LONGEST_QUERY]
    drafts: Drafts = request.app.state.drafts
    opened = drafts.of(person.id, desk)
    draft = opened.draft
    like = [engine.knowledge.findings[name] for name in request.app.state.search.find(query)]
    found = [f for f in like if f.sex is None or draft.sex in {None, f.sex}]
    # Said, lest one think that there is no such finding.
    withheld = sorted({f.sex for f in like if f.sex and f not in found})
    if is_fragment(request):
        # The forms that come back know no more than the page does.
        seen = seen_in(form)
        values: dict[str, Any] = {**at(opened), "query": query, "found": found, "draft": draft}
        values["withheld"] = withheld
        values |= {"tab": seen.tab, "state": seen.state}
        return html_of(request, "assessment/found.html.jinja", **values)
    return page(request, opened, query=query, found=found, withheld=withheld)


@router.get("/assessment/{desk}/cause/{cause}")
def cause_in_full(request: Request, person: Reader, desk: str, cause: str) -> Response:
    """Why a cause is likely or not: for, against, missing, and the sources."""
    engine: Engine = request.app.state.engine
    if cause not in engine.knowledge.conditions:
        raise HTTPException(404, "There is no such cause.")
    answered = answered_of(request, person, desk)
    found = _cause(answered, cause)
    if not (found["for"] or found["against"]):
        again = engine.answer(answered.assessment.record, (cause,))
        found = _cause(again, cause)
    name = _template(request, "cause")
    return html_of(request, name, here=f"/assessment/{desk}", cause=found, citations=Citations())


@router.get("/assessment/{desk}/check/{finding}")
def check_in_full(request: Request, person: Reader, desk: str, finding: str) -> Response:
    """One of the next checks: what each answer would change, and the form that answers it.

    A script says which window asks, and what it was shown."""
    opened = request.app.state.drafts.of(person.id, desk)
    answered = answer_of(request, opened)
    checks = answered.data["next"] if answered else ()
    found = next((c for c in checks if c["finding"] == finding), None)
    if found is None:
        raise HTTPException(404, "This is not among the next checks.")
    shown = request.query_params
    # A page of its own shows the desk as it is now.
    state = shown.get("state", "") if is_fragment(request) else opened.state
    seen = seen_by(shown.get("tab", ""), state)
    values: dict[str, Any] = {
        **at(opened),
        "tab": seen.tab,
        "state": seen.state,
        "check": found,
        "findings": request.app.state.engine.knowledge.findings,
        "draft": opened.draft,
        "painful": opened.draft.painful_side,
    }
    return html_of(request, _template(request, "check"), **values)


@router.get("/assessment/{desk}/candidacy/{therapy}")
def candidacy(request: Request, person: Reader, desk: str, therapy: str) -> Response:
    """A therapy's published lists, line by line."""
    answered = answered_of(request, person, desk)
    if therapy not in answered.data["candidacy"]:
        raise HTTPException(404, "There is no such therapy.")
    name = _template(request, "candidacy")
    values: dict[str, Any] = {"here": f"/assessment/{desk}", "citations": Citations()}
    return html_of(request, name, **values, **candidacy_of(answered, therapy))


@router.get("/assessment/{desk}/rung/{rung}")
def rung_in_full(request: Request, person: Reader, desk: str, rung: str) -> Response:
    """A rung of the ladder: its options with effects, doses, cautions and guidelines."""
    found = _rung(answered_of(request, person, desk), rung)
    return html_of(request, _template(request, "rung"), **_of_rung(request, desk, found))


@router.get("/assessment/{desk}/rung/{rung}/{treatment}")
def option_in_full(
    request: Request, person: Reader, desk: str, rung: str, treatment: str
) -> Response:
    """One option of a rung: its effect, dose, cautions, and what guidelines say."""
    found = _rung(answered_of(request, person, desk), rung)
    option = next((o for o in found["options"] if o["treatment"] == treatment), None)
    if option is None:
        raise HTTPException(404, "There is no such option on this step.")
    return html_of(
        request, _template(request, "option"), **_of_rung(request, desk, found), o=option
    )


def _rung(answered: Answered, rung: str) -> Mapping[str, Any]:
    """A rung of the leading ladder. Raises 404."""
    ladder = answered.data["ladder"]
    found = next((r for r in (ladder or {"rungs": ()})["rungs"] if r["id"] == rung), None)
    if found is None:
        raise HTTPException(404, "There is no such step.")
    return cast(Mapping[str, Any], found)


def _of_rung(request: Request, desk: str, rung: Mapping[str, Any]) -> dict[str, Any]:
    """What a template needs to tell of a rung."""
    return {
        "here": f"/assessment/{desk}",
        "r": rung,
        "nothing_else": NOTHING_ELSE,
        "opened": opened_in(request),
        "citations": Citations(),
        "pain_path": "",
        "course_chart": "",
    }


def _cause(answered: Answered, cause: str) -> Mapping[str, Any]:
    return next(c for c in answered.data["causes"] if c["id"] == cause)


def _template(request: Request, name: str) -> str:
    """The template of a closer look: by itself, or as a page of its own."""
    return f"assessment/{name}{'' if is_fragment(request) else '_page'}.html.jinja"
