"""The inverted index: which terms stand in which documents, how often, in fields how long.

It is built in two steps, which any executor may run elsewhere: stretches of documents are
inverted each for itself (`invert`), then the postings of all stretches are gathered for each
first letter of a term (`merge`). Between the two stand *runs*: the postings of a stretch whose
terms begin with one letter, as bytes, so that memory stays bounded and runs can be kept. Knows
neither papers nor files.

All that stands in many places is a number in a column: a word, a term, a text, and a *group*, which
is a term in a field. Numbers follow the order of what they stand for.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, pairwise, repeat

import numpy as np
from msgspec import Struct

from generator.library.wording import Words, dtype_of, normal, read_texts
from generator.publish.postings import POSTING, Entries, Numbers, entries
from generator.publish.shards import joined, parted
from generator.text.words import FIELDS, Numbered, document_words, word_stems

_TITLE, _ABSTRACT = (list(FIELDS).index(field) for field in ("title", "abstract"))
OTHERS = [field for field in FIELDS if field not in ("title", "abstract")]
"""The fields besides a paper's title and abstract, in the order of the index."""
_PLACES = [list(FIELDS).index(field) for field in OTHERS]
_TERMS, _GROUPS, _SIZES, _POSTINGS, _WORDS, _TERM_OF, _OFTEN = range(7)
"""The parts of a run, by their places."""


class Postings(Struct, frozen=True, kw_only=True):
    """Where the terms with one first letter stand in all documents."""

    held: Mapping[str, int]
    """How many postings a term has in all fields together; terms are ascending."""
    fields: Sequence[Mapping[str, bytes]]
    """Of each field the postings by term."""
    words: Mapping[str, int]
    """How often words stand in all documents."""
    stems: Mapping[str, str]
    """The term of each word."""


# -- a stretch of documents ------------------------------------------------------------------------


def read_words(papers: Words, others: Iterable[Sequence[str]]) -> Words:
    """The words of documents. `papers`: those of titles and abstracts; `others`: of each document
    the plain text of each of OTHERS."""
    return _read(papers, others, Numbered())


def _read(papers: Words, others: Iterable[Sequence[str]], numbered: Numbered) -> Words:
    """The words of documents after those that are numbered already, none of them a stop word."""
    rest = read_texts((text for document in others for text in document), document_words)
    first = np.array([numbered[normal(word)] for word in papers.words], np.int32)
    second = np.array([numbered[word] for word in rest.words], np.int32)
    documents, field = np.divmod(papers.texts, 2)
    its_documents, its_field = np.divmod(rest.texts, len(OTHERS))
    texts = np.concatenate(
        [
            documents * len(FIELDS) + np.where(field, _ABSTRACT, _TITLE),
            its_documents * len(FIELDS) + np.array(_PLACES, np.int32)[its_field],
        ]
    )
    order = np.argsort(texts, kind="stable")
    told = np.concatenate([first[papers.told], second[rest.told]])[order]
    lengths = np.bincount(texts, minlength=len(papers.lengths) // 2 * len(FIELDS))
    return Words(words=[*numbered], told=told, lengths=lengths)


def with_others(
    words: Words, changed: Sequence[int], papers: Words, others: Iterable[Sequence[str]]
) -> Words:
    """The words of a stretch some of whose documents are others (see `read_words`). `changed`:
    their places; those behind its end are new."""
    new = _read(papers, others, Numbered(zip(words.words, count())))
    size = max(len(words.lengths), len(FIELDS) * (max(changed, default=-1) + 1))
    lengths = np.zeros(size, np.int64)
    lengths[: len(words.lengths)] = words.lengths
    places = np.array(changed, np.int64)
    own = (places[:, None] * len(FIELDS) + np.arange(len(FIELDS))).ravel()
    lengths[own] = new.lengths
    texts = words.texts
    stays = ~np.isin(texts // len(FIELDS), places)
    told = np.concatenate([words.told[stays], new.told])
    order = np.argsort(np.concatenate([texts[stays], own[new.texts]]), kind="stable")
    used = np.flatnonzero(np.bincount(told, minlength=len(new.words)))
    numbers = np.zeros(len(new.words), np.int32)
    numbers[used] = np.arange(len(used))
    left = [new.words[number] for number in used.tolist()]
    return Words(words=left, told=numbers[told[order]], lengths=lengths)


def totals(words: Words) -> tuple[int, ...]:
    """The length of each field in all documents together."""
    return tuple(words.lengths.reshape(-1, len(FIELDS)).sum(axis=0).tolist())


def pack(words: Words) -> bytes:
    """Words as bytes."""
    return joined([_line(words.words), words.short.tobytes(), _packed(words.lengths)])


def unpack(value: bytes) -> Words:
    """The words that `pack` told."""
    line, told, lengths = parted(value)
    words = _words(line)
    numbers = np.frombuffer(told, dtype_of(len(words)))
    return Words(words=words, told=numbers.astype(np.int32), lengths=_unpacked(lengths))


def invert(words: Words, first: int) -> dict[str, bytes]:
    """The runs of a stretch of documents by the first letter of their terms. `first`: the number of
    the first document."""
    return dict(_runs(words, first))


def _runs(read: Words, first: int) -> Iterator[tuple[str, bytes]]:
    """A run holds, apart by spaces, its terms; its groups, each by the number of the field times
    that of its terms and the place of the term among these; how many postings each has; the
    postings, group by group; the words whose stems these terms are; the place of each one's term;
    how often each stands in the stretch."""
    terms, term_of = _terms(read.words)
    letters, counts = _letters(terms), np.bincount(read.told, minlength=len(read.words))
    groups, ends, postings = _post(_groups(read, term_of, letters.values()), read, first)
    by_term = np.argsort(term_of, kind="stable")
    for letter, places in letters.items():
        first_group, last = len(FIELDS) * places.start, len(FIELDS) * places.stop
        start, end = np.searchsorted(groups, (first_group, last)).tolist()
        edges = np.searchsorted(term_of, (places.start, places.stop), sorter=by_term)
        words = by_term[slice(*edges.tolist())]
        parts = (
            _line(terms[places.start : places.stop]),
            _packed(groups[start:end] - first_group),
            _packed(np.diff(ends[start : end + 1])),
            postings[ends[start] : ends[end]].tobytes(),
            _line(map(read.words.__getitem__, words.tolist())),
            _packed(term_of[words] - places.start),
            _packed(counts[words]),
        )
        yield letter, joined(parts)


def _terms(words: Sequence[str]) -> tuple[list[str], Numbers]:
    """The terms of words, ascending, and the place of each word's among them."""
    stems = list(word_stems(words))
    terms = sorted(set(stems))
    places = dict(zip(terms, count(), strict=False))
    return terms, np.array([places[stem] for stem in stems], np.int64)


def _letters(terms: Sequence[str]) -> dict[str, range]:
    """The places of sorted terms by their first letters."""
    letters = sorted({term[0] for term in terms})
    starts = [bisect_left(terms, letter) for letter in letters]
    places = [range(start, end) for start, end in pairwise([*starts, len(terms)])]
    return dict(zip(letters, places, strict=True))


def _groups(read: Words, term_of: Numbers, letters: Collection[range]) -> Numbers:
    """Of each word that stands somewhere its group: letter by letter, field by field, term by
    term."""
    sizes = np.array([len(places) for places in letters], np.int64)
    starts = np.repeat(np.array([places.start for places in letters], np.int64), sizes)
    first = np.arange(len(starts)) + (len(FIELDS) - 1) * starts
    groups: Numbers = np.repeat(sizes, sizes)[term_of][read.told]
    groups *= read.texts % len(FIELDS)
    groups += first[term_of][read.told]
    return groups


def _post(groups: Numbers, read: Words, first: int) -> tuple[Numbers, Numbers, Entries]:
    """The groups of a stretch, ascending; where the postings of each end, a zero first; and the
    postings. `groups`: of each word that stands somewhere."""
    texts = len(read.lengths)
    keys = groups * texts
    keys += read.texts
    keys.sort()
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(starts, append=len(keys))
    groups, told = keys[starts] // texts, keys[starts] % texts
    postings = entries(first + told // len(FIELDS), read.lengths[told], counts)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return groups[starts], np.append(starts, len(groups)), postings


def _line(words: Iterable[str]) -> bytes:
    return " ".join(words).encode("ascii")


def _words(line: bytes) -> list[str]:
    return line.decode("ascii").split()


def _packed(numbers: Numbers) -> bytes:
    return numbers.astype(np.uint32).tobytes()


def _unpacked(packed: bytes) -> Numbers:
    return np.frombuffer(packed, np.uint32).astype(np.int64)


def stems_told(runs: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """The words that runs tell, each with its stem."""
    for run in map(parted, runs):
        terms, of = _words(run[_TERMS]), _unpacked(run[_TERM_OF]).tolist()
        yield from zip(_words(run[_WORDS]), map(terms.__getitem__, of), strict=True)


EMPTY = joined([b""] * (_OFTEN + 1))
"""The run of a stretch in which no term begins with a letter."""


# -- all stretches ---------------------------------------------------------------------------------


def merge(runs: Iterable[bytes]) -> Postings:
    """The postings of one letter, from the runs of all stretches in the order of documents."""
    columns = [*zip(*map(parted, runs), strict=True)] or [()] * (_OFTEN + 1)
    lines, groups, sizes, postings, words, term_of, often = columns
    lists = [_words(line) for line in lines]
    terms = sorted(set(chain.from_iterable(lists)))
    places_of = dict(zip(terms, count(), strict=False))
    places = [np.array([places_of[term] for term in some], np.int64) for some in lists]
    held, fields = _gathered(
        terms,
        _concatenated(map(_group_among, map(_unpacked, groups), places, repeat(len(terms)))),
        _concatenated(map(_unpacked, sizes)),
        b"".join(postings),
    )
    told = list(chain.from_iterable(map(_words, words)))
    stems = _concatenated(some[_unpacked(of)] for some, of in zip(places, term_of, strict=True))
    return Postings(
        held=held,
        fields=fields,
        words=_summed(told, _concatenated(map(_unpacked, often)).tolist()),
        stems=dict(zip(told, map(terms.__getitem__, stems.tolist()), strict=True)),
    )


def differences(old: bytes, new: bytes) -> tuple[Postings, Postings]:
    """What two runs of the same stretch have that the other has not, or has otherwise: at least
    the lists of postings that differ, and the words that stand more or less often."""
    was, now = parted(old), parted(new)
    if all(was[part] == now[part] for part in (_TERMS, _GROUPS, _SIZES, _WORDS, _TERM_OF)):
        # the lists are as long as they were: only what stands in them differs
        told = [np.frombuffer(run[_POSTINGS], np.uint64) for run in (was, now)]
        ends = np.cumsum(_unpacked(was[_SIZES]))
        groups = _distinct(np.searchsorted(ends, np.flatnonzero(told[0] != told[1]), "right"))
        often = [_unpacked(run[_OFTEN]) for run in (was, now)]
        words = np.flatnonzero(often[0] != often[1])
        old, new = (_some_of(run, groups, words) for run in (was, now))
    return merge([old]), merge([new])


def _some_of(run: Sequence[bytes], groups: Numbers, words: Numbers) -> bytes:
    """A run with some of its groups and words only, told by their places in it."""
    terms, sizes = _words(run[_TERMS]), _unpacked(run[_SIZES])
    fields, places = np.divmod(_unpacked(run[_GROUPS])[groups], len(terms))
    term_of = _unpacked(run[_TERM_OF])[words]
    kept = _distinct(np.concatenate([places, term_of]))
    postings, ends = np.frombuffer(run[_POSTINGS], np.uint64), np.cumsum(sizes)
    lists = [postings[ends[group] - sizes[group] : ends[group]] for group in groups]
    return joined(
        [
            _line(map(terms.__getitem__, kept.tolist())),
            _packed(fields * len(kept) + np.searchsorted(kept, places)),
            _packed(sizes[groups]),
            b"".join(each.tobytes() for each in lists),
            _line(map(_words(run[_WORDS]).__getitem__, words.tolist())),
            _packed(np.searchsorted(kept, term_of)),
            _packed(_unpacked(run[_OFTEN])[words]),
        ]
    )


def _distinct(numbers: Numbers) -> Numbers:
    """Small numbers, ascending, each once."""
    return np.flatnonzero(np.bincount(numbers))


def _concatenated(parts: Iterable[Numbers]) -> Numbers:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _group_among(groups: Numbers, places: Numbers, terms: int) -> Numbers:
    """The groups of a run when its terms have these places among so many."""
    fields, own = np.divmod(groups, len(places))
    return fields * terms + places[own]


def _gathered(
    terms: Sequence[str], groups: Numbers, sizes: Numbers, postings: bytes
) -> tuple[dict[str, int], list[dict[str, bytes]]]:
    """How many postings terms have, and the postings of each field by term. `groups`: of each run,
    one after the other; `sizes`: how many of the `postings` are in each."""
    groups = np.repeat(groups, sizes)
    order = np.argsort(groups, kind="stable")
    raw = np.frombuffer(postings, np.uint64)[order].tobytes()
    counts = np.bincount(groups, minlength=len(FIELDS) * len(terms)).reshape(len(FIELDS), -1)
    ends = POSTING * np.cumsum(counts).reshape(counts.shape)
    starts = ends - POSTING * counts
    fields = []
    for number in range(len(FIELDS)):
        held = np.flatnonzero(counts[number])
        lists = map(slice, starts[number][held].tolist(), ends[number][held].tolist())
        names = map(terms.__getitem__, held.tolist())
        fields.append(dict(zip(names, map(raw.__getitem__, lists), strict=True)))
    return dict(zip(terms, counts.sum(axis=0).tolist(), strict=True)), fields


def _summed(words: Iterable[str], numbers: Iterable[int]) -> dict[str, int]:
    """By word the sum of its numbers."""
    sums: dict[str, int] = defaultdict(int)
    for word, number in zip(words, numbers, strict=True):
        sums[word] += number
    return sums


def most_frequent(words: Mapping[str, int], stems: Mapping[str, str]) -> dict[str, str]:
    """Of each term the word that it stands for most often; of equals the first."""
    most, chosen = dict[str, int](), dict[str, str]()
    for word in sorted(words):
        term, count = stems[word], words[word]
        if count > most.get(term, 0):
            most[term], chosen[term] = count, word
    return chosen
