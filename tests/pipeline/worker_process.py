"""A worker in a process of its own, with one consumer, "index", that writes down what it does.

    python -m tests.pipeline.worker_process FILE SECONDS

FILE gets the line "begin PAGE_ID" when the consumer is called and "end PAGE_ID" SECONDS later, when it returns.
"""

import os
import sys
import time
from pathlib import Path

import django
from django.core.management import call_command


def main(file: Path, seconds: float) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()

    from cms.pipeline.consumers import consumers
    from cms.pipeline.schedule import periodic

    def write_down(page_id: int) -> None:
        append(file, f"begin {page_id}")
        time.sleep(seconds)
        append(file, f"end {page_id}")

    consumers.clear()
    periodic.clear()
    consumers["index"] = write_down
    call_command("run_pipeline")


def append(file: Path, line: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{line}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
