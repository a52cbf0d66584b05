"""status: what is there, for people and for programs."""

import html
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from generator.errors import counted
from generator.status import format_report, read_status
from tests.command import REPOSITORY, broadsheet

TOY = REPOSITORY / "tests/toy"
EPOCH = {"SOURCE_DATE_EPOCH": "1764288000"}
"""2025-11-28."""


def copy_toy(folder: Path, status: object = None) -> Path:
    site = folder / "site"
    shutil.copytree(TOY, site)
    if status is not None:
        (site / "content/.pulled/status.json").write_text(json.dumps({"sources": status}))
    return site


def test_ages_are_counted_from_the_last_success(tmp_path: Path) -> None:
    entry = {"toys": {"state": "ok", "last_success": "2025-11-26", "papers": 3}}
    report = read_status(copy_toy(tmp_path, entry), date(2025, 11, 28))
    (source,) = report.sources
    assert (source.state, source.papers, source.age_days) == ("ok", 3, 2)
    assert "toys (json): 3 papers as of 2025-11-26, 2 days ago" in format_report(report)


def test_a_failed_source_says_since_when_and_why(tmp_path: Path) -> None:
    entry = {
        "toys": {
            "state": "failed",
            "last_success": "2025-11-20",
            "papers": 3,
            "failed_since": "2025-11-21",
            "detail": "https://a.example: 503",
        }
    }
    told = format_report(read_status(copy_toy(tmp_path, entry), date(2025, 11, 21)))
    since = "failed since 2025-11-21; the last papers as of 2025-11-20, 1 day ago"
    assert f"{since}; https://a.example: 503" in told


def test_a_source_that_was_never_pulled_is_told_so(tmp_path: Path) -> None:
    site = copy_toy(tmp_path, {})
    report = read_status(site, date(2025, 11, 28))
    assert report.sources[0].state == "never"
    assert "toys (json): never pulled" in format_report(report)


def test_counts_are_those_of_a_build(tmp_path: Path) -> None:
    site = copy_toy(tmp_path)
    assert "nothing built yet" in format_report(read_status(site, date(2025, 11, 28)))
    built = broadsheet("build", site=site)
    report = read_status(site, date(2025, 11, 28))
    assert f"{report.papers} papers, {report.topics} topics" in built.stderr
    assert report.newest_day == "2025-11-26"
    files = [place for place in (site / "output").rglob("*") if place.is_file()]
    assert report.output_files == len(files)
    assert report.output_bytes == sum(place.stat().st_size for place in files)


def test_the_answer_alone_is_on_stdout(tmp_path: Path) -> None:
    site = copy_toy(tmp_path)
    done = broadsheet("status", "--json", site=site, environment=EPOCH)
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert answer["title"] == "Toy Papers"
    assert answer["sources"][0]["name"] == "toys"
    assert broadsheet("status", site=site).stdout.startswith("Toy Papers\n  ")


def test_a_folder_that_is_no_site_is_told_so(tmp_path: Path) -> None:
    done = broadsheet("status", site=tmp_path)
    assert done.returncode == 1
    assert "this folder is not a site" in done.stderr


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 papers"), (1, "1 paper"), (2000, "2,000 papers")]
)
def test_one_paper_is_not_papers(number: int, words: str) -> None:
    assert counted(number, "paper") == words


def test_the_summary_of_a_run_shows_strangers_words_as_they_stand(tmp_path: Path) -> None:
    detail = "<img src=x> | [a](https://b) @someone ```\n# x"
    entry = {"toys": {"state": "failed", "failed_since": "2025-11-20", "detail": detail}}
    done = broadsheet("status", "--markdown", site=copy_toy(tmp_path, entry), environment=EPOCH)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("## ")
    (row,) = [line for line in lines if line.startswith("| toys ")]
    cells = row.strip("| ").split(" | ")
    assert cells[2] == "failed"
    assert html.unescape(cells[-1]) == f"since 2025-11-20: {' '.join(detail.split())}"
    assert not set(cells[-1]) & set("<>[]()|`@*")
