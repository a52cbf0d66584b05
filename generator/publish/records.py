"""Papers as records: JSON Lines that the `json` source reads back, and CSV.

A record has that source's keys. It holds the title and the abstract as their source could have
given them, as plain text with TeX, and of the links those that have a key.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from generator.model import Paper
from generator.publish.citations import doi
from generator.text.plain import plain_source

_FORMULA = re.compile(r"(?<![^;\t\r\n])(?='*[=+\-@＝＋－＠])")
"""Where a spreadsheet would begin to read a formula: at the start of a cell, and where a line or a
semicolon makes a program that takes semicolons for commas see one."""


def paper_record(paper: Paper) -> dict[str, Any]:
    """The paper by the keys of a record, all of them; None, empty text or list where unknown."""
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": plain_source(paper.abstract),
        "authors": list(paper.authors),
        "date": paper.date.isoformat() if paper.date else "",
        "venue": paper.venue,
        "url": paper.link("abstract"),
        "pdf": paper.link("pdf"),
        "code": paper.link("code"),
        "doi": _doi(paper),
        "organization": paper.organization,
        "topics": list(paper.topics),
        "keywords": list(paper.keywords),
        "comments": paper.comments,
        "upvotes": paper.upvotes,
    }


def _doi(paper: Paper) -> str:
    """The bare DOI; its address where the DOI holds what may not stand in running text."""
    name = doi(paper)
    return paper.link("doi") if re.search(r'[\s"<>]', name) else name


def stream_jsonl(papers: Iterable[Paper]) -> Iterator[bytes]:
    """A line for each paper: its record as JSON, what is not known left out."""
    for paper in papers:
        record = paper_record(paper)
        known = {key: value for key, value in record.items() if value not in (None, "", [])}
        yield orjson.dumps(known) + b"\n"


def stream_csv(papers: Iterable[Paper], columns: Sequence[str]) -> Iterator[bytes]:
    """CSV as RFC 4180 has it: a line of headings, then one for each paper, lists apart by `; `.

    An apostrophe stands before text that a spreadsheet would take for a formula."""
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for paper in papers:
        record = paper_record(paper)
        yield writer.writerow([_cell(record[column]) for column in columns])


class _Line:
    """Stands for the file of a csv writer, whose `writerow` gives what this gives."""

    def write(self, line: str) -> bytes:
        return line.encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return _FORMULA.sub("'", text)
