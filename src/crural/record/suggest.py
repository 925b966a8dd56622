"""The nearest words the user may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils

from crural.record.vocabulary import Vocabulary

# Below this likeness (0 to 100) a suggestion reads as noise rather than as help.
_LIKE_ENOUGH = 60
# A suggestion this much worse than the best one is noise beside it.
_WORSE_THAN_BEST = 15
# Comparing is quadratic in the length; nobody mistypes a word of this size.
_LONGEST = 100


def suggest(vocabulary: Vocabulary, word: str, n: int = 3) -> list[str]:
    """At most `n` ids of findings whose id, name or synonym is nearest to `word`, best first."""
    texts: list[str] = []
    owners: list[str] = []
    for finding_id in vocabulary.finding_ids:
        finding = vocabulary.finding(finding_id)
        synonyms = () if finding is None else (finding.name, *finding.synonyms)
        for text in (finding_id.replace("-", " "), *synonyms):
            texts.append(text)
            owners.append(finding_id)
    # Several texts belong to one finding, so more are drawn than are wanted.
    found = process.extract(
        word[:_LONGEST].replace("-", " "),
        texts,
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=_LIKE_ENOUGH,
        limit=4 * n,
    )
    near = (
        owners[position]
        for _, likeness, position in found
        if likeness >= found[0][1] - _WORSE_THAN_BEST
    )
    return list(dict.fromkeys(near))[:n]


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` is most likely a slip for, or None."""
    found = process.extractOne(
        word[:_LONGEST],
        list(choices),
        scorer=fuzz.ratio,
        processor=utils.default_process,
        score_cutoff=_LIKE_ENOUGH,
    )
    return None if found is None else str(found[0])
