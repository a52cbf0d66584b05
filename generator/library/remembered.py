"""What is remembered of related papers from one build to the next, as bytes.

One value tells all that is known but the stems of each paper; these stand on shelves, of which a
build reads only those it needs.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from msgspec.msgpack import decode, encode
from numpy.typing import NDArray

from generator.library.memory import Memory
from generator.library.neighbours import NEAREST, STRONGEST, Links, Numbers, Vectors
from generator.library.relating import NOTHING, Known

_KEY = "related papers"
_ON_A_SHELF = 1_000
"""Papers whose stems stand together, when there are none yet."""
_FULL = 4_000
"""When so many do, all papers are read again and spread over more shelves."""
_SIZE = 8
"""Bytes that tell a size."""

_Stems = NDArray[np.int32]


class ForgottenError(Exception):
    """Something that was remembered is no more."""


class Remembered:
    """What is known of the library of the last build, and of the stems of its papers."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        value = memory.get(_KEY)
        self._shelves, self.known = _unpacked(value) if value else (0, NOTHING)
        kept = all(_key(shelf) in memory for shelf in range(self._shelves))
        if not kept or len(self.known.ids) > self._shelves * _FULL:
            self.forget()

    def forget(self) -> None:
        """Nothing is known."""
        self._shelves, self.known = 0, NOTHING

    def of(self, ids: Sequence[str]) -> _Stems:
        """The stems of some papers together."""
        held = [np.zeros(0, np.int32)]
        for number, papers in _by_shelf(ids, self._shelves).items():
            shelf = self._read(number)
            held += [shelf[paper] for paper in papers]
        return np.concatenate(held)

    def holders(self, stems: Numbers) -> set[str]:
        """The ids of all papers that hold one of some stems."""
        wanted = np.zeros(len(self.known.stems), np.bool_)
        wanted[stems] = True
        found = set[str]()
        for number in range(self._shelves):
            ids, ends, held = self._shelf(number)
            places = np.searchsorted(ends, np.flatnonzero(wanted[held]), side="right") - 1
            found.update([ids[place] for place in set(places.tolist())])
        return found

    def put(self, known: Known, left: Iterable[str], new: Mapping[str, _Stems]) -> None:
        """Remember what is known now: without the stems of some papers, with those of others."""
        shelves = self._shelves or len(new) // _ON_A_SHELF + 1
        for number, papers in _by_shelf({*left, *new}, shelves).items():
            shelf = self._read(number) if self._shelves else {}
            for paper in papers:
                shelf.pop(paper, None)
            self._memory.put(
                _key(number), _packed_shelf(shelf | {p: new[p] for p in papers if p in new})
            )
        self._memory.put(_KEY, _packed(known, shelves))

    def _read(self, number: int) -> dict[str, _Stems]:
        """A shelf by id."""
        ids, ends, held = self._shelf(number)
        parts = [held[start:end] for start, end in pairwise(ends.tolist())]
        return dict(zip(ids, parts, strict=True))

    def _shelf(self, number: int) -> tuple[list[str], Numbers, _Stems]:
        """The ids of a shelf's papers, where the stems of each end, a zero first, and all stems."""
        value = self._memory.get(_key(number))
        if value is None:
            raise ForgottenError
        ids, (ends, held) = _parted(value)
        return ids, np.frombuffer(ends, np.int64), np.frombuffer(held, np.int32)


def _key(shelf: int) -> str:
    return f"{_KEY}, shelf {shelf}"


def _by_shelf(ids: Iterable[str], shelves: int) -> dict[int, list[str]]:
    """Ids by the shelf they stand on, which depends on nothing else."""
    found: dict[int, list[str]] = defaultdict(list)
    for paper in ids:
        found[zlib.crc32(paper.encode()) % shelves].append(paper)
    return found


def _packed_shelf(shelf: Mapping[str, _Stems]) -> bytes:
    ends = np.cumsum([0, *map(len, shelf.values())])
    held = np.concatenate([np.zeros(0, np.int32), *shelf.values()])
    return _joined(list(shelf), ends, held)


def _packed(known: Known, shelves: int) -> bytes:
    vectors, links = known.vectors, known.links
    head = [shelves, known.ids, known.lines, known.stems]
    return _joined(
        head,
        known.digests,
        known.told,
        vectors.terms,
        vectors.weights.astype(np.int16),
        np.packbits(vectors.looks),
        np.packbits(vectors.shown),
        links.others,
        links.edges,
        links.least,
        known.spread,
    )


def _unpacked(value: bytes) -> tuple[int, Known]:
    (shelves, ids, lines, stems), parts = _parted(value)
    digests, told, terms, weights, looks, shown, others, edges, least, spread = parts
    size = len(ids) * STRONGEST
    vectors = Vectors(
        terms=np.frombuffer(terms, np.int32).reshape(-1, STRONGEST),
        weights=np.frombuffer(weights, np.int16).astype(np.int32).reshape(-1, STRONGEST),
        looks=_flags(looks, size),
        shown=_flags(shown, size),
    )
    links = Links(
        others=np.frombuffer(others, np.int32).reshape(-1, NEAREST),
        edges=np.frombuffer(edges, np.int32),
        least=np.frombuffer(least, np.int32),
    )
    return shelves, Known(
        ids=ids,
        digests=np.frombuffer(digests, np.uint64),
        told=np.frombuffer(told, np.uint64),
        lines=lines,
        vectors=vectors,
        links=links,
        stems=stems,
        spread=np.frombuffer(spread, np.int64),
    )


def _flags(packed: bytes, size: int) -> NDArray[np.bool_]:
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=size)
    return bits.astype(np.bool_).reshape(-1, STRONGEST)


def _joined(head: Any, *arrays: NDArray[Any]) -> bytes:
    parts = [array.tobytes() for array in arrays]
    told = encode([head, [len(part) for part in parts]])
    return b"".join([len(told).to_bytes(_SIZE, "little"), told, *parts])


def _parted(value: bytes) -> tuple[Any, list[bytes]]:
    start = int.from_bytes(value[:_SIZE], "little") + _SIZE
    head, sizes = decode(value[_SIZE:start])
    ends = accumulate(sizes, initial=start)
    return head, [value[begin:end] for begin, end in pairwise(ends)]
