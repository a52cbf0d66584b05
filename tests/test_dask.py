"""On a Dask cluster, too: the same bytes, whatever its workers see and whoever of them is lost."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from generator.cluster import connect
from generator.errors import BroadsheetError
from generator.library.pages import format_paper
from generator.storage.tree import write_file
from tests.command import REPOSITORY, broadsheet, start, tree
from tests.test_site import library

AS_BEFORE = "Nothing was built; the site in the output folder is as before.\n"
ADDRESS = r"Scheduler at: +(tcp://\S+:\d+)\n"
"""What a scheduler logs when workers may come."""
READY = r"(Registered to:)"
"""What a worker logs when it can be given work."""
APART = ["unshare", "--mount", "--map-root-user"]
"""Runs a command that may mount something for itself."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that others help with, and what it is when nobody does: in expected/."""
    site = tmp_path_factory.mktemp("site")
    write_file(site, "content/site.yml", b"title: Papers\n")
    for paper in library(450):
        write_file(site, f"content/papers/2025/{paper.id}.md", format_paper(paper).encode())
    for topic in ("even", "odd"):
        write_file(site, f"content/topics/{topic}.md", b"---\ntitle: Topic\n---\n")
    done = broadsheet("build", "--jobs", "1", "--no-cache", "--output", "expected", site=site)
    assert done.returncode == 0, done.stderr
    return site


@dataclass
class Cluster:
    """A scheduler and workers, each a process on this machine."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(
        self, kind: str, *arguments: str, before: Sequence[str] = (), code: Path = REPOSITORY
    ) -> subprocess.Popen[bytes]:
        """One of Dask's processes. `before`: a command that runs it; `code`: its Broadsheet."""
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard"]
        with self._log(len(self.processes)).open("wb") as log:
            process = subprocess.Popen(
                [*before, *command, *arguments],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(code)},
                stderr=log,
            )
        self.processes.append(process)
        return process

    def worker(
        self, before: Sequence[str] = (), code: Path = REPOSITORY
    ) -> subprocess.Popen[bytes]:
        """One more worker."""
        options = [self.address, "--no-nanny", "--nthreads", "1"]
        return self.start("worker", *options, before=before, code=code)

    def wait(self, told: str) -> str:
        """Until this stands in the log of every process but the scheduler, if there is another.

        Gives what the pattern found in the last of them.
        """
        for number, process in list(enumerate(self.processes))[1:] or [(0, self.processes[0])]:
            while not (found := re.search(told, text := self._log(number).read_text())):
                assert process.poll() is None, text
                time.sleep(0.05)
        return found[1]

    def _log(self, number: int) -> Path:
        return self.folder / f"{number}.log"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    cluster = Cluster(tmp_path)
    try:
        cluster.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        cluster.address = cluster.wait(ADDRESS)
        yield cluster
    finally:
        for process in cluster.processes:
            process.kill()
            process.wait()


def options(cluster: Cluster, output: Path) -> list[str]:
    return ["build", "-q", "--no-cache", "--dask", cluster.address, "--output", str(output)]


@contextmanager
def in_the_middle(cluster: Cluster, site: Path, output: Path) -> Iterator[subprocess.Popen[str]]:
    """A build some of whose pages are made, and most are not."""
    with start(*options(cluster, output), site=site) as process:
        while not list(output.parent.glob(f".{output.name}.*/papers")):
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.01)
        try:
            yield process
        finally:
            process.kill()


def test_workers_that_share_the_folder_leave_the_same_bytes(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        cluster.worker()
    cluster.wait(READY)
    stamps = set()
    for _ in range(2):
        done = broadsheet(*options(cluster, tmp_path / "output"), site=site)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert tree(tmp_path / "output") == tree(site / "expected")
        stamps.add((tmp_path / "output/papers/paper-7/index.html").stat().st_mtime_ns)
    assert len(stamps) == 1


def test_what_workers_make_that_see_no_folder_of_the_site_comes_back(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    if subprocess.run([*APART, "true"], check=False, capture_output=True).returncode:
        pytest.skip("folders cannot be hidden from a process here: unshare is not allowed")
    output = tmp_path / "hidden" / "output"
    output.parent.mkdir()
    for _ in range(2):
        cluster.worker(
            [*APART, "sh", "-c", f'mount -t tmpfs none "{output.parent}" && exec "$@"', "sh"]
        )
    cluster.wait(READY)
    done = broadsheet(*options(cluster, output), site=site)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert tree(output) == tree(site / "expected")


def test_a_worker_that_is_killed_loses_nothing(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    first, _ = cluster.worker(), cluster.worker()
    cluster.wait(READY)
    with in_the_middle(cluster, site, tmp_path / "output") as building:
        first.kill()
        told = building.communicate(timeout=60)
    assert (building.returncode, *told) == (0, "", "")
    assert tree(tmp_path / "output") == tree(site / "expected")


def test_a_scheduler_that_is_killed_is_told(cluster: Cluster, site: Path, tmp_path: Path) -> None:
    cluster.worker()
    cluster.wait(READY)
    with in_the_middle(cluster, site, tmp_path / "output") as building:
        cluster.processes[0].kill()
        _, errors = building.communicate(timeout=60)
    told = f"--dask: the scheduler at '{cluster.address}' went away\n{AS_BEFORE}"
    assert (building.returncode, errors) == (1, told)
    assert not (tmp_path / "output").exists()


def test_a_build_that_is_interrupted_says_no_more(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    cluster.worker()
    cluster.wait(READY)
    with in_the_middle(cluster, site, tmp_path / "output") as building:
        building.send_signal(signal.SIGINT)
        _, errors = building.communicate(timeout=60)
    assert (building.returncode, errors) == (130, "Interrupted.\n")
    assert not (tmp_path / "output").exists()


def test_where_no_cluster_answers_nothing_is_built(
    cluster: Cluster, site: Path, tmp_path: Path
) -> None:
    silent, closed = socket.socket(), socket.socket()
    with ExitStack() as stack:
        for each in (silent, closed):
            stack.enter_context(each)
            each.bind(("127.0.0.1", 0))
        silent.listen()
        missing = [f"127.0.0.1:{each.getsockname()[1]}" for each in (silent, closed)]
        told = {address: f"no scheduler answers at '{address}'\n" for address in [*missing, "x"]}
        told[cluster.address] = f"the scheduler at '{cluster.address}' has no workers\n"
        builds = [
            (fact, stack.enter_context(start("build", "--dask", address, site=site)))
            for address, fact in told.items()
        ]
        for fact, build in builds:
            _, errors = build.communicate(timeout=60)
            assert build.returncode == 1
            assert errors.startswith(f"--dask: {fact}  hint: start ")
            assert errors.endswith(AS_BEFORE)
            assert errors.count("\n") == 3
    assert not (site / "output").exists()


def test_without_dask_its_package_is_named(site: Path, tmp_path: Path) -> None:
    missing = "raise ModuleNotFoundError(\"No module named 'distributed'\", name='distributed')"
    (tmp_path / "distributed.py").write_text(missing)
    done = broadsheet(
        "build",
        "--dask",
        "127.0.0.1:8786",
        site=site,
        environment={"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"},
    )
    hint = "--dask: Dask is not installed\n  hint: pip install 'broadsheet[dask]'\n"
    assert (done.returncode, done.stderr) == (1, hint + AS_BEFORE)


@pytest.fixture
def other_version(tmp_path: Path) -> Path:
    """A folder with a Broadsheet that differs in a line."""
    shutil.copytree(REPOSITORY / "generator", tmp_path / "other/generator")
    with (tmp_path / "other/generator/model.py").open("a") as module:
        module.write("OTHER = True\n")
    return tmp_path / "other"


def test_a_worker_with_another_version_is_told(
    cluster: Cluster, site: Path, other_version: Path
) -> None:
    cluster.worker()
    cluster.worker(code=other_version)
    cluster.wait(READY)
    done = broadsheet("build", "--dask", cluster.address, site=site)
    assert done.returncode == 1
    assert done.stderr.startswith(f"--dask: the worker on {socket.gethostname()} has Broadsheet ")
    assert done.stderr.endswith(f"\n  hint: install the same on every worker\n{AS_BEFORE}")


def test_a_worker_with_another_version_that_comes_later_does_nothing(
    cluster: Cluster, other_version: Path
) -> None:
    right = cluster.worker()
    cluster.wait(READY)
    with connect(cluster.address) as executor:
        assert list(executor.map(len, ["a", "bc"])) == [1, 2]
        right.kill()
        cluster.worker(code=other_version)
        with pytest.raises(BroadsheetError, match="has Broadsheet"):
            executor.submit(len, "a").result(timeout=30)
