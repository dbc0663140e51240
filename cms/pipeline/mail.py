"""Mail through the outbox: written down in the sender's transaction, delivered by the worker."""

import smtplib
import uuid
from collections.abc import Iterable, Sequence
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from cms.pipeline.consumers import PermanentError, Unavailable
from cms.pipeline.labels import ConsumerLabel
from cms.pipeline.leases import renewed
from cms.pipeline.models import LEASE_SECONDS, Event
from cms.pipeline.outbox import record_event

CONSUMER = "mail"
LABEL = ConsumerLabel(
    name=_("Mail"),
    done=ngettext_lazy("%(done)d of %(total)d mail sent", "%(done)d of %(total)d mails sent", "total"),
    waiting=_("mail not sent yet"),
    failed=_("mail could not be sent"),
)
# RFC 5321, 4.2.1: 4xx may be tried again, 5xx is final.
FIRST_FINAL_CODE = 500


class OutboxEmailBackend(BaseEmailBackend):
    """Sends nothing itself: `settings.MAIL_DELIVERY_BACKEND` does, in the worker."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages down and return how many.

        Raises:
            ValueError: A message has an attachment that is not text.
            django.core.mail.BadHeaderError: A header has a line break in it.
        """
        messages = [message for message in email_messages if message.recipients()]
        for payload in [_payload(message) for message in messages]:
            # Each has a key of its own: no mail waits for another.
            record_event(consumer=CONSUMER, key=uuid.uuid4().hex, event="send", payload=payload)
        return len(messages)


def deliver(event: Event) -> None:
    """Hand one message to the mail server, and forget it: what it says is for its recipient alone.

    Raises:
        PermanentError: The server refuses this message, or all of its recipients, for good.
        Unavailable: The server cannot be reached, or takes no mail from us at all.
    """
    connection = get_connection(settings.MAIL_DELIVERY_BACKEND)
    try:
        # Each answer of the server may take `EMAIL_TIMEOUT`, and a dozen of them longer than the lease.
        with renewed(event.held(), seconds=LEASE_SECONDS):
            connection.send_messages([_message(event.payload)])
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _text in error.recipients.values()})
        if codes[0] >= FIRST_FINAL_CODE:
            raise PermanentError(f"The mail server refused the recipients: {_listed(codes)}") from None
        raise RuntimeError(f"The mail server does not take mail for the recipients now: {_listed(codes)}") from None
    except smtplib.SMTPDataError as error:
        if error.smtp_code >= FIRST_FINAL_CODE:
            raise PermanentError(f"The mail server refused the message: {error.smtp_code}") from None
        raise Unavailable(f"The mail server takes no messages now: {error.smtp_code}") from None
    except smtplib.SMTPSenderRefused as error:
        # Our own address is the same in every mail, and the operator can put it right.
        raise Unavailable(f"The mail server refused the sender's address: {error.smtp_code}") from None
    except OSError as error:
        # No connection, no log-in, no answer in time; `smtplib.SMTPException` is an OSError too.
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    event.payload = {}


def _listed(codes: Iterable[int]) -> str:
    return ", ".join(str(code) for code in codes)


def _payload(message: EmailMessage) -> dict[str, Any]:
    # The same id and date whenever it is tried: a recipient's server can see that two copies are one message. The id
    # is set here also because Django would ask the name server for this machine's name.
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or None
    message.extra_headers = {"Message-ID": make_msgid(domain=domain), "Date": formatdate(), **message.extra_headers}
    # Building it now tells the caller, not the worker, what is wrong with it.
    message.message()
    return {
        "subject": str(message.subject),
        "body": str(message.body),
        "content_subtype": message.content_subtype,
        "from_email": str(message.from_email),
        **{name: [str(address) for address in getattr(message, name)] for name in ("to", "cc", "bcc", "reply_to")},
        "headers": {name: str(value) for name, value in message.extra_headers.items()},
        "alternatives": [_text_parts(part) for part in getattr(message, "alternatives", [])],
        "attachments": [_text_parts(part) for part in message.attachments],
    }


def _text_parts(part: Any) -> list[str | None]:
    """Return an alternative or attachment as a list of its fields; only text fits into the outbox."""
    if not isinstance(part, tuple) or not all(field is None or isinstance(field, str) for field in part):
        raise ValueError("Mail takes text attachments only: put the file on a page and send its address.")
    return list(part)


def _message(payload: dict[str, Any]) -> EmailMultiAlternatives:
    fields = {name: value for name, value in payload.items() if name != "content_subtype"}
    message = EmailMultiAlternatives(**fields)
    message.content_subtype = payload["content_subtype"]
    return message
