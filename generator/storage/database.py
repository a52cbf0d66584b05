"""SQLite files that a site can do without: opened, begun anew where they are damaged, and replaced
by one in memory where the disk has no place for them."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path


def connect(
    place: Path,
    schema: str,
    is_usable: Callable[[sqlite3.Connection], bool] = lambda _: True,
    **settings: str | None,
) -> sqlite3.Connection:
    """The database in a file, which is made if it is missing, by a schema that may be there.

    A file that is no database, or that `is_usable` refuses, is removed. A database in memory is
    given where the file cannot be opened or another process has it in hand. `settings`: those of
    `sqlite3.connect`."""
    for _ in range(2):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(place, timeout=1, **settings)  # type: ignore[call-overload]
            database.executescript(schema)
            if is_usable(database):
                return database  # type: ignore[no-any-return]
            database.close()
        except (sqlite3.OperationalError, OSError):
            break
        except sqlite3.DatabaseError:
            pass
        remove(place)
    return connect_in_memory(schema, **settings)


def connect_in_memory(schema: str, **settings: str | None) -> sqlite3.Connection:
    """A database of this schema that goes with the process."""
    database = sqlite3.connect(":memory:", **settings)  # type: ignore[call-overload]
    database.executescript(schema)
    return database  # type: ignore[no-any-return]


def remove(place: Path) -> None:
    """Remove a database's files, as far as they are there."""
    for ending in ("", "-journal"):
        with contextlib.suppress(OSError):
            place.with_name(place.name + ending).unlink()
