"""Counting hits, misses and bypasses over all processes of a host."""

import subprocess
import sys
from pathlib import Path

import pytest

from cms.page_cache import counters as counters_module
from cms.page_cache.counters import Counters
from tests.services.site import ROOT

COUNT = """
import sys
from pathlib import Path
from cms.page_cache.counters import Counters
counters = Counters(Path(sys.argv[1]))
for _time in range(3):
    counters.count("hits")
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pages" / "counts"


def start(path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", COUNT, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


def test_processes_add_up_and_one_that_was_killed_is_not_forgotten(path: Path) -> None:
    both = [start(path), start(path)]
    mine = Counters(path)
    mine.count("misses")
    assert mine.counts() == {"hits": 6, "misses": 1, "bypasses": 0}
    for process in both:
        process.kill()
        process.communicate()
    assert mine.counts()["hits"] == 6
    # The next ones take over the rows, and what is in them.
    for process in [start(path), start(path)]:
        process.communicate()
    assert mine.counts() == {"hits": 12, "misses": 1, "bypasses": 0}


def test_a_file_that_is_cut_off_ends_no_process(path: Path) -> None:
    counters = Counters(path)
    counters.count("hits")
    path.write_bytes(b"")
    assert counters.counts()["hits"] in {0, 1}
    path.write_bytes(b"")
    counters._try_at = 0.0
    counters.count("hits")
    assert counters.counts()["hits"] == 2


def test_what_cannot_be_counted_is_counted_when_it_can_be_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters_module, "SECONDS_BETWEEN_TRIES", 0.0)
    path.mkdir(parents=True)
    counters = Counters(path)
    counters.count("hits")
    assert counters.counts() == {"hits": 0, "misses": 0, "bypasses": 0}
    path.rmdir()
    counters.count("hits")
    assert counters.counts() == {"hits": 1, "misses": 0, "bypasses": 0}
