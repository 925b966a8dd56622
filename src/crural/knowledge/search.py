"""Finding findings, and other entries, by plain words, clinical shorthand and misspelt words.

Every word that is typed weighs the more the fewer entries hold it; an entry is found when the words
that it holds carry most of that weight, so that what nothing resembles finds nothing. A wrong
finding on offer is worse than none: whoever reads it thinks that the right one does not exist.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile

from rapidfuzz.distance import OSA

from crural.knowledge.model import BURDENS, Finding, Knowledge

MOST_FOUND = 12
LONGEST_QUERY = 100
# Share of the weight of the words typed that an entry must hold to be shown at all.
LEAST_HELD = 0.6
# An entry that scores less than this share of the best is noise beside it.
_BESIDE_BEST = 0.6
# How well a word in an entry stands for the word typed.
_BEGUN, _AKIN, _SLIP = 0.85, 0.75, 0.7
# A question in the patient's words counts less than a name or a synonym, and words that are
# gathered from several texts of an entry less than words that stand together.
_QUESTION, _GATHERED = 0.8, 0.75
_EXACT, _NAMED_WITHIN, _PHRASE, _SOFT = 0.5, 0.4, 0.12, 0.04
# A name of one word is heard among others when few entries have it.
_RARE = 4
_MOST_LOOKED_AT = 300
# Shorter words have too many neighbours for a slip of the pen to be guessed.
_SHORTEST_BEGUN, _SHORTEST_SLIP, _SHORTEST_TWO_SLIPS = 3, 5, 8
# Kinds of entries that are found by name alone.
_NAMED = ("mechanisms", "scores", "precautions", "ladders", "courses", "criteria")
# Words whose spelling and stem are remembered, since texts repeat them.
_REMEMBERED = 20_000
_WORD = re.compile(r"[a-z0-9]+")
_CANNOT = re.compile(r"\bcan not\b|\bnot able to\b|\bunable to\b")
# Accents fall away, and so does the apostrophe, however it is typed.
_ACCENTS = dict.fromkeys((*range(0x300, 0x370), ord("’"), ord("‘")))
_SAME = {
    **dict.fromkeys(("cant", "unable", "couldnt", "wont"), "cannot"),
    "feet": "foot",
    "ttp": "tender",
}
# Digits and single letters tell grades and kinds apart ('4/5', 'protein C'), but in 'CRP 120' or
# 'walks 100 m' they must not outweigh the word beside them.
_SLIGHT = 0.25
# What turns a word into another of the same root: 'weak' and 'weakness'.
_TURNS = frozenset(
    ("ness", "ful", "less", "ly", "al", "ic", "er", "en", "or", "ish", "able", "ion", "tous")
)
_ENDINGS = ("ing", "ies", "ed", "es", "s", "e", "y")


def words_of(text: str) -> list[str]:
    """The words of a text, freed of accents, apostrophes and the spelling of either continent."""
    plain = text.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).translate(_ACCENTS)
    plain = plain.replace("'", "")
    if "able" in plain or "can not" in plain:
        plain = _CANNOT.sub("cannot", plain)
    return [_SAME.get(word, _one_spelling(word)) for word in _WORD.findall(plain)]


@lru_cache(_REMEMBERED)
def _one_spelling(word: str) -> str:
    if len(word) > 4:
        word = word.replace("ae", "e").replace("our", "or").replace("iz", "is").replace("yz", "ys")
    return word.replace("oe", "e") if len(word) > 5 else word


@lru_cache(_REMEMBERED)
def _stem(word: str) -> str:
    """What a word shares with its plural and its participles."""
    for ending in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1].isalpha() else word


# Words that say nothing on their own. They only break ties.
_SOFT_STEMS = frozenset(
    _stem(word)
    for word in words_of(
        """
        a about after ago all also am an and any are as at be been before being but by can cannot
        complain complaining complains complaint confirmed could day days demonstrated demonstrates
        described describes did difficulties difficulty do does doing done dont down during else
        ever feels five for four from get gets getting got had has have having he her herself him
        himself his hour hours how hx i if im in into is issue issues it its itself ive just keep
        keeps last left like lot made make makes making may me month months more much my myself no
        nor not noted now of often on one only or other our out over patient patients presents
        problem problems pt quite really report reported reports revealed reveals right said say
        says seen several she show showed showing shown shows since six so some still such symptom
        symptoms than that the their them themselves then there these they this those three through
        time times to today tonight too trouble troubles two up us ve very was we week weeks were
        what when where which while who why will with without would year years yes yesterday yet
        you your
        """
    )
)


@dataclass(frozen=True, slots=True)
class _Text:
    entry: int
    stems: tuple[str, ...]
    share: float
    # The stems that say something, and those that do not.
    telling: tuple[str, ...]
    soft: frozenset[str]


class Search:
    """Entries by their names, synonyms and questions; among equals in the order given.

    Entries are an id, names, and more that is said of it. They are indexed when first asked for.
    """

    def __init__(self, entries: Iterable[tuple[str, Iterable[str], Iterable[str]]]) -> None:
        self._written = list(entries)

    @cached_property
    def _index(self) -> _Index:
        return _Index(self._written)

    def find(self, query: str, most: int = MOST_FOUND) -> tuple[str, ...]:
        """Ids of the entries that hold what is typed, the closest first; none if none is close."""
        return self._index.find(query, most)


class _Index:
    def __init__(self, entries: Iterable[tuple[str, Iterable[str], Iterable[str]]]) -> None:
        self._entries: list[str] = []
        self._texts: list[_Text] = []
        # Where each stem stands: texts, and entries.
        self._places: defaultdict[str, set[int]] = defaultdict(set)
        self._holders: defaultdict[str, set[int]] = defaultdict(set)
        # Names of which no word says anything on its own: 'cannot go'.
        self._phrases: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        self._spelt: dict[str, str] = {}
        for at, (entry, names, more) in enumerate(entries):
            self._entries.append(entry)
            for share, texts in ((1.0, names), (_QUESTION, more)):
                for written in texts:
                    words = words_of(written)
                    stems = tuple(map(_stem, words))
                    telling = tuple(stem for stem in stems if stem not in _SOFT_STEMS)
                    soft = _SOFT_STEMS.intersection(stems)
                    if not telling and share == 1:
                        self._phrases[stems].append(entry)
                    self._texts.append(_Text(at, stems, share, telling, soft))
                    self._spelt.update(zip(words, stems, strict=True))
        # The briefest first, since they are looked at first.
        self._texts.sort(key=lambda text: len(text.telling))
        for place, text in enumerate(self._texts):
            for stem in set(text.stems):
                self._places[stem].add(place)
                self._holders[stem].add(text.entry)
        self._sorted = sorted(self._spelt)

    def find(self, query: str, most: int) -> tuple[str, ...]:
        words = words_of(query[:LONGEST_QUERY])
        stems = tuple(map(_stem, words))
        telling = {
            stem: word
            for word, stem in zip(words, stems, strict=True)
            # Amounts and hours are told around a finding: 'lost 10 kg', 'wakes at 3am'.
            if stem not in _SOFT_STEMS and (word in self._spelt or not word[0].isdigit())
        }
        if not telling:
            return tuple(dict.fromkeys(self._phrases.get(stems, ())))[:most]

        whole = 0.0
        in_texts: defaultdict[int, float] = defaultdict(float)
        in_entries: defaultdict[int, float] = defaultdict(float)
        for stem, word in telling.items():
            like = self._like(stem, word)
            weight = self._weight(like)
            if len(word) == 1 or word.isdigit():
                weight *= _SLIGHT
            whole += weight
            for held, places in ((in_texts, self._places), (in_entries, self._holders)):
                best: dict[int, float] = {}
                for other, likeness in like.items():
                    for at in places[other]:
                        best[at] = max(best.get(at, 0.0), likeness)
                for at, likeness in best.items():
                    held[at] += weight * likeness

        scores: dict[int, float] = {}
        for at, held_here in in_entries.items():
            if held_here >= LEAST_HELD * whole:
                scores[at] = _GATHERED * held_here / whole
        said = tuple(telling)
        likely = (
            (-held_here, at)
            for at, held_here in in_texts.items()
            if held_here >= LEAST_HELD * whole or self._is_named(self._texts[at], stems)
        )
        for held_here, at in sorted(likely)[:_MOST_LOOKED_AT]:
            text = self._texts[at]
            score = text.share * _closeness(text, stems, said, -held_here / whole)
            if len(said) > 1 and self._is_named(text, stems):
                score += _NAMED_WITHIN
            scores[text.entry] = max(scores.get(text.entry, 0.0), score)
        least = _BESIDE_BEST * min(1.0, max(scores.values(), default=0))
        close = sorted((-score, at) for at, score in scores.items() if score >= least)
        return tuple(self._entries[at] for _, at in close[:most])

    def _is_named(self, text: _Text, stems: tuple[str, ...]) -> bool:
        """Is the whole name among the words typed? Whoever types more than one finding means each,
        and so does who tells a story around it."""
        return (
            text.share == 1
            and (len(text.stems) > 1 or len(self._holders[text.stems[0]]) <= _RARE)
            and set(stems).issuperset(text.stems)
        )

    def _weight(self, like: dict[str, float]) -> float:
        holders: set[int] = set().union(*(self._holders[stem] for stem in like))
        return math.log(1 + len(self._entries) / max(1, len(holders)))

    def _like(self, stem: str, word: str) -> dict[str, float]:
        """The stems that a word typed may stand for: itself, what it begins, what is akin to it,
        and, only when there is none of these, what it may be a slip for."""
        like = {self._spelt[begun]: _BEGUN for begun in self._begun(word)}
        for near in self._begun(word[:4]):
            if _akin(word, near) and self._spelt[near] not in _SOFT_STEMS:
                like.setdefault(self._spelt[near], _AKIN)
        if stem in self._places:
            like[stem] = 1.0
        if like or len(word) < _SHORTEST_SLIP or not word.isalpha():
            return like
        slips = 2 if len(word) >= _SHORTEST_TWO_SLIPS else 1
        slipped = [
            (OSA.distance(word, other, score_cutoff=slips), self._spelt[other])
            for other in self._beginning(word[0])
            if len(other) >= _SHORTEST_SLIP - 1 and self._spelt[other] not in _SOFT_STEMS
        ]
        fewest = min((far for far, _ in slipped), default=slips + 1)
        return {other: _SLIP for far, other in slipped if far == fewest <= slips}

    def _begun(self, word: str) -> Iterator[str]:
        return self._beginning(word) if len(word) >= _SHORTEST_BEGUN else iter(())

    def _beginning(self, start: str) -> Iterator[str]:
        first = bisect_left(self._sorted, start)
        words = (self._sorted[at] for at in range(first, len(self._sorted)))
        return takewhile(lambda word: word.startswith(start), words)


def _closeness(text: _Text, stems: tuple[str, ...], telling: tuple[str, ...], held: float) -> float:
    # A text that says little besides is closer than one that says much.
    score = held * (0.7 + 0.3 * min(1.0, len(telling) / max(1, len(text.telling))))
    if text.stems == stems:
        score += _EXACT
    elif text.telling == telling:
        score += 0.8 * _EXACT
    elif len(stems) > 1 and _within(stems, text.stems):
        score += _PHRASE
    return score + _SOFT * min(3, len(text.soft.intersection(stems)))


def _akin(word: str, other: str) -> bool:
    """'weak' and 'weakness', 'incontinent' and 'incontinence'."""
    pairs = zip(word, other, strict=False)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    if alike == min(len(word), len(other)):
        return max(word, other, key=len)[alike:] in _TURNS
    return alike >= 6 and max(len(word), len(other)) - alike <= 4


def _within(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    return any(many[at : at + len(few)] == few for at in range(len(many) - len(few) + 1))


def search_of_findings(knowledge: Knowledge) -> Search:
    """The findings by name, synonyms and question."""
    return search_of(knowledge.findings.values())


def search_of(findings: Iterable[Finding]) -> Search:
    """These findings by name, synonyms and question."""
    return Search(map(_texts, sorted(findings, key=_turn)))


def search_of_all(knowledge: Knowledge) -> Search:
    """Every entry that the knowledge browser shows, as 'kind/id'."""
    return Search(
        [
            *((f"findings/{e}", n, m) for e, n, m in map(_texts, knowledge.findings.values())),
            *(
                (f"conditions/{c.id}", (c.name, c.id.replace("-", " ")), (*c.synonyms, c.plain))
                for c in knowledge.conditions.values()
            ),
            *(
                (f"treatments/{t.id}", (t.name, t.id.replace("-", " ")), (*t.words, t.plain))
                for t in knowledge.treatments.values()
            ),
            *(
                (f"alerts/{a.id}", (a.title,), (a.id.replace("-", " "),))
                for a in knowledge.alerts.values()
            ),
            *(
                (f"{kind}/{entry.id}", (entry.name, entry.id.replace("-", " ")), ())
                for kind in _NAMED
                for entry in getattr(knowledge, kind).values()
            ),
            *(
                (
                    f"evidence/{e.id}",
                    (e.id,),
                    tuple(
                        text
                        for text in (
                            e.source.title if e.source else None,
                            " ".join(t for t in (e.condition, e.treatment, e.finding) if t),
                        )
                        if text
                    ),
                )
                for e in knowledge.evidence.values()
            ),
        ]
    )


def _turn(finding: Finding) -> tuple[bool, int]:
    # What costs least to learn comes first among equals, and what concerns only care last.
    return finding.role == "care", BURDENS.index(finding.burden)


def _texts(finding: Finding) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    names = (finding.name, *finding.synonyms, finding.id.replace("-", " "))
    return finding.id, names, (finding.question,)
