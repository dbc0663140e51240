"""The whole site for another front end: /api/site/, /api/pages/ and /api/redirects/."""

from typing import Annotated, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from ninja import Query, Router, Schema
from ninja.decorators import decorate_view
from pydantic import BaseModel, Field
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, Site

from cms.api.addresses import absolute, path_of, url_of
from cms.api.caching import public_answer, public_answer_about_pages, uses_as_spelled
from cms.api.parameters import Address
from cms.api.problems import PROBLEMS
from cms.visibility import public_pages, public_redirects
from home.models import SiteSettings, menu_of
from home.schemas import (
    AnyPage,
    LinkSchema,
    MenuItemSchema,
    PageSchema,
    PageSummarySchema,
    SiteSchema,
    page_schema,
    page_summary,
)

PAGES_PER_PAGE = 100
MOST_PER_PAGE = 500
LARGEST_ID = 2**63 - 1

NEXT = Field(description="The address of what follows; null at the end.")

AnyRow = TypeVar("AnyRow", Page, Redirect)

router = Router(tags=["site"])


@router.get("/site/", response={200: SiteSchema} | PROBLEMS, summary="Get what surrounds every page")
@decorate_view(public_answer)
def site(request: HttpRequest) -> SiteSchema:
    """Answer with the site's name, texts, menu and footer."""
    here = _site(request)
    texts = SiteSettings.of(here)
    return SiteSchema(
        name=here.site_name or settings.WAGTAIL_SITE_NAME,
        description=texts.description,
        url=settings.SITE_URL + "/",
        language=get_language() or settings.LANGUAGE_CODE,
        menu=[_menu_item(page, request) for page in menu_of(here)],
        footer_text=texts.footer_text,
        footer_links=[LinkSchema(label=label, url=absolute(address)) for label, address in texts.public_links()],
        contact_email=texts.contact_email,
        safety_html=render_to_string("includes/safety_box.html").strip(),
    )


class ListParameters(Schema):
    page_size: Annotated[int, Field(ge=1, le=MOST_PER_PAGE)] = PAGES_PER_PAGE
    after: Annotated[
        int,
        Field(
            ge=0, le=LARGEST_ID, description="Where a list goes on, as `next` has it. Nothing is missed or comes twice."
        ),
    ] = 0


class PageListSchema(BaseModel):
    total: Annotated[int, Field(description="How many pages the site has.")]
    page_size: int
    next: Annotated[str | None, NEXT]
    results: list[PageSummarySchema]


@router.get("/pages/", response={200: PageListSchema} | PROBLEMS, summary="List all pages")
@decorate_view(public_answer_about_pages)
def pages(request: HttpRequest, parameters: Query[ListParameters]) -> PageListSchema:
    """List every page that readers may see, in the order in which they were made."""
    found = public_pages().descendant_of(_site(request).root_page, inclusive=True)
    some, following = _part_of(found, parameters, request=request)
    return PageListSchema(
        total=found.count(),
        page_size=parameters.page_size,
        next=following,
        results=[page_summary(page, request) for page in some],
    )


class PathParameters(Schema):
    path: Address = Field(description="An address within the site.", examples=["/articles/"])


@router.get("/pages/find/", response={200: PageSchema} | PROBLEMS, summary="Get the page at an address")
@decorate_view(public_answer_about_pages)
def find_page(request: HttpRequest, response: HttpResponse, parameters: Query[PathParameters]) -> AnyPage:
    """Answer with the whole page whose address within the site is `path`. Where there is none, ask for a redirect."""
    # Lists give it as it stands in addresses, with %C3%A9 for é.
    inside = "".join(f"{part}/" for part in unquote(parameters.path).split("/") if part)
    root = _site(request).root_page
    pages = public_pages().descendant_of(root, inclusive=True)
    page = None if "\0" in inside else pages.filter(url_path=root.url_path + inside).first()
    if page is None:
        raise Http404
    if parameters.path in {f"/{inside}", path_of(page, request)}:
        uses_as_spelled(request, response, path=parameters.path)
    return page_schema(page.specific, request)


class RedirectSchema(BaseModel):
    path: Annotated[str, Field(description="The old address.")]
    url: Annotated[str, Field(description="Where it leads to, on this site or elsewhere.")]
    is_permanent: Annotated[bool, Field(description="301 rather than 302.")]


class RedirectListSchema(BaseModel):
    total: Annotated[int, Field(description="How many old addresses there are.")]
    page_size: int
    next: Annotated[str | None, NEXT]
    results: list[RedirectSchema]


@router.get("/redirects/", response={200: RedirectListSchema} | PROBLEMS, summary="List all old addresses")
@decorate_view(public_answer)
def redirects(request: HttpRequest, parameters: Query[ListParameters]) -> RedirectListSchema:
    """List every old address that leads somewhere, in the order in which they were made."""
    found = public_redirects(_site(request)).select_related("redirect_page")
    some, following = _part_of(found, parameters, request=request)
    return RedirectListSchema(
        total=found.count(),
        page_size=parameters.page_size,
        next=following,
        results=[_told(redirect, request) for redirect in some],
    )


def _part_of(
    found: "QuerySet[AnyRow]", parameters: ListParameters, *, request: HttpRequest
) -> tuple[list[AnyRow], str | None]:
    """Return what is asked for of a list, and the address of what follows it."""
    size = parameters.page_size
    some = list(found.filter(pk__gt=parameters.after).order_by("pk")[: size + 1])
    if len(some) <= size:
        return some, None
    kept = parameters.model_dump(exclude_defaults=True)
    return some[:size], absolute(f"{request.path}?{urlencode({**kept, 'after': some[size - 1].pk})}")


@router.get("/redirects/find/", response={200: RedirectSchema} | PROBLEMS, summary="Look up an old address")
@decorate_view(public_answer)
def find_redirect(request: HttpRequest, response: HttpResponse, parameters: Query[PathParameters]) -> RedirectSchema:
    """Answer where an old address leads to. A slash at its end makes no difference."""
    found = _redirect(request, parameters.path)
    if found is None or not public_redirects(_site(request)).filter(pk=found.pk).exists():
        raise Http404
    if parameters.path.removesuffix("/") == found.old_path:
        uses_as_spelled(request, response, path=parameters.path)
    return _told(found, request)


def _told(redirect: Redirect, request: HttpRequest) -> RedirectSchema:
    page = redirect.redirect_page
    # Its own `link` reads the whole page; that takes it only where the address goes on below the page.
    goes_below = page is None or redirect.redirect_page_route_path
    url = absolute(redirect.link) if goes_below else url_of(page, request)
    return RedirectSchema(path=redirect.old_path, url=url, is_permanent=redirect.is_permanent)


def _redirect(request: HttpRequest, path: str) -> Redirect | None:
    """Find a redirect as the site's own pages do: with the query string first, then without."""
    try:
        normal = Redirect.normalise_path(path, decode_unicode=False)
        found: Redirect | None = get_redirect(request, normal) or get_redirect(request, urlsplit(normal).path)
    except ValueError:  # what no address looks like, as "//[" does
        return None
    return found


def _menu_item(page: Page, request: HttpRequest) -> MenuItemSchema:
    return MenuItemSchema(id=page.pk, title=page.title, path=path_of(page, request), url=url_of(page, request))


def _site(request: HttpRequest) -> Site:
    site: Site | None = Site.find_for_request(request)
    if site is None:
        raise Http404
    return site
