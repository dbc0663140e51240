"""Messages arrive signed, at least once, under a stable id, in order for each page and endpoint, however late."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.utils import timezone
from django.utils.http import http_date
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from articles.models import ArticlePage
from cms.pipeline.consumers import policies
from cms.pipeline.models import LEASE_SECONDS, Event
from cms.pipeline.schedule import KEEP_DEAD_EVENTS, KEEP_FINISHED, periodic, prune
from cms.pipeline.webhooks.delivering import deliver
from cms.pipeline.webhooks.models import Attempt, Endpoint, Fault, Secret
from cms.pipeline.webhooks.signing import OVERLAP, forget_retired_secrets
from cms.pipeline.worker import drain, run
from tests.pages import ArticleFactory
from tests.pipeline.test_claim import in_threads, own_connections
from tests.pipeline.test_worker import wait_until
from tests.pipeline.webhooks.conftest import Endpoints, ids, messages, the_event, told, work_until
from tests.pipeline.webhooks.test_announce import again, publish
from tests.services.receiver import Handler, Receiver

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def attempts() -> list[tuple[int | None, str]]:
    return [(attempt.status, attempt.error) for attempt in Attempt.objects.order_by("pk")]


def by_page(pairs: Iterable[tuple[int | None, str]]) -> dict[int | None, list[str]]:
    """Return page id -> what there is of it, in order."""
    found: dict[int | None, list[str]] = defaultdict(list)
    for page_id, text in pairs:
        found[page_id].append(text)
    return found


def test_a_message_is_signed_after_the_standard(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    publish(article, title="Prolactin — “milk”")
    drain()
    [request] = receiver.requests
    message = new_endpoint.verify(endpoint, request)
    assert message["data"]["title"] == "Prolactin — “milk”"
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == the_event().payload["id"]
    assert abs(int(request.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert the_event().finished_at is not None


@pytest.mark.parametrize("part", ["body", "webhook-id", "webhook-timestamp"])
def test_a_message_that_was_changed_on_its_way_fails_the_check(
    part: str, article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    publish(article)
    drain()
    [request] = receiver.requests
    if part == "body":
        request.body = request.body.replace(b"page.published", b"page.deleted")
    else:
        request.headers[part] = request.headers[part][:-1] + ("1" if request.headers[part][-1] != "1" else "2")
    with pytest.raises(WebhookVerificationError):
        new_endpoint.verify(endpoint, request)


def test_a_receiver_that_is_down_for_an_hour_gets_every_event_in_order(
    publish_article: ArticleFactory, new_endpoint: Endpoints, endpoint: Endpoint, receiver: Receiver
) -> None:
    articles = [publish_article(title=f"Article {number}", slug=f"article-{number}") for number in range(4)]
    drain()
    receiver.requests.clear()
    expected: dict[int, list[str]] = defaultdict(list)

    def change(page: ArticlePage, kinds: str, act: Callable[[ArticlePage], object]) -> None:
        expected[page.pk] += kinds.split()
        act(again(page))

    receiver.stop()
    with time_machine.travel(timezone.now()) as moment:
        for number in range(12):
            change(articles[0], "published", publish)
            change(articles[1], "moved published", lambda page, n=number: publish(page, slug=f"renamed-{n}"))  # type: ignore[misc]
            change(articles[2], "unpublished", lambda page: page.unpublish())
            change(articles[2], "published", publish)
            work_until(moment, end=timedelta(minutes=5), step=timedelta(seconds=50))
        change(articles[3], "deleted", lambda page: page.delete())
        recorded = by_page((event.page_id, event.payload["id"]) for event in Event.objects.unfinished().order_by("pk"))
        assert sum(len(messages) for messages in recorded.values()) == 12 * 5 + 1
        assert Event.objects.filter(dead_at__isnull=False).count() == 0
        receiver.start()
        work_until(moment, end=HOUR, step=timedelta(minutes=10))
    arrived = told(receiver)
    assert by_page((page_id, kind) for kind, page_id in arrived) == expected
    assert by_page(zip((page_id for _kind, page_id in arrived), ids(receiver), strict=True)) == recorded
    for request in receiver.requests:
        with time_machine.travel(int(request.headers["webhook-timestamp"])):
            assert new_endpoint.verify(endpoint, request)
    assert not Event.objects.unfinished().exists()


def test_the_id_stays_and_the_timestamp_moves_from_one_attempt_to_the_next(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    receiver.script = [500, 503]
    with time_machine.travel(timezone.now()) as moment:
        publish(article)
        for _time in range(3):
            drain()
            new_endpoint.verify(endpoint, receiver.requests[-1])
            moment.shift(timedelta(minutes=1))
    assert len(ids(receiver)) == 3
    assert len(set(ids(receiver))) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 3
    assert attempts()[-3:] == [(500, ""), (503, ""), (204, "")]


def test_a_message_that_fails_for_a_day_is_a_dead_letter_and_lets_the_next_go_on(
    article: ArticlePage, receiver: Receiver
) -> None:
    receiver.always = 500
    with time_machine.travel(timezone.now()) as moment:
        publish(article, title="First")
        publish(article, title="Second")
        first, second = Event.objects.unfinished().order_by("pk").values_list("pk", flat=True)
        work_until(moment, end=DAY - HOUR, step=timedelta(minutes=30))
        assert not Event.objects.filter(dead_at__isnull=False).exists()
        assert {message["data"]["title"] for message in messages(receiver)} == {"First"}
        work_until(moment, end=HOUR * 2, step=timedelta(minutes=10))
    dead = Event.objects.get(pk=first)
    assert dead.dead_at is not None
    assert dead.failing_since is not None
    assert DAY <= dead.dead_at - dead.failing_since < DAY + HOUR
    assert dead.last_error == "FailedForNow: The receiver answered 500."
    assert Event.objects.get(pk=second).attempts > 0


def test_the_longest_delay_is_an_hour(endpoint: Endpoint) -> None:
    policy = policies["webhooks"]
    assert policy.give_up_after == DAY
    assert max(policy.back_off(attempts=number) for number in range(1, 100)) <= HOUR


def test_a_receiver_that_is_back_gets_at_once_what_it_missed(
    publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.always = 500
    with time_machine.travel(timezone.now()) as moment:
        articles = [publish_article(title=f"Article {number}") for number in range(5)]
        work_until(moment, end=HOUR, step=timedelta(minutes=5))
        receiver.always = 204
        receiver.requests.clear()
        due = Event.objects.unfinished().filter(consumer="webhooks").order_by("due_at").first()
        assert due is not None
        moment.move_to(due.due_at + timedelta(seconds=1))
        drain()
    assert {page.pk for page in articles} <= {page_id for _kind, page_id in told(receiver)}
    assert not Event.objects.unfinished().exists()


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asked_to_be_left_alone_is_so_although_it_takes_another_message(
    status: int, publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    articles = [publish_article(title=f"Article {number}") for number in range(5)]
    drain()
    receiver.requests.clear()
    receiver.script = [lambda handler: handler.answer(status, Retry_After="3600")] * 4 + [500]
    with time_machine.travel(timezone.now()) as moment:
        for page in articles:
            publish(page)
        drain()
        moment.shift(70)
        drain()
        assert len(receiver.requests) == 5 + 1
        assert Event.objects.unfinished().count() == 4
        moment.shift(HOUR)
        drain()
    assert len(receiver.requests) == 5 + 1 + 4
    assert not Event.objects.unfinished().exists()


def test_a_message_that_the_receiver_refuses_keeps_its_back_off_when_another_arrives(
    publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    refused_page, page = (publish_article(title=title) for title in ("Refused", "Taken"))
    drain()
    receiver.requests.clear()
    receiver.script = [400, 500]
    with time_machine.travel(timezone.now()) as moment:
        publish(refused_page)
        publish(page)
        drain()
        refused = Event.objects.unfinished().filter(page_id=refused_page.pk)
        due_at = timezone.now() + HOUR
        refused.update(due_at=due_at)
        moment.shift(70)
        drain()
    assert told(receiver)[-1] == ("published", page.pk)
    assert refused.get().due_at == due_at


@pytest.mark.parametrize("status", [400, 404, 408, 425, 429, 500, 502, 504, 301, 600])
def test_any_other_answer_is_a_failure_that_is_tried_again(
    status: int, article: ArticlePage, receiver: Receiver
) -> None:
    receiver.script = [status]
    publish(article)
    drain()
    event = the_event()
    assert (event.attempts, event.finished_at, event.dead_at) == (1, None, None)
    assert str(status) in event.last_error


def test_a_receiver_says_for_how_long_to_leave_it_alone(article: ArticlePage, receiver: Receiver) -> None:
    receiver.script = [
        lambda handler: handler.answer(429, Retry_After="1200"),
        lambda handler: handler.answer(503, Retry_After=http_date(timezone.now().timestamp() + 1200)),
        lambda handler: handler.answer(503, Retry_After="9999999999999"),
        lambda handler: handler.answer(503, Retry_After="soon, perhaps"),
    ]
    publish(article)
    waits = []
    with time_machine.travel(timezone.now()) as moment:
        for _time in range(4):
            drain()
            waits.append(the_event().due_at - timezone.now())
            moment.move_to(the_event().due_at + timedelta(seconds=1))
    minutes = [round(wait.total_seconds() / 60) for wait in waits]
    assert minutes == [20, 20, 60, minutes[3]]
    assert minutes[3] <= 1


def test_gone_switches_the_endpoint_off(article: ArticlePage, endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.always = 410
    publish(article)
    publish(article)
    drain()
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.gone_at is not None) == (False, True)
    assert len(receiver.requests) == 1
    assert Event.objects.filter(consumer="webhooks", dead_at__isnull=False).count() == 2
    publish(article)
    drain()
    assert len(receiver.requests) == 1


@own_connections
def test_an_address_that_was_changed_meanwhile_stays_switched_on_when_the_old_one_is_gone(
    publish_article: ArticleFactory,
    new_endpoint: Endpoints,
    new_receiver: Callable[..., Receiver],
    receiver: Receiver,
) -> None:
    endpoint, new = new_endpoint(receiver), new_receiver()

    def gone(handler: Handler) -> None:
        Endpoint.objects.filter(pk=endpoint.pk).update(url=new.url)
        connections.close_all()
        handler.answer(410)

    receiver.script = [gone]
    article = publish_article(title="Let-down")
    drain()
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.gone_at) == (True, None)
    Event.objects.unfinished().update(due_at=timezone.now())
    drain()
    assert len(receiver.requests) == 1
    assert ids(receiver)[0] in ids(new)
    assert ("published", article.pk) in told(new)
    assert not Event.objects.unfinished().exists()


def test_a_dead_endpoint_holds_up_no_other(
    article: ArticlePage, new_endpoint: Endpoints, new_receiver: Callable[..., Receiver], receiver: Receiver
) -> None:
    dead = new_receiver()
    dead.stop()
    new_endpoint(dead, name="Dead")
    for number in range(3):
        publish(article, title=f"Version {number}")
    drain()
    assert [message["data"]["title"] for message in messages(receiver)] == ["Version 0", "Version 1", "Version 2"]
    assert Event.objects.unfinished().count() == 3


@own_connections
def test_an_endpoint_that_hangs_holds_up_no_other(
    publish_article: ArticleFactory,
    new_endpoint: Endpoints,
    new_receiver: Callable[..., Receiver],
    receiver: Receiver,
) -> None:
    release, stop = threading.Event(), threading.Event()

    def hang(handler: Handler) -> None:
        release.wait(timeout=30)
        handler.answer(204)

    slow = new_endpoint(new_receiver(always=hang), name="Slow")
    quick = new_endpoint(receiver, name="Quick")
    worker = threading.Thread(target=run, kwargs={"stop": stop})
    worker.start()
    try:
        articles = [publish_article(title=f"Article {number}") for number in range(3)]
        wait_until(lambda: not quick.deliveries().unfinished().exists())
        assert {page.pk for page in articles} <= {page_id for _kind, page_id in told(receiver)}
        assert slow.deliveries().unfinished().count() >= 3
    finally:
        release.set()
        wait_until(lambda: not slow.deliveries().unfinished().exists())
        stop.set()
        worker.join()


def test_both_secrets_sign_for_a_day_after_a_rotation(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver
) -> None:
    [old] = new_endpoint.secrets[endpoint.pk]
    with time_machine.travel(timezone.now()) as moment:
        new = new_endpoint.rotate(endpoint)
        publish(article)
        drain()
        for secret in (old, new):
            Webhook(secret).verify(receiver.requests[-1].body, receiver.requests[-1].headers)
        moment.shift(OVERLAP)
        publish(article)
        drain()
        Webhook(new).verify(receiver.requests[-1].body, receiver.requests[-1].headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(receiver.requests[-1].body, receiver.requests[-1].headers)
        assert Secret.objects.count() == 2
        forget_retired_secrets()
        assert Secret.objects.count() == 1


def test_the_database_alone_does_not_tell_a_secret(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver, settings: Settings
) -> None:
    [secret] = new_endpoint.secrets[endpoint.pk]
    kept = Secret.objects.get()
    assert secret.removeprefix("whsec_") not in json.dumps([kept.sealed, str(vars(kept))])
    settings.SECRET_KEY = "another"
    publish(article)
    drain()
    assert receiver.requests == []
    assert "Make a new one." in the_event().last_error
    assert "SECRET_KEY" in Attempt.objects.latest("pk").error
    settings.SECRET_KEY_FALLBACKS = ["known to everybody, for tests alone"]
    Event.objects.unfinished().update(due_at=timezone.now())
    drain()
    assert new_endpoint.verify(endpoint, receiver.requests[-1])


def test_a_changed_key_can_be_given_up_when_the_worker_has_sealed_with_the_new_one(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver, settings: Settings
) -> None:
    sealed = Secret.objects.get().sealed
    periodic["webhooks_seal"].run()
    assert Secret.objects.get().sealed == sealed
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    periodic["webhooks_seal"].run()
    settings.SECRET_KEY_FALLBACKS = []
    publish(article)
    drain()
    assert new_endpoint.verify(endpoint, receiver.requests[-1])


def test_what_no_key_opens_stays_as_it_is(endpoint: Endpoint, settings: Settings) -> None:
    sealed = Secret.objects.get().sealed
    settings.SECRET_KEY = "another"
    periodic["webhooks_seal"].run()
    assert Secret.objects.get().sealed == sealed


def test_a_new_secret_mends_a_webhook_whose_secret_cannot_be_read_any_more(
    article: ArticlePage, endpoint: Endpoint, new_endpoint: Endpoints, receiver: Receiver, settings: Settings
) -> None:
    settings.SECRET_KEY = "another"
    publish(article)
    drain()
    assert receiver.requests == []
    new_endpoint.rotate(endpoint)
    Event.objects.unfinished().update(due_at=timezone.now())
    drain()
    [request] = receiver.requests
    assert new_endpoint.verify(endpoint, request)
    assert the_event().finished_at is not None


def test_nothing_is_sent_without_a_signature(article: ArticlePage, receiver: Receiver) -> None:
    Secret.objects.all().delete()
    publish(article)
    drain()
    assert receiver.requests == []
    attempt = Attempt.objects.latest("pk")
    assert attempt.fault == Fault.SECRET
    assert "no secret" in attempt.error
    assert the_event().attempts == 1


def test_every_attempt_is_logged_with_status_and_time(article: ArticlePage, receiver: Receiver) -> None:
    receiver.script = [500]
    publish(article)
    drain()
    receiver.stop()
    Event.objects.unfinished().update(due_at=timezone.now())
    drain()
    first, second = Attempt.objects.filter(event=the_event()).order_by("pk")
    assert (first.status, first.fault, first.error) == (500, "", "")
    assert (second.status, second.fault) == (None, Fault.REFUSED)
    assert second.error.startswith("ConnectionRefusedError: ")
    assert the_event().last_error == "FailedForNow: Nobody listens at this address."
    for attempt in (first, second):
        assert attempt.milliseconds is not None
        assert abs(timezone.now() - attempt.at) < timedelta(minutes=1)


def test_attempts_go_with_their_event(article: ArticlePage, receiver: Receiver) -> None:
    publish(article)
    drain()
    assert Attempt.objects.exists()
    with time_machine.travel(timezone.now() + KEEP_FINISHED + HOUR):
        prune()
    assert not Attempt.objects.exists()


def test_attempts_go_with_what_was_given_up(article: ArticlePage, receiver: Receiver) -> None:
    receiver.always = 410
    publish(article)
    drain()
    assert Event.objects.filter(dead_at__isnull=False).exists()
    with time_machine.travel(timezone.now() + KEEP_DEAD_EVENTS - HOUR):
        prune()
    assert Attempt.objects.filter(event__dead_at__isnull=False).exists()
    with time_machine.travel(timezone.now() + KEEP_DEAD_EVENTS + HOUR):
        prune()
    assert not Attempt.objects.exists()
    assert not Event.objects.filter(dead_at__isnull=False).exists()


def test_a_deleted_endpoint_is_told_nothing_more_and_leaves_nothing(
    article: ArticlePage, endpoint: Endpoint, receiver: Receiver
) -> None:
    publish(article)
    endpoint.delete()
    drain()
    assert receiver.requests == []
    assert not Event.objects.filter(consumer="webhooks").exists()
    assert not Secret.objects.exists()


def test_a_worker_killed_after_sending_sends_again_under_the_same_id(article: ArticlePage, receiver: Receiver) -> None:
    publish(article)
    held = Event.claim(consumer="webhooks", worker="killed", now=timezone.now())
    assert held is not None
    deliver(held)
    with time_machine.travel(timezone.now() + timedelta(seconds=LEASE_SECONDS + 1)):
        drain()
    assert len(ids(receiver)) == 2
    assert len(set(ids(receiver))) == 1
    assert the_event().finished_at is not None


@pytest.mark.parametrize("statement", ['UPDATE "pipeline_event" SET "due_at"', 'UPDATE "webhooks_attempt"'])
def test_what_goes_wrong_after_the_delivery_does_not_have_it_sent_again(
    statement: str, publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(statement):
            return execute("UPDATE nothing_of_this_name SET pk = 1", None, False, context)
        return execute(sql, params, many, context)

    pages = [publish_article(title=title) for title in ("First", "Second")]
    drain()
    receiver.requests.clear()
    receiver.script = [500, 500]
    with time_machine.travel(timezone.now()) as moment:
        for page in pages:
            publish(page)
        drain()
        first, second = Event.objects.unfinished().order_by("pk")
        Event.objects.filter(pk=second.pk).update(due_at=timezone.now() + HOUR)
        moment.shift(70)
        with connection.execute_wrapper(fail):
            drain()
        first.refresh_from_db()
        assert first.finished_at is not None
        moment.shift(HOUR)
        drain()
    assert sorted(Counter(ids(receiver)).values()) == [2, 2]
    assert not Event.objects.unfinished().exists()


@own_connections
def test_whoever_writes_a_waiting_message_holds_up_no_delivery(
    publish_article: ArticleFactory, endpoint: Endpoint, receiver: Receiver
) -> None:
    pages = [publish_article(title=title) for title in ("First", "Second")]
    drain()
    receiver.requests.clear()
    receiver.script = [500, 500]
    for page in pages:
        publish(page)
    drain()
    first, second = Event.objects.unfinished().order_by("pk")
    Event.objects.filter(pk=second.pk).update(due_at=timezone.now() + HOUR)
    Event.objects.filter(pk=first.pk).update(due_at=timezone.now())
    written, handled = threading.Event(), threading.Event()

    def write_for_long() -> None:
        with transaction.atomic():
            Event.objects.filter(pk=second.pk).update(label="Held")
            written.set()
            # SQLite has one writer at a time, so there the worker has to wait.
            if connection.vendor == "postgresql":
                assert handled.wait(timeout=20)

    def work() -> None:
        assert written.wait(timeout=20)
        drain()
        handled.set()

    in_threads(write_for_long, work)
    assert Event.objects.get(pk=first.pk).finished_at is not None
    assert ids(receiver).count(first.payload["id"]) == 2
