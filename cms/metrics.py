"""What a Prometheus server is told at `/metrics`, and who may ask.

The site is several processes, and any of them may answer: a figure comes from what they share, the database for
instance, and never from the memory of the one that is asked.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

# name -> a function that returns metric families, `GaugeMetricFamily` or `CounterMetricFamily` of
# prometheus_client.core, whose names begin with "milk_". Rooms add theirs in AppConfig.ready(); docs/operators.md
# says what each metric means.
collectors: dict[str, Callable[[], Iterable[Metric]]] = {}

# What a proxy adds to the requests that it passes on: whoever sent such a request is not the one who is connected.
MARKS_OF_A_PROXY = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format whoever has the token; where there is none, whoever asks from this machine."""
    if settings.METRICS_TOKEN and not _shows_the_token(request):
        detail = _("Send the value of METRICS_TOKEN in the header: Authorization: Bearer …")
        return _refusal(detail, status=401, headers={"WWW-Authenticate": "Bearer"})
    if not settings.METRICS_TOKEN and not _comes_from_this_machine(request):
        return _refusal(_("Ask from the site's own machine and past its proxy, or set METRICS_TOKEN."), status=403)
    registry = CollectorRegistry()
    registry.register(_Everything())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Everything(Collector):
    """What every room tells. Whatever is wrong with one of them, the others are still heard."""

    def collect(self) -> Iterator[Metric]:
        heard = GaugeMetricFamily("milk_collector_ok", "1 where the figures could be read.", labels=["collector"])
        for name, collector in collectors.items():
            try:
                families = list(collector())
            except Exception:  # the gauge says which, the log says why
                logger.exception("The metrics of %s cannot be read", name)
                heard.add_metric([name], 0)
                continue
            heard.add_metric([name], 1)
            yield from families
        yield heard

    def describe(self) -> list[Metric]:
        """Return nothing: names are not to be compared with those of other collectors, there are none."""
        return []


def _shows_the_token(request: HttpRequest) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)


def _comes_from_this_machine(request: HttpRequest) -> bool:
    if any(name.startswith(MARKS_OF_A_PROXY) for name in request.META):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket file, or no address at all
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _refusal(detail: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{detail}\n", status=status, headers=headers, content_type="text/plain; charset=utf-8")
