"""What somebody is asked who wants to join."""

from datetime import datetime, timedelta
from typing import Any

from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cms.users.models import User
from community.membership.age import AgeResult, age_check
from community.membership.display_names import check_display_name
from community.membership.joining import join, minor_message
from community.membership.models import AgeOutcome
from community.membership.refused import Refused

REFUSED_AT = "age_refused_at"  # in the session: the moment, not the date that was typed
PAUSE = timedelta(hours=24)


class JoinForm(forms.Form):
    """The questions of membership; allauth adds the address and the password for somebody without an account."""

    display_name = forms.CharField(
        label=_("Display name"),
        required=False,
        max_length=40,
        help_text=_("What other members see. Not your real name. Leave it empty and we draw one for you."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    guidelines = forms.BooleanField(
        error_messages={"required": _("Please read and accept the guidelines to join.")},
    )

    field_order = ("email", "password1", "date_of_birth", "display_name", "guidelines")

    age: AgeResult

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._age_check = age_check()
        self._age_fields = self._age_check.fields()
        self.fields.update(self._age_fields)
        self.fields["guidelines"].label = format_html(
            gettext('I have read the <a href="{}" target="_blank">community guidelines</a> and will keep to them.'),
            reverse("membership:guidelines"),
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        answers = {name: cleaned.pop(name, None) for name in self._age_fields}
        if not self.errors.keys() & answers.keys():
            self._check_age(answers, now=timezone.now())
        self._check_display_name(cleaned)
        return cleaned

    def _check_age(self, answers: dict[str, Any], *, now: datetime) -> None:
        """Refuse a minor, and for a while whoever has been refused: another year would be typed at once."""
        session = context.request.session
        if now.timestamp() - session.get(REFUSED_AT, 0) < PAUSE.total_seconds():
            self.add_error(None, minor_message())
            return
        try:
            self.age = self._age_check.check(answers=answers, now=now)
        except forms.ValidationError as error:
            self.add_error(None, error)
            return
        if self.age.outcome == AgeOutcome.MINOR:
            session[REFUSED_AT] = now.timestamp()
            self.add_error(None, minor_message())

    def _check_display_name(self, cleaned: dict[str, Any]) -> None:
        email = str(cleaned.get("email") or getattr(context.request.user, "email", ""))
        try:
            check_display_name(cleaned.get("display_name", ""), email=email)
        except Refused as refused:
            self.add_error(refused.field, refused.message)

    def signup(self, _request: HttpRequest, user: User) -> None:
        """Make the account a member's; allauth calls it with the account that it has just made."""
        join(
            user=user,
            age=self.age,
            accepts_guidelines=self.cleaned_data["guidelines"],
            display_name=self.cleaned_data["display_name"],
            now=timezone.now(),
        )
