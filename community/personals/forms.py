from typing import ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.personals.models import Interest, Listing, ListingQuerySet, Region

MOST_WORDS = 8


class ListingForm(forms.ModelForm[Listing]):
    """The shape of a listing; its rules are in listings.py."""

    interests = forms.ModelMultipleChoiceField(
        Interest.objects.all(),
        label=_("Interests"),
        help_text=_("Choose up to five."),
        error_messages={"required": _("Choose at least one.")},
        widget=forms.CheckboxSelectMultiple,
    )
    region = forms.ModelChoiceField(
        Region.objects.all(),
        label=_("Region"),
        required=False,
        empty_label=_("I would rather not say"),
    )

    class Meta:
        model = Listing
        fields: ClassVar[list[str]] = ["headline", "text", "interests", "region"]
        labels = {"text": _("In your own words")}
        help_texts = {
            "headline": _("One line that says what this is about."),
            "text": _("Plain text. Leave out names, addresses, numbers and links."),
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 10})}


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Words"), required=False, max_length=100)
    interest = forms.ModelChoiceField(
        Interest.objects.all(), label=_("Interest"), required=False, to_field_name="slug", empty_label=_("Any")
    )
    region = forms.ModelChoiceField(
        Region.objects.all(), label=_("Region"), required=False, to_field_name="slug", empty_label=_("Any")
    )

    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def narrow(self, listings: ListingQuerySet) -> ListingQuerySet:
        """Return those of `listings` that the filters leave; none where a filter is not valid."""
        if not self.is_valid():
            return listings.none()
        if interest := self.cleaned_data["interest"]:
            listings = listings.filter(interests=interest)
        if region := self.cleaned_data["region"]:
            listings = listings.filter(region=region)
        for word in self.cleaned_data["q"].split()[:MOST_WORDS]:
            listings = listings.filter(Q(headline__icontains=word) | Q(text__icontains=word))
        return listings
