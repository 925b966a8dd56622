"""The compiled network says what the knowledge states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crural.assessment import network_of
from crural.diagnosis import OTHER, Network, compile_network
from crural.diagnosis.explain import _at_most
from crural.diagnosis.network import BILATERAL, RECORDING_ERROR, Array
from crural.knowledge import Knowledge, resolve
from crural.knowledge.loader import load_from_yaml
from crural.knowledge.model import Condition, Link
from tests.knowledge.tiny import Files, guess, tiny


@pytest.fixture(scope="module")
def network(knowledge: Knowledge) -> Network:
    return network_of(knowledge)


def frequencies(network: Network, age: float) -> Array:
    """P(node above its lowest state | only this cause): [cause, node]."""
    nodes = list(range(len(network.nodes)))
    states = np.zeros(len(nodes), dtype=np.int64)
    alone = _at_most(network, nodes, states, np.zeros(len(nodes), dtype=bool))
    return np.asarray(1 - alone * network.background(age)[:, 0])


def stated(knowledge: Knowledge, link: Link) -> float:
    """The overall share above the lowest state that a line of a condition states."""
    numbers = (
        [link.probability] if link.probability is not None else [*(link.levels or {}).values()]
    )
    return sum(resolve(n, knowledge.evidence, "probability").value for n in numbers)


def test_there_is_a_place_for_every_condition_and_every_finding(
    network: Network, knowledge: Knowledge
) -> None:
    assert network.conditions == (*knowledge.conditions, OTHER)
    wanted = [f.id for f in knowledge.findings.values() if f.role in {"pain", "effect"}]
    assert list(network.nodes) == wanted
    assert [network.nodes[i] for i in network.node_index.values()] == wanted
    assert network.name_of(0) == knowledge.conditions[network.conditions[0]].name
    assert network.name_of(network.condition_index[OTHER])


def test_tables_are_proper_distributions(network: Network) -> None:
    assert (network.cdf > 0).all()
    assert (network.cdf <= 1).all()
    assert (np.diff(network.cdf, axis=2) >= 0).all()
    for node, n_states in enumerate(network.n_states):
        assert (network.cdf[:, node, n_states - 1 :] == 1).all()


@pytest.mark.parametrize("age", [5, 30, 50, 85])
def test_the_background_is_never_certain(network: Network, age: int) -> None:
    background = network.background(age)
    for node, n_states in enumerate(network.n_states):
        cdf = background[node, :n_states]
        assert cdf[-1] == 1
        assert (cdf[:-1] < 1).all()
        assert (cdf > 0).all()
        assert (np.diff(cdf) > 0).all()


def test_the_background_is_kept_by_whole_years(network: Network) -> None:
    assert network.background(61.9) is network.background(61.0)


def test_wear_seen_on_images_grows_with_age(network: Network) -> None:
    node = network.node_index["xray-lumbar-degeneration"]
    young, old = (1 - network.background(age)[node, 0] for age in (25, 75))
    assert old > 2 * young


def _plain(condition: Condition) -> bool:
    return not condition.variants


def test_the_share_of_patients_with_a_finding_is_the_one_stated(
    network: Network, knowledge: Knowledge
) -> None:
    table = frequencies(network, 50.0)
    compared = 0
    for condition in filter(_plain, knowledge.conditions.values()):
        row = table[network.condition_index[condition.id]]
        for link in condition.findings:
            node = network.node_index.get(link.finding)
            if node is None or link.finding == BILATERAL:
                continue
            wanted = stated(knowledge, link)
            least = 1 - network.background(50.0)[node, 0]
            # What the background alone shows cannot be taken away again.
            assert row[node] == pytest.approx(max(wanted, least), abs=0.012), (condition.id, link)
            compared += 1
    assert compared > 500


def test_with_variants_too_the_share_is_the_one_stated(
    network: Network, knowledge: Knowledge
) -> None:
    table = frequencies(network, 50.0)
    compared = 0
    for condition in knowledge.conditions.values():
        row = table[network.condition_index[condition.id]]
        for link in condition.findings if condition.variants else ():
            node = network.node_index.get(link.finding)
            if node is None or link.finding == BILATERAL:
                continue
            least = 1 - network.background(50.0)[node, 0]
            wanted = max(stated(knowledge, link), least)
            assert row[node] == pytest.approx(wanted, abs=0.012), (condition.id, link)
            compared += 1
    assert compared > 50


def test_a_general_finding_is_at_least_as_common_as_what_implies_it(
    network: Network, knowledge: Knowledge
) -> None:
    table = frequencies(network, 50.0)
    for specific, node in network.node_index.items():
        for general in knowledge.nested[specific]:
            if general not in network.node_index or knowledge.findings[specific].graded:
                continue
            above = table[:, network.node_index[general]]
            short = np.flatnonzero(above < 0.9 * table[:, node] - 0.02)
            assert not short.size, (specific, general, [network.conditions[i] for i in short])


def test_variants_share_out_their_condition(network: Network) -> None:
    assert any(network.variants)
    for at, variants in enumerate(network.variants):
        assert [v.id for v in variants] == [v.id for v in network.condition(at).variants]
        assert not variants or sum(v.share for v in variants) == pytest.approx(1)


def test_groups_belong_to_their_condition(network: Network, knowledge: Knowledge) -> None:
    for cause, of in enumerate(network.groups_of):
        assert of
        for group in of:
            entry = network.groups[group]
            assert entry.condition == cause
            assert entry.mechanism is None or entry.mechanism in knowledge.mechanisms
            assert (entry.mechanism is None) == (entry.share_parameter < 0)
            assert 0 < entry.share <= 1


def test_every_number_in_the_tables_can_be_traced(network: Network, knowledge: Knowledge) -> None:
    acting = network.cdf[:, :, 0] < 1
    assert (network.cdf_parameter[acting] >= 0).all()
    for parameter in network.parameters:
        assert parameter.about in parameter.label
        assert parameter.quantity.origin != "evidence" or parameter.quantity.sources
        assert all(source in knowledge.evidence for source in parameter.quantity.sources)


def test_the_order_takes_parents_first(network: Network) -> None:
    place = {cause: i for i, cause in enumerate(network.order)}
    assert sorted(place) == list(range(len(network.conditions)))
    assert network.links
    assert all(place[link.parent] < place[link.child] for link in network.links)


def test_a_network_of_some_conditions_keeps_only_their_links(knowledge: Knowledge) -> None:
    small = compile_network(knowledge, only=["lumbar-spinal-stenosis", "paget-disease-of-bone"])
    assert set(small.conditions) == {"lumbar-spinal-stenosis", "paget-disease-of-bone", OTHER}
    (link,) = small.links
    assert small.conditions[link.parent] == "paget-disease-of-bone"
    assert small.conditions[link.child] == "lumbar-spinal-stenosis"


def test_an_unnamed_cause_makes_no_finding_impossible(network: Network) -> None:
    other = frequencies(network, 50.0)[network.condition_index[OTHER]]
    assert (other >= RECORDING_ERROR * 0.99).all()
    assert (other < 1).all()


# Small knowledge, for what is rare in the shipped one -----------------------------------------


def made(root: Path, **disc: Any) -> tuple[Network, Array]:
    """The network of the tiny knowledge with lines of `disc` changed, and its frequencies."""

    def change(files: Files) -> None:
        files["conditions/disc.yaml"] |= disc

    network = compile_network(load_from_yaml(tiny(root, change)))
    return network, frequencies(network, 50.0)


def effect(network: Network, mechanism: str | None, finding: str) -> float:
    """What the direct group of `disc`, or the one of a mechanism, does to a finding."""
    of = network.groups_of[network.condition_index["disc"]]
    group = next(g for g in of if network.groups[g].mechanism == mechanism)
    return float(1 - network.cdf[group, network.node_index[finding], 0])


def test_a_stated_share_is_carried_by_the_mechanism_and_the_rest_is_direct(tmp_path: Path) -> None:
    lines = [{"finding": "slr-positive", "probability": guess(0.6)}]
    network, table = made(tmp_path, findings=lines)
    disc, slr = network.condition_index["disc"], network.node_index["slr-positive"]
    assert table[disc, slr] == pytest.approx(0.6, abs=0.005)
    assert effect(network, "root", "slr-positive") == pytest.approx(0.6 / 0.9, abs=0.02)
    assert effect(network, None, "slr-positive") == pytest.approx(0, abs=0.005)


def test_a_share_above_that_of_the_mechanism_is_partly_direct(tmp_path: Path) -> None:
    lines = [{"finding": "slr-positive", "probability": guess(0.97)}]
    network, table = made(tmp_path, findings=lines)
    disc, slr = network.condition_index["disc"], network.node_index["slr-positive"]
    assert table[disc, slr] == pytest.approx(0.97, abs=0.005)
    assert effect(network, "root", "slr-positive") > 0.99
    assert effect(network, None, "slr-positive") > 0.5


@pytest.mark.parametrize(("via", "mechanism"), [("none", None), ("root", "root")])
def test_a_line_may_say_what_carries_it(via: str, mechanism: str | None, tmp_path: Path) -> None:
    lines = [{"finding": "slr-positive", "probability": guess(0.5), "via": via}]
    network, table = made(tmp_path, findings=lines)
    disc, slr = network.condition_index["disc"], network.node_index["slr-positive"]
    assert table[disc, slr] == pytest.approx(0.5, abs=0.01)
    other = "root" if mechanism is None else None
    assert effect(network, mechanism, "slr-positive") > 0.4
    assert effect(network, other, "slr-positive") == pytest.approx(0, abs=0.005)


def test_a_state_that_is_not_named_does_not_come_from_the_condition(tmp_path: Path) -> None:
    lines = [{"finding": "scan", "levels": {"bulge": guess(0.5)}}]
    network, _ = made(tmp_path, findings=lines)
    direct = network.groups_of[network.condition_index["disc"]][0]
    cdf = network.cdf[direct, network.node_index["scan"]]
    assert cdf[1] == 1
    assert cdf[0] < 0.7


def test_shares_that_leave_nothing_to_the_first_state_are_brought_below_one(
    tmp_path: Path,
) -> None:
    lines = [{"finding": "scan", "levels": {"bulge": guess(0.6), "large": guess(0.4)}}]
    network, table = made(tmp_path, findings=lines)
    scan = table[network.condition_index["disc"], network.node_index["scan"]]
    assert scan == pytest.approx(1 - RECORDING_ERROR, abs=0.003)
