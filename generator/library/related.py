"""Which papers are near each other, and by which words.

Each paper is its twenty strongest words, weighed by tf-idf (Salton and Buckley 1988, with a
logarithmic term frequency); nearness is the cosine of two papers' weights. Counts of the whole
library enter rounded to powers of two, so that one more paper does not move every neighbour.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from lunr.stop_word_filter import WORDS as STOP_WORDS  # type: ignore[import-untyped]

from generator.model import Paper
from generator.text.plain import plain_text, plain_title

STRONGEST = 20
"""Words a paper is compared by."""
NEAREST = 5
"""Related papers of a paper, at most."""
_NEAR = 0.12
"""The least cosine of two papers that are called related."""
_TITLE = 3
"""A word of the title counts as often as so many of the abstract."""
_FEWEST, _REASONS = 2, 3
"""Words that two related papers share at least, and that are told at most."""
_COMMONEST = 0.2
"""A word in more than this part of all papers tells nothing."""
_WORD = re.compile(r"[^\W\d_][\w-]*[^\W_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A paper near another."""

    id: str
    words: tuple[str, ...]
    """The words that bring them together, the strongest first."""


def relate(papers: Iterable[Paper]) -> dict[str, tuple[Related, ...]]:
    """By id, the papers nearest to each, the nearest first; those near none are left out."""
    counts = {paper.id: _count(paper) for paper in papers}
    spread = Counter(word for words in counts.values() for word in words)
    singular = {word: word[:-1] for word in spread if word.endswith("s") and word[:-1] in spread}
    if singular:
        counts = {paper: _merged(words, singular) for paper, words in counts.items()}
        spread = Counter(word for words in counts.values() for word in words)
    weights = {paper: _weigh(words, spread, len(counts)) for paper, words in counts.items()}
    holders: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for paper, words in weights.items():
        for word, weight in words.items():
            holders[word].append((paper, weight))
    near = ((paper, tuple(_nearest(paper, weights, holders))) for paper in weights)
    return {paper: found for paper, found in near if found}


def _count(paper: Paper) -> Counter[str]:
    words = Counter(_words(plain_text(paper.abstract)))
    for word in _words(plain_title(paper.title)):
        words[word] += _TITLE
    return words


def _words(text: str) -> Iterator[str]:
    return (word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS)


def _merged(words: Counter[str], singular: Mapping[str, str]) -> Counter[str]:
    """The counts with plurals counted as their singulars."""
    merged: Counter[str] = Counter()
    for word, count in words.items():
        merged[singular.get(word, word)] += count
    return merged


def _weigh(words: Counter[str], spread: Counter[str], papers: int) -> dict[str, float]:
    """The strongest words with weights whose squares add up to one."""
    telling = {
        word: (1 + math.log2(count)) * _rarity(spread[word], papers)
        for word, count in words.items()
        if 1 < spread[word] <= max(2, papers * _COMMONEST)
    }
    strongest = sorted(telling.items(), key=lambda entry: (-entry[1], entry[0]))[:STRONGEST]
    length = math.sqrt(sum(weight * weight for _, weight in strongest)) or 1.0
    return {word: weight / length for word, weight in strongest}


def _rarity(holders: int, papers: int) -> int:
    """The logarithm of how rare a word is, both counts rounded to powers of two."""
    return max(1, papers.bit_length() - holders.bit_length())


def _nearest(
    paper: str,
    weights: Mapping[str, Mapping[str, float]],
    holders: Mapping[str, list[tuple[str, float]]],
) -> Iterator[Related]:
    nearness: dict[str, float] = defaultdict(float)
    for word, weight in weights[paper].items():
        for other, other_weight in holders[word]:
            nearness[other] += weight * other_weight
    nearness.pop(paper, None)
    near = (entry for entry in nearness.items() if entry[1] >= _NEAR)
    ranked = sorted(near, key=lambda entry: (-round(entry[1], 6), entry[0]))
    found = (
        Related(id=other, words=_shared(weights[paper], weights[other])) for other, _ in ranked
    )
    return islice((related for related in found if len(related.words) >= _FEWEST), NEAREST)


def _shared(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[str, ...]:
    shared = sorted(one.keys() & other.keys(), key=lambda word: (-one[word] * other[word], word))
    return tuple(shared[:_REASONS])
