"""The worker: a process with a thread for each consumer and each periodic task, so that none waits for another.

What an event consumer has to do may lie in several channels; each of them has a thread while something in it is due.
"""

import logging
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.db.models import Min
from django.utils import timezone

from cms.pipeline.consumers import PermanentError, Unavailable, consumers, event_consumers
from cms.pipeline.models import Event, PageChange, PeriodicRun, Worker
from cms.pipeline.presence import gone_workers, present
from cms.pipeline.schedule import periodic, run_if_due

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
# A task that is due daily need not be asked for twice a second.
LONGEST_PERIODIC_POLL_SECONDS = 5.0
HEARTBEAT_SECONDS = 2.0
# How long a thread waits after an error of its own, such as a database that restarts.
RECOVERY_SECONDS = 2.0
# How long a consumer rests whose server is away: at first, and at most.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
# Each channel that is worked on takes a thread and a connection to the database. After so long it gives its place to
# one that waits.
MOST_CHANNELS_AT_ONCE = 12
LONGEST_TURN_SECONDS = 15.0


class Lane:
    """One consumer's work in one worker: a row at a time, the longest due first.

    Args:
        within: Fields and values that narrow it to a part of that work; a channel of events, for instance.
    """

    def __init__(self, *, consumer: str, worker: str, **within: str) -> None:
        self.consumer = consumer
        self.worker = worker
        self.within = within
        self._paused_until: datetime | None = None
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def step(self) -> bool:
        """Handle the next due row; return False where there is none, or where the consumer's server is away."""
        now = timezone.now()
        if self._paused_until is not None and now < self._paused_until:
            return False
        model = Event if self.consumer in event_consumers else PageChange
        row = model.claim(consumer=self.consumer, worker=self.worker, now=now, **self.within)
        if row is None:
            return False
        return self._handle(row)

    def _handle(self, row: PageChange | Event) -> bool:
        try:
            self._consume(row)
        except Unavailable as error:
            self._rest(row, error)
            return False
        except PermanentError as error:
            logger.error("%s is a dead letter: %s", row, error)
            row.bury(error, now=timezone.now())
        except Exception as error:
            # The traceback is of use to whoever reads the log, not to the row.
            logger.warning("%s failed, attempt %d", row, row.attempts + 1, exc_info=True)
            row.fail(error, now=timezone.now())
        else:
            row.finish(now=timezone.now())
        self._paused_until = None
        self._pause_seconds = FIRST_PAUSE_SECONDS
        return True

    def _consume(self, row: PageChange | Event) -> None:
        if isinstance(row, Event):
            event_consumers[self.consumer](row)
        else:
            consumers[self.consumer](row.page_id)

    def _rest(self, row: PageChange | Event, error: Unavailable) -> None:
        now = timezone.now()
        # Several workers rest at the same time, and need not come back at the same moment.
        pause_seconds = random.uniform(self._pause_seconds / 2, self._pause_seconds)  # noqa: S311 - it hides nothing
        self._paused_until = now + timedelta(seconds=pause_seconds)
        logger.warning("%s is away, next try in %.0f s: %s", self.consumer, pause_seconds, error)
        self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
        # Behind the others that are due: should the fault lie in this row after all, it holds up nobody.
        row.postpone(error, until=self._paused_until, now=now)


class Channels:
    """The lanes of one event consumer in one worker, one for each channel."""

    def __init__(self, *, consumer: str, worker: str, stop: threading.Event) -> None:
        self.consumer = consumer
        self.worker = worker
        self.stop = stop
        self._lanes: dict[str, Lane] = {}
        self._threads: dict[str, threading.Thread] = {}

    def step(self) -> bool:
        """See to it that somebody works on the channels with something due; there is nothing more to do at once."""
        self._threads = {channel: thread for channel, thread in self._threads.items() if thread.is_alive()}
        free = MOST_CHANNELS_AT_ONCE - len(self._threads)
        for channel in [channel for channel in self._due() if channel not in self._threads][:free]:
            self._threads[channel] = self._start(channel)
        return False

    def join(self) -> None:
        """Wait until each channel has done with what it has in hand; only after `stop` was set does that end."""
        for thread in self._threads.values():
            thread.join()

    def _due(self) -> list[str]:
        """Return the channels with something due, the one that waits longest first."""
        due = Event.objects.due(now=timezone.now()).filter(consumer=self.consumer)
        return list(due.order_by().values_list("channel", flat=True).annotate(since=Min("due_at")).order_by("since"))

    def _start(self, channel: str) -> threading.Thread:
        # The lane outlives its thread: it remembers for how long its server is left alone.
        lane = self._lanes.setdefault(channel, Lane(consumer=self.consumer, worker=self.worker, channel=channel))
        name = f"{self.consumer} {channel}".strip()
        thread = threading.Thread(target=_work_off, args=(lane.step,), kwargs={"stop": self.stop}, name=name)
        thread.start()
        return thread


def new_worker_name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


def run_once() -> None:
    """Do everything that is due at this moment, one thing after the other."""
    worker = new_worker_name()
    with present(worker):
        _beat(worker)
        for name in list(periodic):
            run_if_due(name=name, worker=worker)
        drain(worker=worker)


def drain(*, worker: str | None = None) -> None:
    """Let every consumer handle its rows until none is due; what failed is due again later."""
    worker = worker or new_worker_name()
    for consumer in [*consumers, *event_consumers]:
        lane = Lane(consumer=consumer, worker=worker)
        while lane.step():
            pass


def run(*, stop: threading.Event) -> None:
    """Work until `stop` is set; each thread ends with what it has in hand."""
    worker = new_worker_name()
    logger.info("The worker %s has started", worker)
    channels = {name: Channels(consumer=name, worker=worker, stop=stop) for name in event_consumers}
    loops = _loops(worker=worker, channels=channels, stop=stop)
    threads = [threading.Thread(target=loop, name=loop_name) for loop_name, loop in loops]
    with present(worker):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for channels_of_consumer in channels.values():
            channels_of_consumer.join()
    logger.info("The worker %s has stopped", worker)


def _loops(
    *, worker: str, channels: dict[str, Channels], stop: threading.Event
) -> list[tuple[str, Callable[[], None]]]:
    """Return what the threads are called and what each of them runs."""
    steps: list[tuple[str, Callable[[], bool], float]] = [
        ("heartbeat", partial(_beat, worker), HEARTBEAT_SECONDS),
        *((name, Lane(consumer=name, worker=worker).step, POLL_SECONDS) for name in consumers),
        *((name, channels_of_consumer.step, POLL_SECONDS) for name, channels_of_consumer in channels.items()),
        *(
            (name, partial(_run_if_due, name, worker), min(task.seconds, LONGEST_PERIODIC_POLL_SECONDS))
            for name, task in periodic.items()
        ),
    ]
    return [(name, partial(_loop, step, idle_seconds=idle_seconds, stop=stop)) for name, step, idle_seconds in steps]


def _loop(step: Callable[[], bool], *, idle_seconds: float, stop: threading.Event) -> None:
    """Take step after step until `stop` is set, with a rest of `idle_seconds` where there is nothing to do."""
    while not stop.is_set():
        found = _outlive(step)
        wait_seconds = idle_seconds if found is False else 0.0 if found else RECOVERY_SECONDS
        if wait_seconds:
            close_old_connections()
            stop.wait(wait_seconds)
    connections.close_all()


def _work_off(step: Callable[[], bool], *, stop: threading.Event) -> None:
    """Take step after step until there is nothing to do, or `stop` is set, or something is wrong, or it was enough."""
    ends_at = time.monotonic() + LONGEST_TURN_SECONDS
    while not stop.is_set() and _outlive(step) and time.monotonic() < ends_at:
        pass
    connections.close_all()


def _outlive(step: Callable[[], bool]) -> bool | None:
    """Take a step and return what it says; None where the worker itself failed, which ends no thread."""
    try:
        return step()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The database does not answer, next try in %.0f s: %s", RECOVERY_SECONDS, error)
        # Connections are kept, and of SQLite's Django never says that one is broken.
        connections.close_all()
    except Exception:  # a thread that ended would leave its work undone without a word
        logger.exception("The worker failed, next try in %.0f s", RECOVERY_SECONDS)
    return None


def _run_if_due(name: str, worker: str) -> bool:
    run_if_due(name=name, worker=worker)
    return False


def _beat(worker: str) -> bool:
    now = timezone.now()
    if not Worker.objects.filter(name=worker).update(last_seen_at=now):
        Worker.objects.create(name=worker, last_seen_at=now)
    for gone in gone_workers():
        logger.warning("The worker %s is gone: what it had in its hands is given to others", gone)
        for model in (PageChange, Event, PeriodicRun):
            model.release(worker=gone)
    return False
