"""The inverted index: which terms stand in which documents, how often, in fields how long.

It is built in two steps, which any executor may run elsewhere: stretches of documents are
inverted each for itself (`invert`), then the postings of all stretches are gathered for each
first letter of a term (`merge`). Between the two stand *runs*: the postings of a stretch whose
terms begin with one letter, as bytes, so that memory stays bounded and runs can be kept. Knows
neither papers nor files.

A posting is eight bytes, the low ones first, so that columns of many postings are taken apart a
byte at a time and never a posting at a time: the frequency less one (two bytes), the length of
the field (two), what of both is over (half a byte each), and the document (three). In a shard, and
in what is taken out of one, stands the *gap* instead: the number of the document counted from the
one before in the list, the first from 0.
"""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from operator import or_, sub

from generator.publish.shards import (
    column_of_planes,
    joined,
    parted,
    unpacked_planes,
)
from generator.text.words import FIELDS, indexed_words, word_stems

MAX_TEXT = 200_000
"""Characters of a field that are indexed: a length of it fits into 20 bits, whatever it holds."""
POSTING = 8
"""Bytes of a posting."""
_LOW = 1 << 16
_LOWER_HALF = bytes(byte & 15 for byte in range(256))
_UPPER_HALF = bytes(byte >> 4 for byte in range(256))
_RAISED = bytes((byte & 15) << 4 for byte in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Where the terms with one first letter stand in all documents."""

    held: Mapping[str, int]
    """How many postings a term has in all fields together; terms are ascending."""
    fields: Sequence[Mapping[str, bytes | bytearray]]
    """Of each field the postings by term."""
    words: Mapping[str, int]
    """How often words stand in all documents."""
    stems: Mapping[str, str]
    """The term of each word."""


def invert(
    documents: Sequence[Sequence[str]], first: int
) -> tuple[dict[str, bytes], tuple[int, ...]]:
    """The runs of a stretch of documents by the first letter of their terms, and the length of
    each field in all of them together, in terms.

    A document is the plain text of each of FIELDS; `first` is the number of the first one."""
    postings: list[dict[str, bytearray]] = [defaultdict(bytearray) for _ in FIELDS]
    lengths, counts = [0] * len(FIELDS), Counter[str]()
    for number, document in enumerate(documents, first):
        for field, text in enumerate(document):
            if text:
                words = indexed_words(text[:MAX_TEXT])
                counts.update(words)
                lengths[field] += len(words)
                _post(words, number, postings[field])
    return _runs(postings, counts), tuple(lengths)


def _post(words: Sequence[str], document: int, postings: dict[str, bytearray]) -> None:
    """Add the postings of one field of a document."""
    counts = Counter(word_stems(words))
    told = {count: posting(document, len(words), count) for count in set(counts.values())}
    for term, count in counts.items():
        postings[term] += told[count]


def posting(document: int, length: int, count: int) -> bytes:
    """A document that holds a term so often in a field of a length."""
    frequency, over = (count - 1) % _LOW, (count - 1) // _LOW | length // _LOW << 4
    number = document << 40 | over << 32 | length % _LOW << 16 | frequency
    return number.to_bytes(POSTING, "little")


def _runs(postings: Sequence[dict[str, bytearray]], words: Mapping[str, int]) -> dict[str, bytes]:
    """A run holds three parts for each field: its terms, ascending, how many documents hold each,
    and the postings, term by term; then the words whose stems these terms are, their terms, and
    how often each word stands in the stretch."""
    parts: dict[str, list[bytes]] = defaultdict(list)
    letters = sorted({word[0] for word in words})
    for gathered in postings:
        for letter, terms in _by_letter(sorted(gathered), letters):
            lists = [gathered[term] for term in terms]
            counts = [len(entries) // POSTING for entries in lists]
            parts[letter] += _line(terms), _numbers(counts), b"".join(lists)
    for letter, chosen in _by_letter(sorted(words), letters):
        parts[letter] += _line(chosen), _line(word_stems(chosen))
        parts[letter].append(_numbers(words[word] for word in chosen))
    return {letter: joined(of) for letter, of in parts.items()}


def _by_letter(words: Sequence[str], letters: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Sorted words by their first letters."""
    places = [bisect_left(words, letter) for letter in letters]
    for letter, (start, end) in zip(letters, pairwise([*places, len(words)]), strict=True):
        yield letter, words[start:end]


def _line(words: Iterable[str]) -> bytes:
    return " ".join(words).encode("ascii")


def _words(line: bytes) -> list[str]:
    return line.decode("ascii").split()


def _numbers(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()


def merge(runs: Iterable[bytes]) -> Postings:
    """The postings of one letter, from the runs of all stretches in the order of documents."""
    fields: list[dict[str, bytearray]] = [defaultdict(bytearray) for _ in FIELDS]
    held: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    stems: dict[str, str] = {}
    for run in runs:
        *parts, words, terms, numbers = parted(run)
        for place, field in enumerate(fields):
            _gather(field, held, *parts[3 * place : 3 * place + 3])
        stems.update(zip(_words(words), _words(terms), strict=True))
        for word, count in zip(_words(words), array("I", numbers), strict=True):
            counts[word] += count
    return Postings(held=dict(sorted(held.items())), fields=fields, words=counts, stems=stems)


def _gather(
    field: dict[str, bytearray], held: dict[str, int], terms: bytes, numbers: bytes, entries: bytes
) -> None:
    """Add a run's postings in one field behind those of the stretches before."""
    start = 0
    for term, count in zip(_words(terms), array("I", numbers), strict=True):
        end = start + POSTING * count
        field[term] += entries[start:end]
        held[term] += count
        start = end


def most_frequent(words: Mapping[str, int], stems: Mapping[str, str]) -> dict[str, str]:
    """Of each term the word that it stands for most often; of equals the first."""
    most, chosen = dict[str, int](), dict[str, str]()
    for word in sorted(words):
        term, count = stems[word], words[word]
        if count > most.get(term, 0):
            most[term], chosen[term] = count, word
    return chosen


def replaced(gapped: bytes, documents: range, others: bytes | bytearray) -> bytes:
    """A list of postings with gaps, those in some documents replaced by others, which have none."""
    entries = _with_numbers(gapped, list(accumulate(_numbers_in(gapped))))
    numbers = array("Q", entries)
    start, end = (
        POSTING * bisect_left(numbers, n << 40) for n in (documents.start, documents.stop)
    )
    return with_gaps([entries[:start] + others + entries[end:]])


def with_gaps(lists: Sequence[bytes | bytearray]) -> bytes:
    """Lists of postings, one after the other, with gaps."""
    raw = b"".join(lists)
    documents = _numbers_in(raw)
    gaps = array("i", map(sub, documents, chain((0,), documents)))
    for start in accumulate([len(entries) // POSTING for entries in lists[:-1]]):
        gaps[start] = documents[start]
    return _with_numbers(raw, gaps)


def _numbers_in(raw: bytes) -> "array[int]":
    """The documents, or gaps, of postings."""
    told = bytearray(len(raw) // 2)
    for place in range(3):
        told[place::4] = raw[5 + place :: POSTING]
    return array("i", bytes(told))


def _with_numbers(raw: bytes, numbers: Iterable[int]) -> bytes:
    """Postings with other documents, or gaps."""
    changed, told = bytearray(raw), array("I", numbers).tobytes()
    for place in range(3):
        changed[5 + place :: POSTING] = told[place::4]
    return bytes(changed)


def columns(gapped: bytes) -> bytes:
    """Postings with gaps as three columns: the gaps, the frequencies less one, the lengths of the
    field."""
    planes = [gapped[place::POSTING] for place in range(POSTING)]
    low, high = planes[4].translate(_LOWER_HALF), planes[4].translate(_UPPER_HALF)
    numbers = planes[5:], [*planes[:2], low], [*planes[2:4], high]
    return b"".join(map(column_of_planes, numbers))


def unpacked_columns(content: bytes, place: int, count: int) -> bytes:
    """The postings that `columns` told, from a place on, by their number."""
    gaps, place = unpacked_planes(content, place, count)
    low, place = unpacked_planes(content, place, count)
    high, _ = unpacked_planes(content, place, count)
    empty = bytes(count)
    gaps, low, high = ([*planes, empty, empty, empty][:3] for planes in (gaps, low, high))
    over = bytes(map(or_, low[2], high[2].translate(_RAISED)))
    raw = bytearray(POSTING * count)
    for number, plane in enumerate((*low[:2], *high[:2], over, *gaps)):
        raw[number::POSTING] = plane
    return bytes(raw)
