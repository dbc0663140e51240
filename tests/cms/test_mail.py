"""Mail is written down with what it tells of, and delivered when the mail server takes it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.mail import BadHeaderError, EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from cms.pipeline import leases
from cms.pipeline.models import FIRST_DELAY_SECONDS, LEASE_SECONDS, Event
from cms.pipeline.worker import LONGEST_PAUSE_SECONDS, Lane, drain
from tests.pipeline.conftest import Clock
from tests.pipeline.test_claim import in_threads, own_connections
from tests.pipeline.test_worker import WITHIN, wait_until
from tests.services.smtp import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _outbox(settings: Settings) -> None:
    """Django's own test set-up keeps mail in memory instead."""
    settings.EMAIL_BACKEND = "cms.pipeline.mail.OutboxEmailBackend"


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    server = MailServer()
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def lane() -> Lane:
    return Lane(consumer="mail", worker="first")


def send(*to: str, subject: str = "Your code") -> None:
    send_mail(subject, "The code is 482913.", None, list(to) or ["alice@example.org"])


def step_all(lane: Lane) -> None:
    while lane.step():
        pass


def test_a_message_arrives_as_it_was_written(mail_server: MailServer, settings: Settings) -> None:
    message = EmailMultiAlternatives(
        subject="Grüße",
        body="Plain — text.",
        from_email="Milk <milk@example.org>",
        to=["Alice Ä <alice@example.org>"],
        cc=["bob@example.org"],
        bcc=["charlie@example.org"],
        reply_to=["answers@example.org"],
        headers={"List-Id": "news.example.org"},
    )
    message.attach_alternative("<p>Rich</p>", "text/html")
    message.attach("notes.txt", "Some notes", "text/plain")
    assert message.send() == 1
    assert mail_server.deliveries == []
    drain()

    [delivery] = mail_server.deliveries
    arrived = delivery.message
    assert sorted(delivery.recipients) == ["alice@example.org", "bob@example.org", "charlie@example.org"]
    assert (arrived["Subject"], arrived["From"]) == ("Grüße", "Milk <milk@example.org>")
    assert (arrived["To"], arrived["Cc"]) == ("Alice Ä <alice@example.org>", "bob@example.org")
    assert (arrived["Reply-To"], arrived["List-Id"]) == ("answers@example.org", "news.example.org")
    assert "Bcc" not in arrived
    parts = [
        (part.get_content_type(), part.get_content().strip()) for part in arrived.walk() if not part.is_multipart()
    ]
    assert parts == [("text/plain", "Plain — text."), ("text/html", "<p>Rich</p>"), ("text/plain", "Some notes")]


def test_a_message_may_be_html_alone(mail_server: MailServer) -> None:
    message = EmailMessage(subject="Hello", body="<p>Rich</p>", to=["alice@example.org"])
    message.content_subtype = "html"
    message.send()
    drain()
    assert mail_server.deliveries[0].message.get_content_type() == "text/html"


def test_the_demo_keeps_its_mail_in_files(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    send("alice@example.org")
    drain()
    [file] = settings.EMAIL_FILE_PATH.iterdir()
    assert "The code is 482913." in file.read_text()


def test_a_message_of_a_transaction_that_is_rolled_back_is_not_sent(mail_server: MailServer) -> None:
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    drain()
    assert mail_server.deliveries == []


def test_nothing_of_a_delivered_message_stays(mail_server: MailServer) -> None:
    send("alice@example.org")
    drain()
    row = Event.objects.values().get()
    assert row["finished_at"] is not None
    assert row["payload"] == {}
    assert not [value for value in row.values() if "alice" in str(value) or "482913" in str(value)]


def test_mail_written_while_the_server_is_away_arrives_after_it_is_back(
    mail_server: MailServer, lane: Lane, clock: Clock
) -> None:
    mail_server.stop()
    for number in range(3):
        send(subject=f"Letter {number}")
    for _hour in range(48):
        step_all(lane)
        clock.move(seconds=3600)
    assert Event.objects.filter(finished_at=None, dead_at=None, attempts=0).count() == 3

    mail_server.start()
    clock.move(seconds=LONGEST_PAUSE_SECONDS)
    step_all(lane)
    subjects = sorted(delivery.message["Subject"] for delivery in mail_server.deliveries)
    assert subjects == ["Letter 0", "Letter 1", "Letter 2"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("CONNECT", "554 no service"),
        ("CONNECT", "421 closing"),
        ("MAIL", "550 not from you"),
        (".", "452 no room"),
    ],
)
def test_a_server_that_takes_no_mail_at_all_is_away(
    command: str, answer: str, mail_server: MailServer, lane: Lane, clock: Clock
) -> None:
    mail_server.answers[command] = answer
    send()
    for _time in range(40):
        step_all(lane)
        clock.move(seconds=LONGEST_PAUSE_SECONDS)
    assert Event.objects.filter(finished_at=None, dead_at=None, attempts=0).count() == 1
    mail_server.answers.clear()
    step_all(lane)
    assert len(mail_server.deliveries) == 1


def test_a_refused_recipient_is_a_dead_letter_and_holds_up_nobody(mail_server: MailServer, lane: Lane) -> None:
    mail_server.answers["RCPT TO:<bob"] = "550 5.1.1 bob@example.org is unknown here"
    for name in ("alice", "bob", "charlie"):
        send(f"{name}@example.org")
    step_all(lane)
    assert sorted(recipient for sent in mail_server.deliveries for recipient in sent.recipients) == [
        "alice@example.org",
        "charlie@example.org",
    ]
    dead = Event.objects.get(finished_at=None)
    assert dead.dead_at is not None
    assert dead.payload["to"] == ["bob@example.org"]


def test_an_error_names_nobody(mail_server: MailServer, lane: Lane, caplog: pytest.LogCaptureFixture) -> None:
    mail_server.answers["RCPT TO:<bob"] = "550 5.1.1 bob@example.org is unknown here"
    mail_server.answers["RCPT TO:<charlie"] = "450 4.2.1 charlie@example.org is busy"
    for name in ("bob", "charlie"):
        send(f"{name}@example.org")
    step_all(lane)
    errors = [event.last_error for event in Event.objects.order_by("pk")]
    assert errors == [
        "PermanentError: The mail server refused the recipients: 550",
        "RuntimeError: The mail server does not take mail for the recipients now: 450",
    ]
    assert "example.org" not in caplog.text


def test_a_refused_message_is_a_dead_letter(mail_server: MailServer, lane: Lane) -> None:
    mail_server.answers["."] = "554 it looks like spam"
    send()
    step_all(lane)
    assert Event.objects.get().last_error == "PermanentError: The mail server refused the message: 554"
    assert Event.objects.get().dead_at is not None


def test_a_recipient_who_is_refused_for_now_is_tried_again(mail_server: MailServer, lane: Lane, clock: Clock) -> None:
    mail_server.answers["RCPT"] = "450 come back later"
    send()
    step_all(lane)
    assert Event.objects.get().attempts == 1
    mail_server.answers.clear()
    clock.move(seconds=FIRST_DELAY_SECONDS)
    step_all(lane)
    assert len(mail_server.deliveries) == 1


def test_a_message_that_is_tried_again_is_the_same_message(mail_server: MailServer, lane: Lane, clock: Clock) -> None:
    send()
    first = Event.objects.get().payload["headers"]
    mail_server.answers["."] = "451 try again"
    step_all(lane)
    mail_server.answers.clear()
    clock.move(seconds=3600)
    step_all(lane)
    arrived = mail_server.deliveries[0].message
    assert (arrived["Message-ID"], arrived["Date"]) == (first["Message-ID"], first["Date"])


@own_connections
def test_a_server_that_takes_longer_than_the_lease_gets_a_message_once(
    mail_server: MailServer, lane: Lane, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.01)
    asked, answered = threading.Event(), threading.Event()
    others: list[bool] = []

    def take_time(line: str) -> None:
        if line == ".":
            asked.set()
            assert answered.wait(timeout=WITHIN)

    def is_leased_anew() -> bool:
        return Event.objects.filter(leased_until__gt=clock() + timedelta(seconds=LEASE_SECONDS - 5)).exists()

    def try_as_another_worker() -> None:
        assert asked.wait(timeout=WITHIN)
        for _time in range(3):
            clock.move(seconds=LEASE_SECONDS - 5)
            wait_until(is_leased_anew)
            others.append(Lane(consumer="mail", worker="second").step())
        answered.set()

    mail_server.before_answer = take_time
    send()
    in_threads(lane.step, try_as_another_worker)
    assert others == [False] * 3
    assert len(mail_server.deliveries) == 1
    assert Event.objects.get().finished_at is not None


def test_an_attachment_that_is_no_text_is_refused_when_it_is_sent() -> None:
    message = EmailMessage(subject="Picture", body="", to=["alice@example.org"])
    message.attach("picture.png", b"\x89PNG", "image/png")
    with pytest.raises(ValueError, match="text attachments only"):
        message.send()
    assert not Event.objects.exists()


def test_a_header_with_a_line_break_is_refused_when_it_is_sent() -> None:
    with pytest.raises(BadHeaderError):
        send(subject="Hello\nBcc: everybody@example.org")
    assert not Event.objects.exists()
