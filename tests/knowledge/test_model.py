"""Entries of the knowledge: what one entry alone can get wrong is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from crural.knowledge.evidence import Evidence, Source, cite
from crural.knowledge.model import (
    AgeFactors,
    ByAge,
    Condition,
    Drugs,
    Finding,
    Link,
    Prior,
    Risk,
    band_holds,
)
from crural.knowledge.numbers import Estimate
from tests.knowledge.tiny import condition, finding, guess


def refused(model: type[BaseModel], raw: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(raw)
    return str(caught.value)


class TestAges:
    @given(st.integers(0, 120), st.floats(0, 0.999))
    def test_a_band_holds_the_whole_of_its_last_year(self, year: int, part: float) -> None:
        assert band_holds(f"{year}-{year}", year + part)
        assert band_holds(f"{year}+", year + part)
        assert not band_holds(f"{year + 1}+", year + part)

    def test_every_age_has_one_number(self) -> None:
        by_age = ByAge.model_validate({"by_age": {"0-39": guess(0.1), "40+": guess(0.4)}})
        young, old = by_age.at(39.9), by_age.at(40)
        assert isinstance(young, Estimate)
        assert isinstance(old, Estimate)
        assert (young.estimate, old.estimate) == (0.1, 0.4)

    @pytest.mark.parametrize(
        "bands", [["0-39", "41+"], ["0-40", "40+"], ["0-39"], ["young", "40+"]]
    )
    def test_bands_with_a_gap_an_overlap_or_no_sense_are_refused(self, bands: list[str]) -> None:
        refused(ByAge, {"by_age": {band: guess(0.2) for band in bands}})

    def test_factors_are_numbers_not_below_zero(self) -> None:
        factors = AgeFactors.model_validate({"0-49": 0.5, "50+": 2, "because": "older people"})
        assert (factors.at(20), factors.at(80)) == (0.5, 2.0)
        assert "must be a number" in refused(
            AgeFactors, {"0-49": -1, "50+": 2, "because": "older people"}
        )
        refused(AgeFactors, {"0-49": "few", "50+": 2, "because": "older people"})


class TestFinding:
    def test_present_or_absent_unless_it_has_grades(self) -> None:
        plain = Finding.model_validate(finding("weak"))
        assert plain.state_ids == ("absent", "present")
        assert not plain.graded

    def test_a_value_falls_into_the_state_whose_minimum_it_reaches(self) -> None:
        graded = Finding.model_validate(
            finding(
                "crp",
                states=[
                    {"id": "normal", "name": "normal", "max": 10},
                    {"id": "high", "name": "high", "min": 10, "max": 500},
                ],
                background={"levels": {"high": guess(0.1)}},
            )
        )
        assert [graded.state_of(value) for value in (9.99, 10, 500)] == ["normal", "high", None]

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"role": "risk"}, "needs a prevalence"),
            ({"role": "panel"}, "needs implies_absent"),
            ({"implies_absent": ["other"]}, "only a panel"),
            ({"states": [{"id": "one", "name": "one"}]}, "two states or more"),
            (
                {
                    "role": "risk",
                    "prevalence": guess(0.1),
                    "states": [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}],
                },
                "not graded",
            ),
            ({"background": {"levels": {"high": guess(0.1)}}}, "graded findings take levels"),
            (
                {"states": [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}]},
                "graded findings take levels",
            ),
            ({"id": "No Slug"}, "pattern"),
            ({"colour": "red"}, "Extra inputs"),
        ],
    )
    def test_a_finding_fits_its_role(self, more: dict[str, Any], words: str) -> None:
        assert words in refused(Finding, finding("weak", **more))


class TestCondition:
    def test_the_prior_depends_on_the_setting(self) -> None:
        prior = Prior.model_validate(condition("disc")["prior"])
        values = [prior.in_setting(s) for s in ("primary-care", "specialist", "emergency")]
        assert [v.estimate for v in values if isinstance(v, Estimate)] == [0.2, 0.3, 0.1]

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (
                {"findings": [{"finding": "a", "probability": guess(0.1)}] * 2},
                "findings names a more than once",
            ),
            (
                {"risks": [{"finding": "a", "necessary": True}] * 2},
                "risks names a more than once",
            ),
            (
                {"mechanisms": [{"mechanism": "m", "probability": guess(0.1)}] * 2},
                "mechanisms names m more than once",
            ),
            (
                {"variants": [{"id": "v", "name": "v", "share": guess(0.5)}]},
                "one variant is no variant",
            ),
            (
                {
                    "findings": [{"finding": "a", "probability": guess(0.1)}],
                    "variants": [
                        {"id": "v", "name": "v", "share": guess(0.5)},
                        {
                            "id": "w",
                            "name": "w",
                            "share": guess(0.5),
                            "findings": [{"finding": "a", "probability": guess(0.1)}],
                        },
                    ],
                },
                "stands both in the condition and in variant w",
            ),
        ],
    )
    def test_says_each_thing_once(self, more: dict[str, Any], words: str) -> None:
        assert words in refused(Condition, condition("disc", **more))

    def test_a_line_gives_a_probability_or_levels(self) -> None:
        assert "either probability or levels" in refused(Link, {"finding": "a"})
        both = {"finding": "a", "probability": guess(0.1), "levels": {"high": guess(0.1)}}
        assert "either probability or levels" in refused(Link, both)

    def test_a_risk_has_a_ratio_or_is_necessary(self) -> None:
        assert "either a ratio or necessary" in refused(Risk, {"finding": "a"})
        assert "either a ratio or necessary" in refused(
            Risk, {"finding": "a", "ratio": guess(0.5), "necessary": True}
        )


class TestDrugs:
    DRUGS = Drugs.model_validate(
        {
            "drugs": [
                {"name": "Naproxen", "synonyms": ["Aleve"], "classes": ["nsaid"]},
                {"name": "codeine", "classes": ["opioid"]},
            ]
        }
    )

    @pytest.mark.parametrize(
        ("text", "classes"),
        [
            ("naproxen", ("nsaid",)),
            ("ALEVE", ("nsaid",)),
            ("Naproxen 500 mg twice a day", ("nsaid",)),
            ("codeine with naproxen", ("nsaid", "opioid")),
            ("dihydrocodeine", ()),
            ("rest", ()),
        ],
    )
    def test_are_known_by_whole_words_of_free_text(
        self, text: str, classes: tuple[str, ...]
    ) -> None:
        assert self.DRUGS.classes_of(text) == classes


class TestEvidence:
    SOURCE = {"title": "A study", "year": 2000}  # noqa: RUF012

    def test_a_figure_lies_in_its_interval(self) -> None:
        raw = {"id": "e", "kind": "accuracy", "source": self.SOURCE}
        assert "does not hold the value" in refused(
            Evidence, {**raw, "sensitivity": {"value": 0.9, "ci": [0.1, 0.2]}}
        )
        refused(Evidence, {**raw, "sensitivity": {"value": 90}})

    def test_only_a_hole_has_no_source(self) -> None:
        assert "needs a source" in refused(Evidence, {"id": "e", "kind": "accuracy"})
        assert Evidence.model_validate({"id": "e", "kind": "hole"}).source is None

    def test_a_source_can_be_found_again(self) -> None:
        assert "DOI, PMCID" in refused(Source, {"title": "A study"})

    @pytest.mark.parametrize(
        ("more", "link"),
        [
            ({"doi": "10.1/x", "pmcid": "PMC1"}, "https://doi.org/10.1/x"),
            ({"pmcid": "PMC1"}, "https://pmc.ncbi.nlm.nih.gov/articles/PMC1/"),
            ({"pmid": "7"}, "https://pubmed.ncbi.nlm.nih.gov/7/"),
            ({"url": "https://a.example"}, "https://a.example"),
            ({}, None),
        ],
    )
    def test_the_best_address_is_given(self, more: dict[str, str], link: str | None) -> None:
        entry = Evidence.model_validate(
            {"id": "e", "kind": "course", "n": 9, "source": {**self.SOURCE, **more}}
        )
        cited = cite(entry)
        assert (cited["link"], cited["title"], cited["n"]) == (link, "A study", 9)


def test_a_source_that_was_read_in_a_copy_names_the_address_of_the_original() -> None:
    copy, own = "https://copies.example/policy", "https://insurer.example/policy"
    entry = Evidence.model_validate(
        {
            "id": "policy",
            "kind": "criterion",
            "source": {"title": "A policy", "url": copy, "original": own},
        }
    )

    assert cite(entry)["link"] == copy
    assert cite(entry)["title"] == f"A policy; the original is at {own}"
