"""The model held against published concentrations, ratios, half-lives and times.

Each comparison reads its published figure from the evidence entry that it names, and computes the
same figure from the model. Two were used to fit two parameters (`fitted`) and prove nothing; of
those called `same-patients` the people were the same as in a fit; the others took no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from crural.errors import KnowledgeError
from crural.intrathecal.spread_parameters import (
    CISTERNS,
    Known,
    best_values,
    canal_of,
    cell_of,
    cisterns,
    drawn_values,
    kinetics_of,
)
from crural.intrathecal.transport import Dosing, Modes, Vector
from crural.knowledge import Evidence

Use = Literal["fitted", "same-patients", "held-out", "other-substance", "epidural", "animal"]
Spread3 = tuple[float, float | None, float | None]
_MG = 1e6
_WEIGHT_KG = 70
# Half of a plasma or fluid course is taken between these hours, when a source says no more.
_EARLY, _LATE = (1.0, 6.0), (4.0, 12.0)


class Model:
    """One canal, with the figures that sources publish."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.canal = canal_of(values)
        self.modes = Modes(self.canal, kinetics_of(values))

    def _cells(self, place: str) -> list[int]:
        return list(cisterns(self.canal)) if place == CISTERNS else [cell_of(place)]

    def csf(self, tip: str, place: str, dose_mg: float, hours: float | Vector) -> Vector:
        """Concentration [ng/mL] some hours after a bolus at `tip`."""
        cells = self._cells(place)
        minutes = np.atleast_1d(np.asarray(hours, dtype=np.float64)) * 60
        amount = self.modes.after_a_bolus(cell_of(tip), cells, minutes).sum(axis=0)
        return np.asarray(dose_mg * _MG * amount / self.canal.csf[cells].sum(), dtype=np.float64)

    def tissue(self, tip: str, place: str, dose_mg: float, hours: Vector) -> Vector:
        """The same in cord or brainstem."""
        cells, n = self._cells(place), len(self.canal.length)
        amount = self.modes.after_a_bolus(cell_of(tip), [n + c for c in cells], hours * 60)
        return np.asarray(
            dose_mg * _MG * amount.sum(axis=0) / self.canal.tissue[cells].sum(), dtype=np.float64
        )

    def steady(self, tip: str, place: str) -> float:
        """Concentration [ng/mL] in endless infusion of 1 mg/day."""
        cells = self._cells(place)
        amounts = self.modes.steady(cell_of(tip))
        return float(amounts[cells].sum() / self.canal.csf[cells].sum() * _MG / 1440)

    def steady_plasma(self) -> float:
        """Plasma concentration [ng/mL] in endless infusion of 1 mg/day: all of it arrives."""
        return _MG / 1440 / self.modes.kinetics.plasma_clearance

    def half_life(self, tip: str, place: str, hours: tuple[float, float]) -> float:
        """Half-life [min] between two times after a bolus."""
        early, late = self.csf(tip, place, 1.0, np.array(hours))
        return float((hours[1] - hours[0]) * 60 * np.log(2) / np.log(early / late))

    def residence(self, tip: str, place: str) -> float:
        """Mean residence time [min] of a bolus, from the whole course at a place."""
        weights = self.modes.rows(self._cells(place)).sum(axis=0) * self.modes.given_at(
            cell_of(tip)
        )
        rates = -self.modes.rates
        return float((weights / rates**2).sum() / (weights / rates).sum())

    def clearance(self, tip: str, place: str) -> float:
        """Dose over the area under the course at a place [mL/min]."""
        return _MG / 1440 / self.steady(tip, place)

    def peak(
        self, tip: str, place: str, dose_mg: float, *, tissue: bool = False
    ) -> tuple[float, float]:
        """Highest concentration from 5 min on [ng/mL], and when [h]."""
        hours = np.arange(5, 24 * 60, 5) / 60
        course = (self.tissue if tissue else self.csf)(tip, place, dose_mg, hours)
        return float(course.max()), float(hours[course.argmax()])

    def plasma_peak(self, tip: str, dose_mg: float) -> float:
        """Highest plasma concentration after a bolus [ng/mL]."""
        minutes = np.arange(0, 1440, 10.0)
        history = self.modes.run(cell_of(tip), Dosing(((0.0, dose_mg * _MG),)), minutes)
        return float(history.plasma.max()) / self.modes.kinetics.plasma_volume

    def in_the_cord(self, tip: str, hours: float) -> float:
        """Share of a bolus that lies in the tissue along the spine."""
        n = len(self.canal.length)
        spine = range(n, n + cisterns(self.canal).start)
        return float(
            self.modes.after_a_bolus(cell_of(tip), list(spine), np.array([hours * 60])).sum()
        )

    def after_an_hour_of_infusion(self, tip: str, place: str, dose_mg: float) -> float:
        """Concentration [ng/mL] at the end of an infusion over an hour."""
        cells = self._cells(place)
        dosing = Dosing(rates=((0.0, dose_mg * _MG / 60),))
        history = self.modes.run(cell_of(tip), dosing, np.array([60.0]))
        return float(history.csf[cells].sum() / self.canal.csf[cells].sum())

    def fall(self, tip: str, cm: float) -> float:
        """How many times less than at the tip there is so many cm above it, in steady infusion."""
        amounts = self.modes.steady(cell_of(tip))[: len(self.canal.length)] / self.canal.csf
        there = np.interp(self.canal.middle[cell_of(tip)] + cm, self.canal.middle, amounts)
        return float(amounts[cell_of(tip)] / there)


@dataclass(frozen=True)
class Published:
    """One published figure and the same from a model.

    figure: the value and the ends of its spread, None when there is none; `spread` says what the
    ends are.
    """

    id: str
    what: str
    unit: str
    evidence: str
    use: Use
    figure: Spread3
    of_model: Callable[[Model], float]
    spread: str = ""

    @property
    def value(self) -> float:
        """The published value; of a range, its geometric middle."""
        return self.figure[0]


@dataclass(frozen=True)
class Compared:
    """A published figure, and what the model gives: best guess and band."""

    published: Published
    model: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """Model over published."""
        return self.model / self.published.value


def published(evidence: Mapping[str, Evidence]) -> tuple[Published, ...]:
    """The published figures, read from the evidence."""
    read = _Read(evidence)
    groups = (
        _two_patients,
        _aortic,
        _nordberg,
        _sjostrom,
        _cancer,
        _other_substances,
        _epidural,
        _animals,
    )
    return tuple(row for group in groups for row in group(read))


class _Read:
    """What stands in the evidence."""

    def __init__(self, evidence: Mapping[str, Evidence]) -> None:
        self._evidence = evidence

    def value(self, entry: str) -> float:
        """The value of an entry."""
        figure = self._evidence[entry].figure("value")
        if figure is None:
            raise KnowledgeError(
                file="evidence", field=entry, problem="has no value", remedy="give it one"
            )
        return figure[0]

    def data(self, entry: str) -> Any:
        """The group of figures of an entry."""
        return self._evidence[entry].data

    def of(self, entry: str) -> Spread3:
        """A value with its standard deviation or error, when it has one."""
        told = self.data(entry) or {}
        by = told.get("sd", told.get("sem"))
        centre = self.value(entry)
        return _around(centre, by) if by else (centre, None, None)


def _around(centre: float, by: float) -> Spread3:
    return centre, centre - by, centre + by


def _between(low: float, high: float) -> Spread3:
    return float(low * high) ** 0.5, low, high


def _two_patients(read: _Read) -> list[Published]:
    """Two patients with pump and sampling system (1986)."""
    rows: list[Published] = []
    ratio = "pk-1986-lumbar-cisternal-ratio-"
    rows.append(
        Published(
            "gradient-l2",
            "lumbar (L3) : cisterns, steady infusion, tip at L2",
            "ratio",
            f"{ratio}l2",
            "fitted",
            read.of(f"{ratio}l2"),
            lambda m: m.steady("L2", "L3") / m.steady("L2", CISTERNS),
        )
    )
    rows.append(
        Published(
            "gradient-t10",
            "lumbar (L3) : cisterns, steady infusion, tip at T10",
            "ratio",
            f"{ratio}t10",
            "same-patients",
            read.of(f"{ratio}t10"),
            lambda m: m.steady("T10", "L3") / m.steady("T10", CISTERNS),
        )
    )
    rows.append(
        Published(
            "half-life-1986",
            "half-life in the lumbar fluid (1 to 6 h)",
            "min",
            "pk-1986-csf-half-life",
            "same-patients",
            (float(read.data("pk-1986-csf-half-life")["morphine"]), None, None),
            lambda m: m.half_life("L2", "L3", _EARLY),
        )
    )
    rows.append(
        Published(
            "csf-plasma-1986",
            "lumbar fluid : plasma, steady infusion, tip at L2",
            "ratio",
            "pk-1986-csf-plasma-steady-state",
            "same-patients",
            read.of("pk-1986-csf-plasma-steady-state"),
            lambda m: m.steady("L2", "L3") / m.steady_plasma(),
        )
    )
    return rows


def _aortic(read: _Read) -> list[Published]:
    """Patients of aortic surgery."""
    rows: list[Published] = []
    aortic = "pk-intradural-aortic-"
    rows.append(
        Published(
            "mrt",
            "mean residence time in the lumbar fluid",
            "min",
            f"{aortic}mrt",
            "fitted",
            read.of(f"{aortic}mrt"),
            lambda m: m.residence("L3", "L3"),
            "SD",
        )
    )
    rows.append(
        Published(
            "clearance-aortic",
            "clearance from the lumbar fluid (dose / area)",
            "mL/min",
            f"{aortic}clearance",
            "same-patients",
            read.of(f"{aortic}clearance"),
            lambda m: m.clearance("L3", "L3"),
            "SD",
        )
    )
    rows.append(
        Published(
            "volume-initial-aortic",
            "dose / concentration 5 min after it",
            "mL",
            f"{aortic}vinit",
            "same-patients",
            read.of(f"{aortic}vinit"),
            lambda m: float(_MG / m.csf("L3", "L3", 1.0, 5 / 60)[0]),
            "SD",
        )
    )
    rows.append(
        Published(
            "volume-steady-aortic",
            "steady-state volume (clearance x residence)",
            "mL",
            f"{aortic}vss",
            "same-patients",
            read.of(f"{aortic}vss"),
            lambda m: m.clearance("L3", "L3") * m.residence("L3", "L3"),
            "SD",
        )
    )
    return rows


def _nordberg(read: _Read) -> list[Published]:
    """Thoracotomy (Nordberg 1984)."""
    rows: list[Published] = []
    for row in read.data("pk-nordberg1984-csf-1h"):
        dose = float(row["dose_mg"])
        rows.append(
            Published(
                f"nordberg-1h-{dose:g}",
                f"lumbar fluid 1 h after {dose:g} mg",
                "ng/mL",
                "pk-nordberg1984-csf-1h",
                "held-out",
                _around(row["csf_ng_per_ml"], row["sem"]),
                lambda m, dose=dose: float(m.csf("L3", "L3", dose, 1.0)[0]),  # type: ignore[misc]
                "SEM",
            )
        )
    rows += [
        Published(
            f"nordberg-half-life-{row['dose_mg']:g}",
            f"terminal half-life (4 to 12 h) after {row['dose_mg']:g} mg",
            "min",
            "pk-nordberg1984-csf-half-life",
            "held-out",
            _around(row["value"], row["sem"]),
            lambda m: m.half_life("L3", "L3", _LATE),
            "SEM",
        )
        for row in read.data("pk-nordberg1984-csf-half-life")
    ]
    for row in read.data("pk-nordberg1984-csf-clearance"):
        per_kg = _WEIGHT_KG / 1000
        rows.append(
            Published(
                f"nordberg-clearance-{row['dose_mg']:g}",
                f"clearance from the lumbar fluid, {row['dose_mg']:g} mg, at {_WEIGHT_KG} kg",
                "mL/min",
                "pk-nordberg1984-csf-clearance",
                "held-out",
                _around(row["value"] * per_kg, row["sem"] * per_kg),
                lambda m: m.clearance("L3", "L3"),
                "SEM",
            )
        )
    return rows


def _sjostrom(read: _Read) -> list[Published]:
    """Surgery (Sjöström 1987)."""
    rows: list[Published] = []
    sjostrom = "pk-sjostrom1987-"
    rows.append(
        Published(
            "sjostrom-cmax",
            "highest in the lumbar fluid after 0.3 mg (model: 5 min)",
            "ng/mL",
            f"{sjostrom}csf-cmax",
            "held-out",
            read.of(f"{sjostrom}csf-cmax"),
            lambda m: float(m.csf("L3", "L3", 0.3, 5 / 60)[0]),
            "SEM",
        )
    )
    rows.append(
        Published(
            "sjostrom-half-life",
            "half-life in the lumbar fluid (1 to 6 h)",
            "min",
            f"{sjostrom}csf-half-life",
            "held-out",
            read.of(f"{sjostrom}csf-half-life"),
            lambda m: m.half_life("L3", "L3", _EARLY),
            "SEM",
        )
    )
    volume = read.value(f"{sjostrom}initial-volume")
    rows.append(
        Published(
            "sjostrom-initial-volume",
            "dose / concentration 5 min after it",
            "mL",
            f"{sjostrom}initial-volume",
            "held-out",
            read.of(f"{sjostrom}initial-volume"),
            lambda m: float(_MG / m.csf("L3", "L3", 1.0, 5 / 60)[0]),
            "SEM",
        )
    )
    rows.append(
        Published(
            "sjostrom-remaining",
            f"share of the dose in {volume:g} mL at 6 h",
            "share",
            f"{sjostrom}remaining-6h",
            "held-out",
            read.of(f"{sjostrom}remaining-6h"),
            lambda m: float(m.csf("L3", "L3", 1.0, 6.0)[0]) * volume / _MG,
            "SEM",
        )
    )
    rows.append(
        Published(
            "sjostrom-plasma",
            "highest in plasma after 0.3 mg",
            "ng/mL",
            f"{sjostrom}plasma-cmax",
            "held-out",
            read.of(f"{sjostrom}plasma-cmax"),
            lambda m: m.plasma_peak("L3", 0.3),
            "SEM",
        )
    )
    return rows


def _cancer(read: _Read) -> list[Published]:
    """Cancer patients: 2 mg sampled at T10, and the half-life of 1985."""
    rows: list[Published] = []
    isobaric = "pk-isobaric-2mg-t10-csf"
    curve = read.data(isobaric)["isobaric"]
    rows.append(
        Published(
            "isobaric-cmax",
            "highest at T10 after 2 mg isobaric at L5-S1",
            "ng/mL",
            isobaric,
            "held-out",
            _between(*(1000.0 * c for c in curve["cmax_ug_per_ml"])),
            lambda m: m.peak("L5", "T10", 2.0)[0],
            "two curves",
        )
    )
    rows.append(
        Published(
            "isobaric-tmax",
            "time of that",
            "h",
            isobaric,
            "held-out",
            _between(*(c / 60 for c in curve["tmax_min"])),
            lambda m: m.peak("L5", "T10", 2.0)[1],
            "two curves",
        )
    )
    rows.append(
        Published(
            "isobaric-1h",
            "T10 1 h after 2 mg isobaric at L5-S1",
            "ng/mL",
            isobaric,
            "held-out",
            _between(*(1000.0 * c for c in curve["at_1h_ug_per_ml"])),
            lambda m: float(m.csf("L5", "T10", 2.0, 1.0)[0]),
            "two curves",
        )
    )
    rows.append(
        Published(
            "isobaric-half-life",
            "late half-life at T10 (4 to 12 h)",
            "min",
            isobaric,
            "held-out",
            _between(*(float(c) for c in curve["late_half_life_min"])),
            lambda m: m.half_life("L5", "T10", _LATE),
            "two curves",
        )
    )
    rows.append(
        Published(
            "half-life-1985",
            "half-life in the lumbar fluid (1 to 6 h)",
            "min",
            "pk-cpt1985-csf-half-life",
            "held-out",
            (float(read.data("pk-cpt1985-csf-half-life")["morphine"]), None, None),
            lambda m: m.half_life("L3", "L3", _EARLY),
        )
    )
    return rows


def _other_substances(read: _Read) -> list[Published]:
    """Other water-soluble substances in the same fluid."""
    rows: list[Published] = []
    rows.append(
        Published(
            "gradient-kroin",
            "T2 : T12, steady infusion at L3, In-111 DTPA",
            "ratio",
            "pk-kroin1993-t2-t12-ratio",
            "other-substance",
            read.of("pk-kroin1993-t2-t12-ratio"),
            lambda m: m.steady("L3", "T2") / m.steady("L3", "T12"),
        )
    )
    label = read.data("spread-ziconotide-label-cmax")
    for dose_ug, cmax in zip(label["dose_ug"], label["cmax_ng_per_ml"], strict=True):
        rows.append(
            Published(
                f"ziconotide-{dose_ug}",
                f"lumbar fluid at the end of {dose_ug} microgram ziconotide over 1 h",
                "ng/mL",
                "spread-ziconotide-label-cmax",
                "other-substance",
                (float(cmax), None, None),
                lambda m, dose_ug=dose_ug: m.after_an_hour_of_infusion("L3", "L3", dose_ug / 1000),  # type: ignore[misc]
            )
        )
    peak = read.data("csf-tracer-intracranial-peak")["peak_h"]
    rows.append(
        Published(
            "tracer-intracranial",
            "time of the peak at the base of the brain after a lumbar dose, gadolinium",
            "h",
            "csf-tracer-intracranial-peak",
            "other-substance",
            _between(*(float(h) for h in peak)),
            lambda m: m.peak("L3", CISTERNS, 1.0)[1],
            "range",
        )
    )
    return rows


def _epidural(read: _Read) -> list[Published]:
    """Morphine given epidurally, so only times tell something."""
    rows: list[Published] = []
    depression = read.data("pd-epidural-peak-depression")["epidural_peak_h"]
    rows.append(
        Published(
            "depression-epidural",
            "time of the deepest depression of breathing, epidural (model: brainstem)",
            "h",
            "pd-epidural-peak-depression",
            "epidural",
            _between(*(float(h) for h in depression)),
            lambda m: m.peak("L3", CISTERNS, 1.0, tissue=True)[1],
            "range",
        )
    )
    rows.append(
        Published(
            "cervical-epidural",
            "time of the peak at C7 after a lumbar epidural dose (model: intrathecal)",
            "h",
            "spread-gourlay1985-cervical-peak",
            "epidural",
            read.of("spread-gourlay1985-cervical-peak"),
            lambda m: m.peak("L3", "C7", 1.0)[1],
        )
    )
    return rows


def _animals(read: _Read) -> list[Published]:
    """Animals, whose spines are shorter."""
    rows: list[Published] = []
    rows.append(
        Published(
            "baboon-medulla",
            "time of the highest morphine in the medulla, baboons (of 3, 6 and 24 h)",
            "h",
            "spread-baboon-medulla",
            "animal",
            read.of("spread-baboon-medulla"),
            lambda m: m.peak("L4", CISTERNS, 1.0, tissue=True)[1],
        )
    )
    pig = read.data("pk-flack-pig-chronic-morphine")
    middle_cm = float(np.mean(pig["over_cm"]))
    rows.append(
        Published(
            "pig-fall",
            f"fold fall of cord morphine over {middle_cm:g} cm, pigs",
            "ratio",
            "pk-flack-pig-chronic-morphine",
            "animal",
            _between(*(float(f) for f in pig["fold_fall"])),
            lambda m: m.fall("L3", middle_cm),
            "range",
        )
    )
    rabbit = read.data("spread-rabbit-cord-recovery")
    for hours, share, sem in zip(rabbit["hours"], rabbit["share"], rabbit["sem"], strict=True):
        rows.append(
            Published(
                f"rabbit-{hours}h",
                f"share of the dose in the cord at {hours} h, rabbits",
                "share",
                "spread-rabbit-cord-recovery",
                "animal",
                _around(share, sem),
                lambda m, hours=hours: m.in_the_cord("L3", float(hours)),  # type: ignore[misc]
                "SEM",
            )
        )
    return rows


def compare(
    evidence: Mapping[str, Evidence], known: Mapping[str, Known], draws: int = 200, seed: int = 1
) -> tuple[Compared, ...]:
    """Every published figure beside the model's, with the band of nine draws in ten."""
    best = Model(best_values(known))
    random = np.random.default_rng(seed)
    models = [Model(drawn_values(known, random)) for _ in range(draws)]
    compared = []
    for row in published(evidence):
        found = [row.of_model(model) for model in models] or [row.of_model(best)]
        low, high = np.percentile(found, (5.0, 95.0))
        compared.append(Compared(row, row.of_model(best), float(low), float(high)))
    return tuple(compared)


def fitted_values(
    evidence: Mapping[str, Evidence], known: Mapping[str, Known], steps: int = 30
) -> dict[str, float]:
    """Dispersion and clearance that make the two fitted figures come out, by Newton's method.

    Both parameters and both figures are taken by their logarithms; all others keep their best
    guess. Raises ArithmeticError when it does not come to rest.
    """
    rows = [row for row in published(evidence) if row.use == "fitted"]
    names = ("dispersion", "clearance")
    values = best_values(known)
    at = np.log([values[name] for name in names])

    def off(here: Vector) -> Vector:
        model = Model(values | dict(zip(names, np.exp(here).tolist(), strict=True)))
        return np.array([np.log(row.of_model(model) / row.value) for row in rows])

    for _ in range(steps):
        here = off(at)
        if np.abs(here).max() < 1e-10:
            return dict(zip(names, np.exp(at).tolist(), strict=True))
        slopes = np.stack([(off(at + move) - here) / 1e-5 for move in 1e-5 * np.eye(2)], axis=1)
        at = at - np.clip(np.linalg.solve(slopes, here), -1.0, 1.0)
    raise ArithmeticError("the fit of dispersion and clearance does not come to rest")


def mismatch(rows: Sequence[Compared]) -> float:
    """The typical factor between model and published: exp of the mean |ln ratio|."""
    return float(np.exp(np.mean([abs(np.log(row.ratio)) for row in rows])))
