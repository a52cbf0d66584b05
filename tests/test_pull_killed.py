"""A month of Daily Papers from a server with bad moments, by pulls that are killed at any moment:
no paper is lost or doubled, no page is half written, and the pull after changes nothing."""

import datetime
import random
from pathlib import Path

import pytest

from tests.command import tree
from tests.daily_papers import (
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

FIRST, LAST = "2025-11-01", "2025-11-30"
MOODS = {"429": 15, "500": 40, "cut off": 40, "silent": 15}
IMPATIENT = ("tests.impatient",)


def a_month(papers: int = 12) -> dict[str, list[dict[str, object]]]:
    """A list a day, each paper once; some listed again on a later day."""
    first = datetime.date.fromisoformat(FIRST)
    days: dict[str, list[dict[str, object]]] = {}
    for number in range(30):
        day = str(first + datetime.timedelta(days=number))
        days[day] = [paper(number * papers + each, day) for each in range(papers)]
    return days


def paper(number: int, day: str) -> dict[str, object]:
    return {
        "paper": {
            "id": f"2511.{number:05d}",
            "title": f"Robot {number}: a study",
            "summary": f"Abstract of paper {number}, which says $x_{number}$ and *more*. " * 9,
            "authors": [{"name": "Ada Lovelace"}, {"name": f"Author {number}"}],
            "publishedAt": f"{day}T00:00:00.000Z",
            "upvotes": number,
        },
        "numComments": number % 7,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_a_month_is_whole_after_three_kills(tmp_path: Path, seed: int) -> None:
    days, chance = a_month(), random.Random(seed)
    moody = Moody(days, MOODS, seed=seed, allowance=40, window=1)
    with site(tmp_path, moody, FIRST) as server:
        for part in (0.3, 0.8):
            enough = len(server.calls) + chance.randrange(1, int(30 * part))
            pull = begin(tmp_path, LAST, IMPATIENT)
            assert kill_when(pull, lambda enough=enough: len(server.calls) >= enough)
            assert not pages_in(tmp_path)
        enough = chance.randrange(1, 300)
        pull = begin(tmp_path, LAST, IMPATIENT)
        assert kill_when(pull, lambda: len(pages_in(tmp_path)) >= enough)
        assert broken_pages(tmp_path) == []
        calls = len(server.calls)
        done = begin(tmp_path, LAST, IMPATIENT)
        _, said = done.communicate(timeout=60)
        assert done.returncode == 0, said
        assert len(server.calls) == calls
        assert broken_pages(tmp_path) == []
        assert ids_of(tmp_path) == ids_told(days)
        before = tree(tmp_path / "content")
        again = begin(tmp_path, LAST, IMPATIENT)
        _, said = again.communicate(timeout=60)
        assert again.returncode == 0, said
        assert changed_files(before, tmp_path) == []
        assert ": 0 new, 0 files changed" in said
    assert {"429", "500", "cut off"} & set(moody.told)
