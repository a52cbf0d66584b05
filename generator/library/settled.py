"""Which papers need no merging: the same was merged before, and nothing came of it.

Owns the digest of all that the merge of one paper depends on. Keeps nothing itself.
"""

from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from generator.library.identity import Candidate
from generator.library.said import Said


class Settled:
    """Merges that change nothing, by the digest of what went into them.

    `before`: the digests that an earlier pull came to. `shared`: what every merge depends on."""

    def __init__(self, before: Collection[str], *shared: Any) -> None:
        self._before = frozenset(before)
        self._shared = blake2b(repr(shared).encode("utf-8", "backslashreplace"), digest_size=16)
        self.now: set[str] = set()
        """The digests of this pull."""

    def unsettled(
        self,
        candidates: Mapping[str, Candidate],
        pages: Mapping[str, tuple[str, Any]],
        said: Mapping[str, Said],
    ) -> Iterator[tuple[str, Candidate]]:
        """The candidates whose merge may come to something."""
        for slug, candidate in candidates.items():
            text = pages[slug][0] if slug in pages else None
            if text is None or not self.holds(text, said.get(slug, Said()), candidate):
                yield slug, candidate

    def holds(self, text: str, said: Said, candidate: Candidate) -> bool:
        """Whether a page needs no merging."""
        found = self._digest(text, said, candidate) in self._before
        if found:
            self.settle(text, said, candidate)
        return found

    def settle(self, text: str, said: Said, candidate: Candidate) -> None:
        """Merging a paper gave this page and this state, and would give them again."""
        self.now.add(self._digest(text, said, candidate))

    def _digest(self, text: str, said: Said, candidate: Candidate) -> str:
        fields = sorted((source, sorted(told.items())) for source, told in said.fields.items())
        inputs = (text, said.days, said.changes, fields, candidate.slug, candidate.records)
        whole = self._shared.copy()
        whole.update(repr(inputs).encode("utf-8", "backslashreplace"))
        return whole.hexdigest()
