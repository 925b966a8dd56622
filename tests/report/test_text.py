from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from crural import Assessment
from crural.report import to_text, words
from crural.report.text import bar, render

from .made import (
    WITHOUT_TREATMENT,
    Data,
    alert,
    assessment_data,
    cause,
    check,
    course,
    ladder,
    open_alert,
    option,
    patient,
    reason,
    rung,
    source,
    warned,
)

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def shown(width: int = 100, colour: bool = False, **changes: object) -> str:
    return render(assessment_data(**changes), patient(), width, colour)


def flat(text: str) -> str:
    """The words without the line breaks."""
    return " ".join(text.split())


def test_alerts_come_before_causes() -> None:
    text = shown()
    assert text.index("Possible cauda equina syndrome") < text.index("WHAT CAUSES THE PAIN")


def test_an_alert_says_how_soon_what_to_do_why_and_what_to_ask() -> None:
    text = flat(shown())
    assert "!!! EMERGENCY, act now Possible cauda equina syndrome" in text
    for said in (
        "Do Send to hospital now for MRI.",
        "Because saddle numbness; urinary retention",
        "Why Bladder function is lost",
        "Ask now post-void residual volume",
    ):
        assert said in text


def test_a_long_time_is_told_in_months_or_years() -> None:
    text = shown(alerts=[alert(because=["pain for 152 days", "pain for 30 days"])])
    assert "pain for 5 months; pain for 30 days" in flat(text)


@pytest.mark.parametrize(
    ("urgency", "said"),
    [("emergency", "!!! EMERGENCY"), ("same-day", "!! SAME DAY"), ("two-weeks", "! WITHIN TWO")],
)
def test_urgency_is_told_without_colour(urgency: str, said: str) -> None:
    assert said in shown(colour=False, alerts=[alert(urgency=urgency)])


def test_no_alert_is_not_told_as_an_all_clear() -> None:
    text = flat(shown(alerts=[]))
    assert "No alert is raised by what is known." in text
    assert "They are not excluded." in text
    assert "Possible spinal infection: body temperature" in text


def test_of_open_alerts_that_can_wait_only_the_titles_are_told() -> None:
    text = flat(shown(ask_now=[open_alert("Possible myeloma", urgency="two-weeks")]))
    assert "! Within two weeks: Possible myeloma" in text
    assert "body temperature" not in text


def test_every_number_in_brackets_has_its_line_among_the_sources() -> None:
    text = shown()
    body, sources = text.split("SOURCES AND LIMITS")
    cited = {n for marks in re.findall(r"\[([\d,]+)\]", body) for n in marks.split(",")}
    listed = set(re.findall(r"^\[(\d+)\] ", sources, re.MULTILINE))
    assert cited == listed == {str(n) for n in range(1, len(cited) + 1)}


def test_a_ratio_that_rests_on_no_publication_is_marked_as_an_estimate() -> None:
    text = flat(shown(causes=[cause(against=[reason("fever: absent", 0.4, sources=[])])]))
    assert "×0.40 fever: absent (est.)" in text


def test_a_probability_on_estimates_alone_is_marked_and_one_on_a_figure_is_not() -> None:
    marked = flat(shown(causes=[cause("Sciatica", 0.62, estimates_only=True)]))
    plain = flat(shown(causes=[cause("Sciatica", 0.62)]))

    assert "Sciatica (est.)" in marked
    assert f"(est.) {words.ESTIMATES_ONLY}" in marked
    assert "rests on estimates only" in marked
    assert "rests on estimates only" not in plain


def test_of_many_reasons_the_five_strongest_are_told_and_the_others_counted() -> None:
    many = [reason(f"sign {i}", 9 - i, sources=[source(f"e{i}")]) for i in range(8)]
    text = shown(causes=[cause(for_=many)])
    assert [i for i in range(8) if f"sign {i}" in text] == [0, 1, 2, 3, 4]
    assert "and 3 weaker" in text


@given(st.integers(40, 160), st.booleans())
@settings(deadline=None)
def test_no_line_is_wider_than_asked_for(width: int, colour: bool) -> None:
    long = cause("Chronic exertional compartment syndrome of the lower leg " * 3, 0.3)
    text = shown(width, colour, causes=[long, cause("椎間板" * 30, 0.2)])
    assert max(cell_len(ESCAPE.sub("", line)) for line in text.splitlines()) <= width


def test_the_example_fits_a_narrow_and_a_wide_terminal(example: Assessment) -> None:
    for width in (80, 120):
        text = to_text(example, width, colour=False)
        assert max(map(cell_len, text.splitlines())) <= width
        assert "Sciatica from lumbar disc herniation" in text


def test_colour_changes_no_word() -> None:
    coloured = shown(colour=True)
    assert "\x1b[" in coloured
    assert flat(ESCAPE.sub("", coloured)) == flat(shown(colour=False))


def test_without_colour_there_is_no_control_sequence() -> None:
    assert "\x1b" not in shown(colour=False)


def test_colour_is_off_when_the_output_is_no_terminal() -> None:
    assert "\x1b" not in render(assessment_data(), patient())


def test_words_in_brackets_are_no_markup() -> None:
    text = render(assessment_data(), patient(id="[bold]x[/bold] :warning:"), 100, False)
    assert "[bold]x[/bold] :warning:" in text


def test_causes_under_two_per_cent_share_a_line() -> None:
    causes = [cause("A", 0.6), cause("Rare one", 0.012), cause("Rarer one", 0.001)]
    assert "Unlikely (under 2 %): Rare one (1 %), 1 more below 1 %." in flat(shown(causes=causes))


def test_a_dangerous_cause_that_is_unlikely_cannot_be_excluded() -> None:
    danger = cause("Cauda equina syndrome", 0.012, urgency="emergency")
    text = flat(shown(causes=[cause("A", 0.6), danger]))
    assert (
        "!!! Cannot be excluded: Cauda equina syndrome (1 %); "
        "for ×7.9 weak great toe extension [2]; against ×0.40 fever (est.); "
        "not known: saddle numbness."
    ) in text


def test_of_many_dangerous_causes_the_likeliest_four_get_their_reasons() -> None:
    many = [cause(f"Danger {n}", 0.04 - n / 200, urgency="emergency") for n in range(6)]
    text = flat(shown(causes=[cause("A", 0.6), *many]))
    assert text.count("!!! Cannot be excluded: ") == 4
    assert "!!! Nor can these: Danger 4 (2 %), Danger 5 (2 %)." in text


def test_several_causes_together_are_joined() -> None:
    text = flat(shown())
    assert "50 % Sciatica alone" in text
    assert "21 % Sciatica + Hip osteoarthritis" in text


def test_next_checks_say_what_the_answer_would_change() -> None:
    scan = check("Has a picture been taken?", "xray", name="red bone on X-ray")
    text = flat(shown(next=[scan, check("Does it burn?", "ask")]))
    assert "Ask Does it burn? yes: Sciatica: 62 → 80 % no: no great change" in text
    # What is no question to the patient stands under its clinical name.
    assert text.index("Does it burn?") < text.index("Test Red bone on X-ray (X-ray)")
    assert "Has a picture been taken?" not in text


def test_of_many_checks_the_first_are_told_and_the_others_counted() -> None:
    text = flat(shown(next=[check(f"Question {i}?") for i in range(6)]))
    assert [i for i in range(6) if f"Question {i}?" in text] == [0, 1, 2, 3]
    assert "and 2 that tell less" in text


def test_an_alert_with_nothing_left_to_ask_asks_nothing() -> None:
    assert "Ask now" not in shown(alerts=[alert(unknown=[])], ask_now=[])


def test_a_cause_that_hangs_on_no_number_names_none() -> None:
    firm = cause()
    firm["hangs_on"] = firm["hangs_on"] | {"swing": 0.004}
    assert "Hangs most on" in shown(causes=[cause()])
    assert "Hangs most on" not in shown(causes=[firm])


def test_no_placeholder_is_left_in_the_text() -> None:
    assert words.GAP not in shown()


def test_the_reader_learns_of_limits_and_of_the_knowledge() -> None:
    text = flat(shown())
    assert (
        "None of these: 2 %; a cause that is not in the list, alone or besides these: 11 %" in text
    )
    assert "digest 0123456789abcdef" in text
    assert "not a device that decides" in text
    assert "rounding error below 10⁻¹¹" in text


def test_a_bound_that_is_not_small_is_told_beside_the_causes() -> None:
    told = "off by at most 30 points"
    assert told not in flat(shown())
    causes, after = shown(error_bound=0.3).split("EXPLANATIONS")
    assert told in flat(causes)
    assert told in flat(after)


def test_a_bar_shows_interval_and_estimate() -> None:
    assert bar(0.5, 0.25, 0.75, 8) == "██▓▓░░··"
    assert bar(1.0, 1.0, 1.0, 4) == "████"
    assert bar(0.001, 0.0, 0.002, 8) == "▏·······"


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(1, 60))
def test_a_bar_always_fills_its_cells(ends: list[float], cells: int) -> None:
    low, middle, high = sorted(ends)
    assert len(bar(middle, low, high, cells)) == cells


def test_nothing_of_the_patient_is_logged_or_printed(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        shown()
    printed = capsys.readouterr()
    assert (caplog.text, printed.out, printed.err) == ("", "", "")


def test_an_assessment_without_anything_to_tell_is_still_a_report() -> None:
    empty: Data = {
        "alerts": [],
        "ask_now": [],
        "next": [],
        "next_urgent": [],
        "batteries": [],
        "facts": [],
        "explanations": [],
    }
    bare = cause(for_=[], against=[], missing=[], variants=[], hangs_on=None)
    text = flat(shown(**empty, causes=[bare]))
    assert "For nothing that is known" in text
    assert "Nothing that is still unknown would change the picture." in text


def test_a_danger_of_which_nothing_speaks_is_told_by_its_name_alone() -> None:
    danger = cause("Aneurysm", 0.012, urgency="emergency", for_=[], against=[], missing=[])
    text = flat(shown(causes=[cause("A", 0.6), danger]))
    assert "!!! Cannot be excluded: Aneurysm (1 %)." in text


def test_the_ladder_tells_every_rung_with_its_state() -> None:
    text = flat(shown())
    assert text.index("✓ passed Rest") < text.index("▶ next Drugs for nerve pain")
    assert "Next: Drugs for nerve pain They calm the nerves" in text
    for said in (
        "Effect one in six gains half of the pain",
        "Dose from 30 mg/day, at most 120 mg/day",
        "Advice NICE CG173 (2013) for",
        "Care Sleep apnoea: begin low",
        "Check first: kidney function",
        "Then and now: Rest comes first. Guidelines advise to stay active.",
        "Serves every plausible cause: exercise",
        "Can wait: disc operation is for Sciatica alone (62 %)",
        "Also: Hip (Hip osteoarthritis): next is Drugs for nerve pain",
        "First find out: what was tried",
    ):
        assert said in text


def test_of_many_options_the_first_are_told_in_full_some_in_a_line_and_the_rest_named() -> None:
    many = [option(f"drug {i}") for i in range(10)]
    text = flat(shown(ladder=ladder(rung(options=many, judge_on="2026-04-01"))))
    assert text.count("Dose from 30 mg/day") == 5
    assert "drug 7 can be offered: one in six gains half of the pain" in text
    assert "and 2 more: drug 8, drug 9" in text
    assert "to be judged from 2026-04-01" in text


def test_what_runs_beside_the_way_is_told_in_a_line() -> None:
    text = flat(shown(ladder=ladder(rung(options=[option()], beside=True))))
    assert "(beside the other steps)" in text
    assert "duloxetine can be offered: one in six gains half of the pain" in text
    assert "Dose from" not in text
    bare = flat(shown(ladder=ladder(rung(options=[option(effect=None)], beside=True))))
    assert "duloxetine can be offered" in bare


def test_a_barred_option_and_an_adjusted_dose_say_why() -> None:
    low = option()["dosing"] | {"adjusted_because": "weak kidneys"}
    barred = option("tramadol", verdict="barred", cautions=[warned("barred")])
    text = flat(shown(ladder=ladder(rung(options=[option(dosing=low), barred]))))
    assert "(weak kidneys)" in text
    assert (
        "tramadol barred: Sleep apnoea: begin low and watch the breathing. (sleep apnoea)" in text
    )


def test_of_many_cautions_the_rest_is_counted() -> None:
    many = option(cautions=[warned(say=f"Mind {i}.") for i in range(5)])
    text = flat(shown(ladder=ladder(rung(options=[many]))))
    assert "Mind 2." in text
    assert "Mind 3." not in text
    assert "and 2 more" in text


def test_drugs_taken_that_need_care_are_told() -> None:
    text = flat(shown())
    assert "!! Peptic ulcer naproxen (should not go on): Stop it: a bleeding ulcer is" in text
    assert "Opioids equal to 60 or more mg of oral morphine a day: Look again" in text


def test_what_several_options_are_warned_of_is_told_once() -> None:
    same = warned(say="Begin low.")
    options = [option("codeine", cautions=[same]), option("tramadol", cautions=[same])]
    shared = [{**same, "options": ["codeine", "tramadol"]}]
    text = flat(shown(ladder=ladder(rung(options=options, shared_cautions=shared))))
    assert text.count("Begin low.") == 1
    assert "Care each of these: Begin low. (sleep apnoea)" in text


def test_options_barred_for_one_reason_take_one_line() -> None:
    barred = [
        option(name, "barred", cautions=[warned("barred", say="Never with warfarin.")])
        for name in ("naproxen", "ibuprofen")
    ]
    text = flat(shown(ladder=ladder(rung(options=barred))))
    assert "naproxen, ibuprofen barred: Never with warfarin. (sleep apnoea)" in text


def test_cautions_without_opioids_are_told_alone() -> None:
    text = flat(shown(opioids=None))
    assert "naproxen (should not go on): Stop it" in text
    assert "oral morphine" not in text


def test_criteria_are_counted_in_the_words_of_their_kind() -> None:
    text = flat(shown(alerts=[]))
    assert "Spinal cord stimulation: due" in text
    assert "Ladder a later step; others come first" in text
    assert "(NICE 2008): 1 met, 1 not met, 1 unknown" in text
    assert "(NICE 2008): 1 absent" in text


def test_lists_for_an_implant_wait_until_an_emergency_is_settled() -> None:
    text = flat(shown())
    assert "Not before the emergency above is settled" in text
    assert "(NICE 2008)" not in text
    assert "Not before the emergency" not in flat(shown(alerts=[]))


def test_pain_that_is_off_its_course_reopens_the_diagnosis() -> None:
    text = flat(shown())
    assert "Off course: pain 8.0 at the start" in text
    assert "Look at the diagnosis again." in text
    assert "Sciatica 62 → 41 %" in text
    firm = flat(shown(course=course(revised=[])))
    assert "as evidence" not in firm
    assert "Look at the diagnosis" not in flat(shown(course=course("on-course")))


def test_an_assessment_without_treatment_tells_none() -> None:
    text = shown(**WITHOUT_TREATMENT)
    for title in ("TREATMENT", "DRUGS TAKEN", "LESSENING", "STIMULATION"):
        assert title not in text
