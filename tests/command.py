"""Runs the program as a person does: a process of its own, its output and exit code."""

import signal
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent


def broadsheet(
    *arguments: str, site: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`broadsheet ARGUMENTS` with `site` as its folder."""
    with start(*arguments, site=site, environment=environment) as process:
        try:
            out, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def start(
    *arguments: str, site: Path, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """The same, under way."""
    return subprocess.Popen(
        [sys.executable, "-m", "generator", *arguments],
        cwd=site,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,
    )


def hears_ctrl_c() -> None:
    """To be called in a new process: what runs in the background of a shell ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by relative path."""
    return {
        place.relative_to(folder).as_posix(): place.read_bytes()
        for place in sorted(folder.rglob("*"))
        if place.is_file()
    }
