"""How related papers are found, and found again when few papers are others.

There is one way. Papers that are others than the last time are read; then those that hold a stem
which has become rarer or less rare by them; vectors that come out as others are noted; and whoever
has, had or may get one of these as a neighbour looks around again. The first time, all papers are
others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from generator.library.neighbours import (
    NONE,
    Links,
    Neighbours,
    Numbers,
    Vectors,
    joined,
    nearest,
    no_links,
    places_in,
    reached,
    zeros,
)
from generator.library.weighing import (
    Held,
    Scale,
    Vocabulary,
    count_stems,
    printed,
    scale_of,
    weigh,
)
from generator.library.wording import PaperTexts, Reading, Words, texts_of
from generator.model import Paper

_CHUNK = 1_024
"""Papers that are read at once."""
_REASONS = 3
"""Words that are told of those two related papers share, at most."""
_PAIRS = 2_048
"""Pairs that are looked at at once."""
_GONE = NONE - 1
"""In the place of a paper that is no more."""
_FEW = 8
"""If more than one of so many vectors has changed, all look around again."""


class Known(Struct, frozen=True, kw_only=True):
    """What was found out about the papers of a library, which stand in order of id."""

    ids: Sequence[str]
    digests: NDArray[np.uint64]
    """Of each paper's title and abstract."""
    told: NDArray[np.uint64]
    """The beginning of what the caller told of all of each paper (`Relating`); 0: nothing."""
    lines: Sequence[str]
    """The related papers of each, as `related.Relations` reads them."""
    vectors: Vectors
    links: Links
    stems: Sequence[str]
    """By number."""
    spread: Numbers
    """By stem, how many papers hold it."""

    def marks(self) -> NDArray[np.uint64]:
        """Of each paper a number that is another when its related papers, or the title or abstract
        of one of them, are others."""
        others = self.links.others
        digests = np.append(self.digests, np.uint64(0))[others]
        places = np.arange(1, others.shape[1] + 1, dtype=np.uint64)
        marks: NDArray[np.uint64] = (digests * places).sum(axis=1)
        return marks


NOTHING = Known(
    ids=(),
    digests=np.zeros(0, np.uint64),
    told=np.zeros(0, np.uint64),
    lines=(),
    vectors=zeros(0),
    links=no_links(0),
    stems=("",),
    spread=np.zeros(1, np.int64),
)
"""What is known before there are papers."""


class Stems(Protocol):
    """The stems of the papers that are known, by number."""

    def of(self, ids: Sequence[str]) -> NDArray[np.int32]:
        """Those of some papers together."""

    def holders(self, stems: Numbers) -> set[str]:
        """The ids of all papers that hold one of some stems."""


class Texts(Protocol):
    """The titles and abstracts of the papers of a library."""

    @property
    def ids(self) -> Sequence[str]:
        """Of all papers, ascending."""

    def digests(self, rows: Numbers) -> NDArray[np.uint64]:
        """Of the texts of some papers, by their places among `ids`."""

    def read(self, rows: Numbers) -> tuple[Numbers, Iterable[Words]]:
        """The words of some papers, in any order: their places, and the words of some at a time,
        each paper's title before its abstract."""


class Unread:
    """Papers whose texts are read when somebody asks."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = sorted(papers, key=lambda paper: paper.id)
        self.ids = [paper.id for paper in self._papers]

    def digests(self, rows: Numbers) -> NDArray[np.uint64]:
        """See `Texts`."""
        return self._of(rows).digests

    def read(self, rows: Numbers) -> tuple[Numbers, Iterable[Words]]:
        """See `Texts`."""
        chunks = (rows[first : first + _CHUNK] for first in range(0, len(rows), _CHUNK))
        return rows, (self._of(some).read() for some in chunks)

    def _of(self, rows: Numbers) -> PaperTexts:
        return texts_of([self._papers[row] for row in rows.tolist()])


class Read:
    """Papers whose texts somebody has read."""

    def __init__(self, readings: list[Reading]) -> None:
        """The list is emptied when the words are read, which are much."""
        ids = [paper for reading in readings for paper in reading.ids]
        self._order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
        self.ids = [ids[place] for place in self._order.tolist()]
        digests = [reading.digests for reading in readings]
        self._digests = np.concatenate([np.zeros(0, np.uint64), *digests])[self._order]
        self._readings = readings

    def digests(self, rows: Numbers) -> NDArray[np.uint64]:
        """See `Texts`."""
        return self._digests[rows]

    def read(self, rows: Numbers) -> tuple[Numbers, Iterable[Words]]:
        """See `Texts`. Of all papers, as they are asked for where nothing is known."""
        places = np.empty(len(self.ids), np.int64)
        places[self._order] = np.arange(len(self.ids))
        return places, (self._readings.pop(0).words for _ in range(len(self._readings)))


def _told_of(ids: Iterable[str], digests: Mapping[str, str]) -> NDArray[np.uint64]:
    """The first eight bytes of digests in hexadecimal, by id."""
    told = "".join([digests.get(paper, "")[:16].ljust(16, "0") for paper in ids])
    return np.frombuffer(bytes.fromhex(told), np.uint64)


class _Moved(Struct, frozen=True, kw_only=True):
    """Vectors that are others than they were."""

    rows: Numbers
    """Those of papers that are still there."""
    old: Vectors
    new: Vectors
    """What they, and then those of papers that are gone, were and are."""


class Relating:
    """The related papers of a library, found by what is known of another one."""

    def __init__(self, texts: Texts, known: Known, held: Stems, digests: Mapping[str, str]) -> None:
        """`held`: of the papers that are known. `digests`: by id, of all of a paper, as far as the
        caller knows them: a paper of which one is as it was is not looked at."""
        self._texts, self._known, self._held = texts, known, held
        self._ids = texts.ids
        self._told = _told_of(self._ids, digests)
        places = {paper: place for place, paper in enumerate(known.ids)}
        self._places = np.array([places.get(paper, NONE) for paper in self._ids], np.int64)
        self._digests = self._digests_now()
        same = self._places != NONE
        same[same] = self._digests[same] == known.digests[self._places[same]]
        self._changed = np.flatnonzero(~same)
        self._left = _without(len(known.ids), self._places[same])
        self._vocabulary = Vocabulary(known.stems)
        self._parts: list[tuple[Numbers, list[Held]]] = []

    def _digests_now(self) -> NDArray[np.uint64]:
        """Of each paper's title and abstract; what is told of a paper tells whether it is known."""
        was = np.append(self._known.told, np.uint64(0))[self._places]
        digests = np.append(self._known.digests, np.uint64(0))[self._places]
        looked_at = np.flatnonzero((self._told != was) | (self._told == 0))
        digests[looked_at] = self._texts.digests(looked_at)
        return digests

    @property
    def is_known(self) -> bool:
        """Whether all is as it is known."""
        return not len(self._changed) and not len(self._left)

    @property
    def left(self) -> list[str]:
        """The ids of papers that are known and are no more, or no more the same."""
        return [self._known.ids[place] for place in self._left]

    def stems(self) -> Iterator[tuple[str, NDArray[np.int32]]]:
        """By id, the stems of the papers that were not known. To be called after `find`."""
        rows, parts = self._parts[0]
        held = [part.stems[start:end] for part in parts for start, end in pairwise(part.ends)]
        return zip([self._ids[row] for row in rows], held, strict=True)

    def find(self) -> Known:
        """What is to be known of the library."""
        if self.is_known:
            return self._known
        changed, parts = self._read(self._changed)
        order = self._vocabulary.order_of_stems()
        spread = self._spread(parts, len(order))
        scale = scale_of(spread, len(self._ids), order)
        others = self._others(scale)
        others, its_parts = self._read(others)
        weighed = weigh([*parts, *its_parts], scale)
        vectors, moved = self._vectors(np.concatenate([changed, others]), weighed)
        links = self._links()
        rows = self._looking(vectors, moved, links, len(order))
        del weighed, moved  # as large as all that is known
        found = nearest(vectors, rows, len(order))
        links.put(rows, found)
        return Known(
            ids=self._ids,
            digests=self._digests,
            told=self._told,
            lines=self._lines(vectors, rows, found, order),
            vectors=vectors,
            links=links,
            stems=self._vocabulary.stems,
            spread=spread,
        )

    def _read(self, rows: Numbers) -> tuple[Numbers, list[Held]]:
        """The stems of some papers, and in which order."""
        parts = list[Held]()
        if len(rows):
            rows, words = self._texts.read(rows)
            parts = count_stems(words, self._vocabulary)
        self._parts.append((rows, parts))
        return rows, parts

    def _spread(self, parts: Iterable[Held], stems: int) -> Numbers:
        """By stem, how many papers hold it now."""
        spread = _filled_up(self._known.spread, stems)
        spread -= np.bincount(self._held.of(self.left), minlength=stems)
        for held in parts:
            spread += np.bincount(held.stems, minlength=stems)
        return spread

    def _others(self, scale: Scale) -> Numbers:
        """The papers that are known and hold a stem that weighs more or less than it did."""
        before = _filled_up(self._known.spread, len(scale.order))
        was = scale_of(before, len(self._known.ids), scale.order)
        other = was.rarity != scale.rarity
        other |= (scale.rarity > 0) & (was.spread != scale.spread)
        stems = np.flatnonzero(other[: len(self._known.stems)])
        ids = self._held.holders(stems) if len(stems) else ()
        rows = [row for row, paper in enumerate(self._ids) if paper in ids] if ids else []
        holds = np.zeros(len(self._ids), np.bool_)
        holds[rows] = True
        holds[self._changed] = False
        return np.flatnonzero(holds)

    def _vectors(self, rows: Numbers, weighed: Vectors) -> tuple[Vectors, _Moved]:
        """All vectors, some of them weighed anew, and which are others than they were."""
        known = self._known.vectors
        vectors = joined([known, zeros(1)]).take(self._places)
        old = vectors.take(rows)
        moved = np.flatnonzero(old.differ(weighed))
        gone = _without(len(known), self._places[self._places != NONE])
        vectors.put(rows, weighed)
        return vectors, _Moved(
            rows=rows[moved],
            old=joined([old.take(moved), known.take(gone)]),
            new=joined([weighed.take(moved), zeros(len(gone))]),
        )

    def _links(self) -> Links:
        """Who was whose neighbour, by the papers that are there now."""
        known, links = self._known.links, no_links(len(self._ids))
        now = np.full(len(self._known.ids) + 1, _GONE, np.int32)
        now[self._places] = np.arange(len(self._ids))
        now[NONE] = NONE
        stays = self._places != NONE
        places = self._places[stays]
        links.others[stays] = now[known.others[places]]
        links.edges[stays] = known.edges[places]
        links.least[stays] = known.least[places]
        return links

    def _looking(self, vectors: Vectors, moved: _Moved, links: Links, terms: int) -> Numbers:
        """The papers whose neighbours, or the words they share with them, may be others."""
        if len(moved.rows) * _FEW > len(self._ids):
            return np.arange(len(self._ids))
        touched = np.zeros(len(self._ids) - _GONE, np.bool_)
        touched[moved.rows] = touched[self._changed] = True
        looking = touched[: len(self._ids)] | touched[links.others].any(axis=1)
        looking[reached(vectors, moved.old, moved.new, links, terms)] = True
        return np.flatnonzero(looking)

    def _lines(
        self, vectors: Vectors, rows: Numbers, found: Neighbours, order: Numbers
    ) -> Sequence[str]:
        """The related papers of each, as text; those of `rows` are found anew."""
        old = ["", *self._known.lines]
        lines = [old[place + 1] for place in self._places.tolist()]
        printed = self._printed(vectors, np.concatenate([rows, found.others]))
        words = _shared(vectors, printed, rows[found.rows], found.others, order, self._vocabulary)
        told = [
            f"{self._ids[other]} {w}" for other, w in zip(found.others.tolist(), words, strict=True)
        ]
        ends = np.searchsorted(found.rows, np.arange(len(rows) + 1)).tolist()
        for row, (start, end) in zip(rows.tolist(), pairwise(ends), strict=True):
            lines[row] = "\t".join(told[start:end])
        return lines

    def _printed(self, vectors: Vectors, wanted: Numbers) -> NDArray[np.int32]:
        """Of each term of the wanted vectors the word, by number, that the paper prints."""
        unread = np.zeros(len(self._ids), np.bool_)
        unread[wanted] = True
        for rows, _ in self._parts:
            unread[rows] = False
        self._read(np.flatnonzero(unread))
        words = np.zeros(vectors.terms.shape, np.int32)
        for rows, parts in self._parts:
            starts = np.cumsum([0, *map(len, parts)])
            for held, (start, end) in zip(parts, pairwise(starts), strict=True):
                words[rows[start:end]] = printed(held, vectors.take(rows[start:end]))
        return words


def _without(count: int, numbers: Numbers) -> Numbers:
    """The numbers up to a count but for some."""
    kept = np.ones(count, np.bool_)
    kept[numbers] = False
    return np.flatnonzero(kept)


def _filled_up(numbers: Numbers, size: int) -> Numbers:
    """A copy with zeros behind."""
    return np.concatenate([numbers, np.zeros(size - len(numbers), np.int64)])


def _shared(
    vectors: Vectors,
    printed: NDArray[np.int32],
    ones: Numbers,
    others: Numbers,
    order: Numbers,
    vocabulary: Vocabulary,
) -> Iterator[str]:
    """Of each pair of vectors the words of those terms that weigh most in both; of the two words
    that the papers print for a term, the first."""
    words, order_of_words = vocabulary.words, vocabulary.order_of_words()
    for first in range(0, len(ones), _PAIRS):
        one, other = ones[first : first + _PAIRS], others[first : first + _PAIRS]
        terms, its_terms = vectors.terms[one], vectors.terms[other]
        terms[terms == 0] = NONE  # which fill up, and are the same in both
        same = np.flatnonzero(terms[:, :, None] == its_terms[:, None, :])
        pairs, both = np.divmod(same, terms.shape[1] ** 2)
        places, its_places = np.divmod(both, terms.shape[1])
        here, there = (one[pairs], places), (other[pairs], its_places)
        products = vectors.weights[here] * vectors.weights[there]
        best = np.lexsort((order[vectors.terms[here]], -products, pairs))
        best = best[places_in(pairs) < _REASONS]
        told, its_told = printed[here][best], printed[there][best]
        chosen = np.where(order_of_words[told] <= order_of_words[its_told], told, its_told).tolist()
        ends = np.searchsorted(pairs[best], np.arange(len(one) + 1)).tolist()
        for start, end in pairwise(ends):
            yield " ".join([words[word] for word in chosen[start:end]])
