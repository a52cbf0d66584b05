"""The counts that sources give are remembered over time, once each, and nothing else is."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import BroadsheetError
from generator.library.identity import Candidate
from generator.library.said import Said
from generator.library.signals import (
    SIGNALS,
    Seen,
    add_seen,
    gains,
    newest_day,
    parse_signals,
    told_counts,
)
from generator.model import Observation, Record
from tests.command import broadsheet, tree

DAY = date(2025, 11, 26)
NOVEMBER = f"{SIGNALS}/2025-11.jsonl"


def seen(slug: str, days: int, **counts: int) -> Seen:
    return Seen(slug=slug, day=DAY + timedelta(days=days), counts=counts)


def after(*pulls: list[Seen]) -> dict[str, str]:
    """The files after some pulls."""
    files: dict[str, str] = {}
    for pull in pulls:
        files |= add_seen(parse_signals(files), pull)
    return files


def test_a_line_is_a_paper_and_a_day_in_the_order_of_days_and_ids() -> None:
    assert after(
        [seen("b", 0, comments=0, upvotes=3), seen("a", 0, stars=7)], [seen("a", 2, stars=9)]
    ) == {
        NOVEMBER: '{"day":"2025-11-26","id":"a","stars":7}\n'
        '{"day":"2025-11-26","id":"b","upvotes":3,"comments":0}\n'
        '{"day":"2025-11-28","id":"a","stars":9}\n'
    }


def test_a_count_that_stays_is_not_written_again() -> None:
    first = after([seen("a", 0, upvotes=3, comments=1)])
    assert add_seen(parse_signals(first), [seen("a", 1, upvotes=3, comments=1)]) == {}
    later = add_seen(parse_signals(first), [seen("a", 1, upvotes=3, comments=2)])
    assert later[NOVEMBER].splitlines()[1:] == ['{"day":"2025-11-27","id":"a","comments":2}']


def test_a_month_is_a_file_and_old_months_are_left_alone() -> None:
    first = after([seen("a", 0, upvotes=3)])
    later = add_seen(parse_signals(first), [seen("a", 5, upvotes=4)])
    assert set(later) == {f"{SIGNALS}/2025-12.jsonl"}


def test_of_a_day_the_later_pull_counts() -> None:
    files = after([seen("a", 0, upvotes=3)], [seen("a", 1, upvotes=9)], [seen("a", 1, upvotes=3)])
    assert files[NOVEMBER].splitlines()[1:] == ['{"day":"2025-11-27","id":"a","upvotes":3}']


def test_a_list_of_an_earlier_day_finds_its_place() -> None:
    files = after([seen("a", 0, upvotes=9)], [seen("a", -3, upvotes=4)])
    assert parse_signals(files)["a"] == (
        Observation(day=DAY - timedelta(days=3), counts={"upvotes": 4}),
        Observation(day=DAY, counts={"upvotes": 9}),
    )


SEEN = st.builds(
    seen,
    st.sampled_from(["a", "b", "c.1"]),
    st.integers(-40, 40),
    upvotes=st.integers(0, 3),
    stars=st.integers(0, 3),
)


PULLS = st.lists(st.lists(SEEN, max_size=6, unique_by=lambda each: (each.slug, each.day)))


@given(PULLS)
def test_pulling_the_same_again_changes_nothing(pulls: list[list[Seen]]) -> None:
    files = after(*pulls)
    assert add_seen(parse_signals(files), pulls[-1] if pulls else []) == {}
    for path, text in files.items():
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines == sorted(lines, key=lambda line: (line["day"], line["id"]))
        assert {line["day"][:7] for line in lines} == {path[-13:-6]}
        assert len({(line["day"], line["id"]) for line in lines}) == len(lines)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "<<<<<<< HEAD",
        '{"day":"2025-11-26","id":"a"}',
        '{"day":"2025-11-26","upvotes":3}',
        '{"day":"2025-13-26","id":"a","upvotes":3}',
        '{"day":"2025-11-26","id":"../a","upvotes":3}',
        '{"day":"2025-11-26","id":"a","upvotes":-3}',
        '{"day":"2025-11-26","id":"a","upvotes":true}',
        '{"day":"2025-11-26","id":"a","upvotes":1e3}',
        '{"day":"2025-11-26","id":"a","upvotes":9007199254740992}',
        '{"day":"2025-11-26","id":"a","likes":3}',
    ],
)
def test_a_damaged_line_is_told_with_its_place(line: str) -> None:
    good = '{"day":"2025-11-26","id":"a","upvotes":3}\n'
    with pytest.raises(BroadsheetError, match=rf"^{NOVEMBER}:2: is not a line that a pull writes"):
        parse_signals({NOVEMBER: f"{good}{line}\n"})


def test_a_day_that_two_branches_wrote_is_read_as_one() -> None:
    lines = '{"day":"2025-11-26","id":"a","upvotes":3}\n{"day":"2025-11-26","id":"a","stars":1}\n'
    assert parse_signals({NOVEMBER: lines})["a"] == (
        Observation(day=DAY, counts={"upvotes": 3, "stars": 1}),
    )


def series(**counts: list[tuple[int, int]]) -> tuple[Observation, ...]:
    """Observations as days from DAY and values, by count."""
    files = after(
        *([seen("a", days, **{name: value})] for name in counts for days, value in counts[name])
    )
    return parse_signals(files)["a"]


def test_a_gain_is_what_came_after_the_day() -> None:
    watched = series(upvotes=[(-9, 5), (-7, 8), (-2, 20), (0, 21)], comments=[(-9, 1), (-8, 4)])
    assert gains(watched, DAY - timedelta(days=7)) == {"upvotes": 13}


def test_what_a_paper_was_first_seen_with_is_no_gain() -> None:
    assert gains(series(upvotes=[(-1, 80)]), DAY - timedelta(days=7)) == {}
    assert gains(series(upvotes=[(-1, 80), (0, 90)]), DAY - timedelta(days=7)) == {"upvotes": 10}


def test_a_count_that_fell_is_no_gain() -> None:
    assert gains(series(stars=[(-3, 9), (-1, 12), (0, 8)]), DAY - timedelta(days=7)) == {}


def test_the_newest_day_is_that_of_the_newest_observation() -> None:
    assert newest_day({}) is None
    files = after([seen("a", 3, upvotes=1), seen("b", 1, upvotes=1)])
    assert newest_day(parse_signals(files)) == DAY + timedelta(days=3)


def test_counts_come_from_the_source_that_the_page_takes_them_from() -> None:
    records = [
        ("second", Record(title="A", upvotes=9, stars=2)),
        ("first", Record(title="A", upvotes=3)),
        ("first", Record(title="A", upvotes=4, comments=0)),
    ]
    candidate = Candidate(slug="a", records=records)
    assert told_counts(candidate, Said(), ["first", "second"]) == {
        "first": {"upvotes": 3, "comments": 0},
        "second": {"stars": 2},
    }


def test_a_less_trusted_source_pulled_alone_is_not_taken_for_news() -> None:
    candidate = Candidate(slug="a", records=[("second", Record(title="A", upvotes=9, stars=2))])
    said = Said(fields={"first": {"upvotes": "0123456789ab"}})
    assert told_counts(candidate, said, ["first", "second"]) == {"second": {"stars": 2}}


# -- through the program ---------------------------------------------------------------------------

PAPER = {"id": "2507.22565", "title": "A robot learns", "date": "2025-07-30", "comments": 2}
ON = [{"SOURCE_DATE_EPOCH": str(1764115200 + 86_400 * days)} for days in range(3)]
"""2025-11-26 and the days after it."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "content/sources").mkdir(parents=True)
    (tmp_path / "content/site.yml").write_text(
        "title: Papers\nsources:\n  - {name: list, type: json, path: content/sources/list.json}\n"
    )
    pull(tmp_path, 0, PAPER)
    return tmp_path


def pull(site: Path, day: int, *records: dict[str, object], dry: bool = False):
    (site / "content/sources/list.json").write_text(json.dumps(records))
    options = ["--dry-run"] if dry else []
    return broadsheet("pull", "--offline", *options, site=site, environment=ON[day])


def lines(site: Path) -> list[str]:
    return (site / NOVEMBER).read_text().splitlines()


def test_a_pull_notes_what_changed_and_the_same_files_again_nothing(site: Path) -> None:
    first = '{"day":"2025-11-26","id":"2507.22565","comments":2}'
    assert lines(site) == [first]
    before = tree(site / "content")
    assert "0 files changed" in pull(site, 1, PAPER).stderr
    assert tree(site / "content") == before
    pull(site, 2, {**PAPER, "comments": 5, "upvotes": 0})
    told = '{"day":"2025-11-28","id":"2507.22565","upvotes":0,"comments":5}'
    assert lines(site) == [first, told]


def test_a_dry_run_notes_nothing(site: Path) -> None:
    before = tree(site / "content/.pulled")
    done = pull(site, 1, {**PAPER, "comments": 5}, dry=True)
    assert "3 files would change" in done.stderr
    assert tree(site / "content/.pulled") == before


def test_of_a_page_that_a_person_deleted_nothing_is_noted(site: Path) -> None:
    other = {"id": "2508.00001", "title": "Another", "date": "2025-08-01"}
    pull(site, 0, PAPER, other)
    (site / "content/papers/2025/2507.22565.md").unlink()
    pull(site, 1, {**PAPER, "comments": 9}, other)
    assert len(lines(site)) == 1


def test_a_listing_is_noted_for_its_own_day(site: Path) -> None:
    (site / "content/site.yml").write_text(
        "title: Papers\nsources:\n"
        "  - {name: list, type: json, path: content/sources/list.json}\n"
        "  - {name: capture, type: listing, path: content/sources/day.txt, date: 2025-11-03}\n"
    )
    (site / "content/sources/day.txt").write_text(
        Path(__file__)
        .parent.parent.joinpath("content/sources/daily-papers-2025-11-26.txt")
        .read_text()
    )
    pull(site, 2, PAPER)
    days = {json.loads(line)["day"] for line in lines(site)}
    assert days == {"2025-11-03", "2025-11-26"}


def test_a_damaged_file_stops_a_pull_and_no_build(site: Path) -> None:
    (site / NOVEMBER).write_text("<<<<<<< HEAD\n")
    before = tree(site)
    done = pull(site, 0, PAPER)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{NOVEMBER}:1: is not a line that a pull writes\n  hint: ")
    assert tree(site) == before
    assert broadsheet("build", site=site).returncode == 0
