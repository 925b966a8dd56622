"""The statements of the founding text that the diagnosis must bear out, C1 to C14.

Each test is a small record and what must follow from it. They compare ranks and ratios, never
decimals: figures of the knowledge are mended now and then, the statements are not.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from crural.diagnosis.explain import frequency_in, likelihood_ratios
from crural.diagnosis.inference import posterior
from crural.knowledge import Knowledge, resolve
from tests.patients import case_for, odds, patient, probabilities

SCIATICA = "sciatica-disc-herniation"
STENOSIS = "lumbar-spinal-stenosis"
PAGET = "paget-disease-of-bone"
FLUOROSIS = "skeletal-fluorosis"
MS = "multiple-sclerosis"
CORD = "transverse-myelitis-or-cord-lesion"
TRANSIENT = "transient-osteoporosis-hip"

DOWN_THE_LEG = ("pain-buttock", "pain-posterior-thigh", "pain-calf", "pain-radiating-below-knee")
NEUROGENIC_CLAUDICATION = (
    "leg-symptoms-on-walking-relieved-sitting",
    "shopping-trolley",
    "worse-extension",
)
CORD_SIGNS = ("babinski", "reflexes-brisk", "clonus-or-spasticity")
ROOT_SIGNS = ("slr-positive", "reflex-ankle-reduced", "sensory-loss-s1")
LOADED_HIP = ("pain-groin", "worse-weight-bearing", "hip-rotation-painful")
YOUNG_WOMAN: dict[str, Any] = {"age": 38, "sex": "female", "setting": "specialist"}
ACTIVE_MAN: dict[str, Any] = {"age": 45, "setting": "specialist"}


def of(knowledge: Knowledge, condition: str, *present: str, **more: Any) -> float:
    """Posterior probability of a condition in a patient with these findings."""
    return probabilities(knowledge, patient(knowledge, *present, **more))[condition]


def leading(knowledge: Knowledge, *present: str, **more: Any) -> str:
    """The most probable condition of a patient with these findings."""
    return next(iter(probabilities(knowledge, patient(knowledge, *present, **more))))


def frequency(knowledge: Knowledge, finding: str, condition: str, **head: Any) -> float:
    """How often patients with only this condition show the finding."""
    case = case_for(knowledge, patient(knowledge, **head))
    network = case.network
    table = frequency_in(case)
    return float(table[network.condition_index[condition], network.node_index[finding]])


def ratio(knowledge: Knowledge, finding: str, condition: str, **head: Any) -> float:
    """Likelihood ratio of the presence of a finding, as the report shows it."""
    case = case_for(knowledge, patient(knowledge, finding, **head))
    facts = [fact.finding for fact in (*case.bits, *case.lows)]
    table = likelihood_ratios(case)
    return float(table[facts.index(finding), case.network.condition_index[condition]])


def mechanism_has_frequency_and_source(
    knowledge: Knowledge, condition: str, mechanism: str
) -> None:
    """The mechanism acts in a stated share of the patients, and the share has a source."""
    entry = knowledge.conditions[condition]
    share = next(s for s in entry.mechanisms if s.mechanism == mechanism)
    quantity = resolve(share.probability, knowledge.evidence, "probability")
    assert 0.0 < quantity.low <= quantity.value <= quantity.high < 1.0
    assert quantity.sources
    assert all(source in knowledge.evidence for source in quantity.sources)
    assert knowledge.mechanisms[mechanism].findings


def test_c01_sciatica_leads_when_pain_runs_from_the_buttock_down_the_leg_with_slr(
    knowledge: Knowledge,
) -> None:
    assert leading(knowledge, *DOWN_THE_LEG, "slr-positive", age=42) == SCIATICA
    assert "C1" in knowledge.conditions[SCIATICA].claims


def test_c01_sciatica_of_the_right_leg_is_the_mirror_image(knowledge: Knowledge) -> None:
    said = [{"finding": "slr-positive", "present": True}]
    left = of(knowledge, SCIATICA, *DOWN_THE_LEG, said=[said[0] | {"side": "left"}], side="left")
    right = of(knowledge, SCIATICA, *DOWN_THE_LEG, said=[said[0] | {"side": "right"}], side="right")
    assert odds(right) == pytest.approx(odds(left), rel=0.02)


@pytest.mark.parametrize("sign", ["slr-positive", "mri-root-compression-s1"])
def test_c01_a_sign_of_the_right_root_does_not_explain_the_left_leg(
    knowledge: Knowledge, sign: str
) -> None:
    above_the_knee = ("pain-buttock", "pain-posterior-thigh")

    def sciatica(side: str) -> float:
        said = [{"finding": sign, "present": True, "side": side}]
        return of(knowledge, SCIATICA, *above_the_knee, said=said)

    assert odds(sciatica("left")) > 1.5 * odds(sciatica("right"))


def test_c03_neurogenic_claudication_points_to_stenosis(knowledge: Knowledge) -> None:
    assert leading(knowledge, *NEUROGENIC_CLAUDICATION, age=70) == STENOSIS
    stenosis = knowledge.conditions[STENOSIS]
    shares = [*stenosis.mechanisms, *(m for v in stenosis.variants for m in v.mechanisms)]
    assert "neurogenic-claudication" in {share.mechanism for share in shares}


@pytest.mark.parametrize("cause", [PAGET, FLUOROSIS])
def test_c04_paget_and_fluorosis_bring_stenosis_about(knowledge: Knowledge, cause: str) -> None:
    case = case_for(knowledge, patient(knowledge, age=70))
    parent, child = (case.network.condition_index[name] for name in (cause, STENOSIS))
    link = next(p for a, b, p in case.problem.links if (a, b) == (parent, child))
    own = float(case.problem.prior[child])
    with_cause = 1.0 - (1.0 - own) * (1.0 - link)
    assert with_cause > 1.5 * own


@pytest.mark.parametrize(
    ("cause", "known_by"),
    [
        (PAGET, ("paget-known", "xray-paget", "bone-deformity")),
        (
            FLUOROSIS,
            ("fluoride-exposure", "fluoride-high", "xray-osteosclerosis-ligament-calcification"),
        ),
    ],
)
def test_c04_who_has_paget_or_fluorosis_has_more_stenosis_through_it(
    knowledge: Knowledge, cause: str, known_by: tuple[str, ...]
) -> None:
    case = case_for(knowledge, patient(knowledge, *known_by, age=70))
    parent, child = (case.network.condition_index[name] for name in (cause, STENOSIS))
    links = tuple(link for link in case.problem.links if link[:2] != (parent, child))
    cut = dataclasses.replace(case.problem, links=links)
    assert posterior(case.problem).probability[parent] > 0.5
    through_it = posterior(case.problem).probability[child]
    assert through_it > 1.5 * posterior(cut).probability[child]


def test_c04_behind_a_stenosis_paget_is_looked_for(knowledge: Knowledge) -> None:
    def paget(**more: Any) -> float:
        return of(knowledge, PAGET, *NEUROGENIC_CLAUDICATION, age=70, **more)

    raised = paget(said=[{"finding": "alp", "state": "raised"}])
    normal = paget(said=[{"finding": "alp", "state": "normal"}])
    assert raised > 2 * paget() > 2 * normal


def test_c04_behind_a_stenosis_fluorosis_is_looked_for(knowledge: Knowledge) -> None:
    signs = ("fluoride-exposure", "dental-mottling", "xray-osteosclerosis-ligament-calcification")
    without = of(knowledge, FLUOROSIS, *NEUROGENIC_CLAUDICATION, age=60)
    seen = of(knowledge, FLUOROSIS, *NEUROGENIC_CLAUDICATION, *signs, age=60)
    assert seen > 0.5
    assert seen > 100 * without


def test_c06_wasting_through_disuse_is_a_way_in_which_ms_hurts(knowledge: Knowledge) -> None:
    mechanism_has_frequency_and_source(knowledge, MS, "disuse-wasting")
    spastic = of(knowledge, MS, "ms-known", "clonus-or-spasticity", **YOUNG_WOMAN)
    wasted = of(knowledge, MS, "ms-known", "clonus-or-spasticity", "wasting-thigh", **YOUNG_WOMAN)
    assert odds(wasted) > 1.5 * odds(spastic)


def test_c07_constant_burning_is_a_way_in_which_ms_hurts(knowledge: Knowledge) -> None:
    mechanism_has_frequency_and_source(knowledge, MS, "central-neuropathic-pain")
    assert ratio(knowledge, "pain-burning", MS, **YOUNG_WOMAN) > 1
    spastic = of(knowledge, MS, "ms-known", "clonus-or-spasticity", **YOUNG_WOMAN)
    burning = of(knowledge, MS, "ms-known", "clonus-or-spasticity", "pain-burning", **YOUNG_WOMAN)
    assert burning > spastic


def test_c08_painful_spasms_are_a_way_in_which_ms_hurts(knowledge: Knowledge) -> None:
    mechanism_has_frequency_and_source(knowledge, MS, "spasticity-and-spasms")
    spastic = of(knowledge, MS, "ms-known", "clonus-or-spasticity", **YOUNG_WOMAN)
    spasms = of(knowledge, MS, "ms-known", "clonus-or-spasticity", "muscle-spasms", **YOUNG_WOMAN)
    assert odds(spasms) > 1.5 * odds(spastic)


def test_c09_signs_of_the_long_tracts_place_the_lesion_in_the_cord_and_not_in_a_root(
    knowledge: Knowledge,
) -> None:
    nothing = probabilities(knowledge, patient(knowledge, **YOUNG_WOMAN))
    cord = probabilities(knowledge, patient(knowledge, *CORD_SIGNS, **YOUNG_WOMAN))
    root = probabilities(knowledge, patient(knowledge, *ROOT_SIGNS, **YOUNG_WOMAN))
    assert cord[MS] + cord[CORD] > 5 * cord[SCIATICA]
    assert cord[SCIATICA] < nothing[SCIATICA] < root[SCIATICA]
    assert root[SCIATICA] > 5 * (root[MS] + root[CORD])
    assert {"C6", "C7", "C8", "C9"} <= set(knowledge.conditions[MS].claims)


def test_c11_transient_osteoporosis_strikes_active_people_in_early_and_middle_life(
    knowledge: Knowledge,
) -> None:
    def risk(*present: str, **head: Any) -> float:
        return odds(of(knowledge, TRANSIENT, *LOADED_HIP, *present, **head))

    specialist = {"setting": "specialist"}
    assert risk(age=45, **specialist) > 5 * risk(age=80, **specialist)
    assert risk("training-load-increase", age=45, **specialist) > 1.5 * risk(age=45, **specialist)
    pregnant = {"age": 34, "sex": "female", **specialist}
    assert risk(pregnancy_weeks=34, **pregnant) > 3 * risk(pregnancy_weeks=10, **pregnant)


def test_c11_transient_osteoporosis_leads_when_the_scan_shows_its_picture(
    knowledge: Knowledge,
) -> None:
    shown = ("mri-hip-marrow-oedema", "xray-hip-osteopenia", "training-load-increase")
    not_shown = ("mri-hip-necrosis", "mri-hip-fracture-line", "xray-hip-oa")
    assert leading(knowledge, *LOADED_HIP, *shown, absent=not_shown, **ACTIVE_MAN) == TRANSIENT


def test_c12_transient_osteoporosis_hurts_on_bearing_weight_and_turning_the_hip(
    knowledge: Knowledge,
) -> None:
    for finding in ("worse-weight-bearing", "worse-hip-rotation-symptom", "hip-rotation-painful"):
        assert frequency(knowledge, finding, TRANSIENT, **ACTIVE_MAN) > 0.7
        assert ratio(knowledge, finding, TRANSIENT, **ACTIVE_MAN) > 1.3


def test_c12_transient_osteoporosis_may_strike_both_legs(knowledge: Knowledge) -> None:
    side = knowledge.conditions[TRANSIENT].side
    share = resolve(side.bilateral, knowledge.evidence, "probability").value
    assert 0.02 < share < 0.6
    signs = (*LOADED_HIP, "mri-hip-marrow-oedema", "xray-hip-osteopenia")
    one = of(knowledge, TRANSIENT, *signs, side="right", **ACTIVE_MAN)
    both = of(knowledge, TRANSIENT, *signs, side="bilateral", **ACTIVE_MAN)
    assert odds(both) > 0.1 * odds(one)


@pytest.mark.parametrize(
    ("condition", "head", "present", "said"),
    [
        (
            "primary-malignant-bone-tumour",
            {"age": 16},
            ("pain-localised-bone", "worse-night", "lump-felt", "xray-periosteal-aggressive"),
            [],
        ),
        (
            "degenerative-scoliosis",
            {"age": 72},
            ("lumbar-list-or-scoliosis", "xray-scoliosis", "pain-low-back", "worse-standing"),
            [],
        ),
        (
            "osteomalacia",
            {"age": 60, "sex": "female", "side": "bilateral"},
            ("vitamin-d-risk", "weakness-proximal-bilateral", "gait-waddling", "xray-looser-zones"),
            [
                {"finding": "alp", "state": "raised"},
                {"finding": "vitamin-d", "state": "deficient"},
            ],
        ),
    ],
)
def test_c14_other_causes_can_lead_and_say_how_urgent_they_are(
    knowledge: Knowledge,
    condition: str,
    head: dict[str, Any],
    present: tuple[str, ...],
    said: list[dict[str, Any]],
) -> None:
    assert leading(knowledge, *present, said=said, setting="specialist", **head) == condition
    entry = knowledge.conditions[condition]
    assert "C14" in entry.claims
    if condition == "primary-malignant-bone-tumour":
        assert entry.urgency in {"urgent", "emergency"}
