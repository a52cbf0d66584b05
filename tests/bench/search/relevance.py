"""Relevance: queries whose answer is known, asked of everybody over the same documents."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from generator.text.words import FIELDS
from tests.bench.search import node, peers
from tests.bench.search.queries import Query, judged_queries
from tests.bench.search.site import Site
from tests.bench.tables import Part, Table

OURS, LUNR = "Broadsheet", "Broadsheet, in lunr's order"
WIDE = {"prefix": True, "fuzzy": 0.2}
"""MiniSearch's options for misspelt and unfinished words."""

Answers = Sequence[Sequence[str]]
"""Ids for each query, best first."""
Measure = Callable[[Query, Sequence[str]], float]


def relevance(site: Site, work: Path, with_peers: bool) -> Part:
    """Ask the judged queries of everybody that holds so many papers."""
    queries = judged_queries(site.inputs)
    ours = {"reader": site.reader}
    answers = {
        OURS: _ask("ours", site.folder, queries, **ours, options={"allFirst": True}),
        LUNR: _ask("ours", site.folder, queries, **ours),
    }
    if with_peers:
        answers |= _peers(site, work, queries)
    table = Table(f"Relevance, {site.inputs.size:,} papers, {len(queries)} judged queries")
    kinds = [*dict.fromkeys(query.kind for query in queries), ""]
    names = [kind or "in all" for kind in kinds]
    table.head("MRR · recall@10", *names)
    figures: dict[str, Any] = {}
    for name, given in answers.items():
        scores = [_scores(queries, given, kind) for kind in kinds]
        table.row(name, *(f"{score['mrr']:.3f} · {score['recall']:.3f}" for score in scores))
        figures[name] = dict(zip(names, scores, strict=True))
    for note in _misses(queries, {n: ids for n, ids in answers.items() if n != LUNR}):
        table.note(note)
    return Part([table], figures)


def _peers(site: Site, work: Path, queries: Sequence[Query]) -> dict[str, Answers]:
    answers: dict[str, Answers] = {}
    if folder := peers.LUNR.built(site.inputs, work):
        answers["lunr.js"] = _ask("wholeLunr", folder, queries)
    if folder := peers.MINISEARCH.built(site.inputs, work):
        plain = _ask("miniSearch", folder, queries, boosts=FIELDS, options={})
        wide = _ask("miniSearch", folder, queries, boosts=FIELDS, options=WIDE)
        both = {"MiniSearch": plain, "MiniSearch, prefix and fuzzy": wide}
        name = max(both, key=lambda name: _scores(queries, both[name])["mrr"])
        answers[name] = both[name]
    if folder := peers.PAGEFIND.built(site.inputs, work):
        answers["Pagefind"] = _ask("pagefind", folder, queries)
    return answers


def _ask(engine: str, folder: Path, queries: Sequence[Query], **needs: Any) -> Answers:
    texts = [query.text for query in queries]
    answers: Answers = node.ask("relevant.js", engine=engine, folder=folder, queries=texts, **needs)
    return answers


def _scores(queries: Sequence[Query], answers: Answers, kind: str = "") -> dict[str, float]:
    """Mean reciprocal rank and recall@10 over the queries of a kind, or all."""
    pairs = [
        pair for pair in zip(queries, answers, strict=True) if not kind or pair[0].kind == kind
    ]
    return {
        "mrr": mean(_reciprocal_rank(*pair) for pair in pairs),
        "recall": mean(_recall(*pair) for pair in pairs),
    }


def _reciprocal_rank(query: Query, ids: Sequence[str]) -> float:
    return next((1 / rank for rank, found in enumerate(ids, 1) if found in query.wanted), 0.0)


def _recall(query: Query, ids: Sequence[str]) -> float:
    return len(set(ids) & set(query.wanted)) / len(query.wanted)


def _misses(queries: Sequence[Query], answers: Mapping[str, Answers]) -> list[str]:
    """The queries for which somebody ranks a wanted paper higher than we do."""
    notes = []
    for number, query in enumerate(queries):
        ranks = {name: _reciprocal_rank(query, given[number]) for name, given in answers.items()}
        better = [name for name, rank in ranks.items() if rank > ranks[OURS]]
        if better:
            told = ", ".join(f"{name} {_place(ranks[name])}" for name in better)
            notes.append(f"{query.kind} '{query.text}': ours {_place(ranks[OURS])}; {told}")
    return notes


def _place(reciprocal: float) -> str:
    return f"{round(1 / reciprocal)}." if reciprocal else "not in the first ten"
