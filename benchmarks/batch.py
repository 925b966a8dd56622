"""(c) Many records: how many a second, on one core and on two."""

from __future__ import annotations

from benchmarks.measure import seconds_of, table
from benchmarks.records import drawn_record
from crural.assessment import network_of
from crural.batch import posteriors_of
from crural.knowledge import Knowledge
from crural.record import Record

# Findings present in the records of a mass run, where few things are coded, and how many of each.
PRESENT = (2, 4, 6, 8)
PATIENTS = 1000
GOAL = "≥ 2,000 a second on two cores"


def measured(knowledge: Knowledge, published: list[Record]) -> str:
    """The section of the results. Starting the workers is part of the time."""
    network = network_of(knowledge)
    sources = {
        "published patients (each four times)": published * 4,
        **{
            f"drawn, {n} findings present": [drawn_record(network, n, i) for i in range(PATIENTS)]
            for n in PRESENT
        },
    }
    rows = []
    for name, records in sources.items():
        speeds = []
        for workers in (1, 2):
            seconds = seconds_of(lambda: list(posteriors_of(records, knowledge, workers=workers)))  # noqa: B023
            speeds.append(f"{len(records) / seconds:,.0f}")
        rows.append([name, str(len(records)), *speeds, GOAL])
    return table(("records", "how many", "a second, one core", "two cores", "goal"), rows)
