"""Folders: read one as texts, write a page of it whole, measure one.

Owns every access to disk. Does not know what the files mean.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from generator.errors import problem


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
        raise problem(path, reason(error)) from None


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
        raise problem(path, f"cannot be written: {reason(error)}") from None
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def entry_names(folder: Path) -> list[str]:
    """What a folder holds, dot files included, sorted; empty where it is missing. Raises
    BroadsheetError where it is no folder or cannot be read."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return []
    except OSError as error:
        raise problem(str(folder), reason(error)) from None


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


def reason(error: OSError) -> str:
    """What an operating system's error says, lower case."""
    return (error.strerror or str(error)).lower()
