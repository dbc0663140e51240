"""The log: one line an event, a traceback included."""

import logging
import sys

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
