"""The story of `status`: what is there, and how old it is."""

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins

from generator.config import SourceConfig
from generator.content import load_config, load_library
from generator.errors import counted, size_in_words
from generator.storage.tree import file_sizes

_MARKS = frozenset("\\`*_{}[]()<>#+!|~&@:$")
"""What Markdown as GitHub reads it may take for more than itself."""


class SourceState(Struct, frozen=True, kw_only=True):
    """How the last pull of a source went."""

    name: str
    type: str
    state: str
    """`ok`, `failed`, or `never` where it was not pulled yet."""
    papers: int | None
    """How many it gave."""
    last_success: str
    """The day, YYYY-MM-DD; of a file the day it speaks of. Empty for never."""
    age_days: int | None
    """Days from then to today."""
    failed_since: str
    """The day it first failed since then; empty where it did not."""
    detail: str
    """Why it failed."""


class Report(Struct, frozen=True, kw_only=True):
    """What is there."""

    title: str
    papers: int
    """Those a build shows: neither hidden nor drafts."""
    topics: int
    newest_day: str
    """The last day a paper was listed on, YYYY-MM-DD; empty without papers."""
    sources: tuple[SourceState, ...]
    output_files: int
    """Files of the built site; 0 where nothing was built."""
    output_bytes: int


def read_status(root: Path, today: datetime.date) -> Report:
    """The state of the site at `root`; ages are counted to `today`.

    Raises BroadsheetError where settings or content cannot be read."""
    config, library = load_config(root), load_library(root)
    told = library.status.get("sources", {})
    sizes = file_sizes(root / "output")
    newest = max((paper.added for paper in library if paper.added), default=None)
    return Report(
        title=config.title,
        papers=len(library.papers),
        topics=len(library.topics),
        newest_day=str(newest or ""),
        sources=tuple(_source(each, told.get(each.name, {}), today) for each in config.sources),
        output_files=len(sizes),
        output_bytes=sum(sizes.values()),
    )


def _source(config: SourceConfig, told: Mapping[str, Any], today: datetime.date) -> SourceState:
    last = str(told.get("last_success") or "")
    return SourceState(
        name=config.name,
        type=config.type,
        state=str(told.get("state", "never")),
        papers=told.get("papers"),
        last_success=last,
        age_days=(today - datetime.date.fromisoformat(last)).days if last else None,
        failed_since=str(told.get("failed_since") or ""),
        detail=str(told.get("detail") or ""),
    )


def report_fields(report: Report) -> dict[str, Any]:
    """The report as `--json` gives it."""
    fields: dict[str, Any] = to_builtins(report)
    return fields


def format_report(report: Report) -> str:
    """The report for people, without a line break at its end."""
    return "\n".join(_lines(report))


def format_summary(report: Report) -> str:
    """The report as Markdown, for the summary of a run on GitHub. What strangers said is shown as
    it stands: no mark-up of theirs, no mention, no link."""
    size = size_in_words(report.output_bytes)
    built = f"{counted(report.output_files, 'file')} in output/, {size}"
    rows = [
        f"| {_plain(s.name)} | {_plain(s.type)} | {s.state} | {s.papers or 0:,} | "
        f"{s.last_success or '–'} | {_plain(_problem(s))} |"
        for s in report.sources
    ]
    return "\n".join(
        [
            f"## {_plain(report.title)}",
            "",
            f"{counted(report.papers, 'paper')} in {counted(report.topics, 'topic')}; {built}.",
            "",
            "| source | type | state | papers | last success | |",
            "|---|---|---|---:|---|---|",
            *rows,
        ]
    )


def _problem(source: SourceState) -> str:
    return f"since {source.failed_since}: {source.detail}" if source.state == "failed" else ""


def _plain(text: str) -> str:
    """A text that Markdown shows as it stands, in one line."""
    line = " ".join(text.split())
    return "".join(f"&#{ord(sign)};" if sign in _MARKS else sign for sign in line)


def _lines(report: Report) -> Iterator[str]:
    yield report.title
    newest = f", the newest listed on {report.newest_day}" if report.newest_day else ""
    topics = counted(report.topics, "topic")
    yield f"  {counted(report.papers, 'paper')} in {topics}{newest}"
    if report.output_files:
        size = size_in_words(report.output_bytes)
        yield f"  {counted(report.output_files, 'file')} in output/, {size}"
    else:
        yield "  nothing built yet"
    for source in report.sources:
        yield f"  {source.name} ({source.type}): {_source_in_words(source)}"


def _source_in_words(source: SourceState) -> str:
    if source.state == "never":
        return "never pulled"
    success = ""
    if source.age_days is not None:
        success = f" as of {source.last_success}, {_ago(source.age_days)}"
    if source.state == "failed":
        since = f" since {source.failed_since}" if source.failed_since else ""
        before = f"the last papers{success}" if success else "it never gave papers"
        return f"failed{since}; {before}; {source.detail}"
    return f"{counted(source.papers or 0, 'paper')}{success}"


def _ago(days: int) -> str:
    return {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")
