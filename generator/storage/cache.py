"""What a build may remember for the next: values by the digest of all that they depend on.

One SQLite file that may be deleted or copied at any time. A file that is damaged, or that another
version of the program wrote, is begun anew; a value that is not what was put in is as good as none.
"""

import contextlib
import hashlib
import platform
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from zstandard import ZstdCompressor, ZstdDecompressor

from generator.storage.database import connect, connect_in_memory, remove

OUTPUT = "of "
"""How keys begin that belong to an output folder."""
_DIGEST = 16
_CHECK = _DIGEST + 4
_MOST_WAITING = 2_000_000
"""Bytes that wait to be written."""
_SCHEMA = """
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS about (version TEXT);
    CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB);
"""


class Cache:
    """Values of this version of the program by key."""

    def __init__(self, place: Path, database: sqlite3.Connection) -> None:
        self._place = place
        self._database = database
        self._used: set[str] = set()
        self._waiting: dict[str, bytes] = {}
        self._rows: dict[str, bytes] = {}
        """Like `_waiting`, as they are going to be written."""
        self._waiting_bytes = 0
        self._stays = False
        self._readers = 0
        self._pack = ZstdCompressor(level=1).compress
        self._unpack = ZstdDecompressor().decompress
        self.damaged = False
        """Whether the file was found to be no database half-way through."""

    def get(self, key: str) -> bytes | None:
        """The value that was put in under a key; None where there is none or it is damaged."""
        if key in self._waiting:
            return self._waiting[key]
        row = self._rows.get(key) or self._read(key)
        if row is None:
            return None
        check, packed = row[:_CHECK], memoryview(row)[_CHECK:]
        if check != _check(key, packed):
            return None
        self._used.add(key)
        return self._unpack(packed)

    def _read(self, key: str) -> bytes | None:
        found = None
        with self._noticing():
            select = "SELECT value FROM kept WHERE key = ?"
            found = self._database.execute(select, (key,)).fetchone()
        return found[0] if found and isinstance(found[0], bytes) else None

    def __contains__(self, key: str) -> bool:
        """Whether something was put in under a key, which then stays, though it is not read."""
        row = None
        with self._noticing():
            row = self._database.execute("SELECT 1 FROM kept WHERE key = ?", (key,)).fetchone()
        if row is None and key not in self._waiting and key not in self._rows:
            return False
        self._used.add(key)
        return True

    def put(self, key: str, value: bytes) -> None:
        """Keep a value; where the disk refuses, it is not kept, and nothing else happens."""
        self._waiting_bytes += len(value) - len(self._waiting.get(key, b""))
        self._waiting[key] = value
        self._used.add(key)
        if self._waiting_bytes > _MOST_WAITING:
            self.settle()

    def settle(self) -> None:
        """Write what was put in so far: it takes a while, and a builder knows when it has time. As
        long as a copy of this process reads, it only becomes small."""
        if self._readers:
            self._rows |= self._packed()
            self._waiting, self._waiting_bytes = {}, 0
            return
        rows = chain(self._rows.items(), self._packed())
        with self._noticing():
            self._database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
        self._waiting, self._rows, self._waiting_bytes = {}, {}, 0

    def _packed(self) -> Iterator[tuple[str, bytes]]:
        """What waits to be written, as rows of the table."""
        packed = ((key, self._pack(value)) for key, value in self._waiting.items())
        return ((key, _check(key, value) + value) for key, value in packed)

    @contextlib.contextmanager
    def being_read(self) -> Iterator[None]:
        """A copy of this process reads meanwhile, too (`again`): nothing is written, as it could
        not read while there is much that was written and not committed."""
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1

    @contextlib.contextmanager
    def again(self) -> Iterator["Cache"]:
        """The same cache as it is on disk, for a copy of this process, which can only read it. What
        cannot be read at once, as this process has begun to write, is as good as forgotten."""
        try:
            place = f"{self._place.resolve().as_uri()}?mode=ro"
            database = sqlite3.connect(place, uri=True, timeout=0)
        except sqlite3.OperationalError:
            database = connect_in_memory(_SCHEMA)
        cache = Cache(self._place, database)
        with contextlib.closing(database), cache.being_read():
            yield cache

    @property
    def noted(self) -> tuple[set[str], dict[str, bytes]]:
        """The keys that were asked for, and what was put in, as `add` takes it."""
        return self._used, self._rows | dict(self._packed())

    def add(self, used: set[str], rows: Mapping[str, bytes]) -> None:
        """What a copy of this process noted."""
        self._used |= used
        self._rows |= rows

    def keep(self) -> None:
        """Nothing is dropped this time, though it was not asked for."""
        self._stays = True

    def finish(self) -> None:
        """Drop what was neither asked for nor put in since the cache was opened; keep the rest, and
        what belongs to an output folder (`of DIR …`): builds into others know nothing of it."""
        if self._stays:
            return
        self.settle()
        with self._noticing():
            keys = [key for (key,) in self._database.execute("SELECT key FROM kept")]
            unused = [
                (key,) for key in keys if key not in self._used and not key.startswith(OUTPUT)
            ]
            self._database.executemany("DELETE FROM kept WHERE key = ?", unused)
            self._database.commit()

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError:  # the disk is full, or another build writes
            pass
        except sqlite3.DatabaseError:
            self.damaged = True


def version_of(package: Path) -> str:
    """A digest of a package's modules: what another state of the program wrote is not trusted."""
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for module in sorted(package.rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def installed(beside: Path) -> str:
    """A digest of the Python that runs and of what is installed beside a package, by name and
    version: another library may leave other bytes."""
    names = sorted(entry.name for entry in beside.parent.glob("*.dist-info"))
    told = repr((platform.python_version(), names))
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()


@contextlib.contextmanager
def open_cache(place: Path, version: str) -> Iterator[Cache]:
    """The cache in a file, which is made if it is missing. `version`: of the program. What is put
    in is kept when the block ends, and what the block did not use goes; a block that fails leaves
    the file as it was."""
    database = connect(place, _SCHEMA, lambda database: _is_of_version(database, version))
    cache = Cache(place, database)
    try:
        yield cache
        cache.finish()
    finally:
        database.close()
        if cache.damaged:
            remove(place)


def _is_of_version(database: sqlite3.Connection, version: str) -> bool:
    """Whether the program's version wrote it, or nobody did."""
    found = database.execute("SELECT version FROM about").fetchall()
    if not found:
        database.execute("INSERT INTO about VALUES (?)", (version,))
        database.commit()
    return found in ([], [(version,)])


def _check(key: str, value: bytes | memoryview) -> bytes:
    """What a row begins with: a digest of its key, as SQLite does not look whether an index led it
    to the right row, and a check sum of what follows."""
    digest = hashlib.blake2b(key.encode(), digest_size=_DIGEST).digest()
    return digest + zlib.crc32(value).to_bytes(4, "little")
