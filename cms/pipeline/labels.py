"""What editors read of each consumer. Rooms add theirs in AppConfig.ready(), beside the consumer itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from cms.pipeline.consumers import event_consumers

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
    from wagtail.models import Page


def every_page(_page_type: type[Page]) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class ConsumerLabel:
    """The words for one consumer. All but `name` are parts of a sentence, such as "searchable since 14:02:11".

    Each is marked for translation and may hold `%(name)s` and `%(time)s`, when the consumer was done; those of a
    consumer of events also `%(done)d` and `%(total)d`, the numbers of channels, which a plural may depend on. A channel
    is done when all is done that came of the page's last publication.

    Args:
        name: As the report lists it.
        done: It knows the page as readers see it.
        gone: It knows that readers do not see the page any more; as `done` where nothing is said.
        waiting: It has not been told yet; of events, somebody has not, and without a failure so far.
        failed: It was told in vain; of events, everybody who has not been told yet was.
        applies: Whether pages of a type are anything to this consumer; of others it is not mentioned.
    """

    name: StrOrPromise
    done: StrOrPromise
    waiting: StrOrPromise
    failed: StrOrPromise
    gone: StrOrPromise = ""
    applies: Callable[[type[Page]], bool] = every_page


# consumer -> its words, for those of pages as for those of events
labels: dict[str, ConsumerLabel] = {}


def label_of(consumer: str) -> ConsumerLabel:
    """Return the consumer's own words, or for one that has none some that fit any."""
    if consumer in labels:
        return labels[consumer]
    is_of_events = consumer in event_consumers
    return ConsumerLabel(
        name=consumer.replace("_", " "),
        done=_("%(name)s: %(done)d of %(total)d delivered") if is_of_events else _("%(name)s: done at %(time)s"),
        waiting=_("%(name)s: not done yet"),
        failed=_("%(name)s: failed"),
    )
