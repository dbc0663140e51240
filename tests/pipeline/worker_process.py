"""A worker in a process of its own, with one consumer, "index", that writes down what it does.

    python -m tests.pipeline.worker_process FILE SECONDS [TASK]

FILE gets the line "begin PAGE_ID" when the consumer is called and "end PAGE_ID" SECONDS later, when it returns. So it
does with the number 0 when the worker runs the periodic task called TASK, which is always due.
"""

import os
import sys
import time
from functools import partial
from pathlib import Path

import django
from django.core.management import call_command


def main(file: Path, seconds: float, task: str = "") -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()

    from cms.pipeline.consumers import consumers
    from cms.pipeline.schedule import Periodic, periodic

    def write_down(page_id: int) -> None:
        append(file, f"begin {page_id}")
        time.sleep(seconds)
        append(file, f"end {page_id}")

    consumers.clear()
    periodic.clear()
    consumers["index"] = write_down
    if task:
        periodic[task] = Periodic(seconds=0, run=partial(write_down, 0))
    call_command("run_pipeline")


def append(file: Path, line: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{line}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
