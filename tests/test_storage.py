"""Files are written whole or not at all; a site is replaced in one step or stays as it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.errors import BroadsheetError
from generator.model import Changes, File
from generator.storage.staging import (
    MARKER,
    Old,
    Seal,
    check_apart,
    check_output,
    is_in_reach,
    seal_files,
    seal_folders,
    staging,
)
from generator.storage.tree import (
    Reader,
    decode,
    list_files,
    read_bytes,
    read_text,
    write_file,
    write_text,
)
from tests.command import REPOSITORY, broadsheet, tree

OLD = [File(path="index.html", content=b"old"), File(path="papers/a/index.html", content=b"a")]
NEW = [File(path="index.html", content=b"new"), File(path="papers/b/index.html", content=b"b")]


def replace_tree(output: Path, files: Iterable[File]) -> Changes:
    """Make these files the site in a folder."""
    with staging(output) as stage:
        stage.write(files)
        return stage.publish()[0]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    place = tmp_path / "output"
    replace_tree(place, OLD)
    return place


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_site_is_replaced_whole(output: Path) -> None:
    changes = replace_tree(output, NEW)
    assert {p: c for p, c in tree(output).items() if p != MARKER} == {
        f.path: f.content for f in NEW
    }
    assert changes.written == ("index.html", "papers/b/index.html")
    assert changes.removed == ("papers/a/index.html",)
    assert changes.unchanged == 1
    assert names(output.parent) == ["output"]


def failing() -> Iterator[File]:
    yield NEW[0]
    raise BroadsheetError([])


def test_a_build_that_fails_in_the_middle_leaves_the_old_site(output: Path) -> None:
    before = tree(output)
    with pytest.raises(BroadsheetError):
        replace_tree(output, failing())
    assert tree(output) == before
    assert names(output.parent) == ["output"]


def test_two_files_of_one_path_are_refused(output: Path) -> None:
    before = tree(output)
    with pytest.raises(BroadsheetError, match="two files of the site have this path"):
        replace_tree(output, [NEW[0], NEW[0]])
    assert tree(output) == before


KILLED = """
import sys
from pathlib import Path
from generator.model import File
from generator.storage.staging import staging

def files():
    for number in range(10**9):
        yield File(path=f"{number}.html", content=b"x")
        if number == 20:
            print("going", flush=True)

with staging(Path(sys.argv[1])) as stage:
    stage.write(files())
"""


def test_a_killed_build_leaves_the_old_site_and_the_next_one_cleans_up(output: Path) -> None:
    before = tree(output)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(output)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert tree(output) == before
    assert len(names(output.parent)) == 2
    replace_tree(output, NEW)
    assert names(output.parent) == ["output"]


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from generator.model import File
from generator.storage.staging import Old, Seal, seal_files, seal_folders, staging

output, number = Path(sys.argv[1]), int(sys.argv[2])
new = [File(path=name, content=b"new") for name in ("index.html", "a/index.html", "b/index.html")]
with staging(output, whole=False) as stage:
    stage.write(new)
    calls = 0
    def kill(event, arguments):
        global calls
        if event in ("os.rename", "os.remove", "os.rmdir") and str(output.parent) in str(arguments):
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(kill)
    paths = ["index.html", "papers/a/index.html"]
    seal = Seal(seal_files(output, paths), seal_folders(output, paths))
    stage.publish([], Old(paths=paths, seal=seal))
"""


def killed_at(output: Path, number: int) -> bool:
    """Whether a build that moves new files in was killed, at a change of the folder."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(output), str(number)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    return done.returncode != 0


def test_a_build_killed_while_it_moves_files_in_is_finished_by_the_next(tmp_path: Path) -> None:
    """Whatever moment: then the site is the new one, or still the old one, and nothing is left."""
    ends = []
    for number in range(1, 30):
        output = tmp_path / str(number) / "output"
        replace_tree(output, OLD)
        old = tree(output)
        was_killed = killed_at(output, number)
        check_output(output)
        assert names(output.parent) == ["output"]
        ends.append(tree(output) != old)
        if not was_killed:
            break
        if ends[-1]:
            assert sorted(tree(output)) == [MARKER, "a/index.html", "b/index.html", "index.html"]
    assert not was_killed
    assert (ends[0], ends[-1]) == (False, True)
    assert len(ends) > 6
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    "plan",
    [
        '{"staging": ".output.1.ab.new", "files": [], "removed": ["../precious"]}',
        '{"staging": ".output.1.ab.new", "files": [["../precious", 1]], "removed": []}',
        '{"staging": ".output.1.ab.new", "files": [], "removed": ["/etc/passwd"]}',
        '{"staging": "../elsewhere.new", "files": [["index.html", 1]], "removed": []}',
        '{"staging": ".output.1.ab.new", "files": []}',
        '{"staging": ".output.1.ab.new", "files": ["index.html"], "removed": []}',
        '{"staging": ".output.1.ab.new", "files": [["index.html", "one"]], "removed": []}',
        "half of a jour",
        "[]",
    ],
)
def test_a_journal_that_no_build_wrote_is_told_and_not_followed(output: Path, plan: str) -> None:
    """It may have come with a site that somebody else made."""
    before = tree(output)
    (output.parent / "precious").write_text("mine")
    (output.parent / ".output.journal").write_text(plan)
    with pytest.raises(BroadsheetError, match=r"\.output\.journal: was not written by a build"):
        check_output(output)
    assert (tree(output), (output.parent / "precious").read_text()) == (before, "mine")


def test_a_site_left_aside_between_two_renames_comes_back(output: Path) -> None:
    before = tree(output)
    output.rename(output.with_name(".output.old"))
    check_output(output)
    assert tree(output) == before


LOOKING = """
import os, sys, time

end, missing = time.monotonic() + 2, 0
print("looking", flush=True)
while time.monotonic() < end:
    missing += not os.path.exists(sys.argv[1])
sys.exit(bool(missing))
"""


def test_a_reader_never_finds_the_site_missing_while_it_is_replaced(output: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            LOOKING,
            str(output / "index.html"),
        ],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        replace_tree(output, NEW)
        replace_tree(output, OLD)
    process.stdout.close()
    if sys.platform == "linux":
        assert process.wait() == 0


def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/holiday.jpg").write_bytes(b"sun")
    with pytest.raises(BroadsheetError, match=r"it holds 'holiday\.jpg'"):
        replace_tree(tmp_path / "photos", NEW)
    assert (tmp_path / "photos/holiday.jpg").exists()


def test_a_repository_is_never_replaced_though_it_holds_a_built_site(output: Path) -> None:
    write_file(output, ".git/HEAD", b"ref: refs/heads/gh-pages")
    with pytest.raises(BroadsheetError, match="git repository"):
        replace_tree(output, NEW)
    assert (output / ".git/HEAD").exists()


@pytest.mark.parametrize(
    ("place", "fact"),
    [
        ("site", "site/: holds the site itself"),
        ("", "holds the site itself"),
        ("/", "^/: holds the site itself"),
        ("site/content", "is in content/, which a build reads"),
        ("site/content/papers/new", "is in content/, which a build reads"),
        ("site/output/../content/x", "is in content/, which a build reads"),
        ("site/themes/mine", "is in themes/, which a build reads"),
    ],
)
def test_a_build_goes_nowhere_where_its_site_lies(tmp_path: Path, place: str, fact: str) -> None:
    (tmp_path / "site/content").mkdir(parents=True)
    with pytest.raises(BroadsheetError, match=fact):
        check_apart(tmp_path / place, tmp_path / "site", ("content", "themes"))


@pytest.mark.parametrize("place", ["content/new", ".", "/"])
def test_a_build_into_its_own_site_changes_nothing(tmp_path: Path, place: str) -> None:
    write_file(tmp_path, "content/site.yml", b"title: Papers\n")
    write_file(tmp_path, MARKER, b"a built site was copied here")
    before = tree(tmp_path)
    done = broadsheet("build", "--output", place, site=tmp_path)
    assert (done.returncode, tree(tmp_path)) == (1, before)
    assert "  hint: choose another folder with --output\n" in done.stderr


@pytest.mark.parametrize("place", ["site/output", "site/.broadsheet/serve", "elsewhere"])
def test_a_build_goes_beside_its_site(tmp_path: Path, place: str) -> None:
    check_apart(tmp_path / place, tmp_path / "site", ("content", "themes"))


def test_the_staging_of_another_folder_is_not_cleared(tmp_path: Path) -> None:
    other = tmp_path / ".photos.999999999.new"
    other.mkdir()
    replace_tree(tmp_path / "*", NEW)
    assert other.is_dir()


def test_what_a_killed_build_of_the_same_number_left_is_cleared(output: Path) -> None:
    (output.parent / f".output.{os.getpid()}.0123.new").mkdir()
    replace_tree(output, NEW)
    assert names(output.parent) == ["output"]


def test_who_sees_no_folder_or_is_another_user_stages_nothing(output: Path) -> None:
    with staging(output) as stage:
        place = stage.place
        assert is_in_reach(place)
        assert not is_in_reach(replace(place, user=place.user + 1))
        assert not is_in_reach(replace(place, staging=f"{place.staging}.elsewhere"))
    assert not is_in_reach(place)


def test_a_linked_output_folder_is_replaced_behind_the_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "output").symlink_to(tmp_path / "disk")
    replace_tree(tmp_path / "output", NEW)
    assert (tmp_path / "output").is_symlink()
    assert (tmp_path / "disk/index.html").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    assert write_file(tmp_path, "content/a.md", b"old")
    (tmp_path / "content/b").write_bytes(b"a file, not a folder")
    with pytest.raises(BroadsheetError, match="cannot be written"):
        write_file(tmp_path, "content/b/c.md", b"new")
    assert names(tmp_path / "content") == ["a.md", "b"]


def test_writing_what_is_there_already_touches_nothing(tmp_path: Path) -> None:
    write_file(tmp_path, "a.md", b"same")
    stamp = (tmp_path / "a.md").stat().st_mtime_ns
    assert not write_file(tmp_path, "a.md", b"same")
    assert (tmp_path / "a.md").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "content/../../secret"])
def test_no_path_leads_out_of_the_site(tmp_path: Path, path: str) -> None:
    (tmp_path / "site/content").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(BroadsheetError, match="outside"):
        read_bytes(tmp_path / "site", path)


def test_hidden_files_are_no_content(tmp_path: Path) -> None:
    write_file(tmp_path, "content/a.md", b"")
    write_file(tmp_path, "content/.pulled/x.jsonl", b"")
    assert list_files(tmp_path, "content") == ["content/a.md"]


def test_a_link_that_leads_round_in_a_circle_is_told(tmp_path: Path) -> None:
    write_file(tmp_path, "content/papers/a.md", b"")
    (tmp_path / "content/papers/again").symlink_to("..")
    with pytest.raises(BroadsheetError, match="content/papers: cannot be looked through"):
        list_files(tmp_path, "content/papers")


def test_a_byte_that_is_not_utf8_is_told_with_its_line() -> None:
    with pytest.raises(BroadsheetError) as caught:
        decode(b"one\ntwo \xff", "content/a.md")
    assert caught.value.problems[0].where == "content/a.md:2"


CRLF = b"\xef\xbb\xbf---\r\ntitle: A\r\nmixed: 1\n---\r\nText.\r\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CRLF, CRLF),
        (CRLF, CRLF.replace(b"A", b"B")),
        (CRLF, CRLF.replace(b"---\r\nT", b"new: 1\r\n---\r\nT")),
        (CRLF, CRLF + b"Last."),
        (b"a\n", b"a\nb\n"),
        (b"\r\nx\r\r\n", b"\r\nx\r\r\nb\r\n"),
    ],
)
def test_a_text_is_written_with_the_line_ends_and_the_mark_it_had(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    place = tmp_path / "a.md"
    place.write_bytes(old)
    assert write_text(tmp_path, "a.md", decode(new, "a.md")) == (old != new)
    assert place.read_bytes() == new


# -- many files at once ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"One line.\n", b"\xef\xbb\xbfA mark\r\n", "Zwölf Ähren\n".encode() * 20_000],
)
def test_many_files_are_read_as_one_is(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content/a.md").write_bytes(content)
    assert Reader(tmp_path).text("content/a.md") == read_text(tmp_path, "content/a.md")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfone\n\xe4\n", b"one\ntwo \xff"])
def test_a_file_in_another_encoding_is_told_with_its_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(content)
    with pytest.raises(BroadsheetError, match=r"a\.md:2: is not UTF-8: byte 0x(e4|ff)"):
        Reader(tmp_path).text("a.md")


def test_a_link_is_read_that_stays_inside_and_no_other(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "content").mkdir(parents=True)
    (site / "content/a.md").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/b.md").write_text("outside")
    (site / "content/a-link.md").symlink_to("a.md")
    (site / "content/b-link.md").symlink_to(tmp_path / "outside/b.md")
    (site / "content/folder").symlink_to(tmp_path / "outside")
    reader = Reader(site)
    assert reader.text("content/a-link.md") == "inside"
    for path in ("content/b-link.md", "content/folder/b.md", "../outside/b.md"):
        with pytest.raises(BroadsheetError, match="is outside the site's folder"):
            reader.text(path)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(BroadsheetError, match=r"a\.md: no such file or directory"):
        Reader(tmp_path).text("a.md")


def published(output: Path, paths: list[str], kept: list[str], old: Old | None, whole: bool) -> Old:
    """What is known of a site that holds new files at some paths, and some of the old ones."""
    with staging(output, whole=whole) as stage:
        stage.write(File(path=path, content=path.encode() * len(kept)) for path in paths)
        _, seal = stage.publish(kept, old)
    return Old(paths=[MARKER, *paths, *kept], seal=seal)


def seal_of(output: Path, paths: Collection[str]) -> Seal:
    return Seal(seal_files(output, paths), seal_folders(output, paths))


@pytest.mark.parametrize("whole", [True, False])
def test_the_seal_of_a_site_that_was_changed_is_that_of_the_site_as_it_is(
    tmp_path: Path, whole: bool
) -> None:
    output = tmp_path / "output"
    old = published(output, ["a.html", "b/index.html", "c/d/index.html"], [], None, True)
    for new, kept in (
        (["b/index.html", "e/f/index.html"], ["a.html", "c/d/index.html"]),
        (["a.html"], ["b/index.html", "e/f/index.html"]),
        ([], ["a.html"]),
    ):
        old = published(output, new, kept, old, whole)
        assert sorted(tree(output)) == sorted(old.paths)
        assert seal_of(output, old.paths) == old.seal
    (output / "empty").mkdir()
    assert seal_of(output, old.paths) != old.seal
