"""Many records at once: the same answers as one at a time, shared out over all cores."""

from __future__ import annotations

import gc
import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

from crural.assessment import network_of
from crural.diagnosis.inference import use_compiled
from crural.diagnosis.problem import problem_of
from crural.diagnosis.relax import posterior_within
from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.record import Record

# Records handed to a worker in one piece: sending a piece then costs little beside its work.
CHUNK = 32
# Pieces under way for each worker. More would only fill the memory when records come from a stream.
AHEAD = 4


@dataclass(frozen=True)
class RecordPosterior:
    """Posterior probability of every cause for one record, and a bound on the error of each."""

    record_id: str | None
    probability: Mapping[str, float]
    error_bound: float


def posterior_of(record: Record, knowledge: Knowledge) -> RecordPosterior:
    """The posterior of one record, without reasons, next checks and intervals."""
    network = network_of(knowledge)
    problem = problem_of(network, facts_of(record, knowledge))
    bounded = posterior_within(problem)
    probability = bounded.posterior.probability.tolist()
    return RecordPosterior(
        record.id,
        dict(zip(network.conditions, probability, strict=True)),
        bounded.error,
    )


def posteriors_of(
    records: Iterable[Record], knowledge: Knowledge, *, workers: int | None = None
) -> Iterator[RecordPosterior]:
    """The posterior of every record, in their order, as `posterior_of` gives it.

    Uses all cores unless `workers` says how many. Records are taken from the source as they are
    needed, so it may be a stream that is larger than the memory. An error of a record is raised
    when its turn comes. Loads the compiled engine, which takes about a second.
    """
    # Before the workers start: where they are forked they find all this ready.
    use_compiled()
    _ = network_of(knowledge).order
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from (posterior_of(record, knowledge) for record in records)
        return
    source = iter(records)
    chunks = iter(lambda: list(itertools.islice(source, CHUNK)), [])
    under_way: deque[Future[list[RecordPosterior]]] = deque()
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(knowledge,)) as pool:
        for chunk in itertools.islice(chunks, workers * AHEAD):
            under_way.append(pool.submit(_answers, chunk))
        while under_way:
            answers = under_way.popleft().result()
            for chunk in itertools.islice(chunks, 1):
                under_way.append(pool.submit(_answers, chunk))
            yield from answers


# The knowledge of a worker: sent once when it starts, since it is far larger than the records.
_of_this_worker: list[Knowledge] = []


def _begin(knowledge: Knowledge) -> None:
    # What was there before the worker stays: looking through it for what is no longer needed would
    # copy all the memory that the workers share.
    gc.freeze()
    _of_this_worker[:] = [knowledge]
    use_compiled()


def _answers(records: list[Record]) -> list[RecordPosterior]:
    [knowledge] = _of_this_worker
    return [posterior_of(record, knowledge) for record in records]
