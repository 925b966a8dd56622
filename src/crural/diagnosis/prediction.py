"""What the leading states foretell of every finding and risk factor, whether it is known or not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crural.diagnosis.compiled import compiled_loops, plain
from crural.diagnosis.network import Array, Flags, Ints, Network
from crural.diagnosis.priors import prevalences_at, risk_ratios
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States, products, sums_by_kind


@dataclass(frozen=True)
class Prediction:
    """P(present | state) of every finding of the network, on the painful side, and of every risk
    factor: columns, of which the first `n_findings` are findings.

    A finding stays in its lowest state with a probability, and a risk factor has odds, that are
    `first[column]` times `table[member, column]` of each of `members[state]`, padded with -1.
    """

    first: Array
    table: Array
    members: Ints
    n_findings: int

    def present(self, columns: Ints) -> Array:
        """P(present | state) of some columns: [state, column]."""
        product = products(self.first[columns], self.table[:, columns], self.members)
        finding = columns < self.n_findings
        return np.where(finding, 1.0 - product, product / (1.0 + product))

    def sums(self, share: Array, kind: Ints, n_kinds: int) -> tuple[Array, Flags]:
        """P(kind and present): [kind, column]; and which columns differ between states.

        `share[state]` sums to 1, `kind[state]` is one of `n_kinds`.
        """
        loops = compiled_loops()
        if loops is not None:
            tables = plain(self.first, self.table, self.members)
            found: tuple[Array, Flags] = loops.present_sums(
                tables, self.n_findings, *plain(share, kind), n_kinds
            )
            return found
        present = self.present(np.arange(len(self.first)))
        return sums_by_kind(present, share, kind, n_kinds), (present != present[0]).any(axis=0)


def prediction_of(case: Case, states: States) -> Prediction:
    """What the states foretell. The columns are the nodes of the network, then `risks_of` it."""
    problem, singles, record = case.problem, states.singles, case.facts.record
    used = np.unique(states.members[states.members >= 0])
    share = problem.share
    active = share * problem.scalar / (1.0 - share + share * problem.scalar)
    low = _single_low(_low_by_row(case.network), active, singles.rows[used], singles.quiet[used])
    ratios = risks_of(case.network)[1][singles.cause[used]]
    background = case.network.background(record.age)[:, 0]
    # Padding stays padding.
    position = np.full(len(singles.weight) + 1, -1)
    position[used] = np.arange(len(used))
    return Prediction(
        first=np.concatenate([background, _risk_odds_at(case.network, int(record.age))]),
        table=np.concatenate([low, ratios], axis=1),
        members=position[states.members],
        n_findings=len(case.network.nodes),
    )


def _single_low(by_row: Array, active: Array, rows: Ints, quiet: Ints) -> Array:
    """P(node stays in its lowest state) by the rows of states of single causes: [single, node].

    `by_row[row, node]` is that by each row alone; `active[row]` the probability that a row which is
    averaged over (`quiet`) acts. `rows` and `quiet` are padded with -1.
    """
    loops = compiled_loops()
    if loops is not None:
        return np.asarray(loops.single_low(*plain(by_row, active, rows, quiet)))
    low = products(np.ones(by_row.shape[1]), by_row, rows)
    for averaged in quiet.T:
        certain = np.where(averaged >= 0, active[averaged], 0.0)[:, None]
        low *= 1.0 - certain * (1.0 - by_row[averaged])
    return low


@lru_cache(maxsize=16)
def _low_by_row(network: Network) -> Array:
    """P(node stays in its lowest state) by each row of the problem: groups; sides of the pain;
    copies of the groups for one-sided disease."""
    group_low = network.cdf[:, :, 0]
    neutral = np.ones((len(network.conditions), len(network.nodes)))
    return np.vstack([group_low, neutral, group_low])


@lru_cache(maxsize=16)
def risks_of(network: Network) -> tuple[tuple[str, ...], Array]:
    """All risk factors, and the ratio of each for each condition: [condition, risk factor]; 1 where
    a condition does not have it. Those with a condition have its risk factors more often."""
    knowledge = network.knowledge
    every = tuple(f.id for f in knowledge.findings.values() if f.role == "risk")
    place = {name: i for i, name in enumerate(every)}
    known = risk_ratios(knowledge)
    ratios = np.ones((len(network.conditions), len(every)))
    for i in range(len(network.conditions)):
        condition = network.condition(i)
        for risk in condition.risks:
            if risk.finding in place:
                ratio = known.get((condition.id, risk.finding))
                ratios[i, place[risk.finding]] = 1e6 if ratio is None else ratio.value
    return every, ratios


@lru_cache(maxsize=128)
def _risk_odds_at(network: Network, age: int) -> Array:
    """Odds of every risk factor at an age in whole years."""
    prevalences = prevalences_at(network.knowledge, age)
    prevalence = np.array([prevalences[name] for name in risks_of(network)[0]])
    return np.asarray(prevalence / (1 - prevalence))
