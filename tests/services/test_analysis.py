"""Golden outputs of `_analyze`: what Elasticsearch 8.19 documents that its analyzers and filters answer.

They hold the plugin that stands in for the module `analysis-common` to the real one. `TEST_ELASTICSEARCH_URL` asks a
full Elasticsearch the same. Unless a line says otherwise, text and tokens are the examples of Elasticsearch's reference
for the filter that the test is named after.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elasticsearch import BadRequestError, Elasticsearch

ANALYSIS: dict[str, dict[str, dict[str, Any]]] = {
    "char_filter": {
        "emoticons": {"type": "mapping", "mappings": [":) => _happy_", ":( => _sad_"]},
        "hyphenated_numbers": {"type": "pattern_replace", "pattern": r"(\d+)-(?=\d)", "replacement": "$1_"},
        "html_but_b": {"type": "html_strip", "escaped_tags": ["b"]},
    },
    "filter": {
        "both_forms": {"type": "asciifolding", "preserve_original": True},
        "jumping": {"type": "keyword_marker", "keywords": ["jumping"]},
        "kept_runs": {"type": "stemmer_override", "rules": ["running, runs => run", "stemmer => stemmer"]},
        "prefixes": {"type": "edge_ngram", "min_gram": 1, "max_gram": 2},
        "prefixes_and_word": {"type": "edge_ngram", "min_gram": 1, "max_gram": 2, "preserve_original": True},
        "watch": {"type": "pattern_replace", "pattern": "(dog)", "replacement": "watch$1"},
        "first_letter_gone": {"type": "pattern_replace", "pattern": "d", "replacement": "", "all": False},
        "stem": {"type": "stemmer", "language": "english"},
        "light_stem": {"type": "stemmer", "language": "light_english"},
        "minimal_stem": {"type": "stemmer", "language": "minimal_english"},
        "second_stem": {"type": "stemmer", "language": "porter2"},
        "possessive": {"type": "stemmer", "language": "possessive_english"},
        "english_stop": {"type": "stop", "stopwords": "_english_"},
        "names": {"type": "synonym_graph", "synonyms": ["dns, domain name system"]},
        "one_way": {"type": "synonym_graph", "synonyms": ["# a comment", "let down => let down, milk ejection"]},
        "first_of_a_list": {"type": "synonym_graph", "synonyms": ["estrogen, oestrogen"], "expand": False},
        "forgiving": {"type": "synonym_graph", "synonyms": ["the => that", "milk, lait"], "lenient": True},
    },
    "normalizer": {"plain": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
    "analyzer": {
        # The reference says that the built-in analyzer `english` is this.
        "rebuilt_english": {"tokenizer": "standard", "filter": ["possessive", "lowercase", "english_stop", "stem"]},
        "english_with_stops": {"type": "english", "stopwords": "_none_", "stem_exclusion": ["milking"]},
        "dns": {"tokenizer": "standard", "filter": ["lowercase", "names"]},
        "flat_dns": {"tokenizer": "standard", "filter": ["lowercase", "names", "flatten_graph"]},
        "stemmed_dns": {"tokenizer": "standard", "filter": ["lowercase", "names", "stem"]},
        "ejection": {"tokenizer": "standard", "filter": ["lowercase", "one_way"]},
        "stemmed_ejection": {"tokenizer": "standard", "filter": ["lowercase", "stem", "one_way"]},
        "contracted": {"tokenizer": "standard", "filter": ["lowercase", "first_of_a_list"]},
        "forgiving": {"tokenizer": "standard", "filter": ["lowercase", "english_stop", "forgiving"]},
        "folded_dns": {"tokenizer": "standard", "filter": ["lowercase", "both_forms", "names"]},
        "two_lists": {"tokenizer": "standard", "filter": ["lowercase", "names", "one_way"]},
    },
}

Tokens = list[dict[str, Any]]
Analyze = Callable[..., Tokens]


@pytest.fixture(scope="module")
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url, request_timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def index(client: Elasticsearch) -> str:
    name = f"{os.environ['ELASTICSEARCH_INDEX']}-analysis"
    properties = {"body": {"type": "text", "analyzer": "english", "search_analyzer": "stemmed_dns"}}
    settings = {"number_of_replicas": 0, "analysis": ANALYSIS}
    client.indices.create(index=name, settings=settings, mappings={"properties": properties})
    return name


@pytest.fixture
def analyze(client: Elasticsearch, index: str) -> Analyze:
    def tokens(text: str, **how: Any) -> Tokens:
        return list(client.indices.analyze(index=index, text=text, **how)["tokens"])

    return tokens


def words(tokens: Tokens) -> list[str]:
    return [token["token"] for token in tokens]


def graph(tokens: Tokens) -> list[tuple[str, int, int]]:
    """Return each token with its position and the number of positions that it spans."""
    return [(token["token"], token["position"], token.get("positionLength", 1)) for token in tokens]


QUICK = "The 2 QUICK Brown-Foxes jumped over the lazy dog's bone."


def test_english(analyze: Analyze) -> None:
    tokens = analyze(QUICK, analyzer="english")
    assert words(tokens) == ["2", "quick", "brown", "fox", "jump", "over", "lazi", "dog", "bone"]
    # The stop words leave gaps, so that a phrase still has its words apart.
    assert [token["position"] for token in tokens] == [1, 2, 3, 4, 5, 6, 8, 9, 10]
    assert (tokens[-2]["start_offset"], tokens[-2]["end_offset"]) == (45, 50)


@pytest.mark.parametrize(
    "text",
    [
        QUICK,
        "Let-down: a mother's milk isn’t “slow”, it’s waiting for oxytocin.",
        "Galactorrhea, hyperprolactinemia and 17β-estradiol; D-MER, e.g. at 3 a.m.",
    ],
)
def test_english_is_what_its_parts_make(analyze: Analyze, text: str) -> None:
    tokens = analyze(text, analyzer="english")
    assert len(tokens) > 5
    assert tokens == analyze(text, analyzer="rebuilt_english")


def test_english_with_its_own_stop_words_and_exclusions(analyze: Analyze) -> None:
    assert words(analyze("the milking of cows", analyzer="english_with_stops")) == ["the", "milking", "of", "cow"]


@pytest.mark.parametrize(
    ("filters", "tokens"),
    [
        (["stemmer"], ["the", "fox", "jump", "quickli"]),
        (["porter_stem"], ["the", "fox", "jump", "quickli"]),
        (["kstem"], ["the", "fox", "jump", "quick"]),
        (["light_stem"], ["the", "fox", "jump", "quick"]),
        (["second_stem"], ["the", "fox", "jump", "quick"]),
        (["minimal_stem"], ["the", "foxe", "jumping", "quickly"]),
    ],
)
def test_stemmers(analyze: Analyze, filters: list[str], tokens: list[str]) -> None:
    assert words(analyze("the foxes jumping quickly", tokenizer="standard", filter=filters)) == tokens


def test_stemmer_for_possessives(analyze: Analyze) -> None:
    # Lucene's English possessives: 's with a straight, a typographic or a full-width apostrophe; not the bare one.
    tokens = analyze("baby's baby’s baby＇s babies' its", tokenizer="whitespace", filter=["possessive"])
    assert words(tokens) == ["baby", "baby", "baby", "babies'", "its"]


def test_stemmer_override(analyze: Analyze) -> None:
    tokens = analyze("running runs stemmer stemmers", tokenizer="standard", filter=["kept_runs", "stem"])
    assert words(tokens) == ["run", "run", "stemmer", "stemmer"]


def test_keyword_marker(analyze: Analyze) -> None:
    tokens = analyze("fox running and jumping", tokenizer="whitespace", filter=["jumping", "stemmer"])
    assert words(tokens) == ["fox", "run", "and", "jumping"]


def test_keyword_repeat(analyze: Analyze) -> None:
    filters = ["keyword_repeat", "stemmer", "remove_duplicates"]
    tokens = analyze("fox running and jumping", tokenizer="whitespace", filter=filters)
    assert words(tokens) == ["fox", "running", "run", "and", "jumping", "jump"]
    assert [token["position"] for token in tokens] == [0, 1, 1, 2, 3, 3]


def test_remove_duplicates(analyze: Analyze) -> None:
    filters = ["keyword_repeat", "stemmer"]
    assert words(analyze("jumping dog", tokenizer="whitespace", filter=filters)) == ["jumping", "jump", "dog", "dog"]
    tokens = analyze("jumping dog", tokenizer="whitespace", filter=[*filters, "remove_duplicates"])
    assert words(tokens) == ["jumping", "jump", "dog"]


def test_asciifolding(analyze: Analyze) -> None:
    text = "açaí à la carte"
    assert words(analyze(text, tokenizer="standard", filter=["asciifolding"])) == ["acai", "a", "la", "carte"]
    both = analyze(text, tokenizer="standard", filter=["both_forms"])
    assert graph(both) == [("acai", 0, 1), ("açaí", 0, 1), ("a", 1, 1), ("à", 1, 1), ("la", 2, 1), ("carte", 3, 1)]


def test_lowercase(analyze: Analyze) -> None:
    tokens = analyze("THE Quick FoX JUMPs", tokenizer="standard", filter=["lowercase"])
    assert words(tokens) == ["the", "quick", "fox", "jumps"]


def test_normalizer(analyze: Analyze) -> None:
    assert words(analyze("BÀR", normalizer="plain")) == ["bar"]


def test_edge_ngram(analyze: Analyze) -> None:
    text = "the quick brown fox jumps"
    grams = words(analyze(text, tokenizer="standard", filter=["prefixes"]))
    assert grams == ["t", "th", "q", "qu", "b", "br", "f", "fo", "j", "ju"]
    kept = analyze("fox", tokenizer="standard", filter=["prefixes_and_word"])
    assert graph(kept) == [("f", 0, 1), ("fo", 0, 1), ("fox", 0, 1)]


def test_ngram(analyze: Analyze) -> None:
    grams = words(analyze("Quick fox", tokenizer="standard", filter=["ngram"]))
    assert grams == ["Q", "Qu", "u", "ui", "i", "ic", "c", "ck", "k", "f", "fo", "o", "ox", "x"]


def test_ngram_is_limited_by_the_index(client: Elasticsearch) -> None:
    wide = {"analysis": {"filter": {"wide": {"type": "ngram", "min_gram": 2, "max_gram": 5}}}}
    with pytest.raises(BadRequestError, match="max_ngram_diff"):
        client.indices.create(index=f"{os.environ['ELASTICSEARCH_INDEX']}-wide", settings=wide)


def test_stop(analyze: Analyze) -> None:
    tokens = analyze("a quick fox jumps over the lazy dog", tokenizer="standard", filter=["stop"])
    assert words(tokens) == ["quick", "fox", "jumps", "over", "lazy", "dog"]


def test_reverse(analyze: Analyze) -> None:
    assert words(analyze("quick fox jumps", tokenizer="standard", filter=["reverse"])) == ["kciuq", "xof", "spmuj"]


def test_trim(analyze: Analyze) -> None:
    (token,) = analyze(" fox ", tokenizer="keyword", filter=["trim"])
    assert (token["token"], token["start_offset"], token["end_offset"]) == ("fox", 0, 5)


def test_pattern_replace_filter(analyze: Analyze) -> None:
    tokens = analyze("foxes jump lazy dogs", tokenizer="whitespace", filter=["watch"])
    assert words(tokens) == ["foxes", "jump", "lazy", "watchdogs"]
    assert words(analyze("added", tokenizer="whitespace", filter=["first_letter_gone"])) == ["aded"]


def test_pattern_replace_char_filter(analyze: Analyze) -> None:
    tokens = analyze("My credit card is 123-456-789", tokenizer="standard", char_filter=["hyphenated_numbers"])
    assert words(tokens) == ["My", "credit", "card", "is", "123_456_789"]


def test_mapping_char_filter(analyze: Analyze) -> None:
    tokens = analyze("I'm delighted about it :(", tokenizer="keyword", char_filter=["emoticons"])
    assert words(tokens) == ["I'm delighted about it _sad_"]


def test_html_strip_char_filter(analyze: Analyze) -> None:
    text = "<p>I&apos;m so <b>happy</b>!</p>"
    assert words(analyze(text, tokenizer="keyword", char_filter=["html_strip"])) == ["\nI'm so happy!\n"]
    assert words(analyze(text, tokenizer="keyword", char_filter=["html_but_b"])) == ["\nI'm so <b>happy</b>!\n"]


def test_synonym_graph_spans_the_words_of_a_name(analyze: Analyze) -> None:
    expected = [("dns", 0, 3), ("domain", 0, 1), ("name", 1, 1), ("system", 2, 1), ("is", 3, 1), ("fragile", 4, 1)]
    assert graph(analyze("domain name system is fragile", analyzer="dns")) == expected


def test_synonym_graph_goes_both_ways(analyze: Analyze) -> None:
    expected = [("domain", 0, 1), ("dns", 0, 3), ("name", 1, 1), ("system", 2, 1), ("is", 3, 1), ("fragile", 4, 1)]
    assert sorted(graph(analyze("dns is fragile", analyzer="dns"))) == sorted(expected)


def test_flatten_graph(analyze: Analyze) -> None:
    expected = [("dns", 0), ("domain", 0), ("name", 1), ("system", 2), ("is", 3), ("fragile", 4)]
    flat = graph(analyze("domain name system is fragile", analyzer="flat_dns"))
    assert sorted((word, position) for word, position, _ in flat) == sorted(expected)


def test_synonym_graph_before_a_stemmer_stems_both_sides(analyze: Analyze) -> None:
    expected = [("dn", 0, 3), ("domain", 0, 1), ("name", 1, 1), ("system", 2, 1)]
    assert sorted(graph(analyze("Domain Name System", analyzer="stemmed_dns"))) == expected


def test_synonym_graph_one_way(analyze: Analyze) -> None:
    assert words(analyze("milk ejection", analyzer="ejection")) == ["milk", "ejection"]
    assert sorted(words(analyze("let down", analyzer="ejection"))) == ["down", "ejection", "let", "milk"]


def test_synonym_graph_puts_its_rules_through_the_filters_before_it(analyze: Analyze) -> None:
    assert sorted(words(analyze("let down", analyzer="stemmed_ejection"))) == ["down", "eject", "let", "milk"]


def test_synonym_graph_that_does_not_expand_keeps_the_first(analyze: Analyze) -> None:
    assert words(analyze("oestrogen", analyzer="contracted")) == ["estrogen"]


def test_synonym_graph_that_is_lenient_drops_what_a_stop_filter_leaves_empty(analyze: Analyze) -> None:
    assert sorted(words(analyze("milk that", analyzer="forgiving"))) == ["lait", "milk"]


def test_synonym_graph_that_is_not_lenient_refuses_it(client: Elasticsearch) -> None:
    analysis = {
        "filter": {"strict": {"type": "synonym_graph", "synonyms": ["the => that"]}},
        "analyzer": {"strict": {"tokenizer": "standard", "filter": ["stop", "strict"]}},
    }
    with pytest.raises(BadRequestError, match="failed to build synonyms"):
        client.indices.create(index=f"{os.environ['ELASTICSEARCH_INDEX']}-strict", settings={"analysis": analysis})


def test_synonym_graph_works_after_a_folding_that_keeps_both_forms(analyze: Analyze) -> None:
    assert sorted(words(analyze("dns", analyzer="folded_dns"))) == ["dns", "domain", "name", "system"]


def test_synonym_graphs_may_follow_each_other(analyze: Analyze) -> None:
    assert sorted(words(analyze("dns", analyzer="two_lists"))) == ["dns", "domain", "name", "system"]
    assert sorted(words(analyze("let down", analyzer="two_lists"))) == ["down", "ejection", "let", "milk"]


def test_synonym_graph_cannot_follow_ngrams(client: Elasticsearch) -> None:
    analysis = {
        "filter": {"names": ANALYSIS["filter"]["names"], "prefixes": ANALYSIS["filter"]["prefixes"]},
        "analyzer": {"mixed": {"tokenizer": "standard", "filter": ["prefixes", "names"]}},
    }
    with pytest.raises(BadRequestError, match="cannot be used to parse synonyms"):
        client.indices.create(index=f"{os.environ['ELASTICSEARCH_INDEX']}-mixed", settings={"analysis": analysis})


def test_a_match_query_follows_the_graph(client: Elasticsearch, index: str) -> None:
    client.index(index=index, id="1", document={"body": "The domain name system, explained"}, refresh=True)
    client.index(index=index, id="2", document={"body": "A system for every domain"}, refresh=True)
    match = {"body": {"query": "dns", "operator": "and"}}
    hits = client.search(index=index, query={"match": match}, highlight={"fields": {"body": {}}})["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["1"]
    assert hits[0]["highlight"]["body"] == ["The <em>domain name system</em>, explained"]
