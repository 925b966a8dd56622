"""What is entered on a desk. Each change is one POST.

A browser with scripts gets back the parts of the page that changed and puts them in place; one
without is sent to the whole page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast, get_args

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from crural.errors import RecordError, ended
from crural.record import Drug, Illness, Treatment
from crural.record.field_error import FieldError
from crural.record.model import Setting as Clinic
from crural.record.model import Sex
from crural.record.sides import BodySide, PainfulSide
from crural.report import words
from crural.web.assessment import painting, taken
from crural.web.assessment.draft import ChosenSide, Draft, Part, checked
from crural.web.assessment.drafts import ChangedElsewhereError, Desk, Drafts, Seen
from crural.web.assessment.entry_lines import entry_words
from crural.web.assessment.forms import (
    NotTakenError,
    draft_in_file,
    entry_in,
    measured,
    observation_in,
    seen_in,
    tried_in,
)
from crural.web.assessment.shown import page, values_of
from crural.web.assessment.taken import Answer, Entry
from crural.web.forms import RefusedError, date_in, number_in, one_of, text_in
from crural.web.live import Engine
from crural.web.person import Editor, Person
from crural.web.security import CheckedForm
from crural.web.showing import html_of, is_fragment

router = APIRouter(include_in_schema=False)

_DURATION_UNITS = ("days", "weeks", "months", "years")
_T = TypeVar("_T", Treatment, Drug, Illness, str)


@router.post("/assessment/{desk}/basics")
def basics(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Age, sex, side, setting, duration, severity."""

    def change(draft: Draft) -> Draft:
        sex = one_of(form, "sex", get_args(Sex))
        weeks = number_in(form, "pregnancy_weeks", "weeks of pregnancy", 0, 45)
        side = one_of(form, "side", ("as-painted", *get_args(PainfulSide), "not-recorded"))
        changed = replace(
            draft,
            age=number_in(form, "age", "age", 0, 120),
            sex=cast(Sex | None, sex),
            side=None if side == "not-recorded" else cast(ChosenSide, side) or draft.side,
            setting=cast(Clinic, one_of(form, "setting", get_args(Clinic)) or draft.setting),
            pregnancy_weeks=None if weeks is None or sex != "female" else int(weeks),
            as_of=date_in(form, "as_of") or draft.as_of,
        )
        duration = number_in(form, "duration", "duration", 0, 36_500)
        unit = one_of(form, "duration_unit", _DURATION_UNITS) or "weeks"
        changed = measured(changed, "pain-duration", duration, unit)
        severity = number_in(form, "severity", "severity", 0, 10)
        return measured(changed, "pain-severity", severity, "{NRS}")

    entered = "Your last entry (about the patient)"
    return _changed(request, person, desk, form, change, entered=entered)


@router.post("/assessment/{desk}/pain")
def pain(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """The painted places."""
    spots = frozenset(str(spot) for spot in form.getlist("spot")) & painting.SPOTS

    findings = request.app.state.engine.knowledge.findings

    def change(draft: Draft) -> Draft:
        denied = painting.denied(spots - draft.painted, draft.observations)
        if denied is not None:
            raise RefusedError(
                f"“{words.sentence(findings[denied].name)}” is entered as absent. Remove it from "
                "what is entered first."
            )
        return replace(draft, painted=spots, nowhere_else="nowhere_else" in form)

    entered = "Your last entry (where it hurts)"
    return _changed(request, person, desk, form, change, source="pain", entered=entered)


@router.post("/assessment/{desk}/answer")
def answer(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """One finding: present, absent, in a state, measured, or not known."""
    engine: Engine = request.app.state.engine
    finding = engine.knowledge.findings.get(text_in(form, "finding"))
    if finding is None:
        raise HTTPException(404, "There is no such finding.")
    given = text_in(form, "answer")
    side = cast(BodySide | None, one_of(form, "side", get_args(BodySide)))
    if not finding.sided:
        side = None

    def change(draft: Draft) -> Draft:
        if given in {"unknown", "forget"}:
            less = draft.forgetting(finding.id, side)
            if given == "forget":
                return replace(
                    less,
                    observations=tuple(o for o in less.observations if o.finding != finding.id),
                    skipped=less.skipped - {finding.id},
                )
            return less.skipping(finding.id)
        return draft.observing(observation_in(finding, given, side, form))

    entered = f"Your last entry ({finding.name})"
    return _changed(request, person, desk, form, change, entered=entered)


@router.post("/assessment/{desk}/add/{part}")
def add(request: Request, person: Editor, desk: str, form: CheckedForm, part: Part) -> Response:
    """One treatment tried, drug, illness or allergy."""
    knowledge = request.app.state.engine.knowledge

    def change(draft: Draft) -> Draft:
        if part == "treatments":
            new, told = tried_in(form)
            return taken.adding(draft, new, told, knowledge)
        if part == "drugs":
            return taken.taking(draft, tried_in(form, still=True)[0], knowledge)
        changed: dict[str, Any] = {part: (*getattr(draft, part), entry_in(part, form))}
        return replace(draft, **changed)

    entered = f"Your last entry ({text_in(form, 'name')[:80]})"
    return _changed(request, person, desk, form, change, source=part, entered=entered)


@router.post("/assessment/{desk}/change/{part}")
def change_entry(
    request: Request, person: Editor, desk: str, form: CheckedForm, part: Part
) -> Response:
    """Put another entry in the place of one, which is named by its words."""
    knowledge = request.app.state.engine.knowledge

    def change(draft: Draft) -> Draft:
        old = _named(draft, part, form)
        if old is None:
            raise RefusedError("This entry is no longer there. Add it anew.")
        if isinstance(old, Entry):
            new, told = tried_in(form, still=old.tried is None)
            return taken.changing(draft, old, new, told, knowledge)
        entries = [
            entry_in(part, form) if entry == old else entry for entry in getattr(draft, part)
        ]
        changed: dict[str, Any] = {part: tuple(entries)}
        return replace(draft, **changed)

    entered = f"Your last entry ({text_in(form, 'name')[:80]})"
    return _changed(request, person, desk, form, change, source=part, entered=entered)


@router.post("/assessment/{desk}/remove/{part}")
def remove(request: Request, person: Editor, desk: str, form: CheckedForm, part: Part) -> Response:
    """Take an entry out again. Its words are sent along: places in a list move."""

    def change(draft: Draft) -> Draft:
        old = _named(draft, part, form)
        if isinstance(old, Entry):
            return taken.removing(draft, old)
        entries = list(getattr(draft, part))
        if old is not None:
            entries.remove(old)
        changed: dict[str, Any] = {part: tuple(entries)}
        return replace(draft, **changed)

    return _changed(request, person, desk, form, change)


@router.post("/assessment/{desk}/settle")
def settle(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Answer what two entries about one drug leave open."""
    answer = cast(Answer | None, one_of(form, "answer", get_args(Answer)))

    def change(draft: Draft) -> Draft:
        tried = _by_words(draft.treatments, text_in(form, "tried"))
        drug = _by_words(draft.drugs, text_in(form, "drug"))
        if answer is None or (tried is None and drug is None):
            raise RefusedError("This entry is no longer there.")
        return taken.settled(draft, Entry(tried, drug), answer)

    return _changed(request, person, desk, form, change)


def _named(draft: Draft, part: Part, form: FormData) -> Entry | Illness | str | None:
    """The entry that a form names by its words; of a treatment with the drug that it is, too."""
    said = text_in(form, "entry")
    if part == "treatments":
        tried = _by_words(draft.treatments, said)
        drug = _by_words(draft.drugs, text_in(form, "drug"))
        return None if tried is None else Entry(tried, drug)
    if part == "drugs":
        drug = _by_words(draft.drugs, said)
        return None if drug is None else Entry(drug=drug)
    if part == "illnesses":
        return _by_words(draft.illnesses, said)
    return _by_words(draft.allergies, said)


def _by_words(entries: Sequence[_T], said: str) -> _T | None:
    return next((entry for entry in entries if said and entry_words(entry) == said), None)


@router.post("/assessment/{desk}/undo")
def undo(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Take the last change back."""
    drafts: Drafts = request.app.state.drafts
    try:
        drafts.undo(person.id, desk, seen_in(form))
    except ChangedElsewhereError as error:
        raise NotTakenError(desk, "Your last step", error) from None
    return _anew(request, desk)


@router.post("/assessment/{desk}/import")
def import_record(request: Request, person: Editor, desk: str, form: CheckedForm) -> Response:
    """Open a record file (YAML or JSON) in place of the draft; can be undone."""
    drafts: Drafts = request.app.state.drafts
    engine: Engine = request.app.state.engine
    try:
        imported = draft_in_file(form, engine.knowledge)
        drafts.change(person.id, desk, seen_in(form), lambda _: imported)
    except (RefusedError, RecordError) as error:
        return page(request, drafts.of(person.id, desk), str(error))
    except ChangedElsewhereError as error:
        raise NotTakenError(desk, "Your last step", error) from None
    return _anew(request, desk)


def _changed(
    request: Request,
    person: Person,
    desk: str,
    form: FormData,
    change: Callable[[Draft], Draft],
    *,
    source: str | None = None,
    entered: str = "Your last entry",
) -> Response:
    """Make a change, and show what came of it; or why it was refused. `entered`: what was sent, in
    words."""
    drafts: Drafts = request.app.state.drafts
    knowledge = request.app.state.engine.knowledge
    seen = seen_in(form)
    problem = ""
    changed: tuple[Desk, Desk] | None = None
    try:
        changed = drafts.change(person.id, desk, seen, lambda old: checked(change(old), knowledge))
    except RecordError as error:
        problem = f"{words.sentence(error.problem)}. {words.remedy(error)}"
    except (RefusedError, FieldError) as error:
        problem = words.sentence(str(error).replace("Remedy: ", ""))
    except ValidationError as error:
        problem = _fault_words(error)
    except ChangedElsewhereError as error:
        raise NotTakenError(desk, entered, error) from None
    before, found = changed or (None, drafts.of(person.id, desk))
    if is_fragment(request):
        values: dict[str, Any] = {"tab": seen.tab, "state": found.state, "problem": problem}
        # What was refused is on the screen as it was meant: then all is shown anew.
        values["source"] = None if problem else source
        values["same_figure"] = before is not None and _shows_figure(seen, before, found)
        values |= values_of(request, found)
        return html_of(request, "assessment/update.html.jinja", **values)
    if problem:
        return page(request, found, problem)
    return RedirectResponse(f"/assessment/{desk}", status_code=303)


def _shows_figure(seen: Seen, before: Desk, after: Desk) -> bool:
    """Does the page show the figure as it is now, without being sent it again?"""
    return seen.state == before.state and before.draft.drawn == after.draft.drawn


def _fault_words(error: ValidationError) -> str:
    """What is wrong with one part of a record, and what to do."""
    detail = error.errors(include_url=False, include_input=False)[0]
    fault = detail.get("ctx", {}).get("error")
    if isinstance(fault, FieldError):
        return f"{words.sentence(fault.problem)}. {ended(words.sentence(fault.remedy))}"
    field = str(detail["loc"][-1]) if detail["loc"] else "entry"
    return f"The {field.replace('_', ' ')} does not fit here: {detail['msg']}."


def _anew(request: Request, desk: str) -> Response:
    """The whole page again, after a change of everything."""
    if is_fragment(request):
        return Response(headers={"hx-refresh": "true"})
    return RedirectResponse(f"/assessment/{desk}", status_code=303)
