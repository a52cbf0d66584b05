"""What a build notes of the site it made: from what it was made, which products are in the output
folder, and which files.

It counts only as long as the folder is as that build left it.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from stat import S_ISDIR

import orjson

from generator.storage.aside import aside
from generator.storage.cache import OUTPUT, Cache
from generator.storage.staging import Seal, seal_of
from generator.storage.tree import RECENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A site as a build left it."""

    seal: Seal
    """Of the folder (`staging.seal_of`)."""
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


@contextmanager
def reading_ledger(
    cache: Cache | None, output: Path
) -> Iterator[tuple[str, Callable[[str], Ledger | None]]]:
    """Begin to look at what is in `output`. Gives the stamp of what it was made from, empty where
    that cannot be told, and what tells the ledger by the stamp of what a site would be made from
    now; None where there is none, or another site or nothing.

    One with this stamp comes without digests and sizes: there is nothing to be done."""
    head = cache.get(_key(output, "site")) if cache else None
    files = cache.get(_key(output, "files")) if cache else None
    if cache is None or head is None or files is None or not output.is_dir():
        yield "", lambda _: None
        return
    told, (paths, sizes) = orjson.loads(head), orjson.loads(files)
    left = Seal(**told["seal"])
    ledger = Ledger(**told | {"seal": left}, digests={}, sizes={})

    def result(stamp: str) -> Ledger | None:
        if sealed() != left:
            return None
        if stamp and ledger.stamp == stamp:
            return ledger
        digests = cache.get(_key(output, "products"))
        if digests is None:
            return None
        known = dict(zip(paths, sizes, strict=True))
        return replace(ledger, digests=orjson.loads(digests), sizes=known)

    with aside(lambda: seal_of(output, paths)) as sealed:
        yield ledger.stamp, result


def write_ledger(cache: Cache, output: Path, ledger: Ledger) -> None:
    """Note what is in `output` now."""
    head = {name: getattr(ledger, name) for name in _HEAD}
    cache.put(_key(output, "site"), orjson.dumps(head))
    files = [[*ledger.sizes.keys()], [*ledger.sizes.values()]]
    cache.put(_key(output, "files"), orjson.dumps(files))
    cache.put(_key(output, "products"), orjson.dumps(ledger.digests))


_HEAD = ("seal", "stamp", "pages", "papers", "topics", "warnings", "weights")


def _key(output: Path, part: str) -> str:
    return f"{OUTPUT}{output.resolve()} {part}"


def stamp_of(folders: Iterable[Path], *others: object) -> str:
    """A digest of all files of some folders, as far as names, sizes and times tell, and of other
    values. Empty where that cannot be told: a folder is a link, or a file changed so recently that
    it may yet change and look the same."""
    digest = blake2b(repr(others).encode(), digest_size=16)
    latest = 0
    for folder in folders:
        for place, found in sorted(_files(str(folder))):
            if S_ISDIR(found.st_mode):  # linked: it may be large, or lead back here
                return ""
            latest = max(latest, found.st_mtime_ns, found.st_ctime_ns)
            digest.update(f"{place}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest() if latest < time.time_ns() - RECENT else ""


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            else:
                yield entry.path, _stat(entry)


def _stat(entry: "os.DirEntry[str]") -> os.stat_result:
    """Of a file, or of a link that leads nowhere, as editors leave them beside what they edit."""
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)
