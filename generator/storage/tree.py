"""Folders: read one as texts, write a page of it whole, replace a built site in one step.

Owns every access to disk. Does not know what the files mean.
"""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.errors import Problem, problem
from generator.model import Changes, File

MARKER = ".broadsheet"
"""The file that shows a folder to be a site of ours, which a build may replace."""
_MARKER_TEXT = b"This folder is made by 'broadsheet build', which replaces all of it.\n"


def read_text(root: Path, path: str) -> str:
    """A file of the site as text with `\\n` line ends. Raises BroadsheetError, located."""
    return decode(read_bytes(root, path), path)


def read_bytes(root: Path, path: str) -> bytes:
    """A file of the site; `path` is relative and stays inside. Raises BroadsheetError."""
    place = root / path
    if not place.resolve().is_relative_to(root.resolve()):
        raise problem(path, "is outside the site's folder", "give a path below the site's folder")
    try:
        return place.read_bytes()
    except OSError as error:
        raise problem(path, _reason(error)) from None


def decode(content: bytes, path: str) -> str:
    """UTF-8 text with `\\n` line ends, a byte-order mark left out. Raises BroadsheetError."""
    if b"\0" in content:
        raise problem(
            path, "is a binary file, not a page", "keep only .md and .yml files in content/"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise problem(
            f"{path}:{line}",
            f"is not UTF-8: byte 0x{content[error.start]:02x}",
            "save the file with the encoding UTF-8",
        ) from None
    return text.replace("\r\n", "\n") if "\r" in text else text


def list_files(root: Path, folder: str) -> list[str]:
    """The files below a folder of the site, as sorted relative POSIX paths; those whose names begin
    with a dot are left out. Empty where the folder is missing."""
    return sorted(_walk(str(root / folder), folder.rstrip("/")))


def _walk(place: str, path: str) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            inner = f"{path}/{entry.name}" if path else entry.name
            if entry.is_dir():
                yield from _walk(entry.path, inner)
            else:
                yield inner


def exists(root: Path, path: str) -> bool:
    """Whether the site has this file or folder."""
    return (root / path).exists()


def write_file(root: Path, path: str, content: bytes) -> bool:
    """Write a file whole or not at all; False where it already says so.

    A reader sees the old file or the new one. Raises BroadsheetError when it cannot be written."""
    place = root / path
    try:
        if place.is_file() and place.read_bytes() == content:
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            os.chmod(temporary, 0o666 & ~_umask())  # noqa: PTH101
            os.replace(temporary, place)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise
    except OSError as error:
        raise problem(path, f"cannot be written: {_reason(error)}") from None
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_output(output: Path) -> None:
    """Raises BroadsheetError unless `output` may be replaced by a built site: it is missing, empty,
    or made by us, and its parent can be written to."""
    _finish_swap(output)
    if output.exists() and not output.is_dir():
        raise problem(str(output), "is a file, not a folder", "choose another folder with --output")
    if output.is_dir() and not (output / MARKER).is_file():
        foreign = next(iter(sorted(entry.name for entry in output.iterdir())), None)
        if foreign is not None:
            raise problem(
                f"{output}/",
                f"was not made by broadsheet: it holds '{foreign}'",
                "choose another folder with --output, or empty this one yourself",
            )
    _check_writable(output)


def _check_writable(output: Path) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".output.", dir=output.parent):
            pass
    except OSError as error:
        raise problem(
            f"{output}/",
            f"cannot be written: {_reason(error)}",
            "check the folder's permissions and the free space, or choose another with --output",
        ) from None


def replace_tree(output: Path, files: Iterable[File]) -> Changes:
    """Write all files into a folder beside `output`, then put it in `output`'s place.

    A failure at any moment leaves the old site whole. Of two files with one path the first call
    is told in a BroadsheetError; planning has to see to it. Returns what differs from the old."""
    check_output(output)
    staging = Path(tempfile.mkdtemp(prefix=f".{output.name}.", suffix=".new", dir=output.parent))
    try:
        changes = _write_tree(staging, output, files)
        staging.chmod(0o777 & ~_umask())
        _swap(staging, output)
    except OSError as error:
        raise problem(f"{output}/", f"cannot be written: {_reason(error)}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return changes


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
        with open(f"{staging}/{file.path}", "xb", buffering=0) as stream:  # noqa: PTH123
            stream.write(file.content)
        if not _same(output / file.path, file.content):
            written.append(file.path)
    removed = [path for path in list_files(output, "") if path not in seen]
    unchanged = len(seen) - len(written)
    return Changes(written=tuple(written), unchanged=unchanged, removed=tuple(removed))


def _same(place: Path, content: bytes) -> bool:
    try:
        return place.stat().st_size == len(content) and place.read_bytes() == content
    except OSError:
        return False


def _swap(staging: Path, output: Path) -> None:
    old = _old(output)
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    staging.rename(output)
    shutil.rmtree(old, ignore_errors=True)


def _finish_swap(output: Path) -> None:
    """A build killed between the two renames of a swap left the old site aside: bring it back."""
    old = _old(output)
    if old.is_dir() and not output.exists():
        old.rename(output)


def _old(output: Path) -> Path:
    return output.with_name(f".{output.name}.old")


def entry_names(folder: Path) -> list[str]:
    """What a folder holds, dot files included, sorted; empty where it is missing. Raises
    BroadsheetError where it is no folder or cannot be read."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return []
    except OSError as error:
        raise problem(str(folder), _reason(error)) from None


def file_sizes(folder: Path) -> dict[str, int]:
    """The bytes of every file below a folder, dot files included, by relative POSIX path."""
    sizes: dict[str, int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118
            sizes[os.path.relpath(path, folder).replace(os.sep, "/")] = os.lstat(path).st_size
    return sizes


def size_in_words(size: int) -> str:
    """`9.4 MB`, in powers of 1,000 as GitHub counts."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def newest_change(root: Path, folder: str) -> tuple[int, str]:
    """When the file below a folder of the site that changed last did so, in nanoseconds since
    1970, and its path; `(0, "")` where there is none."""
    changes = ((os.stat(root / path).st_mtime_ns, path) for path in list_files(root, folder))  # noqa: PTH116
    return max(changes, default=(0, ""))


def file_problem(path: str, error: OSError) -> Problem:
    """What an operating system's error means, located."""
    return Problem(where=path, fact=_reason(error))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
