"""content/site.yml: the one place for settings, checked as a whole.

Owns the schema. Options of a source are checked by that source, those of a theme by the theme.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct, field
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from generator.errors import BroadsheetError, Problem
from generator.text.front_matter import line_of, parse_mapping, source_of
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


def read_date(value: object) -> object:
    """A day written YYYY-MM-DD, for pydantic. Raises ValueError with the fact."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("is not a date")


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


_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
_Date = Annotated[date | None, BeforeValidator(read_date)]


class _Source(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: _Name
    type: Annotated[str, Field(min_length=1)]
    since: _Date = None
    until: _Date = None
    date: _Date = None


class _Feeds(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    entries: Annotated[int, Field(ge=1, le=1000)] = 50


class _Enrich(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    arxiv: bool = False
    code: bool = True


class _Organizations(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    min_papers: Annotated[int, Field(ge=1)] = 1


class _Size(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    limit: Annotated[int, Field(ge=1_000_000)] = PAGES_LIMIT
    keep: list[Extra] = []
    leave_out: list[Extra] = []


class _Site(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    title: Annotated[str, Field(min_length=1)]
    description: str = ""
    base_url: Annotated[str, BeforeValidator(_read_base_url)] = DEFAULT_BASE_URL
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] = "en"
    curators: list[str] = []
    contact: Annotated[str, BeforeValidator(_read_mail)] = ""
    theme: _Name = "broadsheet"
    theme_options: dict[str, str | int | float | bool] = {}
    sources: list[_Source] = []
    enrich: _Enrich = _Enrich()
    feeds: _Feeds = _Feeds()
    organizations: _Organizations = _Organizations()
    size: _Size = _Size()


def parse_config(text: str, where: str = SITE_YML) -> Config:
    """The settings in the text of site.yml. Raises BroadsheetError with every problem in it."""
    values = parse_mapping(text, where)
    try:
        site = _Site.model_validate(values)
    except ValidationError as error:
        raise BroadsheetError(schema_problems(error, _Site, values, text, where)) from None
    repeated = _repeated_names(site.sources)
    if repeated:
        raise BroadsheetError(
            Problem(
                where=f"{where}:{line_of(text, ['sources', position, 'name'])}",
                fact=f"two sources are named '{site.sources[position].name}'",
                hint="a name tells a source from the others: choose another",
            )
            for position in repeated
        )
    return Config(
        title=clean_line(site.title),
        description=clean_line(site.description),
        base_url=site.base_url,
        language=site.language,
        curators=tuple(map(clean_line, site.curators)),
        contact=site.contact,
        theme=site.theme,
        theme_options=site.theme_options,
        sources=tuple(map(_source_config, site.sources)),
        enrich_arxiv=site.enrich.arxiv,
        enrich_code=site.enrich.code,
        feed_entries=site.feeds.entries,
        min_papers=site.organizations.min_papers,
        size_limit=site.size.limit,
        keep=frozenset(site.size.keep),
        leave_out=frozenset(site.size.leave_out),
    )


def parse_base_url(value: str) -> str:
    """A base URL given on the command line, ending with `/`. Raises ValueError with the fact."""
    return str(_read_base_url(value))


def _source_config(source: _Source) -> SourceConfig:
    options = source.model_dump(exclude={"name", "type"}, exclude_none=True)
    return SourceConfig(name=source.name, type=source.type, options=options)


def _repeated_names(sources: Sequence[_Source]) -> list[int]:
    names = [source.name for source in sources]
    return [position for position, name in enumerate(names) if name in names[:position]]


def schema_problems(
    error: ValidationError,
    model: type[BaseModel],
    values: Mapping[str, Any],
    text: str,
    where: str,
    first_line: int = 1,
) -> list[Problem]:
    """What pydantic found wrong with the YAML `text`, in our words, in the order of its lines."""
    found: dict[tuple[int, tuple[object, ...]], Problem] = {}
    for detail in error.errors():
        path = [step for step in detail["loc"] if _is_written(values, step, detail["loc"])]
        line = line_of(text, path, first_line)
        written = source_of(text, path) if len(path) == len(detail["loc"]) else ""
        fact, hint = _fact_and_hint(detail, model, shown(written or detail["input"]))
        found.setdefault(
            (line, tuple(path)), Problem(where=f"{where}:{line}", fact=fact, hint=hint)
        )
    return [found[key] for key in sorted(found, key=lambda key: key[0])]


def _is_written(values: Any, step: object, path: Sequence[object]) -> bool:
    """Whether a step of pydantic's path is a key or position of the document; it puts the names
    of union members into the path too."""
    current = values
    for part in path:
        known = (
            part in current
            if isinstance(current, Mapping)
            else (isinstance(current, list) and isinstance(part, int) and part < len(current))
        )
        if part == step:
            return known
        if known:
            current = current[part]
    return False


def _fact_and_hint(detail: Any, model: type[BaseModel], value: str) -> tuple[str, str]:
    names = [step for step in detail["loc"] if isinstance(step, str)]
    if len(names) > 1 and names[-1] in _UNION_MEMBERS:
        names.pop()
    key = ".".join(names) or "the file"
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _known_keys(model, detail["loc"][:-1])
        return f"unknown key '{detail['loc'][-1]}'", nearest(str(detail["loc"][-1]), known)
    if kind == "missing":
        return f"'{detail['loc'][-1]}' is missing", f"add a line '{detail['loc'][-1]}: …'"
    if kind == "literal_error":
        return f"'{key}' names what is not known: {value}", nearest(
            str(detail["input"]), re.findall("'([^']+)'", detail["ctx"]["expected"])
        )
    if kind == "value_error":
        fact = str(detail["ctx"]["error"])
        return f"'{key}' {fact}: {value}", _REMEDIES.get(fact, "")
    hint = _HINTS.get(kind, "").format(**detail.get("ctx", {}))
    return f"'{key}' {_EXPECTED.get(kind, 'is not right')}: {value}", hint


_EXPECTED = {
    "string_type": "is not a text",
    "int_type": "is not a whole number",
    "bool_type": "is neither true nor false",
    "list_type": "is not a list",
    "dict_type": "is not a mapping",
    "model_type": "is not a mapping",
    "model_attributes_type": "is not a mapping",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "string_pattern_mismatch": "has characters it cannot have",
    "string_too_long": "is too long",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
}
_UNION_MEMBERS = ("str", "int", "float", "bool")
"""What pydantic puts behind the name of a key that takes one of several types."""
_REMEDIES = {
    "is not a date": "write it as YYYY-MM-DD",
    "is not an absolute http(s) URL": "write it whole: https://you.github.io/papers/",
    "is not a web address": "write it whole, beginning with https://",
}
_HINTS = {
    "string_type": "put it in double quotes",
    "int_type": "write digits only",
    "bool_type": "write true or false",
    "list_type": "write it in brackets: [one, two]",
    "dict_type": "write 'key: value' lines below it, indented",
    "model_type": "write 'key: value' lines below it, indented",
    "model_attributes_type": "write 'key: value' lines below it, indented",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "string_pattern_mismatch": "use letters, digits and hyphens",
}


def _known_keys(model: type[BaseModel], path: Sequence[object]) -> list[str]:
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _inner_model(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in a field's type: itself, or what a list, a mapping or an optional one holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner_model, get_args(annotation))), None)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to a mistyped one, or all of them."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(words)}"


def shown(value: object) -> str:
    """A value of the user's, quoted and cut for a message."""
    text = "true" if value is True else "false" if value is False else str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"
