"""Whether an observation fits the vocabulary, and how it reads in the vocabulary's own terms."""

from __future__ import annotations

from crural.record.field_error import FieldError, shown
from crural.record.model import Observation, Sex
from crural.record.sides import PainfulSide
from crural.record.suggest import nearest, suggest
from crural.record.units import UnitError, convert, understood
from crural.record.vocabulary import FindingInfo, Vocabulary, is_measured, state_of

# The one finding that the painful side itself decides.
_BILATERAL_PAIN = "pain-bilateral"


def known_finding(finding_id: str, vocabulary: Vocabulary) -> FindingInfo:
    """The entry with this id. Raises FieldError with the nearest ids when there is none."""
    finding = vocabulary.finding(finding_id)
    if finding is not None:
        return finding
    near = [
        f"{other} ({entry.name})"
        for other in suggest(vocabulary, finding_id)
        if (entry := vocabulary.finding(other)) is not None
    ]
    raise FieldError(
        ("finding",),
        f"there is no finding {shown(finding_id)}",
        f"did you mean {' or '.join(near)}? " + _LIST_THEM if near else _LIST_THEM,
    )


_LIST_THEM = "'crural findings WORD' lists the findings"


def usual_unit(finding_id: object, vocabulary: Vocabulary) -> str | None:
    """The unit that is meant when a value of this finding is written without one.

    Raises FieldError when the unit has to be written.
    """
    finding = vocabulary.finding(finding_id) if isinstance(finding_id, str) else None
    if finding is None:
        return None
    if finding.unit is None or not is_measured(finding):
        raise _not_measured(finding)
    if understood(finding.unit):
        return finding.unit
    raise FieldError(
        ("unit",),
        f"the value of {finding.id} has no unit",
        f"write unit: {finding.unit.strip('{}')} if that is what was measured",
    )


def fit(
    observation: Observation, vocabulary: Vocabulary, sex: Sex, painful: PainfulSide | None
) -> Observation:
    """The observation with its unit and side as the vocabulary has them. Raises FieldError."""
    finding = known_finding(observation.finding, vocabulary)
    _check_sex(observation, finding, sex)
    _check_kind(observation, finding)
    _check_bilateral(observation, painful)
    if finding.sided:
        side = observation.side
    elif observation.side in {"left", "right"}:
        raise FieldError(
            ("side",),
            f"{finding.id} ({finding.name}) has no left or right",
            "leave side out",
        )
    else:
        # "midline", "both" and nothing mean the same for what belongs to the whole body.
        side = None
    if observation.value is None:
        return observation.model_copy(update={"side": side})
    value, unit = _value_in_unit(observation, finding)
    return observation.model_copy(update={"side": side, "value": value, "unit": unit})


def grade_of(observation: Observation, vocabulary: Vocabulary) -> str | None:
    """The state of an observation, whether it was stated or measured."""
    finding = vocabulary.finding(observation.finding)
    if observation.value is None or finding is None:
        return observation.state
    return state_of(finding, observation.value)


def _check_sex(observation: Observation, finding: FindingInfo, sex: Sex) -> None:
    # "Absent" is true of whoever cannot have it, and forms that list everything say so.
    if finding.sex is not None and finding.sex != sex and observation.present is not False:
        whom = "women" if finding.sex == "female" else "men"
        raise FieldError(
            ("finding",),
            f"{finding.id} ({finding.name}) is a finding of {whom} only, and sex is {sex}",
            "correct sex, or leave this finding out",
        )


def _check_kind(observation: Observation, finding: FindingInfo) -> None:
    states = [state.id for state in finding.states]
    if observation.present is not None and states:
        raise FieldError(
            ("present",),
            f"{finding.id} is graded, not present or absent",
            f"give state: {', '.join(states[:-1])} or {states[-1]}"
            + (f", or value with unit: {finding.unit}" if is_measured(finding) else ""),
        )
    if observation.state is not None and observation.state not in states:
        if not states:
            raise FieldError(
                ("state",),
                f"{finding.id} has no grades",
                "write present: true or present: false",
            )
        near = nearest(observation.state, states)
        raise FieldError(
            ("state",),
            f"{shown(observation.state)} is not a state of {finding.id}",
            (f"did you mean {near}? " if near else "") + f"Its states are {', '.join(states)}",
        )
    if observation.value is not None and (finding.unit is None or not is_measured(finding)):
        raise _not_measured(finding)


def _not_measured(finding: FindingInfo) -> FieldError:
    states = ", ".join(state.id for state in finding.states)
    return FieldError(
        ("value",),
        f"{finding.id} is not measured as a number",
        f"give state: one of {states}" if states else "write present: true or present: false",
    )


def _check_bilateral(observation: Observation, painful: PainfulSide | None) -> None:
    if observation.finding != _BILATERAL_PAIN or painful is None:
        return
    if observation.present is (painful != "bilateral"):
        raise FieldError(
            ("present",),
            f"{_BILATERAL_PAIN} is {'present' if observation.present else 'absent'}, "
            f"but the painful side is {painful}",
            "correct side at the top of the record, and leave this observation out",
        )


def _value_in_unit(observation: Observation, finding: FindingInfo) -> tuple[float, str]:
    if observation.value is None or observation.unit is None or finding.unit is None:
        raise AssertionError("only called for measured observations")
    try:
        value = convert(finding.id, observation.value, observation.unit, finding.unit)
    except UnitError as error:
        raise FieldError(("unit",), f"{finding.id}: {error.problem}", error.remedy) from None
    except (OverflowError, ArithmeticError):
        value = float("inf")
    if state_of(finding, value) is None:
        raise FieldError(
            ("value",),
            f"{_words(observation.value, observation.unit)} is outside the possible range of "
            f"{finding.id} ({_range(finding)})",
            "check the value and its unit",
        )
    return value, finding.unit


def _words(value: float, unit: str) -> str:
    return f"{value:g} {unit}"


def _range(finding: FindingInfo) -> str:
    lows = [state.min for state in finding.states]
    highs = [state.max for state in finding.states]
    low = min((x for x in lows if x is not None), default=None)
    high = max((x for x in highs if x is not None), default=None)
    parts: list[str] = []
    if low is not None and None not in lows:
        parts.append(f"from {low:g}")
    if high is not None and None not in highs:
        parts.append(f"below {high:g}")
    return f"{' and '.join(parts)} {finding.unit}" if parts else f"in {finding.unit}"
