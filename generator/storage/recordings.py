"""What servers answered, as it came: a pull that was killed goes on where it was, one that comes
again asks only for what changed, and one without the network reads what the last one was told.

One SQLite file that may be deleted at any time; a damaged one is begun anew.
"""

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from generator.storage.database import connect, connect_in_memory

KEPT_FOR = 60 * 86_400
"""Seconds after which an answer that nobody asked for is dropped."""
RESUMED_FOR = 6 * 3_600
"""Seconds in which a pull that did not end may go on; later the answers it had may be stale."""
_SCHEMA = """
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS answers (
        url TEXT PRIMARY KEY, body BLOB, etag TEXT, modified TEXT, source TEXT, at REAL
    );
    CREATE TABLE IF NOT EXISTS unfinished (source TEXT PRIMARY KEY, since REAL);
"""


class Recording(Struct, frozen=True, kw_only=True):
    """An answer as it came."""

    body: bytes
    etag: str = ""
    """The server's name for this version of it, where it has one (RFC 9110, section 8.8.3)."""
    modified: str = ""
    """When the server says that it changed last, as it wrote it."""
    at: float = 0.0
    """When it came or was last said to be unchanged: seconds since 1970."""


class Recordings:
    """Answers by URL."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def find(self, url: str) -> Recording | None:
        """The last answer from a URL; None where there is none, or it is damaged."""
        row = self._rows("SELECT body, etag, modified, at FROM answers WHERE url = ?", url)
        if not row:
            return None
        body, etag, modified, at = row[0]
        try:
            return Recording(body=zlib.decompress(body), etag=etag, modified=modified, at=at)
        except zlib.error:
            return None

    def keep(self, url: str, source: str, answer: Recording) -> None:
        """Keep an answer at once, as it came now."""
        packed = zlib.compress(answer.body, 6)
        self._do(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
            *(url, packed, answer.etag, answer.modified, source, time.time()),
        )

    def confirm(self, url: str) -> None:
        """The server says that its last answer still holds."""
        self._do("UPDATE answers SET at = ? WHERE url = ?", time.time(), url)

    def forget(self, url: str) -> None:
        """Drop an answer that was no good."""
        self._do("DELETE FROM answers WHERE url = ?", url)

    def has_any(self, source: str) -> bool:
        """Whether a source was ever answered."""
        return bool(self._rows("SELECT 1 FROM answers WHERE source = ? LIMIT 1", source))

    def begin(self, source: str) -> tuple[float, float]:
        """A pull of a source begins. Gives the times from .. to of answers that need not be asked
        for again: those of the last pull, if it did not end; else none."""
        now = time.time()
        row = self._rows("SELECT since FROM unfinished WHERE source = ?", source)
        if row and now - RESUMED_FOR <= row[0][0] <= now:
            return float(row[0][0]), now
        self._do("INSERT OR REPLACE INTO unfinished VALUES (?, ?)", source, now)
        return now, now

    def finish(self, source: str) -> None:
        """The pull of a source ended."""
        self._do("DELETE FROM unfinished WHERE source = ?", source)

    def drop_old(self) -> None:
        """Drop what nobody asked for in a long time."""
        self._do("DELETE FROM answers WHERE at < ?", time.time() - KEPT_FOR)

    def _do(self, statement: str, *values: object) -> None:
        """Where the disk refuses, nothing is kept and the pull goes on."""
        with contextlib.suppress(sqlite3.DatabaseError):
            self._database.execute(statement, values)

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with contextlib.suppress(sqlite3.DatabaseError):
            return self._database.execute(statement, values).fetchall()
        return []


@contextlib.contextmanager
def open_recordings(place: Path) -> Iterator[Recordings]:
    """The answers in a file, which is made if it is missing."""
    database = connect(place, _SCHEMA, _is_whole, isolation_level=None)
    try:
        recordings = Recordings(database)
        recordings.drop_old()
        yield recordings
    finally:
        database.close()


def _is_whole(database: sqlite3.Connection) -> bool:
    return bool(database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))


def unwritten() -> Recordings:
    """Answers that are kept nowhere but in memory."""
    return Recordings(connect_in_memory(_SCHEMA))
