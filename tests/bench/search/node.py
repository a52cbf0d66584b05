"""Scripts of this folder in Node: a question in JSON goes in, an answer in JSON comes out."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.bench.documents import REPOSITORY

HERE = Path(__file__).parent
THEME = REPOSITORY / "themes/broadsheet/static/search"
MEMORY = 12_000
"""MB that a script's objects may take."""


def ready() -> bool:
    """Whether Node and the packages are there."""
    return shutil.which("node") is not None and (HERE / "node_modules/lunr").is_dir()


def command(script: str, *arguments: str | Path) -> list[str]:
    """The command line that runs a script."""
    return ["node", f"--max-old-space-size={MEMORY}", str(HERE / script), *map(str, arguments)]


def ask(script: str, **question: Any) -> Any:
    """What the script prints, asked this. What it says on the way goes to the terminal."""
    run = subprocess.run(
        command(script),
        input=json.dumps(question, default=str),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def copy_reader(folder: Path) -> Path:
    """Copy the theme's reader of the index into a folder, as modules that Node and browsers load,
    and give the path of `search.js`: a run reads with one reader, whoever edits the theme."""
    shutil.copytree(THEME, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder / "search.js"
