"""The same questions put to pyAgrum, a library that knows nothing of this project.

A problem, or a patient held against a network, is written out as a plain Bayesian network: causes,
ways in which they act, and findings, each with its table. Nothing of the engine is used. A finding
with many parents would need a table that is too large for any machine; it is taken apart into a
chain of maxima, one for each parent (Heckerman & Breese 1996), which leaves its meaning unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyagrum

from crural.diagnosis.network import (
    BILATERAL,
    RECORDING_ERROR,
    Network,
)
from crural.diagnosis.priors import priors_of
from crural.diagnosis.problem import Mixture, Part, Problem
from crural.facts import Fact, Facts

Array = npt.NDArray[np.float64]

# The library's own annotations leave its functions untyped.
gum: Any = pyagrum


@dataclass(frozen=True)
class Node:
    """A variable: `table` has one axis for each parent, and its own states as the last."""

    name: str
    parents: tuple[str, ...]
    table: Array

    @property
    def n_states(self) -> int:
        """How many states the variable has."""
        return int(self.table.shape[-1])


@dataclass
class PlainNetwork:
    """Variables, parents first; what is observed; the names of the causes."""

    nodes: list[Node] = field(default_factory=list)
    observed: dict[str, int] = field(default_factory=dict)
    causes: list[str] = field(default_factory=list)

    def add(self, name: str, parents: Sequence[str], table: object) -> str:
        """Add a variable and give its name."""
        self.nodes.append(Node(name, tuple(parents), np.asarray(table, dtype=np.float64)))
        return name

    def switch(self, name: str, gate: str | None, probability: float) -> str:
        """A variable that may be on while its gate is, with a probability."""
        if gate is None:
            return self.add(name, (), [1 - probability, probability])
        return self.add(name, (gate,), [[1, 0], [1 - probability, probability]])

    def choice(self, name: str, gate: str, weights: Sequence[float]) -> list[str]:
        """One of several forms while the gate is on; gives one switch for each."""
        n = len(weights)
        self.add(name, (gate,), [[1, *[0] * n], [0, *weights]])
        return [
            self.add(
                f"{name}.{i}", (name,), [[float(j != i + 1), j == i + 1] for j in range(n + 1)]
            )
            for i in range(n)
        ]

    def add_causes(
        self,
        names: Sequence[str],
        prior: Array,
        links: Sequence[tuple[int, int, float]],
        order: Sequence[int],
    ) -> None:
        """The causes, what they bring about, and that there is at least one of them."""
        self.causes = [f"cause.{name}" for name in names]
        for cause in order:
            ways = [(parent, p) for parent, child, p in links if child == cause]
            absent = np.array(1.0 - prior[cause])
            for _, p in ways:
                absent = np.multiply.outer(absent, [1.0, 1.0 - p])
            parents = [self.causes[parent] for parent, _ in ways]
            self.add(self.causes[cause], parents, np.stack([absent, 1.0 - absent], axis=-1))
        some = self.causes[order[0]]
        for cause in order[1:]:
            either = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
            some = self.add(f"some.{cause}", (some, self.causes[cause]), either)
        self.observed[some] = 1

    def add_maximum(
        self,
        name: str,
        alone: Array,
        ways: Sequence[tuple[tuple[str, ...], Array]],
        state: int,
    ) -> None:
        """A finding observed in a state: the highest to which the background or a cause brought it.

        `alone` is the background's distribution over its states; each way has parents and a
        distribution for each of their states.
        """
        n = len(alone)
        level = self.add(f"{name}.alone", (), alone)
        reaches = np.arange(n)[:, None] <= np.arange(n)
        for i, (parents, table) in enumerate(ways):
            at_most = np.cumsum(table, axis=-1)
            joint = at_most[None] * reaches.reshape(n, *[1] * len(parents), n)
            step = np.diff(joint, axis=-1, prepend=0.0)
            level = self.add(f"{name}.{i}", (level, *parents), step)
        self.observed[level] = state

    def add_low(self, name: str, parents: Sequence[str], low: Array) -> None:
        """A finding stayed in its lowest state: that is, each cause left it there."""
        self.add(name, parents, np.stack([low, 1.0 - low], axis=-1))
        self.observed[name] = 0


def network_of_problem(problem: Problem) -> PlainNetwork:
    """A problem, written out. A bit is a finding of three states: below, as observed, above."""
    plain = PlainNetwork()
    plain.add_causes(problem.names, problem.prior, problem.links, problem.order)
    switches: dict[int, str] = {}

    def act(part: Part, gate: str, name: str) -> None:
        if isinstance(part, int):
            row, share = (part, float(problem.share[part])) if part >= 0 else (-1 - part, 1.0)
            switches[row] = plain.switch(f"row.{row}", gate, share)
            return
        gates = [gate] * len(part.parts)
        if isinstance(part, Mixture):
            gates = plain.choice(name, gate, part.weights)
        for i, (inner, own) in enumerate(zip(part.parts, gates, strict=True)):
            act(inner, own, f"{name}.part.{i}")

    for cause, part in enumerate(problem.acts):
        act(part, plain.causes[cause], f"way.{cause}")
    for row, switch in switches.items():
        plain.add_low(f"low.{row}", (switch,), np.array([1.0, problem.scalar[row]]))

    def three_states(upper: float, lower: float) -> list[float]:
        return [lower, upper - lower, 1 - upper]

    for bit in range(problem.n_bits):
        plain.add_maximum(
            f"bit.{bit}",
            np.array(three_states(problem.background_upper[bit], problem.background_lower[bit])),
            [
                (
                    (switch,),
                    np.array(
                        [[1, 0, 0], three_states(problem.upper[row, bit], problem.lower[row, bit])]
                    ),
                )
                for row, switch in switches.items()
                if problem.lower[row, bit] != 1
            ],
            state=1,
        )
    return plain


def network_of_patient(network: Network, facts: Facts) -> PlainNetwork:
    """A patient held against a network, written out from the tables of the network itself.

    Only findings that are known are written: the others would change nothing.
    """
    plain = PlainNetwork()
    links = [(link.parent, link.child, link.probability) for link in network.links]
    plain.add_causes(
        network.conditions, priors_of(network, facts).probability, links, network.order
    )
    two_sided = [
        plain.switch(f"two-sided.{i}", cause, float(network.bilateral[i]))
        for i, cause in enumerate(plain.causes)
    ]
    groups: list[tuple[int, str]] = []
    for i in network.order:
        cause = plain.causes[i]
        variants = network.variants[i]
        forms = plain.choice(f"form.{i}", cause, [v.share for v in variants]) if variants else []
        for g in network.groups_of[i]:
            variant = network.groups[g].variant
            gate = cause if variant is None else forms[variant]
            groups.append((g, plain.switch(f"group.{g}", gate, network.groups[g].share)))
    for fact in facts.evidence:
        ways = _ways_to_show(network, fact, groups, two_sided)
        node = network.node_index[fact.finding]
        n = int(network.n_states[node])
        alone = np.diff(network.background(facts.record.age)[node, :n], prepend=0.0)
        name = f"{fact.finding}.{fact.place}"
        if fact.state > 0:
            plain.add_maximum(name, alone, ways, fact.state)
        else:
            for i, (parents, table) in enumerate(ways):
                plain.add_low(f"{name}.{i}", parents, table[..., 0])
    return plain


def _ways_to_show(
    network: Network, fact: Fact, groups: Sequence[tuple[int, str]], two_sided: Sequence[str]
) -> list[tuple[tuple[str, ...], Array]]:
    """What can bring the finding of a fact up: parents, and its distribution for their states."""
    if fact.finding == BILATERAL:
        up = [RECORDING_ERROR, 1 - RECORDING_ERROR]
        return [((switch,), np.array([[1, 0], up])) for switch in two_sided]
    node = network.node_index[fact.finding]
    n = int(network.n_states[node])
    ways: list[tuple[tuple[str, ...], Array]] = []
    for g, switch in groups:
        cdf = network.cdf[g, node, :n]
        if cdf[0] == 1.0:
            continue
        idle = np.eye(n)[0]
        full = np.diff(cdf, prepend=0.0)
        if fact.place == "here":
            ways.append(((switch,), np.stack([idle, full])))
            continue
        # On the other side a one-sided disease shows only the silent share.
        silent = np.diff(1 - network.silent_share[g] * (1 - cdf), prepend=0.0)
        both = two_sided[network.groups[g].condition]
        ways.append(((switch, both), np.array([[idle, idle], [silent, full]])))
    return ways


def to_agrum(plain: PlainNetwork) -> Any:
    """The network in pyAgrum."""
    net = gum.BayesNet("crural")
    for node in plain.nodes:
        net.add(gum.LabelizedVariable(node.name, node.name, node.n_states))
        for parent in node.parents:
            net.addArc(parent, node.name)
        # pyAgrum's arrays have the parents' axes in reverse, the variable itself last.
        axes = (*reversed(range(len(node.parents))), len(node.parents))
        net.cpt(node.name)[:] = np.ascontiguousarray(node.table.transpose(axes))
    return net


def posterior_by_agrum(plain: PlainNetwork) -> Array:
    """Posterior probability of every cause, by pyAgrum's exact lazy propagation."""
    engine = gum.LazyPropagation(to_agrum(plain))
    engine.setEvidence(dict(plain.observed))
    engine.setTargets(set(plain.causes))
    engine.makeInference()
    return np.array([engine.posterior(cause)[1] for cause in plain.causes])
