from django.apps import AppConfig
from django.conf import settings


class PageCacheConfig(AppConfig):
    name = "cms.page_cache"
    label = "page_cache"

    def ready(self) -> None:
        from cms.page_cache import renewal
        from cms.pipeline.consumers import consumers, event_consumers

        consumers[renewal.PAGE_CACHE] = renewal.renew_for_page
        event_consumers[renewal.SHARED_CONTENT] = renewal.renew_for_shared_content
        if settings.WAGTAILFRONTENDCACHE:
            consumers[renewal.CDN] = renewal.purge_for_page
