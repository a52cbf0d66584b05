"""Feeds: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1 of any list of papers, and their OPML.

Which papers stand in which feed is decided by the caller; here they are only written, a paper once
for all the feeds that it stands in. Nothing reads the clock: the same papers give the same bytes.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import date
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

import orjson
from msgspec import Struct

from generator.library.abstract import plain_abstract
from generator.model import File, Paper, Topic
from generator.publish.addresses import absolute_url
from generator.publish.xml import DECLARATION, format_element, xml_text
from generator.site.calendar import MONTHS
from generator.text.plain import plain_text, plain_title

PAPERS = UUID("8a7ebee3-8cf1-4973-91f8-e8d450c68dbd")
"""The namespace of papers' entry ids. It may never change: every reader would show every entry
again."""
DAYS = UUID("47200fa0-2f72-4bea-b1f3-3485bf7080cd")
"""The namespace of days' entry ids; as fixed as the other."""
EPOCH = date(1970, 1, 1)
"""When a feed without entries was last updated, and a paper without any date was published."""
NAMED_AUTHORS = 12
"""More authors than this are counted in an entry's first line; its author elements name all."""

_RSS = (
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
)
"""RSS 2.0 with every author, and the day of the last change, which it has no elements for."""
_ATOM = "http://www.w3.org/2005/Atom"
_URI = "/#%[]=:;$&()+,!?*@'~"
"""What a URI has besides letters and digits (RFC 3987, section 3.1)."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
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
    published: date
    """The day it was added; its hour is midnight UTC."""
    updated: date
    """The day it last really changed; never before `published`."""
    summary: str = ""
    """One sentence of plain text, where the source has it."""
    authors: tuple[str, ...] = ()
    """All names; the organisation where no name is known."""
    categories: tuple[str, ...] = ()
    """Titles of topics, then arXiv's categories."""
    external_url: str = ""
    """Where the paper itself is published."""


class WrittenEntry(Struct, frozen=True):
    """An entry as it stands in each kind of feed."""

    rss: str
    atom: str
    json: orjson.Fragment
    updated: date


def render_feeds(
    channel: FeedChannel,
    papers: Sequence[Paper],
    *,
    base_url: str,
    language: str,
    topics: Mapping[str, Topic],
    entries: MutableMapping[str, WrittenEntry] | None = None,
) -> Iterator[File]:
    """`feed.xml` (RSS 2.0), `atom.xml` and `feed.json` (JSON Feed 1.1) of a channel.

    `papers` are newest by `added` first and already cut to the feed's length. `entries` keeps
    what was written, by paper id, for the next channel of the same build: pass one dict to all.
    """
    kept = {} if entries is None else entries
    for paper in papers:
        if paper.id not in kept:
            kept[paper.id] = _written(render_entry(paper, base_url=base_url, topics=topics))
    shown = [kept[paper.id] for paper in papers]
    yield _render_rss(channel, shown, base_url, language)
    yield _render_atom(channel, shown, base_url, language)
    yield _render_json(channel, shown, base_url, language)


def render_entry(paper: Paper, *, base_url: str, topics: Mapping[str, Topic]) -> FeedEntry:
    """A paper as an entry. Maths is written in Unicode: many readers drop MathML."""
    published = paper.added or paper.date or EPOCH
    names = paper.authors or ((paper.organization,) if paper.organization else ())
    categories = [topics[slug].title for slug in paper.topics if slug in topics]
    title = xml_text(plain_title(paper.title)) or paper.id
    return FeedEntry(
        id=uuid5(PAPERS, paper.id).urn,
        url=absolute_url(base_url, f"/papers/{paper.id}/"),
        title=title,
        html=xml_text(_format_content(paper)) or f"<p>{escape(title)}</p>",
        published=published,
        updated=max(published, paper.updated or EPOCH),
        summary=xml_text(plain_text(paper.summary)),
        authors=tuple(map(xml_text, names)),
        categories=tuple(dict.fromkeys(map(xml_text, (*categories, *paper.categories)))),
        external_url=paper.link("abstract"),
    )


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


def _written(entry: FeedEntry) -> WrittenEntry:
    json = orjson.Fragment(orjson.dumps(_json_entry(entry)))
    return WrittenEntry(_rss_item(entry), _atom_entry(entry), json, entry.updated)


def _rss_item(entry: FeedEntry) -> str:
    parts = (
        _element("title", entry.title),
        _element("link", _uri(entry.url)),
        _element("description", entry.html),
        _element("pubDate", _rfc2822(entry.published)),
        f'<guid isPermaLink="false">{entry.id}</guid>',
        *[_element("category", category) for category in entry.categories],
        _element("atom:updated", _rfc3339(entry.updated)),
        *[_element("dc:creator", name) for name in entry.authors],
    )
    return f"<item>{''.join(parts)}</item>"


def _atom_entry(entry: FeedEntry) -> str:
    related = {"href": entry.external_url, "rel": "related"}
    parts = (
        _element("title", entry.title),
        format_element("link", "", {"href": _uri(entry.url), "rel": "alternate"}),
        _element("published", _rfc3339(entry.published)),
        _element("updated", _rfc3339(entry.updated)),
        _element("id", entry.id),
        f'<summary type="html">{escape(entry.summary, quote=False)}</summary>'
        if entry.summary
        else "",
        f'<content type="html">{escape(entry.html, quote=False)}</content>',
        *[format_element("category", "", {"term": category}) for category in entry.categories],
        format_element("link", "", related) if entry.external_url else "",
        *[_author(name) for name in entry.authors],
    )
    return f"<entry>{''.join(parts)}</entry>"


def _author(name: str) -> str:
    return f"<author>{_element('name', name)}</author>"


def _element(name: str, text: str) -> str:
    """As `format_element`, of a text that XML allows."""
    return f"<{name}>{escape(text, quote=False)}</{name}>" if text else f"<{name}/>"


def _uri(url: str) -> str:
    return url if url.isascii() else quote(url, safe=_URI)


def _rfc2822(day: date) -> str:
    """Midnight UTC of a day, as RFC 2822, section 3.3, writes it."""
    month = MONTHS[day.month - 1][:3]
    return f"{_WEEKDAYS[day.weekday()]}, {day.day:02d} {month} {day.year:04d} 00:00:00 +0000"


def _rfc3339(day: date) -> str:
    """The same as RFC 3339, section 5.6, writes it."""
    return f"{day.isoformat()}T00:00:00+00:00"


def _newest(entries: Sequence[WrittenEntry]) -> date:
    return max((entry.updated for entry in entries), default=EPOCH)


def _render_rss(
    channel: FeedChannel, entries: Sequence[WrittenEntry], base_url: str, language: str
) -> File:
    own = _uri(absolute_url(base_url, f"{channel.base}feed.xml"))
    parts = (
        f"{DECLARATION}{_RSS}<channel>",
        format_element("title", channel.title),
        format_element("link", _uri(absolute_url(base_url, channel.url))),
        format_element("description", channel.description or channel.title),
        format_element("atom:link", "", {"href": own, "rel": "self"}),
        format_element("language", language) if language else "",
        _element("lastBuildDate", _rfc2822(_newest(entries))),
        *[entry.rss for entry in entries],
        "</channel></rss>",
    )
    return _file(channel, "feed.xml", "".join(parts).encode())


def _render_atom(
    channel: FeedChannel, entries: Sequence[WrittenEntry], base_url: str, language: str
) -> File:
    page, own = (absolute_url(base_url, u) for u in (channel.url, f"{channel.base}atom.xml"))
    names = {"xml:lang": language, "xmlns": _ATOM} if language else {"xmlns": _ATOM}
    parts = (
        f"{DECLARATION}{format_element('feed', '', names).removesuffix('/>')}>",
        format_element("title", channel.title),
        format_element("link", "", {"href": _uri(page), "rel": "alternate"}),
        format_element("link", "", {"href": _uri(own), "rel": "self"}),
        format_element("id", page),
        _element("updated", _rfc3339(_newest(entries))),
        _author(xml_text(channel.author or channel.title)),
        format_element("subtitle", channel.description or channel.title),
        *[entry.atom for entry in entries],
        "</feed>",
    )
    return _file(channel, "atom.xml", "".join(parts).encode())


def _file(channel: FeedChannel, name: str, content: bytes) -> File:
    return File(path=f"{channel.base}{name}".lstrip("/"), content=content)


def _render_json(
    channel: FeedChannel, entries: Sequence[WrittenEntry], base_url: str, language: str
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
    feed: dict[str, Any] = {key: value for key, value in head.items() if value}
    feed["items"] = [entry.json for entry in entries]
    return _file(channel, "feed.json", orjson.dumps(feed, option=orjson.OPT_APPEND_NEWLINE))


def _json_entry(entry: FeedEntry) -> dict[str, Any]:
    values = {
        "id": entry.id,
        "url": entry.url,
        "external_url": entry.external_url,
        "title": entry.title,
        "content_html": entry.html,
        "summary": entry.summary,
        "date_published": _rfc3339(entry.published),
        "date_modified": _rfc3339(entry.updated),
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
    entries = [_written(_render_day(day, papers, base_url)) for day, papers in days]
    yield _render_rss(channel, entries, base_url, language)


def _render_day(day: date, papers: Sequence[Paper], base_url: str) -> FeedEntry:
    lines = [_format_line(paper, base_url) for paper in papers]
    count = f"{len(papers)} paper{'s' if len(papers) != 1 else ''}"
    return FeedEntry(
        id=uuid5(DAYS, day.isoformat()).urn,
        url=absolute_url(base_url, f"/days/{day.isoformat()}/"),
        title=f"{day.isoformat()}: {count}",
        html=xml_text("\n".join(["<ul>", *lines, "</ul>"]) if lines else "<p>No papers.</p>"),
        published=day,
        updated=max([day, *(paper.updated for paper in papers if paper.updated)]),
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
