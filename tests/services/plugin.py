"""The pytest plugin that gives the tests their environment and their servers.

`make test` starts two workers, named after the databases that they use: `sqlite` and `postgresql`; each runs the
suite but for what the other alone runs, and the process above them starts the servers for both.
Without workers, the tests run on SQLite, or on what `TEST_DATABASE` says, and a server starts when the first test asks
for it. README.md beside this file says more.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from zlib import crc32

import pytest
from elasticsearch import Elasticsearch as Client

from tests.services.chromium import find_chromium
from tests.services.elasticsearch.server import Elasticsearch
from tests.services.postgresql import PostgreSQL
from tests.services.process import MissingError, Server
from tests.services.redis import Redis
from tests.services.servers import SERVERS, temporary_folder

FOLDER = "TEST_FOLDER"
DATABASES = ("sqlite", "postgresql")
# What these folders and files ask is answered by each database in its own way: who waits for whom, how words and dates
# are compared and put in order, what a query costs. Both workers run them. All others are shared out between the two.
ON_BOTH = (
    "api/test_list_articles.py",
    "api/test_pages.py",
    "api/test_redirects.py",
    "articles/test_edit.py",
    "articles/test_import_at_once.py",
    "articles/test_list.py",
    "articles/test_queries.py",
    "articles/test_redirects.py",
    "articles/test_rename.py",
    "articles/test_visibility.py",
    "cms/test_media.py",
    "cms/test_transactions.py",
    "faults",
    "membership/test_forgetting.py",
    "membership/test_joining.py",
    "personals/test_filter.py",
    "personals/test_read.py",
    "pipeline",
    "search",
)
# Who runs these is chosen, so that both end at about the same time; the demo keeps its own database, SQLite.
ON_ONE_DATABASE = {
    "api/test_v2.py": "postgresql",
    "articles/test_export_page.py": "postgresql",
    "articles/test_feeds.py": "postgresql",
    "articles/test_import.py": "postgresql",
    "articles/test_import_in_batches.py": "sqlite",
    "articles/test_import_page.py": "sqlite",
    "articles/test_markdown.py": "postgresql",
    "articles/test_plain_text.py": "postgresql",
    "articles/test_round_trip.py": "postgresql",
    "articles/test_round_trip_of_text.py": "postgresql",
    "articles/test_structured_data.py": "postgresql",
    "browser": "sqlite",
    "cms/test_checks.py": "sqlite",
    "cms/test_logs.py": "postgresql",
    "cms/test_page_addresses.py": "sqlite",
    "cms/test_security_headers.py": "postgresql",
    "cms/test_settings.py": "postgresql",
    "cms/test_translation.py": "postgresql",
    "faults/test_killed_elasticsearch.py": "postgresql",
    "faults/test_killed_rebuild.py": "sqlite",
    "journeys": "sqlite",
    "page_cache": "sqlite",
    "pipeline/desk/test_retry.py": "sqlite",
    "pipeline/desk/test_standing.py": "postgresql",
    "pipeline/webhooks/test_addresses.py": "sqlite",
    "pipeline/webhooks/test_announce.py": "sqlite",
    "pipeline/webhooks/test_deliver.py": "postgresql",
    "pipeline/webhooks/test_hostile_receivers.py": "sqlite",
    "pipeline/webhooks/test_manage.py": "sqlite",
    "search/test_outage.py": "postgresql",
    "services": "postgresql",
    # What it asks is answered by queries that tests/search/test_visibility.py and other tests ask on both.
    "test_canaries.py": "postgresql",
    "test_docs.py": "postgresql",
    "test_headless_docs.py": "postgresql",
    "test_headless_examples.py": "postgresql",
    "test_rooms.py": "postgresql",
    "users": "postgresql",
}
# And so is what Elasticsearch answers.
ELASTICSEARCH_ON = "postgresql"
# What a developer's shell may have set for the site itself must not reach the tests.
SITE_VARIABLES = (
    "ALLOWED_HOSTS",
    "API_CORS_ORIGINS",
    "API_RATE_LIMIT",
    "CDN_PURGE_URL",
    "CLOUDFLARE_TOKEN",
    "CLOUDFLARE_ZONE",
    "COMMUNITY_OPEN",
    "DEBUG",
    "DEMO",
    "DEMO_PASSWORD",
    "ELASTICSEARCH_URL",
    "EMAIL_URL",
    "HOST",
    "MAIL_FROM",
    "PAGE_CACHE_MB",
    "METRICS_TOKEN",
    "PORT",
    "PREVIEW_URL",
    "REDIS_URL",
    "SECRET_KEY_FALLBACKS",
    "SITE_URL",
    "TIME_ZONE",
    "TRUSTED_PROXIES",
    "WEBHOOK_ALLOWED_NETWORKS",
)
Found = TypeVar("Found")
started = pytest.StashKey[list[Server]]()


# --- The environment, before Django reads its settings ---------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    early_config.stash[started] = []
    if worker() is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # An end as orderly as that of Ctrl-C.
        folder = temporary_folder()
        early_config.add_cleanup(folder.cleanup)
        os.environ[FOLDER] = folder.name
    data = Path(os.environ[FOLDER], worker() or "tests")
    data.mkdir(exist_ok=True)
    for variable in SITE_VARIABLES:
        os.environ.pop(variable, None)
    os.environ["SECRET_KEY"] = "known to everybody, for tests alone"
    os.environ["DATA_DIR"] = str(data)
    os.environ["DATABASE_URL"] = database_url(early_config, data)
    os.environ["ELASTICSEARCH_INDEX"] = f"test-{run_id()}-{worker() or 'tests'}"


def pytest_configure(config: pytest.Config) -> None:
    # After pytest-django, whose fixtures these modules build upon.
    for module in ("database", "browser", "site"):
        config.pluginmanager.import_plugin(f"tests.services.{module}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    name = worker()
    if name not in DATABASES or PostgreSQL.variable not in os.environ:
        return
    is_ours = [(only_database_of(item, tests=config.rootpath / "tests") or name) == name for item in items]
    config.hook.pytest_deselected(items=[item for item, ours in zip(items, is_ours, strict=True) if not ours])
    items[:] = [item for item, ours in zip(items, is_ours, strict=True) if ours]


def only_database_of(item: pytest.Item, *, tests: Path) -> str | None:
    """Return the database that alone is to run a test, None where both do."""
    path = item.path.relative_to(tests)
    if path.parts[0] == "search" and "elasticsearch" in item.name:
        return ELASTICSEARCH_ON
    places = [str(part) for part in (path, *path.parents)]
    if chosen := next((ON_ONE_DATABASE[place] for place in places if place in ON_ONE_DATABASE), None):
        return chosen
    if any(place in ON_BOTH for place in places):
        return None
    return DATABASES[crc32(str(path).encode()) % len(DATABASES)]


def worker() -> str | None:
    """Return the worker's name, None in a process that is none."""
    return os.environ.get("PYTEST_XDIST_WORKER")


def run_id() -> str:
    """Return a word that no other run of the tests has, for names in servers that runs may share."""
    return os.environ[FOLDER].rpartition("-")[2]


def database_url(config: pytest.Config, data: Path) -> str:
    name = worker() if worker() in DATABASES else os.environ.get("TEST_DATABASE", "sqlite")
    if name not in DATABASES:
        raise pytest.UsageError(f"TEST_DATABASE is {name!r}: set it to one of {', '.join(DATABASES)}.")
    if name == "sqlite":
        return f"sqlite:///{data / 'db.sqlite3'}"
    try:
        parts = urlsplit(url_of(config, PostgreSQL))
    except MissingError as missing:
        raise pytest.UsageError(f"The tests cannot run on PostgreSQL: {missing} is missing.") from missing
    return urlunsplit(parts._replace(path=f"/milk_{run_id()}"))


# --- The servers -----------------------------------------------------------------------------------------------------


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if worker() is not None or not config.getoption("tx", default=None):
        return
    missing = start_all(config)
    if missing and must_be_complete():
        pytest.exit(f"Missing, and nothing is skipped where CI is set: {'; '.join(missing)}", returncode=1)
    if PostgreSQL.variable not in os.environ:
        config.option.tx = [spec for spec in config.option.tx if not spec.endswith("id=postgresql")]


def start_all(config: pytest.Config) -> list[str]:
    """Start what the workers will need, and return what cannot be started."""
    missing = []
    for kind in SERVERS:
        if kind.variable in os.environ:
            continue
        try:
            start(config, kind)
        except MissingError as reason:
            os.environ[not_here(kind)] = str(reason)
            missing.append(str(reason))
    try:
        find_chromium()
    except MissingError as reason:
        missing.append(str(reason))
    # The workers begin with the database; whoever needs Elasticsearch, which takes longest, waits for it then.
    for server in config.stash[started]:
        if isinstance(server, PostgreSQL):
            server.wait()
    return missing


def start(config: pytest.Config, kind: type[Server]) -> Server:
    """Start a server that stops when this process ends its work, and tell it to the workers."""
    server = kind(folder=Path(os.environ[FOLDER]))
    config.add_cleanup(server.stop)
    config.stash[started].append(server)
    server.start()
    os.environ[kind.variable] = server.url
    return server


def url_of(config: pytest.Config, kind: type[Server]) -> str:
    """Return the address of a server that answers: the given one, or else one that is started now.

    Raises:
        MissingError: It is not installed.
    """
    if reason := os.environ.get(not_here(kind)):
        raise MissingError(reason)
    if kind.variable not in os.environ:
        start(config, kind).wait()
    url = os.environ[kind.variable]
    kind.wait_for(url)
    return url


def not_here(kind: type[Server]) -> str:
    return f"{kind.variable}_MISSING"


def must_be_complete() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def provide(get: Callable[[], Found]) -> Found:
    """Return what `get` finds. Where it is missing, this alone decides what becomes of the tests that need it."""
    try:
        return get()
    except MissingError as missing:
        reason = f"{missing} is missing"
    if must_be_complete():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = terminalreporter.getreports("skipped")
    skipped = Counter(report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    for reason, count in skipped.items():
        terminalreporter.write_line(f"Not run ({count}): {reason.removeprefix('Skipped: ')}", yellow=True)
    if reason := os.environ.get(not_here(PostgreSQL)):
        terminalreporter.write_line(f"Not run on PostgreSQL at all: {reason} is missing", yellow=True)
    for server in config.stash[started]:
        if not server.is_running():
            terminalreporter.section(f"{server.name} ended by itself", red=True)
            terminalreporter.write_line(server.last_lines())


@pytest.fixture(scope="session")
def elasticsearch_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of Elasticsearch; indices named after ELASTICSEARCH_INDEX are deleted at the end."""
    url = provide(lambda: url_of(pytestconfig, Elasticsearch))
    yield url
    with Client(url) as client:
        # By their names: a server may refuse to delete what only a pattern names.
        for name in client.indices.get(index=f"{os.environ['ELASTICSEARCH_INDEX']}*"):
            client.indices.delete(index=name)


@pytest.fixture(scope="session")
def redis_url(pytestconfig: pytest.Config) -> str:
    """The address of a Redis database that the other worker does not use."""
    parts = urlsplit(provide(lambda: url_of(pytestconfig, Redis)))
    number = DATABASES.index(name) + 1 if (name := worker()) in DATABASES else 0
    return urlunsplit(parts._replace(path=f"/{number}"))


@pytest.fixture(scope="session")
def postgresql_url(pytestconfig: pytest.Config) -> str:
    """The address of PostgreSQL's own database `postgres`, from which others are made."""
    return provide(lambda: url_of(pytestconfig, PostgreSQL))


@pytest.fixture(scope="session")
def _own_elasticsearch() -> Iterator[Elasticsearch]:
    server = provide(lambda: Elasticsearch(folder=Path(os.environ[FOLDER])))
    yield server
    server.stop()


@pytest.fixture
def private_elasticsearch(_own_elasticsearch: Elasticsearch) -> Elasticsearch:
    """An Elasticsearch that no other test uses at the same time, answering; a test may kill it and start it again."""
    _own_elasticsearch.start()
    _own_elasticsearch.wait()
    return _own_elasticsearch
