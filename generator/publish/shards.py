"""Shards: numbers and words packed small, cut into files of bounded size, named by their content.

Owns the bytes inside a shard and the shape of its name; what stands in which shard, `search` and
`postings` say. A shard is one zlib stream (RFC 1950) over columns, so that it weighs the same on
disk and on the way: servers compress JSON, but no file whose type they do not know.

- *Column*: one byte p, then the p lowest bytes of every number: all first bytes, all second
  bytes, … (little end first). Numbers side by side of one kind and one order compress well, and
  p is 0 where all are 0.
- *Words*: sorted words as four parts: their number (four bytes), a column of how many letters
  each shares with the word before, a column of how many follow, and these letters themselves, run
  together, as ASCII.
"""

import zlib
from array import array
from base64 import b32encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TypeVar

from generator.model import File

FOLDER = "search/"
_LEVEL = 6
"""Of zlib: 9 takes six times as long to save a hundredth of the bytes."""
_SPREAD = 2**32
_NAME_LENGTH = 24
"""Letters of a word that may stand in a file's name."""

Word = TypeVar("Word")


def column(numbers: Iterable[int]) -> bytes:
    """Numbers from 0 to 2³² - 1 as a column."""
    raw = (numbers if isinstance(numbers, array) else array("I", numbers)).tobytes()
    return column_of_planes([raw[place::4] for place in range(4)])


def column_of_planes(planes: Sequence[bytes]) -> bytes:
    """A column of numbers that are told by all first bytes, all second bytes, …"""
    used = len(planes)
    while used and not planes[used - 1].strip(b"\0"):
        used -= 1
    return bytes([used]) + b"".join(planes[:used])


def packed_words(words: Sequence[str]) -> bytes:
    """Sorted ASCII words, each by what it does not share with the one before."""
    shared = list(_shared_with_previous(words))
    rests = [word[start:] for word, start in zip(words, shared, strict=True)]
    count = len(words).to_bytes(4, "little")
    return count + column(shared) + column(map(len, rests)) + "".join(rests).encode("ascii")


def unpacked_planes(content: bytes, place: int, count: int) -> tuple[list[bytes], int]:
    """The planes of a column of so many numbers at a place, and where it ends."""
    ends = [place + 1 + count * number for number in range(content[place] + 1)]
    return [content[start:end] for start, end in pairwise(ends)], ends[-1]


def unpacked_column(content: bytes, place: int, count: int) -> tuple["array[int]", int]:
    """The numbers of a column at a place, and where it ends."""
    planes, end = unpacked_planes(content, place, count)
    told = bytearray(4 * count)
    for number, plane in enumerate(planes):
        told[number::4] = plane
    return array("I", bytes(told)), end


def unpacked_words(content: bytes) -> tuple[list[str], int]:
    """The words that a content begins with, and where they end."""
    count = int.from_bytes(content[:4], "little")
    shared, place = unpacked_column(content, 4, count)
    sizes, place = unpacked_column(content, place, count)
    words, before = [], ""
    for kept, size in zip(shared, sizes, strict=True):
        before = before[:kept] + content[place : place + size].decode("ascii")
        words.append(before)
        place += size
    return words, place


def _shared_with_previous(words: Iterable[str]) -> Iterator[int]:
    """As `shared_letters` of each word and the one before. Sorted words mostly share about as many
    letters as the two before them."""
    before, shared = "", 0
    for word in words:
        if word.startswith(before):
            shared = len(before)
        else:
            while word[:shared] != before[:shared]:
                shared -= 1
            while word[shared : shared + 1] == before[shared]:
                shared += 1
        yield shared
        before = word


def joined(parts: Sequence[bytes]) -> bytes:
    """Several contents as one, which `parted` takes apart again."""
    numbers = [len(parts), *map(len, parts)]
    return array("Q", numbers).tobytes() + b"".join(parts)


def parted(content: bytes) -> list[bytes]:
    """The contents that `joined` put together."""
    step = array("Q").itemsize
    count = array("Q", content[:step])[0]
    lengths = array("Q", content[step : step * (count + 1)])
    ends = list(accumulate(lengths, initial=step * (count + 1)))
    return [content[start:end] for start, end in pairwise(ends)]


def shard(name: str, content: bytes, known: Mapping[str, File] = MappingProxyType({})) -> File:
    """A file whose name changes with its content, so that it may be kept for ever. `name`: what
    the name begins with, below `search/`; `known`: files by path, to be taken as they are."""
    path = f"{FOLDER}{name}-{digest(content)}.bin"
    return known.get(path) or File(path=path, content=zlib.compress(content, _LEVEL))


def unpacked_shard(file: File) -> bytes:
    """The content of a shard. Raises ValueError where it is not what its name says."""
    try:
        content = zlib.decompress(file.content)
    except zlib.error as error:
        raise ValueError(file.path) from error
    if digest(content) != shard_name(file.path).rpartition("-")[2]:
        raise ValueError(file.path)
    return content


def digest(content: bytes) -> str:
    """Seven letters and digits that stand for a content, and tell it from its other versions."""
    return b32encode(blake2b(content, digest_size=5).digest()).decode("ascii")[:7].lower()


def shard_name(path: str) -> str:
    """A shard's name as the manifest gives it: the last part of its path, without its ending."""
    return path.rpartition("/")[2].removesuffix(".bin")


def shared_letters(one: str, other: str) -> int:
    """How many letters two words have in common at their beginning."""
    if other.startswith(one):
        return len(one)
    for place, (letter, others) in enumerate(zip(one, other, strict=False)):
        if letter != others:
            return place
    return min(len(one), len(other))


def separator(before: str, word: str) -> str:
    """The shortest start of a word that sorts behind the word before it."""
    return word[: shared_letters(before, word) + 1]


def cut(
    words: Sequence[str], sizes: Iterable[int], least: int, most: int
) -> Iterator[tuple[str, Sequence[str]]]:
    """Cut sorted words into shards, each with its separator from the one before. `sizes`: of each
    word.

    A shard ends before it would grow over `most`. From `least` on, it also ends before certain
    words, which a hash picks, so that a new word moves the cuts near it and not all that follow.
    It ends nowhere where the separator would be too long for a file's name."""
    sums = list(accumulate(sizes, initial=0))
    first, start = words[0][:1] if words else "", 0
    while start < len(words):
        end = _end(words, sums, start, least, most)
        yield first, words[start:end]
        first, start = separator(words[end - 1], words[end]) if end < len(words) else "", end


def _end(words: Sequence[str], sums: Sequence[int], start: int, least: int, most: int) -> int:
    """Where the shard ends that begins at a word. `sums`: of the sizes of all words before each."""
    enough, full = sums[start] + least, sums[start] + most
    may_end = min(bisect_left(sums, enough), bisect_right(sums, full) - 1)
    for end in range(max(start + 1, may_end), len(words)):
        size = sums[end + 1] - sums[end]
        picked = sums[end] >= enough and (
            zlib.crc32(words[end].encode()) < size * _SPREAD // (most - least)
        )
        if (picked or sums[end + 1] > full) and (
            len(separator(words[end - 1], words[end])) <= _NAME_LENGTH
        ):
            return end
    return len(words)
