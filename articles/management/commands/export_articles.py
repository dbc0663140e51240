import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.exchange.exporting import all_articles, export_articles, live_articles, write_files
from articles.models import ArticleIndexPage


class Command(BaseCommand):
    help = (
        "Write the published articles as Markdown files into a folder, with their pictures beside them. Imported"
        " again, they change nothing. Files of the folder that are no part of the export stay. Exit code 1 when an"
        " article or picture could not be written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="made where it is missing")
        parser.add_argument(
            "--drafts", action="store_true", help="all articles as they were last saved, not as they are published"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        index = ArticleIndexPage.objects.order_by("path").first()
        if index is None:
            raise CommandError("There is no list of articles yet, and so nothing to export.")
        folder: Path = options["folder"]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder {folder} cannot be made ({error.strerror}).") from error
        drafts = options["drafts"]
        articles = all_articles() if drafts else live_articles()
        written, failed = 0, 0
        for path, problem in write_files(export_articles(index=index, articles=articles, drafts=drafts), folder):
            if problem:
                self.stderr.write(f"{path}: {problem}")
                failed += 1
            else:
                written += 1
        self.stdout.write(f"{written} files are in {folder}." + (f" {failed} could not be written." if failed else ""))
        if failed:
            sys.exit(1)
