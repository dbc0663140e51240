"""What the page cache leans on breaks while the site runs: readers get their pages, and no old ones."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.page_cache.newsroom import Newsroom
from tests.page_cache.surfaces import SUBJECT, hidden, shown
from tests.services.redis import Redis

on_files = pytest.mark.parametrize("newsroom", ["files"], indirect=True)
on_redis = pytest.mark.parametrize("newsroom", ["redis"], indirect=True)

HIDE = "article('colostrum').unpublish()"
SHOW = "article('colostrum').get_latest_revision().publish()"


def delete_everything(pages: Path) -> None:
    shutil.rmtree(pages / "kept")
    (pages / "generation").unlink()


def delete_the_generation(pages: Path) -> None:
    (pages / "generation").unlink()


def empty_all_files(pages: Path) -> None:
    for path in pages.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)


def spoil_what_is_kept(pages: Path) -> None:
    for path in pages.glob("kept/*/*"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")


def put_a_folder_in_the_place_of_the_generation(pages: Path) -> None:
    (pages / "generation").unlink()
    (pages / "generation").mkdir()


@on_files
@pytest.mark.parametrize(
    "spoil",
    [
        delete_everything,
        delete_the_generation,
        empty_all_files,
        spoil_what_is_kept,
        put_a_folder_in_the_place_of_the_generation,
    ],
)
def test_whatever_happens_to_the_files_a_change_shows_in_time(
    newsroom: Newsroom, subject: str, spoil: Callable[[Path], None]
) -> None:
    pages = newsroom.site.folder / "pages"
    spoil(pages)
    newsroom.do(HIDE)
    assert newsroom.wrong(hidden(SUBJECT)) == {}
    if (pages / "generation").is_dir():
        (pages / "generation").rmdir()
    newsroom.do(SHOW)
    assert newsroom.wrong(shown(SUBJECT)) == {}
    assert newsroom.site.web.is_running()


@pytest.fixture
def redis(newsroom: Newsroom, own_redis: Redis) -> Iterator[Redis]:
    """The site's Redis, which is there again at the end, and with it the cache."""
    yield own_redis
    come_back(own_redis)
    wait_for_hits(newsroom, 6)


def kill(redis: Redis) -> None:
    redis.kill()


def hang(redis: Redis) -> None:
    redis.send_signal(signal.SIGSTOP)


def come_back(redis: Redis) -> None:
    if redis.is_running():
        redis.send_signal(signal.SIGCONT)
    redis.start()
    redis.wait()


@on_redis
@pytest.mark.parametrize("fault", [kill, hang])
def test_while_redis_is_away_readers_get_their_pages_and_no_old_ones(
    newsroom: Newsroom, subject: str, redis: Redis, fault: Callable[[Redis], None]
) -> None:
    fault(redis)
    newsroom.do(HIDE)
    assert newsroom.wrong(hidden(SUBJECT)) == {}
    # A Redis that hung comes back with the generation that it had before.
    come_back(redis)
    assert newsroom.wrong(hidden(SUBJECT)) == {}
    newsroom.do(SHOW)
    assert newsroom.wrong(shown(SUBJECT)) == {}


@on_redis
def test_a_change_that_redis_did_not_hear_of_is_told_to_it_when_it_is_back(
    newsroom: Newsroom, subject: str, redis: Redis
) -> None:
    # The web processes do not notice: nobody asks them meanwhile.
    hang(redis)
    newsroom.do(HIDE)
    come_back(redis)
    assert newsroom.wrong(hidden(SUBJECT)) == {}
    newsroom.do(SHOW)
    assert newsroom.wrong(shown(SUBJECT)) == {}


@on_redis
def test_the_cache_is_off_while_redis_is_away_and_on_again_afterwards(
    newsroom: Newsroom, subject: str, redis: Redis
) -> None:
    kill(redis)
    wait_for_hits(newsroom, 0)
    come_back(redis)
    wait_for_hits(newsroom, 6)


def wait_for_hits(newsroom: Newsroom, wanted: int) -> None:
    """Wait until so many of six visits are answered from the cache."""
    deadline = time.monotonic() + 10
    while hits_of_visits(newsroom) != wanted:
        assert time.monotonic() < deadline


def hits_of_visits(newsroom: Newsroom) -> int:
    before = hits(newsroom)
    newsroom.visit(["/articles/"] * 3)
    return hits(newsroom) - before


def hits(newsroom: Newsroom) -> int:
    """Return what each web process says of all of them, which has to be the same."""
    (said,) = {re.findall(r"^milk_page_cache_hits_total (\S+)$", text, re.M)[0] for text in newsroom.texts("/metrics")}
    return int(float(said))


def test_every_process_tells_the_hits_of_all(newsroom: Newsroom) -> None:
    # The worker may not have renewed yet what the test before has changed.
    wait_for_hits(newsroom, 2 * 3)


def test_many_readers_at_once_right_after_a_change_all_get_the_page(newsroom: Newsroom, subject: str) -> None:
    newsroom.do(SHOW)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(newsroom.read, [f"/articles/{subject}/"] * 64))
    assert [status for status, text in answers if SUBJECT in text] == [200] * 64
