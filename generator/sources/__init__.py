"""The world -> records: one pure module per format, one polite client, one walk.

source.py       what a source is: Window, Request, Batch, Source
catalogue.py    the types there are, and how others add theirs
fetch.py        the walk: requests, following pages, limit, failure
http.py         the network
options.py      options of an entry of site.yml
answers.py      answers that are empty, HTML, not UTF-8 or not JSON
identifiers.py  arXiv ids, DOIs, and links that follow from them
huggingface.py  arxiv.py  records.py  listing.py    the formats
"""

from generator.sources.catalogue import open_source, open_sources
from generator.sources.fetch import Fetched, fetch_records
from generator.sources.http import Client, Politeness, RequestError
from generator.sources.source import Batch, Request, Source, Window

__all__ = [
    "Batch",
    "Client",
    "Fetched",
    "Politeness",
    "Request",
    "RequestError",
    "Source",
    "Window",
    "fetch_records",
    "open_source",
    "open_sources",
]
