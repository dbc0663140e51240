from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.indexing import engines, rebuild
from search.interface import EngineUnavailable, get_engine
from search.locks import RebuildIsRunning


class Command(BaseCommand):
    help = "Make the search index anew and put it in the place of the old one, while readers go on searching."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [engine.name for engine in engines()]
        parser.add_argument("--engine", choices=names, default=get_engine().name, help="by default what readers use")

    def handle(self, *args: Any, **options: Any) -> None:
        (engine,) = (engine for engine in engines() if engine.name == options["engine"])
        try:
            pages = rebuild(engine, progress=self._show)
        except (EngineUnavailable, RebuildIsRunning) as error:
            raise CommandError(f"The index {engine.name} is as it was. {error}") from error
        self.stdout.write(f"The index {engine.name} is new: {pages} pages.")

    def _show(self, done: int, total: int) -> None:
        self.stdout.write(f"{done} of {total}")
