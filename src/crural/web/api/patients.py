"""The typed HTTP API of what is kept: patients, versions of their records, diaries.

Ids and numbers stand in the addresses, words about a patient only in bodies: addresses end up in
logs. Who changes a record names the version that the change is based on; when another one was saved
since, the answer is 409 and names it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from crural.errors import CruralError
from crural.record import Record, record_from_data
from crural.report.parts import whole
from crural.store import ConflictError, NotFoundError, Store, Version
from crural.web.api.guard import checked_json, own_json
from crural.web.api.shapes import (
    MOST,
    Conflicted,
    DeletionTold,
    DiaryCorrection,
    DiaryTold,
    InId,
    InNumber,
    Minute,
    NewDiaryEntry,
    NewLabel,
    NewPatient,
    NewVersion,
    OlderVersion,
    PatientsTold,
    PatientTold,
    Problem,
    Sought,
    Undone,
    VersionChanged,
    VersionNamed,
    VersionsTold,
    VersionTold,
    failing,
    moment_of,
)
from crural.web.live import Engine
from crural.web.noted import note_reading
from crural.web.person import Editor, Reader

router = APIRouter(
    prefix="/api/v1",
    tags=["patients"],
    responses=failing(400, 401, 403, 503),
    generate_unique_id_function=lambda route: route.name,
)

_READ: Final = failing(404, 422)
_CHANGE: Final = failing(404, 413, 415, 422, 507)
_DELETE: Final = failing(404, 422, 507)
_SAVE: Final[dict[int | str, dict[str, Any]]] = {
    **_CHANGE,
    409: {
        "model": Conflicted,
        "description": "Somebody saved in between; `newest` names what they saved.",
    },
}
_ASSESSED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The assessment, schema crural/assessment/1.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Assessment"}}},
    },
    **_READ,
    **failing(429, 507),
}
_CHECKED: Final = [Depends(checked_json)]
_PATIENT_LINKS: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "links": {
            name: {"operationId": name, "parameters": {"patient": "$response.body#/patient"}}
            for name in (
                "get_patient",
                "rename_patient",
                "list_versions",
                "get_record",
                "assess_patient",
                "list_diary",
                "add_diary_entry",
                "delete_patient",
            )
        }
        | {
            "get_version": {
                "operationId": "get_version",
                "parameters": {
                    "patient": "$response.body#/patient",
                    "number": "$response.body#/number",
                },
            },
            "save_version": {
                "operationId": "save_version",
                "parameters": {"patient": "$response.body#/patient"},
                "requestBody": {
                    "record": "$response.body#/record",
                    "based_on": "$response.body#/number",
                },
            },
            "undo": {
                "operationId": "undo",
                "parameters": {"patient": "$response.body#/patient"},
                "requestBody": {"based_on": "$response.body#/number"},
            },
        }
    }
}
_ENTRY_LINKS: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "links": {
            "correct_diary_entry": {
                "operationId": "correct_diary_entry",
                "parameters": {
                    "patient": "$response.body#/patient",
                    "entry": "$response.body#/id",
                },
                "requestBody": {
                    "at": "$response.body#/at",
                    "nrs": 3,
                    "based_on": "$response.body#/revision",
                },
            },
            "remove_diary_entry": {
                "operationId": "remove_diary_entry",
                "parameters": {
                    "patient": "$response.body#/patient",
                    "entry": "$response.body#/id",
                },
            },
        }
    }
}


@router.get("/patients", summary="List patients", responses=failing(422))
def list_patients(
    request: Request,
    _: Reader,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many at most")] = 100,
    before: Annotated[
        int | None, Query(ge=1, le=MOST, description="`next` of the page before this one")
    ] = None,
) -> PatientsTold:
    """All patients, the one changed last first."""
    return _listed(request, Sought(limit=limit, before=before))


@router.post(
    "/search/patients",
    summary="Search patients",
    responses=failing(413, 415, 422),
    dependencies=[Depends(own_json)],
)
def search_patients(request: Request, _: Reader, sought: Sought) -> PatientsTold:
    """Patients whose label contains some words, the one changed last first. Changes nothing."""
    return _listed(request, sought)


@router.post(
    "/patients",
    summary="Keep a new patient",
    status_code=201,
    responses={**failing(413, 415, 422, 507), **_PATIENT_LINKS},
    dependencies=_CHECKED,
)
def create_patient(
    request: Request, response: Response, who: Editor, new: NewPatient
) -> VersionTold:
    """A new patient with version 1 of the record."""
    record = _read(request, new.record)
    made = _store(request).create_patient(new.label, record, who=who.id)
    response.headers["location"] = f"/api/v1/patients/{made.info.patient_id}"
    return VersionTold.of(made)


@router.get("/patients/{patient}", summary="One patient", responses=_READ)
def get_patient(request: Request, _: Reader, patient: InId) -> PatientTold:
    """A patient as in the list, without the record."""
    return PatientTold.of(_store(request).patient(patient))


@router.patch(
    "/patients/{patient}", summary="Rename a patient", responses=_CHANGE, dependencies=_CHECKED
)
def rename_patient(request: Request, who: Editor, patient: InId, new: NewLabel) -> PatientTold:
    """Another label for a patient. The record stays as it is."""
    return PatientTold.of(_store(request).rename_patient(patient, new.label, who=who.id))


@router.delete(
    "/patients/{patient}",
    summary="Delete a patient for good",
    responses=_DELETE,
    dependencies=_CHECKED,
)
def delete_patient(request: Request, who: Editor, patient: InId) -> DeletionTold:
    """Delete a patient, all versions and the diary. This cannot be undone."""
    return DeletionTold.of(_store(request).delete_patient(patient, who=who.id))


@router.get("/patients/{patient}/versions", summary="List versions", responses=_READ)
def list_versions(
    request: Request,
    _: Reader,
    patient: InId,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many at most")] = 50,
    before: Annotated[
        int | None, Query(ge=1, le=MOST, description="`next` of the page before this one")
    ] = None,
) -> VersionsTold:
    """The versions of a record with what each changed, the newest first."""
    found = _store(request).history(patient, limit=limit + 1, before=before)
    return VersionsTold(
        versions=[VersionChanged.of(entry) for entry in found[:limit]],
        next=found[limit - 1].info.number if len(found) > limit else None,
    )


@router.post(
    "/patients/{patient}/versions",
    summary="Save the next version",
    status_code=201,
    responses=_SAVE,
    response_model=VersionTold,
    dependencies=_CHECKED,
)
def save_version(
    request: Request, who: Editor, patient: InId, new: NewVersion
) -> VersionTold | Response:
    """Save a record as the next version, when nobody saved since the one it is based on."""
    record = _read(request, new.record)
    try:
        saved = _store(request).save(patient, record, based_on=new.based_on, who=who.id)
    except ConflictError as error:
        return _conflict(error)
    return VersionTold.of(saved)


@router.get("/patients/{patient}/versions/{number}", summary="One version", responses=_READ)
def get_version(request: Request, who: Reader, patient: InId, number: InNumber) -> VersionTold:
    """A version of a record as it was kept."""
    return VersionTold.of(_opened(request, who.id, patient, number))


@router.get("/patients/{patient}/record", summary="The newest version", responses=_READ)
def get_record(request: Request, who: Reader, patient: InId) -> VersionTold:
    """The newest version of a record."""
    return VersionTold.of(_opened(request, who.id, patient, None))


@router.post(
    "/patients/{patient}/restore",
    summary="Restore a version",
    status_code=201,
    responses=_SAVE,
    response_model=VersionTold,
    dependencies=_CHECKED,
)
def restore_version(
    request: Request, who: Editor, patient: InId, older: OlderVersion
) -> VersionTold | Response:
    """The next version, equal to an older one. Those between stay in the history."""
    try:
        made = _store(request).restore(patient, older.number, based_on=older.based_on, who=who.id)
    except ConflictError as error:
        return _conflict(error)
    return VersionTold.of(made)


@router.post(
    "/patients/{patient}/undo",
    summary="Undo the last change",
    status_code=201,
    responses=_SAVE,
    response_model=VersionTold,
    dependencies=_CHECKED,
)
def undo(request: Request, who: Editor, patient: InId, undone: Undone) -> VersionTold | Response:
    """The next version, equal to the one before the last change that still stands.

    Undoing again goes further back. 422 when nothing is left to undo.
    """
    try:
        made = _store(request).undo(patient, based_on=undone.based_on, who=who.id)
    except ConflictError as error:
        return _conflict(error)
    return VersionTold.of(made)


@router.get(
    "/patients/{patient}/assessment", summary="Assess the newest version", responses=_ASSESSED
)
def assess_patient(request: Request, who: Reader, patient: InId) -> Response:
    """The assessment of the newest version, schema crural/assessment/1."""
    return _assessed(request, who.id, patient, None)


@router.get(
    "/patients/{patient}/versions/{number}/assessment",
    summary="Assess a version",
    responses=_ASSESSED,
)
def assess_version(request: Request, who: Reader, patient: InId, number: InNumber) -> Response:
    """The assessment of an older version by the knowledge of today, schema crural/assessment/1."""
    return _assessed(request, who.id, patient, number)


@router.get("/patients/{patient}/diary", summary="Read the diary", responses=_READ)
def list_diary(
    request: Request,
    _: Reader,
    patient: InId,
    since: Annotated[Minute | None, Query(description="the earliest time, inclusive")] = None,
    until: Annotated[Minute | None, Query(description="the latest time, inclusive")] = None,
) -> list[DiaryTold]:
    """The diary in the order of its times, both ends included."""
    found = _store(request).diary(patient, since=moment_of(since), until=moment_of(until))
    return [DiaryTold.of(entry) for entry in found]


@router.post(
    "/patients/{patient}/diary",
    summary="Add to the diary",
    status_code=201,
    responses={**_CHANGE, **failing(409), **_ENTRY_LINKS},
    dependencies=_CHECKED,
)
def add_diary_entry(request: Request, who: Editor, patient: InId, new: NewDiaryEntry) -> DiaryTold:
    """A new entry. Sent twice it is kept once; 409 when another one has the same minute."""
    return DiaryTold.of(_store(request).add_diary(patient, new.values(), who=who.id))


@router.put(
    "/patients/{patient}/diary/{entry}",
    summary="Correct the diary",
    responses={**_CHANGE, **failing(409)},
    dependencies=_CHECKED,
)
def correct_diary_entry(
    request: Request, who: Editor, patient: InId, entry: InId, new: DiaryCorrection
) -> DiaryTold:
    """An entry as it should be. 409 when it was corrected since, or another has the same minute."""
    _must_be_theirs(request, patient, entry)
    return DiaryTold.of(
        _store(request).change_diary(entry, new.values(), based_on=new.based_on, who=who.id)
    )


@router.delete(
    "/patients/{patient}/diary/{entry}",
    summary="Take an entry out of the diary",
    status_code=204,
    responses=_DELETE,
    dependencies=_CHECKED,
)
def remove_diary_entry(request: Request, who: Editor, patient: InId, entry: InId) -> None:
    """Take an entry out of the diary for good."""
    _must_be_theirs(request, patient, entry)
    _store(request).remove_diary(entry, who=who.id)


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _listed(request: Request, sought: Sought) -> PatientsTold:
    note_reading(request, "list-read")
    found = _store(request).patients(sought.search, limit=sought.limit + 1, before=sought.before)
    return PatientsTold(
        patients=[PatientTold.of(patient) for patient in found[: sought.limit]],
        next=found[sought.limit - 1].order if len(found) > sought.limit else None,
    )


def _read(request: Request, record: dict[str, Any]) -> Record:
    """The record that was sent. Raises RecordError."""
    engine: Engine = request.app.state.engine
    return record_from_data(record, engine.knowledge.vocabulary, "the record")


def _opened(request: Request, who: str, patient: str, number: int | None) -> Version:
    """A version, after it was noted down that it left the house."""
    store = _store(request)
    version = store.version(patient, number)
    store.note("record-exported", who=who, patient_id=patient, item=str(version.info.number))
    return version


def _assessed(request: Request, who: str, patient: str, number: int | None) -> Response:
    store = _store(request)
    version = store.version(patient, number)
    engine: Engine = request.app.state.engine
    answered = engine.answer(engine.read_again(version.record))
    store.note("assessment-exported", who=who, patient_id=patient, item=str(version.info.number))
    return JSONResponse(whole(answered.data))


def _must_be_theirs(request: Request, patient: str, entry: str) -> None:
    """Raises NotFoundError unless the entry belongs to this patient's diary."""
    store = _store(request)
    if not any(kept.id == entry for kept in store.diary(patient)):
        raise NotFoundError(
            file=store.where,
            problem=f"there is no diary entry {entry} of patient {patient}",
            remedy="it may have been removed; look at the diary",
        )


def _conflict(error: ConflictError) -> Response:
    told = Conflicted(
        error=_problem(error), newest=VersionNamed(**VersionNamed.named(error.newest))
    )
    return JSONResponse(told.model_dump(mode="json"), status_code=409)


def _problem(error: CruralError) -> Problem:
    return Problem(problem=error.problem, field=error.field, remedy=error.remedy)
