"""Every number of the knowledge, with its place and scale; for checks, reports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    """Every number of findings, mechanisms and conditions."""
    for finding in knowledge.findings.values():
        yield from _of_finding(finding)
    for mechanism in knowledge.mechanisms.values():
        for link in mechanism.findings:
            yield from _of_link(f"mechanisms/{mechanism.id}.yaml", mechanism.id, link)
    for condition in (*knowledge.conditions.values(), knowledge.other):
        yield from numbers_of_condition(condition)


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
