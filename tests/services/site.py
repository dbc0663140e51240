"""The site as an operator runs it, in processes of its own: a web server and a worker on a database of their own."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.services.plugin import SITE_VARIABLES, run_id, worker
from tests.services.process import Process, free_port

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "static"
READY_WITHIN = 60  # seconds
STOPPED_WITHIN = 300  # seconds, for a management command


class Site:
    """One running site.

    Args:
        folder: Its DATA_DIR.
        variables: The environment variables by which an operator configures it.
    """

    def __init__(self, *, folder: Path, variables: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.variables = variables
        mine = {name: value for name, value in os.environ.items() if name not in SITE_VARIABLES}
        mine.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        self.environment = {
            **mine,
            "DATA_DIR": str(folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SITE_URL": self.url,
            "PYTHONPATH": str(ROOT),
            **variables,
        }
        granian = Path(sys.executable).with_name("granian")
        server = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2"]
        server += ["--blocking-threads", "16", "--no-ws"]
        self.web = self._process("web", [granian, *server, "cms.wsgi:application"])
        self.worker = self._process("worker", [sys.executable, ROOT / "manage.py", "run_pipeline"])

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with the site's own environment, whatever its exit code."""
        return subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STOPPED_WITHIN,
            check=False,
        )

    def start(self) -> None:
        """Start the worker and the web server, and wait until the site answers."""
        self.start_worker()
        self.start_web()

    def start_web(self) -> None:
        self.web.start()
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if not self.web.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"The site did not start:\n{self.web.last_lines()}")
            time.sleep(0.1)

    def start_worker(self) -> None:
        self.worker.start()

    def kill_web(self) -> None:
        self.web.kill()

    def kill_worker(self) -> None:
        """Kill the worker with SIGKILL: whatever it was doing is left as it is."""
        self.worker.kill()

    def stop(self) -> None:
        self.worker.stop()
        self.web.stop()

    def logs(self) -> str:
        """Return what the web server and the worker have written so far."""
        return "\n".join(process.last_lines(count=1000) for process in (self.web, self.worker) if process.log.exists())

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def _process(self, name: str, command: list[str | Path]) -> Process:
        return Process(name=name, command=command, folder=self.folder, environment=self.environment)


@pytest.fixture(scope="package")
def running_site(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[Callable[..., Site]]:
    """A function that starts a site on a new database of the worker's kind, and takes further environment
    variables, such as `ELASTICSEARCH_URL`, as keyword arguments. Its sites stop after the last test of the folder.
    """
    sites: list[Site] = []

    def run(**variables: str) -> Site:
        index = f"test-{run_id()}-{worker() or 'tests'}-site-{free_port()}"
        variables = {"DATABASE_URL": new_database(), "ELASTICSEARCH_INDEX": index, **variables}
        site = Site(folder=tmp_path_factory.mktemp("site"), variables=variables)
        sites.append(site)
        give_static_files(site)
        must_succeed(site.manage("setup_site"))
        site.start()
        return site

    yield run
    for site in sites:
        site.stop()


def give_static_files(site: Site) -> None:
    """Give a site its static files: those of the site before, where they are the same, for packing them takes long."""
    kept = kept_static_files()
    if kept.exists():
        (site.folder / "static").symlink_to(kept)
        return
    must_succeed(site.manage("collectstatic", "--no-input"))
    KEPT.mkdir(parents=True, exist_ok=True)
    for outdated in KEPT.iterdir():
        if outdated.stem != kept.name:
            shutil.rmtree(outdated, ignore_errors=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    shutil.copytree(site.folder / "static", draft)
    # The other worker may have been quicker.
    with suppress(OSError):
        draft.rename(kept)


def kept_static_files() -> Path:
    """Return where the collected static files are kept as long as nothing changes that they are made of."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes() + (ROOT / "cms" / "settings.py").read_bytes())
    for path in sorted(ROOT.glob("[!.]*/**/static/**/*")):
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())
    return KEPT / digest.hexdigest()[:16]


def must_succeed(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stderr
