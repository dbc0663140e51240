"""What is asked of Elasticsearch: pure functions from a query to the body of a request."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from search import ranking
from search.interface import Concept, Query
from search.marking import AFTER, BEFORE, EXCERPT_LENGTH
from search.parsing import STOP_WORDS

Body = dict[str, Any]

PASSAGES_PER_HIT = 3
MOST_FACETS = 50
HEADINGS_PER_HIT = 3
# A passage's text or a page's summary longer than this is highlighted in its beginning only.
MOST_HIGHLIGHTED = 100_000  # characters
SPELLINGS_PER_WORD = 10

# What Elasticsearch calls the clause that tells of a title.
TITLE_FITS = "title"

# A page that was taken out leaves a document without content; see `search.engines.elasticsearch`.
PUBLISHED: Body = {"exists": {"field": "content_hash"}}


def search_body(query: Query, *, hidden: Collection[int], now: datetime) -> Body:
    """Return the request that answers a query.

    Facets count before category and tag are chosen, which happens last; so do the counts of the concepts.
    """
    return {
        "query": {"bool": {"filter": [visible(hidden=hidden, now=now)], "must": [_matching(query.concepts)]}},
        "post_filter": {"bool": {"filter": _chosen("category", query.category) + _chosen("tags", query.tag)}},
        "aggs": {
            "category": _facet("category_label", others=_chosen("tags", query.tag)),
            "tag": _facet("tag_labels", others=_chosen("category", query.category)),
            **_concept_counts(query.concepts),
        },
        "highlight": _highlight({"summary": {"number_of_fragments": 0}}),
        "sort": ["_score", "page_id"] if query.concepts else [{"published_at": "desc"}, "page_id"],
        "from": query.offset,
        "size": query.page_size,
        "track_total_hits": True,
        "track_scores": True,
        "_source": ["summary", "category_label", "tag_labels"],
    }


def count_body(concepts: Sequence[Concept], *, hidden: Collection[int], now: datetime) -> Body:
    """Return the request that counts the visible pages with each of the concepts."""
    return {"query": visible(hidden=hidden, now=now), "aggs": _concept_counts(concepts), "size": 0}


def spelling_body(words: Sequence[str]) -> Body:
    """Return the request for words that look like the given ones, in visible pages and in others."""
    options = {
        "field": "words",
        "suggest_mode": "always",
        "string_distance": "damerau_levenshtein",
        "size": SPELLINGS_PER_WORD,
    }
    return {"size": 0, "suggest": {"spelling": {"text": " ".join(words), "term": options}}}


def suggest_body(words: Sequence[str], *, limit: int, hidden: Collection[int], now: datetime) -> Body:
    """Return the request for pages whose title, or a heading of theirs, has all the words; `TITLE_FITS` tells which."""
    headings = {
        "path": "passages",
        "score_mode": "max",
        "query": _headline("passages.heading", words),
        "inner_hits": {"size": HEADINGS_PER_HIT, "_source": ["passages.heading", "passages.anchor"]},
    }
    # So that of equally good headlines a title comes first.
    title = {"must": [_headline("title", words), _constant({"match_all": {}}, boost=0.5)], "_name": TITLE_FITS}
    return {
        "query": {
            "bool": {
                "filter": [visible(hidden=hidden, now=now)],
                "must": [{"dis_max": {"queries": [{"bool": title}, {"nested": headings}]}}],
            }
        },
        "sort": ["_score", {"published_at": "desc"}, "page_id"],
        "size": limit,
        "_source": ["title"],
    }


def _headline(field: str, words: Sequence[str]) -> Body:
    """Return the clause for headlines with all the words, the last one perhaps unfinished.

    It scores 1 for those, and 2 where a headline begins with what was typed.
    """
    *whole, last = words
    inflected = [{"match": {field: {"query": word, "analyzer": "article"}}} for word in whole]
    unfinished = _any(
        {"match_bool_prefix": {f"{field}.words": {"query": last, "operator": "and"}}},
        {"match": {field: {"query": last, "analyzer": "article"}}},
    )
    begins_so = {"prefix": {f"{field}.line": " ".join(words)}}
    return {
        "bool": {
            "must": [_constant({"bool": {"filter": [*inflected, unfinished]}}, boost=1)],
            "should": [_constant(begins_so, boost=1)],
        }
    }


def visible(*, hidden: Collection[int], now: datetime) -> Body:
    """Return the clause for what readers may see: an expiry counts at once, without waiting for the worker."""
    out: list[Body] = [{"range": {"expire_at": {"lte": now.isoformat()}}}]
    if hidden:
        out.append({"terms": {"page_id": sorted(hidden)}})
    return {"bool": {"filter": [PUBLISHED], "must_not": out}}


def _matching(concepts: Sequence[Concept]) -> Body:
    """Return the clause that chooses and weighs pages; without concepts, all pages fit alike."""
    if not concepts:
        return {"match_all": {}}
    text = " ".join(word for concept in concepts for word in concept.words)
    loose = " ".join(word for word in text.split() if word not in STOP_WORDS) or text
    chosen = _any(
        _match("everything", text, boost=ranking.BODY),
        # Without synonyms, so that one word of several that belong together is enough.
        _match("everything", loose, boost=ranking.LOOSE, analyzer="article"),
        *(concept_clause(concept) for concept in concepts if concept.is_phrase),
    )
    better = [
        _match("title", text, boost=ranking.TITLE),
        _match("title", loose, boost=ranking.TITLE * ranking.LOOSE, analyzer="article"),
        _match("headings", text, boost=ranking.HEADING),
        _match("labels", text, boost=ranking.LABEL),
        _match("summary", text, boost=ranking.SUMMARY),
        # The reader's own words before their synonyms.
        _match("everything", text, boost=ranking.EXACT - ranking.SYNONYM, analyzer="article"),
        _passages(text, loose),
    ]
    if len(concepts) > 1:
        better.append(
            {"match_phrase": {"everything": {"query": text, "boost": ranking.VERBATIM, "analyzer": "article"}}}
        )
    return {
        "function_score": {
            "query": {"bool": {"must": [chosen], "should": better}},
            "functions": [{"filter": concept_clause(concept), "weight": ranking.MISSING} for concept in concepts],
            "score_mode": "multiply",
            "boost_mode": "multiply",
            "boost": ranking.MISSING ** -len(concepts),
        }
    }


def _passages(text: str, loose: str) -> Body:
    """Return the clause for the passages that answer; the best of them counts."""
    fields = [
        _match("passages.text", text, boost=ranking.BODY),
        _match("passages.text", loose, boost=ranking.LOOSE, analyzer="article"),
        _match("passages.heading", text, boost=ranking.HEADING),
    ]
    return {
        "nested": {
            "path": "passages",
            "score_mode": "max",
            "query": _any(*fields),
            "inner_hits": {
                "size": PASSAGES_PER_HIT,
                "_source": ["passages.heading", "passages.anchor"],
                "highlight": _highlight(
                    {
                        "passages.text": {
                            "number_of_fragments": 1,
                            "fragment_size": EXCERPT_LENGTH,
                            "no_match_size": EXCERPT_LENGTH,
                            "order": "score",
                        }
                    }
                ),
            },
        }
    }


def concept_clause(concept: Concept) -> Body:
    """Return the clause for the pages that have a concept, in any of its wordings."""
    text = " ".join(concept.words)
    if concept.is_phrase:
        wordings = [text, *(" ".join(wording) for wording in concept.alternatives)]
        return _any(*({"match_phrase": {"everything": {"query": one, "analyzer": "article"}}} for one in wordings))
    return {"match": {"everything": {"query": text, "operator": "and"}}}


def _concept_counts(concepts: Sequence[Concept]) -> Body:
    """Return how many pages have each concept ("concepts"), and how many have more than half of them ("sure")."""
    if not concepts:
        return {}
    clauses = [concept_clause(concept) for concept in concepts]
    more_than_half = {"bool": {"should": clauses, "minimum_should_match": len(clauses) // 2 + 1}}
    return {"concepts": {"filters": {"filters": clauses}}, "sure": {"filter": more_than_half}}


def _facet(field: str, *, others: Sequence[Body]) -> Body:
    """Count the values of a field among the pages that the other choices leave."""
    values = {"terms": {"field": field, "size": MOST_FACETS}}
    return {"filter": {"bool": {"filter": list(others)}}, "aggs": {"values": values}}


def _chosen(field: str, value: str) -> list[Body]:
    return [{"term": {field: value}}] if value else []


def _match(field: str, text: str, *, boost: float, analyzer: str | None = None) -> Body:
    options: Body = {"query": text, "boost": boost}
    return {"match": {field: {**options, "analyzer": analyzer} if analyzer else options}}


def _constant(clause: Body, *, boost: float) -> Body:
    return {"constant_score": {"filter": clause, "boost": boost}}


def _any(*clauses: Body) -> Body:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _highlight(fields: Mapping[str, Body]) -> Body:
    marks = {"pre_tags": [BEFORE], "post_tags": [AFTER]}
    return {"type": "unified", "max_analyzed_offset": MOST_HIGHLIGHTED, "fields": dict(fields), **marks}
