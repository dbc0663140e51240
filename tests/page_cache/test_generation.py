"""The generation as the processes of one host share it, whatever happens to its file."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis as Client

from cms.page_cache import cdn
from cms.page_cache import generation as generation_module
from cms.page_cache.generation import FileGeneration, GenerationUnavailable, RedisGeneration
from tests.page_cache.test_store import away
from tests.services.plugin import provide
from tests.services.redis import Redis
from tests.services.site import ROOT

RENEW = """
import sys
from pathlib import Path
from cms.page_cache.generation import FileGeneration
FileGeneration(Path(sys.argv[1])).renew()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pages" / "generation"


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after the file as if a second had gone by."""
    monkeypatch.setattr(generation_module, "SECONDS_BETWEEN_LOOKS", 0.0)


def test_what_another_process_renews_is_seen_at_once(path: Path) -> None:
    mine = FileGeneration(path)
    before = mine.current()
    # This process holds the file open meanwhile, and must not keep anybody waiting.
    subprocess.run([sys.executable, "-c", RENEW, str(path)], cwd=ROOT, check=True, timeout=30)
    assert mine.current() not in {before, None}


def test_two_maps_of_one_file_agree(path: Path) -> None:
    first, second = FileGeneration(path), FileGeneration(path)
    assert first.current() == second.current()
    first.renew()
    assert first.current() == second.current()


def delete(path: Path) -> None:
    path.unlink()


def delete_the_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"restored")
    other.rename(path)


@pytest.mark.parametrize("spoil", [delete, delete_the_folder, empty, cut, replace])
def test_whatever_becomes_of_the_file_nothing_from_before_is_current_and_all_agree(
    path: Path, spoil: Callable[[Path], None]
) -> None:
    first, second = FileGeneration(path), FileGeneration(path)
    before = first.current()
    assert before == second.current()
    spoil(path)
    assert first.current() != before
    assert second.current() != before
    # One of them may have had to mend it first.
    assert first.current() == second.current() not in {before, None}
    first.renew()
    assert first.current() == second.current()


def test_a_file_that_is_cut_between_two_looks_ends_no_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_module, "SECONDS_BETWEEN_LOOKS", 3_600.0)
    generation = FileGeneration(path)
    before = generation.current()
    empty(path)
    assert generation.current() is None
    assert generation.current() not in {before, None}


def test_a_file_that_cannot_be_opened_switches_the_cache_off_with_one_word_in_the_log(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    generation = FileGeneration(path)
    path.mkdir(parents=True)
    for _time in range(3):
        assert generation.current() is None
    with pytest.raises(GenerationUnavailable):
        generation.renew()
    assert len(caplog.messages) == 1
    path.rmdir()
    generation.renew()
    assert generation.current() is not None
    path.unlink()
    path.mkdir()
    assert generation.current() is None
    assert len(caplog.messages) == 2


def test_a_redis_that_is_away_is_asked_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    generation = RedisGeneration(away(), name="pages:generation")
    for _time in range(100):
        assert generation.current() is None
    assert len(caplog.messages) == 1


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = provide(lambda: Redis(folder=tmp_path))
    tmp_path.chmod(0o755)
    server.start()
    server.wait()
    yield server
    server.stop()


def test_a_redis_that_starts_with_a_word_of_before_brings_no_generation_back(redis: Redis) -> None:
    client = Client.from_url(redis.url)
    before = RedisGeneration(client, name="generation").current()
    word = client.get("generation")
    client.save()
    RedisGeneration(client, name="generation").renew()
    redis.kill()
    redis.start()
    redis.wait()
    assert client.get("generation") == word
    assert RedisGeneration(client, name="generation").current() not in {before, None}


def test_once_a_purge_begins_no_process_knows_the_generation_of_before(
    db: None, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = Client.from_url(redis_url)
    mine, other = (RedisGeneration(client, name=str(tmp_path)) for _ in range(2))
    monkeypatch.setattr(cdn, "get_generation", lambda: mine)
    cdn.write_down("http://127.0.0.1/")
    before = other.current()
    known: list[bytes | None] = []
    monkeypatch.setattr(cdn, "_purge", lambda _url: known.append(other.current()))
    cdn.purge()
    assert known == [mine.current()] != [before]
