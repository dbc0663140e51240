"""How long after an editor publishes readers find what is new, with a web server and a worker as an operator runs them.

The clock runs from before the publication is saved until `/api/search/` answers with the article for a word that nobody
has used before. Each publication waits for a moment by chance first, so that the worker is met at any point of its
rest.
"""

import json
import random
import statistics
import time
import urllib.parse
import urllib.request

from django.db import transaction

from articles.models import ArticlePage
from search.engines.elasticsearch import ElasticsearchEngine
from search.indexing import rebuild
from tests.bench.figures import Figure, percentile, tell
from tests.services.site import Site

AIM_SECONDS = 1.0
LONGEST_REST_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
# Asking more often would take from the worker what it works with.
SECONDS_BETWEEN_LOOKS = 0.02


def measure(site: Site, *, publications: int) -> list[Figure]:
    """Start `site`, and publish so many articles one after the other.

    Raises:
        TimeoutError: One of them is not found after a minute.
    """
    rebuild(ElasticsearchEngine())
    site.start()
    try:
        seconds = times_until_found(site, publications=publications)
    finally:
        site.stop()
    median = statistics.median(seconds)
    tell(
        f"{publications} articles published: found after {median:.2f} s at the median, "
        f"p99 {percentile(seconds, 99):.2f} s, at most {max(seconds):.2f} s"
    )
    return [Figure(name="publish to searchable, s at the median", measured=median, aim=AIM_SECONDS, is_ceiling=True)]


def times_until_found(site: Site, *, publications: int) -> list[float]:
    chance = random.Random(20)
    articles = list(ArticlePage.objects.live().order_by("pk"))
    seconds = []
    for number in range(publications):
        time.sleep(chance.uniform(0, LONGEST_REST_SECONDS))
        seconds.append(seconds_until_found(site, articles[number % len(articles)], word=new_word(chance)))
    return seconds


def new_word(chance: random.Random) -> str:
    """Return a word that stays one word in every analyzer and is like no other, typing errors allowed for."""
    return "q" + "".join(chance.choices("bcdfghjkmnpqrtvwxz", k=14))


def seconds_until_found(site: Site, article: ArticlePage, *, word: str) -> float:
    started = time.perf_counter()
    with transaction.atomic():  # As the request of an editor is.
        article.summary = f"About {word}."
        article.save_revision().publish()
    while not is_found(site, article, word=word):
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise TimeoutError(f"Article {article.pk} is not found after {PATIENCE_SECONDS:.0f} s.\n{site.logs()}")
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return time.perf_counter() - started


def is_found(site: Site, article: ArticlePage, *, word: str) -> bool:
    address = f"{site.url}/api/search/?{urllib.parse.urlencode({'q': word})}"
    with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as response:
        answer = json.load(response)
    if answer["engine"] != "elasticsearch":
        raise RuntimeError("Elasticsearch did not answer, the database did.")
    return any(result["id"] == article.pk for result in answer["results"])
