"""Which sparse vectors are near each other.

Vectors are told in whole numbers, nearness is their dot product, and what is equally near goes by
its number: no sum depends on its order. This module knows neither papers nor words.

Neighbours are found in two steps, so that the work grows with the number of vectors and not with
its square. First a vector looks around: through those of its terms that promise most, at those
that can be found by them, counting nothing else. Then the COMPARED nearest of what it has seen are
compared by all terms.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

UNIT = 1_024
"""The length of a vector."""
STRONGEST = 20
"""Terms of a vector, at most."""
NEAREST = 5
"""Neighbours of a vector, at most."""
NEAR = UNIT * UNIT * 12 // 100
"""The least dot product of neighbours, at the first look too: a cosine of 0.12."""
SHARED = 2
"""Terms that two neighbours share, at least."""
NONE = -1
"""In the place of a neighbour's number: there is none."""
COMPARED = 64
"""How many are compared by all their terms."""
_BATCH = 64
"""Vectors that look around at once."""
_PRODUCT, _NUMBER = 22, 31
"""Bits of a dot product and of a vector's number; ten are left for the rows of a batch."""

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Vectors(Struct, frozen=True, kw_only=True):
    """Sparse vectors of length UNIT, a row each. Rows are filled up with the term 0, which weighs
    nothing."""

    terms: NDArray[np.int32]
    """Those first through which a vector looks."""
    weights: NDArray[np.int32]
    """Of each of `terms`."""
    looks: Flags
    """Of each of `terms`, whether the vector looks through it."""
    shown: Flags
    """Of each of `terms`, whether the vector is found by it."""

    def __len__(self) -> int:
        return len(self.terms)

    def take(self, rows: Numbers | slice) -> "Vectors":
        """Some of them."""
        return Vectors(
            terms=self.terms[rows],
            weights=self.weights[rows],
            looks=self.looks[rows],
            shown=self.shown[rows],
        )

    def put(self, rows: Numbers, vectors: "Vectors") -> None:
        """Replace some of them."""
        for mine, theirs in zip(self._arrays(), vectors._arrays(), strict=True):
            mine[rows] = theirs

    def differ(self, vectors: "Vectors") -> Flags:
        """Which of them are others than those."""
        pairs = zip(self._arrays(), vectors._arrays(), strict=True)
        same: Flags = np.all([(mine == theirs).all(axis=1) for mine, theirs in pairs], axis=0)
        return ~same

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return self.terms, self.weights, self.looks, self.shown


class Neighbours(Struct, frozen=True, kw_only=True):
    """The neighbours of some vectors."""

    rows: Numbers
    """Of each neighbour, in the order of nearness: which of the vectors it is one of, ascending."""
    others: Numbers
    """Of each, its number."""
    edges: Numbers
    """Of each vector, how near at the first look the last is of those that are compared; zero where
    all that are seen are compared."""
    least: Numbers
    """Of each vector, the dot product with the last of NEAREST neighbours; zero where there are
    fewer."""


class Links(Struct, frozen=True, kw_only=True):
    """Who is whose neighbour, of each vector."""

    others: NDArray[np.int32]
    """The numbers of its NEAREST; NONE where there are fewer."""
    edges: NDArray[np.int32]
    least: NDArray[np.int32]
    """As `Neighbours` has them."""

    def put(self, rows: Numbers, found: Neighbours) -> None:
        """Replace those of some vectors."""
        self.others[rows] = NONE
        self.others[rows[found.rows], places_in(found.rows)] = found.others
        self.edges[rows], self.least[rows] = found.edges, found.least


def no_links(count: int) -> Links:
    """Of vectors without neighbours."""
    return Links(
        others=np.full((count, NEAREST), NONE, np.int32),
        edges=np.zeros(count, np.int32),
        least=np.zeros(count, np.int32),
    )


def zeros(count: int) -> Vectors:
    """Vectors without terms."""
    return Vectors(
        terms=np.zeros((count, STRONGEST), np.int32),
        weights=np.zeros((count, STRONGEST), np.int32),
        looks=np.zeros((count, STRONGEST), np.bool_),
        shown=np.zeros((count, STRONGEST), np.bool_),
    )


def joined(parts: Sequence[Vectors]) -> Vectors:
    """Vectors, some after the others."""
    return Vectors(
        terms=np.concatenate([part.terms for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        looks=np.concatenate([part.looks for part in parts]),
        shown=np.concatenate([part.shown for part in parts]),
    )


class Index:
    """Vectors by their terms."""

    def __init__(self, vectors: Vectors, found_by: Flags, terms: int) -> None:
        """`found_by`: of each of the vectors' terms, whether it is found by it. `terms`: how many
        terms there are."""
        found = vectors.terms[found_by]
        order = np.argsort(found, kind="stable")
        self._rows = np.nonzero(found_by)[0][order]
        self._weights = vectors.weights[found_by][order].astype(np.int64)
        self._ends = np.concatenate(([0], np.cumsum(np.bincount(found, minlength=terms))))
        self._sums = np.zeros(len(vectors), np.int64)

    def products(
        self, vectors: Vectors, through: Flags, least: int = 0
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Whom vectors see through some of their terms: the row of the vector, ascending; the
        number of whom it sees, once for each term; and the dot product as far as both hold those
        terms, if it is `least` at least."""
        terms = vectors.terms[through]
        starts, sizes = self._ends[terms], self._ends[terms + 1] - self._ends[terms]
        places = _ranges(starts, sizes)
        others, weighed = self._rows.take(places), self._weights.take(places)
        weighed *= np.repeat(vectors.weights[through].astype(np.int64), sizes)
        before = np.concatenate(([0], np.cumsum(sizes)))
        ends = before[np.concatenate(([0], np.cumsum(np.count_nonzero(through, axis=1))))]
        products, sums = np.empty(len(others), np.int64), self._sums
        for start, end in pairwise(ends.tolist()):
            seen = others[start:end]
            np.add.at(sums, seen, weighed[start:end])
            sums.take(seen, out=products[start:end], mode="clip")
            sums[seen] = 0
        near = np.flatnonzero(products >= least)
        rows = np.searchsorted(ends, near, "right") - 1
        return rows, others[near], products[near]


def _ranges(starts: Numbers, sizes: Numbers) -> Numbers:
    """The numbers from each start on, as many as its size, one after the other."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))


def _ends(rows: Numbers, count: int) -> list[int]:
    """Where in sorted rows each of so many ends, a zero first."""
    ends: list[int] = np.searchsorted(rows, np.arange(count + 1)).tolist()
    return ends


def places_in(groups: Numbers) -> Numbers:
    """The place of each in its group; groups are told by ascending numbers."""
    places = np.arange(len(groups))
    starts = places.copy()
    starts[1:][groups[1:] == groups[:-1]] = 0
    return places - np.maximum.accumulate(starts)


def nearest(vectors: Vectors, chosen: Numbers, terms: int) -> Neighbours:
    """The neighbours of the chosen vectors among all. `terms`: how many terms there are."""
    looking = vectors.take(chosen)
    looked, room = np.zeros(terms, np.bool_), np.zeros(terms, np.int32)
    looked[looking.terms[looking.looks]] = True
    index = Index(vectors, vectors.shown & looked[vectors.terms], terms)
    starts = range(0, max(1, len(chosen)), _BATCH)
    parts = [_nearest(vectors, chosen[first : first + _BATCH], index, room) for first in starts]
    return Neighbours(
        rows=np.concatenate([part.rows + first for first, part in zip(starts, parts, strict=True)]),
        others=np.concatenate([part.others for part in parts]),
        edges=np.concatenate([part.edges for part in parts]),
        least=np.concatenate([part.least for part in parts]),
    )


def _nearest(
    vectors: Vectors, chosen: Numbers, index: Index, room: NDArray[np.int32]
) -> Neighbours:
    looking = vectors.take(chosen)
    rows, others, products = index.products(looking, looking.looks, NEAR)
    seen = others != chosen[rows]
    rows, others, products = _best(rows[seen], others[seen], products[seen], COMPARED)
    edges = _last(rows, products, COMPARED, len(chosen))
    products, near = _compare(looking, rows, vectors, others, room)
    rows, others, products = _best(rows[near], others[near], products[near], NEAREST)
    return Neighbours(
        rows=rows, others=others, edges=edges, least=_last(rows, products, NEAREST, len(chosen))
    )


def _best(
    rows: Numbers, others: Numbers, products: Numbers, most: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Of each row the others with the largest products, the largest first, else by number; each
    once. Row, product and other are one number, so that they sort in one go."""
    below = (1 << _PRODUCT) - 1 - products
    keys = np.sort((((rows << _PRODUCT) | below) << _NUMBER) | others)
    keys = keys[np.diff(keys, prepend=-1) != 0]
    rows = keys >> (_PRODUCT + _NUMBER)
    first = places_in(rows) < most
    rows, keys = rows[first], keys[first]
    products = (1 << _PRODUCT) - 1 - ((keys >> _NUMBER) & ((1 << _PRODUCT) - 1))
    return rows, keys & ((1 << _NUMBER) - 1), products


def _last(rows: Numbers, products: Numbers, most: int, count: int) -> Numbers:
    """Of each of so many rows its last product; zero where it has fewer than `most`."""
    last = places_in(rows) == most - 1
    found = np.zeros(count, np.int64)
    found[rows[last]] = products[last]
    return found


def _compare(
    looking: Vectors, rows: Numbers, vectors: Vectors, others: Numbers, room: NDArray[np.int32]
) -> tuple[Numbers, Flags]:
    """The dot products of those that look, told by rows in order, with one other of all vectors
    each, and whether they share enough terms. `room`: a zero for each term, before and after."""
    terms = vectors.terms.take(others, axis=0)
    mine = np.empty(terms.shape, np.int32)
    for row, (start, end) in enumerate(pairwise(_ends(rows, len(looking)))):
        room[looking.terms[row]] = looking.weights[row]
        room.take(terms[start:end], out=mine[start:end], mode="clip")
        room[looking.terms[row]] = 0
    products = np.einsum("ij,ij->i", mine, vectors.weights.take(others, axis=0))
    return products.astype(np.int64), np.count_nonzero(mine, axis=1) >= SHARED


def reached(vectors: Vectors, old: Vectors, new: Vectors, links: Links, terms: int) -> Numbers:
    """Which vectors may have other neighbours when some are no longer `old` but `new`, besides
    these themselves and whoever has one of them as a neighbour; some of them more than once.

    `vectors`: all, as they are now. `links`: as they were. A vector that is new had no terms
    before, one that is gone has none now."""
    looked, room = np.zeros(terms, np.bool_), np.zeros(terms, np.int32)
    for some in (old, new):
        looked[some.terms[some.shown]] = True
    index = Index(vectors, vectors.looks & looked[vectors.terms], terms)
    found = [np.zeros(0, np.int64)]
    for first in range(0, len(new), _BATCH):
        was, now = (some.take(slice(first, first + _BATCH)) for some in (old, new))
        rows, others, before, after = _pairs(*(index.products(v, v.shown) for v in (was, now)))
        edges, least = links.edges[others], links.least[others]
        bar = np.maximum(NEAR, edges)
        at_edge = (before != after) & (edges > 0) & ((before == edges) | (after == edges))
        products, _ = _compare(now, rows, vectors, others, room)
        enters = ((before >= bar) != (after >= bar)) | ((after >= bar) & (products >= least))
        found.append(others[enters | at_edge])
    return np.concatenate(found)


def _pairs(
    one: tuple[Numbers, Numbers, Numbers], other: tuple[Numbers, Numbers, Numbers]
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Rows, others and products that two calls of `Index.products` gave, side by side; each pair
    once."""
    keys = [(rows << _NUMBER) | others for rows, others, _ in (one, other)]
    pairs = np.sort(np.concatenate(keys))
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # `np.unique` brings in all of numpy.ma
    sides = np.zeros((2, len(pairs)), np.int64)
    for side, places, (_, _, products) in zip(sides, keys, (one, other), strict=True):
        side[np.searchsorted(pairs, places)] = products
    return pairs >> _NUMBER, pairs & ((1 << _NUMBER) - 1), sides[0], sides[1]
