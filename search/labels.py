"""Categories and tags in an index: value and label in one text, so that counting by value yields the label too."""

from collections.abc import Iterable
from functools import lru_cache

from cms.searchable import Label

# The separators that ASCII has for this; `search.documents` removes control characters from all text.
BETWEEN_PARTS = "\x1f"
BETWEEN_LABELS = "\x1e"


def pack(labels: Iterable[Label]) -> str:
    return BETWEEN_LABELS.join(f"{label.value}{BETWEEN_PARTS}{label.label}" for label in labels)


@lru_cache(maxsize=20_000)
def unpack(packed: str) -> tuple[Label, ...]:
    """Return the labels that `pack` packed."""
    if not packed:
        return ()
    return tuple(Label(*one.split(BETWEEN_PARTS, 1)) for one in packed.split(BETWEEN_LABELS))
