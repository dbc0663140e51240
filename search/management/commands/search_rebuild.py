from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.indexing import Step, engines, rebuild
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
            rebuilt = rebuild(engine, progress=self._show)
        except (EngineUnavailable, RebuildIsRunning) as error:
            raise CommandError(f"The rebuild of the index {engine.name} has failed. {error}") from error
        for page_id, reason in rebuilt.refused.items():
            self.stderr.write(f"Page {page_id} is not in it, the engine refuses it: {reason}")
        self.stdout.write(f"The index {engine.name} is new: {rebuilt.pages - len(rebuilt.refused)} pages.")

    def _show(self, step: Step, done: int, total: int) -> None:
        self.stdout.write(f"{step}: {done} of {total}" if step is Step.FILL else step)
        self.stdout.flush()
