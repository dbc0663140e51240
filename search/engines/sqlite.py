"""The database engine on SQLite: FTS5, one row a page, ranked by BM25.

The stems are letters and digits only, and each goes into the question inside quotation marks, so nothing in them is
FTS5 syntax.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q

from search import ranking
from search.engines.probes import Probe, StemColumns

# In the order of the columns.
WEIGHTS = (ranking.TITLE, ranking.HEADING, ranking.LABEL, ranking.SUMMARY, ranking.BODY)

# What no word has, and what comes after every letter.
LAST_LETTER = "\U0010ffff"

# FTS5 calls a better match smaller.
SELECT_HITS = f"""
SELECT %s, rowid, -bm25(search_stems, {", ".join(map(str, WEIGHTS))}) * %s FROM search_stems WHERE search_stems MATCH %s
"""  # noqa: S608 - figures of this project


def select_hits(probe: Probe) -> tuple[str, list[object]]:
    """Return a SELECT of concept, page id and score, and its parameters."""
    between = '" AND "' if probe.anywhere else " "
    question = " OR ".join(f'("{between.join(wording)}")' for wording in probe.wordings)
    return SELECT_HITS, [probe.concept, probe.weight, question]


def begins_with(word: str) -> Q:
    """Return the condition for a `word` that begins so: a range, since no index serves SQLite's LIKE."""
    return Q(word__gte=word, word__lt=word + LAST_LETTER)


def write_stems(rows: Sequence[tuple[int, StemColumns]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO search_stems (rowid, title, headings, labels, summary, body) VALUES (%s, %s, %s, %s, %s, %s)",
            [(page_id, *map(" ".join, columns)) for page_id, columns in rows],
        )


def delete_stems(page_ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM search_stems WHERE rowid = %s", [(page_id,) for page_id in page_ids])


def lock() -> None:
    """Let one transaction write at a time: SQLite does, from the beginning of an immediate transaction."""
