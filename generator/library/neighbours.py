"""Which sparse vectors are near each other.

Vectors are told in whole numbers, nearness is their dot product, and what is equally near goes by
its number. So no sum depends on its order, and `library/matrices.py`, which does the same through
scipy, gives the same neighbours to the last one. This module knows neither papers nor words.

Neighbours are found in two steps, so that the work grows with the number of vectors and not with
its square. First a vector looks around: through those of its terms that promise most, at those
that can be found by them, counting nothing else. Then the COMPARED nearest of what it has seen are
compared by all terms.
"""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

UNIT = 1_024
"""The length of a vector."""
NEAREST = 5
"""Neighbours of a vector, at most."""
NEAR = UNIT * UNIT * 12 // 100
"""The least dot product of neighbours, at the first look too: a cosine of 0.12."""
SHARED = 2
"""Terms that two neighbours share, at least."""
COMPARED = 64
"""How many are compared by all their terms."""
_SEEN = 8_192
"""The most vectors that one vector looks at, as the spread of its terms has it."""
_SHOWN, _RARE = 8, 256
"""A vector is found by so many of its heaviest terms, and by all that are spread no wider."""

Holders = Mapping[int, tuple["array[int]", "array[int]"]]
"""By term, the vectors that are found by it, and their weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Sparse vectors of length UNIT, one after the other in flat arrays."""

    terms: "array[int]" = field(default_factory=lambda: array("I"))
    """The terms of each vector, those first through which it looks."""
    weights: "array[int]" = field(default_factory=lambda: array("H"))
    """Of each of `terms`, never zero."""
    shown: "array[int]" = field(default_factory=lambda: array("B"))
    """Of each of `terms`, whether the vector is found by it."""
    looks: "array[int]" = field(default_factory=lambda: array("B"))
    """By vector, through how many terms it looks."""
    ends: "array[int]" = field(default_factory=lambda: array("I", [0]))
    """The vector `number` stands from `ends[number]` to `ends[number + 1]`."""

    def __len__(self) -> int:
        return len(self.looks)

    def part(self, number: int) -> slice:
        """Where a vector stands in `terms`, `weights` and `shown`."""
        return slice(self.ends[number], self.ends[number + 1])

    def add(self, weights: Mapping[int, int], spread: Sequence[int]) -> None:
        """One more vector, by term. `spread` tells of every term how many vectors may hold it.

        A term promises weight² / spread: what an equal weight would add, by what it costs to
        look. A vector looks through the most promising as long as they bring no more than _SEEN;
        where terms are common, that may be none."""
        order = sorted(weights, key=lambda term: (spread[term] / weights[term] ** 2, term))
        heaviest = set(sorted(weights, key=lambda term: (-weights[term], term))[:_SHOWN])
        self.terms.extend(order)
        self.weights.extend([weights[term] for term in order])
        self.shown.extend([term in heaviest or spread[term] <= _RARE for term in order])
        self.looks.append(bisect_right([*accumulate(spread[term] for term in order)], _SEEN))
        self.ends.append(len(self.terms))


def nearest(vectors: Vectors) -> Iterator[list[int]]:
    """Of each vector in turn the numbers of its neighbours, the nearest first."""
    everyone = [
        dict(zip(vectors.terms[part], vectors.weights[part], strict=True))
        for part in map(vectors.part, range(len(vectors)))
    ]
    holders = _holders(vectors)
    nearness = [0] * len(vectors)
    for number, own in enumerate(everyone):
        through = islice(own.items(), vectors.looks[number])
        views = [(weight, *holders[term]) for term, weight in through if term in holders]
        seen = [other for other in _look(views, nearness) if other != number]
        yield _compare(own, everyone, seen[:COMPARED])


def _holders(vectors: Vectors) -> Holders:
    holders: Holders = defaultdict(lambda: (array("I"), array("H")))
    for number in range(len(vectors)):
        part = vectors.part(number)
        shown = zip(vectors.terms[part], vectors.weights[part], vectors.shown[part], strict=True)
        for term, weight, is_shown in shown:
            if is_shown:
                numbers, weights = holders[term]
                numbers.append(number)
                weights.append(weight)
    return holders


def _look(
    views: Sequence[tuple[int, Sequence[int], Sequence[int]]], nearness: list[int]
) -> list[int]:
    """Who is NEAR by some terms alone, the nearest first. Of each term: the weight it has here, who
    is found by it, their weights. `nearness` is room to count in: zeros, before and after."""
    seen = set()
    for weight, numbers, weights in views:
        for other, its_weight in zip(numbers, weights, strict=True):
            nearness[other] = product = nearness[other] + weight * its_weight
            if product >= NEAR:
                seen.add(other)
    ranked = sorted(sorted(seen), key=nearness.__getitem__, reverse=True)
    for _, numbers, _ in views:
        for other in numbers:
            nearness[other] = 0
    return ranked


def _compare(
    own: Mapping[int, int], everyone: Sequence[Mapping[int, int]], seen: Iterable[int]
) -> list[int]:
    """The nearest of those seen, by all their terms."""
    found = []
    for other in seen:
        vector = everyone[other]
        shared = own.keys() & vector.keys()
        if len(shared) >= SHARED:
            found.append((-sum([own[term] * vector[term] for term in shared]), other))
    found.sort()
    return [other for _, other in found[:NEAREST]]
