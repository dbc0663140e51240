from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from cms.setup import set_up_site


class Command(BaseCommand):
    help = "Make the pages and groups that a new site begins with; does nothing to those that are there."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            set_up_site()
        self.stdout.write("The site's pages and groups are there.")
