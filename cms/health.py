"""What a machine asks the site: is the process up, and is what it depends on there?"""

import logging
from collections.abc import Callable
from typing import TypedDict

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


class Condition(TypedDict, total=False):
    """One dependency's state; `ok` is there always, the rest are figures that help to see why."""

    ok: bool
    engine: str
    pending: int
    lag_seconds: float
    last_seen_seconds: float | None


# name -> a function that tells the state of one dependency. Rooms add theirs in AppConfig.ready(). The site goes on
# without any of them, so they make it "degraded"; without its database it is "unavailable".
probes: dict[str, Callable[[], Condition]] = {}


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer as long as this process does."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Tell as JSON what the site depends on; 503 only when it cannot serve at all."""
    if not _database_answers():
        return JsonResponse({"status": "unavailable", "database": {"ok": False}}, status=503)
    conditions = {name: _condition(probe) for name, probe in probes.items()}
    status = "ok" if all(condition["ok"] for condition in conditions.values()) else "degraded"
    return JsonResponse({"status": status, "database": {"ok": True}, **conditions})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("The database does not answer")
        return False
    return True


def _condition(probe: Callable[[], Condition]) -> Condition:
    try:
        return probe()
    except Exception:  # whatever is wrong with one dependency, the others are still reported
        logger.exception("A readiness probe failed")
        return Condition(ok=False)
