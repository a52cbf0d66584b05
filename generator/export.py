"""The story of an export: the library, or a part of it, in a format that other programs read."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import orjson
from msgspec import Struct
from msgspec.structs import replace

from generator.content import load_config, load_library
from generator.errors import closing, nearest, problem
from generator.model import Library, Paper
from generator.publish.citations import stream_bibtex, stream_csl, stream_ris
from generator.publish.records import stream_csv, stream_jsonl
from generator.publish.search import search_documents
from generator.sources.records import FIELDS
from generator.storage.tree import check_writable, write_stream

_BUILT_FROM = ("content", "themes")


class Export(Struct, frozen=True, kw_only=True):
    """What is to be written."""

    papers: int
    chunks: Iterator[bytes]
    """All of it, a paper or so at a time; can be read once."""


def _search_lines(library: Library) -> Iterator[bytes]:
    """What the search index is made of: a line a paper, in the order of document numbers."""
    for document in search_documents(library):
        yield orjson.dumps(document) + b"\n"


FORMATS: Mapping[str, Callable[[Library, str], Iterator[bytes]]] = {
    "jsonl": lambda library, base_url: stream_jsonl(library),
    "csv": lambda library, base_url: stream_csv(library, FIELDS),
    "bibtex": stream_bibtex,
    "ris": stream_ris,
    "csl": stream_csl,
    "search": lambda library, base_url: _search_lines(library),
}
"""By name: a library and the site's address to the chunks of a file."""


def open_export(
    root: Path, format_: str, *, topic: str = "", since: datetime.date | None = None
) -> Export:
    """The papers of the site at `root` in one of FORMATS, newest first; `search` has the order of
    the index. Neither drafts nor hidden papers.

    `topic`: only its papers; `since`: only those listed from that day on. Raises BroadsheetError
    for an unknown topic, and where settings or content cannot be read."""
    config, library = load_config(root), load_library(root)
    if topic and topic not in library.topics:
        hint = nearest(topic, library.topics) if library.topics else "the site has no topics"
        raise problem("--topic", f"there is no topic '{topic}'", hint)
    wanted = {paper.id: paper for paper in library if _is_wanted(paper, topic, since)}
    chunks = FORMATS[format_](replace(library, papers=wanted), config.base_url)
    return Export(papers=len(wanted), chunks=chunks)


def _is_wanted(paper: Paper, topic: str, since: datetime.date | None) -> bool:
    listed = paper.added or datetime.date.min
    return (not topic or topic in paper.topics) and (since is None or listed >= since)


def write_export(
    root: Path, output: Path, format_: str, *, topic: str = "", since: datetime.date | None = None
) -> int:
    """Write what `open_export` gives into the file `output`, whole or not at all, and return the
    number of papers. Raises BroadsheetError also where the file cannot be written."""
    with closing(f"{output} was not written."):
        _check_apart(output, root)
        check_writable(output)
        export = open_export(root, format_, topic=topic, since=since)
        write_stream(output, export.chunks)
    return export.papers


def _check_apart(output: Path, root: Path) -> None:
    """Raises BroadsheetError where the file would stand among those that the site is made of."""
    for folder in _BUILT_FROM:
        if output.resolve().is_relative_to((root / folder).resolve()):
            fact = f"is in {folder}/, which a build reads"
            raise problem(str(output), fact, "choose another folder with --output")
