"""Finding findings, and other entries, by plain or clinical words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils

from crural.knowledge import Finding, Knowledge

MOST_FOUND = 12
LONGEST_QUERY = 100
LIKE_ENOUGH = 72


@dataclass(frozen=True)
class _Text:
    entry: str
    words: str
    # The name counts more than a synonym, and that more than the question.
    rank: int


class Search:
    """Entries by their names, synonyms and questions."""

    def __init__(self, entries: Iterable[tuple[str, Iterable[str], Iterable[str]]]) -> None:
        self._texts = [
            _Text(entry, utils.default_process(text), rank)
            for entry, names, more in entries
            for rank, texts in ((0, names), (1, more))
            for text in texts
            if text
        ]
        self._all: dict[str, str] = {}
        for text in self._texts:
            self._all[text.entry] = f"{self._all.get(text.entry, '')} {text.words}"

    def find(self, query: str, most: int = MOST_FOUND) -> tuple[str, ...]:
        """Ids of the entries that hold every word of the query, the closest first; where there are
        none, of those that resemble it, for words that are misspelt."""
        wanted = utils.default_process(query[:LONGEST_QUERY])
        if not wanted:
            return ()
        words = wanted.split()
        scored: dict[str, tuple[int, int]] = {}
        for text in self._texts:
            if all(word in text.words for word in words):
                exact = 0 if text.words == wanted else 1 if text.words.startswith(wanted) else 2
                score = (exact + 2 * text.rank, len(text.words))
                scored[text.entry] = min(scored.get(text.entry, score), score)
        spread = {
            entry: (9, len(texts))
            for entry, texts in self._all.items()
            if entry not in scored and all(word in texts for word in words)
        }
        found = [
            *sorted(scored, key=lambda e: scored[e]),
            *sorted(spread, key=lambda e: spread[e]),
        ]
        if not found and len(wanted) > 2:
            near = process.extract(
                wanted,
                [text.words for text in self._texts],
                scorer=fuzz.WRatio,
                score_cutoff=LIKE_ENOUGH,
                limit=3 * most,
            )
            found += [self._texts[at].entry for _, _, at in near]
        return tuple(dict.fromkeys(found))[:most]


def search_of_findings(knowledge: Knowledge) -> Search:
    """The findings by name, synonyms and question."""
    return Search(_texts(finding) for finding in knowledge.findings.values())


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
                (
                    f"evidence/{e.id}",
                    (e.id,),
                    tuple(
                        text
                        for text in (
                            e.id.replace("-", " "),
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


def _texts(finding: Finding) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    names = (finding.name, *finding.synonyms, finding.id.replace("-", " "))
    return finding.id, names, (finding.question,)
