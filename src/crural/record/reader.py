"""Reading a record: from a file, from text or from plain data, to a checked Record.

Whatever is wrong with the input comes out as one RecordError that names the place and the remedy.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from crural.errors import RecordError
from crural.record import checks, consistency
from crural.record.document import Document, DocumentError, parse
from crural.record.field_error import FieldError, dotted
from crural.record.messages import faults_of
from crural.record.model import Observation, Record
from crural.record.shapes import is_list, is_mapping
from crural.record.shorthand import Expanded, expand
from crural.record.vocabulary import Vocabulary

LARGEST_FILE = 1_000_000


def read_record(
    path: str | os.PathLike[str], vocabulary: Vocabulary, *, today: dt.date | None = None
) -> Record:
    """The record in a YAML or JSON file. Raises RecordError.

    `today` bounds the dates of a record that has no `as_of`; the calendar's day when left out.
    """
    text = read_text(Path(path))
    is_json = Path(path).suffix.casefold() == ".json"
    return record_from_text(text, vocabulary, str(path), is_json=is_json, today=today)


def record_from_text(
    text: str,
    vocabulary: Vocabulary,
    where: str,
    *,
    is_json: bool = False,
    today: dt.date | None = None,
) -> Record:
    """The record in the text of a YAML or JSON file; `where` names it in errors.

    Raises RecordError.
    """
    if len(text) > LARGEST_FILE:
        raise _too_large(where, len(text))
    try:
        document = parse(text, is_json=is_json)
    except DocumentError as error:
        raise RecordError(
            file=where,
            line=error.line,
            field=dotted(error.place),
            problem=error.problem,
            remedy=error.remedy,
        ) from None
    return _record(document, vocabulary, where, today)


def record_from_data(
    data: Mapping[str, object],
    vocabulary: Vocabulary,
    where: str,
    *,
    today: dt.date | None = None,
) -> Record:
    """The record in plain data, as a web form or another program hands it over.

    `where` names the data in errors. Raises RecordError.
    """
    return _record(Document(data), vocabulary, where, today)


def _record(
    document: Document, vocabulary: Vocabulary, where: str, today: dt.date | None
) -> Record:
    expanded = Expanded({})
    try:
        expanded = expand(document.data)
        _use_the_vocabulary(expanded, vocabulary)
        record = Record.model_validate(expanded.data)
        return _checked(record, expanded, vocabulary, today or dt.date.today())
    except ValidationError as error:
        faults = faults_of(error)
    except FieldError as error:
        faults = [checks.told_as_finding(error, vocabulary)]
    raise _first_in_file(faults, expanded, document, where)


def _first_in_file(
    faults: list[FieldError], expanded: Expanded, document: Document, where: str
) -> RecordError:
    """The fault that stands first: there the eye begins, and it is often the cause of the rest."""
    located = [(expanded.origin(fault.place), fault) for fault in faults]
    place, fault = min(located, key=lambda one: document.line_of(one[0]) or 0)
    return RecordError(
        file=where,
        line=document.line_of(place),
        field=dotted(place),
        problem=fault.problem,
        remedy=fault.remedy,
    )


def _use_the_vocabulary(expanded: Expanded, vocabulary: Vocabulary) -> None:
    """Spell the ids of findings as the vocabulary does, and add units that go without saying."""
    observations = expanded.data.get("observations")
    if not is_list(observations):
        return
    full: list[object] = []
    for i, given in enumerate(observations):
        full.append(given)
        if not is_mapping(given) or "finding" not in given:
            continue
        full[i] = item = {
            **given,
            "finding": checks.spelt_as_known(given["finding"], vocabulary),
        }
        checks.grade_as_state(item, vocabulary)
        value = item.get("value")
        # Text is no value, and is refused for that.
        if value is None or isinstance(value, str) or item.get("unit") is not None:
            continue
        try:
            unit = checks.usual_unit(item["finding"], vocabulary)
        except FieldError as fault:
            raise fault.within(("observations", i)) from None
        if unit is not None:
            item["unit"] = unit
    expanded.data["observations"] = full


def _checked(record: Record, expanded: Expanded, vocabulary: Vocabulary, today: dt.date) -> Record:
    """The record in the vocabulary's own terms."""
    # The calendar has already turned in some places where the patient may be.
    tomorrow = today + dt.timedelta(days=1)
    if record.as_of is None:
        consistency.check_dates(record, today, "today")
    elif record.as_of > tomorrow:
        raise FieldError(
            ("as_of",), f"{record.as_of} lies in the future (after {today})", "correct the date"
        )
    fitted: list[Observation] = []
    for i, observation in enumerate(record.observations):
        try:
            fitted.append(checks.fit(observation, vocabulary, record.sex, record.side))
        except FieldError as fault:
            hint = ""
            if vocabulary.finding(observation.finding) is None:
                named = (other.finding for other in record.observations[i:])
                later = (name for name in named if name != observation.finding)
                hint = checks.other_unknown(later, vocabulary)
            raise fault.within(("observations", i)).with_hint(hint) from None
    stated = _stated_by_illnesses(record, vocabulary)
    expanded.origins += [("illnesses", i) for i, _ in stated]
    consistency.check_contradictions(
        [*fitted, *(observation for _, observation in stated)],
        record.side,
        grade=lambda one: checks.grade_of(one, vocabulary),
    )
    return record.model_copy(update={"observations": tuple(fitted)})


def _stated_by_illnesses(record: Record, vocabulary: Vocabulary) -> list[tuple[int, Observation]]:
    """The findings that the list of illnesses states outright, with their place in the list.

    Only names that are the finding's own count: 'basal-cell cancer' may make the vocabulary think
    of cancer, but does not contradict whoever says that there was none that matters.
    """
    stated: list[tuple[int, Observation]] = []
    for i, illness in enumerate(record.illnesses):
        finding_id = vocabulary.illness(illness.name)
        finding = None if finding_id is None else vocabulary.finding(finding_id)
        if finding is None:
            continue
        own_names = {name.casefold() for name in (finding.id, finding.name, *finding.synonyms)}
        if finding.states or illness.name.casefold() not in own_names:
            continue
        observation = Observation(finding=finding.id, present=True)
        try:
            checks.fit(observation, vocabulary, record.sex, record.side)
        except FieldError as fault:
            raise FieldError(("illnesses", i), fault.problem, fault.remedy) from None
        stated.append((i, observation))
    return stated


def read_text(path: Path) -> str:
    """Text of a file of one patient. Raises RecordError when it is no small readable UTF-8 file."""
    where = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise RecordError(
                file=where, problem="is a directory", remedy="name the file of one record in it"
            )
        if not stat.S_ISREG(status.st_mode):
            raise RecordError(
                file=where, problem="is not an ordinary file", remedy="name a YAML or JSON file"
            )
        if status.st_size > LARGEST_FILE:
            raise _too_large(where, status.st_size)
        with path.open("rb") as file:
            # The limit again: a file may grow between the look at its size and the reading.
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise RecordError(
            file=where, problem="there is no such file", remedy="check the name and the folder"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecordError(
            file=where,
            problem=f"cannot be read ({reason})",
            remedy="check the name and the permissions of the file",
        ) from None
    if len(raw) > LARGEST_FILE:
        raise _too_large(where, len(raw))
    return _decode(raw, where)


def _decode(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError(
            file=where,
            line=raw.count(b"\n", 0, error.start) + 1,
            problem="is not text in UTF-8",
            remedy="save it as plain text with the encoding UTF-8",
        ) from None


def _too_large(where: str, size: int) -> RecordError:
    return RecordError(
        file=where,
        problem=f"has {size / 1e6:.1f} million bytes; a record has at most {LARGEST_FILE / 1e6:g}",
        remedy="keep to one patient per file",
    )
