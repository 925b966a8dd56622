"""Every number of the knowledge, with its place and scale; for checks, reports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crural.knowledge.ladder import Course
from crural.knowledge.model import (
    ByAge,
    Condition,
    Finding,
    Frequency,
    Knowledge,
    Levels,
    Link,
)
from crural.knowledge.numbers import Number, Scale
from crural.knowledge.treatment import Opioids, Treatment


@dataclass(frozen=True)
class Place:
    """A number where it stands. `part` tells findings (of a condition) from priors, risks, ..."""

    file: str
    owner: str
    part: str
    about: str
    number: Number
    scale: Scale = "probability"


def numbers_of(knowledge: Knowledge) -> Iterator[Place]:
    """Every number of findings, mechanisms, conditions, treatments, ladders and courses."""
    for finding in knowledge.findings.values():
        yield from _of_finding(finding)
    for mechanism in knowledge.mechanisms.values():
        for link in mechanism.findings:
            yield from _of_link(f"mechanisms/{mechanism.id}.yaml", mechanism.id, link)
    for condition in (*knowledge.conditions.values(), knowledge.other):
        yield from numbers_of_condition(condition)
    for treatment in knowledge.treatments.values():
        yield from _of_treatment(treatment)
    yield from _of_opioids(knowledge.opioids)
    for ladder in knowledge.ladders.values():
        for rung in ladder.rungs:
            if rung.taken_as_done_after is not None:
                file, days = f"ladders/{ladder.id}.yaml", rung.taken_as_done_after
                yield Place(file, ladder.id, "rungs", f"{rung.id} days", days, "real")
    for course in knowledge.courses.values():
        yield from _of_course(course)


def _of_treatment(treatment: Treatment) -> Iterator[Place]:
    file, name = f"treatments/{treatment.id}.yaml", treatment.id
    if treatment.adequate is not None:
        yield Place(file, name, "adequate", "days", treatment.adequate.days, "real")
        if treatment.adequate.dose is not None:
            yield Place(file, name, "adequate", "dose", treatment.adequate.dose.amount, "real")
        if treatment.adequate.sessions is not None:
            yield Place(file, name, "adequate", "sessions", treatment.adequate.sessions, "real")
    if treatment.dosing is not None:
        yield Place(file, name, "dosing", "start", treatment.dosing.start.amount, "real")
        yield Place(file, name, "dosing", "most", treatment.dosing.most.amount, "real")
        for renal in treatment.dosing.renal:
            yield Place(file, name, "dosing", "renal", renal.most.amount, "real")
    for effect in treatment.effects:
        if effect.value is not None:
            about = f"{effect.measure} in {', '.join(effect.in_)}"
            yield Place(file, name, "effects", about, effect.value, effect.scale)


def _of_opioids(opioids: Opioids) -> Iterator[Place]:
    for opioid in opioids.opioids:
        yield Place("opioids.yaml", opioid.name, "factor", opioid.route, opioid.factor, "ratio")
    for threshold in opioids.thresholds:
        yield Place("opioids.yaml", "thresholds", "at_least", "MME", threshold.at_least, "real")


def _of_course(course: Course) -> Iterator[Place]:
    for point in course.points:
        yield Place("courses", course.id, "points", "week", point.week, "real")
        yield Place("courses", course.id, "points", "left", point.left, "real")
    yield Place("courses", course.id, "spread", course.id, course.spread, "real")


def numbers_of_condition(condition: Condition) -> Iterator[Place]:
    """Every number of one condition."""
    file, name = f"conditions/{condition.id}.yaml", condition.id
    for setting, number in (
        ("primary-care", condition.prior.primary_care),
        ("specialist", condition.prior.specialist),
        ("emergency", condition.prior.emergency),
    ):
        yield Place(file, name, "prior", setting, number)
    yield Place(file, name, "side", "bilateral", condition.side.bilateral)
    if condition.side.left is not None:
        yield Place(file, name, "side", "left", condition.side.left)
    for risk in condition.risks:
        if risk.ratio is not None:
            yield Place(file, name, "risks", risk.finding, risk.ratio, "ratio")
    for cause in condition.caused_by:
        yield Place(file, name, "caused_by", cause.condition, cause.probability)
    for share in condition.mechanisms:
        yield Place(file, name, "mechanisms", share.mechanism, share.probability)
    for link in condition.findings:
        yield from _of_link(file, name, link)
    for variant in condition.variants:
        yield Place(file, name, "variants", variant.id, variant.share)
        for share in variant.mechanisms:
            owner = f"{name} ({variant.id})"
            yield Place(file, owner, "mechanisms", share.mechanism, share.probability)
        for link in variant.findings:
            yield from _of_link(file, f"{name} ({variant.id})", link)


def _of_link(file: str, owner: str, link: Link) -> Iterator[Place]:
    if link.probability is not None:
        yield Place(file, owner, "findings", link.finding, link.probability)
    for state, number in (link.levels or {}).items():
        yield Place(file, owner, "findings", f"{link.finding} {state}", number)


def _of_finding(finding: Finding) -> Iterator[Place]:
    file = f"findings ({finding.kind})"
    for part, frequency in (
        ("background", finding.background),
        ("otherwise", finding.otherwise),
        ("prevalence", finding.prevalence),
    ):
        for about, number in _of_frequency(frequency):
            yield Place(file, finding.id, part, f"{finding.id}{about}", number)


def _of_frequency(frequency: Frequency | None) -> Iterator[tuple[str, Number]]:
    if frequency is None:
        return
    if isinstance(frequency, Levels):
        for state, inner in frequency.levels.items():
            for about, number in _of_frequency(inner):
                yield f" {state}{about}", number
    elif isinstance(frequency, ByAge):
        for band, number in frequency.by_age.items():
            yield f" at {band}", number
    else:
        yield "", frequency
