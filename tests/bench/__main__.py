"""Measure how fast the site is, beside what its aims name, and print each figure with its aim."""

import argparse
import contextlib
import logging
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

from tests.bench.figures import Figure, tell, tell_all
from tests.services.elasticsearch.server import Elasticsearch
from tests.services.postgresql import PostgreSQL
from tests.services.process import MissingError, Server
from tests.services.servers import temporary_folder
from tests.services.site import Site

REBUILDS = 3
PARTS = ("search", "rebuild", "publish", "pages")
WITH_ELASTICSEARCH = {"search", "rebuild", "publish"}


def main() -> None:
    options = read_options()
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(temporary_folder()))
        databases = database_urls(running, folder, kind=options.database)
        variables = {
            "DJANGO_SETTINGS_MODULE": "cms.settings",
            "SECRET_KEY": "for measuring alone",
            "DATABASE_URL": databases["milk"],
            # Requests are counted, as on any site, and none is refused.
            "API_RATE_LIMIT": "1000000",
        }
        if WITH_ELASTICSEARCH & set(options.parts):
            variables["ELASTICSEARCH_URL"] = start(running, Elasticsearch(folder=folder)).url
        site = Site(folder=folder / "site", variables=variables)
        site.folder.mkdir()
        os.environ.update(site.environment)
        django.setup()
        logging.disable(logging.INFO)
        tell_all(measure(site, options, database_url_of_stock=databases["stock"]))


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


def database_urls(running: contextlib.ExitStack, folder: Path, *, kind: str) -> dict[str, str]:
    """Return name -> DATABASE_URL of two new databases on one server: the site's, and that of the stock site."""
    names = ("milk", "stock")
    if kind == "sqlite":
        return {name: f"sqlite:///{folder / name}.sqlite3" for name in names}
    server = start(running, PostgreSQL(folder=folder))
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return {name: urlunsplit(urlsplit(server.url)._replace(path=f"/{name}")) for name in names}


def start(running: contextlib.ExitStack, server: Server) -> Server:
    running.callback(server.stop)
    server.start()
    server.wait()
    return server


def measure(site: Site, options: argparse.Namespace, *, database_url_of_stock: str) -> list[Figure]:
    # Django's models can be imported only now that it is set up.
    from tests.bench import pages, publish, rebuild, search
    from tests.bench.site import make_site
    from tests.bench.stock_site import StockSite

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
        stock = StockSite(folder=site.folder / "stock", database_url=database_url_of_stock)
        try:
            figures += pages.measure(site, stock=stock, rounds=options.load_rounds, seconds=options.load_seconds)
        except MissingError as missing:
            tell(f"Pages under load are not measured: {missing} is missing.")
    return figures


if __name__ == "__main__":
    try:
        main()
    except MissingError as missing:
        sys.exit(f"This cannot be measured here: {missing} is missing.")
