"""The story of an addition: papers that somebody names, found where they are known and merged into
content/ as a pull would, under the name `by-hand`."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SITE_YML, Config, SourceConfig
from generator.content import format_said, load_config
from generator.errors import BroadsheetError, Problem, closing, nearest, problem
from generator.library.identity import Candidate, Listed, identify, is_title_slug, normal_title
from generator.library.merge import merge
from generator.library.pages import edit_paper, parse_paper
from generator.library.said import Said
from generator.model import Paper, Record
from generator.pull import (
    BY_HAND,
    Shelf,
    load_shelf,
    open_client,
    page_diffs,
    readable,
    save_merged,
    trust_order,
    unknown_topics,
)
from generator.sources import Client, Politeness, Window, fetch_records, open_source
from generator.sources.files import file_type
from generator.sources.lookup import look_up
from generator.sources.naming import Name, read_name
from generator.storage.tree import is_file, read_bytes


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be added, and how."""

    whats: tuple[str, ...]
    """arXiv ids, DOIs, http(s) URLs, paths of files."""
    topics: tuple[str, ...] = ()
    """Slugs that the papers get besides those their rules give."""
    twins: bool = False
    """Whether a paper with the title of another one is added, too."""
    dry_run: bool = False


class Added(Struct, frozen=True, kw_only=True):
    """What an addition did, or would do."""

    new: tuple[Paper, ...]
    """Papers that got a page."""
    here: tuple[Paper, ...]
    """Papers that had one, as they are now."""
    written: tuple[str, ...]
    """Paths that were written, or would be."""
    problems: tuple[Problem, ...]
    """What could not be added, beside what could."""
    diffs: tuple[str, ...] = ()
    """Of a dry run: what would change on each page, as a unified diff."""


def add(
    root: Path,
    wish: Wish,
    *,
    today: datetime.date,
    politeness: Politeness | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Added:
    """Add papers to the site's content/.

    `today`: the day they count as listed on. `progress` is told whom is being asked. Raises
    BroadsheetError when a topic or the settings are wrong, or nothing could be added; then nothing
    is written."""
    with closing("Nothing was changed."):
        config, shelf = load_config(root), load_shelf(root)
        _check(config, shelf, wish)
        with open_client(config, politeness) as client:
            records, problems = _find(wish.whats, config, client, progress)
        known = identify(shelf.pages, shelf.said, [_listed(records, today)])
        new, twins = _without_twins(known, shelf, keep=wish.twins)
        problems += twins
        here = [slug for slug in known if slug in shelf.pages]
        if not new and not here:
            raise BroadsheetError(problems)
        return _save(root, config, shelf, wish, _Chosen(known, new, here, problems), today)


def _check(config: Config, shelf: Shelf, wish: Wish) -> None:
    """Raises BroadsheetError with all that is wrong before anybody is asked."""
    problems = [
        Problem(where="--topic", fact=f"there is no topic '{slug}'", hint=_topic_hint(slug, shelf))
        for slug in wish.topics
        if slug not in shelf.topics
    ]
    if any(source.name == BY_HAND for source in config.sources):
        fact = f"a source is named '{BY_HAND}', which stands for papers that 'add' brought"
        problems.append(Problem(where=SITE_YML, fact=fact, hint="choose another name for it"))
    if problems:
        raise BroadsheetError(problems)


def _topic_hint(slug: str, shelf: Shelf) -> str:
    return nearest(slug, shelf.topics) if shelf.topics else "the site has no topics"


# -- what is meant --------------------------------------------------------------------------------


def _find(
    whats: Sequence[str], config: Config, client: Client, progress: Callable[[str], None]
) -> tuple[list[Record], list[Problem]]:
    """The papers that are meant, in the order they were named, and what is wrong with the rest."""
    names: dict[str, Name] = {}
    problems: list[Problem] = []
    found: dict[str, Sequence[Record]] = {}
    for what in dict.fromkeys(whats):
        name = read_name(what)
        if name:
            names[what] = name
            continue
        try:
            found[what] = _read_file(what, client, problems)
        except BroadsheetError as error:
            problems += error.problems
    answers = look_up(names, config.sources, client, progress)
    found |= {what: [record] for what, record in answers.records.items()}
    records = [record for what in dict.fromkeys(whats) for record in found.get(what, ())]
    return list(map(_by_hand, records)), problems + list(answers.problems)


def _read_file(what: str, client: Client, problems: list[Problem]) -> Sequence[Record]:
    """The papers in a file; those that were left out become problems. Raises BroadsheetError."""
    place = Path(what)
    if not is_file(place):
        fact = "is neither an arXiv id, a DOI, an http(s) URL nor a file"
        raise problem(what, fact, "as in 2507.22565, 10.1145/3292500.3330701 or papers.bib")
    try:
        content = read_bytes(place.parent, place.name)
        kind = file_type(place.name, content)
        # The name that the source is given is only for its messages, which are told below.
        source = open_source(SourceConfig(name=what, type=kind, options={"path": "list"}))
    except BroadsheetError as error:
        raise BroadsheetError(replace(each, where=what) for each in error.problems) from None
    got = fetch_records(source, what, Window(), client=client, read_file=lambda path: content)
    problems += (
        replace(each, where=what + each.where.removeprefix("list")) for each in got.problems
    )
    return got.records


def _by_hand(record: Record) -> Record:
    """A record as the curator's: listed today, and called by no name that only its file knows. Keys
    of BibTeX and the like repeat from file to file; one made of the title is the paper's own."""
    return replace(record, featured=None, key=record.key if is_title_slug(record) else "")


def _listed(records: Sequence[Record], today: datetime.date) -> Listed:
    return Listed(source=BY_HAND, day=today, records=tuple(records))


def _without_twins(
    known: Mapping[str, Candidate], shelf: Shelf, *, keep: bool
) -> tuple[list[str], list[Problem]]:
    """Ids of papers that have no page, and a problem for each that has the title of another one:
    it may be the same paper in another year or under another id, which nobody but a person can
    tell. With `keep` both are wanted."""
    first = {normal_title(paper.title): paper.path for _, paper in shelf.pages.values()}
    new: list[str] = []
    problems: list[Problem] = []
    for slug, candidate in known.items():
        record = candidate.records[0][1]
        title = normal_title(record.title)
        if slug in shelf.pages:
            continue
        if title in first and not keep:
            problems.append(_twin(record, first[title]))
            continue
        first.setdefault(title, f"'{slug}'")
        new.append(slug)
    return new, problems


def _twin(record: Record, other: str) -> Problem:
    return Problem(
        where=record.arxiv or record.doi or record.title,
        fact=f"has the title of {other}: not added",
        hint="if it is another paper all the same, add it with --twins",
    )


# -- what becomes of it ---------------------------------------------------------------------------


class _Chosen(Struct, frozen=True):
    """What is to be done."""

    known: Mapping[str, Candidate]
    """By id, what was found of a paper."""
    new: Sequence[str]
    """Ids that get a page."""
    here: Sequence[str]
    """Ids that have one."""
    problems: Sequence[Problem]

    @property
    def new_records(self) -> Iterator[Record]:
        return (record for slug in self.new for _, record in self.known[slug].records)


def _save(
    root: Path, config: Config, shelf: Shelf, wish: Wish, chosen: _Chosen, today: datetime.date
) -> Added:
    listed = _listed(list(chosen.new_records), today)
    # A page that was deleted comes back when somebody asks for it by name.
    said = {
        slug: x for slug, x in shelf.said.items() if slug in shelf.pages or slug not in chosen.new
    }
    merged = merge(
        shelf.pages,
        said,
        [listed],
        shelf.topics,
        trust_order(config),
        today,
        people=shelf.people,
        reclassify=False,
        code=config.enrich_code,
    )
    merged, unreadable = readable(merged, said)
    new = {path: _with_topics(text, path, wish.topics) for path, text in merged.pages.items()}
    here = {
        paper.path: _listed_again(text, paper, wish.topics, today)
        for text, paper in map(shelf.pages.__getitem__, chosen.here)
    }
    pages = new | {path: text for path, text in here.items() if text != _text_of(shelf, path)}
    days = {slug: _on(said[slug], today) for slug in chosen.here if slug in said}
    merged = replace(merged, pages=pages, said=dict(sorted({**merged.said, **days}.items())))
    files = {**shelf.starter, **pages, **format_said(merged.said)}
    problems = (*chosen.problems, *unreadable, *unknown_topics([listed], shelf.topics))
    return Added(
        new=tuple(parse_paper(text, path) for path, text in new.items()),
        here=tuple(parse_paper(text, path) for path, text in here.items()),
        diffs=tuple(page_diffs(root, pages)) if wish.dry_run else (),
        written=save_merged(root, merged, files, dry_run=wish.dry_run),
        problems=problems,
    )


def _text_of(shelf: Shelf, path: str) -> str:
    return shelf.pages[path.rpartition("/")[2].removesuffix(".md")][0]


def _with_topics(text: str, path: str, topics: Sequence[str]) -> str:
    """A page that is in these topics, too; as if a person had written them there."""
    paper = parse_paper(text, path)
    changes = _topic_changes(paper, topics)
    return edit_paper(text, changes, None, path) if changes else text


def _topic_changes(paper: Paper, topics: Sequence[str]) -> dict[str, object]:
    wanted = dict.fromkeys((*paper.topics, *topics))
    return {"topics": list(wanted)} if len(wanted) > len(paper.topics) else {}


def _listed_again(text: str, paper: Paper, topics: Sequence[str], today: datetime.date) -> str:
    """The page of a paper that was here, with the new day and topics and nothing else changed."""
    changes = _topic_changes(paper, topics)
    if today not in paper.featured:
        changes["featured"] = sorted({*paper.featured, today})
    return edit_paper(text, changes, None, paper.path) if changes else text


def _on(said: Said, today: datetime.date) -> Said:
    return said if str(today) in said.days else replace(said, days=(*said.days, str(today)))
