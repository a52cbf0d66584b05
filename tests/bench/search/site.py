"""What the parts look at: the index of some papers in a folder, and the reader beside it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.documents import REPOSITORY, Inputs, inputs
from tests.bench.search.node import copy_reader


@dataclass(frozen=True, slots=True)
class Site:
    """Some papers and their index."""

    inputs: Inputs
    folder: Path
    """The site's root: the index is in `search/`, our reader in `reader/`."""
    reader: Path
    """`search.js`."""


def make_site(size: int, work: Path) -> Site:
    """Build the index of the first `size` papers below the folder `work`."""
    made, folder = inputs(size), work / f"site-{size}"
    if folder.is_dir():  # an earlier run's
        shutil.rmtree(folder)
    reader = copy_reader(folder / "reader")
    subprocess.run(build_command(made, folder), cwd=REPOSITORY, check=True)
    return Site(made, folder, reader)


def build_command(made: Inputs, folder: Path, papers: Path | None = None) -> list[str]:
    """The command line that builds our index of the papers, or of others in their stead."""
    read = str(papers or made.papers)
    return [sys.executable, "-m", "tests.bench.search.ours", read, str(folder)]
