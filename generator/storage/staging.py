"""A built site is staged beside the old one and put in its place in one step.

Owns the output folder: whether it may be replaced, and that a reader, a failure or a killed build
sees the old site whole or the new one whole.
"""

import contextlib
import ctypes
import glob
import json
import os
import shutil
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from generator.errors import problem
from generator.model import Changes, File
from generator.storage.tree import entry_names, list_files, reason

MARKER = ".broadsheet"
"""The file that shows a folder to be a site of ours, which a build may replace."""
_MARKER_TEXT = b"This folder is made by 'broadsheet build', which replaces all of it.\n"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_MANY, _REMOVERS = 500, 4
"""Of so many files side by side, so many are removed at once."""
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
    with _told(shown):
        _finish_swap(output)
        _carry_on(output)
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


class Place(Struct, frozen=True, kw_only=True):
    """Where files of a new site go; picklable, for whoever writes them."""

    staging: str
    output: str
    whole: bool
    """Whether the staging folder becomes the site, so that it needs what is unchanged, too."""
    replaces: bool
    """Whether there is an old site."""
    user: int
    """Whose files they are; 0 where the system does not say."""


class Seal(Struct, frozen=True):
    """Two numbers of which one is another when any file of a site was changed, added or taken
    away, as far as names, sizes and times tell."""

    files: int
    """The sum of what each file's path, size and time tell."""
    folders: int
    """The same of each folder's path and time, which is another when a name came or went."""


class Old(Struct, frozen=True, kw_only=True):
    """A site that is as the build which made it left it."""

    paths: Collection[str]
    """Its files."""
    seal: Seal


class Written(Struct, frozen=True):
    """What became of a file."""

    path: str
    changed: bool
    """Whether it differs from the old site's."""
    mark: int
    """What it adds to the site's seal."""
    size: int
    """Its bytes."""
    inode: int = 0
    """The number of a new file, by which it is told from the old one."""


class Staging:
    """A new site, or what is new of it, beside the old one; `publish` makes it the site."""

    def __init__(self, output: Path, place: Place) -> None:
        self.place = place
        self._output = output
        self._files: dict[str, Written] = {}

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of what was staged so far, by path."""
        return {path: each.size for path, each in self._files.items()}

    def write(self, files: Iterable[File]) -> None:
        """Stage some files."""
        self.add(write_files(self.place, files))

    def add(self, written: Iterable[Written]) -> None:
        """Note what somebody else staged. Raises BroadsheetError for the second of one path."""
        for each in written:
            if each.path in self._files:
                raise problem(each.path, "two files of the site have this path")
            self._files[each.path] = each

    def publish(self, kept: Collection[str] = (), old: Old | None = None) -> tuple[Changes, Seal]:
        """Make it the site: what was staged, and of the old site, whose files are known then, those
        in `kept`. Gives what differs from the old site, and the new one's seal."""
        self.write([File(path=MARKER, content=_MARKER_TEXT)])
        new = [each for each in self._files.values() if each.changed]
        changed = tuple(each.path for each in new)
        before = list_files(self._output, "") if old is None else old.paths
        stays = self._files.keys() | set(kept)
        removed = tuple(path for path in before if path not in stays)
        files = sum(each.mark for each in self._files.values())
        if old is not None:
            gone = {*removed, *self._files}
            files += old.seal.files - seal_files(self._output, gone)
        if self.place.whole or old is None:
            self._put_in_place(new, removed, kept)
            folders = seal_folders(self._output, stays)
        else:
            touched = [*changed, *removed]
            others = old.seal.folders - seal_folders(self._output, touched)
            self._put_in_place(new, removed, kept)
            folders = others + seal_folders(self._output, touched)
        unchanged = len(stays) - len(changed)
        changes = Changes(written=changed, unchanged=unchanged, removed=removed)
        return changes, Seal(files, folders)

    def _put_in_place(
        self, new: Sequence[Written], removed: Sequence[str], kept: Iterable[str]
    ) -> None:
        if not self.place.whole:
            _move_in(self.place, new, removed)
            return
        for path in kept:
            _take_over(f"{self.place.output}/{path}", f"{self.place.staging}/{path}")
        _swap(Path(self.place.staging), self._output)


@contextlib.contextmanager
def staging(output: Path, *, whole: bool = True) -> Iterator[Staging]:
    """A place for a new site beside `output`. `whole`: whether to exchange the folders, else what
    is new is moved in.

    A failure at any moment leaves the old site whole. Raises BroadsheetError when the disk refuses,
    or when two files have one path."""
    check_output(output)
    shown, output = _shown(output), output.resolve()
    with _told(shown):
        folder = _make_staging(output)
        old = output.exists()
        place = Place(
            staging=str(folder),
            output=str(output),
            whole=whole or not old,
            replaces=old,
            user=_user(),
        )
        try:
            yield Staging(output, place)
        finally:
            if not _journal(output).exists():
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a staging folder. Of many files side by side several are removed at once, since each
    waits for the disk."""
    with contextlib.suppress(OSError):
        files = [each.path for each in os.scandir(folder) if each.is_file(follow_symlinks=False)]
        if len(files) > _MANY:
            with ThreadPoolExecutor(_REMOVERS) as removers:
                shares = [files[first::_REMOVERS] for first in range(_REMOVERS)]
                deque(removers.map(_remove_files, shares), maxlen=0)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_files(places: Iterable[str]) -> None:
    for place in places:
        os.unlink(place)  # noqa: PTH108


def seal_files(output: Path, paths: Iterable[str]) -> int:
    """What some files add to a site's seal."""
    return sum(_mark(f"{output}/{path}", path) for path in paths)


def seal_folders(output: Path, paths: Iterable[str]) -> int:
    """What the folders of some files add to a site's seal, with those around them; they are not
    looked into, which would take twice as long."""
    folders = {""}
    for path in paths:
        while (path := path.rpartition("/")[0]) not in folders:
            folders.add(path)
    return sum(_mark_of_folder(f"{output}/{folder}", folder) for folder in folders)


def _mark(place: str, path: str) -> int:
    try:
        return _mark_of(path, os.lstat(place))
    except OSError:
        return 0


def _mark_of_folder(place: str, path: str) -> int:
    try:
        return zlib.crc32(f"{path}/\0{os.lstat(place).st_mtime_ns}".encode())
    except OSError:
        return 0


def _mark_of(path: str, found: os.stat_result) -> int:
    return zlib.crc32(f"{path}\0{found.st_size}\0{found.st_mtime_ns}".encode())


def is_in_reach(place: Place) -> bool:
    """Whether whoever asks can stage files himself: not on a machine that does not see the folder,
    whose name is never used twice, nor as another user, whose files nobody could replace."""
    return os.access(place.staging, os.W_OK) and place.user == _user()


def write_files(place: Place, files: Iterable[File]) -> list[Written]:
    """Stage files of a new site. What the old one has already is linked if all of it is staged,
    and left where it is otherwise."""
    done = []
    for file in files:
        old, new = f"{place.output}/{file.path}", f"{place.staging}/{_staged(place, file.path)}"
        same = place.replaces and _same(old, file.content)
        if not same:
            done.append(_write(new, file))
            continue
        if place.whole:
            _take_over(old, new)
        mark, size = _mark(old, file.path), len(file.content)
        done.append(Written(path=file.path, changed=False, mark=mark, size=size))
    return done


def _staged(place: Place, path: str) -> str:
    """Where in the staging folder a file of the site lies."""
    return path if place.whole else _flat(path)


def _flat(path: str) -> str:
    """The name of a file that is going to be moved in: beside all others, since a folder for each
    takes ten times as long to make as the file."""
    return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _write(new: str, file: File) -> Written:
    descriptor = _create(new)
    try:
        rest = memoryview(file.content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        found = os.fstat(descriptor)
        mark = _mark_of(file.path, found)
        return Written(
            path=file.path, changed=True, mark=mark, size=found.st_size, inode=found.st_ino
        )
    finally:
        os.close(descriptor)


def _create(place: str) -> int:
    """A new file, open to be written, in a folder that is made if it is missing."""
    try:
        return os.open(place, _NEW_FILE, 0o666)
    except FileNotFoundError:
        _make_folder_of(place)
        return os.open(place, _NEW_FILE, 0o666)


def _make_folder_of(place: str) -> None:
    folder = place.rpartition("/")[0]
    try:
        os.mkdir(folder)  # noqa: PTH102
    except OSError:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103


def _take_over(old: str, new: str) -> None:
    """A file of the old site as it is: linked, or copied where the file system has no links."""
    try:
        os.link(old, new)
    except FileNotFoundError:
        _make_folder_of(new)
        _take_over(old, new)
    except OSError:
        shutil.copy2(old, new)


def _shown(output: Path) -> str:
    return f"{output}/".replace("//", "/")


@contextlib.contextmanager
def _told(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise problem(shown, f"cannot be written: {reason(error)}", _HINT) from None


def _user() -> int:
    return getattr(os, "geteuid", int)()


def _make_staging(output: Path) -> Path:
    """A new folder for this process, named as no other was, here or on another machine."""
    staging = output.with_name(f".{output.name}.{os.getpid()}.{os.urandom(8).hex()}.new")
    staging.mkdir()
    return staging


def _clear_abandoned(output: Path) -> None:
    """Remove what killed builds staged: folders named after processes that are gone, or had the
    number of this one."""
    for staging in output.parent.glob(f".{glob.escape(output.name)}.*.new"):
        number = staging.name.removeprefix(f".{output.name}.").partition(".")[0]
        if number.isdigit() and not _is_another(int(number)):
            shutil.rmtree(staging, ignore_errors=True)


def _is_another(process: int) -> bool:
    """Whether a process that is not this one is there."""
    if process == os.getpid():
        return False
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
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


def _exchange(one: Path | str, other: Path | str) -> bool:
    """Exchange two files or folders in one step; False where that cannot be done."""
    if _renameat2 is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(_renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


_renameat2 = getattr(ctypes.CDLL(None) if os.name == "posix" else None, "renameat2", None)


def _move_in(place: Place, new: Sequence[Written], removed: Sequence[str]) -> None:
    """Put the new files among the old ones. What is to be done is written down first: the next
    build carries on where this one was killed."""
    journal = _journal(Path(place.output))
    staging = Path(place.staging)
    files = [(each.path, each.inode) for each in sorted(new, key=_links_last)]
    plan = {"staging": staging.name, "files": files, "removed": removed}
    part = staging / journal.name
    part.write_text(json.dumps(plan), "utf-8")
    part.replace(journal)
    _carry_on(Path(place.output))


def _links_last(file: Written) -> tuple[bool, bool]:
    """Pages of single papers and what scripts fetch come before the lists that lead there."""
    return file.path.endswith("manifest.json"), file.path.count("/") < 2


def _carry_on(output: Path) -> None:
    """Do what the journal says, as far as it is not done; then it goes."""
    journal = _journal(output)
    plan = _read_plan(journal, output)
    if plan is None:
        return
    staging, files, removed = plan
    for path, inode in files:
        with contextlib.suppress(FileNotFoundError):
            _move(f"{staging}/{_flat(path)}", f"{output}/{path}", inode)
    for path in removed:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{output}/{path}")  # noqa: PTH108
        with contextlib.suppress(OSError):
            os.removedirs(f"{output}/{path}".rpartition("/")[0])
    journal.unlink()


def _read_plan(journal: Path, output: Path) -> tuple[Path, list[tuple[str, int]], list[str]] | None:
    """The staging folder, the paths to move in with the new files' numbers, and those to remove;
    None where there is no journal. One that no build of ours wrote, as it leads out of the two
    folders, is not followed."""
    try:
        plan = json.loads(journal.read_text("utf-8"))
        name, removed = plan["staging"], plan["removed"]
        files = [(path, int(inode)) for path, inode in plan["files"]]
        paths = [*(path for path, _ in files), *removed]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        name, files, removed, paths = "", [], [], []
    ours = str(name).startswith(f".{output.name}.") and str(name).endswith(".new")
    if not ours or "/" in name or not all(map(_is_within, paths)):
        hint = "delete it, and the output folder with it; the next build makes all anew"
        raise problem(str(journal), "was not written by a build", hint)
    return output.with_name(name), files, removed


def _is_within(path: object) -> bool:
    """Whether this is a relative path that leads out of no folder."""
    return isinstance(path, str) and not {"", ".", ".."} & set(path.split("/"))


def _move(old: str, new: str, inode: int) -> None:
    """Put a file in place, unless it is there: the one with this number. What was there comes in
    its place, to be deleted with all others: to rename over a file waits for the disk."""
    if os.lstat(old).st_ino != inode or _exchange(old, new):
        return
    try:
        os.rename(old, new)  # noqa: PTH104
    except FileNotFoundError:
        os.makedirs(new.rpartition("/")[0], exist_ok=True)  # noqa: PTH103
        os.rename(old, new)  # noqa: PTH104


def _journal(output: Path) -> Path:
    return output.with_name(f".{output.name}.journal")


def _finish_swap(output: Path) -> None:
    """A build killed between the two renames of a swap left the old site aside: bring it back."""
    old = _old(output)
    if old.is_dir() and not output.exists():
        old.rename(output)


def _old(output: Path) -> Path:
    return output.with_name(f".{output.name}.old")
