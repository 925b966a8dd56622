"""A letter of referral as PDF: the assessment at the length that a colleague reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from crural.assessment import Assessment
from crural.record import Record
from crural.report import words
from crural.report.as_json import as_data
from crural.report.citations import Citations
from crural.report.course_chart import course_chart
from crural.report.layout import marks
from crural.report.outline import outline
from crural.report.pain_path import WIDTH, description, height_of, pain_path, stations_of
from crural.report.typeset import Block, Words, as_runs, bullets, notice, paragraph, pdf, run, table

Part = Mapping[str, Any]
About = Literal["stimulation", "intrathecal", "surgery", "pain-clinic"]

_TITLE: Mapping[About, str] = {
    "stimulation": "Referral: spinal cord stimulation",
    "intrathecal": "Referral: intraspinal morphine",
    "surgery": "Referral: surgery",
    "pain-clinic": "Referral: pain clinic",
}
_QUESTION: Mapping[About, str] = {
    "stimulation": "Is this patient suited to a trial of spinal cord stimulation?",
    "intrathecal": "Is this patient suited to a trial of intraspinal morphine?",
    "surgery": "Is an operation due, and if so which?",
    "pain-clinic": "What can still be done for this pain that will not go away?",
}
# The lists of criteria that a letter holds.
_THERAPIES: Mapping[About, tuple[str, ...]] = {
    "stimulation": ("stimulation",),
    "intrathecal": ("intrathecal",),
    "surgery": (),
    "pain-clinic": ("stimulation", "intrathecal"),
}
_STAGES: Mapping[About, frozenset[str]] = {
    "stimulation": frozenset({"stimulation"}),
    "intrathecal": frozenset({"intrathecal"}),
    "surgery": frozenset({"surgery", "cause"}),
    "pain-clinic": frozenset(),
}
MOST_REASONS = 3
# The picture takes no more than so many per cent of the width, and never more than a page.
_WIDEST, _TALLEST = 62.0, 1.2
_WARNED: Mapping[str, str] = {"barred": "Barred", "caution": "Care", "check": "Check first"}
MOST_SCORES = 40


def to_letter(assessment: Assessment, about: About = "pain-clinic") -> bytes:
    """The letter as PDF."""
    return pdf("letter", letter(as_data(assessment), assessment.record, about))


def letter(data: Part, record: Record, about: About) -> dict[str, Any]:
    """The content of the letter, from the data of `as_data` and the record."""
    citations = Citations()
    sections = [
        ("What must not wait", _alerts(data, citations)),
        ("The patient", _patient(data, record)),
        ("What causes the pain", _causes(data, citations)),
        ("What was tried", _tried(data)),
        ("Where the patient stands on the ladder", _ladder(data, about, citations)),
        ("The path of the pain", _picture(data)),
        ("The course of the pain", _course(data, record, citations)),
        ("Drugs taken now", _drugs(data, record, citations)),
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
            {"kind": "fields", "names": ["To", "From", "Patient, date of birth"]},
            paragraph(run("The question: ", "bold"), _QUESTION[about]),
        ],
        "sections": [
            {"heading": heading, "blocks": blocks} for heading, blocks in sections if blocks
        ],
    }


def _named(record: Record) -> Iterable[str]:
    if record.id:
        yield f"record {record.id}"
    if record.as_of:
        yield f"as of {record.as_of.isoformat()}"


def _alerts(data: Part, citations: Citations) -> list[Block]:
    blocks = [
        notice(
            [run(f"{words.URGENCY[a['urgency']].full}: {a['title']}", "bold")],
            as_runs(run("Do: ", "bold"), a["action"]),
            as_runs(
                run("Because: ", "bold"),
                f"{'; '.join(a['because'])}. {a['rationale']}",
                marks(a["sources"], citations, " "),
            ),
        )
        for a in data["alerts"]
    ]
    open_now = [a for a in data["ask_now"] if a["urgency"] == "emergency"]
    if open_now:
        told = [
            as_runs(run(f"{a['title']}: ", "bold"), words.names(a["unknown"], most=3))
            for a in open_now
        ]
        blocks += [paragraph(run("Not excluded; still to be asked:", "bold")), bullets(told)]
    if not data["alerts"]:
        blocks.insert(0, paragraph("No alert is raised by what is known."))
    return blocks


def _patient(data: Part, record: Record) -> list[Block]:
    who = f"{words.sentence(words.person(record))}; {words.SIDE[record.side]}."
    stated = [f for f in data["facts"] if f["stated"]]
    blocks = [paragraph(run(who, "bold"), f" Known: {words.known(data)}.")]
    for label, facts in (
        ("Present or abnormal", [f for f in stated if f["present"]]),
        ("Absent or normal", [f for f in stated if not f["present"]]),
    ):
        if facts:
            told = "; ".join(_fact(fact) for fact in facts)
            blocks.append(paragraph(run(f"{label}: ", "bold"), f"{told}."))
    for label, told_all in (
        (
            "Illnesses",
            [f"{i.name}, since {i.since}" if i.since else i.name for i in record.illnesses],
        ),
        ("Allergies", list(record.allergies)),
    ):
        if told_all:
            blocks.append(paragraph(run(f"{label}: ", "bold"), f"{'; '.join(told_all)}."))
    if record.note:
        blocks.append(paragraph(run("Note: ", "bold"), record.note))
    return blocks


def _fact(fact: Part) -> str:
    measured = words.measured(fact)
    return words.with_side(fact) + (f", {measured}" if measured else "")


def _causes(data: Part, citations: Citations) -> list[Block]:
    plan = outline(data)
    rows: list[list[Words]] = [
        [
            cause["name"],
            as_runs(
                run(words.percent(cause["probability"]), "bold"),
                f" ({words.interval(*cause['interval'])})",
            ),
            _reasons(cause["for"], citations),
            _reasons(cause["against"], citations),
        ]
        for cause in plan.listed
    ]
    caution = words.caution(data)
    return [
        *([notice(as_runs(run("Caution: ", "bold"), caution))] if caution else []),
        table(["Cause", "Probability (90 % interval)", "For", "Against"], [3, 2.4, 5, 5], rows),
        paragraph(f"{words.sentence(words.other(data))}. {words.NOT_MULTIPLIED}"),
    ]


def _reasons(reasons: Sequence[Part], citations: Citations) -> str:
    return "; ".join(
        f"{words.with_side(r)} {words.times(r['likelihood_ratio'])}"
        + marks(r["sources"], citations, " ", "(est.)")
        for r in reasons[:MOST_REASONS]
    )


def _tried(data: Part) -> list[Block]:
    if not data["tried"]:
        return [paragraph("Nothing is recorded.")]
    rows = [
        [
            a["what"],
            a["dose"] or "not recorded",
            words.lasted(a),
            words.came_of(a),
            words.enough(a),
        ]
        for a in data["tried"]
    ]
    return [
        table(
            ["Treatment", "Dose", "When", "What came of it", "Long and strong enough?"],
            [3, 2.4, 3, 3, 2.6],
            rows,
        )
    ]


def _ladder(data: Part, about: About, citations: Citations) -> list[Block]:
    ladder = data["ladder"]
    if ladder is None:
        return []
    rows: list[list[Words]] = [
        [
            f"{words.RUNG[r['state']].sign} {words.RUNG[r['state']].short}",
            [run(r["title"], "bold" if r["id"] == ladder["next"] else "plain")],
            "" if r["state"] == "later" else "; ".join(r["because"]),
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
    options = words.in_front(rung["options"])
    rows: list[list[Words]] = [
        [
            as_runs(run(o["name"], "bold"), f": {words.OPTION[o['verdict']]}"),
            _effect(o, citations),
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


def _picture(data: Part) -> list[Block]:
    told = description(stations_of(data))
    svg = words.shown(pain_path(data))
    width = min(_WIDEST, 100 * _TALLEST * WIDTH / height_of(data))
    return [{"kind": "picture", "svg": svg, "width": width, "alt": told}]


def _course(data: Part, record: Record, citations: Citations) -> list[Block]:
    scores = record.pain_scores
    blocks: list[Block] = []
    course = data["course"]
    if course:
        verdict = words.sentence(words.COURSE[course["verdict"]])
        blocks += [
            paragraph(run(f"{verdict}: ", "bold"), f"{'; '.join(course['because'])}."),
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


def _drugs(data: Part, record: Record, citations: Citations) -> list[Block]:
    blocks: list[Block] = []
    if record.drugs:
        blocks.append(bullets([f"{d.name}, {d.dose}" if d.dose else d.name for d in record.drugs]))
    else:
        blocks.append(paragraph("No drug is recorded."))
    opioids = data["opioids"]
    if opioids and opioids["mme_at_least"]:
        said = opioids["say"][-1] if opioids["say"] else ""
        blocks.append(paragraph(run(f"{words.sentence(words.opioids(opioids))}. ", "bold"), said))
    blocks += [
        notice(
            as_runs(
                run(f"{c['drug']}{' (barred)' if c['level'] == 'barred' else ''}: ", "bold"),
                c["say"],
                run(f" Because: {'; '.join(c['because'])}.", "quiet"),
                marks(c["sources"], citations, " "),
            )
        )
        for c in data["cautions"]
    ]
    return blocks


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
        yield paragraph(run("Because: ", "bold"), f"{'; '.join(found['because'])}.")
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
    return "; ".join(line["because"])


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
