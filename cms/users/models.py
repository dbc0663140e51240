"""The account: an address to log in with, and two names that say nothing about it."""

import secrets
import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# No vowels and no look-alikes: no words by accident, and easy to read aloud.
NAME_ALPHABET = "BCDFGHJKMNPQRTVWXZ346789"


def new_display_name() -> str:
    """Return a name for somebody who has not chosen one; it is drawn by chance, never made from the address."""
    return "Member " + "".join(secrets.choice(NAME_ALPHABET) for _position in range(6))


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account; without a password nobody can log in to it by one.

        Raises `ValueError` for an empty address.
        """
        if not email:
            raise ValueError("An account needs an email address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    # The only id that leaves the site: it tells neither how many accounts there are nor which came first.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(
        _("email address"), unique=True, error_messages={"unique": _("This address is already in use.")}
    )
    display_name = models.CharField(
        _("display name"),
        max_length=40,
        default=new_display_name,
        help_text=_("What others see. Choose one that does not give your real name or your address away."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        # One spelling of an address is one account, however it was typed.
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name
