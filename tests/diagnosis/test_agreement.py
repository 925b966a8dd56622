"""The exact engine against pyAgrum: on random problems, and on parts of the real network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from crural.diagnosis import Network, case_of, compile_network
from crural.diagnosis.inference import posterior
from crural.diagnosis.problem import Problem
from crural.facts import Facts, facts_of
from crural.knowledge import load_knowledge
from crural.record import record_from_data
from tests.diagnosis.agrum import network_of_patient, network_of_problem, posterior_by_agrum
from tests.diagnosis.random_problems import problems

KNOWLEDGE = load_knowledge()

# Cut-downs of the real network, with what brings about what among them.
SPINE = (
    "cauda-equina-syndrome",
    "degenerative-spondylolisthesis",
    "lumbar-spinal-stenosis",
    "sciatica-disc-herniation",
    "spinal-metastasis",
    "vertebral-compression-fracture",
)
HIP = (
    "avascular-necrosis-hip",
    "bone-metastasis",
    "femoral-neck-stress-fracture",
    "greater-trochanteric-pain-syndrome",
    "hip-osteoarthritis",
    "osteomalacia",
    "pathological-fracture",
    "sacroiliac-joint-pain",
    "transient-osteoporosis-hip",
)
VESSELS = (
    "acute-compartment-syndrome",
    "acute-limb-ischaemia",
    "chronic-venous-insufficiency",
    "deep-vein-thrombosis",
    "diabetic-polyneuropathy",
    "may-thurner-syndrome",
    "peripheral-artery-disease",
)
SPINE_AND_HIP = (
    "hip-osteoarthritis",
    "lumbar-spinal-stenosis",
    "degenerative-scoliosis",
    "paget-disease-of-bone",
    "pathological-fracture",
    "peripheral-artery-disease",
)

# Some facts of each kind: one leg and the other, grades and values, whole examinations.
PATIENTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "stooped and numb in both feet": (
        SPINE,
        {
            "age": 71,
            "sex": "female",
            "side": "bilateral",
            "present": ["leg-symptoms-on-walking-relieved-sitting", "saddle-numbness"],
            "absent": ["slr-positive", "cancer-history", "urinary-retention-symptom"],
            "observations": [
                {"finding": "onset-speed", "state": "gradual"},
                {"finding": "mri-canal-stenosis", "state": "severe"},
            ],
        },
    ),
    "root pain with a sign on the other side": (
        SPINE,
        {
            "age": 44,
            "sex": "male",
            "side": "left",
            "setting": "specialist",
            "present": ["slr-positive", "pain-radiating-below-knee", "weakness-great-toe"],
            "absent": ["fever-symptom", "saddle-numbness"],
            "observations": [
                {"finding": "reflex-ankle-reduced", "present": True, "side": "right"},
                {"finding": "sensory-loss-l5", "present": False, "side": "both"},
                {"finding": "crp", "value": 4, "unit": "mg/L"},
                {"finding": "normal-hip-examination", "present": True},
            ],
        },
    ),
    "groin pain that came quickly": (
        HIP,
        {
            "age": 58,
            "sex": "female",
            "side": "right",
            "setting": "emergency",
            "present": ["pain-groin", "cannot-bear-weight", "cancer-history"],
            "absent": ["trauma-major"],
            "observations": [
                {"finding": "hip-rotation-painful", "present": True, "side": "right"},
                {"finding": "hip-rotation-painful", "present": False, "side": "left"},
                {"finding": "onset-speed", "state": "sudden"},
                {"finding": "alp", "state": "high"},
                {"finding": "normal-neuro-examination", "present": True},
            ],
        },
    ),
    "a cold leg in a diabetic": (
        VESSELS,
        {
            "age": 66,
            "sex": "male",
            "side": "left",
            "present": ["diabetes-known", "smoking-current", "leg-swelling-symptom"],
            "absent": ["leg-symptoms-on-walking-relieved-sitting"],
            "observations": [
                {"finding": "pulses-foot-reduced", "present": True, "side": "both"},
                {"finding": "abi", "value": 0.5, "unit": "ratio"},
                {"finding": "onset-speed", "state": "sudden"},
            ],
        },
    ),
    "hip, spine and vessels together": (
        SPINE_AND_HIP,
        {
            "age": 79,
            "sex": "male",
            "side": "right",
            "present": ["pain-groin", "pain-low-back", "pain-buttock"],
            "absent": ["weight-loss", "fever-symptom"],
            "observations": [
                {"finding": "alp", "state": "high"},
                {"finding": "mri-canal-stenosis", "state": "moderate"},
                {"finding": "hip-rotation-painful", "present": True, "side": "right"},
                {"finding": "pulses-foot-reduced", "present": True, "side": "left"},
                {"finding": "walking-distance", "value": 100, "unit": "m"},
            ],
        },
    ),
}


@lru_cache
def part_of_the_network(conditions: tuple[str, ...]) -> Network:
    missing = set(conditions) - set(KNOWLEDGE.conditions)
    assert not missing
    return compile_network(KNOWLEDGE, only=conditions)


def facts_about(data: dict[str, Any]) -> Facts:
    return facts_of(record_from_data(data, KNOWLEDGE.vocabulary, "a test"), KNOWLEDGE)


@given(problems(max_bits=6))
@settings(max_examples=80, deadline=None)
def test_random_problems_get_the_same_posterior_from_pyagrum(problem: Problem) -> None:
    outside = posterior_by_agrum(network_of_problem(problem))
    np.testing.assert_allclose(posterior(problem).probability, outside, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", PATIENTS)
def test_a_part_of_the_real_network_gets_the_same_posterior_from_pyagrum(name: str) -> None:
    conditions, data = PATIENTS[name]
    network, facts = part_of_the_network(conditions), facts_about(data)
    case = case_of(network, facts)
    assert case.problem.n_bits >= 4
    outside = posterior_by_agrum(network_of_patient(network, facts))
    np.testing.assert_allclose(posterior(case.problem).probability, outside, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_any_part_of_the_network_gets_the_same_posterior_from_pyagrum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = compile_network(KNOWLEDGE, only=rng.choice(list(KNOWLEDGE.conditions), 6).tolist())
    touched = network.cdf[:, :, 0].min(axis=0) < 0.9
    can_be = [name for name, often in zip(network.nodes, touched, strict=True) if often]
    asked = [
        f for f in can_be if KNOWLEDGE.findings[f].sex is None and not KNOWLEDGE.findings[f].graded
    ]
    picked = rng.choice([f for f in asked if f != "pain-bilateral"], 12, replace=False).tolist()
    case = case_of(
        network,
        facts_about(
            {
                "age": int(rng.integers(20, 85)),
                "sex": str(rng.choice(["female", "male"])),
                "side": str(rng.choice(["left", "right", "bilateral"])),
                "observations": [
                    {
                        "finding": finding,
                        "present": i < 6,
                        "side": str(rng.choice(["left", "right", "both"])),
                    }
                    if KNOWLEDGE.findings[finding].sided
                    else {"finding": finding, "present": i < 6}
                    for i, finding in enumerate(picked)
                ],
            }
        ),
    )
    outside = posterior_by_agrum(network_of_patient(network, case.facts))
    np.testing.assert_allclose(posterior(case.problem).probability, outside, rtol=1e-9, atol=1e-12)


def test_the_patients_hold_facts_of_every_kind() -> None:
    every = [
        case_of(part_of_the_network(conditions), facts_about(data))
        for conditions, data in PATIENTS.values()
    ]
    facts = [fact for case in every for fact in (*case.bits, *case.lows)]
    findings = KNOWLEDGE.findings
    assert any(f.place == "other-side" and f.state > 0 for f in facts)
    assert any(f.place == "other-side" and f.state == 0 for f in facts)
    assert any(findings[f.finding].graded and f.state > 1 for f in facts)
    assert any(f.finding == "pain-bilateral" and f.state > 0 for f in facts)
    assert any(not f.stated and f.state == 0 for f in facts)
    assert all(case.problem.links for case in every)
    assert any(case.network.variants[0] for case in every)
