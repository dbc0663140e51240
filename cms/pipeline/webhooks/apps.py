from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

SECONDS_BETWEEN_COMPARISONS = 600
SECONDS_BETWEEN_CLEARINGS = 3600


class WebhooksConfig(AppConfig):
    name = "cms.pipeline.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cms.pipeline.consumers import consumers, event_consumers, policies, trials
        from cms.pipeline.labels import ConsumerLabel, labels
        from cms.pipeline.models import Policy
        from cms.pipeline.schedule import Periodic, periodic
        from cms.pipeline.webhooks import announcing, delivering, signals  # noqa: F401 - importing connects them
        from cms.pipeline.webhooks.models import CONSUMER, TEST
        from cms.pipeline.webhooks.signing import forget_retired_secrets, seal_anew

        consumers[announcing.CONSUMER] = announcing.announce_page
        event_consumers[CONSUMER] = delivering.deliver
        trials.add(TEST)
        policies[CONSUMER] = Policy(
            first_delay_seconds=5, longest_delay_seconds=3600, most_attempts=None, give_up_after=timedelta(hours=24)
        )
        periodic["webhooks_reconcile"] = Periodic(seconds=SECONDS_BETWEEN_COMPARISONS, run=announcing.reconcile)
        periodic["webhooks_forget"] = Periodic(seconds=SECONDS_BETWEEN_CLEARINGS, run=forget_retired_secrets)
        periodic["webhooks_seal"] = Periodic(seconds=SECONDS_BETWEEN_COMPARISONS, run=seal_anew)
        labels[CONSUMER] = ConsumerLabel(
            name=_("Webhooks"),
            done=ngettext_lazy(
                "%(done)d of %(total)d webhook delivered", "%(done)d of %(total)d webhooks delivered", "total"
            ),
            waiting=ngettext_lazy(
                "%(done)d of %(total)d webhook delivered so far",
                "%(done)d of %(total)d webhooks delivered so far",
                "total",
            ),
            failed=ngettext_lazy(
                "%(done)d of %(total)d webhook delivered, the rest failed",
                "%(done)d of %(total)d webhooks delivered, the rest failed",
                "total",
            ),
        )
        # It writes the webhooks down and reaches nobody itself: a page's sentence has nothing to say of it.
        labels[announcing.CONSUMER] = ConsumerLabel(
            name=_("Announcements"),
            done=_("webhooks written down"),
            waiting=_("webhooks not written down yet"),
            failed=_("webhooks could not be written down"),
            applies=lambda _page_type: False,
        )
