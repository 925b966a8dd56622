"""What bars a treatment in this patient, what asks for care, and what must be known first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from crural.history import daily_dose, dose_doubt, treatments_named
from crural.knowledge import Knowledge, classes_named
from crural.knowledge.ladder import CriteriaItem, Therapy
from crural.knowledge.treatment import Harm, Precaution, PrecautionKind, Treatment
from crural.record import Drug
from crural.rules import (
    Compiled,
    Patient,
    Subject,
    Truth,
    compile_rule,
    evaluate,
    nobody_of,
    truth_of,
)

# `check`: not known yet, and must be before the treatment begins.
Level = Literal["barred", "caution", "check"]
_ORDER: Mapping[Level, int] = {"barred": 0, "caution": 1, "check": 2}
# What a warning is about: as in the knowledge, or a dose that can hardly be meant.
WarnedKind = PrecautionKind | Literal["dose"]

# Treatments that the published contraindications of a therapy are about.
THERAPY_OF: Mapping[str, Therapy] = {
    "spinal-cord-stimulation": "stimulation",
    "high-frequency-stimulation": "stimulation",
    "dorsal-root-ganglion-stimulation": "stimulation",
    "intrathecal-morphine": "intrathecal",
    "intrathecal-hydromorphone": "intrathecal",
}

# Classes that must not be stopped at once: fits, withdrawal, a crisis of the adrenals or the heart.
LOWERED_SLOWLY = frozenset(
    {
        "opioid",
        "benzodiazepine",
        "z-drug",
        "gabapentinoid",
        "anticonvulsant",
        "antispasmodic",
        "antidepressant",
        "ssri",
        "snri",
        "tca",
        "corticosteroid",
        "beta-blocker",
        "dopamine-agonist",
    }
)
# Classes that guard against a clot: a gap can kill.
NEVER_PAUSED = frozenset({"anticoagulant", "antiplatelet"})


@dataclass(frozen=True)
class Warned:
    """A precaution that holds in this patient, or that cannot be told yet.

    say: what to do; because: the facts behind it; ask: what to find out first; harm: what grows
    when two drugs act together.
    """

    id: str
    level: Level
    kind: WarnedKind
    say: str
    because: tuple[str, ...]
    ask: tuple[str, ...]
    sources: tuple[str, ...]
    reason: str | None = None
    harm: Harm | None = None


@dataclass(frozen=True)
class DrugCaution:
    """A warning about a drug that the patient takes now.

    beside: the other drugs that it must not, or not without care, go together with; stopping: how
    to leave off where stopping at once is dangerous.
    """

    drug: str
    treatment: str
    warned: Warned
    beside: tuple[str, ...] = ()
    stopping: str | None = None


def precautions_of(treatment: Treatment, patient: Patient) -> tuple[Warned, ...]:
    """Everything that speaks against a treatment in this patient, what bars it first.

    A fact that several sets of precautions name (the items have one id) is told once, by the
    strictest of them; of equally strict ones the treatment's own set, which stands last, is the
    most exact.
    """
    own = tuple(_own_allergy(treatment, patient))
    of_sets = _of_sets(treatment.precautions, patient)
    listed = tuple(_by_lists(treatment, patient))
    if not own and not listed:
        return of_sets
    found = _strictest((*own, *of_sets))
    told = {warned.because for warned in found if warned.level == "barred"}
    return _strictest((*found, *(warned for warned in listed if warned.because not in told)))


def _of_sets(names: tuple[str, ...], patient: Patient) -> tuple[Warned, ...]:
    """What some sets of precautions say of this patient; many treatments share them."""
    return patient.memo.once(
        (_of_sets, names),
        lambda: _strictest(warned for name in names for warned in _of_set(name, patient)),
    )


def _of_set(name: str, patient: Patient) -> tuple[Warned, ...]:
    return patient.memo.once((_of_set, name), lambda: tuple(_told_by(name, patient)))


def _strictest(every: Iterable[Warned]) -> tuple[Warned, ...]:
    """Of each id the strictest, of equally strict ones the last; what bars comes first."""
    found: dict[str, Warned] = {}
    for warned in every:
        known = found.get(warned.id)
        if known is None or _ORDER[warned.level] <= _ORDER[known.level]:
            found[warned.id] = warned
    return tuple(sorted(found.values(), key=lambda w: (_ORDER[w.level], w.id)))


def _by_lists(treatment: Treatment, patient: Patient) -> Iterator[Warned]:
    """The published contraindications of its therapy that this patient has: they bar it on the
    ladder as they do in the candidacy."""
    therapy = THERAPY_OF.get(treatment.id)
    for item, rule in _contraindications(patient.knowledge).get(therapy, ()) if therapy else ():
        if truth_of(rule, patient) is Truth.MET:
            yield Warned(
                id=item.id,
                level="barred",
                kind="illness",
                say=f"A published contraindication: {item.text}.",
                because=evaluate(rule, patient).because,
                ask=(),
                sources=item.sources,
                reason=item.note,
            )


@lru_cache(maxsize=4)
def _contraindications(
    knowledge: Knowledge,
) -> Mapping[Therapy, Sequence[tuple[CriteriaItem, Compiled]]]:
    """The lines that bar a therapy by themselves."""
    found: dict[Therapy, list[tuple[CriteriaItem, Compiled]]] = {}
    for criteria in knowledge.criteria.values():
        if criteria.kind == "contraindications":
            found.setdefault(criteria.therapy, []).extend(
                (item, compile_rule(item.when, knowledge))
                for item in criteria.items
                if item.essential
            )
    return found


def _told_by(name: str, patient: Patient) -> Iterator[Warned]:
    silent = patient.memo.silent
    for item, rule, of_nobody in _prepared(name, patient.knowledge):
        warned = of_nobody if rule in silent else _warning(item, rule, patient)
        if warned is not None:
            yield warned


def _warning(item: Precaution, rule: Compiled, subject: Subject) -> Warned | None:
    """What a precaution says of a subject, if anything."""
    truth = truth_of(rule, subject)
    if truth is Truth.MET:
        return _warned(item, item.level, evaluate(rule, subject).because, ())
    if truth is Truth.UNKNOWN and item.check:
        wanted = evaluate(rule, subject).unknown
        asked = tuple(fact for fact in wanted if not fact.startswith("probability:"))
        return _warned(item, "check", (), asked) if asked else None
    return None


def _warned(
    item: Precaution, level: Level, because: tuple[str, ...], ask: tuple[str, ...]
) -> Warned:
    return Warned(
        id=item.id,
        level=level,
        kind=item.kind,
        say=item.say,
        because=because,
        ask=ask,
        sources=item.sources,
        reason=item.because,
        harm=item.harm,
    )


class _Prepared(NamedTuple):
    """A precaution, when it holds, and what it says of a patient who tells nothing of that."""

    item: Precaution
    rule: Compiled
    of_nobody: Warned | None


@lru_cache(maxsize=512)
def _prepared(name: str, knowledge: Knowledge) -> tuple[_Prepared, ...]:
    """The precautions of a set made ready."""
    nobody = nobody_of(knowledge)
    rules = [
        (item, compile_rule(item.when, knowledge)) for item in knowledge.precautions[name].items
    ]
    return tuple(_Prepared(item, rule, _warning(item, rule, nobody)) for item, rule in rules)


def _own_allergy(treatment: Treatment, patient: Patient) -> Iterator[Warned]:
    """An allergy to the treatment itself, or to one of its family where it is a drug."""
    for allergy in patient.allergies or ():
        ids, families = treatments_named(allergy, patient.knowledge)
        named = treatment.id in ids or (not ids and treatment.family in families)
        if named and not re.search(r"\b(?:no|not|none|without)\b", allergy.casefold()):
            yield Warned(
                id=f"allergy-to-{treatment.id}",
                level="barred",
                kind="allergy",
                say="Do not give it.",
                because=(f"allergic to {allergy}",),
                ask=(),
                sources=(),
                reason="An allergy is on record.",
            )


def cautions_of_drugs(patient: Patient) -> tuple[DrugCaution, ...]:
    """What speaks against the drugs that the patient takes already.

    Each drug is held against the others: its own class does not count as an interaction. Two drugs
    that warn of each other by one item are told once. A dose that can hardly be meant is asked
    about.
    """
    record = patient.facts.record
    cautions: list[DrugCaution] = []
    for position, drug in enumerate(record.drugs):
        ids, _ = treatments_named(drug.name, patient.knowledge)
        if not ids:
            continue
        others = (*record.drugs[:position], *record.drugs[position + 1 :])
        without = _taking(patient, others)
        for name in ids[:1]:
            found = precautions_of(patient.knowledge.treatments[name], without)
            cautions += [
                _of_drug(drug.name, name, warned, others, patient.knowledge)
                for warned in found
                if warned.level != "check"
            ]
        words = f"{drug.name} {drug.dose or ''}"
        doubt = dose_doubt(ids, words, daily_dose(words), patient.knowledge)
        if doubt is not None:
            cautions.append(DrugCaution(drug.name, ids[0], doubted(doubt.says, words.strip())))
    return tuple(sorted(_each_pair_once(cautions), key=lambda c: _ORDER[c.warned.level]))


def _of_drug(
    drug: str, treatment: str, warned: Warned, others: Sequence[Drug], knowledge: Knowledge
) -> DrugCaution:
    beside = _beside(warned, others) if warned.kind == "interaction" else ()
    stopping = None
    if warned.level == "barred":
        stopping = _how_to_stop((drug, *beside), knowledge)
    return DrugCaution(drug, treatment, warned, beside, stopping)


def _beside(warned: Warned, others: Sequence[Drug]) -> tuple[str, ...]:
    """The other drugs that the reasons of a warning name."""
    because = f" {'; '.join(warned.because)} ".casefold()
    return tuple(
        dict.fromkeys(
            other.name
            for other in others
            if re.search(rf"(?<!\w){re.escape(other.name.casefold())}(?!\w)", because)
        )
    )


def _how_to_stop(drugs: Iterable[str], knowledge: Knowledge) -> str | None:
    classes = {c for drug in drugs for c in classes_named(drug, knowledge)}
    if classes & NEVER_PAUSED:
        return "Stop none without whoever prescribed it."
    if classes & LOWERED_SLOWLY:
        return "Lower slowly, never stop at once."
    return None


def _each_pair_once(cautions: Iterable[DrugCaution]) -> Iterator[DrugCaution]:
    """Without the second of two warnings of one item that only change the two drugs round."""
    told: set[tuple[str, frozenset[str]]] = set()
    for caution in cautions:
        pair = (caution.warned.id, frozenset({caution.drug, *caution.beside}))
        if len(caution.beside) == 1 and pair in told:
            continue
        told.add(pair)
        yield caution


def doubted(says: str, text: str) -> Warned:
    """A dose that can hardly be meant, as a warning."""
    return Warned(
        id="dose-as-written",
        level="caution",
        kind="dose",
        say=says,
        because=(f"recorded: {text}",),
        ask=(),
        sources=(),
    )


def without_itself(treatment: Treatment, patient: Patient) -> Patient:
    """The patient as a treatment that is taken already should be judged: without it among the
    drugs, so that it is no interaction with itself."""
    drugs = patient.facts.record.drugs
    others = tuple(
        drug
        for drug in drugs
        if treatment.id not in treatments_named(drug.name, patient.knowledge)[0]
    )
    return patient if len(others) == len(drugs) else _taking(patient, others)


def _taking(patient: Patient, drugs: tuple[Drug, ...]) -> Patient:
    """The same patient without one of the drugs. Findings that the drug implied stay."""

    def other() -> Patient:
        record = patient.facts.record.model_copy(update={"drugs": drugs})
        return replace(patient, facts=replace(patient.facts, record=record))

    return patient.memo.once((_taking, drugs), other)
