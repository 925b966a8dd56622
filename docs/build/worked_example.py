"""The worked example of docs/method.md: its numbers, by the engine and by hand.

The page holds a small knowledge and a record in YAML, and numbers marked with a name:
`0.62<!--posterior-disc-->`. What a name stands for is computed here twice: by the engine, and by
the arithmetic that the page explains. `python -m docs.build.worked_example` writes the marked
numbers anew after the model has changed; a test keeps them true.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from crural.diagnosis import Network, compile_network, diagnose
from crural.diagnosis.explain import likelihood_ratios
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import OTHER, RECORDING_ERROR
from crural.diagnosis.next_check import Check
from crural.diagnosis.priors import MEAN_CAUSES
from crural.diagnosis.problem import case_of
from crural.facts import Facts, facts_of
from crural.knowledge import Condition, Finding, Knowledge, Mechanism
from crural.knowledge.model import Drugs
from crural.record import record_from_data

PAGE = Path(__file__).resolve().parents[1] / "method.md"

_YAML = re.compile(r"```yaml\n# worked example: (knowledge|record)\n(.*?)```", re.DOTALL)
_MARKED = re.compile(r"(?P<number>[-0-9.]+)<!--(?P<name>[a-z0-9-]+)-->")

CAUSES = ("disc", "hip", OTHER)
FACTS = ("pain", "slr", "hip-rotation")


def written_numbers(page: str) -> dict[str, list[str]]:
    """The marked numbers of the page as they are written, by name."""
    found: dict[str, list[str]] = {}
    for match in _MARKED.finditer(page):
        found.setdefault(match["name"], []).append(match["number"])
    return found


def renewed(page: str) -> str:
    """The page with every marked number computed anew, with as many decimals as it had."""
    numbers = numbers_by_hand(page) | engine_numbers(page)

    def write(match: re.Match[str]) -> str:
        name = match["name"]
        return f"{as_written(numbers[name], match['number'])}<!--{name}-->"

    return _MARKED.sub(write, page)


def as_written(number: float, like: str) -> str:
    """The number with as many decimals as another has."""
    decimals = len(like.partition(".")[2])
    return f"{number:.{decimals}f}"


def knowledge_of(page: str) -> Knowledge:
    """The small knowledge that stands in the page."""
    raw = _parts(page)["knowledge"]
    return Knowledge(
        version="example",
        digest="example",
        evidence={},
        findings={f["id"]: Finding.model_validate(f) for f in raw["findings"]},
        mechanisms={m["id"]: Mechanism.model_validate(m) for m in raw["mechanisms"]},
        conditions={c["id"]: Condition.model_validate(c) for c in raw["conditions"]},
        other=Condition.model_validate(raw["other"]),
        alerts={},
        scores={},
        drugs=Drugs(),
    )


def facts_in(page: str, knowledge: Knowledge, *, without: str | None = None) -> Facts:
    """The facts of the record in the page, or of the record `without` one of them."""
    raw = _parts(page)["record"]
    for key in ("present", "absent"):
        raw[key] = [finding for finding in raw[key] if finding != without]
    return facts_of(record_from_data(raw, knowledge.vocabulary, "docs/method.md"), knowledge)


def _parts(page: str) -> dict[str, Any]:
    return {match[1]: yaml.safe_load(match[2]) for match in _YAML.finditer(page)}


def engine_numbers(page: str) -> dict[str, float]:
    """Every number of the example as the engine computes it."""
    knowledge = knowledge_of(page)
    network = compile_network(knowledge)
    facts = facts_in(page, knowledge)
    case = case_of(network, facts)
    exact = posterior(case.problem)
    diagnosis = diagnose(network, facts)
    numbers = _constants()
    for i, name in enumerate(network.conditions):
        short = _short(name)
        numbers[f"prior-{short}"] = float(case.priors.probability[i])
        numbers[f"posterior-{short}"] = float(exact.probability[i])
    for explanation in diagnosis.explanations:
        numbers[f"only-{_joined(explanation.causes)}"] = explanation.probability
    numbers["evidence"] = exact.evidence
    ratios = likelihood_ratios(case)
    for row, fact in enumerate((*case.bits, *case.lows)):
        for i, name in enumerate(network.conditions):
            numbers[f"lr-{_fact(fact.finding)}-{_short(name)}"] = float(ratios[row, i])
    for cause in diagnosis.causes:
        numbers[f"low-{_short(cause.id)}"], numbers[f"high-{_short(cause.id)}"] = cause.interval
    numbers |= _sums(numbers)
    return numbers | _next_check(page, network, knowledge)


def _next_check(page: str, network: Network, knowledge: Knowledge) -> dict[str, float]:
    """What the examination of the hip would tell if it had not been done."""
    diagnosis = diagnose(network, facts_in(page, knowledge, without="hip-rotation-painful"))
    check: Check = next(c for c in diagnosis.checks if c.finding == "hip-rotation-painful")
    numbers = {
        "unexamined-disc": diagnosis.probability["disc"],
        "unexamined-hip": diagnosis.probability["hip"],
        "check-probability": check.probability,
        "check-gain": check.gain,
    }
    for word, moves in (("present", check.if_present), ("absent", check.if_absent)):
        for name, _, then in moves:
            numbers[f"if-{word}-{_short(name)}"] = then
    return numbers


def numbers_by_hand(page: str) -> dict[str, float]:
    """The numbers of the example by the arithmetic of the page: no engine, no arrays.

    Intervals, which rest on random draws, and the next check are left to the engine.
    """
    raw = _parts(page)["knowledge"]
    disc, hip = raw["conditions"]
    pain, slr, rotation = raw["findings"]
    root = raw["mechanisms"][0]
    other = {
        "pain": pain["otherwise"]["estimate"],
        "slr": 0.0,
        "hip-rotation": 0.0,
    }
    direct_hip = {
        "pain": hip["findings"][0]["probability"]["estimate"],
        "slr": 0.0,
        "hip-rotation": _without_background(
            hip["findings"][1]["probability"]["estimate"], rotation["background"]["estimate"]
        ),
    }
    inside = {
        "pain": root["findings"][0]["probability"]["estimate"],
        "slr": root["findings"][1]["probability"]["estimate"],
        "hip-rotation": 0.0,
    }
    background = {
        "pain": RECORDING_ERROR,
        "slr": slr["background"]["estimate"],
        "hip-rotation": rotation["background"]["estimate"],
    }
    active = disc["mechanisms"][0]["probability"]["estimate"]
    # Each cause: its ways of acting, with their shares.
    ways: Mapping[str, list[tuple[float, Mapping[str, float]]]] = {
        "disc": [(active, inside), (1 - active, {})],
        "hip": [(1.0, direct_hip)],
        OTHER: [(1.0, other)],
    }
    causes = (disc, hip, raw["other"])
    prior = _priors({c["id"]: c["prior"]["primary-care"]["estimate"] for c in causes})
    numbers = _constants()
    numbers |= {f"prior-{_short(name)}": p for name, p in prior.items()}

    def likelihood(causes: tuple[str, ...], fact: str | None = None) -> float:
        """P(all facts, or just one of them, as they were found | exactly these causes)."""
        total = 0.0
        for combination in itertools.product(*(ways[c] for c in causes)):
            chance = math.prod(share for share, _ in combination)
            for name in FACTS if fact is None else (fact,):
                missed = 1 - background[name]
                for _, effects in combination:
                    missed *= 1 - effects.get(name, 0.0)
                chance *= missed if name == "hip-rotation" else 1 - missed
            total += chance
        return total

    def before(causes: tuple[str, ...]) -> float:
        """The prior weight of exactly these causes."""
        return math.prod(prior[c] if c in causes else 1 - prior[c] for c in CAUSES)

    sets = [s for size in (1, 2, 3) for s in itertools.combinations(CAUSES, size)]
    weight = {s: before(s) * likelihood(s) for s in sets}
    total = sum(weight.values())
    numbers["evidence"] = total
    for s in sets:
        numbers[f"before-{_joined(s)}"] = before(s)
        numbers[f"likelihood-{_joined(s)}"] = likelihood(s)
        numbers[f"weight-{_joined(s)}"] = weight[s]
        numbers[f"only-{_joined(s)}"] = weight[s] / total
    for cause in CAUSES:
        numbers[f"posterior-{_short(cause)}"] = sum(w for s, w in weight.items() if cause in s) / (
            total
        )
        for fact in FACTS:
            numbers[f"lr-{fact}-{_short(cause)}"] = _ratio(cause, fact, sets, before, likelihood)
    numbers |= _steps(background, inside, direct_hip, active)
    numbers |= _sweep(ways, background, prior)
    return numbers | _sums(numbers)


def _steps(
    background: Mapping[str, float],
    inside: Mapping[str, float],
    direct_hip: Mapping[str, float],
    active: float,
) -> dict[str, float]:
    """The likelihood of the disc alone, step by step."""
    pain = 1 - (1 - inside["pain"]) * (1 - background["pain"])
    slr = 1 - (1 - inside["slr"]) * (1 - background["slr"])
    hip = 1 - background["hip-rotation"]
    silent = background["pain"] * background["slr"] * hip
    return {
        "step-pain": pain,
        "step-slr": slr,
        "step-hip": hip,
        "step-active": pain * slr * hip,
        "step-silent": silent,
        "step-own": direct_hip["hip-rotation"],
        "step-disc": active * pain * slr * hip + (1 - active) * silent,
    }


def _sweep(
    ways: Mapping[str, list[tuple[float, Mapping[str, float]]]],
    background: Mapping[str, float],
    prior: Mapping[str, float],
) -> dict[str, float]:
    """Weights of the sets of explained bits (pain, leg raise) after each step of the sweep."""
    bits = ("pain", "slr")

    def joined(old: Mapping[Any, float], effects: Mapping[str, float]) -> dict[Any, float]:
        new = dict.fromkeys(old, 0.0)
        quiet = 1 - effects.get("hip-rotation", 0.0)
        for explained, weight in old.items():
            for hits in itertools.product((False, True), repeat=len(bits)):
                chance = quiet
                for bit, hit in zip(bits, hits, strict=True):
                    up = effects.get(bit, 0.0)
                    chance *= up if hit else 1 - up
                grown = tuple(e or h for e, h in zip(explained, hits, strict=True))
                new[grown] += weight * chance
        return new

    nothing = dict.fromkeys(itertools.product((False, True), repeat=len(bits)), 0.0)
    weights = joined(nothing | {(False, False): 1.0}, background)
    numbers = _named(weights, "start")
    nobody = weights[True, True] * math.prod(1 - p for p in prior.values())
    for cause in CAUSES:
        present = dict.fromkeys(weights, 0.0)
        for share, effects in ways[cause]:
            for explained, weight in joined(weights, effects).items():
                present[explained] += share * weight
        weights = {
            explained: (1 - prior[cause]) * weight + prior[cause] * present[explained]
            for explained, weight in weights.items()
        }
        numbers |= _named(weights, _short(cause))
    numbers["sweep-nobody"] = nobody
    numbers["sweep-evidence"] = weights[True, True] - nobody
    return numbers


def _named(weights: Mapping[Any, float], step: str) -> dict[str, float]:
    words = {
        (False, False): "none",
        (True, False): "pain",
        (False, True): "slr",
        (True, True): "both",
    }
    return {f"sweep-{step}-{words[explained]}": w for explained, w in weights.items()}


def _ratio(
    cause: str,
    fact: str,
    sets: Sequence[tuple[str, ...]],
    before: Callable[[tuple[str, ...]], float],
    likelihood: Callable[[tuple[str, ...], str], float],
) -> float:
    """P(fact | cause) / P(fact | at least one cause, not this one)."""
    chances = []
    for wanted in (True, False):
        chosen = [s for s in sets if (cause in s) is wanted]
        chances.append(
            sum(before(s) * likelihood(s, fact) for s in chosen) / sum(before(s) for s in chosen)
        )
    return chances[0] / chances[1]


def _priors(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares brought to the mean number of causes, then to P(at least one cause)."""
    total = sum(shares.values())
    s = 0.5
    for _ in range(500):
        s = 1 - math.prod(1 - s * share * MEAN_CAUSES / total for share in shares.values())
    return {name: s * share * MEAN_CAUSES / total for name, share in shares.items()}


def _without_background(overall: float, background: float) -> float:
    """What the cause itself does, when the overall share contains the background."""
    return 1 - (1 - overall) / (1 - background)


def _constants() -> dict[str, float]:
    return {
        "recording-error": RECORDING_ERROR,
        "mean-causes": MEAN_CAUSES,
    }


def _sums(numbers: Mapping[str, float]) -> dict[str, float]:
    """Numbers that the page adds up on its way."""
    nobody = math.prod(1 - numbers[f"prior-{c}"] for c in ("disc", "hip", "other"))
    return {
        "some-cause": 1 - nobody,
        **{f"some-{c}": numbers[f"prior-{c}"] / (1 - nobody) for c in ("disc", "hip", "other")},
        "mean-found": sum(numbers[f"prior-{c}"] for c in ("disc", "hip", "other")) / (1 - nobody),
    }


def _short(cause: str) -> str:
    return "other" if cause == OTHER else cause


def _fact(finding: str) -> str:
    return {"slr-positive": "slr", "hip-rotation-painful": "hip-rotation"}.get(finding, "pain")


def _joined(causes: tuple[str, ...]) -> str:
    return "-".join(_short(c) for c in CAUSES if c in causes)


def main() -> None:
    """Write the numbers of the page anew."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
