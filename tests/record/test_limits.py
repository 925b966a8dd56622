"""A list that no patient has is refused, so that one record cannot stall the program."""

from __future__ import annotations

import pytest

from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.record import record_from_data


@pytest.mark.parametrize(
    ("part", "entry", "most"),
    [
        ("drugs", {"name": "ibuprofen"}, 100),
        ("allergies", "penicillin", 100),
        ("illnesses", {"name": "diabetes"}, 100),
        ("treatments", {"what": "rest"}, 300),
    ],
)
def test_a_list_longer_than_any_patient_has_is_refused(
    knowledge: Knowledge, part: str, entry: object, most: int
) -> None:
    base = {"age": 50, "sex": "male", "side": "left"}
    record_from_data({**base, part: [entry] * most}, knowledge.vocabulary, "test")

    with pytest.raises(RecordError, match=f"more than {most} entries"):
        record_from_data({**base, part: [entry] * (most + 1)}, knowledge.vocabulary, "test")


def test_more_findings_than_can_be_weighed_are_refused_however_many_are_absent(
    knowledge: Knowledge,
) -> None:
    plain = [f.id for f in knowledge.findings.values() if not f.graded and f.unit is None]
    names = [name for name in plain if not name.startswith("pain-bilateral")]
    base = {"age": 50, "sex": "female", "side": "bilateral", "absent": names[101:250]}
    record_from_data({**base, "present": names[:100]}, knowledge.vocabulary, "test")

    with pytest.raises(RecordError, match="no more than 100 can be weighed"):
        record_from_data({**base, "present": names[:101]}, knowledge.vocabulary, "test")
