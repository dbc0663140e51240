"""Telling one endpoint of one event, and telling it again."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.pipeline.consumers import FailedForNow, PermanentError
from cms.pipeline.models import UNFINISHED, Event
from cms.pipeline.outbox import batches
from cms.pipeline.webhooks.announcing import DATA_OF_HIDDEN_PAGE, event_for, new_payload
from cms.pipeline.webhooks.models import CONSUMER, TEST, Attempt, Endpoint, Fault
from cms.pipeline.webhooks.sending import Answer, NoAnswerError, post
from cms.pipeline.webhooks.signing import UnreadableSecretError, signed_headers
from cms.visibility import public_pages

logger = logging.getLogger(__name__)

GONE = 410
# RFC 9110, 15.6: from here on, it is the receiver that failed, not the message.
SERVER_ERRORS = 500


def deliver(event: Event) -> None:
    """Send an event to its endpoint, and write down how that went.

    Raises:
        PermanentError: The endpoint is switched off, or its receiver says that it wants no more, or a test failed:
            whoever is at it tests again.
        FailedForNow: There was no answer, or another than 2xx.
    """
    try:
        _deliver(event)
    except FailedForNow as error:
        if event.event == TEST:
            raise PermanentError(str(error)) from error
        raise


def send_test(*, endpoint: Endpoint, now: datetime) -> Event:
    """Have the worker send a message that is about no page, once and without waiting for others."""
    payload = new_payload(kind=TEST, data={"name": endpoint.name}, now=now)
    event = event_for(endpoint, kind=TEST, about=payload["id"], payload=payload)
    event.save()
    return event


def redeliver(*, event: Event, now: datetime) -> bool:
    """Have a message sent once more that was delivered or given up, under the same id.

    Returns False for one that is still on its way.
    """
    settled = Event.objects.filter(pk=event.pk, consumer=CONSUMER).exclude(UNFINISHED)
    return bool(settled.revive(now=now))


def _deliver(event: Event) -> None:
    endpoint = Endpoint.objects.filter(pk=event.channel).first()
    if endpoint is None:
        return  # It was deleted a moment ago, with all that it has not been told.
    if not endpoint.active:
        raise PermanentError(_("The webhook is switched off."))
    answer = _attempt(event, endpoint)
    if 200 <= answer.status < 300:
        if event.attempts:
            _hurry_others(event)
        return
    # Where the address was changed meanwhile, it is the old one that is gone: the message goes to the new one.
    asked = Endpoint.objects.filter(pk=endpoint.pk, url=endpoint.url)
    if answer.status == GONE and asked.update(active=False, gone_at=timezone.now()):
        raise PermanentError(_("The receiver answered 410: it wants no more. The webhook is switched off."))
    raise FailedForNow(_in_words(answer), wait=answer.retry_after)


def _attempt(event: Event, endpoint: Endpoint) -> Answer:
    """Send the message once. The attempt is written down before, so that none is missing from the log."""
    now = timezone.now()
    attempt = Attempt.objects.create(event=event, at=now)
    started = time.monotonic()
    try:
        answer = _send(event, endpoint, now=now)
    except NoAnswerError as error:
        _write_down(attempt, started=started, fault=error.fault, error=str(error))
        raise FailedForNow(str(error.fault.label)) from error
    except UnreadableSecretError as error:
        _write_down(attempt, started=started, fault=Fault.SECRET, error=str(error))
        raise FailedForNow(str(Fault.SECRET.label)) from error
    retry_at = timezone.now() + answer.retry_after if answer.retry_after else None
    _write_down(attempt, started=started, status=answer.status, retry_at=retry_at)
    return answer


def _send(event: Event, endpoint: Endpoint, *, now: datetime) -> Answer:
    # The very text that is signed is what is sent.
    body = json.dumps(_message(event), separators=(",", ":"))
    headers = signed_headers(endpoint=endpoint, message_id=event.payload["id"], body=body, now=now)
    return post(url=endpoint.url, body=body.encode(), headers={"Content-Type": "application/json", **headers})


def _message(event: Event) -> dict[str, Any]:
    """Return what is sent. Of a page that has been hidden since, it says no more than what it takes to forget it."""
    message: dict[str, Any] = event.payload["message"]
    if event.page_id is None or public_pages().filter(pk=event.page_id).exists():
        return message
    data = {name: value for name, value in message["data"].items() if name in DATA_OF_HIDDEN_PAGE}
    return message | {"data": data}


def _write_down(
    attempt: Attempt,
    *,
    started: float,
    status: int | None = None,
    fault: Fault | None = None,
    error: str = "",
    retry_at: datetime | None = None,
) -> None:
    milliseconds = round((time.monotonic() - started) * 1000)
    error = error.replace("\0", "")[: Attempt._meta.get_field("error").max_length]
    with _changing_no_outcome():
        # A row that was deleted meanwhile, with its endpoint, stays so.
        Attempt.objects.filter(pk=attempt.pk).update(
            status=status, milliseconds=milliseconds, fault=fault or "", error=error, retry_at=retry_at
        )


def _hurry_others(event: Event) -> None:
    """Have what else the receiver was not there for tried now: it is back.

    What it refused, or asked to be sent later, keeps its time.
    """
    now = timezone.now()
    waiting = Event.objects.unfinished().filter(consumer=CONSUMER, channel=event.channel, due_at__gt=now)
    last = Attempt.objects.filter(event=OuterRef("pk")).order_by("-pk")
    missed = waiting.annotate(
        last_status=Subquery(last.values("status")[:1]), retry_at=Subquery(last.values("retry_at")[:1])
    ).filter(Q(last_status=None) | Q(last_status__gte=SERVER_ERRORS), Q(retry_at=None) | Q(retry_at__lte=now))
    with _changing_no_outcome():
        # What somebody else writes at this moment is being settled: nobody waits for it, and so nobody for ever.
        locked = missed.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        for some_ids in batches(locked.values_list("pk", flat=True)):
            Event.objects.filter(pk__in=some_ids).update(due_at=now)


@contextmanager
def _changing_no_outcome() -> Iterator[None]:
    """Do what comes after the receiver's answer; should that fail, the answer counts all the same."""
    try:
        with transaction.atomic():
            yield
    except (DatabaseError, InterfaceError):
        logger.warning("Something after a webhook's answer failed", exc_info=True)


def _in_words(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return _(
            "The receiver answered %(status)d: it is elsewhere. Redirects are not followed; enter the new address."
        ) % {"status": answer.status}
    return _("The receiver answered %(status)d.") % {"status": answer.status}
