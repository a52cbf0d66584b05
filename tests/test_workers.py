"""Who does the work of a build: this process and others, which may be lost."""

import os
import signal
import subprocess
import sys
import time
from itertools import repeat
from pathlib import Path

import pytest

from generator.workers import WORTH_PROCESSES, Workers

HERE = os.getpid()


def double(number: int) -> tuple[int, int]:
    """Twice a number, and who says so."""
    time.sleep(0.002)
    return 2 * number, os.getpid()


def fail(number: int) -> int:
    """Raise a ValueError that names the number."""
    raise ValueError(f"not {number}")


def die(number: int, here: int) -> int:
    """The number, unless another process is asked, which is killed."""
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def wait_for(file: Path) -> bool:
    """Whether a file comes within 20 seconds."""
    return any(file.exists() or time.sleep(0.01) for _ in range(2_000))


@pytest.mark.parametrize("jobs", [2, 3])
def test_work_that_is_done_at_once_keeps_its_order(jobs: int) -> None:
    with Workers(jobs, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        for count in (1, 2, 3, 5_000):
            assert list(team.map(abs, range(count))) == [*range(count)]


@pytest.mark.parametrize("jobs", [2, 3])
def test_this_process_and_others_share_the_work(jobs: int) -> None:
    with Workers(jobs, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        assert team.submit(os.getpid).result() != HERE  # which is there from now on
        told = list(team.map(double, range(200)))
    assert [number for number, _ in told] == [*range(0, 400, 2)]
    assert HERE in {who for _, who in told}
    assert 2 <= len({who for _, who in told}) <= jobs


def test_nobody_else_is_asked_for_little_work_or_one_job() -> None:
    with Workers(2, None) as workers:
        assert workers.for_(WORTH_PROCESSES - 1) is None
    with Workers(1, None) as workers:
        assert workers.for_(WORTH_PROCESSES) is None


def test_nothing_waits_behind_long_work_that_came_first(tmp_path: Path) -> None:
    with Workers(2, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        for ended in (tmp_path / str(number) for number in range(100)):
            list(team.map(abs, range(20)))  # which nobody has any more, though it is just done
            long = team.submit(wait_for, ended)
            assert [*team.map(abs, range(9))] == [*range(9)]
            assert not long.done()
            ended.touch()
            assert long.result()


def test_a_failure_is_raised_where_the_result_is_asked_for() -> None:
    with Workers(2, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        works = [team.submit(fail, number) for number in range(8)]
        for number, work in enumerate(works):
            with pytest.raises(ValueError, match=f"^not {number}$"):
                work.result()
        assert team.submit(double, 4).result()[0] == 8


def test_what_lost_processes_had_to_do_is_done_here() -> None:
    with Workers(2, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        assert list(team.map(die, range(50), repeat(HERE))) == [*range(50)]
        assert list(team.map(double, range(5))) == [(2 * n, HERE) for n in range(5)]


def build_that_loses_a_process() -> None:
    """Send a process 64 MB twice, which it does not read, and kill it; print what came of it."""
    with Workers(2, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        pid = team.submit(os.getpid).result()
        assert pid != HERE
        os.kill(pid, signal.SIGSTOP)
        works = [team.submit(len, bytes(1 << 26)) for _ in range(2)]
        time.sleep(0.5)  # the pipe is full by then
        os.kill(pid, signal.SIGKILL)
        print([work.result() >> 26 for work in works])


def test_a_process_lost_while_it_is_sent_much_is_waited_for_no_more() -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import {__name__} as t; t.build_that_loses_a_process()"],
        capture_output=True,
        cwd=Path(__file__).parent.parent,
        text=True,
        timeout=60,
    )
    assert (told.stdout, told.stderr) == ("[1, 1]\n", "")


def test_what_is_cancelled_is_left_undone(tmp_path: Path) -> None:
    with Workers(2, None) as workers:
        team = workers.for_(WORTH_PROCESSES)
        assert team
        long = team.submit(wait_for, tmp_path / "ended")
        others = [team.submit((tmp_path / str(number)).touch) for number in range(3)]
        assert others[1].cancel()
        assert others[2].result() is None
        (tmp_path / "ended").touch()
        assert long.result()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "2", "ended"]
