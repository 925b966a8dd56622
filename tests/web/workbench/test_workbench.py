"""The workbenches say what the command line says, and refuse what it refuses."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crural import quantity as q
from crural.cli import main
from crural.errors import CruralError
from crural.intrathecal.answer import as_data
from crural.intrathecal.boluses import bolus
from crural.intrathecal.chosen import choose
from crural.intrathecal.rate import rate
from crural.knowledge import Knowledge
from crural.record import record_from_text
from crural.stimulation.diary_file import Phase
from crural.store import DiaryValues, Store
from crural.web.workbench.bench import Bench
from crural.web.workbench.fields import Written, digest_of, usual_of
from crural.web.workbench.pages import BENCHES
from tests.web.conftest import Visitor, come, text_of

EXAMPLES = Path(__file__).parents[3] / "examples"
RECORD = (EXAMPLES / "stenosis-and-artery.yaml").read_text(encoding="utf-8")
DIARY = (EXAMPLES / "stimulation-diary.csv").read_text(encoding="utf-8")
Options = Mapping[str, "str | list[str] | bool"]

RATE: Options = {"drug": "morphine", "dose": "1.5 mg/day", "concentration": "20 mg/mL"}
LINE: Options = {"tubing": "0.199 mL", "side-port": "0.05 mL", "catheter-volume": "0.2 mL"}
BRIDGE: Options = {
    "old": ["morphine 20 mg/mL", "clonidine 100 microgram/mL"],
    "new": ["morphine 10 mg/mL"],
    "old-dose": ["morphine 4 mg/day"],
    "new-flow": "0.4 mL/day",
    "pump": "synchromed-ii-40",
    **LINE,
}
# Benches with inputs: what a form is given, and the command line as well.
CASES: tuple[tuple[str, Options], ...] = (
    ("pump/rate", {**RATE, "pump": "synchromed-ii-40"}),
    ("pump/rate", {"dose": "150 microgram/day", "flow": "0.2 mL/day", "over": "10 %"}),
    (
        "pump/refill",
        {
            "filled": "2026-03-02T10:30",
            "volume": "40 mL",
            "flow": "0.25 mL/day",
            "drug": ["morphine"],
            "pump": "synchromed-ii-40",
        },
    ),
    ("pump/bridge", BRIDGE),
    ("pump/prime", {**LINE, "drug": "morphine", "concentration": "20 mg/mL", "empty": "both"}),
    ("pump/prime", {"tubing": "0.2 mL", "concentration": "20 mg/mL", "empty": "pump"}),
    ("pump/aspirate", {**LINE, "concentration": "20 mg/mL", "drawn": "0.1 mL"}),
    (
        "pump/mix",
        {
            "drug": ["morphine 10 mg/mL", "bupivacaine 5 mg/mL"],
            "dose": ["morphine 2 mg/day"],
            "stock": ["morphine 50 mg/mL", "bupivacaine 30 mg/mL"],
            "volume": "20 mL",
            "extra": "1 mL",
        },
    ),
    (
        "pump/bolus",
        {
            "drug": "morphine",
            "basal": "2 mg/day",
            "dose": "0.1 mg",
            "lockout": "4 h",
            "most": "3",
            "rolling": True,
            "concentration": "10 mg/mL",
        },
    ),
    (
        "pump/discrepancy",
        {"filled": "20 mL", "expected": "3 mL", "measured": "6 mL", "days": "84 days"},
    ),
    ("pump/dose", {"drug": "morphine", "oral-total": "120 mg/day"}),
    ("pump/dose", {"drug": "hydromorphone", "record": RECORD, "proposed": "0.2 mg/day"}),
    ("pump/dose", {"drug": "baclofen"}),
    ("pump/granuloma", {"drug": "morphine", "concentration": "25 mg/mL"}),
    ("pump/withdrawal-sheet", {"drug": "baclofen", "call": ["Clinic: 0123", "Night: 0456"]}),
    ("pump/overdose-sheet", {"drug": "morphine"}),
    (
        "spread",
        {
            "tip": "T10",
            "rate": "1.5 mg/day",
            "for": "2 days",
            "draws": "0",
            "bolus": ["0.1 mg at 6 h"],
        },
    ),
    ("stimulation/trial", {"diary": DIARY}),
    ("stimulation/coverage", {"record": RECORD}),
    (
        "stimulation/programme",
        {
            "mode": "tonic",
            "amplitude": "4.5 mA",
            "pulse-width": "300 µs",
            "rate": "50 Hz",
            "impedance": "600 ohm",
            "lead": "typical-ring",
            "battery-capacity": "200 mA·h",
            "battery-voltage": "3.7 V",
            "battery-efficiency": "0.6",
            "idle-current": "20 µA",
        },
    ),
    (
        "stimulation/programme",
        {
            "mode": "burst",
            "amplitude": "0.6 mA",
            "pulse-width": "1 ms",
            "rate": "40 Hz",
            "contact-diameter": "1.3 mm",
            "contact-length": "3 mm",
            "device": "abbott-eterna",
            "on": "30 s",
            "off": "90 s",
        },
    ),
    (
        "stimulation/programme",
        {
            "mode": "tonic",
            "amplitude": "3 V",
            "pulse-width": "300 µs",
            "rate": "50 Hz",
            "impedance": "600 ohm",
            "contact-area": "12 mm2",
        },
    ),
    (
        "stimulation/before",
        {"record": RECORD, "procedure": "trial", "procedure-date": "2027-03-10"},
    ),
)


def written(bench: Bench, options: Options) -> dict[str, str]:
    """Options as somebody writes them into the form of a bench."""
    form = dict(usual_of(bench.fields))
    for name, value in options.items():
        field = bench.field(name)
        assert field is not None, name
        if field.kind == "drugs":
            assert isinstance(value, list)
            for row, text in enumerate(value, 1):
                drug, much, unit = text.split(" ")
                form |= {
                    f"{name}-drug-{row}": drug,
                    f"{name}-amount-{row}": much,
                    f"{name}-unit-{row}": unit,
                }
        elif field.kind in {"record", "diary"}:
            form[f"{name}-text"] = str(value)
        elif field.kind == "amount":
            form[name], form[f"{name}-unit"] = str(value).split(" ")
        elif isinstance(value, list):
            form[name] = "\n".join(value)
        else:
            form[name] = "yes" if value is True else str(value)
    return form


def send(visitor: Visitor, bench: str, form: Mapping[str, str], live: bool = True) -> Response:
    return visitor.send(f"/workbench/{bench}", live, **form)


def on_the_command_line(bench: str, options: Options, folder: Path) -> Any:
    """What the command line says to the same."""
    words = ["intrathecal", "simulate"] if bench == "spread" else bench.split("/")
    for name, value in options.items():
        if name in {"record", "diary"}:
            file = folder / ("it.yaml" if name == "record" else "it.csv")
            file.write_text(str(value), encoding="utf-8")
            words.append(str(file))
        elif value is True:
            words.append(f"--{name}")
        else:
            for text in value if isinstance(value, list) else [str(value)]:
                words += [f"--{name}", text.replace("mA·h", "mAh")]
    ran = CliRunner().invoke(main, [*words, "--format", "json"])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.output)


def without_the_place(data: Any) -> Any:
    """An answer without what the record or diary was called."""
    told = dict(data)
    if told["schema"] == "crural/stimulation-trial/1":
        told["diary"] = {**told["diary"], "file": ""}
    if told["schema"] == "crural/stimulation-coverage/1":
        told["record"] = ""
    return told


@pytest.fixture(scope="module")
def reader(app: FastAPI) -> Visitor:
    """A visitor who keeps nothing, so that many tests can share one."""
    return come(app)


@pytest.mark.parametrize(("bench", "options"), CASES)
def test_bench_says_what_the_command_line_says(
    reader: Visitor, tmp_path: Path, bench: str, options: Options
) -> None:
    form = written(BENCHES[bench], options)
    kept = send(reader, bench, {**form, "as": "json"}, live=False)
    assert kept.headers["content-disposition"].endswith('.json"')
    told = without_the_place(kept.json())
    assert told == without_the_place(on_the_command_line(bench, options, tmp_path))


@pytest.mark.parametrize(("bench", "options"), CASES)
def test_page_shows_every_figure_of_the_answer(
    reader: Visitor, bench: str, options: Options
) -> None:
    form = written(BENCHES[bench], options)
    page = send(reader, bench, form)
    assert page.status_code == 200
    shown = plain(text_of(page))
    data = send(reader, bench, {**form, "as": "json"}, live=False).json()
    for step in data.get("working", ()):
        for part in ("formula", "put_in", "result"):
            assert plain(step[part]) in shown
    for finding in data.get("findings", ()):
        assert plain(finding["says"])[1:60] in shown
    for figure in data.get("figures", ()):
        assert plain(figure["put_in"]) in shown
    for one in data.get("conversions", ()):
        assert plain(one["working"]) in shown
    for event in data.get("calendar", ()):
        assert event["date"] in shown
        assert plain(event["text"]) in shown
    if "headline" in data:
        assert plain(data["headline"])[1:] in shown
    for source in data["sources"] if "working" in data else ():
        assert plain(source["title"]) in shown


def plain(text: str) -> str:
    """Text without the differences of two media."""
    return " ".join(re.sub(r"--[a-z-]+|“[^”]*”", "…", text.replace("\xa0", " ")).split())


def test_all_benches_have_a_page_and_stand_in_the_index(reader: Visitor) -> None:
    index = reader.get("/workbench")
    for name, bench in BENCHES.items():
        page = reader.get(f"/workbench/{name}")
        assert page.status_code == 200
        assert f'href="/workbench/{name}"' in index.text
        for words in (bench.purpose, bench.never, bench.hazards[0]):
            assert words in text_of(index)
            assert words in text_of(page)


def test_every_bench_has_a_case() -> None:
    assert {bench for bench, _ in CASES} == set(BENCHES)


def test_a_group_leads_to_its_place_in_the_index(reader: Visitor) -> None:
    assert reader.get("/workbench/pump").url.path == "/workbench"
    assert reader.get("/workbench/nothing").status_code == 404
    assert send(reader, "pump/nothing", {}).status_code == 404


AMOUNTS = st.decimals("0.0001", "99999", places=4)
_UNITS = {
    "dose": st.sampled_from(["mg/day", "microgram/day", "mg/h"]),
    "concentration": st.sampled_from(["mg/mL", "microgram/mL"]),
    "flow": st.sampled_from(["mL/day", "mL/h"]),
}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_rate_page_agrees_with_the_function_on_any_input(
    reader: Visitor, knowledge: Knowledge, data: st.DataObject
) -> None:
    names = data.draw(st.sampled_from([("dose", "concentration"), ("dose", "flow")]))
    drawn = {name: f"{data.draw(AMOUNTS)} {data.draw(_UNITS[name])}" for name in names}
    drug = data.draw(st.sampled_from(["morphine", "baclofen", "ziconotide", ""]))
    form = written(BENCHES["pump/rate"], {**drawn, "drug": drug})
    amounts = {name: q.parse(text) for name, text in drawn.items()}
    try:
        answer = rate(choose(knowledge.evidence), drug=drug or None, **amounts)
    except CruralError as error:
        problem = error.problem
    else:
        kept = send(reader, "pump/rate", {**form, "as": "json"}, live=False).json()
        assert kept == json.loads(json.dumps(as_data(answer, knowledge.evidence)))
        shown = plain(text_of(send(reader, "pump/rate", form)))
        assert all(plain(value) in shown for _, value in answer.lines)
        return
    page = send(reader, "pump/rate", form)
    assert "Not worked out." in text_of(page)
    assert "Worked out from these inputs" not in page.text
    assert plain(problem)[1:] in plain(text_of(page))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    doses=st.tuples(st.decimals("0.1", "20", places=2), st.decimals("0.01", "2", places=2)),
    lockout=st.integers(1, 48),
    most=st.none() | st.integers(0, 30),
)
def test_bolus_page_agrees_with_the_function_on_any_input(
    app: FastAPI,
    knowledge: Knowledge,
    doses: tuple[Decimal, Decimal],
    lockout: int,
    most: int | None,
) -> None:
    (basal, dose), reader = doses, come(app)
    options = {"basal": f"{basal} mg/day", "dose": f"{dose} mg", "lockout": f"{lockout} h"}
    if most is not None:
        options["most"] = str(most)
    form = written(BENCHES["pump/bolus"], {**options, "drug": "morphine"})
    try:
        answer = bolus(
            choose(knowledge.evidence),
            basal=q.quantity(basal, "mg/day"),
            dose=q.quantity(dose, "mg"),
            lockout=q.quantity(lockout, "h"),
            most=most,
            lasts=None,
            concentration=None,
            rolling=False,
            drug="morphine",
        )
    except CruralError:
        assert "Not worked out." in text_of(send(reader, "pump/bolus", form))
    else:
        shown = plain(text_of(send(reader, "pump/bolus", form)))
        assert all(plain(value) in shown for _, value in answer.lines)


# What cannot be read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bench", "form", "field", "said"),
    [
        ("pump/rate", {"dose": "1.5"}, "dose", "has no unit"),
        ("pump/rate", {"dose": "1,5", "dose-unit": "mg/day"}, "dose", "comma"),
        ("pump/rate", {"dose": ".5", "dose-unit": "mg/day"}, "dose", "'.5"),
        ("pump/rate", {"dose": "much", "dose-unit": "mg/day"}, "dose", "much"),
        ("pump/rate", {"dose": "1.5", "dose-unit": "furlong"}, "dose", "is not offered here"),
        ("pump/rate", {"dose": "5 mg/mL"}, "dose", "write a dose per time"),
        (
            "pump/rate",
            {"dose": "150 microgram/day", "dose-unit": "mg/day"},
            "dose",
            "mg/day is chosen beside it",
        ),
        ("pump/rate", {"over": "lots"}, "over", "is not a number"),
        ("pump/rate", {"over": "120 %"}, "over", "is not a part of the whole"),
        ("pump/rate", {"pump": "bicycle"}, "pump", "is not offered here"),
        ("pump/rate", {"drug": "x" * 400}, "drug", "too long"),
        ("pump/rate", {"dose": "1" * 400, "dose-unit": "mg/day"}, "dose", "too long"),
        ("pump/rate", {"dose": "1.5 mg/day"}, "concentration", "two of the three are needed"),
        ("pump/refill", {"filled": "2 March"}, "filled", "cannot be read"),
        ("pump/refill", {}, "volume", "needed"),
        ("pump/bolus", {"most": "some"}, "most", "is not a whole number"),
        ("pump/bridge", {"old-amount-1": "20"}, "old", "is not named"),
        ("pump/bridge", {"old-drug-1": "morphine"}, "old", "amount of morphine is not given"),
        ("pump/bridge", {"old-drug-1": "m 5", "old-amount-1": "2"}, "old", "no name of a drug"),
        ("pump/bridge", {}, "new", "needed"),
        (
            "pump/mix",
            {
                "drug-drug-1": "morphine",
                "drug-amount-1": "10 mg/mL",
                "dose-drug-1": "morphine",
                "dose-amount-1": "2 mg/day",
                "stock-drug-1": "morphine",
                "stock-amount-1": "50 mg/mL",
            },
            "volume",
            "is not given",
        ),
        ("pump/prime", {"concentration": "20 mg/mL", "empty": "pump"}, "tubing", "is not given"),
        ("spread", {"tip": "T10", "for": "7 days"}, "rate", "nothing is given"),
        (
            "spread",
            {"tip": "T10", "for": "7 days", "bolus": "0.1 mg\n" * 13},
            "bolus",
            "more than 12",
        ),
        ("spread", {"tip": "T10", "for": "7 days", "change": "more"}, "change", "is not read"),
        ("stimulation/trial", {}, "diary", "needed"),
        ("stimulation/trial", {"diary-text": "time,nrs\n1,2"}, "diary", "phase"),
        ("stimulation/trial", {"diary-text": RECORD}, "diary", "no trial of stimulation"),
        ("stimulation/coverage", {"record-text": "age: 3"}, "record", "sex"),
        (
            "stimulation/coverage",
            {"record-text": "age: 40\nsex: male\nside: left"},
            "record",
            "no place",
        ),
        (
            "stimulation/programme",
            {
                "mode": "tonic",
                "amplitude": "4 Hz",
                "pulse-width": "300 µs",
                "rate": "50 Hz",
            },
            "amplitude",
            "is a frequency",
        ),
        (
            "stimulation/programme",
            {
                "mode": "tonic",
                "amplitude": "4 mA",
                "pulse-width": "300 µs",
                "rate": "50 Hz",
                "contact-length": "3 mm",
            },
            "contact-length",
            "needs diameter and length",
        ),
        (
            "stimulation/programme",
            {
                "mode": "tonic",
                "amplitude": "4 mA",
                "pulse-width": "300 µs",
                "rate": "50 Hz",
                "contact-area": "6 mm2",
                "lead": "typical-ring",
            },
            "contact-area",
            "given twice",
        ),
        (
            "stimulation/programme",
            {
                "mode": "tonic",
                "amplitude": "4 mA",
                "pulse-width": "300 µs",
                "rate": "50 Hz",
                "battery-voltage": "3 V",
            },
            "battery-capacity",
            "needs capacity and voltage",
        ),
        (
            "stimulation/before",
            {"record-text": RECORD, "procedure": "trial", "procedure-date": "10.3.2027"},
            "procedure-date",
            "cannot be read",
        ),
        (
            "stimulation/before",
            {
                "record-text": RECORD,
                "procedure": "trial",
                "procedure-date": "2027-03-10",
                "start": "noon",
            },
            "start",
            "cannot be read",
        ),
    ],
)
def test_bad_input_is_told_beside_its_field_and_nothing_is_computed(
    reader: Visitor, bench: str, form: Written, field: str, said: str
) -> None:
    for live, status in ((True, 200), (False, 422)):
        page = send(reader, bench, form, live)
        assert page.status_code == status
        assert "Worked out from these inputs" not in page.text
        beside = re.search(rf'id="{field}-problem">(.*?)</span>\s*</', page.text, re.DOTALL)
        assert beside is not None
        assert said in unescape(re.sub(r"<[^>]+>", "", beside[1])).casefold()
        assert 'aria-invalid="true"' in page.text


def test_what_was_written_stays_in_the_form(reader: Visitor) -> None:
    page = send(reader, "pump/rate", {"dose": "1,5", "dose-unit": "mg/day", "drug": "<morphine>"})
    assert 'value="1,5"' in page.text
    assert "<option selected>mg/day</option>" in page.text
    assert "&lt;morphine&gt;" in page.text
    assert "<morphine>" not in page.text


def test_no_unit_is_chosen_beforehand_where_there_are_several(reader: Visitor) -> None:
    for name, bench in BENCHES.items():
        page = reader.get(f"/workbench/{name}").text
        for field in bench.fields:
            if field.kind == "amount" and len(field.offered) > 1 and not field.usual:
                select = re.search(
                    rf'<select name="{field.name}-unit".*?</select>', page, re.DOTALL
                )
                assert select is not None
                assert "selected" not in select[0]
                assert '<option value="">unit?</option>' in select[0]


# Vouching ---------------------------------------------------------------------------------------

SLIP: Options = {"drug": "morphine", "dose": "150 mg/day", "concentration": "20 mg/mL"}


def test_an_unusual_amount_passes_when_vouched_for_and_is_shown_as_a_stop(reader: Visitor) -> None:
    form = written(BENCHES["pump/rate"], SLIP)
    refused = text_of(send(reader, "pump/rate", form))
    assert "150 microgram/day would lie inside" in refused
    assert "tick “I have checked”" in refused
    page = send(reader, "pump/rate", {**form, "checked": digest_of(form)})
    told = text_of(page)
    assert "STOP" in told
    assert told.index("STOP") < told.index("7.5 mL/day")
    assert "Vouched for an unusual amount was checked" in told


def test_vouching_holds_for_no_other_inputs(reader: Visitor) -> None:
    vouched = digest_of(written(BENCHES["pump/rate"], SLIP))
    other = written(BENCHES["pump/rate"], {**SLIP, "dose": "160 mg/day"})
    for word in (vouched, "yes", "true", "1"):
        page = send(reader, "pump/rate", {**other, "checked": word})
        assert "Not worked out." in text_of(page)


def test_the_summary_of_a_refusal_names_each_field_with_its_reason(reader: Visitor) -> None:
    form = written(BENCHES["pump/rate"], {**SLIP, "dose": "2,4 mg/day"})
    page = send(reader, "pump/rate", form)
    summary = page.text.split('id="problems"')[1].split("</ul>")[0]
    (reason,) = re.findall(r'<li><a href="#dose">[^<]+</a>: ([^<]{10,})</li>', summary)
    assert "2,4" in reason


def test_what_cannot_be_is_not_vouched_for(reader: Visitor) -> None:
    form = written(BENCHES["pump/rate"], {**SLIP, "concentration": "20000 mg/mL"})
    page = send(reader, "pump/rate", form)
    assert 'id="checked"' not in page.text
    again = send(reader, "pump/rate", {**form, "checked": digest_of(form)})
    assert "Not worked out." in text_of(again)


# Pages ------------------------------------------------------------------------------------------


def test_without_scripts_an_answer_stands_without_a_form_to_change_beside_it(
    reader: Visitor,
) -> None:
    form = written(BENCHES["pump/rate"], RATE)
    page = send(reader, "pump/rate", form, live=False)
    assert "0.075 mL/day" in page.text
    assert "data-bench" not in page.text
    again = send(reader, "pump/rate", {**form, "as": "change"}, live=False)
    assert "data-bench" in again.text
    assert 'value="1.5"' in again.text
    assert "0.075 mL/day" not in again.text


def test_a_form_of_another_site_is_refused(reader: Visitor) -> None:
    form = {**written(BENCHES["pump/rate"], RATE), "csrf": "forged"}
    assert reader.client.post("/workbench/pump/rate", data=form).status_code == 403


def test_dates_can_be_kept_as_a_calendar(reader: Visitor) -> None:
    for bench in ("pump/refill", "stimulation/before"):
        form = written(BENCHES[bench], next(o for name, o in CASES if name == bench))
        kept = send(reader, bench, {**form, "as": "calendar"}, live=False)
        assert kept.text.startswith("BEGIN:VCALENDAR")
        assert kept.headers["content-type"].startswith("text/calendar")
    form = written(BENCHES["pump/rate"], RATE)
    assert send(reader, "pump/rate", {**form, "as": "calendar"}, live=False).status_code == 404


def test_a_sheet_can_be_printed_alone(reader: Visitor) -> None:
    form = written(BENCHES["pump/withdrawal-sheet"], {"drug": "baclofen", "call": ["Clinic: 9"]})
    page = send(reader, "pump/withdrawal-sheet", {**form, "as": "page"}, live=False)
    assert "Clinic: 9" in page.text
    assert "sha256-" in page.headers["content-security-policy"]


def test_pictures_stand_in_the_page_and_break_no_policy(reader: Visitor) -> None:
    for bench, options in CASES:
        page = send(reader, bench, written(BENCHES[bench], options)).text
        drawn = {"pump/bridge", "spread", "stimulation/trial", "stimulation/coverage"}
        assert ("<svg" in page) == (bench in drawn)
        assert "style=" not in page


def test_commands_are_told_as_benches(reader: Visitor) -> None:
    options = next(o for name, o in CASES if name == "pump/discrepancy")
    told = text_of(send(reader, "pump/discrepancy", written(BENCHES["pump/discrepancy"], options)))
    assert "bench “Aspirate check”" in told
    assert "crural pump" not in told


def test_a_file_takes_the_place_of_the_text(reader: Visitor) -> None:
    sent = reader.client.post(
        "/workbench/stimulation/trial",
        data={"csrf": reader.token},
        files={"diary-file": ("diary.csv", DIARY.encode())},
        headers={"hx-request": "true"},
    )
    assert "Relief 56" in plain(text_of(sent))
    assert "2026-03-22,4,trial" in sent.text
    for raw, said in ((b"\xff\xfe\x00", "not text in UTF-8"), (b"x" * 500_001, "too large")):
        refused = reader.client.post(
            "/workbench/stimulation/trial",
            data={"csrf": reader.token},
            files={"diary-file": ("diary.csv", raw)},
            headers={"hx-request": "true"},
        )
        assert said in text_of(refused)


def test_a_saved_patient_can_be_chosen_and_is_noted_as_opened(
    reader: Visitor, store: Store, knowledge: Knowledge
) -> None:
    record = record_from_text(RECORD, knowledge.vocabulary, "it")
    patient = store.create_patient("Bench, Workbench", record, who="test").info.patient_id
    page = reader.get(f"/workbench/stimulation/coverage?patient={patient}")
    assert f'<option value="{patient}" selected>Bench, Workbench</option>' in page.text
    told = send(reader, "stimulation/coverage", {"record-patient": patient})
    assert "Bench, Workbench" in text_of(told)
    assert "T10/T11" in told.text
    noted = [entry.action for entry in store.audit(patient_id=patient)]
    assert "patient-opened" in noted
    both = send(reader, "stimulation/coverage", {"record-patient": patient, "record-text": RECORD})
    assert "Two are given" in text_of(both)
    gone = send(reader, "stimulation/coverage", {"record-patient": "0" * 32}, live=False)
    assert gone.status_code == 404


def test_folded_fields_stay_folded_until_one_of_them_is_used(reader: Visitor) -> None:
    form = {**written(BENCHES["pump/rate"], RATE), "reservoir-unit": "mL"}
    assert '<details class="folded" id="group-2">' in send(reader, "pump/rate", form).text
    used = {**form, "reservoir": "40"}
    assert '<details class="folded" id="group-2" open>' in send(reader, "pump/rate", used).text


@pytest.fixture
def own(app: FastAPI) -> Visitor:
    """A visitor of one test alone, who changes what lies on a desk."""
    return come(app)


def kept(store: Store, knowledge: Knowledge, text: str = RECORD) -> str:
    """A saved patient; its id."""
    record = record_from_text(text, knowledge.vocabulary, "it")
    return store.create_patient(f"Bench {secrets.token_hex(4)}", record, who="test").info.patient_id


def before_of(patient: str) -> dict[str, str]:
    bench = BENCHES["stimulation/before"]
    procedure = bench.field("procedure")
    assert procedure is not None
    chosen = next(name for name in procedure.choices if name)
    return {"record-patient": patient, "procedure": chosen, "procedure-date": "2030-03-04"}


def test_the_version_that_is_worked_with_is_told(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)

    said = text_of(send(own, "stimulation/before", before_of(patient)))

    assert re.search(r"Bench \w+, version 1 of \d+ \w{3} \d{4}, \d\d:\d\d ", said)
    assert "not saved" not in said


def test_a_blood_thinner_that_is_not_saved_yet_is_planned_for(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)
    desk = own.open(patient)
    assert desk.send("add/drugs", name="clopidogrel").status_code == 200

    said = text_of(send(own, "stimulation/before", before_of(patient)))

    assert "clopidogrel" in said.casefold()
    assert "version 1 of" in said
    assert "with your changes that are not saved" in said


def test_what_somebody_else_has_not_saved_is_not_used(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)
    store.begin_draft(patient, "{}", "another mark", based_on=1, who="somebody-else")

    said = text_of(send(own, "stimulation/coverage", {"record-patient": patient}))

    assert "version 1 of" in said
    assert "not saved" not in said


@pytest.mark.parametrize("bench", ["stimulation/coverage", "pump/dose"])
def test_level_and_first_dose_use_what_is_not_saved_and_say_so(
    own: Visitor, store: Store, knowledge: Knowledge, bench: str
) -> None:
    patient = kept(store, knowledge)
    assert own.open(patient).send("add/drugs", name="morphine", dose="90 mg").status_code == 200
    form = {"record-patient": patient}
    if bench == "pump/dose":
        form["drug"] = "morphine"

    assert "with your changes that are not saved" in text_of(send(own, bench, form))


def test_the_trial_of_a_saved_patient_is_that_of_the_diary(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)
    scores: dict[Phase, tuple[float, ...]] = {"baseline": (8, 8, 7), "trial": (2, 2, 3)}
    days = itertools.count(1)
    for phase, of_phase in scores.items():
        for nrs in of_phase:
            at = dt.datetime(2026, 3, next(days), 8)
            store.add_diary(patient, DiaryValues(at=at, nrs=nrs, phase=phase), who="test")

    told = send(own, "stimulation/trial", {"diary-patient": patient})

    assert "6 entries of the diary" in text_of(told)
    assert "result-card" in told.text


def test_a_saved_patient_without_a_trial_is_told_where_to_enter_one(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)

    said = text_of(send(own, "stimulation/trial", {"diary-patient": patient}))

    assert "No trial of stimulation is recorded" in said
    assert "the patient's diary" in said
    assert "{what" not in said


def test_changes_that_lack_the_age_are_refused(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)
    assert own.open(patient).send("basics", age="", sex="male").status_code == 200

    said = text_of(send(own, "stimulation/coverage", {"record-patient": patient}))

    assert "Age or sex is missing in the changes that are not saved" in said


def test_changes_to_an_older_version_say_that_a_newer_one_is_saved(
    own: Visitor, store: Store, knowledge: Knowledge
) -> None:
    patient = kept(store, knowledge)
    assert own.open(patient).send("add/drugs", name="clopidogrel").status_code == 200
    record = store.version(patient).record.model_copy(update={"note": "meanwhile"})
    store.save(patient, record, based_on=1, who="somebody-else")

    said = text_of(send(own, "stimulation/coverage", {"record-patient": patient}))

    assert "version 1 of" in said
    assert "version 2 is newer" in said
