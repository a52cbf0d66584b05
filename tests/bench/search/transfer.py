"""Bytes: what a reader who comes from elsewhere fetches for the first ten results of two words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.search import node, peers, sending
from tests.bench.search.queries import Query, two_word_queries
from tests.bench.search.site import Site
from tests.bench.tables import Part, Table, spread

Fetched = Sequence[tuple[str, int]]
"""Paths, and in which round trip each was asked for."""
LUNR_FILE, MINISEARCH_FILE = "lunr.json", "minisearch.json"


def transfer(site: Site, work: Path, count: int, with_peers: bool) -> Part:
    """Ask `count` queries, each from cold."""
    size, queries = site.inputs.size, two_word_queries(site.inputs, count)
    ours = {"reader": site.reader}
    rows = {
        "Broadsheet": _asked("ours", site.folder, queries, **ours),
        "Broadsheet, with facets": _asked(
            "ours", site.folder, queries, **ours, options={"facets": True}
        ),
    }
    if with_peers and (folder := peers.PAGEFIND.built(site.inputs, work)):
        rows["Pagefind"] = _asked("pagefind", folder, queries)
    if with_peers:
        rows |= _whole_files(site, work)
    table = Table(f"KB for the first ten results of two words, {size:,} papers, {count} queries")
    table.head("", "median", "95 %", "worst", "requests", "worst", "round trips", "worst")
    for name, row in rows.items():
        kb = (row["bytes"][share] / 1000 for share in ("median", "most", "worst"))
        counts = (row[key][share] for key in ("requests", "trips") for share in ("median", "worst"))
        table.row(name, *(round(value, 1) for value in kb), *counts)
    return Part([table, weight_table(site, work, with_peers)], {"queries": rows, **_weights(site)})


def weight_table(site: Site, work: Path, with_peers: bool) -> Table:
    """The whole index of everybody, as files."""
    size = site.inputs.size
    folders = {"Broadsheet": site.folder / "search"}
    if with_peers:
        built = ((peer.name, peer.built(site.inputs, work)) for peer in peers.PEERS)
        folders |= {name: folder for name, folder in built if folder}
    table = Table(f"The whole index, {size:,} papers")
    table.head("", "files", "KB", "KB as sent", "KB of disk", "B a paper, sent", "B a paper, disk")
    for name, folder in folders.items():
        weight = sending.weigh(folder)
        kilobytes = (round(weight[key] / 1000) for key in ("bytes", "sent", "disk"))
        a_paper = (round(weight[key] / size) for key in ("sent", "disk"))
        table.row(name, weight["files"], *kilobytes, *a_paper)
    manifest = sending.size(site.folder / "search/manifest.json")
    table.note(f"our manifest: {manifest / 1000:.1f} KB as sent")
    for part in sorted(place for place in (site.folder / "search").iterdir() if place.is_dir()):
        inside = sending.weigh(part)
        table.note(
            f"our {part.name}/: {inside['files']:,} files, {inside['sent'] / 1000:,.0f} KB as sent"
        )
    return table


def _weights(site: Site) -> dict[str, Any]:
    whole = sending.weigh(site.folder / "search")
    return {
        "manifest": sending.size(site.folder / "search/manifest.json"),
        "index": whole,
        "per paper": whole["sent"] / site.inputs.size,
    }


def _asked(engine: str, folder: Path, queries: Sequence[Query], **needs: Any) -> dict[str, Any]:
    texts = [query.text for query in queries]
    answers = node.ask("transfer.js", engine=engine, folder=folder, queries=texts, **needs)
    return {
        "bytes": spread([_sent(folder, fetched) for fetched in answers]),
        "requests": spread([len(fetched) for fetched in answers]),
        "trips": spread([max(trip for _, trip in fetched) for fetched in answers]),
    }


def _sent(folder: Path, fetched: Fetched) -> int:
    return sum(sending.size(folder / path.lstrip("/")) for path, _ in fetched)


def _whole_files(site: Site, work: Path) -> Mapping[str, Any]:
    """What is one file must come whole, without anything to show of the papers."""
    found = {}
    for peer, name in ((peers.LUNR, LUNR_FILE), (peers.MINISEARCH, MINISEARCH_FILE)):
        if folder := peer.built(site.inputs, work):
            once = spread([1])
            found[f"{peer.name}, index only"] = {
                "bytes": spread([sending.size(folder / name)]),
                "requests": once,
                "trips": once,
            }
    return found
