"""The vocabulary as the record room asks for it: finding ids, entries, and names of illnesses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from crural.knowledge.model import Finding
from crural.knowledge.search import Search, search_of

# 'known hypertension' and 'hypertension-known' are written 'hypertension' in a list of illnesses.
_AS_KNOWN = re.compile(r"^(?:known|previous) | known$")
# Words that take the meaning away: the patient does not have it, or it is the harmless form
# (basal-cell skin cancer is no cancer history).
_NOT_IT = frozenset({"no", "not", "never", "without", "excluded", "family", "familial", "basal"})


class FindingVocabulary:
    """All findings that a record may speak of."""

    def __init__(self, findings: Mapping[str, Finding]) -> None:
        self._findings = findings
        named = [
            (_plain(word), finding.id)
            for finding in findings.values()
            if finding.role == "risk" or (finding.role == "care" and finding.kind == "history")
            for word in (finding.id, finding.name, *finding.synonyms)
        ]
        # A word that an entry spells out outranks one that is left after cutting another's.
        self._illnesses = {_bare(word): finding for word, finding in named} | dict(named)

    @cached_property
    def _search(self) -> Search:
        return search_of(self._findings.values())

    @property
    def finding_ids(self) -> Iterable[str]:
        """Every id."""
        return self._findings.keys()

    def finding(self, finding_id: str, /) -> Finding | None:
        """The entry with this id."""
        return self._findings.get(finding_id)

    def resembling(self, words: str, /) -> tuple[str, ...]:
        """The ids of the findings that hold these words, or words akin to them, best first."""
        return self._search.find(words)

    def illness(self, name: str, /) -> str | None:
        """The finding that a named illness stands for ('type 2 diabetes': diabetes-known).

        The whole name first; then the longest known name that occurs in it as whole words, unless
        the words around it take its meaning away ('no diabetes').
        """
        wanted = _plain(name)
        if wanted in self._illnesses:
            return self._illnesses[wanted]
        if not _NOT_IT.isdisjoint(wanted.split()):
            return None
        inside = [
            word for word in self._illnesses if len(word) > 3 and f" {word} " in f" {wanted} "
        ]
        return self._illnesses[max(inside, key=len)] if inside else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.casefold()).strip()


def _bare(word: str) -> str:
    return _AS_KNOWN.sub("", word)
