"""The memory and the disk of a web process have their bounds, whatever anybody asks for."""

import random
import threading

from django.conf import settings
from django.test import RequestFactory
from pytest_django import Settings

from cms.page_cache.encodings import _accepted
from cms.page_cache.front import Front, Kept, in_front_of
from cms.page_cache.generation import get_generation
from tests.page_cache.browsing import Browser
from tests.page_cache.test_learn import Asked, json
from tests.page_cache.test_store import KEY, entry
from tests.pages import ArticleFactory

PAGES = ["/", "/articles/", "/articles/prolactin/", "/api/articles/", "/feeds/articles.atom"]


def files_of_this_generation() -> int:
    generation = get_generation().current()
    assert generation is not None
    return len(list((settings.PAGES_DIR / "kept" / generation.hex()).glob("*")))


def made_up(chance: random.Random) -> tuple[str, dict[str, str]]:
    """Return an address and headers that a scraper might send, and that nobody has sent before."""
    word = f"{chance.randrange(10**12):x}"
    page = chance.choice(PAGES)
    return chance.choice(
        [
            (f"{page}?{word}=1", {}),
            (f"{page}?page={word}", {}),
            (f"{page}?page={chance.randrange(2, 10**6)}", {}),
            (f"{page}?page=1&{word}", {}),
            (f"{page}?utm_source={word}", {}),
            (f"/articles/{word}/", {}),
            (f"/articles/tags/{word}/", {}),
            (f"/api/articles/?tag={word}", {}),
            (f"/api/articles/?page_size={chance.randrange(1, 50)}&fields=title", {}),
            (f"/api/articles/?tag=milk&page={chance.randrange(2, 1_000)}", {}),
            (f"/api/articles/?tag=milk&page={'0' * chance.randrange(1, 90)}1", {}),
            (f"/api/pages/find/?path=/{word}/", {}),
            (f"/api/pages/find/?path={'/' * chance.randrange(2, 90)}articles", {}),
            (page, {"Host": f"{word}.example"}),
            (page, {"Origin": f"https://{word}.example"}),
            (page, {"Cookie": f"session={word}"}),
            (page, {"Cookie": f"consent={word}"}),
            (page, {"Accept-Encoding": word}),
            (page, {"If-None-Match": f'"{word}"'}),
        ]
    )


def test_a_scraper_with_made_up_parameters_neither_fills_the_cache_nor_drives_anything_out(
    browser_behind: Browser, publish_article: ArticleFactory, settings: Settings
) -> None:
    settings.API_RATE_LIMIT = 0
    # A page number that there is makes a page of its own; there is only one.
    publish_article(title="Prolactin", tags=["milk"])
    for address in PAGES:
        browser_behind.get(address)
    kept = browser_behind.handler.front._kept
    keys, size, files = list(kept._entries), kept._bytes, files_of_this_generation()
    assert len(keys) == files == len(PAGES)
    chance = random.Random(7)
    for _time in range(150):
        address, headers = made_up(chance)
        browser_behind.get(address, headers=headers)
    assert sorted(kept._entries) == sorted(keys)
    assert (kept._bytes, files_of_this_generation()) == (size, files)
    asked = browser_behind.rendered
    for address in PAGES:
        assert Browser(handler=browser_behind.handler).get(address).status_code == 200
    assert browser_behind.rendered == asked


def test_what_is_said_of_encodings_is_not_remembered_without_end() -> None:
    _accepted.cache_clear()
    for number in range(2_000):
        entry().form_for(f"br;q=0.{number}")
    entry().form_for("gzip, " * 10_000)
    assert _accepted.cache_info().currsize <= 512


def test_many_at_once_keep_the_books_right() -> None:
    kept = Kept(most_bytes=40 * entry().size)

    def fill(seed: int) -> None:
        chance = random.Random(seed)
        for _time in range(200):
            key = KEY._replace(query=f"page={chance.randrange(100)}")
            kept.put(key, entry(b"milk " * chance.randrange(1, 800)))
            kept.get(key)

    threads = [threading.Thread(target=fill, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept._bytes == sum(found.size for found in kept._entries.values()) <= 40 * entry().size


def test_an_answer_that_alone_is_too_large_drives_nothing_out() -> None:
    kept = Kept(most_bytes=20_000)
    kept.put(KEY, entry())
    kept.put(KEY._replace(path="/large/"), entry(random.Random(1).randbytes(30_000)))
    assert list(kept._entries) == [KEY]


def test_the_bound_is_what_the_operator_says(settings: Settings) -> None:
    settings.PAGE_CACHE_MB = 1
    front = in_front_of(Asked(json)._application)
    assert isinstance(front, Front)
    assert front._kept._most_bytes == 1024 * 1024


def test_no_bound_means_off_and_nobody_is_told_what_the_cache_would_have_been(settings: Settings) -> None:
    settings.PAGE_CACHE_MB = 0
    asked = Asked(json)
    front = in_front_of(asked._application)
    for _time in range(2):
        assert b"".join(front(RequestFactory().get("/made-up/?page=2").environ, asked._start)) != b""
    assert asked.times == 2
    assert "Cache-Control" in asked.headers
    assert "X-Used-Parameters" not in asked.headers
