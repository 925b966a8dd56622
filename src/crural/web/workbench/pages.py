"""The pages of the workbenches, all made from the descriptions of the benches.

A browser with scripts gets the bench put in place anew; one without gets a page that holds the
answer without the form, so that no answer ever stands beside inputs that it was not made of.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from crural.errors import CruralError
from crural.knowledge import Knowledge, cite
from crural.record import record_from_text
from crural.report.citations import Citations
from crural.store import Patient, Store, StoreError
from crural.web.assessment.draft import to_record
from crural.web.assessment.drafts import Desk, Drafts
from crural.web.diary.parts import record_with_diary, row_of
from crural.web.noted import note_opened, note_reading
from crural.web.person import Person, Reader
from crural.web.security import CheckedForm
from crural.web.showing import download, html_of, is_fragment, self_contained
from crural.web.workbench import dosing, pump, spread, stimulation
from crural.web.workbench.bench import Answered, Bench
from crural.web.workbench.fields import (
    Field,
    Given,
    Source,
    Value,
    Written,
    digest_of,
    in_words,
    is_record,
    read,
    refused,
    sentence,
    told,
    usual_of,
    written_of,
)

router = APIRouter(include_in_schema=False)

ROOMS: Final[Mapping[str, str]] = {
    "pump": "Pump",
    "spread": "Spread of a drug",
    "stimulation": "Stimulation",
}
BENCHES: Final[Mapping[str, Bench]] = {
    bench.id: bench
    for bench in (*pump.BENCHES, *dosing.BENCHES, *spread.BENCHES, *stimulation.BENCHES)
}
# Those that take the record or diary of a saved patient.
FOR_PATIENTS: Final = tuple(
    bench
    for bench in BENCHES.values()
    if any(one.kind in {"record", "diary"} for one in bench.fields)
)
# What may take seconds; the others answer at once, however busy the server is.
HEAVY: Final = frozenset({"spread", "stimulation/coverage"})
# Saved patients that are offered to choose from; who is not among them is found in the list.
MOST_PATIENTS: Final = 100
_VOUCHED: Final = "checked"
_CAN_BE_VOUCHED: Final = "--i-have-checked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a form: an answer, or what is wrong with which field ('' for the whole)."""

    given: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    answered: Answered | None = field(default=None, repr=False)
    problems: Mapping[str, str] = field(default_factory=dict, repr=False)
    can_vouch: bool = False


def work(bench: Bench, written: Written, *, vouched: str, records: Records) -> Outcome:
    """Read a form and answer it. `vouched` counts only for the very inputs it was given for."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for one in bench.fields:
        try:
            values[one.name] = (
                records.source(one, written)
                if one.kind in {"record", "diary"}
                else read(one, written)
            )
        except StoreError:
            raise  # told by the application
        except CruralError as error:
            problems[one.name] = sentence(error, bench.fields, within=error.field != one.name)
    if problems:
        return Outcome(problems=problems)
    given = Given(values, checked=bench.check and vouched == digest_of(written))
    try:
        answered = bench.answer(given, records.knowledge)
    except CruralError as error:
        places = bench.places(error.field)
        if not places:
            places = tuple(one for one in bench.fields if one.kind in {"record", "diary"})
        said = sentence(error, bench.fields, within=not bench.places(error.field))
        problems = {one.name: said for one in places} or {"": said}
        return Outcome(problems=problems, can_vouch=_CAN_BE_VOUCHED in error.remedy)
    lines = ((one.label, told(one, values[one.name], written)) for one in bench.fields)
    vouching = (("Vouched for", "an unusual amount was checked"),) if given.checked else ()
    return Outcome(
        given=(*((label, said) for label, said in lines if said), *vouching), answered=answered
    )


@dataclass(frozen=True, slots=True)
class Records:
    """Where records come from: the saved patients that this person may read."""

    request: Request
    person: Person

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge that records are read with."""
        known: Knowledge = self.request.app.state.engine.knowledge
        return known

    def source(self, one: Field, written: Written) -> Source | None:
        """The record or diary that a field names. Raises CruralError, StoreError."""
        patient = written.get(f"{one.name}-patient", "")
        text = written.get(f"{one.name}-text", "")
        if patient and text:
            raise refused(one, "Two are given", "choose a patient, or paste a text, not both")
        if patient:
            return self._saved(one, patient)
        if text and (one.kind == "record" or is_record(text)):
            where = "the pasted record"
            read_in = record_from_text(
                text, self.knowledge.vocabulary, where, is_json=text.lstrip()[:1] == "{"
            )
            return Source(where, read_in)
        if text:
            return Source("the pasted diary", text=text)
        if one.needed:
            raise refused(one, "This is needed", "choose a patient or a file, or paste its text")
        return None

    def _saved(self, one: Field, patient: str) -> Source:
        """The record of a saved patient, with what this person has changed and not saved yet; or
        the diary, where it tells of a trial."""
        store: Store = self.request.app.state.store
        drafts: Drafts = self.request.app.state.drafts
        found = store.patient(patient)
        desk = drafts.of(self.person.id, patient)
        record = to_record(desk.draft, self.knowledge) if desk.unsaved else None
        if desk.unsaved and record is None:
            raise refused(
                one,
                "Age or sex is missing in the changes that are not saved",
                "enter it in the assessment, or drop the changes",
            )
        note_opened(self.request, self.person, patient)
        label = f"{found.label}, {self._which(found, desk)}"
        if record is None:
            record = store.version(patient).record
        if one.kind == "record":
            return Source(label, record, saved=True)
        rows = tuple(
            row_of(entry.values) for entry in store.diary(patient) if entry.values.phase is not None
        )
        if rows:
            return Source(f"{found.label}, {len(rows)} entries of the diary", rows=rows, saved=True)
        merged = record_with_diary(store, patient, record)
        return Source(f"{label}, and the diary", merged, saved=True)

    def _which(self, patient: Patient, desk: Desk) -> str:
        """Which version it is that is worked with, and what of it is not saved."""
        store: Store = self.request.app.state.store
        number = desk.based_on if desk.unsaved and desk.based_on else patient.newest
        at = store.version(patient.id, number).info.at.astimezone()
        said = f"version {number} of {at.day} {at:%b %Y, %H:%M}"
        if not desk.unsaved:
            return said
        newer = "" if number == patient.newest else f"; version {patient.newest} is newer"
        return f"{said} with your changes that are not saved{newer}"


_COMMAND: Final = re.compile(r"`?crural ([a-z]+) ([a-z-]+)`?")


def on_the_bench(text: str) -> str:
    """A text of the arithmetic with the names of benches in place of commands."""

    def named(match: re.Match[str]) -> str:
        bench = BENCHES.get(f"{match[1]}/{match[2]}")
        return f"bench “{bench.name}”" if bench else match[0]

    return _COMMAND.sub(named, text)


@router.get("/workbench")
def index(request: Request, person: Reader) -> Response:
    """What each bench is for."""
    del person
    return html_of(request, "workbench/index.html.jinja", benches=BENCHES.values(), titles=ROOMS)


@router.get("/workbench/{name:path}")
def form_of(request: Request, person: Reader, name: str, patient: str = "") -> Response:
    """The form of a bench; `patient` chooses a saved one beforehand."""
    del person
    if name in ROOMS and name not in BENCHES:
        return RedirectResponse(f"/workbench#{name}", status_code=303)
    bench = _bench(name)
    written = dict(usual_of(bench.fields))
    written |= {
        f"{one.name}-patient": patient
        for one in bench.fields
        if patient and one.kind in {"record", "diary"}
    }
    return html_of(
        request, "workbench/page.html.jinja", **_shown(request, bench, written, Outcome())
    )


@router.post("/workbench/{name:path}")
def answer(request: Request, person: Reader, form: CheckedForm, name: str) -> Response:
    """Work it out; or the answer as a file, or the form again with what was written."""
    bench = _bench(name)
    live = is_fragment(request)
    wanted = form.get("as")
    try:
        written = written_of(bench.fields, form)
    except CruralError as error:
        outcome = Outcome(problems={error.field: sentence(error, bench.fields)})
        return _answer_page(request, bench, {}, outcome, live)
    if wanted == "change":
        values = _shown(request, bench, written, Outcome())
        return html_of(request, "workbench/page.html.jinja", **values)
    records = Records(request, person)
    turn = request.app.state.engine.turns if bench.id in HEAVY else nullcontext()
    with turn:
        outcome = work(bench, written, vouched=_vouched(form), records=records)
    made = outcome.answered
    if made is not None and isinstance(wanted, str):
        return _file(bench, made, wanted)
    return _answer_page(request, bench, written, outcome, live)


def _vouched(form: FormData) -> str:
    value = form.get(_VOUCHED)
    return value if isinstance(value, str) else ""


def _answer_page(
    request: Request, bench: Bench, written: Written, outcome: Outcome, live: bool
) -> Response:
    values = _shown(request, bench, written, outcome)
    if live:
        return html_of(request, "workbench/bench.html.jinja", **values)
    values["alone"] = outcome.answered is not None
    status = 422 if outcome.problems else 200
    return html_of(request, "workbench/page.html.jinja", status, **values)


def _file(bench: Bench, made: Answered, wanted: str) -> Response:
    """The answer as a file to keep, or as a page to print."""
    name = bench.id.replace("/", "-")
    if wanted == "json":
        text = json.dumps(made.data, ensure_ascii=False, indent=2) + "\n"
        return download(text, f"{name}.json", "application/json")
    if wanted == "calendar" and made.calendar is not None:
        return download(made.calendar(), f"{name}.ics", "text/calendar")
    if wanted == "page" and made.page is not None:
        return self_contained(made.page())
    raise HTTPException(404, "There is no such file.")


def _bench(name: str) -> Bench:
    if name not in BENCHES:
        raise HTTPException(404, "There is no such bench.")
    return BENCHES[name]


def _offered(request: Request, bench: Bench, written: Written) -> tuple[Patient, ...]:
    """The patients to choose from, and whoever is chosen already."""
    store: Store = request.app.state.store
    note_reading(request, "list-read")
    listed = tuple(store.patients(limit=MOST_PATIENTS))
    there = {one.id for one in listed}
    chosen = {written.get(f"{one.name}-patient", "") for one in bench.fields} - {"", *there}
    return (*listed, *(store.patient(one) for one in chosen))


def _shown(request: Request, bench: Bench, written: Written, outcome: Outcome) -> dict[str, Any]:
    """What the templates of a bench need."""
    knowledge: Knowledge = request.app.state.engine.knowledge
    wants_record = any(one.kind in {"record", "diary"} for one in bench.fields)
    groups = dict.fromkeys(one.group for one in bench.fields)
    answered = outcome.answered
    return {
        "bench": bench,
        "rooms_of_benches": ROOMS,
        "groups": {group: [f for f in bench.fields if f.group == group] for group in groups},
        "opened": {
            one.group
            for one in bench.fields
            if one.name in outcome.problems
            or any(
                written.get(name, "") not in {"", one.usual}
                for name in one.inputs()
                if "-unit" not in name  # some are always sent
            )
        },
        "written": written,
        "outcome": outcome,
        "made": answered,
        "data": answered.data if answered else {},
        "chart": answered.chart if answered else "",
        **(answered.values if answered else {}),
        "vouching": digest_of(written),
        "checked": _VOUCHED,
        "patients": _offered(request, bench, written) if wants_record else (),
        "bench_drugs": dosing.DRUGS,
        "alone": False,
        "at": dt.datetime.now().astimezone(),
        "citations": Citations(),
        "sources_of": lambda ids: [
            cite(knowledge.evidence[name])
            for name in ids
            if name in knowledge.evidence and knowledge.evidence[name].kind != "hole"
        ],
        "said": lambda text: on_the_bench(in_words(text, bench.fields)),
    }
