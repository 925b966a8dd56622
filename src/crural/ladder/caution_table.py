"""Cautions about the drugs that are taken, as one table: each reason once, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from crural.knowledge.treatment import Harm
from crural.ladder.precautions import DrugCaution, Level

_WORST: Mapping[Level, int] = {"barred": 0, "caution": 1, "check": 2}
_HARMS: Sequence[str] = get_args(Harm)

# Two drugs that act together, or one that a fact of the patient speaks against.
_Pair = frozenset[str]


@dataclass(frozen=True)
class Advice:
    """What to do, and which drugs it is about: each with those that it acts together with."""

    level: Level
    say: str
    drugs: tuple[tuple[str, tuple[str, ...]], ...]
    stopping: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class CautionRow:
    """One reason for care, with every drug that it is about.

    harm: what grows when drugs act together; because: the facts of the patient. Both are empty
    where two drugs do not go together for another reason.
    """

    level: Level
    harm: Harm | None
    because: tuple[str, ...]
    drugs: tuple[str, ...]
    advice: tuple[Advice, ...]


def caution_table(cautions: Iterable[DrugCaution]) -> tuple[CautionRow, ...]:
    """Every reason once, the worst first.

    Two drugs are told once for each harm, by the strictest advice; of equally strict ones by that
    with a source, and then by the one about fewer drugs, which is the most exact.
    """
    rows: dict[object, list[DrugCaution]] = {}
    for caution in cautions:
        rows.setdefault(_reason(caution), []).append(caution)
    return tuple(sorted(map(_row, rows.values()), key=_how_bad))


def _reason(caution: DrugCaution) -> object:
    warned = caution.warned
    if warned.harm is not None and caution.beside:
        return warned.harm
    if caution.beside:
        return frozenset({caution.drug, *caution.beside})
    if warned.kind == "allergy":
        return (caution.drug, "allergy")
    return warned.because


def _row(same: Sequence[DrugCaution]) -> CautionRow:
    first = min(same, key=lambda c: _WORST[c.warned.level])
    together = bool(first.beside)
    return CautionRow(
        level=first.warned.level,
        harm=first.warned.harm if together else None,
        because=() if together else _each_once(f for c in same for f in c.warned.because),
        drugs=_each_once(drug for c in same for drug in (c.drug, *c.beside)),
        advice=tuple(_advice(same)),
    )


def _how_bad(row: CautionRow) -> tuple[int, int, int]:
    harm = len(_HARMS) if row.harm is None else _HARMS.index(row.harm)
    return (_WORST[row.level], harm, -len(row.drugs))


def _advice(same: Sequence[DrugCaution]) -> Iterable[Advice]:
    """Advice of one row. Of one harm no pair of drugs is told twice; else nothing is left out."""
    said: dict[tuple[Level, str], list[DrugCaution]] = {}
    for caution in same:
        said.setdefault((caution.warned.level, caution.warned.say), []).append(caution)
    once = same[0].warned.harm is not None and bool(same[0].beside)
    told: set[_Pair] = set()
    for (level, say), of in sorted(said.items(), key=lambda one: _strictest_first(one[1])):
        pairs = [pair for c in of for pair in _pairs(c) if not (once and pair in told)]
        told.update(pairs)
        if pairs:
            yield Advice(
                level=level,
                say=say,
                drugs=tuple(_with_company(pairs)),
                stopping=next((c.stopping for c in of if c.stopping is not None), None),
                sources=_each_once(source for c in of for source in c.warned.sources),
            )


def _strictest_first(of: Sequence[DrugCaution]) -> tuple[int, bool, int]:
    warned = of[0].warned
    return (_WORST[warned.level], not warned.sources, len({d for c in of for d in c.beside}))


def _pairs(caution: DrugCaution) -> list[_Pair]:
    if not caution.beside:
        return [frozenset({caution.drug})]
    return [frozenset({caution.drug, other}) for other in caution.beside]


def _with_company(pairs: Sequence[_Pair]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The pairs in few words: first the drug that stands in most of them, with all its company."""
    left = list(dict.fromkeys(pairs))
    order = _each_once(drug for pair in left for drug in sorted(pair))
    while left:
        most = max(order, key=lambda drug: sum(drug in pair for pair in left))
        own = [pair for pair in left if most in pair]
        company = {drug for pair in own for drug in pair if drug != most}
        yield most, tuple(drug for drug in order if drug in company)
        left = [pair for pair in left if most not in pair]


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
