"""What arXiv knows of papers that other sources list: categories, DOI, journal, versions.

Owns which papers arXiv is asked about, and that nothing else of its answer counts. The asking is
`fetch.py`'s, the format `arxiv.py`'s. Each paper is asked about once: what arXiv said stays in the
state under ENRICH_ARXIV, and that it said nothing, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from generator.config import SourceConfig
from generator.errors import Problem
from generator.library.identity import Listed
from generator.library.said import ENRICH_ARXIV, Said
from generator.model import Paper
from generator.sources.arxiv import open_arxiv
from generator.sources.fetch import Fetched
from generator.sources.lookup import endpoint_of
from generator.sources.source import Source
from generator.text.slug import arxiv_id, paper_slug

OLDER = 300
"""At most so many papers that this pull does not name: a site catches up over days."""
MOST = 2_000
"""At most so many papers a pull."""
_CATEGORIES = "categories"
_PATIENCE = timedelta(days=14)
"""After so long arXiv knows of a paper, or never will."""


class Enriched(Struct, frozen=True, kw_only=True):
    """What arXiv answered."""

    listed: tuple[Listed, ...] = ()
    """As of a source that is trusted less than all others; nothing where it failed."""
    silent: tuple[str, ...] = ()
    """arXiv ids that it knows nothing of."""
    problems: tuple[Problem, ...] = ()


def answers_for(ids: Sequence[str], got: Fetched, today: date) -> Enriched:
    """What was answered about papers by their arXiv ids. Of other papers arXiv may not speak."""
    asked = {arxiv.lower() for arxiv in ids}
    records = tuple(record for record in got.records if record.arxiv.lower() in asked)
    told = {record.arxiv.lower() for record in records}
    whole = not (got.failed or got.missing)
    return Enriched(
        listed=(Listed(source=ENRICH_ARXIV, day=today, records=records),) if records else (),
        silent=tuple(arxiv for arxiv in ids if whole and arxiv.lower() not in told),
        problems=got.problems,
    )


def lacking(
    listed: Sequence[Listed], pages: Mapping[str, tuple[str, Paper]], said: Mapping[str, Said]
) -> tuple[str, ...]:
    """The arXiv ids of papers whose categories nobody told, those that this pull names first, then
    older ones, the newest first."""
    by_id = papers_by_id(pages)
    records = [record for batch in listed for record in batch.records if record.arxiv]
    told = {record.arxiv.lower() for record in records if record.categories}
    named = dict.fromkeys(record.arxiv for record in records if record.arxiv.lower() not in told)
    new = [arxiv for arxiv in named if _lacks(arxiv, by_id.get(arxiv.lower()), said)]
    known = told | {arxiv.lower() for arxiv in named}
    older = (paper for arxiv, paper in by_id.items() if arxiv not in known)
    waiting = [p for p in sorted(older, key=_newest_first) if _lacks(_arxiv_of(p), p, said)]
    return (*new, *map(_arxiv_of, waiting[:OLDER]))[:MOST]


def papers_by_id(pages: Mapping[str, tuple[str, Paper]]) -> dict[str, Paper]:
    """The papers of arXiv, by their ids there in lower case."""
    papers = (paper for _, paper in pages.values())
    return {arxiv.lower(): paper for paper in papers if (arxiv := _arxiv_of(paper))}


def _arxiv_of(paper: Paper) -> str:
    return arxiv_id(paper.id) or arxiv_id(paper.link("abstract"))


def _newest_first(paper: Paper) -> tuple[int, str]:
    return -(paper.added or date.min).toordinal(), paper.id


def _lacks(arxiv: str, paper: Paper | None, said: Mapping[str, Said]) -> bool:
    """Whether nobody told a paper's categories: no source, no person, nor arXiv when it was asked.
    A page that a person deleted lacks nothing."""
    if paper is None:
        return paper_slug(arxiv=arxiv) not in said
    fields = said.get(paper.id, Said()).fields
    told = any(_CATEGORIES in values for values in fields.values())
    return not (paper.categories or paper.hidden or told or ENRICH_ARXIV in fields)


def ask_arxiv(ids: Sequence[str], configs: Sequence[SourceConfig]) -> Source:
    """arXiv, asked for papers by id, where the site's own source of that type asks it."""
    endpoint = endpoint_of("arxiv", configs)
    options = {"ids": list(ids)} | ({"endpoint": endpoint} if endpoint else {})
    return open_arxiv(SourceConfig(name=ENRICH_ARXIV, type="arxiv", options=options))


def remember_silence(
    said: Mapping[str, Said],
    silent: Iterable[str],
    pages: Mapping[str, tuple[str, Paper]],
    today: date,
) -> dict[str, Said]:
    """The state, in which papers that arXiv did not answer for are noted: those that are here long
    enough are not asked about again. `silent`: their ids there."""
    papers = papers_by_id(pages)
    known = (papers[arxiv.lower()] for arxiv in silent if arxiv.lower() in papers)
    noted = {each.id: _noted(said.get(each.id, Said())) for each in known if _is_old(each, today)}
    return dict(sorted({**said, **noted}.items()))


def _is_old(paper: Paper, today: date) -> bool:
    return bool(paper.added and paper.added < today - _PATIENCE)


def _noted(said: Said) -> Said:
    return replace(said, fields={**said.fields, ENRICH_ARXIV: said.fields.get(ENRICH_ARXIV, {})})
