"""`python -m tests.impatient`: the site here is pulled as by the command, with little patience.

Servers of tests fail at once and for a moment only; the command would wait for them as it waits for
real ones. Prints what the command prints, and exits as it does.
"""

import sys
from pathlib import Path

from generator.cli import today
from generator.errors import BroadsheetError
from generator.pull import Wanted, pull
from generator.sources import Politeness

QUICK = Politeness(
    tries=4,
    first_wait=0.02,
    longest_wait=1.0,
    patience=20.0,
    deadline=1.0,
    silence=0.4,
    most_transferred=400_000,
    most_bytes=1_000_000,
    longest_pause=1.0,
)


def main() -> int:
    """Run it."""
    try:
        done = pull(Path.cwd(), Wanted(), today=today(), politeness=QUICK, progress=_tell)
    except BroadsheetError as error:
        _tell(str(error))
        return 1
    for found in done.problems:
        _tell(str(found))
    _tell(f"{sum(done.fetched.values())} papers: {done.new} new, {len(done.written)} files changed")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
