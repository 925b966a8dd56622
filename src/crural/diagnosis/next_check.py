"""What to ask, examine or test next: expected information for its burden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crural.diagnosis.network import BILATERAL, Array, Flags, Ints
from crural.diagnosis.priors import prevalences_at, risk_ratios
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States
from crural.knowledge.model import Burden

# Relative cost to the patient (time, discomfort, radiation, waiting, risk). Estimates: only their
# order and rough distance matter.
BURDEN: dict[Burden, float] = {
    "ask": 1.0,
    "examine": 2.0,
    "blood": 5.0,
    "xray": 6.0,
    "ultrasound": 8.0,
    "nerve-conduction": 15.0,
    "mri": 15.0,
    "invasive": 40.0,
}
# Findings of one examination are judged together, over the outcomes of the most telling of them.
BATTERY_SIZE = 4
# Bits below which an answer tells nothing.
NOTHING_TOLD = 1e-4
NOTHING_TOLD_OF_EMERGENCY = 1e-6


@dataclass(frozen=True)
class Check:
    """A finding worth knowing, with what it would change.

    `gain` is the expected information in bits about which causes are present, `urgent_gain` that
    about how urgent they are. `if_present` and `if_absent` give the causes whose probability would
    move most: (cause, now, then).
    """

    finding: str
    burden: Burden
    probability: float
    gain: float
    urgent_gain: float
    if_present: tuple[tuple[str, float, float], ...]
    if_absent: tuple[tuple[str, float, float], ...]

    @property
    def worth(self) -> float:
        """Information for its burden."""
        return self.gain / BURDEN[self.burden]


@dataclass(frozen=True)
class Battery:
    """Findings that one examination gives together."""

    name: str
    burden: Burden
    findings: tuple[str, ...]
    gain: float
    urgent_gain: float


@dataclass(frozen=True)
class Candidates:
    """Findings that are not known and can be, and what each would tell.

    `present[state, finding]` is P(present | state); `gain` and `urgent_gain` are as in `Check`;
    `set_of[state]` and `emergency_of[state]` are what they inform about.
    """

    names: tuple[str, ...]
    present: Array
    gain: Array
    urgent_gain: Array
    set_of: Ints
    emergency_of: Ints


def entropy(probability: Array, axis: int = 0) -> Array:
    """Shannon entropy in bits along an axis; zeros contribute nothing."""
    safe = np.where(probability > 0, probability, 1.0)
    return np.asarray(-(probability * np.log2(safe)).sum(axis=axis))


def information(present: Array, share: Array, kind: Ints, n_kinds: int) -> Array:
    """Mutual information in bits between each finding and the kind of state.

    `present[state, finding]` is P(finding | state), `share[state]` sums to 1, `kind[state]` is the
    class that we want to learn (a set of causes, an urgency).
    """
    mass, hit = _by_kind(present, share, kind, n_kinds)
    marginal = hit.sum(axis=0)
    inside = np.clip(hit / np.where(mass > 0, mass, 1.0)[:, None], 0.0, 1.0)
    split = entropy(np.stack([marginal, 1 - marginal]))
    left = (mass[:, None] * entropy(np.stack([inside, 1 - inside]))).sum(axis=0)
    return np.asarray(np.maximum(split - left, 0.0))


def _by_kind(outcomes: Array, share: Array, kind: Ints, n_kinds: int) -> tuple[Array, Array]:
    """P(kind), and P(kind and outcome): [kind, outcome]."""
    belongs = np.zeros((n_kinds, len(share)))
    belongs[kind, np.arange(len(share))] = share
    return belongs.sum(axis=1), belongs @ outcomes


def checks_of(
    case: Case, states: States, candidates: Candidates, *, most: int = 12, urgent: bool = False
) -> tuple[Check, ...]:
    """The most useful next checks for their burden, the best first: those that tell most about the
    causes or, when `urgent`, about whether there is an emergency among them."""
    names, present, gain = candidates.names, candidates.present, candidates.gain
    wanted = candidates.urgent_gain if urgent else gain
    share = states.share
    findings = case.network.knowledge.findings
    cost = np.array([BURDEN[findings[n].burden] for n in names])
    order = np.argsort(-wanted / cost)[:most]
    return tuple(
        Check(
            finding=names[i],
            burden=findings[names[i]].burden,
            probability=float(share @ present[:, i]),
            gain=float(gain[i]),
            urgent_gain=float(candidates.urgent_gain[i]),
            if_present=_moved(case, states, present[:, i]),
            if_absent=_moved(case, states, 1 - present[:, i]),
        )
        for i in order
        if wanted[i] > (NOTHING_TOLD_OF_EMERGENCY if urgent else NOTHING_TOLD)
    )


def batteries_of(
    case: Case, states: States, candidates: Candidates, *, most: int = 6
) -> tuple[Battery, ...]:
    """Examinations whose findings come together, by information for their burden."""
    names, present = candidates.names, candidates.present
    findings = case.network.knowledge.findings
    share = states.share
    n_sets = len(states.sets[0])
    grouped: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        battery = findings[name].battery
        if battery is not None:
            grouped.setdefault(battery, []).append(i)
    found = []
    for name, members in grouped.items():
        best = sorted(members, key=lambda i: -candidates.gain[i])[:BATTERY_SIZE]
        outcomes = np.ones((len(share), 1))
        for i in best:
            column = present[:, i, None]
            outcomes = np.concatenate([outcomes * (1 - column), outcomes * column], axis=1)
        burden = max((findings[names[i]].burden for i in best), key=lambda b: BURDEN[b])
        found.append(
            Battery(
                name,
                burden,
                tuple(names[i] for i in best),
                _joint_information(outcomes, share, candidates.set_of, n_sets),
                _joint_information(outcomes, share, candidates.emergency_of, 2),
            )
        )
    found.sort(key=lambda b: -b.gain / BURDEN[b.burden])
    return tuple(found[:most])


def _joint_information(outcomes: Array, share: Array, kind: Ints, n_kinds: int) -> float:
    mass, joint = _by_kind(outcomes, share, kind, n_kinds)
    inside = joint / np.where(mass > 0, mass, 1.0)[:, None]
    return float(max(entropy(joint.sum(axis=0)) - (mass * entropy(inside, axis=1)).sum(), 0.0))


def _emergency_in(case: Case, sets: Flags) -> Ints:
    """Does each set of causes hold an emergency? 0 no, 1 yes."""
    network = case.network
    emergency = np.array(
        [network.condition(i).urgency == "emergency" for i in range(len(network.conditions))]
    )
    return np.asarray((sets & emergency).any(axis=1), dtype=np.int64)


def candidates_of(case: Case, states: States, low: Array) -> Candidates:
    """What could be asked, examined or tested. `low` is `predicted_low` of the same states."""
    knowledge, record = case.network.knowledge, case.facts.record
    names = [
        name
        for name in case.network.nodes
        if case.facts.state(name) is None
        and name != BILATERAL
        and knowledge.findings[name].sex in {None, record.sex}
    ]
    present = 1.0 - low[:, [case.network.node_index[n] for n in names]]
    risks = [
        f.id
        for f in knowledge.findings.values()
        if f.role == "risk" and case.facts.state(f.id) is None and f.sex in {None, record.sex}
    ]
    risk_present = _risk_given_state(case, states, risks)
    useful = [i for i in range(len(risks)) if np.ptp(risk_present[:, i]) > 0]
    present = np.clip(np.concatenate([present, risk_present[:, useful]], axis=1), 0.0, 1.0)
    sets, set_of = states.sets
    emergency_of = _emergency_in(case, sets)[set_of]
    return Candidates(
        names=(*names, *(risks[i] for i in useful)),
        present=present,
        gain=information(present, states.share, set_of, len(sets)),
        urgent_gain=information(present, states.share, emergency_of, 2),
        set_of=set_of,
        emergency_of=emergency_of,
    )


def _risk_given_state(case: Case, states: States, risks: list[str]) -> Array:
    """P(risk factor | state): those with a condition have its risk factors more often."""
    knowledge = case.network.knowledge
    position = {name: i for i, name in enumerate(risks)}
    prevalences = prevalences_at(knowledge, int(case.facts.record.age))
    prevalence = np.array([prevalences[name] for name in risks])
    ratios = risk_ratios(knowledge)
    odds = np.tile(prevalence / (1 - prevalence), (len(states.weight), 1))
    for c in range(len(case.network.conditions)):
        if not states.causes[:, c].any():
            continue
        condition = case.network.condition(c)
        for risk in condition.risks:
            if risk.finding in position:
                known = ratios.get((condition.id, risk.finding))
                ratio = 1e6 if known is None else known.value
                odds[states.causes[:, c], position[risk.finding]] *= ratio
    return np.asarray(odds / (1 + odds))


def _moved(
    case: Case, states: States, factor: Array, *, most: int = 3
) -> tuple[tuple[str, float, float], ...]:
    """Causes whose probability a result would move most: (cause, now, then)."""
    then_share = states.share * factor
    total = then_share.sum()
    if total <= 0:
        return ()
    now = states.causes.T @ states.share
    then = states.causes.T @ (then_share / total)
    top = np.argsort(-np.abs(then - now))[:most]
    return tuple(
        (case.network.conditions[i], float(now[i]), float(then[i]))
        for i in top
        if abs(then[i] - now[i]) > 0.01
    )
