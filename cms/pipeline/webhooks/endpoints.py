"""Making endpoints."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cms.pipeline.webhooks.models import Endpoint
from cms.pipeline.webhooks.signing import rotate


@transaction.atomic
def create_endpoint(
    *, name: str, url: str, events: Sequence[str], active: bool = True, now: datetime
) -> tuple[Endpoint, str]:
    """Make an endpoint with its first secret, without which nothing is sent to it.

    Returns the endpoint and the secret, which nobody can read again.

    Args:
        url: Where it listens. `addresses.target_of` says whether messages may go there; sending asks it each time.
        events: Of which kinds (`Kind`) it is told.
    """
    endpoint = Endpoint.objects.create(name=name, url=url, events=list(events), active=active)
    return endpoint, rotate(endpoint=endpoint, now=now)
