"""The generation as the processes of one host share it."""

import subprocess
import sys
from pathlib import Path

from cms.page_cache.generation import FileGeneration
from tests.services.site import ROOT

RENEW = """
import sys
from pathlib import Path
from cms.page_cache.generation import FileGeneration
FileGeneration(Path(sys.argv[1])).renew()
"""


def test_what_another_process_renews_is_seen_at_once(tmp_path: Path) -> None:
    mine = FileGeneration(tmp_path / "generation")
    before = mine.current()
    # This process holds the file open meanwhile, and must not keep anybody waiting.
    subprocess.run([sys.executable, "-c", RENEW, str(tmp_path / "generation")], cwd=ROOT, check=True, timeout=30)
    assert mine.current() not in {before, None}


def test_two_maps_of_one_file_agree(tmp_path: Path) -> None:
    first, second = FileGeneration(tmp_path / "generation"), FileGeneration(tmp_path / "generation")
    assert first.current() == second.current()
    first.renew()
    assert first.current() == second.current()
