"""Build: everybody's index of the same documents, each as a process of its own."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median_low
from typing import Any

import orjson

from tests.bench.documents import Inputs, read_lines
from tests.bench.measure import Cost, measure
from tests.bench.search import sending
from tests.bench.search.peers import LUNR_PY, PAGEFIND, PEERS, Peer
from tests.bench.search.site import Site, build_command
from tests.bench.tables import Part, Table

ROUNDS = 3
MANY = 10_000
"""Papers beyond which one round must do."""
LIMIT = 1_200.0
"""Seconds for ours."""
OURS = "Broadsheet"


def building(site: Site, work: Path, with_peers: bool) -> Part:
    """Build by turns, then again with one paper changed."""
    size = site.inputs.size
    costs = _rounds(site.inputs, work, [peer for peer in PEERS if with_peers and size <= peer.most])
    table = Table(f"Index build, {size:,} papers: {_rounds_of(size)} by turns, their median")
    table.head("", "s", "CPU s", "MB, all processes", "MB, largest", "our time is")
    ours = costs[OURS]
    for name, cost in costs.items():
        if cost is None:
            table.row(name, *[None] * 5)
            continue
        memory = (round(cost.peak / 1e6), round(cost.largest / 1e6))
        ratio = ours.wall / cost.wall if ours else None
        table.row(name, cost.wall, cost.cpu, *memory, ratio)
    table.note("from a file of plain documents to an index on disk; memory is the PSS of all")
    changed, figures = _changes(site, work)
    told = {name: asdict(cost) for name, cost in costs.items() if cost}
    return Part([table, changed], {"costs": told, "changes": figures, **_ratios(costs)})


def _rounds_of(size: int) -> str:
    return "once" if size > MANY else f"{ROUNDS} times"


def _ratios(costs: Mapping[str, Cost | None]) -> dict[str, float]:
    """Our time by that of those whom the goals name."""
    ours = costs[OURS]
    others = {peer.name: costs.get(peer.name) for peer in (LUNR_PY, PAGEFIND)}
    return {f"of {name}": ours.wall / cost.wall for name, cost in others.items() if ours and cost}


def _rounds(inputs: Inputs, work: Path, peers: Sequence[Peer]) -> dict[str, Cost | None]:
    """Everybody by turns; the median of each. The indexes of the last round stay for the other
    parts; the rest goes at the end, since deleting slows the disk down."""
    seen: dict[str, list[Cost | None]] = {}
    for turn in range(1 if inputs.size > MANY else ROUNDS):
        folder = work / f"round-{inputs.size}-{turn}"
        ours = build_command(inputs, folder / "ours")
        seen.setdefault(OURS, []).append(measure(ours, LIMIT))
        for peer in peers:
            cost = measure(peer.command(inputs, folder), peer.time)
            seen.setdefault(peer.name, []).append(cost)
    for peer in peers:
        made, kept = peer.folder(inputs.size, folder), peer.folder(inputs.size, work)
        if seen[peer.name][-1] and not kept.is_dir():
            made.rename(kept)
    for folder in work.glob(f"round-{inputs.size}-*"):
        shutil.rmtree(folder)
    return {name: _median(costs) for name, costs in seen.items()}


def _median(costs: Sequence[Cost | None]) -> Cost | None:
    """The cost of middle time; None where one failed."""
    done = [cost for cost in costs if cost]
    if len(done) < len(costs):
        return None
    return next(cost for cost in done if cost.wall == median_low(cost.wall for cost in done))


# -- one paper changed -----------------------------------------------------------------------------


def _changes(site: Site, work: Path) -> tuple[Table, dict[str, Any]]:
    """Build with one paper changed, and with one more, beside an index that is there."""
    size, folder = site.inputs.size, work / f"changed-{site.inputs.size}"
    table = Table(f"The next build, {size:,} papers")
    table.head("", "s", "files", "new files", "KB as sent", "files gone")
    figures: dict[str, Any] = {}
    memory, before = folder / "memory", _files(site.folder)
    measure([*build_command(site.inputs, folder / "first"), str(memory)], LIMIT)
    for name, records in _changed(site.inputs).items():
        papers, target = folder / f"{name}.jsonl", folder / name
        papers.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
        cost = measure([*build_command(site.inputs, target, papers), str(memory)], LIMIT)
        if cost is None:
            table.row(name, *[None] * 5)
            continue
        after = _files(target)
        new = [path for path, content in after.items() if before.get(path) != content]
        sent = sum(sending.size(target / path) for path in new)
        gone = len(before.keys() - after.keys())
        table.row(name, cost.wall, len(after), len(new), round(sent / 1000, 1), gone)
        figures[name] = {"new": len(new), "sent": sent, "wall": cost.wall}
    shutil.rmtree(folder)
    table.note("with what the first build remembered; the manifest is one of the new files")
    return table, figures


def _changed(inputs: Inputs) -> dict[str, list[dict[str, Any]]]:
    papers = list(read_lines(inputs.papers))
    place = len(papers) // 2
    edited = {**papers[place], "markdown": f"{papers[place]['markdown']} Edited thoroughly."}
    newest = {**papers[0], "id": "one-more", "date": max(paper["date"] for paper in papers)}
    return {
        "nothing changed": papers,
        "one abstract edited": [*papers[:place], edited, *papers[place + 1 :]],
        "one paper more": [*papers, newest],
    }


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in (folder / "search").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
