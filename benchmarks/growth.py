"""(e) How time grows with the number of findings present."""

from __future__ import annotations

from benchmarks.measure import duration, median, seconds_of, table
from benchmarks.records import drawn_record
from crural.assessment import network_of
from crural.diagnosis.inference import width_of
from crural.diagnosis.problem import problem_of
from crural.diagnosis.relax import Bounded, posterior_within
from crural.facts import facts_of
from crural.knowledge import Knowledge

PRESENT = range(0, 31, 2)
PATIENTS = 5


def measured(knowledge: Knowledge) -> str:
    """The section of the results."""
    network = network_of(knowledge)
    rows = []
    for n_present in PRESENT:
        times, widths, errors = [], [], []
        for seed in range(PATIENTS):
            facts = facts_of(drawn_record(network, n_present, seed), knowledge)
            found: list[Bounded] = []

            def work() -> None:
                problem = problem_of(network, facts)  # noqa: B023
                found.append(posterior_within(problem))  # noqa: B023

            times.append(seconds_of(work))
            widths.append(width_of(problem_of(network, facts)))
            errors.append(found[-1].error)
        rows.append(
            [
                str(n_present),
                duration(median(times)),
                duration(max(times)),
                f"{median(widths):.1f}",
                f"{median(errors):.1e}",
                f"{max(errors):.1e}",
            ]
        )
    head = ("findings present", "median", "longest", "width", "error bound (median)", "(largest)")
    return table(head, rows)
