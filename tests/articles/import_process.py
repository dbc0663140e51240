"""An import in a process of its own, which is killed in its midst.

    python -m tests.articles.import_process FOLDER AT_ONCE PUBLICATIONS

FOLDER is imported and published in batches of AT_ONCE files; at the end of so many PUBLICATIONS the process is killed.
"""

import itertools
import os
import signal
import sys

import django
from django.core.management import call_command


def main(folder: str, at_once: int, publications: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()

    from wagtail.signals import page_published

    from articles.exchange import batches

    batches.FILES_AT_ONCE = at_once
    count = itertools.count(1)

    def die(**_details: object) -> None:
        if next(count) == publications:
            os.kill(os.getpid(), signal.SIGKILL)

    page_published.connect(die)
    call_command("import_articles", folder, publish=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
