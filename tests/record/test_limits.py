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
