"""The model of the scores: what must hold of it, and that its intervals hold what they promise."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.stimulation.phase_means import (
    Comparison,
    Posterior,
    Prior,
    Weighted,
    chance_more_days_settle,
    compare,
    posterior,
    slope,
)

PRIOR = Prior.of(1.1, 0.35)
SCORES = st.lists(st.integers(0, 10).map(float), min_size=2, max_size=12)


def held(
    before: list[float], during: list[float], start: float = 0.0, prior: Prior = PRIOR
) -> Comparison:
    times = [start + i for i in range(len(before) + len(during))]
    phases = ["baseline"] * len(before) + ["trial"] * len(during)
    return compare(posterior(times, [*before, *during], phases, prior), "baseline", "trial")


def fitted(entries: list[tuple[float, float, str]]) -> Posterior:
    return posterior(
        [time for time, _, _ in entries],
        [score for _, score, _ in entries],
        [phase for _, _, phase in entries],
        PRIOR,
    )


def close(a: Weighted, b: Weighted, within: float = 1e-6) -> bool:
    return bool(np.allclose([a.mean, *a.interval()], [b.mean, *b.interval()], atol=within))


@settings(max_examples=30, deadline=None)
@given(SCORES, SCORES, st.floats(-5000, 5000))
def test_the_calendar_does_not_matter(
    before: list[float], during: list[float], start: float
) -> None:
    assert close(held(before, during).fall(), held(before, during, start=start).fall(), 1e-3)


@settings(max_examples=30, deadline=None)
@given(SCORES, SCORES, st.sampled_from([0.1, 10.0]))
def test_a_scale_of_another_length_gives_the_same_relief(
    before: list[float], during: list[float], by: float
) -> None:
    scaled = Prior(PRIOR.top * by, PRIOR.sd * by, PRIOR.alpha, PRIOR.beta)
    other = held([s * by for s in before], [s * by for s in during], prior=scaled)
    one = held(before, during)
    assert one.chance(0.5) == pytest.approx(other.chance(0.5), abs=1e-6)
    assert one.fall().mean * by == pytest.approx(other.fall().mean, rel=1e-6, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(SCORES, SCORES)
def test_upside_down_the_fall_is_a_rise(before: list[float], during: list[float]) -> None:
    turned = held([10 - s for s in before], [10 - s for s in during])
    assert held(before, during).fall().mean == pytest.approx(-turned.fall().mean, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(SCORES, SCORES, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(
    before: list[float], during: list[float], chance: Random
) -> None:
    entries = [
        (float(i), score, "baseline" if i < len(before) else "trial")
        for i, score in enumerate([*before, *during])
    ]
    mixed = list(entries)
    chance.shuffle(mixed)
    one, other = fitted(entries), fitted(mixed)
    assert np.array_equal(one.means, other.means)
    assert np.array_equal(one.weights, other.weights)


@settings(max_examples=50, deadline=None)
@given(SCORES, SCORES, st.floats(0.0, 0.95), st.floats(0.0, 0.95))
def test_less_relief_is_never_less_probable(
    before: list[float], during: list[float], a: float, b: float
) -> None:
    result = held(before, during)
    less, more = sorted((a, b))
    assert result.chance(less) >= result.chance(more) - 1e-12
    assert result.chance(0.3) >= result.chance(0.5)
    either = result.chance(0.5, points=4.0)
    assert either >= max(result.chance(0.5), result.chance(points=4.0)) - 1e-12


@settings(max_examples=30, deadline=None)
@given(SCORES, SCORES)
def test_every_probability_and_mean_is_one(before: list[float], during: list[float]) -> None:
    result = held(before, during)
    assert result.chances.sum() == pytest.approx(1.0)
    assert 0.0 <= result.of_first().mean <= 10.0
    assert 0.0 <= result.of_second().mean <= 10.0
    low, high = result.relief().interval()
    assert low <= result.relief().quantile(0.5) <= high <= 1.0


@pytest.mark.parametrize("times", [2, 4, 8])
def test_more_of_the_same_narrows_the_interval(times: int) -> None:
    before, during = [7.0, 8.0, 6.0, 7.0], [3.0, 4.0, 2.0, 3.0]
    few, many = held(before, during), held(before * times, during * times)
    assert many.relief().sd < few.relief().sd
    assert many.fall().sd < few.fall().sd


def test_scores_that_follow_one_another_leave_more_doubt_than_independent_ones() -> None:
    slow, fast = [1.0, 1, 1, -1, -1, -1], [1.0, -1, 1, -1, 1, -1]
    following = held([7 + s for s in slow * 3], [3 + s for s in slow * 3])
    apart = held([7 + s for s in fast * 3], [3 + s for s in fast * 3])
    assert following.fall().sd > 1.5 * apart.fall().sd


def test_scores_that_are_all_equal_are_not_taken_for_certain() -> None:
    result = held([7.0] * 10, [3.0] * 10)
    low, high = result.relief().interval()
    assert high - low > 0.1


def test_scores_of_one_moment_count_as_their_mean() -> None:
    one = posterior([0, 1, 1, 2], [7, 2, 4, 3], ["baseline", "trial", "trial", "trial"], PRIOR)
    other = posterior([0, 1, 2], [7, 3, 3], ["baseline", "trial", "trial"], PRIOR)
    assert np.allclose(one.means, other.means)


def test_two_phases_that_meet_in_one_moment_do_not_break_the_model() -> None:
    result = posterior(
        [0, 1, 1, 2], [7, 7, 3, 3], ["baseline", "baseline", "trial", "trial"], PRIOR
    )
    assert np.isfinite(result.means).all()


def test_no_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="no entries"):
        posterior([], [], [], PRIOR)


def _simulated(
    rng: np.random.Generator, *, written_down: bool
) -> tuple[float, list[float], list[float]]:
    """A diary drawn from the prior, with the true relief."""
    r = rng.beta(PRIOR.alpha, PRIOR.beta)
    sd = PRIOR.sd * np.sqrt(1.678347 / rng.gamma(2.0))
    days = rng.integers(5, 15), rng.integers(4, 12)
    means = rng.uniform(4.0, 9.0), rng.uniform(1.0, 9.0)
    noise = np.empty(sum(days))
    noise[0] = rng.normal() * sd
    for i in range(1, noise.size):
        noise[i] = r * noise[i - 1] + np.sqrt(1.0 - r * r) * sd * rng.normal()
    scores = np.repeat(means, days) + noise
    if written_down:
        scores = np.clip(np.round(scores), 0.0, 10.0)
    return 1.0 - means[1] / means[0], list(scores[: days[0]]), list(scores[days[0] :])


@pytest.mark.parametrize("written_down", [False, True])
def test_nine_in_ten_intervals_hold_the_true_relief(written_down: bool) -> None:
    rng = np.random.default_rng(11)
    inside = 0
    many = 300
    for _ in range(many):
        truth, before, during = _simulated(rng, written_down=written_down)
        low, high = held(before, during).relief().interval()
        inside += low <= truth <= high
    assert 0.85 <= inside / many <= 0.95


def test_probabilities_of_half_the_pain_gone_are_calibrated() -> None:
    rng = np.random.default_rng(13)
    said, seen = [], []
    for _ in range(300):
        truth, before, during = _simulated(rng, written_down=True)
        said.append(held(before, during).chance(0.5))
        seen.append(truth >= 0.5)
    said_, seen_ = np.array(said), np.array(seen, dtype=float)
    for low, high in ((0.0, 0.1), (0.1, 0.9), (0.9, 1.01)):
        of = (said_ >= low) & (said_ < high)
        assert abs(said_[of].mean() - seen_[of].mean()) < 0.12
    assert np.mean((said_ - seen_) ** 2) < 0.15


def test_a_slope_is_found_and_none_from_two_days() -> None:
    assert slope([0, 1], [7, 6], PRIOR) is None
    found = slope(list(range(10)), [9 - 0.5 * i for i in range(10)], PRIOR)
    assert found is not None
    low, high = found.interval()
    assert low <= -0.5 <= high < 0.0


def test_the_chance_of_being_settled_agrees_with_going_on() -> None:
    """The closed form against diaries that are continued from the posterior and fitted again."""
    rng = np.random.default_rng(5)
    before = [7.0, 8, 7, 6, 8, 7, 7, 8, 6, 7, 7, 8, 7, 7]
    during = [4.0, 3, 3, 2, 4, 3]
    times = list(range(len(before) + len(during)))
    phases = ["baseline"] * len(before) + ["trial"] * len(during)
    after = posterior(times, before + during, phases, PRIOR)
    told = chance_more_days_settle(after, 0.5, (1.0, 1.0), [5, 20], 0.9)
    shape = after.freedom / 2.0
    correlations = (np.arange(after.weights.size) + 0.5) / (after.weights.size + 1.0)
    for count, chance in told.items():
        settled = 0
        for _ in range(150):
            k = rng.choice(after.weights.size, p=after.weights)
            r, rate = correlations[k], after.variance[k] * (shape - 1.0)
            variance = rate / rng.gamma(shape)
            means = rng.multivariate_normal(
                after.means[k], after.scale[k] * shape / rate * variance
            )
            error, new = during[-1] - means[1], []
            for _ in range(count):
                error = r * error + np.sqrt((1.0 - r * r) * variance) * rng.normal()
                new.append(float(means[1] + error))
            sure = held(before, during + new).chance(0.5)
            settled += not 0.1 < sure < 0.9
        assert settled / 150 == pytest.approx(chance, abs=0.13)
