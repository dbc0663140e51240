from django.apps import AppConfig
from django.conf import settings

SECONDS_BETWEEN_COMPARISONS = 300
SECONDS_UNTIL_A_MISSING_INDEX_IS_SEEN = 10
SECONDS_UNTIL_AN_OUTAGE_IS_SEEN_TO_BE_OVER = 5


class SearchConfig(AppConfig):
    name = "search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cms.api.router import api
        from cms.health import probes
        from cms.pipeline.consumers import consumers
        from cms.pipeline.labels import labels
        from cms.pipeline.schedule import Periodic, periodic
        from search import indexing
        from search.api import router, suggest_router
        from search.health import index_condition
        from search.standing import RESERVE, SEARCH

        consumers[indexing.DATABASE_INDEX] = indexing.refresh_database
        labels[indexing.DATABASE_INDEX] = RESERVE if settings.ELASTICSEARCH_HOSTS else SEARCH
        if settings.ELASTICSEARCH_HOSTS:
            consumers[indexing.ELASTICSEARCH_INDEX] = indexing.refresh_elasticsearch
            labels[indexing.ELASTICSEARCH_INDEX] = SEARCH
        periodic["search_reconcile"] = Periodic(seconds=SECONDS_BETWEEN_COMPARISONS, run=indexing.reconcile)
        after_outage = Periodic(seconds=SECONDS_UNTIL_AN_OUTAGE_IS_SEEN_TO_BE_OVER, run=indexing.reconcile_after_outage)
        periodic["search_reconcile_after_outage"] = after_outage
        missing = Periodic(seconds=SECONDS_UNTIL_A_MISSING_INDEX_IS_SEEN, run=indexing.make_missing)
        periodic["search_make_missing"] = missing
        probes["index"] = index_condition
        api.add_router("/search/", router)
        api.add_router("/suggest/", suggest_router)
