"""Compute: how long Node takes for a query whose files are in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generator.text.words import FIELDS
from tests.bench.search import node, peers
from tests.bench.search.queries import Query, random_queries, two_word_queries
from tests.bench.search.site import Site
from tests.bench.tables import Part, Table, spread

SOME = 100
"""Queries asked of the others, who take longer."""


def compute(site: Site, work: Path, count: int, with_peers: bool) -> Part:
    """Ask `count` queries, the first ten results of each, from an index just opened and again."""
    size, queries = site.inputs.size, two_word_queries(site.inputs, count)
    every, ours = random_queries(site.inputs, count), {"reader": site.reader}
    rows = {
        "Broadsheet, two words": _asked("ours", site.folder, queries, **ours),
        "Broadsheet, every kind": _asked("ours", site.folder, every, **ours),
    }
    if with_peers:
        rows |= _peers(site, work, queries[:SOME])
    table = Table(f"ms for a query in Node, {size:,} papers, {count} queries, files in memory")
    ways = ("just opened", "warm")
    table.head("", *(f"{way}: {s}" for way in ways for s in ("median", "95 %", "worst")), "opening")
    for name, row in rows.items():
        cells = (row[way][share] if row[way] else None for way in ways for share in row["warm"])
        table.row(name, *cells, row["opening"])
    for name in list(rows)[:2]:
        table.note(f"{name}: slowest '{rows[name]['slowest']}'")
    if with_peers:
        table.note(f"the others: the first {SOME} of the queries")
    table.note("just opened: with opening the index and decoding; the code has run before")
    return Part([table], rows)


def _peers(site: Site, work: Path, queries: Sequence[Query]) -> dict[str, Any]:
    rows = {}
    if folder := peers.PAGEFIND.built(site.inputs, work):
        rows["Pagefind"] = _asked("pagefind", folder, queries)
    if folder := peers.LUNR.built(site.inputs, work):
        rows["lunr.js"] = _asked("wholeLunr", folder, queries, whole=True)
    if folder := peers.MINISEARCH.built(site.inputs, work):
        settings = {"boosts": FIELDS, "options": {}, "whole": True}
        rows["MiniSearch"] = _asked("miniSearch", folder, queries, **settings)
    return rows


def _asked(engine: str, folder: Path, queries: Sequence[Query], **needs: Any) -> dict[str, Any]:
    texts = [query.text for query in queries]
    times = node.ask("compute.js", engine=engine, folder=folder, queries=texts, **needs)
    slowest = max(zip(times["fresh"] or times["warm"], texts, strict=True))
    return {
        "slowest": slowest[1],
        "just opened": spread(times["fresh"]) if times["fresh"] else None,
        "warm": spread(times["warm"]),
        "opening": times["opening"],
    }
