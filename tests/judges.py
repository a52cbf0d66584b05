"""The judges that run in Node: lunr.js 2.3.9 and our own reader of the search index."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
READER = REPOSITORY / "themes/broadsheet/static/search/search.js"


def ask(script: str, **question: Any) -> Any:
    """The answer of `tests/node/SCRIPT` to a question, both JSON. A judge that cannot be heard
    fails the test: an unchecked promise is not a kept one."""
    folder = REPOSITORY / "tests/node"
    node = shutil.which("node")
    if node is None or not (folder / "node_modules/lunr").is_dir():
        pytest.fail("needs Node and lunr.js: run `make test`, or `npm ci` in tests/node")
    run = subprocess.run(
        [node, str(folder / script)],
        input=json.dumps({"reader": str(READER), **question}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
