"""What the system checks say of settings; that a start refuses what they refuse is in test_settings.py."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

FILES = "django.core.mail.backends.filebased.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def ids() -> set[str]:
    return {str(problem.id) for problem in run_checks(include_deployment_checks=True)}


@pytest.mark.parametrize(
    ("wrong", "right", "problem"),
    [
        ({"DEBUG": True}, {"DEBUG": False}, "cms.E003"),
        ({"MAIL_DELIVERY_BACKEND": FILES}, {"MAIL_DELIVERY_BACKEND": SMTP}, "cms.W001"),
        ({"SITE_IS_SECURE": True, "TRUSTED_PROXIES": 0}, {"SITE_IS_SECURE": True, "TRUSTED_PROXIES": 1}, "cms.W002"),
        ({"DEMO": True, "SITE_HOST": "192.168.0.7"}, {"DEMO": True, "SITE_HOST": "127.0.0.1"}, "cms.W003"),
    ],
)
def test_a_setting_that_does_harm_is_told(
    settings: Settings, wrong: dict[str, Any], right: dict[str, Any], problem: str
) -> None:
    for values, is_told in ((wrong, True), (right, False)):
        for name, value in values.items():
            setattr(settings, name, value)
        assert (problem in ids()) is is_told


def test_nothing_is_told_of_a_demo_that_nobody_else_reaches(settings: Settings) -> None:
    settings.DEMO = False
    settings.SITE_HOST = "example.org"
    assert "cms.W003" not in ids()
