"""A letter of referral as PDF: on two pages what a colleague must know, and then an enclosure.

The letter holds the question, what must not wait, the patient, what was tried, and drugs and
allergies. Reasons, steps, criteria and sources are the enclosure, which can be left unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from crural.assessment import Assessment
from crural.knowledge import Knowledge
from crural.record import Record
from crural.report import words
from crural.report.as_json import as_data
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.layout import marks
from crural.report.outline import outline
from crural.report.sheet_drugs import drugs_of, is_for_pain, never_at_once
from crural.report.typeset import Block, Words, as_runs, bullets, notice, paragraph, pdf, run, table

Part = Mapping[str, Any]
About = Literal["emergency", "stimulation", "intrathecal", "surgery", "pain-clinic"]

_TITLE: Mapping[About, str] = {
    "emergency": "Emergency referral",
    "stimulation": "Referral: spinal cord stimulation",
    "intrathecal": "Referral: intraspinal morphine",
    "surgery": "Referral: surgery",
    "pain-clinic": "Referral: pain clinic",
}
_TO: Mapping[About, str] = {
    "emergency": "To the emergency department, or the specialist on call",
    "stimulation": "To the stimulation team",
    "intrathecal": "To the spinal pump team",
    "surgery": "To the surgeon",
    "pain-clinic": "To the pain clinic",
}
_QUESTION: Mapping[About, str] = {
    "emergency": "Is this an emergency, and what must be done now?",
    "stimulation": "Is this patient suited to a trial of spinal cord stimulation?",
    "intrathecal": "Is this patient suited to a trial of intraspinal morphine?",
    "surgery": "Is an operation due, and if so which?",
    "pain-clinic": "What causes this pain, and what is the next step?",
}
_LASTING = "What can still be done for this pain that will not go away?"
# Whom a patient is referred to when a rung of this stage comes next.
_BY_STAGE: Mapping[str, About] = {
    "surgery": "surgery",
    "stimulation": "stimulation",
    "intrathecal": "intrathecal",
}
# The lists of criteria that a letter holds.
_THERAPIES: Mapping[About, tuple[str, ...]] = {
    "emergency": (),
    "stimulation": ("stimulation",),
    "intrathecal": ("intrathecal",),
    "surgery": (),
    "pain-clinic": ("stimulation", "intrathecal"),
}
_STAGES: Mapping[About, frozenset[str]] = {
    "emergency": frozenset(),
    "stimulation": frozenset({"stimulation"}),
    "intrathecal": frozenset({"intrathecal"}),
    "surgery": frozenset({"surgery", "cause"}),
    "pain-clinic": frozenset(),
}
MOST_REASONS = 3
# The letter names the most probable causes; the enclosure gives the reasons of those from 5 % on.
_NAMED, _WITH_REASONS = 3, 0.05
# So many stand in the letter itself; where there are more, the enclosure has them all.
MOST_FACTS, MOST_TRIED, MOST_OPTIONS, LONGEST_NOTE = 30, 10, 8, 600
_WARNED: Mapping[str, str] = {"barred": "Barred", "caution": "Care", "check": "Check first"}
MOST_SCORES = 40


def to_letter(assessment: Assessment, about: About | None = None) -> bytes:
    """The letter as PDF; without `about`, to whom the alerts and the next step point."""
    data = as_data(assessment)
    return pdf("letter", letter(data, assessment.record, about, assessment.knowledge))


def addressee(data: Part) -> About:
    """Whom the letter is for: by the most urgent alert, then by the next step of treatment."""
    urgency = {alert["urgency"] for alert in data["alerts"]}
    if "emergency" in urgency:
        return "emergency"
    rungs = data["ladder"]["rungs"] if data["ladder"] else []
    for rung in rungs:
        if rung["state"] == "next" and rung["stage"] in _BY_STAGE:
            return _BY_STAGE[rung["stage"]]
    # What must be seen today, and is more than two drugs that do not agree, cannot wait for a
    # clinic.
    today = any(a["urgency"] == "same-day" and a["about"] for a in data["alerts"])
    return "emergency" if today else "pain-clinic"


def letter(data: Part, record: Record, about: About | None, knowledge: Knowledge) -> dict[str, Any]:
    """The content of the letter, from the data of `as_data` and the record."""
    about = about or addressee(data)
    citations = Citations()
    # A blood thinner stands among the drugs; nobody took it for the pain.
    tried = [attempt for attempt in data["tried"] if is_for_pain(attempt, knowledge)]
    sections = [
        ("What must not wait", _alerts(data)),
        ("The patient", _patient(data, record)),
        ("What was tried", _tried(tried, MOST_TRIED)),
        ("Drugs and allergies", _drugs(data, record, knowledge)),
        ("What may cause the pain", _causes_named(data)),
    ]
    enclosed = [
        ("Why it cannot wait", _rationales(data, citations)),
        ("Not excluded, still to be asked", _open(data)),
        ("The patient, in full", _in_full(data, record, tried)),
        ("The causes with their reasons", _causes(data, citations)),
        *([] if about == "emergency" else _steps(data, record, about, citations)),
        ("Cautions with drugs taken now", _cautions_now(data, citations)),
        *_criteria(data, about, citations),
        ("Sources", _sources(citations)),
        ("Limits", [paragraph(words.exactness(data)), paragraph(words.INTENDED_USE)]),
    ]
    return {
        "title": _TITLE[about],
        "header": "Crural · decision support for leg pain",
        "dated": " · ".join(_named(record)),
        "footer": f"Knowledge version {data['knowledge']['version']}, "
        f"digest {data['knowledge']['digest']}",
        "opening": [
            {"kind": "fields", "names": [_TO[about], "From", "Patient, date of birth"]},
            paragraph(run("The question: ", "bold"), _question(about, data)),
        ],
        "sections": _headed(sections),
        "enclosure": {
            "title": "Enclosure: reasons and sources",
            "sections": _headed(enclosed),
        },
    }


def _steps(
    data: Part, record: Record, about: About, citations: Citations
) -> list[tuple[str, list[Block]]]:
    """What an emergency department need not read."""
    return [
        ("Where the patient stands on the ladder", _ladder(data, about, citations)),
        ("The course of the pain", _course(data, record, citations)),
    ]


def _headed(sections: Iterable[tuple[str, list[Block]]]) -> list[dict[str, Any]]:
    return [{"heading": heading, "blocks": blocks} for heading, blocks in sections if blocks]


def _question(about: About, data: Part) -> str:
    if about == "emergency" and data["alerts"]:
        top = data["alerts"][0]
        when = "now" if top["urgency"] == "emergency" else "today"
        return f"{top['title']}: please confirm or rule it out, and treat it, {when}."
    lasting = any(
        fact["finding"] == "pain-duration" and fact["state"] == "over-6-months"
        for fact in data["facts"]
    )
    return _LASTING if about == "pain-clinic" and lasting else _QUESTION[about]


def _named(record: Record) -> Iterable[str]:
    if record.id:
        yield f"record {record.id}"
    if record.as_of:
        yield f"as of {record.as_of.isoformat()}"


def _alerts(data: Part) -> list[Block]:
    """Alerts with what to do; what can wait for days is one line."""
    blocks: list[Block] = [
        notice(
            [run(f"{words.URGENCY[a['urgency']].full}: {a['title']}", "bold")],
            as_runs(run("Do: ", "bold"), a["action"]),
            as_runs(run("Because: ", "bold"), f"{_because(a)}."),
        )
        for a in data["alerts"]
        if a["urgency"] != "two-weeks"
    ]
    later = [a["title"] for a in data["alerts"] if a["urgency"] == "two-weeks"]
    if later:
        within = f"{words.sentence(words.URGENCY['two-weeks'].short)}: "
        blocks.append(paragraph(run(within, "bold"), f"{'; '.join(later)}."))
    return blocks or [paragraph("No alert is raised by what is known.")]


def _because(of: Part) -> str:
    return words.spans("; ".join(fact.rstrip(".") for fact in of["because"]))


def _rationales(data: Part, citations: Citations) -> list[Block]:
    told = [
        as_runs(
            run(f"{a['title']}: ", "bold"),
            f"{_because(a)}. " if a["urgency"] == "two-weeks" else "",
            a["rationale"],
            *([f" Do: {a['action']}"] if a["urgency"] == "two-weeks" else []),
            marks(a["sources"], citations, " "),
        )
        for a in data["alerts"]
    ]
    return [bullets(told)] if told else []


def _open(data: Part) -> list[Block]:
    told = [
        as_runs(run(f"{a['title']}: ", "bold"), words.names(a["unknown"], most=3))
        for a in data["ask_now"]
        if a["urgency"] == "emergency"
    ]
    return [bullets(told)] if told else []


def _patient(data: Part, record: Record) -> list[Block]:
    who = f"{words.sentence(words.person(record))}; {words.SIDE[record.side]}."
    blocks = [paragraph(run(who, "bold"), f" Known: {words.known(data)}.")]
    blocks += _findings(data, MOST_FACTS)
    illnesses = [f"{i.name}, since {i.since}" if i.since else i.name for i in record.illnesses]
    if illnesses:
        blocks.append(paragraph(run("Illnesses: ", "bold"), f"{'; '.join(illnesses)}."))
    if record.note:
        blocks.append(paragraph(run("Note: ", "bold"), _shortened(record.note)))
    return blocks


def _shortened(note: str) -> str:
    if len(note) <= LONGEST_NOTE:
        return note
    return f"{note[:LONGEST_NOTE].rsplit(maxsplit=1)[0]} … (in full in the enclosure)"


def _findings(data: Part, most: int) -> list[Block]:
    """What is there and what is not; length and strength of the pain are told before."""
    stated = [f for f in data["facts"] if f["stated"] and f["finding"] not in words.COURSE_OF_PAIN]
    blocks: list[Block] = []
    for label, facts in (
        ("Present or abnormal", [f for f in stated if f["present"]]),
        ("Absent or normal", [f for f in stated if not f["present"]]),
    ):
        if facts:
            told = "; ".join(_fact(fact) for fact in facts[:most])
            left = len(facts) - most
            more = f" (and {left} more, in the enclosure)" if left > 0 else ""
            blocks.append(paragraph(run(f"{label}: ", "bold"), f"{told}{more}."))
    return blocks


def _in_full(data: Part, record: Record, tried: Sequence[Part]) -> list[Block]:
    """What was too much for the letter."""
    blocks: list[Block] = []
    if sum(f["stated"] for f in data["facts"]) > MOST_FACTS:
        blocks += _findings(data, len(data["facts"]))
    if record.note and len(record.note) > LONGEST_NOTE:
        blocks.append(paragraph(run("Note: ", "bold"), record.note))
    if len(tried) > MOST_TRIED:
        blocks += _tried(tried, len(tried))
    return blocks


def _fact(fact: Part) -> str:
    measured = words.measured(fact)
    return words.with_side(fact) + (f", {measured}" if measured else "")


def _causes_named(data: Part) -> list[Block]:
    caution = words.caution(data)
    told = "; ".join(
        f"{c['name']} {words.percent(c['probability'])} ({_between(c)})"
        for c in _worth_reasons(data)[:_NAMED]
    )
    return [
        *([notice(as_runs(run("Caution: ", "bold"), caution))] if caution else []),
        paragraph(
            f"{told}. In brackets the 90{words.GAP}% intervals"
            f"{_on_estimates(data)}. "
            "Several causes can be at work; reasons and sources are enclosed."
        ),
    ]


def _between(cause: Part) -> str:
    """The interval of a probability, marked where it rests on estimates only."""
    mark = f", {words.ON_ESTIMATES}" if cause["estimates_only"] else ""
    return words.interval(*cause["interval"]) + mark


def _on_estimates(data: Part) -> str:
    """What the mark means, where a cause that is named has it."""
    marked = any(cause["estimates_only"] for cause in _worth_reasons(data)[:_NAMED])
    return f"; “{words.ON_ESTIMATES}”: it {words.ESTIMATES_ONLY}" if marked else ""


def _causes(data: Part, citations: Citations) -> list[Block]:
    rows: list[list[Words]] = [
        [
            cause["name"],
            as_runs(
                run(words.percent(cause["probability"]), "bold"),
                f" ({_between(cause)})",
            ),
            _reasons(cause["for"], citations) or "–",
            _reasons(cause["against"], citations) or "–",
        ]
        for cause in _worth_reasons(data)
    ]
    return [
        table(["Cause", "Probability (90 % interval)", "For", "Against"], [3, 2.4, 5, 5], rows),
        paragraph(f"{words.sentence(words.other(data))}. {words.NOT_MULTIPLIED}"),
    ]


def _worth_reasons(data: Part) -> Sequence[Part]:
    listed = outline(data).listed
    return [c for c in listed if c["probability"] >= _WITH_REASONS] or listed[:1]


def _reasons(reasons: Sequence[Part], citations: Citations) -> str:
    return "; ".join(
        f"{words.with_side(r)} {words.times(r['likelihood_ratio'])}"
        + marks(r["sources"], citations, " ", "(est.)")
        for r in reasons[:MOST_REASONS]
    )


def _tried(attempts: Sequence[Part], most: int) -> list[Block]:
    if not attempts:
        return [paragraph("Nothing is recorded.")]
    rows = [
        [
            a["what"],
            a["dose"] or "not recorded",
            words.lasted(a),
            words.came_of(a),
            words.enough(a),
        ]
        for a in attempts[:most]
    ]
    left = len(attempts) - most
    return [
        table(
            ["Treatment", "Dose", "When", "What came of it", "Long and strong enough?"],
            [3, 2.4, 3, 3, 2.6],
            rows,
        ),
        *([paragraph(f"{left} more are in the enclosure.")] if left > 0 else []),
    ]


def _ladder(data: Part, about: About, citations: Citations) -> list[Block]:
    ladder = data["ladder"]
    if ladder is None:
        return []
    rows: list[list[Words]] = [
        [
            f"{words.RUNG[r['state']].sign} {words.RUNG[r['state']].short}",
            [run(r["title"], "bold" if r["id"] == ladder["next"] else "plain")],
            "" if r["state"] == "later" else _because(r),
        ]
        for r in ladder["rungs"]
    ]
    blocks: list[Block] = [
        paragraph(run(f"{words.of_ladder(ladder)}: ", "bold"), f"{words.next_step(ladder)}."),
        table(["State", "Step, from the first", "Because"], [0, 4, 5], rows),
    ]
    for rung in ladder["rungs"]:
        if rung["state"] == "next" or rung["stage"] in _STAGES[about]:
            blocks += _rung(rung, citations)
    return blocks


def _rung(rung: Part, citations: Citations) -> list[Block]:
    options = words.in_front(rung["options"])[:MOST_OPTIONS]
    left = len(rung["options"]) - len(options)
    rows: list[list[Words]] = [
        [
            as_runs(run(o["name"], "bold"), f": {words.verdict(o)}"),
            _effect(o, citations) or "no figure",
        ]
        for o in options
    ]
    title = f"{words.RUNG[rung['state']].full}: {rung['title']}"
    asked = words.names(rung["ask"])
    cautions = _cautions(options, citations)
    return [
        {"kind": "heading", "text": title},
        paragraph(rung["why"], *([f" First find out: {asked}."] if asked else [])),
        table(["Option", "Effect, dose, bodies"], [3, 6], rows),
        *([paragraph(f"{left} more options are in the report.")] if left else []),
        *([bullets(cautions)] if cautions else []),
    ]


def _effect(option: Part, citations: Citations) -> str:
    told = []
    if option["effect"]:
        told.append(option["effect"]["says"] + marks(option["sources"], citations, " "))
    if option["dosing"]:
        dosing = option["dosing"]
        told.append(
            f"from {dosing['start']}, at most {dosing['most']}"
            + marks(dosing["sources"], citations, " ")
        )
    told += [words.position(p) + marks(p["source"], citations, " ") for p in option["positions"]]
    return "; ".join(told)


def _cautions(options: Sequence[Part], citations: Citations) -> list[Words]:
    """Every warning once, with the options that it is for; what bars comes first."""
    found: dict[tuple[str, str], tuple[list[str], Part]] = {}
    for option in options:
        for warned in option["cautions"]:
            found.setdefault((warned["level"], warned["say"]), ([], warned))[0].append(
                option["name"]
            )
    return [
        as_runs(
            run(f"{_WARNED[level]} ({_for(names, options)}): ", "bold"),
            say + marks(warned["sources"], citations, " "),
        )
        for level in _WARNED
        for (of, say), (names, warned) in found.items()
        if of == level
    ]


def _for(names: Sequence[str], options: Sequence[Part]) -> str:
    of = list(dict.fromkeys(names))
    return "all of these" if 1 < len(of) == len(options) else ", ".join(of)


def _course(data: Part, record: Record, citations: Citations) -> list[Block]:
    scores = record.pain_scores
    blocks: list[Block] = []
    course = data["course"]
    if course:
        verdict = words.sentence(words.COURSE[course["verdict"]])
        blocks += [
            paragraph(run(f"{verdict}: ", "bold"), f"{_because(course)}."),
            {
                "kind": "picture",
                "svg": course_chart(course),
                "width": 60,
                "alt": "Pain scores and the expected course.",
            },
            paragraph(words.sentence(course["says"]) + marks(course["sources"], citations, " ")),
        ]
        if course["verdict"] == "off-course":
            blocks.append(paragraph(run(course["if_not"], "bold")))
    if scores:
        told = "; ".join(
            f"{s.date.isoformat() if s.date else f'day {s.day}'}: {s.nrs:g}"
            for s in scores[-MOST_SCORES:]
        )
        blocks.append(paragraph(run("Pain scores, 0 to 10: ", "bold"), f"{told}."))
    return blocks


def _drugs(data: Part, record: Record, knowledge: Knowledge) -> list[Block]:
    drugs = [f"{d.name}, {d.dose}" if d.dose else d.name for d in record.drugs]
    blocks = [
        paragraph(
            run("Drugs taken now: ", "bold"), f"{'; '.join(drugs)}." if drugs else "none recorded."
        ),
        paragraph(
            run("Allergies: ", "bold"),
            f"{'; '.join(record.allergies)}." if record.allergies else "none recorded.",
        ),
    ]
    opioids = data["opioids"]
    if opioids and opioids["mme_at_least"]:
        said = opioids["say"][-1] if opioids["say"] else ""
        blocks.append(paragraph(run(f"{words.sentence(words.opioids(opioids))}. ", "bold"), said))
    barred = dict.fromkeys(
        f"{' with '.join(drugs_of(c))}{_never(c, knowledge)}"
        for c in data["cautions"]
        if c["level"] == "barred"
    )
    if barred:
        blocks.append(
            paragraph(
                run("Should not go on as it is: ", "bold"), f"{'; '.join(barred)}. Why: enclosed."
            )
        )
    if data.get("not_understood"):
        told = words.sentence(words.not_understood(data["not_understood"]))
        blocks.append(paragraph(f"{told}."))
    doubts = [f"{doubt['what']}: {doubt['says']}" for doubt in data.get("doubtful_doses", ())]
    if doubts:
        blocks.append(paragraph(run("Doses to check: ", "bold"), " ".join(doubts)))
    return blocks


def _never(caution: Part, knowledge: Knowledge) -> str:
    dangerous = any(
        never_at_once(drug, caution["treatment"], knowledge) for drug in drugs_of(caution)
    )
    return " (never stop at once)" if dangerous else ""


def _cautions_now(data: Part, citations: Citations) -> list[Block]:
    """Cautions of drugs taken now as a table, each reason once, the worst first."""
    rows: list[list[Words]] = [
        [
            as_runs(run(words.reason_for_care(row) if place == 0 else "", "bold")),
            words.about(advice),
            advice["say"] + marks(advice["sources"], citations, " "),
        ]
        for row in data["caution_table"]
        for place, advice in enumerate(row["advice"])
    ]
    return [table(["Why", "Drugs", "What to do"], [2, 3, 5], rows)] if rows else []


def _criteria(data: Part, about: About, citations: Citations) -> Iterable[tuple[str, list[Block]]]:
    for therapy in _THERAPIES[about]:
        found = data["candidacy"].get(therapy)
        if found is not None:
            title = f"{words.THERAPY[therapy]}: criteria"
            yield title, list(_of_therapy(found, therapy, data["ladder"], citations))


def _of_therapy(
    found: Part, therapy: str, ladder: Part | None, citations: Citations
) -> Iterable[Block]:
    yield paragraph(run(f"{words.sentence(words.CANDIDACY[found['status']])}.", "bold"))
    step = words.on_ladder(ladder, therapy)
    if step:
        yield paragraph(run("On the ladder: ", "bold"), f"{step}.")
    if found["because"]:
        yield paragraph(run("Because: ", "bold"), f"{_because(found)}.")
    if found["missing"]:
        yield paragraph(run("Still to be found out: ", "bold"), f"{words.names(found['missing'])}.")
    for of in words.by_kind(found["sets"]):
        lines = words.listed(found["criteria"], of)
        told = words.VERDICT[of["kind"]]
        cited = marks(of["sources"], citations, " ")
        yield {"kind": "heading", "text": f"{of['name']} ({of['body']} {of['year']})"}
        yield paragraph(run(f"{words.counts(found['criteria'], of)}.{cited}", "quiet"))
        shown = [x for x in lines if of["kind"] == "criteria" or x["verdict"] != "not met"]
        if shown:
            rows = [
                [
                    f"{told[x['verdict']].sign} {told[x['verdict']].word}",
                    _line(x, of) + marks(x["sources"], citations, " "),
                    _facts_of(x),
                ]
                for x in shown
            ]
            yield table(["Verdict", "Line of the list", "Facts, or what to ask"], [0, 5, 5], rows)
        rest = [x["text"] for x in lines if x["verdict"] == "not met"]
        if of["kind"] != "criteria" and rest:
            said = words.sentence(told["not met"].word)
            yield paragraph(run(f"{said}: {'; '.join(rest)}.", "quiet"))


def _line(line: Part, of: Part) -> str:
    weighs = "" if line["essential"] or of["kind"] != "criteria" else " (not essential)"
    return f"{words.sentence(line['text'])}{weighs}"


def _facts_of(line: Part) -> str:
    if line["verdict"] == "unknown":
        return " ".join(asked["question"] or asked["name"] for asked in line["ask"])
    return _because(line)


def _sources(citations: Citations) -> list[Block]:
    items = [
        {
            "number": source.number,
            "text": f"{source.title}{f' ({source.year})' if source.year else ''}."
            + (f" {source.link}" if source.link else ""),
        }
        for source in citations.listed()
    ]
    return [{"kind": "numbered", "items": items}] if items else []
