"""When a pump must be refilled, and the calendar file that says so."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crural.intrathecal.answer import Answer
from crural.intrathecal.arithmetic import ArithmeticRefusedError
from crural.intrathecal.chosen import choose
from crural.intrathecal.refill import _escaped, as_calendar, last_day, moment, refill
from crural.intrathecal.slips import SlipError
from crural.knowledge import load_knowledge
from crural.quantity import parse, quantity

EVIDENCE = load_knowledge().evidence
FILLED = dt.datetime(2026, 3, 2, 10, 30)


def answered(pump: str | None = "synchromed-ii-20", **more: Any) -> Answer:
    """A refill of 18 mL at 0.15 mL/day, unless other amounts are given as text."""
    amounts: dict[str, Any] = {"volume": "18 mL", "flow": "0.15 mL/day", **more}
    for name in ("volume", "flow", "boluses", "keeps", "alarm"):
        if name in amounts:
            amounts[name] = parse(amounts[name])
    chosen = choose(
        EVIDENCE, pump, over=amounts.pop("over", None), alarm=amounts.pop("alarm", None)
    )
    return refill(chosen, filled=FILLED, **amounts)


def said(answer: Answer) -> str:
    return " | ".join(finding.says for finding in answer.findings)


def test_the_first_of_volume_alarm_and_stability_decides() -> None:
    by_drug = answered(drugs=["morphine"])
    assert by_drug.results["last_day"] == {
        "date": "2026-05-30",
        "because": "the drug keeps no longer",
    }
    by_volume = answered(drugs=["morphine"], flow="0.6 mL/day")
    assert by_volume.results["last_day"]["because"].startswith("only 2 mL may be left")
    assert by_volume.results["last_day"]["date"] == "2026-03-24"


def test_flow_accuracy_makes_an_interval() -> None:
    empty = answered().results["empty"]
    assert empty["expected"]["days"] == {"value": "120", "unit": "d"}
    assert empty["earliest"]["at"] < empty["expected"]["at"] < empty["latest"]["at"]
    # 18 mL / (0.15 mL/day x 1.145) = 104.8 days
    assert empty["earliest"]["at"] == "2026-06-15T05:47"


def test_a_calculated_alarm_may_sound_after_the_pump_is_empty() -> None:
    assert "may be empty 1.9 days before it sounds" in said(answered())
    assert "before it sounds" not in said(answered(alarm="3 mL"))


def test_the_alarm_comes_sooner_when_boluses_are_taken() -> None:
    alarm = answered(boluses="0.05 mL/day").results["alarm"]
    assert alarm["earliest"]["at"] < alarm["latest"]["at"]
    assert "every bolus that is allowed" in said(answered(boluses="0.05 mL/day"))


def test_prometra_counts_down_to_three_millilitres() -> None:
    answer = answered("prometra-ii-20", drugs=["morphine"], flow="0.5 mL/day")
    assert answer.results["low"]["volume"] == {"value": "3", "unit": "mL"}
    assert answer.results["alarm"] is None
    assert any("alarm of Prometra II" in hole.wanted for hole in answer.not_known)


def test_without_a_pump_the_accuracy_is_not_known() -> None:
    answer = answered(None)
    assert "too much is not known" in said(answer)
    assert answer.results["low"] is None
    assert (
        answered(None, over=quantity("0.1", "1")).results["empty"]["earliest"]
        != (answer.results["empty"]["earliest"])
    )


def test_an_unknown_mixture_is_said_to_be_unknown() -> None:
    answer = answered(drugs=["morphine", "ziconotide"])
    assert "morphine with ziconotide keeps in a pump was not found published" in said(answer)
    assert answer.results["keeps"] is None
    assert answered(drugs=["morphine"], keeps="60 days").results["keeps"]["until"] == (
        "2026-05-01T10:30"
    )


def test_ziconotide_is_taken_as_the_first_filling_unless_said_otherwise() -> None:
    first = answered("synchromed-ii-40", drugs=["ziconotide"], flow="0.1 mL/day")
    assert first.results["keeps"]["days"] == {"value": "14", "unit": "d"}
    assert "--filling" in said(first)
    later = answered("synchromed-ii-40", drugs=["prialt"], flow="0.1 mL/day", filling="ziconotide")
    assert later.results["keeps"]["days"] == {"value": "84", "unit": "d"}
    with pytest.raises(ArithmeticRefusedError, match="is none for these drugs"):
        answered(drugs=["morphine"], filling="ziconotide")


def test_dose_and_concentration_stand_for_the_flow() -> None:
    answer = refill(
        choose(EVIDENCE, "synchromed-ii-20"),
        filled=FILLED,
        volume=parse("18 mL"),
        dose=parse("3 mg/day"),
        concentration=parse("20 mg/mL"),
    )
    assert answer.results["flow"] == {"value": "0.15", "unit": "mL/d"}
    with pytest.raises(ArithmeticRefusedError, match="flow is not given"):
        refill(choose(EVIDENCE), filled=FILLED, volume=parse("18 mL"))


def test_impossible_volumes_are_refused() -> None:
    with pytest.raises(SlipError):
        answered(volume="21 mL")
    with pytest.raises(ArithmeticRefusedError, match="not less than"):
        answered(volume="6 mL", alarm="7 mL")


def test_moments_are_rounded_down_and_days_are_whole() -> None:
    assert moment(FILLED, parse("1.99999 days")) == dt.datetime(2026, 3, 4, 10, 29)
    assert last_day(FILLED, parse("2 days")) == dt.date(2026, 3, 3)
    assert last_day(FILLED, parse("3 h")) == dt.date(2026, 3, 2)


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def events(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    depth = 0
    for line in unfolded(text):
        name, _, value = line.partition(":")
        if (name, value) == ("BEGIN", "VEVENT"):
            found.append({})
        depth += {"BEGIN": 1, "END": -1}.get(name, 0)
        if found and depth == 2 and name not in {"BEGIN", "END"}:
            found[-1][name] = value
    assert depth == 0
    return found


def test_the_calendar_holds_refill_alarm_and_empty() -> None:
    text = as_calendar(answered(drugs=["morphine"]))
    refill_day, alarm, empty = events(text)
    assert refill_day["DTSTART;VALUE=DATE"] == "20260530"
    assert refill_day["DTEND;VALUE=DATE"] == "20260531"
    assert alarm["DTSTART"] == "20260617T023000"
    assert empty["DTSTART"] == "20260615T054700"
    assert len({e["UID"] for e in (refill_day, alarm, empty)}) == 3
    assert "TRIGGER:-P7D" in unfolded(text)


def test_the_calendar_keeps_the_rules_of_its_format() -> None:
    text = as_calendar(answered("prometra-ii-20", drugs=["morphine"], flow="0.5 mL/day"))
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert len(events(text)) == 2
    assert any(e["SUMMARY"].startswith("Last day") for e in events(text))
    assert _escaped("a, b; c\\d\n") == "a\\, b\\; c\\\\d\\n"
    assert as_calendar(answered(drugs=["morphine"])) == as_calendar(answered(drugs=["morphine"]))
