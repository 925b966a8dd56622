"""(a) Exact posterior of every cause: the engine against two Bayesian network libraries.

Each answer comes from a process of its own, with a limit on time and memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tests.diagnosis.agrum import PlainNetwork, network_of_patient, to_agrum

from benchmarks.measure import duration, median, seconds_of, table
from benchmarks.records import drawn_record
from crural.assessment import network_of
from crural.diagnosis import Network
from crural.diagnosis.inference import posterior, use_compiled, width_of
from crural.diagnosis.problem import problem_of
from crural.facts import Facts, facts_of
from crural.knowledge import load_knowledge

ENGINES = ("Crural", "pyAgrum", "pgmpy")
PRESENT = (4, 6, 8, 10, 12, 14)
PATIENTS = 3
TIME_LIMIT = 120
MEMORY_LIMIT = 8 * 2**30
REPEATS = 7

EXPLAINED = f"""\
Patients drawn from the network of all conditions, {PATIENTS} a line, with so many findings of
history and examination present and six absent. All engines get the same patient and network. For
the libraries each finding is taken apart into a chain of maxima, one for each way to cause it,
since with one table for each finding the network would fit into no machine; an absent finding is
taken apart into independent parts, which spares them much; and findings of which nothing is known
are left out. Their time is that of inference alone, without building the network; that of Crural
begins at the facts of the record, with the compiled engine loaded. Each answer comes from a
process of its own with one thread, at most {TIME_LIMIT} s and {MEMORY_LIMIT // 2**30} GB. Times are
medians over the patients that were answered; "times" is the median of the ratios to the time of
Crural; memory is what the process grew by; width is log2 of the mean work of a step of the sweep.
Goal: 10,000 times as fast as pyAgrum wherever that finishes, with equal answers.
"""


@dataclass(frozen=True)
class Answer:
    """What an engine said of a patient, in how many seconds and with how many bytes; or why not."""

    probability: tuple[float, ...] = ()
    seconds: float = 0.0
    memory: float = 0.0
    width: float = 0.0
    failure: str | None = None


def measured(*, progress: Callable[[str], object] = print) -> str:
    """The section of the results."""
    rows = []
    hopeless: set[str] = set()
    for n_present in PRESENT:
        answers: dict[str, list[Answer]] = {}
        for engine in ENGINES:
            if engine in hopeless:
                answers[engine] = []
                continue
            progress(f"{n_present} findings present: {engine}")
            answers[engine] = [_in_a_process(engine, n_present, i) for i in range(PATIENTS)]
            if all(answer.failure for answer in answers[engine]):
                hopeless.add(engine)
        rows.append(_row(n_present, answers))
    head = ["findings present", "width"]
    for engine in ENGINES:
        head += [engine, "memory"]
        head += ["answered", "times"] if engine != ENGINES[0] else []
    return table([*head, "largest difference"], rows)


def _row(n_present: int, answers: dict[str, list[Answer]]) -> list[str]:
    ours = answers[ENGINES[0]]
    row = [str(n_present), f"{median([a.width for a in ours]):.1f}"]
    differences: list[float] = []
    for engine, found in answers.items():
        done = [(a, b) for a, b in zip(found, ours, strict=False) if a.failure is None]
        if not done:
            why = "; ".join(sorted({str(a.failure) for a in found})) or "not tried"
            row += [why, "–", f"0 of {len(found)}", "–"]
            continue
        row.append(duration(median([a.seconds for a, _ in done])))
        row.append(f"{median([a.memory for a, _ in done]) / 2**20:,.1f} MB")
        if engine != ENGINES[0]:
            row.append(f"{len(done)} of {len(found)}")
            row.append(f"{median([a.seconds / b.seconds for a, b in done]):,.0f}")
            differences += [
                float(np.abs(np.subtract(a.probability, b.probability)).max()) for a, b in done
            ]
    return [*row, f"{max(differences):.1e}" if differences else "–"]


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


def _from_now_on() -> float:
    """Bytes of memory in use, from which `_peak` begins anew."""
    # Otherwise the peak would be that of loading, or even that of the process which began this one.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _in_status("VmRSS")


def _peak() -> float:
    """The most bytes of memory since `_from_now_on`."""
    return _in_status("VmHWM")


def _in_status(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024.0 * int(status.partition(f"{name}:")[2].split()[0])


def _answer(engine: str, n_present: int, seed: int) -> Answer:
    network = network_of(load_knowledge())
    facts = facts_of(drawn_record(network, n_present, seed), network.knowledge)
    if engine == "Crural":
        return _by_crural(network, facts)
    plain = network_of_patient(network, facts)
    return _by_agrum(plain) if engine == "pyAgrum" else _by_pgmpy(plain)


def _by_crural(network: Network, facts: Facts) -> Answer:
    found: list[Any] = []

    def work() -> None:
        found.append(posterior(problem_of(network, facts)))

    use_compiled()
    before = _from_now_on()
    work()
    memory = _peak() - before
    seconds = median([seconds_of(work) for _ in range(REPEATS)])
    width = width_of(problem_of(network, facts))
    return Answer(tuple(found[-1].probability.tolist()), seconds, memory, width)


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

    before = _from_now_on()
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

    before = _from_now_on()
    seconds = seconds_of(work)
    return Answer(tuple(found), seconds, _peak() - before)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    print(json.dumps(vars(_answer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
