"""The `csv` source: a table as spreadsheets and `broadsheet export csv` write it.

RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), with commas, semicolons or tabs between cells:
whichever parts the row of headings into most. The columns are the keys of the `json` source, in
any case; others are not looked at. Cells of authors, topics and keywords hold lists parted by `;`,
or by what `separator` says. A row becomes the record that the `json` source reads.

An apostrophe before a sign that would begin a formula (at the start of a cell, or behind a
semicolon, tab or line break in it) was put there against spreadsheets, and is taken off again, as
`broadsheet export csv` says. A row with other cells than the headings, or with quotation marks that
do not match, is left out with its line; the rest stays. Options: `path` or `url`, `map` (field: the
column that holds it), `separator` (`;`), `since`, `until`, `limit`, `encoding`. Pure.
"""

import csv
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.model import Record
from generator.sources.document import Document, Entry, Reading, take_text
from generator.sources.options import Options
from generator.sources.period import Period
from generator.sources.records import FIELDS, Records
from generator.sources.source import Batch, Request, left_out, refused
from generator.text.plain import clean_line

LISTS = ("authors", "topics", "keywords")
COUNTS = ("comments", "upvotes")
DELIMITERS = ",;\t"
MOST_OPEN_QUOTES = 20
"""After so many cells that run on over lines and end wrongly, the rest of a file is not read."""

_GUARD = re.compile(r"(?<![^;\t\r\n])'(?='*[=+\-@＝＋－＠])")
_COUNT = re.compile(r"[0-9]{1,9}")
_HINT = 'a cell in double quotes ends with one; within it they are doubled: "say ""yes"""'


def open_csv(config: SourceConfig) -> Document:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    keys = options.renames("map", FIELDS)
    separator = options.text("separator", ";")
    document = take_text(options, "CSV", partial(read_csv, keys=keys, separator=separator))
    options.finish()
    return document


def read_csv(text: str, request: Request, *, keys: Mapping[str, str], separator: str) -> Reading:
    """Every row that can be used. Raises BroadsheetError where there is no column of titles."""
    problems: list[Problem] = []
    rows = _rows(text, request, problems)
    headings = next((row for _, row in rows), [])
    columns = _columns(headings, keys, request)
    records: dict[int, dict[str, Any]] = {}
    for number, row in rows:
        if len(row) == len(headings):
            records[number] = _record(row, columns, separator)
        else:
            fact = f"the row has {len(row)} cells where the headings are {len(headings)}"
            hint = "put cells that hold the delimiter in double quotes"
            problems.append(left_out(f"{request.where}:{number}", fact, hint))
    batch = _parse(records, request)
    return Reading(
        entries=[_entry(each) for each in batch.records],
        problems=(*problems, *batch.problems),
    )


def _parse(records: Mapping[int, dict[str, Any]], request: Request) -> Batch:
    """The rows as the `json` source reads them, its problems with the lines of the rows."""
    if not records:
        return Batch()
    source = Records(path=request.path, url=request.url, keys={}, limit=None)
    batch = source.parse(b"\n".join(map(orjson.dumps, records.values())), request)
    places = {f"{request.where}:{n}": f"{request.where}:{x}" for n, x in enumerate(records, 1)}
    problems = (replace(each, where=places[each.where]) for each in batch.problems)
    return replace(batch, problems=tuple(problems))


def _entry(record: Record) -> Entry:
    days = Period(since=record.date, until=record.date) if record.date else None
    return Entry(record=record, days=days)


def _rows(text: str, request: Request, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line it begins on."""
    lines = [f"{line}\n" for line in text.split("\n")]
    delimiter = _delimiter(lines)
    first = 0
    for _ in range(MOST_OPEN_QUOTES):
        first = yield from _rows_from(first, lines, delimiter, request, problems)
        if first >= len(lines):
            return
    fact = f"has {MOST_OPEN_QUOTES} cells whose quotation marks do not match; the rest was not read"
    problems.append(Problem(where=request.where, fact=fact, hint=_HINT))


def _rows_from(
    first: int, lines: Sequence[str], delimiter: str, request: Request, problems: list[Problem]
) -> Generator[tuple[int, list[str]], None, int]:
    """The rows from a line on, and where to go on: behind the line with a quotation mark that is
    closed wrongly, further down or never."""
    reader = csv.reader(lines[first:], delimiter=delimiter, strict=True)
    while True:
        begun = first + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return len(lines)
        except csv.Error as error:
            fact = f"is not CSV: {clean_line(str(error))}"
            problems.append(left_out(f"{request.where}:{begun + 1}", fact, _HINT))
            if first + reader.line_num > begun + 1:
                return begun + 1
            continue
        if any(cell.strip() for cell in row):
            yield begun + 1, row


def _delimiter(lines: Sequence[str]) -> str:
    """What stands between cells: whatever parts the headings into most."""
    headings = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=lambda each: len(_cells(headings, each)))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _columns(headings: Sequence[str], keys: Mapping[str, str], request: Request) -> dict[str, int]:
    """Where the column of each field is. Raises BroadsheetError where that of titles is missing."""
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        places.setdefault(clean_line(heading).casefold(), place)
    names = {field: clean_line(keys.get(field, field)).casefold() for field in FIELDS}
    columns = {field: places[name] for field, name in names.items() if name in places}
    if "title" not in columns:
        known = ", ".join(shown(clean_line(each)) for each in headings[:20])
        fact = f"has no column {shown(keys.get('title', 'title'))}" if headings else "holds no row"
        hint = f"the first row names the columns ({known}); say which it is: map: {{title: …}}"
        raise refused(request, fact, hint)
    return columns


def _record(row: Sequence[str], columns: Mapping[str, int], separator: str) -> dict[str, Any]:
    """The row by the fields of the `json` source; empty cells are left out."""
    cells = {field: _GUARD.sub("", row[place]) for field, place in columns.items()}
    return {field: _value(field, cell, separator) for field, cell in cells.items() if cell.strip()}


def _value(field: str, cell: str, separator: str) -> Any:
    if field in LISTS:
        return cell.split(separator)
    if field in COUNTS and _COUNT.fullmatch(cell.strip()):
        return int(cell)
    return cell
