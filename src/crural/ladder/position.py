"""Where the patient stands on a ladder: passed, in progress, next, or later, rung by rung."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from crural.history import Attempt
from crural.knowledge import Knowledge, resolve
from crural.knowledge.ladder import Ladder, Rung
from crural.knowledge.rules import Rule
from crural.ladder.options import OPEN, Choice, Option
from crural.rules import (
    Compiled,
    Likelihood,
    LikelihoodOfAny,
    Patient,
    Truth,
    Verdict,
    compile_rule,
    evaluate,
    leaves_in_favour,
)

RungState = Literal["passed", "in-progress", "next", "later", "barred", "skipped"]

# An implant is never the way round a step that was not properly taken.
_IMPLANTS = frozenset({"stimulation", "intrathecal"})
# What eases pain goes on while the patient waits for what is needed at once.
_EASING = frozenset({"simple-analgesic", "neuropathic-drug", "antispasmodic-drug"})
# From this probability on, a step for a cause that is not likely enough yet waits for the
# diagnosis; below it the step does not apply.
WAITS_FOR_THE_DIAGNOSIS = 0.1
# Drugs of one kind that take turns.
_LINES = frozenset({"neuropathic-drug", "antispasmodic-drug"})


@dataclass(frozen=True)
class RungPosition:
    """A rung of the ladder, for this patient.

    because: why it is in this state; ask: what to find out first; judge_on: the day from which a
    treatment that is going on can be judged; tried: whether anything of it was tried at all;
    at_once: whether a finding makes it next, whatever was done before.
    """

    rung: Rung
    state: RungState
    because: tuple[str, ...]
    ask: tuple[str, ...]
    judge_on: dt.date | None
    tried: bool
    at_once: bool
    _choice: Choice = field(repr=False, compare=False)

    @property
    def options(self) -> tuple[Option, ...]:
        """The treatments of the rung, the best first."""
        return self._choice.options


@dataclass(frozen=True)
class LadderPosition:
    """A ladder with the patient on it, and the cause it is for (None for the general one)."""

    ladder: Ladder
    condition: str | None
    rungs: tuple[RungPosition, ...]

    @property
    def next(self) -> RungPosition | None:
        """The next rung of the way; None at the top, or while something may still work."""
        return next((r for r in self.rungs if r.state == "next" and not r.rung.beside), None)


@dataclass(frozen=True)
class _Look:
    """What is known of one rung before the rungs are held against each other."""

    rung: Rung
    choice: Choice
    attempts: tuple[Attempt, ...]
    applies: Verdict
    waits: bool
    straight: Verdict | None
    passed: tuple[str, ...]
    working: tuple[str, ...]
    judge_on: dt.date | None
    barred: tuple[str, ...]
    stop: tuple[str, ...]
    short: tuple[str, ...]
    too_early: tuple[str, ...]
    surely_early: bool
    searched: bool


def position_on(ladder: Ladder, condition: str | None, patient: Patient) -> LadderPosition:
    """Every rung of a ladder with its state.

    A rung is passed when so many of its treatments as it asks for were adequate and failed, could
    not be borne, or are barred. A rung of which nothing is recorded, below one that was tried, is
    skipped, with the question whether it was. Nothing is skipped on the way to an implant. Where a
    finding makes a rung next at once, drugs against pain go on beside it.
    """
    pains = (*([condition] if condition else ()), *ladder.pain)
    rules = _rules_of(ladder, patient.knowledge)
    looks = [
        _look(rung, of_rung, patient, pains)
        for rung, of_rung in zip(ladder.rungs, rules, strict=True)
    ]
    way = [look for look in looks if not look.rung.beside]
    straight = next((look for look in way if _is_met(look.straight)), None)
    highest = max((i for i, look in enumerate(way) if look.attempts), default=-1)
    states: dict[str, tuple[RungState, tuple[str, ...]]] = {}
    meanwhile: set[str] = set()
    open_yet = not any(_is_held(look, patient) for look in way)
    for i, look in enumerate(way):
        state, because = _state(look, patient)
        if look is straight and state == "passed":
            # Needed at once, whatever was done before.
            state = "next"
        if state == "next":
            if straight is not None and look is not straight:
                state, because = _around_straight(look, straight, way)
                if state == "next":
                    meanwhile.add(look.rung.id)
            elif straight is None and i < highest and not _same_line(look, way[highest]):
                state, because = _left_behind(look)
            elif straight is None and not open_yet:
                state, because = "later", ()
            else:
                open_yet = False
                because = because or _why_next(look, straight)
        states[look.rung.id] = (state, because)
    _no_way_round(way, states)
    for look in looks:
        if look.rung.beside:
            states[look.rung.id] = _state(look, patient)
    found = (_rung_position(look, *states[look.rung.id]) for look in looks)
    rungs = (_beside(rung) if rung.rung.id in meanwhile else rung for rung in found)
    return LadderPosition(ladder, condition, tuple(rungs))


def _beside(position: RungPosition) -> RungPosition:
    return replace(position, rung=position.rung.model_copy(update={"beside": True}))


def _is_held(look: _Look, patient: Patient) -> bool:
    """Does something on the rung help, or can it not be judged before a day that is known?"""
    if look.applies.truth is Truth.NOT_MET:
        return False
    waiting = look.judge_on is not None and not _can_be_judged(look, patient)
    return bool(look.working) or (waiting and not look.passed)


def _waits(rule: Compiled, verdict: Verdict, patient: Patient) -> bool:
    """Does a step that is not due yet fail by nothing but the probability of a cause that is
    suspected all the same?"""
    if verdict.truth is not Truth.NOT_MET:
        return False
    suspected = {
        leaf.quantity.words(patient)
        for leaf in leaves_in_favour(rule)
        if isinstance(leaf.quantity, Likelihood | LikelihoodOfAny)
        and leaf.quantity.read(patient)[0] >= WAITS_FOR_THE_DIAGNOSIS
    }
    return bool(verdict.because) and suspected.issuperset(verdict.because)


def _is_met(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.truth is Truth.MET


# When a rung applies, and what makes it next at once.
_Rules: TypeAlias = tuple[Compiled | None, Compiled | None]


def _rules_of(ladder: Ladder, knowledge: Knowledge) -> tuple[_Rules, ...]:
    """The rules of each rung; those of the knowledge's own ladders are compiled once."""
    if knowledge.ladders.get(ladder.id) is ladder:
        return _own_rules(ladder.id, knowledge)
    return _compiled(ladder, knowledge)


@lru_cache(maxsize=1024)
def _own_rules(ladder: str, knowledge: Knowledge) -> tuple[_Rules, ...]:
    return _compiled(knowledge.ladders[ladder], knowledge)


def _compiled(ladder: Ladder, knowledge: Knowledge) -> tuple[_Rules, ...]:
    def compiled(rule: Rule | None) -> Compiled | None:
        return None if rule is None else compile_rule(rule, knowledge)

    return tuple((compiled(rung.when), compiled(rung.straight_if)) for rung in ladder.rungs)


def _look(
    rung: Rung,
    rules: _Rules,
    patient: Patient,
    pains: Sequence[str],
) -> _Look:
    applies, straight = rules
    applying = _always() if applies is None else evaluate(applies, patient)
    searched = applying.truth is not Truth.MET and _looked_for(rung, patient)
    attempts = _attempts_on(rung, patient)
    too_early = () if searched else _too_early(rung, attempts, patient)
    attempts = tuple(a for a in attempts if a not in too_early)
    choice = Choice(rung.options, patient, tuple(pains), attempts)
    stop = _to_stop(choice)
    # What must not be taken is no treatment that could still work.
    attempts = tuple(a for a in attempts if a not in stop or a.counts_as_failed)
    working = tuple(
        f"{a.text} helps enough: go on with it" for a in attempts if a.outcome == "helps"
    )
    if rung.stage in _IMPLANTS:
        working += tuple(
            f"{a.text} gave enough relief: the implant is due if every criterion is met"
            for a in attempts
            if a.outcome == "helped"
        )
    return _Look(
        rung=rung,
        choice=choice,
        attempts=attempts,
        applies=applying,
        waits=applies is not None and _waits(applies, applying, patient),
        straight=None if straight is None else evaluate(straight, patient),
        passed=_passed(rung, choice, attempts),
        working=working,
        judge_on=_judged_on(attempts, patient),
        barred=_all_barred(choice),
        stop=tuple(
            f"{a.text} is taken but should not go on: change it, slowly where a sudden stop harms"
            for a in stop
        ),
        short=tuple(
            f"{a.text}: {a.why_not_adequate}"
            for a in attempts
            if a.adequacy in {"too-short", "too-little"} and not a.counts_as_failed
        ),
        too_early=tuple(
            f"{a.text} came before this pain or began it, and shows nothing of it"
            for a in too_early
        ),
        surely_early=any(_before_pain(_last_day(a), patient) for a in too_early),
        searched=searched,
    )


def _always() -> Verdict:
    return Verdict(Truth.MET)


def _attempts_on(rung: Rung, patient: Patient) -> tuple[Attempt, ...]:
    """The attempts that belong to the rung: at one of its treatments, or at a family vaguely named.

    A treatment that is known counts where it stands: failed baclofen is no failed tizanidine.
    """
    if not patient.attempts:
        return ()
    families = {patient.knowledge.treatments[name].family for name in rung.options}
    return tuple(
        attempt
        for attempt in patient.attempts
        if set(attempt.treatments).intersection(rung.options)
        or (attempt.vague and families.intersection(attempt.families))
    )


def _looked_for(rung: Rung, patient: Patient) -> bool:
    """Does the record show that what can be mended was looked for since the pain began?"""
    return any(
        observed.finding in rung.looked_for_by and not _before_pain(observed.date, patient)
        for observed in patient.facts.record.observations
    )


def _too_early(rung: Rung, attempts: Sequence[Attempt], patient: Patient) -> tuple[Attempt, ...]:
    """Operations that say nothing of the present pain: those before it began, and, on a rung that
    looks for the cause of a pain after an operation, the operation itself."""
    if rung.stage != "surgery":
        return ()
    early = [a for a in attempts if _before_pain(_last_day(a), patient)]
    done = [a for a in attempts if a.vague or a.done_once]
    if rung.looked_for_by and done:
        early.append(min(done, key=lambda a: a.start or dt.date.max))
    return tuple(a for a in attempts if a in early)


def _last_day(attempt: Attempt) -> dt.date | None:
    """The last day on which it is known to have been given; None where that is not recorded."""
    if attempt.start is None or attempt.done_once:
        return attempt.start
    if attempt.going_on or attempt.days is None:
        return None
    return attempt.start + dt.timedelta(days=attempt.days)


def _before_pain(day: dt.date | None, patient: Patient) -> bool:
    """Does a day lie before the pain began, however long the pain may have lasted?"""
    as_of = patient.facts.record.as_of
    if day is None or as_of is None:
        return False
    return (as_of - day).days > patient.duration_days[1]


def _to_stop(choice: Choice) -> list[Attempt]:
    """What is going on that must not."""
    going_on = [attempt for attempt in choice.attempts if attempt.going_on]
    if not going_on:
        return []
    harmful = {o.treatment.id for o in choice.options if o.verdict == "barred"}
    return [attempt for attempt in going_on if harmful.intersection(attempt.treatments)]


def _passed(rung: Rung, choice: Choice, attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Why the rung is passed; () while it is not."""
    failed = [attempt for attempt in attempts if _is_over(attempt, rung)]
    if not failed:
        return ()
    done = len(failed)
    # A word for many ('medication failed', 'anticonvulsants') stands for as many as are asked for.
    if any(attempt.vague for attempt in failed):
        done = max(done, rung.needed)
    if done < rung.needed and any(option.verdict in OPEN for option in choice.options):
        return ()
    return tuple(_what_came_of(attempt) for attempt in failed)


def _is_over(attempt: Attempt, rung: Rung) -> bool:
    """Did it fail, or was it done once, with relief that has worn off?

    A drug or exercise that helped can be begun again; an operation or an injection is behind the
    patient. A trial of an implant that helped is the very reason for the implant.
    """
    wore_off = attempt.outcome == "helped" and rung.stage in {"injection", "surgery", "cause"}
    return attempt.counts_as_failed or wore_off


def _what_came_of(attempt: Attempt) -> str:
    said = {
        "failed": "not enough relief",
        "helped": "helped for a time",
        "not-tolerated": "not tolerated",
    }[attempt.outcome]
    if attempt.days is None:
        told = "when is not recorded" if attempt.done_once else "how long is not recorded"
    else:
        told = f"{attempt.days} days{' ago' if attempt.done_once else ''}"
    return f"{attempt.text}: {said} ({told})"


def _judged_on(attempts: Sequence[Attempt], patient: Patient) -> dt.date | None:
    """The day from which everything that is going on can be judged."""
    days = []
    for attempt in attempts:
        if attempt.outcome != "going-on" or attempt.start is None:
            continue
        for name in attempt.treatments:
            adequate = patient.knowledge.treatments[name].adequate
            if adequate is not None:
                needed = resolve(adequate.days, patient.knowledge.evidence, "real").value
                days.append(attempt.start + dt.timedelta(days=round(needed)))
    return max(days, default=None)


def _all_barred(choice: Choice) -> tuple[str, ...]:
    """Why nothing on the rung can be given; () while something can."""
    if not choice.is_barred:
        return ()
    return tuple(
        f"{option.treatment.name}: {'; '.join(w.because) or w.say}"
        for option in choice.options
        for w in option.cautions[:1]
    )


def _state(look: _Look, patient: Patient) -> tuple[RungState, tuple[str, ...]]:
    """State of a rung by itself; `next` where it is open."""
    state: RungState = "next"
    because: tuple[str, ...] = ()
    going_on = [attempt for attempt in look.attempts if attempt.outcome == "going-on"]
    if look.applies.truth is Truth.NOT_MET:
        why_not = "waits until it is confirmed or excluded" if look.waits else "does not apply"
        state, because = "skipped", (f"{why_not}: {'; '.join(look.applies.because)}",)
    elif look.working:
        state, because = "in-progress", look.working
    elif look.passed:
        state, because = "passed", look.passed
    elif look.barred:
        state, because = "barred", look.barred
    elif look.searched and look.rung.looked_for_by and not look.attempts:
        state, because = "passed", ("it was looked for: imaging or an opinion is recorded",)
    elif going_on and not _can_be_judged(look, patient):
        state, because = "in-progress", tuple(f"{a.text} is going on" for a in going_on)
    elif look.applies.truth is Truth.UNKNOWN and look.rung.for_exceptions and not look.attempts:
        state, because = "skipped", ("for some patients only; not known whether for this one",)
    elif not look.attempts and (why := _taken_as_done(look.rung, patient)):
        state, because = "skipped", (why,)
    return state, because


def _can_be_judged(look: _Look, patient: Patient) -> bool:
    as_of = patient.facts.record.as_of
    return look.judge_on is not None and as_of is not None and as_of >= look.judge_on


def _taken_as_done(rung: Rung, patient: Patient) -> str | None:
    """Why a step of which nothing is recorded is taken as done; None while it is not.

    Records seldom mention rest and staying active. Pain that has lasted has had them; and a
    specialist clinic sees nobody who has not, though it may not say so.
    """
    if rung.taken_as_done_after is None:
        return None
    enough = resolve(rung.taken_as_done_after, patient.knowledge.evidence, "real").value
    if patient.duration_days[0] >= enough:
        return "the pain has lasted so long that this is taken as done; ask"
    if rung.stage == "self-care" and patient.facts.record.setting == "specialist":
        return "taken as done before the referral to a specialist clinic; ask"
    return None


def _same_line(look: _Look, highest: _Look) -> bool:
    """Are both lines of drugs for the same end? Then who tried the second first tries the first
    now: an untried antidepressant is not left behind by a gabapentinoid."""
    return look.rung.stage == highest.rung.stage and look.rung.stage in _LINES


def _around_straight(
    look: _Look, straight: _Look, way: Sequence[_Look]
) -> tuple[RungState, tuple[str, ...]]:
    if look.rung.stage in _EASING:
        return "next", ("goes on beside what is needed at once",)
    if way.index(look) > way.index(straight):
        return "later", ()
    return "skipped", (f"not before {straight.rung.title}",)


def _left_behind(look: _Look) -> tuple[RungState, tuple[str, ...]]:
    if look.too_early:
        return "skipped", (*look.too_early, "a later step was tried already; ask")
    if look.short:
        return "skipped", tuple(f"not a proper attempt: {short}" for short in look.short)
    return "skipped", ("nothing of it is recorded, and a later step was tried already; ask",)


def _why_next(look: _Look, straight: _Look | None) -> tuple[str, ...]:
    if look is straight and look.straight is not None:
        return (f"{look.rung.straight_because}", *look.straight.because)
    helped = [attempt for attempt in look.attempts if attempt.outcome == "helped"]
    going_on = [attempt for attempt in look.attempts if attempt.outcome == "going-on"]
    return (
        look.stop
        or look.too_early
        or tuple(f"{a.text} helped for a time: it can be begun again" for a in helped)
        or tuple(f"not a proper attempt: {short}" for short in look.short)
        or tuple(f"{a.text} is going on and can be judged now" for a in going_on)
        or ("nothing of it is recorded",)
    )


def _no_way_round(
    way: Sequence[_Look], states: dict[str, tuple[RungState, tuple[str, ...]]]
) -> None:
    """Where an implant would be next, a step that was tried too short comes before it, and so does
    the search for what can be mended."""
    following = next((look for look in way if _comes_next(look, states[look.rung.id][0])), None)
    if following is None or following.rung.stage not in _IMPLANTS:
        return
    for look in way[: way.index(following)]:
        if states[look.rung.id][0] != "skipped" or look.passed:
            continue
        if look.short or _must_be_looked_for(look):
            why = _search(look) if _must_be_looked_for(look) else _left_behind(look)[1]
            states[look.rung.id] = ("next", why)
            if states[following.rung.id][0] == "next":
                states[following.rung.id] = ("later", ("first a step that was not properly taken",))
            return


def _comes_next(look: _Look, state: RungState) -> bool:
    """Is it next, or an implant that has only been tried, of which the next step is to implant?"""
    tried_out = look.rung.stage in _IMPLANTS and not any(a.going_on for a in look.attempts)
    return state == "next" or (state == "in-progress" and tried_out)


def _must_be_looked_for(look: _Look) -> bool:
    """Is it sure that nothing was looked for? Only an operation dated before the pain tells: notes
    that give no dates seldom tell of the scan either, and are answered with a question."""
    applies = look.applies.truth is not Truth.NOT_MET
    return bool(look.rung.looked_for_by) and look.surely_early and applies and not look.searched


def _search(look: _Look) -> tuple[str, ...]:
    return (*look.too_early, "no imaging and no opinion of a surgeon since then is recorded")


def _rung_position(look: _Look, state: RungState, because: tuple[str, ...]) -> RungPosition:
    ask = look.applies.unknown if look.applies.truth is Truth.UNKNOWN else ()
    return RungPosition(
        rung=look.rung,
        state=state,
        because=because,
        ask=tuple(fact for fact in ask if not fact.startswith("probability:")),
        judge_on=look.judge_on if state == "in-progress" else None,
        tried=bool(look.attempts),
        at_once=_is_met(look.straight),
        _choice=look.choice,
    )
