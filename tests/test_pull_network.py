"""A pull over the network, against a real server on loopback that speaks as Hugging Face does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.command import broadsheet, tree
from tests.loopback import Call, Server, serve

DAY = {"SOURCE_DATE_EPOCH": "1764115200"}
"""2025-11-26."""
WEEK_LATER = {"SOURCE_DATE_EPOCH": "1764720000"}
"""2025-12-03."""


def entry(number: int, day: str) -> dict[str, object]:
    """An item of the API, listed on a day."""
    return {
        "paper": {
            "id": f"2511.{number:05d}",
            "authors": [{"_id": "1", "name": "Ada Lovelace", "hidden": False}],
            "publishedAt": f"{day}T00:00:00.000Z",
            "submittedOnDailyAt": f"{day}T00:00:00.000Z",
            "title": f"Paper {number}",
            "summary": f"Abstract of paper {number}.",
            "upvotes": number,
        },
        "publishedAt": f"{day}T00:00:00.000Z",
        "title": f"Paper {number}",
        "numComments": 0,
    }


@contextmanager
def site(folder: Path, days: dict[str, list[int]]) -> Iterator[tuple[Path, Server]]:
    """A site whose only source is a server with these papers by day."""

    def answer(call: Call) -> None:
        day = call.params["date"]
        found = [entry(number, day) for number in days.get(day, [])]
        page, size = int(call.params.get("p", 0)), int(call.params.get("limit", 50))
        call.send(json.dumps(found[page * size : (page + 1) * size]).encode())

    with serve(answer) as server:
        (folder / "content").mkdir(parents=True)
        (folder / "content/site.yml").write_text(
            "title: Papers\nsources:\n"
            f"  - {{name: daily, type: huggingface, since: 2025-11-01, endpoint: '{server.url}'}}\n"
        )
        yield folder, server


def asked(server: Server, calls: int) -> set[str]:
    """The days that were asked for since so many calls."""
    return {call.params["date"] for call in server.calls[calls:]}


def test_all_days_are_asked_once_and_then_the_last_week(tmp_path: Path) -> None:
    days = {"2025-11-03": list(range(30)), "2025-11-25": [101, 102], "2025-12-02": [201]}
    with site(tmp_path / "site", days) as (root, server):
        first = broadsheet("pull", site=root, environment=DAY)
        assert first.returncode == 0, first.stderr
        assert "32 new" in first.stderr
        assert {min(asked(server, 0)), max(asked(server, 0))} == {"2025-11-01", "2025-11-26"}

        before, calls = tree(root), len(server.calls)
        again = broadsheet("pull", site=root, environment=DAY)
        assert "0 new, 0 files changed" in again.stderr
        assert tree(root) == before
        assert min(asked(server, calls)) == "2025-11-19"

        calls = len(server.calls)
        later = broadsheet("pull", site=root, environment=WEEK_LATER)
        assert ": 1 new" in later.stderr
        assert {min(asked(server, calls)), max(asked(server, calls))} == {
            "2025-11-19",
            "2025-12-03",
        }
        status = json.loads((root / "content/.pulled/status.json").read_text())
        assert status["as_of"] == "2025-12-03"


def test_a_paper_listed_again_keeps_both_days(tmp_path: Path) -> None:
    days = {"2025-11-25": [7]}
    with site(tmp_path / "site", days) as (root, _):
        broadsheet("pull", site=root, environment=DAY)
        days["2025-12-02"] = [7]
        broadsheet("pull", site=root, environment=WEEK_LATER)
        text = (root / "content/papers/2025/2511.00007.md").read_text()
        assert "added: 2025-11-25\n" in text
        assert "featured: [2025-11-25, 2025-12-02]\n" in text


def test_a_server_that_fails_leaves_the_pages_and_is_named(tmp_path: Path) -> None:
    days = {"2025-11-25": [7]}
    with site(tmp_path / "site", days) as (root, _):
        broadsheet("pull", site=root, environment=DAY)
        pages = tree(root / "content/papers")
    failed = broadsheet("pull", site=tmp_path / "site", environment=DAY)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[2].startswith("daily, http://127.0.0.1:")
    assert failed.stderr.endswith("No source gave papers; no page was changed.\n")
    assert tree(tmp_path / "site/content/papers") == pages
