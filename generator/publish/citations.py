"""Citations of papers: BibTeX, RIS and CSL-JSON, citation tags and JSON-LD for a paper's page.

What is not known is left out: a paper whose source only counts its authors has no author here.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, MutableMapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import orjson

from generator.library.abstract import plain_abstract
from generator.model import File, Paper
from generator.publish.addresses import absolute_url
from generator.text.math import Piece, render_math, split_math
from generator.text.plain import plain_title
from generator.text.safety import printable
from generator.text.slug import arxiv_id as find_arxiv_id

ENDINGS = ("bib", "ris")
"""Of the files with citations."""
_BETWEEN = {"bib": "\n", "ris": "\r\n"}
"""What stands between two papers in one file."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""BibTeX's own macros, which every style defines."""
_TEX = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"{\lbrace}",
        "}": r"{\rbrace}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        **{character: f"\\{character}" for character in "&%$#_"},
    }
)
"""Braces are written by name because BibTeX counts them even behind a backslash."""
_ENTRIES = {"conference": ("inproceedings", "booktitle"), "journal": ("article", "journal")}
"""BibTeX's kind of an entry, and what the venue is called in it."""
_RIS_TYPES = {"conference": "CPAPER", "journal": "JOUR"}
_SPECIAL_TO_TEX = re.compile(r"[\\{}~^&%$#_]")
_UNSAFE_TEX = re.compile(r"%|\^\^|\\(?:\w*def|\w*command|\w*environment|let)\b")
"""What a formula may not hold in a file that TeX will read: definitions, comments, and the
notation by which TeX can be told any character."""
_GROUPS = ("collaboration", "consortium", "group", "lab", "labs", "project", "team")
_CORPORATE = re.compile(rf"\b(?:{'|'.join(_GROUPS)})$")
_SUFFIXES = ("jr", "jr.", "sr", "sr.", "ii", "iii", "iv")
_CONFERENCE = re.compile(
    r"(?i:\b(?:conference|conf\.|proceedings|proc\.|symposium|symp\.|workshop)(?!\w))"
    r"|\b(?:AAAI|ACCV|ACL|AISTATS|BMVC|CHI|CIKM|COLING|COLM|COLT|CVPR|CoNLL|CoRL|EACL|ECCV|EMNLP"
    r"|ICASSP|ICCV|ICLR|ICML|ICRA|IJCAI|IROS|KDD|MICCAI|MLSys|NAACL|NIPS|NeurIPS|SIGGRAPH|SIGIR"
    r"|UAI|WACV|[Ii]nterspeech|INTERSPEECH)\b"
)
"""What tells a conference from a journal in a venue as printed; all else counts as a journal."""
_JOURNAL = re.compile(r"\b(?:journal|letters|national academy|transactions)\b", re.IGNORECASE)
"""What makes a journal of it all the same."""
_NO_KEY = re.compile("[^a-z0-9]")
_OLD_ARXIV_ID = re.compile(r"([a-z]+(?:-[a-z]+)?(?:\.[a-z]{2})?)-(\d{7})")
"""An arXiv id from before 2007-04 as a paper's id writes it."""
_IN_SCRIPT = tuple((character, f"\\u{ord(character):04x}") for character in "<>&\u2028\u2029")
_ARXIV_HOSTS = ("arxiv.org", "www.arxiv.org", "export.arxiv.org")
_DOI_HOSTS = ("doi.org", "dx.doi.org", "www.doi.org")


def render_citations(
    papers: Iterable[Paper],
    base_url: str,
    endings: Iterable[str] = ENDINGS,
    *,
    kept: MutableMapping[tuple[str, str], str] | None = None,
) -> Iterator[File]:
    """`/papers/ID.bib` and `/papers/ID.ris` of each paper, as far as `endings` names them.

    `kept` holds what was written, by paper id and ending: pass one dict to all calls of a build,
    and a paper that stands in several listings is written once."""
    members = list(papers)
    for ending in endings:
        for paper in members:
            text = _written(paper, ending, base_url, kept)
            yield File(path=f"papers/{paper.id}.{ending}", content=text.encode())


def bulk_citations(
    stem: str,
    papers: Iterable[Paper],
    base_url: str,
    endings: Iterable[str] = ENDINGS,
    *,
    kept: MutableMapping[tuple[str, str], str] | None = None,
) -> Iterator[File]:
    """`STEM.bib` and `STEM.ris` of a listing, in its order: `topics/robotics/papers` is the stem
    of `/topics/robotics/papers.bib`. `endings` and `kept` are as in `render_citations`."""
    members = list(papers)
    for ending in endings:
        text = _BETWEEN[ending].join(_written(paper, ending, base_url, kept) for paper in members)
        yield File(path=f"{stem}.{ending}", content=text.encode())


def stream_bibtex(papers: Iterable[Paper], base_url: str) -> Iterator[bytes]:
    """A BibTeX file of any number of papers, in chunks."""
    return _apart("\n", (bibtex(paper, _page_url(paper, base_url)) for paper in papers))


def stream_ris(papers: Iterable[Paper], base_url: str) -> Iterator[bytes]:
    """An RIS file of any number of papers, in chunks."""
    return _apart("\r\n", (ris(paper, _page_url(paper, base_url)) for paper in papers))


def stream_csl(papers: Iterable[Paper], base_url: str) -> Iterator[bytes]:
    """A CSL-JSON file, which is one array, of any number of papers, in chunks."""
    items = (csl(paper, _page_url(paper, base_url)) for paper in papers)
    yield b"["
    yield from _apart(",\n", (orjson.dumps(item).decode() for item in items))
    yield b"]\n"


def _apart(separator: str, texts: Iterable[str]) -> Iterator[bytes]:
    """The texts with the separator between them, as UTF-8."""
    before = ""
    for text in texts:
        yield f"{before}{text}".encode()
        before = separator


def _page_url(paper: Paper, base_url: str) -> str:
    return absolute_url(base_url, f"/papers/{paper.id}/")


def _written(
    paper: Paper,
    ending: str,
    base_url: str,
    kept: MutableMapping[tuple[str, str], str] | None,
) -> str:
    """A paper as BibTeX or RIS."""
    known = kept.get((paper.id, ending)) if kept is not None else None
    if known is None:
        write = bibtex if ending == "bib" else ris
        known = write(paper, _page_url(paper, base_url))
    if kept is not None:
        kept[paper.id, ending] = known
    return known


def citation_key(paper: Paper) -> str:
    """The paper's BibTeX key: first author's surname and the paper's id, ASCII, else the id alone.

    The id makes it unique in any file, and no correction of title or date changes it."""
    surname = _name(paper.authors[0]).key if paper.authors else ""
    return f"{surname}-{paper.id}" if surname else paper.id


def _ascii(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    lower = text.lower()
    return lower if lower.isalnum() else _NO_KEY.sub("", lower)


def bibtex(paper: Paper, url: str) -> str:
    """The paper as one BibTeX entry, a field a line. `url` stands where the paper's source has
    no page of its own.

    Values are escaped so that TeX prints them as they are; formulas that are plain mathematics
    stay TeX. Published papers are @inproceedings or @article, all others @misc."""
    return _bibtex(_cited(paper, url))


class _Cited(NamedTuple):
    """What BibTeX says of a paper."""

    key: str
    title: str
    authors: tuple[str, ...]
    day: date | None
    venue: str
    arxiv: str
    category: str
    """arXiv's primary one."""
    doi: str
    url: str


def _cited(paper: Paper, url: str) -> _Cited:
    return _Cited(
        citation_key(paper),
        paper.title,
        paper.authors,
        paper.date,
        paper.venue,
        arxiv_id(paper),
        paper.categories[0] if paper.categories else "",
        doi(paper),
        paper.link("abstract") or url,
    )


@lru_cache(maxsize=1024)
def _bibtex(paper: _Cited) -> str:
    """A paper's entry: its page shows the one that its file holds."""
    entry, venue = _ENTRIES.get(_kind(paper.venue), ("misc", ""))
    day = paper.day
    fields = [
        ("title", _bibtex_title(paper.title)),
        ("author", " and ".join([_name(name).tex for name in paper.authors])),
        ("year", str(day.year) if day else ""),
        ("month", _MONTHS[day.month - 1] if day else ""),
        (venue, _tex(paper.venue) if venue else ""),
        ("eprint", paper.arxiv),
        ("archivePrefix", "arXiv" if paper.arxiv else ""),
        ("primaryClass", _tex(paper.category) if paper.arxiv else ""),
        ("doi", _verbatim(paper.doi)),
        ("url", _verbatim(paper.url)),
    ]
    lines = [
        f"  {name} = {value},\n" if name == "month" else f"  {name} = {{{value}}},\n"
        for name, value in fields
        if value
    ]
    return f"@{entry}{{{paper.key},\n{''.join(lines)}}}\n"


def _tex(text: str) -> str:
    return _escaped(_line(text))


def _escaped(text: str) -> str:
    return text.translate(_TEX) if _SPECIAL_TO_TEX.search(text) else text


def _line(text: str) -> str:
    if not text or (text.isprintable() and "  " not in text and text.strip() == text):
        return text
    return " ".join(printable(text).split())


def _verbatim(text: str) -> str:
    """A URL or DOI: BibTeX styles print these as they stand, so only braces must not."""
    return text.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D")


def _bibtex_title(title: str) -> str:
    """Formulas in braces, and every word in braces whose capitals a style must not lower."""
    if "$" not in title and "\\" not in title:
        return _words_in_tex(title)
    return "".join(_bibtex_piece(piece) for piece in split_math(_line(title)))


def _bibtex_piece(piece: Piece) -> str:
    if piece.tex and _is_plain_maths(piece.tex):
        return f"{{${piece.tex.strip()}$}}"
    text = _words_in_tex(piece.source)
    before = " " if piece.source[0].isspace() else ""
    after = " " if text and piece.source[-1].isspace() else ""
    return before + text + after


def _words_in_tex(title: str) -> str:
    return " ".join(map(_protected, plain_title(title).split(" ")))


def _is_plain_maths(tex: str) -> bool:
    """Whether TeX may be let at a formula: known mathematics only, and braces in balance."""
    balanced = tex.count("{") == tex.count("}") and not _UNSAFE_TEX.search(tex)
    return balanced and render_math(tex, display=False).startswith("<math")


@lru_cache(maxsize=1 << 14)
def _protected(word: str) -> str:
    escaped = _escaped(word)
    return f"{{{escaped}}}" if _has_fixed_capitals(word) else escaped


def _has_fixed_capitals(word: str) -> bool:
    """Whether a capital stands inside the word (`LLMs`, `R&D`) or before a sign (`Q-`, `A*`,
    `L2`), so that it is none of title case's (`Fine-Tuning`)."""
    rest = word[1:]
    if rest == rest.lower():
        return word[:1].isupper() and (rest[:1].isdigit() or rest[:1] in {"*", "+", "-"})
    around = zip(f" {word}", word, f"{word[1:]} ", strict=False)
    return any(
        letter.isupper()
        and (before.isalnum() or before == "&" or after.isdigit() or after in "*+-")
        for before, letter, after in around
    )


class _Name(NamedTuple):
    """An author's name as each format writes it."""

    line: str
    """As it is, in one line."""
    tex: str
    """As BibTeX splits it right: one of a group, or with an `and`, as a whole."""
    inverted: str
    """`Lovelace, Ada`, for RIS."""
    key: str
    """The surname in ASCII."""


@lru_cache(maxsize=1 << 12)
def _name(name: str) -> _Name:
    line = _line(name)
    family, given, suffix = _split_name(line)
    tex = _escaped(line)
    whole = f"{{{tex}}}" if _is_whole(line) else tex
    inverted = f"{family}, {given}" if given else family
    if suffix:
        inverted = f"{inverted}, {suffix}"
    return _Name(line, whole, inverted, _ascii(family))


def _is_whole(line: str) -> bool:
    """Whether a name has no parts that a program could tell: one of a group, or of several."""
    lower = line.lower()
    return _is_corporate(lower) or " and " in f" {lower} " or line.count(",") > 2


def _is_corporate(lower: str) -> bool:
    return lower.endswith(_GROUPS) and _CORPORATE.search(lower) is not None


def _split_name(line: str) -> tuple[str, str, str]:
    """Surname with its particles, given names, suffix: `Ludwig van Beethoven` gives
    `van Beethoven`, `Ludwig`, nothing. A name already written `Last, First` is taken at that."""
    if _is_corporate(line.lower()):
        return line, "", ""
    given, _, family = line.rpartition(" ")
    has_more = "," in line or family.lower() in _SUFFIXES or given.rpartition(" ")[2].islower()
    if not has_more:  # as most
        return family, given, ""
    if "," in line:
        last, _, first = line.partition(",")
        if first.strip().lower() not in _SUFFIXES:
            return last.strip(), first.strip(), ""
        line = f"{last} {first.strip()}"
    words = line.split()
    suffix = words.pop() if len(words) > 1 and words[-1].lower() in _SUFFIXES else ""
    start = max(len(words) - 1, 0)
    while start > 1 and words[start - 1].islower():
        start -= 1
    return " ".join(words[start:]), " ".join(words[:start]), suffix


def _venue_kind(paper: Paper) -> str:
    """`conference`, `journal`, or nothing for a paper that is not said to be published."""
    return _kind(paper.venue)


@lru_cache(maxsize=1024)
def _kind(venue: str) -> str:
    if not venue or re.match(r"(?i)(?:arxiv|corr)\b", venue):
        return ""
    if _JOURNAL.search(venue):
        return "journal"
    return "conference" if _CONFERENCE.search(venue) else "journal"


def abstract_line(paper: Paper) -> str:
    """The paper's abstract as one line of plain text."""
    text = plain_abstract(paper)
    return _line(text) if "\n" in text else text


def arxiv_id(paper: Paper) -> str:
    """Its arXiv id without version (`2507.22565`, `hep-th/9901001`), or nothing."""
    return _arxiv_id(paper.link("abstract"), paper.link("pdf"), paper.id)


@lru_cache(maxsize=1024)
def _arxiv_id(abstract: str, pdf: str, paper: str) -> str:
    for url in (abstract, pdf):
        if url and urlsplit(url).hostname in _ARXIV_HOSTS and (found := find_arxiv_id(url)):
            return found
    old = _OLD_ARXIV_ID.fullmatch(paper)
    return f"{old[1]}/{old[2]}" if old else find_arxiv_id(paper)


def doi(paper: Paper) -> str:
    """Its bare DOI (`10.1109/5.771073`), or nothing."""
    url = paper.link("doi")
    return _doi(url) if url else ""


@lru_cache(maxsize=1024)
def _doi(url: str) -> str:
    parts = urlsplit(url)
    name = unquote(parts.path.strip("/"))
    return name if parts.hostname in _DOI_HOSTS and name.startswith("10.") else ""


def ris(paper: Paper, url: str) -> str:
    """The paper as one RIS record, lines ended by CR LF as the format asks. `url` stands where
    the paper's source has no page of its own."""
    arxiv = arxiv_id(paper)
    tags = [
        ("TY", _RIS_TYPES.get(_venue_kind(paper), "UNPB")),
        ("ID", citation_key(paper)),
        ("TI", _line(plain_title(paper.title))),
        *[("AU", _name(name).inverted) for name in paper.authors],
        ("PY", str(paper.date.year) if paper.date else ""),
        ("DA", _slashed(paper.date)),
        ("T2", _line(paper.venue)),
        ("AB", abstract_line(paper)),
        *[("KW", _line(keyword)) for keyword in paper.keywords],
        ("M1", f"arXiv:{arxiv}" if arxiv else ""),
        ("DO", _line(doi(paper))),
        ("UR", _line(paper.link("abstract") or url)),
        ("L1", _line(paper.link("pdf"))),
    ]
    lines = [f"{tag}  - {line}\r\n" for tag, line in tags if line]
    return f"{''.join(lines)}ER  - \r\n"


def _slashed(day: date | None) -> str:
    return day.isoformat().replace("-", "/") if day else ""


def csl(paper: Paper, url: str) -> dict[str, Any]:
    """The paper as an item of CSL-JSON 1.0.2, for Zotero, pandoc and citeproc; its `id` is the
    key it has in BibTeX. `url` stands where the paper's source has no page of its own."""
    kinds = {"conference": "paper-conference", "journal": "article-journal"}
    kind = _venue_kind(paper)
    fields = {
        "id": citation_key(paper),
        "type": kinds.get(kind, "article"),
        "title": _line(plain_title(paper.title)),
        "author": [_csl_name(name) for name in paper.authors],
        "issued": _csl_date(paper),
        "container-title": _line(paper.venue) if kind else "",
        **({} if kind else _csl_preprint(paper)),
        "DOI": doi(paper),
        "URL": paper.link("abstract") or url,
        "abstract": plain_abstract(paper),
        "keyword": ", ".join(map(_line, paper.keywords)),
    }
    return {name: value for name, value in fields.items() if value}


def _csl_name(name: str) -> dict[str, str]:
    line = _name(name).line
    family, given, suffix = _split_name(line)
    if _is_whole(line) or not (family and given):
        return {"literal": line}
    parts = {"family": family, "given": given, "suffix": suffix}
    return {part: value for part, value in parts.items() if value}


def _csl_date(paper: Paper) -> dict[str, Any]:
    day = paper.date
    return {"date-parts": [[day.year, day.month, day.day]]} if day else {}


def _csl_preprint(paper: Paper) -> dict[str, str]:
    """What tells where a paper is that is not published elsewhere, as Zotero writes it."""
    arxiv = arxiv_id(paper)
    return {"publisher": "arXiv", "number": f"arXiv:{arxiv}"} if arxiv else {}


def citation_tags(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Names and contents of the `<meta>` tags that Google Scholar and Zotero read; none empty.

    The page's own URL is left out: its canonical link has it."""
    kind, venue = _venue_kind(paper), _line(paper.venue)
    tags = [
        ("citation_title", _line(plain_title(paper.title))),
        *[("citation_author", _name(name).line) for name in paper.authors],
        ("citation_publication_date", _slashed(paper.date)),
        ("citation_journal_title", venue if kind == "journal" else ""),
        ("citation_conference_title", venue if kind == "conference" else ""),
        ("citation_arxiv_id", arxiv_id(paper)),
        ("citation_doi", _line(doi(paper))),
        ("citation_pdf_url", _line(paper.link("pdf"))),
    ]
    return tuple([tag for tag in tags if tag[1]])


def json_ld(paper: Paper) -> str:
    """The paper as a schema.org ScholarlyArticle, as JSON that may stand inside `<script>`.

    Says who wrote what and when, for whoever does not read citation tags; where the paper lies and
    was published is left to these, and the abstract to the page: they would weigh as much again."""
    group = _line(paper.organization)
    values = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "name": _line(plain_title(paper.title)),
        "author": [{"@type": "Person", "name": _name(name).line} for name in paper.authors],
        "sourceOrganization": {"@type": "Organization", "name": group} if group else {},
        "datePublished": paper.date.isoformat() if paper.date else "",
    }
    known = {key: value for key, value in values.items() if value}
    return _script_safe(orjson.dumps(known).decode())


def _script_safe(json: str) -> str:
    """JSON in which nothing can end a script element, start a comment or break a line."""
    for character, escape in _IN_SCRIPT:
        json = json.replace(character, escape)
    return json
