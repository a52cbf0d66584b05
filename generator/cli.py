"""The command line: the only place, with serve, that prints, exits and catches BroadsheetError."""

import contextlib
import datetime
import functools
import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import click
from msgspec import Struct
from msgspec.structs import replace

from generator import __version__
from generator.errors import BroadsheetError, closing, counted, problem, visible

_FIXABLE, _INTERRUPTED = 1, 130
FORMATS = ("jsonl", "csv", "bibtex", "ris", "csl", "search")
"""What `export` writes."""


class _Voice(Struct, frozen=True):
    """How much to say. Everything but answers goes to standard error."""

    level: int = 0

    def tell(self, line: str) -> None:
        """What was done."""
        if self.level >= 0:
            click.echo(_steady(line), err=True)

    def explain(self, line: str) -> None:
        """What only -v shows."""
        if self.level > 0:
            click.echo(_steady(line), err=True)

    def complain(self, line: object) -> None:
        """What is wrong; never silenced."""
        click.echo(_steady(str(line)), err=True)


def _steady(text: str) -> str:
    """Text for a terminal, which may quote strangers: its line breaks are ours, and nothing in
    the lines steers the terminal."""
    return "\n".join(map(visible, text.split("\n")))


class _Day(click.ParamType[datetime.date]):
    name = "YYYY-MM-DD"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a date; write it as YYYY-MM-DD", param, ctx)


def _command(
    *options: Callable[..., Any], group: click.Group | None = None, **settings: Any
) -> Callable[..., click.Command]:
    """A command with the options that all share, whose problems are printed and exit 1."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(*, verbose: int, quiet: bool, **arguments: Any) -> None:
            voice = _Voice(-1 if quiet else verbose)
            with _problems_told(voice):
                function(voice=voice, **arguments)

        wrapped: Callable[..., Any] = run
        for option in reversed((*options, *_SHARED)):
            wrapped = option(wrapped)
        return (group or _main).command(**settings)(wrapped)

    return decorate


_SHARED = (
    click.option(
        "--site",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        show_default="this folder",
        help="The site's folder.",
    ),
    click.option("-v", "--verbose", count=True, help="Say more."),
    click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong."),
)


@contextlib.contextmanager
def _problems_told(voice: _Voice) -> Any:
    try:
        yield
    except BroadsheetError as error:
        for found in error.problems:
            voice.complain(found)
        if error.closing:
            voice.complain(error.closing)
        raise SystemExit(_FIXABLE) from None
    except KeyboardInterrupt:
        voice.complain("Interrupted.")
        raise SystemExit(_INTERRUPTED) from None
    except BrokenPipeError:
        _forget_stdout()
        raise SystemExit(_FIXABLE) from None


def _forget_stdout() -> None:
    """Nobody reads it, or nothing fits in it: what is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: broadsheet new papers && cd papers && broadsheet pull && broadsheet serve",
)
@click.version_option(__version__, prog_name="broadsheet")
def _main() -> None:
    """Your own Daily Papers: pull papers into content/, build a site of them."""


def today() -> datetime.date:
    """The day it is in UTC; SOURCE_DATE_EPOCH (seconds) stands in for the clock where it is set."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    if seconds.isdigit():
        return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).date()
    return datetime.datetime.now(datetime.UTC).date()


@_command(
    click.option("--source", "sources", multiple=True, metavar="NAME", help="Only this source."),
    click.option("--since", type=_Day(), help="The first day to ask for."),
    click.option("--until", type=_Day(), help="The last day to ask for."),
    click.option("--limit", type=click.IntRange(min=1), help="At most so many of each source."),
    click.option(
        "--offline", is_flag=True, help="Only files, and what servers answered before; no network."
    ),
    click.option("--dry-run", is_flag=True, help="Say what would change; write nothing."),
    click.option("--allow-shrink", is_flag=True, help="Believe a source that shrank absurdly."),
    name="pull",
    epilog="Example: broadsheet pull --since 2025-11-01 --source daily",
)
def _pull(voice: _Voice, site: Path, **wanted: Any) -> None:
    """Bring content/ up to date; keep what people wrote."""
    from generator.pull import Wanted, pull

    began = time.monotonic()
    done = pull(site, Wanted(**wanted), today=today(), progress=voice.tell)
    for found in done.problems:
        voice.complain(found)
    for name in done.skipped:
        voice.tell(f"{name}: left out, it needs the network")
    for diff in done.diffs:
        click.echo(_steady(diff))
    for path in done.written:
        voice.explain(f"{'would write' if wanted['dry_run'] else 'wrote'} {path}")
    _tell_kept(voice, done.kept)
    if done.deleted:
        voice.tell(
            f"left out {counted(len(done.deleted), 'paper')} whose page was deleted: "
            f"{_some(done.deleted)}"
        )
    verb = "would change" if wanted["dry_run"] else "changed"
    voice.tell(
        f"{counted(sum(done.fetched.values()), 'paper')} from "
        f"{counted(len(done.fetched), 'source')}: {done.new} new, "
        f"{counted(len(done.written), 'file')} {verb}, "
        f"{counted(done.unchanged, 'page')} as before "
        f"({time.monotonic() - began:.1f} s)."
    )


def _tell_kept(voice: _Voice, kept: tuple[str, ...], shown: int = 10) -> None:
    for line in kept if voice.level > 0 else kept[:shown]:
        voice.tell(f"kept {line}")
    if len(kept) > shown and voice.level <= 0:
        voice.tell(f"kept {len(kept) - shown} more fields as edited; -v lists them")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


@_command(
    click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the site goes.  [default: output/]",
    ),
    click.option("--base-url", default="", metavar="URL", help="Instead of site.yml's base_url."),
    click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one a core]"),
    click.option("--dask", metavar="ADDRESS", help="Instead, workers of this Dask scheduler."),
    click.option("--no-cache", is_flag=True, help="Use and keep nothing that builds remember."),
    click.option("--drafts", is_flag=True, help="Build drafts too."),
    name="build",
    epilog="Example: broadsheet build --base-url https://you.github.io/papers/",
)
def _build(
    voice: _Voice,
    site: Path,
    output: Path | None,
    no_cache: bool,
    dask: str | None,
    **settings: Any,
) -> None:
    """Build the site from content/ into output/."""
    from generator.build import build
    from generator.publish.weight import weights_in_line, weights_in_words

    began = time.monotonic()
    settings["planned"] = lambda *plan: _UNTIL_THE_END.extend(plan)
    with _workers(dask) as executor:
        done = build(site, output, cached=not no_cache, executor=executor, **settings)
    for path in done.changes.written:
        voice.explain(f"wrote {path}")
    for path in done.changes.removed:
        voice.explain(f"removed {path}")
    total = len(done.changes.written) + done.changes.unchanged
    voice.tell(
        f"{done.output}/: {counted(done.papers, 'paper')}, {counted(done.topics, 'topic')}, "
        f"{counted(done.pages, 'page')}, {counted(total, 'file')}, "
        f"{len(done.changes.written):,} of them changed "
        f"({time.monotonic() - began:.1f} s)."
    )
    voice.tell(f"{done.output}/: {weights_in_line(done.weights)}.")
    for line in weights_in_words(done.weights):
        voice.explain(line)
    for warning in done.warnings:
        voice.tell(str(replace(warning, fact=f"warning: {warning.fact}")))


@contextlib.contextmanager
def _workers(dask: str | None) -> Iterator[Any]:
    """The executor of the Dask scheduler at this address, if any."""
    if dask is None:
        yield None
        return
    from generator.build import AS_BEFORE
    from generator.cluster import connect

    with closing(AS_BEFORE), connect(dask) as executor:
        yield executor


@_command(
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8000,
        show_default=True,
        help="Where to listen; 0 for any free port.",
    ),
    click.option("--open", "open_browser", is_flag=True, help="Open it in the browser."),
    name="serve",
    epilog="Example: broadsheet serve --port 8080 --open",
)
def _serve(voice: _Voice, site: Path, port: int, open_browser: bool) -> None:
    """Build, serve here, and reload on every change."""
    from generator.serve import serve

    serve(
        site,
        port=port,
        open_browser=open_browser,
        tell=voice.tell,
        explain=voice.explain,
        complain=voice.complain,
    )


@_command(
    click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the built site is.  [default: output/]",
    ),
    name="check",
    epilog="Example: broadsheet check --output /tmp/site",
)
def _check(voice: _Voice, site: Path, output: Path | None) -> None:
    """Tell what is wrong with the site, built or not."""
    from generator.check import check, summary

    found = check(site, output)
    for wrong in found.problems:
        click.echo(str(wrong))
    for doubtful in found.warnings if voice.level >= 0 else ():
        click.echo(str(replace(doubtful, fact=f"warning: {doubtful.fact}")))
    voice.tell(summary(found))
    if found.problems:
        raise SystemExit(_FIXABLE)


@_command(
    click.option("--json", "as_json", is_flag=True, help="For programs."),
    click.option("--markdown", is_flag=True, help="For the summary of a run on GitHub."),
    name="status",
    epilog="Example: broadsheet status --json",
)
def _status(voice: _Voice, site: Path, as_json: bool, markdown: bool) -> None:
    """Tell what is there and how old it is."""
    from generator.status import format_report, format_summary, read_status, report_fields

    report = read_status(site, today())
    if as_json:
        click.echo(json.dumps(report_fields(report), indent=2))
    else:
        click.echo(_steady((format_summary if markdown else format_report)(report)))


@_command(
    click.argument("format_", metavar="FORMAT", type=click.Choice(FORMATS)),
    click.option("--topic", default="", metavar="SLUG", help="Only the papers of this topic."),
    click.option("--since", type=_Day(), help="Only papers listed on this day or later."),
    click.option(
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write a file, whole or not at all.  [default: to stdout]",
    ),
    name="export",
    epilog="Example: broadsheet export bibtex --topic robotics --output robotics.bib",
)
def _export(voice: _Voice, site: Path, output: Path | None, **wanted: Any) -> None:
    """Write all papers as jsonl, csv, bibtex, ris or csl, or the texts that search reads."""
    from generator.export import open_export, write_export

    if output:
        voice.tell(f"{output}: {counted(write_export(site, output, **wanted), 'paper')}")
        return
    export = open_export(site, **wanted)
    _answer(export.chunks)
    voice.explain(counted(export.papers, "paper"))


def _answer(chunks: Iterable[bytes]) -> None:
    """Write to standard output, byte for byte."""
    try:
        sys.stdout.buffer.writelines(chunks)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_stdout()
        raise problem("stdout", f"cannot be written: {error.strerror}".lower()) from None


@_command(
    click.argument("folder", metavar="DIR", type=click.Path(path_type=Path)),
    click.option("--title", default="", help="The site's name.  [default: from the folder's]"),
    click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="SOURCE",
        help="huggingface or arxiv:QUERY; may be given more than once.  [default: huggingface]",
    ),
    click.option("--topics", default="", metavar="SLUG,…", help="Only these first topics."),
    name="new",
    epilog="Example: broadsheet new robots --title 'Robot papers' --source arxiv:cat:cs.RO",
)
def _new(
    voice: _Voice, site: Path, folder: Path, title: str, sources: tuple[str, ...], topics: str
) -> None:
    """Make a new site, ready to build and to push."""
    from generator.new import create_site

    chosen = tuple(filter(None, (slug.strip() for slug in topics.split(","))))
    done = create_site(site / folder, title=title, sources=sources, topics=chosen)
    for path in done.paths:
        voice.explain(f"wrote {path}")
    voice.tell(f"{done.folder}/: a new site of {len(done.paths)} files. Next:")
    voice.tell(f"  cd {shlex.quote(str(done.folder))}")
    voice.tell("  broadsheet pull\n  broadsheet serve")
    if not done.origin_known:
        voice.tell("Before you push it, name in requirements.txt where Broadsheet comes from.")


@_main.group(name="topics", epilog="Example: broadsheet topics suggest --most 5")
def _topics() -> None:
    """Tell what the topics' rules catch, and which new topics would catch the rest."""


@_command(
    click.option(
        "--most",
        type=click.IntRange(1, 100),
        default=10,
        show_default=True,
        help="At most so many topics.",
    ),
    click.option("--write", multiple=True, metavar="SLUG", help="Write this topic's page."),
    group=_topics,
    name="suggest",
    epilog="Example: broadsheet topics suggest --most 5 --write gaussian-splatting",
)
def _topics_suggest(voice: _Voice, site: Path, most: int, write: tuple[str, ...]) -> None:
    """Propose topics for the papers that have none, as pages to copy or to write."""
    from generator.topics import format_suggestion, suggest, write_topics

    found = suggest(site, most)
    chosen = write_topics(site, found, write) if write else found.topics
    if chosen:
        click.echo(_steady("\n\n".join(map(format_suggestion, chosen))))
    for topic in chosen if write else ():
        voice.tell(f"wrote {topic.path}")
    voice.tell(
        f"{counted(found.papers, 'paper')}, {found.lacking:,} of them without a topic; "
        f"{counted(len(found.topics), 'new topic')} suggested."
    )


@_command(
    click.argument("slugs", metavar="[SLUG]...", nargs=-1),
    group=_topics,
    name="show",
    epilog="Example: broadsheet topics show robotics",
)
def _topics_show(voice: _Voice, site: Path, slugs: tuple[str, ...]) -> None:
    """Tell what each topic's rule catches, what only it does, and what it shares with others."""
    from generator.topics import format_catch, show

    catches = show(site, slugs)
    if catches:
        click.echo(_steady("\n\n".join(map(format_catch, catches))))
    voice.tell(f"{counted(len(catches), 'topic')}; pages follow with the next pull.")


@_command(
    click.argument("whats", metavar="WHAT...", nargs=-1, required=True),
    click.option(
        "--topic", "topics", multiple=True, metavar="SLUG", help="Put the papers into this topic."
    ),
    click.option("--twins", is_flag=True, help="Add a paper that has another one's title, too."),
    click.option("--dry-run", is_flag=True, help="Say what would change; write nothing."),
    name="add",
    epilog="Example: broadsheet add 2507.22565 https://doi.org/10.1145/3292500.3330701 refs.bib",
)
def _add(voice: _Voice, site: Path, **wish: Any) -> None:
    """Add papers by arXiv id, DOI, URL, or from a file (BibTeX, RIS, CSV, JSON, CSL JSON)."""
    from generator.add import Wish, add

    done = add(site, Wish(**wish), today=today(), progress=voice.tell)
    for found in done.problems:
        voice.complain(found)
    for diff in done.diffs:
        click.echo(_steady(diff))
    dry = wish["dry_run"]
    for paper in done.new:
        voice.tell(f"{'would add' if dry else 'added'} {paper.path}: {paper.title}")
    for paper in done.here:
        voice.tell(f"already here: {paper.path}: {paper.title}")
    voice.tell(
        f"{counted(len(done.new), 'paper')} {'would be added' if dry else 'added'}, "
        f"{len(done.here)} already here, "
        f"{counted(len(done.written), 'file')} {'would change' if dry else 'changed'}."
    )
    if done.problems:
        raise SystemExit(_FIXABLE)


@_command(
    click.argument("event", metavar="EVENT", type=click.Path(path_type=Path)),
    click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        help="The folder for comment.md and pull-request.md.",
    ),
    name="submission",
    epilog='Example: broadsheet submission "$GITHUB_EVENT_PATH" --output "$RUNNER_TEMP"',
)
def _submission(voice: _Voice, site: Path, event: Path, output: Path) -> None:
    """Add the paper of an issue form; for the workflow, which opens a pull request with it."""
    from generator.submission import answer_submission

    click.echo(f"state={answer_submission(site, event, output, today=today())}")


def main() -> None:
    """The program."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads for all cores
    try:
        _main(prog_name="broadsheet")
    except SystemExit as end:
        _leave(end)


_UNTIL_THE_END: list[Any] = []
"""What is large and need not be taken apart before the program ends (`_leave`)."""


def _leave(end: SystemExit) -> NoReturn:
    """End at once where nothing is left to be done: Python would first take apart all papers, one
    by one."""
    if threading.active_count() == 1 and isinstance(end.code, int | None):
        with contextlib.suppress(OSError):  # who reads is gone, which Python tells at its end
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code or 0)
    raise end
