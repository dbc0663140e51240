"""Which workers of this host are gone: each holds a lock that goes away with its process, however that ends.

A lease alone would have every page that a killed worker had in its hands wait until the lease runs out. Silence proves
less than a lock: a worker may be silent because its database makes it wait, and still have its page in its hands.
Workers that share no `DATA_DIR` know nothing of each other; there the lease decides.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings


@contextmanager
def present(worker: str) -> Iterator[None]:
    """Let the other workers of this host see that this one is there, as long as its process is."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    # Under a hidden name until it is locked: nobody takes a worker that is just beginning for one that is gone.
    draft = folder / f".{worker}"
    with draft.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        place = draft.rename(folder / worker)
        try:
            yield
        finally:
            place.unlink(missing_ok=True)


def gone_workers() -> Iterator[str]:
    """Yield the names of workers that were killed. Each is forgotten when the next is asked for, so whoever fails to
    deal with one is told of it again.
    """
    for place in sorted(_folder().glob("[!.]*")):
        with suppress(FileNotFoundError, BlockingIOError), place.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield place.name
            place.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.DATA_DIR, "workers")
