"""Whether an observation fits the vocabulary, and how it reads in the vocabulary's own terms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from crural.record.field_error import FieldError, shown
from crural.record.model import Observation, Sex
from crural.record.sides import PainfulSide
from crural.record.suggest import nearest, suggest
from crural.record.units import UnitError, convert, understood, units_of, written
from crural.record.vocabulary import FindingInfo, StateInfo, Vocabulary, measured_in, state_of

# The one finding that the painful side itself decides.
_BILATERAL_PAIN = "pain-bilateral"
# Other words for a grade, where a finding has that grade. 'Acute' is not among them: it may be
# within a day or over days.
_GRADES: Mapping[str, str] = {
    **dict.fromkeys(("insidious", "slow", "slowly"), "gradual"),
    **dict.fromkeys(("abrupt", "suddenly"), "sudden"),
    **dict.fromkeys(("elevated", "increased"), "raised"),
    **dict.fromkeys(("unremarkable", "within normal limits"), "normal"),
}
# A grade is offered only for a slip of the pen: 'acute' is not 'subacute'.
_SLIP = 80
_MOST_TOLD = 5
_LIST_THEM = "'crural findings WORD' lists the findings"


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


def other_unknown(named: Iterable[str], vocabulary: Vocabulary) -> str:
    """What else is no finding, when the first of those named is none: whoever writes by heart need
    not learn of one mistake at a time."""
    unknown = dict.fromkeys(name for name in named if vocabulary.finding(name) is None)
    told = [
        shown(name) + (f" (did you mean {near[0]}?)" if (near := suggest(vocabulary, name)) else "")
        for name in list(unknown)[:_MOST_TOLD]
    ]
    if len(unknown) > _MOST_TOLD:
        told.append("others")
    return f"Nor is there {' or '.join(told)}" if told else ""


def told_as_finding(fault: FieldError, vocabulary: Vocabulary) -> FieldError:
    """The same fault; where a finding was written as a key, the remedy says where it belongs."""
    match fault.place:
        case (str(key),) if (finding := vocabulary.finding(key)) is not None:
            said = f"state: {finding.states[-1].id}" if finding.states else "present: true"
            if unit := measured_in(finding):
                said = f"value: <number>, unit: {written(unit)}"
            return FieldError(
                fault.place,
                f"is a finding ({finding.name}), not a key of a record",
                f"write it under observations, such as - {{finding: {key}, {said}}}",
            )
    return fault


def grade_as_state(item: dict[object, object], vocabulary: Vocabulary) -> None:
    """Take a grade that stands under value, or in another word, for the state that it is."""
    name = item.get("finding")
    finding = vocabulary.finding(name) if isinstance(name, str) else None
    states = {state.id for state in finding.states} if finding is not None else set[str]()
    key = "value" if item.get("state") is None else "state"
    word = item.get(key)
    if not isinstance(word, str):
        return
    word = word.strip().casefold()
    state = next((one for one in (word, _GRADES.get(word)) if one in states), None)
    if state is not None:
        del item[key]
        item["state"] = state


def spelt_as_known(finding_id: object, vocabulary: Vocabulary) -> object:
    """The id as the vocabulary spells it ('Pain calf' is pain-calf), or what was given."""
    if not isinstance(finding_id, str) or vocabulary.finding(finding_id) is not None:
        return finding_id
    spelt = "-".join(finding_id.casefold().replace("-", " ").replace("_", " ").split())
    return finding_id if vocabulary.finding(spelt) is None else spelt


def usual_unit(finding_id: object, vocabulary: Vocabulary) -> str | None:
    """The unit that is meant when a value of this finding is written without one.

    Raises FieldError when the unit has to be written.
    """
    finding = vocabulary.finding(finding_id) if isinstance(finding_id, str) else None
    if finding is None:
        return None
    unit = measured_in(finding)
    if unit is None:
        raise _not_measured(finding)
    if understood(unit):
        return unit
    raise FieldError(
        ("unit",),
        f"the value of {finding.id} has no unit",
        f"write unit: {units_of(finding.id, unit)}, as it was measured",
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
    value, unit = observation.value, observation.unit
    wanted = measured_in(finding)
    if value is not None and unit is not None and wanted is not None:
        value, unit = _in_unit_of(finding, value, unit, wanted), wanted
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
            f"give state: {_grades(finding)}"
            + (
                f"; or value with unit: {units_of(finding.id, unit)}"
                if (unit := measured_in(finding))
                else ""
            ),
        )
    if observation.state is not None and observation.state not in states:
        if not states:
            raise FieldError(
                ("state",),
                f"{finding.id} has no grades",
                "write present: true or present: false",
            )
        near = nearest(observation.state, states, like_enough=_SLIP)
        raise FieldError(
            ("state",),
            f"{shown(observation.state)} is not a state of {finding.id}",
            (f"did you mean {near}? " if near else "") + f"Its states are {_grades(finding)}",
        )
    if observation.value is not None and measured_in(finding) is None:
        raise _not_measured(finding)


def _grades(finding: FindingInfo) -> str:
    """The grades as they are written, with their meaning where the word alone does not say it."""
    grades = [
        f"{state.id} ({state.name})" if _plain(state.name) != _plain(state.id) else state.id
        for state in finding.states
    ]
    return f"{', '.join(grades[:-1])} or {grades[-1]}"


def _plain(text: str) -> str:
    return text.replace("-", " ").casefold()


def _not_measured(finding: FindingInfo) -> FieldError:
    return FieldError(
        ("value",),
        f"{finding.id} is not measured as a number",
        f"give state: {_grades(finding)}"
        if finding.states
        else "write present: true or present: false",
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


def _in_unit_of(finding: FindingInfo, value: float, unit: str, wanted: str) -> float:
    try:
        converted = convert(finding.id, value, unit, wanted)
    except UnitError as error:
        raise FieldError(("unit",), f"{finding.id}: {error.problem}", error.remedy) from None
    except ArithmeticError:
        converted = math.inf
    if not math.isfinite(converted) or state_of(finding, converted) is None:
        grades = ", ".join(f"{state.id} {_bounds(state)}" for state in finding.states)
        raise FieldError(
            ("value",),
            f"{value:g} {unit} is outside the possible range of {finding.id}",
            f"check the value and its unit; in {wanted} the grades are {grades}",
        )
    return converted


def _bounds(state: StateInfo) -> str:
    if state.min is None:
        return f"below {state.max:g}"
    if state.max is None:
        return f"{state.min:g} or more"
    return f"{state.min:g} to {state.max:g}"
