"""Pictures from textbooks, each told in a few words: the cause they stand for comes first."""

from __future__ import annotations

from typing import Any

import pytest

from crural.knowledge import Knowledge, load_knowledge
from tests.patients import patient, probabilities


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize(
    ("cause", "present", "head"),
    [
        pytest.param(
            "common-peroneal-neuropathy",
            ["gait-steppage", "leg-symptoms-painless", "prolonged-sitting-or-direct-pressure"],
            {},
            id="a foot that drops without pain after legs were crossed",
        ),
        pytest.param(
            "isthmic-spondylolisthesis",
            ["pain-back-dominant", "worse-extension", "step-off-lumbar", "xray-spondylolisthesis"],
            {"age": 25},
            id="a step in the back of a young man, and a slip on the X-ray",
        ),
        pytest.param(
            "transverse-myelitis-or-cord-lesion",
            ["bilateral-leg-neuro-symptoms", "numbness-trunk", "bladder-dysfunction", "babinski"],
            {"age": 62, "side": "bilateral"},
            id="numb up to the trunk, and the bladder",
        ),
        pytest.param(
            "sacroiliac-joint-pain",
            ["pain-sacroiliac-area", "worse-position-change", "si-provocation-2", "pain-buttock"],
            {"age": 34, "sex": "female"},
            id="pain beside the sacrum on turning in bed",
        ),
        pytest.param(
            "tarsal-tunnel-syndrome",
            ["pain-sole", "pain-burning", "heel-spared", "tinel-tarsal-tunnel"],
            {},
            id="a sole that burns and a heel that does not",
        ),
        pytest.param(
            "restless-legs",
            ["unpleasant-feeling-legs", "urge-to-move", "worse-evening-rest"],
            {"side": "bilateral"},
            id="legs that crawl in the evening",
        ),
        pytest.param(
            "meralgia-paraesthetica",
            ["tingling-anterolateral-thigh", "pain-burning", "worse-standing"],
            {},
            id="an outer thigh that prickles",
        ),
    ],
)
def test_the_cause_of_a_textbook_picture_comes_first(
    knowledge: Knowledge, cause: str, present: list[str], head: dict[str, Any]
) -> None:
    answer = probabilities(knowledge, patient(knowledge, *present, **head))
    assert next(iter(answer)) == cause


def test_pain_that_runs_from_the_back_speaks_for_a_root_and_against_the_hip(
    knowledge: Knowledge,
) -> None:
    before = probabilities(knowledge, patient(knowledge))
    after = probabilities(knowledge, patient(knowledge, "pain-radiating-leg"))
    assert after["sciatica-disc-herniation"] > 2 * before["sciatica-disc-herniation"]
    assert after["knee-osteoarthritis"] < before["knee-osteoarthritis"] / 2


def test_pain_tells_a_root_from_the_nerve_at_the_knee_when_the_foot_drops(
    knowledge: Knowledge,
) -> None:
    painful = patient(knowledge, "gait-steppage", "pain-radiating-leg")
    painless = patient(knowledge, "gait-steppage", "leg-symptoms-painless")
    root, nerve = "sciatica-disc-herniation", "common-peroneal-neuropathy"
    with_pain, without = probabilities(knowledge, painful), probabilities(knowledge, painless)
    assert with_pain[root] > with_pain[nerve]
    assert without[nerve] > without[root]
