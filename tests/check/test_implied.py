"""What the network implies, held against what was published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.check.implied import (
    TOLERANCE,
    Implied,
    Interval,
    _OtherCauses,
    against_others_among,
    alone,
    frequencies_alone,
    implied_by,
    interval_of,
    parameters_among,
    setting_of,
    wilson,
    within_share,
)
from crural.diagnosis.inference import posterior
from crural.diagnosis.network import OTHER, Network, compile_network
from crural.diagnosis.problem import Case, Problem, case_of
from crural.facts import Fact, Facts
from crural.knowledge.evidence import Evidence
from crural.knowledge.loader import load_from_yaml
from crural.record import Record
from tests.knowledge.tiny import Files, cited, entry, guess, tiny

Change = Callable[[Files], None]


def network(root: Path, change: Change | None = None) -> Network:
    return compile_network(load_from_yaml(tiny(root, change)))


def weakened(net: Network) -> Network:
    """A network whose causes bring everything half as often as they should."""
    return replace(net, cdf=1 - (1 - net.cdf) / 2)


def row(rows: tuple[Implied, ...], **wanted: object) -> Implied:
    """The one row with these fields."""
    found = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
    assert len(found) == 1, found
    return found[0]


@lru_cache(maxsize=1)
def _record() -> Record:
    return Record(age=50, sex="female", side=None, setting="specialist")


def case(net: Network, finding: str, state: int) -> Case:
    """The problem of a patient of whom one finding is known."""
    fact = Fact(finding, "here", state, stated=True, why="test")
    return case_of(net, Facts(_record(), net.knowledge, {(finding, "here"): fact}))


def only(problem: Problem, cause: int) -> Problem:
    """The problem with one cause, which is certain."""
    return replace(
        problem,
        names=(problem.names[cause],),
        order=(0,),
        prior=np.ones(1),
        acts=(problem.acts[cause],),
        links=(),
    )


class TestAgainstTheEngine:
    @pytest.mark.parametrize("name", ["disc", "slip", OTHER])
    def test_one_cause_alone_gives_what_exact_inference_gives(
        self, name: str, tmp_path: Path
    ) -> None:
        net = network(tmp_path)
        i = net.condition_index[name]
        table = alone(net, i)
        for node, finding in enumerate(net.nodes):
            for state in range(net.n_states[node]):
                exact = posterior(only(case(net, finding, state).problem, i)).evidence
                below = table[node, state - 1] if state else 0.0
                assert table[node, state] - below == pytest.approx(exact, abs=1e-12)

    def test_a_variant_alone_gives_its_share_of_the_evidence(self, tmp_path: Path) -> None:
        net = network(tmp_path)
        i, node = net.condition_index["slip"], net.node_index["slr-positive"]
        found = posterior(only(case(net, "slr-positive", 1).problem, i))
        for v, variant in enumerate(net.variants[i]):
            exact = found.variants[0][v] * found.evidence / variant.share
            assert 1 - alone(net, i, v)[node, 0] == pytest.approx(exact, abs=1e-12)

    @pytest.mark.parametrize(
        ("finding", "state"), [("slr-positive", 1), ("scan", 2), ("pain-bilateral", 1)]
    )
    def test_other_leg_pain_is_the_network_without_the_condition(
        self, finding: str, state: int, tmp_path: Path
    ) -> None:
        net = network(tmp_path)
        node = net.node_index[finding]
        below = _OtherCauses(net).below(node, state, "specialist")
        found = [posterior(case(net, finding, k).problem) for k in range(net.n_states[node])]
        for i in range(len(net.conditions)):
            absent = [f.evidence * (1 - f.probability[i]) for f in found]
            assert below[i] == pytest.approx(sum(absent[:state]) / sum(absent), abs=1e-12)


class TestIntervals:
    def entry(self, **more: object) -> Evidence:
        return Evidence.model_validate(
            {"id": "e", "kind": "accuracy", "source": {"title": "A study", "year": 2000}, **more}
        )

    def test_the_published_interval_comes_first(self) -> None:
        entry = self.entry(n=10, sensitivity={"value": 0.5, "ci": [0.3, 0.7]})
        assert interval_of(entry, "sensitivity") == (0.3, 0.7, "published")

    def test_then_one_from_the_number_of_patients(self) -> None:
        entry = self.entry(n=10, frequency={"value": 0.0})
        found = interval_of(entry, "frequency")
        assert found.kind == "from n"
        # Wilson's interval of none in ten, as in the tables.
        assert (found.low, found.high) == pytest.approx((0.0, 0.2775), abs=1e-4)

    def test_else_a_stated_tolerance(self) -> None:
        entry = self.entry(frequency={"value": 0.4}, lr_positive={"value": 3.0}, n=None)
        assert interval_of(entry, "frequency") == pytest.approx(
            (0.4 - TOLERANCE, 0.4 + TOLERANCE, "tolerance")
        )
        assert interval_of(entry, "lr-positive") == (2.0, 4.5, "tolerance")
        # The number of patients gives no interval of a ratio.
        assert interval_of(self.entry(lr_positive={"value": 3.0}, n=9), "lr-positive").kind == (
            "tolerance"
        )

    @given(st.floats(0, 1), st.integers(1, 10_000))
    def test_wilson_holds_the_share_inside_zero_and_one(self, share: float, n: int) -> None:
        low, high = wilson(share, n)
        assert 0 <= low <= share + 1e-12
        assert share - 1e-12 <= high <= 1

    def test_bounds_belong_to_the_interval(self) -> None:
        interval = Interval(0.2, 0.4, "published")
        assert [interval.holds(x) for x in (0.19, 0.2, 0.4, 0.41)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("population", "setting"),
    [
        ("adults with sciatica in primary care", "primary-care"),
        ("general population aged 40 to 79", "primary-care"),
        ("emergency department, suspected cauda equina", "emergency"),
        ("spine clinic", "specialist"),
        (None, "specialist"),
    ],
)
def test_the_setting_is_read_from_the_population(population: str | None, setting: str) -> None:
    assert setting_of(population) == setting


class TestComparison:
    def test_a_cited_sensitivity_comes_out_as_published(self, tmp_path: Path) -> None:
        found = row(implied_by(network(tmp_path)), entry="slr-accuracy", figure="sensitivity")
        assert (found.role, found.condition, found.finding) == ("parameter", "disc", "slr-positive")
        assert found.implied == pytest.approx(0.7)
        assert found.inside
        assert found.reason == ""

    def test_a_share_of_a_state_is_about_that_state(self, tmp_path: Path) -> None:
        found = row(implied_by(network(tmp_path)), entry="scan-shares")
        assert (found.state, found.interval.kind) == ("large", "from n")
        assert found.implied == pytest.approx(0.4)

    def test_specificity_and_ratios_follow_from_the_other_causes(self, tmp_path: Path) -> None:
        net = network(tmp_path)
        rows = implied_by(net)
        specificity = row(rows, entry="slr-accuracy", figure="specificity")
        below = _OtherCauses(net).below(net.node_index["slr-positive"], 1, "specialist")
        assert specificity.implied == pytest.approx(below[net.condition_index["disc"]])
        assert specificity.role == "beside"
        ratio = row(rows, entry="slr-accuracy", figure="lr-positive")
        assert ratio.implied == pytest.approx(0.7 / (1 - specificity.implied))

    def test_other_causes_that_share_a_finding_are_named(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "slr-accuracy")["specificity"] = {"value": 0.99, "ci": [0.98, 1.0]}

        found = row(implied_by(network(tmp_path, change)), figure="specificity")
        assert not found.inside
        assert "comparison group differs" in found.reason
        assert "slip" in found.reason

    def test_a_background_above_the_published_figure_is_the_reason(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "slr-positive")["background"] = guess(0.9, 0.8, 0.95)
            entry(files, "slr-below-30")["background"] = guess(0.1)

        found = row(
            implied_by(network(tmp_path, change)), entry="slr-accuracy", figure="sensitivity"
        )
        assert not found.inside
        assert found.implied == pytest.approx(0.9, abs=0.01)
        assert "background at age 50 is 0.9" in found.reason

    def test_a_variant_is_compared_in_that_variant(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            files["conditions/slip.yaml"]["variants"][1]["findings"] = [
                {"finding": "slr-positive", "probability": cited("slr-second", "sensitivity")}
            ]

        found = row(implied_by(network(tmp_path, change)), entry="slr-second", condition="slip")
        assert (found.variant, found.interval.kind) == ("low", "tolerance")
        assert found.implied == pytest.approx(0.5)

    def test_what_a_variant_states_outranks_what_all_variants_share(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            slip = files["conditions/slip.yaml"]
            slip["mechanisms"] = [{"mechanism": "root", "probability": guess(0.9)}]
            slip["variants"][0] = {"id": "high", "name": "high slip", "share": guess(0.4)}
            slip["variants"][1]["findings"] = [
                {"finding": "slr-positive", "probability": cited("slr-second", "sensitivity")}
            ]

        found = row(implied_by(network(tmp_path, change)), entry="slr-second", condition="slip")
        assert found.implied == pytest.approx(0.5)

    def test_a_network_that_brings_too_little_is_told_by_what_carries_the_finding(
        self, tmp_path: Path
    ) -> None:
        found = row(
            implied_by(weakened(network(tmp_path))), entry="slr-accuracy", figure="sensitivity"
        )
        assert found.implied < 0.6
        assert found.reason.startswith("more than the mechanism can carry: root")

    def test_mechanisms_that_overlap_in_a_variant_are_named(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            slip = files["conditions/slip.yaml"]
            slip["variants"][0]["mechanisms"].append(
                {"mechanism": "second-root", "probability": guess(0.5)}
            )
            slip["findings"].append(
                {"finding": "slr-positive", "probability": cited("slr-second", "sensitivity")}
            )
            files["mechanisms/second-root.yaml"] = {
                **files["mechanisms/root.yaml"],
                "id": "second-root",
            }

        found = row(
            implied_by(weakened(network(tmp_path, change))),
            entry="slr-second",
            condition="slip",
            figure="sensitivity",
        )
        assert "overlap" in found.reason
        assert "root (high)" in found.reason
        assert "second-root (high)" in found.reason

    def test_a_background_in_higher_states_takes_from_a_lower_one(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            files["conditions/disc.yaml"]["findings"][2]["levels"] = {
                "bulge": cited("scan-shares", "frequency"),
                "large": guess(0.05),
            }
            levels = entry(files, "scan")["background"]["levels"]
            levels["bulge"], levels["large"] = guess(0.1), guess(0.7)

        found = row(implied_by(network(tmp_path, change)), entry="scan-shares", state="bulge")
        assert found.implied < 0.2
        assert "puts 0.7 into higher states" in found.reason

    def test_nothing_is_as_certain_as_some_published_figures(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "slr-accuracy")["sensitivity"] = {"value": 0.9995, "ci": [0.999, 1.0]}
            entry(files, "slr-positive")["background"] = None

        found = row(
            implied_by(network(tmp_path, change)), entry="slr-accuracy", figure="sensitivity"
        )
        assert found.reason == "nothing is more certain than 1 - 0.003 (mis-recorded facts)"

    def test_a_background_below_the_recording_error_is_kept_there(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "scan-shares")["frequency"] = {"value": 0.0001, "ci": [0.00005, 0.0002]}
            entry(files, "sign-a")["background"] = cited("scan-shares", "frequency")

        found = row(implied_by(network(tmp_path, change)), entry="scan-shares", finding="sign-a")
        assert found.implied == pytest.approx(0.003)
        assert "every finding stays possible" in found.reason

    def test_a_condition_that_brings_too_much_is_told_by_what_brings_it(
        self, tmp_path: Path
    ) -> None:
        def change(files: Files) -> None:
            entry(files, "scan-shares")["frequency"] = {"value": 0.0001, "ci": [0.00005, 0.0002]}
            files["conditions/slip.yaml"]["findings"].append(
                {"finding": "slr-below-30", "probability": cited("scan-shares", "frequency")}
            )
            entry(files, "slr-below-30")["background"] = None

        found = row(
            implied_by(network(tmp_path, change)), entry="scan-shares", finding="slr-below-30"
        )
        assert not found.inside
        assert "background" in found.reason

    def test_likelihood_ratios_of_absence_are_compared(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "slr-accuracy")["lr_negative"] = {"value": 0.3, "ci": [0.2, 0.5]}

        rows = implied_by(network(tmp_path, change))
        specificity = row(rows, entry="slr-accuracy", figure="specificity").implied
        negative = row(rows, entry="slr-accuracy", figure="lr-negative")
        assert negative.implied == pytest.approx(0.3 / specificity)

    def test_a_cited_frequency_is_followed_instead_of_a_sensitivity_beside_it(
        self, tmp_path: Path
    ) -> None:
        def change(files: Files) -> None:
            entry(files, "slr-accuracy")["frequency"] = {"value": 0.2, "ci": [0.1, 0.3]}

        found = row(implied_by(network(tmp_path, change)), entry="slr-accuracy", figure="frequency")
        assert found.role == "beside"
        assert found.reason == "the network follows an estimate"

    def test_a_derived_number_is_held_against_its_own_interval(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            files["conditions/disc.yaml"]["findings"].append(
                {
                    "finding": "sign-a",
                    "probability": {
                        "derived": "a / 2",
                        "where": {"a": cited("scan-shares", "frequency")},
                    },
                }
            )

        found = row(implied_by(network(tmp_path, change)), figure="derived")
        assert (found.role, found.entry, found.interval.kind) == (
            "derivation",
            "scan-shares",
            "derived",
        )
        assert found.published == pytest.approx(0.2)
        assert found.implied == pytest.approx(0.2)

    def test_a_background_is_compared_at_an_age_of_its_band(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "sign-a")["background"] = {
                "by_age": {"0-59": guess(0.02), "60+": cited("scan-shares", "frequency")}
            }

        found = row(implied_by(network(tmp_path, change)), entry="scan-shares", finding="sign-a")
        assert found.condition == "background"
        assert found.implied == pytest.approx(0.4)

    def test_leg_pain_from_an_unnamed_cause_is_compared_too(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            entry(files, "pain-deep")["otherwise"] = cited("scan-shares", "frequency")

        found = row(implied_by(network(tmp_path, change)), entry="scan-shares", finding="pain-deep")
        assert found.condition == OTHER
        assert found.inside

    def test_entries_set_aside_are_shown_with_what_is_followed_instead(
        self, tmp_path: Path
    ) -> None:
        found = row(implied_by(network(tmp_path)), entry="slr-second", figure="sensitivity")
        assert found.role == "set aside"
        assert not found.inside
        assert found.reason == "the network follows slr-accuracy"

    def test_uncited_entries_about_a_cited_pair_are_matched(self, tmp_path: Path) -> None:
        def change(files: Files) -> None:
            files["conditions/disc.yaml"]["findings"][0]["probability"].pop("also")

        found = row(implied_by(network(tmp_path, change)), entry="slr-second")
        # Case and spacing of the words do not matter.
        assert found.role == "matched"
        assert found.finding == "slr-positive"

    def test_a_figure_lent_from_another_condition_is_no_accuracy_of_this_one(
        self, tmp_path: Path
    ) -> None:
        def change(files: Files) -> None:
            files["conditions/slip.yaml"]["findings"].append(
                {
                    "finding": "slr-below-30",
                    "probability": cited("slr-accuracy", "false-positive-rate"),
                }
            )

        rows = [r for r in implied_by(network(tmp_path, change)) if r.condition == "slip"]
        assert [(r.role, r.figure) for r in rows] == [("parameter", "false-positive-rate")]
        assert rows[0].implied == pytest.approx(0.1)

    def test_every_miss_has_a_reason_and_no_hit_has_one(self, tmp_path: Path) -> None:
        rows = implied_by(network(tmp_path))
        assert all(bool(r.reason) != r.inside for r in rows)


class TestShares:
    def rows(self, tmp_path: Path) -> tuple[Implied, ...]:
        return implied_by(network(tmp_path))

    def test_each_figure_counts_once_and_must_be_inside_wherever_it_is_cited(
        self, tmp_path: Path
    ) -> None:
        good = parameters_among(self.rows(tmp_path))[0]
        bad = replace(good, condition="slip", implied=0.01)
        assert within_share([good, good]) == (1, 1)
        assert within_share([good, bad]) == (0, 1)
        assert within_share([]) == (0, 0)

    def test_figures_without_an_interval_are_counted_apart(self, tmp_path: Path) -> None:
        rows = self.rows(tmp_path)
        parameters = parameters_among(rows)
        assert within_share(parameters) == (2, 2)
        assert within_share(parameters, tolerance=True) == (0, 0)
        loose = replace(parameters[0], interval=Interval(0.0, 1.0, "tolerance"))
        assert within_share([loose]) == (0, 0)
        assert within_share([loose], tolerance=True) == (1, 1)

    def test_only_cited_entries_count_against_other_causes(self, tmp_path: Path) -> None:
        rows = against_others_among(self.rows(tmp_path))
        assert {(r.entry, r.figure) for r in rows} == {
            ("slr-accuracy", "specificity"),
            ("slr-accuracy", "lr-positive"),
        }


def test_a_condition_is_named_with_the_frequency_of_every_finding(tmp_path: Path) -> None:
    net = network(tmp_path)
    table = frequencies_alone(net)
    assert set(table) == {"disc", "slip"}
    assert table["disc"][net.node_index["slr-positive"]] == pytest.approx(0.7)
