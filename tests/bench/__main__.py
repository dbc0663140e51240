"""Measure what the site promises of its speed and print it; the exit code is 1 where a promise is not kept."""

import argparse
import os
import sys
from pathlib import Path

import django

from tests.services.elasticsearch.server import Elasticsearch
from tests.services.servers import temporary_folder

REBUILDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000, help="how many to search (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="how often to ask each question (default: %(default)s)")
    parser.add_argument("--pages", type=int, default=1_000, help="how many to rebuild from (default: %(default)s)")
    options = parser.parse_args()
    with temporary_folder() as folder:
        server = Elasticsearch(folder=Path(folder))
        server.start()
        try:
            server.wait()
            set_up_django(data=folder, elasticsearch_url=server.url)
            from tests.bench import rebuild, search, site

            are_kept = [search.measure(articles=options.articles, rounds=options.rounds)]
            site.make_site(articles=options.pages)
            are_kept.append(rebuild.measure(rounds=REBUILDS))
        finally:
            server.stop()
    return 0 if all(are_kept) else 1


def set_up_django(*, data: str, elasticsearch_url: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "cms.settings"
    os.environ["SECRET_KEY"] = "for measuring alone"
    os.environ["DATA_DIR"] = data
    os.environ["ELASTICSEARCH_URL"] = elasticsearch_url
    os.environ["DATABASE_URL"] = ""
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
