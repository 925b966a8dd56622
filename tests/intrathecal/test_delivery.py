"""What leaves the catheter: nothing is lost, nothing is made, and the bridge bridges."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crural import quantity as q
from crural.intrathecal.bridge import change
from crural.intrathecal.delivery import Run, deliver, delivered, rate_at
from crural.quantity import Quantity, parse

from . import amounts as am
from . import rederived

TIMES = am.of(am.numbers("0.1", "90"), "h")
HOURS = st.integers(0, 400).map(lambda n: Fraction(n, 3))


@given(am.flows, am.flows, am.flows, TIMES, TIMES, am.lines, am.concentrations, am.concentrations,
       HOURS)  # fmt: skip
def test_what_leaves_is_what_a_pipe_lets_out(  # noqa: PLR0917
    first: Quantity,
    second: Quantity,
    third: Quantity,
    one: Quantity,
    two: Quantity,
    line: Quantity,
    old: Quantity,
    new: Quantity,
    hour: Fraction,
) -> None:
    runs = (Run(first, one), Run(second, two), Run(third))
    before, after = {"morphine": old}, {"morphine": new, "clonidine": old}
    phases = deliver(runs, line, before, after)
    wanted = rederived.pipe(
        [
            (q.fraction(first, "mL/h"), q.fraction(one, "h")),
            (q.fraction(second, "mL/h"), q.fraction(two, "h")),
            (q.fraction(third, "mL/h"), None),
        ],
        am.ml(line),
        {d: am.mg_ml(v) for d, v in before.items()},
        {d: am.mg_ml(v) for d, v in after.items()},
        hour,
    )
    assert {drug: delivered(phases, drug, hour) for drug in wanted} == wanted


@given(am.flows, am.flows, TIMES, am.lines, am.concentrations, am.concentrations)
def test_phases_follow_on_each_other(  # noqa: PLR0917
    first: Quantity,
    second: Quantity,
    one: Quantity,
    line: Quantity,
    old: Quantity,
    new: Quantity,
) -> None:
    phases = deliver((Run(first, one), Run(second)), line, {"a": old}, {"b": new})
    assert phases[0].start == 0
    assert phases[-1].end is None
    assert all(p.end == n.start for p, n in pairwise(phases))
    assert all(p.rates != n.rates for p, n in pairwise(phases))


@given(am.concentrations, am.concentrations, am.flows, am.flows, am.lines)
def test_with_the_bridge_the_dose_goes_from_old_to_new_at_once(
    old: Quantity, new: Quantity, old_flow: Quantity, new_flow: Quantity, line: Quantity
) -> None:
    made = change({"morphine": old}, {"morphine": new}, old_flow, new_flow, line)
    before = am.mg_ml(old) * q.fraction(old_flow, "mL/h")
    after = am.mg_ml(new) * q.fraction(new_flow, "mL/h")
    cleared = am.ml(line) / q.fraction(old_flow, "mL/h")
    with_it = made.phases["with"]
    assert rate_at(with_it, "morphine", Fraction(0)) == before
    assert rate_at(with_it, "morphine", cleared * Fraction(999, 1000)) == before
    assert rate_at(with_it, "morphine", cleared) == after
    assert {phase.rates["morphine"] for phase in with_it} <= {before, after}


@given(am.concentrations, am.concentrations, am.doses, am.lines)
def test_the_bridge_is_what_was_derived_apart(
    old: Quantity, new: Quantity, dose: Quantity, line: Quantity
) -> None:
    flow = dose / old
    made = change({"morphine": old}, {"morphine": new}, flow, flow, line, flow)
    ml_day, hours, bolus = rederived.bridge(
        am.ml(line), am.mg_day(dose), am.mg_ml(old), am.mg_ml(new)
    )
    assert am.near(am.ml_day(made.bridge_flow), ml_day)
    assert am.near(q.fraction(made.duration, "h"), hours)
    assert q.fraction(made.bolus["morphine"], "mg") == bolus


@given(am.concentrations, am.concentrations, am.flows, am.flows, am.lines)
def test_every_way_clears_the_same_drug_from_the_line(
    old: Quantity, new: Quantity, old_flow: Quantity, new_flow: Quantity, line: Quantity
) -> None:
    made = change({"old": old}, {"new": new}, old_flow, new_flow, line)
    for phases in made.phases.values():
        assert delivered(phases, "old", Fraction(10**9)) == am.ml(line) * am.mg_ml(old)


def test_without_a_bridge_a_weaker_solution_means_an_overdose_first() -> None:
    made = change(
        {"morphine": parse("20 mg/mL")},
        {"morphine": parse("10 mg/mL")},
        parse("0.2 mL/day"),
        parse("0.4 mL/day"),
        parse("0.3 mL"),
    )
    first, then = made.phases["without"]
    assert q.amount(first.rate("morphine", "mg/day"), "mg/day") == Decimal(8)
    assert first.end == Fraction(18)
    assert q.amount(then.rate("morphine", "mg/day"), "mg/day") == Decimal(4)
    assert len(made.phases["with"]) == 1


def test_without_a_bridge_a_stronger_solution_means_too_little_first() -> None:
    made = change(
        {"morphine": parse("10 mg/mL")},
        {"morphine": parse("40 mg/mL")},
        parse("0.4 mL/day"),
        parse("0.1 mL/day"),
        parse("0.3 mL"),
    )
    first, then = made.phases["without"]
    assert q.amount(first.rate("morphine", "mg/day"), "mg/day") == Decimal(1)
    assert first.end == Fraction(72)
    unchanged = made.phases["unchanged"][-1]
    assert q.amount(unchanged.rate("morphine", "mg/day"), "mg/day") == Decimal(16)
    assert then.end is None


def test_a_bridge_can_run_at_another_dose() -> None:
    made = change(
        {"morphine": parse("20 mg/mL")},
        {"hydromorphone": parse("5 mg/mL")},
        parse("0.2 mL/day"),
        parse("0.16 mL/day"),
        parse("0.4 mL"),
        parse("0.1 mL/day"),
    )
    assert q.amount(made.duration, "h") == Decimal(96)
    assert q.amount(made.phases["with"][0].rate("morphine", "mg/day"), "mg/day") == Decimal(2)
    assert q.amount(made.bolus["hydromorphone"], "mg") == Decimal(2)
    assert made.drugs == ("morphine", "hydromorphone")


def test_a_line_without_volume_changes_at_once() -> None:
    phases = deliver(
        (Run(parse("1 mL/day")),), parse("0 mL"), {"a": parse("1 mg/mL")}, {"b": parse("1 mg/mL")}
    )
    assert [set(p.rates) for p in phases] == [{"b"}]


def test_before_the_change_nothing_is_known() -> None:
    phases = deliver((Run(parse("1 mL/day")),), parse("0.1 mL"), {"a": parse("1 mg/mL")}, {})
    assert rate_at(phases, "a", Fraction(-1)) == 0
    assert rate_at(phases, "b", Fraction(1)) == 0


def test_a_setting_may_end_just_when_the_line_is_cleared() -> None:
    runs = (Run(parse("1 mL/day"), parse("12 h")), Run(parse("2 mL/day")))
    first, then = deliver(runs, parse("0.5 mL"), {"a": parse("1 mg/mL")}, {"b": parse("1 mg/mL")})
    assert (first.end, set(first.rates)) == (Fraction(12), {"a"})
    assert (then.start, set(then.rates)) == (Fraction(12), {"b"})


def test_the_last_setting_has_no_end() -> None:
    with pytest.raises(ValueError, match="no end"):
        deliver((Run(parse("1 mL/day"), parse("1 h")),), parse("0.1 mL"), {}, {})
    with pytest.raises(ValueError, match="no end"):
        deliver((), parse("0.1 mL"), {}, {})
