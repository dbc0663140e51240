"""Whether it needs asking what a page demands of whoever opens it."""

from wagtail.models import Page, PageViewRestriction

from cms.page_cache.remembered import remembered


def may_be_restricted(page: Page) -> bool:
    """Say whether a view restriction can apply to a page: where not, Wagtail needs not look for one."""
    paths = _paths_with_restrictions()
    return any(page.path[:end] in paths for end in range(Page.steplen, len(page.path) + 1, Page.steplen))


@remembered
def _paths_with_restrictions() -> frozenset[str]:
    """Return the paths of pages with a restriction, and of aliases, to which applies what does to another page."""
    restricted = PageViewRestriction.objects.values_list("page__path", flat=True)
    aliases = Page.objects.filter(alias_of__isnull=False).values_list("path", flat=True)
    return frozenset([*restricted, *aliases])
