"""Runs the program as a person does: a process of its own, its output and exit code."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent


def broadsheet(
    *arguments: str, site: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`broadsheet ARGUMENTS` with `site` as its folder."""
    return subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        cwd=site,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by relative path."""
    return {
        place.relative_to(folder).as_posix(): place.read_bytes()
        for place in sorted(folder.rglob("*"))
        if place.is_file()
    }
