"""The database engine on PostgreSQL: a tsvector for each page, ranked by `ts_rank` and by how rare a word is.

The stems are made by this project, so vector and question are given in PostgreSQL's own notation instead of going
through its parser. They are letters and digits only, and each stands inside quotation marks.
"""

from collections.abc import Iterator, Mapping, Sequence

from django.db import connection
from django.db.models import Q

from search import ranking
from search.engines.probes import Probe, StemColumns

# PostgreSQL has four classes, so the labels share one with the summary; it takes no weight above 1.
CLASSES = ("A", "B", "C", "C", "D")
WEIGHTS = [weight / ranking.TITLE for weight in (ranking.BODY, ranking.SUMMARY, ranking.HEADING, ranking.TITLE)]

# Divide by 1 + the logarithm of the length, as PostgreSQL numbers its ways to allow for long texts.
ALLOW_FOR_LENGTH = 1

# What a tsvector can hold: bytes, the last position, and positions of one lexeme.
LONGEST_VECTOR = 1_000_000
LAST_POSITION = 16_383
MOST_POSITIONS = 255
# Words of different columns do not stand next to each other.
GAP = 10

# Which transaction lock is meant; any number that nothing else in the database uses.
WRITERS = 7_331_201

# `ts_rank` knows nothing of rare words, so each hit is multiplied by the logarithm of how rare the wording is.
SELECT_HITS = """
SELECT %s, page_id,
       ts_rank(%s::real[], stems, question, %s) * %s
       * ln(1 + (SELECT count(*) FROM search_stems)::double precision / count(*) OVER ())
FROM search_stems, CAST(%s AS tsquery) question WHERE stems @@ question
"""


def select_hits(probe: Probe) -> tuple[str, list[object]]:
    """Return a SELECT of concept, page id and score, and its parameters."""
    between = "' & '" if probe.anywhere else "' <-> '"
    question = " | ".join(f"('{between.join(wording)}')" for wording in probe.wordings)
    return SELECT_HITS, [probe.concept, WEIGHTS, ALLOW_FOR_LENGTH, probe.weight, question]


def begins_with(word: str) -> Q:
    """Return the condition for a `word` that begins so; Django makes an index for it besides the sorted one."""
    return Q(word__startswith=word)


def write_stems(rows: Sequence[tuple[int, StemColumns]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO search_stems (page_id, stems) VALUES (%s, %s::tsvector)",
            [(page_id, _vector(columns)) for page_id, columns in rows],
        )


def delete_stems(page_ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_stems WHERE page_id = ANY(%s)", [list(page_ids)])


def lock() -> None:
    """Let one transaction write at a time, until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS])


def _vector(columns: StemColumns) -> str:
    """Return the columns in the notation of tsvector, like `'milk':1A,9D 'suppli':2A`."""
    places: dict[str, list[str]] = {}
    position = 0
    for letter, stems in zip(CLASSES, columns, strict=True):
        for stem in stems:
            position += 1
            if position <= LAST_POSITION or stem not in places:
                places.setdefault(stem, []).append(f"{min(position, LAST_POSITION)}{letter}")
        position += GAP
    return " ".join(_lexemes(places))


def _lexemes(places: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the lexemes as long as there is room for them: titles and headings come first, then the text in order."""
    room = LONGEST_VECTOR
    for stem, positions in places.items():
        lexeme = f"'{stem}':{','.join(positions[:MOST_POSITIONS])}"
        room -= len(lexeme.encode()) + 1
        if room < 0:
            return
        yield lexeme
