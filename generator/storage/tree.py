"""Folders: read one as texts, write a page of it whole, measure one.

Owns every access to disk. Does not know what the files mean.
"""

import codecs
import contextlib
import difflib
import io
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from operator import attrgetter
from pathlib import Path
from stat import S_IFDIR, S_IFLNK, S_IFMT

from msgspec import Struct

from generator.errors import problem

RECENT = 2_000_000_000
"""Nanoseconds in which a file may change again without its time telling: of the coarsest clocks of
file systems."""
_BLOCK = 65_536
"""Bytes that are read at once."""
_READ_NO_LINK = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


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


class Reader:
    """Reads many files of a site. That a folder stays inside is looked at once, and no file that is
    a link is read without looking where it leads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._place = str(root)
        self._whole = root.resolve()
        self._inside: set[str] = set()

    def text(self, path: str) -> str:
        """A file as `read_text` gives it. Raises BroadsheetError, located."""
        folder = path.rpartition("/")[0]
        if folder not in self._inside:
            if not (self._root / folder).resolve().is_relative_to(self._whole):
                return read_text(self._root, path)
            self._inside.add(folder)
        try:
            content = _read_no_link(f"{self._place}/{path}")
        except OSError:
            return read_text(self._root, path)
        return decode(content, path)


def _read_no_link(place: str) -> bytes:
    """A file that is no link. Raises OSError."""
    descriptor = os.open(place, _READ_NO_LINK)
    try:
        return b"".join(iter(partial(os.read, descriptor, _BLOCK), b""))
    finally:
        os.close(descriptor)


def decode(content: bytes, path: str) -> str:
    """UTF-8 text with `\\n` line ends, a byte-order mark left out. Raises BroadsheetError."""
    if b"\0" in content:
        raise problem(
            path, "is a binary file, not a page", "keep only .md and .yml files in content/"
        )
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
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
    with a dot are left out. Empty where the folder is missing. Raises BroadsheetError where it
    cannot be looked through."""
    try:
        return sorted(_walk(str(root / folder), folder.rstrip("/")))
    except OSError as error:
        hint = "look for a link that leads to a folder around it"
        raise problem(folder, f"cannot be looked through: {reason(error)}", hint) from None


class FileStat(Struct, frozen=True):
    """A file, as far as its name, its size and its time tell."""

    path: str
    stamp: str
    """Another one when the file was changed."""
    is_settled: bool
    """Whether it was changed so long ago that its time would tell of another change."""
    is_file: bool = True
    """Or a link that leads nowhere, or to a folder, which may be large, or lead back here."""


def stat_files(root: Path, folder: str) -> list[FileStat]:
    """The files below a folder, as `list_files` gives them."""
    latest, found = _latest(), list[FileStat]()
    for path in list_files(root, folder):
        with contextlib.suppress(OSError):
            found.append(_told(path, os.stat(f"{root}/{path}"), latest))  # noqa: PTH116
    return found


def stat_tree(folder: Path, name: str) -> list[FileStat]:
    """All that is below a folder, sorted, names that begin with a dot, too; their paths begin with
    `name`. Links to folders are not followed, and never settled. Empty where there is no folder."""
    found = list[FileStat]()
    _stat_all(str(folder), name, _latest(), found)
    return sorted(found, key=attrgetter("path"))


def _latest() -> int:
    """When a file must have been changed to be settled, in nanoseconds since 1970."""
    return time.time_ns() - RECENT


def _told(path: str, stat: os.stat_result, latest: int) -> FileStat:
    changed, kind = stat.st_mtime_ns, S_IFMT(stat.st_mode)
    is_settled = changed < latest and stat.st_ctime_ns < latest and kind != S_IFDIR
    stamp = f"{path} {stat.st_size} {changed} {stat.st_ino}"
    return FileStat(path, stamp, is_settled, kind not in (S_IFDIR, S_IFLNK))


def _stat_all(place: str, path: str, latest: int, found: list[FileStat]) -> None:
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            inner = f"{path}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _stat_all(entry.path, inner, latest, found)
            else:
                found.append(_told(inner, _stat(entry), latest))


def _stat(entry: "os.DirEntry[str]") -> os.stat_result:
    """Of a file, or of a link that leads nowhere, as editors leave them beside what they edit."""
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)


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


def is_file(place: Path) -> bool:
    """Whether this is a file; False also for what cannot be the name of one."""
    try:
        return place.is_file()
    except (OSError, ValueError):
        return False


def write_file(root: Path, path: str, content: bytes) -> bool:
    """Write a file whole or not at all; False where it already says so.

    A reader sees the old file or the new one. Raises BroadsheetError when it cannot be written."""
    place = root / path
    try:
        if place.is_file() and place.read_bytes() == content:
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        _put(place, [content])
    except OSError as error:
        raise problem(path, f"cannot be written: {reason(error)}") from None
    return True


def check_writable(place: Path) -> None:
    """Raises BroadsheetError unless `place` is a file, or free, in a folder that is there."""
    if place.is_dir():
        raise problem(str(place), "is a folder, not a file", "name a file in it")
    if place.exists() and not place.is_file():
        hint = "leave out --output to write to stdout"
        raise problem(str(place), "is a device, not a file", hint)
    if not place.parent.is_dir():
        hint = "make the folder first, or name a file elsewhere"
        raise problem(str(place), f"there is no folder '{place.parent}'", hint)


def write_stream(place: Path, chunks: Iterable[bytes]) -> None:
    """Write a file of any size, chunk after chunk, whole or not at all; a link stays one.

    Raises BroadsheetError when it cannot be written."""
    check_writable(place)
    try:
        _put(place.resolve(), chunks)
    except OSError as error:
        raise problem(str(place), f"cannot be written: {reason(error)}") from None


def _put(place: Path, chunks: Iterable[bytes]) -> None:
    """Write beside `place` and then rename, so that a reader sees the old file or the new one."""
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(chunks)
        os.chmod(temporary, 0o666 & ~_umask())  # noqa: PTH101
        os.replace(temporary, place)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def write_text(root: Path, path: str, text: str) -> bool:
    """Write a text (`\\n` line ends) as `write_file` does. Of a file that is there, each line that
    stays keeps its line end, new ones get that of the first, and a byte-order mark stays."""
    place = root / path
    old = read_bytes(root, path) if place.is_file() else b""
    if b"\r\n" in old or old.startswith(codecs.BOM_UTF8):
        return write_file(root, path, _in_the_style_of(old, text))
    return write_file(root, path, text.encode())


def remove_file(root: Path, path: str) -> None:
    """Remove a file of the site, if it is there. Raises BroadsheetError where it cannot be."""
    try:
        (root / path).unlink(missing_ok=True)
    except OSError as error:
        raise problem(path, f"cannot be removed: {reason(error)}") from None


def _in_the_style_of(old: bytes, text: str) -> bytes:
    mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    before = io.BytesIO(old.removeprefix(mark)).readlines()
    plain = [line.replace(b"\r\n", b"\n") for line in before]
    after = io.BytesIO(text.encode()).readlines()
    end = b"\r\n" if before and before[0].endswith(b"\r\n") else b"\n"
    lines: list[bytes] = []
    matcher = difflib.SequenceMatcher(None, plain, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        new = (line.removesuffix(b"\n") + end * line.endswith(b"\n") for line in after[j1:j2])
        lines += before[i1:i2] if tag == "equal" else new
    return mark + b"".join(lines)


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


def file_size(place: Path) -> int:
    """The bytes of a file. Raises BroadsheetError where there is none."""
    try:
        return place.stat().st_size
    except OSError as error:
        raise problem(str(place), reason(error)) from None


def newest_change(root: Path, folder: str) -> tuple[int, str]:
    """When the file below a folder of the site that changed last did so, in nanoseconds since
    1970, and its path; `(0, "")` where there is none."""
    changes = ((os.stat(root / path).st_mtime_ns, path) for path in list_files(root, folder))  # noqa: PTH116
    return max(changes, default=(0, ""))


def reason(error: OSError) -> str:
    """What an operating system's error says, lower case."""
    return (error.strerror or str(error)).lower()


def bundled(folder: str) -> list[Path]:
    """Where a folder that comes with Broadsheet lies: in the installed package, or beside it in a
    checkout."""
    package = Path(__file__).parent.parent
    return [place for place in (package / folder, package.parent / folder) if place.is_dir()]
