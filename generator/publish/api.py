"""The static JSON under /api/: papers with the field names of Hugging Face's daily_papers.

What is not known is left out, never null, as theirs. The page /api/ describes all of it from
`api_fields` and `api_endpoints`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import orjson
from msgspec import Struct, field

from generator.config import Extra
from generator.library.abstract import plain_abstract
from generator.model import File, Paper, Topic
from generator.publish.addresses import absolute_url
from generator.site.calendar import RECENT_DAYS
from generator.text.plain import plain_text, plain_title
from generator.text.slug import slugify

DAILY_PAPERS = 50
"""`/api/daily_papers.json` holds as many, the default `limit` of the API it is named after."""
TOPIC_PAPERS = 100
"""`/api/topics/SLUG.json` holds at most as many."""
DAY_PAPERS = 500
"""`/api/days/YYYY-MM-DD.json` holds at most as many."""


class ApiEndpoint(Struct, frozen=True, kw_only=True):
    """One file, or family of files, under /api/."""

    url: str
    """Relative to the site, with its variable part in capitals."""
    example_url: str
    """One that exists on this site; empty where there is none."""
    title: str
    """What it is, in a few words."""
    description: str
    """What it holds, how much of it and in which order."""


class ApiField(Struct, frozen=True, kw_only=True):
    """One field of an item."""

    name: str
    """Its path: `paper.authors[].name`."""
    type: str
    """string, integer, boolean, or array of strings."""
    description: str
    """What it holds; whether it is ours or theirs."""


def api_item(
    paper: Paper, *, base_url: str, topics: Mapping[str, Topic], repeats: bool = True
) -> dict[str, Any]:
    """A paper as an item of Hugging Face's daily_papers, with a few fields of our own. `repeats`:
    whether the abstract stands in it twice, as it does in theirs."""
    title = plain_title(paper.title)
    summary = plain_abstract(paper)
    links = _links(paper)
    organization = _organization(paper.organization, links.get("organization", ""))
    published = _time(paper.date)
    inner = {
        "id": paper.id,
        "authors": [{"name": name, "hidden": False} for name in paper.authors],
        "authorCount": len(paper.authors) or paper.author_count,
        "publishedAt": published,
        "title": title,
        "summary": summary,
        "upvotes": paper.upvotes,
        "projectPage": links.get("project", ""),
        "githubRepo": _github(links.get("code", "")),
        "githubStars": paper.stars,
        "ai_summary": plain_text(paper.summary),
        "ai_keywords": list(paper.keywords),
        "organization": organization,
        "submittedOnDailyAt": _time(paper.added),
    }
    item = {
        "paper": _known(inner),
        "publishedAt": published,
        "title": title,
        "summary": summary if repeats else "",
        "numComments": paper.comments,
        "organization": organization,
        **_our_fields(paper, base_url, topics, links),
    }
    return _known(item)


def _links(paper: Paper) -> dict[str, str]:
    """Its links by kind, the first of each."""
    links: dict[str, str] = {}
    for link in paper.links:
        links.setdefault(link.kind, link.url)
    return links


def _our_fields(
    paper: Paper, base_url: str, topics: Mapping[str, Topic], links: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "url": absolute_url(base_url, f"/papers/{paper.id}/"),
        "links": links,
        "topics": [slug for slug in paper.topics if slug in topics],
        "categories": list(paper.categories),
        "venue": paper.venue,
        "featured": [day.isoformat() for day in paper.featured],
        "updatedAt": _time(paper.updated),
        "version": paper.version,
        "withdrawn": paper.withdrawn or None,
        "source": paper.source,
    }


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def _time(day: date | None) -> str:
    return f"{day.isoformat()}T00:00:00.000Z" if day else ""


def _github(url: str) -> str:
    return url if url and urlsplit(url).hostname in ("github.com", "www.github.com") else ""


@lru_cache(maxsize=4096)
def _organization(name: str, url: str) -> Mapping[str, str]:
    """`name` is the handle: the last segment of its page at the source, else a slug."""
    if not name:
        return {}
    handle = urlsplit(url).path.rstrip("/").rpartition("/")[2] or slugify(name)
    return {"name": handle, "fullname": name}


class ApiItems(Struct, frozen=True, kw_only=True):
    """Papers as encoded items. A caller keeps one for a build: a paper that stands in several
    lists is rendered once."""

    base_url: str
    """Of the site; ends with `/`."""
    topics: Mapping[str, Topic]
    """By slug."""
    repeats: bool = True
    """Whether an abstract stands in an item twice."""
    _encoded: dict[str, bytes] = field(default_factory=dict)

    def encode(self, paper: Paper) -> bytes:
        """The paper's item as JSON."""
        if paper.id not in self._encoded:
            item = api_item(paper, base_url=self.base_url, topics=self.topics, repeats=self.repeats)
            self._encoded[paper.id] = orjson.dumps(item)
        return self._encoded[paper.id]


def render_api_papers(papers: Iterable[Paper], items: ApiItems) -> Iterator[File]:
    """`/api/papers/ID.json`, one item each."""
    for paper in papers:
        yield File(path=f"api/papers/{paper.id}.json", content=items.encode(paper) + b"\n")


def render_api_daily_papers(papers: Iterable[Paper], items: ApiItems) -> File:
    """`/api/daily_papers.json`: a list of the first DAILY_PAPERS of `papers`, newest first."""
    return _render_list("api/daily_papers.json", papers, DAILY_PAPERS, items)


def render_api_day(day: date, papers: Iterable[Paper], items: ApiItems) -> File:
    """`/api/days/YYYY-MM-DD.json`: a list of the first DAY_PAPERS of the day's papers."""
    return _render_list(f"api/days/{day.isoformat()}.json", papers, DAY_PAPERS, items)


def render_api_topic(topic: Topic, papers: Iterable[Paper], items: ApiItems) -> File:
    """`/api/topics/SLUG.json`: a list of the first TOPIC_PAPERS of the topic's papers."""
    return _render_list(f"api/topics/{topic.slug}.json", papers, TOPIC_PAPERS, items)


def _render_list(path: str, papers: Iterable[Paper], limit: int, items: ApiItems) -> File:
    encoded = b",\n".join(map(items.encode, islice(papers, limit)))
    return File(path=path, content=b"[" + encoded + b"]\n")


def render_api_index(
    *,
    title: str,
    description: str,
    generator: str,
    base_url: str,
    papers: int,
    days: Sequence[tuple[date, int]],
    topics: Sequence[tuple[Topic, int]],
    left_out: Collection[Extra] = (),
    since: date | None = None,
) -> File:
    """`/api/index.json`: what there is. `days` newest first and `topics`, each with its number
    of papers; `generator` the program and its version; `left_out` what the site does without.
    Days before `since` have no file."""
    index = {
        "title": title,
        "description": description,
        "url": absolute_url(base_url, "/"),
        "generator": generator,
        "papers": papers,
        "newestDay": days[0][0].isoformat() if days else "",
        "endpoints": [
            {"url": absolute_url(base_url, endpoint.url), "title": endpoint.title}
            for endpoint in api_endpoints(left_out=left_out)
        ],
        "days": [_day(day, count, base_url, since) for day, count in days],
        "topics": [_topic(topic, count, base_url) for topic, count in topics],
    }
    known = {key: value for key, value in index.items() if value != ""}
    return File(
        path="api/index.json", content=orjson.dumps(known, option=orjson.OPT_APPEND_NEWLINE)
    )


def _day(day: date, count: int, base_url: str, since: date | None) -> dict[str, Any]:
    name = day.isoformat()
    told = {"date": name, "papers": count, "url": absolute_url(base_url, f"/days/{name}/")}
    if since and day < since:
        return told
    return told | {"json": absolute_url(base_url, f"/api/days/{name}.json")}


def _topic(topic: Topic, count: int, base_url: str) -> dict[str, Any]:
    return {
        "slug": topic.slug,
        "title": topic.title,
        "papers": count,
        "url": absolute_url(base_url, f"/topics/{topic.slug}/"),
        "json": absolute_url(base_url, f"/api/topics/{topic.slug}.json"),
        "feed": absolute_url(base_url, f"/topics/{topic.slug}/feed.json"),
    }


def api_endpoints(
    *,
    paper: str = "",
    day: date | None = None,
    topic: str = "",
    left_out: Collection[Extra] = (),
) -> tuple[ApiEndpoint, ...]:
    """All files under /api/, for its page. The arguments name a paper, a day and a topic that
    exist, for the examples; `left_out` what the site does without."""
    old = f" Nor have those of more than {RECENT_DAYS} days before the newest."
    endpoints = (
        ApiEndpoint(
            url="/api/index.json",
            example_url="/api/index.json",
            title="What there is",
            description="One object: the site, the number of papers, all days newest first and "
            "all topics, each with its number of papers and its addresses.",
        ),
        ApiEndpoint(
            url="/api/daily_papers.json",
            example_url="/api/daily_papers.json",
            title="The newest papers",
            description=f"A list of items: the {DAILY_PAPERS} papers added last, newest first.",
        ),
        ApiEndpoint(
            url="/api/days/YYYY-MM-DD.json",
            example_url=f"/api/days/{day.isoformat()}.json" if day else "",
            title="The papers of one day",
            description="A list of items: the papers added on that day, at most "
            f"{DAY_PAPERS} of them. Days without papers have no file."
            + (old if "old-days" in left_out else ""),
        ),
        ApiEndpoint(
            url="/api/topics/SLUG.json",
            example_url=f"/api/topics/{topic}.json" if topic else "",
            title="The papers of one topic",
            description=f"A list of items: its newest papers, at most {TOPIC_PAPERS}. Older ones "
            "are found by day.",
        ),
        ApiEndpoint(
            url="/api/papers/ID.json",
            example_url=f"/api/papers/{paper}.json" if paper else "",
            title="One paper",
            description="One item; ID is the last part of the address of the paper's page.",
        ),
    )
    return endpoints[:-1] if "json" in left_out else endpoints


_FIELDS = (
    ("paper.id", "string", "Its arXiv id without version, else the last part of its page's URL."),
    ("paper.authors[].name", "string", "An author's name, in the order of the paper."),
    ("paper.authors[].hidden", "boolean", "Always false here."),
    ("paper.authorCount", "integer", "The number of authors. Ours; some sources give no names."),
    ("paper.publishedAt", "string", "The day it was first published, as midnight UTC."),
    ("paper.title", "string", "Its title, plain text."),
    ("paper.summary", "string", "Its abstract, plain text."),
    ("paper.upvotes", "integer", "Upvotes at the last pull."),
    ("paper.projectPage", "string", "URL of its project page."),
    ("paper.githubRepo", "string", "URL of its repository on GitHub."),
    ("paper.githubStars", "integer", "Stars of its repository at the last pull."),
    ("paper.ai_summary", "string", "One sentence, where the source has it."),
    ("paper.ai_keywords", "array of strings", "Keywords as the source gives them."),
    ("paper.organization.name", "string", "The organisation's handle at the source, else a slug."),
    ("paper.organization.fullname", "string", "The organisation's name."),
    ("paper.submittedOnDailyAt", "string", "The day it was first listed here, as midnight UTC."),
    ("publishedAt", "string", "As paper.publishedAt."),
    ("title", "string", "As paper.title."),
    ("summary", "string", "As paper.summary."),
    ("numComments", "integer", "Comments at the last pull."),
    ("organization.name", "string", "As paper.organization.name."),
    ("organization.fullname", "string", "As paper.organization.fullname."),
    ("url", "string", "Its page on this site. Ours, as are all fields below."),
    ("links.KIND", "string", "Where else it is: abstract, pdf, code, project, doi …, each a URL."),
    ("topics", "array of strings", "Its topics, the last parts of their URLs."),
    ("categories", "array of strings", "arXiv's categories, the primary one first."),
    ("venue", "string", "Where it was published, as printed."),
    ("featured", "array of strings", "Every day it was listed, YYYY-MM-DD."),
    ("updatedAt", "string", "The last day its source changed title, abstract or authors."),
    ("version", "integer", "Which version of it is meant, from 2 on."),
    ("withdrawn", "boolean", "true where its authors or editors took it back."),
    ("source", "string", "Name of the source that listed it first."),
)


def api_fields(left_out: Collection[Extra] = ()) -> tuple[ApiField, ...]:
    """All fields an item may have, for the page /api/; `left_out` is what the site does without."""
    return tuple(
        ApiField(name=name, type=kind, description=description)
        for name, kind, description in _FIELDS
        if name != "summary" or "repeats" not in left_out
    )
