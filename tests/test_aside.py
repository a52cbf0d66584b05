"""Work beside this process: its result comes back, whatever becomes of the copy that does it.

What is said here runs in processes of their own: a process with threads, as those are that run
tests side by side, is not copied.
"""

import subprocess
import sys

import pytest

from tests.command import REPOSITORY

BEGIN = """
import os, signal, threading, time
from generator.storage.aside import aside, in_turn
here = os.getpid()

def fail():
    raise ValueError("nothing comes of this")

def die_elsewhere():
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return 7
"""


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")


def told_by(script: str) -> str:
    """What a process prints that runs a script."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@on_linux
def test_the_result_of_a_copy_comes_back_and_the_copy_is_gone() -> None:
    script = """
with aside(lambda: (os.getpid(), b"x" * 5_000_000)) as result:
    process, told = result()
print(process != here, told == b"x" * 5_000_000)
try:
    os.kill(process, 0)
except ProcessLookupError:
    print("gone")
"""
    assert told_by(script) == "True True\ngone"


def test_with_threads_the_work_is_done_here() -> None:
    script = """
done = threading.Event()
thread = threading.Thread(target=done.wait)
thread.start()
with aside(os.getpid) as result:
    print(result() == here)
done.set()
thread.join()
"""
    assert told_by(script) == "True"


def test_what_the_work_raises_is_raised_where_the_result_is_asked_for() -> None:
    script = """
with aside(fail) as result:
    try:
        result()
    except ValueError as error:
        print(error)
"""
    assert told_by(script) == "nothing comes of this"


def test_work_whose_copy_is_killed_is_done_here() -> None:
    assert told_by("with aside(die_elsewhere) as result: print(result())") == "7"


@on_linux
def test_nobody_waits_for_a_result_that_is_not_asked_for() -> None:
    script = """
try:
    with aside(lambda: time.sleep(600)):
        raise KeyError
except KeyError:
    print("not waited")
"""
    assert told_by(script) == "not waited"


@on_linux
def test_one_copy_does_several_works_in_turn_and_each_result_is_there_when_it_is_done() -> None:
    script = """
kept = []
def first():
    kept.append(1)
    return os.getpid()
def second():
    return os.getpid(), kept
with in_turn(first, second, lambda: time.sleep(600)) as (one, two, never):
    process = one()
    print(process != here, two() == (process, [1]), one() == process, kept)
"""
    assert told_by(script) == "True True True []"


@on_linux
def test_two_processes_may_ask_for_the_same_result() -> None:
    script = """
told = b"x" * 5_000_000
with aside(lambda: told) as result, aside(lambda: result() == told) as other:
    print(result() == told, other())
"""
    assert told_by(script) == "True True"
