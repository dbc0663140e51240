"""One's own account in the admin: the name, and the way to allauth's pages for the rest."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.account import (
    AccountView,
    AvatarSettingsPanel,
    BaseSettingsPanel,
    NameEmailSettingsPanel,
)

from cms.users.forms import DisplayNameForm


class DisplayNamePanel(BaseSettingsPanel):
    name = "display_name"
    title = _("Name")
    order = 100
    form_class = DisplayNameForm


class StaffAccountView(AccountView):
    def get_panels(self) -> list[BaseSettingsPanel]:
        panels = super().get_panels()
        first = panels[0]
        # No picture of oneself: an upload more to guard, for people who know one another.
        replaced = (NameEmailSettingsPanel, AvatarSettingsPanel)
        others = [panel for panel in panels if not isinstance(panel, replaced)]
        return [DisplayNamePanel(first.request, first.user, first.profile), *others]
