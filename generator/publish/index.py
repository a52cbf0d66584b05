"""The search index, made from nothing or again where documents changed.

Owns the order of the work, who does it, and what is remembered: stretches of documents by the
digest of all that they are made of, and how the index was cut the last time. Knows neither papers
nor what stands in records; `search` inverts stretches, `letters` cuts terms.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import chain, repeat, zip_longest
from typing import Any, Protocol

from msgspec import Struct
from msgspec.msgpack import decode, encode

from generator.library.memory import Memory
from generator.model import File, Kept
from generator.publish.inverting import EMPTY, differences
from generator.publish.letters import (
    WORDS_LEAST,
    WORDS_MOST,
    Change,
    Cut,
    Letter,
    LostError,
    Previous,
    make_letter,
    pack_letter,
    remake_letter,
    shards_of,
    unpack_letter,
)
from generator.publish.shards import FOLDER, cut, joined, packed_words, parted

_KEY = "search index"
_BACKWARDS = f"{_KEY}, backwards"
"""All terms read backwards."""
_FEW = 8
"""If more than one of so many stretches have changed, the index is made from nothing."""


class Piece(Struct, frozen=True):
    """What a stretch of documents gives."""

    files: tuple[File, ...]
    runs: Mapping[str, bytes]
    """Its postings by the first letter of terms (see `inverting.invert`)."""
    lengths: tuple[int, ...]
    """Of each field: its length in all documents together, in terms."""
    kept: bytes
    """What whoever inverts it wants to know of it when it has changed."""


class Invert(Protocol):
    """Who says what a stretch gives."""

    def __call__(self, stretch: Any, before: Piece | None, read: Any = None) -> Piece:
        """`before`: what it gave before some of its documents changed; `read`: what was read of
        these. Both save time only."""


class Work(Struct, frozen=True, kw_only=True):
    """What an index is made of, and by whom."""

    stretches: Sequence[Any]
    find_keys: Callable[[], list[str]]
    """Tells of each stretch a digest of all that it is made of. That takes a while: the work goes
    to others first, where nothing can be known."""
    size: int
    """Documents in a stretch."""
    invert: Invert
    executor: Executor | None
    memory: Memory | None
    previous: Previous | None
    unread: Iterable[Any]
    """Of each stretch, what is read of it before it is inverted."""
    read: Callable[[Any], Any]
    """Reads it."""
    told: Callable[[list[Any]], None] | None = None
    """Is told what was read of all stretches, where no index is remembered, before any is
    inverted."""

    @property
    def everywhere(self) -> Callable[..., Iterator[Any]]:
        """`map`, by whoever does the work."""
        return self.executor.map if self.executor else map


class Index(Struct, frozen=True, kw_only=True):
    """Of what an index was made, and the files it has."""

    keys: list[str]
    """Of each stretch, as `Work` has them."""
    lengths: list[Sequence[int]]
    """Of each stretch, as its piece has them."""
    stretches: list[Sequence[str]]
    """Of each stretch, the paths of its files."""
    letters: dict[str, Sequence[str]]
    """The same of each first letter of terms."""
    endings: list[Cut]
    """The shards of terms read backwards."""

    def paths(self) -> Iterator[str]:
        """The paths of all files, those of a kind in their order."""
        yield from chain.from_iterable(self.stretches)
        yield from chain.from_iterable(self.letters[letter] for letter in sorted(self.letters))
        yield from (f"{FOLDER}endings/{shard.name}.bin" for shard in self.endings)


def make(work: Work) -> Generator[File | Kept, None, Index]:
    """The files of an index but for its manifest, and the index itself. Files that the last build
    made are told by name, for a name tells the content.

    Where nothing is known, whoever works on stretches elsewhere begins at once, not only when
    somebody asks for files."""
    begun = _pieces(work) if work.memory is None or work.previous is None else None
    return _made_of(work, begun)


def _made_of(work: Work, begun: Iterator[Piece] | None) -> Generator[File | Kept, None, Index]:
    previous = {} if work.previous is None else work.previous
    again = None if begun else _made_again(work)
    if again is None:
        index = Index(keys=[], lengths=[], stretches=[], letters={}, endings=[])
        for file in _made(work, index, begun or _pieces(work)):
            yield Kept(path=file.path) if file.path in previous else file
        index.keys.extend(work.find_keys())
    else:
        index, files = again
        new = {file.path: file for file in files}
        for path in index.paths():
            yield Kept(path=path) if path in previous else new[path]
    if work.memory is not None:
        work.memory.put(_KEY, encode(index))
    return index


def _key(letter: str) -> str:
    return f"{_KEY}, {letter}"


# -- from nothing ----------------------------------------------------------------------------------


def _made(work: Work, index: Index, pieces: Iterator[Piece]) -> Iterator[File]:
    """The files of an index that is made of its pieces, while it is noted what it has. None is
    given before all that others do has been begun."""
    runs: dict[str, list[bytes]] = defaultdict(list)
    records = list[File]()
    for piece in pieces:
        for letter, run in piece.runs.items():
            runs[letter].append(run)
        index.lengths.append(piece.lengths)
        index.stretches.append([file.path for file in piece.files])
        records += piece.files
    vocabulary, letters = list[str](), sorted(runs)
    made = work.everywhere(_letter, [runs.pop(letter) for letter in letters])
    yield from records
    for letter, (terms, told, paths, files) in zip(letters, made, strict=True):
        vocabulary += terms.split()
        if work.memory is not None:
            work.memory.put(_key(letter), told)
        index.letters[letter] = paths
        yield from files
    backwards = sorted(term[::-1] for term in vocabulary)
    if work.memory is not None:
        work.memory.put(_BACKWARDS, " ".join(backwards).encode())
    for shard, file in _ending_shards(backwards, (), set()):
        index.endings.append(shard)
        if file:
            yield file


def _letter(runs: Sequence[bytes]) -> tuple[str, bytes, Sequence[str], list[File]]:
    """The terms of a letter, apart by spaces; the letter as bytes; its files, by path and whole."""
    letter, files = make_letter(runs)
    return " ".join(letter.held), pack_letter(letter), letter.paths, files


def _pieces(work: Work) -> Iterator[Piece]:
    """What every stretch gives, in order; worked out only where it is not remembered. Others begin
    at once."""
    if work.told and (work.memory is None or _KEY not in work.memory):
        read = iter(work.everywhere(work.read, work.unread))
        known = [False] * len(work.stretches)
        return _taken(work, known, _read_first(work, work.told, read))
    known = [work.memory is not None and key in work.memory for key in work.find_keys()]
    unknown = [each for each, is_known in zip(work.stretches, known, strict=True) if not is_known]
    return _taken(work, known, iter(work.everywhere(partial(work.invert, before=None), unknown)))


def _read_first(
    work: Work, told: Callable[[list[Any]], None], read: Iterator[Any]
) -> Iterator[Piece]:
    """What all stretches give, inverted when all are read: whoever wants to know what was read
    works on it meanwhile."""
    readings = list(read)
    told(readings)
    yield from work.everywhere(work.invert, work.stretches, repeat(None), readings)


def _taken(work: Work, known: Iterable[bool], done: Iterator[Piece]) -> Iterator[Piece]:
    memory = work.memory
    for stretch, key, is_known in zip(work.stretches, work.find_keys(), known, strict=True):
        value = memory.get(key) if memory is not None and is_known else None
        if value:
            yield _unpacked(value)
            continue
        piece = work.invert(stretch, None) if is_known else next(done)
        if memory is not None:
            memory.put(key, _packed(piece))
        yield piece


def _packed(piece: Piece) -> bytes:
    paths = [file.path for file in piece.files]
    head = encode([piece.lengths, list(piece.runs), paths])
    contents = (*piece.runs.values(), *(file.content for file in piece.files))
    return joined([head, piece.kept, *contents])


def _unpacked(value: bytes) -> Piece:
    head, kept, *contents = parted(value)
    lengths, letters, paths = decode(head)
    runs, files = contents[: len(letters)], contents[len(letters) :]
    told = zip(paths, files, strict=True)
    return Piece(
        files=tuple(File(path=path, content=content) for path, content in told),
        runs=dict(zip(letters, runs, strict=True)),
        lengths=tuple(lengths),
        kept=kept,
    )


def _ending_shards(
    backwards: Sequence[str], before: Sequence[Cut], changed: set[str]
) -> Iterator[tuple[Cut, File | None]]:
    """The shards of sorted terms read backwards. `before`: those of the last time; since then
    `changed` ones came or went."""
    groups = cut(backwards, repeat(1, len(backwards)), WORDS_LEAST, WORDS_MOST)
    return shards_of("endings", groups, packed_words, before, changed)


# -- again -----------------------------------------------------------------------------------------


def _made_again(work: Work) -> tuple[Index, list[File]] | None:
    """The index, made of the last one and what has changed since, and its files that are new; None
    where that cannot be done or where too much has."""
    memory, previous = work.memory, work.previous
    if memory is None or previous is None:
        return None
    value = memory.get(_KEY)
    if value is None:
        return None
    before, keys = decode(value, type=Index), work.find_keys()
    pairs = zip_longest(before.keys, keys)
    changed = [number for number, (old, new) in enumerate(pairs) if old != new]
    if len(keys) < len(before.keys) or len(changed) > max(1, len(keys) // _FEW):
        return None
    try:
        return _Again(work, memory, previous, before).made(changed)
    except LostError:
        return None


class _Again:
    """An index that is made again. LostError is raised where something is not remembered."""

    def __init__(self, work: Work, memory: Memory, previous: Previous, before: Index) -> None:
        self._work, self._memory, self._previous, self._before = work, memory, previous, before
        self._index = Index(
            keys=work.find_keys(),
            lengths=[*before.lengths],
            stretches=[*before.stretches],
            letters={**before.letters},
            endings=before.endings,
        )
        self._files: list[File] = []
        self._terms = set[str]()
        """Those that came or went, read backwards."""

    def made(self, changed: Sequence[int]) -> tuple[Index, list[File]]:
        """The index and its new files, when some stretches are new or others than before."""
        changes: dict[str, list[Change]] = defaultdict(list)
        for number in changed:
            for letter, change in self._make_stretch(number):
                changes[letter].append(change)
        for letter in sorted(changes):
            self._make_letter(letter, changes[letter])
        self._need([key for key in self._work.find_keys() if key in self._before.keys])
        self._need([_BACKWARDS, *map(_key, self._index.letters)])
        if self._terms:
            self._make_endings()
        new = {file.path for file in self._files}
        if not all(path in new or path in self._previous for path in self._index.paths()):
            raise LostError
        return self._index, self._files

    def _need(self, keys: Collection[str]) -> None:
        """All of them are asked for, so that they stay."""
        if sum(key in self._memory for key in keys) < len(keys):
            raise LostError

    def _get(self, key: str) -> bytes:
        value = self._memory.get(key)
        if value is None:
            raise LostError
        return value

    def _make_stretch(self, number: int) -> Iterator[tuple[str, Change]]:
        """Make one stretch; what has changed by it, by the first letters of terms."""
        before, index = None, self._index
        if number < len(self._before.keys):
            before = _unpacked(self._get(self._before.keys[number]))
        old = before.runs if before else {}
        piece = self._work.invert(self._work.stretches[number], before)
        self._memory.put(self._index.keys[number], _packed(piece))
        index.lengths[number : number + 1] = [piece.lengths]
        index.stretches[number : number + 1] = [[file.path for file in piece.files]]
        self._files += piece.files
        first = number * self._work.size
        for letter in sorted(old.keys() | piece.runs.keys()):
            was, now = old.get(letter, EMPTY), piece.runs.get(letter, EMPTY)
            if was != now:
                documents = range(first, first + self._work.size)
                yield letter, Change(documents, *differences(was, now))

    def _make_letter(self, letter: str, changes: Sequence[Change]) -> None:
        known = letter in self._index.letters
        before = unpack_letter(self._get(_key(letter))) if known else Letter()
        made, files = remake_letter(before, changes, self._previous)
        self._terms |= {term[::-1] for term in before.held.keys() ^ made.held.keys()}
        self._index.letters[letter] = made.paths
        self._files += files
        self._memory.put(_key(letter), pack_letter(made))

    def _make_endings(self) -> None:
        backwards = self._get(_BACKWARDS).decode().split()
        for term in self._terms:
            place = bisect_left(backwards, term)
            if backwards[place : place + 1] == [term]:
                del backwards[place]
            else:
                backwards.insert(place, term)
        self._memory.put(_BACKWARDS, " ".join(backwards).encode())
        shards = list(_ending_shards(backwards, self._index.endings, self._terms))
        self._index.endings[:] = [shard for shard, _ in shards]
        self._files += [file for _, file in shards if file]
