"""site.yml is read strictly: every problem at once, with its line and a remedy."""

import datetime

import pytest

from generator.config import DEFAULT_BASE_URL, SourceConfig, parse_config
from generator.errors import BroadsheetError


def problems(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(BroadsheetError) as caught:
        parse_config(text)
    return [(found.where, found.fact, found.hint) for found in caught.value.problems]


def test_a_title_is_enough() -> None:
    config = parse_config("title: Papers\n")
    assert (config.title, config.base_url, config.theme) == (
        "Papers",
        DEFAULT_BASE_URL,
        "broadsheet",
    )
    assert (config.sources, config.feed_entries) == ((), 50)


def test_the_options_of_a_source_reach_it_with_dates_as_dates() -> None:
    config = parse_config(
        "title: Papers\nsources:\n"
        "  - {name: daily, type: huggingface, since: 2025-11-01, limit: 5}\n"
    )
    options = {"since": datetime.date(2025, 11, 1), "limit": 5}
    assert config.sources == (SourceConfig(name="daily", type="huggingface", options=options),)


@pytest.mark.parametrize(
    ("written", "read", "path"),
    [
        ("https://you.github.io", "https://you.github.io/", "/"),
        ("https://you.github.io/papers", "https://you.github.io/papers/", "/papers/"),
        ("https://you.github.io/a/b/", "https://you.github.io/a/b/", "/a/b/"),
        ("http://127.0.0.1:8000/x/", "http://127.0.0.1:8000/x/", "/x/"),
    ],
)
def test_a_base_url_ends_with_a_slash(written: str, read: str, path: str) -> None:
    config = parse_config(f"title: Papers\nbase_url: {written}\n")
    assert (config.base_url, config.base_path) == (read, path)


@pytest.mark.parametrize(
    "written", ["papers", "ftp://a.example/", "https:///x", "'https://a b/'", "javascript:alert(1)"]
)
def test_what_is_no_web_address_is_no_base_url(written: str) -> None:
    ((where, fact, hint),) = problems(f"title: Papers\nbase_url: {written}\n")
    assert where == "content/site.yml:2"
    assert fact.startswith("'base_url' is not an absolute http(s) URL")
    assert hint == "write it whole: https://you.github.io/papers/"


def test_every_problem_is_told_in_the_order_of_the_lines() -> None:
    found = problems(
        "title: 2001\ncurators: AK\nfeeds:\n  entries: many\n  entrys: 5\n"
        "sources:\n  - {name: daily}\n  - {name: a b, type: json}\nthem: x\n"
    )
    assert found == [
        ("content/site.yml:1", "'title' is not a text: '2001'", "put it in double quotes"),
        (
            "content/site.yml:2",
            "'curators' is not a list: 'AK'",
            "write it in brackets: [one, two]",
        ),
        (
            "content/site.yml:4",
            "'feeds.entries' is not a whole number: 'many'",
            "write digits only",
        ),
        ("content/site.yml:5", "unknown key 'entrys'", "did you mean 'entries'?"),
        ("content/site.yml:7", "'type' is missing", "add a line 'type: …'"),
        (
            "content/site.yml:8",
            "'sources.name' has characters it cannot have: 'a b'",
            "use letters, digits and hyphens",
        ),
        ("content/site.yml:9", "unknown key 'them'", "did you mean 'theme'?"),
    ]


def test_two_sources_cannot_share_a_name() -> None:
    text = "title: P\nsources:\n  - {name: a, type: json}\n  - {name: a, type: arxiv}\n"
    ((where, fact, hint),) = problems(text)
    assert (where, fact) == ("content/site.yml:4", "two sources are named 'a'")
    assert hint


def test_an_option_without_a_value_is_named_as_it_is_written() -> None:
    ((where, fact, _),) = problems("title: P\ntheme_options:\n  accent:\n")
    assert where == "content/site.yml:3"
    assert fact.startswith("'theme_options.accent' is not a text")
