"""What the words of papers weigh: papers as vectors of their strongest stems.

Words are weighed by tf-idf with a logarithmic term frequency (Salton and Buckley 1988, doi
10.1016/0306-4573(88)90021-0): (1 + log2 count) × log2(papers / those that hold the word). Derived
things must not ripple: the counts of the whole library enter rounded to powers of two, so that one
more paper changes the vectors of few others. All weights are whole numbers, and what is equal goes
by spelling.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from generator.library.neighbours import (
    STRONGEST,
    UNIT,
    Flags,
    Numbers,
    Vectors,
    joined,
    places_in,
    zeros,
)
from generator.library.wording import Words, telling_stem
from generator.text.words import Numbered

TITLE = 3
"""A word of the title counts as often as so many of the abstract."""
_TELLING, _FEW = 3, 3
"""The least logarithm of how rare a word is: one in more than an eighth to a quarter of all papers
(counts are rounded) tells nothing. A word in a few papers always tells."""
_MOST = 255
_FREQUENCY = np.array([0, *(round(8 * (1 + math.log2(count))) for count in range(1, _MOST + 1))])
"""The term frequency by count, in eighths; the last also for all higher counts."""
_SEEN = 8_192
"""The most vectors that one vector looks at, as the spread of its terms has it."""
_SHOWN, _RARE = 8, 256
"""A vector is found by so many of its heaviest terms, and by all that are spread no wider."""
_NUMBER, _WEIGHT = 31, 16
"""Bits of the number of a word or stem, and of a weight before it is scaled."""
_LOW = (1 << _NUMBER) - 1

_Short = NDArray[np.uint32]


class Vocabulary:
    """Words and stems by number, in the order they come. The stem 0 is that of words that tell
    nothing."""

    def __init__(self, stems: Iterable[str] = ("",)) -> None:
        self._words, self._stems = Numbered(), Numbered(zip(stems, count()))
        self._stem_of: list[int] = []
        self._order_of_words = np.zeros(0, np.int64)

    @property
    def stems(self) -> list[str]:
        """By number."""
        return list(self._stems)

    @property
    def words(self) -> list[str]:
        """By number."""
        return list(self._words)

    def number(self, words: Iterable[str]) -> Iterator[int]:
        """The number of each word."""
        return map(self._words.__getitem__, words)

    def stems_of_words(self) -> Numbers:
        """By the number of a word, that of its stem."""
        new = [telling_stem(word) for word in islice(self._words, len(self._stem_of), None)]
        for stem in sorted(set(new)):
            self._stems[stem]  # numbers it; in order, they are soon sorted
        self._stem_of += map(self._stems.__getitem__, new)
        return np.array(self._stem_of, np.int64)

    def order_of_words(self) -> Numbers:
        """By number, the place of each word among all, the shorter first, then by spelling."""
        if len(self._order_of_words) != len(self._words):
            self._order_of_words = _order(self._words, lambda word: (len(word), word))
        return self._order_of_words

    def order_of_stems(self) -> Numbers:
        """By number, the place of each stem among all, by spelling."""
        return _order(self._stems)


def _order(numbers: Mapping[str, int], key: Callable[[str], Any] | None = None) -> Numbers:
    places = np.empty(len(numbers), np.int64)
    places[[numbers[string] for string in sorted(numbers, key=key)]] = np.arange(len(numbers))
    return places


class Held(Struct, frozen=True, kw_only=True):
    """The stems of some papers, one paper after the other."""

    ends: Numbers
    """Where papers end, a zero first."""
    stems: NDArray[np.int32]
    """By number, those of a paper ascending."""
    counts: NDArray[np.uint8]
    """How often each counts in its paper; the largest also for all higher counts."""
    words: NDArray[np.int32]
    """By number, the word with this stem that the paper prints most often; of equals the shortest,
    else the first by spelling."""

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def papers(self) -> Numbers:
        """Of each of `stems`, which of the papers holds it."""
        return np.repeat(np.arange(len(self)), np.diff(self.ends))


# -- words are counted -----------------------------------------------------------------------------


def count_stems(parts: Iterable[Words], vocabulary: Vocabulary) -> list[Held]:
    """The stems of papers, of whose words some papers' stand together, each paper's title before
    its abstract."""
    counted = deque([_count(words, vocabulary) for words in parts])
    stems, order = vocabulary.stems_of_words(), vocabulary.order_of_words()
    ranks = np.empty(len(stems), np.int64)
    ranks[np.lexsort((order, stems))] = np.arange(len(stems))
    return [_held(*counted.popleft(), stems, ranks) for _ in range(len(counted))]


def _count(read: Words, vocabulary: Vocabulary) -> tuple[_Short, _Short, Numbers]:
    """The words of each paper, by number; how often each counts; how many each paper has."""
    words = np.fromiter(vocabulary.number(read.words), np.int64, len(read.words))
    papers, is_abstract = np.divmod(read.texts.astype(np.int64), 2)
    keys = np.repeat((papers << _NUMBER) + words[read.told], np.where(is_abstract, 1, TITLE))
    keys.sort()
    unique, starts = _groups(keys)
    counts = np.diff(starts, append=len(keys))
    held = np.bincount(unique >> _NUMBER, minlength=len(read.lengths) // 2)
    return (unique & _LOW).astype(np.uint32), counts.astype(np.uint32), held


def _held(words: _Short, counts: _Short, sizes: Numbers, stems: Numbers, ranks: Numbers) -> Held:
    """The stems of papers by what `_count` says of their words. `ranks`: of each word, its place
    among all in the order of stems, those with one stem as Vocabulary orders words."""
    papers, told = np.repeat(np.arange(len(sizes)), sizes), np.flatnonzero(stems[words])
    told = told[np.argsort((papers[told] << _NUMBER) + ranks[words[told]])]
    keys, starts = _groups((papers[told] << _NUMBER) + stems[words[told]])
    words, counts = words[told], counts[told]
    most = np.repeat(np.maximum.reduceat(counts, starts), np.diff(starts, append=len(told)))
    most_often = np.flatnonzero(counts == most)
    return Held(
        ends=np.searchsorted(keys >> _NUMBER, np.arange(len(sizes) + 1)),
        stems=(keys & _LOW).astype(np.int32),
        counts=np.minimum(np.add.reduceat(counts, starts), _MOST).astype(np.uint8),
        words=words[most_often[np.searchsorted(most_often, starts)]].astype(np.int32),
    )


def _groups(keys: Numbers) -> tuple[Numbers, Numbers]:
    """Sorted numbers, each once, and where each begins."""
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[starts], starts


# -- stems are weighed -----------------------------------------------------------------------------


class Scale(Struct, frozen=True, kw_only=True):
    """What the weights of a paper's stems depend on beyond the paper, by stem."""

    rarity: Numbers
    """The logarithm of how rare it is, rounded; zero where it tells nothing."""
    spread: Numbers
    """How many papers may hold it: the next power of two."""
    order: Numbers
    """Its place among all stems, by spelling."""


def scale_of(spread: Numbers, papers: int, order: Numbers) -> Scale:
    """By how many of the papers hold each stem, and `Vocabulary.order_of_stems`."""
    bits = np.frexp(spread)[1].astype(np.int64)
    rarity = papers.bit_length() - bits
    tells = (spread > 1) & ((spread <= _FEW) | (rarity >= _TELLING))
    tells[:1] = False
    return Scale(rarity=np.where(tells, np.maximum(1, rarity), 0), spread=1 << bits, order=order)


def weigh(parts: Iterable[Held], scale: Scale) -> Vectors:
    """Papers as vectors."""
    return joined([zeros(0), *(_weigh(held, scale) for held in parts)])


def _weigh(held: Held, scale: Scale) -> Vectors:
    papers, stems, weights = _strongest(held, scale)
    spread, order = scale.spread[stems], scale.order[stems]
    promise = np.lexsort((order, spread / (weights * weights), papers))
    heaviest = np.zeros(len(stems), np.bool_)
    heaviest[np.lexsort((order, -weights, papers))[_first(papers, _SHOWN)]] = True
    shown = heaviest | (spread <= _RARE)
    places = papers, places_in(papers)

    def matrix(values: NDArray[Any]) -> NDArray[Any]:
        filled = np.zeros((len(held), STRONGEST), values.dtype)
        filled[places] = values
        return filled

    return Vectors(
        terms=matrix(stems[promise]),
        weights=matrix(weights[promise].astype(np.int32)),
        looks=matrix(_sums_so_far(papers, spread[promise]) <= _SEEN),
        shown=matrix(shown[promise]),
    )


def _strongest(held: Held, scale: Scale) -> tuple[Numbers, NDArray[np.int32], Numbers]:
    """Each paper's strongest stems: the papers, ascending; the stems; the weights, whose squares
    add up to UNIT² in a paper."""
    papers, weights = held.papers, _FREQUENCY[held.counts] * scale.rarity[held.stems]
    chosen = np.flatnonzero(weights)
    keys = ((papers << _WEIGHT) - weights << _NUMBER) + scale.order[held.stems]
    chosen = chosen[np.argsort(keys[chosen])]
    chosen = chosen[_first(papers[chosen], STRONGEST)]
    papers, weights = papers[chosen], weights[chosen]
    lengths = np.sqrt(np.bincount(papers, weights * weights, len(held))).astype(np.int64)
    return papers, held.stems[chosen], weights * UNIT // lengths[papers]


def _first(groups: Numbers, most: int) -> Flags:
    """Whether each is among the first of its group."""
    return places_in(groups) < most


def _sums_so_far(groups: Numbers, numbers: Numbers) -> Numbers:
    """Of each the sum of the numbers in its group up to it."""
    sums = np.cumsum(numbers)
    return sums - (sums - numbers)[np.searchsorted(groups, groups)]


def printed(held: Held, vectors: Vectors) -> NDArray[np.int32]:
    """Of each term of papers' vectors the word that tells it."""
    keys = (held.papers << _NUMBER) + held.stems
    wanted = (np.arange(len(held))[:, None] << _NUMBER) + vectors.terms
    places = np.searchsorted(keys, wanted)
    return np.where(vectors.weights > 0, np.append(held.words, 0)[places], 0)
