"""A process and all that it starts, measured from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from tests.bench.documents import REPOSITORY

RATE = 20
"""Looks a second."""
SHARE = 0.05
"""Of the time, at most, that looking may take: a look at gigabytes holds the process up."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took, with all processes it started."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds."""
    peak: int
    """Bytes of all processes together at the worst moment seen; shared ones count once (PSS)."""
    largest: int
    """Bytes of the largest process, as the system counts it (maximal RSS)."""


def measure(
    command: Sequence[str | Path], timeout: float, folder: Path = REPOSITORY
) -> Cost | None:
    """Run a command in a folder; None where it fails or takes longer. What it prints goes to the
    terminal's errors."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=sys.stderr, start_new_session=True)
    seen = _Seen()
    done = Event()
    watch = Thread(target=_watch, args=(process.pid, done, seen))
    limit = Thread(target=_stop_late, args=(process.pid, done, timeout))
    watch.start()
    limit.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    watch.join()
    limit.join()
    if process.returncode:
        return None
    waited_for = usage.ru_utime + usage.ru_stime
    cpu = max(waited_for, sum(seen.ticks.values()) / os.sysconf("SC_CLK_TCK"))
    return Cost(wall, cpu, seen.peak, max(seen.largest, usage.ru_maxrss * 1024))


@dataclass(slots=True)
class _Seen:
    """What looking at processes has shown so far."""

    peak: int = 0
    largest: int = 0
    ticks: dict[int, int] = field(default_factory=dict)
    """Clock ticks on a core, by process."""


def _watch(session: int, done: Event, seen: _Seen) -> None:
    pause, others = 1 / RATE, set[str]()
    while not done.wait(pause):
        began = time.monotonic()
        processes = dict(_processes(session, others))
        seen.ticks |= processes
        shares = [_memory(pid) for pid in processes]
        seen.peak = max(seen.peak, sum(share for share, _ in shares))
        seen.largest = max(seen.largest, *(resident for _, resident in shares), 0)
        pause = max(1 / RATE, (time.monotonic() - began) / SHARE)


def _stop_late(session: int, done: Event, timeout: float) -> None:
    if not done.wait(timeout):
        os.killpg(session, signal.SIGKILL)


def _processes(session: int, others: set[str]) -> Iterator[tuple[int, int]]:
    """The processes of a session, those whose parents have ended included, and their ticks.
    `others` are the numbers of those that are none of it, which it adds to: to look at each of them
    again would take longer than all else, from whoever is measured."""
    for number in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 (names suffice)
        if number in others:
            continue
        try:
            facts = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(facts[3]) == session:
            yield int(number), int(facts[11]) + int(facts[12])
        else:
            others.add(number)


def _memory(pid: int) -> tuple[int, int]:
    """Bytes of a process: those it shares with others in part, and all."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0, 0
    facts = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return facts.get("Pss:", 0), facts.get("Rss:", 0)
