"""content/site.yml: the one place for settings, checked as a whole.

Owns the schema. Options of a source are checked by that source, those of a theme by the theme.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct, field

from generator.errors import BroadsheetError, Problem
from generator.text import schema
from generator.text.front_matter import line_of, parse_mapping
from generator.text.plain import clean_line
from generator.text.safety import safe_url

SITE_YML = "content/site.yml"
DEFAULT_BASE_URL = "http://localhost:8000/"
PAGES_LIMIT = 1_000_000_000
"""Bytes: GitHub Pages publishes no site larger than 1 GB."""
Extra = Literal[
    "repeats", "ris", "bib", "json", "bulk-ris", "abstracts", "old-days", "bulk-bib",
    "linked-data", "month-titles",
]  # fmt: skip
"""What a site can do without, named as in `size.keep` and `size.leave_out`."""


class SourceConfig(Struct, frozen=True, kw_only=True):
    """One entry of `sources`."""

    name: str
    """Names the source in messages, in `--source` and in a paper's `source`."""
    type: str
    """Which parser: `huggingface`, `arxiv`, `json`, `listing` or a third party's."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """All other keys; `since`, `until` and `date` as dates."""


class Config(Struct, frozen=True, kw_only=True):
    """The settings of a site, complete with defaults."""

    title: str
    """The site's name, in the masthead and in every feed."""
    description: str = ""
    """One sentence, for feeds, search engines and the home page."""
    base_url: str = DEFAULT_BASE_URL
    """Where the site is published; ends with `/`, may have any path."""
    language: str = "en"
    """BCP 47 tag of the pages."""
    curators: tuple[str, ...] = ()
    """Who keeps the site."""
    contact: str = ""
    """The curator's e-mail address, which sources are told with every request; some answer those
    faster whom they could write to."""
    theme: str = "broadsheet"
    """A folder of themes/, the site's own or one that comes with Broadsheet."""
    theme_options: Mapping[str, Any] = field(default_factory=dict)
    """What the theme's theme.yml declares."""
    sources: tuple[SourceConfig, ...] = ()
    """In order of trust: of two that speak of a field, the first one counts."""
    enrich_arxiv: bool = False
    """Whether arXiv is asked for categories and more of papers that other sources list."""
    enrich_code: bool = True
    """Whether a repository that an abstract names becomes the link to the code."""
    feed_entries: int = 50
    """How many entries a feed holds."""
    min_papers: int = 1
    """An organisation with fewer papers has no page and no feeds."""
    size_limit: int = PAGES_LIMIT
    """Bytes that the built site may hold."""
    keep: frozenset[Extra] = frozenset()
    """What stays, however large the site."""
    leave_out: frozenset[Extra] = frozenset()
    """What is not made, however small the site."""

    @property
    def base_path(self) -> str:
        """The path of `base_url`: `/` or `/papers/`."""
        return urlsplit(self.base_url).path


def _read_base_url(value: object) -> object:
    url = safe_url(value) if isinstance(value, str) else ""
    if not url:
        raise ValueError("is not an absolute http(s) URL")
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError("has a query or fragment, which a site's address cannot have")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _read_mail(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[!-~]{1,64}@[A-Za-z0-9.-]{1,190}", value):
        return value
    raise ValueError("is not an e-mail address")


_NAME = schema.text(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)
_BASE_URL = schema.read_by(_read_base_url, schema.text())
_LANGUAGE = schema.text(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
_SOURCE = schema.mapping(
    {
        "name": _NAME,
        "type": schema.text(min_length=1),
        "since": schema.optional(schema.day(), None),
        "until": schema.optional(schema.day(), None),
        "date": schema.optional(schema.day(), None),
    },
    others=True,
)
_EXTRAS = schema.optional(schema.list_of(schema.one_of(get_args(Extra))), ())
_SITE = schema.Schema(
    {
        "title": schema.text(min_length=1),
        "description": schema.optional(schema.text(), ""),
        "base_url": schema.optional(_BASE_URL, DEFAULT_BASE_URL),
        "language": schema.optional(_LANGUAGE, "en"),
        "curators": schema.optional(schema.list_of(schema.text()), ()),
        "contact": schema.optional(schema.read_by(_read_mail, schema.text()), ""),
        "theme": schema.optional(_NAME, "broadsheet"),
        "theme_options": schema.optional(schema.dict_of(schema.text(), schema.scalar()), {}),
        "sources": schema.optional(schema.list_of(_SOURCE), ()),
        "enrich": schema.section(
            {
                "arxiv": schema.optional(schema.boolean(), False),
                "code": schema.optional(schema.boolean(), True),
            }
        ),
        "feeds": schema.section({"entries": schema.optional(schema.integer(ge=1, le=1000), 50)}),
        "organizations": schema.section({"min_papers": schema.optional(schema.integer(ge=1), 1)}),
        "size": schema.section(
            {
                "limit": schema.optional(schema.integer(ge=1_000_000), PAGES_LIMIT),
                "keep": _EXTRAS,
                "leave_out": _EXTRAS,
            }
        ),
    }
)


def parse_config(text: str, where: str = SITE_YML) -> Config:
    """The settings in the text of site.yml. Raises BroadsheetError with every problem in it."""
    site = _SITE.read(parse_mapping(text, where), text, where)
    sources = site["sources"]
    repeated = _repeated_names(sources)
    if repeated:
        raise BroadsheetError(
            Problem(
                where=f"{where}:{line_of(text, ['sources', position, 'name'])}",
                fact=f"two sources are named '{sources[position]['name']}'",
                hint="a name tells a source from the others: choose another",
            )
            for position in repeated
        )
    return Config(
        title=clean_line(site["title"]),
        description=clean_line(site["description"]),
        base_url=site["base_url"],
        language=site["language"],
        curators=tuple(map(clean_line, site["curators"])),
        contact=site["contact"],
        theme=site["theme"],
        theme_options=site["theme_options"],
        sources=tuple(map(_source_config, sources)),
        enrich_arxiv=site["enrich"]["arxiv"],
        enrich_code=site["enrich"]["code"],
        feed_entries=site["feeds"]["entries"],
        min_papers=site["organizations"]["min_papers"],
        size_limit=site["size"]["limit"],
        keep=frozenset(site["size"]["keep"]),
        leave_out=frozenset(site["size"]["leave_out"]),
    )


def parse_base_url(value: str) -> str:
    """A base URL given on the command line, ending with `/`. Raises ValueError with the fact."""
    return str(_read_base_url(value))


def _source_config(source: Mapping[str, Any]) -> SourceConfig:
    told = {key: value for key, value in source.items() if value is not None}
    return SourceConfig(name=told.pop("name"), type=told.pop("type"), options=told)


def _repeated_names(sources: Sequence[Mapping[str, Any]]) -> list[int]:
    names = [source["name"] for source in sources]
    return [position for position, name in enumerate(names) if name in names[:position]]
