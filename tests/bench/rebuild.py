"""A rebuild of Elasticsearch's index, beside raw bulk requests with the same bodies and nothing of this project around.

Both go into an index of the same definition and end when what they wrote can be searched. They take turns, so that
whatever else the machine does slows both.
"""

import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from elastic_transport import JsonSerializer

from search.documents import documents, searchable_page_ids
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.index import definition, source_of
from search.indexing import rebuild
from search.interface import Document
from tests.bench.figures import Figure, milliseconds, tell

AIM_SHARE = 0.6
RAW_INDEX = "raw"
RAW_CONNECTIONS = 2
DOCUMENTS_A_REQUEST = 250


def measure(*, rounds: int) -> list[Figure]:
    """Fill an index both ways, so many times and once more."""
    engine = ElasticsearchEngine()
    bodies = raw_bodies()
    pages = len(searchable_page_ids())
    raw, mine = [], []
    for number in range(rounds + 1):
        raw_rate = pages / milliseconds(partial(raw_fill, bodies)) * 1_000
        my_rate = pages / milliseconds(partial(rebuild, engine)) * 1_000
        tell(f"{pages:,} documents: raw bulk {raw_rate:,.0f} a second, rebuild {my_rate:,.0f} a second"
             f"{'' if number else ' (not counted: the server compiles its code)'}")  # fmt: skip
        if number:
            raw.append(raw_rate)
            mine.append(my_rate)
    share = statistics.median(mine) / statistics.median(raw)
    return [Figure(name="rebuild, share of raw bulk requests", measured=share, aim=AIM_SHARE)]


def raw_bodies() -> list[bytes]:
    """Return the bodies of the bulk requests, ready to be sent."""
    all_documents = list(documents(searchable_page_ids()))
    parts = range(0, len(all_documents), DOCUMENTS_A_REQUEST)
    return [raw_body(all_documents[start : start + DOCUMENTS_A_REQUEST]) for start in parts]


def raw_body(some: Sequence[Document]) -> bytes:
    serialize = JsonSerializer().dumps
    lines: list[bytes] = []
    for document in some:
        lines += [json.dumps({"index": {"_id": str(document.page_id)}}).encode(), serialize(source_of(document))]
    return b"\n".join([*lines, b""])


def raw_fill(bodies: Sequence[bytes]) -> None:
    """Send them all, on as many connections as a rebuild has, and have the server make them searchable."""
    address = urlsplit(settings.ELASTICSEARCH_HOSTS[0])
    pool = urllib3.HTTPConnectionPool(str(address.hostname), address.port, maxsize=RAW_CONNECTIONS)

    def ask(method: str, path: str, body: bytes = b"", kind: str = "application/json") -> None:
        response = pool.urlopen(method, path, body=body, headers={"Content-Type": kind})
        if response.status != 200 or b'"errors":true' in response.data[:200]:
            raise RuntimeError(response.data[:2_000].decode())

    new = definition()
    new["settings"]["refresh_interval"] = "-1"
    ask("PUT", f"/{RAW_INDEX}", json.dumps(new).encode())
    with ThreadPoolExecutor(RAW_CONNECTIONS) as connections:
        list(connections.map(lambda body: ask("POST", f"/{RAW_INDEX}/_bulk", body, "application/x-ndjson"), bodies))
    ask("POST", f"/{RAW_INDEX}/_refresh")
    ask("DELETE", f"/{RAW_INDEX}")
