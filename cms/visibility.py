"""What an anonymous reader may see: the only place that says so."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from itertools import pairwise

from django.db.models import BooleanField, Exists, F, Func, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Length, Substr
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction, Revision, Site
from wagtail.query import PageQuerySet

# An alias of an alias of an alias: nobody has made more, and each more is a join.
LONGEST_CHAIN_OF_ALIASES = 3


def is_over(page: Page) -> bool:
    """Tell of a live page in hand whether its time has passed, or that of the page it is an alias of.

    Only the question of restrictions is left then, which Wagtail asks of whoever opens the page.
    """
    source = page.alias_of
    return _has_expired(page) or (source is not None and (not source.live or _has_expired(source)))


def _has_expired(page: Page) -> bool:
    return page.expire_at is not None and page.expire_at <= timezone.now()


def public_pages() -> PageQuerySet:
    """Return the pages that anyone may see at this moment."""
    return public_among(Page.objects.all())


def public_among(pages: PageQuerySet) -> PageQuerySet:
    """Return those of `pages`, of whatever type, that anyone may see at this moment.

    Live, under no view restriction, not past their expiry (whether or not a worker has been round to unpublish them
    yet), no alias of a page that is not live itself (scheduling a draft puts its alias live at once), and under the
    first page of a site: any other page has no address. A restriction of a page holds for its aliases and what is under
    them, as it does where Wagtail serves them.
    """
    now = timezone.now()
    # One filter, since each further one copies the query. Wagtail's own `public()` asks for the restrictions first,
    # which is one more query for each use of this.
    return pages.filter(
        Q(expire_at__isnull=True) | Q(expire_at__gt=now),
        Q(alias_of__isnull=True)
        | Q(alias_of__live=True) & (Q(alias_of__expire_at__isnull=True) | Q(alias_of__expire_at__gt=now)),
        _is_unrestricted(),
        _has_site(),
        live=True,
    )


def covered_paths(page: Page) -> Iterator[str]:
    """Yield the path of each subtree that a restriction of `page` covers: its own, and those of its aliases."""
    yield page.path
    for alias in page.aliases.all():
        yield from covered_paths(alias)


def public_redirects(site: Site | None) -> "QuerySet[Redirect]":
    """Return the redirects of a site, or of all sites where it has none of its own for an address.

    The address of a page that readers may not see is nobody's business.
    """
    own = Redirect.objects.filter(site=site, old_path=OuterRef("old_path"))
    is_public = Q(redirect_page__in=public_pages().order_by().values("pk"))
    leads_elsewhere = Q(redirect_page=None) & ~Q(redirect_link="")
    redirects: QuerySet[Redirect] = Redirect.objects.filter(
        Q(site=site) | Q(site=None) & ~Exists(own), is_public | leads_elsewhere
    )
    return redirects


# name -> the first moment after the given one at which something that readers see changes by the clock alone, a review
# that falls due for instance; None where there is none. Rooms add theirs in AppConfig.ready().
moments: dict[str, Callable[[datetime], datetime | None]] = {}


def next_change(*, now: datetime) -> datetime | None:
    """Return the first moment after `now` at which readers see something else although nobody does anything.

    A page expires, one goes live, or what a room has added to `moments`. None where nothing is due.
    """
    pages = Page.objects.aggregate(
        expiry=Min("expire_at", filter=Q(live=True, expire_at__gt=now)),
        start=Min("go_live_at", filter=Q(go_live_at__gt=now)),
    )
    revisions = Revision.objects.filter(approved_go_live_at__gt=now).aggregate(start=Min("approved_go_live_at"))
    found = [pages["expiry"], pages["start"], revisions["start"], *(moment(now) for moment in moments.values())]
    return min((moment for moment in found if moment is not None), default=None)


# Both are written out, since Django takes longer to put them together than the database needs for its answer.


@cache
def _is_unrestricted() -> Func:
    page, restriction = Page._meta.db_table, PageViewRestriction._meta.db_table
    names = [f"covered_{length}" for length in range(LONGEST_CHAIN_OF_ALIASES + 1)]
    aliases = "".join(
        f" LEFT OUTER JOIN {page} {alias} ON {alias}.alias_of_id = {source}.id" for source, alias in pairwise(names)
    )
    covers = " OR ".join(_is_beginning(f"{name}.path") for name in names)
    return _condition(
        f"NOT EXISTS(SELECT 1 FROM {restriction} restriction "  # noqa: S608 - there is no value in it
        f"INNER JOIN {page} {names[0]} ON {names[0]}.id = restriction.page_id{aliases} WHERE {covers})"
    )


@cache
def _has_site() -> Func:
    # No `EXISTS`: PostgreSQL would take it for a join that leaves hardly a page, and read all pages anew for each.
    page, site = Page._meta.db_table, Site._meta.db_table
    return _condition(
        f"(SELECT site.id FROM {site} site INNER JOIN {page} root ON root.id = site.root_page_id "  # noqa: S608 - nor here
        f"WHERE {_is_beginning('root.path')} LIMIT 1) IS NOT NULL"
    )


def _condition(template: str) -> Func:
    return Func(F("path"), template=template, output_field=BooleanField())


def _is_beginning(column: str) -> str:
    return f"{column} = SUBSTR(%(expressions)s, 1, LENGTH({column}))"


def beginning(path: str) -> Substr:
    """Return the beginning of a page's path that is as long as another: the same, where that is one of an ancestor."""
    return Substr(OuterRef("path"), 1, Length(path))
