"""A pull over the network, against a real server on loopback that speaks as Hugging Face does."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from tests.command import broadsheet, start, tree
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

        before, calls = tree(root / "content"), len(server.calls)
        again = broadsheet("pull", site=root, environment=DAY)
        assert "0 new, 0 files changed" in again.stderr
        assert tree(root / "content") == before
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


def test_what_readers_do_is_watched_from_day_to_day(tmp_path: Path) -> None:
    """The server's upvotes are those of the hour, also of papers that it listed days ago."""
    votes = iter([3, 20])

    def answer(call: Call) -> None:
        found = [entry(7, "2025-11-25")] if call.params["date"] == "2025-11-25" else []
        for each in found:
            each["paper"] |= {"upvotes": next(votes)}  # type: ignore[operator]
        call.send(json.dumps(found).encode())

    (tmp_path / "content").mkdir()
    with serve(answer) as server:
        since_november(tmp_path, server)
        for seconds in ("1764115200", "1764288000"):
            broadsheet("pull", site=tmp_path, environment={"SOURCE_DATE_EPOCH": seconds})
    assert (tmp_path / "content/.pulled/signals/2025-11.jsonl").read_text() == (
        '{"day":"2025-11-26","id":"2511.00007","upvotes":3,"comments":0}\n'
        '{"day":"2025-11-28","id":"2511.00007","upvotes":20}\n'
    )
    assert broadsheet("build", site=tmp_path).returncode == 0
    assert "17 upvotes in a week" in (tmp_path / "output/trending/index.html").read_text()


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


def since_november(root: Path, server: Server) -> None:
    (root / "content/site.yml").write_text(
        "title: Papers\nsources:\n"
        f"  - {{name: daily, type: huggingface, since: 2025-11-01, endpoint: '{server.url}'}}\n"
    )


def test_a_pull_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """The server hangs half-way; the pull is killed; the next one asks for the other half only."""
    hanging = Event()

    def answer(call: Call) -> None:
        if call.params["date"] == "2025-11-12" and not hanging.is_set():
            hanging.set()
            call.handler.rfile.read(1)  # until the client is gone
        day = call.params["date"]
        call.send(json.dumps([entry(int(day[-2:]), day)]).encode())

    (tmp_path / "content").mkdir()
    with serve(answer) as server:
        since_november(tmp_path, server)
        with start("pull", site=tmp_path, environment=DAY) as pull:
            assert hanging.wait(30)
            pull.kill()
        assert not (tmp_path / "content/papers").exists()
        calls = len(server.calls)
        done = broadsheet("pull", site=tmp_path, environment=DAY)
        assert "26 new" in done.stderr
        assert "14 answers from the pull that did not end" in done.stderr
        assert max(asked(server, calls)) == "2025-11-12"


def test_without_the_network_a_pull_reads_what_was_answered_before(tmp_path: Path) -> None:
    days = {"2025-11-03": [1, 2], "2025-11-25": [3]}
    with site(tmp_path / "site", days) as (root, _):
        assert (
            "left out, it needs the network"
            in broadsheet("pull", "--offline", site=root, environment=DAY).stderr
        )
        assert broadsheet("pull", site=root, environment=DAY).returncode == 0
        pulled = tree(root / "content")
        shutil.rmtree(root / "content/papers")
        shutil.rmtree(root / "content/.pulled")
    done = broadsheet("pull", "--offline", site=tmp_path / "site", environment=DAY)
    assert "3 new" in done.stderr, done.stderr
    assert tree(tmp_path / "site/content") == pulled


def test_what_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    sent = []

    def answer(call: Call) -> None:
        same = call.headers.get("if-none-match") == '"v1"'
        sent.append(304 if same else 200)
        if same:
            call.send(status=304)
        else:
            call.send(json.dumps([entry(7, call.params["date"])]).encode(), etag='"v1"')

    (tmp_path / "content").mkdir()
    with serve(answer) as server:
        since_november(tmp_path, server)
        broadsheet("pull", site=tmp_path, environment=DAY)
        assert set(sent) == {200}
        sent.clear()
        again = broadsheet("pull", site=tmp_path, environment=DAY)
        assert set(sent) == {304}
        assert "0 new, 0 files changed" in again.stderr


def test_an_answer_that_was_no_good_is_asked_for_again(tmp_path: Path) -> None:
    """A page of HTML in the middle fails the pull, and is not what the next pull reads."""
    good = Event()

    def answer(call: Call) -> None:
        day = call.params["date"]
        if day == "2025-11-12" and not good.is_set():
            call.send(b"<!doctype html><title>Log in</title>")
        else:
            call.send(json.dumps([entry(int(day[-2:]), day)]).encode())

    (tmp_path / "content").mkdir()
    with serve(answer) as server:
        since_november(tmp_path, server)
        failed = broadsheet("pull", site=tmp_path, environment=DAY)
        assert failed.returncode == 1
        assert "is a page of HTML" in failed.stderr
        good.set()
        assert "26 new" in broadsheet("pull", site=tmp_path, environment=DAY).stderr
