"""Which papers are near each other, and by which words.

A paper's words are those of its title and abstract as the search has them: normalised, without
stop words, one with all words of the same stem (`text/words.py`); numbers and single letters are
left out. A word of the title counts as
_TITLE of the abstract. Words are weighed by tf-idf with a logarithmic term frequency (Salton and
Buckley 1988, doi 10.1016/0306-4573(88)90021-0): (1 + log2 count) × log2(papers / those that hold
the word). A paper is its STRONGEST words, nearness is the cosine of two papers' weights, and a
paper's related ones are the nearest five that share two words with it and have a cosine of 0.12;
`library/neighbours.py` says how they are found and which far-fetched ones are not looked at.

Derived things must not ripple: the counts of the whole library enter rounded to powers of two, so
that one more paper changes the related papers of those it is near, and hardly ever others'. All
weights are whole numbers, all that is equal goes by spelling or by id: the order of papers does
not matter, nor whether numpy and scipy help.

`count_words` is what one paper needs, `relate_counts` what all of them together do.
"""

import math
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from generator.library import neighbours
from generator.library.neighbours import UNIT, Vectors
from generator.model import Paper
from generator.text.plain import plain_text, plain_title
from generator.text.words import STOP_WORDS, document_text, stem

STRONGEST = 20
"""Words a paper is compared by."""
_TITLE = 3
"""A word of the title counts as often as so many of the abstract."""
_REASONS = 3
"""Words that are told of those two related papers share, at most."""
_TELLING, _FEW = 3, 3
"""The least logarithm of how rare a word is: one in more than an eighth to a quarter of all papers
(counts are rounded) tells nothing. A word in a few papers always tells."""
_FREQUENCY = (0, *(round(8 * (1 + math.log2(count))) for count in range(1, 256)))
"""The term frequency by count, in eighths; the last also for all higher counts."""
_LARGE = 2_000
"""From so many papers on, scipy is used where it is installed: to import it takes a while, too."""
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A paper near another."""

    id: str
    words: tuple[str, ...]
    """The words that bring them together, the strongest first, as the papers print them."""


def relate(papers: Iterable[Paper]) -> dict[str, tuple[Related, ...]]:
    """By id, the papers nearest to each, the nearest first; those near none are left out."""
    ordered = sorted(papers, key=lambda paper: paper.id)
    return relate_counts((paper.id, count_words(paper)) for paper in ordered)


def count_words(paper: Paper) -> Counter[str]:
    """How often each word stands in a paper, those of the title _TITLE times. Words are as printed
    but in lower case and without accents, unless another script is printed in them."""
    words = Counter(_words(plain_title(paper.title)))
    for word in words:
        words[word] *= _TITLE
    words.update(_words(plain_text(paper.abstract)))
    return words


def _words(text: str) -> Iterator[str]:
    return chain.from_iterable(map(_WORDS.__getitem__, text.split()))


class _Words(dict[str, tuple[str, ...]]):
    """The words in a stretch of text without spaces, but for those that tell nothing."""

    most = 1 << 18

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        words = printed = document_text(chunk).split()
        if not chunk.isascii():
            printed = list(_printed(unicodedata.normalize("NFKC", chunk).lower()))
            if [document_text(word) for word in printed] != words:
                printed = words
        if len(self) >= self.most:
            self.clear()
        pairs = zip(words, printed, strict=True)
        self[chunk] = found = tuple([told for word, told in pairs if _tells(word)])
        return found


_WORDS = _Words()
"""Remembered, as `text/words.py` remembers terms: most of a text has been read before."""


def _tells(word: str) -> bool:
    """Whether a normalised word is no stop word, no number and no letter of a formula."""
    return len(word) > 1 and word not in STOP_WORDS and any(map(str.isalpha, word))


def _printed(chunk: str) -> Iterator[str]:
    """A stretch of text as words that people read (`schrödinger`, `β`, `注`), each one word to the
    search, which reads them in ASCII."""
    for piece in _PIECE.findall(chunk):
        yield from piece if " " in document_text(piece) else (piece,)


def relate_counts(
    counted: Iterable[tuple[str, Mapping[str, int]]],
) -> dict[str, tuple[Related, ...]]:
    """As `relate`, of papers told by their ids, in order, and words (see `count_words`)."""
    texts = _read(counted)
    vectors, printed = _weigh(texts)
    found = enumerate(_nearest(vectors))
    return {
        texts.ids[number]: tuple(
            Related(
                id=texts.ids[other], words=_reasons(number, other, vectors, printed, texts.words)
            )
            for other in others
        )
        for number, others in found
        if others
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """The counted words of papers, one paper after the other in flat arrays."""

    ids: Sequence[str]
    words: Sequence[str]
    """By number, the shorter first, then by spelling."""
    terms: "array[int]"
    """By word, the number of its stem; stems are numbered by spelling."""
    held: "array[int]"
    """The words of each paper."""
    counts: "array[int]"
    """Of each of `held`."""
    ends: "array[int]"
    """Where in `held` papers end, a zero first."""

    def __iter__(self) -> Iterator[tuple[list[int], "array[int]", "array[int]"]]:
        """Of each paper the stems, words and counts, side by side."""
        for start, end in pairwise(self.ends):
            words = self.held[start:end]
            yield [self.terms[word] for word in words], words, self.counts[start:end]


class _Numbers(dict[str, int]):
    """Words by number, in the order they come."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _read(counted: Iterable[tuple[str, Mapping[str, int]]]) -> _Texts:
    ids, numbers = [], _Numbers()
    held, counts, ends = array("I"), array("I"), array("I", [0])
    for paper, words in counted:
        ids.append(paper)
        held.extend(map(numbers.__getitem__, words))
        counts.extend(words.values())
        ends.append(len(held))
    ordered = sorted(numbers, key=lambda word: (len(word), word))
    place = {numbers[word]: place for place, word in enumerate(ordered)}
    return _Texts(
        ids=ids,
        words=ordered,
        terms=_stems(ordered),
        held=array("I", map(place.__getitem__, held)),
        counts=counts,
        ends=ends,
    )


def _stems(words: Iterable[str]) -> "array[int]":
    """Of each word the number of its stem among all stems in order."""
    stems = [stem(document_text(word)) for word in words]
    numbers = {term: number for number, term in enumerate(sorted(set(stems)))}
    return array("I", [numbers[term] for term in stems])


def _weigh(texts: _Texts) -> tuple[Vectors, "array[int]"]:
    """The papers' strongest stems as vectors; and of each of these stems the word that is told."""
    spread = Counter(chain.from_iterable(set(terms) for terms, _, _ in texts))
    stems = range(len(spread))
    rarity = [_rarity(spread[term], len(texts.ids)) for term in stems]
    rounded = [1 << spread[term].bit_length() for term in stems]
    vectors, printed = Vectors(), array("I")
    for number, (terms, words, counts) in enumerate(texts):
        strongest = _strongest(terms, counts, rarity)
        vectors.add(strongest, rounded)
        told = _most_printed(terms, words, counts, strongest)
        printed.extend([told[term] for term in vectors.terms[vectors.part(number)]])
    return vectors, printed


def _rarity(holders: int, papers: int) -> int:
    """The logarithm of how rare a word is, both counts rounded; zero where it tells nothing."""
    rarity = papers.bit_length() - holders.bit_length()
    return max(1, rarity) if holders > 1 and (holders <= _FEW or rarity >= _TELLING) else 0


def _strongest(
    terms: Sequence[int], counts: Sequence[int], rarity: Sequence[int]
) -> dict[int, int]:
    """The strongest stems of a paper, with weights whose squares add up to UNIT²."""
    totals: dict[int, int] = {}
    for term, count in zip(terms, counts, strict=True):
        totals[term] = totals.get(term, 0) + count
    last = len(_FREQUENCY) - 1
    telling = [
        (-_FREQUENCY[min(count, last)] * rarity[term], term)
        for term, count in totals.items()
        if rarity[term]
    ]
    strongest = sorted(telling)[:STRONGEST]
    length = math.isqrt(sum([weight * weight for weight, _ in strongest]))
    return {term: -weight * UNIT // length for weight, term in strongest}


def _most_printed(
    terms: Sequence[int], words: Sequence[int], counts: Sequence[int], of: Container[int]
) -> dict[int, int]:
    """By stem, the word with this stem that a paper prints most often; of equals the shortest."""
    told: dict[int, tuple[int, int]] = {}
    for term, word, count in zip(terms, words, counts, strict=True):
        if term in of:
            rank = (-count, word)
            told[term] = min(told.get(term, rank), rank)
    return {term: word for term, (_, word) in told.items()}


def _nearest(vectors: Vectors) -> Iterator[list[int]]:
    """The neighbours of each, by scipy if there are many and it is installed."""
    if len(vectors) >= _LARGE:
        try:
            from generator.library import matrices
        except ModuleNotFoundError:
            pass
        else:
            return matrices.nearest(vectors)
    return neighbours.nearest(vectors)


def _reasons(
    one: int, other: int, vectors: Vectors, printed: Sequence[int], words: Sequence[str]
) -> tuple[str, ...]:
    """What weighs most in both papers; each as one of them prints it, the shorter of two words."""
    own, shared = dict(_told(one, vectors, printed)), []
    for term, (weight, word) in _told(other, vectors, printed):
        if term in own:
            its_weight, its_word = own[term]
            shared.append((-weight * its_weight, term, min(word, its_word)))
    shared.sort()
    return tuple([words[word] for _, _, word in shared[:_REASONS]])


def _told(
    number: int, vectors: Vectors, printed: Sequence[int]
) -> Iterator[tuple[int, tuple[int, int]]]:
    """The stems of a paper, each with its weight and the word that is told."""
    part = vectors.part(number)
    weighed = zip(vectors.weights[part], printed[part], strict=True)
    return zip(vectors.terms[part], weighed, strict=True)
