"""(b) Everything about one record, with the program running: posterior alone, and the whole."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import duration, median, p99, seconds_of, table
from crural.assessment import Assessment, assess, network_of
from crural.diagnosis.inference import use_compiled
from crural.diagnosis.problem import problem_of
from crural.diagnosis.relax import posterior_within
from crural.facts import Facts, facts_of
from crural.knowledge import Knowledge
from crural.record import Record

REPEATS = 3


def measured(knowledge: Knowledge, records: list[Record]) -> str:
    """The section of the results. Of each record the quickest of a few runs counts."""
    network = network_of(knowledge)
    facts = {id(record): facts_of(record, knowledge) for record in records}
    errors: list[float] = []

    def only_posterior(of: Facts) -> None:
        problem = problem_of(network, of)
        errors.append(posterior_within(problem).error)

    pieces: list[tuple[str, str, Callable[[Record], object]]] = [
        (
            "posterior of every cause",
            "≤ 5 ms and ≤ 50 ms",
            lambda record: only_posterior(facts[id(record)]),
        ),
        (
            "all: facts, alerts, posterior, explanation, next checks, uncertainty",
            "≤ 150 ms",
            lambda record: _reasons(assess(record, knowledge)),
        ),
    ]
    rows = []
    for name, goal, work in pieces:
        times: dict[bool, list[float]] = {True: [], False: []}
        # One record after the other by both, so that the machine's other work meets both alike.
        for record in records:
            for compiled, of in times.items():
                use_compiled(compiled)
                of.append(_quickest(work, record))
        use_compiled()
        for compiled, engine in ((True, "compiled"), (False, "reference")):
            of = times[compiled]
            rows.append([name, engine, duration(median(of)), duration(p99(of)), goal])
    exact = sum(error < 1e-9 for error in errors) / len(errors)
    return (
        table(("work", "engine", "median", "99th percentile", "goal"), rows)
        + f"\n\n{len(records)} records of published patients. Exact to 1e-9 for {exact:.0%}; "
        f"largest stated bound on the error of a probability {max(errors):.2g}."
    )


def _reasons(assessment: Assessment) -> object:
    """The reasons for every cause, which are made when they are asked for."""
    whys = [cause.why for cause in assessment.diagnosis.causes]
    return [(why.for_, why.missing, why.pivot) for why in whys]


def _quickest(work: Callable[[Record], object], record: Record) -> float:
    work(record)
    return min(seconds_of(lambda: work(record)) for _ in range(REPEATS))
