"""Load on a web server, and what it costs: requests a second by wrk, processor time by the system's own count."""

import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import MissingError, Process, find_program

CONNECTIONS = 16
# A slow machine takes seconds for the list of the stock site on all connections at once.
PATIENCE = 60  # seconds
THREADS = 2
WITHIN_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a server did under load.

    Args:
        rate: Requests a second.
        cpu_ms: Milliseconds of processor time that its processes spent on one request; a database server is not
            among them.
    """

    rate: float
    cpu_ms: float


def find_wrk() -> Path:
    """Return the program.

    Raises:
        MissingError: It is not installed, or this system does not tell what its processes spend.
    """
    if not Path("/proc/self/stat").exists():
        raise MissingError("/proc, as Linux has it")
    if (program := find_program("wrk")) is None:
        raise MissingError("wrk, which makes the load (package wrk)")
    return program


def load(url: str, *, server: Process, seconds: float) -> Load:
    """Ask a server for one address, again and again on 16 connections.

    Raises:
        RuntimeError: Not every answer had the status 200.
    """
    command = [str(find_wrk()), f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds:g}s", f"--timeout={PATIENCE}s", url]
    spent = cpu_seconds(server.pid)
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(server.pid) - spent
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"{url} was not answered each time:\n{told}\n{server.last_lines()}")
    requests = int(found(r"(\d+) requests in", told))
    return Load(rate=float(found(r"Requests/sec: +([\d.]+)", told)), cpu_ms=spent / requests * 1_000)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk says something else than it used to:\n{text}")
    return match[1]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process and its descendants have spent so far."""
    ticks = sum(sum(map(int, stat_of(each)[11:13])) for each in family(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from family(int(child))


def stat_of(pid: int) -> list[str]:
    """Return what the system tells of a process, behind its name, which may hold anything: see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def body_of(url: str) -> bytes:
    """Return what is answered at an address.

    Raises:
        RuntimeError: Something else than status 200.
    """
    try:
        with urllib.request.urlopen(url, timeout=WITHIN_SECONDS) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url} answers {error.code}: {error.read().decode()}") from error
