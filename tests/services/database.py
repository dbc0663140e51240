"""The migrated test database, kept as a template: further databases of a run are copies of it, and on SQLite so is the
database of the next run.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.services.postgresql import PostgreSQL

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "databases"


def pytest_configure(config: pytest.Config) -> None:
    if connection.vendor != "sqlite":
        return
    # A file, as the site has, and not Django's database in memory: locks and several connections are real.
    name = Path(settings.DATA_DIR, "test.sqlite3")
    connection.settings_dict["TEST"]["NAME"] = str(name)
    kept = kept_database()
    if kept.exists() and not config.getoption("create_db"):
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        shutil.copy(kept, f"{name}_{worker}" if worker else name)  # pytest-django adds the worker's name.
        config.option.reuse_db = True


def kept_database() -> Path:
    """Return where the migrated SQLite database is kept as long as neither migrations nor requirements change."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("[!.]*/**/migrations/*.py")):
        digest.update(path.read_bytes())
    return KEPT / f"{digest.hexdigest()[:16]}.sqlite3"


def template() -> str:
    """Return the name of the database that is migrated and has no test's data: a path on SQLite."""
    return f"{connection.settings_dict['NAME']}_template"


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    result = yield
    if fixturedef.argname == "django_db_setup":
        connection.close()
        if connection.vendor == "sqlite":
            keep_sqlite()
        else:
            make_postgresql_template(fixturedef)
    return result


def keep_sqlite() -> None:
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(template())) as copy:
        source.backup(copy)
    kept = kept_database()
    if kept.exists():
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    for outdated in KEPT.glob("*.sqlite3"):
        outdated.unlink(missing_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    shutil.copy(template(), draft)
    draft.rename(kept)


def make_postgresql_template(fixturedef: pytest.FixtureDef[object]) -> None:
    name = template()
    run_sql(f'CREATE DATABASE "{name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
    fixturedef.addfinalizer(lambda: run_sql(f'DROP DATABASE "{name}"'))


def run_sql(statement: str) -> None:
    with psycopg.connect(os.environ[PostgreSQL.variable], autocommit=True) as server:
        server.execute(statement.encode())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have pytest-django migrate a database for the tests that copy it, where no other test of the run needs one."""
    for item in items:
        if "new_database" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def new_database(django_db_setup: None) -> Iterator[Callable[[], str]]:
    """A function that makes a migrated, empty database of the worker's kind and returns its DATABASE_URL."""
    source = template()
    made: list[str] = []

    def make() -> str:
        name = f"{source.removesuffix('template')}{len(made)}"
        made.append(name)
        if connection.vendor == "sqlite":
            shutil.copy(source, name)
            return f"sqlite:///{name}"
        run_sql(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return urlunsplit(urlsplit(os.environ[PostgreSQL.variable])._replace(path=f"/{name}"))

    yield make
    if connection.vendor == "postgresql":
        for name in made:
            run_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
