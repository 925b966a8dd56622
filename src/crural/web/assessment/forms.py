"""What the forms of a desk say: an answer, an entry, a measured value, a record file."""

from __future__ import annotations

from typing import cast, get_args

from fastapi import HTTPException
from starlette.datastructures import FormData, UploadFile

from crural.knowledge import Finding, Knowledge
from crural.record import Illness, Observation, Treatment, record_from_text
from crural.record.model import Response as Outcome
from crural.record.sides import BodySide
from crural.web.assessment.draft import Draft, Part, checked, reopened
from crural.web.assessment.drafts import Seen, seen_by
from crural.web.assessment.taken import Told, is_over
from crural.web.forms import RefusedError, number_in, one_of, text_in


class NotTakenError(HTTPException):
    """What was sent was not taken, since another window changed the desk meanwhile. `load`: where
    the desk is seen as it is now."""

    def __init__(self, desk: str, what: str, why: Exception) -> None:
        super().__init__(409, f"{what} was not taken: {_small(str(why))}")
        self.load = f"/assessment/{desk}"


def _small(said: str) -> str:
    return said[:1].lower() + said[1:]


def seen_in(form: FormData) -> Seen:
    """Which window sent a form, and what it was shown."""
    return seen_by(text_in(form, "tab"), text_in(form, "state"))


def draft_in_file(form: FormData, knowledge: Knowledge) -> Draft:
    """The draft of the record file (YAML or JSON) in a form. Raises RefusedError, RecordError."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise RefusedError("No file was sent. Choose one first.")
    raw = file.file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedError("The file is not text in UTF-8.") from None
    is_json = raw.lstrip()[:1] == b"{"
    record = record_from_text(text, knowledge.vocabulary, "the file", is_json=is_json)
    return checked(reopened(record, knowledge), knowledge)


def observation_in(
    finding: Finding, given: str, side: BodySide | None, form: FormData
) -> Observation:
    """What an answer says. Raises RefusedError."""
    if given == "value":
        value = number_in(form, "value", finding.name, -1e9, 1e9)
        if value is None:
            raise RefusedError(f"No value is given for {finding.name}. Write a number.")
        return Observation(finding=finding.id, value=value, unit=text_in(form, "unit"), side=side)
    if given.startswith("state:"):
        return Observation(finding=finding.id, state=given.removeprefix("state:"), side=side)
    if given not in {"present", "absent"}:
        raise RefusedError("Choose an answer.")
    return Observation(finding=finding.id, present=given == "present", side=side)


def entry_in(part: Part, form: FormData) -> Illness | str:
    """An illness or allergy from its form. Raises RefusedError, ValidationError."""
    name = _name_in(form)
    if part == "allergies":
        return name[:300]
    return Illness(name=name, since=text_in(form, "since") or None)


def tried_in(form: FormData, *, still: bool = False) -> tuple[Treatment, Told]:
    """A treatment from its form, and whether it is taken now: "" when that is not said, which
    means yes where it is `still` taken. Raises RefusedError, ValidationError."""
    name = _name_in(form)
    told = cast(Told, one_of(form, "taken", ("yes", "no")) or ("yes" if still else ""))
    days = number_in(form, "days", "days", 1, 36_500)
    tried = Treatment.model_validate(
        {
            "what": name,
            "dose": text_in(form, "dose") or None,
            "start": text_in(form, "start") or None,
            "stop": text_in(form, "stop") or None,
            "days": None if days is None else int(days),
            "response": one_of(form, "response", get_args(Outcome)),
            "relief_percent": number_in(form, "relief", "relief in per cent", 0, 100),
            "stopped_because": text_in(form, "stopped_because") or None,
        }
    )
    if told == "yes" and is_over(tried):
        raise RefusedError(
            f"{name} is said to be taken now, and to be over. Leave out when and why it was "
            "stopped, or say that it is not taken now."
        )
    return tried, told


def _name_in(form: FormData) -> str:
    name = text_in(form, "name")
    if not name:
        raise RefusedError("Nothing is entered. Write a name.")
    return name


def measured(draft: Draft, finding: str, value: float | None, unit: str) -> Draft:
    """With a measured value, or without any when the field is empty."""
    stated = draft.observed(finding)
    if value is None:
        # A grade that was given in words stays: its field was never filled.
        return (
            draft.forgetting(finding, None) if any(o.value is not None for o in stated) else draft
        )
    said = Observation(finding=finding, value=value, unit=unit)
    return draft if said in stated else draft.observing(said)
