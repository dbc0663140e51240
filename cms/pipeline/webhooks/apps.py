from datetime import timedelta

from django.apps import AppConfig

SECONDS_BETWEEN_COMPARISONS = 600
SECONDS_BETWEEN_CLEARINGS = 3600


class WebhooksConfig(AppConfig):
    name = "cms.pipeline.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cms.pipeline.consumers import consumers, event_consumers, policies
        from cms.pipeline.models import Policy
        from cms.pipeline.schedule import Periodic, periodic
        from cms.pipeline.webhooks import announcing, delivering, signals  # noqa: F401 - importing connects them
        from cms.pipeline.webhooks.models import CONSUMER
        from cms.pipeline.webhooks.signing import forget_retired_secrets

        consumers[announcing.CONSUMER] = announcing.announce_page
        event_consumers[CONSUMER] = delivering.deliver
        policies[CONSUMER] = Policy(
            first_delay_seconds=5, longest_delay_seconds=3600, most_attempts=None, give_up_after=timedelta(hours=24)
        )
        periodic["webhooks_reconcile"] = Periodic(seconds=SECONDS_BETWEEN_COMPARISONS, run=announcing.reconcile)
        periodic["webhooks_forget"] = Periodic(seconds=SECONDS_BETWEEN_CLEARINGS, run=forget_retired_secrets)
