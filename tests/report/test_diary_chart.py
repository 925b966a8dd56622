"""The chart of a diary."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from crural.report.diary_chart import HEIGHT, MOST_DRAWN, WIDTH, Score, diary_chart

BEGIN = dt.datetime(2026, 3, 1, 8)
SCORES = st.lists(
    st.builds(
        Score,
        st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
        st.floats(0, 10),
        st.booleans(),
    ),
    max_size=30,
).map(lambda scores: sorted(scores, key=lambda score: score.at))


def circles(svg: str) -> list[tuple[float, float]]:
    found = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}circle")
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in found]


@given(SCORES)
def test_every_score_lies_within_the_chart(scores: list[Score]) -> None:
    svg = diary_chart(scores)
    at = circles(svg) if svg else []
    assert len(at) == len(scores)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in at)
    assert [x for x, _ in at] == sorted(x for x, _ in at)


def test_more_pain_stands_higher_and_later_stands_further_right() -> None:
    week = [Score(BEGIN + dt.timedelta(days=i), nrs) for i, nrs in enumerate((8, 2, 5))]
    (a, b), (c, d), (e, f) = circles(diary_chart(week))
    assert a < c < e
    assert b < f < d


def test_it_tells_its_content_to_who_cannot_see_it() -> None:
    told = diary_chart([Score(BEGIN, 8), Score(BEGIN + dt.timedelta(days=2), 3)])
    assert "2 scores from 2026-03-01 to 2026-03-03: first 8, last 3, between 3 and 8." in told
    assert "One score: 8 on 2026-03-01." in diary_chart([Score(BEGIN, 8)])


def test_the_days_of_a_trial_are_marked() -> None:
    week = [Score(BEGIN + dt.timedelta(days=i), 5, 2 <= i <= 3) for i in range(6)]
    assert diary_chart(week).count('class="band"') == 1
    assert ">trial<" in diary_chart(week)


def test_many_scores_become_the_mean_of_each_day() -> None:
    many = [Score(BEGIN + dt.timedelta(hours=6 * i), i % 4) for i in range(MOST_DRAWN + 100)]
    svg = diary_chart(many)
    assert len(circles(svg)) <= len(many) / 3
    assert "mean of each day" in svg


def test_without_scores_there_is_no_chart() -> None:
    assert diary_chart([]) == ""
