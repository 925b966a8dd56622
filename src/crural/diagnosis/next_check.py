"""What to ask, examine or test next: expected information for its burden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crural.diagnosis.compiled import compiled_loops, plain
from crural.diagnosis.network import BILATERAL, Array, Flags, Ints, Network
from crural.diagnosis.prediction import Prediction, risks_of
from crural.diagnosis.problem import Case
from crural.diagnosis.states import States, sums_by_kind
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
NOTHING_TOLD = 0.04
NOTHING_TOLD_OF_EMERGENCY = 0.001
# Where every answer leaves an emergency at least so likely, no question is needed to tell whether
# there is one.
SURE_OF_EMERGENCY = 0.9


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

    They stand in the columns `at` of the `prediction`. `gain` and `urgent_gain` are as in `Check`;
    `set_of[state]` and `emergency[set]` (0 or 1) are what they inform about; `can_calm` tells which
    have an answer that leaves an emergency less than sure. `cost` is that of the burden of each
    finding. `elsewhere` is the expected frequency of every finding of the network
    over all that is possible now.
    """

    names: tuple[str, ...]
    cost: Array
    prediction: Prediction
    at: Ints
    gain: Array
    urgent_gain: Array
    can_calm: Flags
    set_of: Ints
    emergency: Ints
    elsewhere: Array

    def present(self, which: Sequence[int] | Ints) -> Array:
        """P(present | state) of some of the candidates: [state, candidate]."""
        return self.prediction.present(self.at[which])


def information(present: Array, share: Array, kind: Ints, n_kinds: int) -> Array:
    """Mutual information in bits between each finding and the kind of state.

    `present[state, finding]` is P(finding | state), `share[state]` sums to 1, `kind[state]` is the
    class that we want to learn (a set of causes, an urgency).
    """
    return _information(*_by_kind(present, share, kind, n_kinds))


def _information(mass: Array, hit: Array) -> Array:
    """`information` from P(kind), and P(kind and finding): [kind, finding]."""
    split = _entropy_of_two(hit.sum(axis=0))
    return np.asarray(np.maximum(split - _entropy_given(mass, hit, or_not=True), 0.0))


def _entropy_given(mass: Array, joint: Array, *, or_not: bool) -> Array:
    """Expected -p log2 p of each outcome, with p = P(outcome | kind): [outcome]; `or_not` adds the
    same of its absence. `mass` and `joint` are as `_by_kind` gives them."""
    loops = compiled_loops()
    if loops is not None:
        shares = loops.shares(*plain(mass, joint), or_not)
        # Logarithms of numpy run in vectors.
        return np.asarray(loops.expected(*plain(mass), shares, np.log2(shares)))
    inside = joint / np.where(mass > 0, mass, 1.0)[:, None]
    return mass @ (_entropy_of_two(inside) if or_not else -_times_log(inside))


def _entropy_of_two(probability: Array) -> Array:
    """Entropy in bits of yes and no, for every probability of yes; a little above 1 counts as 1."""
    yes = np.minimum(probability, 1.0)
    negative = _times_log(yes)
    negative += _times_log(1.0 - yes)
    return np.negative(negative, out=negative)


def _times_log(probability: Array) -> Array:
    """p log2 p; 0 for 0."""
    logarithm = np.maximum(probability, np.finfo(float).tiny)
    np.log2(logarithm, out=logarithm)
    logarithm *= probability
    return logarithm


def _by_kind(outcomes: Array, share: Array, kind: Ints, n_kinds: int) -> tuple[Array, Array]:
    """P(kind), and P(kind and outcome): [kind, outcome]."""
    return _mass(share, kind, n_kinds), sums_by_kind(outcomes, share, kind, n_kinds)


def _mass(share: Array, kind: Ints, n_kinds: int) -> Array:
    """P(kind)."""
    return np.bincount(kind, weights=share, minlength=n_kinds).astype(np.float64)


def _merged(mass: Array, joint: Array, into: Ints) -> tuple[Array, Array]:
    """P(kind), and P(kind and outcome), of two coarser kinds; `into[kind]` is 0 or 1."""
    coarse = np.stack([into == 0, into == 1]).astype(float)
    return coarse @ mass, coarse @ joint


def checks_of(
    case: Case, states: States, candidates: Candidates, *, most: int = 12, urgent: bool = False
) -> tuple[Check, ...]:
    """The most useful next checks for their burden, the best first: those that tell most about the
    causes or, when `urgent`, about whether there is an emergency among them."""
    names, gain = candidates.names, candidates.gain
    wanted = candidates.urgent_gain if urgent else gain
    findings = case.network.knowledge.findings
    telling = wanted > (NOTHING_TOLD_OF_EMERGENCY if urgent else NOTHING_TOLD)
    if urgent:
        telling &= candidates.can_calm
    order = np.argsort(-wanted / candidates.cost, kind="stable")
    order = order[telling[order]][:most]
    present = candidates.present(order)
    moved = _moved(case, states, np.concatenate([present, 1 - present], axis=1))
    return tuple(
        Check(
            finding=names[i],
            burden=findings[names[i]].burden,
            probability=probability,
            gain=float(gain[i]),
            urgent_gain=float(candidates.urgent_gain[i]),
            if_present=by_yes,
            if_absent=by_no,
        )
        for i, probability, by_yes, by_no in zip(
            order.tolist(),
            (states.share @ present).tolist(),
            moved[: len(order)],
            moved[len(order) :],
            strict=True,
        )
    )


def _can_calm(mass: Array, hit: Array) -> Flags:
    """Which findings have an answer that leaves an emergency less than sure: [finding]. `mass` and
    `hit` are P(kind), and P(kind and finding), of no emergency and of one."""
    rest, grave = hit
    by_yes = grave < SURE_OF_EMERGENCY * (grave + rest)
    by_no = mass[1] - grave < SURE_OF_EMERGENCY * (mass.sum() - grave - rest)
    return np.asarray(by_yes | by_no)


def batteries_of(
    case: Case, states: States, candidates: Candidates, *, most: int = 6
) -> tuple[Battery, ...]:
    """Examinations whose findings come together, by information for their burden."""
    names, findings = candidates.names, case.network.knowledge.findings
    askable = _askable(case.network)
    examination = askable.battery[candidates.at]
    # Rounded, so that findings which tell the same stand in the order of the knowledge, whatever
    # the last digits of their sums are.
    order = np.lexsort((-np.round(candidates.gain, 12), examination))
    order = order[examination[order] >= 0]
    groups = np.split(order, np.flatnonzero(np.diff(examination[order])) + 1)
    batteries = [group[:BATTERY_SIZE] for group in groups if len(group)]
    gain, urgent_gain = _joint_information(batteries, states, candidates)
    cost = np.array([candidates.cost[members].max() for members in batteries])
    best = np.argsort(-gain / cost, kind="stable")[:most].tolist()
    return tuple(
        Battery(
            askable.batteries[examination[batteries[i][0]]],
            findings[names[batteries[i][np.argmax(candidates.cost[batteries[i]])]]].burden,
            tuple(names[member] for member in batteries[i].tolist()),
            float(gain[i]),
            float(urgent_gain[i]),
        )
        for i in best
    )


def _outcome_sums(present: Array, columns: Ints, share: Array, kind: Ints, n_kinds: int) -> Array:
    """P(kind and outcome) of several examinations: [kind, outcome, examination].

    `columns[finding, examination]` are columns of `present`, padded with -1, for a finding that is
    never there. Bit f of an outcome tells whether finding f is there.
    """
    loops = compiled_loops()
    if loops is not None:
        return np.asarray(loops.outcome_sums(*plain(present, columns, share, kind), n_kinds))
    outcomes = np.ones((len(present), 1, columns.shape[1]))
    for of in columns:
        yes = np.where(of >= 0, present[:, of], 0.0)[:, None]
        outcomes = np.concatenate([outcomes * (1 - yes), outcomes * yes], axis=1)
    shape = outcomes.shape[1:]
    joint = sums_by_kind(outcomes.reshape(len(present), shape[0] * shape[1]), share, kind, n_kinds)
    return joint.reshape(n_kinds, *shape)


def _joint_information(
    batteries: list[Ints], states: States, candidates: Candidates
) -> tuple[Array, Array]:
    """Information in bits of several examinations about the causes and about their urgency; each
    is given by its findings, as positions among the candidates."""
    findings = np.concatenate([np.zeros(0, dtype=np.int64), *batteries])
    columns = np.full((BATTERY_SIZE, len(batteries)), -1)
    first = 0
    for i, of in enumerate(batteries):
        columns[: len(of), i] = np.arange(first, first + len(of))
        first += len(of)
    share, set_of, n_sets = states.share, candidates.set_of, len(states.sets[0])
    mass = _mass(share, set_of, n_sets)
    joint = _outcome_sums(candidates.present(findings), columns, share, set_of, n_sets)
    shape = joint.shape[1:]
    joint = joint.reshape(n_sets, shape[0] * shape[1])

    def gains(mass: Array, joint: Array) -> Array:
        told = -_times_log(joint.sum(axis=0)) - _entropy_given(mass, joint, or_not=False)
        return np.asarray(np.maximum(told.reshape(shape).sum(axis=0), 0.0))

    return gains(mass, joint), gains(*_merged(mass, joint, candidates.emergency))


@lru_cache(maxsize=16)
def _emergencies(network: Network) -> Flags:
    """Which conditions are emergencies."""
    urgency = [network.condition(i).urgency for i in range(len(network.conditions))]
    return np.array([u == "emergency" for u in urgency])


@dataclass(frozen=True)
class _Askable:
    """All that can be asked of anybody: the findings of the network, then the risk factors.

    `of_sex` tells which of the `names` can be asked of a woman and of a man; pain on both sides is
    known of everybody. `battery` is the place of the examination of each name among `batteries`,
    -1 for none.
    """

    names: tuple[str, ...]
    place: Mapping[str, int]
    cost: Array
    of_sex: Mapping[str, Flags]
    batteries: tuple[str, ...]
    battery: Ints


@lru_cache(maxsize=16)
def _askable(network: Network) -> _Askable:
    findings = network.knowledge.findings
    names = (*network.nodes, *risks_of(network)[0])
    of = [findings[name].battery for name in names]
    batteries = tuple(dict.fromkeys(battery for battery in of if battery is not None))
    place: dict[str | None, int] = {battery: i for i, battery in enumerate(batteries)}
    return _Askable(
        names=names,
        place={name: i for i, name in enumerate(names)},
        cost=np.array([BURDEN[findings[name].burden] for name in names]),
        of_sex={
            sex: np.array([findings[n].sex in {None, sex} and n != BILATERAL for n in names])
            for sex in ("female", "male")
        },
        batteries=batteries,
        battery=np.array([place.get(battery, -1) for battery in of]),
    )


def candidates_of(case: Case, states: States, prediction: Prediction) -> Candidates:
    """What could be asked, examined or tested. `prediction` is that of the same states."""
    askable = _askable(case.network)
    open_ = askable.of_sex[case.facts.record.sex].copy()
    known = (askable.place.get(name) for name, place in case.facts.table if place == "here")
    open_[[at for at in known if at is not None]] = False
    sets, set_of = states.sets
    mass = _mass(states.share, set_of, len(sets))
    joint, varies = prediction.sums(states.share, set_of, len(sets))
    # A risk factor that is as common in every state tells nothing.
    n_findings = prediction.n_findings
    open_[n_findings:] &= varies[n_findings:]
    at = np.flatnonzero(open_)
    by_set = mass, joint[:, at]
    emergency = np.asarray((sets & _emergencies(case.network)).any(axis=1), dtype=np.int64)
    by_urgency = _merged(*by_set, emergency)
    return Candidates(
        names=tuple(askable.names[i] for i in at.tolist()),
        cost=askable.cost[at],
        prediction=prediction,
        at=at,
        gain=_information(*by_set),
        urgent_gain=_information(*by_urgency),
        can_calm=_can_calm(*by_urgency),
        set_of=set_of,
        emergency=emergency,
        elsewhere=joint[:, :n_findings].sum(axis=0),
    )


def _moved(
    case: Case, states: States, factor: Array, *, most: int = 3
) -> list[tuple[tuple[str, float, float], ...]]:
    """Causes whose probability each of some results would move most: (cause, now, then).

    `factor[state, result]` is P(result | state).
    """
    conditions = case.network.conditions
    present = states.present
    then_share = states.share[:, None] * factor
    total = then_share.sum(axis=0)
    now = present @ states.share
    then = (present @ then_share / np.where(total > 0, total, 1.0)).T
    change = np.abs(then - now)
    best = np.argsort(-change, axis=1)[:, :most]
    told = (np.take_along_axis(change, best, axis=1) > 0.01) & (total > 0)[:, None]
    rows = zip(
        best.tolist(),
        now[best].tolist(),
        np.take_along_axis(then, best, axis=1).tolist(),
        told.tolist(),
        strict=True,
    )
    return [
        tuple((conditions[i], a, b) for i, a, b, is_told in zip(*row, strict=True) if is_told)
        for row in rows
    ]
