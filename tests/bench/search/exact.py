"""Exactness: the ids and scores of our reader beside those of lunr.js itself."""

from collections import Counter
from typing import Any

from generator.text.words import FIELDS
from tests.bench.search import node
from tests.bench.search.queries import random_queries
from tests.bench.search.site import Site
from tests.bench.tables import Part, Table

WHOLE = 10_000
"""Papers that one lunr.js index holds well; beyond, our own scorer judges."""


def exact(site: Site, count: int, whole: bool = False) -> Part:
    """Ask `count` queries of every kind; `whole` asks one lunr.js at any size."""
    queries = random_queries(site.inputs, count)
    judged_by_lunr = whole or site.inputs.size <= WHOLE
    answer = node.ask(
        "exact.js",
        reader=site.reader,
        site=site.folder,
        documents=site.inputs.normalised,
        boosts=FIELDS,
        queries=[{"kind": query.kind, "text": query.text} for query in queries],
        whole=judged_by_lunr,
    )
    ours, scorer = answer["faults"]["ours"], answer["faults"]["scorer"]
    asked, wrong = Counter(q.kind for q in queries), Counter(fault["kind"] for fault in ours)
    table = Table(f"Exactness, {site.inputs.size:,} papers; judge: {answer['judge']}")
    table.head("kind", "queries", "differences")
    for kind, number in asked.items():
        table.row(kind, number, wrong[kind])
    table.row("in all", len(queries), len(ours))
    if judged_by_lunr:
        table.row("our scorer beside lunr.js", len(queries), len(scorer))
    table.note(f"{answer['found']:,} papers found by all queries together")
    for who, faults in (("ours", ours), ("scorer", scorer)):
        for fault in faults[:10]:
            table.note(f"{who}: {_told(fault)}")
    return Part([table], {**answer, "queries": len(queries), "differences": len(ours)})


def _told(fault: dict[str, Any]) -> str:
    return f"{fault['kind']} '{fault['text']}' ({fault['wanted']} papers): {fault['fact']}"
