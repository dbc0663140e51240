"""The start: what the environment may say, and the sentence for what it may not."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent


def start(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start a process with these variables and no others of the site's."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**inherited, "DATA_DIR": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_secret_key_nothing_but_the_demo_starts(tmp_path: Path) -> None:
    refused = start(tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("set it to a long random text, and keep it to yourself.")
    assert "Traceback" not in refused.stderr


def test_the_demo_keeps_its_key_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert start(tmp_path, DEMO="1").returncode == 0
    key = tmp_path / "secret_key"
    first = key.read_text()
    assert len(first) > 50
    assert key.stat().st_mode & 0o077 == 0
    assert start(tmp_path, DEMO="1").returncode == 0
    assert key.read_text() == first
    assert list(tmp_path.glob("secret_key*")) == [key]


def test_earlier_keys_still_hold_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "today")
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "yesterday, before")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    read = runpy.run_path(str(ROOT / "cms" / "settings.py"))
    assert (read["SECRET_KEY"], read["SECRET_KEY_FALLBACKS"]) == ("today", ["yesterday", "before", "yesterday, before"])


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DEBUG", "maybe", "set it to 1 or 0"),
        ("PORT", "eighty", "a whole number from 1 to 65535"),
        ("PORT", "70000", "a whole number from 1 to 65535"),
        ("PORT", "٨٠", "a whole number from 1 to 65535"),
        ("SITE_URL", "example.org", "like https://example.org"),
        ("SITE_URL", "https://example.org/site", "like https://example.org"),
        ("SITE_URL", "https://example.org:abc", "like https://example.org"),
        ("SITE_URL", "https://example.org:0", "like https://example.org"),
        ("SITE_URL", "https://example.org#x", "like https://example.org"),
        ("SITE_URL", "https://somebody@example.org", "like https://example.org"),
        ("SITE_URL", "https://[example.org", "like https://example.org"),
        ("HOST", "::1", "set it to a name or an IPv4 address, like 127.0.0.1"),
        ("HOST", "two words", "set it to a name or an IPv4 address, like 127.0.0.1"),
        ("TIME_ZONE", "Nowhere/Town", "like Europe/Berlin"),
        ("MAIL_FROM", "not an address", "like no-reply@example.org"),
        ("MAIL_FROM", "Somebody <not an address>", "like no-reply@example.org"),
        ("CDN_PURGE_URL", "http://cache.example.org:abc", "like http://127.0.0.1:6081"),
        ("API_CORS_ORIGINS", "https://app.example.org:abc", "like https://app.example.org"),
        ("PREVIEW_URL", "https://app.example.org:abc/{token}", "like https://app.example.org/preview/{token}"),
        ("DATABASE_URL", "postgres://user@host:abc/name", "postgres://user:password@host:5432/name"),
        ("PREVIEW_URL", "https://app.example.org/preview/", "like https://app.example.org/preview/{token}"),
        ("PREVIEW_URL", "app.example.org/{token}", "like https://app.example.org/preview/{token}"),
        ("DATABASE_URL", "mysql://root@localhost/x", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "rubbish", "postgres://user:password@host:5432/name"),
        ("ELASTICSEARCH_URL", "localhost:9200", "http://127.0.0.1:9200"),
        ("ELASTICSEARCH_URL", "https://127.0.0.1:abc", "http://127.0.0.1:9200"),
        ("REDIS_URL", "127.0.0.1", "redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://127.0.0.1:abc/0", "redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://127.0.0.1:6379/first", "redis://127.0.0.1:6379/0"),
        ("EMAIL_URL", "pigeon://home", "smtp+tls://user:password@host:587"),
        ("EMAIL_URL", "smtp://", "smtp+tls://user:password@host:587"),
        ("EMAIL_URL", "smtp://host:abc", "smtp+tls://user:password@host:587"),
        ("WEBHOOK_ALLOWED_NETWORKS", "everything", "networks like 10.0.5.0/24"),
        ("WEBHOOK_ALLOWED_NETWORKS", "10.20.0.0/16, 10.0.5.7/24", "networks like 10.0.5.0/24"),
        ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/33", "networks like 10.0.5.0/24"),
    ],
)
def test_a_wrong_value_stops_the_start_with_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(ROOT / "cms" / "settings.py"))
    assert str(refused.value).startswith(f"{name} ")
    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "https://example.org:8443/"),
        ("SITE_URL", "http://[::1]:8000"),
        ("HOST", "0.0.0.0"),
        ("TIME_ZONE", "Europe/Berlin"),
        ("MAIL_FROM", "Dreams of Milk <no-reply@example.org>"),
        ("ELASTICSEARCH_URL", "https://user:password@10.0.0.7:9200/prefix, http://127.0.0.1:9200"),
        ("REDIS_URL", "redis://:password@127.0.0.1"),
        ("REDIS_URL", "redis://"),
        ("DATABASE_URL", "postgres://user:pass[word@host/name"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("EMAIL_URL", "smtp+ssl://user:password@mail.example.org"),
        ("EMAIL_URL", "consolemail://"),
    ],
)
def test_a_right_value_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    runpy.run_path(str(ROOT / "cms" / "settings.py"))


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("", []),
        ("10.20.0.0/16", ["10.20.0.0/16"]),
        ("127.0.0.1, fd00::/8,", ["127.0.0.1/32", "fd00::/8"]),
    ],
)
def test_the_networks_that_webhooks_may_go_to_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, networks: list[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", value)
    settings = runpy.run_path(str(ROOT / "cms" / "settings.py"))
    assert [str(network) for network in settings["WEBHOOK_ALLOWED_NETWORKS"]] == networks


def test_a_wrong_value_is_told_without_a_traceback(tmp_path: Path) -> None:
    refused = start(tmp_path, SECRET_KEY="k" * 60, PORT="eighty")
    assert refused.returncode == 1
    assert refused.stderr == "Configuration: PORT is 'eighty': set it to a whole number from 1 to 65535.\n"


def test_the_community_cannot_be_opened_outside_the_demo(tmp_path: Path) -> None:
    refused = start(tmp_path, SECRET_KEY="k" * 60, COMMUNITY_OPEN="1")
    assert refused.returncode == 1
    assert "cms.E001" in refused.stderr
    assert start(tmp_path, SECRET_KEY="k" * 60).returncode == 0


def test_the_demo_does_not_start_under_a_public_address(tmp_path: Path) -> None:
    refused = start(tmp_path, DEMO="1", SITE_URL="https://example.org")
    assert refused.returncode == 1
    assert "cms.E002" in refused.stderr


def test_the_web_server_refuses_what_the_commands_refuse(tmp_path: Path) -> None:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    refused = subprocess.run(
        [sys.executable, "-c", "import cms.wsgi"],
        cwd=ROOT,
        env={**inherited, "DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 60, "COMMUNITY_OPEN": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "cms.E001" in refused.stderr
