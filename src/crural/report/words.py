"""Numbers, grades of urgency and people in words; the same in every report."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crural.errors import CruralError, ended
from crural.record import Record

# Stands between a number and its unit, so that no line breaks there; a report puts its own blank in
# its place.
GAP = "\ue000"
# Marks that turn the direction of writing: from a record they could turn a dose round.
_TURNING = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True)
class UrgencyWords:
    """How soon, told by a sign, a short and a full wording: never by colour alone."""

    sign: str
    short: str
    full: str


URGENCY: Mapping[str, UrgencyWords] = {
    "emergency": UrgencyWords("!!!", "emergency", "EMERGENCY, act now"),
    "same-day": UrgencyWords("!!", "same day", "SAME DAY"),
    "two-weeks": UrgencyWords("!", "within two weeks", "WITHIN TWO WEEKS"),
}
SIDE: Mapping[str | None, str] = {
    "left": "pain in the left leg",
    "right": "pain in the right leg",
    "bilateral": "pain in both legs",
    None: "side of the pain not recorded",
}
SETTING: Mapping[str, str] = {
    "primary-care": "primary care",
    "specialist": "specialist clinic",
    "emergency": "emergency department",
}
TEST: Mapping[str, str] = {
    "blood": "blood test",
    "xray": "X-ray",
    "ultrasound": "ultrasound",
    "nerve-conduction": "nerve conduction",
    "mri": "MRI",
    "invasive": "invasive test",
}


@dataclass(frozen=True)
class RungWords:
    """The state of a rung, told by a sign, a short and a full wording."""

    sign: str
    short: str
    full: str


RUNG: Mapping[str, RungWords] = {
    "passed": RungWords("✓", "passed", "Passed"),
    "in-progress": RungWords("◐", "going on", "Going on"),
    "next": RungWords("▶", "next", "Next"),
    "later": RungWords("○", "later", "Later"),
    "barred": RungWords("✗", "barred", "Barred"),
    "skipped": RungWords("–", "skipped", "Skipped"),
}
STEP: Mapping[str, str] = {
    "passed": "passed",
    "in-progress": "going on",
    "next": "the next step",
    "later": "a later step; others come first",
    "barred": "barred",
    "skipped": "skipped",
}
OPTION: Mapping[str, str] = {
    "helps": "helps: go on",
    "going-on": "going on",
    "offer": "can be offered",
    "offer-with-care": "with care",
    "check-first": "something must be known first",
    "too-short": "tried too short or too little: do it properly",
    "advised-against": "guidelines advise against it",
    "failed": "tried, not enough relief",
    "not-tolerated": "tried, not tolerated",
    "barred": "barred",
}
# What is barred, and yet was tried or is taken.
_BARRED_AFTER: Mapping[str, str] = {
    "helps": "barred, though it helps",
    "going-on": "barred, and taken now",
    "too-short": "barred; tried before, too short or too little",
    "failed": "barred; tried before, not enough relief",
    "not-tolerated": "barred; tried before, not tolerated",
}
THERAPY: Mapping[str, str] = {
    "stimulation": "Spinal cord stimulation",
    "intrathecal": "Intraspinal morphine",
}
CANDIDACY: Mapping[str, str] = {
    "due": "due: a published list of criteria is met, and nothing is known that bars it",
    "not-due": "not due: every list that applies fails on an essential line",
    "barred": "barred by a contraindication",
    "unknown": "cannot be told yet",
}
# The status of a therapy where there is no room for more.
CANDIDACY_SHORT: Mapping[str, str] = {
    "due": "due",
    "not-due": "not due",
    "barred": "barred",
    "unknown": "not known",
}


@dataclass(frozen=True)
class VerdictWords:
    """What a verdict on a line of a list means, told by a sign and a word."""

    sign: str
    word: str


_OF_CRITERIA: Mapping[str, VerdictWords] = {
    "met": VerdictWords("✓", "met"),
    "not met": VerdictWords("✗", "not met"),
    "unknown": VerdictWords("?", "unknown"),
}
_OF_WARNINGS: Mapping[str, VerdictWords] = {
    "met": VerdictWords("!", "present"),
    "not met": VerdictWords("✓", "absent"),
    "unknown": VerdictWords("?", "unknown"),
}
_OF_PREPARATION: Mapping[str, VerdictWords] = {
    "met": VerdictWords("▶", "to do"),
    "not met": VerdictWords("–", "not needed"),
    "unknown": VerdictWords("?", "unknown"),
}
# By the kind of the list: a line that is met speaks for a therapy, against it, or asks for work.
VERDICT: Mapping[str, Mapping[str, VerdictWords]] = {
    "criteria": _OF_CRITERIA,
    "contraindications": _OF_WARNINGS,
    "precautions": _OF_WARNINGS,
    "preparation": _OF_PREPARATION,
}
OUTCOME: Mapping[str, str] = {
    "helps": "helps",
    "helped": "helped for a time",
    "failed": "not enough relief",
    "not-tolerated": "not tolerated",
    "going-on": "going on",
    "unknown": "outcome not recorded",
}
ADEQUACY: Mapping[str, str] = {
    "adequate": "long and strong enough",
    "too-short": "too short",
    "too-little": "too little",
    "unknown": "not known whether enough",
}
SITE: Mapping[str, str] = {
    "brain": "Brain",
    "cord": "Spinal cord",
    "columns": "Dorsal columns",
    "horn": "Dorsal horn",
    "spine": "Spine",
    "root": "Nerve root",
    "nerve": "Nerve",
    "leg": "Leg",
}
# What grows when drugs act together.
HARM: Mapping[str, str] = {
    "breathing": "Sleepiness and weak breathing",
    "bleeding": "Bleeding",
    "serotonin": "Too much serotonin",
    "rhythm": "Heart rhythm",
    "fits": "Fits",
    "pressure": "Low blood pressure",
    "sodium": "Low sodium",
}
COURSE: Mapping[str, str] = {
    "on-course": "on course",
    "too-early": "too early, or too close, to say",
    "off-course": "off course",
}
# An answer that moves by less than this hangs on no number.
ONE_POINT = 0.01
# Error bounds: up to the first only rounding; from the second on the whole per cent may be wrong.
MERE_ROUNDING = 1e-6
SHOWN_EXACTLY = 0.005
# A bound this wide would let every answer through.
PROVES_NOTHING = 0.5
BEFORE_FINDINGS = "before symptoms, signs and tests"
# UCUM units that are written differently for people.
_UNIT: Mapping[str | None, str | None] = {"{NRS}": "of 10", "1": None, "d": "days", "Cel": "°C"}
# Days in a year, a month and a week; how many of the unit are said at most; and how near to whole
# or half units a span must be to have been said in that unit: 1643.62 days are 4.5 years.
_UNITS_OF_TIME: Sequence[tuple[float, str, int, float]] = (
    (365.25, "year", 120, 0.005),
    (30.4375, "month", 24, 0.015),
    (7.0, "week", 26, 0.001),
)
_MANY_DAYS = 100
# The onset, length and strength of the pain are told by themselves, as the first words of a case.
COURSE_OF_PAIN = ("pain-duration", "onset-speed", "pain-severity")
_COURSE: Mapping[str, str] = {
    "pain-duration": "pain for {}",
    "onset-speed": "began {}",
    "pain-severity": "pain {}",
}
INTENDED_USE = (
    "Crural supports the decision of a clinician, who can check its reasons and sources here. "
    "It is not a device that decides, and it knows only what the record says."
)
NOT_MULTIPLIED = (
    "× is a likelihood ratio: how many times as likely the finding is with this cause as without "
    "it. Ratios of findings that go together must not be multiplied."
)
# Short mark beside a probability, and what it means.
ON_ESTIMATES = "est."
ESTIMATES_ONLY = "rests on estimates only: no finding that moved it has a published ratio"
ESTIMATED = "an estimate with a stated range, not a published figure"


def shown(text: str, blank: str = "\u00a0") -> str:
    """Text as a report shows it: with `blank` before units, and without turning marks."""
    shown = text.replace(GAP, blank)
    # Nearly no text has any; looking for each is ten times as quick as translating all of it.
    for mark in _TURNING:
        shown = shown.replace(mark, "")
    return shown


def percent(probability: float) -> str:
    """A probability as a whole per cent; never as a certainty."""
    return f"{_whole(probability)}{GAP}%"


def interval(low: float, high: float) -> str:
    """An interval of probabilities, such as '31–62 %' or '<1 to 4 %'."""
    first, last = _whole(low), _whole(high)
    if first == last:
        return percent(low)
    link = "–" if (first + last).isdigit() else f"{GAP}to{GAP}"
    return f"{first}{link}{last}{GAP}%"


def change(now: float, then: float) -> str:
    """A change of a probability, such as '46 → 81 %'."""
    return f"{_whole(now)}{GAP}→{GAP}{percent(then)}"


def _whole(probability: float) -> str:
    whole = round(100 * probability)
    if whole < 1:
        return "<1"
    return ">99" if whole > 99 else str(whole)


def times(ratio: float) -> str:
    """A likelihood ratio, such as '×7.9' or '×0.4'; beyond a thousand its size means nothing."""
    if ratio >= 1000:
        return "×>1000"
    if ratio <= 0.001:
        return "×<0.001"
    return f"×{ratio:.0f}" if ratio >= 9.95 else f"×{ratio:#.2g}"


def with_side(reason: Mapping[str, Any]) -> str:
    """A finding in words, with the leg where it is not the painful one."""
    return f"{reason['words']} (other leg)" if reason["side"] == "other-side" else reason["words"]


def measured(fact: Mapping[str, Any]) -> str:
    """The value of a fact with its unit, such as '42 mg/L'; '' when it was not measured."""
    if fact["value"] is None:
        return ""
    if fact["unit"] == "d":
        return duration(fact["value"])
    unit = _UNIT.get(fact["unit"], fact["unit"])
    return f"{fact['value']:g}{GAP}{unit}" if unit else f"{fact['value']:g}"


def duration(days: float) -> str:
    """Days in the unit in which a person would say them: '6 weeks', '4.5 years', '45 days'."""
    for length, unit, most, near in _UNITS_OF_TIME:
        number = round(2 * days / length) / 2
        if 1 <= number <= most and abs(days - number * length) <= near * days:
            return _count(number, unit)
    years, months = (days / length for length, *_ in _UNITS_OF_TIME[:2])
    if months >= 2:
        return _count(round(years, 1), "year") if years >= 2 else _count(round(months), "month")
    return _count(round(days), "day")


def spans(text: str) -> str:
    """Text with its long spans of days told in months or years: 'pain for 4.5 years'."""

    def told(match: re.Match[str]) -> str:
        days = float(match[1])
        return duration(days) if days >= _MANY_DAYS else match[0]

    return re.sub(r"(?<![\d.,–-])(\d+(?:\.\d+)?) days\b", told, text)


def sentence(words: str) -> str:
    """Words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def remedy(error: CruralError) -> str:
    """What mends a mistake, as a sentence."""
    return ended(sentence(error.remedy))


def person(record: Record) -> str:
    """Age and sex, such as 'woman, 34 years, 33 weeks pregnant'."""
    grown, young = {"female": ("woman", "girl"), "male": ("man", "boy")}[record.sex]
    said = f"{grown if record.age >= 18 else young}, {record.age:g} years"
    weeks = record.pregnancy_weeks
    return f"{said}, {weeks} weeks pregnant" if weeks else said


def known(data: Mapping[str, Any]) -> str:
    """What is known, in one line: duration, onset and severity, and how many facts."""
    facts = data["facts"]
    told = [
        said.format(measured(fact) or fact["words"].removeprefix(f"{fact['name']}: "))
        for finding, said in _COURSE.items()
        for fact in facts
        if fact["finding"] == finding
    ]
    stated = [f for f in facts if f["stated"]]
    there = sum(f["present"] for f in stated)
    counts = (
        f"{_count(there, 'finding')} present or abnormal, {len(stated) - there} absent or normal"
    )
    follow = len(facts) - len(stated)
    more = [f"{follow} more follow from these"] if follow else []
    return "; ".join((*told, ", ".join((counts, *more))))


def exactness(data: Mapping[str, Any]) -> str:
    """The error bound and the share of the possibilities, in words."""
    bound = data["error_bound"]
    computed = caution(data) or (
        "Probabilities are computed exactly from the knowledge "
        f"(rounding error below {_power_of_ten(bound)})."
        if bound <= MERE_ROUNDING
        else f"Probabilities are computed from the knowledge to within {_power_of_ten(bound)}."
    )
    return (
        f"{computed} How sure the knowledge is, the 90{GAP}% intervals say. Reasons, intervals and "
        "next checks rest on the most probable combinations of causes, "
        f"{percent(data['covered'])} of the whole."
    )


def caution(data: Mapping[str, Any]) -> str | None:
    """A warning where the probabilities are not proved to the per cent that is shown."""
    if data["error_bound"] < SHOWN_EXACTLY:
        return None
    points = _count(math.ceil(100 * data["error_bound"]), "point")
    proof = (
        f"proved to be off by at most {points} of 100."
        if data["error_bound"] < PROVES_NOTHING
        else "without a useful proof of how far off they may be."
    )
    return (
        "The record has too many findings to be computed exactly in the time: the probabilities "
        f"are estimates, {proof}"
    )


def other(data: Mapping[str, Any]) -> str:
    """The probability of causes that are not in the list, in words."""
    return (
        f"none of these: {percent(data['other'])}; a cause that is not in the list, alone or "
        f"besides these: {percent(data['other_present'])}"
    )


def hangs_on(pivot: Mapping[str, Any]) -> str:
    """The number on which an answer hangs most, in words."""
    words = pivot["words"]
    if words.startswith("prior of "):
        words = f"how common {words.removeprefix('prior of ')} is {BEFORE_FINDINGS}"
    moves = _count(round(abs(100 * pivot["swing"])), "point")
    return f"{words} ({percent(pivot['value'])}); over its range the probability moves by {moves}"


def with_percents(causes: Iterable[Mapping[str, Any]]) -> str:
    """Causes in a row, each with its probability."""
    return ", ".join(f"{cause['name']} ({percent(cause['probability'])})" for cause in causes)


def names(findings: Iterable[Mapping[str, Any]], *, most: int | None = None) -> str:
    """Names of findings in a row; beyond `most` only their number is told."""
    told = [finding["name"] for finding in findings]
    left = 0 if most is None else max(len(told) - most, 0)
    row = "; ".join(told[: len(told) - left])
    return f"{row} (and {left} more)" if left else row


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}" if number == 1 else f"{number:g} {what}s"


def _power_of_ten(bound: float) -> str:
    exponent = 0
    while exponent > -15 and 10.0 ** (exponent - 1) > bound:
        exponent -= 1
    return (
        "1"
        if exponent == 0
        else "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789-".index(c)] for c in str(exponent))
    )


RULES_OUT = "To tell whether it is an emergency"
TOGETHER = "Examinations that answer several questions at once"
MOST_BATTERIES = 4


def wanted(check: Mapping[str, Any]) -> str:
    """What to find out: a question as it is spoken, a sign or a test by its clinical name."""
    return str(check["question"]) if check["burden"] == "ask" else sentence(check["name"])


def questions(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The questions of checks, one line each."""
    return [str(check["question"]) for check in checks]


def batteries(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Examinations and what they answer, the most telling first."""
    return [
        f"{battery['id'].replace('-', ' ')}: {'; '.join(battery['names'])}"
        for battery in found[:MOST_BATTERIES]
        if len(battery["names"]) > 1
    ]


def of_ladder(ladder: Mapping[str, Any]) -> str:
    """The name of a ladder with the cause it is for, where that is another name."""
    cause = ladder["condition_name"]
    name = str(ladder["name"])
    if cause is None or cause.casefold() in name.casefold():
        return name
    # 'Sciatica from a herniated disc' needs no '(Sciatica from lumbar disc herniation)'.
    first, *more = name.casefold().split()
    same = more and cause.casefold().split()[0] == first
    return name if same else f"{name} ({cause})"


def next_step(ladder: Mapping[str, Any]) -> str:
    """The next rung of a ladder in words."""
    for rung in ladder["rungs"]:
        if rung["id"] == ladder["next"]:
            return f"next is {rung['title']}"
    return "no further step now"


AFTER_THE_EMERGENCY = "Not before the emergency above is settled; the lists are judged then."


def has_emergency(data: Mapping[str, Any]) -> bool:
    """Is an alert raised that says to act now? Not in a part of a report that tells of none, such
    as the criteria of one therapy on a page of their own."""
    return any(alert["urgency"] == "emergency" for alert in data.get("alerts", ()))


def on_ladder(ladder: Mapping[str, Any] | None, stage: str) -> str:
    """Where a stage stands on a ladder, such as 'a later step'; '' where the ladder has it not."""
    rungs = [] if ladder is None else [r for r in ladder["rungs"] if r["stage"] == stage]
    return STEP[rungs[0]["state"]] if rungs else ""


def position(said: Mapping[str, Any]) -> str:
    """What a body says of a treatment, such as 'NICE NG59 (2016) against'."""
    return f"{said['body']} ({said['year']}) {said['stance']}"


def opioids(total: Mapping[str, Any]) -> str:
    """The opioid total in words."""
    more = "" if total["complete"] else " or more"
    return f"opioids equal to {total['mme_at_least']:g}{more}{GAP}mg of oral morphine a day"


def counts(criteria: Iterable[Mapping[str, Any]], of: Mapping[str, Any]) -> str:
    """How many lines of a list have each verdict, in the words for its kind."""
    verdicts = [line["verdict"] for line in criteria if line["set"] == of["set"]]
    return ", ".join(
        f"{verdicts.count(verdict)} {said.word}"
        for verdict, said in VERDICT[of["kind"]].items()
        if verdict in verdicts
    )


def lasted(attempt: Mapping[str, Any]) -> str:
    """When something was tried and for how long, such as '2026-01-20 to 2026-02-03 (15 days)'."""
    start, stop, days = attempt["start"], attempt["stop"], attempt["days"]
    if start and start == stop:
        # Done once: its days are those since then.
        return f"on {start}"
    if attempt["going_on"]:
        told = f"since {start}" if start else "taken now"
    elif start and stop:
        told = f"{start} to {stop}"
    else:
        told = f"from {start}" if start else ""
    length = "" if days is None else duration(days)
    if told and length:
        return f"{told} ({length})"
    return told or length or "dates not recorded"


def came_of(attempt: Mapping[str, Any]) -> str:
    """What came of something that was tried, such as 'not enough relief (30 %); heartburn'."""
    relief = attempt["relief_percent"]
    told = OUTCOME[attempt["outcome"]] + ("" if relief is None else f" ({relief:.0f}{GAP}% relief)")
    stopped = attempt["stopped_because"]
    return f"{told}; stopped because of {stopped}" if stopped else told


def enough(attempt: Mapping[str, Any]) -> str:
    """Whether something was tried long and strongly enough to count."""
    why = attempt["why_not_adequate"]
    return ADEQUACY[attempt["adequacy"]] + (f": {why}" if why else "")


def verdict(option: Mapping[str, Any]) -> str:
    """The verdict on a treatment; of what is barred also what came of it before."""
    if option["verdict"] == "barred" and option.get("tried") is not None:
        return _BARRED_AFTER[option["tried"]]
    return OPTION[option["verdict"]]


# The lists of a record, as one entry of each is called.
_ENTRY: Mapping[str, str] = {
    "drug": "drug",
    "treatment": "treatment",
    "illness": "illness",
    "allergy": "allergy",
}


def not_understood(entries: Sequence[Mapping[str, Any]]) -> str:
    """Which entries of the record no table knows: '2 entries are not understood: ...'."""
    told = ", ".join(f"'{entry['text']}' ({_ENTRY[entry['kind']]})" for entry in entries)
    number = "1 entry is" if len(entries) == 1 else f"{len(entries)} entries are"
    return f"{number} not understood and plays no part in any warning: {told}".replace(
        "are not understood and plays", "are not understood and play"
    )


def reason_for_care(row: Mapping[str, Any]) -> str:
    """Why drugs that are taken ask for care: what grows, or a fact of the patient."""
    if row["harm"]:
        return HARM[row["harm"]]
    return sentence("; ".join(row["because"])) if row["because"] else "Together"


def with_company(drug: Mapping[str, Any]) -> str:
    """A drug, and those that it acts together with."""
    beside = in_a_row(drug["beside"])
    return f"{drug['drug']} with {beside}" if beside else str(drug["drug"])


def should_not(advice: Mapping[str, Any]) -> str:
    """What advice about drugs that are taken comes to, where it is more than care."""
    if advice["level"] != "barred":
        return ""
    pair = any(drug["beside"] for drug in advice["drugs"])
    return f"should not go on{' together' if pair else ''}"


def about(advice: Mapping[str, Any]) -> str:
    """The drugs that advice is about, and what it comes to."""
    drugs = "; ".join(map(with_company, advice["drugs"]))
    return f"{drugs} ({should_not(advice)})" if should_not(advice) else drugs


def shared_by(warned: Mapping[str, Any], rung: Mapping[str, Any]) -> str:
    """The options of a rung that one warning is about."""
    if len(warned["options"]) == len(rung["options"]):
        return "each of these"
    return in_a_row(warned["options"])


def by_options(shared: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Warnings that several options share: those of one level about the same options together."""
    groups: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = {}
    for warned in shared:
        groups.setdefault((warned["level"], tuple(warned["options"])), []).append(warned)
    return list(groups.values())


def own_cautions(
    option: Mapping[str, Any], shared: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The warnings of an option that are not told of several at once."""
    told = {(warned["level"], warned["say"]) for warned in shared}
    return [w for w in option["cautions"] if (w["level"], w["say"]) not in told]


def in_a_row(words: Sequence[str]) -> str:
    """'a, b and c'."""
    *first, last = words or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def in_front(options: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Options with what the patient has now in front; else in their own order, best first."""
    return sorted(options, key=lambda option: option["verdict"] not in {"helps", "going-on"})


def by_kind(sets: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Lists in the order in which they are read: criteria, what bars, what asks for care, to do."""
    return sorted(sets, key=lambda of: list(VERDICT).index(of["kind"]))


def listed(criteria: Iterable[Mapping[str, Any]], of: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines of one list."""
    return [line for line in criteria if line["set"] == of["set"]]
