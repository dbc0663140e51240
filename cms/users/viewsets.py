"""The list of accounts in Wagtail's admin."""

from django.forms import ModelForm
from wagtail.users.views.users import UserViewSet

from cms.users.forms import StaffCreationForm, StaffEditForm
from cms.users.models import User


class AccountViewSet(UserViewSet):
    def get_form_class(self, for_update: bool = False) -> type[ModelForm[User]]:
        return StaffEditForm if for_update else StaffCreationForm
