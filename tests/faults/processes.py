"""Processes of the site that start in no time, and are killed where they are told to be.

    python -m tests.faults.processes

This process loads the site once. For each line on its standard input, the JSON of an `Order`, it begins a copy of
itself that does what the order says, and prints the copy's process id. All copies end with it, and it ends with its
standard input.
"""

import itertools
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal, NamedTuple

import django
from django.conf import settings
from django.core.management import call_command

# So many pages go to the index at once, for a rebuild of a small site to have several such steps.
FEW_PAGES = 4

Moment = Literal["before", "during", "after"]


class Death(NamedTuple):
    """Where a worker is killed: at the how manieth of the pages that it handles, in which moment.

    With "during" the handling has gone on for `seconds`; if it takes less, the worker dies just after it.
    """

    page: int
    moment: Moment
    seconds: float = 0.0


class Order(NamedTuple):
    """A worker as `manage.py run_pipeline` runs it, or a rebuild of Elasticsearch's index.

    `hosts` and `index_name` say where Elasticsearch is and what its index is called. `death` is where the worker is to
    be killed; `fatal` is where the rebuild is: at a step, when it tells of it for the how manieth time. Without them
    they go on until they are stopped, or have ended.
    """

    work: Literal["worker", "rebuild"]
    hosts: list[str]
    index_name: str
    death: Death | None = None
    fatal: tuple[str, int] | None = None


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
    django.setup()

    from cms.pipeline.schedule import periodic

    # What a worker does from time to time would mend what the outbox lost, or remove what a rebuild left.
    periodic.clear()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Copies that ended leave nothing behind.
    for line in sys.stdin:
        order = Order(*json.loads(line))
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(order)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201 - the answer
    os.killpg(0, signal.SIGKILL)


def run(order: Order) -> None:
    settings.ELASTICSEARCH_HOSTS = order.hosts
    settings.ELASTICSEARCH_INDEX = order.index_name
    if order.work == "rebuild":
        rebuild_until(order.fatal)
        return
    if order.death is not None:
        die(Death(*order.death))
    call_command("run_pipeline")


def rebuild_until(fatal: tuple[str, int] | None) -> None:
    from search import indexing
    from search.interface import get_engine
    from search.locks import RebuildIsRunning

    vars(indexing)["PAGES_AT_ONCE"] = FEW_PAGES
    told: Counter[str] = Counter()
    before = latest_publication()

    def kill_at(step: str, _done: int, _total: int) -> None:
        told[step] += 1
        if fatal is not None and [step, told[step]] == list(fatal):
            while latest_publication() == before:
                time.sleep(0.01)
            kill_myself()

    while True:
        try:
            indexing.rebuild(get_engine(), progress=kill_at)
        except RebuildIsRunning:
            time.sleep(0.1)  # The database may take a moment to see that the process before this one was killed.
        else:
            return


def latest_publication() -> int | None:
    """Return the number of the last revision, which grows with each publication."""
    from wagtail.models import Revision

    return Revision.objects.order_by("-pk").values_list("pk", flat=True).first()


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
