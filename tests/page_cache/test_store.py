"""Where kept pages lie: what is broken, full or away is taken for a page that is not there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from redis import Redis as Client
from redis.backoff import NoBackoff
from redis.retry import Retry

from cms.page_cache import store as store_module
from cms.page_cache.entries import Entry
from cms.page_cache.keys import Key
from cms.page_cache.store import FileStore, RedisStore, Store
from tests.services.process import free_port
from tests.services.site import ROOT

GENERATION = b"12345678"
KEY = Key("http", "127.0.0.1", "/articles/", "", "")


def entry(body: bytes = b"<p>Milk is made.</p>" * 100, *, generation: bytes = GENERATION) -> Entry:
    return Entry.of(
        generation=generation,
        ends_at=time.time() + 60,
        headers=[("Content-Type", "text/html; charset=utf-8"), ("X-Said", "Bücher")],
        body=body,
        vary=[],
    )


def away() -> Client:
    return Client(port=free_port(), socket_timeout=0.1, retry=Retry(NoBackoff(), 0))


@pytest.fixture(params=["files", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "files":
        return FileStore(tmp_path)
    return RedisStore(Client.from_url(request.getfixturevalue("redis_url")), prefix=str(tmp_path))


def test_what_is_put_is_found_again_as_it_was(store: Store) -> None:
    kept = entry()
    store.put(KEY, kept)
    found = store.get(KEY, generation=GENERATION)
    assert found is not None
    assert (found.headers, found.bodies, found.ends_at) == (kept.headers, kept.bodies, kept.ends_at)
    assert found.form_for("br") == kept.form_for("br")
    assert store.get(KEY._replace(query="page=2"), generation=GENERATION) is None
    assert store.get(KEY, generation=b"another.") is None


def cut(stored: bytes) -> bytes:
    return stored[: len(stored) // 2]


def with_one_wrong_bit(stored: bytes) -> bytes:
    return stored[:-1] + bytes([stored[-1] ^ 1])


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        with_one_wrong_bit,
        lambda stored: b"",
        lambda stored: b"\0" * len(stored),
        lambda stored: stored + b"more",
        lambda stored: b"[" * 100_000,
        lambda stored: stored.replace(b"text/html", b"text/evil"),
    ],
)
def test_what_is_spoiled_is_not_there(store: Store, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    store.put(KEY, entry())
    if isinstance(store, FileStore):
        (path,) = tmp_path.glob("*/*")
        path.write_bytes(spoil(path.read_bytes()))
    else:
        assert isinstance(store, RedisStore)
        name = store._address(KEY)
        stored = store._redis.get(name)
        assert isinstance(stored, bytes)
        store._redis.set(name, spoil(stored))
    assert store.get(KEY, generation=GENERATION) is None
    store.put(KEY, entry())
    assert store.get(KEY, generation=GENERATION) is not None


def test_what_is_of_another_kind_in_redis_is_not_there(redis_url: str, tmp_path: Path) -> None:
    client = Client.from_url(redis_url)
    store = RedisStore(client, prefix=str(tmp_path))
    client.rpush(store._address(KEY), "a list")
    assert store.get(KEY, generation=GENERATION) is None


def test_a_redis_that_is_away_has_nothing_and_takes_nothing() -> None:
    store = RedisStore(away(), prefix="pages")
    store.put(KEY, entry())
    assert store.get(KEY, generation=GENERATION) is None


def test_in_redis_an_entry_goes_when_it_ends(redis_url: str, tmp_path: Path) -> None:
    client = Client.from_url(redis_url)
    store = RedisStore(client, prefix=str(tmp_path))
    kept = entry()
    store.put(KEY, kept)
    assert 55 <= int(client.ttl(store._address(KEY))) <= 60
    kept.ends_at = time.time() - 1
    store.put(KEY._replace(path="/late/"), kept)
    assert client.keys(f"{tmp_path}:*") == [store._address(KEY).encode()]


def test_in_redis_the_next_generation_takes_the_place_of_the_last(redis_url: str, tmp_path: Path) -> None:
    client = Client.from_url(redis_url)
    store = RedisStore(client, prefix=str(tmp_path))
    store.put(KEY, entry())
    store.put(KEY, entry(generation=b"the next"))
    assert len(client.keys(f"{tmp_path}:*")) == 1
    assert store.get(KEY, generation=GENERATION) is None
    assert store.get(KEY, generation=b"the next") is not None


@pytest.mark.parametrize("obstacle", ["the whole store is a file", "the generation is a file", "the page is a folder"])
def test_files_that_cannot_be_used_are_nobodys_trouble(tmp_path: Path, obstacle: str) -> None:
    folder = tmp_path / "kept"
    store = FileStore(folder)
    generation = folder / GENERATION.hex()
    if obstacle == "the whole store is a file":
        folder.write_text("A file.")
    elif obstacle == "the generation is a file":
        folder.mkdir()
        generation.write_text("A file.")
    else:
        store.put(KEY, entry())
        (path,) = generation.iterdir()
        path.unlink()
        path.mkdir()
    store.put(KEY, entry())
    assert store.get(KEY, generation=GENERATION) is None
    assert not list(folder.glob("*/*.draft"))


def test_a_store_that_is_deleted_under_way_begins_anew(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "kept")
    store.put(KEY, entry())
    subprocess.run(["rm", "-r", tmp_path / "kept"], check=True)
    assert store.get(KEY, generation=GENERATION) is None
    store.put(KEY, entry())
    assert store.get(KEY, generation=GENERATION) is not None


PUT = """
import django, resource, signal, sys
django.setup()
from tests.page_cache.test_store import KEY, entry, FileStore, Path
signal.signal(signal.SIGXFSZ, getattr(signal, sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
FileStore(Path(sys.argv[1])).put(KEY, entry())
"""


def put_where_only_a_part_fits(folder: Path, *, signal_action: str) -> int:
    """Put an entry in a process that may write no file of more than 1,000 bytes, and return how it ended."""
    command = [sys.executable, "-c", PUT, str(folder), signal_action]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "cms.settings"}
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=60, check=False).returncode


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    assert put_where_only_a_part_fits(tmp_path, signal_action="SIG_IGN") == 0
    assert list(tmp_path.glob("*/*")) == []


def test_what_a_killed_writer_leaves_is_not_read_and_goes_with_its_generation(tmp_path: Path) -> None:
    assert put_where_only_a_part_fits(tmp_path, signal_action="SIG_DFL") == -signal.SIGXFSZ
    (draft,) = tmp_path.glob("*/*")
    assert draft.stat().st_size == 1_000
    store = FileStore(tmp_path)
    assert store.get(KEY, generation=GENERATION) is None
    os.utime(draft.parent, times=(0, 0))
    store.put(KEY, entry(generation=b"the next"))
    assert not draft.exists()


def test_a_generation_that_may_still_be_written_to_stays(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put(KEY, entry())
    store.put(KEY, entry(generation=b"the next"))
    assert store.get(KEY, generation=GENERATION) is not None


def test_one_process_fills_no_redis(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_BYTES", 20_000)
    client = Client.from_url(redis_url)
    store = RedisStore(client, prefix=str(tmp_path))
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for number in range(50):
            # Nor do generations make room: what was there before them still is.
            store.put(KEY._replace(query=f"page={number}"), entry(generation=number.to_bytes(8)))
        assert 0 < len(client.keys(f"{tmp_path}:*")) <= 20_000 // entry().size
        # What was let in is made anew as often as anything changes.
        for number in range(50, 100):
            first = KEY._replace(query="page=0")
            store.put(first, entry(generation=number.to_bytes(8)))
            assert store.get(first, generation=number.to_bytes(8)) is not None
        clock.shift(store_module.SECONDS_OF_ROOM)
        store.put(KEY, entry())
        assert store.get(KEY, generation=GENERATION) is not None


def test_one_process_fills_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_BYTES", 20_000)
    store = FileStore(tmp_path)
    for number in range(50):
        store.put(KEY._replace(query=f"page={number}"), entry())
    assert 0 < len(list(tmp_path.glob("*/*"))) <= 20_000 // entry().size
    # The next generation has as much room again.
    store.put(KEY, entry(generation=b"the next"))
    assert store.get(KEY, generation=b"the next") is not None
