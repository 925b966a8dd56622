"""What the diary of a trial of stimulation shows, and what each published definition makes of it.

Relief and its uncertainty come from `phase_means`; what makes a diary doubtful is said beside
every figure; a verdict is given only where the probability is clear.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Literal

from crural.knowledge import resolve
from crural.knowledge.evidence import Evidence
from crural.knowledge.numbers import Number
from crural.knowledge.stimulation import Definition, Saying, TrialKnowledge
from crural.stimulation.diary import PHASES, Diary, DiaryError, Entry, Phase
from crural.stimulation.phase_means import (
    Comparison,
    Posterior,
    Prior,
    Weighted,
    chance_more_days_settle,
    compare,
    posterior,
    slope,
)

# stop: no verdict may rest on this diary; warn: it weakens the verdict; note: worth knowing.
Level = Literal["stop", "warn", "note"]
State = Literal["met", "not-met", "open", "unknown", "withheld"]

# Probability from which a statement counts as settled, and the chance of being settled that is
# asked of further days.
SURE = 0.9
LIKELY = 0.5
MOST_DAYS = 60
# Relief that definitions and trials ask for, in shares of the first pain.
HALF, THIRD = 0.5, 0.3
# An opioid dose that differs by less is the same.
SAME_DOSE = 0.05
# The longest published trials (scs-trial-duration-range).
LONGEST_TRIAL = 28
# So many scores are needed to hold the two halves of a trial against each other.
LEAST_FOR_HALVES = 6
# The trial is told anew after each of its days, up to so many times.
MOST_STEPS = 40


@dataclass(frozen=True)
class Remark:
    """Something about the diary that the reader must know, with sources."""

    level: Level
    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Range:
    """A figure with the interval that holds it with a probability of 0.9."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, weighted: Weighted) -> Range:
        """Median and middle interval."""
        low, high = weighted.interval()
        return cls(weighted.quantile(0.5), low, high)


@dataclass(frozen=True)
class PhaseSummary:
    """One phase: how many days, entries and scores, and the mean of the pain."""

    phase: Phase
    first: float
    last: float
    days: int
    entries: int
    scored: int
    observed: float
    mean: Range


@dataclass(frozen=True)
class Relief:
    """Pain gone from baseline to trial: share and points, and how sure 30 and 50 % are."""

    share: Range
    points: Range
    chance_30: float
    chance_50: float


@dataclass(frozen=True)
class Step:
    """The relief as it stood after a day of the trial."""

    day: int
    share: Range
    chance_50: float


@dataclass(frozen=True)
class Halves:
    """The second half of the trial against the first: points more (fading) and how sure that is."""

    early: Range
    late: Range
    rise: Range
    chance_fading: float


@dataclass(frozen=True)
class Washout:
    """After the trial: points that came back, which share of the relief, and how sure a rise is."""

    rise: Range
    share_back: float
    chance_rise: float
    days: int


@dataclass(frozen=True)
class Change:
    """A measure beside the pain: means before and in the trial, and the last value in it."""

    before: float | None
    trial: float | None
    last: float | None

    @property
    def by(self) -> float | None:
        """Trial less baseline; None when one of them was not recorded."""
        return None if self.before is None or self.trial is None else self.trial - self.before


@dataclass(frozen=True)
class Part:
    """One thing that a definition asks: in words, how probable, and whether it is settled."""

    text: str
    state: State
    chance: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A definition held against the diary."""

    definition: Definition
    state: State
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class MoreDays:
    """Whether further days of trial would settle if half the pain is gone.

    needed: days until that is likely; None when it is settled, or when `MOST_DAYS` would not do;
    chances: after so many days the chance of being settled; because: in words.
    """

    settled: bool
    needed: int | None
    chances: Mapping[int, float]
    because: str


@dataclass(frozen=True)
class TrialAnalysis:
    """All that a diary shows."""

    diary: Diary
    phases: tuple[PhaseSummary, ...]
    relief: Relief
    steps: tuple[Step, ...]
    halves: Halves | None
    washout: Washout | None
    odi: Change
    opioid: Change
    sleep: Change
    settings: tuple[tuple[float, str], ...]
    noise_sd: float
    correlation: float
    remarks: tuple[Remark, ...]
    verdicts: tuple[Verdict, ...]
    more: MoreDays
    says: tuple[Saying, ...]


@dataclass(frozen=True)
class _Known:
    """The knowledge of trials with its numbers resolved."""

    of: TrialKnowledge
    evidence: Mapping[str, Evidence]

    def number(self, number: Number) -> float:
        return resolve(number, self.evidence, "real").value

    @property
    def prior(self) -> Prior:
        noise = self.of.noise
        return Prior.of(self.number(noise.sd), self.number(noise.autocorrelation))


@dataclass(frozen=True)
class _Shown:
    """What the definitions are held against."""

    held: Comparison
    trial_days: int
    odi: Change
    opioid: Change


def analyse(
    diary: Diary, knowledge: TrialKnowledge, evidence: Mapping[str, Evidence]
) -> TrialAnalysis:
    """What a diary shows. Raises DiaryError when it has no score before or none in the trial."""
    for phase, what in (("baseline", "before the trial"), ("trial", "in the trial")):
        if not diary.scored(phase):  # type: ignore[arg-type]
            raise DiaryError(
                file=diary.where,
                field="phase",
                problem=f"there is no pain score {what}",
                remedy=f"add entries of the phase {phase}: relief is the one against the other",
            )
    known = _Known(knowledge, evidence)
    after = _posterior(diary.scored(), known.prior)
    held = compare(after, "baseline", "trial")
    summaries = tuple(_summary(diary, phase, after, held) for phase in PHASES if diary.of(phase))
    relief = Relief(
        share=Range.of(held.relief()),
        points=Range.of(held.fall()),
        chance_30=held.chance(THIRD),
        chance_50=held.chance(HALF),
    )
    halves = _halves(diary, known.prior)
    washout = _washout(diary, after, held)
    odi, opioid, sleep = (_change(diary, name) for name in ("odi", "opioid", "sleep"))
    remarks = tuple(_remarks(diary, known, halves, washout, opioid))
    withheld = any(remark.level == "stop" for remark in remarks)
    shown = _Shown(held, _days(diary.of("trial")), odi, opioid)
    verdicts = tuple(
        _verdict(definition, shown, known, withheld=withheld)
        for definition in knowledge.definitions
    )
    return TrialAnalysis(
        diary=diary,
        phases=summaries,
        relief=relief,
        steps=_steps(diary, known.prior),
        halves=halves,
        washout=washout,
        odi=odi,
        opioid=opioid,
        sleep=sleep,
        settings=_settings(diary),
        noise_sd=after.sd,
        correlation=after.correlation,
        remarks=remarks,
        verdicts=verdicts,
        more=_more_days(diary, after, relief),
        says=knowledge.says,
    )


def _posterior(entries: Sequence[Entry], prior: Prior, phases: Sequence[str] = ()) -> Posterior:
    return posterior(
        [entry.time for entry in entries],
        [entry.nrs for entry in entries if entry.nrs is not None],
        phases or [entry.phase for entry in entries],
        prior,
    )


def _summary(diary: Diary, phase: Phase, after: Posterior, held: Comparison) -> PhaseSummary:
    entries, scored = diary.of(phase), diary.scored(phase)
    if phase == "baseline":
        mean = Range.of(held.of_first())
    elif phase == "trial":
        mean = Range.of(held.of_second())
    elif scored:
        mean = Range.of(compare(after, "baseline", phase).of_second())
    else:
        mean = Range(math.nan, math.nan, math.nan)
    return PhaseSummary(
        phase=phase,
        first=entries[0].time,
        last=entries[-1].time,
        days=_days(entries),
        entries=len(entries),
        scored=len(scored),
        observed=fmean([e.nrs for e in scored if e.nrs is not None]) if scored else math.nan,
        mean=mean,
    )


def _days(entries: Sequence[Entry]) -> int:
    """Days from the first to the last entry, both counted."""
    return math.floor(entries[-1].time) - math.floor(entries[0].time) + 1 if entries else 0


def _steps(diary: Diary, prior: Prior) -> tuple[Step, ...]:
    """The relief after each day of the trial (after so many of them, spread evenly)."""
    before, trial = diary.scored("baseline"), diary.scored("trial")
    start = math.floor(diary.of("trial")[0].time)
    days = sorted({math.floor(entry.time) - start + 1 for entry in trial})
    if len(days) > MOST_STEPS:
        kept = [days[round(i * (len(days) - 1) / (MOST_STEPS - 1))] for i in range(MOST_STEPS)]
        days = sorted(set(kept))
    steps = []
    for day in days:
        so_far = [entry for entry in trial if math.floor(entry.time) - start < day]
        held = compare(_posterior([*before, *so_far], prior), "baseline", "trial")
        steps.append(Step(day, Range.of(held.relief()), held.chance(HALF)))
    return tuple(steps)


def _halves(diary: Diary, prior: Prior) -> Halves | None:
    trial = diary.scored("trial")
    if len(trial) < LEAST_FOR_HALVES:
        return None
    middle = (trial[0].time + trial[-1].time) / 2.0
    names = [
        e.phase if e.phase != "trial" else "early" if e.time <= middle else "late"
        for e in diary.scored()
    ]
    if names.count("early") < 2 or names.count("late") < 2:
        return None
    held = compare(_posterior(diary.scored(), prior, names), "late", "early")
    return Halves(
        early=Range.of(held.of_second()),
        late=Range.of(held.of_first()),
        rise=Range.of(held.fall()),
        chance_fading=held.chance(points=0.0),
    )


def _washout(diary: Diary, after: Posterior, held: Comparison) -> Washout | None:
    scored = diary.scored("after")
    if not scored:
        return None
    back = compare(after, "after", "trial")
    relieved = held.fall().mean
    return Washout(
        rise=Range.of(back.fall()),
        share_back=back.fall().mean / relieved if relieved > 0.25 else math.nan,
        chance_rise=back.chance(points=0.0),
        days=_days(scored),
    )


def _change(diary: Diary, name: str) -> Change:
    def values(phase: Phase) -> list[float]:
        return [v for e in diary.of(phase) if (v := getattr(e, name)) is not None]

    before, trial = values("baseline"), values("trial")
    return Change(
        before=fmean(before) if before else None,
        trial=fmean(trial) if trial else None,
        last=trial[-1] if trial else None,
    )


def _settings(diary: Diary) -> tuple[tuple[float, str], ...]:
    """When the settings changed within the trial, and to what."""
    told = [(e.time, e.settings) for e in diary.of("trial") if e.settings]
    return tuple(
        (time, now) for i, (time, now) in enumerate(told) if i == 0 or now != told[i - 1][1]
    )


def _remarks(
    diary: Diary,
    known: _Known,
    halves: Halves | None,
    washout: Washout | None,
    opioid: Change,
) -> Iterator[Remark]:
    yield from _of_order(diary)
    yield from _of_length(diary, known)
    yield from _of_scores(diary, known)
    yield from _of_trend(diary, known)
    if halves is not None and halves.chance_fading >= SURE and halves.rise.middle >= 1.0:
        yield Remark(
            "warn",
            f"relief faded within the trial: the second half was {halves.rise.middle:.1f} points "
            f"worse than the first (probability {halves.chance_fading:.2f})",
        )
    elif halves is not None and halves.chance_fading <= 1.0 - SURE and halves.rise.middle <= -1.0:
        yield Remark(
            "warn",
            f"relief was still growing within the trial: the second half was "
            f"{-halves.rise.middle:.1f} points better than the first; one mean for both is a poor "
            "summary, and such a drift widens every interval",
        )
    if washout is not None and washout.chance_rise < SURE:
        lasting = known.number(known.of.lasting_days)
        yield Remark(
            "warn",
            "the pain did not clearly come back after the trial: the relief may have another "
            f"cause than the stimulation, or outlast it (up to {lasting:g} days in some)",
            ("stim-relief-outlasts-device",),
        )
    if opioid.by is not None and opioid.before is not None and _more_opioid(opioid):
        yield Remark(
            "warn",
            f"more opioid in the trial than before ({opioid.before:g} to {opioid.trial:g} mg a "
            "day): part of the relief may be its doing",
        )
    changes = len(_settings(diary)) - 1
    if changes >= 1:
        yield Remark(
            "note",
            f"the settings changed {'once' if changes == 1 else f'{changes} times'} within the "
            "trial; its mean takes all of them together",
        )


def _of_order(diary: Diary) -> Iterator[Remark]:
    stands = [PHASES.index(entry.phase) for entry in diary.entries]
    if stands != sorted(stands):
        at = next(i for i, (a, b) in enumerate(pairwise(stands)) if b < a) + 1
        entry = diary.entries[at]
        place = f" (line {entry.line})" if entry.line else ""
        yield Remark(
            "stop",
            f"phases are out of order: {entry.phase} after {diary.entries[at - 1].phase}{place}; "
            "a slip of phase or date turns the result round, so correct it, or analyse each "
            "trial by itself",
        )
    if not diary.in_file_order:
        yield Remark("note", "the rows did not stand in order of time; they were sorted")
    seen: set[tuple[float, Phase]] = set()
    doubled = 0
    for entry in diary.scored():
        doubled += (entry.time, entry.phase) in seen
        seen.add((entry.time, entry.phase))
    if doubled:
        yield Remark(
            "note",
            f"{doubled} scores have the time of another one: such scores count as their mean "
            "(give the hour to use them all)",
        )


def _of_length(diary: Diary, known: _Known) -> Iterator[Remark]:
    limits = known.of.diary
    least_days = known.number(limits.least_baseline_days)
    least = known.number(limits.least_entries)
    days = _days(diary.scored("baseline"))
    if days < least_days:
        yield Remark(
            "warn",
            f"the baseline is short: {days} {'day' if days == 1 else 'days'}, fewer than "
            f"{least_days:g}; everything is measured against it",
        )
    for phase in ("baseline", "trial"):
        scored = diary.scored(phase)
        if len(scored) < least:
            yield Remark(
                "warn",
                f"{len(scored)} {'score' if len(scored) == 1 else 'scores'} in the {phase}, fewer "
                f"than {least:g}: how far the pain scatters is taken mostly from other people",
            )
    if _days(diary.of("trial")) > LONGEST_TRIAL:
        yield Remark(
            "note",
            f"{_days(diary.of('trial'))} days are longer than any trial ({LONGEST_TRIAL} days at "
            "most): this is the course under a device, told as one mean",
            ("scs-trial-duration-range",),
        )
    longest = known.number(limits.longest_gap_days)
    for phase in PHASES:
        scored = diary.scored(phase)
        gaps = [b.time - a.time - 1.0 for a, b in pairwise(scored)]
        wide = [gap for gap in gaps if gap > longest - 1e-9]
        if wide:
            yield Remark(
                "warn",
                f"{len(wide)} {'gap' if len(wide) == 1 else 'gaps'} in the {phase}, the longest of "
                f"{max(wide):.0f} days without a score",
            )
        missing = len(diary.of(phase)) - len(scored)
        if missing:
            yield Remark(
                "note" if missing <= 0.2 * len(diary.of(phase)) else "warn",
                f"no score in {missing} of {len(diary.of(phase))} entries of the {phase}",
            )
    if diary.scored("after") and diary.scored("after")[0].time - diary.scored("trial")[-1].time > 7:
        yield Remark("note", "more than a week lies between the trial and the first score after it")


def _of_scores(diary: Diary, known: _Known) -> Iterator[Remark]:
    limits = known.of.diary
    end = known.number(limits.at_the_end_of_the_scale)
    low = known.number(limits.low_baseline)
    before = [e.nrs for e in diary.scored("baseline") if e.nrs is not None]
    trial = [e.nrs for e in diary.scored("trial") if e.nrs is not None]
    for phase, scores in (("baseline", before), ("trial", trial)):
        if len(scores) >= 4 and len(set(scores)) == 1:
            yield Remark(
                "warn",
                f"all {len(scores)} scores of the {phase} are {scores[0]:g}: were they written "
                "down day by day?",
            )
    if sum(score >= 10.0 for score in before) >= end * len(before):
        yield Remark("warn", "many scores before the trial are 10: the scale hides worse pain")
    if sum(score <= 0.0 for score in trial) >= end * len(trial):
        yield Remark(
            "note", "many scores in the trial are 0: relief cannot grow on the scale any more"
        )
    if fmean(before) < low:
        yield Remark(
            "warn",
            f"the pain before the trial was low (mean {fmean(before):.1f}): of little pain a large "
            "share is few points",
        )


def _of_trend(diary: Diary, known: _Known) -> Iterator[Remark]:
    before = diary.scored("baseline")
    rise = slope([e.time for e in before], [e.nrs or 0.0 for e in before], known.prior)
    if rise is None:
        return
    a_week = 7.0 * rise.quantile(0.5)
    falls = float(rise.chances[rise.values < 0.0].sum())
    if falls >= SURE and -a_week >= known.number(known.of.diary.falling_before):
        trial = diary.scored("trial")
        lasts = fmean([e.time for e in trial]) - fmean([e.time for e in before])
        yield Remark(
            "warn",
            f"the pain was falling before the trial ({-a_week:.1f} points a week, probability "
            f"{falls:.2f}); had that gone on, it alone would have taken away "
            f"{-rise.quantile(0.5) * lasts:.1f} points by the middle of the trial",
        )
    elif falls <= 1.0 - SURE and a_week >= known.number(known.of.diary.falling_before):
        yield Remark(
            "note",
            f"the pain was rising before the trial ({a_week:.1f} points a week): after a bad spell "
            "pain falls back by itself",
        )


def _more_opioid(opioid: Change) -> bool:
    assert opioid.before is not None
    assert opioid.trial is not None
    return opioid.trial > opioid.before * (1.0 + SAME_DOSE) + 1e-9


def _verdict(definition: Definition, shown: _Shown, known: _Known, *, withheld: bool) -> Verdict:
    parts = tuple(_parts(definition, shown, known))
    states = [part.state for part in parts]
    state: State
    if withheld:
        state = "withheld"
    elif "not-met" in states:
        state = "not-met"
    elif not parts or not any(part.chance is not None for part in parts):
        state = "unknown"
    elif "open" in states:
        state = "open"
    else:
        state = "unknown" if "unknown" in states else "met"
    return Verdict(definition, state, parts)


def _parts(definition: Definition, shown: _Shown, known: _Known) -> Iterator[Part]:
    held, opioid = shown.held, shown.opioid
    if definition.relief_percent is not None:
        percent = known.number(definition.relief_percent)
        points = None if definition.or_points is None else known.number(definition.or_points)
        text = f"{percent:g} % of the pain gone" + (f", or {points:g} points" if points else "")
        yield _likely(text, held.chance(percent / 100.0, points))
    if definition.points is not None:
        points = known.number(definition.points)
        yield _likely(f"{points:g} points of the pain gone", held.chance(points=points))
    if definition.least_days is not None:
        least = known.number(definition.least_days)
        days = shown.trial_days
        yield Part(
            f"the trial lasted {least:g} days or more ({days})",
            "met" if days >= least else "not-met",
        )
    if definition.analgesics is not None:
        if opioid.by is None:
            yield Part("no more analgesics than before: not recorded", "unknown")
        else:
            yield Part(
                f"no more opioid than before ({opioid.before:g} to {opioid.trial:.3g} mg a day)",
                "not-met" if _more_opioid(opioid) else "met",
            )
    if definition.function is not None:
        yield _function_part(definition.function, shown.odi, known.number(known.of.function_points))


def _function_part(asked: Literal["not-worse", "better"], odi: Change, points: float) -> Part:
    if odi.by is None:
        what = "no worse" if asked == "not-worse" else "better"
        return Part(f"function {what} than before: not recorded", "unknown")
    changed = f"Oswestry index {odi.before:.3g} to {odi.trial:.3g}"
    if asked == "not-worse":
        return Part(
            f"function no worse by {points:g} points ({changed})",
            "met" if odi.by < points else "not-met",
        )
    return Part(
        f"function better by {points:g} points ({changed})",
        "met" if -odi.by >= points else "not-met",
    )


def _likely(text: str, chance: float) -> Part:
    state: State = "met" if chance >= SURE else "not-met" if chance <= 1.0 - SURE else "open"
    return Part(text, state, chance)


def _more_days(diary: Diary, after: Posterior, relief: Relief) -> MoreDays:
    chance = relief.chance_50
    if not 1.0 - SURE < chance < SURE:
        side = "is gone" if chance >= SURE else "is not gone"
        return MoreDays(
            settled=True,
            needed=None,
            chances={},
            because=f"settled: half the pain {side} (probability {max(chance, 1 - chance):.2f})",
        )
    trial = [entry.time for entry in diary.scored("trial")]
    gaps = [b - a for a, b in pairwise(trial) if b > a]
    gap = max(median(gaps), 1.0 / 24.0) if gaps else 1.0
    counts = {days: max(round(days / gap), 1) for days in range(1, MOST_DAYS + 1)}
    chances = chance_more_days_settle(after, HALF, (gap, gap), sorted(set(counts.values())), SURE)
    by_day = {days: chances[count] for days, count in counts.items()}
    needed = next((days for days, one in by_day.items() if one >= LIKELY), None)
    told = {days: by_day[days] for days in (3, 7, 14, 28, MOST_DAYS)}
    if needed is not None:
        because = (
            f"open: with about {needed} more {'day' if needed == 1 else 'days'} of trial it is "
            "likelier than not to be settled whether half the pain is gone"
        )
    else:
        baseline = _days(diary.scored("baseline"))
        because = (
            f"open, and even {MOST_DAYS} more days of trial would settle it with a chance of only "
            f"{math.floor(100 * by_day[MOST_DAYS])} %: the relief lies close to one half, or the "
            f"baseline ({baseline} {'day' if baseline == 1 else 'days'}) is too short to say what "
            "it is the half of"
        )
    return MoreDays(settled=False, needed=needed, chances=told, because=because)
