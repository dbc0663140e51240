"""What a page type offers so that readers can find it; search/ knows page types by this alone."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable


class Section(NamedTuple):
    """A passage of a page: plain text under one heading.

    The lead, before any heading, has neither heading nor anchor.
    """

    heading: str
    anchor: str
    text: str


class Label(NamedTuple):
    """A category or tag: `value` stands in addresses, `label` is what people read."""

    value: str
    label: str


@runtime_checkable
class Searchable(Protocol):
    def search_sections(self) -> Sequence[Section]: ...

    def search_summary(self) -> str: ...

    def search_category(self) -> Label | None: ...

    def search_tags(self) -> Sequence[Label]: ...
