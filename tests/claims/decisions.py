"""Small records, one for each thing that the founding text says, and what must be decided of them.

The tests hold the answers against them; the page "What the system decides" shows the same records
with the answers as they are when it is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from crural.assessment import Assessment, assess
from crural.knowledge import Knowledge
from crural.ladder import LadderPosition, Option, Warned
from crural.record import record_from_data
from crural.rules.subject import question_of

Said: TypeAlias = Mapping[str, Any]

# What is asked of an assessment. `of` names, in this order: a ladder and a rung or treatment of it
# and a precaution; a therapy; an alert.
Kind = Literal["cause", "next", "rung", "option", "precaution", "therapy", "course", "alert"]


@dataclass(frozen=True)
class Ask:
    """A question to an assessment, and the answer that the founding text asks for."""

    kind: Kind
    of: tuple[str, ...]
    expected: str


@dataclass(frozen=True)
class Answer:
    """What was decided, in one word or id, and the reasons in words."""

    decided: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """A small record, the statement it belongs to, and what is asked of it."""

    claim: str
    title: str
    record: Said
    asks: tuple[Ask, ...]


def ask(kind: Kind, *of: str, is_: str) -> Ask:
    """A question and its answer."""
    return Ask(kind, of, is_)


def days(number: int) -> Said:
    """The pain has lasted so long."""
    return {"finding": "pain-duration", "value": number, "unit": "d"}


def failed(what: str, days_: int | None = None) -> Said:
    """A treatment that brought nothing."""
    return {"what": what, "response": "none"} | ({} if days_ is None else {"days": days_})


def scores(*points: tuple[str, float]) -> list[Said]:
    """Pain scores by date."""
    return [{"date": date, "nrs": nrs} for date, nrs in points]


def answer(question: Ask, assessment: Assessment) -> Answer:
    """What an assessment says to a question."""
    match question.kind:
        case "cause":
            return _cause(assessment)
        case "course":
            return _course(assessment)
        case "therapy":
            return _therapy(question.of[0], assessment)
        case "alert":
            return _alert(question.of[0], assessment)
        case _:
            return _on_ladder(question, assessment)


def _cause(assessment: Assessment) -> Answer:
    first = assessment.diagnosis.causes[0]
    name = assessment.knowledge.conditions[first.id].name
    likely = "over 99" if first.probability > 0.99 else f"{100 * first.probability:.0f}"
    return Answer(first.id, (f"{name}: probability {likely} %",))


def _course(assessment: Assessment) -> Answer:
    followed = assessment.course
    if followed is None:
        return Answer("none", ("no course is known, or there are fewer than two pain scores",))
    said = list(followed.because)
    if followed.revised:
        before, after = (p[followed.condition] for p in (followed.before, followed.revised))
        lower = "less probable than before" if after < before else "as probable as before"
        name = assessment.knowledge.conditions[followed.condition].name
        said.append(f"{name} is {lower}: the question of the cause is open again")
    return Answer(followed.verdict, tuple(said))


def _therapy(therapy: str, assessment: Assessment) -> Answer:
    found = next(c for c in assessment.candidacy if c.therapy == therapy)
    missing = [question_of(fact, assessment.knowledge) for fact in found.missing[:3]]
    asked = tuple(f"to be found out: {question}" for question in missing if question)
    return Answer(found.status, found.because or asked)


def _alert(name: str, assessment: Assessment) -> Answer:
    for alert in assessment.alerts:
        if alert.id == name:
            return Answer("raised", (alert.title, alert.action))
    return Answer("not raised", ())


def _on_ladder(question: Ask, assessment: Assessment) -> Answer:
    position = _position(question.of[0], assessment)
    if position is None:
        return Answer("no such ladder", ())
    if question.kind == "next":
        following = position.next
        if following is None:
            return Answer("nothing", ())
        return Answer(following.rung.id, (following.rung.title, *following.because))
    if question.kind == "rung":
        rung = next(r for r in position.rungs if r.rung.id == question.of[1])
        return Answer(rung.state, (rung.rung.title, *rung.because))
    return _on_option(question, _option(question.of[1], position))


def _on_option(question: Ask, option: Option) -> Answer:
    if question.kind == "option":
        return Answer(option.verdict, (*option.for_, *option.against))
    warned = next((w for w in option.cautions if w.id == question.of[2]), None)
    return Answer("silent", ()) if warned is None else Answer(warned.level, _of(warned))


def _of(warned: Warned) -> tuple[str, ...]:
    return (warned.say, *warned.because)


def _position(ladder: str, assessment: Assessment) -> LadderPosition | None:
    plan = assessment.plan
    ladders = () if plan is None else plan.ladders
    return next((p for p in ladders if p.ladder.id == ladder), None)


def _option(treatment: str, position: LadderPosition) -> Option:
    options = (o for rung in position.rungs for o in rung.options)
    return next(o for o in options if o.treatment.id == treatment)


def assessed(decision: Decision, knowledge: Knowledge) -> Assessment:
    """The assessment of its record, made once."""
    return _assessed(json.dumps(decision.record, sort_keys=True), knowledge)


@lru_cache(maxsize=128)
def _assessed(record: str, knowledge: Knowledge) -> Assessment:
    data = json.loads(record)
    return assess(record_from_data(data, knowledge.vocabulary, "decision"), knowledge)


# --- the records ---------------------------------------------------------------------------------

SCIATICA: Said = {
    "age": 42,
    "sex": "male",
    "side": "left",
    "present": [
        "pain-buttock",
        "pain-posterior-thigh",
        "pain-calf",
        "pain-radiating-below-knee",
        "slr-positive",
    ],
}
CANAL: Said = {"finding": "mri-canal-stenosis", "state": "moderate"}
STENOSIS: Said = {
    "age": 72,
    "sex": "male",
    "side": "bilateral",
    "present": ["leg-symptoms-on-walking-relieved-sitting", "shopping-trolley", "worse-extension"],
    "observations": [days(60), CANAL],
}
STENOSIS_STEPS: tuple[tuple[str, Said, str], ...] = (
    ("rest", failed("rest", 42), "anti-inflammatories"),
    ("an anti-inflammatory", failed("naproxen", 28), "painkillers"),
    ("a painkiller", failed("paracetamol", 28), "injection"),
    ("an epidural", failed("epidural steroid injection"), "brace"),
    ("a brace", failed("lumbar brace", 60), "light-exercise"),
    ("light exercise", failed("flexion exercises", 60), "surgery"),
)
MS: Said = {
    "age": 38,
    "sex": "female",
    "side": "bilateral",
    "setting": "specialist",
    "observations": [days(200)],
}
BURNING: Said = {**MS, "present": ["ms-known", "pain-burning", "babinski"]}
SPASMS: Said = {
    **MS,
    "present": ["ms-known", "muscle-spasms", "clonus-or-spasticity", "reflexes-brisk"],
}
STRETCHED: tuple[Said, ...] = (failed("stretching", 90), failed("baclofen 60 mg", 60))
HIP: Said = {
    "age": 45,
    "sex": "male",
    "side": "left",
    "setting": "specialist",
    "present": [
        "pain-groin",
        "worse-weight-bearing",
        "hip-rotation-painful",
        "mri-hip-marrow-oedema",
        "xray-hip-osteopenia",
        "training-load-increase",
    ],
    "absent": ["mri-hip-necrosis", "mri-hip-fracture-line", "xray-hip-oa"],
    "observations": [days(30)],
}
OSTEOMALACIA: Said = {
    "as_of": "2026-07-01",
    "age": 60,
    "sex": "female",
    "side": "bilateral",
    "setting": "specialist",
    "present": [
        "vitamin-d-risk",
        "weakness-proximal-bilateral",
        "gait-waddling",
        "xray-looser-zones",
    ],
    "observations": [
        {"finding": "alp", "state": "raised"},
        {"finding": "vitamin-d", "state": "deficient"},
    ],
}
ON_VITAMIN_D: Said = {
    **OSTEOMALACIA,
    "treatments": [{"what": "vitamin D", "start": "2026-01-01"}],
}
AFTER_SURGERY: Said = {
    "age": 52,
    "sex": "male",
    "side": "left",
    "setting": "specialist",
    "present": [
        "lumbar-surgery-previous",
        "pain-radiating-below-knee",
        "pain-burning",
        "pain-electric",
        "neuropathic-pain-confirmed",
        "mri-epidural-scar",
        "imaging-concordant-with-leg-pain",
    ],
    "absent": ["correctable-lesion-present"],
    "observations": [days(700)],
    "pain_scores": [{"day": 0, "nrs": 8}],
}
TRIED: tuple[Said, ...] = (
    failed("physiotherapy", 90),
    failed("amitriptyline 75 mg", 60),
    failed("gabapentin 2400 mg", 90),
    failed("conventional medical treatment", 250),
    failed("epidural steroid injection"),
    failed("pain management programme", 60),
)
ASSESSED: Said = {
    **AFTER_SURGERY,
    "present": [
        *AFTER_SURGERY["present"],
        "multidisciplinary-assessment-done",
        "informed-consent-given",
    ],
    "observations": [days(700), {"finding": "psychological-assessment", "state": "suitable"}],
    "treatments": list(TRIED),
}
STIMULATED: Said = {
    **ASSESSED,
    "absent": [
        *ASSESSED["absent"],
        "csf-flow-blocked",
        "substance-misuse-present",
        "opioid-use-disorder",
    ],
    "drugs": ["paracetamol"],
    "treatments": [
        *TRIED,
        failed("spinal cord stimulation", 400),
        failed("dorsal root ganglion stimulation", 200),
    ],
}


def _with(record: Said, *treatments: Said, **more: Any) -> Said:
    known: Sequence[Said] = record.get("treatments", ())
    tried = [*known, *treatments]
    return {**record, **({"treatments": tried} if tried else {}), **more}


def _up_the_stenosis_ladder() -> tuple[Decision, ...]:
    """One record for each step, with everything before it tried in vain."""
    done: list[Said] = []
    first = _with(STENOSIS, observations=[days(10), CANAL])
    found = [
        Decision(
            "C5",
            "A narrow canal for ten days, and nothing tried",
            first,
            (
                ask("next", "stenosis", is_="rest"),
                ask("rung", "stenosis", "early-exercise", is_="next"),
            ),
        )
    ]
    for what, treatment, following in STENOSIS_STEPS:
        done.append(treatment)
        found.append(
            Decision(
                "C5",
                f"The same after two months, when {what} has failed too",
                _with(STENOSIS, *done),
                (ask("next", "stenosis", is_=following),),
            )
        )
    return tuple(found)


DECISIONS: tuple[Decision, ...] = (
    Decision(
        "C1",
        "Pain from the buttock down the leg, and a straight leg raise that brings it on",
        SCIATICA,
        (ask("cause", is_="sciatica-disc-herniation"),),
    ),
    Decision(
        "C2",
        "Sciatica for ten days, and nothing tried",
        _with(SCIATICA, observations=[days(10)]),
        (
            ask("next", "sciatica", is_="rest"),
            ask("option", "sciatica", "stay-active", is_="offer"),
            ask("option", "sciatica", "bed-rest", is_="advised-against"),
        ),
    ),
    Decision(
        "C2",
        "Four weeks of rest have not calmed it",
        _with(SCIATICA, failed("rest", 28), observations=[days(40)]),
        (ask("next", "sciatica", is_="simple-analgesics"),),
    ),
    Decision(
        "C2",
        "Rest and an anti-inflammatory have failed",
        _with(SCIATICA, failed("rest", 28), failed("naproxen", 21), observations=[days(40)]),
        (ask("next", "sciatica", is_="physical"),),
    ),
    Decision(
        "C2",
        "Sciatica for ten days with a leg that has lost its power",
        _with(
            SCIATICA,
            present=[*SCIATICA["present"], "weakness-severe", "weakness-great-toe"],
            observations=[days(10)],
        ),
        (ask("next", "sciatica", is_="surgery"),),
    ),
    Decision(
        "C3",
        "Legs that fail on walking and recover on sitting",
        STENOSIS,
        (ask("cause", is_="lumbar-spinal-stenosis"),),
    ),
    Decision(
        "C4",
        "The same walk in a patient with Paget's disease",
        {**STENOSIS, "present": [*STENOSIS["present"], "paget-known", "xray-paget"]},
        (ask("rung", "stenosis", "paget-treatment", is_="next"),),
    ),
    Decision(
        "C4",
        "The same walk without a sign of Paget's disease or of too much fluoride",
        STENOSIS,
        (
            ask("rung", "stenosis", "paget-treatment", is_="skipped"),
            ask("rung", "stenosis", "fluoride-source", is_="skipped"),
        ),
    ),
    *_up_the_stenosis_ladder(),
    Decision(
        "C6",
        "Multiple sclerosis with a thigh that has wasted",
        {**MS, "present": ["ms-known", "wasting-thigh", "weakness-proximal-bilateral"]},
        (
            ask("cause", is_="multiple-sclerosis"),
            ask("rung", "ms-wasting", "strengthening", is_="later"),
        ),
    ),
    Decision(
        "C7",
        "Multiple sclerosis with constant burning of both legs",
        BURNING,
        (
            ask("cause", is_="multiple-sclerosis"),
            ask("rung", "ms-burning", "antidepressants", is_="next"),
        ),
    ),
    Decision(
        "C8",
        "Multiple sclerosis with painful spasms of both legs",
        SPASMS,
        (
            ask("cause", is_="multiple-sclerosis"),
            ask("next", "ms-spasm", is_="triggers"),
        ),
    ),
    Decision(
        "C9",
        "The burning of multiple sclerosis: an antidepressant comes first",
        BURNING,
        (
            ask("next", "ms-burning", is_="antidepressants"),
            ask("option", "ms-burning", "amitriptyline", is_="check-first"),
        ),
    ),
    Decision(
        "C10",
        "Spasms that stretching and baclofen have not held",
        _with(SPASMS, *STRETCHED),
        (
            ask("next", "ms-spasm", is_="carbamazepine"),
            ask("precaution", "ms-spasm", "carbamazepine", "sodium-below-135", is_="check"),
            ask("precaution", "ms-spasm", "carbamazepine", "hla-b1502-untested", is_="check"),
        ),
    ),
    Decision(
        "C10",
        "The same in a carrier of HLA-B*15:02",
        _with(SPASMS, *STRETCHED, present=[*SPASMS["present"], "hla-b1502-positive"]),
        (
            ask("option", "ms-spasm", "carbamazepine", is_="barred"),
            ask("precaution", "ms-spasm", "carbamazepine", "hla-b1502", is_="barred"),
        ),
    ),
    Decision(
        "C10",
        "The same with low sodium, on warfarin",
        _with(
            SPASMS,
            *STRETCHED,
            drugs=["warfarin"],
            observations=[days(200), {"finding": "sodium", "value": 131, "unit": "mmol/L"}],
        ),
        (
            ask("precaution", "ms-spasm", "carbamazepine", "sodium-below-135", is_="caution"),
            ask("precaution", "ms-spasm", "carbamazepine", "warfarin", is_="caution"),
        ),
    ),
    Decision(
        "C11",
        "Hip pain in an active man of 45, whose scan shows fluid in the bone",
        HIP,
        (ask("cause", is_="transient-osteoporosis-hip"),),
    ),
    Decision(
        "C12",
        "The same in both hips",
        {**HIP, "side": "bilateral"},
        (ask("cause", is_="transient-osteoporosis-hip"),),
    ),
    Decision(
        "C13",
        "The same hip, and nothing tried",
        HIP,
        (
            ask("rung", "transient-osteoporosis", "protected-weight-bearing", is_="next"),
            ask("next", "transient-osteoporosis", is_="simple-analgesics"),
            ask("alert", "femoral-neck-stress-fracture", is_="raised"),
        ),
    ),
    Decision(
        "C13",
        "The same when painkillers have not been enough",
        _with(HIP, failed("paracetamol", 28), failed("naproxen", 28)),
        (ask("next", "transient-osteoporosis", is_="physical-therapy"),),
    ),
    Decision(
        "C14",
        "A boy of 16 with a lump on the bone that hurts at night",
        {
            "age": 16,
            "sex": "male",
            "side": "left",
            "setting": "specialist",
            "present": [
                "pain-localised-bone",
                "worse-night",
                "lump-felt",
                "xray-periosteal-aggressive",
            ],
        },
        (
            ask("cause", is_="primary-malignant-bone-tumour"),
            ask("alert", "bone-tumour-imaging", is_="raised"),
            ask("rung", "malignant-bone-tumour", "sarcoma-centre", is_="next"),
        ),
    ),
    Decision(
        "C14",
        "A woman of 72 with a crooked spine that hurts on standing",
        {
            "age": 72,
            "sex": "female",
            "side": "left",
            "setting": "specialist",
            "present": [
                "lumbar-list-or-scoliosis",
                "xray-scoliosis",
                "pain-low-back",
                "worse-standing",
            ],
        },
        (ask("cause", is_="degenerative-scoliosis"),),
    ),
    Decision(
        "C14",
        "A woman of 60 who waddles and lacks vitamin D",
        OSTEOMALACIA,
        (
            ask("cause", is_="osteomalacia"),
            ask("rung", "osteomalacia", "vitamin-d", is_="next"),
        ),
    ),
    Decision(
        "C15",
        "The pain of osteomalacia lessens under vitamin D",
        {
            **ON_VITAMIN_D,
            "pain_scores": scores(
                ("2026-01-01", 7), ("2026-03-01", 5), ("2026-05-01", 3), ("2026-06-20", 2)
            ),
        },
        (ask("course", is_="on-course"),),
    ),
    Decision(
        "C15",
        "It does not lessen",
        {
            **ON_VITAMIN_D,
            "pain_scores": scores(
                ("2026-01-01", 7), ("2026-03-01", 7), ("2026-05-01", 7), ("2026-06-20", 8)
            ),
        },
        (ask("course", is_="off-course"),),
    ),
    Decision(
        "C15",
        "After five days nothing can be told",
        {
            **ON_VITAMIN_D,
            "as_of": "2026-01-06",
            "pain_scores": scores(("2026-01-01", 7), ("2026-01-05", 7)),
        },
        (ask("course", is_="too-early"),),
    ),
    Decision(
        "C16",
        "Leg pain after spine surgery, and nothing tried for it",
        AFTER_SURGERY,
        (
            ask("rung", "persistent-spinal-pain", "stimulation", is_="later"),
            ask("therapy", "stimulation", is_="unknown"),
        ),
    ),
    Decision(
        "C16",
        "The other treatments have failed, and a team has assessed the patient",
        ASSESSED,
        (
            ask("next", "persistent-spinal-pain", is_="stimulation"),
            ask("therapy", "stimulation", is_="due"),
        ),
    ),
    Decision(
        "C16",
        "The same with an infection",
        {**ASSESSED, "present": [*ASSESSED["present"], "infection-active"]},
        (
            ask("rung", "persistent-spinal-pain", "stimulation", is_="barred"),
            ask("therapy", "stimulation", is_="barred"),
        ),
    ),
    Decision(
        "C17",
        "Stimulation has not been tried",
        ASSESSED,
        (ask("rung", "persistent-spinal-pain", "intrathecal", is_="later"),),
    ),
    Decision(
        "C17",
        "Two kinds of stimulation have failed",
        STIMULATED,
        (
            ask("next", "persistent-spinal-pain", is_="intrathecal"),
            ask("therapy", "intrathecal", is_="due"),
            ask("option", "persistent-spinal-pain", "intrathecal-morphine", is_="check-first"),
        ),
    ),
    Decision(
        "C17",
        "The same on warfarin",
        {**STIMULATED, "drugs": ["warfarin"]},
        (
            ask("therapy", "intrathecal", is_="due"),
            ask("option", "persistent-spinal-pain", "intrathecal-morphine", is_="offer-with-care"),
        ),
    ),
    Decision(
        "C17",
        "The same with an infection",
        _with(STIMULATED, present=[*STIMULATED["present"], "infection-active"]),
        (
            ask("therapy", "intrathecal", is_="barred"),
            ask("option", "persistent-spinal-pain", "intrathecal-morphine", is_="barred"),
        ),
    ),
)


def decisions_for(claim: str) -> tuple[Decision, ...]:
    """The records that belong to a statement."""
    return tuple(decision for decision in DECISIONS if decision.claim == claim)
