"""What the dashboard says of publishing: that all is well, or what is stuck."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from wagtail.admin.ui.components import Component

from cms.pipeline.desk.report import FILTERED_STATES
from cms.pipeline.desk.standing import no_worker
from cms.pipeline.overdue import overdue_pages
from cms.pipeline.rows import publishable_pages, unfinished_rows
from cms.users.models import User


class PublishingPanel(Component):
    name = "publishing"
    template_name = "desk/panel.html"
    order = 120

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def get_context_data(self, parent_context: Mapping[str, Any] | None) -> dict[str, Any]:
        now = timezone.now()
        user = self.request.user
        counts = _counts(user)  # type: ignore[arg-type]
        late = len(overdue_pages(publishable_pages(user), now=now))  # type: ignore[arg-type]
        return {**counts, "late": late, "no_worker": no_worker(now=now), "is_well": not (late or any(counts.values()))}


def _counts(user: User) -> dict[str, int]:
    """Return how many rows of this person's pages are waiting, failing and dead; one query for each table."""
    totals = {state.value: 0 for state in FILTERED_STATES}
    asked = {state.value: Count("pk", filter=condition) for state, condition in FILTERED_STATES.items()}
    for rows in unfinished_rows(user=user):
        for name, count in rows.aggregate(**asked).items():
            totals[name] += count
    return totals
