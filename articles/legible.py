"""Text without the characters that nobody can read and that XML and Markdown cannot hold."""

import re

# Controls but for tab and line ends, the halves of characters, and what Unicode will never assign: XML 1.0, 2.2.
ILLEGIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
SPACES = re.compile("[ \t\n\r\x0c\x85]+")


def legible(text: str) -> str:
    """Return `text` without its illegible characters, with line ends as "\\n"."""
    return ILLEGIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def on_one_line(text: str) -> str:
    """Return `text` as one line: each line end and tab is a space, and none is left at the ends."""
    return re.sub("[\t\n\x85]", " ", legible(text)).strip()
