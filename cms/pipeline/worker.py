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

# How often it is looked, once for all consumers, whether anything is due.
POLL_SECONDS = 0.5
# A task that is due daily need not be asked for twice a second, and nor need a consumer that is told when to look.
LONGEST_POLL_SECONDS = 5.0
HEARTBEAT_SECONDS = 2.0
# How often an idle thread looks whether its kept connection is old or broken. At each poll, that would double what an
# idle worker costs; and what breaks in between is met as an error, which lets go of it too.
CONNECTION_CHECK_SECONDS = 30.0
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


class Watch:
    """Looks for all consumers of a worker at once whether they have anything to do, and wakes those that have.

    Each of them asking for itself made up most of what an idle worker costs.
    """

    def __init__(self) -> None:
        self.wakes = {name: threading.Event() for name in [*consumers, *event_consumers]}

    def step(self) -> bool:
        """Wake whoever has a row that is due; there is nothing more to do at once."""
        now = timezone.now()
        for model in (PageChange, Event):
            asleep = [name for name, wake in self.wakes.items() if not wake.is_set()]
            # Some may be held by another worker, or wait for one of their key: whoever is woken finds that out.
            waiting = model.objects.unfinished().filter(consumer__in=asleep, due_at__lte=now).order_by()
            for name in waiting.values_list("consumer", flat=True).distinct():
                self.wakes[name].set()
        return False

    def run(self, *, stop: threading.Event) -> None:
        """Look until `stop` is set, and then wake everybody to see that."""
        _loop(self.step, idle_seconds=POLL_SECONDS, stop=stop)
        for wake in self.wakes.values():
            wake.set()


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
    watch = Watch()
    loops = _loops(worker=worker, channels=channels, watch=watch, stop=stop)
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
    *, worker: str, channels: dict[str, Channels], watch: Watch, stop: threading.Event
) -> list[tuple[str, Callable[[], None]]]:
    """Return what the threads are called and what each of them runs."""
    steps: dict[str, Callable[[], bool]] = {
        **{name: Lane(consumer=name, worker=worker).step for name in consumers},
        **{name: channels_of_consumer.step for name, channels_of_consumer in channels.items()},
    }
    timed: list[tuple[str, Callable[[], bool], float]] = [
        ("heartbeat", partial(_beat, worker), HEARTBEAT_SECONDS),
        *(
            (name, partial(_run_if_due, name, worker), min(task.seconds, LONGEST_POLL_SECONDS))
            for name, task in periodic.items()
        ),
    ]
    return [
        ("watch", partial(watch.run, stop=stop)),
        *((name, partial(_loop, step, idle_seconds=seconds, stop=stop)) for name, step, seconds in timed),
        *(
            (name, partial(_loop, step, idle_seconds=LONGEST_POLL_SECONDS, stop=stop, wake=watch.wakes[name]))
            for name, step in steps.items()
        ),
    ]


def _loop(
    step: Callable[[], bool], *, idle_seconds: float, stop: threading.Event, wake: threading.Event | None = None
) -> None:
    """Take step after step until `stop` is set, with a rest of `idle_seconds` where there is nothing to do.

    `wake` ends a rest before its time.
    """
    check_at = time.monotonic() + CONNECTION_CHECK_SECONDS
    while not stop.is_set():
        if wake is not None:
            # Before the step, and before looking at `stop` again: what happens from now on is not slept through.
            wake.clear()
            if stop.is_set():
                break
        found = _outlive(step)
        if time.monotonic() >= check_at:
            close_old_connections()
            check_at = time.monotonic() + CONNECTION_CHECK_SECONDS
        if found is None:
            stop.wait(RECOVERY_SECONDS)
        elif not found:
            (wake or stop).wait(idle_seconds)
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
