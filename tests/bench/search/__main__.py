"""Our search beside its peers, on real papers.

    python -m tests.bench.search [--sizes 1000,10000] [--only exact,bytes] [--no-peers]

Needs Node, the packages of this folder (`npm ci`) and, for the part `chromium`, Chromium."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.documents import CORPUS
from tests.bench.search import node
from tests.bench.search.building import building
from tests.bench.search.chromium import chromium
from tests.bench.search.compute import compute
from tests.bench.search.exact import exact
from tests.bench.search.relevance import relevance
from tests.bench.search.site import Site, make_site
from tests.bench.search.summary import summary
from tests.bench.search.transfer import transfer
from tests.bench.tables import Part

Run = Callable[[Site, Path, argparse.Namespace], Part]
PARTS: Mapping[str, Run] = {
    "build": lambda site, work, said: building(site, work, said.peers),
    "exact": lambda site, _, said: exact(site, said.queries, said.whole_lunr),
    "relevance": lambda site, work, said: relevance(site, work, said.peers),
    "bytes": lambda site, work, said: transfer(site, work, 300, said.peers),
    "compute": lambda site, work, said: compute(site, work, said.queries, said.peers),
    "chromium": lambda site, work, said: chromium(site, work, said.peers),
}
"""In the order they run."""


def main() -> None:
    """Run it."""
    said = _options()
    if not node.ready():
        sys.exit("needs Node and its packages: `make bench-search`, or `npm ci` in this folder")
    if not CORPUS.is_file():
        print(f"{CORPUS} is not there: papers of made-up words stand in for real ones", flush=True)
    figures: dict[str, Any] = {}
    with _folder(said.output) as folder:
        for size in said.sizes:
            site = make_site(size, folder)
            for name in said.only:
                part = PARTS[name](site, folder, said)
                figures.setdefault(name, {})[size] = part.figures
                (folder / "figures.json").write_text(json.dumps(figures, indent=1))
                print(*part.tables, sep="\n", flush=True)
    print(summary(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=[1_000, 10_000, 100_000])
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--queries", type=int, default=500, help="for exactness and compute")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument(
        "--whole-lunr", action="store_true", help="one lunr.js judges at 100,000 papers, too"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="keeps figures.json there, and the indexes, those of the peers for the next run",
    )
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _parts(text: str) -> list[str]:
    wanted = text.split(",")
    if unknown := set(wanted) - PARTS.keys():
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return [name for name in PARTS if name in wanted]


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """The folder given, or one that is gone afterwards."""
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()
