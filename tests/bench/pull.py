"""What a pull must show at full size: all days of Daily Papers through three kills, edit scripts,
the distance between requests to arXiv, and ten thousand papers that did not change.

    python -m tests.bench.pull [days] [scripts] [arxiv] [unchanged]

Needs ../shared/corpora/ for the first and the last; says so where it is missing.
"""

import datetime
import lzma
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from itertools import islice
from pathlib import Path

import orjson

from generator.pull import Wanted, pull
from tests.arxiv import LEAST_GAP, three_sources
from tests.command import REPOSITORY, tree
from tests.daily_papers import (
    Days,
    Moody,
    begin,
    broken_pages,
    changed_files,
    ids_of,
    ids_told,
    kill_when,
    pages_in,
    site,
)

CORPORA = REPOSITORY.parent / "shared/corpora"
DAILY = CORPORA / "hf-daily-papers-2024-2025.zip"
PAPERS = CORPORA / "papers-100k.jsonl.xz"
FIRST, LAST = "2024-05-27", "2025-12-31"
MOODS = {"429": 12, "500": 25, "cut off": 25, "silent": 4}
SEED = int(os.environ.get("SEED", "1"))


def daily_papers() -> Days:
    """The corpus by day."""
    with zipfile.ZipFile(DAILY) as corpus:
        return {Path(name).stem: orjson.loads(corpus.read(name)) for name in corpus.namelist()}


def days() -> None:
    """All days, pulled by the command with its own patience, killed at three random moments: twice
    while it asks, once while it writes."""
    if not DAILY.exists():
        print(f"days: left out, {DAILY} is not there")
        return
    papers, chance = daily_papers(), random.Random(SEED)
    moody = Moody(papers, MOODS, seed=SEED, allowance=250, window=10)
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), moody, FIRST) as server:
        root, began = Path(folder), time.monotonic()
        for number in range(2):
            enough = len(server.calls) + chance.randrange(50, 250)
            killed = kill_when(begin(root, LAST), lambda n=enough: len(server.calls) >= n)
            print(f"days: kill {number + 1}: {killed}, after {len(server.calls)} requests")
        enough = chance.randrange(1, 5_000)
        killed = kill_when(begin(root, LAST), lambda: len(pages_in(root)) >= enough)
        print(f"days: kill 3: {killed}, at {len(pages_in(root))} pages", end="; ")
        print(f"{len(broken_pages(root))} pages that do not parse")
        _to_the_end(root)
        told, found = ids_told(papers), ids_of(root)
        print(f"days: {len(papers)} days, {told.total()} items, {len(told)} papers in the corpus")
        print(f"days: {len(told - found)} lost, {len(found - told)} doubled or strange", end="; ")
        print(f"{len(broken_pages(root))} pages that do not parse")
        before = tree(root / "content")
        _to_the_end(root)
        print(f"days: {len(changed_files(before, root))} files changed by the pull after", end="; ")
        print(f"{len(server.calls)} requests, {time.monotonic() - began:.0f} s; {dict(moody.told)}")


def _to_the_end(root: Path) -> None:
    done = begin(root, LAST)
    _, said = done.communicate()
    print(f"days: exit {done.returncode}: {said.splitlines()[-1]}")


def scripts() -> None:
    """A thousand scripts of edits."""
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/test_merge_scripts.py"],
        cwd=REPOSITORY,
        env={**os.environ, "SCRIPTS": "1000"},
        check=False,
    )


def arxiv() -> None:
    """Fifty requests of three sources to one host that is to be asked every three seconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        three_sources(Path(folder), requests=50) as server,
    ):
        pull(Path(folder), Wanted(), today=datetime.date(2025, 11, 26))
    gaps = server.gaps
    print(
        f"arxiv: {len(server.calls)} requests, {min(gaps):.3f} s to {max(gaps):.3f} s apart, "
        f"{sum(gap < LEAST_GAP for gap in gaps)} too near"
    )


def unchanged(count: int = 10_000) -> None:
    """Ten thousand papers pulled from a file, and again."""
    if not PAPERS.exists():
        print(f"unchanged: left out, {PAPERS} is not there")
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "content/sources").mkdir(parents=True)
        with lzma.open(PAPERS) as lines:
            (root / "content/sources/papers.jsonl").write_bytes(b"".join(islice(lines, count)))
        (root / "content/site.yml").write_text(
            "title: Papers\nsources:\n"
            "  - {name: papers, type: json, path: content/sources/papers.jsonl}\n"
        )
        for _ in range(3):
            _measured(root)


def _measured(root: Path) -> None:
    began = time.monotonic()
    process = begin(root, LAST)
    assert process.stderr is not None
    said = process.stderr.read()
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    print(
        f"unchanged: exit {process.returncode}, {time.monotonic() - began:.1f} s wall, "
        f"{usage.ru_utime + usage.ru_stime:.1f} s CPU, {usage.ru_maxrss / 1024:.0f} MB: "
        f"{said.splitlines()[-1]}"
    )


PARTS = {"days": days, "scripts": scripts, "arxiv": arxiv, "unchanged": unchanged}


def main(names: list[str]) -> None:
    """Run some or all of it."""
    for name in names or list(PARTS):
        PARTS[name]()
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
