"""Pump, catheter and drugs of a calculation; what is given by hand goes before the data.

The one place where the slip guard is asked and where figures of a device are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from crural import quantity
from crural.intrathecal import slips
from crural.intrathecal.answer import Sheet
from crural.intrathecal.arithmetic import catheter_volume, implanted_length, refuse
from crural.intrathecal.limits import LimitsError, load_limits
from crural.knowledge.evidence import Evidence
from crural.knowledge.pumps import Catheter, Known, Pump, PumpError, load_pumps, look_up
from crural.quantity import Quantity

FigureName = Literal[
    "reservoir",
    "flow_least",
    "flow_most",
    "over",
    "under",
    "alarm",
    "refill_at",
    "tubing",
    "side_port",
    "syringe",
    "pocket_fill",
]


_WORDS: Mapping[str, str] = {
    "reservoir": "size of the reservoir",
    "flow_least": "lowest flow",
    "flow_most": "highest flow",
    "over": "share that it may deliver too much",
    "under": "share that it may deliver too little",
    "alarm": "volume at the alarm",
    "refill_at": "volume at the refill",
    "tubing": "volume of the tubing in the pump",
    "side_port": "volume from the side port to the catheter",
    "syringe": "smallest syringe at the side port",
    "pocket_fill": "volume missing after a refill",
}


# Figures given by hand, as the slip guard calls them. Highest and lowest flow are those of a pump
# and no flow of a patient, so they are not among them.
_HAND: Mapping[str, str] = {
    "reservoir": "reservoir",
    "alarm": "alarm_volume",
    "tubing": "tubing_volume",
    "side_port": "side_port",
}


@dataclass(frozen=True)
class Chosen:
    """A pump by its id (None: not named), figures given by hand, and the evidence."""

    evidence: Mapping[str, Evidence]
    pump: Pump | None = None
    given: Mapping[str, Quantity] = field(default_factory=dict)
    checked: bool = False

    def figure(self, name: FigureName, sheet: Sheet) -> Known | None:
        """A figure of the pump; None when it is a hole (then written down) or no pump is named."""
        if name in self.given:
            return Known(self.given[name], "given")
        written = getattr(self.pump, name) if self.pump is not None else None
        if written is None:
            return None
        known = sheet.figure(look_up(written, self.evidence))
        if known is not None and known.low is not None and known.high is not None:
            sheet.say(
                "note",
                f"{_WORDS[name]}: {quantity.show(known.quantity)} is an estimate "
                f"({quantity.show(known.low)} to {quantity.show(known.high)}): {known.because}",
                known.sources,
            )
        return known

    def needed(self, name: FigureName, sheet: Sheet, option: str, what: str) -> Known:
        """A figure that the calculation cannot do without. Raises PumpError."""
        known = self.figure(name, sheet)
        if known is not None:
            return known
        which = f"of {self.pump.name} is not known here" if self.pump else "is not given"
        raise PumpError(
            file="input",
            field=option,
            problem=f"the {what} {which}",
            remedy=f"give {option}; it stands in the manual of the pump and on its programmer",
        )

    def check(self, sheet: Sheet, drug: str | None = None, **amounts: Quantity | None) -> None:
        """Asks the slip guard, also about what was given by hand of the pump.

        Raises SlipError for a stop that is not lifted.
        """
        by_hand = {_HAND[name]: value for name, value in self.given.items() if name in _HAND}
        known_drug = drug if drug is not None and is_known(drug) else None
        found = slips.enforce(
            slips.check(known_drug, limits=None, **{**by_hand, **amounts}), checked=self.checked
        )
        for finding in found:
            sheet.say(
                finding.level, f"{finding.says}. {_sentence(finding.remedy)}", finding.sources
            )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def choose(
    evidence: Mapping[str, Evidence],
    pump: str | None = None,
    checked: bool = False,
    **given: Quantity | None,
) -> Chosen:
    """The pump of this id with the figures that were given. Raises PumpError for another id."""
    return Chosen(
        evidence,
        load_pumps().pump(pump) if pump is not None else None,
        {name: value for name, value in given.items() if value is not None},
        checked,
    )


def is_known(drug: str) -> bool:
    """Whether the table of limits knows the drug."""
    try:
        load_limits().drug(drug)
    except LimitsError:
        return False
    return True


def drug_name(drug: str) -> str:
    """The name under which the tables know a drug; as it was written when they do not."""
    return load_limits().drug(drug).id if is_known(drug) else " ".join(drug.lower().split())


def shown(drug: str | None, value: Quantity) -> str:
    """An amount of a drug in the unit that is usual for it, or in its own."""
    if drug is not None and is_known(drug):
        return load_limits().drug(drug).shown(value)
    return quantity.show(value)


def read_amounts(texts: Iterable[str], kind: str, option: str) -> dict[str, Quantity]:
    """Amounts by drug from texts such as "morphine 20 mg/mL". Raises CruralError."""
    amounts: dict[str, Quantity] = {}
    for text in texts:
        start = next((i for i, sign in enumerate(text) if sign.isdigit() or sign == "."), None)
        name = text[:start].strip(" :=") if start is not None else ""
        if start is None or not name:
            raise refuse(
                option,
                f"'{text}' is not a drug and an amount",
                f"write the drug, then {quantity.words_of(kind)}, as in 'morphine 20 mg/mL'",
            )
        drug = drug_name(name)
        if drug in amounts:
            raise refuse(option, f"{drug} is named twice", "give each drug once")
        amounts[drug] = quantity.parse(text[start:], kind, field=option)
    return amounts


def catheter_inside(  # noqa: PLR0917
    chosen: Chosen,
    sheet: Sheet,
    name: str | None,
    volume: Quantity | None,
    length: Quantity | None,
    trimmed: Quantity | None,
    per_length: Quantity | None,
) -> Quantity:
    """Volume of the catheter as implanted [mL], given or worked out.

    Either its volume is given; or its length (or what was trimmed off) with the volume per length,
    given or that of the named catheter. Raises PumpError when something is missing.
    """
    if volume is not None and length is None and trimmed is None:
        chosen.check(sheet, catheter_volume=volume)
        return sheet.work("catheter volume", "as given", quantity.show(volume), volume, unit="mL")
    catheter = _catheter(chosen, name)
    if length is None:
        if trimmed is None:
            raise PumpError(
                file="input",
                field="--catheter-volume",
                problem="the volume of the catheter is not given",
                remedy="give --catheter-volume, or --catheter-length, or --trimmed, as recorded at "
                "the implant",
            )
        full = sheet.figure(look_up(catheter.full_length, chosen.evidence)) if catheter else None
        if full is None:
            raise PumpError(
                file="input",
                field="--trimmed",
                problem="the length of the catheter before it was trimmed is not known here",
                remedy="give --catheter-length: the length that is in the body",
            )
        length = sheet.work(
            "catheter length",
            "full length - trimmed length",
            f"{quantity.show(full.quantity)} - {quantity.show(trimmed)}",
            implanted_length(full.quantity, trimmed),
            sources=full.sources,
        )
    each: Known | None
    if per_length is not None:
        each = Known(per_length, "given")
    else:
        each = sheet.figure(look_up(catheter.per_length, chosen.evidence)) if catheter else None
    if each is None:
        raise PumpError(
            file="input",
            field="--per-length",
            problem="the volume per length of this catheter is not known here",
            remedy="give --per-length as in '0.0026 mL/cm', or --catheter-volume; "
            "the manual of the catheter has it",
        )
    chosen.check(
        sheet,
        catheter_length=length,
        volume_per_length=each.quantity,
        catheter_volume=volume,
    )
    return sheet.work(
        "catheter volume",
        "length x volume per length",
        f"{quantity.show(length)} x {quantity.show(each.quantity)}",
        catheter_volume(length, each.quantity),
        sources=each.sources,
    )


def _catheter(chosen: Chosen, name: str | None) -> Catheter | None:
    devices = load_pumps()
    if name is not None:
        return devices.catheter(name)
    own = chosen.pump.catheters if chosen.pump else ()
    return devices.catheter(own[0]) if len(own) == 1 else None


__all__ = [
    "Chosen",
    "catheter_inside",
    "choose",
    "drug_name",
    "is_known",
    "read_amounts",
    "shown",
]
