"""Asking a server by way of what it answered before: resumed, asked only for changes, or replayed.

Owns when an answer that is here already will do. The answers themselves are `storage.recordings`'.
"""

from generator.sources.http import Client, RequestError, whole_url
from generator.sources.source import Request
from generator.storage.recordings import Recording, Recordings


class Recorded:
    """The network as one source of a pull sees it."""

    def __init__(
        self, client: Client, recordings: Recordings, source: str, *, offline: bool
    ) -> None:
        self._client = client
        self._recordings = recordings
        self._source = source
        self._offline = offline
        self._since, self._until = (0.0, 0.0) if offline else recordings.begin(source)
        self._asked: list[str] = []
        self.missing = 0
        """Requests without a recorded answer, where the network must not be asked."""
        self.resumed = 0
        """Answers of a pull that did not end, which were not asked for again."""

    def get(self, request: Request) -> bytes | None:
        """The body of the answer; None where the server says, or the record shows, that there is
        nothing. Raises RequestError."""
        url = str(whole_url(request.url, request.params))
        self._asked.append(url)
        known = self._recordings.find(url)
        if self._offline:
            self.missing += known is None
            return known.body if known else None
        if known and self._since <= known.at < self._until:
            self.resumed += 1
            return known.body
        return self._ask(url, request, known or Recording(body=b""))

    def _ask(self, url: str, request: Request, known: Recording) -> bytes | None:
        try:
            answer = self._client.fetch(
                request.url,
                request.params,
                gap=request.gap,
                etag=known.etag,
                modified=known.modified,
            )
        except RequestError as error:
            if error.status in request.absent:
                return None
            raise
        if answer.body is None:
            self._recordings.confirm(url)
            return known.body
        fresh = Recording(body=answer.body, etag=answer.etag, modified=answer.modified)
        self._recordings.keep(url, self._source, fresh)
        return answer.body

    def refuse(self) -> None:
        """The last answer was no good: it and those that led to it must be asked for anew."""
        for url in () if self._offline else self._asked:
            self._recordings.forget(url)

    def start(self) -> None:
        """The next request follows from none that was made."""
        self._asked = []
