"""What to ask, examine or test next: expected information for its burden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crural.diagnosis.explain import predicted_low
from crural.diagnosis.network import BILATERAL, Array, Flags, Ints
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States
from crural.knowledge import resolve
from crural.knowledge.model import Burden, ByAge, Urgency

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
_URGENCY_RANK: dict[Urgency, int] = {"routine": 0, "urgent": 1, "emergency": 2}


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


def entropy(probability: Array, axis: int = 0) -> Array:
    """Shannon entropy in bits along an axis; zeros contribute nothing."""
    safe = np.where(probability > 0, probability, 1.0)
    return np.asarray(-(probability * np.log2(safe)).sum(axis=axis))


def information(present: Array, share: Array, kind: Ints, n_kinds: int) -> Array:
    """Mutual information in bits between each finding and the kind of state.

    `present[state, finding]` is P(finding | state), `share[state]` sums to 1, `kind[state]` is the
    class that we want to learn (a set of causes, an urgency).
    """
    mass = np.zeros(n_kinds)
    np.add.at(mass, kind, share)
    hit = np.zeros((n_kinds, present.shape[1]))
    np.add.at(hit, kind, share[:, None] * present)
    marginal = hit.sum(axis=0)
    inside = np.clip(hit / np.where(mass > 0, mass, 1.0)[:, None], 0.0, 1.0)
    split = entropy(np.stack([marginal, 1 - marginal]))
    left = (mass[:, None] * entropy(np.stack([inside, 1 - inside]))).sum(axis=0)
    return np.asarray(np.maximum(split - left, 0.0))


def checks_of(case: Case, states: States, *, most: int = 12) -> tuple[Check, ...]:
    """The most useful next checks for their burden, the best first."""
    names, present = _candidates(case, states)
    if not names:
        return ()
    share = states.share
    sets, of_set = states.sets
    gain = information(present, share, of_set, len(sets))
    urgent_gain = information(present, share, _urgency_of(case, sets)[of_set], 3)
    findings = case.network.knowledge.findings
    cost = np.array([BURDEN[findings[n].burden] for n in names])
    order = np.argsort(-gain / cost)[:most]
    return tuple(
        Check(
            finding=names[i],
            burden=findings[names[i]].burden,
            probability=float(share @ present[:, i]),
            gain=float(gain[i]),
            urgent_gain=float(urgent_gain[i]),
            if_present=_moved(case, states, present[:, i]),
            if_absent=_moved(case, states, 1 - present[:, i]),
        )
        for i in order
        if gain[i] > 1e-4
    )


def batteries_of(case: Case, states: States, *, most: int = 6) -> tuple[Battery, ...]:
    """Examinations whose findings come together, by information for their burden."""
    names, present = _candidates(case, states)
    findings = case.network.knowledge.findings
    share = states.share
    sets, of_set = states.sets
    urgency = _urgency_of(case, sets)[of_set]
    alone = information(present, share, of_set, len(sets)) if names else np.zeros(0)
    grouped: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        battery = findings[name].battery
        if battery is not None:
            grouped.setdefault(battery, []).append(i)
    found = []
    for name, members in grouped.items():
        best = sorted(members, key=lambda i: -alone[i])[:BATTERY_SIZE]
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
                _joint_information(outcomes, share, of_set, len(sets)),
                _joint_information(outcomes, share, urgency, 3),
            )
        )
    found.sort(key=lambda b: -b.gain / BURDEN[b.burden])
    return tuple(found[:most])


def _joint_information(outcomes: Array, share: Array, kind: Ints, n_kinds: int) -> float:
    mass = np.zeros(n_kinds)
    np.add.at(mass, kind, share)
    joint = np.zeros((n_kinds, outcomes.shape[1]))
    np.add.at(joint, kind, share[:, None] * outcomes)
    inside = joint / np.where(mass > 0, mass, 1.0)[:, None]
    return float(max(entropy(joint.sum(axis=0)) - (mass * entropy(inside, axis=1)).sum(), 0.0))


def _urgency_of(case: Case, sets: Flags) -> Ints:
    """Highest urgency among the causes of each set: 0 routine, 1 urgent, 2 emergency."""
    network = case.network
    rank = np.array(
        [_URGENCY_RANK[network.condition(i).urgency] for i in range(len(network.conditions))]
    )
    return np.asarray((sets * rank).max(axis=1))


def _candidates(case: Case, states: States) -> tuple[list[str], Array]:
    """Findings that are not known and can be, with P(present | state)."""
    knowledge, record = case.network.knowledge, case.facts.record
    names = [
        name
        for name in case.network.nodes
        if case.facts.state(name) is None
        and name != BILATERAL
        and knowledge.findings[name].sex in {None, record.sex}
    ]
    nodes = [case.network.node_index[n] for n in names]
    present = 1.0 - predicted_low(case, states, nodes)
    risks = [
        f.id
        for f in knowledge.findings.values()
        if f.role == "risk" and case.facts.state(f.id) is None and f.sex in {None, record.sex}
    ]
    risk_present = _risk_given_state(case, states, risks)
    useful = [i for i in range(len(risks)) if np.ptp(risk_present[:, i]) > 0]
    return (
        names + [risks[i] for i in useful],
        np.clip(np.concatenate([present, risk_present[:, useful]], axis=1), 0.0, 1.0),
    )


def _risk_given_state(case: Case, states: States, risks: list[str]) -> Array:
    """P(risk factor | state): those with a condition have its risk factors more often."""
    knowledge = case.network.knowledge
    position = {name: i for i, name in enumerate(risks)}
    prevalence = np.empty(len(risks))
    for i, name in enumerate(risks):
        number = knowledge.findings[name].prevalence
        plain = number.at(case.facts.record.age) if isinstance(number, ByAge) else number
        assert plain is not None  # the model refuses a risk finding without a prevalence
        prevalence[i] = resolve(plain, knowledge.evidence, "probability").value
    odds = np.tile(prevalence / (1 - prevalence), (len(states.weight), 1))
    for c in range(len(case.network.conditions)):
        if not states.causes[:, c].any():
            continue
        for risk in case.network.condition(c).risks:
            if risk.finding in position:
                ratio = (
                    1e6
                    if risk.ratio is None
                    else resolve(risk.ratio, knowledge.evidence, "ratio").value
                )
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
