"""The words of the field as values: frozen, without I/O, ids instead of object graphs.

They are made by naming their fields. Those that go to other processes by the thousand do not ask
for that (`kw_only`): so they are pickled and come back in two thirds of the time.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

LINK_KINDS = ("abstract", "pdf", "code", "project", "huggingface", "doi", "organization")
"""The kinds of link a paper may carry, in the order they are shown. `organization` is the
organisation's own page at the source (for Hugging Face its last segment is the handle)."""


class Link(Struct, frozen=True, array_like=True, gc=False):
    """A paper's link to somewhere outside the site."""

    kind: str
    """One of LINK_KINDS, or a word of the curator's."""
    url: str
    """An absolute http(s) URL, already through `text.safety.safe_url`."""


class Paper(Struct, frozen=True, array_like=True, gc=False):
    """One paper, as its page in content/papers/ tells it."""

    id: str
    """Identity and slug, decided once (contract, section 4)."""
    title: str
    """Plain text, one line; may hold TeX between dollars."""
    abstract: str = ""
    """Markdown, as in the page's body down to the first `## ` heading."""
    date: dt.date | None = None
    """First published."""
    added: dt.date | None = None
    """First listed here; decides days, feeds and what is new. None only for a page a person
    wrote without it: `library.load` then falls back to `date`."""
    updated: dt.date | None = None
    """The last day a source changed title, abstract or authors of a page that was there."""
    featured: tuple[dt.date, ...] = ()
    """Every day it was listed on, ascending; `added` is one of them."""
    authors: tuple[str, ...] = ()
    """Names in the order of the paper."""
    author_count: int | None = None
    """The number of authors where the source gives only the number."""
    organization: str = ""
    """The organisation's full name; empty where unknown."""
    topics: tuple[str, ...] = ()
    """Slugs of content/topics/."""
    links: tuple[Link, ...] = ()
    """In the order of LINK_KINDS, the curator's own kinds after them."""
    source: str = ""
    """Name of the source that listed it first."""
    upvotes: int | None = None
    """None where the source does not count them."""
    comments: int | None = None
    """None where the source does not count them."""
    stars: int | None = None
    """Stars of its code repository."""
    venue: str = ""
    """Where it was published, as printed."""
    categories: tuple[str, ...] = ()
    """arXiv's categories, the primary one first."""
    keywords: tuple[str, ...] = ()
    """As the source gives them."""
    summary: str = ""
    """One sentence, where the source has it."""
    draft: bool = False
    """Built only with --drafts."""
    version: int | None = None
    """Which version of it is meant, where there are several."""
    withdrawn: bool = False
    """Its authors or editors took it back; it stays, and says so."""
    hidden: bool = False
    """Never listed, fed or searched; its page is not built."""
    notes: str = ""
    """Markdown below the abstract: the curator's."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Front-matter keys the schema does not know."""
    plain: str | None = None
    """The abstract as plain text; empty where that is the abstract itself, None where nobody worked
    it out yet (`library.abstract`)."""
    path: str = ""
    """Its page, relative to the site (`content/papers/2025/2507.22565.md`); for messages."""

    def link(self, kind: str) -> str:
        """The URL of its first link of this kind, or an empty string."""
        for link in self.links:
            if link.kind == kind:
                return link.url
        return ""


class Rule(Struct, frozen=True, kw_only=True):
    """Which papers belong to a topic. Phrases match whole words, in any case; a trailing `*`
    matches any ending; a hyphen and a space are the same."""

    title: tuple[str, ...] = ()
    """A phrase of these in the title is enough."""
    text: tuple[str, ...] = ()
    """A phrase of these in the title is enough; else `mentions` of them in the abstract."""
    mentions: int = 2
    """How often phrases of `text` must stand in the abstract, all together."""
    categories: tuple[str, ...] = ()
    """A category of these is enough (`cs.RO`)."""
    keywords: tuple[str, ...] = ()
    """A keyword of the paper equal to one of these is enough, in any case."""
    organizations: tuple[str, ...] = ()
    """An organisation of these is enough, in any case."""
    authors: tuple[str, ...] = ()
    """An author of these is enough; accents, case and `Family, Given` do not matter."""
    exclude: tuple[str, ...] = ()
    """A phrase of these in the title or abstract keeps the paper out."""


class Topic(Struct, frozen=True, kw_only=True):
    """One topic, as its page in content/topics/ tells it."""

    slug: str
    """Its file's name and the last segment of its URL."""
    title: str
    """Its name."""
    summary: str = ""
    """What it is, in one line."""
    introduction: str = ""
    """Markdown: the page's body."""
    rule: Rule | None = None
    """None: only papers that name the topic by hand."""
    path: str = ""
    """Its page, relative to the site; for messages."""


class Organization(Struct, frozen=True, kw_only=True):
    """A group that publishes, gathered from the papers that name it."""

    slug: str
    """The last segment of its URL; names that differ only in case or punctuation share it."""
    name: str
    """As most of its papers print it."""
    url: str = ""
    """Its page at the source, where a paper links one."""
    papers: tuple[str, ...] = ()
    """Ids of its papers, newest first."""


class Note(Struct, frozen=True, kw_only=True):
    """A page of the curator's own: content/pages/*.md and content/days/*.md."""

    slug: str
    """The file's name without its ending."""
    title: str
    """From the front matter, else the first heading, else the slug."""
    body: str
    """Markdown."""
    path: str
    """Relative to the site; for messages."""


class Change(Struct, frozen=True, kw_only=True):
    """Something that a source changed on a page that was there."""

    day: dt.date
    """When a pull brought it."""
    field: str
    """title, authors, abstract, version, withdrawn, or a kind of link."""
    before: str = ""
    """What the page said before, of a title and a version."""


class Observation(Struct, frozen=True, kw_only=True):
    """The counts of a paper that were new, or no longer what they had been, on a day."""

    day: dt.date
    counts: Mapping[str, int]
    """By `upvotes`, `comments`, `stars`."""


class People(Struct, frozen=True, kw_only=True):
    """Who goes by which names, by names as `library.people` folds them."""

    authors: Mapping[str, str] = field(default_factory=dict)
    """By each name of a person, the one that stands for all."""
    organizations: Mapping[str, str] = field(default_factory=dict)
    """By each name of an organisation, the one that stands for all."""
    namesakes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By a name that several people share and the id of a paper, which of them is meant."""


class Library(Struct, frozen=True, kw_only=True):
    """All of content/, looked up by id. Papers stand newest first."""

    papers: Mapping[str, Paper]
    """By id; order: added, upvotes, comments, date (all descending), id."""
    topics: Mapping[str, Topic]
    """By slug, in order of title."""
    days: Mapping[str, Note]
    """An editor's note for a day, by `YYYY-MM-DD`."""
    pages: Mapping[str, Note]
    """The curator's own pages, by slug."""
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    """By id, what sources changed of a paper after it was listed, the latest first."""
    signals: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    """By id, the counts that sources gave over time, the earliest first."""
    people: People = field(default_factory=People)
    """What content/people.yml says of names; nothing where there is none."""
    status: Mapping[str, Any] = field(default_factory=dict)
    """What content/.pulled/status.json says of the last pull; empty before the first."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """By id, a digest of all of a paper (`library.packed.digest`), as far as they are known."""

    def __iter__(self) -> Iterator[Paper]:
        return iter(self.papers.values())


class Record(Struct, frozen=True, kw_only=True):
    """What a source says of one paper, before it has an identity here. All but `title` optional;
    an empty value means that the source does not speak of the field."""

    title: str
    """One line of plain text, TeX as it came."""
    abstract: str = ""
    """Plain text, not Markdown; paragraphs are separated by an empty line."""
    date: dt.date | None = None
    """First published."""
    featured: dt.date | None = None
    """The day the source listed it, where it has one."""
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    organization: str = ""
    topics: tuple[str, ...] = ()
    """Slugs, where the source itself assigns topics (the `json` source)."""
    arxiv: str = ""
    """arXiv id without version: `2507.22565`, `hep-th/9901001`."""
    doi: str = ""
    """Bare, lower case: `10.1109/icstw55395.2022.00035`."""
    key: str = ""
    """Another identifier the source gives (the `id` of a `json` record that is no arXiv id)."""
    links: tuple[Link, ...] = ()
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    venue: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: str = ""
    version: int | None = None
    """Which version of the paper this is, where the source counts them (`2` for v2)."""
    withdrawn: bool = False
    """Whether the source says that its authors or editors took the paper back."""


class File(Struct, frozen=True):
    """A file of the built site that should exist; nobody has written it yet."""

    path: str
    """Relative POSIX path below output/."""
    content: bytes
    """All of it."""


class Kept(Struct, frozen=True):
    """A file of the built site that is as the last build left it."""

    path: str
    """Relative POSIX path below output/."""


class Changes(Struct, frozen=True, kw_only=True):
    """What a stage did to a folder, as paths relative to the site."""

    written: tuple[str, ...] = ()
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """`path: field` where a person's value won over a source's new one."""
