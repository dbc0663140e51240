"""The form for an endpoint."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from cms.pipeline.webhooks.addresses import AddressError, target_of
from cms.pipeline.webhooks.models import Endpoint, Kind, every_kind

# So long an editor waits for the name server.
MOST_SECONDS = 5


class EndpointForm(WagtailAdminModelForm):
    events = forms.MultipleChoiceField(
        label=_("Is told when a page is"),
        choices=Kind.choices,
        initial=every_kind,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Endpoint
        fields: ClassVar[list[str]] = ["name", "url", "events", "active"]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            target_of(url, seconds=MOST_SECONDS)
        except AddressError as error:
            raise forms.ValidationError(str(error)) from error
        return url

    def save(self, commit: bool = True) -> Any:
        if self.instance.active:
            self.instance.gone_at = None
        return super().save(commit)
