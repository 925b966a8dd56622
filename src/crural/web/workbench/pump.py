"""The benches of the pump: sums with units, each with its working."""

from __future__ import annotations

from typing import Final

from crural import quantity as q
from crural.intrathecal.answer import Answer, Sheet, as_data
from crural.intrathecal.arithmetic import refuse
from crural.intrathecal.boluses import bolus
from crural.intrathecal.bridge import bridge, flows
from crural.intrathecal.bridge_chart import bridge_chart
from crural.intrathecal.chosen import Chosen, catheter_inside, choose
from crural.intrathecal.discrepancy import discrepancy
from crural.intrathecal.mixture import mix
from crural.intrathecal.rate import rate
from crural.intrathecal.refill import as_calendar, refill
from crural.intrathecal.side_port import aspirate, prime
from crural.knowledge import Knowledge
from crural.knowledge.pumps import load_pumps
from crural.quantity import Quantity
from crural.web.workbench.bench import Answered, Bench
from crural.web.workbench.fields import Field, Given

_BY_HAND: Final = "Figures of the pump, by hand"
_CATHETER: Final = "Catheter"
_PUMPS: Final = {"": "not named", **{pump.id: pump.name for pump in load_pumps().pumps}}
_CATHETERS: Final = {
    "": "the one of the pump",
    **{catheter.id: catheter.name for catheter in load_pumps().catheters},
}
_FILLINGS: Final = {
    "": "not said",
    **{one.id: f"{', '.join(one.drugs)}: {one.when}" for one in load_pumps().stability if one.when},
}
# Names of amounts by which the slip guard calls them, for the fields that hold them.
_ALIASES: Final = {
    "alarm-volume": "alarm",
    "tubing-volume": "tubing",
    "volume-per-length": "per-length",
    "daily-dose": "dose",
    "fill-volume": "volume",
    "bolus-flow": "boluses",
    "stability": "keeps",
    "duration": "lasts",
    "extra-volume": "extra",
    "drawn-volume": "drawn",
    "expected-residual": "expected",
    "measured-residual": "measured",
    "elapsed": "days",
    "stock-concentration": "stock",
    "old-concentration": "old",
    "new-concentration": "new",
    "old-daily-dose": "old-dose",
    "new-daily-dose": "new-dose",
    "basal-dose": "basal",
    "bolus-dose": "dose",
}
_SUM: Final = "workbench/answer.html.jinja"
_SLIP: Final = (
    "A slip of the unit or of the decimal point gives ten or a thousand times the dose: every "
    "amount is held against what is published, and two people recalculate."
)


def amount(name: str, label: str, of: str, help: str = "", needed: bool = False) -> Field:
    """A field for an amount with its unit."""
    return Field(name=name, label=label, of=of, help=help, needed=needed)


_DRUG: Final = Field(
    name="drug", label="Drug", kind="text", help="So that its published limits are looked at."
)
_CONCENTRATION: Final = amount("concentration", "Concentration", q.CONCENTRATION)
_PUMP: Final = (
    Field(name="pump", label="Pump", kind="choice", choices=_PUMPS),
    *(
        Field(name=name, label=label, of=of, group=_BY_HAND)
        for name, label, of in (
            ("reservoir", "Reservoir holds", q.VOLUME),
            ("flow-least", "Lowest flow", q.FLOW),
            ("flow-most", "Highest flow", q.FLOW),
            ("alarm", "Alarm set at", q.VOLUME),
            ("tubing", "Tubing inside the pump", q.VOLUME),
            ("side-port", "Side port to catheter", q.VOLUME),
        )
    ),
    *(
        Field(name=name, label=label, kind="share", group=_BY_HAND, help="As 0.145 or 14.5 %.")
        for name, label in (
            ("over", "May deliver too much, share"),
            ("under", "May deliver too little, share"),
        )
    ),
)
_INSIDE: Final = (
    Field(name="catheter", label="Catheter", kind="choice", choices=_CATHETERS, group=_CATHETER),
    *(
        Field(name=name, label=label, of=of, group=_CATHETER, help=help)
        for name, label, of, help in (
            ("catheter-volume", "Volume inside the catheter", q.VOLUME, "If it is recorded."),
            ("catheter-length", "Length in the body", q.LENGTH, ""),
            ("trimmed", "Length cut off at the implant", q.LENGTH, ""),
            ("per-length", "Volume per length", q.VOLUME_PER_LENGTH, "As 0.0026 mL/cm."),
        )
    ),
)


def chosen(given: Given, knowledge: Knowledge) -> Chosen:
    """The pump with what was given of it by hand."""
    by_hand = {
        one.name.replace("-", "_"): given.amount(one.name) for one in _PUMP if one.group == _BY_HAND
    }
    return choose(knowledge.evidence, given.text("pump"), given.checked, **by_hand)


def _inside(pump: Chosen, sheet: Sheet, given: Given) -> Quantity:
    return catheter_inside(
        pump,
        sheet,
        given.text("catheter"),
        given.amount("catheter-volume"),
        given.amount("catheter-length"),
        given.amount("trimmed"),
        given.amount("per-length"),
    )


def _told(answer: Answer, knowledge: Knowledge, chart: str = "") -> Answered:
    return Answered(as_data(answer, knowledge.evidence), {"answer": answer}, chart)


def _rate(given: Given, knowledge: Knowledge) -> Answered:
    made = rate(
        chosen(given, knowledge),
        dose=given.amount("dose"),
        concentration=given.amount("concentration"),
        flow=given.amount("flow"),
        drug=given.text("drug"),
    )
    return _told(made, knowledge)


def _refill(given: Given, knowledge: Knowledge) -> Answered:
    made = refill(
        chosen(given, knowledge),
        filled=given.moment("filled"),
        volume=given.needed("volume"),
        flow=given.amount("flow"),
        dose=given.amount("dose"),
        concentration=given.amount("concentration"),
        boluses=given.amount("boluses"),
        drugs=given.lines("drug"),
        filling=given.text("filling"),
        keeps=given.amount("keeps"),
    )
    data = as_data(made, knowledge.evidence)
    return Answered(data, {"answer": made}, calendar=lambda: as_calendar(made))


def _bridge(given: Given, knowledge: Knowledge) -> Answered:
    pump, sheet = chosen(given, knowledge), Sheet()
    old, new, between = given.drugs("old"), given.drugs("new"), given.drugs("bridge-dose")
    made, change = bridge(
        pump,
        sheet,
        old=old,
        new=new,
        old_flow=flows(old, given.drugs("old-dose"), given.amount("old-flow"), "--old-dose"),
        new_flow=flows(new, given.drugs("new-dose"), given.amount("new-flow"), "--new-dose"),
        catheter=_inside(pump, sheet, given),
        bridge_flow=flows(old, between, None, "--bridge-dose") if between else None,
    )
    return _told(made, knowledge, bridge_chart(change))


def _prime(given: Given, knowledge: Knowledge) -> Answered:
    pump, sheet = chosen(given, knowledge), Sheet()
    empty = given.text("empty") or "both"
    made = prime(
        pump,
        sheet,
        concentration=given.needed("concentration"),
        empty=frozenset(("pump", "catheter") if empty == "both" else (empty,)),  # type: ignore[arg-type]
        catheter=None if empty == "pump" else _inside(pump, sheet, given),
        dose=given.amount("dose"),
        lasts=given.amount("lasts"),
        drug=given.text("drug"),
    )
    return _told(made, knowledge)


def _aspirate(given: Given, knowledge: Knowledge) -> Answered:
    pump, sheet = chosen(given, knowledge), Sheet()
    made = aspirate(
        pump,
        sheet,
        concentration=given.needed("concentration"),
        catheter=_inside(pump, sheet, given),
        dose=given.amount("dose"),
        drawn=given.amount("drawn"),
        drug=given.text("drug"),
    )
    return _told(made, knowledge)


def _mix(given: Given, knowledge: Knowledge) -> Answered:
    solution, wanted, stocks = (given.drugs(name) for name in ("drug", "dose", "stock"))
    if stocks and given.amount("volume") is None:
        raise refuse("--volume", "is not given", "give it with its unit")
    made = mix(
        chosen(given, knowledge),
        solution=solution,
        flow=flows(solution, wanted, given.amount("flow"), "--dose"),
        stocks=stocks or None,
        volume=given.amount("volume") if stocks else None,
        extra=given.amount("extra"),
    )
    return _told(made, knowledge)


def _bolus(given: Given, knowledge: Knowledge) -> Answered:
    made = bolus(
        chosen(given, knowledge),
        basal=given.needed("basal"),
        dose=given.needed("dose"),
        lockout=given.needed("lockout"),
        most=given.whole("most"),
        lasts=given.amount("lasts"),
        concentration=given.amount("concentration"),
        rolling=given.flag("rolling"),
        drug=given.text("drug"),
    )
    return _told(made, knowledge)


def _discrepancy(given: Given, knowledge: Knowledge) -> Answered:
    made = discrepancy(
        chosen(given, knowledge),
        filled=given.needed("filled"),
        expected=given.needed("expected"),
        measured=given.needed("measured"),
        concentration=given.amount("concentration"),
        days=given.amount("days"),
        drug=given.text("drug"),
    )
    return _told(made, knowledge)


def _drugs(name: str, label: str, of: str, help: str = "", needed: bool = False) -> Field:
    return Field(name=name, label=label, kind="drugs", of=of, rows=4, help=help, needed=needed)


BENCHES: Final = (
    Bench(
        id="pump/rate",
        name="Rate",
        purpose="Daily dose, concentration, flow: give two, get the third, and what the pump can "
        "give at all.",
        never="Choosing a dose.",
        hazards=(_SLIP,),
        fields=(
            _DRUG,
            amount("dose", "Daily dose", q.DAILY_DOSE),
            _CONCENTRATION,
            amount("flow", "Flow", q.FLOW),
            *_PUMP,
        ),
        answer=_rate,
        template=_SUM,
        aliases=_ALIASES,
        check=True,
    ),
    Bench(
        id="pump/refill",
        name="Refill date",
        purpose="The last day for a refill: by volume, by alarm, by how long the drug keeps.",
        never="Waiting for the alarm: a date that passes unnoticed is withdrawal.",
        hazards=(
            "A wrong flow or a forgotten bolus puts the date too late: earliest and latest "
            "dates stand beside the expected one, within the accuracy of the pump.",
        ),
        fields=(
            Field(
                name="filled",
                label="Filled on",
                kind="moment",
                needed=True,
                help="As 2026-03-02 or 2026-03-02T10:30.",
            ),
            amount("volume", "Filled in", q.VOLUME, needed=True),
            amount("flow", "Flow of the base rate", q.FLOW, "Or daily dose and concentration."),
            amount("dose", "Daily dose", q.DAILY_DOSE),
            _CONCENTRATION,
            amount("boluses", "Flow of all boluses allowed", q.FLOW, "From “Patient boluses”."),
            Field(
                name="drug", label="Drugs of the filling", kind="lines", rows=2, help="One a line."
            ),
            Field(
                name="filling",
                label="How it was made up",
                kind="choice",
                choices=_FILLINGS,
            ),
            amount("keeps", "The filling keeps", q.TIME, "If the pharmacy says so."),
            *_PUMP,
        ),
        answer=_refill,
        template=_SUM,
        aliases=_ALIASES,
        check=True,
    ),
    Bench(
        id="pump/bridge",
        name="Bridge",
        purpose="A change of drug or concentration: the bridge bolus, and what the patient "
        "receives hour by hour until the new solution arrives.",
        never="A pump with another way inside than tubing, side port and catheter in a row.",
        hazards=(
            "Old solution pushed at the new rate, or new at the old one, is an overdose or a "
            "withdrawal of many hours: the picture shows both drugs over time.",
            _SLIP,
        ),
        fields=(
            _drugs("old", "Old solution", q.CONCENTRATION, needed=True),
            _drugs("new", "New solution", q.CONCENTRATION, needed=True),
            _drugs("old-dose", "Old daily dose", q.DAILY_DOSE, "Of one drug, or give the flow."),
            amount("old-flow", "Old flow", q.FLOW),
            _drugs("new-dose", "New daily dose", q.DAILY_DOSE, "Of one drug, or give the flow."),
            amount("new-flow", "New flow", q.FLOW),
            _drugs(
                "bridge-dose",
                "Daily dose of the old drug during the bridge",
                q.DAILY_DOSE,
                "The old dose if left empty.",
            ),
            *_INSIDE,
            *_PUMP,
        ),
        answer=_bridge,
        template=_SUM,
        aliases=_ALIASES,
        check=True,
    ),
    Bench(
        id="pump/prime",
        name="Priming",
        purpose="The priming bolus of a new pump, a new catheter, or both.",
        never="A catheter that holds drug already: then it is a bolus into the patient.",
        hazards=(
            "Priming through a catheter that is full gives its whole content at once: what "
            "is empty is asked, and a catheter shorter than recorded is told.",
            _SLIP,
        ),
        fields=(
            _DRUG,
            amount("concentration", "Concentration", q.CONCENTRATION, needed=True),
            Field(
                name="empty",
                label="What holds no drug yet",
                kind="choice",
                choices={
                    "": "choose",
                    "both": "pump and catheter",
                    "pump": "the pump",
                    "catheter": "the catheter",
                },
                needed=True,
            ),
            amount("dose", "Daily dose that follows", q.DAILY_DOSE),
            amount("lasts", "Primed over", q.TIME),
            *_INSIDE,
            *_PUMP,
        ),
        answer=_prime,
        template=_SUM,
        aliases=_ALIASES,
        check=True,
    ),
    Bench(
        id="pump/aspirate",
        name="Aspirate check",
        purpose="What to draw from the side port before contrast, and the dose pushed in if it is "
        "not drawn.",
        never="Contrast into a catheter that gives nothing back.",
        hazards=(
            "Contrast without drawing first pushes days of drug into the fluid at once: that "
            "dose is shown.",
            _SLIP,
        ),
        fields=(
            _DRUG,
            amount("concentration", "Concentration", q.CONCENTRATION, needed=True),
            amount("dose", "Daily dose", q.DAILY_DOSE),
            amount("drawn", "Could be drawn back", q.VOLUME),
            *_INSIDE,
            *_PUMP,
        ),
        answer=_aspirate,
        template=_SUM,
        aliases=_ALIASES,
        check=True,
    ),
    Bench(
        id="pump/mix",
        name="Mixture",
        purpose="Mixtures: the daily dose of each drug, all limits at once, and how to make the "
        "filling from stock solutions.",
        never="Whether drugs are compatible: ask the pharmacy.",
        hazards=(
            "One flow carries all drugs: raising one raises all; each is held against its own "
            "limits.",
            _SLIP,
        ),
        fields=(
            _drugs("drug", "Drugs of the filling", q.CONCENTRATION, needed=True),
            _drugs("dose", "Daily dose of one of them", q.DAILY_DOSE, "Or give the flow."),
            amount("flow", "Flow", q.FLOW),
            _drugs("stock", "Stock solutions", q.CONCENTRATION, "To make the filling of."),
            amount("volume", "Volume of the filling", q.VOLUME, "With stock solutions."),
            amount("extra", "Made besides", q.VOLUME, "To fill the refill set."),
            *_PUMP,
        ),
        answer=_mix,
        template=_SUM,
        aliases={**_ALIASES, "concentration": "drug"},
        check=True,
    ),
    Bench(
        id="pump/bolus",
        name="Patient boluses",
        purpose="Patient-activated boluses: the worst 24 hours, against the limits.",
        never="Choosing the dose of a bolus.",
        hazards=(
            "Boluses before and after midnight can come to twice the count of a day: the "
            "worst 24 hours are taken.",
            _SLIP,
        ),
        fields=(
            _DRUG,
            amount("basal", "Daily dose of the base rate", q.DAILY_DOSE, needed=True),
            amount("dose", "Dose of one bolus", q.DOSE, needed=True),
            amount("lockout", "Lockout", q.TIME, "From start to start.", needed=True),
            Field(name="most", label="Boluses a day at most", kind="whole", help="If limited."),
            Field(
                name="rolling",
                label="The pump counts over any 24 hours",
                kind="flag",
                help="Not from midnight.",
            ),
            amount("lasts", "A bolus takes", q.TIME),
            _CONCENTRATION,
            *_PUMP,
        ),
        answer=_bolus,
        template=_SUM,
        aliases={**_ALIASES, "daily-dose": "basal"},
        check=True,
    ),
    Bench(
        id="pump/discrepancy",
        name="Volume discrepancy",
        purpose="What was drawn at the refill against what was expected: within the accuracy of "
        "the pump or not, what it may mean, what to do.",
        never="Explaining a discrepancy away.",
        hazards=(
            "Less than expected may be a pump that gives too much, or a filling beside it: "
            "both are named, the dangerous first.",
        ),
        fields=(
            _DRUG,
            amount("filled", "Filled in last time", q.VOLUME, needed=True),
            amount("expected", "Expected by the programmer", q.VOLUME, needed=True),
            amount("measured", "Drawn", q.VOLUME, needed=True),
            _CONCENTRATION,
            amount("days", "Time since the filling", q.TIME),
            *_PUMP,
        ),
        answer=_discrepancy,
        template=_SUM,
        aliases={**_ALIASES, "fill-volume": "filled"},
        check=True,
    ),
)
