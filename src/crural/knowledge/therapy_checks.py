"""What no file of treatments, ladders, criteria or courses can know of itself.

Unknown ids, treatments that nobody can reach, conditions without a ladder, courses that rise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

from crural.knowledge.model import Condition, Knowledge, PainSite
from crural.knowledge.numbers import NumberError, resolve
from crural.knowledge.rules import Rule
from crural.knowledge.treatment import Treatment

# Kinds of pain that figures of effect may speak of, beside conditions.
PAIN_KINDS = frozenset(
    {
        "neuropathic-pain",
        "radicular-pain",
        "claudication-pain",
        "spasm-pain",
        "musculoskeletal-pain",
        "bone-pain",
        "cancer-pain",
        "joint-pain",
        "ischaemic-pain",
        "widespread-pain",
        "inflammatory-pain",
    }
)


class Wrong(NamedTuple):
    """A file, the field in it, what is wrong, and how to mend it."""

    file: str
    field: str
    problem: str
    remedy: str


def rules_of_therapy(knowledge: Knowledge) -> Iterator[tuple[str, Rule]]:
    """Every rule of treatments, ladders and criteria, with its file."""
    for treatment in knowledge.treatments.values():
        if treatment.dosing is not None:
            for renal in treatment.dosing.renal:
                yield f"treatments/{treatment.id}.yaml", renal.when
    for precautions in knowledge.precautions.values():
        for item in precautions.items:
            yield f"precautions/{precautions.id}.yaml", item.when
    for ladder in knowledge.ladders.values():
        file = f"ladders/{ladder.id}.yaml"
        rules = [ladder.when, *(r for g in ladder.rungs for r in (g.when, g.straight_if))]
        yield from ((file, rule) for rule in rules if rule is not None)
    for criteria in knowledge.criteria.values():
        file = f"criteria/{criteria.id}.yaml"
        if criteria.when is not None:
            yield file, criteria.when
        yield from ((file, item.when) for item in criteria.items)


def problems_of_therapy(knowledge: Knowledge) -> Iterator[Wrong]:
    """Everything wrong between the files of treatments, ladders, criteria and courses."""
    for treatment in knowledge.treatments.values():
        yield from _of_treatment(treatment, knowledge)
    yield from _of_families(knowledge)
    yield from _of_precautions(knowledge)
    yield from _of_ladders(knowledge)
    yield from _of_criteria(knowledge)
    yield from _of_courses(knowledge)
    yield from _of_sites(knowledge)


def _of_sites(knowledge: Knowledge) -> Iterator[Wrong]:
    """The picture of the pain's path needs a place for every cause."""
    if not knowledge.ladders:
        return
    for condition in knowledge.conditions.values():
        if not sites_of(condition, knowledge):
            yield Wrong(
                f"conditions/{condition.id}.yaml",
                "acts_at",
                "says nowhere on the pain's path where it acts",
                "give acts_at here, or in its mechanisms",
            )


def sites_of(condition: Condition, knowledge: Knowledge) -> tuple[PainSite, ...]:
    """Where on the pain's path a condition acts: as it says itself, else as its mechanisms say."""
    shares = [
        *condition.mechanisms,
        *(share for variant in condition.variants for share in variant.mechanisms),
    ]
    sites = (knowledge.mechanisms[s.mechanism].acts_at for s in shares)
    return condition.acts_at or tuple(dict.fromkeys(site for site in sites if site is not None))


def _missing(
    file: str, names: Collection[str], known: Collection[str], what: str
) -> Iterator[Wrong]:
    for name in names:
        if name not in known:
            yield Wrong(file, name, f"no such {what}", f"name a {what} that exists")


def _of_treatment(treatment: Treatment, knowledge: Knowledge) -> Iterator[Wrong]:
    file = f"treatments/{treatment.id}.yaml"
    yield from _missing(file, [treatment.family], knowledge.families, "family")
    yield from _missing(file, treatment.precautions, knowledge.precautions, "set of precautions")
    yield from _missing(file, treatment.drug_classes, _drug_classes(knowledge), "drug class")
    pains = PAIN_KINDS | set(knowledge.conditions)
    for effect in treatment.effects:
        yield from _missing(file, effect.in_, pains, "condition or kind of pain")
        yield from _missing(file, effect.sources, knowledge.evidence, "evidence entry")
    for position in treatment.positions:
        yield from _missing(file, position.in_, pains, "condition or kind of pain")
        yield from _missing(file, [position.source], knowledge.evidence, "evidence entry")


def _drug_classes(knowledge: Knowledge) -> set[str]:
    return {c for drug in knowledge.drugs.drugs for c in drug.classes}


def _of_families(knowledge: Knowledge) -> Iterator[Wrong]:
    for family in knowledge.families.values():
        yield from _missing("families.yaml", family.covers, knowledge.families, "family")
    covering = {name: set(family.covers) for name, family in knowledge.families.items()}
    for name, inner in covering.items():
        reached: set[str] = set()
        ahead = set(inner)
        while ahead:
            reached |= ahead
            ahead = {c for f in ahead for c in covering.get(f, ())} - reached
        if name in reached:
            yield Wrong("families.yaml", name, "covers itself in a circle", "break the circle")


def _of_precautions(knowledge: Knowledge) -> Iterator[Wrong]:
    used = {name for treatment in knowledge.treatments.values() for name in treatment.precautions}
    for precautions in knowledge.precautions.values():
        file = f"precautions/{precautions.id}.yaml"
        for item in precautions.items:
            yield from _missing(file, item.sources, knowledge.evidence, "evidence entry")
        if precautions.id not in used:
            yield Wrong(file, precautions.id, "no treatment uses it", "use it or remove it")


def _of_ladders(knowledge: Knowledge) -> Iterator[Wrong]:
    if not knowledge.ladders:
        return
    if sum(ladder.general for ladder in knowledge.ladders.values()) != 1:
        yield Wrong("ladders", "general", "there must be one general ladder", "mark one")
    covered: set[str] = set()
    for ladder in knowledge.ladders.values():
        file = f"ladders/{ladder.id}.yaml"
        covered.update(ladder.conditions)
        yield from _missing(file, ladder.conditions, knowledge.conditions, "condition")
        yield from _missing(file, ladder.pain, PAIN_KINDS, "kind of pain")
        for rung in ladder.rungs:
            yield from _missing(file, rung.options, knowledge.treatments, "treatment")
            yield from _missing(file, rung.looked_for_by, knowledge.findings, "finding")
            for dispute in rung.disputes:
                yield from _missing(file, dispute.sources, knowledge.evidence, "evidence entry")
    for condition in knowledge.conditions:
        if condition not in covered:
            yield Wrong(
                f"conditions/{condition}.yaml", "ladder", "has no ladder", "name it in a ladder"
            )


def _of_criteria(knowledge: Knowledge) -> Iterator[Wrong]:
    for criteria in knowledge.criteria.values():
        file = f"criteria/{criteria.id}.yaml"
        ids = [item.id for item in criteria.items]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            yield Wrong(file, name, "stands more than once", "give one another id")
        sources = {s for item in criteria.items for s in item.sources} | set(criteria.sources)
        yield from _missing(file, sorted(sources), knowledge.evidence, "evidence entry")


def _of_courses(knowledge: Knowledge) -> Iterator[Wrong]:
    for course in knowledge.courses.values():
        file = f"courses: {course.id}"
        yield from _missing(file, course.conditions, knowledge.conditions, "condition")
        if course.treatment is not None:
            yield from _missing(file, [course.treatment], knowledge.treatments, "treatment")
        yield from _missing(file, course.sources, knowledge.evidence, "evidence entry")
        try:
            weeks = [resolve(p.week, knowledge.evidence, "real").value for p in course.points]
        except NumberError:
            continue  # said where the numbers are checked
        if any(later <= earlier for earlier, later in pairwise(weeks)):
            yield Wrong(file, "points", "weeks do not rise", "put the points in order of time")
