"""The inverted index: which terms stand in which documents, how often, in fields how long.

It is built in two steps, which any executor may run elsewhere: stretches of documents are
inverted each for itself (`invert`), then the postings of all stretches are gathered for each
first letter of a term (`merge`). Between the two stand *runs*: the postings of a stretch whose
terms begin with one letter, as bytes, so that memory stays bounded and runs can be kept. Knows
neither papers nor files.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter, sub
from typing import TypeAlias

from generator.publish.shards import joined, parted
from generator.text.words import FIELDS, stem, text_terms, word_counts

MAX_TEXT = 200_000
"""Characters of a field that are indexed: a length of it fits into 20 bits, whatever it holds."""
_LENGTH, _DOCUMENT = 20, 40
_MASK = (1 << 20) - 1

Entries: TypeAlias = "array[int]"
"""Postings, each one number: document << 40 | length of the field << 20 | frequency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Where the terms with one first letter stand in all documents."""

    terms: Mapping[str, Mapping[int, Entries]]
    """Of each term, ascending, its postings in each field that holds it."""
    words: Mapping[str, str]
    """Of a term that stands in two places or more: the word it stands for most often."""


def invert(
    documents: Sequence[Sequence[str]], first: int
) -> tuple[dict[str, bytes], tuple[int, ...]]:
    """The runs of a stretch of documents by the first letter of their terms, and the length of
    each field in all of them together, in terms.

    A document is the plain text of each of FIELDS; `first` is the number of the first one."""
    postings: list[dict[str, list[int]]] = [defaultdict(list) for _ in FIELDS]
    lengths = [0] * len(FIELDS)
    for number, document in enumerate(documents, first):
        for field, text in enumerate(document):
            terms = text_terms(text[:MAX_TEXT])
            lengths[field] += len(terms)
            place, gathered = number << _DOCUMENT | len(terms) << _LENGTH, postings[field]
            for term, frequency in Counter(terms).items():
                gathered[term].append(place | frequency)
    words = word_counts(text[:MAX_TEXT] for document in documents for text in document)
    return _runs(postings, words), tuple(lengths)


def _runs(
    postings: Sequence[Mapping[str, list[int]]], words: Mapping[str, int]
) -> dict[str, bytes]:
    """A run holds two parts for each field: its terms, ascending, with how many documents hold
    each, and the postings, term by term; then the words whose stems these terms are, with how often
    each stands in the stretch."""
    parts: dict[str, list[bytes]] = defaultdict(list)
    letters = sorted({word[0] for word in words})
    for gathered in postings:
        by_letter = {
            letter: list(same) for letter, same in groupby(sorted(gathered), itemgetter(0))
        }
        for letter in letters:
            terms = by_letter.get(letter, [])
            lists = [gathered[term] for term in terms]
            entries = array("Q", chain.from_iterable(lists))
            parts[letter] += _packed(terms, map(len, lists)), entries.tobytes()
    for letter, same in groupby(sorted(words), itemgetter(0)):
        chosen = list(same)
        parts[letter].append(_packed(chosen, (words[word] for word in chosen)))
    return {letter: joined(of) for letter, of in parts.items()}


def _packed(words: Sequence[str], numbers: Iterable[int]) -> bytes:
    """Words, each with a number."""
    return joined([" ".join(words).encode("ascii"), array("I", numbers).tobytes()])


def _unpacked(content: bytes) -> Iterator[tuple[str, int]]:
    words, numbers = parted(content)
    return zip(words.decode("ascii").split(), array("I", numbers), strict=True)


def merge(runs: Iterable[bytes]) -> Postings:
    """The postings of one letter, from the runs of all stretches in the order of documents."""
    terms: dict[str, dict[int, Entries]] = defaultdict(dict)
    words: Counter[str] = Counter()
    for run in runs:
        *parts, counts = parted(run)
        for field, (held, packed) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
            _gather(terms, field, held, array("Q", packed))
        for word, count in _unpacked(counts):
            words[word] += count
    sorted_terms = {term: terms[term] for term in sorted(terms)}
    return Postings(terms=sorted_terms, words=_most_frequent(words, terms))


def _gather(
    terms: dict[str, dict[int, Entries]], field: int, held: bytes, entries: Entries
) -> None:
    """Add a run's postings in one field behind those of the stretches before."""
    start = 0
    for term, count in _unpacked(held):
        found, fields = entries[start : start + count], terms[term]
        if field in fields:
            fields[field] += found
        else:
            fields[field] = found
        start += count


def _most_frequent(
    words: Mapping[str, int], terms: Mapping[str, Mapping[int, Entries]]
) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for word in sorted(words, key=lambda word: (-words[word], word)):
        term = stem(word)
        if term not in chosen and holders(terms[term]) > 1:
            chosen[term] = word
    return chosen


def holders(fields: Mapping[int, Entries]) -> int:
    """How many postings a term has in all fields together."""
    return sum(map(len, fields.values()))


def gaps(entries: Entries) -> Iterator[int]:
    """The number of each document, counted from the one before; the first from 0."""
    documents = [entry >> _DOCUMENT for entry in entries]
    return map(sub, documents, chain((0,), documents))


def frequencies(entries: Entries) -> list[int]:
    """How often the term stands in each document."""
    return [entry & _MASK for entry in entries]


def field_lengths(entries: Entries) -> list[int]:
    """How long the field is in each document, in terms."""
    return [entry >> _LENGTH & _MASK for entry in entries]
