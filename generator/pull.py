"""The story of a pull: every source is fetched, what it says is merged into content/, changed pages
are written one by one, and then what the sources said is remembered."""

import contextlib
import datetime
import difflib
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from generator.config import SITE_YML, Config, SourceConfig
from generator.content import (
    STATUS,
    format_said,
    load_config,
    load_pages,
    load_people,
    load_said,
    load_signals,
    load_status,
    parse_said,
)
from generator.errors import BroadsheetError, Problem, closing, counted, nearest, problem
from generator.library.identity import Listed
from generator.library.merge import Merged, merge
from generator.library.pages import parse_paper, parse_topic
from generator.library.said import ENRICH_ARXIV, Said, digest
from generator.library.signals import add_seen, seen_on
from generator.model import Observation, Paper, People, Topic
from generator.sources import (
    Client,
    Fetched,
    Politeness,
    Source,
    Window,
    fetch_records,
    open_sources,
)
from generator.sources.enrichment import (
    Enriched,
    answers_for,
    ask_arxiv,
    lacking,
    remember_silence,
)
from generator.storage.cache import version_of
from generator.storage.recordings import Recordings, open_recordings
from generator.storage.tree import (
    bundled,
    exists,
    list_files,
    read_bytes,
    read_text,
    remove_file,
    write_text,
)

RECORDINGS = ".broadsheet/answers.sqlite"
PENDING = ".broadsheet/pending.json"
"""What a pull is about to write, for the next one if this one is killed."""
SETTLED = ".broadsheet/settled.txt"
"""Merges that would change nothing, for the next one to leave out."""
BY_HAND = "by-hand"
"""Stands where a source's name stands, for papers that `add` brought."""
_PACKAGE = Path(__file__).parent
_SHRUNK = 0.2
"""A source that gives less than this part of what it gave last time is not believed."""
_OVERLAP = datetime.timedelta(days=7)
"""How long after it was listed a paper's counts and corrections are still asked for."""
_ENOUGH_TO_SHRINK = 20
"""A source that gave fewer papers than this may give any number."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a pull was asked for."""

    sources: tuple[str, ...] = ()
    """Names; empty for all."""
    since: datetime.date | None = None
    until: datetime.date | None = None
    limit: int | None = None
    offline: bool = False
    dry_run: bool = False
    allow_shrink: bool = False


class Pulled(Struct, frozen=True, kw_only=True):
    """What a pull did, or would do."""

    fetched: Mapping[str, int]
    """By source, how many papers it gave."""
    new: int
    written: tuple[str, ...]
    """Paths that were written, or would be."""
    unchanged: int
    """Papers named by a source whose pages stay as they are."""
    kept: tuple[str, ...]
    """`path: field` where a person's value stands against the source's."""
    deleted: tuple[str, ...]
    """Ids of papers whose pages a person deleted."""
    problems: tuple[Problem, ...]
    """Sources that failed beside others that did not, and records that were left out."""
    diffs: tuple[str, ...] = ()
    """Of a dry run: what would change on each page, as a unified diff."""
    skipped: tuple[str, ...] = ()
    """Sources that were left out because they need the network."""


def pull(
    root: Path,
    wanted: Wanted,
    *,
    today: datetime.date,
    politeness: Politeness | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Pulled:
    """Bring the site's content/ up to date with its sources.

    `today`: dates what a source lists without a day, and changes to pages. `politeness`: how
    patient the network client is. `progress` is told a line a source. Raises BroadsheetError when
    a setting is wrong, a page cannot be read, or every source failed; then no page is written,
    and the status says what failed where an earlier pull had one."""
    with closing("Nothing was changed."):
        config = load_config(root)
        with (
            open_client(config, politeness) as client,
            open_recordings(root / RECORDINGS) as recordings,
        ):
            network = _Network(client, recordings, wanted.offline)
            try:
                return _pull(root, config, wanted, today, network, progress)
            finally:
                network.finish()


def open_client(config: Config, politeness: Politeness | None = None) -> Client:
    """The network, told who asks."""
    mail = f"; mailto:{config.contact}" if config.contact else ""
    return Client(politeness, contact=config.base_url + mail)


def _pull(
    root: Path,
    config: Config,
    wanted: Wanted,
    today: datetime.date,
    network: "_Network",
    progress: Callable[[str], None],
) -> Pulled:
    _check_window(wanted)
    sources = _chosen(config, wanted)
    skipped = tuple(name for name, source in sources.items() if not network.reaches(name, source))
    active = {name: source for name, source in sources.items() if name not in skipped}
    before, status = load_shelf(root), load_status(root)
    windows = {s.name: _window(s, status, wanted, today) for s in config.sources}
    given = _fetch(root, active, windows, network, progress)
    narrowed = _narrowed(windows, wanted)
    fetched = {n: _believe(n, f, status, narrowed) for n, f in given.items()}
    problems = [found for result in fetched.values() for found in result.problems]
    told = _format_status(status, active, fetched, narrowed, config, today)
    if fetched and all(result.failed for result in fetched.values()):
        if status and not wanted.dry_run:
            write_text(root, STATUS, told)
        raise BroadsheetError(problems, "No source gave papers; no page was changed.")
    listed = [
        Listed(source=name, day=today, records=result.records)
        for name, result in fetched.items()
        if not result.failed
    ]
    enriched = _enrich(root, config, before, listed, network, today, progress)
    listed += enriched.listed
    merged = merge(
        before.pages,
        before.said,
        listed,
        before.topics,
        trust_order(config),
        today,
        people=before.people,
        code=config.enrich_code,
        settled=_load_settled(root),
    )
    said = remember_silence(merged.said, enriched.silent, before.pages, today)
    merged, unreadable = readable(replace(merged, said=said), before.said)
    problems += [*enriched.problems, *unreadable, *unknown_topics(listed, before.topics)]
    signals = add_seen(before.signals, seen_on(_days(active, fetched, today), merged.counts))
    files = {**before.starter, **merged.pages, **signals, **format_said(merged.said), STATUS: told}
    diffs = tuple(page_diffs(root, merged.pages)) if wanted.dry_run else ()
    written = save_merged(root, merged, files, dry_run=wanted.dry_run)
    if not wanted.dry_run:
        _save_settled(root, merged.settled)
    return replace(_report(merged, fetched, written, problems, skipped), diffs=diffs)


class Shelf(Struct, frozen=True, kw_only=True):
    """What a merge finds in content/."""

    pages: Mapping[str, tuple[str, Paper]]
    """Text and paper by id."""
    topics: Mapping[str, Topic]
    starter: Mapping[str, str]
    """Topic pages that a site without any gets, by path."""
    people: People
    said: Mapping[str, Said]
    signals: Mapping[str, tuple[Observation, ...]]


def load_shelf(root: Path) -> Shelf:
    """The pages, the topics and what the sources last said. Raises BroadsheetError."""
    pages, topics = load_pages(root)
    starter = {} if exists(root, "content/topics") else _first_topics()
    topics = topics or {t.slug: t for t in (parse_topic(x, path) for path, x in starter.items())}
    said = _carried_on(root, load_said(root), pages)
    return Shelf(
        pages=pages,
        topics=topics,
        starter=starter,
        people=load_people(root),
        said=said,
        signals=load_signals(root),
    )


def trust_order(config: Config) -> list[str]:
    """Whom to believe of two that speak of one field: the sources as site.yml has them, and last
    what somebody added by hand, so that every source may make it better."""
    return [*(source.name for source in config.sources), BY_HAND]


def _check_window(wanted: Wanted) -> None:
    if wanted.since and wanted.until and wanted.since > wanted.until:
        fact = f"{wanted.since} is after --until {wanted.until}"
        raise problem("--since", fact, "exchange the two days")


def _chosen(config: Config, wanted: Wanted) -> dict[str, Source]:
    known = [source.name for source in config.sources]
    if not known:
        hint = "add one under 'sources:', such as {name: daily, type: huggingface}"
        raise problem(SITE_YML, "the site has no sources", hint)
    problems = [
        Problem(where="--source", fact=f"there is no source '{name}'", hint=nearest(name, known))
        for name in wanted.sources
        if name not in known
    ]
    if problems:
        raise BroadsheetError(problems)
    sources = open_sources(config.sources)
    return {n: s for n, s in sources.items() if not wanted.sources or n in wanted.sources}


def _first_topics() -> dict[str, str]:
    """The topic pages that a site without any gets, by path: those that come with Broadsheet."""
    return {
        f"content/{path}": read_text(home, path)
        for home in bundled("starter")
        for path in list_files(home, "topics")
    }


def _window(
    source: SourceConfig, status: Mapping[str, Any], wanted: Wanted, today: datetime.date
) -> Window:
    """What to ask a source for. One with a `since` is asked for all of it once, and then for what
    came since a week before its last success."""
    since, first = wanted.since, source.options.get("since")
    last = status.get("sources", {}).get(source.name, {}).get("last_success")
    if since is None and isinstance(first, datetime.date) and last:
        since = max(first, datetime.date.fromisoformat(last) - _OVERLAP)
    return Window(since=since, until=wanted.until or today, limit=wanted.limit)


class _Network(Struct, frozen=True):
    """The network, and what it answered before."""

    client: Client
    recordings: Recordings
    offline: bool
    told: list[str] = field(default_factory=list)
    """Sources that told all they had to tell."""

    def reaches(self, name: str, source: Source) -> bool:
        """Whether a source can be asked: it is a file, or there is a network, or what it answered
        before can be read again."""
        return source.offline or not self.offline or self.recordings.has_any(name)

    def fetch(
        self,
        name: str,
        source: Source,
        window: Window,
        root: Path,
        progress: Callable[[str], None],
    ) -> Fetched:
        """What a source says."""
        fetched = fetch_records(
            source,
            name,
            window,
            client=self.client,
            read_file=lambda path: read_bytes(root, path),
            recordings=self.recordings,
            offline=self.offline,
            progress=partial(_say, progress, name),
        )
        self.told.extend(() if fetched.failed else (name,))
        return fetched

    def finish(self) -> None:
        """The pull ends: the next one asks anew. One that is killed before this goes on with what
        was answered, also where it was killed between two pages."""
        for name in () if self.offline else self.told:
            self.recordings.finish(name)


def _fetch(
    root: Path,
    sources: Mapping[str, Source],
    windows: Mapping[str, Window],
    network: _Network,
    progress: Callable[[str], None],
) -> dict[str, Fetched]:
    fetched: dict[str, Fetched] = {}
    for name, source in sources.items():
        if not source.offline:
            line = "reading what it answered before …" if network.offline else "asking …"
            progress(f"{name}: {line}")
        fetched[name] = network.fetch(name, source, windows[name], root, progress)
        progress(f"{name}: {_outcome(fetched[name])}")
    return fetched


def _enrich(
    root: Path,
    config: Config,
    before: Shelf,
    listed: Sequence[Listed],
    network: _Network,
    today: datetime.date,
    progress: Callable[[str], None],
) -> Enriched:
    """What arXiv knows of papers whose categories no source told, where the site wants it."""
    ids = lacking(listed, before.pages, before.said) if config.enrich_arxiv else ()
    if not ids:
        return Enriched()
    source = ask_arxiv(ids, config.sources)
    if not network.reaches(ENRICH_ARXIV, source):
        return Enriched()
    progress(f"{ENRICH_ARXIV}: asking for {counted(len(ids), 'paper')} …")
    got = network.fetch(ENRICH_ARXIV, source, Window(), root, progress)
    return answers_for(ids, got, today)


def _say(progress: Callable[[str], None], name: str, line: str) -> None:
    progress(f"{name}: {line}")


def _outcome(result: Fetched) -> str:
    if result.failed:
        return "failed"
    told = counted(len(result.records), "paper")
    if result.resumed:
        told += f" ({counted(result.resumed, 'answer')} from the pull that did not end)"
    if result.missing:
        told += f" ({counted(result.missing, 'request')} had no recorded answer)"
    return told


def _narrowed(windows: Mapping[str, Window], wanted: Wanted) -> set[str]:
    """Sources that may give fewer papers than last time, because fewer were asked for."""
    if wanted.allow_shrink or wanted.until:
        return set(windows)
    return {name for name, window in windows.items() if window.since or window.limit is not None}


def _believe(
    name: str, result: Fetched, status: Mapping[str, Any], narrowed: Container[str]
) -> Fetched:
    """The answer, or a failure where it holds nothing that could be used, or absurdly less than
    the last one."""
    if result.problems and not result.records:
        return Fetched(problems=result.problems, failed=True)
    before = status.get("sources", {}).get(name, {}).get("papers") or 0
    now = len(result.records)
    if result.failed or name in narrowed or before < _ENOUGH_TO_SHRINK:
        return result
    if now >= before * _SHRUNK:
        return result
    found = Problem(
        where=name,
        fact=f"gave {now} papers where it gave {before} last time; not believed",
        hint="if that is right, pull again with --allow-shrink",
    )
    return Fetched(problems=(*result.problems, found), failed=True)


def readable(merged: Merged, said: Mapping[str, Said]) -> tuple[Merged, list[Problem]]:
    """The merge without pages that a build could not read, such as one with a million authors: a
    source's nonsense must not stop the site. They stay as they were, and are told of."""
    problems: list[Problem] = []
    refused: set[str] = set()
    for path, text in merged.pages.items():
        try:
            parse_paper(text, path)
        except BroadsheetError as error:
            problems += (replace(each, fact=f"{each.fact}: left out") for each in error.problems)
            refused.add(path)
    if not refused:
        return merged, []
    ids = set(map(_slug, refused))
    state = {slug: each for slug, each in merged.said.items() if slug not in ids}
    kept = replace(
        merged,
        pages={path: text for path, text in merged.pages.items() if path not in refused},
        said=dict(sorted({**state, **{s: said[s] for s in ids if s in said}}.items())),
        counts={slug: counts for slug, counts in merged.counts.items() if slug not in ids},
        new=tuple(slug for slug in merged.new if slug not in ids),
    )
    return kept, problems


def unknown_topics(listed: Sequence[Listed], topics: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(
            where=batch.source,
            fact=f"names the topic '{slug}', which has no page; left out",
            hint=f"write content/topics/{slug}.md and pull again",
        )
        for batch in listed
        for slug in sorted({slug for r in batch.records for slug in r.topics} - set(topics))
    ]


def _format_status(
    before: Mapping[str, Any],
    active: Mapping[str, Source],
    fetched: Mapping[str, Fetched],
    narrowed: Container[str],
    config: Config,
    today: datetime.date,
) -> str:
    """status.json: by source, how the last pull of it went. Days come from the clock only for
    sources on the network, so that a pull of files changes nothing the second time."""
    types = {source.name: source for source in config.sources}
    told = {n: entry for n, entry in before.get("sources", {}).items() if n in types}
    for name, result in fetched.items():
        day = _day_of(active[name], result, today)
        told[name] = _source_status(
            told.get(name, {}), result, str(day or ""), narrow=name in narrowed
        )
    days = [entry["last_success"] for entry in told.values() if entry.get("last_success")]
    status = {"as_of": max(days, default=""), "sources": dict(sorted(told.items()))}
    return json.dumps(status, indent=1, ensure_ascii=False) + "\n"


def _day_of(source: Source, result: Fetched, today: datetime.date) -> datetime.date | None:
    """The day that a source speaks of, where it has one."""
    if not source.offline:
        return today
    return max((record.featured for record in result.records if record.featured), default=None)


def _days(
    active: Mapping[str, Source], fetched: Mapping[str, Fetched], today: datetime.date
) -> dict[str, datetime.date]:
    """By source, the day that its counts are of."""
    return {n: _day_of(active[n], result, today) or today for n, result in fetched.items()}


def _source_status(
    before: Mapping[str, Any], result: Fetched, day: str, *, narrow: bool
) -> dict[str, Any]:
    """`papers` counts what the source gave when it was asked for all of it."""
    if not result.failed:
        papers = (before.get("papers") if narrow else None) or len(result.records)
        return {"state": "ok", "last_success": day, "papers": papers}
    return {
        "state": "failed",
        "last_success": before.get("last_success", ""),
        "papers": before.get("papers"),
        "failed_since": before.get("failed_since") or day,
        "detail": "; ".join(f"{found.where}: {found.fact}" for found in result.problems[:3]),
    }


def save_merged(
    root: Path, merged: Merged, files: Mapping[str, str], *, dry_run: bool
) -> tuple[str, ...]:
    """Write the files of a merge, the state last, and return the paths that changed, or would.
    Killed in between, the next pull finds what this one was about to write."""
    if dry_run:
        return _write(root, files, dry_run=True)
    write_text(root, PENDING, _format_pending(merged))
    written = _write(root, files, dry_run=False)
    remove_file(root, PENDING)
    return written


def _load_settled(root: Path) -> list[str]:
    """What an earlier pull by this version of the program kept; no pull needs it."""
    if not exists(root, SETTLED):
        return []
    with contextlib.suppress(BroadsheetError):  # damaged
        version, _, digests = read_text(root, SETTLED).partition("\n")
        return digests.split() if version == version_of(_PACKAGE) else []
    return []


def _save_settled(root: Path, digests: Iterable[str]) -> None:
    with contextlib.suppress(BroadsheetError):  # the disk refuses
        write_text(root, SETTLED, "\n".join([version_of(_PACKAGE), *sorted(digests), ""]))


def _write(root: Path, files: Mapping[str, str], *, dry_run: bool) -> tuple[str, ...]:
    """Pages first, the state after them: a pull killed in between finds its own words again."""
    if dry_run:
        return tuple(
            path
            for path, text in files.items()
            if not exists(root, path) or read_text(root, path) != text
        )
    return tuple(path for path, text in files.items() if write_text(root, path, text))


def _format_pending(merged: Merged) -> str:
    """What this pull is about to write: the state, and digests of the pages that change."""
    pages = {_slug(path): digest(text) for path, text in merged.pages.items()}
    return json.dumps({"pages": pages, "said": format_said(merged.said)})


def _carried_on(
    root: Path, said: Mapping[str, Said], pages: Mapping[str, tuple[str, Any]]
) -> Mapping[str, Said]:
    """The state; where a pull was killed between its pages and its state, that pull's word on each
    paper whose page it had written."""
    if not exists(root, PENDING):
        return said
    try:
        pending = json.loads(read_text(root, PENDING))
        told = parse_said(pending["said"])
        written = {
            slug: entry
            for slug, entry in told.items()
            if slug in pages and pending["pages"].get(slug) in (None, digest(pages[slug][0]))
        }
    except (ValueError, KeyError, TypeError, AttributeError, BroadsheetError):
        return said  # it was killed while it wrote this
    return {**said, **written}


def _slug(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")


def page_diffs(root: Path, pages: Mapping[str, str]) -> Iterator[str]:
    """What would change on each page."""
    for path, text in pages.items():
        before = read_text(root, path) if exists(root, path) else ""
        lines = difflib.unified_diff(
            before.splitlines(),
            text.splitlines(),
            path if before else "/dev/null",
            path,
            lineterm="",
            n=1,
        )
        yield "\n".join(lines)


def _report(
    merged: Merged,
    fetched: Mapping[str, Fetched],
    written: tuple[str, ...],
    problems: Sequence[Problem],
    skipped: tuple[str, ...],
) -> Pulled:
    changed = sum(1 for path in merged.pages)
    return Pulled(
        fetched={name: len(result.records) for name, result in fetched.items()},
        new=len(merged.new),
        written=written,
        unchanged=max(0, merged.seen - changed - len(merged.deleted)),
        kept=merged.kept,
        deleted=merged.deleted,
        problems=tuple(problems),
        skipped=skipped,
    )
