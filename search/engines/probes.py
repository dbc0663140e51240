"""What the database engine asks of SQLite and PostgreSQL, in the words of neither."""

from dataclasses import dataclass
from typing import NamedTuple

from search.marking import Stems


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One look into the index, for pages with any of the wordings.

    Args:
        concept: The position of the concept that such a page has; below 0 where it only adds to the score. Of several
            probes with the same number the best score counts.
        weight: What the score is multiplied by; see `search.ranking`.
        wordings: Each a row of stems that stand next to each other.
        anywhere: The stems of a wording may stand anywhere on the page instead.
    """

    concept: int
    weight: float
    wordings: tuple[Stems, ...]
    anywhere: bool = False


class StemColumns(NamedTuple):
    """The stems of a document, by where they stand; `search.ranking` says what each counts."""

    title: list[str]
    headings: list[str]
    labels: list[str]
    summary: list[str]
    body: list[str]
