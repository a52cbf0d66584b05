"""Feeds: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1 of any list of papers, and their OPML.

Which papers stand in which feed is decided by the caller; here they are only written. Nothing
reads the clock: the same papers give the same bytes.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, date, datetime, time
from html import escape
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import orjson
from feedgenerator import Atom1Feed, Rss201rev2Feed  # type: ignore[import-untyped]
from feedgenerator.django.utils.feedgenerator import (  # type: ignore[import-untyped]
    rfc3339_date,
)
from msgspec import Struct

from generator.library.abstract import plain_abstract
from generator.model import File, Paper, Topic
from generator.publish.addresses import absolute_url
from generator.publish.xml import DECLARATION, format_element, xml_text
from generator.text.plain import plain_text, plain_title

PAPERS = UUID("8a7ebee3-8cf1-4973-91f8-e8d450c68dbd")
"""The namespace of papers' entry ids. It may never change: every reader would show every entry
again."""
DAYS = UUID("47200fa0-2f72-4bea-b1f3-3485bf7080cd")
"""The namespace of days' entry ids; as fixed as the other."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without entries was last updated, and a paper without any date was published."""
NAMED_AUTHORS = 12
"""More authors than this are counted in an entry's first line; its author elements name all."""

_DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
_LABELS = {
    "abstract": "Abstract",
    "pdf": "PDF",
    "code": "Code",
    "project": "Project",
    "huggingface": "Hugging Face",
    "doi": "DOI",
}
_PARAGRAPHS = re.compile(r"\n\s*\n")


class FeedChannel(Struct, frozen=True):
    """A place that has feeds: the site, a topic, an organisation."""

    title: str
    """Its name in a reader, plain text."""
    description: str
    """What it holds, in a line of plain text."""
    url: str
    """The site's page it belongs to: `/topics/robotics/`."""
    base: str
    """The folder of its files, as a URL: `/` or `/topics/robotics/`."""
    author: str = ""
    """Who keeps it, the curators; its title where empty (Atom asks for somebody)."""
    group: str = ""
    """Its folder in the OPML list, `Topics`; none where empty."""


class FeedEntry(Struct, frozen=True, kw_only=True):
    """A paper or a day as feeds show it: rendered once, used in every feed it stands in."""

    id: str
    """`urn:uuid:…`, from its identity alone."""
    url: str
    """Absolute."""
    title: str
    """Plain text."""
    html: str
    """The content, safe HTML."""
    published: datetime
    """Midnight UTC of the day it was added."""
    updated: datetime
    """Midnight UTC of the day it last really changed; never before `published`."""
    summary: str = ""
    """One sentence of plain text, where the source has it."""
    authors: tuple[str, ...] = ()
    """All names; the organisation where no name is known."""
    categories: tuple[str, ...] = ()
    """Titles of topics, then arXiv's categories."""
    external_url: str = ""
    """Where the paper itself is published."""


def render_feeds(
    channel: FeedChannel,
    papers: Sequence[Paper],
    *,
    base_url: str,
    language: str,
    topics: Mapping[str, Topic],
    entries: MutableMapping[str, FeedEntry] | None = None,
) -> Iterator[File]:
    """`feed.xml` (RSS 2.0), `atom.xml` and `feed.json` (JSON Feed 1.1) of a channel.

    `papers` are newest by `added` first and already cut to the feed's length. `entries` keeps
    what was rendered, by paper id, for the next channel of the same build: pass one dict to all.
    """
    kept = {} if entries is None else entries
    for paper in papers:
        if paper.id not in kept:
            kept[paper.id] = render_entry(paper, base_url=base_url, topics=topics)
    shown = [kept[paper.id] for paper in papers]
    yield _render_rss(channel, shown, base_url, language)
    yield _render_atom(channel, shown, base_url, language)
    yield _render_json(channel, shown, base_url, language)


def render_entry(paper: Paper, *, base_url: str, topics: Mapping[str, Topic]) -> FeedEntry:
    """A paper as an entry. Maths is written in Unicode: many readers drop MathML."""
    published = _midnight(paper.added or paper.date)
    names = paper.authors or ((paper.organization,) if paper.organization else ())
    categories = [topics[slug].title for slug in paper.topics if slug in topics]
    title = xml_text(plain_title(paper.title)) or paper.id
    return FeedEntry(
        id=uuid5(PAPERS, paper.id).urn,
        url=absolute_url(base_url, f"/papers/{paper.id}/"),
        title=title,
        html=xml_text(_format_content(paper)) or f"<p>{escape(title)}</p>",
        published=published,
        updated=max(published, _midnight(paper.updated)),
        summary=xml_text(plain_text(paper.summary)),
        authors=tuple(map(xml_text, names)),
        categories=tuple(dict.fromkeys(map(xml_text, (*categories, *paper.categories)))),
        external_url=paper.link("abstract"),
    )


def _midnight(day: date | None) -> datetime:
    return datetime.combine(day, time(), UTC) if day else EPOCH


def _format_content(paper: Paper) -> str:
    lines = [_byline(paper), *_PARAGRAPHS.split(plain_abstract(paper))]
    paragraphs = [escape(" ".join(line.split())) for line in lines]
    return "\n".join(f"<p>{text}</p>" for text in [*paragraphs, _format_links(paper)] if text)


def _byline(paper: Paper) -> str:
    published = f"published {paper.date.isoformat()}" if paper.date else ""
    return " · ".join(filter(None, [_format_authors(paper), paper.organization, published]))


def _format_authors(paper: Paper) -> str:
    names = paper.authors
    if not names:
        count = paper.author_count
        return f"{count} author{'s' if count != 1 else ''}" if count else ""
    if len(names) > NAMED_AUTHORS:
        return f"{', '.join(names[:NAMED_AUTHORS])} and {len(names) - NAMED_AUTHORS} more"
    return ", ".join(names)


def _format_links(paper: Paper) -> str:
    return " · ".join(
        f'<a href="{escape(link.url)}">{escape(_label(link.kind))}</a>'
        for link in paper.links
        if link.kind != "organization"
    )


def _label(kind: str) -> str:
    return _LABELS.get(kind) or kind.replace("-", " ").replace("_", " ").capitalize()


def _newest(entries: Sequence[Mapping[str, Any]]) -> datetime:
    return max((entry["updateddate"] for entry in entries), default=EPOCH)


class _Rss(Rss201rev2Feed):  # type: ignore[misc]
    """RSS 2.0 with every author, the day of the last change, and no clock."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:dc": _DUBLIN_CORE}

    def latest_post_date(self) -> datetime:
        return _newest(self.items)

    def add_item_elements(self, handler: Any, item: Mapping[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("atom:updated", rfc3339_date(item["updateddate"]))
        for name in item["authors"]:
            handler.addQuickElement("dc:creator", name)


class _Atom(Atom1Feed):  # type: ignore[misc]
    """Atom with every author, a link to the source, and no clock."""

    def latest_post_date(self) -> datetime:
        return _newest(self.items)

    def add_item_elements(self, handler: Any, item: Mapping[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["external_url"]:
            handler.addQuickElement("link", "", {"rel": "related", "href": item["external_url"]})
        for name in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")


def _render_rss(
    channel: FeedChannel, entries: Sequence[FeedEntry], base_url: str, language: str
) -> File:
    feed = _Rss(**_head(channel, "feed.xml", base_url, language))
    for entry in entries:
        feed.add_item(description=entry.html, **_body(entry))
    return _written(feed, channel, "feed.xml")


def _render_atom(
    channel: FeedChannel, entries: Sequence[FeedEntry], base_url: str, language: str
) -> File:
    head = _head(channel, "atom.xml", base_url, language)
    feed = _Atom(**head, author_name=xml_text(channel.author or channel.title))
    for entry in entries:
        feed.add_item(description=entry.summary or None, content=entry.html, **_body(entry))
    return _written(feed, channel, "atom.xml")


def _head(channel: FeedChannel, name: str, base_url: str, language: str) -> dict[str, Any]:
    return {
        "title": xml_text(channel.title),
        "link": absolute_url(base_url, channel.url),
        "description": xml_text(channel.description or channel.title),
        "language": language or None,
        "feed_url": absolute_url(base_url, channel.base + name),
    }


def _body(entry: FeedEntry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "link": entry.url,
        "unique_id": entry.id,
        "unique_id_is_permalink": False,
        "pubdate": entry.published,
        "updateddate": entry.updated,
        "categories": entry.categories,
        "authors": entry.authors,
        "external_url": entry.external_url,
    }


def _written(feed: Any, channel: FeedChannel, name: str) -> File:
    return File(path=_path(channel, name), content=feed.writeString("utf-8").encode())


def _path(channel: FeedChannel, name: str) -> str:
    return (channel.base + name).lstrip("/")


def _render_json(
    channel: FeedChannel, entries: Sequence[FeedEntry], base_url: str, language: str
) -> File:
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": xml_text(channel.title),
        "home_page_url": absolute_url(base_url, channel.url),
        "feed_url": absolute_url(base_url, channel.base + "feed.json"),
        "description": xml_text(channel.description),
        "language": language,
        "authors": [{"name": xml_text(channel.author)}] if channel.author else [],
    }
    feed = {key: value for key, value in head.items() if value}
    feed["items"] = [_json_entry(entry) for entry in entries]
    content = orjson.dumps(feed, option=orjson.OPT_APPEND_NEWLINE)
    return File(path=_path(channel, "feed.json"), content=content)


def _json_entry(entry: FeedEntry) -> dict[str, Any]:
    values = {
        "id": entry.id,
        "url": entry.url,
        "external_url": entry.external_url,
        "title": entry.title,
        "content_html": entry.html,
        "summary": entry.summary,
        "date_published": rfc3339_date(entry.published),
        "date_modified": rfc3339_date(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": entry.categories,
    }
    return {key: value for key, value in values.items() if value}


def render_days_feed(
    channel: FeedChannel,
    days: Sequence[tuple[date, Sequence[Paper]]],
    *,
    base_url: str,
    language: str,
) -> Iterator[File]:
    """`feed.xml` of a channel with one entry a day, each the list of its papers' titles.

    `days` are newest first and already cut to the feed's length.
    """
    entries = [_render_day(day, papers, base_url) for day, papers in days]
    yield _render_rss(channel, entries, base_url, language)


def _render_day(day: date, papers: Sequence[Paper], base_url: str) -> FeedEntry:
    lines = [_format_line(paper, base_url) for paper in papers]
    count = f"{len(papers)} paper{'s' if len(papers) != 1 else ''}"
    return FeedEntry(
        id=uuid5(DAYS, day.isoformat()).urn,
        url=absolute_url(base_url, f"/days/{day.isoformat()}/"),
        title=f"{day.isoformat()}: {count}",
        html=xml_text("\n".join(["<ul>", *lines, "</ul>"]) if lines else "<p>No papers.</p>"),
        published=_midnight(day),
        updated=max([_midnight(day), *(_midnight(paper.updated) for paper in papers)]),
    )


def _format_line(paper: Paper, base_url: str) -> str:
    url = absolute_url(base_url, f"/papers/{paper.id}/")
    names = " · ".join(filter(None, [_format_authors(paper), paper.organization]))
    note = f" — {escape(names)}" if names else ""
    return f'<li><a href="{escape(url)}">{escape(plain_title(paper.title))}</a>{note}</li>'


def render_opml(
    channels: Sequence[FeedChannel], *, title: str, base_url: str, path: str = "feeds.opml"
) -> File:
    """The list of feeds that readers import (OPML 2.0): each channel's RSS, in the order given.

    Neighbours of one `group` share a folder.
    """
    lines = [f'{DECLARATION}<opml version="2.0">']
    lines += ["<head>", format_element("title", title), "</head>", "<body>"]
    for group, members in groupby(channels, key=lambda channel: channel.group):
        outlines = [_format_outline(channel, base_url) for channel in members]
        lines += _folder(group, outlines) if group else outlines
    lines += ["</body>", "</opml>\n"]
    return File(path=path, content="\n".join(lines).encode())


def _folder(group: str, outlines: Sequence[str]) -> list[str]:
    opening = format_element("outline", "", {"text": group, "title": group})
    return [opening.removesuffix("/>") + ">", *outlines, "</outline>"]


def _format_outline(channel: FeedChannel, base_url: str) -> str:
    return format_element(
        "outline",
        "",
        {
            "type": "rss",
            "text": channel.title,
            "title": channel.title,
            "description": channel.description,
            "xmlUrl": absolute_url(base_url, channel.base + "feed.xml"),
            "htmlUrl": absolute_url(base_url, channel.url),
        },
    )
