"""However a source fails, its papers stay, the others' arrive, and the pull says what to do."""

import gzip
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from generator.errors import BroadsheetError
from generator.pull import Wanted, pull
from tests.command import broadsheet, tree
from tests.impatient import QUICK
from tests.loopback import Call, Server, serve

TODAY = date(2025, 11, 26)
DAY = {"SOURCE_DATE_EPOCH": "1764115200"}
POLITENESS = replace(QUICK, tries=2)
CHUNK = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n["
Answer = Callable[[Call], None]


def refuses(status: int, **headers: str) -> Answer:
    return lambda call: call.send(b"no", status=status, **headers)


def says(body: bytes, **headers: str) -> Answer:
    return lambda call: call.send(body, **headers)


def stalls(call: Call) -> None:
    call.write(CHUNK)
    call.handler.rfile.read(1)  # until the client is gone


def drips(call: Call) -> None:
    call.write(CHUNK)
    for _ in range(40):
        time.sleep(0.1)
        call.write(b" ")


def breaks_off(call: Call) -> None:
    call.write(CHUNK)
    call.handler.close_connection = True


def resets(call: Call) -> None:
    call.write(CHUNK)
    now = struct.pack("ii", 1, 0)
    call.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
    os.close(call.handler.connection.detach())


def later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@dataclass(frozen=True)
class Failure:
    """What a server does, what is said of it, and what a person is told to do."""

    answer: Answer
    fact: str
    hint: str = "try again later"


FAILURES = {
    "429": Failure(refuses(429), "answered 429 Too Many Requests after 2 tries"),
    "429, wait a moment": Failure(refuses(429, retry_after="0"), "answered 429 Too Many Requests"),
    "429, wait a day": Failure(
        refuses(429, retry_after="86400"), "answered 429", "left alone for 86400 s"
    ),
    "429, wait for nonsense": Failure(refuses(429, retry_after="soon"), "answered 429"),
    "503 until the past": Failure(refuses(503, retry_after=later(-9_000)), "answered 503"),
    "503 until years from now": Failure(
        refuses(503, retry_after=later(9e7)), "answered 503", "it asks to be left alone for"
    ),
    "429, nothing left for a century": Failure(
        refuses(429, ratelimit='"api";r=0;t=999999999'), "answered 429"
    ),
    "500": Failure(refuses(500), "answered 500 Internal Server Error after 2 tries"),
    "502": Failure(refuses(502), "answered 502 Bad Gateway"),
    "503": Failure(refuses(503), "answered 503 Service Unavailable"),
    "504": Failure(refuses(504), "answered 504 Gateway Timeout"),
    "400": Failure(refuses(400), "answered 400 Bad Request", "content/site.yml"),
    "401": Failure(refuses(401), "answered 401 Unauthorized", "asks for a login"),
    "403": Failure(refuses(403), "answered 403 Forbidden", "does not let programs read"),
    "404": Failure(refuses(404), "answered 404 Not Found", "content/site.yml"),
    "410": Failure(refuses(410), "answered 410 Gone", "look for its successor"),
    "451": Failure(refuses(451), "answered 451", "in a browser"),
    "304 nobody asked for": Failure(refuses(304), "answered 304 Not Modified", "in a browser"),
    "nothing at all": Failure(says(b""), "is empty where JSON is due"),
    "a page of HTML": Failure(
        says(b"<!doctype html><title>Log in</title>"), "is a page of HTML", "a login page"
    ),
    "broken off": Failure(breaks_off, "broke off before the end of its answer after 2 tries"),
    "JSON cut off": Failure(says(b'[{"id": "2511.00001", "titl'), "is not JSON"),
    "silence": Failure(stalls, "said nothing for 0.4 s after 2 tries"),
    "a drip": Failure(drips, "did not answer in full within 1 s after 2 tries"),
    "too much": Failure(says(b" " * 500_000), "is larger than", "a shorter window or 'limit'"),
    "a gzip bomb": Failure(
        says(gzip.compress(b"\0" * 50_000_000), content_encoding="gzip"), "is larger than", "limit"
    ),
    "no gzip": Failure(
        says(b"[]", content_encoding="gzip"), "came in gzip that cannot be unpacked"
    ),
    "half a gzip": Failure(
        says(gzip.compress(b"[]" * 900)[:-9], content_encoding="gzip"), "broke off before the end"
    ),
    "brotli": Failure(says(b"[]", content_encoding="br"), "an encoding nobody asked for: 'br'"),
    "to a private address": Failure(
        refuses(302, location="http://169.254.169.254/latest"),
        "redirects to 'http://169.254.169.254/latest', an address of a private network",
        "content/site.yml",
    ),
    "to a file": Failure(
        refuses(302, location="file:///etc/passwd"),
        "redirects to 'file:///etc/passwd', which is not http(s)",
        "content/site.yml",
    ),
    "in a circle": Failure(
        refuses(302, location="/x"), "redirects more than 5", "content/site.yml"
    ),
    "to nowhere": Failure(refuses(302, location="http://[bad"), "not a URL", "content/site.yml"),
    "another charset": Failure(
        says('[{"title": "é"}]'.encode("latin-1"), content_type="application/json; charset=latin1"),
        "is not UTF-8",
    ),
    "UTF-16": Failure(says('[{"title": "é"}]'.encode("utf-16")), "is not UTF-8"),
    "another shape": Failure(says(b'{"papers": 7}'), "holds an object with the keys 'papers'", ""),
    "a list of texts": Failure(says(b"[\"{'id': 7}\"]"), "holds the text", "printed by a program"),
    "an error in JSON": Failure(says(b'{"error": "no"}'), "answered with the error 'no'", ""),
    "another protocol": Failure(lambda call: call.write(b"SSH-2.0-x\r\n\r\n"), "broke off ("),
    "a reset": Failure(resets, "broke off ("),
}


def entry(number: int, title: str = "") -> dict[str, object]:
    return {
        "paper": {
            "id": f"2511.{number:05d}",
            "title": title or f"Paper {number}",
            "summary": f"Abstract of paper {number}.",
            "publishedAt": "2025-11-20T00:00:00.000Z",
        }
    }


@contextmanager
def three_sources(folder: Path, failing: Answer) -> Iterator[tuple[Path, Server]]:
    """A site that has pulled once: `failing` from a server that from now on answers as it is told,
    `listed` from another server, `kept` from a file. The last two have news."""
    now = [lambda call: call.send(json.dumps([entry(1), entry(2)]).encode())]
    news = [[entry(11)]]
    with (
        serve(lambda call: now[0](call)) as bad,
        serve(lambda call: call.send(json.dumps(news[0]).encode())) as good,
    ):
        write_site(folder, bad.url, good.url.replace("127.0.0.1", "localhost"))
        assert run(folder)[0] == 0
        now[0] = failing
        news[0] = [entry(11, "Another title"), entry(12)]
        papers = [{"id": "2511.00021", "title": "Mine"}, {"id": "2511.00022", "title": "Yours"}]
        (folder / "content/sources/list.json").write_text(json.dumps(papers))
        yield folder, bad


def write_site(folder: Path, bad: str, good: str) -> None:
    (folder / "content/sources").mkdir(parents=True, exist_ok=True)
    (folder / "content/topics").mkdir(exist_ok=True)
    (folder / "content/topics/all.md").write_text("---\ntitle: All\n---\n")
    (folder / "content/site.yml").write_text(
        "title: Papers\nsources:\n"
        f"  - {{name: failing, type: huggingface, list: trending, endpoint: '{bad}'}}\n"
        f"  - {{name: listed, type: huggingface, list: trending, endpoint: '{good}'}}\n"
        "  - {name: kept, type: json, path: content/sources/list.json}\n"
    )
    first = [{"id": "2511.00021", "title": "Mine"}]
    (folder / "content/sources/list.json").write_text(json.dumps(first))


def run(folder: Path, *sources: str) -> tuple[int, str]:
    """The exit code of a pull, and what it says."""
    try:
        done = pull(folder, Wanted(sources=sources), today=TODAY, politeness=POLITENESS)
    except BroadsheetError as error:
        return 1, str(error)
    return 0, "\n".join(map(str, done.problems))


def states(folder: Path) -> dict[str, str]:
    status = json.loads((folder / "content/.pulled/status.json").read_text())
    return {name: told["state"] for name, told in status["sources"].items()}


def check(folder: Path, url: str, failure: Failure) -> None:
    """The others' news arrive, the failing source's papers stay, and it is told what to do."""
    page = folder / "content/papers/2025/2511.00001.md"
    before = page.read_bytes()
    code, said = run(folder)
    assert code == 0, said
    assert said.startswith(f"failing, {url}"), said
    assert failure.fact in said
    assert failure.hint in said
    assert not failure.hint or "\n  hint: " in said
    assert page.read_bytes() == before
    papers = folder / "content/papers"
    numbers = sorted(int(each.stem[-2:]) for each in papers.rglob("*.md"))
    assert numbers == [1, 2, 11, 12, 21, 22]
    assert "Another title" in (papers / "2025/2511.00011.md").read_text()
    assert states(folder) == {"failing": "failed", "kept": "ok", "listed": "ok"}
    arrived = tree(papers)
    code, said = run(folder, "failing")
    assert (code, said.splitlines()[-1]) == (1, "No source gave papers; no page was changed.")
    assert failure.fact in said
    assert tree(papers) == arrived


@pytest.mark.parametrize("name", FAILURES)
def test_one_source_fails_and_the_others_arrive(tmp_path: Path, name: str) -> None:
    failure = FAILURES[name]
    with three_sources(tmp_path, failure.answer) as (site, server):
        check(site, server.url, failure)


@pytest.mark.parametrize("name", ["403", "a page of HTML", "to a file"])
def test_the_command_says_the_same_and_exits_so(tmp_path: Path, name: str) -> None:
    failure = FAILURES[name]
    with three_sources(tmp_path, failure.answer) as (site, server):
        done = broadsheet("pull", site=site, environment=DAY)
        assert (done.returncode, done.stdout) == (0, "")
        assert f"\nfailing, {server.url}" in done.stderr
        assert failure.fact in done.stderr
        assert failure.hint in done.stderr
        assert ": 2 new, " in done.stderr
        alone = broadsheet("pull", "--source", "failing", site=site, environment=DAY)
        assert alone.returncode == 1
        assert alone.stderr.endswith("No source gave papers; no page was changed.\n")


def test_a_source_that_recovers_arrives(tmp_path: Path) -> None:
    with three_sources(tmp_path, refuses(500)) as (site, _):
        assert run(site)[0] == 0
        assert states(site)["failing"] == "failed"
    with three_sources(tmp_path, says(json.dumps([entry(1, "Back")]).encode())) as (site, _):
        assert run(site) == (0, "")
        assert states(site)["failing"] == "ok"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid"])
def test_a_host_that_is_not_there(tmp_path: Path, url: str) -> None:
    """Nobody listens at the port; nobody has the name (RFC 6761, section 6.4)."""
    with three_sources(tmp_path, refuses(500)) as (site, server):
        settings = site / "content/site.yml"
        settings.write_text(settings.read_text().replace(server.url, url))
        check(site, url, Failure(refuses(500), "cannot be reached ("))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `new.pem`, a certificate for this host that nobody but itself vouches for."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing: it makes the certificate of the server")
    folder = tmp_path_factory.mktemp("certificates")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "new.pem"]
    names = ["-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"]
    done = subprocess.run([*command, *names], cwd=folder, capture_output=True, check=True)
    with (folder / "new.pem").open("ab") as file:
        file.write(done.stdout)
    return folder


@contextmanager
def tls_server(certificate: Path) -> Iterator[Server]:
    """A server behind TLS that answers with a paper."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serve(says(json.dumps([entry(1)]).encode()), tls=context) as server:
        yield server


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, certificates: Path) -> None:
    with (
        tls_server(certificates / "new.pem") as secret,
        three_sources(tmp_path, refuses(500)) as (site, server),
    ):
        settings = site / "content/site.yml"
        settings.write_text(settings.read_text().replace(server.url, secret.url))
        check(site, secret.url, Failure(refuses(500), "certificate verify failed: self-signed"))
        assert secret.calls == []
