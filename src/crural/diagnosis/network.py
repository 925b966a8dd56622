"""The causal network, compiled from the knowledge into arrays that are the same for every patient.

Layers: risk factors -> conditions -> (conditions ->) mechanisms -> findings.

A condition that is present acts through *groups*: one direct group, and one for each of its
mechanisms, which is active with the stated share. A group that is active tries to bring each
finding up to some state; a finding shows the highest state that anything brought it to. That is
noisy-MAX (noisy-OR where a finding is only present or absent), so a group is fully described by

    cdf[group, node, k] = P(the group alone brings the node to state k or lower)

and causes combine by multiplying these. Mechanisms belong to the condition that made them: two
diseases that both press on a root make two irritated roots. Given the conditions, the findings of
one mechanism stand or fall together, and no hidden variable is shared between conditions; that is
what keeps exact inference cheap (see `inference`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from crural.diagnosis.order import order_of
from crural.knowledge import Knowledge, Quantity, resolve
from crural.knowledge.model import (
    ByAge,
    Condition,
    Finding,
    Frequency,
    Levels,
    Link,
    MechanismShare,
)
from crural.knowledge.numbers import Number

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OTHER = "none-of-these"
BILATERAL = "pain-bilateral"

# Estimates of the model itself, with their reasons (docs/method.md lists them).
# Facts are mis-stated or mis-recorded now and then; without a floor one slip could make the true
# cause impossible. Inter-rater studies of history items find disagreement in a few per cent.
RECORDING_ERROR = 0.003
# Signs of a disease that is active on both sides, found on the side that does not hurt: the share
# of the full frequency to expect there when pain is on one side only.
SILENT_SIDE_SHARE = 0.4
# Which diseases those are: at least this share of patients has pain on both sides. A disease that
# is mostly one-sided, such as a disc, shows nothing on the other side.
TWO_SIDED = 0.5
# Pain on both sides by two separate one-sided causes.
BILATERAL_BY_CHANCE = 0.03

_CEILING = 1.0 - RECORDING_ERROR

ParameterKind = Literal["finding", "mechanism", "default", "prior", "share", "background"]


@dataclass(frozen=True)
class Parameter:
    """A number of the network as the knowledge gives it, with what it stands for."""

    kind: ParameterKind
    owner: str
    about: str
    quantity: Quantity

    @property
    def label(self) -> str:
        """What the number is, in words."""
        return f"{self.about} in {self.owner}" if self.owner else self.about


@dataclass(frozen=True)
class Group:
    """A way in which a condition acts: directly (`mechanism` None) or through a mechanism."""

    condition: int
    variant: int | None
    mechanism: str | None
    share: float
    share_parameter: int


@dataclass(frozen=True)
class VariantShare:
    """A variant of a condition with its share (shares of one condition sum to 1)."""

    id: str
    name: str
    share: float


@dataclass(frozen=True)
class CauseLink:
    """Condition `parent`, when present, brings about condition `child` with this probability."""

    parent: int
    child: int
    probability: float


@dataclass(frozen=True, eq=False)
class Network:
    """The compiled network. Axes: groups x nodes x states, padded with 1 beyond the last state."""

    knowledge: Knowledge
    conditions: tuple[str, ...]
    nodes: tuple[str, ...]
    n_states: Ints
    groups: tuple[Group, ...]
    groups_of: tuple[tuple[int, ...], ...]
    variants: tuple[tuple[VariantShare, ...], ...]
    links: tuple[CauseLink, ...]
    cdf: Array
    cdf_parameter: Ints
    parameters: Sequence[Parameter]
    bilateral: Array
    _backgrounds: dict[float, Array] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def node_index(self) -> Mapping[str, int]:
        """Position of each finding among the nodes."""
        return {name: i for i, name in enumerate(self.nodes)}

    @cached_property
    def condition_index(self) -> Mapping[str, int]:
        """Position of each condition."""
        return {name: i for i, name in enumerate(self.conditions)}

    @cached_property
    def levels(self) -> Array:
        """The same as `cdf`, as [node, state, group]: what a record asks for together, the figures
        of one state of a finding, lies together in memory."""
        return np.ascontiguousarray(self.cdf.transpose(1, 2, 0))

    @cached_property
    def silent_share(self) -> Array:
        """For each group, the part of its effects to expect on the side that does not hurt when the
        pain is on one side only."""
        owner = [group.condition for group in self.groups]
        return np.where(self.bilateral[owner] >= TWO_SIDED, SILENT_SIDE_SHARE, 0.0)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The order in which the exact engine takes the conditions."""
        acting = self.cdf[:, :, 0] < 1.0
        touches = np.stack([acting[list(of)].any(axis=0) for of in self.groups_of])
        count = touches.sum(axis=0)
        narrow = (count > 0) & (count < len(self.conditions) / 2)
        links = [(link.parent, link.child) for link in self.links]
        return order_of(len(self.conditions), links, touches[:, narrow])

    def background(self, age: float) -> Array:
        """cdf[node, state] of everything that is not a cause of the leg pain, at an age in years.

        Cached by whole years: the bands are no finer.
        """
        year = float(int(age))
        if year not in self._backgrounds:
            self._backgrounds[year] = _background(self, year)
        return self._backgrounds[year]

    def name_of(self, condition: int) -> str:
        """The condition's name for people."""
        return self.condition(condition).name

    def condition(self, index: int) -> Condition:
        """The condition at a position; the last one is the unlisted cause."""
        name = self.conditions[index]
        return self.knowledge.other if name == OTHER else self.knowledge.conditions[name]


def compile_network(knowledge: Knowledge, only: Iterable[str] | None = None) -> Network:
    """The network of all conditions, or `only` of some (used to compare with other engines)."""
    return _Compiler(knowledge, only).network()


def _levels_to_cdf(shares: Iterable[float]) -> Array:
    """cdf over states from the shares of states 1, 2, ...; the first state takes the rest."""
    shares = list(shares)
    tail = np.cumsum(shares[::-1])[::-1]
    return np.concatenate([1.0 - tail, [1.0]])


def _frequency_cdf(
    knowledge: Knowledge, finding: Finding, frequency: Frequency | None, age: float
) -> Array:
    """cdf of a finding from its background or otherwise entry, at an age."""
    if frequency is None:
        return np.ones(len(finding.state_ids))

    def at_age(number: Number | ByAge) -> float:
        plain = number.at(age) if isinstance(number, ByAge) else number
        return resolve(plain, knowledge.evidence, "probability").value

    if isinstance(frequency, Levels):
        shares = [
            at_age(frequency.levels[s]) if s in frequency.levels else 0.0
            for s in finding.state_ids[1:]
        ]
        return _levels_to_cdf(shares)
    return _levels_to_cdf([at_age(frequency)])


def _background(network: Network, age: float) -> Array:
    table = np.ones((len(network.nodes), network.cdf.shape[2]))
    for i, name in enumerate(network.nodes):
        if name == BILATERAL:
            cdf = np.array([1.0 - BILATERAL_BY_CHANCE, 1.0])
        else:
            finding = network.knowledge.findings[name]
            cdf = _frequency_cdf(network.knowledge, finding, finding.background, age)
        # A state above the first stays possible, and so does the first.
        floor = RECORDING_ERROR * np.arange(len(cdf) - 1, 0, -1)
        cdf = np.concatenate([np.minimum(cdf[:-1], 1.0 - floor), [1.0]])
        table[i, : len(cdf)] = cdf
    return table


def _finish(cdf: Array) -> Array:
    """A proper cdf: inside its bounds, never falling, ending in 1."""
    top = np.clip(cdf[:-1], RECORDING_ERROR, 1.0)
    return np.concatenate([np.maximum.accumulate(top), [1.0]])


class _Compiler:
    """Gathers parameters and fills the tables."""

    def __init__(self, knowledge: Knowledge, only: Iterable[str] | None) -> None:
        self.knowledge = knowledge
        chosen = set(knowledge.conditions if only is None else only)
        listed = [c for c in knowledge.conditions.values() if c.id in chosen]
        self.conditions = [*listed, knowledge.other]
        self.findings = [f for f in knowledge.findings.values() if f.role in {"pain", "effect"}]
        self.node = {f.id: i for i, f in enumerate(self.findings)}
        self.depth = max(len(f.state_ids) for f in self.findings)
        self.children: dict[str, list[str]] = {}
        for finding in self.findings:
            if finding.nested_under in self.node:
                self.children.setdefault(str(finding.nested_under), []).append(finding.id)
        # At 50 years: background in a published sensitivity is that of the patients studied.
        self.usual = {f.id: _frequency_cdf(knowledge, f, f.background, 50.0) for f in self.findings}
        self.parameters: list[Parameter] = []
        self.groups: list[Group] = []
        self.tables: list[Array] = []
        self.pids: list[Ints] = []

    def parameter(
        self, kind: ParameterKind, owner: str, about: str, number: Number | None
    ) -> tuple[int, Quantity]:
        if number is None:
            raise ValueError(f"{about} of {owner} has no number")
        quantity = resolve(number, self.knowledge.evidence, "probability")
        self.parameters.append(Parameter(kind, owner, about, quantity))
        return len(self.parameters) - 1, quantity

    def constant(self, kind: ParameterKind, about: str, value: float, width: float) -> int:
        """A parameter of the model itself (an estimate that stands in this module)."""
        low, high = value / width, min(value * width, 0.999)
        quantity = Quantity(
            value=value,
            low=low,
            high=high,
            spread=0.5,
            origin="estimate",
            interval_from="judged",
            because="model",
        )
        self.parameters.append(Parameter(kind, "", about, quantity))
        return len(self.parameters) - 1

    def network(self) -> Network:
        self.defaults = self._defaults()
        self.mechanism_links = {
            name: {link.finding: self._link(link, "mechanism", name) for link in m.findings}
            for name, m in self.knowledge.mechanisms.items()
        }
        variants: list[tuple[VariantShare, ...]] = []
        bilateral: list[float] = []
        for index, condition in enumerate(self.conditions):
            variants.append(self._variants(condition))
            bilateral.append(
                resolve(condition.side.bilateral, self.knowledge.evidence, "probability").value
            )
            self._groups_of(index, condition, variants[-1])
        names = tuple(c.id for c in self.conditions)
        index_of = {name: i for i, name in enumerate(names)}
        links = tuple(
            CauseLink(
                index_of[cause.condition],
                index_of[condition.id],
                resolve(cause.probability, self.knowledge.evidence, "probability").value,
            )
            for condition in self.conditions
            for cause in condition.caused_by
            if cause.condition in index_of
        )
        of: list[list[int]] = [[] for _ in names]
        for position, group in enumerate(self.groups):
            of[group.condition].append(position)
        return Network(
            knowledge=self.knowledge,
            conditions=names,
            nodes=tuple(f.id for f in self.findings),
            n_states=np.array([len(f.state_ids) for f in self.findings]),
            groups=tuple(self.groups),
            groups_of=tuple(tuple(g) for g in of),
            variants=tuple(variants),
            links=links,
            cdf=np.stack(self.tables),
            cdf_parameter=np.stack(self.pids),
            parameters=tuple(self.parameters),
            bilateral=np.array(bilateral),
        )

    def _variants(self, condition: Condition) -> tuple[VariantShare, ...]:
        shares = [
            resolve(v.share, self.knowledge.evidence, "probability").value
            for v in condition.variants
        ]
        total = sum(shares) or 1.0
        return tuple(
            VariantShare(v.id, v.name, s / total)
            for v, s in zip(condition.variants, shares, strict=True)
        )

    def _link(self, link: Link, kind: ParameterKind, owner: str) -> tuple[Array, int]:
        """Overall cdf of a finding as a link states it, and its parameter."""
        finding = self.knowledge.findings[link.finding]
        if link.levels is None:
            pid, quantity = self.parameter(kind, owner, finding.id, link.probability)
            return _levels_to_cdf([quantity.value]), pid
        shares, pid = [], -1
        for state in finding.state_ids[1:]:
            if state in link.levels:
                pid, quantity = self.parameter(
                    kind, owner, f"{finding.id} {state}", link.levels[state]
                )
                shares.append(quantity.value)
            else:
                shares.append(0.0)
        total = sum(shares)
        if total > _CEILING:
            shares = [s * _CEILING / total for s in shares]
        return _levels_to_cdf(shares), pid

    def _defaults(self) -> dict[str, tuple[Array, int]]:
        """What a cause does to a finding about which it says nothing."""
        defaults: dict[str, tuple[Array, int]] = {}
        for finding in self.findings:
            if finding.otherwise is None or finding.id == BILATERAL:
                continue
            cdf = _frequency_cdf(self.knowledge, finding, finding.otherwise, 50.0)
            pid = self.constant("default", finding.id, float(1 - cdf[0]), 2.0)
            defaults[finding.id] = (cdf, pid)
        return defaults

    def _without_background(self, finding: str, cdf: Array) -> Array:
        """What the cause itself must do so that, with the background, the cdf comes out."""
        usual = self.usual[finding]
        return _finish(np.minimum(cdf / usual, 1.0))

    def _add_group(self, group: Group, effects: Mapping[str, tuple[Array, int]]) -> None:
        table = np.ones((len(self.findings), self.depth))
        pids = np.full(len(self.findings), -1, dtype=np.int64)
        for finding, (cdf, pid) in effects.items():
            table[self.node[finding], : len(cdf)] = _finish(cdf)
            pids[self.node[finding]] = pid
        self.groups.append(group)
        self.tables.append(table)
        self.pids.append(pids)

    def _groups_of(
        self, index: int, condition: Condition, variants: tuple[VariantShare, ...]
    ) -> None:
        common = self._form(condition.id, condition.mechanisms, condition.findings)
        forms = [
            self._form(f"{condition.id} ({v.id})", v.mechanisms, v.findings)
            for v in condition.variants
        ]
        stated = {link.finding: link for link in condition.findings}
        overall = set(stated)
        for finding, link in stated.items():
            _share_between_variants(common, forms, variants, finding, link)
        for form_stated in condition.variants:
            stated |= {link.finding: link for link in form_stated.findings}
        for finding in stated:
            _let_variants_speak(common, forms, condition, finding)
        self._fill(common, forms, overall, set(stated))
        for variant, form in [(None, common), *enumerate(forms)]:
            self._add_group(Group(index, variant, None, 1.0, -1), form.direct)
            for mechanism, (share, pid) in form.shares.items():
                self._add_group(
                    Group(index, variant, mechanism, share, pid), form.through[mechanism]
                )

    def _form(
        self, owner: str, mechanisms: tuple[MechanismShare, ...], links: tuple[Link, ...]
    ) -> _Form:
        """Direct effects and mechanisms of a condition or of one of its variants."""
        form = _Form()
        for share in mechanisms:
            pid, quantity = self.parameter("share", owner, share.mechanism, share.probability)
            form.shares[share.mechanism] = (quantity.value, pid)
            form.through[share.mechanism] = dict(self.mechanism_links[share.mechanism])
        for link in links:
            cdf, pid = self._link(link, "finding", owner)
            form.state(link, self._without_background(link.finding, cdf), pid)
        return form

    def _fill(self, common: _Form, forms: list[_Form], overall: set[str], stated: set[str]) -> None:
        """Give the findings about which the condition says nothing what follows from the others.

        `overall` are those stated for the condition as a whole, `stated` those of its variants too.

        A more general finding is at least as common as the most common finding nested in it; a
        more specific one takes its usual part of the general one; any other takes the default.
        """
        every = [
            effects
            for form in (common, *forms)
            for effects in (form.direct, *form.through.values())
        ]
        upwards = _deepest_first(self.findings, self.children)
        for finding in upwards:
            if finding.id in stated or finding.graded:
                continue
            for effects in every:
                known = [effects[c] for c in self.children.get(finding.id, ()) if c in effects]
                if known and finding.id not in effects:
                    cdf, pid = min(known, key=lambda pair: float(pair[0][0]))
                    # A graded finding nested in this one counts from its second state on.
                    effects[finding.id] = (np.array([cdf[0], 1.0]), pid)
        listed = stated.union(*every)
        for finding in reversed(upwards):
            parent = finding.nested_under
            if finding.id in listed or parent not in listed or finding.graded:
                continue
            part = self._usual_part(finding, self.knowledge.findings[str(parent)])
            listed.add(finding.id)
            for effects in every:
                if parent in effects:
                    cdf, pid = effects[str(parent)]
                    effects[finding.id] = (np.array([1 - part * (1 - cdf[0]), 1.0]), pid)
        for name, default in self.defaults.items():
            if name not in listed:
                common.direct[name] = default
        self._let_silence_be_silence(common, forms, overall, listed)

    def _let_silence_be_silence(
        self, common: _Form, forms: list[_Form], overall: set[str], listed: set[str]
    ) -> None:
        """What one variant says of a finding is no denial by the others: they take the default."""
        everywhere = overall | common.listed
        for name, default in self.defaults.items():
            if name in listed and name not in everywhere:
                for form in forms:
                    if name not in form.listed:
                        form.direct[name] = default

    def _usual_part(self, finding: Finding, parent: Finding) -> float:
        """Share of people with the general finding who have the specific one."""

        def base(one: Finding) -> float:
            usual = self.usual[one.id][0]
            other = self.defaults[one.id][0][0] if one.id in self.defaults else 1.0
            return float(max(1.0 - usual * other, RECORDING_ERROR))

        return min(base(finding) / base(parent), 1.0)


@dataclass
class _Form:
    """Effects of a condition, or of one of its variants, while they are being gathered."""

    direct: dict[str, tuple[Array, int]] = field(default_factory=dict)
    shares: dict[str, tuple[float, int]] = field(default_factory=dict)
    through: dict[str, dict[str, tuple[Array, int]]] = field(default_factory=dict)

    @property
    def listed(self) -> set[str]:
        """Findings about which something is said."""
        return set(self.direct).union(*self.through.values())

    def state(self, link: Link, cdf: Array, pid: int) -> None:
        """Make the overall cdf of a finding come out as stated, through a mechanism if one has it.

        The mechanism that contributes most carries the finding; the others let go of it, so that
        the total is what was stated and not more.
        """
        carriers = [m for m, effects in self.through.items() if link.finding in effects]
        if link.via == "none":
            carrier = None
        elif link.via is not None and link.via in self.through:
            carrier = link.via
        else:
            carrier = max(
                carriers,
                key=lambda m: self.shares[m][0] * (1 - self.through[m][link.finding][0][0]),
                default=None,
            )
        for mechanism in carriers:
            del self.through[mechanism][link.finding]
        if carrier is None:
            self.direct[link.finding] = (cdf, pid)
            return
        share = self.shares[carrier][0]
        inside = _finish(np.maximum((cdf - 1.0 + share) / share, RECORDING_ERROR))
        self.through[carrier][link.finding] = (inside, pid)
        rest = cdf / (1.0 - share + share * inside)
        if rest[0] < 1.0 - 1e-9:
            self.direct[link.finding] = (_finish(rest), pid)


def _share_between_variants(
    common: _Form,
    forms: list[_Form],
    variants: tuple[VariantShare, ...],
    finding: str,
    link: Link,
) -> None:
    """An overall share stated for the condition, of a finding that its variants' mechanisms carry.

    The variants' mechanisms are scaled together until the overall share comes out; what they
    cannot reach is direct.
    """
    if link.via == "none" or finding not in common.direct:
        for form in forms:
            for effects in form.through.values():
                effects.pop(finding, None)
        return
    if not any(finding in effects for form in forms for effects in form.through.values()):
        return
    cdf, pid = common.direct.pop(finding)
    wanted = float(1.0 - cdf[0])
    # Of a graded finding the mechanisms bring the grades in the proportions that are stated.
    shape = (1.0 - cdf) / max(wanted, RECORDING_ERROR)

    def reached(scale: float) -> float:
        """Overall share when the mechanisms' figures are scaled, those of a variant together."""
        total = 0.0
        for variant, form in zip(variants, forms, strict=True):
            spared = 1.0
            for mechanism, effects in form.through.items():
                if finding in effects:
                    up = min(scale * float(1.0 - effects[finding][0][0]), _CEILING)
                    spared *= 1.0 - form.shares[mechanism][0] * up
            total += variant.share * (1.0 - spared)
        return total

    low, high = 0.0, 1.0 / RECORDING_ERROR
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < wanted else (low, middle)
    scale = (low + high) / 2
    found = reached(scale)
    for form in forms:
        for effects in form.through.values():
            if finding in effects:
                up = min(scale * float(1.0 - effects[finding][0][0]), _CEILING)
                effects[finding] = (_finish(1.0 - shape * up), pid)
    rest = np.minimum(cdf / (1.0 - found), 1.0)
    if rest[0] < 1.0 - 1e-6:
        common.direct[finding] = (_finish(rest), pid)


def _let_variants_speak(
    common: _Form, forms: list[_Form], condition: Condition, finding: str
) -> None:
    """A finding stated by some variants comes out of the common mechanisms that carry it.

    The variants that state it have what they state; the others keep what the mechanism gave them.
    """
    speaking = [any(x.finding == finding for x in v.findings) for v in condition.variants]
    carriers = [m for m, effects in common.through.items() if finding in effects]
    if not any(speaking) or not carriers:
        return
    for mechanism in carriers:
        share = common.shares[mechanism][0]
        cdf, pid = common.through[mechanism].pop(finding)
        for form, speaks in zip(forms, speaking, strict=True):
            if not speaks:
                before = form.direct.get(finding, (np.ones_like(cdf), pid))[0]
                form.direct[finding] = (_finish(before * (1.0 - share + share * cdf)), pid)


def _deepest_first(findings: Iterable[Finding], children: Mapping[str, list[str]]) -> list[Finding]:
    def height(name: str) -> int:
        return 1 + max((height(c) for c in children.get(name, ())), default=-1)

    return sorted(findings, key=lambda f: height(f.id))
