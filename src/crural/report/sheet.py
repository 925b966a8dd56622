"""A sheet for the patient, in words that a twelve-year-old can read; as HTML and as PDF.

Everything medical on it comes from the assessment: the plain names and questions of the knowledge.
It is meant to be gone through together with a clinician.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crural.assessment import Assessment
from crural.record import Record
from crural.report import words
from crural.report.as_json import as_data
from crural.report.html import environment
from crural.report.outline import outline
from crural.report.typeset import Block, Words, as_runs, bullets, notice, paragraph, pdf, run

Part = Mapping[str, Any]

MOST_WARNINGS = 8
MOST_STEPS = 5
MOST_QUESTIONS = 5

_LEG: Mapping[str | None, str] = {
    "left": "your left leg",
    "right": "your right leg",
    "bilateral": "your legs",
    None: "your leg",
}
_SOON: Mapping[str, str] = {
    "emergency": "Get help now. Call an ambulance, or go to the nearest hospital.",
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
_UNSAFE = "it may not be safe for you. Ask your doctor or pharmacist today if you should stop it."
_UNSURE = "ask your doctor if it is right for you."
_COURSE: Mapping[str, str] = {
    "on-course": "Your pain is easing as we hoped.",
    "too-early": "We cannot tell yet if your pain is easing as it should.",
    "off-course": "Your pain has not eased as we hoped. We need to look at the cause again.",
}


def to_html(assessment: Assessment) -> str:
    """The sheet as an HTML page, self-contained and ready to print."""
    return render(sheet(as_data(assessment), assessment.record))


def to_pdf(assessment: Assessment) -> bytes:
    """The sheet as PDF."""
    return pdf("sheet", sheet(as_data(assessment), assessment.record))


def render(content: Mapping[str, Any]) -> str:
    """The page of a sheet's content."""
    page = environment().get_template("sheet.html.jinja")
    return words.shown(page.render(content=content))


def sheet(data: Part, record: Record) -> dict[str, Any]:
    """The content of the sheet, from the data of `as_data` and the record."""
    sections = [
        ("What must not wait", _urgent(data)),
        ("What may cause the pain", _causes(data)),
        ("What you have tried", _tried(data)),
        ("What happens next", _next(data)),
        ("Your medicines", _medicines(data)),
        ("What your doctor would like to know", _wanted(data)),
        ("Questions you can ask", _questions(data)),
    ]
    made = f" on {record.as_of.isoformat()}" if record.as_of else ""
    return {
        "title": f"About the pain in {_LEG[record.side]}",
        "opening": [
            paragraph(
                "This sheet is for you. Please read it with your doctor, nurse or therapist. They "
                "can tell you more, and they know you best."
            )
        ],
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


def _urgent(data: Part) -> list[Block]:
    blocks: list[Block] = []
    for urgency, what_to_do in _SOON.items():
        raised = [a for a in data["alerts"] if a["urgency"] == urgency]
        if raised:
            plain = dict.fromkeys(p for a in raised for p in a["plain"])
            named = dict.fromkeys(a["title"] for a in raised if not a["plain"])
            blocks.append(
                notice(
                    [run(what_to_do, "bold")],
                    *(["This must be ruled out:"] if plain else []),
                    *(f"– {_ended(said)}" for said in plain),
                    *(["The reason:"] if named else []),
                    *(f"– {_ended(said)}" for said in named),
                )
            )
    # Signs that the patient can see or feel, of what would be an emergency.
    signs = dict.fromkeys(
        asked["question"]
        for alert in data["ask_now"]
        if alert["urgency"] == "emergency"
        for asked in alert["unknown"]
        if asked["kind"] == "symptom" and asked["burden"] == "ask" and asked["question"]
    )
    if signs:
        blocks += [
            paragraph(
                run("Call a doctor today if you would say yes to one of these. ", "bold"),
                "If it began just now, or if it gets worse fast, call an ambulance.",
            ),
            bullets(list(signs)[:MOST_WARNINGS]),
        ]
    return blocks or [paragraph(_NOTHING_URGENT)]


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


def _tried(data: Part) -> list[Block]:
    if not data["tried"]:
        return [
            paragraph("Nothing is written down yet. Tell your doctor what you have tried so far.")
        ]
    return [bullets([_attempt(attempt) for attempt in data["tried"]])]


def _attempt(attempt: Part) -> Words:
    plain = f" ({attempt['plain']})" if attempt["plain"] else ""
    told = [_CAME_OF[attempt["outcome"]]]
    if attempt["adequacy"] in _ENOUGH and attempt["outcome"] not in {"helps", "going-on"}:
        told.append(_ENOUGH[attempt["adequacy"]])
    what = run(words.sentence(attempt["what"]), "bold")
    return as_runs(what, f"{plain}. {' '.join(told)}")


def _next(data: Part) -> list[Block]:
    blocks: list[Block] = []
    if any(alert["urgency"] == "emergency" for alert in data["alerts"]):
        blocks.append(paragraph(run("First comes the help that is named above.", "bold")))
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
    steps = [o for r in rungs if r["state"] == "next" for o in r["options"]]
    for title, options in (
        ("Go on with this:", [o for o in going_on if o["verdict"] in {"helps", "going-on"}]),
        ("The next step can be one of these:", [o for o in steps if o["verdict"] in _STEP]),
    ):
        if options:
            told = [f"{_ended(o['plain'])} {_STEP[o['verdict']]}" for o in options[:MOST_STEPS]]
            blocks += [paragraph(run(title, "bold")), bullets(told)]
    tests = list(dict.fromkeys(_TEST[c["burden"]] for c in data["next"] if c["burden"] in _TEST))
    if tests:
        blocks += [paragraph(run("These tests may help to find the cause:", "bold"))]
        blocks += [bullets([_ended(test) for test in tests])]
    return blocks or [paragraph("Your doctor will plan the next step with you.")]


def _medicines(data: Part) -> list[Block]:
    barred = dict.fromkeys(c["drug"] for c in data["cautions"] if c["level"] == "barred")
    others = dict.fromkeys(c["drug"] for c in data["cautions"] if c["drug"] not in barred)
    told = [
        as_runs(run(f"{words.sentence(drug)}: ", "bold"), said)
        for drugs, said in ((barred, _UNSAFE), (others, _UNSURE))
        for drug in drugs
    ]
    return [bullets(told)] if told else []


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
