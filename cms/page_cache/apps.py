from dataclasses import replace

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class PageCacheConfig(AppConfig):
    name = "cms.page_cache"
    label = "page_cache"

    def ready(self) -> None:
        from cms.metrics import collectors
        from cms.page_cache import renewal
        from cms.page_cache.counters import page_cache_metrics
        from cms.pipeline.consumers import consumers, event_consumers
        from cms.pipeline.labels import ConsumerLabel, labels

        consumers[renewal.PAGE_CACHE] = renewal.renew_for_page
        event_consumers[renewal.SHARED_CONTENT] = renewal.renew_for_shared_content
        if settings.WAGTAILFRONTENDCACHE:
            consumers[renewal.CDN] = renewal.purge_for_page
            labels[renewal.CDN] = ConsumerLabel(
                name=_("CDN"),
                done=_("CDN purged"),
                waiting=_("CDN not purged yet"),
                failed=_("CDN could not be purged"),
            )
        renewed = ConsumerLabel(
            name=_("Page cache"),
            done=_("page cache renewed"),
            waiting=_("page cache not renewed yet"),
            failed=_("page cache could not be renewed"),
        )
        labels[renewal.PAGE_CACHE] = renewed
        labels[renewal.SHARED_CONTENT] = replace(renewed, name=_("Page cache, what all pages share"))
        collectors["page_cache"] = page_cache_metrics
