"""How Elasticsearch takes texts apart.

Articles: split into words, fold, stem. Questions: the same, with the synonyms in between, so that a synonym can be
added without reading any article again, and so that wordings of several words work. No words are left out as
meaningless: `search.parsing` does that to questions, where it can see the synonyms that contain such words.
"""

from elasticsearch_dsl import analyzer, char_filter, normalizer, token_filter

from search import synonyms

# The name of a condition, which the tokenizer would split: see synonyms.txt.
d_mer = char_filter("d_mer", type="pattern_replace", pattern="(?i)\\bd[-\u2010\u2011]mer\\b", replacement="dmer")
possessive = token_filter("possessive", type="stemmer", language="possessive_english")
stemmer = token_filter("english_stemmer", type="stemmer", language="english")
synonym_graph = token_filter("synonyms", type="synonym_graph", synonyms=synonyms.one_way_rules())

FOLDING = ["lowercase", possessive, "asciifolding"]

# Whole words, for finding what a mistyped one was meant to be.
folded = analyzer("folded", type="custom", tokenizer="standard", char_filter=[d_mer], filter=FOLDING)
# A whole line, for finding how it begins.
folded_line = normalizer("folded_line", type="custom", filter=["lowercase", "asciifolding"])
article = analyzer("article", type="custom", tokenizer="standard", char_filter=[d_mer], filter=[*FOLDING, stemmer])
question = analyzer(
    "question", type="custom", tokenizer="standard", char_filter=[d_mer], filter=[*FOLDING, synonym_graph, stemmer]
)
