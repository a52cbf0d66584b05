"""content/ and themes/ from disk to values. Every problem of a stage is told at once."""

import contextlib
import gc
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from functools import partial
from itertools import chain, compress
from operator import not_
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SITE_YML, Config, parse_base_url, parse_config
from generator.errors import BroadsheetError, Problem, nearest, problem
from generator.library.abstract import with_plain_abstract
from generator.library.memory import Memory
from generator.library.packed import Packed, digest, is_packable, pack_papers, unpack_papers
from generator.library.pages import paper_of, parse_note, parse_paper, parse_topic, read_paper
from generator.library.people import PEOPLE_YML, parse_people, resolve_rule
from generator.library.said import Said
from generator.library.signals import SIGNALS, parse_signals
from generator.model import Change, Library, Note, Observation, Paper, People, Topic
from generator.publish.theme import Manifest, Theme, assemble_theme, parse_manifest
from generator.storage.tree import (
    FileStat,
    Reader,
    bundled,
    exists,
    list_files,
    read_bytes,
    read_text,
    stat_files,
)
from generator.text.slug import is_paper_slug

STATUS = "content/.pulled/status.json"
SAID = "content/.pulled/papers"
_FOLDERS = ("papers", "topics", "days", "pages", "sources")
_PLACES = tuple(f"content/{folder}/" for folder in _FOLDERS)
_FILES = (SITE_YML, PEOPLE_YML)
_STRETCH = 256
"""Pages of papers that are remembered as one, about."""
_Value = TypeVar("_Value")


def load_config(root: Path, base_url: str = "") -> Config:
    """The site's settings; `base_url` overrides the one in site.yml."""
    if not exists(root, SITE_YML):
        raise problem(
            SITE_YML,
            "is missing: this folder is not a site",
            "go to a site's folder, name one with --site, or make one with 'broadsheet new DIR'",
        )
    config = parse_config(read_text(root, SITE_YML))
    if not base_url:
        return config
    try:
        return replace(config, base_url=parse_base_url(base_url))
    except ValueError as error:
        hint = "write it whole: https://you.github.io/papers/"
        raise problem("--base-url", f"'{base_url}' {error}", hint) from None


@contextlib.contextmanager
def _not_collecting() -> Iterator[None]:
    """Python does not look for garbage in cycles meanwhile, and later not among what is there when
    this ends: a library of papers has none, and to look through it takes long."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@_not_collecting()
def load_library(
    root: Path,
    *,
    drafts: bool = False,
    memory: Memory | None = None,
    executor: Executor | None = None,
    found: Sequence[FileStat] | None = None,
) -> Library:
    """All of content/, as a build sees it: without hidden papers and, unless asked for, drafts.

    `memory` holds papers whose pages were read before; `executor` reads the others; `found`: what
    is in content/, as `stat_tree` gives it, if somebody looked already. Raises BroadsheetError with
    every problem of every page."""
    problems = _Problems()
    people = problems.attempt(lambda: load_people(root)) or People()
    topics = _load_topics(root, problems, people)
    files = _files(root, found)
    papers = _load_papers(root, files, problems, topics, memory, executor)
    days = _load_notes(root, "content/days", problems)
    notes = _load_notes(root, "content/pages", problems)
    problems.add(_stray_files(files))
    problems.raise_all()
    told = (each.paper for each in papers.values())
    shown = (p for p in told if not p.hidden and (drafts or not p.draft))
    return Library(
        papers={paper.id: paper for paper in sorted(shown, key=newest_first)},
        digests={paper: each.digest for paper, each in papers.items()},
        changes=_load_changes(root),
        topics=topics,
        days=days,
        pages=notes,
        signals=_signals_or_none(root),
        people=people,
        status=load_status(root),
    )


def _files(root: Path, found: Sequence[FileStat] | None) -> list[FileStat]:
    """The files of content/, as `stat_files` gives them."""
    if found is None or any(not file.is_file and not file.is_settled for file in found):
        return stat_files(root, "content")
    return [file for file in found if file.is_file and "/." not in file.path]


def load_pages(root: Path) -> tuple[dict[str, tuple[str, Paper]], dict[str, Topic]]:
    """Every paper's page as text and value by id, hidden ones too, and the topics; for a pull.

    A topic that has no page is no problem here: a build names it."""
    problems = _Problems()
    people = problems.attempt(lambda: load_people(root)) or People()
    topics = _load_topics(root, problems, people)
    pages = _load_pages(root, problems)
    problems.raise_all()
    return pages, topics


def load_people(root: Path) -> People:
    """What the site says of names. Raises BroadsheetError, located."""
    return parse_people(read_text(root, PEOPLE_YML)) if exists(root, PEOPLE_YML) else People()


def newest_first(paper: Paper) -> tuple[Any, ...]:
    """The key that orders papers: added, upvotes, comments, date (all descending), id."""
    day = paper.added.toordinal() if paper.added else 0
    published = paper.date.toordinal() if paper.date else 0
    return (-day, -(paper.upvotes or 0), -(paper.comments or 0), -published, paper.id)


class _Problems:
    """Collects the problems of a stage."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, problems: Iterable[Problem]) -> None:
        self.found += problems

    def attempt(self, read: Callable[[], _Value]) -> _Value | None:
        """What `read` gives, or None where it fails; its problems are kept."""
        try:
            return read()
        except BroadsheetError as error:
            self.found += error.problems
            return None

    def raise_all(self) -> None:
        if self.found:
            raise BroadsheetError(self.found)


def _load_topics(root: Path, problems: _Problems, people: People) -> dict[str, Topic]:
    loaded = [
        problems.attempt(lambda path=path: parse_topic(read_text(root, path), path))  # type: ignore[misc]
        for path in list_files(root, "content/topics")
    ]
    topics = [_with_known_names(topic, people) for topic in loaded if topic is not None]
    return {topic.slug: topic for topic in sorted(topics, key=lambda topic: topic.title.casefold())}


def _with_known_names(topic: Topic, people: People) -> Topic:
    return replace(topic, rule=resolve_rule(topic.rule, people)) if topic.rule else topic


def _load_notes(root: Path, folder: str, problems: _Problems) -> dict[str, Note]:
    loaded = [
        problems.attempt(lambda path=path: parse_note(read_text(root, path), path))  # type: ignore[misc]
        for path in list_files(root, folder)
    ]
    return {note.slug: note for note in loaded if note is not None}


def _load_pages(root: Path, problems: _Problems) -> dict[str, tuple[str, Paper]]:
    """Every paper with the text of its page."""
    pages: dict[str, tuple[str, Paper]] = {}
    reader = Reader(root)
    for path in list_files(root, "content/papers"):
        page = problems.attempt(lambda path=path: _read_page(reader, path))  # type: ignore[misc]
        if page is None:
            continue
        if page[1].id in pages:
            problems.add([_twice(page[1], pages[page[1].id][1])])
        else:
            pages[page[1].id] = page
    return pages


def _read_page(reader: Reader, path: str) -> tuple[str, Paper]:
    text = reader.text(path)
    return text, parse_paper(text, path)


def _load_papers(
    root: Path,
    files: Iterable[FileStat],
    problems: _Problems,
    topics: Collection[str],
    memory: Memory | None,
    executor: Executor | None,
) -> dict[str, Packed]:
    papers: dict[str, Packed] = {}
    shown = [file for file in files if file.path.startswith("content/papers/")]
    for read in _read_stretches(root, shown, topics, memory, executor):
        problems.add(read.problems)
        for each in chain(unpack_papers(read.packed), read.others):
            other = papers.setdefault(each.paper.id, each)
            if other is not each:
                problems.add([_twice(each.paper, other.paper)])
    return papers


class _Stretch(Struct, frozen=True):
    """Some pages of papers, and what is remembered of them."""

    root: Path
    topics: tuple[str, ...]
    files: tuple[FileStat, ...]
    known: bytes | None = None

    @property
    def key(self) -> str:
        """Under which it is remembered."""
        return f"papers {self.files[0].path}"


class _Read(Struct, frozen=True):
    """The papers of a stretch."""

    packed: bytes
    """Each with the stamp of its file, or none where that does not tell."""
    others: tuple[Packed, ...]
    """Those that cannot be packed, or need not."""
    problems: tuple[Problem, ...]
    is_known: bool = False
    """Whether it is what was remembered."""


def _read_stretches(
    root: Path,
    files: Iterable[FileStat],
    topics: Collection[str],
    memory: Memory | None,
    executor: Executor | None,
) -> Iterator[_Read]:
    """All stretches, those unknown read by `executor`."""
    stretches = [_Stretch(root, tuple(topics), part) for part in _cut(files)]
    known = [memory is not None and stretch.key in memory for stretch in stretches]
    unknown = [stretch for stretch, is_known in zip(stretches, known, strict=True) if not is_known]
    others = executor.map(_read_stretch, unknown) if executor else map(_read_stretch, unknown)
    for stretch, is_known in zip(stretches, known, strict=True):
        if memory and is_known:  # no earlier: all of them would take much memory
            stretch = replace(stretch, known=memory.get(stretch.key))
        read = _read_stretch(stretch) if is_known else next(others)
        if memory and not read.is_known:
            memory.put(stretch.key, read.packed)
        yield read


def _cut(files: Iterable[FileStat]) -> Iterator[tuple[FileStat, ...]]:
    """The files in stretches that are remembered as one. They are cut where a name says, so that a
    new file moves no other cut."""
    stretch: list[FileStat] = []
    for file in files:
        if stretch and crc32(file.path.encode()) % _STRETCH == 0:
            yield tuple(stretch)
            stretch = []
        stretch.append(file)
    if stretch:
        yield tuple(stretch)


def _read_stretch(stretch: _Stretch) -> _Read:
    """The papers of a stretch: those remembered whose files are as they were, the others read."""
    known = {each.name: each for each in unpack_papers(stretch.known)} if stretch.known else {}
    slugs = set(stretch.topics)
    is_known = list(known) == [file.stamp for file in stretch.files]
    if is_known and all(slugs.issuperset(each.paper.topics) for each in known.values()):
        return _Read(pack_papers([]), tuple(known.values()), (), is_known=True)
    as_before = {name: each for name, each in known.items() if slugs.issuperset(each.paper.topics)}
    problems, reader = _Problems(), Reader(stretch.root)
    unknown = [file for file in stretch.files if file.stamp not in as_before]
    new = _read_papers(reader, unknown, stretch.topics, problems)
    each_known = (new.get(file.path) or as_before.get(file.stamp) for file in stretch.files)
    papers = [each for each in each_known if each is not None]
    is_plain = [is_packable(each.paper) for each in papers]
    packed = pack_papers([*compress(papers, is_plain)])
    others = tuple(compress(papers, map(not_, is_plain)))
    return _Read(packed, others, tuple(problems.found))


def _read_papers(
    reader: Reader, files: Sequence[FileStat], topics: Collection[str], problems: _Problems
) -> dict[str, Packed]:
    """Papers by the paths of their pages, but for those with problems. Step by step for all of
    them, which takes a processor less time than to take all steps for one after the other."""
    own = {file.path: _Problems() for file in files}
    texts = {path: own[path].attempt(partial(reader.text, path)) for path in own}
    said = {
        path: own[path].attempt(partial(read_paper, text, path))
        for path, text in texts.items()
        if text is not None
    }
    meant = {
        path: own[path].attempt(partial(paper_of, fields, path, topics))
        for path, fields in said.items()
        if fields is not None
    }
    papers = {path: with_plain_abstract(paper) for path, paper in meant.items() if paper}
    for each in own.values():  # page by page, whichever step failed
        problems.add(each.found)
    return {
        file.path: Packed(file.stamp if file.is_settled else "", paper, digest(paper))
        for file in files
        if (paper := papers.get(file.path))
    }


def _twice(paper: Paper, other: Paper) -> Problem:
    return Problem(
        where=paper.path,
        fact=f"the paper '{paper.id}' already has a page: {other.path}",
        hint="keep one of the two files",
    )


def _stray_files(files: Iterable[FileStat]) -> list[Problem]:
    """Files of content/ that nothing reads."""
    hint = f"content/ holds site.yml, people.yml and the folders {', '.join(_FOLDERS)}"
    return [
        Problem(where=file.path, fact="is no part of a site", hint=hint)
        for file in files
        if not file.path.startswith(_PLACES) and file.path not in _FILES
    ]


def load_status(root: Path) -> dict[str, Any]:
    """What the last pull did; empty before the first one."""
    if not exists(root, STATUS):
        return {}
    try:
        status = json.loads(read_text(root, STATUS))
    except ValueError:
        status = None
    if not isinstance(status, dict) or not isinstance(status.get("sources", {}), dict):
        raise problem(STATUS, "is not what a pull writes", "delete it; the next pull makes it anew")
    return status


def _load_changes(root: Path) -> dict[str, tuple[Change, ...]]:
    """What sources changed of papers after they were listed, the latest first."""
    entries = (
        _parse_said(line)
        for path in list_files(root, SAID)
        for line in read_text(root, path).split("\n")
        if '"changes":' in line
    )
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):  # a pull tells of it
        return {slug: entry.changes[::-1] for slug, entry in entries}
    return {}


def load_signals(root: Path) -> dict[str, tuple[Observation, ...]]:
    """The counts that sources gave over time, by paper. Raises BroadsheetError, located."""
    return parse_signals({path: read_text(root, path) for path in list_files(root, SIGNALS)})


def _signals_or_none(root: Path) -> dict[str, tuple[Observation, ...]]:
    with contextlib.suppress(BroadsheetError):  # a pull tells of it
        return load_signals(root)
    return {}


def load_said(root: Path) -> dict[str, Said]:
    """What the sources last said, by paper. Raises BroadsheetError, located."""
    return parse_said({path: read_text(root, path) for path in list_files(root, SAID)})


def parse_said(files: Mapping[str, str]) -> dict[str, Said]:
    """The state in the texts of its files by path. Raises BroadsheetError, located."""
    said: dict[str, Said] = {}
    for path, text in files.items():
        for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
            try:
                slug, entry = _parse_said(line)
                said[slug] = entry
            except (ValueError, KeyError, TypeError, AttributeError):
                hint = "take the file back from git: without it, edits cannot be told from news"
                where = f"{path}:{number}"
                raise problem(where, "is not a line that a pull writes", hint) from None
    return said


def _parse_said(line: str) -> tuple[str, Said]:
    """A line of the state. Raises ValueError, KeyError or TypeError where it is none."""
    entry = json.loads(line)
    slug, days, fields = entry["id"], entry["days"], entry["said"]
    if not is_paper_slug(slug) or not isinstance(days, list):
        raise ValueError("no id, or no days")
    if not all(isinstance(digest, str) for told in fields.values() for digest in told.values()):
        raise TypeError("no digest")
    return slug, Said(
        days=tuple(str(date.fromisoformat(day)) for day in days),
        fields=fields,
        changes=tuple(
            Change(day=date.fromisoformat(day), field=str(name), before=str(before))
            for day, name, before in entry.get("changes", [])
        ),
    )


def format_said(said: Mapping[str, Said]) -> dict[str, str]:
    """The state as files: one line a paper, one file a month of first listing."""
    lines: dict[str, list[str]] = {}
    for slug, entry in sorted(said.items()):
        month = entry.days[0][:7] if entry.days else "undated"
        fields = {source: dict(sorted(f.items())) for source, f in sorted(entry.fields.items())}
        line: dict[str, Any] = {"id": slug, "days": list(entry.days), "said": fields}
        if entry.changes:
            line["changes"] = [[str(each.day), each.field, each.before] for each in entry.changes]
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        lines.setdefault(f"{SAID}/{month}.jsonl", []).append(text)
    return {path: "\n".join(entries) + "\n" for path, entries in sorted(lines.items())}


# -- themes ---------------------------------------------------------------------------------------


def load_theme(root: Path, config: Config) -> Theme:
    """The site's theme with all it extends. Raises BroadsheetError, located in site.yml or in the
    theme."""
    chain: dict[str, tuple[Manifest, dict[str, bytes]]] = {}
    name, asker = config.theme, f"{SITE_YML}"
    while name:
        home = _theme_home(root, name, asker)
        if name in chain:
            raise problem(
                f"themes/{name}/theme.yml", f"the theme extends itself by way of '{name}'"
            )
        manifest = parse_manifest(read_text(home, f"{name}/theme.yml"), f"themes/{name}/theme.yml")
        chain[name] = manifest, _theme_files(home, name)
        name, asker = manifest.extends, f"themes/{name}/theme.yml"
    return assemble_theme(chain, config.theme_options, read_text(root, SITE_YML), SITE_YML)


def _theme_home(root: Path, name: str, asker: str) -> Path:
    """The folder of themes that has this one: the site's own, or the one that came along."""
    homes = [root / "themes", *bundled("themes")]
    for home in homes:
        if exists(home, f"{name}/theme.yml"):
            return home
    known = {
        path.split("/")[0]
        for home in homes
        for path in list_files(home, "")
        if path.count("/") == 1 and path.endswith("/theme.yml")
    }
    raise problem(asker, f"there is no theme '{name}'", nearest(name, sorted(known)))


def _theme_files(home: Path, name: str) -> dict[str, bytes]:
    return {
        path.removeprefix(f"{name}/"): read_bytes(home, path) for path in list_files(home, name)
    }
