"""A small world for rules: six findings, two drugs' worth of classes, a score; and its patients.

A patient is a full account of the world of which only some facts are known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from crural.history import Attempt
from crural.knowledge import Knowledge
from crural.knowledge.model import Drugs, Finding
from crural.knowledge.rules import Rule, Score
from crural.rules import DrugTaken, Interval, Memo
from crural.rules.verdict import UNKNOWN_INTERVAL

PLAIN = ("fever", "night-pain", "weight-loss", "numbness", "weakness", "retention")
GRADED = "crp"


def finding(name: str, states: Sequence[str] = (), **more: Any) -> Finding:
    """A finding of the small world."""
    number = {"estimate": 0.1, "range": [0.05, 0.2], "because": "chosen for the test"}
    graded = [{"id": state, "name": state} for state in states]
    background = {"levels": dict.fromkeys(states[1:], number)} if states else number
    raw = {
        "id": name,
        "name": name.replace("-", " "),
        "question": f"{name}?",
        "kind": "symptom",
        "burden": "ask",
        "sided": False,
        "role": "effect",
        "states": graded,
        "background": background,
    }
    return Finding.model_validate(raw | more)


def rule(raw: Any) -> Rule:
    """A rule as written in a knowledge file."""
    built: Rule = TypeAdapter(Rule).validate_python(raw)
    return built


SCORES = (
    Score.model_validate(
        {
            "id": "plain-score",
            "name": "Plain score",
            "items": [
                {"points": 1, "when": {"finding": "fever"}},
                {"points": 2, "when": {"finding": "weakness"}},
            ],
        }
    ),
    Score.model_validate(
        {
            "id": "mixed-score",
            "name": "Mixed score",
            "items": [
                {"points": 1.5, "when": {"finding": "numbness"}},
                {"points": 1, "when": {"any": [{"finding": "retention"}, {"age": {"min": 50}}]}},
                {"points": -2, "when": {"finding": "night-pain"}},
                {"points": 0, "when": {"finding": "fever"}},
            ],
        }
    ),
)

KNOWLEDGE = Knowledge(
    version="1",
    digest="small",
    evidence={},
    findings={
        entry.id: entry
        for entry in (*map(finding, PLAIN), finding(GRADED, ("normal", "raised", "high")))
    },
    mechanisms={},
    conditions={},
    alerts={},
    scores={score.id: score for score in SCORES},
    drugs=Drugs(classes={"nsaid": "anti-inflammatory drug"}),
)


@dataclass(frozen=True)
class Account:
    """All that is true of a patient, and which of it is known. A subject of rules."""

    true: Mapping[str, Any]
    known: frozenset[str]
    knowledge: Knowledge = field(default=KNOWLEDGE, repr=False)
    memo: Memo = field(default_factory=Memo, init=False, repr=False, compare=False)

    def _told(self, fact: str) -> Any:
        return self.true[fact] if fact in self.known else None

    def _interval(self, fact: str) -> Interval:
        value = self._told(fact)
        return UNKNOWN_INTERVAL if value is None else (value, value)

    @property
    def told(self) -> frozenset[str]:
        return self.known | ({"treatments"} if self.attempts else set())

    @property
    def age(self) -> float | None:
        return self._told("age")  # type: ignore[no-any-return]

    @property
    def sex(self) -> str | None:
        return self._told("sex")  # type: ignore[no-any-return]

    @property
    def pregnancy_weeks(self) -> Interval:
        return self._interval("pregnancy_weeks")

    @property
    def duration_days(self) -> Interval:
        return self._interval("pain-duration")

    @property
    def drugs(self) -> Sequence[DrugTaken] | None:
        return self._told("drugs")  # type: ignore[no-any-return]

    def grade(self, finding: str) -> Interval:
        return self._interval(finding)

    def words(self, finding: str) -> str:
        return f"{finding} = {self.true[finding]}"

    def probability(self, condition: str) -> float | None:
        return self._told(f"probability:{condition}")  # type: ignore[no-any-return]

    @property
    def pain_score(self) -> Interval:
        score = self._told("pain_scores")
        return (0, 10) if score is None else (score, score)

    @property
    def opioid_mme(self) -> Interval:
        return self._interval("doses")

    @property
    def allergies(self) -> Sequence[str] | None:
        return self._told("allergies")  # type: ignore[no-any-return]

    @property
    def attempts(self) -> Sequence[Attempt]:
        return self._told("tried:tablet") or ()

    def learning(self, *facts: str) -> Account:
        """The same patient of whom more is known."""
        return replace(self, known=self.known | set(facts))

    def supposing(self, answers: Mapping[str, Any]) -> Account:
        """A patient of whom the same is known, and the answers besides."""
        return replace(self, true={**self.true, **answers}, known=self.known | frozenset(answers))


_NSAID = DrugTaken("naproxen", frozenset({"nsaid"}))
_BLOOD = DrugTaken("warfarin", frozenset({"anticoagulant"}))
_BOTH = DrugTaken("both in one", frozenset({"nsaid", "anticoagulant"}))


def attempt(**more: Any) -> Attempt:
    """A proper attempt with a tablet that did not help, but for what is said otherwise."""
    usual: dict[str, Any] = {
        "treatments": ("tablet",),
        "families": ("tablets",),
        "text": "tablet",
        "dose": None,
        "dose_text": None,
        "days": 100,
        "start": None,
        "going_on": False,
        "outcome": "failed",
        "relief_percent": 10.0,
        "adequacy": "adequate",
        "why_not_adequate": None,
        "stopped_because": None,
        "vague": False,
    }
    return Attempt(**(usual | more))


_FAILED = attempt()
_SHORT = attempt(days=3, adequacy="too-short")
_HELPED = attempt(outcome="helped", relief_percent=80.0, adequacy="too-short")

# For each fact enough values that every leaf below can go either way.
VALUES: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(PLAIN, (0, 1)),
    GRADED: (0, 1, 2),
    "age": (10.0, 50.0, 80.0),
    "sex": ("female", "male"),
    "pregnancy_weeks": (0, 10, 30),
    "pain-duration": (3.0, 41.9, 42.0, 400.0),
    "drugs": ((), (_NSAID,), (_NSAID, _BLOOD), (_BOTH,), (_BOTH, _BLOOD)),
    "probability:sciatica": (0.0, 0.3, 0.9),
    "pain_scores": (0.0, 5.0, 9.0),
    "doses": (0.0, 50.0, 120.0),
    "allergies": (("penicillin",), ("gadolinium", "latex")),
    "tried:tablet": ((_FAILED,), (_SHORT,), (_HELPED,), (_FAILED, _HELPED)),
}

# One rule per fact, so that a rule with some of them names each fact once.
LEAVES: Mapping[str, tuple[Any, ...]] = {
    **{name: ({"finding": name},) for name in PLAIN},
    GRADED: (
        {"finding": GRADED, "state_at_least": "raised"},
        {"finding": GRADED, "state_at_least": "high"},
    ),
    "age": ({"age": {"min": 50}}, {"age": {"max": 50}}, {"age": {"min": 50, "max": 80}}),
    "sex": ({"sex": "female"}, {"sex": "male"}),
    "pregnancy_weeks": ({"pregnancy_weeks": {"min": 28}}, {"pregnancy_weeks": {"max": 28}}),
    "pain-duration": (
        {"duration_days": {"max": 42}},
        {"duration_days": {"min": 7, "max": 42}},
        {"duration_days": {"min": 42}},
    ),
    "drugs": (
        {"drug_class": "nsaid"},
        {"drug_class": "anticoagulant"},
        {"drug_classes_together": ["nsaid", "anticoagulant"]},
    ),
    "probability:sciatica": (
        {"probability": "sciatica", "min": 0.3},
        {"probability_any": ["sciatica", "stenosis"], "min": 0.3},
    ),
    "pain_scores": ({"pain_score": {"min": 5}}, {"pain_score": {"max": 5}}),
    "doses": ({"mme": {"min": 50}}, {"mme": {"min": 50, "max": 90}}),
    "allergies": ({"allergy": ["contrast", "gadolinium"]},),
    "tried:tablet": (
        {"tried": ["tablet"], "outcome": "failed"},
        {"tried": ["tablet"], "outcome": "good"},
        {"tried": ["tablet"], "days": {"min": 42}},
        {"tried": ["tablet"], "relief_percent": {"min": 50}},
    ),
}
_SCORE_LEAVES = (
    *({"score": "plain-score", "min": minimum} for minimum in (1, 2, 3)),
    *({"score": "mixed-score", "min": minimum} for minimum in (-1, 0, 0.5, 2.5)),
)


def accounts() -> st.SearchStrategy[Account]:
    """Patients of whom some facts are known."""
    return st.builds(
        Account,
        st.fixed_dictionaries({fact: st.sampled_from(values) for fact, values in VALUES.items()}),
        st.frozensets(st.sampled_from(sorted(VALUES))),
    )


@st.composite
def _joined(draw: st.DrawFn, parts: Sequence[Any]) -> Any:
    kind = draw(st.sampled_from(("all", "any", "at_least")))
    if kind == "at_least":
        return {"at_least": {"n": draw(st.integers(1, len(parts))), "of": list(parts)}}
    return {kind: list(parts)}


def raw_rules() -> st.SearchStrategy[Any]:
    """Rules as written in a file; a fact may occur many times."""
    leaves = st.sampled_from([*itertools.chain.from_iterable(LEAVES.values()), *_SCORE_LEAVES])
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=4).flatmap(_joined)
            | inner.map(lambda part: {"not": part})
        ),
        max_leaves=10,
    )


def rules() -> st.SearchStrategy[Rule]:
    """Rules in which a fact may occur many times."""
    return raw_rules().map(rule)


@st.composite
def rules_of_distinct_facts(draw: st.DrawFn, most: int = 5) -> Rule:
    """Rules in which each fact occurs once."""
    names = st.lists(st.sampled_from(sorted(LEAVES)), min_size=1, max_size=most, unique=True)
    parts = [draw(st.sampled_from(LEAVES[fact])) for fact in draw(names)]
    while len(parts) > 1 or draw(st.integers(0, 2)) == 2:
        size = draw(st.integers(min(2, len(parts)), len(parts)))
        group, parts = parts[:size], parts[size:]
        joined = draw(_joined(group))
        parts.append({"not": joined} if draw(st.booleans()) else joined)
    return rule(parts[0])


def answers_to(facts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every way in which some facts can turn out."""
    for values in itertools.product(*(VALUES[fact] for fact in facts)):
        yield dict(zip(facts, values, strict=True))
