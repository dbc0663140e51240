import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.indexing import Differences, check, engines, repair
from search.interface import EngineUnavailable, get_engine


class Command(BaseCommand):
    help = (
        "Compare the search index with what is published. Exit code 1 when they differ, 2 when they cannot be compared."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [engine.name for engine in engines()]
        parser.add_argument("--engine", choices=names, default=get_engine().name, help="by default what readers use")
        parser.add_argument("--repair", action="store_true", help="mend what differs, and compare again")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        (engine,) = (engine for engine in engines() if engine.name == options["engine"])
        try:
            differences = check(engine)
            if options["repair"] and differences.page_ids:
                self.stderr.write(f"Repairing {len(differences.page_ids)} pages.")
                repair(engine, differences)
                differences = check(engine)
        except EngineUnavailable as error:
            raise CommandError(f"The index {engine.name} cannot be compared. {error}", returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"engine": engine.name, **asdict(differences)}))
        else:
            self._tell(engine.name, differences)
        if differences.page_ids:
            sys.exit(1)

    def _tell(self, name: str, differences: Differences) -> None:
        for kind, page_ids in asdict(differences).items():
            self.stdout.write(f"{kind}: {', '.join(map(str, page_ids)) or 'none'}")
        state = "differs from" if differences.page_ids else "equals"
        self.stdout.write(f"The index {name} {state} what is published.")
