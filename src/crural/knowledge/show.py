"""The knowledge for people: one entry with its numbers, sources and uses; or all of it exported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from rapidfuzz import fuzz, process
from rich.console import Console

from crural.errors import CruralError
from crural.knowledge.compiled import kept_form
from crural.knowledge.evidence import Evidence, cite
from crural.knowledge.loader import leaves
from crural.knowledge.model import (
    Alert,
    Condition,
    Drug,
    Finding,
    Knowledge,
    Mechanism,
    MechanismShare,
)
from crural.knowledge.numbers import Derived, FromEvidence, Number, Scale, resolve
from crural.knowledge.rule_lines import rule_lines
from crural.knowledge.rules import Score
from crural.knowledge.walk import numbers_of, numbers_of_condition

TEXT_WIDTH = 110
COLUMNS = (
    "file",
    "owner",
    "part",
    "about",
    "value",
    "low",
    "high",
    "interval_from",
    "origin",
    "sources",
    "because",
)
_FIGURES = (
    "sensitivity",
    "specificity",
    "frequency",
    "lr-positive",
    "lr-negative",
    "effect",
    "value",
)


def show(entry_id: str, knowledge: Knowledge, width: int = TEXT_WIDTH) -> str:
    """Everything known under an id (or a drug's name): its numbers, their sources, its uses.

    A condition and an alert may share an id; then both are shown. Raises CruralError, with the
    nearest names, when nothing is called so.
    """
    lines: list[str] = []
    for title, entry in _called(entry_id, knowledge):
        lines += [*([""] if lines else []), title, "=" * len(title), *_lines(entry, knowledge)]
    if not lines:
        near = process.extract(entry_id, list(_names(knowledge)), scorer=fuzz.ratio, limit=3)
        raise CruralError(
            file="knowledge",
            problem=f"nothing is called '{entry_id}'",
            remedy=f"did you mean {', '.join(name for name, _, _ in near)}?"
            if near
            else "the knowledge is empty",
        )
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    for line in lines:
        indent = len(line) - len(line.lstrip())
        for i, part in enumerate(_wrapped(line.strip(), width - indent - 4)):
            console.print(" " * (indent + (4 if i else 0)) + part, markup=False, soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def export(knowledge: Knowledge, form: Literal["json", "csv"] = "json") -> str:
    """All of the knowledge as JSON (the form it is kept in), or all its numbers as CSV."""
    return (
        _numbers_as_csv(knowledge)
        if form == "csv"
        else json.dumps(kept_form(knowledge), ensure_ascii=False)
    )


def _numbers_as_csv(knowledge: Knowledge) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place in numbers_of(knowledge):
        quantity = resolve(place.number, knowledge.evidence, place.scale)
        writer.writerow(
            (
                place.file,
                place.owner,
                place.part,
                place.about,
                f"{quantity.value:.6g}",
                f"{quantity.low:.6g}",
                f"{quantity.high:.6g}",
                quantity.interval_from,
                quantity.origin,
                " ".join(quantity.sources),
                quantity.because or "",
            )
        )
    return out.getvalue()


_Entry = Condition | Finding | Mechanism | Evidence | Alert | Score | Drug


def _called(name: str, knowledge: Knowledge) -> Iterator[tuple[str, _Entry]]:
    tables: tuple[tuple[str, Mapping[str, _Entry]], ...] = (
        ("condition", knowledge.conditions),
        ("finding", knowledge.findings),
        ("mechanism", knowledge.mechanisms),
        ("evidence", knowledge.evidence),
        ("alert", knowledge.alerts),
        ("score", knowledge.scores),
    )
    for kind, table in tables:
        if name in table:
            yield f"{kind} {name}", table[name]
    for drug in knowledge.drugs.drugs:
        if name.casefold() in {n.casefold() for n in (drug.name, *drug.synonyms)}:
            yield f"drug {drug.name}", drug


def _names(knowledge: Knowledge) -> Iterator[str]:
    yield from knowledge.conditions
    yield from knowledge.findings
    yield from knowledge.mechanisms
    yield from knowledge.evidence
    yield from knowledge.alerts
    yield from knowledge.scores
    for drug in knowledge.drugs.drugs:
        yield from (drug.name, *drug.synonyms)


def _lines(entry: _Entry, knowledge: Knowledge) -> Iterator[str]:
    if isinstance(entry, Condition):
        yield from _of_condition(entry, knowledge)
    elif isinstance(entry, Finding):
        yield from _of_finding(entry, knowledge)
    elif isinstance(entry, Mechanism):
        yield from _of_mechanism(entry, knowledge)
    elif isinstance(entry, Evidence):
        yield from _of_evidence(entry, knowledge)
    elif isinstance(entry, Alert):
        yield from _of_alert(entry, knowledge)
    elif isinstance(entry, Score):
        yield from _of_score(entry, knowledge)
    else:
        yield from _of_drug(entry, knowledge)


def _of_condition(condition: Condition, knowledge: Knowledge) -> Iterator[str]:
    yield condition.name
    yield condition.description
    yield f"In plain words: {condition.plain}"
    yield f"Group {condition.group}; urgency {condition.urgency}"
    if condition.synonyms:
        yield f"Also called: {', '.join(condition.synonyms)}"
    codes = [f"{system} {', '.join(found)}" for system, found in condition.codes.items()]
    if codes:
        yield f"Codes: {'; '.join(codes)}"
    for name, factors in (("age", condition.prior.by_age), ("sex", condition.prior.by_sex)):
        if factors is not None:
            raw = factors.model_dump(exclude={"because", "evidence"})
            told = ", ".join(f"{key} x {factor:g}" for key, factor in raw.items())
            from_ = f" [{', '.join(factors.evidence)}]" if factors.evidence else ""
            yield f"Prior by {name}: {told}: {factors.because}{from_}"
    yield from _necessary(condition)
    sources: list[str] = []
    part = ""
    for place in numbers_of_condition(condition):
        heading = place.part + place.owner.removeprefix(condition.id)
        if heading != part:
            part = heading
            yield f"{heading.capitalize().replace('_', ' ')}:"
        yield f"  {place.about}: {_told(place.number, place.scale, knowledge)}"
        sources += _sources(place.number)
    yield from _used("Brings about", _children(condition.id, knowledge))
    yield from _used("Alerts", _alerts_about(condition.id, knowledge))
    yield from _cited(sources, knowledge)


def _necessary(condition: Condition) -> Iterator[str]:
    needed = [risk.finding for risk in condition.risks if risk.necessary]
    if needed:
        yield f"Cannot be without: {', '.join(needed)}"


def _of_finding(finding: Finding, knowledge: Knowledge) -> Iterator[str]:
    yield finding.name
    yield f"Question: {finding.question}"
    yield (
        f"{finding.kind}, {finding.role}; burden {finding.burden}; "
        f"{'belongs to one leg' if finding.sided else 'belongs to no one leg'}"
    )
    if finding.graded:
        grades = [_grade(state.id, state.min, state.max) for state in finding.states]
        yield f"States: {', '.join(grades)}" + (f" ({finding.unit})" if finding.unit else "")
    if finding.nested_under:
        yield f"Implies: {finding.nested_under}"
    yield from _used(
        "Implied by", (f.id for f in knowledge.findings.values() if f.nested_under == finding.id)
    )
    yield from _used("Denies", finding.implies_absent)
    yield from _used(
        "Denied by", (f.id for f in knowledge.findings.values() if finding.id in f.implies_absent)
    )
    if finding.synonyms:
        yield f"Also called: {', '.join(finding.synonyms)}"
    sources: list[str] = []
    used: list[str] = []
    for place in numbers_of(knowledge):
        if place.about.split(" ")[0] != finding.id:
            continue
        sources += _sources(place.number)
        if place.owner == finding.id:
            about = place.about.removeprefix(finding.id)
            yield f"{place.part}{about}: {_told(place.number, place.scale, knowledge)}"
        else:
            state = place.about.removeprefix(finding.id)
            used.append(f"  {place.owner}{state}: {_told(place.number, place.scale, knowledge)}")
    if used:
        yield "Used by:"
        yield from used
    yield from _used("Alerts", _alerts_asking(finding.id, knowledge))
    yield from _cited(sources, knowledge)


def _grade(name: str, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return name
    if high is None:
        return f"{name} {low:g} or more"
    return f"{name} below {high:g}" if low is None else f"{name} {low:g} to {high:g}"


def _of_mechanism(mechanism: Mechanism, knowledge: Knowledge) -> Iterator[str]:
    yield mechanism.name
    yield mechanism.description
    sources: list[str] = []
    for place in numbers_of(knowledge):
        if place.file == f"mechanisms/{mechanism.id}.yaml":
            yield f"  {place.about}: {_told(place.number, place.scale, knowledge)}"
            sources += _sources(place.number)
    used = [
        (owner, share.probability)
        for owner, share in _active(knowledge)
        if share.mechanism == mechanism.id
    ]
    if used:
        yield "Active in:"
    for owner, number in used:
        yield f"  {owner}: {_told(number, 'probability', knowledge)}"
        sources += _sources(number)
    yield from _cited(sources, knowledge)


def _active(knowledge: Knowledge) -> Iterator[tuple[str, MechanismShare]]:
    """Every share of a mechanism with the condition, and the variant, that states it."""
    for condition in knowledge.conditions.values():
        for share in condition.mechanisms:
            yield condition.id, share
        for variant in condition.variants:
            for share in variant.mechanisms:
                yield f"{condition.id} ({variant.id})", share


def _of_evidence(entry: Evidence, knowledge: Knowledge) -> Iterator[str]:
    about = [entry.condition, entry.treatment, entry.finding]
    yield f"{entry.kind}: {'; '.join(a for a in about if a)}"
    if entry.population:
        yield f"Population: {entry.population}" + (f" (n {entry.n})" if entry.n else "")
    for name in _FIGURES:
        found = entry.figure(name)
        if found is not None:
            value, interval = found
            told = f" ({interval[0]:g} to {interval[1]:g})" if interval else ""
            yield f"{name}: {value:g}{told}"
    for name, text in (
        ("Unit", entry.unit),
        ("Dose", entry.dose),
        ("Duration", entry.duration),
        ("Data", entry.data),
        ("Recommendation", entry.recommendation),
        ("Wanted", entry.wanted),
        ("Note", entry.note),
    ):
        if text:
            yield f"{name}: {text}"
    if not entry.traced:
        yield "Not traced to a publication, so no number may use it."
    yield from _cited([entry.id], knowledge)
    used = [
        f"  {place.file}: {place.owner}, {place.part} {place.about}: "
        + _told(place.number, place.scale, knowledge)
        for place in numbers_of(knowledge)
        if entry.id in _sources(place.number)
    ]
    used += [
        f"  alerts/{alert.id}.yaml"
        for alert in knowledge.alerts.values()
        if entry.id in alert.sources
    ]
    used += [
        f"  conditions/{condition.id}.yaml: prior {name}"
        for condition in knowledge.conditions.values()
        for name, factors in (
            ("by_age", condition.prior.by_age),
            ("by_sex", condition.prior.by_sex),
        )
        if factors is not None and entry.id in factors.evidence
    ]
    yield "Used by:" if used else "Used by nothing."
    yield from used


def _of_alert(alert: Alert, knowledge: Knowledge) -> Iterator[str]:
    yield alert.title
    yield f"Urgency: {alert.urgency}"
    yield f"Action: {alert.action}"
    for advice in alert.also:
        yield f"Also: {advice.say} When:"
        yield from _rule(advice.when, "  ")
    yield f"Because: {alert.because}"
    yield "When:"
    yield from _rule(alert.when, "  ")
    yield from _used("About", alert.about)
    yield from _used("Ask", alert.ask)
    yield from _used("Speaks for the milder alerts", alert.absorbs)
    accuracy = [entry for entry in (alert.accuracy or {}).values() if entry in knowledge.evidence]
    yield from _cited([*alert.sources, *accuracy], knowledge)


def _of_score(score: Score, knowledge: Knowledge) -> Iterator[str]:
    yield score.name
    for item in score.items:
        yield f"  {item.points:+g} {item.name or ''}".rstrip()
        yield from _rule(item.when, "    ")
    yield from _used(
        "Alerts",
        (
            alert.id
            for alert in knowledge.alerts.values()
            if any(getattr(leaf, "score", None) == score.id for leaf in leaves(alert.when))
        ),
    )
    yield from _cited(score.sources, knowledge)


def _of_drug(drug: Drug, knowledge: Knowledge) -> Iterator[str]:
    if drug.synonyms:
        yield f"Also called: {', '.join(drug.synonyms)}"
    if drug.atc:
        yield f"ATC {drug.atc}"
    for name in drug.classes:
        meaning = knowledge.drugs.classes.get(name)
        finding = knowledge.drugs.findings_by_class.get(name)
        yield (
            f"  {name}"
            + (f": {meaning}" if meaning else "")
            + (f"; stands for the finding {finding}" if finding else "")
        )
    classes = set(drug.classes)

    def asked(leaf: Any) -> set[str]:
        together = getattr(leaf, "drug_classes_together", ())
        return {*together, getattr(leaf, "drug_class", "")} & classes

    yield from _used(
        "Alerts",
        (
            alert.id
            for alert in knowledge.alerts.values()
            if any(asked(leaf) for leaf in leaves(alert.when))
        ),
    )


def _rule(rule: BaseModel, indent: str) -> Iterator[str]:
    """A rule as indented lines."""

    def told(leaf: Mapping[str, Any]) -> str:
        return ", ".join(f"{key} {_bounds(value)}" for key, value in leaf.items())

    for depth, line in rule_lines(rule, told):
        yield indent + "  " * depth + line


def _bounds(value: Any) -> str:
    if isinstance(value, Mapping):
        words = {"min": "at least", "max": "below"}
        return " and ".join(f"{words.get(k, k)} {v:g}" for k, v in value.items())
    if isinstance(value, list):
        return " + ".join(map(str, value))
    return str(value)


def _told(number: Number, scale: Scale, knowledge: Knowledge) -> str:
    """A number with its interval, how it was come by, and why."""
    quantity = resolve(number, knowledge.evidence, scale)
    assumed = ", assumed" if quantity.interval is None else ""
    text = f"{quantity.value:.3g} ({quantity.low:.2g} to {quantity.high:.2g}{assumed})"
    if isinstance(number, FromEvidence):
        text += f", {number.of} of {number.evidence}"
    elif isinstance(number, Derived):
        text += f", derived: {number.derived}"
        text += f" from {', '.join(quantity.sources)}" if quantity.sources else ""
    else:
        text += ", estimate"
    return f"{text}: {quantity.because}" if quantity.because else text


def _sources(number: Number) -> list[str]:
    """Evidence ids that a number rests on."""
    if isinstance(number, FromEvidence):
        return [number.evidence]
    if isinstance(number, Derived):
        return [source for part in number.where.values() for source in _sources(part)]
    return []


def _cited(sources: Iterable[str], knowledge: Knowledge) -> Iterator[str]:
    known = [s for s in dict.fromkeys(sources) if s in knowledge.evidence]
    if known:
        yield "Sources:"
    for source in known:
        cited = cite(knowledge.evidence[source])
        year = f" ({cited['year']})" if cited["year"] else ""
        yield f"  {source}: {cited['title']}{year} {cited['link'] or ''}".rstrip()


def _used(title: str, names: Iterable[str]) -> Iterator[str]:
    found = list(dict.fromkeys(names))
    if found:
        yield f"{title}: {', '.join(found)}"


def _children(condition: str, knowledge: Knowledge) -> Iterator[str]:
    for other in knowledge.conditions.values():
        if any(cause.condition == condition for cause in other.caused_by):
            yield other.id


def _alerts_about(condition: str, knowledge: Knowledge) -> Iterator[str]:
    for alert in knowledge.alerts.values():
        asks = any(getattr(leaf, "probability", None) == condition for leaf in leaves(alert.when))
        if condition in alert.about or asks:
            yield alert.id


def _alerts_asking(finding: str, knowledge: Knowledge) -> Iterator[str]:
    for alert in knowledge.alerts.values():
        if any(getattr(leaf, "finding", None) == finding for leaf in leaves(alert.when)):
            yield alert.id


def _wrapped(line: str, width: int) -> list[str]:
    """The words of a line in pieces of at most `width` letters, long words whole."""
    pieces: list[str] = []
    for word in line.split(" "):
        if pieces and len(pieces[-1]) + 1 + len(word) <= width:
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces or [""]
