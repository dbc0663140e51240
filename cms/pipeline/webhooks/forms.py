"""The form for an endpoint."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from cms.pipeline.webhooks.addresses import AddressError, NoNameServerError, target_of
from cms.pipeline.webhooks.models import Endpoint, Kind, every_kind

# So long an editor waits for the name server; and on SQLite everybody who wants to write, for the request is one
# transaction.
MOST_SECONDS = 1


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

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean()
        # What is told nothing, or goes on as before, can be changed whatever has become of its name.
        is_switched_on = "active" in self.changed_data and fields.get("active")
        if "url" in fields and ("url" in self.changed_data or is_switched_on):
            self._check(fields["url"])
        return fields

    def _check(self, url: str) -> None:
        try:
            target_of(url, seconds=MOST_SECONDS)
        except NoNameServerError:
            return  # Whenever something is sent, the address is checked again.
        except AddressError as error:
            self.add_error("url", str(error))

    def save(self, commit: bool = True) -> Any:
        if self.instance.active:
            self.instance.gone_at = None
        return super().save(commit)
