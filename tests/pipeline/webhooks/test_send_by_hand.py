"""What somebody sends by hand: a message once more, under its id; and a test, once."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from articles.models import ArticlePage
from cms.pipeline.models import Event
from cms.pipeline.outbox import record_event
from cms.pipeline.status import pipeline_status
from cms.pipeline.webhooks.delivering import redeliver, send_test
from cms.pipeline.webhooks.models import CONSUMER, Attempt, Endpoint, Secret
from cms.pipeline.worker import drain
from tests.pipeline.webhooks.conftest import Endpoints, ids, the_event, work_until
from tests.pipeline.webhooks.test_announce import publish
from tests.services.receiver import Receiver

HOUR = timedelta(hours=1)


def test_a_message_is_sent_again_by_hand_under_the_same_id(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    publish(article)
    drain()
    event = the_event()
    assert redeliver(event=event, now=timezone.now())
    assert not redeliver(event=event, now=timezone.now())
    drain()
    assert len(ids(receiver)) == 2
    assert len(set(ids(receiver))) == 1
    assert new_endpoint.verify(endpoint, receiver.requests[-1])
    assert Attempt.objects.filter(event=event).count() == 2


def test_a_dead_letter_is_sent_again_by_hand_with_a_whole_day_before_it(
    article: ArticlePage, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.always = 410
    publish(article)
    drain()
    Endpoint.objects.update(active=True)
    receiver.always = 500
    assert redeliver(event=the_event(), now=timezone.now())
    with time_machine.travel(timezone.now()) as moment:
        work_until(moment, end=HOUR, step=timedelta(minutes=10))
        assert the_event().dead_at is None
        receiver.always = 204
        work_until(moment, end=HOUR, step=timedelta(minutes=10))
    assert the_event().finished_at is not None
    assert len(set(ids(receiver))) == 1


def test_only_webhooks_are_sent_again(endpoint: Endpoint) -> None:
    mail = record_event(consumer="mail", key="1", event="send", payload={})
    Event.objects.filter(pk=mail.pk).update(finished_at=timezone.now())
    assert not redeliver(event=mail, now=timezone.now())


def test_a_test_message_goes_through_the_outbox(
    endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    event = send_test(endpoint=endpoint, now=timezone.now())
    assert receiver.requests == []
    drain()
    [request] = receiver.requests
    message = new_endpoint.verify(endpoint, request)
    assert (message["type"], message["data"]) == ("webhook.test", {"name": "Shop front"})
    assert request.headers["webhook-id"] == event.payload["id"]


@pytest.mark.parametrize("fault", ["no answer", "another answer", "no secret"])
def test_a_test_message_that_failed_is_not_tried_again_and_holds_up_no_other(
    fault: str, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    if fault == "another answer":
        receiver.script = [500]
    elif fault == "no answer":
        receiver.stop()
    else:
        Secret.objects.all().delete()
    failed = send_test(endpoint=endpoint, now=timezone.now())
    drain()
    failed.refresh_from_db()
    assert (failed.attempts, failed.dead_at is not None) == (1, True)
    if fault == "no answer":
        receiver.start()
    new_endpoint.rotate(endpoint)
    taken = send_test(endpoint=endpoint, now=timezone.now())
    drain()
    taken.refresh_from_db()
    assert taken.finished_at is not None
    assert ids(receiver)[-1] == taken.payload["id"]


def test_a_test_message_that_failed_calls_no_operator(
    article: ArticlePage, endpoint: Endpoint, receiver: Receiver, client: Client
) -> None:
    receiver.always = 500
    send_test(endpoint=endpoint, now=timezone.now())
    assert pipeline_status()["consumers"][CONSUMER]["pending"] == 1
    drain()
    figures = pipeline_status()["consumers"][CONSUMER]
    assert (figures["pending"], figures["failing"], figures["dead"]) == (0, 0, 0)
    assert 'milk_pipeline_dead{consumer="webhooks"} 0.0' in client.get("/metrics").text
    # What was given up and is no test still does.
    receiver.always = 410
    publish(article)
    drain()
    assert pipeline_status()["consumers"][CONSUMER]["dead"] == 1
