"""Which alerts are raised, which stay open, and what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crural.facts import facts_of
from crural.knowledge import Knowledge
from crural.record import record_from_data
from crural.rules import Patient as RulePatient
from crural.rules import Truth
from crural.safety import alerts_of, open_questions
from tests.safety.small_clinic import alert, clinic, patient

CAUDA = alert(
    "cauda-equina",
    {
        "any": [
            {"finding": "saddle-numbness"},
            {"all": [{"finding": "retention"}, {"finding": "back-pain"}]},
        ]
    },
    about=["cauda-equina", "sciatica"],
    ask=["saddle-numbness", "retention", "weak-foot"],
    sources=["some-paper"],
)
INFECTION = alert(
    "infection",
    {"all": [{"finding": "fever"}, {"finding": "back-pain"}, {"age": {"min": 50}}]},
    about=["infection"],
)


def test_a_met_rule_raises_its_alert_with_reasons_and_what_to_do() -> None:
    knowledge = clinic(CAUDA)

    (raised,) = alerts_of(patient(knowledge, present=("saddle-numbness",)))

    assert (raised.id, raised.title, raised.urgency) == (
        "cauda-equina",
        "Cauda equina",
        "emergency",
    )
    assert raised.because == ("saddle numbness",)
    assert raised.rationale == "cauda-equina does harm"
    assert raised.action == "act on cauda-equina"
    assert raised.about == ("cauda-equina", "sciatica")
    assert raised.sources == ("some-paper",)
    assert raised.verdict.truth is Truth.MET


def test_a_raised_alert_still_says_what_it_wants_to_know() -> None:
    knowledge = clinic(CAUDA)
    man = patient(knowledge, present=("saddle-numbness",), absent=("weak-foot",))

    (raised,) = alerts_of(man)

    assert raised.unknown == ("retention",)


def test_the_most_urgent_alert_comes_first_then_the_alphabet() -> None:
    fever = {"finding": "fever"}
    knowledge = clinic(
        alert("weeks", fever, urgency="two-weeks"),
        alert("today", fever, urgency="same-day"),
        alert("zebra", fever),
        alert("aneurysm", fever),
    )

    raised = alerts_of(patient(knowledge, present=("fever",)))

    assert [one.id for one in raised] == ["aneurysm", "zebra", "today", "weeks"]


def test_of_two_alerts_about_one_thing_the_stronger_speaks_with_the_facts_of_both() -> None:
    knowledge = clinic(
        alert("weak", {"finding": "weak-foot"}, urgency="two-weeks", ask=["retention"]),
        alert("growing", {"finding": "night-pain"}, urgency="same-day", absorbs=["weak"]),
    )

    (both,) = alerts_of(patient(knowledge, present=("weak-foot", "night-pain")))
    (alone,) = alerts_of(patient(knowledge, present=("weak-foot",)))

    assert (both.id, both.because, both.unknown) == (
        "growing",
        ("night pain", "weak foot"),
        ("retention",),
    )
    assert alone.id == "weak"


def test_advice_for_some_is_given_only_to_them() -> None:
    advice = {"when": {"finding": "weak-foot"}, "say": "Splint it."}
    knowledge = clinic(alert("weak", {"finding": "night-pain"}, also=[advice]))

    (some,) = alerts_of(patient(knowledge, present=("weak-foot", "night-pain")))
    (other,) = alerts_of(patient(knowledge, present=("night-pain",)))

    assert (some.action, other.action) == ("act on weak Splint it.", "act on weak")


def test_neither_an_unmet_nor_an_unknown_rule_raises_an_alert() -> None:
    knowledge = clinic(CAUDA, INFECTION)
    man = patient(knowledge, absent=("fever",), present=("back-pain",))

    assert alerts_of(man) == ()


def test_an_unknown_alert_without_a_sign_of_life_is_not_spoken_of() -> None:
    # The man is 60, which the alert asks for; so are half of the patients.
    knowledge = clinic(CAUDA, INFECTION)

    assert open_questions(patient(knowledge)) == ()


def test_a_fact_that_speaks_for_an_unknown_alert_brings_its_questions() -> None:
    knowledge = clinic(CAUDA, INFECTION)

    still_open = open_questions(patient(knowledge, present=("fever",)))

    assert [one.id for one in still_open] == ["infection"]
    assert still_open[0].because == ("fever",)
    assert still_open[0].ask == ("back-pain",)
    assert still_open[0].verdict.truth is Truth.UNKNOWN


def test_a_settled_alert_is_not_open() -> None:
    knowledge = clinic(CAUDA, INFECTION)
    man = patient(knowledge, present=("saddle-numbness", "fever"), absent=("back-pain",))

    assert open_questions(man) == ()


@pytest.mark.parametrize(
    ("probability", "is_open"),
    [
        ({"cauda-equina": 0.02}, True),
        ({"cauda-equina": 0.019}, False),
        ({"sciatica": 0.9}, False),
    ],
)
def test_a_dangerous_condition_brings_its_alert_to_life_from_two_percent(
    probability: dict[str, float], is_open: bool
) -> None:
    knowledge = clinic(CAUDA)

    still_open = open_questions(patient(knowledge, probabilities=probability))

    assert [one.because for one in still_open] == (
        [("cauda equina: probability 2 %",)] if is_open else []
    )


def test_the_alerts_own_questions_come_first_and_known_facts_are_not_asked() -> None:
    knowledge = clinic(
        alert(
            "cauda-equina",
            {"all": [{"finding": "back-pain"}, {"finding": "saddle-numbness"}]},
            ask=["weak-foot", "back-pain", "retention"],
        )
    )

    (still_open,) = open_questions(
        patient(knowledge, present=("back-pain",), absent=("retention",))
    )

    assert still_open.ask == ("weak-foot", "saddle-numbness")


def test_of_equally_urgent_open_alerts_the_one_nearest_to_being_raised_comes_first() -> None:
    far: Any = {"all": [{"finding": "fever"}, {"finding": "retention"}, {"finding": "back-pain"}]}
    near: Any = {"all": [{"finding": "fever"}, {"finding": "retention"}]}
    knowledge = clinic(alert("a-far", far), alert("b-near", near))

    still_open = open_questions(patient(knowledge, present=("fever",)))

    assert [one.id for one in still_open] == ["b-near", "a-far"]


def test_a_fact_under_a_negation_does_not_bring_an_alert_to_life() -> None:
    when = {"any": [{"not": {"finding": "fever"}}, {"finding": "back-pain"}]}
    knowledge = clinic(alert("odd", when))

    assert open_questions(patient(knowledge, present=("fever",))) == ()


def test_a_probability_is_not_asked_of_the_patient() -> None:
    when = {"all": [{"finding": "fever"}, {"probability": "infection", "min": 0.3}]}
    knowledge = clinic(alert("infection", when))

    (still_open,) = open_questions(patient(knowledge, present=("fever",)))

    assert still_open.verdict.unknown == ("probability:infection",)
    assert still_open.ask == ()


def test_a_probability_can_raise_an_alert() -> None:
    when = {"probability": "infection", "min": 0.3}
    knowledge = clinic(alert("infection", when, about=["infection"]))

    (raised,) = alerts_of(patient(knowledge, probabilities={"infection": 0.4}))

    assert raised.because == ("infection: probability 40 %",)
    assert alerts_of(patient(knowledge, probabilities={"infection": 0.08})) == ()


def test_a_probable_dangerous_condition_without_an_alert_of_its_own_is_one() -> None:
    knowledge = clinic(alert("fever", {"finding": "fever"}))
    probable = {"infection": 0.3, "cauda-equina": 0.12, "sciatica": 0.9}

    raised = alerts_of(patient(knowledge, probabilities=probable))

    assert [(a.id, a.urgency) for a in raised] == [
        ("suspected-cauda-equina", "same-day"),
        ("suspected-infection", "two-weeks"),
    ]
    assert raised[0].because == ("cauda equina: probability 12 %",)
    assert (
        alerts_of(patient(knowledge, probabilities={"infection": 0.08, "cauda-equina": 0.05})) == ()
    )


def test_what_another_alert_is_about_is_not_suspected_a_second_time() -> None:
    knowledge = clinic(alert("fever", {"finding": "fever"}, about=["infection"]))

    raised = alerts_of(patient(knowledge, present=("fever",), probabilities={"infection": 0.6}))

    assert [a.id for a in raised] == ["fever"]


def test_an_illness_that_is_known_is_not_suspected() -> None:
    clinic_of_all = clinic(alert("fever", {"finding": "fever"}))
    known_as = clinic_of_all.conditions["infection"].model_copy(update={"known_as": "fever"})
    knowledge = replace(
        clinic_of_all, alerts={}, conditions={**clinic_of_all.conditions, "infection": known_as}
    )

    assert alerts_of(patient(knowledge, present=("fever",), probabilities={"infection": 0.9})) == ()
    assert len(alerts_of(patient(knowledge, probabilities={"infection": 0.9}))) == 1


def test_one_drug_of_a_dangerous_pair_does_not_alarm_when_the_list_is_known() -> None:
    pair = alert("bleeding", {"drug_classes_together": ["nsaid", "anticoagulant"]})
    knowledge = clinic(pair)

    both = patient(knowledge, drugs=("ibuprofen 400 mg", "warfarin"))
    one = patient(knowledge, drugs=("ibuprofen",))

    assert [a.id for a in alerts_of(both)] == ["bleeding"]
    assert alerts_of(one) == ()
    assert open_questions(one) == ()


FEVERISH = [{"finding": "fever-symptom", "present": True}]
TOXIC = [*FEVERISH, {"finding": "clonus-or-spasticity", "present": True}]


@pytest.mark.parametrize(
    ("drugs", "signs", "is_open"),
    [
        ((), FEVERISH, False),
        (("sertraline",), FEVERISH, False),
        (("sertraline", "tramadol"), FEVERISH, True),
        ((), TOXIC, True),
    ],
)
def test_two_drugs_together_are_asked_for_when_one_is_taken_or_nothing_else_is_left(
    knowledge: Knowledge, drugs: tuple[str, ...], signs: list[dict[str, Any]], is_open: bool
) -> None:
    found = still_open(knowledge, drugs=[{"name": name} for name in drugs], observations=signs)

    assert ("serotonin-toxicity" in found) is is_open


WEAK = [{"finding": "weakness-any-leg", "present": True}]
PUMP, NEEDLE, SUGAR = (
    "intrathecal-catheter-mass",
    "epidural-abscess-after-injection",
    "diabetic-amyotrophy",
)


def still_open(knowledge: Knowledge, likely: float = 0.001, **parts: Any) -> set[str]:
    probability = dict.fromkeys(knowledge.conditions, 0.001)
    probability |= {"cauda-equina-syndrome": 0.3, "spondylodiscitis-epidural-abscess": 0.3}
    probability |= {"lumbosacral-plexopathy": 0.3, "diabetic-amyotrophy": likely}
    raw = {"age": 60, "sex": "male", "side": "left", **parts}
    record = record_from_data(raw, knowledge.vocabulary, "test")
    return {one.id for one in open_questions(RulePatient(facts_of(record, knowledge), probability))}


def test_alerts_of_a_pump_a_needle_or_diabetes_need_them_to_be_known(knowledge: Knowledge) -> None:
    assert not still_open(knowledge, observations=WEAK) & {PUMP, NEEDLE, SUGAR}


def test_such_an_alert_is_open_once_its_precondition_is_known(knowledge: Knowledge) -> None:
    told = [
        {"finding": "spinal-intrathecal-exposure", "present": True},
        {"finding": "diabetes-known", "present": True},
    ]
    weakness = [{"finding": "weakness-knee-extension", "present": True}]
    pumped = [{"what": "intrathecal morphine", "response": "good"}]

    assert {NEEDLE, SUGAR} <= still_open(knowledge, observations=[*told, *weakness])
    assert PUMP in still_open(knowledge, treatments=pumped)


def test_an_alert_of_diabetes_is_open_when_its_condition_is_probable(knowledge: Knowledge) -> None:
    assert SUGAR in still_open(knowledge, likely=0.1, observations=WEAK)


@pytest.mark.parametrize(("probability", "is_open"), [(0.001, False), (0.003, True), (None, True)])
def test_what_is_hardly_possible_leaves_no_question_open(
    probability: float | None, is_open: bool
) -> None:
    rule = {"all": [{"finding": "weak-foot"}, {"finding": "fever"}]}
    knowledge = clinic(alert("infection", rule, about=["infection"]))
    known = {} if probability is None else {"infection": probability}
    man = patient(knowledge, present=("weak-foot",), probabilities=known)

    assert bool(open_questions(man)) is is_open


def test_a_rule_that_is_met_is_raised_however_improbable_it_is() -> None:
    knowledge = clinic(alert("infection", {"finding": "fever"}, about=["infection"]))
    man = patient(knowledge, present=("fever",), probabilities={"infection": 0.0001})

    assert [one.id for one in alerts_of(man)] == ["infection"]


def test_of_equally_urgent_alerts_the_likeliest_comes_first() -> None:
    knowledge = clinic(
        alert("a-rare-one", {"finding": "fever"}, about=["cauda-equina"]),
        alert("likely", {"finding": "fever"}, about=["sciatica", "infection"]),
        alert("one-of-two-drugs", {"finding": "fever"}),
        alert("b-can-wait", {"finding": "fever"}, about=["infection"], urgency="same-day"),
    )
    probable = {"cauda-equina": 0.2, "infection": 0.9, "sciatica": 0.01}

    raised = alerts_of(patient(knowledge, present=("fever",), probabilities=probable))

    assert [a.id for a in raised] == ["one-of-two-drugs", "likely", "a-rare-one", "b-can-wait"]
