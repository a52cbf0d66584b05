"""Which types of source there are. A new one is one module, one line here, one payload in tests.

Others add theirs without touching this file: an entry point in the group `broadsheet.sources`,
named after the type, that leads to a function from SourceConfig to Source.
"""

from collections.abc import Callable
from importlib.metadata import entry_points

from generator.config import SITE_YML, SourceConfig
from generator.errors import BroadsheetError, Problem, nearest, problem
from generator.sources.acl_anthology import open_acl_anthology
from generator.sources.arxiv import open_arxiv
from generator.sources.bibtex import open_bibtex
from generator.sources.broadsheet import open_broadsheet
from generator.sources.crossref import open_crossref
from generator.sources.csv_table import open_csv
from generator.sources.dblp import open_dblp
from generator.sources.feed import open_feed
from generator.sources.huggingface import open_huggingface
from generator.sources.listing import open_listing
from generator.sources.markdown_list import open_markdown_list
from generator.sources.oai import open_oai
from generator.sources.openalex import open_openalex
from generator.sources.openreview import open_openreview
from generator.sources.papers_with_code import open_papers_with_code
from generator.sources.pmlr import open_pmlr
from generator.sources.records import open_records
from generator.sources.ris import open_ris
from generator.sources.semantic_scholar import open_semantic_scholar
from generator.sources.source import Source

ENTRY_POINTS = "broadsheet.sources"
TYPES: dict[str, Callable[[SourceConfig], Source]] = {
    "acl_anthology": open_acl_anthology,
    "arxiv": open_arxiv,
    "bibtex": open_bibtex,
    "broadsheet": open_broadsheet,
    "crossref": open_crossref,
    "csv": open_csv,
    "dblp": open_dblp,
    "feed": open_feed,
    "huggingface": open_huggingface,
    "json": open_records,
    "listing": open_listing,
    "markdown_list": open_markdown_list,
    "oai": open_oai,
    "openalex": open_openalex,
    "openreview": open_openreview,
    "papers_with_code": open_papers_with_code,
    "pmlr": open_pmlr,
    "ris": open_ris,
    "semantic_scholar": open_semantic_scholar,
}


def open_source(config: SourceConfig) -> Source:
    """The source an entry of site.yml describes. Raises BroadsheetError for an unknown type and
    for every option that is wrong, unknown or missing."""
    factory = TYPES.get(config.type) or _third_party(config)
    return factory(config)


def open_sources(configs: tuple[SourceConfig, ...]) -> dict[str, Source]:
    """Every source by its name. Raises BroadsheetError with the problems of all of them."""
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for config in configs:
        try:
            sources[config.name] = open_source(config)
        except BroadsheetError as error:
            problems.extend(error.problems)
    if problems:
        raise BroadsheetError(problems)
    return sources


def _third_party(config: SourceConfig) -> Callable[[SourceConfig], Source]:
    """The factory another package offers for the type. Raises BroadsheetError."""
    offered = entry_points(group=ENTRY_POINTS)
    for entry in offered:
        if entry.name == config.type:
            factory: Callable[[SourceConfig], Source] = entry.load()
            return factory
    known = sorted({*TYPES, *(entry.name for entry in offered)})
    fact = f"source '{config.name}': unknown type '{config.type}'"
    raise problem(SITE_YML, fact, _hint(config.type, known))


def _hint(word: str, known: list[str]) -> str:
    """The nearest known type, if any is near, and all of them."""
    near, listed = nearest(word, known), f"known are {', '.join(known)}"
    return listed if near == listed else f"{near} K{listed[1:]}"
