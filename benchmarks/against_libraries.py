"""(a) Exact posterior of every cause: the engine against two Bayesian network libraries.

All get the same patient on the same network of all conditions. The libraries get it with each
finding taken apart into a chain of maxima, since with one table for each finding the network would
not fit into any machine; and they get the findings of this patient only. Their time is that of
inference alone, not of building the network; the engine's starts at the facts of the record.

Each answer comes from a process of its own, with a limit on time and memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tests.diagnosis.agrum import PlainNetwork, network_of_patient, to_agrum

from benchmarks.measure import duration, median, seconds_of, table
from benchmarks.records import drawn_record
from crural.assessment import network_of
from crural.diagnosis import Network, case_of
from crural.diagnosis.inference import posterior
from crural.facts import Facts, facts_of
from crural.knowledge import load_knowledge

ENGINES = ("crural", "pyAgrum", "pgmpy")
PRESENT = (4, 6, 8, 10, 12, 14)
PATIENTS = 3
TIME_LIMIT = 120
MEMORY_LIMIT = 12 * 2**30
REPEATS = 7
GOAL = 10_000.0


@dataclass(frozen=True)
class Answer:
    """What an engine said of a patient, or why it did not: seconds, growth of memory in bytes."""

    probability: tuple[float, ...] = ()
    seconds: float = float("nan")
    memory: float = float("nan")
    failure: str | None = None


def measured(patients: int = PATIENTS, *, progress: Callable[[str], object] = print) -> str:
    """The section of the results."""
    rows = []
    given_up: dict[str, str] = {}
    for n_present in PRESENT:
        answers: dict[str, list[Answer]] = {}
        for engine in ENGINES:
            progress(f"{n_present} findings present: {engine}")
            answers[engine] = []
            for seed in range(patients):
                if engine not in given_up:
                    answer = _in_a_process(engine, n_present, seed)
                    answers[engine].append(answer)
                    if answer.failure:
                        given_up[engine] = answer.failure
            if engine not in given_up and not answers[engine]:
                given_up[engine] = "not tried"
        rows.append(_row(n_present, answers))
    return table(
        (
            "findings present",
            *(f"{e} time" for e in ENGINES),
            *(f"{e} memory" for e in ENGINES),
            *(f"times {e}" for e in ENGINES[1:]),
            "largest difference",
        ),
        rows,
    )


def _row(n_present: int, answers: dict[str, list[Answer]]) -> list[str]:
    done = {e: [a for a in found if a.failure is None] for e, found in answers.items()}
    failed = {e: next((a.failure for a in found if a.failure), "–") for e, found in answers.items()}

    def shown(engine: str, of: Callable[[Answer], float], form: Callable[[float], str]) -> str:
        whole = done[engine] and len(done[engine]) == len(answers[engine])
        return form(median([of(a) for a in done[engine]])) if whole else str(failed[engine])

    ratios, differences = [], []
    for engine in ENGINES[1:]:
        pairs = list(zip(done[engine], done["crural"], strict=False))
        complete = pairs and len(pairs) == len(answers["crural"])
        ratios.append(
            f"{median([a.seconds / b.seconds for a, b in pairs]):,.0f}" if complete else "–"
        )
        differences += [
            float(np.abs(np.subtract(a.probability, b.probability)).max()) for a, b in pairs
        ]
    return [
        str(n_present),
        *(shown(e, lambda a: a.seconds, duration) for e in ENGINES),
        *(shown(e, lambda a: a.memory, lambda b: f"{b / 2**20:,.0f} MB") for e in ENGINES),
        *ratios,
        f"{max(differences):.1e}" if differences else "–",
    ]


def _in_a_process(engine: str, n_present: int, seed: int) -> Answer:
    command = [sys.executable, "-m", "benchmarks.against_libraries", engine]
    try:
        done = subprocess.run(
            [*command, str(n_present), str(seed)],
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(failure=f"more than {TIME_LIMIT} s")
    if done.returncode != 0:
        short = "MemoryError" in done.stderr or "bad_alloc" in done.stderr or done.returncode < 0
        limit = f"more than {MEMORY_LIMIT / 2**30:.0f} GB"
        return Answer(failure=limit if short else f"failed: {done.stderr.splitlines()[-1:]}")
    return Answer(**json.loads(done.stdout.splitlines()[-1]))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _answer(engine: str, n_present: int, seed: int) -> Answer:
    network = network_of(load_knowledge())
    facts = facts_of(drawn_record(network, n_present, seed), network.knowledge)
    if engine == "crural":
        return _by_crural(network, facts)
    plain = network_of_patient(network, facts)
    return _by_agrum(plain) if engine == "pyAgrum" else _by_pgmpy(plain)


def _by_crural(network: Network, facts: Facts) -> Answer:
    found: list[Any] = []

    def work() -> None:
        found.append(posterior(case_of(network, facts).problem))

    before = _peak()
    work()
    memory = _peak() - before
    seconds = median([seconds_of(work) for _ in range(REPEATS)])
    return Answer(tuple(found[-1].probability.tolist()), seconds, memory)


def _by_agrum(plain: PlainNetwork) -> Answer:
    import pyagrum  # noqa: PLC0415

    gum: Any = pyagrum
    engine = gum.LazyPropagation(to_agrum(plain))
    engine.setNumberOfThreads(1)
    engine.setEvidence(dict(plain.observed))
    engine.setTargets(set(plain.causes))
    found: list[float] = []

    def work() -> None:
        engine.makeInference()
        found.extend(float(engine.posterior(cause)[1]) for cause in plain.causes)

    before = _peak()
    seconds = seconds_of(work)
    return Answer(tuple(found), seconds, _peak() - before)


def _by_pgmpy(plain: PlainNetwork) -> Answer:
    from pgmpy.factors.discrete import TabularCPD  # noqa: PLC0415
    from pgmpy.inference import VariableElimination  # noqa: PLC0415
    from pgmpy.models import DiscreteBayesianNetwork  # noqa: PLC0415

    states = {node.name: node.n_states for node in plain.nodes}
    net = DiscreteBayesianNetwork()
    net.add_nodes_from(states)
    net.add_edges_from((p, node.name) for node in plain.nodes for p in node.parents)
    for node in plain.nodes:
        net.add_cpds(
            TabularCPD(
                node.name,
                node.n_states,
                np.moveaxis(node.table, -1, 0).reshape(node.n_states, -1),
                evidence=list(node.parents) or None,
                evidence_card=[states[p] for p in node.parents] or None,
            )
        )
    engine = VariableElimination(net)
    found: list[float] = []

    def work() -> None:
        for cause in plain.causes:
            answer = engine.query([cause], evidence=plain.observed, show_progress=False)
            found.append(float(answer.values[1]))

    before = _peak()
    seconds = seconds_of(work)
    return Answer(tuple(found), seconds, _peak() - before)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    print(json.dumps(vars(_answer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
