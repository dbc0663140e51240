"""Misconfiguration that the settings alone can show. Every start runs these, the web server's too (cms/wsgi.py);
`manage.py check --deploy` adds what matters on a public site.
"""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register, run_checks
from django.core.checks import Warning as Advice
from django.core.exceptions import ImproperlyConfigured


@register
def community_is_closed_until_it_is_safe(**_kwargs: Any) -> list[Error]:
    if not settings.COMMUNITY_OPEN or settings.DEMO:
        return []
    return [
        Error(
            "COMMUNITY_OPEN is set outside the demo, but members can neither block, report nor leave yet.",
            hint="Unset COMMUNITY_OPEN: joining and the personals stay shut until those exist.",
            id="cms.E001",
        )
    ]


@register
def demo_is_for_one_machine(**_kwargs: Any) -> list[Error]:
    if not settings.DEMO or not settings.SITE_IS_SECURE:
        return []
    return [
        Error(
            "DEMO is set on a site with a public address: its accounts have a password that everybody knows.",
            hint="Unset DEMO, or set SITE_URL to an http:// address on this machine.",
            id="cms.E002",
        )
    ]


@register(deploy=True)
def mail_reaches_people(**_kwargs: Any) -> list[Advice]:
    if settings.MAIL_DELIVERY_BACKEND != "django.core.mail.backends.filebased.EmailBackend":
        return []
    return [
        Advice(
            f"Mail is only written to files in {settings.EMAIL_FILE_PATH}.",
            hint="Set EMAIL_URL, like smtp+tls://user:password@host:587.",
            id="cms.W001",
        )
    ]


@register(deploy=True)
def debug_is_off(**_kwargs: Any) -> list[Error]:
    if not settings.DEBUG:
        return []
    return [Error("DEBUG is on: error pages show the site's inside.", hint="Unset DEBUG.", id="cms.E003")]


@register(deploy=True)
def proxy_is_known(**_kwargs: Any) -> list[Advice]:
    if not settings.SITE_IS_SECURE or settings.TRUSTED_PROXIES:
        return []
    return [
        Advice(
            "SITE_URL is https://, but no proxy is believed: every visitor seems to come from the proxy's address.",
            hint="Set TRUSTED_PROXIES to the number of proxies in front, usually 1.",
            id="cms.W002",
        )
    ]


@register
def demo_stays_on_this_machine(**_kwargs: Any) -> list[Advice]:
    if not settings.DEMO or settings.SITE_HOST in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [
        Advice(
            "The demo can be reached from other machines: its accounts have a password that everybody knows.",
            hint="Unset HOST and SITE_URL, or unset DEMO.",
            id="cms.W003",
        )
    ]


def refuse_to_start() -> None:
    """Raise `ImproperlyConfigured` where a check finds an error, as `manage.py` does for its commands."""
    errors = [problem for problem in run_checks() if problem.is_serious() and not problem.is_silenced()]
    if errors:
        raise ImproperlyConfigured("\n".join(str(error) for error in errors))
