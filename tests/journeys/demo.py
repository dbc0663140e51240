"""The demo as `make demo` runs it: one process that starts the web server and the worker, on data that it keeps."""

import re
import signal
import sys
import time
from pathlib import Path

from tests.services.process import Process
from tests.services.site import ROOT, Site

STARTED_WITHIN = 180  # seconds, migrations and content of a first run included
STOPPED_WITHIN = 30  # seconds


class Demo(Site):
    """One demo; `run` starts it, and starts it again when its environment is to be another one."""

    def __init__(self, *, folder: Path, database_url: str, index: str) -> None:
        variables = {"DEMO": "1", "DATABASE_URL": database_url, "ELASTICSEARCH_INDEX": index}
        super().__init__(folder=folder, variables=variables)
        self.elasticsearch_url = ""
        self.process = self._demo()

    def run(self, *, elasticsearch_url: str = "") -> None:
        """Have it running with this Elasticsearch, or on the embedded engine alone."""
        if self.process.is_running() and elasticsearch_url == self.elasticsearch_url:
            return
        self.interrupt()
        self.elasticsearch_url = elasticsearch_url
        self.environment["ELASTICSEARCH_URL"] = elasticsearch_url
        self.process = self._demo()
        self.process.start()
        deadline = time.monotonic() + STARTED_WITHIN
        while not self._answers():
            if not self.process.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"The demo did not start:\n{self.process.last_lines()}")
            time.sleep(0.2)

    def interrupt(self) -> None:
        """Press Ctrl-C and wait until everything has stopped."""
        if self.process.is_running():
            self.process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + STOPPED_WITHIN
            while self.process.is_running():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"The demo did not stop:\n{self.process.last_lines()}")
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.stop()

    def logs(self) -> str:
        return self.process.last_lines(count=1000)

    def _demo(self) -> Process:
        return self._process("demo", [sys.executable, ROOT / "manage.py", "demo"])


def processes_with(folder: Path) -> list[str]:
    """Return the command lines of the processes that run with this DATA_DIR."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if re.search(rb"(?:^|\0)DATA_DIR=" + re.escape(str(folder).encode()) + rb"\0", environment.read_bytes()):
                found.append(environment.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
