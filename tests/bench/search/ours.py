"""A process that does nothing but build our index:

    python -m tests.bench.search.ours PAPERS FOLDER [MEMORY]

PAPERS is a `papers.jsonl`; the files come below FOLDER, and what is there under its name stays, for
a shard's name says what is in it. MEMORY is a file for what the next build may know; without it
nothing is remembered."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from generator.publish.search import render_search
from generator.storage.cache import open_cache
from tests.bench.documents import library


def build(papers: Path, folder: Path, memory: Path | None) -> None:
    """Write the index of the papers below the folder, with a process for each core, started as a
    build of a whole site starts them."""
    context = multiprocessing.get_context("forkserver")
    remembering = open_cache(memory, "bench") if memory else nullcontext()
    with ProcessPoolExecutor(mp_context=context) as pool, remembering as cache:
        for file in render_search(library(papers), pool, cache):
            place = folder / file.path
            if place.suffix == ".json" or not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.content)


if __name__ == "__main__":
    papers, folder, *memory = map(Path, sys.argv[1:])
    build(papers, folder, memory[0] if memory else None)
