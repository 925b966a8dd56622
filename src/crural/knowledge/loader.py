"""Reads the knowledge files, checks each and all together, and gives one immutable Knowledge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from crural.errors import KnowledgeError
from crural.knowledge.evidence import Evidence
from crural.knowledge.ladder import Course, CriteriaSet, Ladder
from crural.knowledge.model import (
    Alert,
    AlertUrgency,
    Condition,
    Drugs,
    Finding,
    Knowledge,
    Levels,
    Link,
    Mechanism,
    Risk,
    unlisted,
)
from crural.knowledge.numbers import NumberError, resolve
from crural.knowledge.rules import Rule, Score
from crural.knowledge.therapy_checks import problems_of_therapy, rules_of_therapy
from crural.knowledge.treatment import Family, Opioids, PrecautionSet, Treatment
from crural.knowledge.walk import numbers_of

DATA = Path(__file__).parent / "data"
VERSION = "1"

_Model = TypeVar("_Model", bound=BaseModel)


# The C loader is ten times faster and ships with every PyYAML wheel; the other is the fallback.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Problem:
    """Something wrong in a knowledge file, where it stands, and how to mend it."""

    file: str
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.problem}. Remedy: {self.remedy}"


def data_files(root: Path = DATA) -> list[Path]:
    """Every knowledge file below `root`, in a fixed order."""
    return sorted(root.rglob("*.yaml"))


def digest_of(root: Path = DATA) -> str:
    """Digest of names and contents of all knowledge files: the identity of the knowledge."""
    digest = hashlib.sha256()
    for path in data_files(root):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def load_from_yaml(root: Path = DATA) -> Knowledge:
    """Knowledge from the YAML files below `root`. Raises KnowledgeError at the first problem."""
    knowledge, problems = read_all(root)
    if problems or knowledge is None:
        first = problems[0]
        raise KnowledgeError(
            file=first.file,
            line=None,
            field=first.field,
            problem=first.problem,
            remedy=first.remedy
            + (f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""),
        )
    return knowledge


def read_all(root: Path = DATA) -> tuple[Knowledge | None, list[Problem]]:
    """Knowledge (None when entries are missing) and everything that is wrong with the files."""
    reader = _Reader(root)
    parts = {
        "evidence": reader.lists("evidence", Evidence),
        "findings": reader.lists("findings", Finding),
        "mechanisms": reader.singles("mechanisms", Mechanism),
        "conditions": reader.singles("conditions", Condition),
        "alerts": reader.singles("alerts", Alert, leave_out="scores.yaml"),
        "scores": reader.lists("alerts/scores.yaml", Score),
        "treatments": reader.singles("treatments", Treatment),
        "families": reader.lists("families.yaml", Family),
        "precautions": reader.singles("precautions", PrecautionSet),
        "ladders": reader.singles("ladders", Ladder),
        "criteria": reader.singles("criteria", CriteriaSet),
        "courses": reader.lists("courses", Course),
    }
    opioids = reader.one("opioids.yaml", Opioids) or Opioids()
    drugs = reader.one("drugs.yaml", Drugs) or Drugs()
    other = reader.one("none-of-these.yaml", Condition) or unlisted()
    knowledge = Knowledge(
        version=VERSION,
        digest=digest_of(root),
        drugs=drugs,
        other=other,
        opioids=opioids,
        **parts,  # type: ignore[arg-type]
    )
    problems = reader.problems + list(_problems_between(knowledge))
    return (knowledge, problems)


class _Reader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []

    def _load(self, path: Path) -> Any:
        try:
            return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            where = str(error).replace("\n", " ")
            self.problems.append(
                Problem(str(path), "file", f"not readable as YAML: {where}", "mend the YAML")
            )
            return None

    def _build(self, model: type[_Model], raw: Any, path: Path, entry: str) -> _Model | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                # Tags of the unions are our own names, not something a writer typed.
                steps = [str(s) for s in detail["loc"] if not _is_tag(str(s))]
                self.problems.append(
                    Problem(
                        str(path),
                        ".".join([entry, *steps]),
                        detail["msg"].removeprefix("Value error, "),
                        "see docs/authoring.md for what this entry holds",
                    )
                )
            return None

    def lists(self, place: str, model: type[_Model]) -> Mapping[str, _Model]:
        """Entries of files that each hold a list."""
        base = self.root / place
        entries: dict[str, _Model] = {}
        for path in [base] if base.is_file() else sorted(base.glob("*.yaml")):
            loaded = self._load(path) or []
            if not isinstance(loaded, list):
                self.problems.append(
                    Problem(
                        str(path), "file", "is not a list of entries", "begin each with '- id:'"
                    )
                )
                continue
            for position, raw in enumerate(loaded):
                name = raw.get("id", f"entry {position + 1}") if isinstance(raw, dict) else "?"
                built = self._build(model, raw, path, str(name))
                if built is not None:
                    self._add(entries, built, path)
        return entries

    def singles(self, place: str, model: type[_Model], leave_out: str = "") -> Mapping[str, _Model]:
        """Entries of files that each hold one; the file is named after the entry."""
        entries: dict[str, _Model] = {}
        for path in sorted((self.root / place).glob("*.yaml")):
            if path.name == leave_out:
                continue
            raw = self._load(path)
            built = self._build(model, raw, path, path.stem)
            if built is not None:
                if built.id != path.stem:  # type: ignore[attr-defined]
                    self.problems.append(
                        Problem(str(path), "id", "differs from the file's name", "rename one")
                    )
                self._add(entries, built, path)
        return entries

    def one(self, place: str, model: type[_Model]) -> _Model | None:
        path = self.root / place
        return self._build(model, self._load(path), path, path.stem) if path.is_file() else None

    def _add(self, entries: dict[str, _Model], built: _Model, path: Path) -> None:
        name: str = built.id  # type: ignore[attr-defined]
        if name in entries:
            self.problems.append(
                Problem(str(path), name, "is defined twice", "give one of the two another id")
            )
        entries[name] = built


def _is_tag(step: str) -> bool:
    return step[:1].isupper() or step in {"AnyOf"}


def _problems_between(knowledge: Knowledge) -> Iterator[Problem]:
    """What no entry can know of itself: unknown ids, circles, findings of the wrong role."""
    yield from _problems_of_findings(knowledge)
    for mechanism in knowledge.mechanisms.values():
        for link in mechanism.findings:
            yield from _problems_of_link(knowledge, f"mechanisms/{mechanism.id}.yaml", link)
    for condition in (*knowledge.conditions.values(), knowledge.other):
        yield from _problems_of_condition(knowledge, condition)
    yield from _circles(knowledge)
    yield from _problems_of_numbers(knowledge)
    yield from _problems_of_rules(knowledge)
    for wrong in problems_of_therapy(knowledge):
        yield Problem(*wrong)


def _problems_of_findings(knowledge: Knowledge) -> Iterator[Problem]:
    file = "findings"
    for finding in knowledge.findings.values():
        seen = {finding.id}
        parent = finding.nested_under
        while parent is not None:
            if parent not in knowledge.findings:
                yield Problem(
                    file, finding.id, f"nested under unknown '{parent}'", "name a finding"
                )
                break
            if parent in seen:
                yield Problem(file, finding.id, "is nested in a circle", "break the circle")
                break
            seen.add(parent)
            parent = knowledge.findings[parent].nested_under
        for denied in finding.implies_absent:
            if denied not in knowledge.findings:
                yield Problem(file, finding.id, f"denies unknown '{denied}'", "name a finding")
        for name, frequency in (
            ("background", finding.background),
            ("otherwise", finding.otherwise),
        ):
            if isinstance(frequency, Levels):
                wrong = set(frequency.levels) - set(finding.state_ids[1:])
                if wrong:
                    yield Problem(
                        file,
                        f"{finding.id}.{name}",
                        f"unknown state {', '.join(sorted(wrong))}",
                        f"use {', '.join(finding.state_ids[1:])}",
                    )


def _problems_of_link(knowledge: Knowledge, file: str, link: Link) -> Iterator[Problem]:
    finding = knowledge.findings.get(link.finding)
    if finding is None:
        yield Problem(
            file, link.finding, "no such finding", "use an id of findings/ or add the finding"
        )
        return
    if finding.role in {"risk", "panel", "care"}:
        yield Problem(
            file,
            link.finding,
            f"is a {finding.role} finding, which no cause produces",
            "put it under risks, or name what it stands for",
        )
    if (link.levels is not None) != finding.graded:
        yield Problem(
            file,
            link.finding,
            "graded findings take levels, others a probability",
            f"its states are {', '.join(finding.state_ids)}",
        )
    elif link.levels is not None and not set(link.levels) <= set(finding.state_ids[1:]):
        yield Problem(
            file,
            link.finding,
            f"unknown state in {', '.join(link.levels)}",
            f"use {', '.join(finding.state_ids[1:])}; the first state takes the rest",
        )


def _problems_of_condition(knowledge: Knowledge, condition: Condition) -> Iterator[Problem]:
    file = f"conditions/{condition.id}.yaml"
    forms: list[tuple[Any, ...]] = [(condition.mechanisms, condition.findings)]
    forms += [(variant.mechanisms, variant.findings) for variant in condition.variants]
    for mechanisms, links in forms:
        for share in mechanisms:
            if share.mechanism not in knowledge.mechanisms:
                yield Problem(file, share.mechanism, "no such mechanism", "use one of mechanisms/")
        for link in links:
            yield from _problems_of_link(knowledge, file, link)
            if link.via not in {None, "none"} and link.via not in knowledge.mechanisms:
                yield Problem(file, f"{link.finding}.via", "no such mechanism", "name one or none")
    if condition.known_as is not None and condition.known_as not in knowledge.findings:
        yield Problem(file, "known_as", f"no finding '{condition.known_as}'", "name a finding")
    for risk in condition.risks:
        yield from _problems_of_risk(knowledge, file, risk)
    for cause in condition.caused_by:
        if cause.condition not in knowledge.conditions:
            yield Problem(file, f"caused_by {cause.condition}", "no such condition", "name one")


def _problems_of_risk(knowledge: Knowledge, file: str, risk: Risk) -> Iterator[Problem]:
    finding = knowledge.findings.get(risk.finding)
    if finding is None:
        yield Problem(file, f"risks {risk.finding}", "no such finding", "name a risk finding")
    elif finding.role != "risk":
        yield Problem(
            file,
            f"risks {risk.finding}",
            f"is a {finding.role} finding, not a risk",
            "list it under findings with a probability",
        )


def _problems_of_numbers(knowledge: Knowledge) -> Iterator[Problem]:
    for place in numbers_of(knowledge):
        try:
            resolve(place.number, knowledge.evidence, place.scale)
        except NumberError as problem:
            yield Problem(
                place.file,
                f"{place.owner}.{place.part}.{place.about}",
                str(problem),
                "cite an entry that holds the figure, or write an estimate with range and reason",
            )


def _circles(knowledge: Knowledge) -> Iterator[Problem]:
    state: dict[str, str] = {}

    def visit(name: str, path: tuple[str, ...]) -> Iterator[Problem]:
        if state.get(name) == "done" or name not in knowledge.conditions:
            return
        if name in path:
            yield Problem(
                f"conditions/{name}.yaml", "caused_by", "is a circle", " -> ".join((*path, name))
            )
            return
        for cause in knowledge.conditions[name].caused_by:
            yield from visit(cause.condition, (*path, name))
        state[name] = "done"

    for name in knowledge.conditions:
        yield from visit(name, ())


def leaves(rule: Rule) -> Iterator[Any]:
    """Every leaf of a rule."""
    inner: Iterable[Any]
    if hasattr(rule, "all"):
        inner = rule.all
    elif hasattr(rule, "any"):
        inner = rule.any
    elif hasattr(rule, "not_"):
        inner = (rule.not_,)
    elif hasattr(rule, "at_least"):
        inner = rule.at_least.of
    else:
        yield rule
        return
    for part in inner:
        yield from leaves(part)


def _problems_of_rules(knowledge: Knowledge) -> Iterator[Problem]:
    rules: list[tuple[str, Rule]] = [
        (f"alerts/{alert.id}.yaml", rule)
        for alert in knowledge.alerts.values()
        for rule in (alert.when, *(advice.when for advice in alert.also))
    ]
    rules += [
        ("alerts/scores.yaml", item.when)
        for score in knowledge.scores.values()
        for item in score.items
    ]
    rules += rules_of_therapy(knowledge)
    classes = {c for drug in knowledge.drugs.drugs for c in drug.classes}
    for file, rule in rules:
        for leaf in leaves(rule):
            yield from _problems_of_leaf(knowledge, file, leaf, classes)
    for alert in knowledge.alerts.values():
        file = f"alerts/{alert.id}.yaml"
        for name, known, what in (
            (alert.about, knowledge.conditions, "condition"),
            (alert.ask, knowledge.findings, "finding"),
            (alert.sources, knowledge.evidence, "evidence entry"),
            (alert.absorbs, knowledge.alerts, "alert"),
        ):
            for one in name:
                if one not in known:
                    yield Problem(file, one, f"no such {what}", f"name a {what}")
        for milder in (knowledge.alerts.get(name) for name in alert.absorbs):
            if milder and (milder.absorbs or not _is_milder(milder, alert)):
                yield Problem(
                    file,
                    milder.id,
                    "is as urgent, or absorbs others itself",
                    "absorb only milder alerts that absorb none",
                )
    for drug_class, finding in knowledge.drugs.findings_by_class.items():
        if finding not in knowledge.findings:
            yield Problem("drugs.yaml", drug_class, f"no finding '{finding}'", "name a finding")


def _is_milder(alert: Alert, than: Alert) -> bool:
    urgencies = get_args(AlertUrgency)
    return bool(urgencies.index(alert.urgency) > urgencies.index(than.urgency))


def _problems_of_leaf(
    knowledge: Knowledge, file: str, leaf: Any, classes: set[str]
) -> Iterator[Problem]:
    treatments = knowledge.treatments.keys() | knowledge.families.keys()
    known: tuple[tuple[str, Iterable[str], str, str], ...] = (
        ("finding", knowledge.findings, "no such finding", "name a finding"),
        ("probability", knowledge.conditions, "no such condition", "name a condition"),
        ("probability_any", knowledge.conditions, "no such condition", "name a condition"),
        ("score", knowledge.scores, "no such score", "define it in alerts/scores.yaml"),
        ("drug_class", classes, "no drug has this class", "add it to drugs.yaml"),
        ("drug_classes_together", classes, "no drug has this class", "add it to drugs.yaml"),
        ("tried", treatments, "no such treatment or family", "name one that exists"),
    )
    for field, names, problem, remedy in known:
        named = getattr(leaf, field, ())
        for one in (named,) if isinstance(named, str) else named:
            if one not in names:
                yield Problem(file, one, problem, remedy)
    finding = knowledge.findings.get(getattr(leaf, "finding", ""))
    if finding is None:
        return
    state = leaf.state_at_least
    if finding.graded and state not in finding.state_ids:
        states = ", ".join(finding.state_ids)
        yield Problem(file, leaf.finding, "needs state_at_least", f"one of {states}")
