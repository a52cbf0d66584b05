"""The pages of content/: their text to values and back.

Owns the schema of front matter. Does not read or write files.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from generator.errors import BroadsheetError, Problem, nearest, problem
from generator.model import LINK_KINDS, Link, Note, Paper, Rule, Topic
from generator.text import schema
from generator.text.front_matter import (
    Page,
    format_page,
    line_of,
    parse_mapping,
    split_page,
)
from generator.text.plain import clean_line
from generator.text.slug import is_paper_slug, paper_slug

PAPER_KEYS = (
    "title", "id", "date", "added", "updated", "featured", "authors", "author_count",
    "organization", "topics", "links", "source", "upvotes", "comments", "stars", "venue",
    "categories", "keywords", "summary", "version", "withdrawn", "draft", "hidden",
)  # fmt: skip
"""The keys of a paper's front matter, in the order they are written."""

_NOTES = re.compile(r"^## ", re.MULTILINE)
_PAPER_PATH = re.compile(r"content/papers/(\d{4}|undated)/([^/]+)\.md")
_SLUG_PATH = re.compile(r"content/[a-z]+/([a-z0-9][a-z0-9-]*)\.md")

_COUNT = schema.integer(ge=0, le=2**53 - 1)
"""Up to what every reader of JSON takes for a whole number (RFC 8259, section 6)."""
_PAPER = schema.Schema(
    {
        "title": schema.text(min_length=1),
        "id": schema.optional(schema.text(), ""),
        "date": schema.optional(schema.day(), None),
        "added": schema.optional(schema.day(), None),
        "updated": schema.optional(schema.day(), None),
        "featured": schema.optional(schema.list_of(schema.day()), ()),
        "authors": schema.optional(schema.list_of(schema.name()), ()),
        "author_count": schema.optional(_COUNT, None),
        "organization": schema.optional(schema.words(), ""),
        "topics": schema.optional(schema.list_of(schema.text(min_length=1)), ()),
        "links": schema.optional(schema.dict_of(schema.name(), schema.address()), {}),
        "source": schema.optional(schema.words(), ""),
        "upvotes": schema.optional(_COUNT, None),
        "comments": schema.optional(_COUNT, None),
        "stars": schema.optional(_COUNT, None),
        "venue": schema.optional(schema.words(), ""),
        "categories": schema.optional(schema.list_of(schema.words()), ()),
        "keywords": schema.optional(schema.list_of(schema.words()), ()),
        "summary": schema.optional(schema.words(), ""),
        "version": schema.optional(schema.integer(ge=1, le=10_000), None),
        "withdrawn": schema.optional(schema.boolean(), False),
        "draft": schema.optional(schema.boolean(), False),
        "hidden": schema.optional(schema.boolean(), False),
    },
    others=True,
)
_PHRASES = (
    "title", "text", "categories", "keywords", "organizations", "authors", "exclude",
)  # fmt: skip
"""The keys of a topic's rule that hold what it looks for."""
_RULE = schema.mapping(
    {
        **{key: schema.optional(schema.list_of(schema.name()), ()) for key in _PHRASES},
        "mentions": schema.optional(schema.integer(ge=1), 2),
    }
)
_TOPIC = schema.Schema(
    {
        "title": schema.text(min_length=1),
        "summary": schema.optional(schema.text(), ""),
        "rule": schema.optional(_RULE, None),
    }
)
_NOTE = schema.Schema({"title": schema.optional(schema.text(), "")})


def parse_paper(text: str, path: str, topics: Collection[str] | None = None) -> Paper:
    """The paper that a page of content/papers/ holds.

    `topics`: the slugs that exist; None to accept any. Raises BroadsheetError with every problem
    of the page."""
    return paper_of(read_paper(text, path), path, topics)


class Fields(NamedTuple):
    """What a page of a paper holds."""

    page: Page
    values: Mapping[str, Any]
    """Of its front matter, checked one by one."""


def read_paper(text: str, path: str) -> Fields:
    """The first step of `parse_paper`: what the page at `path` says."""
    return Fields(*_read_fields(text, path, _PAPER))


def paper_of(read: Fields, path: str, topics: Collection[str] | None = None) -> Paper:
    """The second step of `parse_paper`: the paper that it means."""
    page, fields = read
    problems = _path_problems(path, fields)
    if topics is not None:
        problems += _topic_problems(page, path, fields["topics"], topics)
    if fields["added"] is None and fields["date"] is None:
        fact = "'added' is missing"
        hint = "add a line 'added: YYYY-MM-DD', the day it was first listed here"
        problems.append(Problem(where=f"{path}:2", fact=fact, hint=hint))
    if problems:
        raise BroadsheetError(problems)
    return _paper(page, path, fields)


def _paper(page: Page, path: str, fields: Mapping[str, Any]) -> Paper:
    abstract, notes = split_body(page.body)
    added = fields["added"] or fields["date"]
    days = set(fields["featured"]) | ({added} if added else set())
    return Paper(
        id=_stem(path),
        title=clean_line(fields["title"]),
        abstract=abstract,
        date=fields["date"],
        added=added,
        updated=fields["updated"],
        featured=tuple(sorted(days)),
        authors=tuple(fields["authors"]),
        author_count=fields["author_count"],
        organization=fields["organization"],
        topics=tuple(dict.fromkeys(fields["topics"])),
        links=_links(fields["links"]),
        source=fields["source"],
        upvotes=fields["upvotes"],
        comments=fields["comments"],
        stars=fields["stars"],
        venue=fields["venue"],
        categories=tuple(fields["categories"]),
        keywords=tuple(fields["keywords"]),
        summary=fields["summary"],
        version=fields["version"],
        withdrawn=fields["withdrawn"],
        draft=fields["draft"],
        hidden=fields["hidden"],
        notes=notes,
        extra={key: value for key, value in fields.items() if key not in _PAPER.keys},
        path=path,
    )


def split_body(body: str) -> tuple[str, str]:
    """A paper's body as (abstract, notes): the notes begin at the first `## ` heading."""
    found = _NOTES.search(body) if "## " in body else None
    if found is None:
        return body.strip(), ""
    return body[: found.start()].strip(), body[found.start() :].strip()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")


def _links(links: Mapping[str, str]) -> tuple[Link, ...]:
    kinds = [kind for kind in LINK_KINDS if kind in links]
    kinds += [kind for kind in links if kind not in LINK_KINDS]
    return tuple(Link(kind=kind, url=links[kind]) for kind in kinds)


def _path_problems(path: str, fields: Mapping[str, Any]) -> list[Problem]:
    found = _PAPER_PATH.fullmatch(path)
    if found is None:
        hint = "a paper's page is content/papers/YEAR/ID.md, or content/papers/undated/ID.md"
        return [Problem(where=path, fact="is not where a paper's page is", hint=hint)]
    slug = found[2]
    if not is_paper_slug(slug):
        hint = "name the file with lower-case letters, digits, hyphens and full stops"
        return [Problem(where=path, fact=f"'{slug}' cannot be a paper's id", hint=hint)]
    told = fields["id"]
    if told and slug not in {told, paper_slug(key=told)}:
        hint = "an id never changes: name the file after it, or delete the line"
        return [Problem(where=path, fact=f"'id' is another than the file's: '{told}'", hint=hint)]
    return []


def _topic_problems(
    page: Page, path: str, named: list[str], topics: Collection[str]
) -> list[Problem]:
    return [
        Problem(
            where=f"{path}:{line_of(page.front_matter, ['topics', position], 2)}",
            fact=f"unknown topic '{slug}'",
            hint=_topic_hint(slug, topics),
        )
        for position, slug in enumerate(named)
        if slug not in topics
    ]


def _topic_hint(slug: str, topics: Collection[str]) -> str:
    hint = nearest(slug, topics)
    return hint if hint.startswith("did") else f"write content/topics/{slug}.md, or take it out"


def parse_topic(text: str, path: str) -> Topic:
    """The topic that a page of content/topics/ holds. Raises BroadsheetError, located."""
    page, fields = _read_fields(text, path, _TOPIC)
    if not _SLUG_PATH.fullmatch(path):
        raise _slug_problem(path)
    rule = fields["rule"]
    if rule is not None:
        phrases = {key: tuple(rule[key]) for key in _PHRASES}
        rule = Rule(mentions=rule["mentions"], **phrases)
    return Topic(
        slug=_stem(path),
        title=clean_line(fields["title"]),
        summary=clean_line(fields["summary"]),
        introduction=page.body.strip(),
        rule=rule,
        path=path,
    )


def parse_note(text: str, path: str) -> Note:
    """A page of content/pages/ or content/days/; its front matter is optional.

    Raises BroadsheetError, located."""
    slug = _stem(path)
    if not _SLUG_PATH.fullmatch(path):
        raise _slug_problem(path)
    if not text.startswith("---"):
        text = f"---\n---\n{text}"
    page, fields = _read_fields(text, path, _NOTE)
    heading = re.match(r"# +(.+)\n?", page.body.strip())
    body = page.body.strip()
    if heading and not fields["title"]:
        body = body[heading.end() :].strip()
    title = fields["title"] or (heading[1] if heading else slug.replace("-", " ").capitalize())
    return Note(slug=slug, title=clean_line(title), body=body, path=path)


def _slug_problem(path: str) -> BroadsheetError:
    return problem(
        path,
        f"'{_stem(path)}' cannot be part of a URL",
        "name the file with lower-case letters, digits and hyphens, ending in .md",
    )


def _read_fields(text: str, path: str, known: schema.Schema) -> tuple[Page, dict[str, Any]]:
    """A page and its checked front matter; a key without a value counts as absent."""
    page = split_page(text, path)
    written = parse_mapping(page.front_matter, path, 2)
    values = {str(key): value for key, value in written.items() if value is not None}
    return page, known.read(values, page.front_matter, path, 2)


def paper_fields(paper: Paper) -> dict[str, Any]:
    """A paper as the keys and values of its front matter, in their order, empty ones left out."""
    values: dict[str, Any] = {
        "title": paper.title,
        "date": paper.date,
        "added": paper.added,
        "updated": paper.updated,
        "featured": list(paper.featured) if len(paper.featured) > 1 else [],
        "authors": list(paper.authors),
        "author_count": paper.author_count,
        "organization": paper.organization,
        "topics": list(paper.topics),
        "links": {link.kind: link.url for link in paper.links},
        "source": paper.source,
        "upvotes": paper.upvotes,
        "comments": paper.comments,
        "stars": paper.stars,
        "venue": paper.venue,
        "categories": list(paper.categories),
        "keywords": list(paper.keywords),
        "summary": paper.summary,
        "version": paper.version,
        "withdrawn": paper.withdrawn or None,
        "draft": paper.draft or None,
        "hidden": paper.hidden or None,
    }
    values.update(paper.extra)
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def format_paper(paper: Paper) -> str:
    """The text of a paper's page; `parse_paper` gives the paper back."""
    body = "\n\n".join(part for part in (paper.abstract, paper.notes) if part)
    return format_page(paper_fields(paper), body)


def edit_paper(text: str, changes: Mapping[str, Any], abstract: str | None, path: str) -> str:
    """A paper's page with some front-matter keys set and, unless None, its abstract replaced;
    every other byte as it was."""
    from generator.text.editing import edit_mapping  # heavy, and builds edit nothing

    page = split_page(text, path)
    edited = edit_mapping(page.front_matter, changes, PAPER_KEYS) if changes else page.front_matter
    head = text[: text.index("\n") + 1]
    fence = text[len(head) + len(page.front_matter) : len(text) - len(page.body)]
    body = page.body
    if abstract is not None:
        fence, body = fence.rstrip("\n") + "\n", _with_abstract(body, abstract)
    return head + edited + fence + body


def _with_abstract(body: str, abstract: str) -> str:
    """A body with another abstract; white space around it and the notes stay as they are."""
    notes = _NOTES.search(body)
    above = body[: notes.start()] if notes else body
    old = above.strip()
    if not old:
        rest = body[len(above) :]
        return f"{above}{abstract}\n" + (f"\n{rest}" if rest else "")
    start = above.index(old)
    return body[:start] + abstract + body[start + len(old) :]


def paper_path(slug: str, published: date | None) -> str:
    """Where the page of a new paper goes."""
    year = f"{published.year:04d}" if published else "undated"
    return f"content/papers/{year}/{slug}.md"
