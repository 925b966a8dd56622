"""Pictures that must raise their alert, beside near ones that must not."""

from __future__ import annotations

import pytest

from crural.facts import facts_of
from crural.knowledge import Knowledge, load_knowledge
from crural.record import record_from_data
from crural.rules import Patient
from crural.safety import alerts_of


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def alerts_for(knowledge: Knowledge, **said: object) -> set[str]:
    data = {"age": 60, "sex": "female", "side": "bilateral", **said}
    record = record_from_data(data, knowledge.vocabulary, "a test")
    return {alert.id for alert in alerts_of(Patient(facts_of(record, knowledge)))}


def raised_by(
    knowledge: Knowledge,
    present: list[str],
    days: int | None = None,
    age: int = 60,
    side: str | None = "bilateral",
) -> set[str]:
    lasting = [{"finding": "pain-duration", "value": days, "unit": "d"}]
    observations = [] if days is None else lasting
    return alerts_for(knowledge, age=age, side=side, present=present, observations=observations)


@pytest.mark.parametrize("deficit", ["numbness-leg", "weakness-any-leg", "urinary-incontinence"])
def test_back_pain_with_fever_and_any_deficit_may_be_a_spinal_infection(
    deficit: str, knowledge: Knowledge
) -> None:
    assert "spinal-infection" in raised_by(knowledge, ["pain-low-back", "fever-symptom", deficit])


def test_back_pain_with_fever_alone_does_not_raise_the_spinal_infection(
    knowledge: Knowledge,
) -> None:
    assert "spinal-infection" not in raised_by(knowledge, ["pain-low-back", "fever-symptom"])


BLADDER = pytest.mark.parametrize(
    "bladder", ["urinary-hesitancy-or-urgency", "bladder-dysfunction"]
)


@BLADDER
def test_a_new_bladder_trouble_with_both_legs_numb_may_be_the_cauda_equina(
    bladder: str, knowledge: Knowledge
) -> None:
    both = ["bilateral-leg-neuro-symptoms", bladder]

    assert "cauda-equina" in raised_by(knowledge, both, days=7)
    assert "cauda-equina" not in raised_by(knowledge, both, days=400)


def test_a_flow_that_is_newly_not_felt_needs_no_second_leg(knowledge: Knowledge) -> None:
    assert "cauda-equina" in raised_by(knowledge, ["pain-low-back", "urinary-flow-new"])
    often = ["pain-low-back", "urinary-hesitancy-or-urgency"]
    assert "cauda-equina" not in raised_by(knowledge, often)


@pytest.mark.parametrize("more", ["worse-night", "weakness-leg-symptom", "malaise"])
def test_back_pain_of_a_person_who_injects_needs_no_fever(more: str, knowledge: Knowledge) -> None:
    injects = ["pain-low-back", "injecting-drug-use"]

    assert "spinal-infection" in raised_by(knowledge, [*injects, more])
    assert "spinal-infection" not in raised_by(knowledge, injects)


def test_cancer_with_both_legs_and_an_unsteady_gait_is_urgent(knowledge: Knowledge) -> None:
    legs = ["bilateral-leg-neuro-symptoms", "balance-trouble"]

    assert "malignant-cord-compression" in raised_by(knowledge, ["cancer-history", *legs], days=25)
    assert "malignant-cord-compression" not in raised_by(knowledge, legs, days=25)


def test_a_new_loss_of_the_bladder_does_not_wait_for_what_was_not_asked(
    knowledge: Knowledge,
) -> None:
    both = ["bilateral-leg-neuro-symptoms", "urinary-incontinence"]

    assert "cauda-equina" in raised_by(knowledge, both, days=7)
    assert "cauda-equina" in raised_by(knowledge, [*both, "ms-known"], days=7)
    assert "cauda-equina" not in raised_by(knowledge, [*both, "ms-known"], days=400)


def test_cancer_with_night_pain_in_the_back_and_both_legs_does_not_wait_for_what_was_not_asked(
    knowledge: Knowledge,
) -> None:
    cancer = ["cancer-history", "pain-low-back", "bilateral-leg-neuro-symptoms", "worse-night"]

    claudication = [*cancer, "leg-symptoms-on-walking-relieved-sitting"]

    assert "malignant-cord-compression" in raised_by(knowledge, cancer)
    assert "malignant-cord-compression" not in raised_by(knowledge, claudication)
    assert "malignant-cord-compression" in raised_by(knowledge, [*claudication, "pain-progressive"])


@BLADDER
def test_mid_back_pain_with_both_legs_and_bladder_may_be_the_cord(
    bladder: str, knowledge: Knowledge
) -> None:
    cord = ["pain-mid-back", "bilateral-leg-neuro-symptoms", bladder]

    assert "spinal-cord-compression" in raised_by(knowledge, cord, days=20)
    assert "spinal-cord-compression" not in raised_by(knowledge, cord, days=400)


def test_cancer_with_a_sensory_level_needs_no_pain_to_be_urgent(knowledge: Knowledge) -> None:
    assert "malignant-cord-compression" in raised_by(
        knowledge, ["cancer-history", "sensory-level"], days=7
    )
    assert "malignant-cord-compression" not in raised_by(knowledge, ["sensory-level"], days=7)


@pytest.mark.parametrize("sign", ["romberg-positive", "reflexes-brisk", "balance-trouble"])
def test_nitrous_oxide_with_a_cord_sign_does_not_wait_for_the_level(
    sign: str, knowledge: Knowledge
) -> None:
    assert "b12-myelopathy" in raised_by(knowledge, ["nitrous-oxide-use", sign], age=22)
    assert "b12-myelopathy" not in raised_by(knowledge, ["vegan-or-metformin-or-nitrous", sign])


def test_growing_back_pain_in_an_unwell_person_over_fifty_is_looked_into(
    knowledge: Knowledge,
) -> None:
    unwell = ["pain-low-back", "pain-progressive", "malaise"]

    assert "weight-loss-bone-pain" in raised_by(knowledge, unwell, days=90, age=55)
    assert "weight-loss-bone-pain" not in raised_by(knowledge, unwell, days=90, age=40)
    assert "weight-loss-bone-pain" not in raised_by(knowledge, unwell, days=7, age=55)


@pytest.mark.parametrize("age", [22, 35])
def test_growing_night_pain_of_the_knee_in_the_young_wants_an_x_ray(
    age: int, knowledge: Knowledge
) -> None:
    def alerts(*present: str, days: int = 60) -> set[str]:
        knee = ["pain-knee", *present]
        return raised_by(knowledge, knee, days=days, age=age, side="right")

    x_ray = {"bone-tumour-young", "bone-pain-unexplained"}

    assert alerts("worse-night", "pain-progressive") & x_ray
    assert not alerts("worse-stairs", "pain-progressive") & x_ray
    assert not alerts("worse-night") & x_ray


def test_hip_pain_on_corticosteroids_may_be_a_dying_femoral_head(knowledge: Knowledge) -> None:
    hip = ["pain-groin", "worse-walking"]

    assert "hip-necrosis" in raised_by(knowledge, ["corticosteroid-use", *hip])
    assert "hip-necrosis" not in raised_by(knowledge, hip)
    assert "hip-necrosis" not in raised_by(knowledge, ["corticosteroid-use", "pain-calf"])


def test_a_pop_and_a_bruise_at_the_back_of_the_thigh_may_be_a_torn_off_hamstring(
    knowledge: Knowledge,
) -> None:
    tear = ["pain-buttock", "popping-at-onset", "ecchymosis-thigh-or-calf"]

    assert "hamstring-avulsion" in raised_by(knowledge, tear)
    assert "hamstring-avulsion" not in raised_by(knowledge, tear[:2])


def test_pain_with_weak_hips_on_both_sides_wants_blood_tests(knowledge: Knowledge) -> None:
    assert "proximal-weakness" in raised_by(knowledge, ["weakness-proximal-bilateral", "pain-hip"])
    assert "proximal-weakness" not in raised_by(knowledge, ["weakness-proximal-bilateral"])


def test_severe_pain_over_a_hole_in_the_femur_is_about_to_break(knowledge: Knowledge) -> None:
    def alerts(severity: str) -> set[str]:
        pain = {"finding": "pain-severity", "state": severity}
        lytic = ["pain-hip", "xray-lytic-or-blastic"]
        return alerts_for(knowledge, age=70, side="left", present=lytic, observations=[pain])

    assert "impending-fracture" in alerts("severe")
    assert "impending-fracture" not in alerts("mild")


@pytest.mark.parametrize(("weeks", "raised"), [(22, True), (12, False)])
def test_hip_pain_on_loading_counts_from_the_middle_of_pregnancy(
    weeks: int, raised: bool, knowledge: Knowledge
) -> None:
    loaded = ["pain-hip", "worse-weight-bearing"]
    ids = alerts_for(knowledge, age=30, side="left", pregnancy_weeks=weeks, present=loaded)

    assert ("hip-pain-in-pregnancy" in ids) is raised


@pytest.mark.parametrize("load", ["worse-weight-bearing", "gait-antalgic", "cannot-bear-weight"])
def test_growing_hip_pain_on_loading_in_a_person_with_cancer_is_urgent(
    load: str, knowledge: Knowledge
) -> None:
    hip = ["pain-hip", "pain-progressive", load]

    def raised(*present: str, days: int) -> bool:
        return "impending-fracture" in raised_by(knowledge, list(present), days=days)

    assert raised("cancer-active", *hip, days=400)
    assert raised("cancer-bone-seeking", *hip, days=30)
    assert not raised("cancer-bone-seeking", *hip, days=400)
    assert not raised("cancer-active", *hip[:2], days=30)
    assert not raised(*hip, days=30)


@pytest.mark.parametrize(("state", "raised"), [("high", True), ("raised", False)])
def test_a_high_muscle_enzyme_on_a_statin_does_not_wait_for_dark_urine(
    state: str, raised: bool, knowledge: Knowledge
) -> None:
    enzyme = {"finding": "ck", "state": state}
    ids = alerts_for(knowledge, present=["pain-thigh", "statin-use"], observations=[enzyme])

    assert ("statin-ck" in ids) is raised


def test_growing_pain_of_a_swollen_knee_in_the_young_wants_an_x_ray(knowledge: Knowledge) -> None:
    knee = ["pain-knee", "pain-progressive"]

    def alerts(*present: str, side: str | None = "left") -> set[str]:
        return raised_by(knowledge, list(present), days=60, age=17, side=side)

    assert "bone-tumour-young" in alerts(*knee, "leg-swelling-sign")
    assert "bone-tumour-young" in alerts(*knee, "leg-swelling-sign", side=None)
    assert "bone-tumour-young" not in alerts(*knee, "leg-swelling-sign", side="bilateral")
    assert "bone-tumour-young" not in alerts(*knee)
    assert "bone-tumour-young" not in alerts("pain-knee", "leg-swelling-sign")


@pytest.mark.parametrize("fresh", ["spinal-percussion-tenderness", "pain-progressive"])
def test_a_vertebral_fracture_in_a_back_that_newly_hurts_is_looked_into(
    fresh: str, knowledge: Knowledge
) -> None:
    broken = ["xray-vertebral-fracture", "pain-low-back"]

    assert "vertebral-fracture" in raised_by(knowledge, [*broken, fresh], days=400, age=74)
    assert "vertebral-fracture" not in raised_by(knowledge, broken, days=400, age=74)
    assert "vertebral-fracture" not in raised_by(knowledge, ["pain-low-back", fresh], age=74)


def test_a_new_back_pain_in_weak_old_bone_wants_an_x_ray(knowledge: Knowledge) -> None:
    lifted = ["pain-low-back", "onset-with-lifting"]
    weak = [*lifted, "osteoporosis-known"]

    assert "vertebral-fracture" in raised_by(knowledge, weak, days=20, age=74)
    assert "vertebral-fracture" not in raised_by(knowledge, weak, days=400, age=74)
    assert "vertebral-fracture" not in raised_by(knowledge, lifted, days=20, age=74)


def test_a_first_attack_of_multiple_sclerosis_need_not_be_asked_about_first(
    knowledge: Knowledge,
) -> None:
    attack = ["lhermitte", "numbness-leg"]
    assert "new-demyelinating-attack" in raised_by(knowledge, attack, age=30)
    assert "new-demyelinating-attack" not in raised_by(knowledge, [*attack, "ms-known"], age=30)


def test_cancer_is_suspected_from_the_risk_at_which_nice_wants_a_referral(
    knowledge: Knowledge,
) -> None:
    record = record_from_data({"age": 70, "sex": "male", "side": "left"}, knowledge.vocabulary, "t")
    facts = facts_of(record, knowledge)

    def suspected(**probability: float) -> dict[str, tuple[str, ...]]:
        named = {name.replace("_", "-"): value for name, value in probability.items()}
        return {alert.id: alert.sources for alert in alerts_of(Patient(facts, named))}

    source = ("cancer-referral-ng12-threshold",)
    assert suspected(bone_metastasis=0.031) == {"suspected-bone-metastasis": source}
    assert suspected(bone_metastasis=0.029) == {}
    # Other diseases that can wait for days: from one in ten.
    assert suspected(osteomyelitis=0.09) == {}
    assert suspected(osteomyelitis=0.11) == {"suspected-osteomyelitis": ()}


def test_an_artery_that_pulsates_behind_the_knee_is_looked_at_before_any_needle(
    knowledge: Knowledge,
) -> None:
    assert "popliteal-aneurysm" in raised_by(knowledge, ["popliteal-pulsatile-mass"], side="left")
    assert "popliteal-aneurysm" not in raised_by(knowledge, ["popliteal-swelling"], side="left")


@pytest.mark.parametrize("lump", ["lump-growing", "lump-large-deep"])
@pytest.mark.parametrize("age", [15, 40, 80])
def test_a_growing_or_deep_lump_is_an_alert_at_any_age(
    age: int, lump: str, knowledge: Knowledge
) -> None:
    assert "painful-lump" in raised_by(knowledge, [lump], age=age, side="left")
