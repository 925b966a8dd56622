"""What every patient with pain from the back or in the leg is told to look out for.

The lines stand on each sheet whatever was answered: a 'No' today says nothing of tomorrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from crural.knowledge import Knowledge
from crural.knowledge.rules import AnyOf, AtLeast, FindingLeaf, Rule


@dataclass(frozen=True)
class Sign:
    """A sign in plain words, with the alerts and the findings that it speaks of."""

    say: str
    alerts: tuple[str, ...]
    findings: tuple[str, ...]


STANDING: Sequence[Sign] = (
    Sign(
        "You are numb between your legs, or in or round your private parts.",
        ("cauda-equina",),
        ("saddle-numbness",),
    ),
    Sign(
        "You cannot pass urine, or it is hard to start, or you wet yourself.",
        ("cauda-equina", "urinary-retention-leg-symptoms"),
        ("urinary-retention-symptom", "urinary-hesitancy-or-urgency", "urinary-incontinence"),
    ),
    Sign(
        "You lose control of your bowels.",
        ("cauda-equina",),
        ("bowel-dysfunction",),
    ),
    Sign(
        "You no longer feel sex as you did, or it no longer works.",
        ("cauda-equina",),
        ("sexual-dysfunction-new",),
    ),
    Sign(
        "Both legs are weak, numb or in pain, or one leg is getting weaker.",
        ("cauda-equina", "severe-motor-deficit"),
        (
            "bilateral-leg-neuro-symptoms",
            "weakness-bilateral-legs",
            "progressive-weakness-symptom",
        ),
    ),
    Sign(
        "A leg or foot is all at once cold, pale or numb.",
        ("acute-limb-ischaemia",),
        ("onset-speed", "cold-foot-symptom", "pallor-or-mottling", "numbness-foot"),
    ),
    Sign(
        "You have a fever, and your back hurts.",
        ("spinal-infection",),
        ("fever-symptom", "pain-low-back", "pain-mid-back"),
    ),
    Sign(
        "A leg swells up, or you are short of breath, or you faint.",
        ("deep-vein-thrombosis", "pulmonary-embolism"),
        ("leg-swelling-symptom", "breathlessness", "syncope-or-collapse"),
    ),
)


@lru_cache(maxsize=4)
def alarming_alone(knowledge: Knowledge) -> frozenset[str]:
    """Findings each of which raises an emergency alert by itself, without any other."""
    return frozenset(
        finding
        for alert in knowledge.alerts.values()
        if alert.urgency == "emergency"
        for finding in _alone(alert.when)
    )


def _alone(rule: Rule) -> frozenset[str]:
    if isinstance(rule, FindingLeaf):
        return frozenset() if rule.state_at_least else frozenset({rule.finding})
    if isinstance(rule, AnyOf):
        return frozenset().union(*(_alone(inner) for inner in rule.any))
    if isinstance(rule, AtLeast) and rule.at_least.n == 1:
        return frozenset().union(*(_alone(inner) for inner in rule.at_least.of))
    return frozenset()
