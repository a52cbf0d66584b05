"""The others: how each is built of the same documents, and up to how many."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from generator.text.words import FIELDS
from tests.bench.documents import REPOSITORY, Inputs
from tests.bench.search import node


@dataclass(frozen=True, slots=True)
class Peer:
    """Another search for static sites."""

    name: str
    builder: str
    """A script of this folder, or a module of Python in it."""
    most: int = 100_000
    """Papers from which on it takes too long or too much memory."""
    time: float = 600
    """Seconds it is given to build."""

    def command(self, inputs: Inputs, work: Path) -> list[str]:
        """The command line that builds its index in its folder."""
        arguments = [str(inputs.plain), str(self.folder(inputs.size, work))]
        if self.builder.endswith(".js"):
            return node.command(self.builder, *arguments, json.dumps(FIELDS))
        return [sys.executable, "-m", f"{__package__}.{self.builder}", *arguments]

    def folder(self, size: int, work: Path) -> Path:
        """Where its index of so many papers lies."""
        return work / f"{self.builder.partition('.')[0]}-{size}"

    def built(self, inputs: Inputs, work: Path) -> Path | None:
        """The folder of its index, which is built unless an earlier part did; None where it is
        too much for it."""
        folder = self.folder(inputs.size, work)
        if inputs.size > self.most:
            return None
        if not folder.is_dir():
            command = self.command(inputs, work)
            try:
                subprocess.run(
                    command, cwd=REPOSITORY, check=True, timeout=self.time, stdout=sys.stderr
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
                shutil.rmtree(folder, ignore_errors=True)
                return None
        return folder


LUNR_PY = Peer("lunr.py", "lunr_py", most=10_000)
LUNR = Peer("lunr.js", "build_lunr.js", most=10_000)
MINISEARCH = Peer("MiniSearch", "build_minisearch.js")
PAGEFIND = Peer("Pagefind", "build_pagefind.js")
PEERS = (LUNR_PY, LUNR, MINISEARCH, PAGEFIND)
