"""The secrets of endpoints, and signatures with them after the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import logging
import secrets
from base64 import b64encode, urlsafe_b64encode
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from standardwebhooks.webhooks import Webhook

from cms.pipeline.webhooks.models import Endpoint, Secret

logger = logging.getLogger(__name__)

SALT = "cms.pipeline.webhooks"
PREFIX = "whsec_"
SECRET_BYTES = 32
# So long an old secret goes on signing beside the new one, so that a receiver can change over in its own time.
OVERLAP = timedelta(hours=24)
UNREADABLE = "The secret was kept under another SECRET_KEY: restore that, or give the webhook a new secret."
MISSING = "The webhook has no secret: give it one."


class UnreadableSecretError(Exception):
    """An endpoint has no secret that can be read; the text says why and what to do."""


def rotate(*, endpoint: Endpoint, now: datetime) -> str:
    """Give an endpoint a new secret and return it: nobody can read it again. Those it has retire after `OVERLAP`."""
    secret = PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    with transaction.atomic():
        endpoint.secrets.filter(retires_at=None).update(retires_at=now + OVERLAP)
        Secret.objects.create(endpoint=endpoint, sealed=_seal().encrypt(secret.encode()).decode(), created_at=now)
    return secret


def signed_headers(*, endpoint: Endpoint, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """Return the headers that prove where a message comes from, with a signature by each secret in use.

    A secret that cannot be read any more is passed over as long as there is another.

    Raises:
        UnreadableSecretError: There is none that can be read.
    """
    in_use = endpoint.secrets.all().signing(now=now)
    signatures = [
        Webhook(opened).sign(msg_id=message_id, timestamp=now, data=body)
        for secret in in_use
        if (opened := _open(secret)) is not None
    ]
    if not signatures:
        raise UnreadableSecretError(UNREADABLE if in_use else MISSING)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def forget_retired_secrets() -> None:
    Secret.objects.filter(retires_at__lte=timezone.now()).delete()


def seal_anew() -> None:
    """Seal with the `SECRET_KEY` of today what an earlier one has sealed, so that the earlier one can be given up."""
    today = _seals()[0]
    for secret in Secret.objects.order_by("pk"):
        if _opened(secret.sealed, by=today) is not None:
            continue
        opened = _open(secret)
        if opened is None:
            logger.warning("No known key opens secret %d of a webhook: is SECRET_KEY_FALLBACKS complete?", secret.pk)
            continue
        Secret.objects.filter(pk=secret.pk).update(sealed=today.encrypt(opened.encode()).decode())


def _open(secret: Secret) -> str | None:
    """Return what was sealed; None where that was done under another SECRET_KEY."""
    return _opened(secret.sealed, by=_seal())


def _opened(sealed: str, *, by: Fernet | MultiFernet) -> str | None:
    try:
        return by.decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _seal() -> MultiFernet:
    """Return what seals and opens secrets: a copy of the database alone does not tell them."""
    return MultiFernet(_seals())


def _seals() -> list[Fernet]:
    """Return what each key makes, today's first."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    seals = [salted_hmac(SALT, "seal", secret=key, algorithm="sha256").digest() for key in keys]
    return [Fernet(urlsafe_b64encode(seal)) for seal in seals]
