"""A sign that no cause makes speaks against whichever cause a patient with it has."""

from __future__ import annotations

from itertools import chain

from crural.knowledge import load_knowledge

# Results that are asked for because they point to a cause outside the list.
OUTSIDE = {"tsh-abnormal", "lyme-serology-positive"}


def test_every_sign_and_result_is_made_by_some_cause() -> None:
    knowledge = load_knowledge()
    links = chain(
        chain.from_iterable(mechanism.findings for mechanism in knowledge.mechanisms.values()),
        chain.from_iterable(condition.findings for condition in knowledge.conditions.values()),
        chain.from_iterable(
            variant.findings
            for condition in knowledge.conditions.values()
            for variant in condition.variants
        ),
    )
    made = {link.finding for link in links}
    # A general sign is made by whatever makes a special one.
    general = {knowledge.findings[name].nested_under for name in made}
    signs = {name for name, finding in knowledge.findings.items() if finding.role == "effect"}

    assert signs - made - general == OUTSIDE
