"""A process that does nothing but build a whole index with lunr.py, as its guide has it:

python -m tests.bench.search.lunr_py DOCUMENTS FOLDER"""

import json
import sys
from pathlib import Path

from lunr import lunr  # type: ignore[import-untyped]

from generator.text.words import FIELDS
from tests.bench.documents import read_lines


def build(documents: Path, folder: Path) -> None:
    """Write the index of the documents as JSON."""
    fields = [{"field_name": name, "boost": boost} for name, boost in FIELDS.items()]
    index = lunr(ref="id", fields=fields, documents=list(read_lines(documents)))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lunr.json").open("w") as file:
        json.dump(index.serialize(), file)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
