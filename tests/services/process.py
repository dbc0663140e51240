"""Programs that the tests start, each under a guard that ends it when the tests end, however they end."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

GUARD = Path(__file__).with_name("guard.py")
# Below the range from which systems take the ports of outgoing connections, so that nothing takes a server's port
# between its being killed and started again.
PORTS = range(20_000, 32_000)


class MissingError(Exception):
    """A program cannot run here; the message says what to install."""


class Process:
    """A program that can be killed and started again.

    Args:
        command: The program and its arguments.
        folder: Where it runs and where `log` is kept.
        environment: All its environment variables; by default those of the tests.
        user: The account to run it under; by default one's own.
        grace: Seconds that it has to end by itself when it is stopped.
    """

    name: str

    def __init__(
        self,
        *,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        grace: float = 10,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.folder = folder
        self.environment = environment
        self.user = user
        self.grace = grace
        self.log = folder / f"{name}.log"
        self._guard: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the program and return at once."""
        if self.is_running():
            return
        with self.log.open("a") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), self.user or "-", str(self.grace), *self.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.environment,
                start_new_session=True,
                text=True,
            )

    def is_running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    @property
    def pid(self) -> int:
        """The number of the guard; the program and its children are its descendants."""
        if self._guard is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._guard.pid

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the program and its children: SIGSTOP makes it hang, SIGCONT lets it go on."""
        if self._guard is None or self._guard.stdin is None:
            raise RuntimeError(f"{self.name} was not started")
        self._guard.stdin.write(f"{number.value}\n")
        self._guard.stdin.flush()

    def kill(self) -> None:
        """Kill the program and its children with SIGKILL, as a crash would, and wait until they are gone."""
        if self._guard is None or not self.is_running():
            return
        self.send_signal(signal.SIGKILL)
        self._guard.wait()

    def stop(self) -> None:
        """Interrupt the program, as Ctrl-C would, and wait until it is gone."""
        if self._guard is None:
            return
        self._guard.communicate()  # Closing its input tells the guard.
        self._guard = None

    def last_lines(self, *, count: int = 30) -> str:
        """Return the last `count` lines that the program wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


class Server(Process, ABC):
    """A server on 127.0.0.1 with a port and a folder of its own, which it keeps when it is killed and started again."""

    variable: ClassVar[str]
    """The environment variable that names a server which is already there."""
    ready_within: ClassVar[int] = 60  # seconds

    def __init__(self, *, folder: Path) -> None:
        self.port = free_port()
        folder = folder / f"{self.name}-{self.port}"
        folder.mkdir()
        user = unprivileged_user()
        command = self.prepare(folder)
        if user is not None:
            for path in [folder, *folder.rglob("*")]:
                shutil.chown(path, user)
        super().__init__(name=self.name, command=command, folder=folder, environment=self.variables(folder), user=user)

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def prepare(self, folder: Path) -> Sequence[str | Path]:
        """Put into `folder` what the server needs there and return the command that starts it.

        Raises:
            MissingError: A program is not installed.
        """

    def variables(self, folder: Path) -> dict[str, str]:
        return dict(os.environ)

    @staticmethod
    @abstractmethod
    def answers(url: str) -> bool:
        """Say whether the server at `url` does its work."""

    def kill(self) -> None:
        super().kill()
        while is_listening(self.port):  # A child that dies last.
            time.sleep(0.01)

    @classmethod
    def wait_for(cls, url: str) -> None:
        """Wait until the server at `url` answers.

        Raises:
            TimeoutError: It does not within `ready_within` seconds.
        """
        deadline = time.monotonic() + cls.ready_within
        while not cls.answers(url):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{cls.name} at {url} does not answer after {cls.ready_within} s")
            time.sleep(0.05)

    def wait(self) -> None:
        """Wait until the server answers.

        Raises:
            RuntimeError: It ended instead, or does not answer; the message has the end of its log.
        """
        deadline = time.monotonic() + self.ready_within
        while not self.answers(self.url):
            if not self.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.last_lines()}")
            time.sleep(0.05)


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody listens on."""
    return next(port for port in random.sample(PORTS, k=len(PORTS)) if not is_listening(port))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def unprivileged_user() -> str | None:
    """Return the account for servers that refuse to run as root; None where we are not root."""
    return "nobody" if os.geteuid() == 0 else None


def find_program(*names: str, folders: Sequence[Path] = ()) -> Path | None:
    """Return the first of the programs `names` found on the path or in `folders`."""
    search_path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, folders)])
    for name in names:
        if found := shutil.which(name, path=search_path):
            return Path(found)
    return None
