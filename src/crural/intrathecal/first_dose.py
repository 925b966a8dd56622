"""The first dose for one patient: what the record says goes into the search for it."""

from __future__ import annotations

from crural.facts import facts_of
from crural.history import opioid_total
from crural.intrathecal.dose_finding import Caution, DoseFinding, find_dose, total_of
from crural.intrathecal.limits import load_limits
from crural.knowledge import Knowledge
from crural.ladder.precautions import precautions_of
from crural.quantity import Quantity
from crural.record import Record
from crural.rules import Patient


def first_dose(
    drug: str,
    record: Record | None,
    knowledge: Knowledge,
    *,
    oral_total: Quantity | None = None,
    proposed: Quantity | None = None,
) -> DoseFinding:
    """What is published on a first dose of the drug for the patient of a record, if there is one.

    `oral_total`, in milligrams of oral morphine a day, takes the place of what the record adds up
    to. Raises LimitsError for a drug that no table knows.
    """
    total, origin, complete = _total(record, knowledge, oral_total)
    return find_dose(
        drug,
        total=total,
        total_from=origin,
        complete=complete,
        proposed=proposed,
        from_record=_cautions(record, knowledge, drug),
    )


def _total(
    record: Record | None, knowledge: Knowledge, given: Quantity | None
) -> tuple[Quantity | None, str, bool]:
    """The opioid total, where it comes from, and whether nothing is missing from it."""
    if given is not None:
        return given, "given", True
    if record is None:
        return None, "not known", False
    total, complete = total_of(opioid_total(record, knowledge))
    return total, "added up from the record", complete


def _cautions(record: Record | None, knowledge: Knowledge, drug: str) -> tuple[Caution, ...]:
    """What in the record speaks against the drug, or asks for care."""
    treatment = knowledge.treatments.get(f"intrathecal-{load_limits().drug(drug).id}")
    if record is None or treatment is None:
        return ()
    patient = Patient(facts_of(record, knowledge), {})
    return tuple(
        Caution(warned.level, warned.say, warned.because, warned.sources)
        for warned in precautions_of(treatment, patient)
        if warned.level != "check"
    )
