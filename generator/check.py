"""The story of a check: everything that is wrong with content/ and with the built site, at once.

A problem keeps a site from being built or a reader from arriving; a warning may be meant.
"""

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote
from xml.etree import ElementTree

import orjson
from msgspec import Struct, field

from generator.config import DEFAULT_BASE_URL, PAGES_LIMIT, SITE_YML, Config
from generator.content import load_config, load_library, load_theme
from generator.errors import BroadsheetError, Problem, counted, nearest, size_in_words
from generator.library.identity import normal_title
from generator.library.pages import PAPER_KEYS
from generator.library.people import PEOPLE_YML, unknown_papers
from generator.model import Library, Paper
from generator.publish.weight import Weight, largest_in_words, weigh
from generator.site.groups import topic_papers
from generator.site.pages import plan_site
from generator.sources import open_sources
from generator.storage.staging import MARKER
from generator.storage.tree import (
    decode,
    exists,
    file_sizes,
    list_files,
    newest_change,
    read_bytes,
    read_text,
)
from generator.text.front_matter import line_of, split_page

NEARLY_FULL = 0.9
_SHOWN = 3
"""How many of many are named in one warning."""

_TAG = re.compile(
    r"""<!--.*?-->|<[a-zA-Z][^\s/>]*+((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_LINKING = frozenset({"href", "src", "action", "poster"})
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')\s]+)""")
_SITEMAP_LINE = re.compile(r"^Sitemap: (\S+)sitemap\.xml$", re.MULTILINE)
_Value = TypeVar("_Value")


class Checked(Struct, frozen=True, kw_only=True):
    """What a check found."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    papers: int
    """Drafts counted, hidden ones not."""
    topics: int
    pages: int
    """HTML files of the built site; 0 where nothing was built."""
    links: int
    """Links from these files to others of the site."""
    weights: Mapping[str, Weight]
    """The files of the built site by kind, the heaviest first."""


class _Findings(Struct):
    """Collects what is wrong."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def attempt(self, load: Callable[[], _Value]) -> _Value | None:
        """What `load` gives, or None where it fails; its problems are kept."""
        try:
            return load()
        except BroadsheetError as error:
            self.problems += (found for found in error.problems if found not in self.problems)
            return None


def check(root: Path, output: Path | None = None) -> Checked:
    """Check the site at `root` and what is built of it in `output` (default: its output/).

    Raises nothing for what is wrong with the site: all of that is in the result."""
    findings = _Findings()
    config = findings.attempt(lambda: load_config(root))
    library = findings.attempt(lambda: load_library(root, drafts=True))
    if config is not None:
        _check_settings(root, config, library, findings)
    if library is not None:
        findings.warnings += _content_warnings(root, library)
    base_url = config.base_url if config else DEFAULT_BASE_URL
    built = _Built.of(output or root / "output", output or Path("output"), base_url)
    limit = config.size_limit if config else PAGES_LIMIT
    links = _check_built(root, built, limit, findings)
    return Checked(
        problems=tuple(findings.problems),
        warnings=tuple(findings.warnings),
        papers=len(library.papers) if library else 0,
        topics=len(library.topics) if library else 0,
        pages=sum(1 for path in built.sizes if path.endswith(".html")),
        links=links,
        weights=weigh(built.sizes),
    )


# -- content --------------------------------------------------------------------------------------


def _check_settings(
    root: Path, config: Config, library: Library | None, findings: _Findings
) -> None:
    findings.attempt(lambda: open_sources(config.sources))
    findings.attempt(lambda: load_theme(root, config))
    if library is not None:
        findings.attempt(lambda: plan_site(library, config))


def _content_warnings(root: Path, library: Library) -> Iterator[Problem]:
    for paper in library:
        if paper.extra:
            yield from _unknown_keys(root, paper)
    yield from _unknown_namesakes(root)
    yield from _suspected_twins(library)
    yield from _lonely(library)


def _unknown_keys(root: Path, paper: Paper) -> Iterator[Problem]:
    front_matter = split_page(read_text(root, paper.path), paper.path).front_matter
    for key in paper.extra:
        hint = nearest(key, PAPER_KEYS)
        yield Problem(
            where=f"{paper.path}:{line_of(front_matter, [key], 2)}",
            fact=f"'{key}' is no key of a paper; templates see it as paper.extra",
            hint=hint if hint.startswith("did") else "",
        )


def _unknown_namesakes(root: Path) -> Iterator[Problem]:
    if exists(root, PEOPLE_YML):
        ids = {PurePosixPath(path).stem for path in list_files(root, "content/papers")}
        yield from unknown_papers(read_text(root, PEOPLE_YML), ids)


def _suspected_twins(library: Library) -> Iterator[Problem]:
    first: dict[str, Paper] = {}
    for paper in sorted(library, key=lambda paper: paper.path):
        other = first.setdefault(normal_title(paper.title), paper)
        if other is not paper:
            hint = "if they are one paper, put 'hidden: true' into one of the two"
            yield Problem(where=paper.path, fact=f"has the title of {other.path}", hint=hint)


def _lonely(library: Library) -> Iterator[Problem]:
    for slug, papers in topic_papers(library).items() if library.papers else ():
        if not papers:
            hint = "widen its rule and pull again, or name it in a paper's 'topics'"
            yield Problem(where=library.topics[slug].path, fact="has no paper", hint=hint)
    without = [paper for paper in library if not paper.topics]
    if without and library.topics:
        named = ", ".join(paper.id for paper in without[:_SHOWN])
        more = f" and {len(without) - _SHOWN} more" if len(without) > _SHOWN else ""
        fact = f"{len(without)} of {len(library.papers)} papers have no topic: {named}{more}"
        yield Problem(where="content/papers", fact=fact)


# -- the built site -------------------------------------------------------------------------------


class _Built(Struct, frozen=True, kw_only=True):
    """A built site as files."""

    folder: Path
    name: str
    """The folder as messages name it."""
    sizes: Mapping[str, int]
    """Bytes of every file by its path; empty where nothing was built."""
    base_url: str
    """The address it was built for."""

    @classmethod
    def of(cls, folder: Path, name: Path, base_url: str) -> "_Built":
        sizes = file_sizes(folder)
        if "robots.txt" in sizes:
            told = _SITEMAP_LINE.search(read_text(folder, "robots.txt"))
            base_url = told[1] if told else base_url
        return cls(folder=folder, name=name.as_posix(), sizes=sizes, base_url=base_url)

    def text(self, path: str) -> str:
        return decode(read_bytes(self.folder, path), f"{self.name}/{path}")

    def target(self, path: str, reference: str) -> tuple[str, str] | None:
        """The file and fragment that a reference in the file at `path` leads to; None where it
        leaves the site. The file is empty where it would lie above the site's root."""
        place, _, fragment = reference.partition("#")
        fragment = unquote(fragment)
        if place.startswith(self.base_url):
            place = place.removeprefix(self.base_url)
            parts: list[str] = []
        elif _SCHEME.match(place):
            return None
        elif place.startswith("/"):
            base_path = "/" + self.base_url.split("/", 3)[3]
            if not place.startswith(base_path):
                return "", fragment
            parts, place = [], place.removeprefix(base_path)
        elif not place.partition("?")[0]:
            return path, fragment
        else:
            parts = path.split("/")[:-1]
        return self._resolve(parts, unquote(place.partition("?")[0])), fragment

    def _resolve(self, parts: list[str], place: str) -> str:
        *folders, name = place.split("/")
        for step in folders:
            if step == ".." and not parts:
                return ""
            parts = parts[:-1] if step == ".." else [*parts, step] if step != "." else parts
        if name in (".", ".."):
            return self._resolve(parts, f"{name}/")
        inner = "/".join([*parts, name or "index.html"])
        return inner if inner in self.sizes else f"{inner}/index.html"


def _check_built(root: Path, built: _Built, limit: int, findings: _Findings) -> int:
    """Checks the built site, where there is one; gives the number of its links."""
    if not built.sizes:
        return 0
    if MARKER not in built.sizes:
        hint = "name the folder of a built site with --output"
        fact = "was not made by broadsheet"
        findings.problems.append(Problem(where=f"{built.name}/", fact=fact, hint=hint))
        return 0
    links = _Links(built)
    for path in sorted(built.sizes):
        findings.attempt(lambda path=path: _check_file(path, built, links, findings))  # type: ignore[misc]
    findings.problems += links.problems()
    _check_size(built, limit, findings)
    _check_age(root, built, findings)
    return links.count


class _Links:
    """The links of the built site, those that lead nowhere remembered."""

    def __init__(self, built: _Built) -> None:
        self._built = built
        self._broken: dict[str, list[str]] = {}
        self._fragments: dict[tuple[str, str], tuple[str, str]] = {}
        self.count = 0

    def follow(self, path: str, references: Iterable[str]) -> None:
        """All references of one file."""
        for reference in dict.fromkeys(references):
            target = self._built.target(path, reference)
            if target is None:
                continue
            self.count += 1
            file, fragment = target
            if file not in self._built.sizes:
                self._broken.setdefault(file or reference, [path, reference]).append(path)
            elif fragment and file.endswith(".html") and not fragment.startswith(":~:"):
                self._fragments.setdefault((file, fragment), (path, reference))

    def problems(self) -> Iterator[Problem]:
        """What leads nowhere, each goal once, with the first file that links it."""
        for path, reference, *pages in self._broken.values():
            others = f", as on {len(pages) - 1} more pages" if len(pages) > 1 else ""
            yield self._problem(path, reference, f"leads to no file of the site{others}")
        for file, wanted in self._by_file().items():
            ids = set(_values({"id"}, self._built.text(file))) | {"top"}
            for fragment, (path, reference) in wanted.items():
                if fragment not in ids:
                    fact = f"leads to no element: {file} has no id '{fragment}'"
                    yield self._problem(path, reference, fact)

    def _by_file(self) -> dict[str, dict[str, tuple[str, str]]]:
        wanted: dict[str, dict[str, tuple[str, str]]] = {}
        for (file, fragment), link in self._fragments.items():
            wanted.setdefault(file, {})[fragment] = link
        return wanted

    def _problem(self, path: str, reference: str, fact: str) -> Problem:
        text = self._built.text(path)
        start = max(text.find(html.escape(reference)), text.find(reference), 0)
        where = f"{self._built.name}/{path}:{text.count(chr(10), 0, start) + 1}"
        hint = "mend it in the page of content/ or the template that it comes from"
        return Problem(where=where, fact=f"the link '{reference}' {fact}", hint=hint)


def _values(names: Collection[str], page: str) -> Iterator[str]:
    """The values of attributes on a page of HTML; comments do not count, nor does what looks like
    an attribute inside the value of another."""
    for tag in _TAG.finditer(page):
        for found in _ATTRIBUTE.finditer(tag[1] or ""):
            if found[1].lower() in names:
                yield html.unescape(found[2] or found[3] or found[4] or "")


def _check_file(path: str, built: _Built, links: _Links, findings: _Findings) -> None:
    kind = path.rpartition(".")[2]
    if kind == "html":
        links.follow(path, _values(_LINKING, built.text(path)))
    elif kind == "css":
        links.follow(path, _CSS_URL.findall(built.text(path)))
    elif kind in ("xml", "opml"):
        text = built.text(path)
        findings.problems += _xml_problems(path, text, built.name)
        own = re.compile(re.escape(built.base_url) + r"[^<>\s\"'&]*")
        links.follow(path, own.findall(text))
    elif kind in ("json", "webmanifest"):
        findings.problems += _json_problems(path, built)


def _xml_problems(path: str, text: str, name: str) -> Iterator[Problem]:
    expected = {"feed.xml": "rss", "atom.xml": "{http://www.w3.org/2005/Atom}feed"}
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (a file of our own making)
    except ElementTree.ParseError as error:
        line = error.position[0]
        yield Problem(where=f"{name}/{path}:{line}", fact=f"is not well-formed XML: {error}")
        return
    wanted = expected.get(path.rpartition("/")[2], root.tag)
    if root.tag != wanted:
        yield Problem(where=f"{name}/{path}", fact=f"is no feed: it is a '{root.tag}'")


def _json_problems(path: str, built: _Built) -> Iterator[Problem]:
    try:
        value = orjson.loads(read_bytes(built.folder, path))
    except orjson.JSONDecodeError as error:
        yield Problem(where=f"{built.name}/{path}:{error.lineno}", fact=f"is not JSON: {error.msg}")
        return
    version = value.get("version", "") if isinstance(value, dict) else ""
    is_feed = path.rpartition("/")[2] == "feed.json"
    if is_feed and not str(version).startswith("https://jsonfeed.org/version/"):
        yield Problem(where=f"{built.name}/{path}", fact="is no JSON Feed: it names no version")


def _check_size(built: _Built, limit: int, findings: _Findings) -> None:
    total = sum(built.sizes.values())
    if total < limit * NEARLY_FULL:
        return
    allowed = f"{SITE_YML} allows {size_in_words(limit)}"
    taken = "GitHub Pages takes 1 GB" if limit == PAGES_LIMIT else allowed
    fact = f"holds {size_in_words(total)}; {taken}"
    hint = f"largest are {largest_in_words(weigh(built.sizes))}"
    found = Problem(where=f"{built.name}/", fact=fact, hint=hint)
    (findings.problems if total > limit else findings.warnings).append(found)


def _check_age(root: Path, built: _Built, findings: _Findings) -> None:
    """A folder of the built site is made anew by each build, so its own date is the build's."""
    changed, path = max(newest_change(root, "content"), newest_change(root, "themes"))
    if changed > built.folder.stat().st_mtime_ns:
        fact = f"is older than {path}"
        findings.warnings.append(
            Problem(where=f"{built.name}/", fact=fact, hint="build it again: broadsheet build")
        )


def summary(found: Checked) -> str:
    """The line that ends a check."""
    built = "nothing is built yet"
    if found.pages:
        largest = largest_in_words(found.weights)
        total = size_in_words(sum(weight.bytes for weight in found.weights.values()))
        links = counted(found.links, "link")
        built = f"{counted(found.pages, 'page')}, {links}, {total} ({largest} …)"
    return (
        f"{counted(found.papers, 'paper')}, {counted(found.topics, 'topic')}; {built}. "
        f"Problems: {len(found.problems)}, warnings: {len(found.warnings)}."
    )
