"""The page of the audit trail: who did what when, and whether it is whole."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from crural.store import AuditCheck, AuditHead, Store
from crural.web.noted import note_reading
from crural.web.person import Admin
from crural.web.showing import html_of

router = APIRouter(include_in_schema=False)

A_PAGE: Final = 50
# Checking more than these takes longer than a page should; then it is done when asked for.
CHECKED_UNASKED: Final = 5000
ACTIONS: Final = {
    "store-created": "database made",
    "user-added": "user added",
    "user-changed": "user changed",
    "password-changed": "password changed",
    "session-started": "signed in",
    "session-ended": "signed out",
    "sign-in-refused": "sign-in refused",
    "patient-created": "patient created",
    "patient-renamed": "patient renamed",
    "patient-deleted": "patient deleted",
    "patient-opened": "patient opened",
    "list-read": "list of patients read",
    "trail-read": "audit trail read",
    "version-saved": "version saved",
    "version-restored": "version restored",
    "diary-added": "diary entry added",
    "diary-changed": "diary entry changed",
    "diary-removed": "diary entry removed",
    "record-exported": "record exported",
    "assessment-exported": "assessment exported",
    "backup-made": "backup made",
}
_HEAD: Final = re.compile(r"\s*(\d{1,10})\s*:\s*([0-9a-fA-F]{64})\s*")


@router.get("/audit")
def trail_page(
    request: Request,
    who: Admin,
    *,
    patient: Annotated[str, Query(max_length=80)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
    check: bool = False,
    noted: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The trail, newest first; of one patient, when asked for."""
    del who
    store: Store = request.app.state.store
    note_reading(request, "trail-read")
    head = store.audit_head()
    entries = store.latest_audit(
        before=before, limit=A_PAGE + 1, patient_id=patient.strip() or None
    )
    since = _HEAD.fullmatch(noted)
    values: dict[str, Any] = {
        "head": head,
        "entries": entries[:A_PAGE],
        "older": entries[A_PAGE - 1].seq if len(entries) > A_PAGE else None,
        "patient": patient.strip(),
        "before": before,
        "noted": noted,
        "misnoted": bool(noted.strip()) and since is None,
        "check": _check(store, since) if check or head.seq <= CHECKED_UNASKED else None,
        "names": {user.id: user.name for user in store.users()},
        "actions": ACTIONS,
    }
    return html_of(request, "people/audit.html.jinja", **values)


def _check(store: Store, noted: re.Match[str] | None) -> AuditCheck:
    if noted is None:
        return store.verify_audit()
    return store.verify_audit(AuditHead(seq=int(noted[1]), hash=noted[2].lower()))
