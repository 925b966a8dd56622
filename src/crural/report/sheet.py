"""A sheet for the patient, in words that a twelve-year-old can read; as HTML and as PDF.

Everything medical on it comes from the assessment: the plain names and questions of the knowledge.
It is meant to be gone through together with a clinician.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from crural.assessment import Assessment
from crural.knowledge import Knowledge
from crural.record import Record
from crural.report import words
from crural.report.as_json import as_data
from crural.report.html import environment
from crural.report.outline import outline
from crural.report.sheet_drugs import drugs_of, is_for_pain, never_at_once, plain_reasons
from crural.report.sheet_signs import STANDING, alarming_alone
from crural.report.typeset import Block, Words, as_runs, bullets, notice, paragraph, pdf, run

Part = Mapping[str, Any]

MOST_WARNINGS = 8
MOST_STEPS = 5
MOST_QUESTIONS = 5
# What must be ruled out is told from this probability on, or else the most probable alone.
_TOLD = 0.1
MOST_REASONS = 2

_LEG: Mapping[str | None, str] = {
    "left": "your left leg",
    "right": "your right leg",
    "bilateral": "your legs",
    None: "your leg",
}
_SOON: Mapping[str, str] = {
    "emergency": "Get help now. Call an ambulance, or go to the nearest emergency department.",
    "same-day": "See a doctor today.",
    "two-weeks": "See a doctor within two weeks.",
}
# From which probability on a cause is called so.
_LIKELY: Sequence[tuple[float, str]] = (
    (0.8, "Very likely"),
    (0.5, "Most likely"),
    (0.25, "Quite possible"),
    (0.0, "Possible, but less likely"),
)
_CAME_OF: Mapping[str, str] = {
    "helps": "It helps.",
    "helped": "It helped for a time.",
    "failed": "It did not help enough.",
    "not-tolerated": "It did not agree with you.",
    "going-on": "You have it now.",
    "unknown": "We do not know how it went.",
}
_ENOUGH: Mapping[str, str] = {
    "too-short": "It may have been too short to tell.",
    "too-little": "The dose may have been too low to tell.",
}
# Treatments that can be named as a next step, with what is said of them.
_STEP: Mapping[str, str] = {
    "helps": "It helps you: go on with it.",
    "going-on": "You have it now. It takes time to see how well it works.",
    "offer": "",
    "offer-with-care": "It needs some care in your case.",
    "check-first": "Something must be checked first.",
    "too-short": "You have tried it, but not for long enough.",
}
_TEST: Mapping[str, str] = {
    "blood": "a blood test",
    "xray": "an X-ray",
    "ultrasound": "an ultrasound scan",
    "nerve-conduction": "a test of your nerves",
    "mri": "an MRI scan",
    "invasive": "a test with a needle or a small cut",
}
_NOTHING_URGENT = "We know of nothing that must be done at once. Call your doctor if you get worse."
_ALONE = "Do not stop or change any of these on your own."
_NONE_ALONE = "Do not stop or change any of your medicines on your own."
_NEVER_AT_ONCE = "Never stop it at once."
_OF_MEDICINES = (
    "Your medicines may not go well together, or a dose may be too high or too low. "
    "Do not stop any of them on your own."
)
_TAKE_ALONG: Sequence[str] = (
    "This sheet, and a letter from your doctor if you have one.",
    "All your medicines, or a list of them. Do not stop any of them on your own.",
    "Letters and pictures from doctors and hospitals, if you have them at hand.",
    "Someone who can stay with you.",
)
_COURSE: Mapping[str, str] = {
    "on-course": "Your pain is easing as we hoped.",
    "too-early": "We cannot tell yet if your pain is easing as it should.",
    "off-course": "Your pain has not eased as we hoped. We need to look at the cause again.",
}


def to_html(assessment: Assessment) -> str:
    """The sheet as an HTML page, self-contained and ready to print."""
    return render(_of(assessment))


def to_pdf(assessment: Assessment) -> bytes:
    """The sheet as PDF."""
    return pdf("sheet", _of(assessment))


def _of(assessment: Assessment) -> dict[str, Any]:
    return sheet(as_data(assessment), assessment.record, assessment.knowledge)


def render(content: Mapping[str, Any]) -> str:
    """The page of a sheet's content."""
    page = environment().get_template("sheet.html.jinja")
    return words.shown(page.render(content=content))


def sheet(data: Part, record: Record, knowledge: Knowledge) -> dict[str, Any]:
    """The content of the sheet, from the data of `as_data` and the record.

    In an emergency it says nothing but where to go, why, and what to take along.
    """
    emergencies = [alert for alert in data["alerts"] if alert["urgency"] == "emergency"]
    sections = (
        _emergency(emergencies, data)
        if emergencies
        else [
            ("What must not wait", _urgent(data, knowledge)),
            ("What may cause the pain", _causes(data)),
            ("What you have tried", _tried(data, knowledge)),
            ("What happens next", _next(data)),
            ("Your medicines", _medicines(data, record, knowledge)),
            ("What your doctor would like to know", _wanted(data)),
            ("Questions you can ask", _questions(data)),
        ]
    )
    opening = (
        "This sheet is for you. Keep it with you and show it at the hospital."
        if emergencies
        else "This sheet is for you. Please read it with your doctor, nurse or therapist. They "
        "can tell you more, and they know you best."
    )
    made = f" on {record.as_of.isoformat()}" if record.as_of else ""
    return {
        "title": f"About the pain in {_LEG[record.side]}",
        "opening": [paragraph(opening)],
        "sections": [
            {"heading": heading, "blocks": blocks} for heading, blocks in sections if blocks
        ],
        "footer": f"Made with Crural{made}. It helps you and your doctor. It does not decide.",
    }


def likelihood(probability: float) -> str:
    """A probability in words, such as 'Most likely'."""
    return next(said for least, said in _LIKELY if probability >= least)


def _ended(text: str) -> str:
    """Words as a sentence."""
    said = words.sentence(text.strip())
    return said if said.endswith((".", "?", "!")) else f"{said}."


def _emergency(emergencies: Sequence[Part], data: Part) -> list[tuple[str, list[Block]]]:
    """The whole sheet when there is an emergency."""
    why = _ruled_out(emergencies[0], data)
    return [
        (
            "Go to hospital now",
            [
                notice(
                    [run(_SOON["emergency"], "bold")],
                    "Do not drive yourself.",
                    f"Why: this must be ruled out at once: {why[0].rstrip('.')}."
                    if why
                    else f"Why: {_OF_MEDICINES[:1].lower()}{_OF_MEDICINES[1:]}",
                )
            ],
        ),
        ("What to take along", [bullets(list(_TAKE_ALONG))]),
        ("When you are home again", [_standing()]),
    ]


def _ruled_out(alert: Part, data: Part) -> list[str]:
    """What an alert is about, in plain words: the probable alone, the most probable first.

    A man is so told of nothing that only women have, and nobody that something harmless must be
    ruled out where the alert is about worse.
    """
    causes = {cause["id"]: cause for cause in data["causes"]}
    every = sorted(
        (causes[of] for of in alert["about"] if of in causes),
        key=lambda cause: -float(cause["probability"]),
    )
    about = [cause for cause in every if cause["urgency"] != "routine"] or every
    probable = [c["plain"] for c in about if c["probability"] >= _TOLD][:MOST_REASONS]
    return probable or [c["plain"] for c in about[:1]] or list(alert["plain"][:1])


def _urgent(data: Part, knowledge: Knowledge) -> list[Block]:
    blocks: list[Block] = []
    told: set[str] = set()
    for urgency, what_to_do in _SOON.items():
        raised = [a for a in data["alerts"] if a["urgency"] == urgency]
        plain = dict.fromkeys(p for a in raised for p in _ruled_out(a, data) if p not in told)
        of_medicines = any(not a["plain"] for a in raised) and _OF_MEDICINES not in told
        if plain or of_medicines:
            told.update(plain, [_OF_MEDICINES] if of_medicines else [])
            blocks.append(
                notice(
                    [run(what_to_do, "bold")],
                    *(["This must be ruled out:"] if plain else []),
                    *(f"– {_ended(said)}" for said in plain),
                    *([_OF_MEDICINES] if of_medicines else []),
                )
            )
    if not blocks:
        blocks.append(paragraph(_NOTHING_URGENT))
    blocks.append(_standing())
    signs = dict.fromkeys(
        asked["question"]
        for alert in data["ask_now"]
        if alert["urgency"] == "emergency"
        for asked in alert["unknown"]
        if asked["finding"] in alarming_alone(knowledge)
        and asked["kind"] == "symptom"
        and asked["burden"] == "ask"
        and asked["question"]
    )
    if signs:
        blocks += [
            paragraph(run("Do the same if you would say yes to this:", "bold")),
            bullets(list(signs)[:MOST_WARNINGS]),
        ]
    return blocks


def _standing() -> Block:
    return notice(
        [
            run(
                "Call an ambulance, or go to the emergency department now, if one of these is new:",
                "bold",
            )
        ],
        *(f"– {sign.say}" for sign in STANDING),
        "This holds even if you have none of these today. Do not wait for your next visit.",
    )


def _causes(data: Part) -> list[Block]:
    causes = outline(data).in_full
    said = [
        as_runs(run(f"{likelihood(c['probability'])}: ", "bold"), f"{c['plain'].rstrip('.')}.")
        for c in causes
    ]
    both = " More than one cause can be at work." if len(causes) > 1 else ""
    return [
        bullets(said),
        paragraph(f"We cannot be sure yet.{both} It may also be something that is not named here."),
    ]


def _tried(data: Part, knowledge: Knowledge) -> list[Block]:
    tried = [attempt for attempt in data["tried"] if is_for_pain(attempt, knowledge)]
    if not tried:
        return [
            paragraph("Nothing is written down yet. Tell your doctor what you have tried so far.")
        ]
    return [bullets([_attempt(attempt) for attempt in tried])]


def _attempt(attempt: Part) -> Words:
    plain = f" ({attempt['plain']})" if attempt["plain"] else ""
    told = [_CAME_OF[attempt["outcome"]]]
    if attempt["adequacy"] in _ENOUGH and attempt["outcome"] not in {"helps", "going-on"}:
        told.append(_ENOUGH[attempt["adequacy"]])
    what = run(words.sentence(attempt["what"]), "bold")
    return as_runs(what, f"{plain}. {' '.join(told)}")


def _next(data: Part) -> list[Block]:
    blocks: list[Block] = []
    if data["course"]:
        blocks.append(paragraph(_COURSE[data["course"]["verdict"]]))
    rungs = data["ladder"]["rungs"] if data["ladder"] else []
    # A drug that needs care is told of among the medicines, not as something to go on with.
    careful = {c["treatment"] for c in data["cautions"]}
    going_on = [
        o
        for r in rungs
        if r["state"] == "in-progress"
        for o in r["options"]
        if o["treatment"] not in careful
    ]
    # Every next rung gets its best options in, however many the first one has.
    following = zip_longest(*(r["options"] for r in rungs if r["state"] == "next"))
    steps = [o for options in following for o in options if o is not None]
    for title, options in (
        ("Go on with this:", [o for o in going_on if o["verdict"] in {"helps", "going-on"}]),
        ("The next step can be one of these:", [o for o in steps if o["verdict"] in _STEP]),
    ):
        if options:
            told = [
                f"{_ended(o['plain'])} {_STEP[o['verdict']]}".strip() for o in options[:MOST_STEPS]
            ]
            blocks += [paragraph(run(title, "bold")), bullets(told)]
    tests = list(dict.fromkeys(_TEST[c["burden"]] for c in data["next"] if c["burden"] in _TEST))
    if tests:
        blocks += [paragraph(run("These tests may help to find the cause:", "bold"))]
        blocks += [bullets([_ended(test) for test in tests])]
    return blocks or [paragraph("Your doctor will plan the next step with you.")]


def _medicines(data: Part, record: Record, knowledge: Knowledge) -> list[Block]:
    by_drug: dict[str, list[Part]] = {}
    for caution in data["cautions"]:
        for drug in drugs_of(caution):
            by_drug.setdefault(drug, []).append(caution)
    today: list[Words] = []
    later: list[Words] = []
    for drug, cautions in by_drug.items():
        reasons = plain_reasons(drug, cautions)
        if reasons:
            treatment = next((c["treatment"] for c in cautions if c["drug"] == drug), "")
            ending = [_NEVER_AT_ONCE] if never_at_once(drug, treatment, knowledge) else []
            said = as_runs(run(f"{words.sentence(drug)}: ", "bold"), " ".join((*reasons, *ending)))
            barred = any(caution["level"] == "barred" for caution in cautions)
            (today if barred else later).append(said)
    if not (today or later):
        return [paragraph(run(_NONE_ALONE, "bold"))] if record.drugs else []
    blocks = [paragraph(run(_ALONE, "bold"))]
    for when, told in (
        ("Ask your doctor or pharmacist about these today:", today),
        ("Ask about these at your next visit:", later),
    ):
        if told:
            blocks += [paragraph(when), bullets(told)]
    return blocks


def _wanted(data: Part) -> list[Block]:
    asked = [c["question"] for c in data["next"] if c["burden"] == "ask"][:MOST_QUESTIONS]
    return [paragraph("Think about these before you next meet:"), bullets(asked)] if asked else []


def _questions(data: Part) -> list[Block]:
    asked = ["Why do you think that this is the cause?", "Could it be something else?"]
    if any(c["burden"] in _TEST for c in data["next"]):
        asked.append("Do I need a test? What would change after it?")
    asked += [
        "What can I do on my own?",
        "How much can the next step help, and how soon?",
        "What harm can it do?",
        "When should I come back, and what should make me come sooner?",
    ]
    return [bullets(asked)]
