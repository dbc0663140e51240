import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.membership.access import members_only
from community.membership.models import Member
from community.membership.refused import Refused
from community.personals.forms import FilterForm, ListingForm
from community.personals.listings import delete_listing, publish_listing, save_draft, withdraw_listing
from community.personals.models import Listing

PAGE_SIZE = 20


@require_safe
@members_only
def show_listings(request: HttpRequest, member: Member) -> HttpResponse:
    filters = FilterForm(request.GET)
    listings = filters.narrow(Listing.objects.visible_to(member.user))
    listings = listings.select_related("member__user", "region").prefetch_related("interests")
    page = Paginator(listings, PAGE_SIZE).get_page(request.GET.get("page"))
    own = Listing.objects.filter(member=member).first()
    return render(
        request,
        "personals/list.html",
        {"filters": filters, "page_obj": page, "own": own, "is_narrowed": filters.is_narrowed()},
    )


@require_safe
@members_only
def show_listing(request: HttpRequest, member: Member, public_id: uuid.UUID) -> HttpResponse:
    listings = Listing.objects.visible_to(member.user).select_related("member__user", "region")
    listing = get_object_or_404(listings, public_id=public_id)
    return render(request, "personals/listing.html", {"listing": listing, "is_own": listing.member_id == member.pk})


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def write_listing(request: HttpRequest, member: Member) -> HttpResponse:
    own = Listing.objects.filter(member=member).first()
    form = ListingForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid() and _save(request, form, member=member):
        return redirect("personals:write")
    # The form has put what was typed on its instance: what is shown as the state comes from the database.
    status = Listing.objects.filter(member=member).values_list("status", flat=True).first()
    return render(request, "personals/write.html", {"form": form, "status": status})


def _save(request: HttpRequest, form: ListingForm, *, member: Member) -> bool:
    is_draft = "draft" in request.POST
    verb = save_draft if is_draft else publish_listing
    try:
        verb(member=member, **form.cleaned_data)
    except Refused as refused:
        form.add_error(refused.field, refused.message)
        return False
    said = _("Saved. Only you can see it.") if is_draft else _("Your listing is shown to members now.")
    messages.success(request, said)
    return True


@require_POST
@members_only
def withdraw(request: HttpRequest, member: Member) -> HttpResponse:
    withdraw_listing(member=member)
    messages.success(request, _("Your listing is hidden. What you wrote is kept for you."))
    return redirect("personals:write")


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def delete(request: HttpRequest, member: Member) -> HttpResponse:
    if request.method != "POST":
        return render(request, "personals/delete.html")
    delete_listing(member=member)
    messages.success(request, _("Your listing is deleted."))
    return redirect("personals:list")
