"""Pulls and builds all of Hugging Face's Daily Papers of 2024 and 2025, served on loopback.

    python -m tests.bench

Prints wall time, the largest process's memory and the size of the site for each step. Needs
../shared/corpora/hf-daily-papers-2024-2025.zip; says so where it is missing.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

REPOSITORY = Path(__file__).parent.parent.parent
LAST_DAY = "1767139200"
"""2025-12-31, the last day of the corpus: the clock of the commands."""
CORPUS = REPOSITORY.parent / "shared/corpora/hf-daily-papers-2024-2025.zip"


@contextmanager
def api(corpus: zipfile.ZipFile) -> Iterator[str]:
    """The corpus as Hugging Face's API: one request a day, in pages. Yields its address."""
    days = {Path(name).stem: name for name in corpus.namelist() if name.endswith(".json")}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            name = days.get(asked["date"][0])
            with lock:
                found = json.loads(corpus.read(name)) if name else []
            size, page = int(asked.get("limit", ["50"])[0]), int(asked.get("p", ["0"])[0])
            body = json.dumps(found[page * size : (page + 1) * size]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def measured(site: Path, *arguments: str) -> None:
    """Run a command of Broadsheet on a site and print what it took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", *arguments],
        cwd=site,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "SOURCE_DATE_EPOCH": LAST_DAY},
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    wall = time.monotonic() - began
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(
        f"{' '.join(arguments):<42} exit {process.returncode}  {wall:6.1f} s wall  "
        f"{usage.ru_utime + usage.ru_stime:6.1f} s CPU  {usage.ru_maxrss / 1024:6.0f} MB itself  "
        f"{workers / 1024:6.0f} MB largest so far",
        flush=True,
    )


def make_site(site: Path, endpoint: str) -> None:
    """A site with Broadsheet's first topics and the corpus as its only source."""
    (site / "content").mkdir(parents=True)
    (site / "content/site.yml").write_text(
        "title: Daily Papers 2024 and 2025\nbase_url: https://example.org/papers/\nsources:\n"
        f"  - {{name: daily, type: huggingface, since: 2024-05-27, endpoint: '{endpoint}'}}\n"
    )


def main() -> None:
    """Run it."""
    if not CORPUS.exists():
        print(f"left out: {CORPUS} is not there")
        return
    with (
        zipfile.ZipFile(CORPUS) as corpus,
        tempfile.TemporaryDirectory() as folder,
        api(corpus) as endpoint,
    ):
        site = Path(folder) / "site"
        make_site(site, endpoint)
        measured(site, "pull")
        measured(site, "pull")
        measured(site, "build")
        measured(site, "build", "--jobs", "1")
        files = [place for place in (site / "output").rglob("*") if place.is_file()]
        size = sum(place.stat().st_size for place in files)
        papers = len(list((site / "content/papers").rglob("*.md")))
        print(
            f"{papers} papers, {len(files)} files, {size / 1e6:.1f} MB, "
            f"{size / papers:.0f} B a paper"
        )


if __name__ == "__main__":
    main()
