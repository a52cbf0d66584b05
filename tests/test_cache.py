"""What a build remembers saves work and never changes the site."""

import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from generator.storage.cache import open_cache
from tests.command import broadsheet, tree


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The toy site, to be changed."""
    return Path(shutil.copytree(Path(__file__).parent / "toy", tmp_path / "toy"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "site/.broadsheet/cache.sqlite"


def put(place: Path, version: str = "1", **values: bytes) -> None:
    with open_cache(place, version) as cache:
        for key, value in values.items():
            cache.put(key, value)


def get(place: Path, key: str, version: str = "1") -> bytes | None:
    with open_cache(place, version) as cache:
        return cache.get(key)


def test_a_value_is_there_at_the_next_opening(place: Path) -> None:
    put(place, a=b"\0\1" * 5000, b=b"")
    with open_cache(place, "1") as cache:
        assert cache.get("a") == b"\0\1" * 5000
        assert cache.get("b") == b""
        assert cache.get("c") is None


def test_what_was_not_used_is_dropped(place: Path) -> None:
    put(place, a=b"1", b=b"2")
    assert get(place, "a") == b"1"
    assert get(place, "b") is None


def test_another_version_begins_anew(place: Path) -> None:
    put(place, a=b"1")
    assert get(place, "a", version="2") is None
    assert get(place, "a") is None


def test_a_failure_leaves_the_cache_as_it_was(place: Path) -> None:
    def fail() -> None:
        with open_cache(place, "1") as cache:
            cache.put("a", b"2")
            raise RuntimeError

    put(place, a=b"1")
    with pytest.raises(RuntimeError):
        fail()
    assert get(place, "a") == b"1"


def garbage(place: Path) -> None:
    place.write_bytes(b"no database" * 500)


def truncated(place: Path) -> None:
    place.write_bytes(place.read_bytes()[:5000])


def emptied(place: Path) -> None:
    place.write_bytes(b"")


def zeroed_in_the_middle(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    place.write_bytes(content)


def value_swapped(place: Path) -> None:
    database = sqlite3.connect(place)
    database.execute("UPDATE kept SET value = (SELECT value FROM kept WHERE key = 'b')")
    database.commit()
    database.close()


def value_cut(place: Path) -> None:
    database = sqlite3.connect(place)
    database.execute("UPDATE kept SET value = substr(value, 1, 30)")
    database.commit()
    database.close()


ACCIDENTS = (garbage, truncated, emptied, zeroed_in_the_middle, value_swapped, value_cut)


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_damaged_cache_is_noticed_and_begun_anew(
    place: Path, accident: Callable[[Path], None]
) -> None:
    put(place, a=bytes(range(256)) * 100, b=bytes(range(255)) * 90)
    accident(place)
    assert get(place, "a") is None
    put(place, a=b"new")
    assert get(place, "a") == b"new"


def test_a_cache_that_another_build_has_in_hand_is_left_alone(place: Path) -> None:
    put(place, a=b"1")
    with open_cache(place, "1") as first:
        first.put("b", b"2")
        put(place, c=b"3")
    assert get(place, "b") == b"2"


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".broadsheet").write_text("a file where the folder would be")
    put(tmp_path / ".broadsheet/cache.sqlite", a=b"1")


def test_a_build_from_memory_is_the_build_from_nothing(toy: Path) -> None:
    """A paper is corrected, then taken away."""

    def built(*options: str, output: str) -> dict[str, bytes]:
        done = broadsheet("build", "--output", str(toy.parent / output), *options, site=toy)
        assert done.returncode == 0, done.stderr
        return tree(toy.parent / output)

    first = built(output="kept")
    assert (toy / ".broadsheet/cache.sqlite").is_file()
    assert built(output="kept") == first == built("--no-cache", output="clean")
    corrected = toy / "content/papers/2025/learning-to-stack-2025.md"
    corrected.write_text(re.sub("(?m)^title:.*$", "title: Quixotic stacks", corrected.read_text()))
    assert built(output="kept") == built("--no-cache", output="clean") != first
    corrected.unlink()
    assert built(output="kept") == built("--no-cache", output="clean")


def test_without_the_cache_nothing_is_kept(toy: Path) -> None:
    assert broadsheet("build", "--no-cache", site=toy).returncode == 0
    assert not (toy / ".broadsheet").exists()


def test_what_a_copy_of_the_process_reads_stays_and_what_it_puts_in_is_kept(place: Path) -> None:
    with open_cache(place, "1") as cache:
        cache.put("read", b"1")
        cache.put("forgotten", b"2")
    with open_cache(place, "1") as cache:
        with cache.being_read(), cache.again() as copy:
            assert copy.get("read") == b"1"
            copy.put("new", b"3")
            cache.put("own", b"4")
            cache.settle()
        cache.add(*copy.noted)
    with open_cache(place, "1") as cache:
        held = [cache.get(key) for key in ("read", "new", "own", "forgotten")]
        assert held == [b"1", b"3", b"4", None]


def test_much_that_is_put_in_while_a_copy_reads_waits_until_it_has_read(place: Path) -> None:
    much = os.urandom(20_000_000)
    with open_cache(place, "1") as cache:
        cache.put("read", b"1")
    with open_cache(place, "1") as cache, cache.being_read(), cache.again() as copy:
        for own, other in (("a", "b"), ("c", "d")):
            cache.put(own, much)
            copy.put(other, much)
        assert copy.get("read") == b"1"
        cache.add(*copy.noted)
    with open_cache(place, "1") as cache:
        assert all(cache.get(key) == much for key in "abcd")


def test_a_copy_made_after_much_was_put_in_reads_what_was_there_before(place: Path) -> None:
    with open_cache(place, "1") as cache:
        cache.put("read", b"1")
    with open_cache(place, "1") as cache:
        with cache.being_read():
            for key in "abcd":
                cache.put(key, os.urandom(5_000_000))
            cache.put("a", b"later")
        with cache.being_read(), cache.again() as copy:
            assert copy.get("read") == b"1"
            cache.add(*copy.noted)
        assert cache.get("a") == b"later"
    with open_cache(place, "1") as cache:
        assert cache.get("a") == b"later"
        assert all(len(cache.get(key) or b"") == 5_000_000 for key in "bcd")


def test_a_copy_of_a_cache_whose_file_is_gone_knows_nothing(place: Path) -> None:
    with open_cache(place, "1") as cache:
        cache.put("key", b"value")
    with open_cache(place, "1") as cache:
        place.unlink()
        with cache.again() as copy:
            assert (copy.get("key"), "key" in copy) == (None, False)


def test_what_a_process_writes_already_its_copy_does_not_wait_for(place: Path) -> None:
    with open_cache(place, "1") as cache:
        cache.put("key", b"value")
    locked = sqlite3.connect(place, isolation_level=None)
    with open_cache(place, "1") as cache:
        locked.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with cache.again() as copy:
            assert [copy.get("key") for _ in range(100)] == [None] * 100
        assert time.monotonic() - began < 100  # each would wait for five seconds
        locked.execute("ROLLBACK")
    locked.close()


def test_a_value_with_another_bit_is_as_good_as_none(place: Path) -> None:
    """Wherever it is: what tells how much memory unpacking takes is looked at no earlier."""
    put(place, key=b"some words, and some words more " * 4)
    with closing(sqlite3.connect(place)) as database:
        (row,) = database.execute("SELECT value FROM kept").fetchone()
    for bit in range(8 * len(row)):
        other = bytearray(row)
        other[bit // 8] ^= 1 << bit % 8
        with closing(sqlite3.connect(place)) as database:
            database.execute("UPDATE kept SET value = ?", (bytes(other),))
            database.commit()
        with open_cache(place, "1") as cache:
            assert cache.get("key") is None
            cache.keep()
