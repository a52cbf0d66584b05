r"""BibTeX and biblatex: a file as reference managers, publishers and people write it.

https://ctan.org/pkg/bibtex and https://ctan.org/pkg/biblatex (the manual, chapters 2.2 and 2.3) say
which fields there are. Entries are parted by bibtexparser; one that it cannot read is left out with
the line it begins on, the rest stays. Read are

- title (and subtitle), abstract, keywords, note: TeX becomes plain text, formulas stay in dollars;
- author: `Family, Given`, `Given Family` or `{A Group}`, parted by `and`; `others` is nobody;
- date, or year and month: a year alone is 1 January, or the month of the arXiv id where that lies
  in the year; of a meeting (`25--27 Jul`) the first day counts;
- eprint (with archivePrefix or eprinttype), doi, url, pdf, code, software, file (addresses only),
  and arXiv ids in journal, volume (`abs/…`), note and howpublished;
- journal, journaltitle or booktitle as the venue, unless it only says arXiv or CoRR; of reports and
  theses the institution or school as the organization; primaryClass as the category;
- @string, with `#`; crossref. @proceedings is no paper and is passed over.

The citation key is the paper's key, if only one entry of the file has it. Options: `path` or `url`,
`since`, `until`, `limit`, `encoding`. Pure.
"""

import logging
import re
from collections.abc import Iterator, Mapping

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import (
    parse_single_name_into_parts,
    split_multiple_persons_names,
)
from bibtexparser.model import Block, ParsingFailedBlock, String
from bibtexparser.model import Entry as BibtexEntry

from generator.config import SourceConfig
from generator.errors import Problem, shown
from generator.sources.answers import remedy
from generator.sources.document import Document, Entry, Reading, take_text
from generator.sources.identifiers import arxiv_id
from generator.sources.options import Options
from generator.sources.period import Period, printed_period
from generator.sources.reference import Reference, day_of
from generator.sources.source import Request, left_out, refused
from generator.sources.tex import plain_tex
from generator.text import slug
from generator.text.plain import clean_line, clean_lines, clean_text
from generator.text.safety import bare_urls

MOST_OF_A_STRING = 1_000
"""Characters of an @string: one that is made of others may not grow without end."""
MOST_OF_A_NAME = 500
"""Characters of a name that is looked into."""

_PARTS = re.compile(r'(?<!\\)[{}"#]')
_COMMENT = re.compile(r"^\s*%.*\n?", re.MULTILINE)
_NO_VENUE = re.compile(r"arxiv\b|corr\b", re.IGNORECASE)
_URL = re.compile(r"\\(?:url|href)\s*\{([^{}]*)\}")
_FILE = re.compile(r"https?\\?://[^\s;{}]+", re.IGNORECASE)
_PDF = re.compile(r".+?\.pdf(?=:|$)", re.IGNORECASE)
_WITHDRAWN = re.compile(r"\W*(?:withdrawn|retracted)\b", re.IGNORECASE)
_INHERITED = ("year", "month", "date", "publisher", "booktitle", "journal")
_INSTITUTES = ("techreport", "report", "phdthesis", "mastersthesis", "thesis")

logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it comments on strangers' BibTeX


def open_bibtex(config: SourceConfig) -> Document:
    """The source with the options of site.yml. Raises BroadsheetError."""
    options = Options(config)
    document = take_text(options, "BibTeX", read_bibtex)
    options.finish()
    return document


def read_bibtex(text: str, request: Request) -> Reading:
    """Every entry. Raises BroadsheetError where the text holds none."""
    blocks = parse_string(text, parse_stack=[]).blocks
    macros = _macros(blocks)
    fields = [_Fields(entry, macros) if entry else None for entry in map(_entry, blocks)]
    if not any(
        each or isinstance(block, ParsingFailedBlock)
        for block, each in zip(blocks, fields, strict=True)
    ):
        raise refused(request, "holds no BibTeX entry", remedy(request))
    parents = {each.key.lower(): each for each in fields if each}
    entries: list[Entry] = []
    problems: list[Problem] = []
    for block, each in zip(blocks, fields, strict=True):
        where = f"{request.where}:{(block.start_line or 0) + 1}"
        reference = each.reference(parents) if each else None
        if reference:
            entries.append(reference.entry())
        elif each is None:
            problems.extend(_broken(block, where))
        elif each.kind != "proceedings":
            problems.append(left_out(where, f"the entry {shown(each.key)} has no title"))
    return Reading(entries=entries, problems=problems)


def _whole(block: Block) -> Block | None:
    """The block, also where its key or one of its fields came before; None where it is broken."""
    return block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block


def _entry(block: Block) -> BibtexEntry | None:
    inner = _whole(block)
    return inner if isinstance(inner, BibtexEntry) else None


def _broken(block: Block, where: str) -> Iterator[Problem]:
    """The problem of a block that cannot be read; none for comments, preambles and macros."""
    if not isinstance(block, ParsingFailedBlock) or isinstance(_whole(block), String):
        return
    reason = clean_line(str(getattr(block.error, "abort_reason", block.error)))[:120].rstrip(". ")
    start = shown(clean_line(block.raw or "")[:40])
    fact = f"{start} is not whole BibTeX ({reason[:1].lower()}{reason[1:]})"
    yield left_out(where, fact, "look for a missing brace, quotation mark or comma")


def _macros(blocks: list[Block]) -> Mapping[str, str]:
    """The macros of @string, each made of those before it; names are lower-case."""
    macros: dict[str, str] = {}
    for block in blocks:
        inner = _whole(block)
        if isinstance(inner, String):
            macros[inner.key.lower()] = _value(str(inner.value), macros)[:MOST_OF_A_STRING]
    return macros


def _value(written: str, macros: Mapping[str, str]) -> str:
    """What a field's value says: `{…}`, `"…"`, a number, a macro, or several of them with `#`."""
    return "".join(_part(part.strip(), macros) for part in _parts(written))


def _part(part: str, macros: Mapping[str, str]) -> str:
    if len(part) > 1 and (part[0], part[-1]) in (("{", "}"), ('"', '"')):
        return part[1:-1]
    return macros.get(part.lower(), part)


def _parts(written: str) -> Iterator[str]:
    """The value at each `#` outside braces and quotation marks."""
    start = depth = 0
    quoted = False
    for mark in _PARTS.finditer(written) if "#" in written else ():
        if mark[0] in "{}":
            depth += 1 if mark[0] == "{" else -1
        elif mark[0] == '"' and depth == 0:
            quoted = not quoted
        elif mark[0] == "#" and depth == 0 and not quoted:
            yield written[start : mark.start()]
            start = mark.end()
    yield written[start:]


class _Fields:
    """The fields of one entry, read as what they are."""

    def __init__(self, entry: BibtexEntry, macros: Mapping[str, str]) -> None:
        self.key = clean_line(entry.key)
        self.kind = entry.entry_type.lower()
        self._values = {
            each.key.lower(): _value(str(each.value), macros) for each in reversed(entry.fields)
        }
        """Of two values of one field the first counts."""

    def reference(self, parents: Mapping[str, "_Fields"]) -> Reference | None:
        """The paper, None where it has no title or is a volume of proceedings."""
        self._inherit(parents)
        title = self._line("title")
        if not title or self.kind == "proceedings":
            return None
        subtitle = self._line("subtitle")
        doi = slug.doi(_address(self._raw("doi")))
        return Reference(
            title=f"{title}: {subtitle}" if subtitle else title,
            abstract=clean_text(plain_tex(self._raw("abstract"))),
            authors=tuple(clean_lines(_names(self._raw("author")))),
            organization=self._organization(),
            days=self._days(),
            venue=self._venue(),
            keywords=tuple(clean_lines(re.split("[,;]", plain_tex(self._raw("keywords"))))),
            categories=self._categories(),
            addresses=tuple(self._addresses()),
            arxiv=self._arxiv(),
            doi=doi,
            key=self.key,
            withdrawn=bool(_WITHDRAWN.match(self._raw("note"))),
        )

    def _inherit(self, parents: Mapping[str, "_Fields"]) -> None:
        """Takes from the entry that `crossref` names what this one does not say itself."""
        parent = parents.get(self._raw("crossref").strip().lower())
        if parent is None or parent is self:
            return
        volume = parent._raw("booktitle") or parent._raw("title")
        given = {"booktitle": volume} if parent.kind in ("proceedings", "book") else {}
        for name in _INHERITED:
            given.setdefault(name, parent._raw(name))
        self._values = {**given, **self._values}

    def _raw(self, name: str) -> str:
        return self._values.get(name, "")

    def _line(self, name: str) -> str:
        return clean_line(plain_tex(clean_line(self._raw(name))))

    def _organization(self) -> str:
        if self.kind not in _INSTITUTES:
            return ""
        return self._line("institution") or self._line("school")

    def _venue(self) -> str:
        names = map(self._line, ("journal", "journaltitle", "booktitle"))
        venue = next(filter(None, names), "")
        return "" if _NO_VENUE.match(venue) else venue

    def _days(self) -> Period | None:
        """Of biblatex's `date` (`2021-05-03`, `2021-05`, a range of them), or year and month."""
        written = self._line("date")
        if day := day_of(written):
            return day
        year, _, month = written.partition("/")[0].partition("-")
        if written:
            return printed_period(year, month)
        return printed_period(self._line("year"), f"{self._line('day')} {self._line('month')}")

    def _is_arxiv(self) -> bool:
        """Whether the eprint is arXiv's, as it is where nothing says otherwise."""
        archive = self._raw("archiveprefix") or self._raw("eprinttype")
        return archive.strip().lower() in ("", "arxiv")

    def _categories(self) -> tuple[str, ...]:
        written = self._raw("primaryclass") or self._raw("eprintclass")
        return tuple(clean_lines([written])) if self._is_arxiv() and self._raw("eprint") else ()

    def _arxiv(self) -> str:
        eprint = self._raw("eprint").strip() if self._is_arxiv() else ""
        if re.fullmatch(r"\d{7}(?:v\d+)?", eprint, re.ASCII):
            eprint = f"{self._raw('primaryclass').strip()}/{eprint}"
        if found := arxiv_id(eprint):
            return found
        named = ("arxiv", "arxivid", "journal", "volume", "howpublished", "note")
        texts = (self._raw(name) for name in named)
        stated = (text for text in texts if re.match(r"\W*(?:arxiv|abs/)", text, re.IGNORECASE))
        return next(filter(None, map(slug.arxiv_id, stated)), "")

    def _addresses(self) -> Iterator[tuple[str, str]]:
        for name, kind in (("url", ""), ("pdf", "pdf"), ("code", "code"), ("software", "code")):
            if self._raw(name):
                yield kind, _address(self._raw(name))
        for found in _FILE.finditer(self._raw("file")):
            if pdf := _PDF.match(found[0].replace("\\:", ":")):
                yield "pdf", _address(pdf[0])
        for name in ("howpublished", "note"):
            text = _URL.sub(r" \1 ", self._raw(name))
            yield from (("", each.url) for each in bare_urls(text))


def _address(written: str) -> str:
    r"""An address as it was meant: without `\url{…}` and the backslashes before signs."""
    inner = _URL.search(written)
    return re.sub(r"\\([_&%#~])|[{}]", r"\1", inner[1] if inner else written).strip()


def _names(written: str) -> Iterator[str]:
    """Names in order as `Given von Family Jr.`; lines of comment among them are none."""
    names = split_multiple_persons_names(_COMMENT.sub("", written))
    if len(names) == 1 and _is_comma_list(names[0]):
        names = names[0].split(",")
    for name in names:
        if name.strip().lower() not in ("others", "et al", "et al."):
            yield plain_tex(_in_order(name))


def _is_comma_list(name: str) -> bool:
    """Whether one name is several with commas between them, which BibTeX does not know."""
    parts = [part.split() for part in name.split(",")]
    return "{" not in name and len(parts) > 2 and all(len(words) > 1 for words in parts)


def _in_order(name: str) -> str:
    if len(name) > MOST_OF_A_NAME:
        return clean_line(name)
    return clean_line(parse_single_name_into_parts(name, strict=False).merge_first_name_first)
