"""Random small problems, and their posterior by enumeration of everything that could be so."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from crural.diagnosis.inference import Posterior
from crural.diagnosis.order import order_of
from crural.diagnosis.problem import Mixture, Part, Problem, Together


@st.composite
def problems(
    draw: st.DrawFn, max_causes: int = 4, max_bits: int = 4, links: bool = True
) -> Problem:
    """A problem of a few causes with mechanisms, variants, sides and causal links."""
    n_causes = draw(st.integers(1, max_causes))
    n_bits = draw(st.integers(0, max_bits))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = 0
    acts: list[Part] = []
    for _ in range(n_causes):
        common = int(rng.integers(1, 3))
        plain = Together(tuple(range(rows, rows + common)))
        part: Part = plain
        rows += common
        shape = int(rng.integers(0, 3))
        if shape == 1:
            weights = rng.dirichlet([1.0, 1.0])
            forms = (Together((rows,)), Together((rows + 1,)))
            part = Together((*plain.parts, Mixture(tuple(weights.tolist()), forms, variants=True)))
            rows += 2
        elif shape == 2:
            share = float(rng.uniform(0.1, 0.9))
            # A negative row is certain to act, as the sides of the pain do.
            part = Mixture(
                (1 - share, share), (plain, Together((rows, -1 - (rows + 1)))), variants=False
            )
            rows += 2
        acts.append(part)
    upper = np.where(rng.random((rows, n_bits)) < 0.6, 1.0, rng.uniform(0.3, 1.0, (rows, n_bits)))
    lower = upper * np.where(
        rng.random((rows, n_bits)) < 0.4, 1.0, rng.uniform(0.01, 1.0, (rows, n_bits))
    )
    chosen: list[tuple[int, int, float]] = []
    if links and n_causes > 1:
        for parent, child in itertools.combinations(range(n_causes), 2):
            if rng.random() < 0.4:
                chosen.append((parent, child, float(rng.uniform(0.05, 0.9))))
    background_upper = np.where(rng.random(n_bits) < 0.5, 1.0, rng.uniform(0.5, 1.0, n_bits))
    return Problem(
        names=tuple(f"cause-{i}" for i in range(n_causes)),
        order=order_of(n_causes, [(parent, child) for parent, child, _ in chosen]),
        prior=rng.uniform(0.001, 0.6, n_causes),
        acts=tuple(acts),
        share=np.where(rng.random(rows) < 0.4, 1.0, rng.uniform(0.05, 0.95, rows)),
        scalar=np.where(rng.random(rows) < 0.5, 1.0, rng.uniform(0.05, 1.0, rows)),
        upper=upper,
        lower=lower,
        links=tuple(chosen),
        background_scalar=float(rng.uniform(0.1, 1.0)),
        background_upper=background_upper,
        background_lower=background_upper * rng.uniform(0.3, 0.999, n_bits),
    )


def active_rows(part: Part, share: np.ndarray) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Every way the rows of a part can be active: (probability, active rows)."""
    if isinstance(part, int):
        if part < 0:
            yield 1.0, (-1 - part,)
            return
        yield float(share[part]), (part,)
        if share[part] < 1.0:
            yield 1.0 - float(share[part]), ()
    elif isinstance(part, Mixture):
        for weight, inner in zip(part.weights, part.parts, strict=True):
            for probability, rows in active_rows(inner, share):
                yield weight * probability, rows
    else:
        ways = [list(active_rows(inner, share)) for inner in part.parts]
        for combination in itertools.product(*ways):
            rows = tuple(r for _, some in combination for r in some)
            yield float(np.prod([p for p, _ in combination])), rows


def by_enumeration(problem: Problem) -> Posterior:
    """The posterior, by adding up every set of causes and every way that they can act."""
    n = len(problem.names)
    ways = [list(active_rows(part, problem.share)) for part in problem.acts]
    total = 0.0
    each = np.zeros(n)
    for present in itertools.product((False, True), repeat=n):
        if not any(present):
            continue
        weight = 1.0
        for cause in range(n):
            absent = 1.0 - problem.prior[cause]
            for parent, child, probability in problem.links:
                if child == cause and present[parent]:
                    absent *= 1.0 - probability
            weight *= (1.0 - absent) if present[cause] else absent
        for combination in itertools.product(*(ways[c] for c in range(n) if present[c])):
            rows = [r for _, some in combination for r in some]
            chance = weight * float(np.prod([p for p, _ in combination]))
            chance *= problem.background_scalar * float(np.prod(problem.scalar[rows]))
            at_most = problem.background_upper * np.prod(problem.upper[rows], axis=0)
            below = problem.background_lower * np.prod(problem.lower[rows], axis=0)
            chance *= float(np.prod(at_most - below))
            total += chance
            each[list(present)] += chance
    return Posterior(each / total, (), total)
