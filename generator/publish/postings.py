"""The inverted index: which terms stand in which documents, how often, in fields how long.

It is built in two steps, which any executor may run elsewhere: stretches of documents are
inverted each for itself (`invert`), then the postings of all stretches are gathered for each
first letter of a term (`merge`). Between the two stands a `Run`, a few bytes a posting, so memory
stays bounded. Knows neither papers nor files.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter, sub
from typing import Any, TypeAlias

from generator.text.words import FIELDS, stem, text_terms, word_counts

MAX_TEXT = 200_000
"""Characters of a field that are indexed: a length of it fits into 20 bits, whatever it holds."""
_LENGTH, _DOCUMENT = 20, 40
_MASK = (1 << 20) - 1

Entries: TypeAlias = "array[int]"
"""Postings, each one number: document << 40 | length of the field << 20 | frequency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The postings of a stretch of documents whose terms begin with one letter."""

    fields: Mapping[int, tuple[str, "array[int]", Entries]]
    """Of each field that holds any: its terms, ascending, apart by spaces; how many documents hold
    each; the postings, term by term, ascending."""
    words: str
    """The words whose stems these terms are, apart by spaces."""
    counts: "array[int]"
    """How often each word stands in the stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Where the terms with one first letter stand in all documents."""

    terms: Mapping[str, Mapping[int, Entries]]
    """Of each term, ascending, its postings in each field that holds it."""
    words: Mapping[str, str]
    """Of a term that stands in two places or more: the word it stands for most often."""


def invert(
    documents: Sequence[Sequence[str]], first: int
) -> tuple[dict[str, Run], tuple[int, ...]]:
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


def _runs(postings: Sequence[Mapping[str, list[int]]], words: Mapping[str, int]) -> dict[str, Run]:
    by_letter = {letter: list(same) for letter, same in groupby(sorted(words), itemgetter(0))}
    fields: dict[str, dict[int, Any]] = {letter: {} for letter in by_letter}
    for field, gathered in enumerate(postings):
        for letter, same in groupby(sorted(gathered), itemgetter(0)):
            terms = list(same)
            lists = [gathered[term] for term in terms]
            counts = array("I", map(len, lists))
            fields[letter][field] = (" ".join(terms), counts, array("Q", chain(*lists)))
    return {
        letter: Run(
            fields=fields[letter],
            words=" ".join(same),
            counts=array("I", (words[word] for word in same)),
        )
        for letter, same in by_letter.items()
    }


def merge(runs: Iterable[Run]) -> Postings:
    """The postings of one letter, from the runs of all stretches in the order of documents."""
    terms: dict[str, dict[int, Entries]] = {}
    words: Counter[str] = Counter()
    for run in runs:
        for field, (joined, counts, entries) in run.fields.items():
            start = 0
            for term, count in zip(joined.split(" "), counts, strict=True):
                fields = terms.setdefault(term, {})
                found = entries[start : start + count]
                if field in fields:
                    fields[field] += found
                else:
                    fields[field] = found
                start += count
        for word, count in zip(run.words.split(" "), run.counts, strict=True):
            words[word] += count
    terms = {term: terms[term] for term in sorted(terms)}
    return Postings(terms=terms, words=_most_frequent(words, terms))


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
