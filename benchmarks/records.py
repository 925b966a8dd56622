"""The records that are measured: invented patients drawn from the network, and published ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from crural.diagnosis import Network
from crural.diagnosis.network import BILATERAL
from crural.diagnosis.priors import priors_of
from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.record import Record, record_from_data
from crural.validation.cases import read_cases

CASES = Path(__file__).parent.parent / "validation" / "cases"
EXAMPLE = Path(__file__).parent.parent / "examples" / "left-leg-sciatica.yaml"
ABSENT = 6
# Patients who show too little are drawn again.
TRIES = 1000


def published_records(knowledge: Knowledge) -> list[Record]:
    """The records of the validation cases."""
    return [case.record for case in read_cases([CASES], knowledge.vocabulary)]


def drawn_record(network: Network, n_present: int, seed: int) -> Record:
    """A patient drawn from the network, with a number of findings present and a few absent.

    Findings are picked at random from all that asking and examining this patient would show; none
    is implied by another.
    """
    rng = np.random.default_rng([seed, n_present])
    for _ in range(TRIES):
        head = _head(rng)
        shown = _shown(network, record_from_data(head, network.knowledge.vocabulary, "drawn"), rng)
        present = _picked(network, np.flatnonzero(shown > 0), n_present, [], rng)
        absent = _picked(network, np.flatnonzero(shown == 0), ABSENT, present, rng)
        if len(present) == n_present:
            said = [_observation(network, i, int(shown[i])) for i in [*present, *absent]]
            data = {**head, "observations": said}
            return record_from_data(data, network.knowledge.vocabulary, "drawn")
    raise ValueError(f"no patient of {TRIES} shows {n_present} findings")


def _head(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "age": int(rng.integers(25, 86)),
        "sex": str(rng.choice(["female", "male"])),
        "side": str(rng.choice(["left", "right"])),
        "setting": str(rng.choice(["primary-care", "specialist"])),
    }


def _shown(network: Network, record: Record, rng: np.random.Generator) -> np.ndarray:
    """State of every finding of a patient with at least one cause."""
    prior = priors_of(network, facts_of(record, network.knowledge)).probability
    present = np.zeros(len(prior), dtype=bool)
    while not present.any():
        present = rng.random(len(prior)) < prior
    for cause in network.order:
        for link in network.links:
            if link.child == cause and present[link.parent]:
                present[cause] |= rng.random() < link.probability
    level = _draw(network.background(record.age), rng)
    for cause in np.flatnonzero(present).tolist():
        variants = network.variants[cause]
        form = int(rng.choice(len(variants), p=[v.share for v in variants])) if variants else None
        for g in network.groups_of[cause]:
            group = network.groups[g]
            if group.variant in {None, form} and rng.random() < group.share:
                level = np.maximum(level, _draw(network.cdf[g], rng))
    return level


def _draw(cdf: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A state for each finding from its cumulative distribution."""
    return np.asarray((rng.random((len(cdf), 1)) > cdf).sum(axis=1))


def _picked(
    network: Network, from_these: np.ndarray, most: int, beside: list[int], rng: np.random.Generator
) -> list[int]:
    """Findings in random order, none more general or more specific than another."""
    knowledge = network.knowledge
    picked: list[int] = []
    for i in rng.permutation(from_these):
        name = network.nodes[i]
        others = [network.nodes[j] for j in (*beside, *picked)]
        related = any(o in knowledge.nested[name] or name in knowledge.nested[o] for o in others)
        if len(picked) < most and not related and name != BILATERAL:
            finding = knowledge.findings[name]
            if finding.sex is None and finding.burden in {"ask", "examine"}:
                picked.append(int(i))
    return picked


def _observation(network: Network, node: int, state: int) -> dict[str, Any]:
    finding = network.knowledge.findings[network.nodes[node]]
    if finding.graded:
        return {"finding": finding.id, "state": finding.state_ids[state]}
    return {"finding": finding.id, "present": state > 0}
