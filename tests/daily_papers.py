"""A server that speaks as Hugging Face's Daily Papers do and has bad moments, and pulls from it
that are killed: what a test and a benchmark share."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generator.errors import BroadsheetError
from generator.library.pages import parse_paper
from tests.command import REPOSITORY, tree
from tests.loopback import Call, Server, serve

Days = Mapping[str, Sequence[dict[str, Any]]]
COMMAND = ("generator", "pull")
_ARXIV = re.compile(r"\d{4}\.\d{5}")


class Moody:
    """Answers with a day's papers, in pages; now and then it does something else.

    `moods`: how often of 1,000 times it does what. `allowance`: requests in `window` seconds."""

    def __init__(
        self,
        days: Days,
        moods: Mapping[str, int],
        *,
        seed: int = 1,
        allowance: int = 500,
        window: int = 300,
    ) -> None:
        self.days = days
        self.told: Counter[str] = Counter()
        """How often it did what."""
        self._moods = moods
        self._random = random.Random(seed)
        self._allowance, self._window = allowance, window
        self._left, self._until = allowance, 0.0

    def answer(self, call: Call) -> None:
        headers = {"ratelimit": self._count(call.at)}
        mood = self._mood()
        self.told[mood] += 1
        body = json.dumps(self._page(call)).encode()
        if mood == "429":
            call.send(b"slow down", status=429, retry_after="1", **headers)
        elif mood == "500":
            call.send(b"oh", status=500, **headers)
        elif mood == "cut off":
            call.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1))
            call.write(body[: len(body) // 2])
            call.handler.close_connection = True
        elif mood == "silent":
            call.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n[" % (len(body) + 1))
            call.handler.rfile.read(1)  # until the client is gone
        else:
            call.send(body, content_type="application/json", **headers)

    def _count(self, now: float) -> str:
        """The header that says what is left of the allowance. Too many: a mood nobody has asked
        for, which the test sees."""
        if now >= self._until:
            self._left, self._until = self._allowance, now + self._window
        self._left -= 1
        self.told["too many"] += self._left < 0
        return f'"api";r={max(0, self._left)};t={max(1, round(self._until - now))}'

    def _mood(self) -> str:
        names = [*self._moods, "well"]
        weights = [*self._moods.values(), 1_000 - sum(self._moods.values())]
        return self._random.choices(names, weights)[0]

    def _page(self, call: Call) -> Sequence[dict[str, Any]]:
        found = self.days.get(call.params.get("date", ""), ())
        page, size = int(call.params.get("p", 0)), int(call.params.get("limit", 50))
        return found[page * size : (page + 1) * size]


@contextmanager
def site(folder: Path, moody: Moody, since: str) -> Iterator[Server]:
    """A site in this folder whose only source is that server."""
    with serve(moody.answer) as server:
        (folder / "content/topics").mkdir(parents=True)
        (folder / "content/topics/robots.md").write_text(
            "---\ntitle: Robots\nrule: {title: [robot*]}\n---\n"
        )
        (folder / "content/site.yml").write_text(
            "title: Papers\nbase_url: https://example.org/papers/\nsources:\n"
            f"  - {{name: daily, type: huggingface, since: {since}, endpoint: '{server.url}'}}\n"
        )
        yield server


def begin(folder: Path, until: str, command: Sequence[str] = COMMAND) -> subprocess.Popen[str]:
    """A pull under way, on that day."""
    seconds = int(time.mktime(time.strptime(until, "%Y-%m-%d"))) + 43_200
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY),
            "SOURCE_DATE_EPOCH": str(seconds),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when(pull: subprocess.Popen[str], reached: Callable[[], bool]) -> bool:
    """Kill a pull as soon as something is so; False where it ended before."""
    while pull.poll() is None:
        if reached():
            pull.send_signal(signal.SIGKILL)
            pull.communicate()
            return True
        time.sleep(0.002)
    pull.communicate()
    return False


def pages_in(folder: Path) -> list[Path]:
    """The papers' pages."""
    return sorted((folder / "content/papers").rglob("*.md"))


def broken_pages(folder: Path) -> list[str]:
    """Pages that are not whole, and anything beside them."""
    wrong = []
    for place in (folder / "content/papers").rglob("*"):
        path = place.relative_to(folder).as_posix()
        if place.is_file() and not (place.name.startswith(".") and place.suffix == ".part"):
            try:
                parse_paper(place.read_text(), path)
            except (BroadsheetError, UnicodeDecodeError) as error:
                wrong.append(f"{path}: {error}")
    return wrong


def ids_told(days: Days) -> Counter[str]:
    """The papers of the days, by arXiv id."""
    return Counter(each["paper"]["id"] for papers in days.values() for each in papers)


def ids_of(folder: Path) -> Counter[str]:
    """The papers of the pages, by the arXiv id of their links."""
    links = (re.search(r"arxiv\.org/abs/(\S+?)['\"]?[,}]", p.read_text()) for p in pages_in(folder))
    return Counter(link[1] if link else "none" for link in links)


def changed_files(before: Mapping[str, bytes], folder: Path) -> list[str]:
    """The files of content/ that are not as they were."""
    after = tree(folder / "content")
    return sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
