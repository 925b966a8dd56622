"""The measures against slow formulas written another way."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural.knowledge.model import AlertUrgency, Urgency
from crural.validation.metrics import (
    BIN_EDGES,
    AlertOutcome,
    Scored,
    Share,
    Z,
    alert_is_enough,
    alert_scores,
    brier,
    brier_sum,
    calibration,
    leading,
    performance,
    rank_of,
    ranking,
    wilson,
)

CAUSES = ("a", "b", "c", "d", "e", "f", "g")
# Few distinct values, so that ties are common.
PROBABILITY = st.one_of(
    st.sampled_from([0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 0.9, 1.0]), st.floats(0, 1)
)


@st.composite
def scored(draw: st.DrawFn) -> Scored:
    probability = {cause: draw(PROBABILITY) for cause in CAUSES}
    truth = draw(st.sampled_from(CAUSES))
    also = draw(st.frozensets(st.sampled_from(CAUSES), max_size=3))
    return Scored(probability, truth, also - {truth})


PATIENTS = st.lists(scored(), max_size=8)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_ends_of_wilsons_interval_are_where_the_score_test_just_fails(
    one: int, other: int
) -> None:
    hits, n = min(one, other), max(one, other, 1)
    low, high = wilson(hits, n)

    def score(p: float) -> float:
        return (hits / n - p) ** 2 - Z * Z * p * (1 - p) / n

    assert 0 <= low <= hits / n <= high <= 1
    assert score(low) == pytest.approx(0, abs=1e-12)
    assert score(high) == pytest.approx(0, abs=1e-12)


def test_wilsons_interval_agrees_with_a_published_one() -> None:
    # Newcombe 1998, Stat Med 17:857, table I: 15 of 148.
    low, high = wilson(15, 148)
    assert (round(low, 4), round(high, 4)) == (0.0624, 0.1605)


def test_nobody_to_count_gives_no_share_and_no_certainty() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3)])
def test_more_hits_than_patients_are_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        wilson(hits, n)


@given(scored())
def test_a_place_is_the_last_of_its_tie_in_the_sorted_list(patient: Scored) -> None:
    ordered = sorted(patient.probability.values(), reverse=True)
    own = patient.probability[patient.truth]
    last = max(i for i, p in enumerate(ordered, start=1) if p == own)
    assert rank_of(patient.probability, patient.truth) == last


def test_a_method_that_tells_nothing_apart_is_never_right() -> None:
    patients = [Scored(dict.fromkeys(CAUSES, 0.2), truth) for truth in CAUSES]
    assert ranking(patients).top5.hits == 0


@given(scored(), st.integers(1, 7))
def test_the_leading_causes_are_the_head_of_the_sorted_list(patient: Scored, most: int) -> None:
    head = leading(patient.probability, most)
    assert len(head) == most
    rest = [p for cause, p in patient.probability.items() if cause not in dict(head)]
    assert all(p >= q for (_, p), (_, q) in itertools.pairwise(head))
    assert all(p <= head[-1][1] for p in rest)


@given(PATIENTS)
def test_the_ranking_is_that_of_the_places_one_by_one(patients: list[Scored]) -> None:
    found = ranking(patients)
    places = []
    best_places = []
    for patient in patients:
        place = {
            cause: 1 + sum(q >= p for other, q in patient.probability.items() if other != cause)
            for cause, p in patient.probability.items()
        }
        places.append(place[patient.truth])
        best_places.append(min(place[c] for c in CAUSES if c in patient.true_causes))
    assert [found.top1.hits, found.top3.hits, found.top5.hits] == [
        sum(place in range(1, most + 1) for place in places) for most in (1, 3, 5)
    ]
    assert found.top1_any.hits == best_places.count(1)
    assert found.top3_any.hits == sum(place < 4 for place in best_places)
    assert found.top1.n == len(patients)
    if not patients:
        assert found.mrr is None
        assert found.log_score is None
        return
    assert found.mrr == pytest.approx(sum(1 / p for p in places) / len(places))
    product = math.prod(max(p.probability[p.truth], 1e-9) for p in patients)
    assert math.exp(-len(patients) * (found.log_score or 0)) == pytest.approx(product)


@given(scored())
def test_brier_is_the_mean_square_over_causes_that_are_named_or_true(patient: Scored) -> None:
    total, count = 0.0, 0
    for cause in CAUSES:
        p = patient.probability[cause]
        if cause == patient.truth or cause in patient.also:
            total, count = total + (1 - p) * (1 - p), count + 1
        elif not p < 0.01:
            total, count = total + p * p, count + 1
    assert brier(patient) == pytest.approx(total / count)


@given(scored())
def test_the_brier_sum_is_the_squared_distance_to_the_truth(patient: Scored) -> None:
    said = [patient.probability[c] for c in CAUSES]
    true = [float(c in patient.also or c == patient.truth) for c in CAUSES]
    assert brier_sum(patient) == pytest.approx(math.dist(said, true) ** 2)


def _slow_bins(patients: Sequence[Scored]) -> dict[int, list[tuple[float, bool]]]:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for patient in patients:
        for cause in CAUSES:
            p = patient.probability[cause]
            at = min(bisect_right(BIN_EDGES, p) - 1, len(BIN_EDGES) - 2)
            if at >= 0:
                bins.setdefault(at, []).append((p, cause in patient.true_causes))
    return bins


@given(PATIENTS)
def test_calibration_counts_every_statement_once_in_its_bin(patients: list[Scored]) -> None:
    found = calibration(patients)
    slow = _slow_bins(patients)
    assert [(b.low, b.observed.n, b.observed.hits) for b in found.bins] == [
        (BIN_EDGES[i], len(slow[i]), sum(y for _, y in slow[i])) for i in sorted(slow)
    ]
    assert all(b.low - 1e-12 <= b.mean <= b.high + 1e-12 for b in found.bins)
    assert found.n == sum(map(len, slow.values()))


@given(PATIENTS)
def test_the_calibration_error_is_the_weighted_distance_of_said_and_seen(
    patients: list[Scored],
) -> None:
    found = calibration(patients)
    slow = _slow_bins(patients)
    n = sum(map(len, slow.values()))
    if n == 0:
        assert found.ece is None
        return
    error = sum(abs(sum(p - y for p, y in statements)) for statements in slow.values()) / n
    assert found.ece == pytest.approx(error)
    assert 0 <= error <= 1


def test_the_performance_ranks_those_in_scope_and_scores_everybody() -> None:
    right = Scored({"a": 0.9, "b": 0.1}, "a")
    outside = Scored({"a": 0.9, "b": 0.1}, "b")
    found = performance([right], [right, outside])
    assert found.ranking.top1 == Share(1, 1)
    assert found.brier == pytest.approx((0.01 + 0.81) / 2)
    assert found.brier_sum == pytest.approx((0.02 + 1.62) / 2)
    assert found.calibration.n == 4


@pytest.mark.parametrize(
    ("urgency", "alerts", "enough"),
    [
        ("emergency", (), False),
        ("emergency", ("two-weeks",), False),
        ("emergency", ("two-weeks", "same-day"), True),
        ("emergency", ("emergency",), True),
        ("urgent", (), False),
        ("urgent", ("two-weeks",), True),
        ("urgent", ("emergency",), True),
        ("routine", (), True),
        ("routine", ("two-weeks",), True),
        ("routine", ("same-day",), False),
        ("routine", ("two-weeks", "emergency"), False),
    ],
)
def test_alerts_fit_the_urgency(
    urgency: Urgency, alerts: tuple[AlertUrgency, ...], enough: bool
) -> None:
    assert alert_is_enough(urgency, alerts) is enough


URGENCIES: tuple[Urgency, ...] = ("routine", "urgent", "emergency")
RAISED: tuple[AlertUrgency, ...] = ("emergency", "same-day", "two-weeks")
OUTCOME = st.builds(
    AlertOutcome,
    st.sampled_from(URGENCIES),
    st.lists(st.sampled_from(RAISED), max_size=2).map(tuple),
    st.lists(st.sampled_from(RAISED), max_size=2).map(tuple),
    st.booleans(),
)


@given(st.lists(OUTCOME, max_size=10))
def test_alert_scores_count_each_patient_in_the_right_group(outcomes: list[AlertOutcome]) -> None:
    found = alert_scores(outcomes)
    emergency = urgent = asked = about = calm = silent = 0
    for o in outcomes:
        now = "emergency" in o.raised or "same-day" in o.raised
        now_or_asked = now or "emergency" in o.open or "same-day" in o.open
        if o.urgency == "emergency":
            emergency += now
            asked += now_or_asked
        elif o.urgency == "urgent":
            urgent += len(o.raised) > 0
            asked += len(o.raised) + len(o.open) > 0
        else:
            calm += not now
            silent += o.raised == ()
        about += o.about_truth and o.urgency != "routine"
    count = [o.urgency for o in outcomes].count
    assert found.sensitivity_emergency == Share(emergency, count("emergency"))
    assert found.sensitivity_urgent == Share(urgent, count("urgent"))
    pressing = count("emergency") + count("urgent")
    assert found.sensitivity == Share(emergency + urgent, pressing)
    assert found.asked == Share(asked, pressing)
    assert found.about_truth == Share(about, pressing)
    assert found.specificity == Share(calm, count("routine"))
    assert found.specificity_any == Share(silent, count("routine"))
