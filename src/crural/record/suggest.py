"""The nearest words the user may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils

from crural.record.vocabulary import Vocabulary

# Likeness runs from 0 to 100. From the first on a word is taken for a slip of the pen; below the
# second a suggestion reads as noise rather than as help.
_SLIP_OF_THE_PEN = 93
_LIKE_ENOUGH = 75
# A key or a choice is short and stands among few, so a fainter likeness still helps.
_CHOICE_LIKE_ENOUGH = 60
# A suggestion this much worse than the best one is noise beside it.
_WORSE_THAN_BEST = 15
# Comparing is quadratic in the length; nobody mistypes a word of this size.
_LONGEST = 100


def suggest(vocabulary: Vocabulary, word: str, n: int = 3) -> list[str]:
    """At most `n` ids of findings that `word` may be meant for, best first.

    What is spelt nearly alike comes before what has the same words: 'crp-raised' is spelt like
    'raised ICP', but whoever writes it means CRP.
    """
    words = word[:_LONGEST].replace("-", " ").replace("_", " ")
    alike = _spelt_alike(vocabulary, words, 4 * n)
    if alike and alike[0][1] >= _SLIP_OF_THE_PEN:
        found: Iterable[str] = _near_the_best(alike)
    else:
        found = vocabulary.resembling(words) or _near_the_best(alike)
    return list(dict.fromkeys(found))[:n]


def _spelt_alike(vocabulary: Vocabulary, words: str, most: int) -> list[tuple[str, float]]:
    """Findings whose id, name or synonym is spelt like `words`, each with its likeness."""
    texts: list[str] = []
    owners: list[str] = []
    for finding_id in vocabulary.finding_ids:
        finding = vocabulary.finding(finding_id)
        synonyms = () if finding is None else (finding.name, *finding.synonyms)
        for text in (finding_id.replace("-", " "), *synonyms):
            texts.append(text)
            owners.append(finding_id)
    found = process.extract(
        words,
        texts,
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=_LIKE_ENOUGH,
        limit=most,
    )
    return [(owners[position], likeness) for _, likeness, position in found]


def _near_the_best(alike: list[tuple[str, float]]) -> list[str]:
    return [one for one, likeness in alike if likeness >= alike[0][1] - _WORSE_THAN_BEST]


def nearest(
    word: str, choices: Iterable[str], like_enough: int = _CHOICE_LIKE_ENOUGH
) -> str | None:
    """The choice that `word` is most likely a slip for, or None."""
    found = process.extractOne(
        word[:_LONGEST],
        list(choices),
        scorer=fuzz.ratio,
        processor=utils.default_process,
        score_cutoff=like_enough,
    )
    return None if found is None else str(found[0])
