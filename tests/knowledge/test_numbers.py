"""Numbers: three ways of writing one, and what each stands for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from crural.knowledge.evidence import Evidence
from crural.knowledge.numbers import (
    BETWEEN_STUDY_LOGIT_SD,
    UNPUBLISHED_LOGIT_SD,
    Derived,
    Estimate,
    FromEvidence,
    Number,
    NumberError,
    Quantity,
    Scale,
    evaluate,
    expit,
    logit,
    resolve,
)

NUMBER: TypeAdapter[Number] = TypeAdapter(Number)
inner = st.floats(0.001, 0.999)


def entry(**more: Any) -> Evidence:
    return Evidence.model_validate(
        {"id": "e", "kind": "accuracy", "source": {"title": "A study", "year": 2000}, **more}
    )


def resolved(raw: object, scale: Scale = "probability", **figures: Any) -> Quantity:
    return resolve(NUMBER.validate_python(raw), {"e": entry(**figures)}, scale)


def problem(raw: object, scale: Scale = "probability", **figures: Any) -> str:
    with pytest.raises(NumberError) as caught:
        resolved(raw, scale, **figures)
    return str(caught.value)


class TestWriting:
    @pytest.mark.parametrize(
        ("raw", "kind"),
        [
            ({"evidence": "e", "of": "sensitivity"}, FromEvidence),
            ({"estimate": 0.2, "range": [0.1, 0.3], "because": "a guess"}, Estimate),
            ({"derived": "1 - a", "where": {}}, Derived),
        ],
    )
    def test_the_key_tells_which_of_the_three_ways_is_meant(
        self, raw: object, kind: type[object]
    ) -> None:
        assert isinstance(NUMBER.validate_python(raw), kind)

    @pytest.mark.parametrize(
        "raw",
        [
            0.5,
            {"estimate": 0.5, "range": [0.6, 0.7], "because": "outside its range"},
            {"estimate": 0.5, "range": [0.5, 0.5], "because": "no width"},
            {"estimate": 0.5, "range": [0.4, 0.6]},
            {"estimate": 0.5, "range": [0.4, 0.6], "because": ""},
            {"evidence": "e"},
            {"evidence": "e", "of": "colour"},
            {"evidence": "e", "of": "value", "typo": 1},
        ],
    )
    def test_what_is_not_a_traceable_number_is_refused(self, raw: object) -> None:
        with pytest.raises(ValidationError):
            NUMBER.validate_python(raw)


class TestEstimate:
    @given(inner, inner, inner)
    def test_keeps_its_guess_and_range_and_spreads_over_nine_tenths(
        self, a: float, b: float, c: float
    ) -> None:
        low, middle, high = sorted((a, b, c))
        assume(low < high)
        found = resolved({"estimate": middle, "range": [low, high], "because": "a guess"})
        assert (found.value, found.low, found.high) == (middle, low, high)
        assert found.origin == "estimate"
        assert found.sources == ()
        assert found.spread == pytest.approx((logit(high) - logit(low)) / (2 * 1.6449))

    def test_may_not_leave_its_scale(self) -> None:
        wide = {"estimate": 0.5, "range": [-0.1, 0.9], "because": "a guess"}
        assert "leaves the scale of a probability" in problem(wide)
        assert resolved(wide, "real").low == -0.1
        certain = {"estimate": 1.0, "range": [0.9, 1.0], "because": "a guess"}
        assert "inside (0, 1)" in problem(certain)
        assert "ratio must be above 0" in problem(
            {"estimate": 0, "range": [0, 1], "because": "a guess"}, "ratio"
        )


class TestFromEvidence:
    def test_takes_value_and_interval_and_names_the_source(self) -> None:
        found = resolved(
            {"evidence": "e", "of": "sensitivity", "because": "nearest population"},
            sensitivity={"value": 0.7, "ci": [0.6, 0.8]},
        )
        assert (found.value, found.low, found.high) == (0.7, 0.6, 0.8)
        assert (found.origin, found.sources) == ("evidence", ("e",))
        assert found.because == "nearest population"

    def test_a_false_positive_rate_is_what_the_specificity_leaves(self) -> None:
        found = resolved(
            {"evidence": "e", "of": "false-positive-rate"},
            specificity={"value": 0.9, "ci": [0.85, 0.97]},
        )
        assert found.value == pytest.approx(0.1)
        assert (found.low, found.high) == pytest.approx((0.03, 0.15))

    @given(inner, st.integers(1, 5000))
    def test_more_patients_make_a_share_surer_but_never_surer_than_studies_agree(
        self, share: float, n: int
    ) -> None:
        raw = {"evidence": "e", "of": "frequency"}
        few = resolved(raw, frequency={"value": share}, n=n)
        many = resolved(raw, frequency={"value": share}, n=2 * n)
        assert BETWEEN_STUDY_LOGIT_SD < many.spread < few.spread
        assert 0 < few.low < share < few.high < 1

    def test_without_n_and_interval_the_spread_is_that_of_a_small_study(self) -> None:
        found = resolved({"evidence": "e", "of": "frequency"}, frequency={"value": 0.3})
        assert found.spread == pytest.approx(
            math.hypot(UNPUBLISHED_LOGIT_SD, BETWEEN_STUDY_LOGIT_SD)
        )

    @pytest.mark.parametrize(("published", "n", "kept"), [(1.0, 49, 0.99), (0.0, 24, 0.02)])
    def test_a_published_all_or_nothing_moves_inside_by_half_a_patient(
        self, published: float, n: int, kept: float
    ) -> None:
        found = resolved({"evidence": "e", "of": "frequency"}, frequency={"value": published}, n=n)
        assert found.value == pytest.approx(kept)

    def test_a_ratio_spreads_on_the_log_scale(self) -> None:
        raw = {"evidence": "e", "of": "lr-positive"}
        found = resolved(raw, "ratio", lr_positive={"value": 4.0, "ci": [2.0, 8.0]})
        assert found.spread == pytest.approx(math.log(4) / (2 * 1.96))
        bare = resolved(raw, "ratio", lr_positive={"value": 4.0})
        assert bare.low < 4.0 < bare.high
        assert bare.low * bare.high == pytest.approx(16.0)

    def test_a_real_value_uses_its_range(self) -> None:
        raw = {"evidence": "e", "of": "value"}
        found = resolved(raw, "real", value=10.0, range=[6.0, 14.0])
        assert (found.value, found.low, found.high) == (10.0, 6.0, 14.0)
        assert resolved(raw, "real", value=10.0).spread == pytest.approx(2.5)

    @pytest.mark.parametrize(
        ("raw", "figures", "words"),
        [
            ({"evidence": "x", "of": "frequency"}, {}, "no evidence entry is called 'x'"),
            ({"evidence": "e", "of": "frequency"}, {}, "has no frequency"),
            ({"evidence": "e", "of": "effect"}, {"effect": {"measure": "OR"}}, "has no effect"),
            ({"evidence": "e", "of": "value"}, {"value": "much"}, "has no value"),
            ({"evidence": "e", "of": "value"}, {"kind": "hole"}, "is a named hole"),
            (
                {"evidence": "e", "of": "frequency"},
                {"frequency": {"value": 0.5}, "traced": False},
                "not traced to a publication",
            ),
            (
                {"evidence": "e", "of": "frequency", "also": ["y"]},
                {"frequency": {"value": 0.5}},
                "no evidence entry is called 'y'",
            ),
        ],
    )
    def test_a_figure_that_is_not_there_cannot_be_cited(
        self, raw: object, figures: dict[str, Any], words: str
    ) -> None:
        assert words in problem(raw, **figures)


class TestDerived:
    @given(inner, inner)
    def test_is_the_arithmetic_over_its_parts(self, a: float, b: float) -> None:
        found = resolved(
            {
                "derived": "a * b",
                "where": {
                    "a": {"evidence": "e", "of": "sensitivity"},
                    "b": {"evidence": "e", "of": "frequency"},
                },
            },
            sensitivity={"value": a},
            frequency={"value": b},
        )
        assert found.value == pytest.approx(a * b)
        assert (found.origin, found.sources) == ("derived", ("e", "e"))
        assert 0 < found.low < found.value < found.high < 1

    def test_a_derivation_from_one_figure_is_as_uncertain_as_the_figure(self) -> None:
        raw = {"evidence": "e", "of": "specificity"}
        figure = {"value": 0.9, "ci": [0.8, 0.95]}
        part = resolved(raw, specificity=figure)
        whole = resolved({"derived": "1 - spec", "where": {"spec": raw}}, specificity=figure)
        assert whole.spread == pytest.approx(part.spread)

    def test_from_estimates_alone_it_has_no_source(self) -> None:
        part = {"estimate": 0.4, "range": [0.2, 0.6], "because": "a guess"}
        assert resolved({"derived": "a / 2", "where": {"a": part}}).sources == ()

    def test_must_come_out_on_its_scale(self) -> None:
        part = {"estimate": 0.4, "range": [0.2, 0.6], "because": "a guess"}
        assert "inside (0, 1)" in problem({"derived": "3 * a", "where": {"a": part}})

    def test_a_likelihood_ratio_can_be_a_part(self) -> None:
        found = resolved(
            {
                "derived": "min(lr * (1 - spec), 0.9)",
                "where": {
                    "lr": {"evidence": "e", "of": "lr-positive"},
                    "spec": {"evidence": "e", "of": "specificity"},
                },
            },
            lr_positive={"value": 4.0},
            specificity={"value": 0.8},
        )
        assert found.value == pytest.approx(0.8)

    def test_derivations_nest(self) -> None:
        part = {"derived": "0.5", "where": {}}
        assert resolved({"derived": "a * a", "where": {"a": part}}).value == 0.25


numbers = st.floats(-1e3, 1e3)


class TestArithmetic:
    @given(numbers, numbers)
    def test_adds_and_multiplies_as_python_does(self, a: float, b: float) -> None:
        names = {"a": a, "b": b}
        assert evaluate("a + b * 2 - (a - b)", names) == a + b * 2 - (a - b)
        assert evaluate("min(a, -b)", names) == min(a, -b)
        assert evaluate("max(a, b, 1.5)", names) == max(a, b, 1.5)

    @given(numbers, numbers)
    def test_divides_unless_by_zero(self, a: float, b: float) -> None:
        if b == 0:
            with pytest.raises(NumberError, match="divides by zero"):
                evaluate("a / b", {"a": a, "b": b})
        else:
            assert evaluate("a / b", {"a": a, "b": b}) == a / b

    @pytest.mark.parametrize(
        "expression",
        [
            "__import__('os')",
            "a.real",
            "a ** 2",
            "a if a else 1",
            "a < 1",
            "[a][0]",
            "lambda: 1",
            "abs(a)",
            "min(*[a])",
            "max(a, key=a)",
            "'text'",
            "True",
            "+a",
            "a // 2",
        ],
    )
    def test_knows_nothing_but_arithmetic(self, expression: str) -> None:
        with pytest.raises(NumberError, match=r"uses more than|not defined"):
            evaluate(expression, {"a": 0.5})

    def test_says_what_it_cannot_read(self) -> None:
        with pytest.raises(NumberError, match="not arithmetic"):
            evaluate("1 +", {})
        with pytest.raises(NumberError, match="'b' in 'a \\+ b' is not defined"):
            evaluate("a + b", {"a": 1.0})

    @given(st.floats(-20, 20))
    def test_expit_undoes_logit(self, x: float) -> None:
        assert logit(expit(x)) == pytest.approx(x, abs=1e-6)


def test_infinity_is_no_number() -> None:
    assert "not a finite number" in problem({"derived": "1e308 * 10", "where": {}}, "real")


class TestWhatAnIntervalRestsOn:
    @pytest.mark.parametrize(
        ("raw", "scale", "figures", "rests_on"),
        [
            ({"evidence": "e", "of": "value"}, "real", {"value": 600}, "assumed"),
            ({"evidence": "e", "of": "value"}, "real", {"value": 6, "range": [5, 7]}, "published"),
            (
                {"evidence": "e", "of": "frequency"},
                "probability",
                {"frequency": {"value": 0.9}},
                "assumed",
            ),
            (
                {"evidence": "e", "of": "frequency"},
                "probability",
                {"frequency": {"value": 0.9}, "n": 30},
                "patients",
            ),
            ({"estimate": 0.2, "range": [0.1, 0.3], "because": "a guess"}, "real", {}, "judged"),
            (
                {"derived": "x / 2", "where": {"x": {"evidence": "e", "of": "value"}}},
                "real",
                {"value": 6, "range": [5, 7]},
                "computed",
            ),
        ],
    )
    def test_it_is_told(
        self, raw: object, scale: Scale, figures: dict[str, Any], rests_on: str
    ) -> None:
        assert resolved(raw, scale, **figures).interval_from == rests_on

    def test_an_assumed_interval_is_not_shown(self) -> None:
        found = resolved({"evidence": "e", "of": "value"}, "real", value=600)

        assert found.interval is None
        assert found.low < 600 < found.high

    def test_a_published_one_is(self) -> None:
        found = resolved({"evidence": "e", "of": "value"}, "real", value=6, range=[5, 7])

        assert found.interval == (5, 7)
