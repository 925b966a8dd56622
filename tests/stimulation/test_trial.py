"""What is said about a trial: relief, doubts, definitions, and what more diary would do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crural.knowledge import Knowledge
from crural.knowledge.stimulation import load_trial
from crural.stimulation.diary import Diary, DiaryError
from crural.stimulation.trial import LIKELY, SURE, TrialAnalysis, Verdict, analyse

from .diaries import BACK, EASED, STEADY, diary, written

Analyse: TypeAlias = Callable[[Diary], TrialAnalysis]


@pytest.fixture(scope="module")
def of(knowledge: Knowledge) -> Analyse:
    """The analysis of a diary with the shipped knowledge."""

    def analysed(read: Diary) -> TrialAnalysis:
        return analyse(read, load_trial(), knowledge.evidence)

    return analysed


def verdict(analysis: TrialAnalysis, name: str) -> Verdict:
    return next(v for v in analysis.verdicts if v.definition.id == name)


def levels(analysis: TrialAnalysis, words: str) -> list[str]:
    return [r.level for r in analysis.remarks if words in r.text]


def full(odi: tuple[float, float] = (52, 34), opioid: tuple[float, float] = (40, 30)) -> Diary:
    """A clear trial with function and opioids."""
    read = diary()
    values = {"baseline": (odi[0], opioid[0]), "trial": (odi[1], opioid[1])}
    return replace(
        read,
        entries=tuple(
            replace(e, odi=values[e.phase][0], opioid=values[e.phase][1]) for e in read.entries
        ),
    )


def test_clear_relief_meets_every_definition_with_a_figure(of: Analyse) -> None:
    analysis = of(full())
    assert analysis.relief.chance_50 > SURE
    states = {v.definition.id: v.state for v in analysis.verdicts}
    assert states.pop("nice-ta159") == "unknown"
    assert set(states.values()) == {"met"}
    assert analysis.more.settled
    assert "half the pain is gone" in analysis.more.because


def test_no_relief_meets_none(of: Analyse) -> None:
    analysis = of(diary(trial=STEADY[:10]))
    assert analysis.relief.chance_30 < 0.1
    assert {v.state for v in analysis.verdicts} == {"not-met", "unknown"}
    assert "is not gone" in analysis.more.because


def test_relief_near_one_half_stays_open_and_says_what_would_settle_it(of: Analyse) -> None:
    analysis = of(diary(trial=(4, 3, 3, 2, 4, 3)))
    assert 0.1 < analysis.relief.chance_50 < SURE
    assert verdict(analysis, "process-responder").state == "open"
    assert not analysis.more.settled
    assert analysis.more.needed is not None
    chances = list(analysis.more.chances.values())
    assert chances == sorted(chances)
    assert all(
        chance < LIKELY
        for day, chance in analysis.more.chances.items()
        if day < analysis.more.needed
    )


def test_where_more_days_would_not_do_that_is_said(of: Analyse) -> None:
    analysis = of(diary(baseline=(8, 6), trial=(4, 3, 4, 3, 4, 3, 4, 3)))
    assert analysis.more.needed is None
    assert "baseline (2 days) is too short" in analysis.more.because


def test_figures_that_are_not_recorded_leave_a_verdict_unknown(of: Analyse) -> None:
    parts = verdict(of(diary()), "practice-parameters").parts
    assert [p.state for p in parts] == ["met", "met", "unknown", "unknown"]
    assert verdict(of(diary()), "practice-parameters").state == "unknown"
    assert verdict(of(diary()), "holistic").state == "unknown"


def test_more_opioid_or_worse_function_fails_the_practice_parameters(of: Analyse) -> None:
    opioid = of(full(opioid=(40, 60)))
    assert verdict(opioid, "practice-parameters").state == "not-met"
    assert levels(opioid, "more opioid in the trial") == ["warn"]
    assert verdict(of(full(odi=(40, 55))), "practice-parameters").state == "not-met"
    assert verdict(of(full(odi=(40, 38))), "practice-parameters").state == "met"
    assert verdict(of(full(odi=(40, 38))), "holistic").state == "not-met"


def test_two_days_of_trial_are_too_short_for_those_who_ask_three(of: Analyse) -> None:
    analysis = of(diary(trial=(1, 1)))
    assert verdict(analysis, "us-insurers").state == "not-met"
    assert verdict(analysis, "us-insurers").parts[1].text.endswith("(2)")


def test_without_baseline_or_trial_there_is_no_relief_to_tell(of: Analyse) -> None:
    with pytest.raises(DiaryError, match="no pain score before the trial"):
        of(written("1,5,trial"))
    with pytest.raises(DiaryError, match="no pain score in the trial"):
        of(written("1,5,baseline", "2,,trial"))


def test_phases_out_of_order_withhold_every_verdict(of: Analyse) -> None:
    rows = [f"{i},7,baseline" for i in range(8)] + [f"{i},2,trial" for i in range(8, 14)]
    rows[3] = "3,2,trial"
    analysis = of(written(*rows))
    assert levels(analysis, "out of order") == ["stop"]
    assert any("line 6" in r.text for r in analysis.remarks)
    assert {v.state for v in analysis.verdicts} == {"withheld"}


@pytest.mark.parametrize(
    ("read", "words", "level"),
    [
        (diary(baseline=(7, 7, 8)), "the baseline is short: 3 days", "warn"),
        (diary(baseline=(7,)), "the baseline is short: 1 day,", "warn"),
        (diary(baseline=(7, 7, 8)), "3 scores in the baseline", "warn"),
        (diary(trial=(3, 2)), "2 scores in the trial", "warn"),
        (diary(baseline=(7,) * 10), "all 10 scores of the baseline are 7", "warn"),
        (diary(trial=(3,) * 10), "all 10 scores of the trial are 3", "warn"),
        (diary(baseline=(10, 10, 9, 10, 10, 8, 10)), "are 10: the scale hides", "warn"),
        (diary(trial=(0, 0, 1, 0, 0, 1)), "are 0: relief cannot grow", "note"),
        (
            diary(baseline=(3, 3, 2, 4, 3, 2, 3), trial=(1, 1, 2, 1, 1)),
            "pain before the trial was low",
            "warn",
        ),
        (diary(baseline=(9, 9, 8, 8, 7, 7, 6, 6, 5, 5)), "was falling before the trial", "warn"),
        (diary(baseline=(5, 5, 6, 6, 7, 7, 8, 8, 9, 9)), "was rising before the trial", "note"),
        (diary(trial=(2, 2, 2, 3, 2, 5, 6, 6, 5, 6)), "relief faded within the trial", "warn"),
        (diary(trial=(6, 6, 5, 5, 5, 2, 2, 1, 1, 1)), "still growing within the trial", "warn"),
        (diary(after=EASED[:4]), "did not clearly come back", "warn"),
    ],
)
def test_what_is_doubtful_is_said(of: Analyse, read: Diary, words: str, level: str) -> None:
    assert levels(of(read), words) == [level]


def test_gaps_missing_scores_and_sorting_are_said(of: Analyse) -> None:
    rows = [f"{i},7,baseline" for i in range(8)]
    rows += ["8,3,trial", "9,,trial", "13,3,trial", "14,2,trial", "14,2,trial", "12,3,trial"]
    analysis = of(written(*rows))
    assert levels(analysis, "1 gap in the trial, the longest of 3 days") == ["warn"]
    assert levels(analysis, "no score in 1 of 6 entries of the trial") == ["note"]
    assert levels(analysis, "they were sorted") == ["note"]
    assert levels(analysis, "have the time of another one") == ["note"]


def test_a_clean_diary_gives_no_remark(of: Analyse) -> None:
    assert of(diary(after=BACK)).remarks == ()


def test_pain_that_comes_back_is_measured(of: Analyse) -> None:
    washout = of(diary(after=BACK)).washout
    assert washout is not None
    assert washout.chance_rise > 0.99
    assert 0.5 < washout.share_back < 1.1
    assert of(diary()).washout is None


def test_the_course_of_the_relief_ends_where_the_whole_diary_does(of: Analyse) -> None:
    analysis = of(diary())
    assert [step.day for step in analysis.steps] == list(range(1, 11))
    assert analysis.steps[-1].share.middle == pytest.approx(analysis.relief.share.middle, abs=0.01)
    first, last = analysis.steps[0].share, analysis.steps[-1].share
    assert last.high - last.low < first.high - first.low


def test_settings_are_told_when_they_change(of: Analyse) -> None:
    read = diary()
    entries = [
        replace(e, settings="A" if e.time < 18 else "B") if e.phase == "trial" else e
        for e in read.entries
    ]
    analysis = of(replace(read, entries=tuple(entries)))
    assert [said for _, said in analysis.settings] == ["A", "B"]
    assert levels(analysis, "settings changed once") == ["note"]


def test_the_course_under_a_device_is_not_taken_for_a_trial(of: Analyse) -> None:
    analysis = of(diary(trial=EASED * 6))
    assert levels(analysis, "60 days are longer than any trial") == ["note"]
    assert len(analysis.steps) == 40
    assert analysis.steps[-1].day == 60


def test_a_washout_that_begins_late_is_told(of: Analyse) -> None:
    rows = [f"{i},{s},baseline" for i, s in enumerate(STEADY)]
    rows += [f"{20 + i},{s},trial" for i, s in enumerate(EASED)] + ["60,7,after", "61,7,after"]
    assert levels(of(written(*rows)), "more than a week lies between") == ["note"]


def test_two_bursts_of_scores_give_no_halves_to_compare(of: Analyse) -> None:
    rows = [f"{i},{s},baseline" for i, s in enumerate(STEADY)]
    rows += [f"{20 + i / 10},3,trial" for i in range(6)] + ["30,3,trial"]
    assert of(written(*rows)).halves is None


SCORES = st.lists(st.integers(0, 10).map(float), min_size=1, max_size=10)


@settings(max_examples=25, deadline=None)
@given(SCORES, SCORES, SCORES)
def test_every_diary_is_analysed_and_its_figures_make_sense(
    knowledge: Knowledge, before: list[float], during: list[float], later: list[float]
) -> None:
    analysis = analyse(diary(before, during, later), load_trial(), knowledge.evidence)
    relief = analysis.relief
    assert 0.0 <= relief.chance_50 <= relief.chance_30 <= 1.0
    assert relief.share.low <= relief.share.middle <= relief.share.high <= 1.0
    for phase in analysis.phases:
        assert 0.0 <= phase.mean.low <= phase.mean.high <= 10.0
    assert all(math.isfinite(step.share.middle) for step in analysis.steps)
    for one in analysis.verdicts:
        clear = [p.chance for p in one.parts if p.chance is not None and p.state == "met"]
        assert all(chance >= SURE for chance in clear)
