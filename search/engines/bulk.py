"""Writing to Elasticsearch in bulk: the result of each item is read, and only what failed for now is sent again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch

from search.engines.index import source_of
from search.interface import Document, DocumentRefused, EngineUnavailable

# Pauses, in seconds, before what an overloaded server turned down is sent again.
PAUSES = (0.5, 2.0)
MALFORMED, CONFLICT, NOT_FOUND, TOO_LARGE, TOO_MANY = 400, 409, 404, 413, 429


class Write(NamedTuple):
    """What is to be there of a page from now on, unless what is there has a higher version."""

    page_id: int
    version: int
    source: Mapping[str, Any]


# An alias, and what is written to the index behind it.
Operation = tuple[str, Write]


def write_of(document: Document) -> Write:
    return Write(document.page_id, document.version, source_of(document))


def removal_of(page_id: int, *, version: int) -> Write:
    """Return what leaves a document without content in the place of a page.

    A real deletion with a version would be forgotten after a minute, and an old document could come back; and where
    there is no index, the server would make one up for it, because it insists on an alias for other writes only.
    """
    return Write(page_id, version, {"page_id": page_id})


@contextmanager
def failures_told() -> Iterator[None]:
    """Turn whatever a server that is away, overloaded or not Elasticsearch at all does into EngineUnavailable."""
    try:
        yield
    except (ApiError, TransportError) as error:
        raise EngineUnavailable(f"{type(error).__name__}: {error}") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise EngineUnavailable(f"The answer is not understood: {error!r}") from error


def send(client: Elasticsearch, operations: Sequence[Operation], *, building: str = "", readers: str = "") -> None:
    """Send the operations, and again after a pause those that the server had no room for.

    Every operation insists on its alias, so the server never makes up an index of its own.

    Args:
        building: An alias whose operations are passed over where there is no index behind it.
        readers: The alias that the index behind `building` may have by the time of a second try.

    Raises:
        EngineUnavailable: Some were still turned down, or there is no index.
        DocumentRefused: Some can never be taken; the others are there.
    """
    refused: dict[int, str] = {}
    left = list(operations)
    for pause in (0.0, *PAUSES):
        if not left:
            break
        time.sleep(pause)
        with failures_told():
            outcomes = _ask(client, left)
        failed = [
            (operation, outcome)
            for operation, outcome in zip(left, outcomes, strict=True)
            if not _is_done(operation, outcome, building=building)
        ]
        refused |= {write.page_id: outcome.error for (_, write), outcome in failed if outcome.is_final()}
        left = [operation for operation, outcome in failed if not outcome.is_final()]
        left += _for_readers_too(left, building=building, readers=readers)
    if left:
        raise EngineUnavailable(f"{len(left)} of {len(operations)} writes were turned down: {failed[-1][1].error}")
    if refused:
        raise DocumentRefused(refused)


class _Outcome(NamedTuple):
    """What became of one operation: an HTTP status, and what is wrong, if anything."""

    status: int
    error: str = ""

    def is_final(self) -> bool:
        # Anything else is the server's state, which an operator may mend: a write block or a lost permission is 403.
        return self.status in {MALFORMED, TOO_LARGE}


def _ask(client: Elasticsearch, operations: Sequence[Operation]) -> list[_Outcome]:
    """Send the operations once, in as many requests as they need, and return the outcome of each."""
    try:
        items = client.bulk(operations=list(_lines(operations)), require_alias=True)["items"]
    except ApiError as error:
        if error.status_code == TOO_LARGE and len(operations) > 1:
            half = len(operations) // 2
            return _ask(client, operations[:half]) + _ask(client, operations[half:])
        if error.status_code in {TOO_LARGE, TOO_MANY}:
            return [_Outcome(error.status_code, str(error))] * len(operations)
        raise
    outcomes = [_Outcome(item["index"]["status"], str(item["index"].get("error", ""))) for item in items]
    if len(outcomes) != len(operations):
        raise ValueError(f"{len(outcomes)} answers to {len(operations)} operations")
    return outcomes


def _lines(operations: Sequence[Operation]) -> Iterator[Mapping[str, Any]]:
    for alias, write in operations:
        meta = {"_index": alias, "_id": str(write.page_id), "version": write.version, "version_type": "external"}
        yield {"index": meta}
        yield write.source


def _is_done(operation: Operation, outcome: _Outcome, *, building: str) -> bool:
    if outcome.status == NOT_FOUND and operation[0] != building:
        raise EngineUnavailable("There is no index yet; the worker makes one.")
    # After a conflict, what is there was read later than this: the other writer was right.
    return not outcome.error or outcome.status in {CONFLICT, NOT_FOUND}


def _for_readers_too(left: Sequence[Operation], *, building: str, readers: str) -> list[Operation]:
    """Return what is left for the index that is being made, for the readers' alias: before it is sent again, the two
    may have become one, and what went to the old index is not in it.
    """
    if not building:
        return []
    twins = [(readers, write) for alias, write in left if alias == building]
    return [twin for twin in twins if twin not in left]
