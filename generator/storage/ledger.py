"""What a build notes of the site it made: from what it was made, which products are in the output
folder, and which files.

It counts only as long as the folder is as that build left it.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct
from msgspec.msgpack import decode, encode
from msgspec.structs import replace

from generator.storage.aside import in_turn
from generator.storage.cache import OUTPUT, Cache
from generator.storage.staging import Seal, seal_files, seal_folders
from generator.storage.tree import FileStat

_Digests = Callable[[], Mapping[str, str] | None]
_Seal = Callable[[bool], Seal]


class Ledger(Struct, frozen=True, kw_only=True):
    """A site as a build left it."""

    seal: Seal
    """Of the folder."""
    stamp: str
    """Of what it was made from (`stamp_of`); empty where that cannot be told."""
    pages: int
    papers: int
    topics: int
    warnings: Sequence[Sequence[str]]
    """What to tell again of it: where, fact, hint."""
    weights: Mapping[str, tuple[int, int]]
    """How many files of each kind there are, and their bytes."""
    digests: Mapping[str, str]
    """Of each product, by its key."""
    sizes: Mapping[str, int]
    """The bytes of each file, by its path."""


class LastSite:
    """The site that a build left in an output folder."""

    def __init__(
        self, head: Ledger, files: Mapping[str, int], digests: _Digests, seal: _Seal
    ) -> None:
        """`head`: its ledger without digests and sizes; `files`: its sizes; `digests` reads those
        that the build noted, and `seal` finds that of what is in the folder now, as `head` does."""
        self._head, self._files, self._digests = head, files, digests
        self._seal = functools.cache(seal)

    @property
    def stamp(self) -> str:
        """Of what it was made from; empty where that cannot be told."""
        return self._head.stamp

    @property
    def files(self) -> Mapping[str, int]:
        """The bytes of its files, by their paths."""
        return self._files

    def head(self, *, helping: bool = False) -> Ledger | None:
        """Its ledger without digests and sizes; None where it is not as it was left. `helping`: who
        asks has nothing else to do and looks at a part of it himself."""
        return self._head if self._seal(helping) == self._head.seal else None

    def ledger(self) -> Ledger | None:
        """Its ledger; None where it is not as it was left."""
        head, digests = self.head(), self._digests()
        if head is None or digests is None:
            return None
        return replace(head, digests=digests, sizes=self._files)


@contextmanager
def reading_ledger(cache: Cache | None, output: Path) -> Iterator[LastSite | None]:
    """Begin to look at what is in `output`. Gives the site that was left there last, if any was."""
    head = cache.get(_key(output, "site")) if cache else None
    files = cache.get(_key(output, "files")) if cache else None
    if cache is None or head is None or files is None or not output.is_dir():
        yield None
        return
    ledger, sizes = decode(head, type=Ledger), decode(files)

    def digests() -> dict[str, str] | None:
        found = cache.get(_key(output, "products"))
        return None if found is None else decode(found)

    paths, most = [*sizes], len(sizes) * 3 // 4

    def rest() -> Seal:
        return Seal(seal_files(output, paths[most:]), seal_folders(output, paths))

    with in_turn(lambda: seal_files(output, paths[:most]), rest) as (files_of_most, rest_beside):

        def seal(helping: bool) -> Seal:
            found = rest() if helping else rest_beside()
            return Seal(files_of_most() + found.files, found.folders)

        yield LastSite(ledger, sizes, digests, seal)


def write_ledger(cache: Cache, output: Path, ledger: Ledger) -> None:
    """Note what is in `output` now."""
    cache.put(_key(output, "site"), encode(replace(ledger, digests={}, sizes={})))
    cache.put(_key(output, "files"), encode(ledger.sizes))
    cache.put(_key(output, "products"), encode(ledger.digests))


def _key(output: Path, part: str) -> str:
    return f"{OUTPUT}{output.resolve()} {part}"


def stamp_of(files: Iterable[FileStat], *others: object) -> str:
    """A digest of files, as far as their stamps tell, and of other values. Empty where that cannot
    be told: one is a folder, or was changed so recently that it may yet change and look the
    same."""
    files = [*files]
    if not all(file.is_settled for file in files):
        return ""
    told = "\n".join([repr(others), *[file.stamp for file in files]])
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
