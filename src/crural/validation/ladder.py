"""The next step of published patients, held against what their clinicians did.

A step agrees exactly when what was done is open on the next rung of a plausible cause's ladder, or
on one that runs beside it; it is near when its rung lies one further up or down. Either way the
reason for the rung is shown beside it. That is generous where several causes are plausible, so the
same is counted on the ladder of the most probable cause alone, and how many stages of treatment
would have agreed is given with it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from crural.assessment import Assessment, assess
from crural.candidacy import Candidacy
from crural.errors import RecordError
from crural.knowledge import Knowledge
from crural.knowledge.ladder import Stage
from crural.ladder import LadderPosition, RungPosition
from crural.record.suggest import nearest
from crural.rules import Truth
from crural.validation.cases import Flag, KnownCase, NextStep, read_cases
from crural.validation.metrics import Share

SCHEMA = "crural/ladder-validation/1"
WIDTH = 100

Agreement = Literal["exact", "within-one-rung", "other"]

_STAGES = get_args(Stage)
_SIGNS: Mapping[str, str] = {"exact": "=", "within-one-rung": "~", "other": "x"}
# What is said of a treatment that may itself be the flag ('spinal-cord-stimulation:failed').
_TOLD = frozenset({"failed", "not-tolerated", "barred"})


@dataclass(frozen=True)
class JudgedStep:
    """One patient: what was done, what would have been next, and what was flagged.

    agreement, on_leading: on the plausible ladders, and on the leading one alone; open: stages of
    treatment that would have agreed exactly; ladder, said, because: the leading ladder, its next
    rung ('' while something may still work, or at its top) and why; stands: the rungs of all
    plausible ladders on which what was done stands, as ladder/rung: state; flagged, asked,
    unflagged: contraindications of the publication that came out, that would come out once a
    question is answered, and that did not; candidacy: status of each therapy.
    """

    id: str
    truth: str
    did: NextStep
    agreement: Agreement
    on_leading: Agreement
    open: tuple[str, ...]
    ladder: str
    said: str
    because: tuple[str, ...]
    stands: tuple[str, ...]
    flagged: tuple[str, ...]
    asked: tuple[str, ...]
    unflagged: tuple[str, ...]
    candidacy: Mapping[str, str]


def validate_ladder(paths: Iterable[Path], knowledge: Knowledge, form: str) -> str:
    """The ladder held against published patients, as text or JSON.

    Cases that say nothing of a next step are left out. Raises RecordError.
    """
    cases = [c for c in read_cases(paths, knowledge.vocabulary) if c.next_step is not None]
    for case in cases:
        check_names(case, knowledge)
    data = as_data(judge(case, knowledge) for case in cases)
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    return as_text(data)


def check_names(case: KnownCase, knowledge: Knowledge) -> None:
    """Raises RecordError when a next step names what the knowledge does not have."""
    step = case.next_step
    if step is None:
        return
    for i, name in enumerate(step.did):
        if name not in knowledge.treatments:
            raise _no_such(case, f"ladder.did.{i}", name, "treatment", knowledge.treatments)
    known = _names_of_flags(knowledge)
    for i, flag in enumerate(step.flags):
        for j, name in enumerate(flag.any_of):
            treatment, _, told = name.partition(":")
            if name not in known and not (treatment in knowledge.treatments and told in _TOLD):
                field = f"ladder.flags.{i}.any_of.{j}"
                raise _no_such(case, field, name, "precaution, criterion, alert or finding", known)


def _no_such(
    case: KnownCase, field: str, name: str, what: str, known: Iterable[str]
) -> RecordError:
    near = nearest(name, sorted(known))
    return RecordError(
        file=case.file or case.id,
        field=field,
        problem=f"there is no {what} '{name}'",
        remedy=f"did you mean {near}?" if near else f"name a {what} of the knowledge",
    )


def _names_of_flags(knowledge: Knowledge) -> frozenset[str]:
    items = {item.id for one in knowledge.precautions.values() for item in one.items}
    items |= {
        f"{treatment.id}/{item.id}"
        for treatment in knowledge.treatments.values()
        for name in treatment.precautions
        for item in knowledge.precautions[name].items
    }
    lines = {item.id for one in knowledge.criteria.values() for item in one.items}
    return frozenset(items | lines | set(knowledge.alerts) | set(knowledge.findings))


def judge(case: KnownCase, knowledge: Knowledge) -> JudgedStep:
    """One patient's next step, held against what was done. The case must have a next step."""
    step = case.next_step
    if step is None:
        raise ValueError(f"{case.id} says nothing of a next step")
    assessment = assess(case.record, knowledge)
    positions = () if assessment.plan is None else assessment.plan.ladders
    leading = positions[0] if positions else None
    following = None if leading is None else leading.next
    warned, questions = set(_warned(assessment, step)), set(_questions(assessment, step))
    flagged = [flag for flag in step.flags if warned.intersection(flag.any_of)]
    asked = [f for f in step.flags if f not in flagged and questions.intersection(f.any_of)]
    return JudgedStep(
        id=case.id,
        truth=case.truth.condition,
        did=step,
        agreement=agreement_of(positions, step),
        on_leading=agreement_of(positions[:1], step),
        open=tuple(dict.fromkeys(r.rung.stage for p in positions for r in _open(p))),
        ladder="" if leading is None else leading.ladder.id,
        said="" if following is None else following.rung.id,
        because=_why(leading),
        stands=tuple(
            f"{position.ladder.id}/{rung.rung.id}: {rung.state}"
            for position in positions
            for rung in position.rungs
            if set(step.did).intersection(rung.rung.options)
        ),
        flagged=_what(flagged),
        asked=_what(asked),
        unflagged=_what(f for f in step.flags if f not in flagged and f not in asked),
        candidacy={c.therapy: c.status for c in assessment.candidacy},
    )


def _what(flags: Iterable[Flag]) -> tuple[str, ...]:
    return tuple(flag.what for flag in flags)


def _why(position: LadderPosition | None) -> tuple[str, ...]:
    """Why the next rung is next; while none is, what is in the way."""
    if position is None:
        return ("no ladder",)
    if position.next is not None:
        return position.next.because
    waiting = [rung for rung in position.rungs if rung.state == "in-progress"]
    return tuple(why for rung in waiting for why in rung.because) or ("no rung is left",)


def agreement_of(positions: Iterable[LadderPosition], step: NextStep) -> Agreement:
    """How far what was done lies from the next rung, on the ladder where it lies nearest."""
    found: list[Agreement] = [_on(position, step) for position in positions]
    if "exact" in found:
        return "exact"
    return "within-one-rung" if "within-one-rung" in found else "other"


def _on(position: LadderPosition, step: NextStep) -> Agreement:
    """The same on one ladder, over the rungs that apply.

    While something is going on the rung where it stands takes the place of the next one, but what
    is done then is not the next step: it can be near, not exact.
    """
    if any(_holds(rung, step) for rung in _open(position)):
        return "exact"
    following = position.next
    way = [rung for rung in position.rungs if not rung.rung.beside and _applies(rung)]
    here = [i for i, rung in enumerate(way) if rung is following]
    here = here or [i for i, rung in enumerate(way) if rung.state == "in-progress"]
    if not here:
        return "other"
    near = way[max(here[-1] - 1, 0) : here[-1] + 2]
    return "within-one-rung" if any(_holds(rung, step) for rung in near) else "other"


_NOT_FOR_THEM = ("does not apply", "waits until it is confirmed")


def _open(position: LadderPosition) -> list[RungPosition]:
    """The next rung, and those that are open beside it."""
    beside = [rung for rung in position.rungs if rung.rung.beside and rung.state == "next"]
    return [position.next, *beside] if position.next is not None else beside


def _applies(rung: RungPosition) -> bool:
    """Is the rung for such patients at all, now? One that is not says so in its reason."""
    left_out = rung.rung.when is not None and rung.state == "skipped"
    return not (left_out and any(why.startswith(_NOT_FOR_THEM) for why in rung.because))


def _holds(rung: RungPosition, step: NextStep) -> bool:
    return rung.rung.stage == step.stage or bool(set(step.did).intersection(rung.rung.options))


def _warned(assessment: Assessment, step: NextStep) -> Iterator[str]:
    """Ids of everything that warns: alerts, cautions on drugs, precautions of what was done (and of
    any other treatment, written treatment/item), lines of the therapy's contraindications,
    precautions and preparation that are met."""
    yield from (alert.id for alert in assessment.alerts)
    yield from (caution.warned.id for caution in assessment.cautions)
    for position in () if assessment.plan is None else assessment.plan.ladders:
        for rung in position.rungs:
            for option in rung.options:
                if option.verdict in _TOLD:
                    yield f"{option.treatment.id}:{option.verdict}"
                held = [w.id for w in option.cautions if w.level != "check"]
                yield from (f"{option.treatment.id}/{name}" for name in held)
                if option.treatment.id in step.did:
                    yield from held
    for candidacy in _of_therapy(assessment, step):
        for result in candidacy.sets:
            if result.set.kind != "criteria":
                yield from (c.item.id for c in result.criteria if c.truth is Truth.MET)


def _questions(assessment: Assessment, step: NextStep) -> Iterator[str]:
    """Ids of everything that would be asked before what was done: the facts, and the items and
    lines that hang on them."""
    for position in () if assessment.plan is None else assessment.plan.ladders:
        for option in (option for rung in position.rungs for option in rung.options):
            if option.treatment.id in step.did:
                for warned in option.cautions:
                    yield from (warned.id, *warned.ask) if warned.level == "check" else ()
    for candidacy in _of_therapy(assessment, step):
        yield from candidacy.missing
        for result in candidacy.sets:
            if result.set.kind != "criteria":
                for line in result.criteria:
                    yield from (line.item.id, *line.ask) if line.truth is Truth.UNKNOWN else ()


def _of_therapy(assessment: Assessment, step: NextStep) -> Iterator[Candidacy]:
    return (c for c in assessment.candidacy if c.therapy == step.stage)


def as_data(judged: Iterable[JudgedStep]) -> dict[str, Any]:
    """What was measured, as plain data (docs/schema/ladder-validation.json)."""
    judged = list(judged)
    exact = sum(j.agreement == "exact" for j in judged)
    near = sum(j.agreement == "within-one-rung" for j in judged)
    return {
        "schema": SCHEMA,
        "n": len(judged),
        "exact": _share(exact, len(judged)),
        "exact_or_within_one": _share(exact + near, len(judged)),
        "exact_on_leading": _share(sum(j.on_leading == "exact" for j in judged), len(judged)),
        "open_stages": sum(len(j.open) for j in judged) / len(judged) if judged else None,
        "contraindications": {
            "named": sum(len(j.did.flags) for j in judged),
            "flagged": sum(len(j.flagged) for j in judged),
            "asked": sum(len(j.asked) for j in judged),
        },
        "cases": [
            {
                "id": j.id,
                "truth": j.truth,
                "did": list(j.did.did),
                "stage": j.did.stage,
                "why": j.did.why,
                "agreement": j.agreement,
                "on_leading": j.on_leading,
                "open": list(j.open),
                "ladder": j.ladder,
                "next": j.said or None,
                "because": list(j.because),
                "stands": list(j.stands),
                "flagged": list(j.flagged),
                "asked": list(j.asked),
                "unflagged": list(j.unflagged),
                "candidacy": dict(j.candidacy),
            }
            for j in judged
        ],
    }


def _share(hits: int, n: int) -> dict[str, Any]:
    share = Share(hits, n)
    return {"hits": hits, "of": n, "share": share.value, "interval": list(share.interval)}


def as_text(data: Mapping[str, Any]) -> str:
    """What was measured, for reading; no line is longer than WIDTH, but for a single word."""
    exact, near, flags = data["exact"], data["exact_or_within_one"], data["contraindications"]
    lines = [
        f"The next step of {data['n']} published patients",
        "",
        f"  the step that was taken         {_percent(exact)}",
        f"  that, or within one rung of it  {_percent(near)}",
        f"  on the leading ladder alone     {_percent(data['exact_on_leading'])}",
        f"  stages that would have agreed   {_mean(data['open_stages'])}",
        f"  contraindications named         {flags['named']}",
        f"    flagged                       {flags['flagged']}",
        f"    would be asked for            {flags['asked']}",
        "",
        "= the step that was taken   ~ within one rung of it   x another",
    ]
    for case in data["cases"]:
        lines += ["", *_case_in_text(case)]
    return "\n".join(lines) + "\n"


def _case_in_text(case: Mapping[str, Any]) -> Iterator[str]:
    yield f"{_SIGNS[case['agreement']]} {case['id']} ({case['truth']})"
    yield from _wrapped("did", f"{', '.join(case['did'])} ({case['stage']}): {case['why']}")
    because = "; ".join(case["because"])
    if case["ladder"]:
        step = f"{case['ladder']}/{case['next'] or 'nothing new'}"
        yield from _wrapped("next", f"{step}: {because}")
    else:
        yield from _wrapped("next", because)
    yield from _wrapped("stands on", "; ".join(case["stands"]) or "no rung of these ladders")
    for key, words in (("flagged", "flagged"), ("asked", "asked"), ("unflagged", "not flagged")):
        for what in case[key]:
            yield from _wrapped(words, what)


def _wrapped(label: str, words: str) -> list[str]:
    return textwrap.wrap(
        words,
        WIDTH,
        initial_indent=f"    {label:<12}",
        subsequent_indent=" " * 16,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _mean(number: float | None) -> str:
    return "nobody to count" if number is None else f"{number:.1f} of {len(_STAGES)} on average"


def _percent(share: Mapping[str, Any]) -> str:
    if not share["of"]:
        return "nobody to count"
    low, high = share["interval"]
    value = 100 * share["share"]
    return (
        f"{share['hits']} of {share['of']} ({value:.0f} %, {100 * low:.0f} to {100 * high:.0f} %)"
    )
