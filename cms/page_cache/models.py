"""What a CDN may hold of the site."""

from django.db import models


class CdnCopy(models.Model):
    """A site of which something was given out for a CDN to keep, and that has not been purged since."""

    url = models.CharField(max_length=3_000, unique=True)
    # Another word each time it is given out: a purge forgets only what it has purged.
    ticket = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.url
