"""The index of the database engine: a copy of what is published, made by the pipeline and never edited. And which
server's index is to be compared.

The words to search by are in the table `search_stems`, which each database makes in its own way: see the migration
and `search.engines`.
"""

from django.db import models


class SearchDocument(models.Model):
    """One page; `page_id` is no foreign key, because a page may be gone before the index hears of it."""

    page_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(help_text="When the page was read, in microseconds since 1970.")
    content_hash = models.CharField(max_length=64)
    title = models.TextField()
    summary = models.TextField(blank=True)
    # Labels, packed by search.labels so that counting many rows needs no parsing.
    category = models.TextField(blank=True)
    tags = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.title


class SearchPassage(models.Model):
    """One section of a page, as people read it."""

    document = models.ForeignKey(SearchDocument, on_delete=models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField()
    heading = models.TextField(blank=True)
    anchor = models.TextField(blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["document_id", "position"]
        constraints = [models.UniqueConstraint(fields=["document", "position"], name="one_passage_a_position")]

    def __str__(self) -> str:
        return self.heading or self.text[:60]


class SearchHeadlineWord(models.Model):
    """A word of a title or heading, for suggesting those while a reader types.

    `position` is that of the passage under the heading; a title has `TITLE`. `place` counts the words before it.
    """

    TITLE = -1

    # The first of the indexes serves it too.
    document = models.ForeignKey(
        SearchDocument, on_delete=models.CASCADE, related_name="headline_words", db_index=False
    )
    position = models.IntegerField()
    place = models.PositiveIntegerField()
    word = models.CharField(max_length=64, db_index=True)
    stem = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["document", "position", "stem"], name="search_headline_stems"),
            models.Index(fields=["stem"], name="search_headline_stem"),
        ]

    def __str__(self) -> str:
        return self.word


class Outage(models.Model):
    """An engine's server was away, and its index has not been compared since."""

    engine = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.engine


class SearchWord(models.Model):
    """A word of the articles, for finding what a mistyped word was meant to be.

    Words stay when the last page with them goes; a word is suggested only after a page that a reader may see was found
    by it.
    """

    word = models.CharField(max_length=64, primary_key=True)

    def __str__(self) -> str:
        return self.word
