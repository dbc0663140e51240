"""What counts how much when results are put in order: the same figures for every engine.

They say what matters to a reader, relative to a word in the running text.
"""

# Where a word stands.
TITLE = 4.0
HEADING = 2.5
LABEL = 2.0  # category and tags
SUMMARY = 1.5
BODY = 1.0

# How well it fits: the reader's own word, another wording of the same, one word of several that belong together.
EXACT = 1.0
SYNONYM = 0.8
LOOSE = 0.3

# The whole question, word for word.
VERBATIM = 2.0

# A page's score is divided by this for each thing asked about that it does not have, so that a page with all of them
# comes before one that repeats a single one.
MISSING = 5.0
