"""Diseases that look alike at first are told apart by the finding that decides between them."""

from typing import Any

import pytest

from crural import Assessment, assess
from crural.knowledge import Knowledge
from crural.record import record_from_data


def _assessment(knowledge: Knowledge, **record: Any) -> Assessment:
    return assess(
        record_from_data({"side": None, **record}, knowledge.vocabulary, "a patient"), knowledge
    )


@pytest.mark.parametrize(
    ("decides", "record", "rather", "than"),
    [
        (
            "oedema without a dead part is transient osteoporosis, with a band necrosis",
            {"age": 45, "sex": "male", "present": ["pain-groin", "mri-hip-oedema-diffuse"]},
            "transient-osteoporosis-hip",
            "avascular-necrosis-hip",
        ),
        (
            "a band in the head is necrosis, whatever the oedema",
            {
                "age": 45,
                "sex": "male",
                "present": ["pain-groin", "mri-hip-marrow-oedema", "mri-hip-necrosis"],
            },
            "avascular-necrosis-hip",
            "transient-osteoporosis-hip",
        ),
        (
            "pus from the hip is not the knee",
            {"age": 60, "sex": "female", "present": ["fever-symptom", "hip-aspirate-septic"]},
            "septic-arthritis-hip",
            "septic-arthritis-knee",
        ),
        (
            "pus from the knee is not the hip",
            {"age": 60, "sex": "female", "present": ["fever-symptom", "knee-aspirate-septic"]},
            "septic-arthritis-knee",
            "septic-arthritis-hip",
        ),
        (
            "a cavity with a dense wall is an abscess of bone rather than a tumour",
            {
                "age": 15,
                "sex": "male",
                "present": ["pain-localised-bone", "xray-cavity-sclerotic-rim"],
            },
            "osteomyelitis",
            "primary-malignant-bone-tumour",
        ),
        (
            "a mass that is solid and not of bone is a soft-tissue sarcoma",
            {
                "age": 60,
                "sex": "male",
                "present": [
                    "pain-thigh",
                    "lump-growing",
                    "lump-large-deep",
                    "mri-soft-tissue-tumour",
                ],
            },
            "soft-tissue-sarcoma",
            "primary-malignant-bone-tumour",
        ),
        (
            "a beating swelling behind the knee is not a cyst",
            {
                "age": 70,
                "sex": "male",
                "present": ["pain-calf", "claudication-calf", "popliteal-pulsatile-mass"],
            },
            "popliteal-artery-aneurysm",
            "baker-cyst",
        ),
    ],
)
def test_the_finding_that_decides_turns_the_order(
    knowledge: Knowledge, decides: str, record: dict[str, Any], rather: str, than: str
) -> None:
    probability = _assessment(knowledge, setting="specialist", **record).diagnosis.probability

    assert probability[rather] > probability[than], decides


def test_a_clot_below_a_pressed_vein_is_may_thurner_and_thrombosis_together(
    knowledge: Knowledge,
) -> None:
    probability = _assessment(
        knowledge,
        age=28,
        sex="female",
        side="left",
        setting="emergency",
        observations=[{"finding": "pain-duration", "value": 4, "unit": "d"}],
        present=["leg-swelling-whole", "us-dvt", "venography-iliac-compression"],
    ).diagnosis.probability

    assert probability["may-thurner-syndrome"] > 0.5
    assert probability["deep-vein-thrombosis"] > 0.9


def test_knee_pain_of_youth_that_wakes_and_grows_is_not_the_kneecap(knowledge: Knowledge) -> None:
    young: dict[str, Any] = {"age": 14, "sex": "male", "setting": "primary-care"}
    harmless = ["pain-knee", "worse-squatting", "worse-stairs", "athlete-young"]
    kneecap = _assessment(knowledge, **young, present=harmless)
    worrying = _assessment(
        knowledge,
        **young,
        present=["pain-knee", "worse-night", "rest-pain", "pain-progressive", "lump-growing"],
    )

    assert kneecap.diagnosis.causes[0].id == "anterior-knee-pain"
    assert not kneecap.alerts
    assert worrying.diagnosis.causes[0].id == "primary-malignant-bone-tumour"
    assert worrying.diagnosis.probability["anterior-knee-pain"] < 0.2
    assert any("primary-malignant-bone-tumour" in a.about for a in worrying.alerts)


def test_a_lump_that_grows_is_an_alert_at_any_age(knowledge: Knowledge) -> None:
    for age in (12, 40, 80):
        assessment = _assessment(
            knowledge, age=age, sex="female", setting="primary-care", present=["lump-growing"]
        )
        assert any("soft-tissue-sarcoma" in alert.about for alert in assessment.alerts), age
