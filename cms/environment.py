"""Reading the environment: every wrong value stops the start with a sentence that says what to set."""

import contextlib
import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"", "0", "false", "no", "off"}


def text(name: str, *, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def words(name: str) -> list[str]:
    """Read a comma-separated list; empty where the variable is not set."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def earlier_keys(name: str) -> list[str]:
    """Read keys that are separated by commas; a key may have a comma itself, so all of it is taken for one key, too."""
    text = os.environ.get(name, "").strip()
    return list(dict.fromkeys([*words(name), text])) if text else []


def flag(name: str, *, default: bool = False) -> bool:
    """Read a yes-or-no variable; `django-environ` takes any unknown word for "no", this refuses it."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: set it to 1 or 0.")


def number(name: str, *, default: int, least: int, most: int) -> int:
    """Read a whole number from `least` to `most`, both included."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a whole number from {least} to {most}.")
    return int(value)


def web_address(name: str, *, default: str) -> str:
    """Read an http(s) address without a path, and return it without a trailing slash."""
    value = (os.environ.get(name, "").strip() or default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to the site's address, like https://example.org.")
    return value


def origins(name: str) -> list[str]:
    """Read a comma-separated list of http(s) origins; empty where the variable is not set."""
    found = [word.rstrip("/") for word in words(name)]
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ImproperlyConfigured(
                f"{name} has {origin!r}: set it to one or more origins like https://app.example.org, "
                "separated by commas, or leave it empty."
            )
    return found


def address_with_token(name: str) -> str:
    """Read an http(s) address with `{token}` in it, which stands for what a link holds; empty where it is not set."""
    value = text(name)
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or value.count("{token}") != 1):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to an address like https://app.example.org/preview/{{token}}, "
            "or leave it empty."
        )
    return value


def server_addresses(name: str) -> list[str]:
    """Read a comma-separated list of http(s) addresses; empty where the variable is not set."""
    addresses = words(name)
    for address in addresses:
        if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
            raise ImproperlyConfigured(
                f"{name} has {address!r}: set it to one or more addresses like http://127.0.0.1:9200, "
                "separated by commas, or leave it empty to search with the database."
            )
    return addresses


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Read a comma-separated list of networks; empty where the variable is not set."""
    found = []
    for word in words(name):
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} has {word!r}, which is no network ({error}): set it to networks like 10.0.5.0/24, "
                "separated by commas, or leave it empty."
            ) from error
    return found


def database(name: str, *, default: str) -> dict[str, Any]:
    """Read a database address; only SQLite and PostgreSQL have a search engine here."""
    value = text(name, default=default)
    if urlsplit(value).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} names no database that the site knows: {DATABASE_HINT}")
    try:
        return dict(environ.Env.db_url_config(value))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read ({error}): {DATABASE_HINT}") from error


DATABASE_HINT = "set it like postgres://user:password@host:5432/name, or leave it empty for SQLite under DATA_DIR."


def redis_address(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it like redis://127.0.0.1:6379/0, or leave it empty to use files under DATA_DIR."
        )
    return value


def cache(*, redis: str, files: Path, entries: int) -> dict[str, Any]:
    """Return a cache of Django's that is in Redis where there is one, else in `files`.

    Beyond `entries` files are thrown away by chance, and with them somebody's count of failed log-ins.
    """
    options = {"MAX_ENTRIES": entries}
    if redis:
        return {
            "BACKEND": "cms.caches.RedisOrFilesCache", "LOCATION": redis, "OPTIONS": {**options, "files": files},
        }  # fmt: skip
    return {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": files, "OPTIONS": options}


def mail_server(name: str) -> dict[str, Any] | None:
    """Read where mail goes, as Django's EMAIL_* settings; None where the variable is not set."""
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    try:
        return dict(environ.Env.email_url_config(value))
    except (KeyError, ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{name} is not understood ({error}): set it like smtp+tls://user:password@host:587."
        ) from error


def purged_caches(*, proxy: str, zone: str, token: str) -> dict[str, dict[str, str]]:
    """Return which caches in front of the site are to be told of changes, as Wagtail's `WAGTAILFRONTENDCACHE`."""
    caches = {}
    if proxy:
        if urlsplit(proxy).scheme not in {"http", "https"} or not urlsplit(proxy).hostname:
            raise ImproperlyConfigured(
                f"CDN_PURGE_URL is {proxy!r}: set it like http://127.0.0.1:6081, or leave it empty."
            )
        caches["proxy"] = {"BACKEND": "cms.page_cache.cdn.BanningProxy", "LOCATION": proxy}
    if bool(zone) != bool(token):
        raise ImproperlyConfigured("CLOUDFLARE_ZONE and CLOUDFLARE_TOKEN go together: set both, or neither.")
    if zone:
        caches["cloudflare"] = {"BACKEND": "cms.page_cache.cdn.Cloudflare", "ZONEID": zone, "BEARER_TOKEN": token}
    return caches


def secret_key(name: str, *, demo: bool, data_dir: Path) -> str:
    """Read the secret key; the demo alone makes one of its own and keeps it under `data_dir`."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if not demo:
        raise ImproperlyConfigured(f"{name} is not set: set it to a long random text, and keep it to yourself.")
    return _kept_key(data_dir / "secret_key")


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50))
    # Two processes may start at once: a link is made whole or not at all, so both read the key of the first.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text()
