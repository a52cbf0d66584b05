"""The static JSON under /api/, and that its documentation says what it is."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace

from generator.config import SourceConfig
from generator.model import Link, Paper, Topic
from generator.publish.api import (
    DAILY_PAPERS,
    DAY_PAPERS,
    TOPIC_PAPERS,
    ApiItems,
    api_endpoints,
    api_fields,
    api_item,
    render_api_daily_papers,
    render_api_day,
    render_api_index,
    render_api_papers,
    render_api_topic,
)
from generator.sources.huggingface import open_huggingface
from generator.sources.source import Request

BASE = "https://example.org/papers/"
SAMPLES = Path(__file__).parents[2] / "shared" / "samples" / "hf_daily_papers"
ROBOTICS = Topic(slug="robotics", title="Robotics")
TOPICS = {"robotics": ROBOTICS}
DAY = date(2025, 11, 26)
PAPER = Paper(
    id="2507.22565",
    title="Fine-Tuning at 50% of the Cost",
    abstract="We show a < b.\n\nA second paragraph.",
    date=date(2025, 7, 30),
    added=DAY,
    updated=date(2025, 12, 1),
    featured=(DAY, date(2025, 11, 27)),
    authors=("Ada Lovelace", "Émilie du Châtelet"),
    organization="TIGER Lab",
    topics=("robotics", "no-longer-there"),
    categories=("cs.LG",),
    keywords=("privacy", "tuning"),
    links=(
        Link(kind="abstract", url="https://arxiv.org/abs/2507.22565"),
        Link(kind="code", url="https://github.com/a/b"),
        Link(kind="project", url="https://example.org/project"),
        Link(kind="organization", url="https://huggingface.co/TIGER-Lab"),
    ),
    source="daily",
    upvotes=12,
    comments=0,
    stars=340,
    venue="NeurIPS 2025",
    summary="One sentence.",
    version=2,
    withdrawn=True,
)
BARE = Paper(id="a-title-2025", title="A Title", added=DAY, author_count=5)
THEIRS = {
    "paper": {
        "id", "authors", "publishedAt", "title", "summary", "upvotes", "projectPage", "githubRepo",
        "githubStars", "ai_summary", "ai_keywords", "organization", "submittedOnDailyAt",
    },
    "item": {"paper", "publishedAt", "title", "summary", "numComments", "organization"},
    "author": {"name", "hidden"},
    "organization": {"name", "fullname"},
}  # fmt: skip
"""The keys of theirs we give, as they stand in recorded answers."""
OURS = {
    "paper": {"authorCount"},
    "item": {
        "url",
        "links",
        "topics",
        "categories",
        "venue",
        "featured",
        "updatedAt",
        "version",
        "withdrawn",
        "source",
    },
}


def item(paper: Paper) -> dict[str, Any]:
    return api_item(paper, base_url=BASE, topics=TOPICS)


def items() -> ApiItems:
    return ApiItems(base_url=BASE, topics=TOPICS)


def many(number: int) -> list[Paper]:
    return [replace(BARE, id=f"2511.{place:05}") for place in range(number)]


def paths(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of an item with its path, as /api/ writes it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            shown = "KIND" if at == "links" else key
            yield from paths(inner, f"{at}.{shown}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        yield at, value


def test_an_item_says_what_the_paper_says() -> None:
    found = item(PAPER)
    paper = found["paper"]
    assert paper["id"] == "2507.22565"
    assert paper["authors"] == [
        {"name": "Ada Lovelace", "hidden": False},
        {"name": "Émilie du Châtelet", "hidden": False},
    ]
    assert paper["publishedAt"] == found["publishedAt"] == "2025-07-30T00:00:00.000Z"
    assert paper["submittedOnDailyAt"] == "2025-11-26T00:00:00.000Z"
    assert paper["title"] == found["title"] == PAPER.title
    assert paper["summary"] == found["summary"] == PAPER.abstract
    assert (paper["upvotes"], found["numComments"], paper["githubStars"]) == (12, 0, 340)
    assert paper["organization"] == {"name": "TIGER-Lab", "fullname": "TIGER Lab"}
    assert paper["githubRepo"] == "https://github.com/a/b"
    assert paper["projectPage"] == "https://example.org/project"
    assert found["url"] == BASE + "papers/2507.22565/"
    assert found["topics"] == ["robotics"]
    assert found["featured"] == ["2025-11-26", "2025-11-27"]


def test_what_is_not_known_is_left_out_and_nothing_is_null() -> None:
    assert item(BARE) == {
        "paper": {
            "id": "a-title-2025",
            "authorCount": 5,
            "title": "A Title",
            "submittedOnDailyAt": "2025-11-26T00:00:00.000Z",
        },
        "title": "A Title",
        "url": BASE + "papers/a-title-2025/",
    }
    assert all(value is not None for _, value in paths(item(PAPER)))


def test_zero_is_known() -> None:
    found = item(replace(PAPER, upvotes=0, comments=0, stars=0))
    assert (found["paper"]["upvotes"], found["numComments"]) == (0, 0)
    assert found["paper"]["githubStars"] == 0


def test_code_elsewhere_than_on_github_is_not_called_a_github_repository() -> None:
    elsewhere = Link(kind="code", url="https://gitlab.com/a/b")
    found = item(replace(PAPER, links=(elsewhere,)))
    assert "githubRepo" not in found["paper"]
    assert found["links"] == {"code": "https://gitlab.com/a/b"}


def test_an_organisation_without_a_page_still_has_a_handle() -> None:
    found = item(replace(PAPER, links=(), organization="École Polytechnique"))
    assert found["organization"] == {
        "name": "ecole-polytechnique",
        "fullname": "École Polytechnique",
    }


def test_every_key_is_one_of_theirs_or_said_to_be_ours() -> None:
    found = item(PAPER)
    paper = found["paper"]
    assert set(found) == THEIRS["item"] | OURS["item"]
    assert set(paper) == THEIRS["paper"] | OURS["paper"]
    assert {key for author in paper["authors"] for key in author} == THEIRS["author"]
    assert set(found["organization"]) == THEIRS["organization"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the recorded answers in ../shared")
def test_the_keys_called_theirs_stand_in_recorded_answers_with_values_of_our_type() -> None:
    recorded: dict[str, Any] = {}
    for path in sorted(SAMPLES.glob("202[56]-*.json")):
        for record in json.loads(path.read_text()):
            recorded |= dict(paths(record))
    for name, value in paths(item(PAPER)):
        top, _, rest = name.partition(".")
        ours = top in OURS["item"] or (top == "paper" and rest in OURS["paper"])
        assert ours == (name not in recorded), name
        assert ours or type(recorded[name]) is type(value), name


def test_our_own_reader_of_their_api_reads_ours() -> None:
    source = open_huggingface(SourceConfig(name="x", type="huggingface", options={}))
    file = render_api_daily_papers([PAPER], items())
    batch = source.parse(file.content, Request(url=BASE + file.path))
    (record,) = batch.records
    assert not batch.problems
    for name in (
        "title", "abstract", "date", "authors", "organization", "upvotes", "comments", "stars",
        "keywords", "summary",
    ):  # fmt: skip
        assert getattr(record, name) == getattr(PAPER, name), name
    assert (record.arxiv, record.featured) == (PAPER.id, PAPER.added)
    kinds = {link.kind: link.url for link in record.links}
    assert kinds.items() >= {link.kind: link.url for link in PAPER.links}.items()


def test_hostile_text_comes_back_as_it_went_in() -> None:
    text = '</script> ]]> "quoted" \u2028 \U0001f98a \u05d0 & <b>'
    paper = replace(PAPER, authors=(text,), organization=text, keywords=(text,), venue=text)
    (file,) = render_api_papers([paper], items())
    found = json.loads(file.content)
    assert found["paper"]["authors"][0]["name"] == text
    assert found["organization"]["fullname"] == found["venue"] == text


def test_each_paper_has_its_file() -> None:
    first, second = render_api_papers([PAPER, BARE], items())
    assert first.path == "api/papers/2507.22565.json"
    assert json.loads(first.content) == item(PAPER)
    assert json.loads(second.content) == item(BARE)


def test_lists_are_lists_of_items_in_the_order_given() -> None:
    files = [
        render_api_daily_papers([PAPER, BARE], items()),
        render_api_day(DAY, [PAPER, BARE], items()),
        render_api_topic(ROBOTICS, [PAPER, BARE], items()),
    ]
    assert [file.path for file in files] == [
        "api/daily_papers.json",
        "api/days/2025-11-26.json",
        "api/topics/robotics.json",
    ]
    for file in files:
        assert json.loads(file.content) == [item(PAPER), item(BARE)]
    assert json.loads(render_api_day(DAY, [], items()).content) == []


def test_no_list_grows_without_bound_and_its_documentation_says_where_it_ends() -> None:
    papers = many(DAY_PAPERS + 1)
    said = {endpoint.url: endpoint.description for endpoint in api_endpoints()}
    for url, limit, file in (
        ("/api/daily_papers.json", DAILY_PAPERS, render_api_daily_papers(papers, items())),
        ("/api/days/YYYY-MM-DD.json", DAY_PAPERS, render_api_day(DAY, papers, items())),
        ("/api/topics/SLUG.json", TOPIC_PAPERS, render_api_topic(ROBOTICS, papers, items())),
    ):
        found = [one["paper"]["id"] for one in json.loads(file.content)]
        assert found == [paper.id for paper in papers[:limit]]
        assert str(limit) in said[url]


def test_the_index_says_what_there_is() -> None:
    file = render_api_index(
        title="Daily Papers",
        description="New papers",
        generator="Broadsheet 1",
        base_url=BASE,
        papers=2,
        days=[(DAY, 2)],
        topics=[(ROBOTICS, 1)],
    )
    index = json.loads(file.content)
    assert file.path == "api/index.json"
    assert (index["title"], index["papers"], index["newestDay"]) == (
        "Daily Papers",
        2,
        "2025-11-26",
    )
    assert index["days"] == [
        {
            "date": "2025-11-26",
            "papers": 2,
            "url": BASE + "days/2025-11-26/",
            "json": BASE + "api/days/2025-11-26.json",
        }
    ]
    (topic,) = index["topics"]
    assert (topic["slug"], topic["title"], topic["papers"]) == ("robotics", "Robotics", 1)
    assert topic["json"] == BASE + "api/topics/robotics.json"
    assert [endpoint["url"] for endpoint in index["endpoints"]] == [
        BASE + endpoint.url.lstrip("/") for endpoint in api_endpoints()
    ]


def test_the_index_of_an_empty_site_leaves_out_what_is_not_there() -> None:
    file = render_api_index(
        title="T", description="", generator="G", base_url=BASE, papers=0, days=[], topics=[]
    )
    index = json.loads(file.content)
    assert (index["papers"], index["days"], index["topics"]) == (0, [], [])
    assert "newestDay" not in index
    assert "description" not in index


def test_the_documentation_names_every_field_with_its_type_and_no_other() -> None:
    kinds = {str: "string", int: "integer", bool: "boolean", list: "array of strings"}
    documented = {field.name: field.type for field in api_fields()}
    assert documented == {name: kinds[type(value)] for name, value in paths(item(PAPER))}
    assert len(documented) == len(api_fields())
    assert all(field.description.endswith(".") for field in api_fields())


def test_every_documented_example_is_a_file_that_is_written() -> None:
    endpoints = api_endpoints(paper=PAPER.id, day=DAY, topic="robotics")
    index = render_api_index(
        title="T", description="", generator="G", base_url=BASE, papers=0, days=[], topics=[]
    )
    written = [
        index,
        *render_api_papers([PAPER], items()),
        render_api_daily_papers([PAPER], items()),
        render_api_day(DAY, [PAPER], items()),
        render_api_topic(ROBOTICS, [PAPER], items()),
    ]
    assert {endpoint.example_url for endpoint in endpoints} == {f"/{file.path}" for file in written}
    assert len(endpoints) == len(written)


def test_an_endpoint_without_an_example_says_so() -> None:
    variable = [endpoint for endpoint in api_endpoints() if re.search("[A-Z]", endpoint.url)]
    assert [endpoint.example_url for endpoint in variable] == ["", "", ""]


def test_the_same_papers_give_the_same_bytes_in_whatever_order_topics_stand() -> None:
    more = {"vision": Topic(slug="vision", title="Vision"), **TOPICS}
    turned = dict(reversed(more.items()))
    first = ApiItems(base_url=BASE, topics=more).encode(PAPER)
    assert first == ApiItems(base_url=BASE, topics=turned).encode(PAPER)


def test_every_field_of_a_paper_is_given_or_left_out_on_purpose() -> None:
    left_out = {"draft", "hidden", "notes", "extra", "path", "plain", "author_count"}
    changed: dict[str, Any] = {
        "id": "x", "title": "x", "abstract": "x", "date": DAY, "added": date(2020, 1, 1),
        "updated": DAY, "featured": (), "authors": (), "organization": "x", "topics": (),
        "links": (), "source": "x", "upvotes": 1, "comments": 1, "stars": 1, "venue": "x",
        "categories": (), "keywords": (), "summary": "x", "version": 3, "withdrawn": False,
    }  # fmt: skip
    assert {field.name for field in fields(Paper)} == set(changed) | left_out
    for name, value in changed.items():
        assert item(replace(PAPER, **{name: value})) != item(PAPER), name
