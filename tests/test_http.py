"""The polite client, against real servers on loopback that misbehave."""

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import pytest

from generator.errors import BroadsheetError
from generator.sources.http import (
    Client,
    Politeness,
    RequestError,
    rate_limit_pause,
    retry_after,
)
from tests.loopback import Call, serve

QUICK = Politeness(
    tries=3,
    first_wait=0.02,
    longest_wait=1.5,
    patience=5.0,
    deadline=0.6,
    silence=0.4,
    most_transferred=20_000,
    most_bytes=50_000,
)


def failure(answer: Callable[[Call], None], politeness: Politeness = QUICK) -> tuple[str, int]:
    """What the client says of a server, and how often it asked."""
    with serve(answer) as server, Client(politeness) as client:
        with pytest.raises(RequestError) as caught:
            client.get(f"{server.url}/api", {"date": "2025-11-26"})
        text = str(caught.value)
        assert text.startswith(f"{server.url}/api?date=2025-11-26: ")
        return text.split(": ", 1)[1], len(server.calls)


def test_an_answer_arrives_as_it_was_sent_and_the_server_learns_who_asks() -> None:
    contact = "https://you.github.io/papers/"
    with serve(lambda call: call.send("ω".encode())) as server, Client(QUICK, contact=contact) as c:
        assert c.get(f"{server.url}/a?x=1", {"y": "2 3"}) == "ω".encode()
    (call,) = server.calls
    assert (call.path, call.params) == ("/a", {"x": "1", "y": "2 3"})
    assert call.headers["user-agent"].startswith("broadsheet/")
    assert call.headers["user-agent"].endswith(" (+https://you.github.io/papers/)")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_compressed_answer_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    body = b"a paper " * 5_000
    encoding = "gzip" if pack is gzip.compress else "deflate"

    def answer(call: Call) -> None:
        call.send(pack(body), content_encoding=encoding)

    with serve(answer) as server, Client(QUICK) as client:
        assert client.get(server.url) == body


def test_a_server_that_recovers_is_asked_until_it_does() -> None:
    def answer(call: Call) -> None:
        call.send(b"late", status=503 if call.number < 3 else 200)

    with serve(answer) as server, Client(QUICK) as client:
        assert client.get(server.url) == b"late"
    assert len(server.calls) == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_stays_down_is_named_with_its_status(status: int) -> None:
    text, calls = failure(lambda call: call.send(status=status))
    assert text.startswith(f"answered {status} ")
    assert "after 3 tries\n  hint: try again later" in text
    assert calls == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_refusal_is_taken_at_its_word(status: int) -> None:
    text, calls = failure(lambda call: call.send(status=status))
    assert text.startswith(f"answered {status} ")
    assert "tries" not in text
    assert calls == 1


def test_waits_grow_where_the_server_does_not_say_how_long() -> None:
    politeness = Politeness(tries=3, first_wait=0.1)
    down = serve(lambda call: call.send(status=429))
    with down as server, Client(politeness) as client, pytest.raises(RequestError):
        client.get(server.url)
    first, second = server.gaps
    assert 0.1 <= first < 0.4
    assert 0.2 <= second < 0.6


def test_a_wait_the_server_asks_for_in_seconds_is_kept() -> None:
    def answer(call: Call) -> None:
        call.send(b"now", status=429 if call.number == 1 else 200, retry_after="1")

    with serve(answer) as server, Client(QUICK) as client:
        assert client.get(server.url) == b"now"
    assert server.gaps[0] >= 1.0


def test_a_wait_the_server_asks_for_as_a_date_is_kept() -> None:
    until = datetime.now(UTC) + timedelta(seconds=2)

    def answer(call: Call) -> None:
        call.send(status=503 if call.number == 1 else 200, retry_after=format_datetime(until, True))

    with serve(answer) as server, Client(Politeness(first_wait=0.01)) as client:
        client.get(server.url)
    assert server.gaps[0] >= 0.8  # the header has whole seconds


def test_a_server_that_wants_to_be_left_alone_is() -> None:
    started = time.monotonic()
    text, calls = failure(lambda call: call.send(status=429, retry_after="86400"))
    assert text.startswith("answered 429 Too Many Requests\n  hint: it asks to be left alone for")
    assert calls == 1
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 26 Nov 2025 12:01:00 GMT", 60.0),
        ("Wed, 26 Nov 2025 11:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("Wed, 26 Nov 99999999999999999999 12:00:00 GMT", None),
        ("1e3", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_the_standard_writes_it(text: str, seconds: float | None) -> None:
    assert retry_after(text, datetime(2025, 11, 26, 12, tzinfo=UTC)) == seconds


def test_a_truncated_answer_is_not_an_answer() -> None:
    def answer(call: Call) -> None:
        call.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[1, 2")
        call.handler.close_connection = True

    text, calls = failure(answer)
    assert text.startswith("broke off before the end of its answer after 3 tries")
    assert calls == 3


def test_truncated_gzip_is_not_an_answer() -> None:
    body = gzip.compress(b"abc" * 1_000)[:-6]
    text, _ = failure(lambda call: call.send(body, content_encoding="gzip"))
    assert text.startswith("broke off before the end of its answer after 3 tries")


@pytest.mark.parametrize(
    "body",
    [b"this is no gzip", gzip.compress(b"one", mtime=0) + gzip.compress(b"2", mtime=0)],
    ids=["none", "too much"],
)
def test_gzip_that_is_none_or_too_much_is_refused(body: bytes) -> None:
    text, _ = failure(lambda call: call.send(body, content_encoding="gzip"))
    assert text.startswith("came in gzip ")


def test_an_encoding_nobody_asked_for_is_refused() -> None:
    text, _ = failure(lambda call: call.send(b"x", content_encoding="br"))
    assert text.startswith("came in an encoding nobody asked for: 'br'")


def test_a_server_that_falls_silent_is_left() -> None:
    def answer(call: Call) -> None:
        call.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[")
        time.sleep(1)

    text, calls = failure(answer, Politeness(tries=2, first_wait=0.01, silence=0.1, deadline=5))
    assert text.startswith("said nothing for 0.1 s after 2 tries")
    assert calls == 2


def drip(call: Call, start: bytes, one: bytes) -> None:
    call.write(start)
    for _ in range(60):
        time.sleep(0.05)
        call.write(one)


@pytest.mark.parametrize(
    ("start", "one"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    ],
    ids=["body", "body without a length", "headers"],
)
def test_a_server_that_drips_is_cut_off_at_the_deadline(start: bytes, one: bytes) -> None:
    politeness = Politeness(tries=1, deadline=0.3, silence=5)
    started = time.monotonic()
    text, _ = failure(lambda call: drip(call, start, one), politeness)
    assert text.startswith("did not answer in full within 0.3 s")
    assert 0.3 <= time.monotonic() - started < 1.0


def test_a_deadline_that_passed_does_not_hurt_the_next_request() -> None:
    def answer(call: Call) -> None:
        if call.number == 1:
            drip(call, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x")
        call.send(b"quick")

    politeness = Politeness(tries=2, first_wait=0.01, deadline=0.3, silence=5)
    with serve(answer) as server, Client(politeness) as client:
        assert client.get(server.url) == b"quick"


def test_an_answer_beyond_the_cap_is_refused() -> None:
    text, calls = failure(lambda call: call.send(b"x" * 20_001))
    assert text.startswith("is larger than 20000 bytes\n  hint: ask for less at a time")
    assert calls == 1


def test_a_gzip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    assert len(bomb) < QUICK.most_transferred
    text, calls = failure(lambda call: call.send(bomb, content_encoding="gzip"))
    assert text.startswith("is larger than 50000 bytes")
    assert calls == 1


def test_a_redirect_on_the_same_host_is_followed() -> None:
    def answer(call: Call) -> None:
        if call.path == "/old":
            call.send(status=301, location="/new?x=1")
        else:
            call.send(call.path.encode())

    with serve(answer) as server, Client(QUICK) as client:
        assert client.get(f"{server.url}/old") == b"/new"


@pytest.mark.parametrize(
    ("location", "fact"),
    [
        ("file:///etc/passwd", "redirects to 'file:///etc/passwd', which is not http(s)"),
        ("ftp://example.org/x", "redirects to 'ftp://example.org/x', which is not http(s)"),
        ("javascript:alert(1)", "redirects to 'javascript:alert(1)', which is not http(s)"),
        ("http://169.254.169.254/latest", "redirects to 'http://169.254.169.254/latest', an"),
        ("http://10.0.0.1/", "redirects to 'http://10.0.0.1/', an address of a private network"),
        ("http://127.0.0.2:9/", "redirects to 'http://127.0.0.2:9/', an address of a private"),
        ("http://localhost:9/", "redirects to 'http://localhost:9/', an address of a private"),
        ("http://[::1]:9/", "redirects to 'http://[::1]:9/', an address of a private network"),
        ("http://[::ffff:10.0.0.1]/", "redirects to 'http://[::ffff:10.0.0.1]/', an address of"),
        ("http://2130706434/", "redirects to 'http://2130706434/', an address of a private"),
        ("http://0.0.0.0/", "redirects to 'http://0.0.0.0/', an address of a private network"),
        ("http://[bad", "redirects to something that is not a URL"),
    ],
)
def test_a_redirect_to_a_file_or_a_private_network_is_not_followed(
    location: str, fact: str
) -> None:
    text, calls = failure(lambda call: call.send(status=302, location=location))
    assert text.startswith(fact)
    assert calls == 1


def test_a_circle_of_redirects_has_an_end() -> None:
    text, calls = failure(lambda call: call.send(status=302, location="/again"))
    assert text.startswith("redirects more than 5 times")
    assert calls == 6


def test_a_host_nobody_answers_at_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with Client(QUICK) as client, pytest.raises(BroadsheetError) as caught:
            client.get(url)
    assert str(caught.value).startswith(f"{url}: cannot be reached (")
    assert "after 3 tries" in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "http://", "x"])
def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    with Client(QUICK) as client, pytest.raises(RequestError, match="is not an http"):
        client.get(url)


def test_an_answer_that_is_no_http_is_an_error_not_a_crash() -> None:
    text, _ = failure(lambda call: call.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"))
    assert text.startswith("broke off (")


def test_requests_to_one_host_keep_their_distance_whoever_asks() -> None:
    with serve(lambda call: call.send(b"x")) as server, Client(QUICK) as client:
        url = server.url

        def ask() -> None:
            client.get(url, gap=0.15)

        threads = [Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.gaps) == 3
    assert min(server.gaps) >= 0.15


def test_retries_keep_the_distance_too() -> None:
    down = serve(lambda call: call.send(status=500))
    with down as server, Client(QUICK) as client, pytest.raises(RequestError):
        client.get(server.url, gap=0.2)
    assert min(server.gaps) >= 0.2


def test_hosts_without_a_gap_are_not_slowed_down_and_keep_their_connection() -> None:
    with serve(lambda call: call.send(b"x")) as server, Client(QUICK) as client:
        started = time.monotonic()
        for _ in range(20):
            client.get(server.url)
        assert time.monotonic() - started < 1
    ports = {call.handler.client_address for call in server.calls}
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit": '"api";r=0;t=55'}, 55),
        ({"ratelimit": '"api";r=1;t=55'}, 0),
        ({"ratelimit": "limit=100, remaining=0, reset=7"}, 7),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "3"}, 3),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 9),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1764115200"}, 0),
        ({"x-rate-limit-limit": "50", "x-rate-limit-interval": "1s"}, 0.02),
        ({"x-rate-limit-limit": "0", "x-rate-limit-interval": "1s"}, 0),
        ({"ratelimit": "r=;t=x"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "²"}, 0),
        ({}, 0),
    ],
)
def test_an_allowance_is_read_as_servers_write_it(headers: dict[str, str], seconds: float) -> None:
    assert rate_limit_pause(headers) == seconds


def test_an_allowance_that_is_used_up_is_waited_for() -> None:
    def answer(call: Call) -> None:
        call.send(b"x", ratelimit='"api";r=0;t=1' if call.number == 1 else '"api";r=9;t=300')

    with serve(answer) as server, Client(QUICK) as client:
        for _ in range(3):
            client.get(server.url)
    assert server.gaps[0] >= 0.95
    assert server.gaps[1] < 0.5


def test_a_host_that_failed_for_good_is_not_asked_again() -> None:
    with serve(lambda call: call.send(status=503)) as server, Client(QUICK) as client:
        with pytest.raises(RequestError):
            client.get(f"{server.url}/one")
        calls = len(server.calls)
        with pytest.raises(RequestError, match="failed before in this pull"):
            client.get(f"{server.url}/two")
        assert len(server.calls) == calls


def test_a_page_that_is_missing_does_not_close_its_host() -> None:
    with (
        serve(lambda call: call.send(status=404 if call.number == 1 else 200)) as server,
        Client(QUICK) as client,
    ):
        with pytest.raises(RequestError):
            client.get(server.url)
        assert client.get(server.url) == b""


def test_a_version_that_is_here_is_not_sent_again() -> None:
    def answer(call: Call) -> None:
        if call.headers.get("if-none-match") == '"v1"':
            call.send(status=304)
        else:
            call.send(b"new", etag='"v2"', last_modified="Wed, 26 Nov 2025 00:00:00 GMT")

    with serve(answer) as server, Client(QUICK) as client:
        assert client.fetch(server.url, etag='"v1"').body is None
        fresh = client.fetch(server.url, etag='"v0"')
        assert (fresh.body, fresh.etag) == (b"new", '"v2"')
        assert fresh.modified == "Wed, 26 Nov 2025 00:00:00 GMT"
