"""The log: one line an event, a traceback included."""

import logging
import os
import subprocess
import sys
from pathlib import Path

from cms.logs import OneLineFormatter


def test_an_event_is_one_line_whatever_it_holds() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.LogRecord("cms", logging.ERROR, __file__, 1, "it\r\nfailed", None, sys.exc_info())
    line = OneLineFormatter("%(levelname)s %(message)s").format(record)
    assert "\n" not in line
    assert "\r" not in line
    assert line.startswith("ERROR it\\r\\nfailed\\nTraceback")
    assert "ValueError: two\\nlines" in line


def test_a_process_of_the_site_writes_one_line_an_event(tmp_path: Path) -> None:
    fail = "import django; django.setup(); import logging\n"
    fail += "for name in ('cms.pipeline', 'django.request'):\n"
    fail += "    try: raise ValueError('two\\nlines')\n"
    fail += "    except ValueError: logging.getLogger(name).exception('it failed')\n"
    process = subprocess.run(
        [sys.executable, "-c", fail],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "cms.settings", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = process.stderr.splitlines()
    assert " ERROR cms.pipeline it failed\\nTraceback" in first
    assert " ERROR django.request it failed\\nTraceback" in second
    assert first.endswith("ValueError: two\\nlines")
