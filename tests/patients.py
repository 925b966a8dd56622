"""Small records in the words of the shipped vocabulary, and what the exact engine says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from crural.assessment import network_of
from crural.diagnosis import Case, Network, case_of, compile_network
from crural.diagnosis.inference import posterior
from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.record import Record, record_from_data

Said = Mapping[str, Any]


def patient(
    knowledge: Knowledge,
    *present: str,
    absent: Iterable[str] = (),
    said: Iterable[Said] = (),
    **head: Any,
) -> Record:
    """A man of 50 with pain of the left leg in primary care; `head` changes that.

    `present` and `absent` are ids of findings, `said` observations in their long form.
    """
    data = {
        "age": 50,
        "sex": "male",
        "side": "left",
        "present": list(present),
        "absent": list(absent),
        "observations": [dict(one) for one in said],
        **head,
    }
    return record_from_data(data, knowledge.vocabulary, "test")


def case_for(knowledge: Knowledge, record: Record) -> Case:
    """The record held against the network of all conditions."""
    return case_of(network_of(knowledge), facts_of(record, knowledge))


def probabilities(knowledge: Knowledge, record: Record) -> dict[str, float]:
    """Exact posterior probability of every condition, the most probable first."""
    case = case_for(knowledge, record)
    exact = posterior(case.problem).probability
    pairs = zip(case.network.conditions, exact.tolist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


@lru_cache(maxsize=32)
def network_of_some(knowledge: Knowledge, *conditions: str) -> Network:
    """A network of a few conditions and the unlisted cause, small enough to enumerate."""
    return compile_network(knowledge, only=conditions)


def case_of_some(knowledge: Knowledge, record: Record, *conditions: str) -> Case:
    """The record held against a network of a few conditions."""
    return case_of(network_of_some(knowledge, *conditions), facts_of(record, knowledge))


def odds(probability: float) -> float:
    """Odds of a probability."""
    return probability / (1.0 - probability)
