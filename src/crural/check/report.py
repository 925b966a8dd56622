"""All checks of the knowledge in one report.

A *problem* must be mended before the knowledge is fit for use; a *warning* is worth a look.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crural.check.implied import (
    Implied,
    against_others_among,
    frequencies_alone,
    implied_by,
    parameters_among,
    within_share,
)
from crural.check.sourcing import (
    ConditionSourcing,
    Sourcing,
    Tally,
    groundless,
    misused_evidence,
    sourcing_of,
)
from crural.check.workbenches import problems_of_workbenches
from crural.diagnosis.network import BILATERAL, Network, compile_network
from crural.knowledge import Condition, Knowledge, resolve
from crural.knowledge.loader import DATA, Problem, leaves, read_all
from crural.knowledge.numbers import NumberError
from crural.knowledge.rules import Rule
from crural.knowledge.therapy_checks import rules_of_therapy

SCHEMA = "crural/knowledge-check/1"
# With fewer findings an illness cannot be told from its neighbours.
FEWEST_FINDINGS = 8
# Published shares are rounded, so the shares of the variants need not sum to 1 exactly.
SHARES_MAY_MISS = 0.02
# How much likelier a specific finding may come out than its general one before it is reported:
# the two are often taken from different studies.
NESTED_MAY_EXCEED = 0.02
FOUNDING_GOAL = 0.70
TEXT_WIDTH = 110


@dataclass(frozen=True)
class CheckReport:
    """What is wrong with the knowledge, what its numbers rest on, and what they imply.

    `implied` is empty when problems kept the network from being compiled.
    """

    digest: str
    conditions: int
    findings: int
    sourcing: Sourcing
    implied: tuple[Implied, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def parameters(self) -> int:
        """How many numbers the knowledge holds."""
        return self.sourcing.overall.parameters

    @property
    def implied_within_interval(self) -> Tally:
        """Figures cited as numbers of the network: how many come out inside their interval."""
        return _inside(within_share(parameters_among(self.implied)))

    @property
    def implied_within_tolerance(self) -> Tally:
        """The same for figures published without interval and n: within the stated tolerance."""
        return _inside(within_share(parameters_among(self.implied), tolerance=True))

    @property
    def specificity_within_interval(self) -> Tally:
        """Specificities and likelihood ratios of the cited entries, which are no parameters."""
        return _inside(within_share(against_others_among(self.implied)))

    def to_data(self) -> dict[str, Any]:
        """The report as plain data, schema crural/knowledge-check/1; a share of nothing is null."""
        sourcing = self.sourcing
        return {
            "schema": SCHEMA,
            "digest": self.digest,
            "conditions": self.conditions,
            "findings": self.findings,
            "parameters": self.parameters,
            "sourced_share": _share(sourcing.overall),
            "founding_sourced_share": _share(sourcing.founding),
            "implied_within_interval_share": _share(self.implied_within_interval),
            "implied_figures": self.implied_within_interval.parameters,
            "implied_within_tolerance_share": _share(self.implied_within_tolerance),
            "implied_figures_without_interval": self.implied_within_tolerance.parameters,
            "specificity_within_interval_share": _share(self.specificity_within_interval),
            "specificity_figures": self.specificity_within_interval.parameters,
            "problems": [asdict(problem) for problem in self.problems],
            "warnings": [asdict(warning) for warning in self.warnings],
            "by_part": {
                part: {"parameters": tally.parameters, "sourced_share": _share(tally)}
                for part, tally in sourcing.by_part.items()
            },
            "per_condition": [_condition_data(one) for one in sourcing.per_condition],
            "implied": [_implied_data(row) for row in self.implied],
        }

    def to_text(self, width: int = TEXT_WIDTH) -> str:
        """The report for people: summary, problems, a table per condition, misses with reasons."""
        console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
        for line in self._summary():
            console.print(line, markup=False)
        for title, troubles in (("Problems", self.problems), ("Warnings", self.warnings)):
            if troubles:
                console.print(f"\n{title}", markup=False)
                for trouble in troubles:
                    console.print(f"  {trouble}", markup=False, soft_wrap=True)
        console.print(_condition_table(self.sourcing.per_condition))
        misses = [row for row in parameters_among(self.implied) if not row.inside]
        if misses:
            console.print(_miss_table("Cited figures the network does not imply", misses))
        others = [row for row in against_others_among(self.implied) if not row.inside]
        if others:
            console.print(
                _miss_table("Specificities and likelihood ratios that come out otherwise", others)
            )
        text = console.file
        assert isinstance(text, io.StringIO)
        return text.getvalue()

    def _summary(self) -> Iterator[str]:
        sourcing = self.sourcing
        yield (
            f"{self.conditions} conditions, {self.findings} findings, {self.parameters} numbers; "
            f"{len(self.problems)} problems, {len(self.warnings)} warnings"
        )
        yield f"Sourced: {_of(sourcing.overall)} of all numbers"
        yield (
            f"Sourced: {_of(sourcing.founding)} of the findings of the founding conditions "
            f"(goal {FOUNDING_GOAL:.0%})"
        )
        if not self.implied:
            yield "Implied figures: not computed"
            return
        yield f"Cited figures implied within their interval: {_of(self.implied_within_interval)}"
        yield (
            "Cited figures without interval, implied within the tolerance of 0.10: "
            f"{_of(self.implied_within_tolerance)}"
        )
        yield (
            "Specificities and likelihood ratios implied within their interval: "
            f"{_of(self.specificity_within_interval)}"
        )


def check(root: Path = DATA) -> CheckReport:
    """Check the knowledge below `root`. Reads files; raises nothing for what is wrong in them."""
    knowledge, found = read_all(root)
    problems = [_relative(problem, root) for problem in found]
    assert knowledge is not None  # entries that cannot be read are left out, and are problems
    problems += groundless(knowledge)
    problems += misused_evidence(knowledge)
    problems += _unaskable(knowledge)
    problems += (_relative(p, root) for p in problems_of_workbenches(knowledge.evidence, root))
    for condition in knowledge.conditions.values():
        problems += _incomplete(condition, knowledge)
    warnings = [*_unused(knowledge)]
    rows: tuple[Implied, ...] = ()
    if found or not knowledge.conditions:
        warnings.append(
            Problem(
                "all files",
                "network",
                "not compiled: there are no conditions, or they have problems",
                "mend these first, then check what the network implies",
            )
        )
    else:
        network = compile_network(knowledge)
        rows = implied_by(network)
        problems += _nested_exceeding(network)
    return CheckReport(
        digest=knowledge.digest,
        conditions=len(knowledge.conditions),
        findings=len(knowledge.findings),
        sourcing=sourcing_of(knowledge),
        implied=rows,
        problems=tuple(problems),
        warnings=tuple(warnings),
    )


def _relative(problem: Problem, root: Path) -> Problem:
    """The problem with its file named from the root of the knowledge, as the checks here do."""
    path = Path(problem.file)
    if path.is_relative_to(root):
        return replace(problem, file=path.relative_to(root).as_posix())
    return problem


def _unaskable(knowledge: Knowledge) -> Iterator[Problem]:
    for finding in knowledge.findings.values():
        if not finding.question.strip() or "todo" in finding.question.casefold():
            yield Problem(
                "findings",
                f"{finding.id}.question",
                f"nobody can ask '{finding.question}'",
                "write the question for a patient or an examiner",
            )


def _incomplete(condition: Condition, knowledge: Knowledge) -> Iterator[Problem]:
    file = f"conditions/{condition.id}.yaml"
    if not condition.description.strip() or "todo" in condition.description.casefold():
        yield Problem(file, "description", "is missing", "describe it in two or three sentences")
    if not any(condition.codes.values()):
        yield Problem(file, "codes", "are missing", "name at least one code that is sure")
    listed = _findings_of(condition, knowledge)
    if len(listed) < FEWEST_FINDINGS:
        yield Problem(
            file,
            "findings",
            f"only {len(listed)}, with those of its mechanisms",
            f"state {FEWEST_FINDINGS} or more, the decisive tests among them",
        )
    if condition.variants:
        try:
            total = sum(
                resolve(variant.share, knowledge.evidence, "probability").value
                for variant in condition.variants
            )
        except NumberError:
            return  # already among the problems of the numbers
        if abs(total - 1.0) > SHARES_MAY_MISS:
            yield Problem(
                file, "variants", f"their shares sum to {total:.3g}", "make them sum to 1"
            )


def _findings_of(condition: Condition, knowledge: Knowledge) -> set[str]:
    """Findings that a condition lists, itself, in its variants or through mechanisms."""
    links = [*condition.findings]
    shares = [*condition.mechanisms]
    for variant in condition.variants:
        links += variant.findings
        shares += variant.mechanisms
    for share in shares:
        mechanism = knowledge.mechanisms.get(share.mechanism)
        links += mechanism.findings if mechanism is not None else ()
    return {link.finding for link in links}


def _unused(knowledge: Knowledge) -> Iterator[Problem]:
    """Findings and mechanisms that nothing speaks of."""
    used = {finding.id for finding in knowledge.findings.values() if finding.role == "panel"}
    # Every condition has it, as the share with pain on both sides.
    used.add(BILATERAL)
    for finding in knowledge.findings.values():
        used.update(finding.implies_absent)
    for mechanism in knowledge.mechanisms.values():
        used.update(link.finding for link in mechanism.findings)
    for condition in knowledge.conditions.values():
        used |= _findings_of(condition, knowledge)
        used.update(risk.finding for risk in condition.risks)
    rules: list[Rule] = [alert.when for alert in knowledge.alerts.values()]
    rules += [item.when for score in knowledge.scores.values() for item in score.items]
    rules += [rule for _, rule in rules_of_therapy(knowledge)]
    used.update(leaf.finding for rule in rules for leaf in leaves(rule) if hasattr(leaf, "finding"))
    for alert in knowledge.alerts.values():
        used.update(alert.ask)
    # A general finding is filled in from the specific ones below it.
    for name in list(used):
        if name in knowledge.findings:
            used.update(_above(name, knowledge))
    for name in sorted(knowledge.findings.keys() - used):
        yield Problem(
            "findings",
            name,
            "no condition, mechanism, risk, alert, panel or rule of treatment uses it",
            "use it, or take it out",
        )
    active = {
        share.mechanism
        for condition in knowledge.conditions.values()
        for shares in (condition.mechanisms, *(v.mechanisms for v in condition.variants))
        for share in shares
    }
    for name in sorted(knowledge.mechanisms.keys() - active):
        yield Problem(
            f"mechanisms/{name}.yaml", "id", "no condition acts through it", "use it, or remove it"
        )


def _above(name: str, knowledge: Knowledge) -> set[str]:
    """The more general findings above one; safe where the nesting is a circle."""
    above: set[str] = set()
    parent = knowledge.findings[name].nested_under
    while parent is not None and parent not in above and parent in knowledge.findings:
        above.add(parent)
        parent = knowledge.findings[parent].nested_under
    return above


def _nested_exceeding(network: Network) -> Iterator[Problem]:
    """Specific findings that come out likelier in a condition than the general one above them."""
    pairs = [
        (place, network.node_index[str(parent)])
        for name, place in network.node_index.items()
        if (parent := network.knowledge.findings[name].nested_under) in network.node_index
    ]
    for condition, frequency in frequencies_alone(network).items():
        for specific, general in pairs:
            if frequency[specific] > frequency[general] + NESTED_MAY_EXCEED:
                yield Problem(
                    f"conditions/{condition}.yaml",
                    network.nodes[specific],
                    f"comes out at {frequency[specific]:.2f}, more often than the general "
                    f"'{network.nodes[general]}' at {frequency[general]:.2f}",
                    "raise the general one or lower the specific one",
                )


def _inside(counted: tuple[int, int]) -> Tally:
    inside, figures = counted
    return Tally(figures, inside)


def _share(tally: Tally) -> float | None:
    return round(tally.share, 4) if tally.parameters else None


def _of(tally: Tally) -> str:
    return f"{tally.share:.1%} ({tally.sourced} of {tally.parameters})"


def _condition_data(one: ConditionSourcing) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "founding": one.founding,
        "finding_parameters": one.findings.parameters,
        "sourced": one.findings.sourced,
        "sourced_share": _share(one.findings),
        "mechanism_parameters": one.mechanisms.parameters,
        "mechanism_sourced_share": _share(one.mechanisms),
    }


def _implied_data(row: Implied) -> dict[str, Any]:
    return {
        "entry": row.entry,
        "role": row.role,
        "file": row.file,
        "condition": row.condition,
        "variant": row.variant,
        "finding": row.finding,
        "state": row.state,
        "figure": row.figure,
        "published": round(row.published, 4),
        "interval": [round(row.interval.low, 4), round(row.interval.high, 4)],
        "interval_from": row.interval.kind,
        "implied": round(row.implied, 4),
        "inside": row.inside,
        "reason": row.reason or None,
    }


def _condition_table(conditions: Iterable[ConditionSourcing]) -> Table:
    table = Table(title="Numbers of each condition", title_justify="left")
    table.add_column("condition")
    for name in ("findings", "sourced", "via mechanisms", "sourced"):
        table.add_column(name, justify="right")
    for one in sorted(conditions, key=lambda c: (not c.founding, c.id)):
        table.add_row(
            f"{one.id}{' *' if one.founding else ''}",
            str(one.findings.parameters),
            f"{one.findings.share:.0%}",
            str(one.mechanisms.parameters),
            f"{one.mechanisms.share:.0%}",
        )
    table.caption = "* founding condition"
    return table


def _miss_table(title: str, rows: Iterable[Implied]) -> Table:
    table = Table(title=title, title_justify="left", show_lines=True)
    for name in ("entry", "in", "published", "implied", "why"):
        table.add_column(name, overflow="fold")
    for row in rows:
        where = f"{row.condition}{f' ({row.variant})' if row.variant else ''}: {row.finding}"
        table.add_row(
            f"{row.entry} ({row.figure})",
            where + (f" {row.state}" if row.state else ""),
            f"{row.published:.3g} ({row.interval.low:.3g} to {row.interval.high:.3g}, "
            f"{row.interval.kind})",
            f"{row.implied:.3g}",
            row.reason,
        )
    return table
