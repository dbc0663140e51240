"""What is in Elasticsearch: one document a page, with its sections as nested passages, replaced as a whole."""

import hashlib
import json
from typing import Any

from elasticsearch_dsl import Date, Document, InnerDoc, Keyword, Long, MetaField, Nested, Text

from search.engines.analysis import article, folded, folded_line, question
from search.interface import Document as PageDocument
from search.labels import pack

# Where all words of a page come together, so that a page has a word whichever passage it stands in.
EVERYTHING = ["everything", "words"]


# How soon readers find what was written.
REFRESH_INTERVAL = "500ms"


def prose(**options: Any) -> Text:
    return Text(analyzer=article, search_analyzer=question, **options)


def headline(**options: Any) -> Text:
    """Return prose that is also suggested while a reader types: by its words as they stand, and by how it begins."""
    as_typed = Text(analyzer=folded, index_prefixes={"min_chars": 1, "max_chars": 12})
    return prose(fields={"words": as_typed, "line": Keyword(normalizer=folded_line, ignore_above=1_000)}, **options)


class IndexedPassage(InnerDoc):
    heading = headline(copy_to=[*EVERYTHING, "headings"])
    anchor = Keyword(index=False, doc_values=False)
    text = prose(copy_to=EVERYTHING)


class IndexedPage(Document):
    page_id = Long()
    content_hash = Keyword()
    title = headline(copy_to=EVERYTHING)
    summary = prose(copy_to=EVERYTHING)
    headings = prose()
    labels = prose(copy_to=EVERYTHING)
    # Values to choose by, and packed labels to count by: see search.labels.
    category = Keyword()
    tags = Keyword()
    category_label = Keyword()
    tag_labels = Keyword()
    passages = Nested(IndexedPassage)
    published_at = Date()
    expire_at = Date()
    everything = prose()
    words = Text(analyzer=folded)

    class Index:
        name = "pages"
        settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}

    class Meta:
        dynamic = MetaField("strict")


def definition() -> dict[str, Any]:
    """Return settings and mappings of a new index; `_meta` tells an index made of another definition."""
    body: dict[str, Any] = IndexedPage._index.to_dict()
    body["mappings"]["_meta"] = {"definition": hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()}
    return body


def source_of(document: PageDocument) -> dict[str, Any]:
    """Return what is stored of a page."""
    labels = [label for label in (document.category, *document.tags) if label]
    return {
        "page_id": document.page_id,
        "content_hash": document.content_hash,
        "title": document.title,
        "summary": document.summary,
        "labels": [label.label for label in labels],
        "category": document.category.value if document.category else None,
        "category_label": pack([document.category]) if document.category else None,
        "tags": [tag.value for tag in document.tags],
        "tag_labels": [pack([tag]) for tag in document.tags],
        "passages": [section._asdict() for section in document.sections],
        "published_at": document.published_at,
        "expire_at": document.expire_at,
    }
