"""Measure how fast the site is, beside what its aims name, and print each figure with its aim."""

import argparse
import contextlib
import logging
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

from tests.bench.figures import Figure, tell, tell_all
from tests.services.elasticsearch.server import Elasticsearch
from tests.services.postgresql import PostgreSQL
from tests.services.process import Server
from tests.services.servers import temporary_folder
from tests.services.site import Site

REBUILDS = 3
PARTS = ("search", "rebuild", "publish", "pages")


def main() -> None:
    options = read_options()
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(temporary_folder()))
        site = Site(folder=folder / "site", variables=start_servers(running, folder, database=options.database))
        site.folder.mkdir()
        os.environ.update(site.environment)
        django.setup()
        logging.disable(logging.INFO)
        tell_all(measure(site, options))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure (default: everything)")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--articles", type=int, default=10_000, help="how many to search (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="how often to ask each question (default: %(default)s)")
    parser.add_argument("--pages", type=int, default=1_000, help="how many the site has (default: %(default)s)")
    parser.add_argument("--publications", type=int, default=100, help="how many to wait for (default: %(default)s)")
    parser.add_argument(
        "--load-rounds", type=int, default=5, help="how often to load each server (default: %(default)s)"
    )
    parser.add_argument("--load-seconds", type=float, default=3, help="and for how long (default: %(default)s)")
    options = parser.parse_args()
    options.parts = options.parts or PARTS
    return options


def start_servers(running: contextlib.ExitStack, folder: Path, *, database: str) -> dict[str, str]:
    """Start what the site needs, and return the environment variables that lead it there."""
    elasticsearch = start(running, Elasticsearch(folder=folder))
    variables = {
        "DJANGO_SETTINGS_MODULE": "cms.settings",
        "SECRET_KEY": "for measuring alone",
        "ELASTICSEARCH_URL": elasticsearch.url,
        # Requests are counted, as on any site, and none is refused.
        "API_RATE_LIMIT": "1000000",
        "DATABASE_URL": "",
    }
    if database == "postgresql":
        variables["DATABASE_URL"] = new_database(start(running, PostgreSQL(folder=folder)), name="milk")
    elasticsearch.wait()
    return variables


def start(running: contextlib.ExitStack, server: Server) -> Server:
    running.callback(server.stop)
    server.start()
    return server


def new_database(server: Server, *, name: str) -> str:
    server.wait()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urlunsplit(urlsplit(server.url)._replace(path=f"/{name}"))


def measure(site: Site, options: argparse.Namespace) -> list[Figure]:
    # Django's models can be imported only now that it is set up.
    from tests.bench import pages, publish, rebuild, search
    from tests.bench.site import make_site

    figures: list[Figure] = []
    if "search" in options.parts:
        figures += search.measure(articles=options.articles, rounds=options.rounds)
    tell(f"\nMaking a site of {options.pages:,} articles on {options.database}")
    make_site(articles=options.pages)
    if "rebuild" in options.parts:
        figures += rebuild.measure(rounds=REBUILDS)
    if "publish" in options.parts:
        figures += publish.measure(site, publications=options.publications)
    if "pages" in options.parts:
        figures += pages.measure(site, folder=site.folder, rounds=options.load_rounds, seconds=options.load_seconds)
    return figures


if __name__ == "__main__":
    main()
