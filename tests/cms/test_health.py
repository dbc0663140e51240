"""What a machine asks: is the process up, and what is it missing?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from cms import health


def test_healthz_answers_without_the_database(client: Client) -> None:
    # No database mark: a query would fail this test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_a_load_balancer_asks_by_the_number_of_the_machine(client: Client, address: str) -> None:
    for host in ("10.0.0.7:8000", "[fd00::7]", "elsewhere.example"):
        assert client.get(address, headers={"host": host}).status_code == 200
        # Everything else is for the site's own names.
        assert client.get("/robots.txt", headers={"host": host}).status_code == 400
    assert client.post(address, headers={"host": "10.0.0.7:8000"}).status_code == 405


@pytest.mark.django_db
def test_readyz_names_every_dependency(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["database"] == {"ok": True}
    assert set(answer.json()) == {"status", "database", *health.probes}


@pytest.mark.django_db
def test_readyz_is_degraded_when_a_dependency_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> health.Condition:
        raise ConnectionError("refused")

    monkeypatch.setitem(health.probes, "index", away)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["index"] == {"ok": False}


def test_readyz_is_unavailable_without_the_database(tmp_path: Path) -> None:
    # A process of its own, since the database of this one is there.
    ask = "import django; django.setup(); from django.test import Client; a = Client().get('/readyz'); "
    show = "print(a.status_code, a.content.decode())"
    answer = subprocess.run(
        [sys.executable, "-c", ask + show],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cms.settings",
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
            "DATA_DIR": str(tmp_path),
            "ALLOWED_HOSTS": "testserver",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines()[-1] == '503 {"status": "unavailable", "database": {"ok": false}}'
