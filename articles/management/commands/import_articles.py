import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.exchange.batches import import_in_batches
from articles.exchange.files import find_files
from articles.exchange.importing import Defaults, Outcome, Result
from articles.models import ArticleIndexPage


class Command(BaseCommand):
    help = (
        "Create and update articles from Markdown and plain text files, and from folders of them. What is wrong with a"
        " file is said with its line, and the other files go. Exit code 1 when a file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder of files")
        parser.add_argument("--publish", action="store_true", help="publish what is created or changed, not a draft")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--category", default="", help="the slug of the category of new articles that name none")
        parser.add_argument("--author", default="", help="the author of new articles that name none")

    def handle(self, *args: Any, **options: Any) -> None:
        index = ArticleIndexPage.objects.order_by("path").first()
        if index is None:
            raise CommandError("There is no list of articles yet: run `manage.py setup_site` first.")
        files = list(find_files(options["paths"]))
        if not files:
            raise CommandError("There is no Markdown or text file in there.")
        outcomes: list[Outcome] = []
        for some in import_in_batches(
            index=index,
            files=files,
            publish=options["publish"],
            dry_run=options["dry_run"],
            defaults=Defaults(category=options["category"], author=options["author"]),
        ):
            # What is told is kept, whatever happens to the rest.
            for outcome in some:
                self._tell(outcome)
            outcomes += some
        self._sum_up(outcomes, dry_run=options["dry_run"])
        if any(outcome.result == Result.REFUSED for outcome in outcomes):
            sys.exit(1)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.stderr.write(str(outcome.error))
            return
        is_update = outcome.result == Result.UPDATED
        fields = f" ({', '.join(change.field for change in outcome.changes)})" if is_update else ""
        self.stdout.write(f"{outcome.file.path}: {outcome.result}{fields}")

    def _sum_up(self, outcomes: list[Outcome], *, dry_run: bool) -> None:
        counts = {result: sum(outcome.result == result for outcome in outcomes) for result in Result}
        told = ", ".join(f"{count} {result}" for result, count in counts.items() if count)
        self.stdout.write(f"{'Nothing was changed; it would be' if dry_run else 'Done'}: {told}.")
