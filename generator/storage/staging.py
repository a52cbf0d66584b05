"""A built site is staged beside the old one and put in its place in one step.

Owns the output folder: whether it may be replaced, and that a reader, a failure or a killed build
sees the old site whole or the new one whole.
"""

import contextlib
import ctypes
import glob
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.errors import problem
from generator.model import Changes, File
from generator.storage.tree import entry_names, list_files, reason

MARKER = ".broadsheet"
"""The file that shows a folder to be a site of ours, which a build may replace."""
_MARKER_TEXT = b"This folder is made by 'broadsheet build', which replaces all of it.\n"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
"""Of Linux's renameat2(2)."""
_HINT = "check the folder's permissions and the free space, or choose another with --output"
_ELSEWHERE = "choose another folder with --output"


def check_apart(output: Path, root: Path, sources: Iterable[str]) -> None:
    """Raises BroadsheetError where a build of the site at `root` would destroy or litter what it is
    made of: `output` holds the site, or lies in one of `sources`, folders of the site."""
    shown, place = _shown(output), output.resolve()
    if root.resolve().is_relative_to(place):
        raise problem(shown, "holds the site itself", _ELSEWHERE)
    for folder in sources:
        if place.is_relative_to((root / folder).resolve()):
            raise problem(shown, f"is in {folder}/, which a build reads", _ELSEWHERE)


def check_output(output: Path) -> None:
    """Raises BroadsheetError unless `output` may be replaced by a built site: it is missing, empty,
    or made by us and no git repository, and its parent can be written to."""
    shown, output = _shown(output), output.resolve()
    _finish_swap(output)
    _clear_abandoned(output)
    if output.exists() and not output.is_dir():
        raise problem(shown, "is a file, not a folder", _ELSEWHERE)
    ours = not output.exists() or (output / MARKER).is_file()
    if not ours and (foreign := entry_names(output)):
        hint = f"{_ELSEWHERE}, or empty this one yourself"
        raise problem(shown, f"was not made by broadsheet: it holds '{foreign[0]}'", hint)
    if (output / ".git").exists():
        hint = f"build elsewhere and copy the files; a build replaces all of {shown}"
        raise problem(shown, "is a git repository, whose history would be lost", hint)
    with _told(shown):
        output.parent.mkdir(parents=True, exist_ok=True)
        _make_staging(output).rmdir()


def replace_tree(output: Path, files: Iterable[File]) -> Changes:
    """Write all files into a folder beside `output`, then put it in `output`'s place.

    A failure at any moment leaves the old site whole. Raises BroadsheetError when the disk refuses,
    or when two files have one path. Returns what differs from the old site."""
    check_output(output)
    shown, output = _shown(output), output.resolve()
    with _told(shown):
        staging = _make_staging(output)
        try:
            changes = _write_tree(staging, output, files)
            _swap(staging, output)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return changes


def _shown(output: Path) -> str:
    return f"{output}/".replace("//", "/")


@contextlib.contextmanager
def _told(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise problem(shown, f"cannot be written: {reason(error)}", _HINT) from None


def _make_staging(output: Path) -> Path:
    """A new folder for this process; one that a killed build of the same number left is emptied."""
    staging = output.with_name(f".{output.name}.{os.getpid()}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    return staging


def _clear_abandoned(output: Path) -> None:
    """Remove what killed builds staged: folders named after processes that are gone."""
    for staging in output.parent.glob(f".{glob.escape(output.name)}.*.new"):
        number = staging.name.removesuffix(".new").rpartition(".")[2]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(staging, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _write_tree(staging: Path, output: Path, files: Iterable[File]) -> Changes:
    seen: set[str] = set()
    folders: set[str] = set()
    written: list[str] = []
    for file in itertools.chain(files, [File(path=MARKER, content=_MARKER_TEXT)]):
        if file.path in seen:
            raise problem(file.path, "two files of the site have this path")
        seen.add(file.path)
        folder, _, _ = file.path.rpartition("/")
        if folder not in folders:
            os.makedirs(f"{staging}/{folder}", exist_ok=True)  # noqa: PTH103
            folders.add(folder)
        old, new = f"{output}/{file.path}", f"{staging}/{file.path}"
        unchanged = _same(old, file.content)
        if not (unchanged and _linked(old, new)):
            with open(new, "xb") as stream:  # noqa: PTH123
                stream.write(file.content)
        if not unchanged:
            written.append(file.path)
    removed = [path for path in list_files(output, "") if path not in seen]
    return Changes(
        written=tuple(written), unchanged=len(seen) - len(written), removed=tuple(removed)
    )


def _linked(old: str, new: str) -> bool:
    """Take an unchanged file over as it is; False where the file system has no hard links."""
    try:
        os.link(old, new)
    except OSError:
        return False
    return True


def _same(place: str, content: bytes) -> bool:
    try:
        if os.stat(place).st_size != len(content):  # noqa: PTH116
            return False
        with open(place, "rb", buffering=0) as stream:  # noqa: PTH123
            return stream.read() == content
    except OSError:
        return False


def _swap(staging: Path, output: Path) -> None:
    """Put the new site in place: at once where the system can exchange two folders, else with two
    renames, which the next build mends if it was killed between them."""
    if output.exists() and _exchange(staging, output):
        return
    old = _old(output)
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    staging.rename(output)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where that cannot be done."""
    library = ctypes.CDLL(None) if os.name == "posix" else None
    exchange = getattr(library, "renameat2", None)
    if exchange is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(exchange(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def _finish_swap(output: Path) -> None:
    """A build killed between the two renames of a swap left the old site aside: bring it back."""
    old = _old(output)
    if old.is_dir() and not output.exists():
        old.rename(output)


def _old(output: Path) -> Path:
    return output.with_name(f".{output.name}.old")
