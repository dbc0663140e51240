"""The site in processes of its own, as the tests start it."""

import json
import urllib.request
from collections.abc import Callable

from django.db import connection

from tests.services.site import Site


def test_a_running_site_answers_and_its_processes_can_be_killed(running_site: Callable[..., Site]) -> None:
    site = running_site(SITE_URL="http://localhost", ALLOWED_HOSTS="127.0.0.1")
    with urllib.request.urlopen(f"{site.url}/readyz", timeout=30) as answer:
        assert json.load(answer)["database"] == {"ok": True}
    script = "from django.conf import settings as s; from django.db import connection as c; print(c.vendor, s.SITE_URL)"
    assert site.manage("shell", "--no-imports", "-c", script).stdout.split() == [connection.vendor, "http://localhost"]
    assert site.manage("no_such_command").returncode != 0

    site.kill_worker()
    assert not site.worker.is_running()
    site.start_worker()
    assert site.worker.is_running()

    site.kill_web()
    assert not site.web.is_running()
    site.start_web()
    assert "Listening" in site.logs()
