"""Worker processes that start in no time and are killed where they are told to be.

    python -m tests.faults.worker_process

This process loads the site once. For each line on its standard input, the JSON of a `Death` or null, it begins a copy
of itself that is a worker as `manage.py run_pipeline` runs it, and prints the copy's process id. All copies end with
it, and it ends with its standard input.
"""

import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Literal, NamedTuple

import django
from django.core.management import call_command

Moment = Literal["before", "during", "after"]


class Death(NamedTuple):
    """Where a worker is killed: at which of the pages that it handles, in which moment.

    With "during" the handling has gone on for `seconds`; if it takes less, the worker dies just after it.
    """

    page: int
    moment: Moment
    seconds: float = 0.0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()

    from cms.pipeline.schedule import periodic

    # Comparing would mend what the outbox lost; here it has to lose nothing by itself.
    del periodic["search_reconcile"]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Copies that ended leave nothing behind.
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            begin(json.loads(line))
        print(pid, flush=True)  # noqa: T201 - the answer
    os.killpg(0, signal.SIGKILL)


def begin(death: list[object] | None) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if death is not None:
        die(Death(*death))  # type: ignore[arg-type]
    call_command("run_pipeline")
    os._exit(0)


def die(death: Death) -> None:
    """Have this process killed when it has come so far."""
    from cms.pipeline.consumers import consumers

    pages = itertools.count(1)

    def deadly(consume: Callable[[int], None]) -> Callable[[int], None]:
        def consume_and_die(page_id: int) -> None:
            is_last = next(pages) == death.page
            if is_last and death.moment == "before":
                kill_myself()
            if is_last and death.moment == "during":
                threading.Timer(death.seconds, kill_myself).start()
            consume(page_id)
            if is_last:
                kill_myself()

        return consume_and_die

    for name, consume in consumers.items():
        consumers[name] = deadly(consume)


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
