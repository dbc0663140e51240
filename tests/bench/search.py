"""A search in many articles on Elasticsearch, beside the same request without anything of this project around it.

Articles are made of words that are as frequent as words are in a language (Zipf's law), with the words of the subject
among the frequent ones. Both ways take turns, so that whatever else the machine does slows both.
"""

import json
import random
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, islice
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.utils import timezone

from cms.searchable import Label, Section
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.requests import search_body
from search.interface import Document
from search.parsing import parse
from tests.bench.figures import Figure, milliseconds, percentile, tell

AIM_MILLISECONDS = 100
VOCABULARY = 30_000
ARTICLES_AT_ONCE = 500
WARM_UP = 5  # searches that do not count, while the server compiles its code
SUBJECT = """
    milk oxytocin prolactin estrogen progesterone breast hormone supply demand pumping baby birth reflex release duct
    alveoli lactation stimulation feeding let-down pregnancy placenta pituitary receptor engorgement colostrum low
""".split()  # noqa: SIM905 - easier to read
QUESTIONS = (
    "oxytocin",
    "low supply",
    "what makes milk start after birth",
    "prolactin receptor",
    "let-down reflex",
    "pumping schedule for induced lactation",
    '"milk supply" demand',
    "prolactn",
    "xylophone",
)


def measure(*, articles: int, rounds: int) -> list[Figure]:
    """Ask each question so many times in so many articles."""
    engine = ElasticsearchEngine()
    seconds = fill(engine, articles)
    tell(f"{articles:,} articles indexed in {seconds:.1f} s, {articles / seconds:,.0f} a second")
    tell(f"{'question':<42} {'found':>7} {'search':>10} {'raw HTTP':>10}   median of {rounds}, in ms")
    raw_search = raw_searcher()
    searches: list[float] = []
    raws: list[float] = []
    for question in QUESTIONS:
        query = parse(question)
        for _ in range(WARM_UP):
            total = engine.search(query).total
        body = json.dumps(search_body(query, hidden=(), now=timezone.now())).encode()
        mine, raw = [], []
        for _ in range(rounds):
            mine.append(milliseconds(partial(engine.search, query)))
            raw.append(milliseconds(partial(raw_search, body)))
        tell(f"{question:<42} {total:>7,} {statistics.median(mine):>10.1f} {statistics.median(raw):>10.1f}")
        searches += mine
        raws += raw
    median, raw_median = statistics.median(searches), statistics.median(raws)
    tell(f"All: median {median:.1f} ms, p99 {percentile(searches, 99):.1f} ms; raw HTTP {raw_median:.1f} ms, "
          f"so {median / raw_median:.2f} times")  # fmt: skip
    name = f"search in {articles:,} articles, ms at the median"
    return [Figure(name=name, measured=median, aim=AIM_MILLISECONDS, is_ceiling=True)]


def fill(engine: ElasticsearchEngine, articles: int) -> float:
    """Put articles into a new index, and return the seconds that this took without making them up."""
    words = Words(random.Random(20))
    seconds = 0.0
    with engine.building() as writer:
        for start in range(1, articles + 1, ARTICLES_AT_ONCE):
            batch = [article(number, words) for number in range(start, min(start + ARTICLES_AT_ONCE, articles + 1))]
            seconds += milliseconds(partial(writer.put, batch)) / 1_000
        seconds += milliseconds(writer.settle) / 1_000
        writer.switch()
    return seconds


class Words:
    """A vocabulary in which the n-th word is n times as rare as the first."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        syllables = [consonant + vowel for consonant in "bcdfglmnprstv" for vowel in "aeiou"]
        made_up = ("".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(VOCABULARY))
        self.words = [*self._mixed(made_up)]
        self.weights = list(accumulate(1 / rank for rank in range(1, len(self.words) + 1)))

    @staticmethod
    def _mixed(made_up: Iterator[str]) -> Iterator[str]:
        """Put the words of the subject among the others, so that 5 to 40 of 100 articles have one."""
        subject = iter(SUBJECT)
        for number, word in enumerate(made_up):
            yield word
            if number >= 100 and number % 40 == 0:
                yield from islice(subject, 1)

    def text(self, count: int) -> str:
        return " ".join(self.chance.choices(self.words, cum_weights=self.weights, k=count))


def article(number: int, words: Words) -> Document:
    """Return an article of about 3 KB."""
    sections = tuple(Section(words.text(4), f"part-{part}", words.text(75)) for part in range(6))
    return Document(
        page_id=number,
        version=1,
        title=words.text(5),
        summary=words.text(20),
        category=Label(f"category-{number % 4}", f"Category {number % 4}"),
        tags=tuple(Label(f"tag-{tag}", f"Tag {tag}") for tag in words.chance.sample(range(60), k=4)),
        sections=sections,
        published_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        expire_at=None,
        content_hash=str(number),
    )


def raw_searcher() -> Callable[[bytes], bytes]:
    """Return a function that sends the body of a search, on one connection that stays open."""
    address = urlsplit(settings.ELASTICSEARCH_HOSTS[0])
    pool = urllib3.HTTPConnectionPool(str(address.hostname), address.port)
    path = f"/{settings.ELASTICSEARCH_INDEX}/_search?allow_partial_search_results=false"

    def search(body: bytes) -> bytes:
        response = pool.urlopen("POST", path, body=body, headers={"Content-Type": "application/json"})
        if response.status != 200:
            raise RuntimeError(response.data.decode())
        return response.data

    return search
