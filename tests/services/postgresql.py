"""A PostgreSQL server of the tests' own."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg

from tests.services.process import MissingError, Server, find_program

OLDEST = 15


class PostgreSQL(Server):
    name = "postgresql"
    variable = "TEST_POSTGRESQL_URL"

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def prepare(self, folder: Path) -> Sequence[str | Path]:
        programs = find_programs()
        # The cluster is made by the command itself, because initdb refuses to run as root.
        script = (
            'set -e; test -e data/PG_VERSION || "$0" -D data --username=postgres --auth=trust --encoding=UTF8'
            ' --locale=C.UTF-8 --no-sync --no-instructions; exec "$@"'
        )
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            # Several sites run at once here, and each thread of their web servers keeps a connection for a while.
            "max_connections": 400,
            # The data need not outlive the machine.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return ["/bin/sh", "-c", script, programs / "initdb", programs / "postgres", "-D", "data", *settings]

    @staticmethod
    def answers(url: str) -> bool:
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


def find_programs() -> Path:
    """Return the folder with initdb and postgres.

    Raises:
        MissingError: There is none, or none that is new enough.
    """
    on_path = find_program("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=version, reverse=True)
    for initdb in [*([on_path] if on_path else []), *debian]:
        if version(initdb) >= OLDEST:
            return initdb.resolve().parent
    raise MissingError(f"PostgreSQL {OLDEST} or newer (package postgresql)")


def version(initdb: Path) -> int:
    """Return the first number of the version, from a line like `initdb (PostgreSQL) 15.18 (Debian 15.18-0)`."""
    line = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=True).stdout
    return int(line.split()[2].partition(".")[0])
