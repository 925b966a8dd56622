"""What the compiled network implies for each published figure, held against that figure.

*In the condition*: P(finding | the condition is the only cause), with the backgrounds of age 50 as
in the network and the painful side unknown; for a figure that a variant cites, in that variant.
*In other leg pain*: P(no finding | the condition is not there and at least one other cause is), in
the setting nearest to the population studied. Likelihood ratios come from the two. A published
accuracy of a graded finding is about its threshold, a share of a state about that state.

Sensitivities and frequencies are parameters of the network, specificities and likelihood ratios
are not: those follow from what is said of all other conditions, and depend on whom a study compared
with. The two are therefore counted apart. The figures of mechanisms are not compared: the share
stated in a condition outranks them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, cast

import numpy as np

from crural.check.sourcing import cited_in
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import BILATERAL, OTHER, RECORDING_ERROR, Array, Network
from crural.diagnosis.problem import Problem, case_of
from crural.facts import Facts
from crural.knowledge import Evidence, Finding, resolve
from crural.knowledge.model import ByAge, Frequency, Levels, Link, Setting, Sex
from crural.knowledge.numbers import Derived, FigureName, FromEvidence, Number
from crural.record import Record

# The age at which the network takes the background out of a published sensitivity.
USUAL_AGE = 50.0
Z_95 = 1.9600
# What stands in for an interval where neither an interval nor a number of patients was published.
TOLERANCE = 0.10
RATIO_TOLERANCE = 1.5

Role = Literal["parameter", "derivation", "beside", "set aside", "matched"]
IntervalKind = Literal["published", "from n", "tolerance", "derived"]
Figure = FigureName | Literal["derived"]

IN_CONDITION: tuple[FigureName, ...] = ("sensitivity", "frequency")
AGAINST_OTHERS: tuple[FigureName, ...] = ("specificity", "lr-positive", "lr-negative")
_MEETING_OTHERS = frozenset({"specificity", "lr-positive", "lr-negative"})
BACKGROUND = "background"

_SEXES: tuple[Sex, ...] = ("female", "male")
_SETTING_WORDS: tuple[tuple[Setting, tuple[str, ...]], ...] = (
    ("emergency", ("emergency", "casualty", "accident")),
    ("primary-care", ("primary care", "general practice", "gp ", "community", "population")),
)


class Interval(NamedTuple):
    """Where the truth of a published figure lies, and how that is known."""

    low: float
    high: float
    kind: IntervalKind

    def holds(self, value: float) -> bool:
        """Does the interval hold the value (to within rounding)?"""
        return self.low - 1e-6 <= value <= self.high + 1e-6


@dataclass(frozen=True)
class Implied:
    """A figure as published and as the network implies it.

    `role`: `parameter` when the network cites the figure as one of its numbers; `derivation` for a
    number worked out from figures; `beside` for the other figures of a cited entry; `set aside` for
    entries named under `also`; `matched` for entries that nothing cites, about a pair that another
    entry is cited for. `reason` is empty for a figure inside its interval.
    """

    entry: str
    role: Role
    file: str
    condition: str
    variant: str | None
    finding: str
    state: str | None
    figure: Figure
    published: float
    interval: Interval
    implied: float
    reason: str

    @property
    def inside(self) -> bool:
        """Does the published interval hold what the network implies?"""
        return self.interval.holds(self.implied)


def implied_by(network: Network) -> tuple[Implied, ...]:
    """Every comparison of a published figure with the network, parameters first."""
    return tuple(_Comparison(network).rows())


def within_share(rows: Iterable[Implied], *, tolerance: bool = False) -> tuple[int, int]:
    """(figures inside, figures): each figure counts once, and is inside when all its uses are.

    `tolerance` counts the figures without a published interval instead of those with one.
    """
    inside: dict[tuple[str, str], bool] = {}
    for row in rows:
        if (row.interval.kind == "tolerance") == tolerance:
            key = (row.entry, row.figure)
            inside[key] = inside.get(key, True) and row.inside
    return sum(inside.values()), len(inside)


def parameters_among(rows: Iterable[Implied]) -> list[Implied]:
    """The figures that the network cites as its numbers."""
    return [row for row in rows if row.role == "parameter"]


def against_others_among(rows: Iterable[Implied]) -> list[Implied]:
    """Specificities and likelihood ratios of the entries that the network cites."""
    return [row for row in rows if row.role == "beside" and row.figure in _MEETING_OTHERS]


def wilson(value: float, n: int) -> tuple[float, float]:
    """95 % interval of a proportion of n patients (Wilson 1927)."""
    z2 = Z_95**2
    middle = (value + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(value * (1 - value) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def interval_of(entry: Evidence, figure: FigureName) -> Interval:
    """The interval of a figure: as published, else from n (proportions), else a tolerance."""
    value, published = cast(tuple[float, tuple[float, float] | None], entry.figure(figure))
    if published is not None:
        return Interval(published[0], published[1], "published")
    ratio = figure.startswith("lr-")
    if entry.n is not None and not ratio and 0 <= value <= 1:
        return Interval(*wilson(value, entry.n), "from n")
    if ratio:
        return Interval(value / RATIO_TOLERANCE, value * RATIO_TOLERANCE, "tolerance")
    return Interval(value - TOLERANCE, value + TOLERANCE, "tolerance")


def setting_of(population: str | None) -> Setting:
    """The setting nearest to a population as described; a specialist's clinic when unsaid."""
    words = (population or "").casefold()
    return next((s for s, names in _SETTING_WORDS if any(n in words for n in names)), "specialist")


def alone(network: Network, cause: int, variant: int | None = None) -> Array:
    """cdf[node, state] of the findings when one cause (in one variant) is the only one, at age 50.

    The product form of noisy-MAX for a single cause: background x direct effects x mechanisms.
    """
    return network.background(USUAL_AGE) * _causes(network, cause, variant)


def _causes(network: Network, cause: int, variant: int | None) -> Array:
    """cdf[node, state] of what one cause does, without the background."""
    of = network.groups_of[cause]
    common = _acting(network, [g for g in of if network.groups[g].variant is None])
    forms = network.variants[cause]
    result = common
    if forms:
        each = [
            _acting(network, [g for g in of if network.groups[g].variant == v])
            for v in range(len(forms))
        ]
        shares = np.array([form.share for form in forms])
        mixed = np.tensordot(shares, np.stack(each), axes=1) if variant is None else each[variant]
        result = common * mixed
    if BILATERAL in network.node_index:
        both = network.bilateral[cause] * (1.0 - RECORDING_ERROR)
        result = result.copy()
        result[network.node_index[BILATERAL]] = 1.0
        result[network.node_index[BILATERAL], 0] = 1.0 - both
    return result


def _acting(network: Network, groups: list[int]) -> Array:
    share = np.array([network.groups[g].share for g in groups])[:, None, None]
    return np.asarray((1.0 - share + share * network.cdf[groups]).prod(axis=0))


@dataclass(frozen=True)
class _Citation:
    """An entry cited for a finding; `owner` is a condition, `background` or the unlisted cause."""

    entry: str
    of: FigureName
    role: Role
    file: str
    owner: str
    variant: int | None
    finding: str
    state: int
    band: str | None = None


class _Carrier(NamedTuple):
    """A way in which a condition brings a finding, and in what share of its patients."""

    name: str
    variant: str | None
    share: float


@dataclass(frozen=True)
class _Derivation:
    """A number worked out from at least one published figure."""

    number: Derived
    place: _Citation


class _OtherCauses:
    """Other leg pain: P(finding below a state | one condition absent, at least one other there)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._problems: dict[Setting, Problem] = {}
        self._absent: dict[Setting, Array] = {}
        self._known: dict[tuple[int, int, Setting], Array] = {}

    def problem(self, setting: Setting) -> Problem:
        """The network of a setting at age 50 with nothing known, averaged over the sexes."""
        if setting not in self._problems:
            knowledge = self.network.knowledge
            cases = [
                case_of(
                    self.network,
                    Facts(
                        Record(age=USUAL_AGE, sex=sex, side=None, setting=setting), knowledge, {}
                    ),
                )
                for sex in _SEXES
            ]
            mean = np.mean([case.problem.prior for case in cases], axis=0)
            self._problems[setting] = replace(cases[0].problem, prior=np.asarray(mean))
        return self._problems[setting]

    def below(self, node: int, state: int, setting: Setting) -> Array:
        """For each cause: P(node below the state | this cause absent, another one there)."""
        key = (node, state, setting)
        if key not in self._known:
            network, base = self.network, self.problem(setting)
            sides = np.ones(len(network.conditions))
            if network.nodes[node] == BILATERAL:
                sides[:] = RECORDING_ERROR
            asked = replace(
                base,
                scalar=np.concatenate([network.cdf[:, node, state - 1], sides]),
                background_scalar=float(network.background(USUAL_AGE)[node, state - 1]),
            )
            if setting not in self._absent:
                self._absent[setting] = _without_each(base)
            self._known[key] = _without_each(asked) / self._absent[setting]
        return self._known[key]


def _without_each(problem: Problem) -> Array:
    """P(evidence, at least one cause, cause i absent) for each i."""
    found = posterior(problem)
    return np.asarray(found.evidence * (1.0 - found.probability))


class _Comparison:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.knowledge = network.knowledge
        self.others = _OtherCauses(network)
        self._alone: dict[tuple[int, int | None], Array] = {}

    def rows(self) -> Iterator[Implied]:
        """All comparisons."""
        cited = self.citations
        for citation in cited:
            if citation.role == "parameter":
                yield from self._row(citation, citation.of)
        for derivation in self.derivations:
            yield self._row_of_derivation(derivation)
        # A figure used inside a derivation was changed on purpose; the others can be compared.
        taken = {(c.entry, c.of) for c in cited if c.role in {"parameter", "derivation"}}
        seen: set[tuple[str, str, str, int]] = set()
        for citation in cited:
            pair = (citation.entry, citation.owner, citation.finding, citation.state)
            if pair in seen or not self._is_about(citation):
                continue
            seen.add(pair)
            role: Role = "set aside" if citation.role == "set aside" else "beside"
            for figure in (*IN_CONDITION, *AGAINST_OTHERS):
                if figure in IN_CONDITION and (citation.entry, figure) in taken:
                    continue
                yield from self._row(replace(citation, role=role), figure)
        for citation in self._matched():
            for figure in (*IN_CONDITION, *AGAINST_OTHERS):
                yield from self._row(citation, figure)

    def _is_about(self, citation: _Citation) -> bool:
        """Is the entry about the condition that cites it, and not lent from another one?"""
        if citation.owner not in self.knowledge.conditions:
            return False
        entry = self.knowledge.evidence.get(citation.entry)
        about = entry.condition if entry is not None else None
        lent = about in self.knowledge.conditions and about != citation.owner
        return not lent and citation.of not in {"specificity", "false-positive-rate"}

    @cached_property
    def citations(self) -> tuple[_Citation, ...]:
        """Every citation of an entry for a finding."""
        return tuple(c for c in self._everywhere() if isinstance(c, _Citation))

    @cached_property
    def derivations(self) -> tuple[_Derivation, ...]:
        """Every derived number that rests on a figure."""
        return tuple(c for c in self._everywhere() if isinstance(c, _Derivation))

    def _everywhere(self) -> Iterator[_Citation | _Derivation]:
        for condition in self.knowledge.conditions.values():
            file = f"conditions/{condition.id}.yaml"
            for link in condition.findings:
                yield from self._in_link(link, file, condition.id, None)
            for i, variant in enumerate(condition.variants):
                for link in variant.findings:
                    yield from self._in_link(link, file, condition.id, i)
        for finding in self.knowledge.findings.values():
            if finding.id not in self.network.node_index:
                continue
            file = f"findings ({finding.kind})"
            for owner, frequency in (
                (BACKGROUND, finding.background),
                (OTHER, finding.otherwise),
            ):
                for state, band, number in _numbers(finding, frequency):
                    place = _Citation(
                        "", "frequency", "parameter", file, owner, None, finding.id, state, band
                    )
                    yield from _of_number(number, place)

    def _in_link(
        self, link: Link, file: str, owner: str, variant: int | None
    ) -> Iterator[_Citation | _Derivation]:
        finding = self.knowledge.findings[link.finding]
        place = _Citation("", "frequency", "parameter", file, owner, variant, finding.id, 1)
        if link.probability is not None:
            yield from _of_number(link.probability, place)
        for state, number in (link.levels or {}).items():
            yield from _of_number(number, replace(place, state=finding.state_ids.index(state)))
        for entry in link.also:
            yield replace(place, entry=entry, role="set aside")

    def _matched(self) -> Iterator[_Citation]:
        """Entries that nothing cites, about the condition and finding of one that is cited."""
        named = {c.entry for c in self.citations}
        about: dict[tuple[str, str], _Citation] = {}
        for citation in self.citations:
            if citation.role == "parameter" and citation.owner in self.knowledge.conditions:
                key = _about(self.knowledge.evidence[citation.entry])
                if key is not None:
                    about.setdefault(key, citation)
        for entry in self.knowledge.evidence.values():
            key = _about(entry)
            usable = entry.kind in {"accuracy", "prevalence"} and entry.traced
            if usable and entry.id not in named and key in about:
                yield replace(about[key], entry=entry.id, role="matched")

    def _cdf(self, owner: str, variant: int | None, finding: str, band: str | None) -> Array:
        """cdf over the states of a finding, in a condition alone or in the background."""
        network, node = self.network, self.network.node_index[finding]
        if owner == BACKGROUND:
            return np.asarray(network.background(_age_in(band))[node])
        key = (network.condition_index[owner], variant)
        if key not in self._alone:
            self._alone[key] = alone(network, *key)
        return np.asarray(self._alone[key][node])

    def _in_condition(self, c: _Citation) -> float:
        """Share in just this state."""
        cdf = self._cdf(c.owner, c.variant, c.finding, c.band)
        return float(cdf[c.state] - cdf[c.state - 1])

    def _accuracy(self, c: _Citation, setting: Setting) -> tuple[float, float]:
        """Sensitivity and specificity of the finding in this state or a higher one."""
        node = self.network.node_index[c.finding]
        sensitivity = 1.0 - float(self._cdf(c.owner, c.variant, c.finding, None)[c.state - 1])
        below = self.others.below(node, c.state, setting)
        return sensitivity, float(below[self.network.condition_index[c.owner]])

    def _implied(self, c: _Citation, figure: FigureName) -> float:
        if figure not in _MEETING_OTHERS or c.owner not in self.knowledge.conditions:
            return self._in_condition(c)
        setting = setting_of(self.knowledge.evidence[c.entry].population)
        sensitivity, specificity = self._accuracy(c, setting)
        if figure == "specificity":
            return specificity
        if figure == "lr-positive":
            return sensitivity / (1.0 - specificity)
        return (1.0 - sensitivity) / specificity

    def _row(self, c: _Citation, figure: FigureName) -> Iterator[Implied]:
        entry = self.knowledge.evidence.get(c.entry)
        found = None if entry is None else entry.figure(figure)
        if entry is None or found is None:
            return
        row = self._made(c, figure, found[0], interval_of(entry, figure))
        implied = self._implied(c, figure)
        row = replace(row, implied=implied)
        yield row if row.inside else replace(row, reason=self._reason(c, row))

    def _row_of_derivation(self, derivation: _Derivation) -> Implied:
        c = derivation.place
        quantity = resolve(derivation.number, self.knowledge.evidence, "probability")
        interval = Interval(quantity.low, quantity.high, "derived")
        row = self._made(
            replace(c, entry=" ".join(dict.fromkeys(quantity.sources))),
            "derived",
            quantity.value,
            interval,
        )
        row = replace(row, implied=self._in_condition(c))
        return row if row.inside else replace(row, reason=self._reason(c, row))

    def _made(self, c: _Citation, figure: Figure, published: float, interval: Interval) -> Implied:
        finding = self.knowledge.findings[c.finding]
        variants = (
            self.network.variants[self.network.condition_index[c.owner]]
            if c.variant is not None
            else ()
        )
        return Implied(
            entry=c.entry,
            role=c.role,
            file=c.file,
            condition=c.owner,
            variant=variants[c.variant].id if c.variant is not None else None,
            finding=c.finding,
            state=finding.state_ids[c.state] if finding.graded else None,
            figure=figure,
            published=published,
            interval=interval,
            implied=math.nan,
            reason="",
        )

    def _reason(self, c: _Citation, row: Implied) -> str:
        """Why the network implies something else, in words."""
        if row.role in {"set aside", "matched"}:
            return self._other_entry(c)
        if row.figure in _MEETING_OTHERS:
            return self._reason_of_comparison(c)
        if c.owner == BACKGROUND:
            return (
                f"every finding stays possible: the background is kept at {RECORDING_ERROR:g} "
                "or more for mis-recorded facts"
            )
        return self._reason_in_condition(c, row)

    def _other_entry(self, c: _Citation) -> str:
        """Which figure the network follows instead."""
        used = [
            o.entry
            for o in self.citations
            if o.role in {"parameter", "derivation"}
            and (o.owner, o.finding) == (c.owner, c.finding)
            and o.entry != c.entry
        ]
        names = ", ".join(dict.fromkeys(used))
        return f"the network follows {names}" if names else "the network follows an estimate"

    def _reason_in_condition(self, c: _Citation, row: Implied) -> str:
        if row.role == "beside":
            return self._other_entry(c)
        if row.implied > row.interval.high:
            return self._reason_above(c, row.interval.high)
        return self._reason_below(c, row.interval.low)

    def _usual(self, c: _Citation) -> Array:
        """cdf of the background of a finding at the usual age."""
        usual = self.network.background(USUAL_AGE)
        return np.asarray(usual[self.network.node_index[c.finding]])

    def _reason_above(self, c: _Citation, high: float) -> str:
        usual = self._usual(c)
        background = float(usual[c.state] - usual[c.state - 1])
        if background > high:
            return (
                f"background at age {USUAL_AGE:g} is {background:.2g}, higher than the published "
                "figure: patients without the condition have the finding more often"
            )
        carriers = self._carriers(c)
        common = [carrier for carrier in carriers if carrier.variant is None]
        if c.variant is not None and common:
            return (
                "stated for the variant, while what is common to all variants brings it as well: "
                + _listed(common)
            )
        return f"brought more often than stated: {_listed(carriers)}, background {background:.2g}"

    def _reason_below(self, c: _Citation, low: float) -> str:
        if low > 1.0 - RECORDING_ERROR:
            return f"nothing is more certain than 1 - {RECORDING_ERROR:g} (mis-recorded facts)"
        carriers = self._carriers(c)
        forms = [carrier.variant for carrier in carriers]
        if any(form is not None and forms.count(form) > 1 for form in forms):
            return (
                "mechanisms that are active together in one variant overlap, and the stated share "
                f"counts their sum: {_listed(carriers)}"
            )
        higher = 1.0 - float(self._usual(c)[c.state])
        if higher > 0.01:
            return (
                f"background at age {USUAL_AGE:g} puts {higher:.2g} into higher states, which "
                "outrank this one"
            )
        return f"more than the mechanism can carry: {_listed(carriers)}"

    def _carriers(self, c: _Citation) -> list[_Carrier]:
        """What brings a finding in a condition (in a variant), the strongest first."""
        network, node = self.network, self.network.node_index[c.finding]
        cause = network.condition_index[c.owner]
        found = []
        for g in network.groups_of[cause]:
            group = network.groups[g]
            up = group.share * (1.0 - float(network.cdf[g, node, c.state - 1]))
            if up > 0.0 and (c.variant is None or group.variant in {None, c.variant}):
                form = None if group.variant is None else network.variants[cause][group.variant].id
                found.append(_Carrier(group.mechanism or "direct", form, up))
        return sorted(found, key=lambda carrier: -carrier.share)

    def _reason_of_comparison(self, c: _Citation) -> str:
        """Sensitivity and false-positive rate that the network has, and who makes the latter."""
        setting = setting_of(self.knowledge.evidence[c.entry].population)
        sensitivity, specificity = self._accuracy(c, setting)
        node = self.network.node_index[c.finding]
        prior = self.others.problem(setting).prior
        own = self.network.condition_index[c.owner]
        weight = [
            (float(prior[i]) * (1.0 - float(_causes(self.network, i, None)[node, c.state - 1])), i)
            for i in range(len(prior))
            if i != own
        ]
        most = [self.network.conditions[i] for w, i in sorted(weight, reverse=True)[:2] if w > 0]
        usual = 1.0 - float(self.network.background(USUAL_AGE)[node, c.state - 1])
        return (
            f"comparison group differs: no parameter of the network. In other leg pain ({setting}) "
            f"{1 - specificity:.2g} have it (background {usual:.2g}"
            + (f", most through {' and '.join(most)}" if most else "")
            + f"), in the condition {sensitivity:.2g}"
        )


def _of_number(number: Number, place: _Citation) -> Iterator[_Citation | _Derivation]:
    if isinstance(number, FromEvidence):
        yield replace(place, entry=number.evidence, of=number.of)
        for entry in number.also:
            yield replace(place, entry=entry, role="set aside")
    elif isinstance(number, Derived):
        parts = list(cited_in(number))
        if parts:
            yield _Derivation(number, replace(place, role="derivation"))
        for part in parts:
            yield replace(place, entry=part.evidence, of=part.of, role="derivation")


def _numbers(
    finding: Finding, frequency: Frequency | None
) -> Iterator[tuple[int, str | None, Number]]:
    """(state, age band, number) of a background or otherwise."""
    if frequency is None:
        return
    if isinstance(frequency, Levels):
        for state, inner in frequency.levels.items():
            for _, band, number in _numbers(finding, inner):
                yield finding.state_ids.index(state), band, number
    elif isinstance(frequency, ByAge):
        for band, number in frequency.by_age.items():
            yield 1, band, number
    else:
        yield 1, None, frequency


def _listed(carriers: Iterable[_Carrier]) -> str:
    return ", ".join(
        f"{c.name}{f' ({c.variant})' if c.variant else ''} {c.share:.2g}" for c in carriers
    )


def _age_in(band: str | None) -> float:
    """An age inside a band; 50 without one."""
    return USUAL_AGE if band is None else float(band.rstrip("+").split("-")[0])


def _about(entry: Evidence) -> tuple[str, str] | None:
    """What an entry is about: its condition and finding, as written, without case."""
    if entry.condition is None or entry.finding is None:
        return None
    return entry.condition.casefold(), " ".join(entry.finding.casefold().split())


def frequencies_alone(network: Network) -> Mapping[str, Array]:
    """For each condition: P(node above its lowest state | the condition alone), at age 50."""
    return {
        name: np.asarray(1.0 - alone(network, i)[:, 0])
        for i, name in enumerate(network.conditions)
        if name != OTHER
    }
