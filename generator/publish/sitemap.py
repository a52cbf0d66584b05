"""What machines look for at a site's root: sitemap, robots.txt, OpenSearch, the web manifest.

Pages and feeds are planned and rendered elsewhere; here they are only named.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import orjson

from generator.model import File
from generator.publish.addresses import absolute_url
from generator.publish.xml import DECLARATION, format_element

URLS_PER_SITEMAP = 50_000
"""The limit of sitemaps.org; its other one, 50 MB, is out of reach with URLs of our length."""
LONGEST_SHORT_NAME = 16
"""OpenSearch 1.1 allows 16 characters in ShortName …"""
LONGEST_LONG_NAME = 48
"""… 48 in LongName …"""
LONGEST_DESCRIPTION = 1024
"""… and 1,024 in Description."""
ICON = "assets/icon.svg"
"""Where a theme that has an icon puts it."""

_SITEMAP_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OPENSEARCH_NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
_SEARCH_TERMS = "{searchTerms}"
_SVG = "image/svg+xml"


def render_sitemap(urls: Sequence[tuple[str, date | None]], base_url: str) -> Iterator[File]:
    """`sitemap.xml` of all pages, in the order given, each with the day it last changed.

    More than URLS_PER_SITEMAP pages go into `sitemap-1.xml`, `sitemap-2.xml` …, and
    `sitemap.xml` becomes their index. Format: sitemaps.org, version 0.9.
    """
    if len(urls) <= URLS_PER_SITEMAP:
        yield File(path="sitemap.xml", content=_format_sitemap("urlset", "url", urls, base_url))
        return
    shards: list[tuple[str, date | None]] = []
    for start in range(0, len(urls), URLS_PER_SITEMAP):
        part = urls[start : start + URLS_PER_SITEMAP]
        path = f"sitemap-{len(shards) + 1}.xml"
        shards.append((f"/{path}", max((day for _, day in part if day), default=None)))
        yield File(path=path, content=_format_sitemap("urlset", "url", part, base_url))
    index = _format_sitemap("sitemapindex", "sitemap", shards, base_url)
    yield File(path="sitemap.xml", content=index)


def _format_sitemap(
    root: str, element: str, urls: Sequence[tuple[str, date | None]], base_url: str
) -> bytes:
    changed = {day: f"<lastmod>{day}</lastmod>" if day else "" for _, day in urls}
    lines = [
        f"<{element}><loc>{absolute_url(base_url, url)}</loc>{changed[day]}</{element}>\n"
        for url, day in urls
    ]
    # an absolute URL has nothing else that XML would escape, or forbids
    told = "".join(lines).replace("&", "&amp;")
    return f'{DECLARATION}<{root} xmlns="{_SITEMAP_NAMESPACE}">\n{told}</{root}>\n'.encode()


def robots(base_url: str) -> File:
    """`robots.txt`: everything may be read, and the sitemap is there (RFC 9309).

    Crawlers look for it at the root of a host only; under a sub-path it is for people.
    """
    sitemap = absolute_url(base_url, "/sitemap.xml")
    return File(
        path="robots.txt", content=f"User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n".encode()
    )


def opensearch(
    title: str, description: str, base_url: str, language: str, icon: str = ICON
) -> File:
    """`opensearch.xml`, by which a browser offers the site's search (OpenSearch 1.1).

    Title and description are cut at a word to the lengths the format allows. `icon`: a file of
    the site, or nothing for a theme without one.
    """
    search = absolute_url(base_url, "/search/")
    lines = [
        f'{DECLARATION}<OpenSearchDescription xmlns="{_OPENSEARCH_NAMESPACE}">',
        format_element("ShortName", _cut(title, LONGEST_SHORT_NAME) or "Search"),
        format_element("LongName", _cut(title, LONGEST_LONG_NAME) or "Search"),
        format_element("Description", _cut(description or title, LONGEST_DESCRIPTION) or "Search"),
        format_element("Image", absolute_url(base_url, icon), {"type": _SVG}) if icon else "",
        _format_template("text/html", f"{search}?q={_SEARCH_TERMS}"),
        _format_template(
            "application/opensearchdescription+xml",
            absolute_url(base_url, "/opensearch.xml"),
            {"rel": "self"},
        ),
        format_element("Language", language or "*"),
        format_element("InputEncoding", "UTF-8"),
        format_element("OutputEncoding", "UTF-8"),
        "</OpenSearchDescription>\n",
    ]
    return File(path="opensearch.xml", content="\n".join(filter(None, lines)).encode())


def _format_template(kind: str, template: str, more: dict[str, str] | None = None) -> str:
    return format_element("Url", "", {"type": kind, **(more or {}), "template": template})


def _cut(text: str, length: int) -> str:
    """At most `length` characters of `text`, whole words as long as the first one fits."""
    words = " ".join(text.split())
    if len(words) <= length:
        return words
    return (words[: length + 1].rpartition(" ")[0] or words[:length]).rstrip(" ,;:.–—-")


def web_manifest(title: str, description: str, language: str, icon: str = ICON) -> File:
    """`manifest.webmanifest`, by which a phone keeps the site as an app.

    All its URLs are relative to itself, so that it holds under any sub-path. `icon`: as for
    `opensearch`.
    """
    manifest = {
        "name": title,
        "short_name": _cut(title, LONGEST_SHORT_NAME) or title,
        "description": description,
        "lang": language,
        "start_url": "./",
        "scope": "./",
        "display": "minimal-ui",
        "icons": [{"src": icon, "sizes": "any", "type": _SVG}] if icon else [],
    }
    known = {key: value for key, value in manifest.items() if value}
    return File(
        path="manifest.webmanifest",
        content=orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
    )


def nojekyll() -> File:
    """`.nojekyll`: GitHub Pages serves the files as they are."""
    return File(path=".nojekyll", content=b"")
