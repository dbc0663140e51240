"""The servers that the tests use."""

import tempfile
from pathlib import Path

from tests.services.elasticsearch.server import Elasticsearch
from tests.services.postgresql import PostgreSQL
from tests.services.process import Server
from tests.services.redis import Redis

SERVERS: tuple[type[Server], ...] = (PostgreSQL, Redis, Elasticsearch)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Make the folder of one run, which the servers' own account may enter."""
    folder = tempfile.TemporaryDirectory(prefix="dreams-of-milk-", ignore_cleanup_errors=True)
    Path(folder.name).chmod(0o755)
    return folder
