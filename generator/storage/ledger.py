"""What a build notes of the site it made: which products are in the output folder, and which files.

It counts only as long as the folder is as that build left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from generator.storage.cache import OUTPUT, Cache
from generator.storage.staging import seal_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A site as a build left it."""

    digests: Mapping[str, str]
    """Of each product, by its key."""
    paths: Sequence[str]
    """All files."""
    seal: int
    """Of the folder (`staging.seal_of`)."""


def read_ledger(cache: Cache, output: Path) -> Ledger | None:
    """The ledger of what is in `output`; None where there is none, or another site or nothing."""
    value = cache.get(_key(output))
    if value is None:
        return None
    seal, digests, paths = orjson.loads(value)
    if not output.is_dir() or seal_of(output) != seal:
        return None
    return Ledger(digests=digests, paths=paths, seal=seal)


def write_ledger(cache: Cache, output: Path, ledger: Ledger) -> None:
    """Note what is in `output` now."""
    value = orjson.dumps([ledger.seal, ledger.digests, ledger.paths])
    cache.put(_key(output), value)


def _key(output: Path) -> str:
    return f"{OUTPUT}{output.resolve()}"
