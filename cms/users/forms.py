"""Accounts in Wagtail's admin. Addresses and passwords are changed by their owner alone, through allauth."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from wagtail.users.forms import UserCreationForm, UserEditForm

from cms.users.models import User


class StaffCreationForm(UserCreationForm):
    first_name = None
    last_name = None

    class Meta(UserCreationForm.Meta):
        model = get_user_model()
        fields: ClassVar[set[str]] = {"email", "display_name", "is_superuser", "groups"}

    def clean_email(self) -> str:
        # One spelling of an address is one account; the check for a taken one comes after this.
        return self.cleaned_data["email"].strip().lower()

    def save(self, commit: bool = True) -> User:
        # The new colleague sets a password through "Forgot your password?", which proves the address as well.
        self.instance.set_unusable_password()
        return super().save(commit=commit)


class StaffEditForm(UserEditForm):
    first_name = None
    last_name = None
    # Whoever could write another address here could have the password sent to it.
    email = forms.EmailField(
        label=_("Email"), disabled=True, help_text=_("Only its owner changes an address, under “Account”.")
    )

    class Meta(UserEditForm.Meta):
        model = get_user_model()
        fields: ClassVar[set[str]] = {"email", "display_name", "is_active", "is_superuser", "groups"}


class DisplayNameForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["display_name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].help_text = _("Colleagues see it beside what you do.")
