"""What editors read of the search index, and of the one that answers while the search server is away."""

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.pipeline.labels import ConsumerLabel
from cms.searchable import Searchable


def _is_searched(page_type: type[Page]) -> bool:
    return issubclass(page_type, Searchable)


SEARCH = ConsumerLabel(
    name=_("Search"),
    done=_("searchable since %(time)s"),
    gone=_("out of the search since %(time)s"),
    waiting=_("the search has not been told yet"),
    failed=_("the search could not be told"),
    applies=_is_searched,
)
RESERVE = ConsumerLabel(
    name=_("Simplified search"),
    done=_("in the simplified search since %(time)s"),
    gone=_("out of the simplified search since %(time)s"),
    waiting=_("the simplified search has not been told yet"),
    failed=_("the simplified search could not be told"),
    applies=_is_searched,
)
