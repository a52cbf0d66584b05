"""A process that does nothing but build our index:

    python -m tests.bench.search.ours PAPERS FOLDER

PAPERS is a `papers.jsonl`; the files come below FOLDER."""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from generator.publish.search import render_search
from tests.bench.search.documents import library


def build(papers: Path, folder: Path) -> None:
    """Write the index of the papers below the folder, with a process for each core."""
    with ProcessPoolExecutor() as pool:
        for file in render_search(library(papers), pool):
            place = folder / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.content)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
