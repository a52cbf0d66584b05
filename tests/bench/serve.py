"""How long a paper that was saved takes to be on screen: from the write of its page in content/ to
the moment at which the preview has told the browser and gives the new page.

    python -m tests.bench.serve [SITE] [--saves 20]

A copy of the site, or of the 10,000 papers that `make bench` leaves, is served and edited: each
time a paper while the preview is at rest, and another one while the build that follows is under
way."""

import argparse
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.documents import KEPT
from tests.bench.tables import Table, spread
from tests.command import REPOSITORY

_SITE = KEPT.with_name("bench-site") / "10000/broadsheet"
_EVENTS = "__broadsheet__/events?page="
_PLACE = re.compile(r"Serving at http://127\.0\.0\.1:(\d+)(/\S*)")
_LOOK_SECONDS = 0.5
_LITTLE = 0.05
"""Seconds of work between two looks in which a preview at rest stays."""


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.serve", description=__doc__)
    parser.add_argument("site", type=Path, nargs="?", default=_SITE)
    parser.add_argument("--saves", type=int, default=20)
    said = parser.parse_args()
    if not (said.site / "content").is_dir():
        parser.error(f"{said.site} is no site; name one, or make it with: make bench")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        shutil.copytree(said.site, site, ignore=shutil.ignore_patterns("output", ".broadsheet"))
        print(measure(site, said.saves))


def measure(site: Path, saves: int) -> Table:
    """Serve a site and save so many of its papers at rest, and so many more while it builds."""
    papers = sorted((site / "content/papers").rglob("*.md"))
    chosen = [papers[len(papers) * number // (2 * saves)] for number in range(2 * saves)]
    at_rest, meanwhile = list[float](), list[float]()
    with _serving(site) as preview:
        for paper, other in zip(chosen[::2], chosen[1::2], strict=True):
            preview.rest()
            at_rest.append(preview.save(paper))
            meanwhile.append(preview.save(other))
        preview.rest()
        memory = preview.memory
    table = Table(f"A saved page of {len(papers):,} on screen, seconds")
    table.head("the preview", "median", "95 % within", "worst")
    table.row("is at rest", *spread(at_rest).values())
    table.row("is building", *spread(meanwhile).values())
    table.note(f"It takes {memory / 1e6:,.0f} MB in the end.")
    return table


class _Preview:
    """A preview, as a browser and a person with an editor see it."""

    def __init__(self, process: subprocess.Popen[str], port: int, base: str) -> None:
        self._process, self._port, self._base = process, port, base
        self._saved = 0

    def save(self, paper: Path) -> float:
        """Save a paper with one more sentence; the seconds until its page is told of and has it."""
        self._saved += 1
        page, sentence = f"papers/{paper.stem}/", f"This is save {self._saved}."
        text = paper.read_text("utf-8").rstrip()
        with self._answer(f"{_EVENTS}{page}index.html") as events:
            events.readline()
            began = time.perf_counter()
            paper.write_text(f"{text} {sentence}\n", "utf-8")
            while sentence not in self._text(page):
                while not events.readline().startswith(b"data"):
                    pass
            return time.perf_counter() - began

    def rest(self) -> None:
        """Wait until it has built what there is to build."""
        before = -1.0
        while self._worked - before > _LITTLE:
            before = self._worked
            time.sleep(_LOOK_SECONDS)

    @property
    def memory(self) -> int:
        """The bytes that it takes."""
        told = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(told.split("VmRSS:")[1].split()[0]) * 1024

    @property
    def _worked(self) -> float:
        """The seconds that it has worked so far."""
        facts = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")

    def _text(self, path: str) -> str:
        with self._answer(path) as answer:
            return answer.read().decode()

    @contextmanager
    def _answer(self, path: str) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", self._base + path)
        yield connection.getresponse()
        connection.close()


@contextmanager
def _serving(site: Path) -> Iterator[_Preview]:
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", "serve", "--port", "0"],
        cwd=site,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stderr
    try:
        place = next(filter(None, map(_PLACE.search, process.stderr)))
        yield _Preview(process, int(place[1]), place[2])
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
