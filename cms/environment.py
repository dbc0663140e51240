"""Reading the environment: every wrong value stops the start with a sentence that says what to set."""

import contextlib
import os
import re
import secrets
from email.utils import getaddresses
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

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


def host(name: str, *, default: str) -> str:
    """Read what a server listens on: a name or an IPv4 address."""
    value = text(name, default=default)
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value):
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a name or an IPv4 address, like 127.0.0.1.")
    return value


def time_zone(name: str, *, default: str) -> str:
    value = text(name, default=default)
    if value not in available_timezones():
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a time zone, like Europe/Berlin.")
    return value


def sender(name: str, *, default: str) -> str:
    """Read whom mail comes from: an address, with or without a name before it."""
    value = text(name)
    addresses = getaddresses([value])
    if value and (len(addresses) != 1 or not re.fullmatch(r"[^@\s]+@[^@\s]+", addresses[0][1])):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to an address like no-reply@example.org, or Name <no-reply@example.org>."
        )
    return value or default


def _parts(address: str) -> SplitResult | None:
    """Return the parts of an address; None where it is none, or its port is no number from 1 to 65535."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if port == 0 or parts.netloc.endswith(":") or any(letter.isspace() for letter in parts.hostname or ""):
        return None
    return parts


def _is_on_the_web(address: str) -> bool:
    parts = _parts(address)
    return parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _is_origin(address: str) -> bool:
    """Tell whether an address is a scheme, a host and perhaps a port, as browsers write them, and nothing else."""
    parts = urlsplit(address) if _is_on_the_web(address) else None
    return parts is not None and "@" not in parts.netloc and address == f"{parts.scheme}://{parts.netloc}"


def web_address(name: str, *, default: str) -> str:
    """Read an http(s) address without a path, and return it without a trailing slash."""
    value = text(name, default=default).rstrip("/")
    if not _is_origin(value):
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to the site's address, like https://example.org.")
    return value


def origins(name: str) -> list[str]:
    """Read a comma-separated list of http(s) origins; empty where the variable is not set."""
    found = [word.rstrip("/") for word in words(name)]
    for origin in found:
        if not _is_origin(origin):
            raise ImproperlyConfigured(
                f"{name} has {origin!r}: set it to one or more origins like https://app.example.org, "
                "separated by commas, or leave it empty."
            )
    return found


def address_with_token(name: str) -> str:
    """Read an http(s) address with `{token}` in it, which stands for what a link holds; empty where it is not set."""
    value = text(name)
    if value and (not _is_on_the_web(value) or value.count("{token}") != 1):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to an address like https://app.example.org/preview/{{token}}, "
            "or leave it empty."
        )
    return value


def server_addresses(name: str) -> list[str]:
    """Read a comma-separated list of http(s) addresses; empty where the variable is not set."""
    addresses = words(name)
    for address in addresses:
        if not _is_on_the_web(address):
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
    if value.partition(":")[0] not in {"sqlite", "postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} names no database that the site knows: {DATABASE_HINT}")
    try:
        return dict(environ.Env.db_url_config(value))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read ({error}): {DATABASE_HINT}") from error


DATABASE_HINT = "set it like postgres://user:password@host:5432/name, or leave it empty for SQLite under DATA_DIR."


def redis_address(name: str) -> str:
    value = text(name)
    if value and not _is_redis(value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it like redis://127.0.0.1:6379/0, or leave it empty to use files under DATA_DIR."
        )
    return value


def _is_redis(value: str) -> bool:
    parts = _parts(value)
    if parts is None or parts.scheme not in {"redis", "rediss", "unix"}:
        return False
    # The client takes a database that is no number for the first one.
    return parts.scheme == "unix" or re.fullmatch(r"(/[0-9]*)?", parts.path) is not None


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
        if urlsplit(value).scheme.startswith("smtp") and not urlsplit(value).hostname:
            raise ValueError("no host")
        return dict(environ.Env.email_url_config(value))
    except (KeyError, ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{name} is not understood ({error}): set it like smtp+tls://user:password@host:587."
        ) from error


def purged_caches(*, proxy: str, zone: str, token: str) -> dict[str, dict[str, str]]:
    """Return which caches in front of the site are to be told of changes, as Wagtail's `WAGTAILFRONTENDCACHE`."""
    caches = {}
    if proxy:
        if not _is_on_the_web(proxy):
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
