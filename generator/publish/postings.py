"""Postings: a term in a field of a document, as bytes.

A posting is eight bytes, the low ones first, so that columns of many postings are taken apart a
byte at a time and never a posting at a time: the frequency less one (two bytes), the length of
the field (two), what of both is over (half a byte each), and the document (three). In a shard, and
in what is taken out of one, stands the *gap* instead: the number of the document counted from the
one before in the list, the first from 0.
"""

from collections.abc import Sequence
from operator import or_

import numpy as np
from numpy.typing import NDArray

from generator.publish.shards import column_of_planes, unpacked_planes

POSTING = 8
"""Bytes of a posting."""
_DOCUMENT, _SHORT = 40, 16
"""Bits before the document, and of a frequency or length but for what is over."""
_LOWER_HALF = bytes(byte & 15 for byte in range(256))
_UPPER_HALF = bytes(byte >> 4 for byte in range(256))
_RAISED = bytes((byte & 15) << 4 for byte in range(256))

Numbers = NDArray[np.int64]
Entries = NDArray[np.uint64]
"""Postings, each as one number."""


def entries(documents: Numbers, lengths: Numbers, counts: Numbers) -> Entries:
    """The postings of documents that hold a term so often in a field of a length."""
    often, low = counts - 1, (1 << _SHORT) - 1
    over = often >> _SHORT | lengths >> _SHORT << 4
    told = documents << _DOCUMENT | over << 2 * _SHORT | (lengths & low) << _SHORT | often & low
    return told.astype(np.uint64)


def replaced(gapped: bytes, documents: range, others: bytes) -> bytes:
    """A list of postings with gaps, those in some documents replaced by others, which have none."""
    told = np.frombuffer(gapped, np.uint64)
    numbers = np.cumsum(told >> _DOCUMENT)
    start, end = np.searchsorted(numbers, (documents.start, documents.stop))
    told = _with_numbers(told, numbers)
    return with_gaps([told[:start].tobytes() + others + told[end:].tobytes()])


def with_gaps(lists: Sequence[bytes]) -> bytes:
    """Lists of postings, one after the other, with gaps."""
    told = np.frombuffer(b"".join(lists), np.uint64)
    numbers = told >> _DOCUMENT
    gaps = np.diff(numbers, prepend=np.uint64(0))
    starts = np.cumsum([len(each) // POSTING for each in lists[:-1]], dtype=np.int64)
    gaps[starts] = numbers[starts]
    return _with_numbers(told, gaps).tobytes()


def _with_numbers(told: Entries, numbers: Entries) -> Entries:
    """Postings with other documents, or gaps."""
    changed: Entries = np.bitwise_or(told & ((1 << _DOCUMENT) - 1), numbers << _DOCUMENT)
    return changed


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
