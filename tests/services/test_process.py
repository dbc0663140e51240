"""What the tests start ends with them, and what is missing is never passed over in silence where CI is set."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.plugin import provide
from tests.services.process import MissingError, Process, Server, find_program, free_port, is_listening
from tests.services.site import ROOT

PATIENCE = 20  # seconds
WRITE_PID_AND_WAIT = "echo $$ > pid; sleep 1000 & echo $! > child; wait"
IGNORE_INTERRUPTS = "trap '' INT; echo $$ > pid; while true; do sleep 0.1; done"


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def pid_in(path: Path) -> int:
    assert eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # What has ended and was not collected yet is still listed.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout) and not state.stdout.startswith("Z")


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(name="waiter", command=["/bin/sh", "-c", WRITE_PID_AND_WAIT], folder=tmp_path)


def test_stop_ends_the_program_and_its_children(process: Process, tmp_path: Path) -> None:
    process.start()
    pids = pid_in(tmp_path / "pid"), pid_in(tmp_path / "child")
    assert process.is_running()
    process.stop()
    assert not process.is_running()
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_kill_ends_the_program_and_its_children(process: Process, tmp_path: Path) -> None:
    process.start()
    pids = pid_in(tmp_path / "pid"), pid_in(tmp_path / "child")
    process.kill()
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_a_killed_program_starts_again(process: Process, tmp_path: Path) -> None:
    process.start()
    first = pid_in(tmp_path / "pid")
    process.kill()
    (tmp_path / "pid").unlink()
    process.start()
    assert pid_in(tmp_path / "pid") != first
    process.stop()


def test_a_stopped_program_goes_on_when_told_to(process: Process, tmp_path: Path) -> None:
    process.start()
    pid = pid_in(tmp_path / "pid")
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGCONT)
    assert is_alive(pid)
    process.stop()


def test_what_it_wrote_can_be_read(tmp_path: Path) -> None:
    process = Process(name="writer", command=["/bin/sh", "-c", "echo one; echo two >&2"], folder=tmp_path)
    process.start()
    assert eventually(lambda: not process.is_running())
    assert process.last_lines() == "one\ntwo"
    assert process.last_lines(count=1) == "two"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_program_ends_with_its_starter_however_that_ends(tmp_path: Path, ending: signal.Signals) -> None:
    starter = f"""
import signal, sys
from pathlib import Path
from tests.services.process import Process
signal.signal(signal.SIGINT, signal.SIG_DFL)
Process(name="waiter", command=["/bin/sh", "-c", {WRITE_PID_AND_WAIT!r}], folder=Path({str(tmp_path)!r})).start()
signal.pause()
"""
    running = subprocess.Popen([sys.executable, "-c", starter], cwd=ROOT)
    pids = pid_in(tmp_path / "pid"), pid_in(tmp_path / "child")
    running.send_signal(ending)
    running.wait()
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_a_program_that_ignores_interrupts_is_killed_in_the_end(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", IGNORE_INTERRUPTS]
    process = Process(name="stubborn", command=command, folder=tmp_path, grace=0.2)
    process.start()
    pid = pid_in(tmp_path / "pid")
    process.stop()
    assert not is_alive(pid)


def test_a_free_port_is_free_and_outside_the_range_of_outgoing_connections() -> None:
    ports = {free_port() for _ in range(20)}
    assert not any(map(is_listening, ports))
    assert max(ports) < 32_768


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    class Broken(Server):
        name = "broken"
        variable = "TEST_BROKEN_URL"
        url = "nowhere"

        def prepare(self, folder: Path) -> list[str | Path]:
            return ["/bin/sh", "-c", "echo out of milk; exit 3"]

        @staticmethod
        def answers(url: str) -> bool:
            return False

    tmp_path.chmod(0o755)
    server = Broken(folder=tmp_path)
    server.start()
    with pytest.raises(RuntimeError, match="out of milk"):
        server.wait()


def test_a_program_that_is_not_installed_is_not_found() -> None:
    assert find_program("sh") is not None
    assert find_program("a-program-that-nobody-wrote") is None


def nothing() -> str:
    raise MissingError("the moon")


def test_what_is_missing_fails_where_ci_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="the moon is missing"):
        provide(nothing)


def test_what_is_missing_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="the moon is missing"):
        provide(nothing)
